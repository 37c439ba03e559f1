"""Wand: selects what has the colour of a pixel."""

from __future__ import annotations

from typing import Annotated

from safelight.api import Number, Value
from safelight.document import Edit
from safelight.document.commands import selections
from safelight.gui.canvas.tools.selection_tool import Mode, SelectionTool
from safelight.gui.canvas.tools.tool import Pointer
from safelight.gui.canvas.tools.tried import Tried
from safelight.gui.canvas.viewport import Viewport


class Wand(SelectionTool):
    """A press selects what is like the pixel; with other options it does so anew."""

    id = "wand"
    title = "Wand"
    icon = "M 2.5 13.5 L 9 7 M 11.5 1.5 L 11.5 4.5 M 11.5 7.5 L 11.5 10.5 M 7 6 L 8.5 6"
    group = "like"
    hint = (
        "Click on a colour to select what is like it; the options change what was selected last;"
        " Shift adds, Alt takes"
    )

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self._tried = Tried(surface)

    def options(
        self,
        *,
        mode: Annotated[Mode, "What becomes of the selection that there is"] = "new",
        tolerance: Annotated[
            int, Number(0, 255), "How much a channel may differ, of 255 steps"
        ] = 32,
        contiguous: Annotated[bool, "Only what hangs together with the pixel"] = True,
        sample: Annotated[selections.Sample, "Which pixels are looked at"] = "all_layers",
        smooth_edge: Annotated[bool, "Pixels on the edge are selected in part"] = True,
    ) -> None:
        """What is like the pixel."""

    def press(self, pointer: Pointer) -> None:
        (x, y), how = pointer.point, self.how(pointer)
        width, height = self.surface.picture_size
        if not (0 <= x < width and 0 <= y < height):
            return
        layer = self.surface.active

        def make() -> Edit:
            told = self.values
            return selections.select_similar(
                layer=layer,
                x=round(x, 2),
                y=round(y, 2),
                tolerance=told["tolerance"],
                contiguous=told["contiguous"],
                sample=told["sample"],
                how=how,
                smooth=told["smooth_edge"],
            )

        self._tried.do(make)

    def set(self, name: str, value: Value) -> None:
        super().set(name, value)
        if name != "mode":
            self._tried.soon()

    def put_away(self) -> None:
        self._tried.forget()

    def double_click(self, pointer: Pointer) -> bool:
        self.press(pointer)
        return True
