"""The Plugins dialog: what is installed, what is newer, install, switch, go back, uninstall."""

from __future__ import annotations

from pathlib import Path

from safelight.actions.installer import BUNDLE
from safelight.gui.plugindialog.dialog import PluginsDialog

__all__ = ["PluginsDialog", "is_plugin"]


def is_plugin(path: Path) -> bool:
    """Whether what was dropped on the window looks like a plugin rather than a photograph."""
    if path.is_dir():
        return (path / "pyproject.toml").is_file()
    return path.suffix.lower() in (".whl", ".zip", BUNDLE)
