"""Liquify brush: pushes a layer's pixels along, swells or shrinks them, or brings them back."""

from __future__ import annotations

from typing import Annotated, Any, cast

from safelight.document import Edit
from safelight.document.strokes import liquify
from safelight.document.strokes.stroke_by_pieces import StrokeByPieces
from safelight.gui.canvas.tools.pixel_brush import PixelBrush
from safelight.gui.canvas.tools.round_brush import Percent, Size


class Liquify(PixelBrush):
    """Draws the active layer out of shape; Alt shrinks instead of growing, and brings back what
    was pushed.
    """

    id = "liquify"
    title = "Liquify"
    icon = "M 2.5 3 C 6 3 5 7 8 7 C 11 7 10 3 13.5 3"
    icon += " M 2.5 8.5 C 6 8.5 5 12 8 12 C 11 12 10 8.5 13.5 8.5"
    shortcut = "Shift+U"
    group = "touching"
    hint = "Drag to push pixels along; Alt does the opposite, Shift draws a line"
    which = liquify.liquify

    def options(  # type: ignore[override]
        self,
        *,
        mode: Annotated[liquify.Mode, "What a stroke does; Alt does the opposite"] = "push",
        size: Size = 20,
        strength: Percent = 50,
    ) -> None:
        """What is done, how large and how strongly."""

    @property
    def note(self) -> str:
        document = self.surface.document
        return "" if document is None else f"Draws {document.layer(self.surface.active).name}"

    def _mode(self) -> liquify.Mode:
        mode = str(self._values["mode"])
        if self._other_way:
            mode = _OPPOSITE[mode]
        return cast(liquify.Mode, mode)

    def told(self) -> dict[str, Any]:
        return {"mode": self._mode(), "strength": cast(int, self._values["strength"]) / 100}

    def spacing(self) -> float:
        return liquify.SPACING

    def _hardness(self) -> float:
        return 0.0

    def retouching(self) -> liquify.Liquifying:
        told = self.told()
        return liquify.Liquifying(self.surface.active, told["mode"], told["strength"])

    def stroke_edit(self, made: StrokeByPieces) -> Edit:
        assert isinstance(made, liquify.Liquifying)
        return self.which(
            layer=made.asked,
            points=self.brush.path,
            radius=self.brush.size / 2,
            mode=made.mode,
            strength=made.strength,
            token=self.brush.token or None,
        )


_OPPOSITE = {"push": "restore", "restore": "push", "grow": "shrink", "shrink": "grow"}
