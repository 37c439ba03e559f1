"""Colour sampler: places of the picture whose colours the Info panel tells while they are there."""

from __future__ import annotations

import math
from typing import Annotated, Literal, TypeAlias

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from safelight.api import Region
from safelight.document.placement import Place
from safelight.gui.canvas.marks import paint_word
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.tools.tool import Pointer, Step, Tool
from safelight.gui.canvas.viewport import Viewport

MOST = 8
"""Places that there can be."""

_NEAR = 10.0
"""Widget pixels within which a press takes hold of a place."""

_ARM = 8.0
"""Half the size of the mark of a place, in widget pixels."""

Size: TypeAlias = Literal["1 × 1", "3 × 3", "5 × 5", "11 × 11", "31 × 31"]
Point: TypeAlias = tuple[float, float]


class Sampler(Tool):
    """A press puts a place on the picture, or takes hold of one; ``places`` has them in order."""

    id = "sampler"
    title = "Colour sampler"
    icon = "M 10 3 L 13 6 M 9 4 L 12 7 L 5.5 13.5 L 2.5 13.5 L 2.5 10.5 Z M 11 5 L 13 3"
    shortcut = "I"
    hint = "Click to read a colour in Info, drag to move its place; Alt and a click takes it away"
    buttons = (Step("Clear", "", "clear"),)
    moves = True

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self.places: tuple[Point, ...] = ()
        self._held: int | None = None

    def options(
        self,
        *,
        mean: Annotated[Size, "Pixels of the picture of which the mean is told"] = "3 × 3",
    ) -> None:
        """How large a place is."""

    def regions(self) -> tuple[Region, ...]:
        """What is read at each place, in whole pixels of the document's picture."""
        side, found = int(str(self.values["mean"]).split()[0]), []
        document = self.surface.document
        size = self.surface.picture_size if document is None else (document.width, document.height)
        for place in self.places:
            x, y = self.surface.shown_from.at(*place)
            around = Region(math.floor(x) - side // 2, math.floor(y) - side // 2, side, side)
            found.append(around.intersect(Region(0, 0, *size)))
        return tuple(found)

    def clear(self) -> None:
        """Take all places away."""
        self.places = ()
        self.changed()

    def carry(self, way: Place) -> None:
        """Stay over the same, where ``way`` leads from the points of the picture there was to those
        of the one there is.
        """
        self.places = tuple(way.at(x, y) for x, y in self.places)

    def press(self, pointer: Pointer) -> None:
        found = self._at(pointer.at)
        if pointer.alt:
            self.places = tuple(x for i, x in enumerate(self.places) if i != found)
            self.changed()
            return
        if found is None and self._within(pointer.point) == pointer.point:
            # The first ones go when there are more than can be told.
            self.places = (*self.places, pointer.point)[-MOST:]
            found = len(self.places) - 1
        self._held = found
        self.changed()

    def move(self, pointer: Pointer) -> None:
        if self._held is not None:
            places = list(self.places)
            places[self._held] = self._within(pointer.point)
            self.places = tuple(places)
            self.changed()

    def release(self, pointer: Pointer) -> None:
        self._held = None

    def cancel(self) -> None:
        self._held = None

    def double_click(self, pointer: Pointer) -> bool:
        return True

    def cursor(self, at: QPointF) -> Qt.CursorShape:
        over = self._held is not None or self._at(at) is not None
        return Qt.CursorShape.SizeAllCursor if over else Qt.CursorShape.CrossCursor

    def _within(self, point: Point) -> Point:
        x, y = (
            min(max(at, 0.0), side - 1e-3)
            for at, side in zip(point, self.surface.picture_size, strict=True)
        )
        return x, y

    def _at(self, at: QPointF) -> int | None:
        """The place within reach of a widget point, of several the last."""
        x, y = self.surface.picture_point(at)
        reach = _NEAR * self.surface.devicePixelRatioF() / self.surface.view.zoom
        near = [i for i, (a, b) in enumerate(self.places) if math.hypot(a - x, b - y) <= reach]
        return near[-1] if near else None

    def paint(self, painter: QPainter, pose: Pose) -> None:
        for x, y in self.places:
            _paint_mark(painter, pose.point(x, y), pose.ratio)

    def paint_above(self, painter: QPainter, pose: Pose) -> None:
        for number, (x, y) in enumerate(self.places, 1):
            left, top = pose.on_widget(x, y)
            aside = (_ARM + 2) * pose.ratio
            paint_word(painter, str(number), left + aside, top + aside, pose.ratio)


def _paint_mark(painter: QPainter, at: QPointF, ratio: float) -> None:
    """A ring with four lines outwards, to be seen on light and on dark; its middle stays free."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    arm = _ARM * ratio
    for colour, width in (("#000000", 3.0), ("#ffffff", 1.2)):
        painter.setPen(QPen(QColor(colour), width * ratio))
        painter.drawEllipse(at, arm / 2, arm / 2)
        for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            way = QPointF(x, y) * arm
            painter.drawLine(at + way / 2, at + way)
