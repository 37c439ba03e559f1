"""Waiting work: what the hand has asked for while something else was being done, in its order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from safelight.document import Stroke


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """What is asked for. ``start`` does it, or begins it; ``stroke`` is where it was asked for by a
    brush. What is ``alone`` waits for jobs, too.
    """

    title: str
    start: Callable[[], object]
    stroke: Stroke | None = None
    alone: bool = False


class WaitingWork:
    """What waits, first the oldest, and what of it a job does now."""

    def __init__(self) -> None:
        self._waiting: list[Work] = []
        self._steps: list[int] = []  # of history: done by hand after each, before the next
        self._begun: Work | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def strokes(self) -> tuple[Stroke, ...]:
        """Where brushes have asked for what is not done yet."""
        begun = () if self._begun is None else (self._begun,)
        return tuple(work.stroke for work in (*begun, *self._waiting) if work.stroke is not None)

    @property
    def newest(self) -> bool:
        """Whether something waits, and nothing was done by hand after that was asked for."""
        return bool(self._waiting) and not self._steps[-1]

    def add(self, work: Work) -> None:
        """Have a piece of work wait behind the rest."""
        self._waiting.append(work)
        self._steps.append(0)

    def count(self, steps: int) -> None:
        """Hear that history went on so many steps by hand; back where negative."""
        if self._steps:
            self._steps[-1] = max(0, self._steps[-1] + steps)

    def drop_last(self) -> bool:
        """Forget the newest, unless something was done by hand since; whether it is forgotten."""
        if not self.newest:
            return False
        self._forget(-1)
        return True

    def drop(self) -> None:
        """Forget all."""
        self._waiting.clear()
        self._steps.clear()

    def go_on(self, *, busy: bool, idle: bool) -> bool:
        """Start the oldest that can be started; whether there was one. ``busy``: the document is
        being changed on a thread; ``idle``: it is not, and no job runs.
        """
        if idle:
            self._begun = None
        for place, work in enumerate(self._waiting):
            if idle if work.alone else not busy:
                self._forget(place)
                if work.alone:
                    self._begun = work
                work.start()
                return True
        return False

    def _forget(self, place: int) -> None:
        """Take a piece of work out: what the hand has done since comes behind the one before it."""
        del self._waiting[place]
        steps = self._steps.pop(place)
        if place > 0:
            self._steps[place - 1] += steps
