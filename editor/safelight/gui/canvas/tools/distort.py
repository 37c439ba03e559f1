"""Distort: a layer's corners pulled apart, or a grid over it out of shape."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPainterPath, QPolygonF, QRegion

from safelight.api import Value
from safelight.document import Document, Edit
from safelight.document.commands import distort_commands
from safelight.document.edits import unlocked
from safelight.document.placement import Place
from safelight.gui.canvas.grips import paint_handles
from safelight.gui.canvas.marks import paint_word
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.snap_lines import Snapping
from safelight.gui.canvas.tools.points_tool import Point, PointsTool
from safelight.gui.canvas.tools.tool import Pointer, Step, reason
from safelight.gui.canvas.viewport import Viewport
from safelight.pixels import RESAMPLE

_GRID = 4
"""Points along each side of a grid."""

_ROUND = {"corners": (0, 1, 2, 3), "grid": (0, 3, 15, 12)}
"""The corners among the points, clockwise."""

_FINE = 8
"""Straight lines that a bent one is drawn by, from point to point."""


class Distort(PointsTool):
    """Shows the corners of the active layer, or a grid of 4 x 4 points over it; each can be pulled,
    and all of them from inside. All that is done until it is applied is one step, and the layer's
    own pixels stay as they are.
    """

    id = "distort"
    title = "Distort"
    icon = (
        "M 3 5 C 6 2 10 7 13.5 3.5 L 12.5 12.5 C 9 10 7 15 3.5 12 Z"
        " M 8 4.6 C 8.8 8 7.6 9 8.2 12.2 M 3.3 8.5 C 6.5 6.5 9.5 10 13 8"
    )
    shortcut = "Shift+T"
    group = "placing"
    hint = "Pull the points, or all of them from inside; Ctrl: past edges and guides; Enter applies"
    buttons = (
        Step("Reset", "R", "reset"),
        Step("Cancel", "Esc", "give_up"),
        Step("Apply", "Return", "apply"),
    )
    kernels = (RESAMPLE,)

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self._layer = ""
        self._trouble = ""
        self._made: tuple[list[Point], Document] | None = None
        self._snapping = Snapping(surface)

    def options(
        self,
        *,
        how: Annotated[
            Literal["corners", "grid"],
            "By its four corners, as if it were seen from another side; or by a grid that bends it",
        ] = "corners",
    ) -> None:
        """How the layer is distorted."""

    def set(self, name: str, value: Value) -> None:
        edit = self.under_way()
        self._values[name] = value
        if edit is not None and not self._trouble:
            self._known = list(self._points)
            self.surface.do(edit)
        if self._document is not None:
            self._begin(self.surface.document or self._document)
        self.changed()

    @property
    def _how(self) -> str:
        return str(self._values["how"])

    @property
    def note(self) -> str:
        if self._trouble or self._document is None:
            return self._trouble
        return f"Distorts {self._document.layer(self._layer).name}"

    @property
    def trouble(self) -> str:
        return self._trouble

    # -- in and out of the hand ----------------------------------------------------------------

    def put_away(self) -> None:
        self.settle()
        self._document = self._made = None

    def settle(self) -> None:
        edit = self.under_way()
        self._document = None
        if edit is not None:
            self.surface.do(edit)

    def under_way(self) -> Edit | None:
        """The edit that has been made by hand; None where nothing has."""
        if self._document is None or self._points == self._known:
            return None
        told = distort_commands.written(self._points)
        if self._how == "grid":
            return distort_commands.warp(layer=self._layer, points=told)
        return distort_commands.distort(layer=self._layer, corners=told)

    def reset(self) -> None:
        """Have the points where they were, or, where nothing was done, a grid without a warp."""
        if self._points == self._known and self._document is not None and self._how == "grid":
            plain = distort_commands.remove_warp(layer=self._layer).apply(self._document)
            self._points = distort_commands.grid_of(plain, plain.layer(self._layer))
        else:
            self.take_back()
        self.changed()

    # -- what is shown -------------------------------------------------------------------------

    def shows(self, document: Document) -> Document:
        follows = self._points == self._known and self.surface.active != self._layer
        if document is not self._document or follows:
            self._begin(document)
        if self._points == self._known:
            return document
        if self._made is None or self._made[0] != self._points:
            self._trouble = ""
            try:
                self._made = list(self._points), self._changed(document)
            except ValueError as error:
                self._trouble = reason(error)
                return document
        return self._made[1]

    def _begin(self, document: Document) -> None:
        """Have the points over what the active layer shows."""
        self._document, self._made, self._trouble = document, None, ""
        ids = {layer.id for layer in document.walk()}
        active = self.surface.active
        self._layer = active if active in ids else document.layers[-1].id
        found: list[Point] = []
        try:
            layer = unlocked(document, self._layer)
            if self._how == "grid":
                found = distort_commands.grid_of(document, layer)
            else:
                found = distort_commands.corners_of(document, layer)
        except ValueError as error:
            self._trouble = reason(error)
        self.have(found)

    def _changed(self, document: Document) -> Document:
        layer = document.layer(self._layer)
        if self._how == "grid":
            return distort_commands.with_grid(document, layer, self._points)
        return distort_commands.distorted(document, layer, self._points)

    # -- what a hand does ----------------------------------------------------------------------

    def grips(self, at: QPointF) -> bool:
        return len(self._at(at)) == 1

    def press(self, pointer: Pointer) -> None:
        super().press(pointer)
        if self._held:
            self._snapping.begin(self._document, {self._layer})

    def snapped(self, way: Point, *, free: bool) -> Point:
        if len(self._held) > 1:
            return way
        old = self._before[self._held[0]]
        new = self._snapping.point((old[0] + way[0], old[1] + way[1]), free=free)
        return new[0] - old[0], new[1] - old[1]

    def release(self, pointer: Pointer) -> None:
        self._snapping.end()
        super().release(pointer)

    def cancel(self) -> None:
        self._snapping.end()
        super().cancel()

    @property
    def outline(self) -> tuple[int, ...]:
        return _ROUND[self._how]

    # -- what is seen --------------------------------------------------------------------------

    def still(self) -> QRegion | None:
        return None if self._points else QRegion()

    def paint(self, painter: QPainter, pose: Pose) -> None:
        self._snapping.paint(painter, pose)

    def paint_above(self, painter: QPainter, pose: Pose) -> None:
        if not self._points:
            return
        ratio = pose.ratio
        self.paint_lines(painter, self._lines(ratio), ratio)
        places = [place * ratio for place in self._places()]
        paint_handles(painter, places, ratio)
        if len(self._held) == 1:
            x, y = self._points[self._held[0]]
            at = places[self._held[0]] + QPointF(14, 14) * ratio
            paint_word(painter, f"{x:.0f}, {y:.0f} px", at.x(), at.y(), ratio)

    def _lines(self, ratio: float) -> QPainterPath:
        """Lines through the points, bent as the layer is."""
        path = QPainterPath()
        if self._how == "corners":
            places = [place * ratio for place in self._places()]
            path.addPolygon(QPolygonF([*places, places[0]]))
            return path
        side, through = _GRID, self._through()
        for k in range(side):
            for across in (True, False):
                row = [k * side + n if across else n * side + k for n in range(side)]
                if through is None:
                    line = [self.surface.widget_point(*self._points[n]) for n in row]
                else:
                    line = self._bent(through, k / (side - 1), across=across)
                path.addPolygon(QPolygonF([place * ratio for place in line]))
        return path

    def _through(self) -> tuple[Document, Place] | None:
        """The document as it is bent, and the map from the warped plane of the layer to it; None
        where it cannot be.
        """
        made = self._document if self._points == self._known else self._made and self._made[1]
        if made is None or self._trouble:
            return None
        return made, distort_commands.plane_of(made, made.layer(self._layer))

    def _bent(self, through: tuple[Document, Place], at: float, *, across: bool) -> list[QPointF]:
        """A line of the grid on the widget."""
        document, plane = through
        warp = distort_commands.warp_of(document, document.layer(self._layer))
        along = np.linspace(0, 1, _FINE * (_GRID - 1) + 1)
        other = np.full_like(along, at)
        u, v = (along, other) if across else (other, along)
        x, y, width, height = warp.box
        xs, ys = warp.at(x + u * width, y + v * height)
        points = (plane.at(float(p), float(q)) for p, q in zip(xs, ys, strict=True))
        return [self.surface.widget_point(*point) for point in points]
