"""Samples and recent files: photographs to try Safelight on, and the files opened lately."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings

_RECENT = 10
_KEY = "recent"


def sample_photographs() -> list[Path]:
    """The photographs in ``resources/samples``: of the checkout, or beside an installed package."""
    from safelight.folders import resources

    folder = resources("samples")
    return sorted(folder.glob("*.jpg")) if folder is not None else []


def settings() -> QSettings:
    """Where the window remembers things between starts."""
    return QSettings(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, "safelight", "safelight"
    )


def recent_files() -> list[Path]:
    """The files opened lately, newest first, as far as they still exist."""
    stored = settings().value(_KEY, [])
    names = stored if isinstance(stored, list) else [stored]
    return [Path(str(name)) for name in names if name and Path(str(name)).is_file()]


def remember_file(path: Path) -> None:
    """Put a file at the head of the recent ones."""
    path = path.absolute()
    others = [other for other in recent_files() if other != path]
    names = [str(other) for other in [path, *others][:_RECENT]]
    settings().setValue(_KEY, names)


def forget_files() -> None:
    """Empty the list of recent files."""
    settings().remove(_KEY)
