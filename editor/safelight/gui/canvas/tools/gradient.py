"""Gradient: a mask, a selection or colours that fade between two handles."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, TypeAlias, cast

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPen, QRegion

from safelight.api import HexColour, Value
from safelight.document import Edit
from safelight.document.commands import gradient_commands
from safelight.document.placement import Place
from safelight.document.rendered.gradients import Shape
from safelight.gui.canvas.grips import GRIP, paint_handles
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.tools.pixel_brush import OwnLayer
from safelight.gui.canvas.tools.round_brush import Percent
from safelight.gui.canvas.tools.selection_tool import Mode
from safelight.gui.canvas.tools.tool import Pointer, Step, Tool
from safelight.gui.canvas.tools.tried import Tried
from safelight.gui.canvas.viewport import Viewport

_Point: TypeAlias = tuple[float, float]

_LINES = ((QColor(0, 0, 0, 150), 3.0), (QColor(255, 255, 255, 230), 1.2))

_TURN = 45.0
"""Degrees to which Shift rounds the way between the handles."""

_COLOURS = {"colour", "to_colour", "fades", "opacity", "own_layer"}
"""The options that are of use on pixels."""


class GradientTool(Tool):
    """A drag lays a gradient from where it begins to where it ends; its handles are pulled
    afterwards, and its options changed, in the same step of the history.
    """

    id = "gradient"
    title = "Gradient"
    icon = "M 2.5 3.5 L 13.5 3.5 L 13.5 12.5 L 2.5 12.5 Z M 4.5 3.5 L 4.5 12.5 M 6 3.5 L 6 12.5"
    icon += " M 8.5 3.5 L 8.5 12.5"
    group = "filling"
    hint = "Drag from full to nothing (Shift: 45°), then pull the handles; Enter begins another"
    buttons = (Step("Next gradient", "Return", "finish"),)

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self._tried = Tried(surface)
        self.handles: list[_Point] = []
        """The first handle, the second, and of a radial gradient the one across."""
        self._held: int | None = None
        self._from: _Point = (0.0, 0.0)
        self._layer = ""
        self._anew = False
        self._edits = False

    def options(
        self,
        *,
        on: Annotated[
            Literal["mask", "pixels", "selection"],
            "The active layer's mask, colours above the pixels, or what is selected",
        ] = "mask",
        shape: Annotated[Shape, "Along a line, or about a middle"] = "linear",
        softness: Annotated[Percent, "Over how much of its radius it fades"] = 50,
        mode: Annotated[Mode, "What becomes of the mask, or of the selection, there is"] = "new",
        inverted: Annotated[bool, "The other way round"] = False,
        colour: HexColour = "#000000",
        to_colour: HexColour = "#ffffff",
        fades: Annotated[bool, "To nothing rather than to a second colour"] = False,
        opacity: Percent = 100,
        own_layer: OwnLayer = True,
    ) -> None:
        """What fades, how, and from what to what."""

    def offers(self, name: str) -> bool:
        given = self._values
        if name == "finish":
            return bool(self.handles)
        if name in _COLOURS:
            return given["on"] == "pixels" and not (name == "to_colour" and given["fades"])
        if name in ("mode", "inverted"):
            return given["on"] != "pixels"
        return name != "softness" or given["shape"] == "radial"

    def set(self, name: str, value: Value) -> None:
        if name == "on" and value != self._values["on"]:
            self.finish()
        super().set(name, value)
        if self._edits and name in ("shape", "softness", "mode", "inverted"):
            self._tried.do(self._edit, anew=False)
        else:
            self._tried.soon()

    def take_up(self) -> None:
        """Have the handles of the gradient that the active layer's mask was made with."""
        document, active = self.surface.document, self.surface.active
        if document is None or not any(layer.id == active for layer in document.walk()):
            return
        layer = document.layer(active)
        held = layer.mask_gradient
        if held is None:
            return
        way, found = document.frame.inverse.after(layer.mask_place), held.gradient
        self._place((found.x, found.y), (found.to_x, found.to_y), found.ratio)
        self.handles = [way.at(*point) for point in self.handles]
        self._layer, self._edits = active, True
        self._values |= {
            "on": "mask",
            "shape": found.shape,
            "mode": {"replace": "new"}.get(held.how, held.how),
            "softness": max(round(found.softness * 100), 1),
            "inverted": held.inverted,
        }
        self.changed()

    # -- what a hand does ----------------------------------------------------------------------

    def _shown(self) -> list[_Point]:
        return self.handles[: 3 if self._values["shape"] == "radial" else 2]

    def _grip(self, at: QPointF) -> int | None:
        """The handle at a widget point; the middle handle comes last."""
        for index, point in reversed(list(enumerate(self._shown()))):
            way = self.surface.widget_point(*point) - at
            if math.hypot(way.x(), way.y()) <= GRIP:
                return index
        return None

    def press(self, pointer: Pointer) -> None:
        self._held = self._grip(pointer.at)
        self._from = pointer.point
        self._anew = self._held is None
        if self._anew:
            self._layer, self._edits = self.surface.active, False

    def move(self, pointer: Pointer) -> None:
        x, y = pointer.point
        if self._held is None:
            self._place(self._from, self._rounded(self._from, (x, y), pointer))
        elif self._held == 0:
            (from_x, from_y), others = self.handles[0], self.handles
            self.handles = [(u + x - from_x, v + y - from_y) for u, v in others]
        elif self._held == 1:
            first, ratio = self.handles[0], self._ratio()
            self._place(first, self._rounded(first, (x, y), pointer), ratio)
        else:
            (u, v), (far_u, far_v) = self.handles[:2]
            length = max(math.hypot(far_u - u, far_v - v), 1.0)
            ratio = min(max(math.hypot(x - u, y - v) / length, 0.01), 100.0)
            self._place(self.handles[0], self.handles[1], ratio)
        self.surface.update()

    def release(self, pointer: Pointer) -> None:
        self._held = None
        if self._anew and pointer.point == self._from:
            return
        self._tried.do(self._edit, anew=self._anew)
        self._anew = False
        self.changed()

    def _rounded(self, first: _Point, point: _Point, pointer: Pointer) -> _Point:
        if not pointer.shift:
            return point
        way = complex(point[0] - first[0], point[1] - first[1])
        angle = math.radians(round(math.degrees(math.atan2(way.imag, way.real)) / _TURN) * _TURN)
        return first[0] + abs(way) * math.cos(angle), first[1] + abs(way) * math.sin(angle)

    def _place(self, first: _Point, second: _Point, ratio: float = 1.0) -> None:
        way_x, way_y = second[0] - first[0], second[1] - first[1]
        across = first[0] - way_y * ratio, first[1] + way_x * ratio
        self.handles = [first, second, across]

    def _ratio(self) -> float:
        (x, y), (u, v), (far_u, far_v) = self.handles
        length = max(math.hypot(u - x, v - y), 1e-3)
        return min(max(math.hypot(far_u - x, far_v - y) / length, 0.01), 100.0)

    def _edit(self) -> Edit:
        given = self._values
        (x, y), (to_x, to_y) = self.handles[:2]
        told: dict[str, Any] = {
            "shape": given["shape"],
            **{"x": round(x, 1), "y": round(y, 1), "to_x": round(to_x, 1), "to_y": round(to_y, 1)},
            "ratio": round(self._ratio(), 3),
            "softness": cast(int, given["softness"]) / 100,
        }
        if given["on"] == "pixels":
            told |= {name: given[name] for name in _COLOURS}
            told["opacity"] = cast(int, given["opacity"]) / 100
            return gradient_commands.paint_gradient(layer=self._layer, **told)
        mode = str(given["mode"])
        told |= {"inverted": given["inverted"], "how": {"new": "replace"}.get(mode, mode)}
        if given["on"] == "selection":
            return gradient_commands.select_gradient(**told)
        return gradient_commands.gradient_mask(layer=self._layer, edits=self._edits, **told)

    def finish(self) -> None:
        """Begin another gradient with the next drag; this one stays."""
        self.handles, self._edits = [], False
        self._tried.forget()
        self.changed()

    def put_away(self) -> None:
        self.finish()

    def carry(self, way: Place) -> None:
        self.finish()

    def cancel(self) -> None:
        self._held = None
        if self._anew:
            self.handles, self._anew = [], False
        self.surface.update()

    def key(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape and self.handles:
            self.finish()
            return True
        return super().key(event)

    # -- what is seen --------------------------------------------------------------------------

    def cursor(self, at: QPointF) -> Qt.CursorShape:
        found = self._grip(at)
        return Qt.CursorShape.CrossCursor if found is None else Qt.CursorShape.SizeAllCursor

    def still(self) -> QRegion | None:
        return None if self._shown() else QRegion()

    def paint(self, painter: QPainter, pose: Pose) -> None:
        points = [pose.point(*point) for point in self._shown()]
        if not points:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = QPainterPath(points[0])
        path.lineTo(points[1])
        way = points[1] - points[0]
        if len(points) == 2:
            # Where it ends, lines across say from where on it is all and from where on nothing.
            length = max(math.hypot(way.x(), way.y()), 1.0)
            across = QPointF(-way.y(), way.x()) / length * max(length / 2, 40 * pose.ratio)
            for point in points:
                path.moveTo(point - across)
                path.lineTo(point + across)
        else:
            side = points[2] - points[0]
            path.moveTo(points[1])
            for step in range(1, 97):
                angle = math.tau * step / 96
                path.lineTo(points[0] + way * math.cos(angle) + side * math.sin(angle))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in _LINES:
            painter.setPen(QPen(colour, width * pose.ratio))
            painter.drawPath(path)
        paint_handles(painter, points, pose.ratio)
