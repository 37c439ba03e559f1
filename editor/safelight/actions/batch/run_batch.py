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
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from safelight.actions.batch.batch_journal import BatchError, Journal
from safelight.actions.plugin_jobs import Studio
from safelight.actions.recipes.process_file import (
    Opening,
    Processed,
    Stop,
    Stopped,
    process_file,
)
from safelight.actions.recipes.recipe_steps import Left, Recipe
from safelight.document import Document
from safelight.files import FileExists, exported_formats, is_project, sides
from safelight.files.descriptive_metadata import taken
from safelight.files.export_names import named

DIGITS = 4
"""Digits that a number in a name has at least: nobody has counted the files."""

_LITTLE = 16 << 20
"""Bytes of room with which a disk counts as full, once something could not be written."""

_AHEAD = 2
"""Files for each thread that wait for it."""

State: TypeAlias = Literal["done", "failed", "there"]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done to each file: a ``recipe`` with nothing left open, and how what comes of
    it leaves for a ``folder``: ``left``, with the ending ``suffix``; "" for each file's own.

    ``started`` is the date that stands in names. ``overwrite`` replaces files that are there.
    """

    recipe: Recipe
    folder: Path
    left: Left = field(default_factory=Left)
    suffix: str = ""
    overwrite: bool = False
    opening: Opening = field(default_factory=Opening)
    started: datetime = field(default_factory=datetime.now)

    def digest(self) -> str:
        """A text that is another where another file would be written."""
        told = [
            self.recipe.to_json(),
            json.dumps(self.left.to_json(), sort_keys=True),
            self.suffix,
            repr(sorted(self.opening.told.items())),
            str(self.opening.mask),
        ]
        return hashlib.sha256("\0".join(told).encode("utf-8", "surrogatepass")).hexdigest()

    def path_of(self, source: Path, number: int, made: Document | None) -> Path:
        """The file that a source's picture would like to have. Raises ExportError."""
        width, height = sides(made, self.left.options) if made else (0, 0)
        name = named(
            self.left.pattern,
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
        if self.suffix:
            return self.suffix
        if self.left.options.format:
            wanted = self.left.options.format.casefold()
            for codec in exported_formats():
                if wanted in (codec.name.casefold(), *(x[1:] for x in codec.suffixes)):
                    return codec.suffixes[0]
        return source.suffix

    @property
    def named_beforehand(self) -> bool:
        """Whether a file's name says nothing of the picture that comes of it."""
        return not any(f"{{{item}" in self.left.pattern for item in ("width", "height", "taken"))


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

Work: TypeAlias = Callable[[Order, int, Path, Callable[[Document | None], Path], Stop], Processed]
"""Does an order to the ``number``-th source; it is given what names the file that comes of it.

It raises BatchError where no further file can be done either, and that ends the batch."""


class Batch:
    """An order done to ``sources``, which are read as they are needed, ``jobs`` at once.

    Iterate over it once for what became of each file; they come as they are done. A file that
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

    def close(self) -> None:
        """End it, and what is under way with it."""
        self.stop.ask()
        self._journal.close()

    def __iter__(self) -> Iterator[Report]:
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
        try:
            while not self.stop.asked:
                try:
                    item = waiting.get(timeout=0.2)
                except queue.Empty:
                    continue
                if item is None:
                    return
                report = self._reported(*item)
                if report is not None:
                    reports.put(report)
        finally:
            reports.put(None)

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
            processed = self._work(order, number, source, path, self.stop)
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
    """Has files processed in this process."""

    def work(
        order: Order,
        number: int,
        source: Path,
        path: Callable[[Document | None], Path],
        stop: Stop,
    ) -> Processed:
        suffix = order.suffix_of(source)
        as_project = is_project(source) and not order.suffix and not order.left.options.format
        target = path(None) if order.named_beforehand or as_project else path
        return process_file(
            order.recipe,
            studio,
            source,
            target,
            order.left.options,
            suffix=suffix,
            overwrite=order.overwrite,
            opening=order.opening,
            number=number,
            stop=stop,
        )

    return work


def planned(order: Order, sources: Iterable[Path]) -> Iterator[Report]:
    """What a batch would begin with each file, without beginning: "done", or "failed" for what is
    not there. A name that says something of the picture is told with the pattern's own fields.
    """
    bare = (
        order
        if order.named_beforehand
        else replace(order, left=replace(order.left, pattern="{name}"))
    )
    given: set[str] = set()
    for number, source in enumerate(sources, 1):
        path = bare.path_of(source, number, None)
        stem, again = path.stem, 1
        while path.name.casefold() in given:
            again += 1
            path = path.with_name(f"{stem}-{again}{path.suffix}")
        given.add(path.name.casefold())
        if not source.is_file():
            yield Report(number, source, "failed", path, reason="It is not there.")
        elif path.exists() and not order.overwrite:
            yield Report(number, source, "failed", path, reason=f"{path.name} exists already.")
        else:
            yield Report(number, source, "done", path)


def watched(
    folder: Path, stop: Stop, endings: Iterable[str], *, every: float = 1.0
) -> Iterator[Path]:
    """The pictures in a folder, and those that come into it until it is stopped: each once it has
    not changed between two looks. Folders in it are left alone. Raises BatchError when it is gone.
    """
    wanted = {ending.casefold() for ending in endings}
    last: dict[str, str] = {}
    given: dict[str, str] = {}
    while True:
        now: dict[str, str] = {}
        try:
            with closing(os.scandir(folder)) as entries:
                for entry in entries:
                    name = entry.name
                    if name.startswith(".") or Path(name).suffix.casefold() not in wanted:
                        continue
                    if entry.is_file():
                        found = entry.stat()
                        now[name] = f"{found.st_size} {found.st_mtime_ns}"
        except FileNotFoundError:
            if not folder.is_dir():
                raise BatchError(f"{folder} is gone.") from None
            continue
        for name in sorted(now):
            if now[name] == last.get(name) and given.get(name) != now[name]:
                given[name] = now[name]
                yield folder / name
        given = {name: stamp for name, stamp in given.items() if name in now}
        last = now
        if stop.wait(every):
            return
