"""Watching the plugin store: who in this process looks into its folder, or asks it anything.

Where workers write does not count: each has a folder of its own there when it starts and ends.
"""

import contextlib
import functools
import sys
from pathlib import Path

from safelight.actions.plugins.plugin_store import Store

_EVENTS = {"open", "os.scandir", "os.listdir"}
_ASKING = ("installed", "environments", "environment", "earlier", "find", "_read")

_watchers = []


def _heard(event, arguments):
    if _watchers and event in _EVENTS:
        place = str(arguments[0])
        for folder, seen in _watchers:
            if place.startswith(folder) and not place.startswith(f"{folder}/.scratch"):
                seen.append(f"{event} {place}")


@functools.cache
def _listen():
    """Hear of what this process does, for good: a hook cannot be taken away, and slows all down."""
    sys.addaudithook(_heard)


@contextlib.contextmanager
def watched(store: Store, patch):
    """The list of what was read in the folder of ``store``, or asked of any store, meanwhile."""
    seen = []
    _listen()
    with patch.context() as within:
        for name in _ASKING:
            original = getattr(Store, name)

            def asked(self, *words, _name=name, _original=original):
                seen.append(f"Store.{_name}")
                return _original(self, *words)

            within.setattr(Store, name, asked)
        watcher = str(Path(store.folder)), seen
        _watchers.append(watcher)
        try:
            yield seen
        finally:
            _watchers.remove(watcher)
