"""Live filters: cheap filters, run while a picture is rendered, in a worker of their own.

Cheap is what runs no network, looks at few pixels around its own, and neither at another picture
or layer nor at a mask nor at the whole picture. The worker is not the jobs': whoever renders the
input of a job may need a cheap filter for it.

A tone is not run in the worker: it is asked there for its table, once for each setting, and applied
here. Neighbouring filters of one pool are one message.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from safelight.api import Declaration, ParameterError, Prepared, Region, Stage, TableError, Value
from safelight.api.tone_table import MOST_NUMBERS, packed, unpacked
from safelight.document import FilterFailed, LiveFilter
from safelight.pixels import Tone, composed, is_finite
from safelight.workers.conversation import Conversation, Failure
from safelight.workers.network_sight import Sight
from safelight.workers.settings_upgrades import Upgrades
from safelight.workers.wire import messages
from safelight.workers.wire.messages import Place, Step
from safelight.workers.wire.replies import GIVEN_NO_NUMBERS, NO_NUMBERS, sentence, whole
from safelight.workers.worker_pool import Pool
from safelight.workers.worker_process import WorkerDied, WorkerProcess

NEAR = 128
"""A filter that looks further than this many full-size pixels is not cheap."""

PATIENCE = 20.0
"""Seconds of its own time (``workers.watchdog``) a cheap filter may take for one region before it
counts as hanging.
"""

_MOST_TABLES = 8 * MOST_NUMBERS
"""Samples of tables that are remembered, and of those that were composed of them."""

Known = TypeVar("Known")
Found = TypeVar("Found")
Key = tuple[str, tuple[tuple[str, Value], ...]]

Pixels = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Cheap:
    """A cheap filter as it is run at a zoom level."""

    filter: LiveFilter
    declaration: Declaration
    key: Key
    pool: Pool


class LiveFilters:
    """What ``document.render`` asks to run cheap filters. May be used by several threads.

    ``pool_of`` gives the pool that runs a plugin's filters, ``find`` the declaration of an
    installed filter by id, or None, ``plugins`` the names of the plugins that are
    installed. A filter that fails is reported once to ``failed`` (a sentence) and not run again
    with the same settings until ``retry`` or ``forget`` is called. ``runs`` counts filters that
    workers ran, ``messages`` what they were sent for it.
    """

    def __init__(
        self,
        pool_of: Callable[[str], Pool],
        find: Callable[[str], Declaration | None],
        *,
        plugins: Callable[[], Collection[str]] = tuple,
        failed: Callable[[str], None] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._pool_of = pool_of
        self._find = find
        self._plugins = plugins
        self._failed = failed
        self._patience = patience
        self._lock = threading.Lock()
        self._reaches: dict[Key, int | None] = {}
        self._upgrades = Upgrades(pool_of)
        self._failures: dict[Key, str] = {}
        self._tables: dict[Key, tuple[Stage, ...]] = {}
        self._tones: dict[tuple[Key, ...], Tone] = {}
        self.runs = 0
        self.messages = 0

    def reach(self, filter: LiveFilter, level: int) -> int | None:
        """Pixels of ``level`` around its own that count; None when the filter is not cheap."""
        declaration = self._find(filter.id)
        if declaration is None:
            return None
        full = self._known(declaration, filter, 0)
        scaled = self._known(declaration, filter, level)
        return scaled if full is not None and full <= NEAR else None

    def run(self, filter: LiveFilter, image: Pixels, region: Region, canvas: Region) -> Pixels:
        """The result for ``image`` (height, width, 3), sRGB-encoded. Raises FilterFailed."""
        return self.in_turn((filter,), image, region, canvas)

    def in_turn(
        self, filters: Sequence[LiveFilter], image: Pixels, region: Region, canvas: Region
    ) -> Pixels:
        """The result of neighbouring filters for ``image`` (height, width, 3), sRGB-encoded: each
        is given what the one before it made of all of ``region``.

        Tones are composed and applied at once, others of one pool are one message to a worker.
        Raises FilterFailed where one of them fails. Of several that ran together it is not known
        which, so nothing is noted: run one by one, the one that failed tells.
        """
        cheap = [self._cheap(filter, region.level) for filter in filters]
        for _, group in itertools.groupby(cheap, lambda x: (x.declaration.tone, id(x.pool))):
            run = list(group)
            if run[0].declaration.tone:
                image = self._toned(run, image)
            else:
                image = self._worked(run, image, region, canvas)
        return image

    def _cheap(self, filter: LiveFilter, level: int) -> _Cheap:
        """What is run for a filter. Raises FilterFailed."""
        declaration = self._find(filter.id)
        key = None if declaration is None else self._key(declaration, filter, level)
        if declaration is None or key is None:
            raise FilterFailed(self.failure(filter) or f"{_named(filter)} cannot be run here")
        return _Cheap(filter, declaration, key, self._pool_of(declaration.plugin))

    def _worked(
        self, run: Sequence[_Cheap], image: Pixels, region: Region, canvas: Region
    ) -> Pixels:
        """What a worker makes of ``image`` with filters of one pool. Raises FilterFailed."""

        def work() -> Pixels:
            with run[0].pool.worker(Failure) as worker:
                return self._run(worker, run, image, region, canvas)

        return self._guarded(run, work)

    def keeps_channels(self, filters: Sequence[LiveFilter]) -> bool:
        """Whether neighbouring filters at full size are tones that keep channels apart. What fails
        is noted.
        """
        try:
            run = [self._cheap(filter, 0) for filter in filters]
            tones = all(item.declaration.tone for item in run)
            return tones and self._tone(run).keeps_channels
        except FilterFailed:
            return False

    def _toned(self, run: Sequence[_Cheap], image: Pixels) -> Pixels:
        """What neighbouring tones make of ``image``. Raises FilterFailed."""
        made = self._tone(run).apply(image)
        if is_finite(made):
            return made

        def complain() -> Pixels:
            raise Failure(NO_NUMBERS if is_finite(image) else GIVEN_NO_NUMBERS)

        return self._guarded(run, complain)

    def _tone(self, run: Sequence[_Cheap]) -> Tone:
        """Neighbouring tones as one. Raises FilterFailed."""
        keys = tuple(item.key for item in run)
        tone = self._tones.get(keys)
        if tone is None:
            tables = [
                self._guarded([item], partial(self._table, item.declaration, item.key))
                for item in run
            ]
            tone = composed(itertools.chain(*tables))
            _remember(self._tones, keys, tone, lambda item: 100 + item.program.samples.size)
        return tone

    def _guarded(self, run: Sequence[_Cheap], work: Callable[[], Found]) -> Found:
        """What ``work`` gives for filters that have not failed before, one thread at a time.

        What goes wrong with a single one is noted and reported. Raises FilterFailed.
        """
        found = ""
        with self._lock:
            # In here, because it may have failed while this thread waited for its turn.
            failures = (self._failures.get(_full(item.filter)) for item in run)
            known = next((reason for reason in failures if reason is not None), None)
            if known is None:
                try:
                    return work()
                except _FAULTS as fault:
                    if len(run) == 1:
                        found = self._note(run[0].filter, fault)
        if found and self._failed is not None:
            self._failed(f"{found}.")
        raise FilterFailed(found or known or "of filters that ran together one failed")

    def failure(self, filter: LiveFilter) -> str:
        """Why the filter cannot be computed, as a clause; "" where nothing is known against it, or
        where what was kept of it is shown instead.
        """
        declaration, known = self._find(filter.id), self._failures.get(_full(filter), "")
        if filter.kept is not None:
            return known if self.reach(filter, 0) is not None else ""
        if known and declaration is not None:
            return known
        if declaration is None:
            return f"{filter.title or filter.id} is not installed; {filter.remedy(self._plugins())}"
        try:
            self._upgrades.settings(declaration, filter)
        except ParameterError as error:
            return _clause(f"{_named(filter)} refuses its settings: {error}")
        return ""

    def found(
        self,
        declaration: Declaration,
        settings: Mapping[str, Value],
        thumbnail: Pixels,
        sight: Sight | None = None,
    ) -> dict[str, Value]:
        """The settings that a filter finds for a picture (height, width, 3), sRGB-encoded, as far
        as they are legal; those that it does not find are as they were. ``sight`` is what
        its networks are shown by it. Raises FilterFailed.
        """
        filter = LiveFilter(declaration.id, declaration.title, declaration.plugin)
        key = (declaration.id, tuple(settings.items()))
        pool = self._pool_of(declaration.plugin)
        try:
            with self._lock, pool.worker(Failure) as worker:
                values = self._find_settings(worker, key, thumbnail, sight)
        except _FAULTS as fault:
            raise FilterFailed(f"{_named(filter)} {fault}") from None
        return dict(settings) | declaration.measured(values)

    def _find_settings(
        self, worker: WorkerProcess, key: Key, thumbnail: Pixels, sight: Sight | None
    ) -> Prepared:
        block = worker.block(thumbnail.size * 4, writable=False)
        np.copyto(block.array(thumbnail.shape), thumbnail)
        place = Place(block.id, thumbnail.shape)
        question = messages.FindSettings(filter=key[0], settings=dict(key[1]), input=place)
        try:
            talk = Conversation(worker, self._patience, about=sight)
            found = talk.ask(question, messages.SettingsFound)
        finally:
            worker.give_back(block)
        return dict(found.values)

    def retry(self, filter: LiveFilter) -> None:
        """Forget that the filter has failed with these settings: it is run again."""
        # Without the lock, which is held while a filter runs: the window asks.
        self._failures.pop(_full(filter), None)
        for key in list(self._reaches):
            if key[0] == filter.id and self._reaches.get(key, 0) is None:
                self._reaches.pop(key, None)

    def forget(self) -> None:
        """Take note that filters have changed: what failed may run, what was cheap may not be."""
        self._upgrades.forget()
        with self._lock:
            self._reaches.clear()
            self._failures.clear()
            self._tables.clear()
            self._tones.clear()

    def current(self, filter: LiveFilter) -> LiveFilter:
        """A layer's filter as the installed plugin takes it: settings complete and legal.

        Raises ParameterError for settings that nobody knows, KeyError for a filter that is not
        installed. May take a moment where ``knows`` is false.
        """
        declaration = self._find(filter.id)
        if declaration is None:
            raise KeyError(filter.id)
        settings = self._upgrades.settings(declaration, filter)
        return replace(
            filter,
            settings=settings,
            title=declaration.title,
            plugin=declaration.plugin,
            version=declaration.version,
        )

    def knows(self, filter: LiveFilter) -> bool:
        """Whether ``current`` answers at once."""
        declaration = self._find(filter.id)
        return declaration is None or self._upgrades.knows(declaration, filter)

    def scaled(self, filter: LiveFilter, factor: float) -> LiveFilter:
        """A filter with its lengths ``factor`` times as long, as far as is legal.

        Of settings that nobody knows, those lengths that are known are scaled; all others stay.
        """
        declaration = self._find(filter.id)
        if declaration is None:
            return filter
        with contextlib.suppress(ParameterError):
            filter = self.current(filter)
        return replace(filter, settings=scaled(declaration, filter.settings, factor))

    def _key(self, declaration: Declaration, filter: LiveFilter, level: int) -> Key | None:
        """What the worker is asked for at a zoom level; None for what is not cheap."""
        try:
            current = self._upgrades.settings(declaration, filter)
            settings = declaration.settings(scaled(declaration, current, 0.5**level))
        except ParameterError:
            return None
        if declaration.factor(settings) != 1 or declaration.images(settings):
            return None
        if (
            declaration.masked
            or declaration.prepares
            or declaration.selects
            or declaration.generates
        ):
            return None
        return filter.id, tuple(sorted(settings.items()))

    def _known(self, declaration: Declaration, filter: LiveFilter, level: int) -> int | None:
        key = self._key(declaration, filter, level)
        if key is None:
            return None
        with contextlib.suppress(KeyError):  # no lock: it may be held while a filter runs
            return self._reaches[key]
        with self._lock:
            if key not in self._reaches:
                try:
                    self._reaches[key] = self._looks(declaration, key)
                except _FAULTS as fault:
                    self._reaches[key] = None
                    self._note(filter, fault)
            return self._reaches[key]

    def _looks(self, declaration: Declaration, key: Key) -> int | None:
        """How far a filter looks; None for what is not cheap. Of a tone it is known: it has only to
        have a table.
        """
        if declaration.tone:
            self._table(declaration, key)
            return 0
        with self._pool_of(declaration.plugin).worker() as worker:
            return self._plan(worker, key)

    def _table(self, declaration: Declaration, key: Key) -> tuple[Stage, ...]:
        """A tone's table for some settings, asked for once. Raises _FAULTS."""
        found = self._tables.get(key)
        if found is None:
            with self._pool_of(declaration.plugin).worker(Failure) as worker:
                found = self._told_table(worker, key)
            _remember(self._tables, key, found, _size)
        return found

    def _told_table(self, worker: WorkerProcess, key: Key) -> tuple[Stage, ...]:
        talk = Conversation(worker, self._patience)
        question = messages.MakeTable(filter=key[0], settings=dict(key[1]))
        made = talk.ask(question, messages.TableMade)
        try:
            count = whole(made.samples, 0, MOST_NUMBERS)
        except ValueError:
            raise talk.nonsense() from None
        samples = self._collected(worker, count, talk)
        if not is_finite(samples):
            raise Failure("has no table that can be used: it holds what is no number")
        try:
            return unpacked(list(made.stages), samples)
        except TableError as error:
            raise Failure(f"has no table that can be used: {error}") from None

    def _collected(self, worker: WorkerProcess, count: int, talk: Conversation) -> Pixels:
        """The first ``count`` samples of the result that a worker holds: float32 (count,)."""
        if not count:
            return np.empty(0, np.float32)
        block = worker.block(4 * count, writable=True)
        try:
            talk.ask(messages.Collect(output=Place(block.id, (count,))), messages.Done)
            return block.array((count,)).copy()  # the worker can still write to it
        finally:
            worker.give_back(block)

    def _note(self, filter: LiveFilter, fault: Exception) -> str:
        """Remember why a filter failed, and give it as a clause."""
        short = "was not run, because there is not enough memory for it"
        reason = short if isinstance(fault, MemoryError) else str(fault)
        self._failures[_full(filter)] = _clause(f"{_named(filter)} {reason}")
        return self._failures[_full(filter)]

    def _plan(self, worker: WorkerProcess, key: Key) -> int | None:
        question = messages.MakePlan(filter=key[0], settings=dict(key[1]))
        planned = Conversation(worker, self._patience).ask(question, messages.Planned)
        if planned.models or planned.scale != 1 or planned.in_steps:
            return None
        return planned.reach if 0 <= planned.reach <= NEAR else None

    def _run(
        self,
        worker: WorkerProcess,
        run: Sequence[_Cheap],
        image: Pixels,
        region: Region,
        canvas: Region,
    ) -> Pixels:
        self.runs += len(run)
        self.messages += 1
        height, width = image.shape[:2]
        source = worker.block(height * width * 12, writable=False)
        target = worker.block(height * width * 12, writable=True)
        np.copyto(source.array((height, width, 3)), image)
        shape = (height, width, 3)
        question = messages.RunInTurn(
            steps=tuple(Step(item.key[0], dict(item.key[1])) for item in run),
            region=region,
            canvas=canvas,
            input=Place(source.id, shape),
            output=Place(target.id, shape),
        )
        try:
            Conversation(worker, self._patience).ask(question, messages.Done)
            made = target.array((height, width, 3)).copy()  # the worker can still write to it
            if not is_finite(made):
                raise Failure(NO_NUMBERS if is_finite(image) else GIVEN_NO_NUMBERS)
            return made
        finally:
            worker.give_back(source)
            worker.give_back(target)


_FAULTS = (WorkerDied, MemoryError, Failure)


def _remember(
    held: dict[Known, Found], key: Known, found: Found, size: Callable[[Found], int]
) -> None:
    """Keep ``found``, and forget what is oldest where there is too much. For several threads."""
    held[key] = found
    while len(held) > 1 and sum(map(size, list(held.values()))) > _MOST_TABLES:
        with contextlib.suppress(StopIteration, RuntimeError):  # another thread does the same
            held.pop(next(iter(held)), None)


def _size(stages: tuple[Stage, ...]) -> int:
    """How many numbers a table has, about."""
    return 100 + packed(stages).samples.size


def _named(filter: LiveFilter) -> str:
    return f"{filter.title or filter.id} ({filter.plugin or 'no plugin'})"


def _clause(text: str) -> str:
    """A message as one line of plain text that a full stop can follow."""
    return sentence(text).rstrip(".")


def _full(filter: LiveFilter) -> Key:
    """The filter and its settings at full size, whatever the zoom level at which it failed."""
    return filter.id, tuple(sorted(filter.settings.items()))


def scaled(
    declaration: Declaration, settings: Mapping[str, Value], factor: float
) -> dict[str, Value]:
    """Settings with every length ``factor`` times as long, as far as is legal; all others stay."""
    result = dict(settings)
    for parameter in declaration.parameters:
        value = settings.get(parameter.name)
        if not parameter.length or factor == 1 or not isinstance(value, (int, float)):
            continue
        value = value * factor
        if parameter.minimum is not None:
            value = max(value, parameter.minimum)
        if parameter.maximum is not None:
            value = min(value, parameter.maximum)
        result[parameter.name] = round(value) if parameter.kind == "integer" else value
    return result
