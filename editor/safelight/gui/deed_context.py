"""Deed context: ``DeedContext``, what the deeds of one window act on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMainWindow

from safelight.gui.deeds.deed import Deeds
from safelight.gui.folder.folder_place import FolderPlace
from safelight.gui.notices import Messages
from safelight.gui.open_and_save.close_photographs import Closing
from safelight.gui.open_and_save.open_files import Opening
from safelight.gui.photograph_tabs import Tabs
from safelight.gui.plugins.install_plugins import Installing
from safelight.gui.screen.soft_proof import Proofing
from safelight.gui.threads.backend import BackEnd

if TYPE_CHECKING:
    from safelight.gui.workspace import Workspace


@dataclass(frozen=True, slots=True)
class DeedContext:
    """A window, what is open in it, what opens and closes, and what can be asked for.

    ``show_state`` brings all that is shown in line with the photograph in front.
    """

    window: QMainWindow
    tabs: Tabs
    backend: BackEnd
    opening: Opening
    closing: Closing
    installing: Installing
    messages: Messages
    deeds: Deeds
    proofing: Proofing
    folder: FolderPlace
    show_state: Callable[[], object]

    @property
    def front(self) -> Workspace | None:
        """The photograph in front."""
        return self.tabs.front()
