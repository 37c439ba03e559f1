"""Move guides: lines across the picture to align things by, and the rulers they are pulled
out of.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QRegion

from safelight.document import Edit
from safelight.document.commands import guide_commands
from safelight.document.guides import Guide, carried, checked
from safelight.document.placement import Place
from safelight.gui.canvas.marks import paint_word
from safelight.gui.canvas.pose import Pose, nearest
from safelight.gui.canvas.rulers import THICK, axis_along_top, paint_rulers
from safelight.gui.canvas.tools.tool import Pointer, Tool
from safelight.gui.canvas.viewport import Viewport

_NEAR = 5.0
"""How near a guide a press takes hold of it, in widget pixels."""

_REACH = 6.0
"""Widget pixels within which a guide sticks to the picture's edges and middle."""

_COLOUR = QColor(64, 200, 232, 220)
_SHADE = QColor(0, 0, 0, 90)


def snapped(at: float, size: int, zoom: float) -> float:
    """A place on a pixel's edge, or on the picture's edges or middle where those are near."""
    near = min((0.0, size / 2, float(size)), key=lambda place: abs(place - at))
    return near if abs(near - at) * zoom <= _REACH else float(round(at))


def paint_guides(
    painter: QPainter,
    guides: Iterable[Guide],
    corner: tuple[float, float],
    zoom: float,
    clip: QRect,
    ratio: float,
    shade: QColor = _COLOUR,
) -> None:
    """Paint guides across ``clip``, on a picture that has its corner at ``corner``."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, painter.transform().isRotating())
    for guide in guides:
        place = nearest(guide.of(corner) + guide.at * zoom)
        for colour, width in ((_SHADE, 3 * ratio), (shade, ratio)):
            aside = (width - ratio) / 2
            if guide.axis == "x":
                line = QRectF(place - aside, clip.top(), width, clip.height())
            else:
                line = QRectF(clip.left(), place - aside, clip.width(), width)
            painter.fillRect(line, colour)
    painter.restore()


class Guides(Tool):
    """Pulls guides out of the rulers, and moves them, each an edit; always there."""

    id = "guides"
    chosen = False

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self._lines: tuple[Guide, ...] = ()
        self._before: tuple[Guide, ...] = ()
        self._carried: Guide | None = None
        self._pressed = False
        self._pointer: QPointF | None = None

    @property
    def lines(self) -> tuple[Guide, ...]:
        """The guides, in pixels of what is seen; the surface tells of others."""
        return self._lines

    @lines.setter
    def lines(self, guides: Iterable[Guide]) -> None:
        found = checked(guides)
        if found != self._lines:
            self._lines = found
            self.surface.guides_changed.emit()
        self.surface.update()

    def show(self, guides: Iterable[Guide]) -> None:
        """Have the guides of a document, in pixels of its picture."""
        if self._carried is None:
            self.lines = carried(guides, self.surface.shown_from.inverse)

    def carry(self, way: Place) -> None:
        """Stay over the same, where ``way`` leads from the points of the picture there was to those
        of the one there is; where no line stays upright or level, as they are.
        """
        self.lines = carried(self._lines, way)

    def takes(self, at: QPointF) -> bool:
        return bool(self._ruler_at(at)) or self._guide_at(at) is not None

    def in_ruler(self, at: QPointF) -> bool:
        """Whether a widget point lies in one of the rulers."""
        return bool(self._ruler_at(at))

    def _ruler_at(self, at: QPointF) -> str:
        """The ruler at a widget point: "top", "left", "both" in their corner, or none."""
        if not self.surface.lines["rulers"] or min(at.x(), at.y()) >= THICK:
            return ""
        return "top" if at.x() >= THICK else "left" if at.y() >= THICK else "both"

    def _guide_at(self, at: QPointF) -> Guide | None:
        if not self.surface.lines["guides"]:
            return None
        point, ratio = self.surface.picture_point(at), self.surface.devicePixelRatioF()
        near = [(abs(guide.of(point) - guide.at), guide) for guide in self._lines]
        distance, guide = min(near, default=(math.inf, None))
        return guide if distance * self.surface.view.zoom <= _NEAR * ratio else None

    def press(self, pointer: Pointer) -> None:
        """Take hold of a guide, or pull a new one out of a ruler."""
        self._pressed = True
        ruler = self._ruler_at(pointer.at)
        taken = None if ruler else self._guide_at(pointer.at)
        if self.surface.picture_size == (1, 1) or ruler == "both" or not (ruler or taken):
            return
        self._before = self._lines
        if taken is not None:
            self._carried = taken
            self._lines = tuple(guide for guide in self._lines if guide != taken)
        else:  # from the upper ruler comes a line along it, which has the other axis
            self.surface.show_lines("guides", True)
            across = axis_along_top(self.surface.view) ^ int(ruler == "top")
            self._carried = Guide("y" if across else "x", 0.0)
        self.move(pointer)

    def move(self, pointer: Pointer) -> None:
        if self._carried is None:
            return
        size = self.surface.picture_size[self._carried.axis == "y"]
        zoom = self.surface.view.zoom / self.surface.devicePixelRatioF()
        place = snapped(self._carried.of(pointer.point), size, zoom)
        self._carried = self._carried._replace(at=place)
        self.surface.update()

    def release(self, pointer: Pointer) -> None:
        """Let go of a guide; over a ruler, or outside, that is the end of it."""
        held, self._carried, self._pressed = self._carried, None, False
        if held is None:
            return
        left, self._lines = self._lines, self._before
        inside = self.surface.rect().contains(pointer.at.toPoint())
        stays = inside and not self._ruler_at(pointer.at)
        taken = next((guide for guide in self._before if guide not in left), None)
        self.lines = (*left, held) if stays else left
        if self.surface.document is not None and (taken or stays):
            edit = self._edit(taken, held if stays else None)
            if edit is not None:
                self.surface.do(edit)

    def _edit(self, taken: Guide | None, put: Guide | None) -> Edit | None:
        """The edit that moves a guide, lays a new one, or takes one away; None for no change."""
        way = self.surface.shown_from
        old, new = (next(iter(carried([x], way))) if x else None for x in (taken, put))
        if old == new:
            return None
        if new is None:
            assert old is not None
            return guide_commands.remove_guide(guide_commands.DIRECTIONS[old.axis], old.at)
        direction = guide_commands.DIRECTIONS[new.axis]
        if old is None:
            return guide_commands.new_guide(direction, new.at, "px")
        return guide_commands.move_guide(direction, old.at, new.at)

    def double_click(self, pointer: Pointer) -> bool:
        return bool(self._ruler_at(pointer.at))

    def cancel(self) -> None:
        """Let go of a guide, which goes back to where it was."""
        self._pressed = False
        if self._carried is not None:
            self._carried, self._lines = None, self._before
        self.surface.update()

    def key(self, event: QKeyEvent) -> bool:
        if event.key() != Qt.Key.Key_Escape or not self._pressed:
            return False
        self.cancel()
        return True

    def hover(self, at: QPointF | None) -> None:
        self._pointer = at
        if self.surface.lines["rulers"] and not self._pressed:
            self.surface.update(self._rulers())

    def cursor(self, at: QPointF) -> Qt.CursorShape:
        """The cursor that tells which way a guide, or one out of a ruler, can be moved."""
        guide, ruler = self._carried, self._ruler_at(at)
        if guide is None and not ruler:
            guide = self._guide_at(at)
        if guide is not None:
            level = (guide.axis == "y") == (axis_along_top(self.surface.view) == 0)
            return Qt.CursorShape.SplitVCursor if level else Qt.CursorShape.SplitHCursor
        shapes = {"top": Qt.CursorShape.SplitVCursor, "left": Qt.CursorShape.SplitHCursor}
        return shapes.get(ruler, Qt.CursorShape.ArrowCursor)

    def still(self) -> QRegion | None:
        if self._carried is not None:
            return None
        return self._rulers() if self.surface.lines["rulers"] else QRegion()

    def _rulers(self) -> QRegion:
        width, height = self.surface.width(), self.surface.height()
        return QRegion(0, 0, width, THICK) + QRegion(0, 0, THICK, height)

    def paint(self, painter: QPainter, pose: Pose) -> None:
        if self.surface.lines["guides"]:
            lines = self._lines + ((self._carried,) if self._carried else ())
            corner = pose.in_frame(0, 0)
            paint_guides(painter, lines, corner, pose.view.zoom, pose.clip(), pose.ratio)

    def paint_above(self, painter: QPainter, pose: Pose) -> None:
        if self.surface.lines["rulers"]:
            paint_rulers(painter, pose.view, pose.size, pose.room, pose.ratio, self._pointer)
        if self._carried is not None and self._pointer is not None:
            at = self._pointer * pose.ratio
            word = f"{self._carried.at:g} px"
            paint_word(
                painter, word, at.x() + 14 * pose.ratio, at.y() + 14 * pose.ratio, pose.ratio
            )
