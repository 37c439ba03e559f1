"""Check plugin: whether a plugin keeps what every plugin promises, asked in a process of its own.

A folder, a wheel or a bundle is installed into a store that is thrown away afterwards, so what is
checked is what its users will get.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from email.message import Message
from importlib import metadata
from pathlib import Path
from typing import cast

from safelight.actions.plugin_jobs import Studio
from safelight.actions.plugins.installer import Installer
from safelight.actions.plugins.plugin_store import Offered, Store, StoreError, canonical
from safelight.api import Declaration
from safelight.api.promises import PROMISES
from safelight.workers.conversation import Conversation, Failure
from safelight.workers.wire import messages
from safelight.workers.worker_pool import Pool
from safelight.workers.worker_process import WorkerDied

PATIENCE = 300.0
"""Seconds a filter may take over one promise before it counts as hanging."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one promise, of a filter or of the plugin itself, is kept; ``complaint`` is "" when
    it is kept.
    """

    subject: str
    promise: str
    complaint: str

    def to_json(self) -> dict[str, str]:
        """The verdict as plain data, fit for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Subject:
    """A plugin that can be asked: its name, what it offers, its metadata and where it runs."""

    name: str
    offered: tuple[Offered, ...]
    facts: Message
    pool: Pool

    @property
    def filters(self) -> tuple[Declaration, ...]:
        """The filters among it, which make promises."""
        return tuple(item for item in self.offered if isinstance(item, Declaration))


def check_plugin(
    source: str,
    store: Store,
    told: Callable[[Verdict], None] = lambda verdict: None,
    *,
    patience: float = PATIENCE,
) -> list[Verdict]:
    """Whether a plugin keeps every promise: a folder, a wheel, a bundle, or one installed.

    ``told`` hears each verdict as it is found. Raises StoreError where there is no such plugin
    or it cannot be built, installed or loaded, in one sentence.
    """
    verdicts: list[Verdict] = []

    def found(verdict: Verdict) -> None:
        verdicts.append(verdict)
        told(verdict)

    for_now = Path(source).exists()
    with (
        Studio("cpu", store=store) as studio,
        _installed_for_now(source) if for_now else _installed(source, studio) as subject,
    ):
        for promise, complaint in _of_the_distribution(subject).items():
            found(Verdict(subject.name, promise, complaint))
        found(Verdict(subject.name, "ids", _taken(subject, studio.offers().offered)))
        for declaration in subject.filters:
            for promise in PROMISES:
                complaint = _ask(subject.pool, declaration, promise, patience)
                found(Verdict(declaration.name, promise, complaint))
    return verdicts


@contextlib.contextmanager
def _installed_for_now(source: str) -> Iterator[_Subject]:
    """Install a folder or a file into a store of its own."""
    with tempfile.TemporaryDirectory(prefix="safelight-check-") as place:
        store = Store(Path(place))
        installer = Installer(store, str(Path(source).resolve()))
        with store.staging() as staging:
            plugin = installer.install(installer.prepare(staging))
        pool = Pool(limit=1, environment=store.environment(plugin))
        with contextlib.closing(pool):
            facts = _facts(plugin.name, [str(plugin.library)])
            yield _Subject(plugin.name, plugin.offered, facts, pool)


@contextlib.contextmanager
def _installed(name: str, studio: Studio) -> Iterator[_Subject]:
    """A plugin of the store, or one of the editor's own environment."""
    offers = studio.offers()
    offered = tuple(item for item in offers.offered if _same(item.plugin, name))
    for plugin in offers.broken:
        if _same(plugin.plugin, name):
            raise StoreError(f"{plugin.plugin} cannot be loaded: {plugin.reason}.")
    if not offered:
        raise StoreError(f"{studio.store.find(name).name} is disabled: enable it first.")
    name = offered[0].plugin
    environment = offers.strangers.environments.get(name)
    pool = Pool(limit=1, environment=environment)
    with contextlib.closing(pool):
        facts = _facts(name, [str(environment.library)] if environment else sys.path)
        yield _Subject(name, offered, facts, pool)


def _facts(name: str, places: list[str]) -> Message:
    for found in metadata.distributions(path=places):
        if _same(found.metadata["Name"], name):
            return cast(Message, found.metadata)
    raise StoreError(f"{name} has no metadata.")


def _taken(subject: _Subject, known: Iterable[Offered]) -> str:
    """A filter or a format that has the id of another plugin's."""
    others = {item.id: item.plugin for item in known if not _same(item.plugin, subject.name)}
    for item in subject.offered:
        if item.id in others:
            return f"{item.id} is the id of something of {others[item.id]}"
    return ""


def _same(one: str, other: str) -> bool:
    return canonical(one) == canonical(other)


def _of_the_distribution(subject: _Subject) -> dict[str, str]:
    """What a plugin's users are told before they install it."""
    facts, name = subject.facts, subject.name
    requires = [item.lower() for item in facts.get_all("Requires-Dist") or ()]
    licence = facts.get("License-Expression") or facts.get("License") or ""
    marks = [item for item in facts.get_all("Classifier") or () if item.startswith("License ::")]
    missing = {
        "summary": "" if facts.get("Summary") else "a description",
        "licence": "" if licence or marks else "a license",
        "python": "" if facts.get("Requires-Python") else "requires-python",
        "readme": "" if _readme(facts) else "a readme",
        "editor": "" if any(map(_is_editor, requires)) else "safelight among its dependencies",
    }
    return {
        promise: f"{name} lacks {what}: write it into the project table of pyproject.toml"
        if what
        else ""
        for promise, what in missing.items()
    }


def _readme(facts: Message) -> str:
    """The long description: the body of the metadata, or a field of it."""
    return str(facts.get("Description") or facts.get_payload() or "").strip()


def _is_editor(requirement: str) -> bool:
    rest = requirement.removeprefix("safelight")
    return rest != requirement and (not rest or rest[0] in " <>=!~;[(")


def _ask(pool: Pool, declaration: Declaration, promise: str, patience: float) -> str:
    """What a plugin's worker says of one promise; a worker that dies of it is a complaint too."""
    question = messages.Promise(filter=declaration.id, promise=promise)
    try:
        with pool.worker() as worker:
            return Conversation(worker, patience).ask(question, messages.Promised).complaint
    except Failure as failure:
        if failure.kind == "silent":
            return f"{declaration.name} was not done with it after {patience:g} s"
        return f"{declaration.name} {failure}"
    except WorkerDied as death:
        return f"{declaration.name} {death}"
