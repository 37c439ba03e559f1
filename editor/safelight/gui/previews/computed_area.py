"""Computed area: which part of a picture is worth computing when not all of it can be."""

from __future__ import annotations

from safelight.api import Region
from safelight.pixels import Raster

_LEAST = 32
"""Least pixels of surroundings on each side of what a mask shows."""

_LONGEST = 1.5
"""How many times as long as wide a part is at most, so that it can be seen when it is small."""


def middle(region: Region, pixels: int) -> Region:
    """The region, or so much of its middle as has at most ``pixels`` pixels."""
    have = region.width * region.height
    if have <= pixels:
        return region
    shrink = (pixels / have) ** 0.5
    return _centred(region, int(region.width * shrink), int(region.height * shrink))


def what_matters(mask: Raster | None, seen: Region, whole: Region) -> Region:
    """The part of a picture to show when there is room for one.

    What a mask shows, with a quarter of its size around it; ``seen`` without a mask, or with an
    empty one. Takes a moment for a large mask: call it on a thread.
    """
    box = mask.bounds() if mask is not None else None
    if box is None:
        return _not_too_long(whole if seen.empty else seen)
    box = box.grow(max(max(box.width, box.height) // 4, _LEAST), whole)
    longer = max(box.width, box.height)
    side = round(longer / _LONGEST)
    box = _centred(box, max(box.width, side), max(box.height, side))
    return _not_too_long(_inside(box, whole))


def _not_too_long(region: Region) -> Region:
    width = min(region.width, round(region.height * _LONGEST))
    height = min(region.height, round(region.width * _LONGEST))
    return _centred(region, width, height)


def _centred(region: Region, width: int, height: int) -> Region:
    """A region of another size, at least a pixel, with the same middle."""
    width, height = max(width, 1), max(height, 1)
    x = region.x + (region.width - width) // 2
    y = region.y + (region.height - height) // 2
    return Region(x, y, width, height, region.level)


def _inside(region: Region, whole: Region) -> Region:
    """A region moved, and cut where it must be, so that it leaves the whole nowhere."""
    x = max(min(region.x, whole.right - region.width), whole.x)
    y = max(min(region.y, whole.bottom - region.height), whole.y)
    return Region(x, y, region.width, region.height, region.level).intersect(whole)
