"""Patch: what is selected is mended with what it is dragged to."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QCursor, QPainter

from safelight.api import Region
from safelight.document import Edit
from safelight.document.commands import retouch_commands
from safelight.document.placement import Place
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.selection_outline import Seen, outline
from safelight.gui.canvas.tools.lasso import Lasso
from safelight.gui.canvas.tools.pixel_brush import OwnLayer
from safelight.gui.canvas.tools.selection_tool import Mode
from safelight.gui.canvas.tools.tool import Pointer
from safelight.gui.canvas.tools.tried import Tried
from safelight.gui.canvas.viewport import Viewport

_HALF = 128
"""The level of a selection, of 255, from which on a press is inside it."""


class Patch(Lasso):
    """A drag around a flaw selects it; one from inside what is selected says where to take from."""

    id = "patch"
    title = "Patch"
    icon = "M 2.5 5.5 L 10.5 2.5 L 13.5 10.5 L 5.5 13.5 Z M 6.4 6.6 L 6.4 6.7 M 9.6 6.6 L 9.6 6.7"
    icon += " M 6.4 9.4 L 6.4 9.5 M 9.6 9.4 L 9.6 9.5"
    group = "healing"
    hint = "Drag around a flaw, then drag from inside it to what is to cover it"

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self._tried = Tried(surface)
        self._began: tuple[float, float] | None = None
        self._way = (0, 0)
        self._layer = ""
        """The layer that was active when the drag began: strokes may come to lie on another."""

    def options(
        self,
        *,
        mode: Annotated[Mode, "What becomes of the selection that there is"] = "new",
        smooth_edge: Annotated[bool, "Pixels on the edge are selected in part"] = True,
        own_layer: OwnLayer = True,
    ) -> None:
        """How a flaw is selected, and where it is mended."""

    @property
    def note(self) -> str:
        document = self.surface.document
        if document is None or document.selection is None:
            return "Drag around what is to be mended"
        return "Drag what is selected to what is to cover it"

    def _inside(self, point: tuple[float, float]) -> bool:
        """Whether a point of the picture is selected."""
        document = self.surface.document
        mask = None if document is None else document.picture.selection
        x, y = (int(place) for place in point)
        if mask is None or min(point) < 0 or x >= mask.width or y >= mask.height:
            return False
        return bool(mask.read(Region(x, y, 1, 1))[0, 0, 0] >= _HALF)

    # -- strokes -------------------------------------------------------------------------------

    def press(self, pointer: Pointer) -> None:
        if pointer.shift or pointer.alt or not self._inside(pointer.point):
            super().press(pointer)
            return
        self._began, self._way, self._layer = pointer.point, (0, 0), self.surface.active

    def move(self, pointer: Pointer) -> None:
        if self._began is None:
            super().move(pointer)
            return
        way = tuple(round(pointer.point[axis] - self._began[axis]) for axis in (0, 1))
        if way != self._way:
            first = self._way == (0, 0)
            self._way = (way[0], way[1])
            self._tried.do(self._edit, anew=first)
            self.surface.update()

    def release(self, pointer: Pointer) -> None:
        if self._began is None:
            super().release(pointer)
            return
        self.move(pointer)
        self._end()

    def cancel(self) -> None:
        """Let go of the path; what has been dragged stays where it was dragged to."""
        super().cancel()
        self._end()

    def _end(self) -> None:
        self._began, self._way = None, (0, 0)
        self._tried.forget()
        self.surface.update()

    def _edit(self) -> Edit:
        x, y = self._way
        own = bool(self.values["own_layer"])
        return retouch_commands.patch(layer=self._layer, x=x, y=y, own_layer=own)

    def carry(self, way: Place) -> None:
        super().carry(way)
        self._end()

    # -- what is seen --------------------------------------------------------------------------

    def cursor(self, at: QPointF) -> QCursor | Qt.CursorShape:  # type: ignore[override]
        held = self.surface.held
        plain = "adds" not in held and "subtracts" not in held and self.start is None
        if self._began is not None or (plain and self._inside(self.surface.picture_point(at))):
            return Qt.CursorShape.SizeAllCursor
        return super().cursor(at)

    def paint(self, painter: QPainter, pose: Pose) -> None:
        super().paint(painter, pose)
        document = self.surface.document
        mask = None if document is None else document.picture.selection
        if self._began is None or mask is None or self._way == (0, 0):
            return
        seen = Seen.through(pose)
        corner, way = pose.in_frame(0, 0), self._way
        left, top = (at + far * pose.zoom for at, far in zip(corner, way, strict=True))
        seen = replace(seen, left=left, top=top, area=pose.clip())
        painter.drawImage(seen.area.topLeft(), outline(mask, seen))
