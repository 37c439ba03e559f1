"""Places: the folders Safelight keeps its own files in."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import safelight


def resources(name: str) -> Path | None:
    """A folder of ``resources/``, the checkout's or an installed package's; None: there is none."""
    package = Path(safelight.__file__).parent
    folders = (root / "resources" / name for root in (package.parents[1], package))
    return next((folder for folder in folders if folder.is_dir()), None)


def cache_folder() -> Path:
    """What can be made again: ``$XDG_CACHE_HOME/safelight`` or the platform's counterpart."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
        return base / "Safelight" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "Safelight"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "safelight"


def data_folder() -> Path:
    """What the user has added: ``$XDG_DATA_HOME/safelight`` or the platform's counterpart."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
        return base / "Safelight" / "Data"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Safelight" / "Data"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "safelight"


def state_folder() -> Path:
    """What must outlive a crash: ``$XDG_STATE_HOME/safelight`` or the platform's counterpart."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
        return base / "Safelight" / "State"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Safelight"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "safelight"
