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

Before = Mapping[str, Image]
"""What was carried from the frame before, by name: float32 (height / size, width / size, channels),
moved to where the frame has it unless it stays, and under ``INSIDE`` where the frame before shows
the place, 1, and where not, 0: float32 (height, width, 1). There everything has the value at the
edge. Under ``MOTION`` stands the way from each pixel to where it was in the frame before, x and y
in pixels: float32 (height, width, 2).
"""

INSIDE, MOTION = "inside", "motion"
"""What every filter is given besides."""


@dataclass(frozen=True, slots=True)
class Carried:
    """An array that is carried: its channels, and how many times smaller than the frame it is.

    ``size`` is 1, 2, 4, 8 or 16. One that ``stays`` is given as it was, not moved to where the next
    frame has it. Raises ValueError for other numbers.
    """

    channels: int
    size: int = 1
    stays: bool = False
    looked_at: bool = False

    def __post_init__(self) -> None:
        if type(self.channels) is not int or not 1 <= self.channels <= MOST_CHANNELS:
            raise ValueError(f"{self.channels!r} channels are carried; it is 1 to {MOST_CHANNELS}")
        if self.size not in (1, 2, 4, 8, 16):
            raise ValueError(f"what is carried is 1, 2, 4, 8 or 16 times smaller, not {self.size}")
        if self.looked_at and (self.channels, self.size) != (3, 1):
            raise ValueError("what is looked at for motion has 3 channels and the frame's size")

    def shape(self, height: int, width: int) -> tuple[int, int, int]:
        """The shape of the array for so many pixels of the frame, rounded up."""
        return -(-height // self.size), -(-width // self.size), self.channels


def carried_in(data: Any) -> dict[str, Carried]:
    """What a declaration's JSON says that is carried. Raises ValueError and TypeError."""
    found = {}
    for name, (channels, size, *flags) in dict(data).items():
        stays, looked_at = (*(flag == 1 for flag in flags), False, False)[:2]
        found[str(name)] = Carried(int(channels), int(size), stays, looked_at)
    check_carried(found)
    return found


def check_carried(found: Mapping[str, Carried]) -> None:
    """Raise ValueError for more than can be carried, or a name that cannot be."""
    if len(found) > MOST_CARRIED:
        raise ValueError(f"{len(found)} arrays are carried; {MOST_CARRIED} at most")
    if sum(each.channels for each in found.values()) > MOST_CHANNELS:
        raise ValueError(f"more than {MOST_CHANNELS} channels are carried")
    for name in found:
        if not name.isidentifier() or name in (INSIDE, MOTION):
            raise ValueError(f"{name!r} is no name for what is carried")
