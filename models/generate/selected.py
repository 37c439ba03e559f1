"""What is selected of a picture: the part that a texture is learnt from.

A mask is a picture of the same size, white where the other is selected, like those that
`safelight apply` writes and takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from models.training import planes

LEAST = 64  # pixels a side
WHITE = 128  # of 255: from here on a pixel is selected


class Texture(NamedTuple):
    """The box around what is selected: pixels (h, w, 3) uint8 sRGB, and of which (h, w) they are.

    `name` is that of the picture, without its folder.
    """

    name: str
    pixels: np.ndarray
    selected: np.ndarray

    def corners(self, side: int) -> np.ndarray:
        """The (y, x) of every square of that side that is selected throughout, (n, 2)."""
        height, width = self.selected.shape
        if min(height, width) < side:
            return np.empty((0, 2), np.intp)
        sums = np.zeros((height + 1, width + 1), np.int64)
        sums[1:, 1:] = self.selected.cumsum(0).cumsum(1)
        inside = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side]
        return np.argwhere(inside + sums[:-side, :-side] == side * side)

    def cut(self, corner: np.ndarray, side: int) -> np.ndarray:
        """The square (side, side, 3) at a corner."""
        y, x = corner
        return self.pixels[y : y + side, x : x + side]


def texture(path: Path, mask: Path | None = None) -> Texture:
    """What a mask selects of a picture file; all of it without one.

    Raises SystemExit, with a sentence, where a file is no picture or too little is selected.
    """
    with opened(path) as picture:
        pixels = np.array(picture.convert("RGB"))
    selected = np.ones(pixels.shape[:2], bool)
    if mask:
        with opened(mask) as picture:
            selected = np.array(picture.convert("L")) >= WHITE
        if selected.shape != pixels.shape[:2]:
            raise SystemExit(
                f"{mask.name} is {in_words(selected)}; as a mask it needs the size of "
                f"{path.name}, {in_words(pixels)}."
            )
        if not selected.any():
            raise SystemExit(f"{mask.name} selects nothing: white is selected.")
    box = tuple(bounds(selected.any(axis)) for axis in (1, 0))
    found = Texture(path.name, pixels[box], selected[box])
    if not len(found.corners(LEAST)):
        kind = "The selection in" if mask else "The picture"
        raise SystemExit(
            f"{kind} {path.name} is too small: a square of {LEAST} × {LEAST} px has to fit into "
            f"it, and it is {in_words(found.selected)}{' at its widest' if mask else ''}."
        )
    return found


def opened(path: Path) -> Image.Image:
    """A picture file, upright. Raises SystemExit, with a sentence, for what is none."""
    try:
        with Image.open(path) as picture:
            return ImageOps.exif_transpose(picture)
    except UnidentifiedImageError:
        raise SystemExit(f"{path.name} is no picture that can be read: export it as one.") from None
    except OSError as error:
        raise SystemExit(f"{path.name} cannot be read: {error.strerror or error}.") from None


def bounds(some: np.ndarray) -> slice:
    """From the first to the last that is true of (n,)."""
    (where,) = np.nonzero(some)
    return slice(int(where[0]), int(where[-1]) + 1)


def in_words(pixels: np.ndarray) -> str:
    """The size of (h, w, ...)."""
    return f"{pixels.shape[1]} × {pixels.shape[0]} px"


def common_side(textures: list[Texture], most: int) -> int:
    """The side of squares that all of them have, `most` or a half, a quarter of it, …, of LEAST."""
    side = most
    while side > LEAST and not all(len(one.corners(side)) for one in textures):
        side //= 2
    return side


class Squares(IterableDataset):
    """Endless batches of squares: which texture (n,), and (n, 3, s, s) uint8 of it."""

    def __init__(self, textures: list[Texture], batch: int, side: int, seed: tuple[int, ...]):
        self.textures, self.batch, self.side, self.seed = textures, batch, side, seed
        self.corners = [one.corners(side) for one in textures]

    def __iter__(self) -> Iterator[list[Tensor]]:
        worker = get_worker_info()
        rng = np.random.default_rng([*self.seed, worker.id if worker else 0])
        while True:
            yield self.some(rng.integers(len(self.textures), size=self.batch), rng)

    def some(self, which: np.ndarray, rng: np.random.Generator) -> list[Tensor]:
        """A square anywhere in each of the textures (n,), and which they are."""
        found = [
            self.textures[n].cut(self.corners[n][rng.integers(len(self.corners[n]))], self.side)
            for n in which
        ]
        return [torch.from_numpy(which), planes(np.stack(found))]
