"""Remaining time: how long a job will still take, from what of it has been done since when."""

from __future__ import annotations

_TELLING = 0.02
"""The part of a job from which its pace tells something."""

_OUTWEIGHING = 0.2
"""The part of a job that outweighs what came before its first piece."""


class Pace:
    """The pace of a job that ``started`` at a time, in seconds."""

    def __init__(self, started: float) -> None:
        self._started = started
        self._first: tuple[float, float] | None = None

    def remaining(self, done: float, now: float) -> float | None:
        """Seconds until all is done, with ``done`` of it, 0 to 1, at the time ``now``; None while
        nobody can tell. What comes before the first part, such as code that is compiled once, does
        not come again: the pace since then counts where it is the better one.
        """
        if self._first is None:
            self._first = done, now
        if done < _TELLING:
            return None
        paces = [(now - self._started) / done] if done >= _OUTWEIGHING else []
        part, since = self._first
        if done - part >= _TELLING:
            paces.append((now - since) / (done - part))
        return min(paces) * (1 - done) if paces else None
