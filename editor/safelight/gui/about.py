"""About: what the Help menu tells."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from safelight.gui.deed_context import DeedContext


def show_shortcuts(context: DeedContext) -> None:
    """Show every shortcut, which can be given to something else, and what a mouse does."""
    from safelight.gui.dialogs.shortcuts_dialog import ShortcutsDialog

    dialog = ShortcutsDialog(context.deeds, context.window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def show_network_log(context: DeedContext) -> None:
    """Show which network saw which document."""
    from safelight.actions.network_log import NetworkLog
    from safelight.gui.plugins.network_log_dialog import NetworkLogDialog

    dialog = NetworkLogDialog(NetworkLog(), context.window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def show_about(context: DeedContext) -> None:
    """Show what this program is."""
    from safelight import __version__

    _tell(
        context,
        "About Safelight",
        f"Safelight {__version__}\n\nA photo editor whose filters are neural networks that"
        " anyone can add.\nNothing you open leaves this computer.\n\nApache License 2.0",
    )


def _tell(context: DeedContext, title: str, text: str) -> None:
    box = QMessageBox(context.window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(text)
    box.open()
