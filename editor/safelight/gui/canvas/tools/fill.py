"""Fill: a press fills what has the colour of a pixel with another colour."""

from __future__ import annotations

from typing import Annotated, Any, cast

from PySide6.QtCore import QPointF, Qt

from safelight.api import HexColour, Number, Value
from safelight.document import Edit
from safelight.document.commands import gradient_commands, selections
from safelight.gui.canvas.tools.pixel_brush import OwnLayer
from safelight.gui.canvas.tools.round_brush import Percent
from safelight.gui.canvas.tools.tool import Pointer, Tool
from safelight.gui.canvas.tools.tried import Tried
from safelight.gui.canvas.viewport import Viewport


class Fill(Tool):
    """A press fills what is like the pixel; with other options it does so anew."""

    id = "fill"
    title = "Fill"
    icon = "M 7.5 2.5 L 13 8 L 7.5 13.5 L 2 8 Z M 3.5 8 L 11.5 8 M 14 10.5 L 14 13"
    group = "filling"
    hint = "Click to fill what is like the pixel; the options change what was filled last"

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self._tried = Tried(surface)

    def options(
        self,
        *,
        colour: HexColour = "#000000",
        tolerance: Annotated[
            int, Number(0, 255), "How much a channel may differ, of 255 steps"
        ] = 32,
        contiguous: Annotated[bool, "Only what hangs together with the pixel"] = True,
        sample: Annotated[selections.Sample, "Which pixels are looked at"] = "all_layers",
        opacity: Percent = 100,
        own_layer: OwnLayer = True,
    ) -> None:
        """What is filled, and with what."""

    def press(self, pointer: Pointer) -> None:
        (x, y), layer = pointer.point, self.surface.active
        width, height = self.surface.picture_size
        if not (0 <= x < width and 0 <= y < height):
            return

        def make() -> Edit:
            given: dict[str, Any] = dict(self.values)
            given["opacity"] = cast(int, given["opacity"]) / 100
            return gradient_commands.fill_similar(
                layer=layer, x=round(x, 1), y=round(y, 1), **given
            )

        self._tried.do(make)

    def set(self, name: str, value: Value) -> None:
        super().set(name, value)
        self._tried.soon()

    def put_away(self) -> None:
        self._tried.forget()

    def double_click(self, pointer: Pointer) -> bool:
        self.press(pointer)
        return True

    def cursor(self, at: QPointF) -> Qt.CursorShape:
        return Qt.CursorShape.CrossCursor
