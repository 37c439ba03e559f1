"""Codes: what the networks need to know of a style picture, and of the whole photograph."""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from safelight import api

from .working_size import resized

Array = NDArray[np.float32]

SIDE = 384
"""Working pixels of the shorter side of a style picture: it sets how large its strokes come out."""

CELL = 96
"""The sides of what is described are multiples of it, in working pixels."""

LONGEST = 2 * SIDE
WHOLE = 1 << 20
"""Working pixels up to which a photograph is described whole; a larger one in WINDOWS²."""

WINDOWS = 4
WINDOW = 3 * CELL
KEPT = 16
"""Codes that are remembered: of as many style pictures."""

_codes: OrderedDict[tuple[str, bytes], Array] = OrderedDict()


def style_code(style: Array, model: str, job: api.Job) -> Array:
    """The tokens (t, channels) of a style picture (h, w, 3), as ``ready`` gives it.

    The same picture is described once, whatever it is called.
    """
    key = model, hashlib.sha256(style.tobytes()).digest() + bytes(str(style.shape), "ascii")
    if key not in _codes:
        _codes[key] = job.describe(model, style)[0]
        while len(_codes) > KEPT:
            _codes.popitem(last=False)
    _codes.move_to_end(key)
    return _codes[key]


def ready(style: api.Image) -> Array:
    """A style picture (h, w, 3) at the size at which it is described, 0 to 1: its middle, where it
    is very long.
    """
    height, width = style.shape[:2]
    shorter = min(height, width)
    sides = [min(side * SIDE / shorter, LONGEST) // CELL * CELL for side in (height, width)]
    tall, wide = (int(max(side, CELL)) for side in sides)
    step = shorter / SIDE
    part = min(tall * step, height), min(wide * step, width)
    top, left = (height - part[0]) / 2, (width - part[1]) / 2
    made = resized(style, (tall, wide), (left, top, left + part[1], top + part[0]))
    return np.clip(np.nan_to_num(made), 0, 1)


def whole_code(image: api.Image, step: float, model: str, job: api.Job) -> Array:
    """The mean token (channels,) of a photograph that is worked on ``step`` times smaller."""
    tokens = [job.describe(model, part)[0] for part in _parts(image, step)]
    return np.concatenate(tokens).mean(0)


def as_text(code: Array) -> str:
    """A code (channels,) of float32 as text, which goes to every piece of a photograph."""
    return base64.b64encode(code.astype("<f4").tobytes()).decode("ascii")


def of_text(text: str) -> Array:
    """The code (channels,) of float32 that ``as_text`` made a text of."""
    return np.frombuffer(base64.b64decode(text), "<f4")


def _parts(image: api.Image, step: float) -> list[Array]:
    """All of the photograph at its working size, or windows spread over it."""
    height, width = image.shape[:2]
    if height * width / step**2 <= WHOLE:
        tall, wide = (max(round(side / step / CELL), 1) * CELL for side in (height, width))
        return [_usual(resized(image, (tall, wide)))]
    parts = []
    for row in range(WINDOWS):
        for column in range(WINDOWS):
            size = [min(WINDOW * step, side) for side in (height, width)]
            top, left = (
                (side - part) * place / (WINDOWS - 1)
                for side, part, place in zip((height, width), size, (row, column), strict=True)
            )
            box = (left, top, left + size[1], top + size[0])
            parts.append(_usual(_cut(image, box)))
    return parts


def _cut(image: api.Image, box: tuple[float, float, float, float]) -> Array:
    """A window at its working size; only what it needs of the picture is touched."""
    left, top = int(box[0]), int(box[1])
    right, bottom = int(np.ceil(box[2])), int(np.ceil(box[3]))
    moved = (box[0] - left, box[1] - top, box[2] - left, box[3] - top)
    return resized(image[top:bottom, left:right], (WINDOW, WINDOW), moved)


def _usual(part: Array) -> Array:
    return np.clip(np.nan_to_num(part), 0, 1)
