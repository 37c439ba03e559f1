"""Describe plugin: what a stranger's plugin offers, as a confined worker says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol, TypeVar

from safelight.actions.plugins.plugin_store import Installed, Store, StoreError
from safelight.api import Declaration, Format, ParameterError
from safelight.workers.conversation import Conversation, Failure
from safelight.workers.plugin_environment import Environment
from safelight.workers.wire.messages import Answer, Describe, Described, Question
from safelight.workers.wire.replies import hidden, visible
from safelight.workers.worker_pool import Pool
from safelight.workers.worker_process import WorkerDied

LIMIT = 60.0
"""Seconds of its own time a plugin may take to say what it offers."""

Kind = TypeVar("Kind", bound=Answer)


class Ask(Protocol):
    """How a plugin's worker is asked, which is confined to an environment."""

    def __call__(self, environment: Environment, question: Question, kind: type[Kind]) -> Kind:
        """The worker's answer. Raises Failure, WorkerDied."""


def asked(pool: Pool, question: Question, kind: type[Kind]) -> Kind:
    """What a fresh worker of ``pool`` answers; the pool is closed. Raises Failure, WorkerDied."""
    try:
        with pool.worker() as worker:
            return Conversation(worker, LIMIT).ask(question, kind)
    finally:
        pool.close()


def ask(environment: Environment, question: Question, kind: type[Kind]) -> Kind:
    """What a fresh confined worker answers. Raises Failure, WorkerDied."""
    return asked(Pool(limit=1, environment=environment), question, kind)


def described(
    plugin: Installed, store: Store, reserved: Mapping[str, str], ask: Ask = ask
) -> Installed:
    """The plugin with the filters and formats that it offers. Raises StoreError.

    ``reserved`` are the ids of what the editor itself has, with their plugins.
    """
    try:
        told = ask(store.environment(plugin), Describe(), Described)
    except Failure as failure:
        if failure.kind == "silent":
            raise StoreError(f"{plugin.name} did not say what it offers within a minute.") from None
        raise StoreError(f"{plugin.name} cannot be used: it {failure}.") from None
    except WorkerDied as error:
        raise StoreError(f"{plugin.name} took its worker down: it {error}.") from None
    for broken in told.failures:
        reason = visible(str(broken.get("reason")))
        raise StoreError(f"{plugin.name} cannot be loaded: {reason}.")
    odd = hidden([*told.filters, *told.formats])
    if odd:
        raise StoreError(
            f"{plugin.name} declares what makes no sense: “{visible(odd)[:80]}” holds characters"
            " that are not shown."
        )
    origin = {"plugin": plugin.name, "version": plugin.version}
    try:
        filters = [Declaration.from_json(item | origin) for item in told.filters]
        formats = [Format.from_json(item | origin) for item in told.formats]
    except (ParameterError, TypeError, ValueError) as error:
        raise StoreError(f"{plugin.name} declares what makes no sense: {error}.") from None
    if not filters and not formats:
        raise StoreError(f"{plugin.name} cannot be used: it offers no filter and no format.")
    offering = replace(plugin, filters=tuple(filters), formats=tuple(formats))
    taken = dict(reserved)
    for other in store.installed():
        if other.name != plugin.name:
            taken |= {item.id: other.name for item in other.offered}
    for item in offering.offered:
        if item.id in taken:
            raise StoreError(f"{plugin.name} brings {item.id}, which {taken[item.id]} has already.")
    return offering
