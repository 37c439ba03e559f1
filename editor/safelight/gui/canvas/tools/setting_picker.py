"""Setting picker: a point or rectangle, picked on the canvas for a filter's setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol, TypeAlias

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen, QRegion

from safelight.gui.canvas.marks import paint_marquee
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.tools.tool import Pointer, Tool
from safelight.gui.canvas.viewport import Viewport

Kind: TypeAlias = Literal["point", "rectangle"]
Place: TypeAlias = tuple[float, ...]

HINTS = {
    "point": "Click to pick a point; Escape cancels",
    "rectangle": "Drag to pick a rectangle; Escape cancels",
}

_SMALLEST = 4.0
"""Widget pixels a rectangle is wide and high; less is a click that slipped."""

_WAY = 256.0
"""Widget pixels up that are the whole height of a curve: a pixel is an 8-bit level."""

_ARM = 9.0
"""Half the size of the cross that marks a point, in widget pixels."""


class Picker(Tool):
    """What is picked, in fractions of the picture's width and height from its top left.

    ``place`` is the point (x, y) or rectangle (x, y, width, height) that is shown: what is set,
    and while the mouse is down what it would become. ``picked`` is called with what was picked, or
    with None when the user has left it with Escape.
    """

    id = "picker"
    repeats = False

    def __init__(
        self,
        surface: Viewport,
        kind: Kind,
        place: Place,
        picked: Callable[[Place | None], object],
    ) -> None:
        super().__init__(surface)
        self.kind = kind
        self.place = place
        self.word = HINTS[kind]
        self._picked = picked
        self._before = place
        self._start: tuple[float, float] | None = None

    def press(self, pointer: Pointer) -> None:
        self._before, self._start = self.place, self._fraction(pointer)
        self.move(pointer)

    def move(self, pointer: Pointer) -> None:
        if self._start is None:
            return
        x, y = self._fraction(pointer)
        self.surface.update()
        if self.kind == "point":
            self.place = x, y
            return
        left, right = sorted((self._start[0], x))
        top, bottom = sorted((self._start[1], y))
        self.place = left, top, right - left, bottom - top

    def release(self, pointer: Pointer) -> None:
        """Tell what was picked; after a slip, which picks nothing, the place there was is back."""
        if self._start is None:
            return
        self._start = None
        self.surface.update()
        zoom = self.surface.view.zoom / self.surface.devicePixelRatioF()
        width, height = (side * zoom for side in self.surface.picture_size)
        slipped = self.kind == "rectangle" and (
            self.place[2] * width < _SMALLEST or self.place[3] * height < _SMALLEST
        )
        if slipped:
            self.place = self._before
        else:
            self._picked(self.place)

    def double_click(self, pointer: Pointer) -> bool:
        return True

    def cancel(self) -> None:
        """Go back to the place there was before the mouse went down."""
        if self._start is not None:
            self.place, self._start = self._before, None
            self.surface.update()

    def key(self, event: QKeyEvent) -> bool:
        if event.key() != Qt.Key.Key_Escape:
            return False
        self.cancel()
        self._picked(None)
        return True

    def cursor(self, at: QPointF) -> Qt.CursorShape:
        return Qt.CursorShape.CrossCursor

    def still(self) -> QRegion | None:
        return QRegion() if len(self.place) == 2 else None

    def paint(self, painter: QPainter, pose: Pose) -> None:
        width, height = pose.size
        x, y, *size = self.place
        near = pose.point(x * width, y * height)
        if size:
            far = pose.point((x + size[0]) * width, (y + size[1]) * height)
            paint_marquee(painter, QRectF(near, far), pose.ratio)
        else:
            _paint_cross(painter, near, pose.ratio)

    def _fraction(self, pointer: Pointer) -> tuple[float, float]:
        width, height = self.surface.picture_size
        return _inside(pointer.point[0] / width), _inside(pointer.point[1] / height)


class Hand(Protocol):
    """What takes the movements of a ``Puller``."""

    def pressed(self, place: Place) -> None:
        """Begin at a place of the picture."""

    def pulled(self, up: float) -> None:
        """Go on: so far up from where the press was, in parts of _WAY."""

    def released(self) -> None:
        """End."""

    def cancelled(self) -> None:
        """Let go as if it had not begun."""

    @property
    def left(self) -> Callable[[], object]:
        """What is called when the user has left with Escape."""


class Puller(Picker):
    """A press picks a point and a drag up and down pulls what stands for it; it stays in hand."""

    def __init__(self, surface: Viewport, hand: Hand) -> None:
        super().__init__(surface, "point", (0.5, 0.5), lambda _: hand.left())
        self.word = "Press on a tone and drag up or down; Escape ends it"
        self._hand = hand
        self._height = 0.0

    def press(self, pointer: Pointer) -> None:
        self._start = self.place = self._fraction(pointer)
        self._height = pointer.at.y()
        self._hand.pressed(self.place)
        self.surface.update()

    def move(self, pointer: Pointer) -> None:
        if self._start is not None:
            self._hand.pulled((self._height - pointer.at.y()) / _WAY)

    def release(self, pointer: Pointer) -> None:
        if self._start is not None:
            self._start = None
            self._hand.released()
            self.surface.update()

    def cancel(self) -> None:
        if self._start is not None:
            self._start = None
            self._hand.cancelled()
            self.surface.update()

    def paint(self, painter: QPainter, pose: Pose) -> None:
        if self._start is not None:
            super().paint(painter, pose)


def _paint_cross(painter: QPainter, at: QPointF, ratio: float) -> None:
    """A ring and a cross that can be seen on light and on dark."""
    arm = _ARM * ratio
    for colour, width in (("#000000", 3.0), ("#ffffff", 1.2)):
        painter.setPen(QPen(QColor(colour), width * ratio))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawLine(at - QPointF(arm, 0), at + QPointF(arm, 0))
        painter.drawLine(at - QPointF(0, arm), at + QPointF(0, arm))
        painter.drawEllipse(at, arm * 0.6, arm * 0.6)


def _inside(fraction: float) -> float:
    """A fraction within the picture, finer than any screen and short to type."""
    return round(min(max(fraction, 0.0), 1.0), 5)
