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
        self._begun: Work | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def strokes(self) -> tuple[Stroke, ...]:
        """Where brushes have asked for what is not done yet."""
        begun = () if self._begun is None else (self._begun,)
        return tuple(work.stroke for work in (*begun, *self._waiting) if work.stroke is not None)

    def add(self, work: Work) -> None:
        """Have a piece of work wait behind the rest."""
        self._waiting.append(work)

    def drop_last(self) -> bool:
        """Forget the newest; whether there was one."""
        return bool(self._waiting) and self._waiting.pop() is not None

    def drop(self) -> None:
        """Forget all."""
        self._waiting.clear()

    def go_on(self, *, busy: bool, idle: bool) -> bool:
        """Start the oldest that can be started; whether there was one. ``busy``: the document is
        being changed on a thread; ``idle``: it is not, and no job runs.
        """
        if idle:
            self._begun = None
        for place, work in enumerate(self._waiting):
            if idle if work.alone else not busy:
                del self._waiting[place]
                if work.alone:
                    self._begun = work
                work.start()
                return True
        return False
