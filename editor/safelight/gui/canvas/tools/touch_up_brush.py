"""Touch-up brush: dodges, burns, colours, blurs and sharpens along a stroke."""

from __future__ import annotations

from typing import Annotated, Any, cast

from safelight.document.commands import retouch_commands
from safelight.document.strokes import laid_pixels
from safelight.gui.canvas.tools.pixel_brush import OwnHardness, OwnLayer
from safelight.gui.canvas.tools.round_brush import Hardness, Percent, Size


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
