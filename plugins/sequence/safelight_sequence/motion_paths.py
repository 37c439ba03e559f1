"""Motion paths: two frames moved along their motion to a time between or after them.

NumPy and OpenCV alone; nothing of Safelight's. What moves goes on in a straight line at one speed:
what the network of *Continue* is given is right where that holds, and it mends the rest.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

BETWEEN, AFTER = 0.5, 2.0
"""When a frame is wanted: the frame before is at 0, this one at 1."""

FARTHEST = 40
"""Pixels across or down by which a frame is moved at most, and so the reach."""

REACH = FARTHEST + 2

HINTS = 6
"""Channels that tell of a place: whether each frame shows it, the share of the second one, the time
and the motion."""

_SPEED = 1 / 16
"""What a motion of one pixel is told as."""


class Moved(NamedTuple):
    """Two frames where a third has them, (height, width, 3), their mean by the share of each, and
    ``HINTS`` channels that tell of them; all float32.
    """

    blend: Picture
    first: Picture
    second: Picture
    hints: Picture


def moved(before: Picture, now: Picture, motion: Picture, time: float) -> Moved:
    """The frame before and this one, (height, width, 3), moved to a ``time``: ``BETWEEN`` or
    ``AFTER``. ``motion`` (height, width, 2) is the way from each pixel of this one to where it
    was in the frame before, x and y in pixels.
    """
    first, sees_first = _at(before, time * motion)
    second, sees_second = _at(now, (time - 1) * motion)
    # A place that one frame alone shows is the other's no more; after both, the last one counts.
    likely = np.float32(0.5 if time < 1 else 1.0)
    only = sees_first != sees_second
    share = np.where(only, sees_second, likely).astype(np.float32)
    blend = first + share * (second - first)
    told = np.full_like(share, time - 1)
    hints = [sees_first, sees_second, share, told, _SPEED * np.clip(motion, -FARTHEST, FARTHEST)]
    return Moved(blend, first, second, np.concatenate(hints, 2).astype(np.float32))


def _at(picture: Picture, offset: Picture) -> tuple[Picture, Picture]:
    """A picture (height, width, 3) looked at so far from each pixel, (height, width, 2); and where
    that lies in the picture: 1, where not: 0, (height, width, 1).
    """
    import cv2

    height, width = picture.shape[:2]
    where = np.clip(offset, -FARTHEST, FARTHEST).astype(np.float32)
    where[..., 0] += np.arange(width, dtype=np.float32)
    where[..., 1] += np.arange(height, dtype=np.float32)[:, None]
    found = cv2.remap(
        np.ascontiguousarray(picture, np.float32),
        where,
        None,
        interpolation=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    x, y = where[..., 0], where[..., 1]
    shown = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    return np.asarray(found, np.float32), shown[..., None].astype(np.float32)
