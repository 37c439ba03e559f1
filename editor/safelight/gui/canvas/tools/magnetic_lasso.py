"""Magnetic lasso: selects what edges of the picture go around, followed from press to press."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from safelight.api import Number, Region
from safelight.document import Document, render_srgb
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.tools.path_tool import PathTool, Point
from safelight.gui.canvas.tools.selection_tool import Mode
from safelight.gui.canvas.tools.tool import Pointer
from safelight.gui.canvas.viewport import Viewport
from safelight.gui.threads.background import Background
from safelight.pixels import from_float
from safelight.pixels.live_wire import LiveWire

_AROUND = 256
"""Pixels of the picture, as it is zoomed, on each side of a point within which edges are known."""

_FAR = 160
"""Pixels of a path after which the path gets a point by itself, at two thirds of its way."""


@dataclass(frozen=True, slots=True)
class Edges:
    """The edges around a point of a picture, at a zoom ``level`` of which they have a corner."""

    wire: LiveWire
    level: int
    corner: tuple[int, int]

    @classmethod
    def around(cls, document: Document, point: Point, level: int) -> Edges:
        """Look for the edges around a point of a document's picture."""
        x, y = (
            min(max(at, 0), side - 1)
            for at, side in zip(point, (document.width, document.height), strict=True)
        )
        whole = Region(0, 0, -(-document.width >> level), -(-document.height >> level), level)
        part = Region(int(x) >> level, int(y) >> level, 1, 1, level).grow(_AROUND, whole)
        pixels = from_float(render_srgb(document, part, lenient=True)[..., :3], "uint8")
        corner = part.x, part.y
        seed = (int(x) >> level) - corner[0], (int(y) >> level) - corner[1]
        return cls(LiveWire(pixels, seed), level, corner)

    def path(self, point: Point, radius: float) -> list[Point]:
        """The way along the edges to the edge that is nearest to a point of the picture."""
        size = 1 << self.level
        column, row = (at / size - c for at, c in zip(point, self.corner, strict=True))
        if radius >= 1:
            column, row = self.wire.nearest_edge(column, row, radius)
        found = (self.wire.path(column, row) + np.array(self.corner)) * size
        return [(float(x), float(y)) for x, y in found]


class Magnetic(PathTool):
    """Selects what edges go around: from the last point to the pointer the path follows the edges
    that are seen; a press puts a point, and where the path has become long, one comes by itself.
    """

    id = "magnetic"
    title = "Magnetic lasso"
    icon = "M 3 8 L 3 6.5 C 3 1 13 1 13 6.5 L 13 8 L 10 8 L 10 6.5 C 10 5 6 5 6 6.5 L 6 8 Z"
    shortcut = "K"
    group = "lassos"
    hint = (
        "Click on an edge and follow it; a click fixes a point, Enter or a double click closes,"
        " Backspace takes back"
    )

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self.edges: Edges | None = None
        """The edges around the last point, once they are found."""
        self._wanted = self._found = 0
        self._pointer: Point | None = None

    def options(
        self,
        *,
        mode: Annotated[Mode, "What becomes of the selection that there is"] = "new",
        smooth_edge: Annotated[bool, "Pixels on the edge are selected in part"] = True,
        width: Annotated[
            int, Number(0, 40, unit="px"), "How far from the pointer an edge is looked for"
        ] = 10,
    ) -> None:
        """What becomes of the selection, and how edges are followed."""

    @property
    def settled(self) -> bool:
        """Whether the edges around the last point are known."""
        return self._found == self._wanted

    def press(self, pointer: Pointer) -> None:
        if self.closes(pointer.at):
            self.close()
        elif self.start is None:
            self.begin(pointer)
            self._look(pointer.point)
        else:
            self._follow(pointer.point)
            self._fix(len(self.trail))

    def move(self, pointer: Pointer) -> None:
        """A hand that does not let go follows an edge too."""
        self.hover(pointer.at)

    def hover(self, at: QPointF | None) -> None:
        if self.start is None:
            return
        self._pointer = None if at is None else self.surface.picture_point(at)
        if self._pointer is None:
            self.trail = []
        else:
            self._follow(self._pointer)
        self.surface.update()

    def double_click(self, pointer: Pointer) -> bool:
        if self.start is not None:
            self.close()
        return True

    def take_back(self) -> None:
        super().take_back()
        if self.last is not None:
            self._look(self.last)

    def give_up(self) -> None:
        self.edges, self._pointer = None, None
        self._wanted += 1
        super().give_up()

    def closed(self) -> list[Point]:
        """The path with the way along the edges back to its beginning."""
        if self.edges is None or self.start is None:
            return self.points
        return self.points + self.edges.path(self.start, 0)[1:]

    def _follow(self, point: Point) -> None:
        """Have the trail go along the edges to a point; straight to it where none are known yet."""
        level_pixel = self.surface.devicePixelRatioF() / self.surface.view.zoom
        if self.edges is None or self.last is None:
            self.trail = [point]
            return
        radius = float(str(self.values["width"])) * level_pixel / (1 << self.edges.level)
        path = self.edges.path(point, radius)
        # Edges of the point before are good until those of this one are found.
        near = [abs(x - self.last[0]) + abs(y - self.last[1]) for x, y in path]
        self.trail = path[near.index(min(near)) + 1 :] or [point]
        if len(self.trail) > _FAR:
            self._fix(len(self.trail) * 2 // 3)

    def _fix(self, count: int) -> None:
        """Have the first points of the trail as a part of the path, and look for edges anew."""
        self.parts.append(self.trail[:count])
        self.trail = self.trail[count:]
        self._look(self.parts[-1][-1])
        self.changed()

    def _look(self, point: Point) -> None:
        """Look for the edges around a point, on a thread."""
        document, level = self.surface.document, self.surface.level
        if document is None:
            return
        self._wanted += 1
        number = self._wanted

        def done(edges: Edges) -> None:
            if number != self._wanted:
                return
            self.edges, self._found = edges, number
            if self._pointer is not None:
                self._follow(self._pointer)
            self.surface.update()

        def failed(error: Exception) -> None:
            """Without edges the path is straight."""

        Background(self.surface, lambda: Edges.around(document, point, level), done, failed)

    def paint(self, painter: QPainter, pose: Pose) -> None:
        super().paint(painter, pose)
        self.paint_corners(painter, pose)
