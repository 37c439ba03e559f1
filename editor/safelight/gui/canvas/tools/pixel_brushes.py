"""Pixel brushes: brushes that lay pixels: paint, clone stamp, healing brush, dodge and burn,
blur.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, cast

from PySide6.QtCore import QPointF, QRect, QRectF, QTimer
from PySide6.QtGui import QColor, QPainter, QPen, QRegion
from shiboken6 import isValid

from safelight.api import HexColour, Value
from safelight.document import Command, Document, Edit, EditError
from safelight.document.commands import retouch_commands
from safelight.document.placement import Place
from safelight.document.strokes import laid_pixels, retouch
from safelight.document.strokes.stroke_by_pieces import StrokeByPieces
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.tools.brush import Brush
from safelight.gui.canvas.tools.round_brush import Hardness, Percent, Size
from safelight.gui.canvas.tools.tool import Pointer, Tool
from safelight.gui.canvas.viewport import Viewport

_ARM = 7.0
"""Half the size of the cross where a clone comes from, in widget pixels."""

_MOST_AT_ONCE = 9_000_000
"""Pixels of the picture that a brush which lays pixels covers at most, so that a touch takes less
than a second.
"""

_SOON = 30
"""Milliseconds after which pieces of a stroke that could not be laid are tried again."""

OwnLayer = Annotated[bool, "On a layer above the pixels, which stay as they are"]


class PixelBrush(Brush):
    """Lays pixels along a stroke, on a layer of their own or on the active one.

    A subclass says ``which`` command tells of a stroke, with which settings (``told``), and what it
    ``lays``.
    """

    steps = ()
    tints = False
    pencil = False
    which: ClassVar[Command]

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self._made: StrokeByPieces | None = None

    @property
    def note(self) -> str:
        return ""

    @property
    def erasing(self) -> bool:
        return False

    def told(self) -> dict[str, Any]:
        """What the command is told beside the stroke and the layer."""
        return {}

    def lays(self) -> laid_pixels.Paint | laid_pixels.Clone | laid_pixels.Touch:
        """What the next stroke lays."""
        raise NotImplementedError

    def other(self) -> Document | None:
        """The document that clones come from, where that is not the one that is edited."""
        return None

    def retouching(self) -> StrokeByPieces:
        """The next stroke, which is to be begun."""
        told = self.told()
        return retouch.Retouching(
            self.surface.active,
            self.lays(),
            bool(told["own_layer"]),
            told.get("opacity", 1.0),
            told.get("erase", False),
            told.get("sample", "all_below"),
            source=told.get("source", ""),
            other=self.other(),
        )

    def spacing(self) -> float:
        """The way from one dab to the next, in diameters; 0 leaves no gaps."""
        return self.brush.spacing

    def begins(self, pointer: Pointer) -> bool:
        """Whether a press begins a stroke."""
        return True

    # -- strokes -------------------------------------------------------------------------------

    def press(self, pointer: Pointer) -> None:
        self._other_way = pointer.alt
        document = self.surface.document
        if document is None or not self.begins(pointer):
            return
        made = self.retouching()
        try:
            self._check_size(document)
            made.begin(document)
        except EditError as error:
            self.surface.do(_refused(self.title, str(error)))
            return
        self._made = made
        self.begin(pointer, erase=False)
        self._paint_on()

    def _check_size(self, document: Document) -> None:
        """Raise EditError where one touch of the brush would take more than a second."""
        size = self.brush.size
        if min(size, document.width) * min(size, document.height) > _MOST_AT_ONCE:
            raise EditError(
                f"a brush of {size:,} px would take seconds for a touch: choose one of"
                f" {math.isqrt(_MOST_AT_ONCE):,} px at the most, or Fill, or Gradient"
            )

    def move(self, pointer: Pointer) -> None:
        if self.brush.pressed:
            super().move(pointer)

    def cancel(self) -> None:
        """End the stroke: what is painted stays."""
        self._flush.stop()
        if self.brush.pressed:
            self.brush.arrive()
            self._paint_on()
            made, self._made = self._made, None
            if made is not None and (made.heals or made.waits):
                self._end(made, self.stroke_edit(made))
            self.end()

    def _paint_on(self) -> None:
        how = {"pencil": self.pencil, "spacing": self.spacing()}
        stroke, made = self.brush.take(self._hardness(), **how), self._made
        if stroke is not None and made is not None:
            made.add(stroke)
            self.surface.do(retouch.laying(made, self.stroke_edit(made)))

    def _end(self, made: StrokeByPieces, edit: Edit) -> None:
        """End a stroke, also one whose last pieces have to wait until the document is free."""
        self.surface.do(retouch.finishing(made, edit))
        if made.waits:
            QTimer.singleShot(_SOON, self.surface, lambda: self._end(made, edit))

    def stroke_edit(self, made: StrokeByPieces) -> Edit:
        """The whole stroke so far, as the command tells of it."""
        edit = self.which(
            layer=made.asked,
            points=self.brush.path,
            radius=self.brush.size / 2,
            hardness=self._hardness(),
            flow=self.brush.flow,
            spacing=self.spacing(),
            token=self.brush.token or None,
            **self.told(),
        )
        # What another document shows is in no step's data.
        takes = isinstance(made, retouch.Retouching) and made.other is not None
        return replace(edit, record=None) if takes else edit


@dataclass(frozen=True, slots=True)
class _Taken:
    """Where clones come from: a canvas, a point of its picture, its layer that was active then."""

    canvas: weakref.ref[Viewport]
    point: tuple[float, float]
    layer: str


class Paint(PixelBrush):
    """Paints with a colour; with Alt it erases pixels."""

    id = "paint"
    title = "Paint"
    icon = "M 8 2 C 10 5 12 7.5 12 10 C 12 12.4 10.2 14 8 14 C 5.8 14 4 12.4 4 10 C 4 7.5 6 5 8 2 Z"
    shortcut = ""
    group = "painting"
    hint = "Paint with a colour on a layer of its own; Alt erases, Shift draws a line"
    which = retouch_commands.paint_pixels

    def options(
        self,
        *,
        size: Size = 20,
        hardness: Hardness = 75,
        opacity: Percent = 100,
        colour: HexColour = "#000000",
        own_layer: OwnLayer = True,
    ) -> None:
        """Size, hardness, opacity and colour."""

    @property
    def erasing(self) -> bool:
        made = self._made
        return made.erase if isinstance(made, retouch.Retouching) else self._other_way

    def told(self) -> dict[str, Any]:
        given = self._values
        return {
            "opacity": cast(int, given["opacity"]) / 100,
            "colour": given["colour"],
            "erase": self.erasing,
            "own_layer": given["own_layer"],
        }

    def lays(self) -> laid_pixels.Paint:
        return laid_pixels.Paint(str(self._values["colour"]))


class Pencil(Paint):
    """Paints with a colour, each pixel wholly or not at all; with Alt it erases."""

    id = "pencil"
    title = "Pencil"
    icon = "M 2.5 13.5 L 3.3 10.2 L 11 2.5 L 13.5 5 L 5.8 12.7 Z M 9.2 4.3 L 11.7 6.8"
    group = "painting"
    hint = "Draw hard pixels with a colour; Alt erases, Shift draws a line"
    pencil = True

    def options(  # type: ignore[override]
        self,
        *,
        size: Size = 20,
        opacity: Percent = 100,
        colour: HexColour = "#000000",
        own_layer: OwnLayer = True,
    ) -> None:
        """Size, opacity and colour."""

    def _hardness(self) -> float:
        return 1.0

    def told(self) -> dict[str, Any]:
        return {**super().told(), "pencil": True}

    def press(self, pointer: Pointer) -> None:
        super().press(self._on_grid(pointer))

    def move(self, pointer: Pointer) -> None:
        super().move(self._on_grid(pointer))

    def _on_grid(self, pointer: Pointer) -> Pointer:
        """The pointer at a pixel's middle, or of a pencil of an even size at its corner: so that
        the pencil is as wide everywhere.
        """
        half = 0.5 if self.brush.size % 2 else 0.0
        x, y = (round(at - half) + half for at in pointer.point)
        return replace(pointer, point=(x, y))


class Clone(PixelBrush):
    """Lays what is elsewhere in the picture, or in another photograph of the window; Ctrl, or Alt,
    and a click say where, and of which layer where one is sampled.

    Some window managers keep Alt and a click for themselves.
    """

    id = "clone"
    title = "Clone stamp"
    icon = "M 6.2 2.5 L 9.8 2.5 L 9.4 6.5 L 12.5 8 L 12.5 10.5 L 3.5 10.5 L 3.5 8 L 6.6 6.5 Z"
    icon += " M 3.5 13.3 L 12.5 13.3"
    shortcut = "S"
    hint = "Ctrl and a click, also in another tab, say where from; then paint. Shift draws a line"
    which = retouch_commands.clone
    heals = False
    taken: ClassVar[_Taken | None] = None
    """Where all canvases' tools of this kind take from."""

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self._way: tuple[int, int] | None = None
        self._aimed: _Taken | None = None

    def options(
        self,
        *,
        size: Size = 20,
        hardness: Hardness = 75,
        opacity: Percent = 100,
        sample: Annotated[
            retouch.Sample,
            "From all that is seen up to the layer, or from the layer that the Ctrl click was on",
        ] = "all_below",
        aligned: Annotated[
            bool,
            "Each stroke goes on beside the last; otherwise each begins at the same place",
        ] = True,
        own_layer: OwnLayer = True,
    ) -> None:
        """Size, hardness, opacity, and where clones come from."""

    @property
    def note(self) -> str:
        if self._source() is None:
            return "Ctrl and a click: take from there"
        return "" if self._from is not None else "Takes from another photograph"

    def _source(self) -> Viewport | None:
        """The canvas that it takes from: this one, or another in the window; None where there is
        none, or none any more.
        """
        canvas = self.taken.canvas() if self.taken is not None else None
        here = canvas is not None and isValid(canvas) and canvas.window() is self.surface.window()
        return canvas if here else None

    @property
    def _from(self) -> tuple[float, float] | None:
        """The point of this canvas' picture that it takes from; None where it takes elsewhere."""
        own = self.taken is not None and self._source() is self.surface
        return self.taken.point if own and self.taken is not None else None

    def other(self) -> Document | None:
        source = self._source()
        return None if source is None or source is self.surface else source.document

    def carry(self, way: Place) -> None:
        """Have the place that clones come from stay over the same part of the picture."""
        self._way = None
        if self._from is not None and self.taken is not None:
            type(self).taken = replace(self.taken, point=way.at(*self._from))

    def told(self) -> dict[str, Any]:
        x, y = self._way or (0, 0)
        given = self._values
        return {
            "opacity": cast(int, given["opacity"]) / 100,
            "x": x,
            "y": y,
            "heals": self.heals,
            "sample": given["sample"],
            "source": self._layer() if given["sample"] == "one_layer" else "",
            "own_layer": given["own_layer"],
        }

    def _layer(self) -> str:
        """The layer to take from, by its id; "" for the one that is painted on, or below it where
        that is for strokes alone.
        """
        if self.taken is None or self._source() is None:
            return ""
        document = self.other() or self.surface.document
        known = {} if document is None else {layer.id: layer for layer in document.walk()}
        found = known.get(self.taken.layer)
        return "" if found is not None and found.name == laid_pixels.LAYER else self.taken.layer

    def lays(self) -> laid_pixels.Clone:
        return laid_pixels.Clone(*(self._way or (0, 0)), heals=self.heals)

    def begins(self, pointer: Pointer) -> bool:
        if pointer.alt or pointer.control:
            here = weakref.ref(self.surface)
            type(self).taken = _Taken(here, pointer.point, self.surface.active)
            self._way = None
            self._aimed = self.taken
            self.changed()
            return False
        if self._source() is None or self.taken is None:
            self.surface.do(_refused(self.title, "press Ctrl and click where to take from, first"))
            return False
        afresh = self._way is None or self._aimed is not self.taken
        if afresh or not self._values["aligned"]:
            (x, y), (u, v) = pointer.point, self.taken.point
            self._way, self._aimed = (round(u - x), round(v - y)), self.taken
        return True

    def _taken_from(self, pointer: QPointF) -> QPointF:
        """The widget's point from which a stroke at another one takes."""
        if self._way is not None and (self.brush.pressed or self._values["aligned"]):
            x, y = self.surface.picture_point(pointer)
            return self.surface.widget_point(x + self._way[0], y + self._way[1])
        assert self._from is not None
        return self.surface.widget_point(*self._from)

    def hover(self, at: QPointF | None) -> None:
        places = [self._pointer, at]
        super().hover(at)
        if self._from is None or not self.surface.heeds(self):
            return
        for place in places:
            if place is not None:
                self.surface.update(self._cross(place))

    def still(self) -> QRegion | None:
        found = super().still()
        if found is None or self._pointer is None or self._from is None:
            return found
        return found + self._cross(self._pointer)

    def _cross(self, pointer: QPointF) -> QRect:
        """What of the widget the cross covers where the pointer is at a widget point."""
        cross = QRectF(0, 0, 4 * _ARM, 4 * _ARM)
        cross.moveCenter(self._taken_from(pointer))
        return cross.toAlignedRect()

    def paint_above(self, painter: QPainter, pose: Pose) -> None:
        super().paint_above(painter, pose)
        if self._pointer is None or self._from is None or not self.surface.heeds(self):
            return
        at = self._taken_from(self._pointer) * pose.ratio
        for colour, width in ((QColor(0, 0, 0, 150), 3.0), (QColor(255, 255, 255, 230), 1.2)):
            painter.setPen(QPen(colour, width * pose.ratio))
            for way in (QPointF(_ARM * pose.ratio, 0), QPointF(0, _ARM * pose.ratio)):
                painter.drawLine(at - way, at + way)


class Heal(Clone):
    """Lays what is elsewhere in the picture, in the light of where it is laid."""

    id = "heal"
    title = "Healing brush"
    icon = "M 6 2.5 L 10 2.5 L 10 6 L 13.5 6 L 13.5 10 L 10 10 L 10 13.5 L 6 13.5 L 6 10 L 2.5 10"
    icon += " L 2.5 6 L 6 6 Z"
    shortcut = ""
    group = "healing"
    hint = "Ctrl and a click say where from; then paint: it takes on the light around it"
    heals = True
    taken = None


class OwnHardness(PixelBrush):
    """A brush whose hardness is its own: it is soft where others are hard."""

    @property
    def values(self) -> Mapping[str, Value]:
        return {**super().values, "hardness": self._values["hardness"]}

    def set(self, name: str, value: Value) -> None:
        if name == "hardness":
            Tool.set(self, name, value)
        else:
            super().set(name, value)

    def _hardness(self) -> float:
        return cast(int, self._values["hardness"]) / 100


class TouchUp(OwnHardness):
    """Makes lighter or darker, of more or less colour, softer or sharper; Alt does the opposite."""

    id = "touch_up"
    title = "Dodge and burn"
    icon = "E 8 5.5 3.5 3.5 M 8 9 L 8 14"
    shortcut = "Shift+O"
    group = "touching"
    hint = "Paint to lighten, darken, colour, blur or sharpen; Alt does the opposite"
    which = retouch_commands.touch_up

    def options(  # type: ignore[override]
        self,
        *,
        effect: Annotated[laid_pixels.Effect, "What it does; Alt does the opposite"] = "dodge",
        size: Size = 20,
        hardness: Hardness = 0,
        strength: Percent = 30,
        range: Annotated[
            laid_pixels.Range, "The tones that are made lighter or darker"
        ] = "midtones",
        own_layer: OwnLayer = True,
    ) -> None:
        """What is done, how strongly, and to which tones."""

    def offers(self, name: str) -> bool:
        return name != "range" or self._values["effect"] in ("dodge", "burn")

    def _effect(self) -> laid_pixels.Effect:
        found = str(self._values["effect"])
        if self._other_way:
            found = laid_pixels.OPPOSITE[found]
        return cast(laid_pixels.Effect, found)

    def told(self) -> dict[str, Any]:
        given = self._values
        return {
            "effect": self._effect(),
            "strength": cast(int, given["strength"]) / 100,
            "range": given["range"],
            "own_layer": given["own_layer"],
        }

    def lays(self) -> laid_pixels.Touch:
        told = self.told()
        radius = self.brush.size / 2
        return laid_pixels.Touch(told["effect"], told["strength"], told["range"], radius)


def _refused(title: str, reason: str) -> Edit:
    """An edit that the document does not allow for a reason, which is then told."""

    def apply(_: object) -> Any:
        raise EditError(reason)

    return Edit(title, apply)
