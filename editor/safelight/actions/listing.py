"""Listing: all plugins there are, the strangers' and the built-in ones, as they are shown."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from safelight.actions.installer import licence_of, networks_in
from safelight.actions.store import Installed, Network, Package
from safelight.actions.studio import Studio
from safelight.api import Declaration


@dataclass(frozen=True, slots=True)
class Listed:
    """A plugin as it is listed. ``earlier`` is the version to which one can go back; "" = none."""

    plugin: Installed
    built_in: bool = False
    earlier: str = ""


def listed(studio: Studio) -> tuple[Listed, ...]:
    """The strangers' plugins by name, then the built-in ones. Raises WorkerDied."""
    store = studio.store
    strangers = []
    for item in store.installed():
        earlier = store.earlier(item.name)
        strangers.append(Listed(item, earlier=earlier.version if earlier else ""))
    return (*strangers, *_built_in(studio))


def _built_in(studio: Studio) -> Iterable[Listed]:
    filters: dict[str, list[Declaration]] = {}
    for item in studio.built_in():
        filters.setdefault(item.plugin, []).append(item)
    faults = {item.plugin: item.reason for item in studio.broken_built_in()}
    for name in sorted({*filters, *faults}):
        offered = tuple(filters.get(name, ()))
        yield Listed(_described(name, offered, faults.get(name, "")), built_in=True)


def _described(name: str, filters: tuple[Declaration, ...], fault: str) -> Installed:
    facts = _metadata(name)
    version = str(facts.get("version") or (filters[0].version if filters else ""))
    return Installed(
        name,
        version,
        Path(),
        summary=str(facts.get("summary") or ""),
        packages=(Package(name, version, 0, "", licence_of(facts)),) if facts else (),
        networks=_networks(filters[0].id.split(".")[0]) if filters else (),
        filters=filters,
        fault=fault,
    )


def _metadata(name: str) -> Mapping[str, Any]:
    try:
        return metadata.metadata(name).json
    except metadata.PackageNotFoundError:
        return {}


@cache
def _networks(package: str) -> tuple[Network, ...]:
    """The networks of a package, which is not imported. They change with the editor alone."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return ()
    return tuple(networks_in(Path(spec.origin).parent))
