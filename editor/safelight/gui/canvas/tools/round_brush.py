"""Round brush: its size and hardness, the stroke it is in, its circle on the screen."""

from __future__ import annotations

import math
from typing import Annotated, TypeAlias
from uuid import uuid4

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from safelight.api import Number
from safelight.document import Stroke

SMALLEST, LARGEST = 1, 1000
"""Limits of a brush's diameter in pixels of the picture."""

Size: TypeAlias = Annotated[
    int,
    Number(SMALLEST, LARGEST, unit="px", logarithmic=True),
    "Diameter in pixels of the picture; [ and ] change it",
]
Hardness: TypeAlias = Annotated[
    int,
    Number(0, 100, unit="%"),
    "How much of it does not fade towards the rim; { and } change it",
]
"""Options of every tool that paints as a round brush does."""

HARDNESS = 0.75
"""Hardness that a brush has at first."""

_PART = 0.05
"""A brush's first size, as a part of the picture's shorter side."""

_STEP = 1.2
"""How many times as large the next size is."""

_HARDER = 0.25
"""The step from one hardness to the next, as in Photoshop."""

_FINE = 0.25
"""Screen pixels below which a movement is not a new point of the stroke."""

_TINY = 3.0
"""Radius on the screen, in widget pixels, below which arms around the circle show where it is."""


class RoundBrush:
    """A round brush and the stroke it is in.

    ``size`` is the diameter in pixels of the picture, ``hardness`` 0 to 1. Points are in pixels
    of the picture, as a Stroke's.
    """

    def __init__(self) -> None:
        self.size = 0
        self.hardness = HARDNESS
        self.token = ""
        self.path = ""
        """All that has been taken of the stroke, written down."""
        self.erases = False
        self._points: list[tuple[float, float, float]] = []
        self._pressures: set[float] = set()
        self._waiting = False
        self._end: tuple[float, float] | None = None

    @property
    def pressed(self) -> bool:
        """Whether a stroke is being made."""
        return bool(self.token)

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """Where the stroke that is being made, or what has not been taken of it yet, goes along."""
        return tuple((x, y) for x, y, _ in self._points)

    def suit(self, width: int, height: int) -> None:
        """Take a size that suits a picture, unless one has been chosen."""
        if not self.size:
            self.resize(min(width, height) * _PART)

    def resize(self, size: float) -> None:
        """Be that large, within the limits."""
        self.size = min(max(round(size), SMALLEST), LARGEST)

    def resize_by(self, steps: int) -> None:
        """Be steps larger, or smaller when negative; by one pixel at least."""
        size = self.size * _STEP**steps
        self.resize(max(size, self.size + steps) if steps > 0 else min(size, self.size + steps))

    def harden_by(self, steps: int) -> None:
        """To the next quarter of hardness up, or down when negative."""
        quarters = self.hardness / _HARDER
        nearest = math.floor(quarters + 1e-6) if steps > 0 else math.ceil(quarters - 1e-6)
        self.hardness = min(max((nearest + steps) * _HARDER, 0.0), 1.0)

    def press(
        self, point: tuple[float, float], pressure: float = 1.0, *, erase: bool, line: bool = False
    ) -> None:
        """A stroke begins; as a ``line`` it comes straight from where the last one ended."""
        self.token, self.path, self.erases = uuid4().hex, "", erase
        self._pressures = set()
        start = [(*self._end, pressure)] if line and self._end is not None else []
        self._points, self._waiting = [*start, _as_written(*point, pressure)], True

    def move(self, point: tuple[float, float], pressure: float, zoom: float) -> bool:
        """It goes on to there; False when that is too near to matter at this zoom."""
        x, y, before = self._points[-1]
        near = math.hypot(point[0] - x, point[1] - y) * zoom < _FINE
        if near and pressure <= before:
            return False
        self._points.append(_as_written(*point, pressure))
        self._waiting = True
        return True

    def take(self) -> Stroke | None:
        """What has been painted since the last time; None when that is nothing new."""
        if not self._waiting:
            return None
        points, self._waiting = tuple(self._points), False
        self._points, self._end = self._points[-1:], points[-1][:2]
        self._pressures |= {pressure for *_, pressure in points}
        goes_on = bool(self.path) and len(self._pressures) == 1
        taken = Stroke(points, self.size / 2, self.hardness, self.erases, goes_on)
        # A piece begins where the one before it ended.
        more = taken.written.partition(";")[2] if self.path else ""
        self.path = f"{self.path};{more}" if more else self.path or taken.written
        return taken

    def release(self) -> None:
        """The stroke is over."""
        self.token, self.path, self._points, self._waiting = "", "", [], False


def _as_written(x: float, y: float, pressure: float) -> tuple[float, float, float]:
    """A point as a recipe holds it, so that the recipe paints what the hand has painted."""
    x, y, pressure = (float(f"{number:.6g}") for number in (x, y, pressure))
    return x, y, pressure


def circle(at: QPointF, radius: float, ratio: float) -> QRectF:
    """What of the canvas a brush's circle covers, all in physical pixels."""
    reach = max(radius, 2 * _TINY * ratio) + 3 * ratio
    return QRectF(at.x() - reach, at.y() - reach, 2 * reach, 2 * reach)


def paint_circle(
    painter: QPainter, at: QPointF, radius: float, hardness: float, ratio: float, *, erases: bool
) -> None:
    """The brush's rim, and thinner where it begins to fade, seen on light and on dark.

    An eraser has a minus in its middle. All in physical pixels.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    sign = 4 * ratio
    for colour, width in ((QColor(0, 0, 0, 150), 3.0), (QColor(255, 255, 255, 230), 1.2)):
        painter.setPen(QPen(colour, width * ratio))
        painter.drawEllipse(at, radius, radius)
        if radius < _TINY * ratio:
            for way in (QPointF(1, 0), QPointF(-1, 0), QPointF(0, 1), QPointF(0, -1)):
                painter.drawLine(at + way * (radius + 2 * ratio), at + way * 2 * _TINY * ratio)
        if erases and radius > 2.5 * sign:
            painter.drawLine(at - QPointF(sign, 0), at + QPointF(sign, 0))
    if hardness < 1 and radius * hardness > sign and radius * (1 - hardness) > 3 * ratio:
        painter.setPen(QPen(QColor(255, 255, 255, 90), ratio))
        painter.drawEllipse(at, radius * hardness, radius * hardness)
