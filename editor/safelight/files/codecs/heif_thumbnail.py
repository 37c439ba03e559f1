"""HEIF thumbnail: the small copy of its picture that a HEIC or AVIF holds (23008-12, 6.4.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.files.codecs import heif, heif_layout, heif_picture
from safelight.files.codecs.photograph import Limit, Photograph

_LEAST = 256
"""Pixels of a longer side that says more of a picture than its colours."""

_SAME_SHAPE = 0.02

Decode = Callable[[bytes], tuple[NDArray[Any], bool]]
"""Gives (height, width, channels) of uint8 or uint16, and whether the last one is alpha, of a file
of one coded picture.
"""


def reduced(container: heif.Container, limit: Limit, decode: Decode) -> Photograph | None:
    """The small copy as a ``codec.Reducer`` gives one. None where there is none of the picture's
    shape and colours, and where anything is wrong with it. Raises DamagedError and TooLargeError.
    """
    container.check(limit)
    width, height = container.size(container.primary)
    # Nothing is decoded for it: how the picture is seen is a view of one number.
    blank = np.broadcast_to(np.uint8(0), (height, width))
    seen = heif_picture.straightened(blank, container.turns()).shape
    alpha = container.auxiliary(heif.ALPHA) is not None
    colours = container.property(container.primary, b"colr")
    for kind, number, of in container.references:
        if kind != b"thmb" or container.primary not in of or alpha:
            continue
        if container.items[number].kind not in (b"hvc1", b"av01") or container.hurt(number):
            continue
        if container.property(number, b"colr") not in (None, colours):
            continue
        data = heif_layout.alone(container, number)
        heif.Container(data).check(limit)
        try:
            pixels, transparent = decode(data)
        except Exception:  # the picture itself may be sound
            continue
        pixels = heif_picture.straightened(pixels, container.turns(number))
        shape = pixels.shape[0] * seen[1], pixels.shape[1] * seen[0]
        same = abs(shape[0] - shape[1]) <= _SAME_SHAPE * max(shape)
        if transparent or not same or not _LEAST <= max(pixels.shape[:2]) < max(seen):
            continue
        content = heif_picture.decoded_photograph(container, pixels, False)
        content.whole = seen[1], seen[0]
        return content
    return None
