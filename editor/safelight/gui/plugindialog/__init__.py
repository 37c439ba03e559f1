"""The Plugins dialog: what is installed, what is newer, install, switch, go back, uninstall."""

from safelight.gui.plugindialog.dialog import PluginsDialog

__all__ = ["PluginsDialog"]
