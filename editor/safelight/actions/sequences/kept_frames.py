"""Kept frames: what several frames carried on, each moved at one go to where the last one has it.

Nothing is moved twice, so that nothing grows softer from frame to frame; and what is moved is
computed where it is cut, so that of large frames a piece of each is at hand at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Carried
from safelight.api.carried import INSIDE, MOTION
from safelight.pixels import camera_motion, motion, sharp_shift
from safelight.pixels.camera_motion import Map, Plane
from safelight.pixels.opencv import opencv
from safelight.workers.carried_on import Cuttable

Array = NDArray[np.float32]
Indices = NDArray[np.int_]

_ALIKE = 12.0
"""Levels of 255 by which two frames may differ where they show the same, noise of 50 levels and
the change of light that a hand's burst has allowed for."""

_SHOWN = 0.35
"""Of the second frame: the part of it that shows the same where there was no cut."""

_BLOCK = 9
"""Pixels of half the size over which they are compared."""

_SAMPLED = 61
"""Places across and down by which it is told whether a frame is looked up between pixels."""


@dataclass(frozen=True)
class _Kept:
    """A frame: what motion is found by, what it carried on, and where the newest one has it."""

    looked_at: list[Plane]
    arrays: dict[str, NDArray[Any]]
    place: Map


class KeptFrames:
    """Of one filter what it carries from several frames, the newest first.

    ``carries`` are those of a declaration; without any of several ``frames`` nothing is kept.
    """

    def __init__(self, carries: Mapping[str, Carried]) -> None:
        self._carries = {name: kind for name, kind in carries.items() if kind.frames > 1}
        self._most = max((kind.frames for kind in self._carries.values()), default=0)
        self._kept: list[_Kept] = []
        self._now: list[Plane] = []

    @property
    def wanted(self) -> bool:
        """Whether the filter carries something of several frames."""
        return self._most > 0

    def __contains__(self, name: object) -> bool:
        return name in self._carries

    def begin(self, frame: Array) -> None:
        """Begin with a frame (height, width, 3), sRGB-encoded: those before are let go."""
        self._kept = []
        if self.wanted:
            self._now = camera_motion.looked_at(frame)

    def look(self, frame: Array) -> Map:
        """Look at the next frame, (height, width, 3), sRGB-encoded, of the size of those before;
        gives the way from it to the one before.
        """
        self._now, found = camera_motion.looked_at(frame), list[_Kept]()
        newest = camera_motion.STILL
        for number, kept in enumerate(self._kept):
            guess = kept.place @ newest if number else None
            place = camera_motion.between(self._now, kept.looked_at, guess)
            planes = self._now, kept.looked_at
            place = camera_motion.settled(place, frame.shape, *planes)
            newest = newest if number else place
            found.append(_Kept(kept.looked_at, kept.arrays, place))
        self._kept = found
        return newest

    def given(self, height: int, width: int) -> dict[str, Cuttable]:
        """What a frame of that size is given, by name: what every frame before it carried on,
        moved, which of its places each of them shows, and the way to the last one.
        """
        size, places = (height, width), [kept.place for kept in self._kept]
        made: dict[str, Cuttable] = {INSIDE: _Inside(places, size), MOTION: _Way(places, size)}
        for name, kind in self._carries.items():
            arrays = [kept.arrays[name] for kept in self._kept[: kind.frames]]
            made[name] = _Moved(arrays, places[: kind.frames], size)
        return made

    def keep(self, carried: Mapping[str, Array]) -> None:
        """Keep what the frame that was looked at carries on, by name: float32 (height, width,
        channels) each.
        """
        if self.wanted:
            arrays = {name: _stored(carried[name]) for name in self._carries}
            newest = _Kept(self._now, arrays, camera_motion.STILL)
            self._kept = [newest, *self._kept][: self._most]


class _Cut:
    """Something of a frame of a ``size``, of which other frames lie at ``places``, where it is cut:
    (rows, columns, channels) float32.
    """

    def __init__(self, places: list[Map], size: tuple[int, int]) -> None:
        self._places, self._size = places, size

    def __getitem__(self, place: tuple[slice, slice]) -> Array:
        rows, columns = (
            np.arange(*part.indices(side)) for part, side in zip(place, self._size, strict=True)
        )
        return self._at(rows, columns)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return self[:, :]

    def _at(self, rows: Indices, columns: Indices) -> Array:
        """What stands at those rows and columns, which follow one another."""
        raise NotImplementedError

    def _where(self, number: int, rows: Indices, columns: Indices) -> NDArray[np.float64]:
        return camera_motion.places_at(self._places[number], *self._size, rows, columns)


class _Moved(_Cut):
    """Arrays of several frames, (height, width, channels) each, moved and behind one another."""

    def __init__(
        self, arrays: list[NDArray[Any]], places: list[Map], size: tuple[int, int]
    ) -> None:
        super().__init__(places, size)
        self._arrays = arrays
        down, across = (np.linspace(0, side - 1, min(_SAMPLED, side)).astype(int) for side in size)
        self._between = [
            sharp_shift.is_between(self._where(number, down, across))
            for number in range(len(places))
        ]

    def _at(self, rows: Indices, columns: Indices) -> Array:
        return np.concatenate([self._one(n, rows, columns) for n in range(len(self._arrays))], 2)

    def _one(self, number: int, rows: Indices, columns: Indices) -> Array:
        array, sides = self._arrays[number], np.array(self._size)
        wide = [
            _widened(part, side) for part, side in zip((rows, columns), self._size, strict=True)
        ]
        where = self._where(number, *wide)
        around = sharp_shift.TAPS + 1
        low, high = where.min((0, 1))[::-1] - around, where.max((0, 1))[::-1] + around
        first, last = (np.clip(edge.astype(int), 0, sides - 1) for edge in (low, high))
        source = array[first[0] : last[0] + 1, first[1] : last[1] + 1].astype(np.float32)
        if array.dtype == np.uint8:
            source /= np.float32(255)
        near = (where - first[::-1]).astype(np.float32)
        made = sharp_shift.moved(source, near)
        if self._between[number]:
            made = sharp_shift.sharpened(made)
        y, x = int(rows[0] - wide[0][0]), int(columns[0] - wide[1][0])
        return made[y : y + len(rows), x : x + len(columns)]


class _Inside(_Cut):
    """Which places every one of the other frames shows: 1 or 0, a channel each."""

    def _at(self, rows: Indices, columns: Indices) -> Array:
        shown = [
            motion.inside(self._where(n, rows, columns), *self._size)
            for n in range(len(self._places))
        ]
        return np.stack(shown, axis=2).astype(np.float32)


class _Way(_Cut):
    """The way from each pixel to its place in the first of the other frames, x and y."""

    def _at(self, rows: Indices, columns: Indices) -> Array:
        own = np.stack(np.meshgrid(columns, rows), axis=2)
        return (self._where(0, rows, columns) - own).astype(np.float32)


def flow(found: Map, size: tuple[int, int]) -> Array:
    """A map as a flow of that size, (height, width, 2), as ``motion.between`` gives one."""
    return _Way([found], size)[:, :]


def is_cut(now: NDArray[np.uint8], before: NDArray[np.uint8], found: Map) -> bool:
    """Whether a frame shows something else than the one before, both of ``motion.looked_at``, uint8
    (rows, columns), moved like that. What passes before the camera may cover half of it.
    """
    where = motion.places(flow(found, now.shape), *now.shape)
    apart = now - motion.moved(before.astype(np.float32)[..., None], where)[..., 0]
    differing = _averaged(np.abs(apart - np.median(apart)))
    return float((differing < _ALIKE).mean()) < _SHOWN


def _averaged(plane: Plane) -> Plane:
    return np.asarray(opencv().blur(plane, (_BLOCK, _BLOCK)), np.float32)


def _widened(part: Indices, side: int) -> Indices:
    """Rows or columns with those around them that sharpening looks at."""
    first = max(int(part[0]) - sharp_shift.MARGIN, 0)
    return np.arange(first, min(int(part[-1]) + 1 + sharp_shift.MARGIN, side))


def _stored(array: Array) -> NDArray[Any]:
    """An array in as few bits as hold it: those of a file of 8 bits, else half precision."""
    levels = np.rint(array * np.float32(255))
    if levels.min() >= 0 and levels.max() <= 255:
        coded: NDArray[Any] = levels.astype(np.uint8)
        if np.array_equal(coded / np.float32(255), array):
            return coded
    return np.asarray(array, np.float16)
