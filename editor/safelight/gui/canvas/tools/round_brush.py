"""Round brush: its size and hardness, the stroke it is in, its circle on the screen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias, cast
from uuid import uuid4

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from safelight.api import Number, Value
from safelight.document import Stroke

SMALLEST, LARGEST = 1, 10_000
"""Limits of a brush's diameter in pixels of the picture."""

SLIDER = SMALLEST, 1000
"""The diameters that a slider has; larger ones are typed, or reached by ]."""

Size: TypeAlias = Annotated[
    int,
    Number(SMALLEST, LARGEST, slider=SLIDER, unit="px", logarithmic=True),
    "Diameter in pixels of the picture; [ and ] change it",
]
Hardness: TypeAlias = Annotated[
    int,
    Number(0, 100, unit="%"),
    "How much of it does not fade towards the rim; { and } change it",
]
Percent: TypeAlias = Annotated[int, Number(1, 100, unit="%")]
"""Options of every tool that paints as a round brush does."""

Drives: TypeAlias = Literal["nothing", "size", "opacity", "size and opacity"]

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

_STRING = 60.0
"""Widget pixels that the brush stays behind the hand at most, at a smoothing of 100 %."""

_UPRIGHT = 0.5
"""How wide, or how strong, an upright pen is of what one that lies flat is, where tilt counts."""

_TINY = 3.0
"""Radius on the screen, in widget pixels, below which arms around the circle show where it is."""


def dynamics(
    *,
    flow: Annotated[
        int,
        Number(1, 100, unit="%"),
        "How far one touch goes towards the opacity; going over it again goes further",
    ] = 100,
    spacing: Annotated[
        int,
        Number(0, 300, unit="%"),
        "From one dab to the next, of the diameter; 0 leaves no gaps",
    ] = 0,
    smoothing: Annotated[
        int,
        Number(0, 100, unit="%"),
        "How far the brush is drawn behind the hand, whose trembling is not seen then",
    ] = 0,
    pressure: Annotated[Drives, "What a pen changes that is pressed harder"] = "size",
    tilt: Annotated[Drives, "What a pen changes that is held flatter"] = "nothing",
) -> None:
    """What a brush does along its way, the same for all tools that are brushes."""


@dataclass(frozen=True, slots=True)
class Touch:
    """A touch of a pen: how hard, 0 to 1, and how flat, 0 upright to 1; a mouse's is the most."""

    pressure: float = 1.0
    tilt: float = 1.0


class RoundBrush:
    """A round brush and the stroke it is in.

    ``size`` is the diameter in pixels of the picture, ``hardness`` 0 to 1; ``dynamics`` are the
    options of that name. Points are in pixels of the picture, as a Stroke's.
    """

    def __init__(self) -> None:
        self.size = 0
        self.hardness = HARDNESS
        self.dynamics: dict[str, Value] = dict(dynamics.__kwdefaults__ or {})
        self.token = ""
        self.path = ""
        """All that has been taken of the stroke, written down."""
        self.erases = False
        self._points: list[tuple[float, ...]] = []
        self._pressures: set[tuple[float, ...]] = set()
        self._waiting = False
        self._ahead = 0.0
        self._end: tuple[float, float] | None = None
        self._hand: tuple[float, ...] | None = None
        """Where the hand is, and how it presses, where the brush is drawn behind it."""

    @property
    def pressed(self) -> bool:
        """Whether a stroke is being made."""
        return bool(self.token)

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """Where the stroke that is being made, or what has not been taken of it yet, goes along."""
        return tuple((x, y) for x, y, *_ in self._points)

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
        """Go to the next quarter of hardness up, or down when negative."""
        quarters = self.hardness / _HARDER
        nearest = math.floor(quarters + 1e-6) if steps > 0 else math.ceil(quarters - 1e-6)
        self.hardness = min(max((nearest + steps) * _HARDER, 0.0), 1.0)

    @property
    def flow(self) -> float:
        """How far one dab brings a pixel to what the stroke leaves, 0 to 1."""
        return cast(int, self.dynamics["flow"]) / 100

    @property
    def spacing(self) -> float:
        """The way from one dab to the next, in diameters; 0 leaves no gaps."""
        return cast(int, self.dynamics["spacing"]) / 100

    def _pressed(self, touch: Touch) -> tuple[float, float]:
        """How wide and how strong the brush is where a pen touches so, each 0 to 1."""
        found = []
        for what in ("size", "opacity"):
            hard = touch.pressure if what in str(self.dynamics["pressure"]) else 1.0
            flat = _UPRIGHT + (1 - _UPRIGHT) * touch.tilt
            found.append(hard * (flat if what in str(self.dynamics["tilt"]) else 1.0))
        return found[0], found[1]

    def press(
        self,
        point: tuple[float, float],
        touch: Touch = Touch(),
        *,
        erase: bool,
        line: bool = False,
    ) -> None:
        """A stroke begins; as a ``line`` it comes straight from where the last one ended."""
        self.token, self.path, self.erases = uuid4().hex, "", erase
        self._pressures, self._ahead, self._hand = set(), 0.0, None
        pressed = self._pressed(touch)
        start = [(*self._end, *pressed)] if line and self._end is not None else []
        self._points, self._waiting = [*start, _as_written(*point, *pressed)], True

    def move(self, point: tuple[float, float], touch: Touch, zoom: float) -> bool:
        """Go on to a point; False when the point is too near to matter at this zoom."""
        string = cast(int, self.dynamics["smoothing"]) / 100 * _STRING / zoom
        pressed = self._pressed(touch)
        if not string:
            return self._go(point, pressed, _FINE / zoom)
        self._hand = (*point, *pressed)
        x, y, *_ = self._points[-1]
        across, down = point[0] - x, point[1] - y
        behind = math.hypot(across, down)
        if behind <= string:
            return False
        share = 1 - string / behind
        return self._go((x + across * share, y + down * share), pressed, _FINE / zoom)

    def arrive(self) -> None:
        """Come to where the hand is, which ends the stroke there."""
        if self._hand is not None:
            x, y, *pressed = self._hand
            self._go((x, y), (pressed[0], pressed[1]), 0.0)
            self._hand = None

    def _go(self, point: tuple[float, float], pressed: tuple[float, float], fine: float) -> bool:
        x, y, *before = self._points[-1]
        near = math.hypot(point[0] - x, point[1] - y) < fine
        if near and all(now <= was for now, was in zip(pressed, before, strict=True)):
            return False
        self._points.append(_as_written(*point, *pressed))
        self._waiting = True
        return True

    def take(self, hardness: float | None = None, **how: Any) -> Stroke | None:
        """What has been painted since the last time, with a ``hardness`` that is not the brush's,
        and ``how`` a Stroke is painted otherwise; None when that is nothing new.
        """
        if not self._waiting:
            return None
        points, self._waiting = tuple(self._points), False
        x, y, *_ = points[-1]
        self._points, self._end = self._points[-1:], (x, y)
        self._pressures |= {point[2:] for point in points}
        taken = Stroke(
            points,
            self.size / 2,
            self.hardness if hardness is None else hardness,
            self.erases,
            goes_on=bool(self.path) and len(self._pressures) == 1,
            ahead=self._ahead,
            **{"flow": self.flow, "spacing": self.spacing, **how},
        )
        if taken.in_dabs:
            self._ahead = taken.left
        # A piece begins where the one before it ended.
        more = taken.written.partition(";")[2] if self.path else ""
        self.path = f"{self.path};{more}" if more else self.path or taken.written
        return taken

    def release(self) -> None:
        """The stroke is over."""
        self.token, self.path, self._points, self._waiting = "", "", [], False
        self._hand = None


def _as_written(*numbers: float) -> tuple[float, ...]:
    """A point as a recipe holds it, so that the recipe paints what the hand has painted."""
    return tuple(float(f"{number:.6g}") for number in numbers)


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
