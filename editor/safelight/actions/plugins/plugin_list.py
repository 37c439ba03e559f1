"""Plugin list: all plugins, the strangers' and the built-in ones, as they are shown."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from safelight.actions.plugin_offers import Offers
from safelight.actions.plugins.installer import licence_of
from safelight.actions.plugins.network_facts import networks_in, question_about, with_facts
from safelight.actions.plugins.plugin_store import Installed, Network, Offered, Package
from safelight.api import Declaration, Format
from safelight.workers.conversation import Conversation, Failure
from safelight.workers.wire.messages import NetworksRead
from safelight.workers.worker_pool import Pool

_READ_LIMIT = 60.0


@dataclass(frozen=True, slots=True)
class Listed:
    """A plugin as it is listed. ``earlier`` is the version to which one can go back; "" = none."""

    plugin: Installed
    built_in: bool = False
    earlier: str = ""


def listed(offers: Offers) -> tuple[Listed, ...]:
    """The strangers' plugins by name, then the built-in ones.

    What the built-in networks say of themselves is not read yet: see ``completed``.
    """
    found = offers.strangers
    strangers = (Listed(x, earlier=found.earlier.get(x.name, "")) for x in found.plugins)
    return (*strangers, *_built_in(offers))


def completed(entries: Iterable[Listed]) -> tuple[Listed, ...]:
    """The list with what the built-in networks say of themselves: a worker reads them, once.

    Raises WorkerDied.
    """
    return tuple(
        replace(item, plugin=replace(item.plugin, networks=_read(item.plugin.folder)))
        if item.built_in and item.plugin.networks
        else item
        for item in entries
    )


def _built_in(offers: Offers) -> Iterable[Listed]:
    offered: dict[str, list[Offered]] = {}
    for item in offers.built_in:
        offered.setdefault(item.plugin, []).append(item)
    strangers = {item.name for item in offers.strangers.plugins}
    faults = {x.plugin: x.reason for x in offers.broken if x.plugin not in strangers}
    for name in sorted({*offered, *faults}):
        yield Listed(_described(name, offered.get(name, []), faults.get(name, "")), built_in=True)


def _described(name: str, offered: Sequence[Offered], fault: str) -> Installed:
    facts = _metadata(name)
    folder = _folder(offered[0].id.split(".")[0]) if offered else Path()
    version = str(facts.get("version") or (offered[0].version if offered else ""))
    return Installed(
        name,
        version,
        folder,
        summary=str(facts.get("summary") or ""),
        packages=(Package(name, version, 0, "", licence_of(facts)),) if facts else (),
        networks=_networks(folder) if folder.name else (),
        filters=tuple(item for item in offered if isinstance(item, Declaration)),
        formats=tuple(item for item in offered if isinstance(item, Format)),
        fault=fault,
    )


def _metadata(name: str) -> Mapping[str, Any]:
    try:
        return metadata.metadata(name).json
    except metadata.PackageNotFoundError:
        return {}


def _folder(package: str) -> Path:
    """Where a package lies, which is not imported; the empty path where that cannot be told."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else Path()


@cache
def _networks(folder: Path) -> tuple[Network, ...]:
    """The networks of a built-in plugin. They change with the editor alone."""
    return tuple(networks_in(folder))


@cache
def _read(folder: Path) -> tuple[Network, ...]:
    """Networks with what they say of themselves to a worker."""
    networks = _networks(folder)
    pool = Pool(limit=1)
    try:
        with pool.worker() as worker:
            question = question_about(folder / item.file for item in networks)
            told = Conversation(worker, _READ_LIMIT).ask(question, NetworksRead)
            return with_facts(networks, told)
    except Failure:
        return networks
    finally:
        pool.close()
