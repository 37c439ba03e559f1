"""Offers: what is installed, as one frozen value that nobody has to look up on the disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from safelight.actions.store import Installed, Store
from safelight.api import Declaration, Format
from safelight.workers.environment import Environment


@dataclass(frozen=True, slots=True)
class Strangers:
    """The plugins of the store that can be used, and where their workers find their code."""

    plugins: tuple[Installed, ...] = ()
    environments: Mapping[str, Environment] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store) -> Strangers:
        """Those that lie in ``store`` now."""
        usable = tuple(item for item in store.installed() if item.enabled and not item.fault)
        return cls(usable, MappingProxyType(dict(store.environments())))


@dataclass(frozen=True, slots=True)
class Offers:
    """What the installed plugins offer: ``filters`` by category and title, ``formats`` with the
    built-in ones first; ``by_id`` has each filter under its permanent id.
    """

    filters: tuple[Declaration, ...]
    formats: tuple[Format, ...]
    by_id: Mapping[str, Declaration]

    @classmethod
    def of(
        cls,
        filters: Sequence[Declaration],
        formats: Sequence[Format],
        strangers: Sequence[Installed],
    ) -> Offers:
        """The editor's own ``filters`` and ``formats`` and the strangers'; an id that is taken
        stays with who had it first.
        """
        by_id = {item.id: item for item in filters}
        for plugin in strangers:
            for item in plugin.filters:
                by_id.setdefault(item.id, item)
        ids = {item.id for item in formats}
        further = [item for plugin in strangers for item in plugin.formats if item.id not in ids]
        return cls(
            filters=tuple(sorted(by_id.values(), key=lambda item: (item.category, item.title))),
            formats=(*formats, *sorted(further, key=lambda item: (item.title, item.id))),
            by_id=MappingProxyType(by_id),
        )

    def called(self, name: str) -> list[Declaration]:
        """The filter of that id, or else all of that short name (``enlarge``)."""
        if name in self.by_id:
            return [self.by_id[name]]
        return [item for item in self.filters if item.name == name]
