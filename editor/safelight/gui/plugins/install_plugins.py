"""Install plugins: the Plugins dialog, and the user's own networks that become filters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog

from safelight.gui.notices import Messages
from safelight.gui.photograph_tabs import Tabs
from safelight.gui.threads.backend import BackEnd

if TYPE_CHECKING:
    from safelight.gui.plugins.plugins_dialog import PluginsDialog


class Installing(QObject):
    """Shows what can be added to the filters; ``dialog`` is the Plugins dialog while it is open."""

    def __init__(self, tabs: Tabs, backend: BackEnd, messages: Messages) -> None:
        super().__init__(tabs)
        self._tabs = tabs
        self._backend = backend
        self._messages = messages
        self.dialog: PluginsDialog | None = None

    def show_plugins(self, source: str = "") -> None:
        """The Plugins dialog; ``source`` is what to offer to install there."""
        from safelight.gui.plugins.plugins_dialog import PluginsDialog

        studio = self._backend.studio
        if studio is None:
            return
        if self.dialog is None:
            self.dialog = PluginsDialog(studio, self._tabs.window())
            self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.dialog.finished.connect(self._forget)
        self.dialog.show()
        self.dialog.activateWindow()
        if source:
            self.dialog.install_from(source)

    def _forget(self) -> None:
        self._tabs.focus_front()
        self.dialog = None

    def ask_for_network(self) -> None:
        """Choose a network of the user's own, to make a filter of it."""
        name, _ = QFileDialog.getOpenFileName(
            self._tabs.window(), "Add a network", str(Path.home()), "Networks (*.onnx *.ONNX)"
        )
        if name:
            self.add_network(Path(name))

    def add_network(self, path: Path) -> None:
        """Show what a network is and makes of the picture, and make a filter of it if wanted."""
        studio, front = self._backend.studio, self._tabs.front()
        if studio is None:
            self._messages.say("The filters are not loaded yet: try again in a moment.")
            return
        from safelight.gui.plugins.network_dialog import NetworkDialog

        document = front.session.document if front is not None else None
        dialog = NetworkDialog(studio, path, document, self._tabs.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
