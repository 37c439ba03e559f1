"""The Plugins dialog: what is installed, what is newer, install, switch, go back, uninstall."""

from safelight.gui.plugins_dialog.dialog import PluginsDialog

__all__ = ["PluginsDialog"]
