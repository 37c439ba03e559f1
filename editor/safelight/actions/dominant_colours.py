"""Dominant colours: the colours of a picture, as few as one can name."""

from __future__ import annotations

import numpy as np

from safelight.actions.picture_settings import at_level
from safelight.document import Document, Live

COLOURS = 5
"""Colours that a picture is put down to."""

_SIDE = 256
"""Longest side, in pixels, at which they are looked for."""

_REFINED = 10
"""Rounds of k-means at most, from where the median cut ends."""


def colours_of(
    document: Document, count: int = COLOURS, live: Live | None = None
) -> tuple[str, ...]:
    """Up to ``count`` colours that most of a picture has, ``#rrggbb``, the most frequent first.

    Median cut (P. Heckbert, "Color Image Quantization for Frame Buffer Display", SIGGRAPH 1982),
    then k-means, as Pillow has them. What is mostly transparent does not count; nothing of a
    picture of which all is. The same picture always has the same ones.
    """
    from PIL import Image

    level = (max(document.width, document.height) // _SIDE).bit_length()
    pixels = at_level(document, level, live)
    colour = pixels[..., :3].reshape(-1, 3)
    if pixels.shape[2] == 4:
        colour = colour[pixels[..., 3].ravel() > 0.5]
    if not len(colour):
        return ()
    line = Image.fromarray(np.rint(colour.clip(0, 1) * 255).astype(np.uint8)[None])
    reduced = line.quantize(count, Image.Quantize.MEDIANCUT, kmeans=_REFINED)
    table = np.reshape(reduced.getpalette() or (), (-1, 3))
    found = sorted(reduced.getcolors() or (), key=lambda item: (-item[0], item[1]))
    names = ["#{:02x}{:02x}{:02x}".format(*table[int(str(index))]) for _, index in found]
    return tuple(dict.fromkeys(names))
