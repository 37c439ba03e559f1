"""Glimpses: what a filter shows of a piece before it is done: few bytes, a few times a second."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from safelight.api import Region

SIDE = 256
"""Pixels of a glimpse's longer side, at most."""

ROOM = SIDE * SIDE * 3
"""Bytes that a glimpse takes at most."""

GLIMPSE_PAUSE = 0.2
"""Seconds between two glimpses, at least."""

_LONGEST = 80
"""Characters of words about progress."""


def glimpse(
    image: NDArray[np.float32], region: Region, keep: tuple[int, int, int, int]
) -> NDArray[np.uint8]:
    """What an image of ``region``, float32 (height, width, 3) or (height, width) of any size,
    shows of ``keep`` (x, y, width, height in it): 8 bits (height, width, 3), of SIDE at most.

    What is no number is black.
    """
    planes = image if image.ndim == 3 else image[..., np.newaxis].repeat(3, axis=2)
    tall, wide = planes.shape[:2]
    across, down = wide / region.width, tall / region.height
    left, top = int(keep[0] * across), int(keep[1] * down)
    right = max(round((keep[0] + keep[2]) * across), left + 1)
    bottom = max(round((keep[1] + keep[3]) * down), top + 1)
    part = np.nan_to_num(planes[top:bottom, left:right], posinf=1.0).clip(0, 1)
    shown = PillowImage.fromarray(np.rint(part * 255).astype(np.uint8))
    shrunk = min(SIDE / max(shown.size), 1.0)
    size = (max(round(shown.width * shrunk), 1), max(round(shown.height * shrunk), 1))
    return np.asarray(shown.resize(size, PillowImage.Resampling.BOX))


def short(words: str) -> str:
    """The first line of some words, not too long."""
    lines = words[: 4 * _LONGEST].strip().splitlines()
    return lines[0][:_LONGEST] if lines else ""
