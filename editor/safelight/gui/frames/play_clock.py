"""Play clock: which frame of a sequence is due at a time, from in to out and round again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


class PlayClock:
    """Begins with a frame at a time, in seconds of any clock that only goes forward.

    ``durations`` are those of all frames in milliseconds, ``bounds`` the first and the last that
    are played.
    """

    def __init__(
        self, durations: Sequence[int], bounds: tuple[int, int], number: int, now: float
    ) -> None:
        self.durations, self.bounds = durations, bounds
        first, last = bounds
        self._number = number if first <= number <= last else first
        self._end = now + self.durations[self._number] / 1000
        self._round = sum(self.durations[first : last + 1]) / 1000

    def due(self, now: float) -> int:
        """The frame that is due. Times may only become later."""
        if now - self._end > self._round:  # the machine has slept
            self._end += (now - self._end) // self._round * self._round
        while now >= self._end:
            self._number = self.following(self._number)
            self._end += self.durations[self._number] / 1000
        return self._number

    @property
    def number(self) -> int:
        """The frame that was due last."""
        return self._number

    @property
    def end(self) -> float:
        """When the frame that was due last is due no longer."""
        return self._end

    def following(self, number: int) -> int:
        """The frame that is played after one."""
        first, last = self.bounds
        return number + 1 if first <= number < last else first

    def coming(self) -> Iterator[tuple[int, float]]:
        """The frames after the one that was due last, each once, and when each is due."""
        number, start = self.following(self._number), self._end
        while number != self._number:
            yield number, start
            start += self.durations[number] / 1000
            number = self.following(number)

    def since(self, shown: int) -> Iterator[int]:
        """The frames from the one that was due last back to the one after ``shown``, or all."""
        first, last = self.bounds
        number = self._number
        for _ in range(first, last + 1):
            if number == shown:
                return
            yield number
            number = number - 1 if number > first else last
