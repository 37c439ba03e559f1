"""Studio: the running back end of a session. It knows what plugins offer and starts jobs."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safelight.actions.formats import PluginExporter, PluginImporter
from safelight.actions.offers import Offers, Strangers
from safelight.actions.pictures import read_pixels
from safelight.actions.places import cache_folder
from safelight.actions.store import Offered, Store
from safelight.api import Declaration, Format, Region, Value
from safelight.document import Document, LiveFilter
from safelight.files import WriteError, atomic_write
from safelight.workers.catalog import Broken, Catalog
from safelight.workers.job import PATIENCE, Job, Listener, live_filter
from safelight.workers.live import LiveFilters
from safelight.workers.pool import WorkerDied, WorkerSilent
from safelight.workers.pools import Pools
from safelight.workers.preparing import Preparations
from safelight.workers.sketching import Sketcher, SketchListener

if TYPE_CHECKING:
    from safelight.actions.editable import Reloaded

_DEVICE_LIMIT = 120.0


class UnknownFilter(LookupError):
    """No installed filter has that name; the message lists those there are."""


@dataclass(frozen=True, slots=True)
class Device:
    """Where networks run, as a live session says. ``reason``: why not on the better one."""

    name: str
    label: str
    reason: str
    runtime: str = ""
    model: str = ""


class Studio:
    """Filters and workers of one session. Close it, or use it in a ``with`` statement.

    ``device`` is "auto", "cpu" or "cuda". ``patience`` is how many seconds a filter may be
    silent before it counts as hanging. ``memory_limit`` bounds each worker, in bytes.
    ``plugin_folders`` hold further plugins that are trusted like the built-in ones; ``store`` the
    strangers', each confined to a process of its own. ``safe`` leaves all but the built-in ones
    out.
    """

    def __init__(
        self,
        device: str = "auto",
        *,
        patience: float = PATIENCE,
        memory_limit: int = 0,
        plugin_folders: Sequence[Path] = (),
        store: Store | None = None,
        safe: bool = False,
    ) -> None:
        self._device = device
        self._patience = patience
        self.safe = safe
        self.store = store or Store()
        self._seen: tuple[object, Strangers] | None = None
        self._known: tuple[tuple[Strangers, tuple[Declaration, ...]], Offers] | None = None
        folders = () if safe else plugin_folders

        def pools(limit: int) -> Pools:
            return Pools(
                lambda: self._strangers().environments,
                limit=limit,
                memory_limit=memory_limit,
                plugin_folders=folders,
            )

        self._pools, self._live_pools = pools(2), pools(1)
        self._preparations = Preparations()
        self._format_pools = pools(1)  # its own: a file must not wait for a long job
        self._catalog = Catalog(self._pools.built_in, _recall, _remember)
        self.live = LiveFilters(self._live_pools.of, self._installed, failed=self._live_failed)
        self._failures: list[Callable[[str], None]] = []

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers; jobs under way end with them."""
        for pools in self._every_pools():
            pools.close()

    def hear_failures(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Have a sentence for each filter that fails while a picture is rendered, on any thread.

        Gives what ends that: whoever listens is kept alive until it is called.
        """
        self._failures = [*self._failures, listener]

        def stop() -> None:
            self._failures = [other for other in self._failures if other is not listener]

        return stop

    def is_cheap(self, declaration: Declaration, settings: Mapping[str, Value]) -> bool:
        """Whether a filter runs while it is drawn, so that it needs no job. May take a moment."""
        return self.live.reach(live_filter(declaration, settings), 0) is not None

    def try_again(self, filter: LiveFilter) -> None:
        """Forget that a filter has failed, and what was measured of pictures that lacked it."""
        self.live.retry(filter)
        self._preparations.forget()

    def waits(self, filter: LiveFilter) -> bool:
        """Whether a layer of this filter shows nothing until a job has run. May take a moment."""
        if filter.kept is not None or self._installed(filter.id) is None:
            return False
        return self.live.reach(filter, 0) is None

    def rest(self) -> None:
        """Give back the memory of workers that do nothing now, and have one ready for the next job.

        May take a moment. Raises WorkerDied.
        """
        for pools in self._every_pools():
            pools.rest()
        self.warm()

    def warm(self) -> None:
        """Start a worker now. Raises WorkerDied."""
        self._pools.built_in.warm()

    def filters(self) -> tuple[Declaration, ...]:
        """What the installed plugins offer, by category and title. Raises WorkerDied."""
        return self.offers().filters

    def formats(self) -> tuple[Format, ...]:
        """The importers and exporters of the installed plugins, the built-in ones first.

        Raises WorkerDied.
        """
        return self.offers().formats

    def offers(self) -> Offers:
        """What is installed, as a value: the same until plugins change. Raises WorkerDied."""
        made_of, known = (self._strangers(), self._catalog.filters()), self._known
        if known is None or known[0] != made_of:
            strangers = () if self.safe else made_of[0].plugins
            offers = Offers.of(made_of[1], self._catalog.formats(), strangers)
            known = self._known = made_of, offers
        return known[1]

    def importers(self) -> tuple[PluginImporter, ...]:
        """What opens files that Safelight itself cannot; none where plugins cannot be asked."""
        return tuple(
            PluginImporter(item, self._format_pools.of, self._patience)
            for item in self._known_formats()
            if item.reads
        )

    def exporters(self) -> tuple[PluginExporter, ...]:
        """What writes further formats; none where plugins cannot be asked."""
        importers = {(item.format.plugin, item.format.title): item for item in self.importers()}
        return tuple(
            PluginExporter(
                item,
                importers.get((item.plugin, item.title)),
                self._format_pools.of,
                self._patience,
            )
            for item in self._known_formats()
            if not item.reads
        )

    def offered(self) -> tuple[Offered, ...]:
        """The filters and the formats. Raises WorkerDied."""
        return (*self.filters(), *self.formats())

    def _known_formats(self) -> tuple[Format, ...]:
        try:
            return self.formats()
        except WorkerDied:
            return ()

    def built_in(self) -> tuple[Offered, ...]:
        """What the plugins of the editor's own environment offer. Raises WorkerDied."""
        return (*self._catalog.filters(), *self._catalog.formats())

    def _strangers(self) -> Strangers:
        """The plugins of the store that can be used, looked up when something has changed."""
        state, seen = self.store.state, self._seen
        if seen is None or seen[0] is not state:
            seen = self._seen = state, Strangers.of(self.store)
        return seen[1]

    def refresh(self, plugin: str) -> None:
        """Take note that a plugin of the store has changed: its workers end."""
        for pools in self._every_pools():
            pools.forget(plugin)
        self.store.changed()
        self.live.forget()
        self._preparations.forget()

    def editable(self) -> bool:
        """Whether there are plugins that run from their author's folder."""
        return not self.safe and any(item.sources for item in self._strangers().plugins)

    def reload(self) -> tuple[Reloaded, ...]:
        """Load afresh the editable plugins that have changed. Raises WriteError, WorkerDied."""
        if not self.editable():
            return ()
        from safelight.actions.editable import reload_changed

        own = {item.id: item.plugin for item in self.built_in()}
        found = reload_changed(self.store, own)
        if found:
            self.store.changed()
            self.live.forget()
            self._preparations.forget()
        return found

    def _every_pools(self) -> tuple[Pools, ...]:
        return self._pools, self._live_pools, self._format_pools

    def broken(self) -> tuple[Broken, ...]:
        """The plugins that could not be loaded, and why."""
        own = self.broken_built_in()
        if self.safe:
            return own
        faulty = [item for item in self.store.installed() if item.enabled and item.fault]
        return (*own, *(Broken(item.name, item.fault) for item in faulty))

    def broken_built_in(self) -> tuple[Broken, ...]:
        """Those of the editor's own environment that could not be loaded. Raises WorkerDied."""
        self._catalog.filters()
        return self._catalog.broken

    def filter(self, name: str) -> Declaration:
        """The filter of that id or short name (``enlarge``). Raises UnknownFilter."""
        offers = self.offers()
        matching = offers.called(name)
        if len(matching) == 1:
            return matching[0]
        if matching:
            ids = ", ".join(item.id for item in matching)
            raise UnknownFilter(f"several filters are called {name}: say which of {ids}")
        names = ", ".join(sorted(item.name for item in offers.filters)) or "none"
        raise UnknownFilter(f"there is no filter {name}; installed: {names}")

    def start(
        self,
        declaration: Declaration,
        settings: Mapping[str, object],
        document: Document,
        *,
        layer_id: str | None = None,
        region: Region | None = None,
        focus: Region | None = None,
        listener: Listener | None = None,
        prepared: Preparations | None = None,
    ) -> Job:
        """Run a filter over a document, over a ``region`` of it as a preview, or for a filter
        layer of it (``layer_id``) over what lies below that.

        ``prepared`` remembers what filters measure of the whole picture, and with it the picture:
        whoever closes documents has one for each. Raises ParameterError for settings that are not
        legal. Everything that goes wrong later
        is an event that ``listener`` hears on the job's thread.
        """
        return Job(
            self._pools.of(declaration.plugin),
            declaration,
            declaration.settings(settings),
            document,
            layer_id=layer_id,
            live=self.live,
            region=region,
            focus=focus,
            device=self._device,
            patience=self._patience,
            listener=listener,
            read=read_pixels,
            prepared=self._preparations if prepared is None else prepared,
        )

    def sketcher(self, declaration: Declaration, listener: SketchListener) -> Sketcher:
        """What makes small results of a generator; ``listener`` hears of each on its threads.

        Raises ValueError for a filter that is no generator.
        """
        return Sketcher(
            self._pools.of,
            declaration,
            listener,
            device=self._device,
            patience=self._patience,
            read=read_pixels,
        )

    def _installed(self, identity: str) -> Declaration | None:
        try:
            return self.offers().by_id.get(identity)
        except WorkerDied:
            return None

    def _live_failed(self, message: str) -> None:
        for listener in self._failures:
            listener(message)

    def device(self) -> Device:
        """The device a live session really uses. Raises WorkerDied."""
        with self._pools.built_in.worker() as worker:
            try:
                reply = worker.ask({"type": "device", "device": self._device}, _DEVICE_LIMIT)
            except WorkerSilent:
                worker.kill()
                raise WorkerDied("did not say which device it uses") from None
        if reply["type"] != "device":
            return Device("cpu", "CPU", str(reply.get("reason", "no reason given")))
        texts: dict[str, Any] = {name: str(reply.get(name, "")) for name in Device.__slots__}
        return Device(**texts)


def _recall() -> str:
    try:
        return (cache_folder() / _cache_name()).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _remember(text: str) -> None:
    """Keep the catalogue for the next start. It can be asked again: a failure is no matter."""
    with contextlib.suppress(OSError, WriteError):
        cache_folder().mkdir(parents=True, exist_ok=True)
        target = cache_folder() / _cache_name()
        atomic_write(target, lambda file: file.write(text.encode()), overwrite=True)


def _cache_name() -> str:
    """One file for each environment: two checkouts must not forget each other's plugins."""
    import hashlib

    place = hashlib.sha256(sys.prefix.encode()).hexdigest()[:12]
    return f"catalog-{place}.json"
