"""Flower: one picture of a code, and that picture at the size at which it is placed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from safelight import api

from .field import resized

Array = NDArray[np.float32]

SIDE = 128
"""Pixels a side that the network makes."""

CODE = 128
"""Numbers of a flower's code."""

ENLARGER = "safelight_enlarge:photo_crisp_x4.onnx"
"""The one that cleans what it enlarges: a generator's pixels have a weave of their own."""

TIMES = 4
"""What the enlarging network makes of a pixel, each way."""

ENOUGH = 1.5
"""Times as large that resampling alone may make it."""

MOST = 2
"""Runs of the enlarging network, at most: 2048 pixels a side."""

RIM = 8.0
"""Pixels of the flower in which what is locked passes into what is around it."""

KEPT = 2
"""Enlarged pictures that are remembered, for the other pieces of a canvas."""

_enlarged: OrderedDict[tuple[bytes, int], Array] = OrderedDict()


def picture_of(
    job: api.Job,
    seed: int,
    code: Sequence[float],
    held: Sequence[float],
    lock: tuple[float, float, float, float],
    variety: float,
    canvas: api.Region,
) -> Array:
    """The picture (SIDE, SIDE, 3) of a code; where it is locked, that of what is held."""
    codes = [api.chosen(code, seed, CODE)]
    where = np.zeros((SIDE, SIDE), np.float32)
    if held:
        codes.append(np.asarray(held, np.float32))
        where = locked(lock, canvas)
    found = job.describe(
        "flowers.onnx",
        None,
        codes=np.stack(codes),
        lock=where[None, None],
        variety=np.float32([variety]),
    )
    return np.ascontiguousarray(found[0].transpose(1, 2, 0))


def locked(lock: tuple[float, float, float, float], canvas: api.Region) -> Array:
    """A rectangle of a canvas (fractions) on the flower that covers it: 0 to 1, softly."""
    zoom, left, top = _covering(canvas)
    along = np.arange(SIDE) + 0.5
    shares = []
    for start, length, side, offset in (
        (lock[1], lock[3], canvas.height, top),
        (lock[0], lock[2], canvas.width, left),
    ):
        first, last = (start * side / zoom + offset), ((start + length) * side / zoom + offset)
        rim = min(RIM, (last - first) / 2)
        away = np.minimum(along - first, last - along)
        shares.append(np.clip(away / max(rim, 1.0), 0, 1))
    return np.asarray(shares[0][:, None] * shares[1][None], np.float32)


def placed(job: api.Job, picture: Array, region: api.Region, canvas: api.Region) -> Array:
    """The pixels of ``region``, of a flower's picture that covers ``canvas``."""
    zoom, left, top = _covering(canvas)
    large = _large(job, picture, zoom)
    times = large.shape[0] // SIDE
    step = times / zoom
    place = region.move(-canvas.x, -canvas.y)
    x, y = left * times + place.x * step, top * times + place.y * step
    box = (x, y, x + place.width * step, y + place.height * step)
    side = float(large.shape[0])
    inside = tuple(min(max(edge, 0.0), side) for edge in box)
    return resized(large, (place.height, place.width), inside)


def _covering(canvas: api.Region) -> tuple[float, float, float]:
    """Pixels of the canvas for one of the flower, and how much of it is cut off left and above."""
    zoom = max(canvas.width, canvas.height) / SIDE
    return zoom, (SIDE - canvas.width / zoom) / 2, (SIDE - canvas.height / zoom) / 2


def _large(job: api.Job, picture: Array, zoom: float) -> Array:
    """The picture as many times enlarged as it takes, remembered."""
    runs = 0
    while runs < MOST and zoom > ENOUGH * TIMES**runs:
        runs += 1
    key = picture.tobytes(), runs
    if key not in _enlarged:
        large = picture
        for _ in range(runs):
            large = np.clip(job.run(ENLARGER, large), 0, 1)
        _enlarged[key] = large
        while len(_enlarged) > KEPT:
            _enlarged.popitem(last=False)
    _enlarged.move_to_end(key)
    return _enlarged[key]
