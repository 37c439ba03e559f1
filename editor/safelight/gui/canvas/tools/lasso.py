"""Lasso: selects what a hand draws around."""

from __future__ import annotations

import math

from safelight.gui.canvas.tools.path_tool import PathTool
from safelight.gui.canvas.tools.tool import Pointer

_FINE = 1.0
"""Screen pixels below which a movement is not a new point."""


class Lasso(PathTool):
    """Selects what the path of a drag goes around."""

    id = "lasso"
    title = "Lasso"
    icon = "M 5 12 C 1 10 1 3.5 8 3.5 C 15 3.5 15 11 8 11 C 5 11 3 12 5 14"
    group = "lassos"
    hint = "Drag around what is to be selected; Shift adds, Alt takes, both keep what lies in both"

    def press(self, pointer: Pointer) -> None:
        self.begin(pointer)
        self.parts = [[pointer.point]]

    def move(self, pointer: Pointer) -> None:
        if self.start is None:
            return
        (x, y), (far_x, far_y) = self.parts[0][-1], pointer.point
        if math.hypot(far_x - x, far_y - y) * self.surface.view.zoom >= _FINE:
            self.parts[0].append(pointer.point)
            self.surface.update()

    def release(self, pointer: Pointer) -> None:
        if self.start is not None:
            self.move(pointer)
            self.close()

    def cancel(self) -> None:
        self.give_up()
