"""Filling holes of any size with a network that fills those of 64 pixels.

Half a hole's width from its rim a network sees nothing any more. So the picture is halved until
every hole is small enough, filled there, and what was filled is enlarged and given to the next
size as a guess, which adds the detail that belongs there. Thin marks have vanished when the
picture has been halved, so they are filled at full size alone. At each size only those windows are
run that miss something; where two meet, they fade into each other.

Random numbers belong to places of the picture, not to windows: the same seed gives the same
filling whatever else is damaged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]

Run = Callable[[Array, Array, Array, Array], Array]
"""The network: image (h, w, 3), mask and guess (h, w), noise (NOISE, h/4, w/4) to (h, w, 3).

h and w are multiples of MULTIPLE.
"""

MULTIPLE = 16  # pixels: sides and places of windows
NOISE = 28  # channels of the noise
STRIDE = 4  # pixels to a place of the noise
DEPTH = 32  # pixels from the rim to where the network still fills well
CELL = 192  # pixels that a window answers for
VIEW = 64  # pixels that it sees around them
FEATHER = 32  # of these, over how many it fades into the next
BLOCK = 64  # pixels whose noise is drawn together
SMALLEST = 2 * MULTIPLE  # pixels: a picture is not halved below this


def fill(image: Array, mask: Array, run: Run, seed: int = 0, variety: float = 0.0) -> Array:
    """The picture (h, w, 3) with what is masked filled in; elsewhere bit by bit what it was.

    `mask` (h, w) is above 0 where something is missing; below 1 the filling is blended in, so a
    mask can be soft at its rim. `variety` 0 gives the likeliest filling, 1 one of those that the
    network thinks possible, chosen by `seed`.
    """
    hole = mask > 0
    if not hole.any():
        return image.copy()
    sizes = pyramid(image, hole)
    filled = None
    for level in reversed(range(len(sizes))):
        picture, missing = sizes[level]
        guess = np.zeros_like(missing)
        if filled is not None:
            height, width = missing.shape
            coarser = doubled_mask(sizes[level + 1][1])[:height, :width]
            guess = coarser & near(deep(missing, DEPTH), DEPTH)
            enlarged = doubled(filled)[:height, :width]
            picture = np.where(guess[..., None], enlarged, picture)
        noise = Noise(seed, level, variety)
        filled = fill_level(picture, missing, guess, run, noise)
    assert filled is not None
    share = mask[..., None]
    blended = np.where(share < 1, image + share * (filled - image), filled)
    return np.where(share > 0, blended, image)


def pyramid(image: Array, hole: Mask) -> list[tuple[Array, Mask]]:
    """The picture and its hole, at full size first, halved until no hole is deeper than DEPTH."""
    sizes = [(np.where(hole[..., None], np.float32(0), image), hole)]
    while deep(sizes[-1][1], DEPTH).any() and min(sizes[-1][1].shape) >= 2 * SMALLEST:
        sizes.append(halved(*sizes[-1]))
    return sizes


def halved(image: Array, hole: Mask) -> tuple[Array, Mask]:
    """Half the size: each pixel the mean of the known ones of its four, missing where none is.

    An odd last row or column counts twice.
    """
    height, width = hole.shape
    odd = ((0, height % 2), (0, width % 2))
    image, hole = np.pad(image, (*odd, (0, 0)), mode="edge"), np.pad(hole, odd, mode="edge")
    known = (~hole).astype(np.float32)[..., None]
    shape = (hole.shape[0] // 2, 2, hole.shape[1] // 2, 2, -1)
    count = known.reshape(shape).sum((1, 3))
    total = (image * known).reshape(shape).sum((1, 3))
    return total / np.maximum(count, 1), count[..., 0] == 0


def doubled(image: Array) -> Array:
    """Twice the size, bilinear: (2h, 2w, 3)."""
    for axis in (0, 1):
        before, after = (np.roll(image, step, axis) for step in (1, -1))
        first = [slice(None)] * image.ndim
        last = list(first)
        first[axis], last[axis] = slice(0, 1), slice(-1, None)
        before[tuple(first)], after[tuple(last)] = image[tuple(first)], image[tuple(last)]
        quarter, most = np.float32(0.25), np.float32(0.75)
        pair = np.stack([most * image + quarter * before, most * image + quarter * after], axis + 1)
        shape = list(image.shape)
        shape[axis] *= 2
        image = pair.reshape(shape)
    return image


def doubled_mask(mask: Mask) -> Mask:
    """Twice the size, each pixel four times."""
    return mask.repeat(2, 0).repeat(2, 1)


def count_around(mask: Mask, by: int) -> NDArray[np.int64]:
    """How many pixels are set in the square of 2 * `by` + 1 pixels around each; (h, w)."""
    sums = np.pad(mask, ((by + 1, by), (by + 1, by))).astype(np.int64).cumsum(0).cumsum(1)
    side = 2 * by + 1
    return sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]


def deep(hole: Mask, by: int) -> Mask:
    """Where nothing within `by` pixels is known; what is beyond the picture is not."""
    return count_around(~hole, by) == 0


def near(mask: Mask, by: int) -> Mask:
    """Where something is set within `by` pixels."""
    return count_around(mask, by) > 0


class Noise:
    """Standard normal numbers for every place of one size of the picture, times `variety`."""

    def __init__(self, seed: int, level: int, variety: float):
        self.seed, self.level, self.variety = seed, level, variety

    def window(self, y: int, x: int, height: int, width: int) -> Array:
        """(NOISE, height / STRIDE, width / STRIDE) for a window; all in pixels, on the grid."""
        if not self.variety:
            return np.zeros((NOISE, height // STRIDE, width // STRIDE), np.float32)
        first, left = y // BLOCK, x // BLOCK
        rows = [
            np.concatenate(
                [self._block(row, column) for column in range(left, -(-(x + width) // BLOCK))], 2
            )
            for row in range(first, -(-(y + height) // BLOCK))
        ]
        drawn = np.concatenate(rows, 1)
        top, start = (y - first * BLOCK) // STRIDE, (x - left * BLOCK) // STRIDE
        return drawn[:, top : top + height // STRIDE, start : start + width // STRIDE]

    def _block(self, row: int, column: int) -> Array:
        rng = np.random.default_rng([self.seed, self.level, row, column])
        drawn = rng.standard_normal((NOISE, BLOCK // STRIDE, BLOCK // STRIDE), np.float32)
        return drawn * np.float32(self.variety)


def fill_level(picture: Array, missing: Mask, guess: Mask, run: Run, noise: Noise) -> Array:
    """One size of the picture with its holes filled, none of them deeper than the network sees."""
    height, width = missing.shape
    more = ((0, -height % MULTIPLE), (0, -width % MULTIPLE))
    picture = np.pad(picture, (*more, (0, 0)), mode="edge")
    missing, guess = (np.pad(part, more, mode="edge") for part in (missing, guess))
    sums = np.zeros_like(picture)
    weights = np.zeros(missing.shape, np.float32)
    for y, x, cell_y, cell_x in cells(missing):
        window = np.s_[y[0] : y[1], x[0] : x[1]]
        made = run(
            picture[window],
            missing[window].astype(np.float32),
            guess[window].astype(np.float32),
            noise.window(y[0], x[0], y[1] - y[0], x[1] - x[0]),
        )
        weight = np.outer(ramp(*y, *cell_y), ramp(*x, *cell_x))
        sums[window] += weight[..., None] * made
        weights[window] += weight
    filled = sums / np.maximum(weights, np.float32(1e-6))[..., None]
    return np.where(missing[..., None], filled, picture)[:height, :width]


Span = tuple[int, int]  # first pixel and the one behind the last


def cells(missing: Mask) -> Iterator[tuple[Span, Span, Span, Span]]:
    """The windows that miss something: (rows, columns) that each sees, then those of its cell."""
    for cell_y in spans(missing.shape[0]):
        for cell_x in spans(missing.shape[1]):
            if missing[slice(*cell_y), slice(*cell_x)].any():
                y, x = (
                    (max(0, cell[0] - VIEW), min(side, cell[1] + VIEW))
                    for cell, side in zip((cell_y, cell_x), missing.shape, strict=True)
                )
                yield y, x, cell_y, cell_x


def spans(size: int) -> Iterator[Span]:
    """One direction of the picture cut into cells."""
    for first in range(0, size, CELL):
        yield first, min(size, first + CELL)


def ramp(first: int, end: int, cell_first: int, cell_end: int) -> Array:
    """Weights of a window's pixels: 1 in its cell, falling to 0 over FEATHER pixels around it."""
    place = np.arange(first, end)
    away = np.maximum(cell_first - place, place - (cell_end - 1))
    return np.clip(1 - away / FEATHER, 0, 1).astype(np.float32)
