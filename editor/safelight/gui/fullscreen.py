"""Full screen: F shows the window without borders, then the picture alone, then all again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMainWindow, QWidget

if TYPE_CHECKING:
    from safelight.gui.workspace import Workspace

_UNBOUNDED = (1 << 24) - 1


class FullScreen:
    """How much of the screen a window takes: ``stage`` 0 is a window, 1 all of it, 2 the picture
    alone. ``around`` tells what is hidden for that, beside the panels of every photograph.
    """

    def __init__(
        self,
        window: QMainWindow,
        workspaces: Callable[[], Iterable[Workspace]],
        around: Callable[[], Iterable[QWidget]],
    ) -> None:
        self._window = window
        self._workspaces = workspaces
        self._around = around
        self._maximised = False
        self.stage = 0

    def next(self) -> None:
        """Go from a window to all of the screen, to the picture alone, and back."""
        self._show((self.stage + 1) % 3)

    def leave(self) -> bool:
        """Be a window again; whether it was none."""
        was = self.stage > 0
        if was:
            self._show(0)
        return was

    def _show(self, stage: int) -> None:
        window, before, self.stage = self._window, self.stage, stage
        if before == 0:
            self._maximised = window.isMaximized()
        alone = stage == 2
        # A hidden bar of menus would take the keys of all that is in its menus with it.
        window.menuBar().setMaximumHeight(0 if alone else _UNBOUNDED)
        for widget in self._around():
            widget.setVisible(not alone)
        for workspace in self._workspaces():
            workspace.hide_panels(alone)
        if stage == 1:
            window.showFullScreen()
        elif stage == 0:
            window.showMaximized() if self._maximised else window.showNormal()
