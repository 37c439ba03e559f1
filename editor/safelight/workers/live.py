"""Live: cheap filters, run while a picture is rendered, in a worker of their own.

Cheap is what runs no network, looks at few pixels around its own, and neither at another picture
or layer nor at a mask nor at the whole picture. The worker is not the jobs': whoever renders the
input of a job may need a cheap filter for it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from safelight.api import Declaration, ParameterError, Region, Value
from safelight.document import LiveFilter
from safelight.workers.pool import Pool, WorkerDied, WorkerProcess, WorkerSilent
from safelight.workers.protocol import Message
from safelight.workers.upgrades import Upgrades

NEAR = 128
"""A filter that looks further than this many full-size pixels is not cheap."""

PATIENCE = 20.0
"""Seconds a cheap filter may take for one region before it counts as hanging."""

Key = tuple[str, tuple[tuple[str, Value], ...]]


class LiveFilters:
    """What ``document.render`` asks to run cheap filters. May be used by several threads.

    ``pool_of`` gives the pool that runs a plugin's filters, ``find`` the declaration of an
    installed filter by id, or None. A filter that fails is reported once to ``failed`` (a
    sentence) and not run again with the same settings.
    """

    def __init__(
        self,
        pool_of: Callable[[str], Pool],
        find: Callable[[str], Declaration | None],
        *,
        failed: Callable[[str], None] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._pool_of = pool_of
        self._find = find
        self._failed = failed
        self._patience = patience
        self._lock = threading.Lock()
        self._reaches: dict[Key, int | None] = {}
        self._upgrades = Upgrades(pool_of)
        self.runs = 0

    def reach(self, filter: LiveFilter, level: int) -> int | None:
        """Pixels of ``level`` around its own that count; None when the filter is not cheap."""
        full, scaled = self._known(filter, 0), self._known(filter, level)
        return scaled if full is not None and full <= NEAR else None

    def run(
        self, filter: LiveFilter, image: NDArray[np.float32], region: Region
    ) -> NDArray[np.float32] | None:
        """The result for ``image`` (height, width, 3), sRGB-encoded; None when it failed."""
        key = self._key(filter, region.level)
        if key is None:
            return None
        with self._lock:
            # In here, because it may have failed while this thread waited for its turn.
            if self._reaches.get(key) is None:
                return None
            try:
                with self._pool(filter).worker(_Failed) as worker:
                    self.runs += 1
                    return self._run(worker, key, image, region)
            except WorkerDied as death:
                reason = str(death)
            except WorkerSilent:
                reason = f"did not answer for {self._patience:g} s and was stopped"
            except _Failed as failure:
                reason = str(failure)
            self._reaches[key] = None
        self._tell(filter, reason)
        return None

    def forget(self) -> None:
        """Take note that filters have changed: what failed may run, what was cheap may not be."""
        self._upgrades.forget()
        with self._lock:
            self._reaches.clear()

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

    def _key(self, filter: LiveFilter, level: int) -> Key | None:
        """What the worker is asked for at a zoom level; None for what is not installed."""
        declaration = self._find(filter.id)
        if declaration is None:
            return None
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

    def _known(self, filter: LiveFilter, level: int) -> int | None:
        key = self._key(filter, level)
        if key is None:
            return None
        if key not in self._reaches:
            try:
                with self._lock, self._pool(filter).worker() as worker:
                    self._reaches[key] = self._plan(worker, key)
            except (WorkerDied, WorkerSilent, _Failed):
                # Not cheap, then: a job will find out what is wrong with it, and say so.
                self._reaches[key] = None
        return self._reaches[key]

    def _pool(self, filter: LiveFilter) -> Pool:
        declaration = self._find(filter.id)
        return self._pool_of(declaration.plugin if declaration else "")

    def _plan(self, worker: WorkerProcess, key: Key) -> int | None:
        reply = self._ask(worker, {"type": "plan", "device": "cpu"}, key)
        reach = reply.get("reach")
        if reply["type"] != "planned" or reply.get("models") or not isinstance(reach, int):
            return None
        return reach if 0 <= reach <= NEAR and reply.get("scale") == 1 else None

    def _run(
        self, worker: WorkerProcess, key: Key, image: NDArray[np.float32], region: Region
    ) -> NDArray[np.float32]:
        height, width = image.shape[:2]
        source = worker.block(height * width * 12, writable=False)
        target = worker.block(height * width * 12, writable=True)
        np.copyto(source.array((height, width, 3)), image)
        shape = [height, width, 3]
        question: Message = {
            "type": "run",
            "piece": 0,
            "device": "cpu",
            "scale": 1,
            "region": [region.x, region.y, region.width, region.height, region.level],
            "keep": [0, 0, width, height],
            "input": {"block": source.id, "shape": shape},
            "output": {"block": target.id, "shape": shape},
        }
        reply = self._ask(worker, question, key)
        try:
            if reply["type"] != "done":
                raise _Failed(f"failed: {reply.get('reason', 'no reason given')}")
            if reply.get("finite") is not True:
                raise _Failed("returned pixels that are no numbers (NaN or infinite)")
            return target.array((height, width, 3)).copy()
        finally:
            worker.give_back(source)
            worker.give_back(target)

    def _ask(self, worker: WorkerProcess, question: Message, key: Key) -> Message:
        """Ask, and wait for the answer; a worker that does not give one is ended."""
        about = {"job": 0, "filter": key[0], "settings": dict(key[1])}
        worker.send(question | about)
        try:
            reply = worker.reply(self._patience)
            while reply["type"] == "progress":
                reply = worker.reply(self._patience)
        except WorkerSilent:
            worker.kill()
            raise
        return reply

    def _tell(self, filter: LiveFilter, reason: str) -> None:
        if self._failed is not None:
            plugin = filter.plugin or "no plugin"
            reason = " ".join(reason.split())[:600]
            self._failed(f"{filter.title} ({plugin}) {reason.rstrip('.')}.")


class _Failed(Exception):
    """A filter's failure, as a part of a sentence."""


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
