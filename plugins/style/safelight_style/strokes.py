"""Strokes: a photograph painted with pieces of the style pictures, as a network says.

Pieces are looked for in a small version of the whole photograph, which goes to every piece of it as
a text. So each piece knows, from that alone, which part of a painting lies where, whichever process
paints it; one process paints the whole once.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safelight_exemplar.painted_picture import MOST, Painted, paint, working_size

from safelight import api

from .working_size import resized

Array = NDArray[np.float32]

LEAST = 24
"""Pixels of the shorter side of a painting, at least: a smaller one is enlarged."""

KEPT = 2
"""Paintings that are remembered: of the first look and of the last one."""

_BAND = 512
_QUALITY = 92
_painted: OrderedDict[bytes, Painted] = OrderedDict()


def seen(image: api.Image) -> dict[str, Any]:
    """The whole photograph, as small as pieces are looked for in it at most, and its size."""
    height, width = image.shape[:2]
    small = _finite(image)
    step = (MOST / (height * width)) ** 0.5
    if step < 1:
        small = resized(small, (max(round(height * step), 1), max(round(width * step), 1)))
    stored = io.BytesIO()
    pixels = np.rint(np.clip(small, 0, 1) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(stored, "WEBP", quality=_QUALITY)
    text = base64.b64encode(stored.getvalue()).decode("ascii")
    return {"picture": text, "size": [height, width]}


def whole(prepared: Mapping[str, Any]) -> Array:
    """The small photograph (h, w, 3) that ``seen`` gave, 0 to 1."""
    with Image.open(io.BytesIO(base64.b64decode(prepared["picture"]))) as stored:
        return np.asarray(stored.convert("RGB"), np.float32) / 255


def painted(
    prepared: Mapping[str, Any],
    paintings: list[Array],
    shares: list[float],
    settings: tuple[Any, ...],
    guided: Callable[[Array], Array],
    job: api.Job,
) -> Painted:
    """The whole photograph, painted from paintings (h, w, 3), 0 to 1; remembered while the same is
    asked for.

    ``settings`` are the scale and the detail, and what else ``guided``, which gives a picture its
    colours, depends on.
    """
    key = hashlib.sha256(repr((prepared, shares, settings)).encode())
    for painting in paintings:
        key.update(repr(painting.shape).encode())
        key.update(np.ascontiguousarray(painting))
    name = key.digest()
    if name not in _painted:
        scale, detail = settings[:2]
        paintings = [_large_enough(painting) for painting in paintings]
        photograph = whole(prepared)
        size = working_size(tuple(prepared["size"]), paintings, scale)
        photograph = np.clip(resized(photograph, size), 0, 1)
        _painted[name] = paint(
            *(photograph, guided(photograph), paintings),
            scale=scale,
            detail=detail,
            shares=shares,
            progress=lambda part: job.check(),
        )
        while len(_painted) > KEPT:
            _painted.popitem(last=False)
    _painted.move_to_end(name)
    return _painted[name]


def _finite(image: api.Image) -> Array:
    """The photograph without what is no light, halved until it is not much larger than needed."""
    halvings = 0
    while image.shape[0] * image.shape[1] >> (2 * halvings) > 4 * MOST:
        halvings += 1
    side, parts = 1 << halvings, []
    for top in range(0, image.shape[0], _BAND):
        band = np.clip(np.nan_to_num(image[top : top + _BAND]), 0, 1)
        more = -band.shape[0] % side, -band.shape[1] % side
        band = np.pad(band, ((0, more[0]), (0, more[1]), (0, 0)), mode="edge")
        rows, columns = band.shape[0] // side, band.shape[1] // side
        parts.append(band.reshape(rows, side, columns, side, 3).mean((1, 3)))
    return np.concatenate(parts).astype(np.float32)


def _large_enough(painting: Array) -> Array:
    height, width = painting.shape[:2]
    step = max(LEAST / min(height, width), 1)
    if step > 1:
        painting = resized(painting, (round(height * step), round(width * step)))
    return np.ascontiguousarray(np.clip(np.nan_to_num(painting), 0, 1), np.float32)
