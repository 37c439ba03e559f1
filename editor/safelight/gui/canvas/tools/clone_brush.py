"""Clone brush: lays what is elsewhere in the picture, as it is or in the light of its new place."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, cast

from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QPainter, QPen, QRegion
from shiboken6 import isValid

from safelight.document import Document
from safelight.document.commands import retouch_commands
from safelight.document.placement import Place
from safelight.document.strokes import laid_pixels, retouch
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.tools.pixel_brush import OwnLayer, PixelBrush, refused_edit
from safelight.gui.canvas.tools.round_brush import Hardness, Percent, Size
from safelight.gui.canvas.tools.tool import Pointer
from safelight.gui.canvas.viewport import Viewport

_ARM = 7.0
"""Half the size of the cross where a clone comes from, in widget pixels."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """Where clones come from: a canvas, a point of its picture, its layer that was active then."""

    canvas: weakref.ref[Viewport]
    point: tuple[float, float]
    layer: str


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
            self.surface.do(
                refused_edit(self.title, "press Ctrl and click where to take from, first")
            )
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
