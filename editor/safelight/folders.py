"""Folders: where Safelight keeps its own files."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

from platformdirs import PlatformDirs


def resources(name: str) -> Path | None:
    """A folder of ``resources/``, an installed package's or the checkout's; None: there is none."""
    package = Path(str(files("safelight")))
    folders = (root / "resources" / name for root in (package, package.parents[1]))
    return next((folder for folder in folders if folder.is_dir()), None)


def cache_folder() -> Path:
    """What can be made again: ``$XDG_CACHE_HOME/safelight`` or the platform's counterpart."""
    return _kept(_folders().user_cache_path, "Caches")


def data_folder() -> Path:
    """What the user has added: ``$XDG_DATA_HOME/safelight`` or the platform's counterpart."""
    found = _folders().user_data_path
    if _is_linux():
        return found
    # Elsewhere the platform has one folder for data and for state.
    return _kept(found / "Data", "Application Support", "Data")


def state_folder() -> Path:
    """What must outlive a crash: ``$XDG_STATE_HOME/safelight`` or the platform's counterpart."""
    found = _folders().user_state_path
    if sys.platform == "win32":
        return found / "State"
    return _kept(found, "Application Support")


def _folders() -> PlatformDirs:
    """The platform's folders: asked each time, for they follow the environment."""
    return PlatformDirs("safelight" if _is_linux() else "Safelight", appauthor=False)


def _is_linux() -> bool:
    """Whether folders are those of the XDG base directory specification."""
    return sys.platform not in ("win32", "darwin")


def _kept(found: Path, kind: str, *parts: str) -> Path:
    """A folder, or on macOS the one of version 0.1, which did not follow ``$XDG_…``, where it is
    there and the other is not.
    """
    if sys.platform == "darwin":
        before = Path.home().joinpath("Library", kind, "Safelight", *parts)
        if before.is_dir() and not found.is_dir():
            return before
    return found
