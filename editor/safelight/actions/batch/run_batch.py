"""Run batch: a recipe done to any number of files, several at once, each whole or not at all."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import queue
import shutil
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeAlias

from safelight.actions.batch.batch_journal import BatchError, Journal, stamp_of
from safelight.actions.batch.batch_sources import pictures_in
from safelight.actions.plugin_jobs import Studio
from safelight.actions.recipes.process_file import Opening, Processed, process_file, through_jobs
from safelight.actions.recipes.recipe_steps import Recipe, RecipeExport
from safelight.actions.stop import Stop, Stopped
from safelight.document import Document
from safelight.files import FileExists, ending_of, is_project, sides
from safelight.files.exports.export_names import named, numbered
from safelight.files.metadata.moment_taken import taken

DIGITS = 4
"""Digits that a number in a name has at least: nobody has counted the files."""

_LITTLE = 16 << 20
"""Bytes of room with which a disk counts as full, once something could not be written."""

_AHEAD = 2
"""Files for each thread that wait for it."""

_USUAL_JOBS = 4
"""Files at once, where there are so many processors: each is opened, computed and written."""

State: TypeAlias = Literal["done", "failed", "there"]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done to each file: a ``recipe`` with nothing left open, and how what comes of
    it leaves for a ``folder``: ``export``, with the ending ``suffix``; "" for each file's own.

    ``started`` is the date that stands in names. ``overwrite`` replaces files that are there.
    """

    recipe: Recipe
    folder: Path
    export: RecipeExport = field(default_factory=RecipeExport)
    suffix: str = ""
    overwrite: bool = False
    opening: Opening = field(default_factory=Opening)
    started: datetime = field(default_factory=datetime.now)

    def digest(self) -> str:
        """A text that is another where another file would be written."""
        told = [
            self.recipe.to_json(),
            json.dumps(self.export.to_json(), sort_keys=True),
            self.suffix,
            repr(sorted(self.opening.told.items())),
            str(self.opening.mask),
            str(self.opening.sidecar),
        ]
        return hashlib.sha256("\0".join(told).encode("utf-8", "surrogatepass")).hexdigest()

    def path_of(self, source: Path, number: int, made: Document | None) -> Path:
        """The file that a source's picture would like to have. Raises ExportError."""
        width, height = sides(made, self.export.options) if made else (0, 0)
        name = named(
            self.export.pattern,
            name=source.stem,
            width=width,
            height=height,
            number=number,
            digits=DIGITS,
            when=self.started,
            taken=taken(made.metadata) if made else None,
        )
        return self.folder / f"{name}{self.suffix_of(source)}"

    def suffix_of(self, source: Path) -> str:
        """The ending of what comes of a file, the dot with it."""
        return self.suffix or source.suffix

    @property
    def named_beforehand(self) -> bool:
        """Whether a file's name says nothing of the picture that comes of it."""
        return not any(f"{{{item}" in self.export.pattern for item in ("width", "height", "taken"))


def ordered(
    recipe: Recipe,
    folder: Path,
    studio: Studio,
    *,
    pattern: str | None = None,
    said: Mapping[str, Any] = MappingProxyType({}),
    overwrite: bool = False,
    opening: Opening | None = None,
) -> Order:
    """The order to do a recipe with nothing left open: as it says that pictures leave, but for a
    ``pattern`` and options of ``ExportOptions`` that are ``said``. Raises ExportError for a format
    that there is not, and ValueError for a pattern that cannot be.
    """
    export = recipe.export or RecipeExport()
    options = replace(export.options, **said)
    export = RecipeExport(options, export.pattern if pattern is None else pattern)
    suffix = ending_of(options.format, studio.exporters) if options.format else ""
    return Order(recipe, folder, export, suffix, overwrite, opening or Opening())


def usual_jobs() -> int:
    """How many files are done at once where nobody says."""
    return min(os.cpu_count() or 1, _USUAL_JOBS)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a file, the ``number``-th from 1: "done", "failed" for a ``reason``, or
    "there": done by an earlier run. ``seconds`` it took.
    """

    number: int
    source: Path
    state: State
    target: Path | None = None
    processed: Processed | None = None
    reason: str = ""
    seconds: float = 0.0


Begun: TypeAlias = Callable[[int, Path], object]
"""Hears that a file has been begun, on its thread."""

AtOnce: TypeAlias = Callable[[], int]
"""Says how many files are done at once now."""


class Work(Protocol):
    """What does an order to the ``number``-th source."""

    def __call__(
        self,
        order: Order,
        number: int,
        source: Path,
        path: Callable[[Document | None], Path],
        stop: Stop,
        at_once: AtOnce = lambda: 1,
    ) -> Processed:
        """Do the order; ``path`` names the file that comes of it. Raises BatchError where no
        further file can be done either, and that ends the batch.
        """


class Batch:
    """An order done to ``sources``, which are read as they are needed, ``jobs`` at once.

    Iterate over it once for what became of each file; they come as they are done, and when the
    iterator is closed nothing of the batch is under way any more. A file that
    fails stops no other; a full disk and a folder that is gone stop all, which ``ended_early``
    says. ``resume`` goes on where an earlier run of the same order was. Raises BatchError.
    """

    def __init__(
        self,
        order: Order,
        sources: Iterable[Path],
        work: Work,
        *,
        jobs: int = 1,
        resume: bool = False,
        begun: Begun = lambda number, source: None,
    ) -> None:
        self._order = order
        self._sources = sources
        self._work = work
        self._begun = begun
        self._jobs = max(1, jobs)
        self._busy = 0
        self._counting = threading.Lock()
        self.stop = Stop()
        self.ended_early = ""
        try:
            order.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BatchError(f"{order.folder} cannot be made: {error.strerror}.") from None
        self._journal = Journal(order.folder, order.digest(), resume=resume)

    def feed(self, sources: Iterable[Path]) -> None:
        """Have further files done, after those that were given."""
        self._sources = itertools.chain(self._sources, sources)

    def __iter__(self) -> Generator[Report, None, None]:
        waiting: queue.Queue[tuple[int, Path] | None] = queue.Queue(self._jobs * _AHEAD)
        reports: queue.Queue[Report | None] = queue.Queue(self._jobs * _AHEAD)
        threads = [
            threading.Thread(target=self._worker, args=(waiting, reports), daemon=True)
            for _ in range(self._jobs)
        ]
        feeder = threading.Thread(target=self._feed, args=(waiting,), daemon=True)
        for thread in (feeder, *threads):
            thread.start()
        left = len(threads)
        try:
            while left:
                report = reports.get()
                if report is None:
                    left -= 1
                    continue
                yield report
        finally:
            self.stop.ask()
            while left:  # threads may wait for somebody to take their reports
                left -= reports.get() is None
            self._journal.close()

    def _feed(self, waiting: queue.Queue[tuple[int, Path] | None]) -> None:
        try:
            number = 0
            for source in self._sources:
                if not self._journal.first_time(source):
                    continue
                number += 1
                # In the order of the sources: which of two has a number does not depend on threads.
                if self._order.named_beforehand and self._journal.written(source) is None:
                    self._journal.name(source, self._order.path_of(source, number, None))
                if not self._put(waiting, (number, source)):
                    break
        except Exception as error:  # who gives the sources: a folder that is gone, say
            self.ended_early = str(error) or type(error).__name__
        finally:
            for _ in range(self._jobs):
                if not self._put(waiting, None):
                    break

    def _put(
        self, waiting: queue.Queue[tuple[int, Path] | None], item: tuple[int, Path] | None
    ) -> bool:
        while not self.stop.asked:
            try:
                waiting.put(item, timeout=0.2)
                return True
            except queue.Full:
                continue
        return False

    def _worker(
        self,
        waiting: queue.Queue[tuple[int, Path] | None],
        reports: queue.Queue[Report | None],
    ) -> None:
        busy = False  # also from one file to the next: who shares the processor is not told each
        try:
            while not self.stop.asked:
                try:
                    item = waiting.get(timeout=0.2)
                except queue.Empty:
                    busy = self._count(busy, False)
                    continue
                if item is None:
                    return
                busy = self._count(busy, True)
                report = self._reported(*item)
                if report is not None:
                    reports.put(report)
        finally:
            self._count(busy, False)
            reports.put(None)

    def _count(self, before: bool, now: bool) -> bool:
        """Count a thread that has become busy, or is so no longer."""
        with self._counting:
            self._busy += now - before
        return now

    def _at_once(self) -> int:
        return self._busy

    def _reported(self, number: int, source: Path) -> Report | None:
        """What became of a file; None for one that was stopped."""
        began = time.monotonic()
        order, journal = self._order, self._journal
        there = journal.written(source)
        if there is not None:
            return Report(number, source, "there", there)

        def path(made: Document | None) -> Path:
            return journal.name(source, order.path_of(source, number, made))

        self._begun(number, source)
        try:
            processed = self._work(order, number, source, path, self.stop, self._at_once)
        except Stopped:
            return None
        except BatchError as error:  # whoever works can do nothing more
            self.ended_early = self.ended_early or str(error)
            self.stop.ask()
            return None
        except Exception as error:  # whatever is wrong with one, the others are still wanted
            if self.stop.asked:
                return None
            there = journal.written(source) if isinstance(error, FileExists) else None
            if there is not None:  # by an earlier run, whose worker was not through yet
                return Report(number, source, "there", there)
            journal.ended(source, "failed")
            reason = str(error) or type(error).__name__
            self._look_around(reason)
            seconds = time.monotonic() - began
            return Report(number, source, "failed", reason=reason, seconds=seconds)
        journal.ended(source, "done")
        seconds = time.monotonic() - began
        return Report(number, source, "done", processed.path, processed, seconds=seconds)

    def _look_around(self, reason: str) -> None:
        """Stop everything where the next file would fail for the same reason."""
        folder = self._order.folder
        try:
            full = shutil.disk_usage(folder).free < _LITTLE or "disk is full" in reason
            why = f"The disk of {folder} is full" if full else ""
        except OSError:
            why = f"{folder} is gone"
        if why and not self.ended_early:
            self.ended_early = f"{why}; the batch has stopped, and can be resumed."
            self.stop.ask()


def by_studio(studio: Studio) -> Work:
    """What has files processed in this process."""

    def work(
        order: Order,
        number: int,
        source: Path,
        path: Callable[[Document | None], Path],
        stop: Stop,
        at_once: AtOnce = lambda: 1,
    ) -> Processed:
        suffix = order.suffix_of(source)
        as_project = is_project(source) and not order.suffix
        target = path(None) if order.named_beforehand or as_project else path
        return process_file(
            order.recipe,
            studio,
            source,
            target,
            order.export.options,
            suffix=suffix,
            overwrite=order.overwrite,
            opening=order.opening,
            number=number,
            stop=stop,
            filtered=through_jobs(studio, stop, threads=lambda: studio.threads_of_each(at_once())),
        )

    return work


def planned(order: Order, sources: Iterable[Path]) -> Iterator[Report]:
    """What a batch would begin with each file, without beginning: "done", or "failed" for what is
    not there. A name that says something of the picture is told with the pattern's own fields.
    """
    export = order.export if order.named_beforehand else replace(order.export, pattern="{name}")
    bare = replace(order, export=export)
    given: set[str] = set()
    for number, source in enumerate(sources, 1):
        wanted = bare.path_of(source, number, None)
        path = numbered(
            wanted.parent, wanted.stem, wanted.suffix, lambda x: x.name.casefold() in given
        )
        given.add(path.name.casefold())
        if not source.is_file():
            yield Report(number, source, "failed", path, reason="It is not there.")
        elif path.exists() and not order.overwrite:
            yield Report(number, source, "failed", path, reason=f"{path.name} exists already.")
        else:
            yield Report(number, source, "done", path)


def watched(
    folder: Path, stop: Stop, endings: Collection[str], *, every: float = 1.0
) -> Iterator[Path]:
    """The pictures in a folder, and those that come into it until it is stopped: each once it has
    not changed between two looks. Folders in it are left alone. Raises BatchError when it is gone.
    """
    last: dict[Path, str] = {}
    given: dict[Path, str] = {}
    while True:
        try:
            now = {path: stamp_of(path) for path in pictures_in(folder, endings)}
        except FileNotFoundError:
            raise BatchError(f"{folder} is gone.") from None
        for path, stamp in now.items():
            if stamp and stamp == last.get(path) and given.get(path) != stamp:
                given[path] = stamp
                yield path
        given = {path: stamp for path, stamp in given.items() if path in now}
        last = now
        if stop.wait(every):
            return
