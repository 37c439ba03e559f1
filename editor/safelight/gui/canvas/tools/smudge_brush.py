"""Smudge brush: draws colours along, as a finger does in wet paint."""

from __future__ import annotations

from typing import Any, cast

from safelight.document.commands import retouch_commands
from safelight.document.strokes import retouch, smudge
from safelight.gui.canvas.tools.pixel_brush import OwnHardness, OwnLayer
from safelight.gui.canvas.tools.round_brush import Hardness, Percent, Size


class Smudge(OwnHardness):
    """Draws colours along."""

    id = "smudge"
    title = "Smudge"
    icon = "M 4 13.5 L 4 8.5 C 4 7 6 7 6 8.5 L 6 3.5 C 6 2 8 2 8 3.5 L 8 8 L 12 8.6"
    icon += " C 13 8.8 13.2 10 13 11 L 12.4 13.5"
    shortcut = "Shift+S"
    group = "touching"
    hint = "Drag colours along; Shift draws a line"
    which = retouch_commands.smudge

    def options(  # type: ignore[override]
        self,
        *,
        size: Size = 20,
        hardness: Hardness = 0,
        strength: Percent = 50,
        own_layer: OwnLayer = True,
    ) -> None:
        """Size, hardness, and how much is drawn along."""

    def told(self) -> dict[str, Any]:
        given = self._values
        return {
            "strength": cast(int, given["strength"]) / 100,
            "own_layer": given["own_layer"],
        }

    def spacing(self) -> float:
        return self.brush.spacing or smudge.SPACING

    def retouching(self) -> retouch.Retouching:
        told = self.told()
        own = bool(told["own_layer"])
        return smudge.smudging(self.surface.active, told["strength"], own_layer=own)
