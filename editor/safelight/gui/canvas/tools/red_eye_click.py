"""Red eye click: a click makes the red pupil near it dark and grey."""

from __future__ import annotations

from typing import Annotated, cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from safelight.api import Number
from safelight.document.commands import retouch_commands
from safelight.gui.canvas.tools.brush import Brush
from safelight.gui.canvas.tools.pixel_brush import OwnLayer
from safelight.gui.canvas.tools.round_brush import Size
from safelight.gui.canvas.tools.tool import Pointer, Tool


class RedEye(Brush):
    """A click finds the red pupil within the circle. As large as the brush."""

    id = "red_eye"
    title = "Red eye"
    icon = "M 1.5 8 C 4.5 3.5 11.5 3.5 14.5 8 C 11.5 12.5 4.5 12.5 1.5 8 Z E 8 8 2.4 2.4"
    icon += " M 12 2.5 L 14 4.5 M 14 2.5 L 12 4.5"
    shortcut = "Shift+E"
    group = "healing"
    hint = "Click on a red pupil, with a circle that holds the eye"
    steps = ()
    rare = ()
    tints = pressure = False

    def options(  # type: ignore[override]
        self,
        *,
        size: Size = 20,
        darker: Annotated[
            int, Number(0, 100, unit="%"), "How much darker than without its red"
        ] = 50,
        own_layer: OwnLayer = True,
    ) -> None:
        """Where the pupil is looked for, and what becomes of it."""

    @property
    def note(self) -> str:
        return ""

    @property
    def erasing(self) -> bool:
        return False

    def press(self, pointer: Pointer) -> None:
        x, y = (round(at, 1) for at in pointer.point)
        self.surface.do(
            retouch_commands.red_eye(
                layer=self.surface.active,
                x=x,
                y=y,
                radius=self.brush.size / 2,
                darker=cast(int, self._values["darker"]) / 100,
                own_layer=bool(self._values["own_layer"]),
            )
        )

    def move(self, pointer: Pointer) -> None:
        """A click is all that there is."""

    def release(self, pointer: Pointer) -> None:
        """A click is all that there is."""

    def key(self, event: QKeyEvent) -> bool:
        return event.key() != Qt.Key.Key_Alt and Tool.key(self, event)

    def held_changed(self) -> None:
        """Alt means nothing here."""
