"""Pictures: the files that a filter's settings name, as pixels for the filter."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document import render_srgb
from safelight.files import OpenError, open_picture
from safelight.workers.images import NoImage

MOST_PIXELS = 16_000_000
"""A larger picture is halved until it has no more: it is to be looked at, not worked on."""


def read_pixels(path: str) -> NDArray[np.float32]:
    """A picture file as filters see it: float32 (height, width, 3), sRGB-encoded, read-only.

    The last one stays in memory as long as its file stays the same. Raises NoImage.
    """
    try:
        facts = Path(path).stat()
    except (OSError, ValueError):
        raise NoImage(f"cannot have the picture {path}: there is no such file") from None
    return _read(path, facts.st_mtime_ns, facts.st_size)


@functools.lru_cache(maxsize=1)
def _read(path: str, _changed: int, _size: int) -> NDArray[np.float32]:
    try:
        document = open_picture(path).document
    except OpenError as error:
        raise NoImage(f"cannot have the picture {path}: {error}") from None
    width, height, level = document.width, document.height, 0
    while width * height > MOST_PIXELS:
        width, height, level = (width + 1) // 2, (height + 1) // 2, level + 1
    pixels = render_srgb(document, Region(0, 0, width, height, level))[..., :3]
    pixels.flags.writeable = False
    return pixels
