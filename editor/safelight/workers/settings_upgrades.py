"""Settings upgrades: what an earlier plugin saved, brought up to date by the plugin of today.

The plugin's own function does it, in a worker, once for all layers of the same settings.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from packaging.version import InvalidVersion, Version

from safelight.api import Declaration, ParameterError, Value
from safelight.document import LiveFilter
from safelight.workers.conversation import Conversation, Failure
from safelight.workers.wire import messages
from safelight.workers.worker_pool import Pool
from safelight.workers.worker_process import WorkerDied

PATIENCE = 20.0
"""Seconds of its own time a plugin may take to bring one layer's settings up to date."""

_Key = tuple[str, str, str, frozenset[tuple[str, Value]]]


class Upgrades:
    """What plugins made of settings that their earlier versions saved. For several threads.

    ``pool_of`` gives the pool that runs a plugin's filters.
    """

    def __init__(self, pool_of: Callable[[str], Pool], *, patience: float = PATIENCE) -> None:
        self._pool_of = pool_of
        self._patience = patience
        self._lock = threading.Lock()
        self._found: dict[_Key, dict[str, Value] | ParameterError] = {}

    def settings(self, declaration: Declaration, filter: LiveFilter) -> dict[str, Value]:
        """A layer's settings, complete and legal for the installed filter.

        Raises ParameterError for what neither the declaration nor the plugin knows: nothing is
        replaced by a default. May take a moment where ``knows`` is false.
        """
        if not _is_due(declaration, filter):
            return declaration.settings(filter.settings)
        key = _key(declaration, filter)
        with self._lock:
            found = self._found.get(key)
            if found is None:
                found = self._found[key] = self._asked(declaration, filter)
        if isinstance(found, ParameterError):
            raise ParameterError(str(found))
        return dict(found)

    def knows(self, declaration: Declaration, filter: LiveFilter) -> bool:
        """Whether ``settings`` answers without asking the plugin."""
        return not _is_due(declaration, filter) or _key(declaration, filter) in self._found

    def forget(self) -> None:
        """Take note that plugins have changed."""
        with self._lock:
            self._found.clear()

    def _asked(
        self, declaration: Declaration, filter: LiveFilter
    ) -> dict[str, Value] | ParameterError:
        question = messages.Upgrade(
            filter=filter.id, settings=filter.settings, version=filter.version
        )
        try:
            with self._pool_of(declaration.plugin).worker() as worker:
                upgraded = Conversation(worker, self._patience).ask(question, messages.Upgraded)
            return declaration.settings(upgraded.settings)
        except Failure as failure:
            reason = failure.reason
        except WorkerDied as death:
            reason = str(death)
        except ParameterError as error:
            return error
        return ParameterError(
            f"{declaration.name} cannot bring settings of {filter.version} up to date: {reason}"
        )


def _is_due(declaration: Declaration, filter: LiveFilter) -> bool:
    """Whether the plugin is to be asked: it knows how, and an earlier version saved them."""
    if not declaration.upgrades or filter.version == declaration.version:
        return False
    try:
        return Version(filter.version) < Version(declaration.version)
    except InvalidVersion:
        return True  # what cannot be compared is another one


def _key(declaration: Declaration, filter: LiveFilter) -> _Key:
    settings = frozenset(filter.settings.items())
    return filter.id, filter.version, declaration.version, settings
