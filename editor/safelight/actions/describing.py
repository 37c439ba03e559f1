"""Describing: what a stranger's plugin offers, as a confined worker says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from safelight.actions.store import Installed, Store, StoreError
from safelight.api import Declaration, Format, ParameterError
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


def described(
    plugin: Installed, store: Store, reserved: Mapping[str, str], ask: Ask = ask
) -> Installed:
    """The plugin with the filters and formats that it offers. Raises StoreError.

    ``reserved`` are the ids of what the editor itself has, with their plugins.
    """
    try:
        reply = ask(store.environment(plugin), {"type": "describe"})
    except WorkerSilent:
        raise StoreError(f"{plugin.name} did not say what it offers within a minute.") from None
    except WorkerDied as error:
        raise StoreError(f"{plugin.name} took its worker down: it {error}.") from None
    for failure in reply.get("failures", []):
        raise StoreError(f"{plugin.name} cannot be loaded: {failure['reason']}.")
    origin = {"plugin": plugin.name, "version": plugin.version}
    try:
        filters = [Declaration.from_json(item | origin) for item in reply.get("filters", [])]
        formats = [Format.from_json(item | origin) for item in reply.get("formats", [])]
    except (ParameterError, TypeError, ValueError) as error:
        raise StoreError(f"{plugin.name} declares what makes no sense: {error}.") from None
    if not filters and not formats:
        reason = reply.get("reason", "it offers no filter and no format")
        raise StoreError(f"{plugin.name} cannot be used: {reason}.")
    offering = replace(plugin, filters=tuple(filters), formats=tuple(formats))
    taken = dict(reserved)
    for other in store.installed():
        if other.name != plugin.name:
            taken |= {item.id: other.name for item in other.offered}
    for item in offering.offered:
        if item.id in taken:
            raise StoreError(f"{plugin.name} brings {item.id}, which {taken[item.id]} has already.")
    return offering
