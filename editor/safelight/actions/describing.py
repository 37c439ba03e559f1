"""Describing: what a stranger's plugin offers, as a confined worker says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from safelight.actions.store import Installed, Store, StoreError
from safelight.api import Declaration, ParameterError
from safelight.workers.environment import Environment
from safelight.workers.pool import Pool, WorkerDied, WorkerSilent
from safelight.workers.protocol import Message

LIMIT = 60.0
"""Seconds a plugin may take to say what it offers."""

Ask = Callable[[Environment, Message], Message]


def asked(pool: Pool, question: Message) -> Message:
    """What a fresh worker of ``pool`` answers; the pool is closed.

    Raises WorkerDied, WorkerSilent.
    """
    try:
        with pool.worker() as worker:
            return worker.ask(question, LIMIT)
    finally:
        pool.close()


def ask(environment: Environment, question: Message) -> Message:
    """What a fresh confined worker answers. Raises WorkerDied, WorkerSilent."""
    return asked(Pool(limit=1, environment=environment), question)


def filters_of(
    plugin: Installed, store: Store, reserved: Mapping[str, str], ask: Ask = ask
) -> tuple[Declaration, ...]:
    """The filters that a plugin offers. Raises StoreError.

    ``reserved`` are the ids of the editor's own filters, with their plugins.
    """
    try:
        reply = ask(store.environment(plugin), {"type": "describe"})
    except WorkerSilent:
        raise StoreError(f"{plugin.name} did not say what it offers within a minute.") from None
    except WorkerDied as error:
        raise StoreError(f"{plugin.name} took its worker down: it {error}.") from None
    for failure in reply.get("failures", []):
        raise StoreError(f"{plugin.name} cannot be loaded: {failure['reason']}.")
    try:
        found = [Declaration.from_json(item) for item in reply.get("filters", [])]
    except (ParameterError, TypeError) as error:
        raise StoreError(f"{plugin.name} declares what is no filter: {error}.") from None
    if not found:
        reason = reply.get("reason", "it offers no filter")
        raise StoreError(f"{plugin.name} cannot be used: {reason}.")
    taken = dict(reserved)
    for other in store.installed():
        if other.name != plugin.name:
            taken |= {item.id: other.name for item in other.filters}
    for item in found:
        if item.id in taken:
            raise StoreError(f"{plugin.name} has a filter {item.id}, which {taken[item.id]} has.")
    return tuple(replace(item, plugin=plugin.name, version=plugin.version) for item in found)
