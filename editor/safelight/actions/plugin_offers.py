"""Plugin offers: what is installed, as one frozen value that nobody has to look up on the disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from safelight.actions.plugins.plugin_store import Installed, Offered, Store
from safelight.api import Declaration, Format
from safelight.workers.catalog import Broken
from safelight.workers.plugin_environment import Environment

CATEGORIES = (
    "Light",
    "Colour",
    "Detail",
    "Clean",
    "Repair",
    "Size",
    "Style",
    "Generate",
    "Blur",
)
"""Categories of filters in the order in which photographers work; all others come after them."""


def _place(category: str) -> tuple[int, str]:
    known = category in CATEGORIES
    return CATEGORIES.index(category) if known else len(CATEGORIES), category


@dataclass(frozen=True, slots=True)
class Strangers:
    """What lies in the plugin store: ``plugins`` by name, also those that are switched off or have
    a fault.

    ``earlier`` has, by plugin, the version to which one can go back, ``environments`` where the
    workers of the usable plugins find their code.
    """

    plugins: tuple[Installed, ...] = ()
    earlier: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    environments: Mapping[str, Environment] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, store: Store) -> Strangers:
        """The strangers' plugins that lie in ``store`` now."""
        plugins = store.installed()
        earlier = ((item.name, store.earlier(item.name)) for item in plugins)
        return cls(
            plugins,
            MappingProxyType({name: item.version for name, item in earlier if item is not None}),
            MappingProxyType({x.name: store.environment(x) for x in plugins if x.usable}),
        )

    @property
    def usable(self) -> tuple[Installed, ...]:
        """The plugins that are switched on and have no fault."""
        return tuple(item for item in self.plugins if item.usable)

    def changed(self, now: Strangers) -> set[str]:
        """The plugins that are others ``now``, have come or have gone."""
        ours, theirs = ({item.name: item for item in side.plugins} for side in (self, now))
        return {name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)}


def _told_apart(filters: Sequence[Declaration], own: Collection[str]) -> list[Declaration]:
    """Filters, of which those with another's title show their plugin, but for the editor's own."""
    titles = Counter(item.title.casefold() for item in filters)
    return [
        replace(item, title=f"{item.title} ({item.plugin})")
        if titles[item.title.casefold()] > 1 and item.id not in own
        else item
        for item in filters
    ]


@dataclass(frozen=True, slots=True)
class Offers:
    """What is installed and what it offers: ``filters`` by category and title, ``formats`` with the
    built-in ones first.

    ``by_id`` has each filter under its permanent id, ``broken`` the plugins that could not be
    loaded, ``built_in`` what the editor's own plugins offer, ``strangers`` what lies in the plugin
    store. Two that were made of the same are equal.
    """

    filters: tuple[Declaration, ...] = ()
    formats: tuple[Format, ...] = ()
    by_id: Mapping[str, Declaration] = field(default_factory=lambda: MappingProxyType({}))
    broken: tuple[Broken, ...] = ()
    built_in: tuple[Offered, ...] = ()
    strangers: Strangers = field(default_factory=Strangers)

    @classmethod
    def of(
        cls,
        built_in: Sequence[Offered],
        broken: Sequence[Broken],
        strangers: Strangers,
        *,
        safe: bool = False,
    ) -> Offers:
        """The editor's own plugins and the strangers', of which ``safe`` leaves out all that could
        run; an id that is taken stays with who had it first.
        """
        usable = () if safe else strangers.usable
        faulty = [] if safe else [x for x in strangers.plugins if x.enabled and x.fault]
        known: dict[str, Offered] = {item.id: item for item in built_in}
        for plugin in usable:
            for item in plugin.offered:
                known.setdefault(item.id, item)
        own = {item.id for item in built_in}
        filters = _told_apart([x for x in known.values() if isinstance(x, Declaration)], own)
        formats = [item for item in known.values() if isinstance(item, Format)]
        return cls(
            filters=tuple(sorted(filters, key=lambda item: _place(item.category))),
            formats=tuple(sorted(formats, key=lambda x: (x.id not in own, x.title, x.id))),
            by_id=MappingProxyType({item.id: item for item in filters}),
            broken=(*broken, *(Broken(item.name, item.fault) for item in faulty)),
            built_in=tuple(built_in),
            strangers=strangers,
        )

    @property
    def offered(self) -> tuple[Offered, ...]:
        """The filters and the formats."""
        return (*self.filters, *self.formats)

    @property
    def plugins(self) -> frozenset[str]:
        """The names of all that offer a filter."""
        return frozenset(item.plugin for item in self.filters)

    @property
    def generators(self) -> tuple[Declaration, ...]:
        """The filters that make a picture from nothing."""
        return tuple(item for item in self.filters if item.generates)

    @property
    def importers(self) -> tuple[Format, ...]:
        """The formats that are opened."""
        return tuple(item for item in self.formats if item.reads)

    @property
    def exporters(self) -> tuple[Format, ...]:
        """The formats that are written."""
        return tuple(item for item in self.formats if not item.reads)

    @property
    def editable(self) -> tuple[Installed, ...]:
        """The plugins that run from their author's folder."""
        return tuple(item for item in self.strangers.usable if item.sources)

    def called(self, name: str) -> list[Declaration]:
        """The filter of that id, or else all of that short name (``enlarge``)."""
        if name in self.by_id:
            return [self.by_id[name]]
        return [item for item in self.filters if item.name == name]
