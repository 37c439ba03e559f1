"""Picture settings: pictures that a filter's settings name or hold, as pixels for the filter."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from safelight.actions.open_confined import open_data, open_picture
from safelight.api import Region
from safelight.document import Document, Live, render_srgb
from safelight.document.contents.embedded_picture import Embedded, EmbeddedError, is_embedded, named
from safelight.files import OpenError
from safelight.workers.worker_pictures import NoImage

MOST_PIXELS = 16_000_000
"""A larger picture is halved until it has no more: it is to be looked at, not worked on."""

KEPT_SIDE = 512
"""Longest side, in pixels, of the copy of a picture that a document keeps."""

_QUALITY = 90
_MOST_EMBEDDED = 4_000_000
"""Pixels of an embedded picture that is believed: a stranger's document may claim any number."""


def read_pixels(text: str) -> NDArray[np.float32]:
    """A picture as filters see it: float32 (height, width, 3), sRGB-encoded, read-only.

    ``text`` is the path of a picture file, or the picture itself (``document.embedded_picture``).
    What is transparent in the picture becomes white. The last picture of a path stays in memory
    as long as its file stays the same. Raises NoImage.
    """
    if is_embedded(text):
        return _embedded(text)
    try:
        facts = Path(text).stat()
    except (OSError, ValueError):
        raise NoImage(f"cannot have the picture {text}: there is no such file") from None
    return _read(text, facts.st_mtime_ns, facts.st_size)


def kept_copy(path: str | os.PathLike[str]) -> str:
    """A copy of a picture file for a setting to hold: at most ``KEPT_SIDE`` a side, WebP, sRGB.

    Its title is the file's name without the ending. What is transparent becomes white, metadata
    are left out. Raises OpenError.
    """
    import imagecodecs

    pixels = reduced(open_picture(path).document, KEPT_SIDE)
    data = bytes(imagecodecs.webp_encode(pixels, _QUALITY, lossless=False))
    return Embedded("image/webp", Path(path).stem, data).text()


def reduced(document: Document, side: int, live: Live | None = None) -> NDArray[np.uint8]:
    """All of a document, (height, width, 3), sRGB-encoded, of at most ``side`` a side; what is
    transparent on white. Raises LayerFailed.
    """
    from PIL import Image

    longest = max(document.width, document.height)
    pixels = at_level(document, (longest // (2 * side)).bit_length(), live)
    if pixels.shape[2] == 4:
        pixels = _on_white(pixels)
    image = Image.fromarray(np.rint(pixels.clip(0, 1) * 255).astype(np.uint8))
    scale = min(side / longest, 1)
    size = (max(round(document.width * scale), 1), max(round(document.height * scale), 1))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS))


def _on_white(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """A picture (height, width, 4) laid on white: (height, width, 3)."""
    return pixels[..., :3] * pixels[..., 3:] + (1 - pixels[..., 3:])


def at_level(document: Document, level: int, live: Live | None = None) -> NDArray[np.float32]:
    """All of a document, halved ``level`` times: float32 (height, width, 3 or 4), sRGB-encoded."""
    width, height = (-(-side >> level) for side in (document.width, document.height))  # rounded up
    return render_srgb(document, Region(0, 0, width, height, level), live)


@functools.lru_cache(maxsize=1)
def _read(path: str, _changed: int, _size: int) -> NDArray[np.float32]:
    try:
        document = open_picture(path).document
    except OpenError as error:
        raise NoImage(f"cannot have the picture {path}: {error}") from None
    level = 0
    while -(-document.width >> level) * -(-document.height >> level) > MOST_PIXELS:
        level += 1
    return _for_filters(at_level(document, level))


@functools.lru_cache(maxsize=4)
def _embedded(text: str) -> NDArray[np.float32]:
    name = named(text)
    try:
        data = Embedded.read(text).data
        document = open_data(data, name, pixel_limit=_MOST_EMBEDDED).document
    except EmbeddedError as error:
        raise NoImage(f"cannot have the picture {name}: it {error}") from None
    except OpenError as error:
        raise NoImage(f"cannot have the picture {name}: {error}") from None
    return _for_filters(at_level(document, 0))


def _for_filters(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The picture (height, width, 3) for a filter, what is transparent on white."""
    if pixels.shape[2] == 4:
        pixels = _on_white(pixels)
    pixels.flags.writeable = False
    return pixels
