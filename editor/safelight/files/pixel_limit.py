"""Pixel limit: how many pixels a picture may have to be opened, as stated or as memory allows."""

from __future__ import annotations

import os

from safelight.files.codecs.photograph import BYTES_PER_PIXEL
from safelight.files.machine_memory import free_memory
from safelight.files.open_errors import LIMIT_VARIABLE, OpenError

LARGEST_LIMIT = 1_000_000_000
"""The default limit on a computer with memory to spare: one gigapixel."""

SHARE_OF_MEMORY = 0.4
"""How much of the free memory one picture may take."""


def default_pixel_limit() -> int:
    """One gigapixel, or what fits into 40 % of the free memory at 16 bytes a pixel.

    16 bytes are a float32 RGBA pixel, what a filter works on.
    """
    free = free_memory()
    if free is None:
        return LARGEST_LIMIT
    return min(LARGEST_LIMIT, int(free * SHARE_OF_MEMORY) // BYTES_PER_PIXEL)


def limit_of(given: int | None) -> int:
    """The limit in pixels: ``given``, or what SAFELIGHT_PIXEL_LIMIT says, or the default."""
    if given is None:
        given = stated_pixel_limit()
    return default_pixel_limit() if given is None else given


def stated_pixel_limit() -> int | None:
    """What SAFELIGHT_PIXEL_LIMIT says; None without it. Raises OpenError for what is no number."""
    stated = os.environ.get(LIMIT_VARIABLE, "").strip().replace("_", "")
    if not stated:
        return None
    if not stated.isdecimal():
        raise OpenError(f"{LIMIT_VARIABLE} must be a whole number of pixels, like 200000000.")
    return int(stated)
