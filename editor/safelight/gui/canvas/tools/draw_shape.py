"""Draw shape: a drag draws a rectangle, an ellipse, a line, a polygon or a star as a new layer."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, replace
from typing import Annotated, Any, cast
from uuid import uuid4

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPainterPath, QRegion

from safelight.api import HexColour, Value
from safelight.document import Layer
from safelight.document.commands import shape_commands
from safelight.document.commands.shape_commands import Depth, Filled, Points, Radius, StrokeWidth
from safelight.document.contents.shape import Figure, Shape
from safelight.document.placement import Place
from safelight.gui.canvas.grips import GRIP, paint_handles
from safelight.gui.canvas.marks import paint_outline
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.shape_edges import path_of, way_of
from safelight.gui.canvas.snap_lines import Snapping
from safelight.gui.canvas.tools.tool import Pointer, Tool
from safelight.gui.canvas.viewport import Viewport

_Point = tuple[float, float]

_SHORTEST = 3.0
"""Widget pixels that a drag has to go to draw anything."""

_STEP = 2.0
"""Seconds within which changes of one option are one step of the history."""

_USES = {"radius": {"rounded"}, "points": {"polygon", "star"}, "depth": {"star"}}
"""The figures for which an option is of use, where that is not every one."""

_CORNERS = [(x, y) for y in (0.0, 0.5, 1.0) for x in (0.0, 0.5, 1.0) if (x, y) != (0.5, 0.5)]
"""Where the handles of a box lie, in parts of it."""


class ShapeTool(Tool):
    """A drag draws a shape; of the active shape the handles are pulled, and the options are."""

    id = "shape"
    title = "Shape"
    icon = "M 2 2.5 L 9.5 2.5 L 9.5 10 L 2 10 Z E 10.5 10.3 3.8 3.8"
    shortcut = "U"
    hint = (
        "Drag to draw a shape (Shift: even, Alt: from the middle, Ctrl: past edges and guides), "
        "then pull its handles"
    )

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self._known: Layer | None = None
        self._held: int | None = None
        self._snapping = Snapping(surface)
        self._start: tuple[QPointF, _Point] | None = None
        self._pulled: tuple[Shape, _Point] | None = None
        """What is being drawn or pulled, and where the corner of its box is: in the picture, or
        where the shape that there is has it.
        """
        self._token = "", "", 0.0
        self._left = ""
        """The id of the active layer, where another figure was chosen to be drawn beside it."""

    def options(
        self,
        *,
        figure: Annotated[Figure, "What a drag draws"] = "rectangle",
        filled: Filled = True,
        fill: HexColour = "#ffffff",
        stroke_width: StrokeWidth = 0.0,
        stroke: HexColour = "#000000",
        radius: Radius = 20.0,
        points: Points = 5,
        depth: Depth = 0.5,
    ) -> None:
        """What is drawn, and with what."""

    def offers(self, name: str) -> bool:
        figure = str(self._values["figure"])
        if name in ("filled", "fill"):
            return figure != "line" and (name == "filled" or bool(self._values["filled"]))
        return name not in _USES or figure in _USES[name]

    @property
    def note(self) -> str:
        shape = self._shape
        return f"Changes {shape.name}" if shape is not None else "Draws a new layer"

    @property
    def _shape(self) -> Layer | None:
        """The active layer, where that is a shape that may be changed."""
        document, active = self.surface.document, self.surface.active
        for layer in document.walk() if document is not None else ():
            if layer.id == active != self._left:
                return layer if layer.kind.name == "shape" and not layer.locked else None
        return None

    def follow(self) -> None:
        """Have the options of the active shape."""
        if self.surface.active != self._left:
            self._left = ""
        found = self._shape
        if found is not None and found is not self._known:
            content = cast(Shape, found.content)
            told = {name: value for name, value in asdict(content).items() if name in self._values}
            if told != {name: self._values[name] for name in told}:
                self._values |= told
                self.changed()
        self._known = found

    def take_up(self) -> None:
        self._known, self._left = None, ""
        self.follow()

    def set(self, name: str, value: Value) -> None:
        if name == "figure":
            self._left = self.surface.active
        super().set(name, value)
        found = self._shape
        if found is not None:
            option, token, since = self._token
            now = time.monotonic()
            if option != f"{found.id} {name}" or now - since > _STEP:
                token = uuid4().hex
            self._token = f"{found.id} {name}", token, now
            self._change(cast(Shape, found.content), (0.0, 0.0), token)

    def _change(self, box: Shape, moved: _Point, token: str) -> None:
        """Have the active shape fill the box of another one, moved so far, with the options."""
        found = self._shape
        if found is not None:
            told: dict[str, Any] = dict(self._values)
            sides: dict[str, Any] = {"x": round(moved[0], 2), "y": round(moved[1], 2)}
            sides |= {"width": round(box.width, 2), "height": round(box.height, 2)}
            told |= sides
            self.surface.do(shape_commands.set_shape(layer=found.id, token=token, **told))

    # -- what a hand does ----------------------------------------------------------------------

    def _way(self, layer: Layer) -> Place:
        """The map from the points of a shape to those of the picture."""
        return way_of(self.surface.document, layer)

    def _handles(self, layer: Layer) -> list[_Point]:
        """The handles of a shape, in the picture: of its box, or the ends of a line."""
        shape, way = cast(Shape, layer.content), self._way(layer)
        return [way.at(x, y) for x, y in _handles_of(shape)]

    def _grip(self, at: QPointF) -> int | None:
        """The handle of the active shape at a widget point."""
        found = self._shape
        for index, point in enumerate(self._handles(found) if found is not None else ()):
            way = self.surface.widget_point(*point) - at
            if math.hypot(way.x(), way.y()) <= GRIP:
                return index
        return None

    def press(self, pointer: Pointer) -> None:
        self._held = self._grip(pointer.at)
        found = self._shape if self._held is not None else None
        self._snapping.begin(self.surface.document, () if found is None else {found.id})
        start = self._snapping.point(pointer.point, free=pointer.control)
        self._start, self._pulled = (pointer.at, start), None

    def move(self, pointer: Pointer) -> None:
        if self._start is None:
            return
        at, start = self._start
        free = pointer.control or pointer.shift  # else it were no square any more
        pointer = replace(pointer, point=self._snapping.point(pointer.point, free=free))
        if self._held is None:
            far = (pointer.at - at).manhattanLength() >= _SHORTEST
            self._pulled = self._drawn(start, pointer) if far else None
        else:
            self._pulled = self._reshaped(self._held, pointer)
        self.surface.update()

    def release(self, pointer: Pointer) -> None:
        self.move(pointer)
        pulled, held = self._pulled, self._held
        self.cancel()
        if pulled is None:
            return
        shape, (x, y) = pulled
        if held is not None:
            self._change(shape, (x, y), uuid4().hex)
            return
        told: dict[str, Any] = dict(self._values)
        told |= {"width": round(shape.width, 1), "height": round(shape.height, 1)}
        told |= {"x": round(x, 1), "y": round(y, 1)}
        self.surface.do(shape_commands.add_shape(layer=self.surface.active, **told))

    def _drawn(self, start: _Point, pointer: Pointer) -> tuple[Shape, _Point]:
        """The shape from where a drag began to where it is."""
        width, height = self._sides(pointer.point[0] - start[0], pointer.point[1] - start[1])
        if pointer.shift:
            width, height = self._even(width, height)
        x, y = start
        if pointer.alt:
            x, y, width, height = x - width, y - height, 2 * width, 2 * height
        return self._with(width, height), (x, y)

    def _sides(self, width: float, height: float) -> _Point:
        """The sides of a drag: of a figure with an inside each is a pixel at least."""
        if self._values["figure"] == "line":
            return width, height
        wide, high = max(abs(width), 1.0), max(abs(height), 1.0)
        return math.copysign(wide, width), math.copysign(high, height)

    def _even(self, width: float, height: float) -> _Point:
        """Where a drag ends whose shape is as high as wide; a line goes level, upright or at 45
        degrees.
        """
        if self._values["figure"] == "line":
            length = math.hypot(width, height)
            turn = math.radians(round(math.degrees(math.atan2(height, width)) / 45) * 45)
            return length * math.cos(turn), length * math.sin(turn)
        side = max(abs(width), abs(height))
        return math.copysign(side, width), math.copysign(side, height)

    def _with(self, width: float, height: float) -> Shape:
        told: dict[str, Any] = dict(self._values)
        return Shape(width=width, height=height, **told)

    def _reshaped(self, held: int, pointer: Pointer) -> tuple[Shape, _Point] | None:
        """The active shape with a handle pulled to the pointer, and how far its box's corner has
        moved, in its own pixels.
        """
        found = self._shape
        if found is None:
            return None
        shape = cast(Shape, found.content)
        x, y = self._way(found).inverse.at(*pointer.point)
        if shape.figure == "line":
            ends = _handles_of(shape)
            fixed = ends[1 - held]
            width, height = x - fixed[0], y - fixed[1]
            if pointer.shift:
                width, height = self._even(width, height)
            if held == 0:  # from the one that is pulled to the one that stays
                x, y = fixed[0] + width, fixed[1] + height
                return replace(shape, width=-width, height=-height), (
                    min(x, fixed[0]),
                    min(y, fixed[1]),
                )
            corner = min(fixed[0], fixed[0] + width), min(fixed[1], fixed[1] + height)
            return replace(shape, width=width, height=height), corner
        across, down = _CORNERS[held]
        old_width, old_height = abs(shape.width), abs(shape.height)
        left, right = (x if across == 0 else 0.0), (x if across == 1 else old_width)
        top, bottom = (y if down == 0 else 0.0), (y if down == 1 else old_height)
        if pointer.alt:
            left, right = (old_width - right, right) if across == 1 else (left, old_width - left)
            top, bottom = (old_height - bottom, bottom) if down == 1 else (top, old_height - top)
        left, right = min(left, right), max(left, right)
        top, bottom = min(top, bottom), max(top, bottom)
        width, height = max(right - left, 1.0), max(bottom - top, 1.0)
        if pointer.shift and 0.5 not in (across, down) and min(old_width, old_height) > 0:
            factor = max(width / old_width, height / old_height)
            width, height = old_width * factor, old_height * factor
            left = right - width if across == 0 else left
            top = bottom - height if down == 0 else top
        return replace(shape, width=width, height=height), (left, top)

    def cancel(self) -> None:
        self._held = self._start = self._pulled = None
        self._snapping.end()

    def key(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape and self._start is not None:
            self.cancel()
            return True
        return super().key(event)

    def double_click(self, pointer: Pointer) -> bool:
        return True

    # -- what is seen --------------------------------------------------------------------------

    def cursor(self, at: QPointF) -> Qt.CursorShape:
        held = self._held if self._held is not None else self._grip(at)
        return Qt.CursorShape.CrossCursor if held is None else Qt.CursorShape.SizeAllCursor

    def still(self) -> QRegion | None:
        return QRegion() if self._pulled is None and self._shape is None else None

    def paint(self, painter: QPainter, pose: Pose) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._snapping.paint(painter, pose)
        found = self._shape
        if self._pulled is not None:
            shape, (x, y) = self._pulled
            way = Place.offset(x, y)
            if self._held is not None and found is not None:
                way = self._way(found).after(way)
            else:
                way = Place.offset(x + min(shape.width, 0), y + min(shape.height, 0))
            paint_outline(painter, path_of(shape.outline, way, pose), pose.ratio)
        if found is not None and self._held is None and self._start is None:
            points = [pose.point(*point) for point in self._handles(found)]
            if len(points) > 2:
                box = QPainterPath(points[0])
                for index in (2, 7, 5, 0):
                    box.lineTo(points[index])
                paint_outline(painter, box, pose.ratio)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            paint_handles(painter, points, pose.ratio)


def _handles_of(shape: Shape) -> list[_Point]:
    """Where the handles of a shape are, in its own pixels."""
    width, height = abs(shape.width), abs(shape.height)
    if shape.figure == "line":
        x, y = (0.0 if side >= 0 else -side for side in (shape.width, shape.height))
        return [(x, y), (x + shape.width, y + shape.height)]
    return [(x * width, y * height) for x, y in _CORNERS]
