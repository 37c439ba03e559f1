"""Plugin folders: where the code of each plugin lies; nothing is imported and no network read."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
from collections.abc import Iterable, Iterator
from pathlib import Path

from safelight.actions.plugins.plugin_store import Installed
from safelight.api import PROJECT


def plugin_folders(plugins: Iterable[Installed]) -> dict[str, Path]:
    """Where the code of each built-in plugin and of ``plugins`` of the store lies, by name: a
    folder, or the one file of an author's.
    """
    stored = {item.name: Path(item.sources) if item.sources else item.library for item in plugins}
    return stored | dict(built_in_folders())


def built_in_folders() -> Iterator[tuple[str, Path]]:
    """The plugins of the editor's environment and where their modules lie; none is imported."""
    for point in importlib.metadata.entry_points(group=PROJECT):
        with contextlib.suppress(ImportError, ValueError):
            spec = importlib.util.find_spec(point.module.split(".")[0])
            if spec is not None and spec.origin is not None:
                yield point.dist.name if point.dist else point.name, Path(spec.origin).parent
