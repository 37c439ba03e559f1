"""Crop: chooses which part of the plane is the picture, and turns the picture level."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, Literal, cast, get_args

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QCursor, QKeyEvent, QPainter, QRegion

from safelight.api import Number, Value
from safelight.document import Document, Edit, edits, geometry
from safelight.gui.canvas.composition import Guides, paint_line
from safelight.gui.canvas.crop_box import CropBox, told_of
from safelight.gui.canvas.crop_frame import paint_crop_frame
from safelight.gui.canvas.grips import GRIP, bearing, edge_at
from safelight.gui.canvas.marks import paint_word, turning_cursor
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.snap_lines import AXES, Snapping
from safelight.gui.canvas.tools.tool import Pointer, Step, Tool
from safelight.gui.canvas.viewport import Viewport
from safelight.gui.widgets.keys import arrow_way

_MOST = 45.0
"""Degrees by which the picture is turned at most; more is a right angle and less than that."""


_SIDES = ("free", "original", "1:1", "4:5", "5:7", "3:2", "4:3", "16:9", "own")
_GUIDES = get_args(Guides)


class Crop(Tool):
    """Shows the whole plane, with a box over what is the picture now; the box can be pulled, moved
    and typed, and the picture be turned beneath it. Applied when it is put away, and nothing is
    lost: with the tool in hand again all is there.
    """

    id = "crop"
    title = "Crop"
    icon = "M 4.5 1.5 L 4.5 11.5 L 14.5 11.5 M 1.5 4.5 L 11.5 4.5 L 11.5 14.5"
    group = "framing"
    hint = "Drag the frame or inside it; outside it turns; Ctrl along a horizon levels; Enter crops"
    buttons = (
        Step(
            *("Swap width and height", "X", "swap", "ratio"),
            "M 2 5.5 L 13.5 5.5 M 11 3 L 13.5 5.5 L 11 8"
            " M 14 10.5 L 2.5 10.5 M 5 8 L 2.5 10.5 L 5 13",
        ),
        Step("Draw the horizon", "L", "draw_line", "straighten"),
        Step("Selection", "S", "to_selection"),
        Step(
            *("Whole", "W", "whole", ""),
            "M 2 5.5 L 2 2 L 5.5 2 M 10.5 2 L 14 2 L 14 5.5 M 14 10.5 L 14 14 L 10.5 14"
            " M 5.5 14 L 2 14 L 2 10.5",
        ),
        Step("Cancel", "Esc", "give_up"),
        Step("Crop", "Return", "apply"),
    )
    keys = (Step("Next guides", "O", "next_guides"),)
    turns = True

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self._document: Document | None = None
        self._plane: Document | None = None
        self._in_hand = False
        self._known = self._made = self._box = CropBox(0.5, 0.5, 1, 1)
        self._tall = False
        self._look = (0.0, True)
        self._grip: tuple[int, int] | Literal["inside", "outside", "line", ""] = ""
        self._start = QPointF()
        self._before = self._from = self._box
        self._line: tuple[QPointF, QPointF] | None = None
        self._draws = False
        self._snapping = Snapping(surface)
        surface.view_changed.connect(self._view_changed)

    def options(
        self,
        *,
        ratio: Annotated[Literal[_SIDES], "Width to height; X swaps them"] = "free",  # type: ignore[valid-type]
        own_ratio: Annotated[str, "A ratio of your own, like 6:7"] = "5:7",
        straighten: Annotated[
            float,
            Number(-_MOST, _MOST, slider=(-10, 10), step=0.05, unit="°"),
            "Degrees, clockwise, by which the picture is turned",
        ] = 0.0,
        width: Annotated[int, Number(1, unit="px")] = 1,
        height: Annotated[int, Number(1, unit="px")] = 1,
        guides: Annotated[Guides, "Lines to place things by; O shows the next ones"] = "thirds",
    ) -> None:
        """What the box is like."""

    # -- in and out of the hand ----------------------------------------------------------------

    def take_up(self) -> None:
        """See the picture as it lies in the plane: turned as it is, its sides level."""
        if self.surface.document is not None:
            self._document = None
            self._look = self.surface.view.angle, self.surface.fits
            self._in_hand = True
            self.shows(self.surface.document)

    def put_away(self) -> None:
        """Make the box the picture, unless it is that already."""
        self._in_hand = self._draws = False
        self.settle()
        angle, fits = self._look
        self.surface.rotate_to(angle)
        if fits:
            self.surface.fit()

    def under_way(self) -> Edit | None:
        """The edit that makes the box the picture; None where it is."""
        document, plane, box = self._document, self._plane, self._box
        if document is None or plane is None or box == self._known:
            return None
        x, y = geometry.carried(plane, document).at(box.x, box.y)
        width, height = round(box.width), round(box.height)
        corner = round(x - width / 2), round(y - height / 2)
        angle = round(box.angle - self._known.angle, 9)
        return edits.crop(box=(*corner, width, height), angle=angle)

    def shows(self, document: Document) -> Document:
        if document is not self._document or self._plane is None:
            same = self._document is not None and document.looked_at == self._document.looked_at
            plane, angle = geometry.uncropped(document)
            fresh = not same or self._plane is None or plane.looked_at != self._plane.looked_at
            self._document, self._plane = document, plane
            if fresh:
                self._begin(document, plane, angle)
        return self._plane

    def _begin(self, document: Document, plane: Document, angle: float) -> None:
        """Have the box over what is the picture now."""
        middle = document.width / 2, document.height / 2
        x, y = geometry.carried(document, plane).at(*middle)
        angle = 0.0 if abs(angle) < 1e-6 else angle
        self._known = self._made = self._box = CropBox(x, y, document.width, document.height, angle)
        self._tall = document.height > document.width
        if self._in_hand:
            self.surface.rotate_to(angle)

    @property
    def _size(self) -> tuple[int, int]:
        return (1, 1) if self._plane is None else (self._plane.width, self._plane.height)

    def apply(self) -> None:
        """Make the box the picture."""
        self.surface.leave()

    def give_up(self) -> None:
        """Leave the picture as it is."""
        self._box = self._known
        self.surface.leave()

    # -- the box -------------------------------------------------------------------------------

    @property
    def values(self) -> dict[str, Value]:
        box = self._box
        return {
            **self._values,
            "straighten": round(box.angle, 6),
            "width": round(box.width),
            "height": round(box.height),
        }

    def set(self, name: str, value: Value) -> None:
        if name == "straighten" and isinstance(value, (int, float)):
            self._turn_to(value)
        elif name in ("width", "height") and isinstance(value, int):
            self._resize(name, value)
        else:
            self._values[name] = value
            if name == "own_ratio":
                self._values["ratio"] = "own"
            if name != "guides":
                self._shape()
        self.changed()

    def offers(self, name: str) -> bool:
        if name == "own_ratio":
            return self._values["ratio"] == "own"
        document = self.surface.document
        selects = document is not None and document.selection is not None
        return name != "to_selection" or selects

    def to_selection(self) -> None:
        """Have what is selected in the box, not turned any further than the picture is."""
        plane = self._plane
        chosen = plane.picture.selection if plane is not None else None
        bounds = chosen.bounds() if chosen is not None else None
        if bounds is not None:
            self._values["ratio"] = "free"
            x, y = bounds.x + bounds.width / 2, bounds.y + bounds.height / 2
            self._made = CropBox(x, y, bounds.width, bounds.height, self._box.angle)
            self._shape()

    def next_guides(self) -> None:
        """Show other lines to place things by."""
        following = _GUIDES.index(self._values["guides"]) + 1
        self.set("guides", _GUIDES[following % len(_GUIDES)])

    def draw_line(self) -> None:
        """Have the next drag draw a line that is to be level or upright; or not, after all."""
        self._draws = not self._draws
        self.changed()

    @property
    def word(self) -> str:  # type: ignore[override]
        return "Drag along a line that is to be level, or upright" if self._draws else ""

    def swap(self) -> None:
        """Make the box as high as it was wide."""
        self._tall = not self._tall
        box = self._made
        self._made = replace(box, width=box.height, height=box.width)
        self._shape()

    def whole(self) -> None:
        """Have all of the plane in the box again, not turned."""
        width, height = self._size
        self._made = CropBox(width / 2, height / 2, width, height)
        self._tall = height > width
        self._turn_to(0.0)

    def _ratio(self) -> float | None:
        """How many times as wide as high the box has to be; None for any."""
        chosen = self._values["ratio"]
        if chosen == "free":
            return None
        words = str(self._values["own_ratio"]) if chosen == "own" else str(chosen)
        sides = self._size if chosen == "original" else _sides(words)
        if sides is None:
            return None
        short, long = sorted(sides)
        return short / long if self._tall else long / short

    def _shape(self) -> None:
        """Fit what the hand has made into ratio, angle and plane."""
        ratio, box = self._ratio(), self._made
        box = (box if ratio is None else box.shaped(ratio)).shrunk(self._size)
        self._box = box.on_pixels(self._size)
        self.changed()

    def _resize(self, name: str, pixels: int) -> None:
        """Give the box another side, about its middle, as far as the plane has room for it."""
        ratio, box = self._ratio(), self._box
        width, height = (pixels, box.height) if name == "width" else (box.width, pixels)
        if ratio is not None:
            width, height = (width, width / ratio) if name == "width" else (height * ratio, height)
        grown = box.stretched(
            (box.width - width) / 2,
            (box.height - height) / 2,
            (width - box.width) / 2,
            (height - box.height) / 2,
        )
        self._take(_inside(box, grown, self._size, together=ratio is not None))

    def _take(self, box: CropBox) -> None:
        """Have a box that the hand has made."""
        self._made = self._box = box.on_pixels(self._size)
        self.changed()

    def _turn_to(self, angle: float) -> None:
        """Have the picture turned to ``angle`` degrees beneath the box."""
        angle = min(max(angle, -_MOST), _MOST) + 0.0
        self._made = replace(self._made, angle=angle)
        self._shape()
        middle = self.surface.widget_point(self._box.x, self._box.y)
        at = middle * self.surface.devicePixelRatioF()
        view = self.surface.view.turned(angle, at.x(), at.y(), self.surface.room())
        self.surface.look(view, free=True)

    def _view_changed(self) -> None:
        """The view is turned by other means: that is turning the picture, too."""
        angle = self.surface.view.angle
        if self._in_hand and self._plane is not None and abs(angle - self._box.angle) > 1e-6:
            self._turn_to(angle)

    # -- what a hand does ----------------------------------------------------------------------

    def grips(self, at: QPointF) -> bool:
        return isinstance(self._at(at), tuple)

    def press(self, pointer: Pointer) -> None:
        self._start, self._before = pointer.at, self._made
        self._grip = self._at(pointer.at)
        if self._draws or pointer.keys & Qt.KeyboardModifier.ControlModifier:
            self._grip, self._line = "line", (pointer.at, pointer.at)
        self._from = self._box
        if self._grip and self._grip != "line" and not self._box.angle:
            self._snapping.begin(self._plane)

    def move(self, pointer: Pointer) -> None:
        grip, way = self._grip, pointer.at - self._start
        if grip == "line":
            self._line = self._start, pointer.at
            self.surface.update()
        elif grip == "outside":
            middle = self._on_widget().center()
            turned = bearing(pointer.at - middle) - bearing(self._start - middle)
            angle = self._before.angle + 180 - (180 - turned) % 360
            self._turn_to(round(angle, 0 if pointer.shift else 1))
        elif grip == "inside":
            box = self._from
            ends = box.x - box.width / 2, box.y - box.height / 2
            held = (*ends, ends[0] + box.width, ends[1] + box.height)
            far = self._snapping.way(held, self._in_pixels(way), free=pointer.control)
            self._take(box.moved(*far, self._size))
        elif grip:
            free = pointer.control or (all(grip) and self._ratio() is not None)
            self._pull(grip, _snapped(self._snapping, self._from, grip, self._in_pixels(way), free))

    def _pull(self, grip: tuple[int, int], way: tuple[float, float]) -> None:
        """Pull an edge, or a corner, of the box that was there when it was taken hold of."""
        box, ratio = self._from, self._ratio()
        across, down = grip
        width = max(box.width + across * way[0], 1.0)
        height = max(box.height + down * way[1], 1.0)
        if ratio is not None:
            if across and down:
                width = max(width, height * ratio)
                height = width / ratio
            elif across:
                height = width / ratio
            else:
                width = height * ratio
        more, taller = width - box.width, height - box.height
        left, right = _shares(across, more)
        top, bottom = _shares(down, taller)
        wanted = box.stretched(left, top, right, bottom)
        self._take(_inside(box, wanted, self._size, together=ratio is not None))

    def release(self, pointer: Pointer) -> None:
        if self._grip == "line":
            way, self._line, self._draws = pointer.at - self._start, None, False
            if math.hypot(way.x(), way.y()) > GRIP:
                slope = bearing(way)
                self._turn_to(round(self._box.angle - (slope - 90 * round(slope / 90)), 2))
        self._grip = ""
        self._snapping.end()
        self.surface.update()

    def cancel(self) -> None:
        self._snapping.end()
        if self._grip:
            self._grip, self._line, self._made = "", None, self._before
            self._turn_to(self._made.angle)

    def double_click(self, pointer: Pointer) -> bool:
        if self._at(pointer.at) == "inside":
            self.apply()
        return True

    def key(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape and (self._grip or self._draws):
            self.cancel()
            self._draws = False
            self.changed()
            return True
        way = arrow_way(event)
        if way is None:
            return super().key(event)
        self._take(self._box.moved(*way, self._size))
        return True

    def _in_pixels(self, way: QPointF) -> tuple[float, float]:
        """A way on the widget along the box's sides, in pixels of the picture."""
        times = self.surface.devicePixelRatioF() / self.surface.view.zoom
        return way.x() * times, way.y() * times

    def _on_widget(self) -> QRectF:
        """The box on the widget."""
        times = self.surface.view.zoom / self.surface.devicePixelRatioF()
        middle = self.surface.widget_point(self._box.x, self._box.y)
        half = QPointF(self._box.width * times / 2, self._box.height * times / 2)
        return QRectF(middle - half, middle + half)

    def _at(self, at: QPointF) -> tuple[int, int] | Literal["inside", "outside"]:
        """What of the box is at a widget point: an edge or a corner, or none."""
        box = self._on_widget()
        if not box.adjusted(-GRIP, -GRIP, GRIP, GRIP).contains(at):
            return "outside"
        across = edge_at(at.x(), box.left(), box.right())
        down = edge_at(at.y(), box.top(), box.bottom())
        return (across, down) if across or down else "inside"

    # -- what is seen --------------------------------------------------------------------------

    def cursor(self, at: QPointF) -> Qt.CursorShape | QCursor:
        grip = self._grip or ("line" if self._draws else self._at(at))
        if grip == "outside":
            return turning_cursor()
        if isinstance(grip, str):
            inside = grip == "inside"
            return Qt.CursorShape.SizeAllCursor if inside else Qt.CursorShape.CrossCursor
        if 0 in grip:
            return Qt.CursorShape.SizeHorCursor if grip[0] else Qt.CursorShape.SizeVerCursor
        falls = grip[0] == grip[1]
        return Qt.CursorShape.SizeFDiagCursor if falls else Qt.CursorShape.SizeBDiagCursor

    def still(self) -> QRegion | None:
        return QRegion() if self._line is None and not self._grip else None

    def paint(self, painter: QPainter, pose: Pose) -> None:
        self._snapping.paint(painter, pose)

    def paint_above(self, painter: QPainter, pose: Pose) -> None:
        if pose.size != self._size:
            return
        ratio = pose.ratio
        at = self._on_widget()
        box = QRectF(at.topLeft() * ratio, at.size() * ratio)
        guides = cast(Guides, self._values["guides"])
        paint_crop_frame(painter, box, pose, guides, level=self._grip == "outside")
        if self._line is not None:
            paint_line(painter, self._line, ratio)
        if self._grip and self._grip != "line":
            y = min(box.bottom() + 8 * ratio, pose.room[1] - 30 * ratio)
            paint_word(
                painter, told_of(self._box, self._grip), max(box.left(), 8 * ratio), y, ratio
            )


def _inside(box: CropBox, wanted: CropBox, size: tuple[int, int], *, together: bool) -> CropBox:
    """The box that is as far as it can be where it is wanted: of each side, or of both."""
    if together:
        return box.towards(wanted, size)
    # First along one side, then along the other: what is stopped here goes on there.
    right = math.radians(box.angle)
    x, y = wanted.x - box.x, wanted.y - box.y
    across = x * math.cos(right) - y * math.sin(right)
    half = (wanted.width - box.width) / 2
    first = box.stretched(across - half, 0, across + half, 0)
    reached = box.towards(first, size)
    down = x * math.sin(right) + y * math.cos(right)
    half = (wanted.height - box.height) / 2
    return reached.towards(reached.stretched(0, down - half, 0, down + half), size)


def _snapped(
    snapping: Snapping, box: CropBox, grip: tuple[int, int], way: tuple[float, float], free: bool
) -> tuple[float, float]:
    """The way that an edge, or a corner, of a level box is pulled, so that it lies on lines that
    are near; ``free``: the way itself.
    """
    ends = box.x + grip[0] * box.width / 2 + way[0], box.y + grip[1] * box.height / 2 + way[1]
    axes = [axis for axis, side in zip(AXES, grip, strict=True) if side]
    found = snapping.point(ends, free=free, axes=axes)
    return way[0] + found[0] - ends[0], way[1] + found[1] - ends[1]


def _shares(side: int, more: float) -> tuple[float, float]:
    """How far two edges go so that there is ``more`` between them: one of them, or both."""
    if side:
        return (-more, 0.0) if side < 0 else (0.0, more)
    return -more / 2, more / 2


def _sides(words: str) -> tuple[float, float] | None:
    """The two numbers of a ratio that was typed; None for what is none."""
    try:
        width, height = (
            float(word.replace(",", ".")) for word in words.replace("/", ":").split(":")
        )
    except ValueError:
        return None
    legal = all(math.isfinite(side) and side > 0 for side in (width, height))
    return (width, height) if legal and max(width, height) <= 100 * min(width, height) else None
