"""Marquee: a part of the picture is selected by pulling the box that it fills."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPainterPath, QRegion

from safelight.api import Region
from safelight.document import Edit
from safelight.gui.canvas.marks import paint_outline
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.snap_lines import Snapping
from safelight.gui.canvas.tools.selection_tool import SelectionTool
from safelight.gui.canvas.tools.tool import Pointer
from safelight.gui.canvas.view_geometry import region_between
from safelight.gui.canvas.viewport import Viewport


class Marquee(SelectionTool):
    """Selects what fills the box that is pulled; ``select`` and ``outline`` say what that is.

    Held while the box is pulled, and not before, Shift makes it as high as wide and Alt has it
    grow from its middle.
    """

    _pulled: Region | None = None
    _start = (0.0, 0.0)
    _begun_how = "replace"
    _first = Qt.KeyboardModifier.NoModifier

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self._snapping = Snapping(surface)

    def select(self, box: Region, how: str) -> Edit:
        """The edit that selects what fills a box of the picture; ``how`` as in select_region."""
        raise NotImplementedError

    def outline(self, box: QRectF) -> QPainterPath:
        """What fills a box, as it is painted while it is pulled."""
        raise NotImplementedError

    def grips(self, at: QPointF) -> bool:
        return True

    def press(self, pointer: Pointer) -> None:
        self._snapping.begin(self.surface.document)
        self._start = self._snapping.point(pointer.point, free=pointer.control)
        self._first = pointer.keys
        self._begun_how = self.how(pointer)
        self.move(pointer)

    def move(self, pointer: Pointer) -> None:
        self._first &= pointer.keys  # let go and held again, a key is for the shape
        shape = pointer.keys & ~self._first
        free = pointer.control or bool(shape & Qt.KeyboardModifier.ShiftModifier)
        (x, y), (far_x, far_y) = self._start, self._snapping.point(pointer.point, free=free)
        if shape & Qt.KeyboardModifier.ShiftModifier:
            side = max(abs(far_x - x), abs(far_y - y))
            far_x = x + (side if far_x >= x else -side)
            far_y = y + (side if far_y >= y else -side)
        middle = shape & Qt.KeyboardModifier.AltModifier
        near = (2 * x - far_x, 2 * y - far_y) if middle else (x, y)
        self._pulled = region_between(near, (far_x, far_y))
        self.surface.update()

    def release(self, pointer: Pointer) -> None:
        box, self._pulled = self._pulled, None
        self._snapping.end()
        if box is None:
            return
        self.surface.update()
        document = self.surface.document
        if box.width and box.height or (document is not None and document.selection is not None):
            self.surface.do(self.select(box, self._begun_how))  # a click selects nothing: not twice

    def cancel(self) -> None:
        self._pulled = None
        self._snapping.end()

    def key(self, event: QKeyEvent) -> bool:
        if event.key() != Qt.Key.Key_Escape or self._pulled is None:
            return super().key(event)
        self.cancel()
        return True

    @property
    def under_way_how(self) -> str | None:
        return None if self._pulled is None else self._begun_how

    def still(self) -> QRegion | None:
        return QRegion() if self._pulled is None else None

    def paint(self, painter: QPainter, pose: Pose) -> None:
        self._snapping.paint(painter, pose)
        if self._pulled is not None:
            paint_outline(painter, self.outline(pose.box(self._pulled)), pose.ratio)
