"""Pixel brush: what all brushes that lay pixels have: a stroke laid on a layer, piece by piece."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, cast

from PySide6.QtCore import QTimer

from safelight.api import Value
from safelight.document import Command, Document, Edit, EditError
from safelight.document.strokes import laid_pixels, retouch
from safelight.document.strokes.stroke_by_pieces import StrokeByPieces
from safelight.gui.canvas.tools.brush import Brush
from safelight.gui.canvas.tools.tool import Pointer, Tool
from safelight.gui.canvas.viewport import Viewport

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
            self.surface.do(refused_edit(self.title, str(error)))
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


def refused_edit(title: str, reason: str) -> Edit:
    """An edit that the document does not allow for a reason, which is then told."""

    def apply(_: object) -> Any:
        raise EditError(reason)

    return Edit(title, apply)
