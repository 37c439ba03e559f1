"""Catalog: which filters and formats there are. Asked of a worker once and remembered.

The window's process never imports plugin code, and start-up does not grow with the number of
plugins: what they offer is asked again only when a plugin's files have changed.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from safelight.api import PROJECT, VERSION, Declaration, Format, ParameterError
from safelight.workers.conversation import Conversation, Failure
from safelight.workers.wire import message_json, messages
from safelight.workers.worker_pool import Pool
from safelight.workers.worker_process import WorkerDied

_DESCRIBE_LIMIT = 60.0


@dataclass(frozen=True, slots=True)
class Broken:
    """A plugin that could not be loaded, and why."""

    plugin: str
    reason: str


class Catalog:
    """The filters and formats of the installed plugins.

    ``recall`` gives the remembered text ("" when there is none) and ``remember`` keeps a new one.
    """

    def __init__(
        self, pool: Pool, recall: Callable[[], str], remember: Callable[[str], None]
    ) -> None:
        self._pool = pool
        self._recall = recall
        self._remember = remember
        self._lock = threading.Lock()
        self._filters: tuple[Declaration, ...] | None = None
        self._formats: tuple[Format, ...] = ()
        self.broken: tuple[Broken, ...] = ()

    def filters(self) -> tuple[Declaration, ...]:
        """The declarations, by category and title. Broken plugins are in ``broken``.

        Raises WorkerDied when plugins took the worker down before it could answer.
        """
        with self._lock:
            if self._filters is None:
                fingerprint = _fingerprint(self._pool.plugin_folders)
                if not self._read(self._recall(), fingerprint):
                    text = self._ask(fingerprint)
                    self._read(text, fingerprint)
                    if not self.broken:
                        self._remember(text)
            return self._filters or ()

    def formats(self) -> tuple[Format, ...]:
        """The importers and exporters, by title. Raises WorkerDied, as ``filters`` does."""
        self.filters()
        return self._formats

    def _read(self, text: str, fingerprint: str) -> bool:
        """Take over a remembered answer if it is about the plugins that are installed now."""
        try:
            data = json.loads(text)
            if data["fingerprint"] != fingerprint:
                return False
            found = [Declaration.from_json(item) for item in data["filters"]]
            formats = [Format.from_json(item) for item in data["formats"]]
            self.broken = tuple(Broken(item["plugin"], item["reason"]) for item in data["failures"])
        except (ValueError, KeyError, TypeError, ParameterError):
            return False
        self._formats = tuple(sorted(formats, key=lambda item: (item.title, item.id)))
        self._filters = tuple(sorted(found, key=lambda item: item.plugin))
        return True

    def _ask(self, fingerprint: str) -> str:
        with self._pool.worker() as worker:
            try:
                talk = Conversation(worker, _DESCRIBE_LIMIT)
                told = talk.ask(messages.Describe(), messages.Described)
            except Failure as failure:
                raise WorkerDied(f"did not say which filters it has: it {failure}") from None
        return json.dumps({"fingerprint": fingerprint} | message_json.said(told))


def own_plugins() -> frozenset[str]:
    """The names of the plugins that are installed with the editor, which no stranger's may have."""
    return frozenset(name for _, _, name in _plugins(_places()))


def _fingerprint(plugin_folders: Sequence[Path]) -> str:
    """A digest of what is installed: each plugin's name, version and newest source file."""
    lines = [f"api {VERSION}"]
    for name, folder, _ in _plugins(_places()):
        lines.append(f"{name} {_newest(folder) if folder else 0}")
    for folder in plugin_folders:
        lines.append(f"{folder} {_newest(folder)}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _places() -> tuple[tuple[str, int], ...]:
    """The folders that packages are installed in, and when something in each came or went."""
    found = []
    for place in sys.path:
        with contextlib.suppress(OSError):
            found.append((place, Path(place).stat().st_mtime_ns))
    return tuple(found)


@functools.lru_cache(maxsize=1)
def _plugins(places: tuple[tuple[str, int], ...]) -> tuple[tuple[str, Path | None, str], ...]:
    """What each plugin that is installed in ``places`` says of itself, where it lies, and the name
    of its distribution.

    Its metadata are read anew only when something was installed: that takes longer than the rest.
    """
    return tuple(
        (
            f"{point.value} {point.dist.version if point.dist else ''}",
            _folder(point.module.split(".")[0]),
            point.dist.name if point.dist else point.name,
        )
        for point in importlib.metadata.entry_points(group=PROJECT)
    )


def _folder(package: str) -> Path | None:
    """Where a package lies; it is not imported."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin).parent if spec and spec.origin else None


def _newest(folder: Path) -> int:
    """When a folder's sources and networks last changed, in nanoseconds."""
    files = [*folder.rglob("*.py"), *folder.rglob("*.onnx")]
    return max((file.stat().st_mtime_ns for file in files), default=0)
