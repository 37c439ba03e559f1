"""Carried: what a filter of sequences takes from one frame to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from safelight.api.image import Image

MOST_CARRIED = 8
"""Arrays that a filter carries at most."""

MOST_CHANNELS = 256
"""Channels that they have together at most."""

MOST_FRAMES = 16
"""Frames before that are given at most."""

Before = Mapping[str, Image]
"""What was carried from the frame before, by name: float32 (height / size, width / size, channels),
moved to where the frame has it unless it stays, and under ``INSIDE`` where the frame before shows
the place, 1, and where not, 0: float32 (height, width, 1). There everything has the value at the
edge. Under ``MOTION`` stands the way from each pixel to where it was in the frame before, x and y
in pixels: float32 (height, width, 2). Where something of several ``frames`` is carried, that has
the channels of each of them behind one another, the last one first, of as many as there have been;
and so has ``INSIDE``, one channel each.
"""

INSIDE, MOTION = "inside", "motion"
"""What every filter is given besides."""


_USUAL: list[Any] = [0, 0, 1]
"""What is said of an array besides its channels and its size, where a declaration says less."""


@dataclass(frozen=True, slots=True)
class Carried:
    """An array that is carried: its channels, and how many times smaller than the frame it is.

    ``size`` is 1, 2, 4, 8 or 16. One that ``stays`` is given as it was, not moved to where the next
    frame has it. With ``frames`` above 1 so many of the frames before are given what each of them
    carried on, as large as a frame: each moved once, by the motion of the camera alone and as sharp
    as it was. Raises ValueError for other numbers.
    """

    channels: int
    size: int = 1
    stays: bool = False
    looked_at: bool = False
    frames: int = 1

    def __post_init__(self) -> None:
        if type(self.channels) is not int or not 1 <= self.channels <= MOST_CHANNELS:
            raise ValueError(f"{self.channels!r} channels are carried; it is 1 to {MOST_CHANNELS}")
        if self.size not in (1, 2, 4, 8, 16):
            raise ValueError(f"what is carried is 1, 2, 4, 8 or 16 times smaller, not {self.size}")
        if self.looked_at and (self.channels, self.size) != (3, 1):
            raise ValueError("what is looked at for motion has 3 channels and the frame's size")
        if type(self.frames) is not int or not 1 <= self.frames <= MOST_FRAMES:
            raise ValueError(f"{self.frames!r} frames are given; it is 1 to {MOST_FRAMES}")
        if self.frames > 1 and (self.size != 1 or self.stays or self.looked_at):
            raise ValueError("what several frames carried has the frame's size, and is moved")

    def shape(self, height: int, width: int) -> tuple[int, int, int]:
        """The shape of the array for so many pixels of the frame, rounded up."""
        return -(-height // self.size), -(-width // self.size), self.channels


def carried_in(data: Any) -> dict[str, Carried]:
    """What a declaration's JSON says that is carried. Raises ValueError and TypeError."""
    found = {}
    for name, told in dict(data).items():
        given: list[Any] = [*told]
        channels, size, stays, looked_at, frames = given + _USUAL[len(given) - 2 :]
        found[str(name)] = Carried(
            int(channels), int(size), stays == 1, looked_at == 1, int(frames)
        )
    check_carried(found)
    return found


def check_carried(found: Mapping[str, Carried]) -> None:
    """Raise ValueError for more than can be carried, or a name that cannot be."""
    if len(found) > MOST_CARRIED:
        raise ValueError(f"{len(found)} arrays are carried; {MOST_CARRIED} at most")
    if sum(each.channels * each.frames for each in found.values()) > MOST_CHANNELS:
        raise ValueError(f"more than {MOST_CHANNELS} channels are carried")
    for name in found:
        if not name.isidentifier() or name in (INSIDE, MOTION):
            raise ValueError(f"{name!r} is no name for what is carried")
