"""Plugin jobs: ``Studio``, which holds what plugins offer, and starts their jobs and workers."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from safelight.actions.network_log import NetworkLog
from safelight.actions.picture_settings import read_pixels
from safelight.actions.plugin_formats import PluginExporter, PluginImporter
from safelight.actions.plugin_offers import Offers, Strangers
from safelight.actions.plugins.plugin_store import Offered, Store
from safelight.api import Declaration, Region, Value
from safelight.document import Document, FilterFailed, LiveFilter
from safelight.files import WriteError, atomic_write
from safelight.folders import cache_folder
from safelight.workers.catalog import Catalog
from safelight.workers.conversation import Conversation, Failure
from safelight.workers.filter_measurements import Preparations, thumbnail
from safelight.workers.generator_sketches import Sketcher, SketchListener
from safelight.workers.job import Before, Job, Threads, every_thread
from safelight.workers.job_events import Listener
from safelight.workers.job_kinds import live_filter
from safelight.workers.live_filters import LiveFilters
from safelight.workers.network_sight import Sight
from safelight.workers.plugin_pools import Pools
from safelight.workers.watchdog import PATIENCE
from safelight.workers.wire.messages import DeviceFound, FindDevice
from safelight.workers.worker_process import WorkerDied, WorkerProcess

if TYPE_CHECKING:
    from safelight.actions.plugins.editable_plugins import Reloaded

_DEVICE_LIMIT = 120.0

_UNASKED = 20.0
"""Seconds after which the worker of a window that has used no filter ends: 39 MB that are not
missed, for another one starts in a third of a second.
"""

_JOBS = 2
"""Jobs of one plugin's filters that run at once; further ones wait."""


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
        self._device_known = False
        self._patience = patience
        self.safe = safe
        self.store = store or Store()
        self._found: Strangers | None = None
        self._offers: Offers | None = None
        self._offering = threading.RLock()  # a listener may ask, or change something itself
        self._hearing: list[Callable[[Offers], object]] = []
        self._failures: list[Callable[[str], None]] = []
        self.log = NetworkLog(failed=self._log_failed)
        folders = () if safe else plugin_folders

        def pools(limit: int) -> Pools:
            return Pools(
                lambda: self._strangers().environments,
                limit=limit,
                memory_limit=memory_limit,
                plugin_folders=folders,
                saw=self.log.note,
            )

        self._pools, self._live_pools = pools(_JOBS), pools(1)
        self._preparations = Preparations()
        self._format_pools = pools(1)  # its own: a file must not wait for a long job
        self._catalog = Catalog(self._pools.built_in, _recall, _remember)
        self.live = LiveFilters(
            self._live_pools.of,
            self._installed,
            plugins=lambda: self._known().plugins,
            failed=self._live_failed,
        )
        self._stop_hearing = self.store.hear(self._store_changed)

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers; jobs under way end with them. Nobody hears of anything any more."""
        self._stop_hearing()
        self._hearing.clear()
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

    def found(
        self, declaration: Declaration, settings: Mapping[str, Value], document: Document
    ) -> dict[str, Value]:
        """The settings that a filter finds for what a document shows; ``settings`` are those that
        it leaves. May take a moment. Raises FilterFailed, and LayerFailed for a document that
        cannot be computed.
        """
        if not declaration.auto:
            raise FilterFailed(f"{declaration.title} does not find settings itself")
        sight = Sight.of(declaration, document)
        return self.live.found(declaration, settings, thumbnail(document, self.live), sight)

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
        """The filters that are installed, by category and title. Raises WorkerDied."""
        return self.offers().filters

    def offers(self) -> Offers:
        """What is installed, as a value: the same until plugins change. Raises WorkerDied.

        The plugin store is looked into when it has changed, and not when somebody asks.
        """
        offers = self._offers
        if offers is None:
            with self._offering:
                offers = self._offers
                if offers is None:
                    offers = self._offers = self._made()
        return offers

    def _made(self) -> Offers:
        """The value for what was found in the store last. Raises WorkerDied."""
        own: tuple[Offered, ...] = (*self._catalog.filters(), *self._catalog.formats())
        return Offers.of(own, self._catalog.broken, self._strangers(), safe=self.safe)

    def hear_offers(self, listener: Callable[[Offers], object]) -> Callable[[], None]:
        """Have what is installed after each change of it, on the thread that changed it.

        Gives what ends that.
        """
        self._hearing.append(listener)

        def stop() -> None:
            with contextlib.suppress(ValueError):
                self._hearing.remove(listener)

        return stop

    def look_again(self) -> None:
        """Look into the plugin store: another program may have changed it."""
        self.store.changed()

    def _store_changed(self, plugin: str) -> None:
        """Make the value of what is installed anew; of ``plugin``, if any, the code has changed.

        Workers of what has changed end, and what was found out about it is forgotten, before
        anybody hears of it and asks again.
        """
        with self._offering:
            before = self._found
            if before is None:
                return  # nobody has asked yet
            now = Strangers.of(self.store)
            if now == before and not plugin:
                return
            self._found = now
            self._offers = None if self._offers is None else self._made()
            for name in before.changed(now) | ({plugin} if plugin else set()):
                self._end_workers(name, now)
            self.live.forget()
            self._preparations.forget()
            for listener in list(self._hearing):
                with contextlib.suppress(WorkerDied):
                    listener(self.offers())

    def _end_workers(self, plugin: str, now: Strangers) -> None:
        environment = now.environments.get(plugin)
        if environment is not None and environment.sources is not None:
            return  # the next job begins with the code of now; one under way may end
        for pools in self._every_pools():
            pools.forget(plugin)

    def importers(self) -> tuple[PluginImporter, ...]:
        """What opens files that Safelight itself cannot; none where plugins cannot be asked."""
        return tuple(
            PluginImporter(item, self._format_pools.of, self._patience)
            for item in self._known().importers
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
            for item in self._known().exporters
        )

    def _known(self) -> Offers:
        """What is installed; nothing where plugins cannot be asked."""
        try:
            return self.offers()
        except WorkerDied:
            return Offers()

    def _strangers(self) -> Strangers:
        """What lies in the store, as it was found when it had changed last."""
        found = self._found
        if found is None:
            with self._offering:
                found = self._found
                if found is None:
                    found = self._found = Strangers.of(self.store)
        return found

    def release(self, plugin: str) -> None:
        """End a plugin's workers, so that its files can be moved or removed."""
        for pools in self._every_pools():
            pools.forget(plugin)

    def editable(self) -> bool:
        """Whether there are plugins that run from their author's folder."""
        return not self.safe and any(item.sources for item in self._strangers().usable)

    def reload(self) -> tuple[Reloaded, ...]:
        """Load afresh the editable plugins that have changed. Raises WriteError, WorkerDied."""
        if not self.editable():
            return ()
        from safelight.actions.plugins.editable_plugins import reload_changed

        own = {item.id: item.plugin for item in self.offers().built_in}
        return reload_changed(self.store, own)

    def _every_pools(self) -> tuple[Pools, ...]:
        return self._pools, self._live_pools, self._format_pools

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
        before: Before = None,
        threads: Threads = every_thread,
        draft: bool = False,
    ) -> Job:
        """Run a filter over a document, over a ``region`` of it as a preview, or for a filter
        layer of it (``layer_id``) over what lies below that.

        ``prepared`` remembers what filters measure of the whole picture, and with it the picture:
        whoever closes documents has one for each. ``before`` is what a filter of sequences carries
        from the frame before, by name: float32 (rows, columns, channels), or finds it on the job's
        thread. ``threads`` says how
        many its networks may use of the processor's, 0 for all; the result is the same. Of a
        ``region``, ``draft`` has the drafts that a filter names stand in for its networks. Raises
        ParameterError for settings that are not legal. Everything that goes wrong later is an event
        that ``listener`` hears on the job's thread.
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
            before=before,
            threads=threads,
            draft=draft,
        )

    @staticmethod
    def threads_of_each(jobs: int) -> int:
        """The threads that each of so many jobs has where they share the processor; 0, all, of one.

        The threads of a network wait for each other: where those of two networks take turns on a
        processor, they wait for what does not run.
        """
        together = min(jobs, _JOBS)
        return max(1, (os.cpu_count() or 1) // together) if together > 1 else 0

    def worker_of(
        self, declaration: Declaration, *faults: type[Exception]
    ) -> AbstractContextManager[WorkerProcess]:
        """A worker that knows a filter, for one matter; ``faults`` as ``Pool.worker`` has them."""
        return self._pools.of(declaration.plugin).worker(*faults)

    @property
    def device_wanted(self) -> str:
        """Where networks are to run: "auto", "cpu" or "cuda"."""
        return self._device

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
        return self._known().by_id.get(identity)

    def _live_failed(self, message: str) -> None:
        for listener in self._failures:
            listener(message)

    def _log_failed(self, message: str) -> bool:
        """Whether anybody has heard that the log cannot be kept."""
        self._live_failed(message)
        return bool(self._failures)

    def device(self) -> Device:
        """The device a live session really uses. Raises WorkerDied.

        Asked for the first time, as by a window that begins, the worker ends soon if no filter
        comes: one that keeps a card ready stays.
        """
        found, first = self._device_found(), not self._device_known
        self._device_known = True
        if first and found.name == "cpu":
            self._pools.built_in.rest_after(_UNASKED)
        return found

    def _device_found(self) -> Device:
        with self._pools.built_in.worker() as worker:
            try:
                talk = Conversation(worker, _DEVICE_LIMIT)
                found = talk.ask(FindDevice(device=self._device), DeviceFound)
            except Failure as failure:
                if not worker.alive:
                    raise WorkerDied("did not say which device it uses") from None
                return Device("cpu", "CPU", failure.reason)
        return Device(found.name, found.label, found.reason, found.runtime, found.model)


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
    """The name of the catalogue's file, one for each environment: two checkouts must not forget
    each other's plugins.
    """
    import hashlib

    place = hashlib.sha256(sys.prefix.encode()).hexdigest()[:12]
    return f"catalog-{place}.json"
