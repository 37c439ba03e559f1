"""Paint brush: paints with a colour, softly or, as a pencil, each pixel wholly or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from safelight.api import HexColour
from safelight.document.commands import retouch_commands
from safelight.document.strokes import laid_pixels, retouch
from safelight.gui.canvas.tools.pixel_brush import OwnLayer, PixelBrush
from safelight.gui.canvas.tools.round_brush import Hardness, Percent, Size
from safelight.gui.canvas.tools.tool import Pointer


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
