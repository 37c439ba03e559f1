"""Transform: moves, scales and turns a layer, what is selected of it, or what is selected."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import (
    QColor,
    QCursor,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
    QRegion,
)

from safelight.api import Number, Region, Value
from safelight.document import Document, Edit, geometry
from safelight.document.commands import reshape_commands
from safelight.document.placement import Place
from safelight.gui.canvas.grips import (
    GRIP,
    bearing,
    edge_at,
    paint_handles,
    paint_pulled,
    pulling_cursor,
)
from safelight.gui.canvas.marks import paint_word, turning_cursor
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.snap_lines import AXES, Axis, Box, Snapping
from safelight.gui.canvas.tools.box_change import ROUNDED, BoxChange
from safelight.gui.canvas.tools.reshape_tool import ReshapeTool
from safelight.gui.canvas.tools.tool import Pointer, Step, reason, straight
from safelight.gui.canvas.viewport import Viewport
from safelight.gui.widgets.keys import arrow_way
from safelight.pixels import RESAMPLE

_SNAP = 15.0
"""Degrees to which Shift rounds a turn."""

_Grip: TypeAlias = tuple[int, int] | Literal["inside", "outside", ""]


class Transform(ReshapeTool):
    """Shows a box about the active layer, about what of it is selected, or about the selection:
    its handles scale, a drag inside moves, one outside turns. All that is done until it is applied
    is one step.
    """

    id = "transform"
    title = "Transform"
    icon = (
        "M 3.5 3.5 L 12.5 3.5 L 12.5 12.5 L 3.5 12.5 Z M 2 2 L 5 2 L 5 5 L 2 5 Z"
        " M 11 2 L 14 2 L 14 5 L 11 5 Z M 2 11 L 5 11 L 5 14 L 2 14 Z"
        " M 11 11 L 14 11 L 14 14 L 11 14 Z"
    )
    shortcut = "Ctrl+T"
    group = "placing"
    hint = (
        "Drag a handle to scale (Shift: freely, Alt: from the middle, Ctrl: past guides), inside to"
        " move, outside to turn"
    )
    buttons = (Step("Cancel", "Esc", "give_up"), Step("Apply", "Return", "apply"))
    kernels = (RESAMPLE,)

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self._layer = ""
        self._box: Region | None = None
        self._trouble = ""
        self._change = self._before = BoxChange()
        self._grip: _Grip = ""
        self._start = QPointF()
        self._lifted: tuple[tuple[Document, bool], Document, str] | None = None
        self._made: tuple[BoxChange, Document] | None = None
        self._snapping = Snapping(surface)

    def options(
        self,
        *,
        what: Annotated[
            Literal["selected_part", "whole_layer", "selection"],
            "What is selected of the layer, all of the layer, or the selection and no pixel",
        ] = "selected_part",
        x: Annotated[float, Number(step=0.1, unit="px"), "Where the middle is"] = 0.0,
        y: Annotated[float, Number(step=0.1, unit="px"), "Where the middle is"] = 0.0,
        width: Annotated[float, Number(step=0.1, unit="%"), "Mirrored where negative"] = 100.0,
        height: Annotated[float, Number(step=0.1, unit="%"), "Mirrored where negative"] = 100.0,
        angle: Annotated[float, Number(step=0.1, unit="°"), "Degrees, clockwise"] = 0.0,
        keep_shape: Annotated[bool, "Width and height change together; Shift: not"] = True,
        copy: Annotated[bool, "The layer stays, and a copy of it is transformed"] = False,
    ) -> None:
        """What is transformed, and how."""

    def offers(self, name: str) -> bool:
        selects = self._document is not None and self._document.selection is not None
        return name != "what" or selects

    @property
    def note(self) -> str:
        if self._trouble or self._document is None:
            return self._trouble
        if self._outline:
            return "Transforms the selection"
        name = self._document.layer(self._layer).name
        return f"Transforms what is selected of {name}" if self._lifts else f"Transforms {name}"

    @property
    def trouble(self) -> str:
        return self._trouble

    # -- in and out of the hand ----------------------------------------------------------------

    def put_away(self) -> None:
        self.settle()
        self._document = self._lifted = self._made = None

    def settle(self) -> None:
        edit = self.under_way()
        self._change, self._document = BoxChange(), None
        if edit is not None:
            self.surface.do(edit)

    def take_back(self) -> None:
        self._change = BoxChange()

    def under_way(self) -> Edit | None:
        """The edit that has been made by hand; None where nothing has."""
        box, told = self._box, self._change.numbers
        if self._document is None or box is None or self._change == BoxChange():
            return None
        about = (box.x, box.y, box.width, box.height)
        if self._outline:
            return reshape_commands.transform_selection(box=about, **told)
        whole = self._values["what"] == "whole_layer" and self._document.selection is not None
        copy = bool(self._values["copy"])
        return reshape_commands.transform(
            layer=self._layer, box=about, **told, copy=copy, whole_layer=whole
        )

    # -- what is shown -------------------------------------------------------------------------

    def shows(self, document: Document) -> Document:
        begun = document is self._document
        follows = self._change == BoxChange() and self.surface.active != self._layer
        if not begun or (follows and _has(document, self.surface.active)):
            self._begin(document)
        if self._box is None:
            return document
        self._trouble = ""
        if self._change == BoxChange():
            return document
        if self._made is None or self._made[0] != self._change:
            try:
                self._made = self._change, self._changed(document)
            except ValueError as error:
                self._trouble = reason(error)
                return document
        return self._made[1]

    def _begin(self, document: Document) -> None:
        """Have the box about what there is in a document; where that has not changed, what the hand
        has made of it stays.
        """
        known = self._layer, self._box
        self._document, self._made, self._lifted, self._trouble = document, None, None, ""
        kept = self._change != BoxChange() and _has(document, self._layer)
        active = self._layer if kept else self.surface.active
        self._layer = active if _has(document, active) else document.layers[-1].id
        try:
            self._box = self._about(document)
        except ValueError as error:
            self._box, self._trouble = None, reason(error)
        if (self._layer, self._box) != known:
            self._change = BoxChange()

    def _about(self, document: Document) -> Region | None:
        if self._outline:
            return reshape_commands.selected_box(document)
        layer = document.layer(self._layer)
        return reshape_commands.box_to_transform(document, layer, lifts=self._lifts)

    def _changed(self, document: Document) -> Document:
        """The document as it would be. Raises ValueError for what cannot be."""
        assert self._box is not None
        change = self._change.place(self._box)
        if self._outline:
            edit = self.under_way()
            return document if edit is None else edit.apply(document)
        key = document, bool(self._values["copy"])
        if self._lifted is None or self._lifted[0][0] is not document or self._lifted[0] != key:
            layer = document.layer(self._layer)
            if self._lifts or key[1]:
                document, layer = reshape_commands.lifted(
                    document, layer, lifts=self._lifts, copy=key[1]
                )
            self._lifted = key, document, layer.id
        _, base, identity = self._lifted
        return geometry.moved(base, base.layer(identity), change)

    @property
    def _outline(self) -> bool:
        return self._values["what"] == "selection" and self._selects

    @property
    def _selects(self) -> bool:
        return self._document is not None and self._document.selection is not None

    @property
    def _lifts(self) -> bool:
        if not self._selects or self._document is None or self._values["what"] != "selected_part":
            return False
        return self._document.layer(self._layer).holds_pixels

    # -- numbers -------------------------------------------------------------------------------

    @property
    def values(self) -> Mapping[str, Value]:
        told, box = self._change.numbers, self._box or Region(0, 0, 0, 0)
        told["x"] = round(told["x"] + box.x + box.width / 2, 2)
        told["y"] = round(told["y"] + box.y + box.height / 2, 2)
        return {**self._values, **told}

    def set(self, name: str, value: Value) -> None:
        box = self._box
        if name not in ROUNDED:
            self._values[name] = value
            if self._document is not None:
                self._begin(self._document)
        elif box is not None and isinstance(value, (int, float)):
            middle = {"x": box.x + box.width / 2, "y": box.y + box.height / 2}
            given = {name: value - middle.get(name, 0.0)}
            other = {"width": "height", "height": "width"}.get(name)
            before = self._change.numbers
            if other and self._values["keep_shape"] and before[name]:
                given[other] = before[other] * value / before[name]
            self._change = self._change.with_(**given)
        self.changed()

    # -- what a hand does ----------------------------------------------------------------------

    def grips(self, at: QPointF) -> bool:
        return isinstance(self._at(at), tuple)

    def press(self, pointer: Pointer) -> None:
        self._start, self._before = pointer.at, self._change
        self._grip = self._at(pointer.at) if self._box is not None else ""
        if self._grip:
            self._snapping.begin(self._document, () if self._outline else {self._layer})

    def move(self, pointer: Pointer) -> None:
        grip, way = self._grip, self._in_pixels(pointer.at - self._start)
        if grip == "inside":
            self._move(way, along=pointer.shift, past=pointer.control)
        elif grip == "outside":
            middle = self._on_widget(0, 0)
            turned = bearing(pointer.at - middle) - bearing(self._start - middle)
            angle = self._before.angle + turned
            angle = _SNAP * round(angle / _SNAP) if pointer.shift else round(angle, 1)
            self._change = self._before.with_(angle=angle)
        elif grip:
            free = pointer.shift == bool(self._values["keep_shape"])
            self._pull(grip, way, free=free, middle=pointer.alt, past=pointer.control)
        if grip:
            self.changed()

    def _move(self, way: tuple[float, float], *, along: bool, past: bool) -> None:
        x, y = way
        if along:
            x, y = straight(x, y)
        far = self._snapping.way(self._ends(), (x, y), free=past)
        x, y = (far[0] if x or not along else 0.0), (far[1] if y or not along else 0.0)
        self._change = self._before.with_(x=self._before.x + round(x), y=self._before.y + round(y))

    def _ends(self) -> Box:
        """The edges of what the hand has found when it came down."""
        assert self._box is not None
        box, place = self._box, self._before.place(self._box)
        found = [place.at(x, y) for x in (box.x, box.right) for y in (box.y, box.bottom)]
        (left, right), (top, bottom) = (
            (min(point[k] for point in found), max(point[k] for point in found)) for k in (0, 1)
        )
        return left, top, right, bottom

    def _pull(
        self,
        grip: tuple[int, int],
        way: tuple[float, float],
        *,
        free: bool,
        middle: bool,
        past: bool,
    ) -> None:
        """Pull an edge or a corner: what lies opposite stays, or the ``middle`` does. An edge snaps
        to what is near unless it goes ``past``, or is turned.
        """
        before, box = self._before, self._box
        assert box is not None
        turn = Place.turned(-before.angle, 0, 0)
        right, down = turn.at(*way)
        wide, high = box.width * before.width / 100, box.height * before.height / 100
        times = 2 if middle else 1
        across, along = wide + times * grip[0] * right, high + times * grip[1] * down
        if not free and all(grip):
            share = (across * wide + along * high) / (wide * wide + high * high)
            across, along = wide * share, high * share
        if not before.angle:
            across, along = self._snapped(grip, (wide, high), (across, along), times, free, past)
        across, along = (math.copysign(max(abs(side), 1.0), side) for side in (across, along))
        x, y = (0.0, 0.0)
        if not middle:
            moved = grip[0] * (across - wide) / 2, grip[1] * (along - high) / 2
            x, y = Place.turned(before.angle, 0, 0).at(*moved)
        self._change = before.with_(
            x=before.x + x,
            y=before.y + y,
            width=100 * across / box.width,
            height=100 * along / box.height,
        )

    def _snapped(
        self,
        grip: tuple[int, int],
        before: tuple[float, float],
        sides: tuple[float, float],
        times: int,
        free: bool,
        past: bool,
    ) -> tuple[float, float]:
        """Sides, of a box that is not turned, whose pulled edges lie on lines that are near."""
        box, change = self._box, self._before
        assert box is not None
        middle = box.x + box.width / 2 + change.x, box.y + box.height / 2 + change.y
        ends = [
            middle[k] + grip[k] * (before[k] / 2 + (sides[k] - before[k]) / times) for k in (0, 1)
        ]
        axes: list[Axis] = [axis for axis, side in zip(AXES, grip, strict=True) if side]
        together = all(grip) and not free
        if together:  # the edge that is nearer to a line decides
            found = self._snapping.point((ends[0], ends[1]), free=past)
            off = [abs(found[k] - ends[k]) for k in (0, 1)]
            snapped = [guide.axis for guide in self._snapping.shown]
            if not snapped:
                return sides
            axes = [min(snapped, key=lambda axis: off["xy".index(axis)])]
        found = self._snapping.point((ends[0], ends[1]), free=past, axes=axes)
        made = [sides[k] + grip[k] * times * (found[k] - ends[k]) for k in (0, 1)]
        if together:
            first = "xy".index(axes[0])
            made[1 - first] = before[1 - first] * made[first] / before[first]
        return made[0], made[1]

    def release(self, pointer: Pointer) -> None:
        self._grip = ""
        self._snapping.end()
        self.surface.update()

    def cancel(self) -> None:
        if self._grip:
            self._grip, self._change = "", self._before
            self._snapping.end()
            self.changed()

    @property
    def held(self) -> bool:
        return bool(self._grip)

    def inside(self, at: QPointF) -> bool:
        return self._at(at) == "inside"

    def key(self, event: QKeyEvent) -> bool:
        way = arrow_way(event)
        if way is None or self._box is None:
            return super().key(event)
        x, y = self._change.x + way[0], self._change.y + way[1]
        self._change = self._change.with_(x=x, y=y)
        self.changed()
        return True

    # -- where it is ---------------------------------------------------------------------------

    def _in_pixels(self, way: QPointF) -> tuple[float, float]:
        """A way on the widget, in pixels of the picture."""
        start = self.surface.picture_point(self._start)
        end = self.surface.picture_point(self._start + way)
        return end[0] - start[0], end[1] - start[1]

    def _place(self) -> Place:
        assert self._box is not None
        try:
            return self._change.place(self._box)
        except ValueError:
            return Place()

    def _on_widget(self, across: float, down: float) -> QPointF:
        """Where a point of the box is on the widget, -1 to 1 each way."""
        box = self._box or Region(0, 0, 1, 1)
        x, y = box.x + (1 + across) * box.width / 2, box.y + (1 + down) * box.height / 2
        return self.surface.widget_point(*self._place().at(x, y))

    def _at(self, at: QPointF) -> _Grip:
        """What of the box is at a widget point: an edge or a corner, or none."""
        box = self._box
        if box is None:
            return ""
        x, y = self._place().inverse.at(*self.surface.picture_point(at))
        sides = []
        for place, low, size, end in (
            (x, box.x, box.width, self._on_widget(1, 0)),
            (y, box.y, box.height, self._on_widget(0, 1)),
        ):
            half = end - self._on_widget(0, 0)
            length = 2 * math.hypot(half.x(), half.y())
            along = (place - low) / size * length
            if not -GRIP <= along <= length + GRIP:
                return "outside"
            sides.append(edge_at(along, 0.0, length))
        return (sides[0], sides[1]) if any(sides) else "inside"

    # -- what is seen --------------------------------------------------------------------------

    def cursor(self, at: QPointF) -> Qt.CursorShape | QCursor:
        grip = self._grip or self._at(at)
        if grip == "outside":
            return turning_cursor()
        if isinstance(grip, str):
            return Qt.CursorShape.SizeAllCursor if grip else Qt.CursorShape.ArrowCursor
        return pulling_cursor(self._on_widget(*grip) - self._on_widget(0, 0))

    def still(self) -> QRegion | None:
        return QRegion() if self._box is None else None

    def paint(self, painter: QPainter, pose: Pose) -> None:
        self._snapping.paint(painter, pose)

    def paint_above(self, painter: QPainter, pose: Pose) -> None:
        if self._box is None:
            return
        ratio = pose.ratio
        corners = [self._on_widget(*at) * ratio for at in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
        box = QPainterPath()
        box.addPolygon(QPolygonF([*corners, corners[0]]))
        paint_pulled(painter, box, ratio, QColor("#ffffff"))
        sides = [(a + b) / 2 for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)]
        paint_handles(painter, [*corners, *sides], ratio)
        middle = self._on_widget(0, 0) * ratio
        painter.setPen(QPen(QColor("#ffffff"), 1.3 * ratio))
        for way in (QPointF(6 * ratio, 0), QPointF(0, 6 * ratio)):
            painter.drawLine(middle - way, middle + way)
        if self._grip:
            lowest = max(corners, key=QPointF.y)
            y = min(lowest.y() + 12 * ratio, pose.room[1] - 30 * ratio)
            left = min(max(lowest.x(), 8 * ratio), pose.room[0] - 160 * ratio)
            paint_word(painter, self._told(), left, y, ratio)

    def _told(self) -> str:
        """What the hand is making, in words."""
        change, box = self._change, self._box
        assert box is not None
        if self._grip == "outside":
            return f"{change.angle:.1f}°".replace("-", "\N{MINUS SIGN}")
        if self._grip == "inside":
            return f"{change.x:+g}, {change.y:+g} px".replace("-", "\N{MINUS SIGN}")
        wide, high = abs(box.width * change.width) / 100, abs(box.height * change.height) / 100
        return f"{wide:.0f} × {high:.0f} px  {abs(change.width):.1f} %"


def _has(document: Document, layer: str) -> bool:
    return any(item.id == layer for item in document.walk())
