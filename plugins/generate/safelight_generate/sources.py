"""Sources: photographed skies, each clouds before a smooth clear sky."""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .layout import Array, Code

TIMES = ("day", "sunset", "dusk")
STREAKS = {"any": (0, 0), "level": (1, 0), "upright": (-1, 0), "falling": (0, 1), "rising": (0, -1)}
"""How streaked a sky is, `Code.level` and `Code.slanted`."""

SIZE = (1024, 768)
"""Columns and rows of a source."""

FITTED = (64, 48)
"""Columns and rows at which a source's clear sky is told."""

CLEAR = 0.03
"""Of the pixels of a sky, about, are below what is taken for its clear sky."""

ROUNDS = 12
DEGREE = 2
POWERS = [(n, m) for n in range(DEGREE + 1) for m in range(DEGREE + 1 - n)]
"""Of x and y, in the planes of a clear sky."""

STRAY = 0.004
"""Square of what is darker than a clear sky by which that bends half as much: it is none then."""

LEAST = 4e-4
"""Square of the difference between clear sky and clouds: where there is less, there are none."""

WARP = 0.022
"""Heights of a source by which it is bent, about: no two seeds have clouds of one shape."""


@dataclass(frozen=True, slots=True)
class Source:
    """A sky (height, width, 4): its colours, and how thick clouds are, 0 to 1.

    ``clear``: the colours of the clear sky's planes, (n, 3); ``cloud``: those of its clouds, (3,).
    """

    layers: Array
    clear: Array
    cloud: Array


def planes(x: Array, y: Array) -> Array:
    """What clear skies are made of at columns (1, width) and rows (height, 1), (height * width, n):
    products of Legendre polynomials.
    """
    along, down = (np.polynomial.legendre.legvander(one.ravel(), DEGREE) for one in (x, y))
    found = [np.outer(down[:, m], along[:, n]).ravel() for n, m in POWERS]
    return np.stack(found, 1).astype(np.float32)


def steps(count: int) -> Array:
    """The middles of some pixels, -1 to 1."""
    return np.asarray((np.arange(count) + 0.5) / count * 2 - 1, np.float32)


def source(picture: Array) -> Source:
    """A picture (height, width, 3) of 0 to 1, its clear sky and its clouds told apart."""
    import cv2

    small = cv2.resize(picture, FITTED, interpolation=cv2.INTER_AREA).reshape(-1, 3)
    basis = planes(steps(FITTED[0])[None], steps(FITTED[1])[:, None])
    rest = small - basis @ fitted(basis, small, np.ones(len(small), np.float32))
    axis = np.linalg.eigh(rest.T @ rest)[1][:, -1]
    along = small @ (axis * np.sign(axis.sum() or 1))
    weights = np.ones(len(small), np.float32)
    for _ in range(ROUNDS):
        above = along - basis @ fitted(basis, along, weights)
        weights = np.where(above > 0, CLEAR, 1 - CLEAR).astype(np.float32)
    unsure = float(np.square(np.minimum(above, 0)).sum()) / max(int((above <= 0).sum()), 1) / STRAY
    clear = fitted(basis, small, weights, unsure)
    above = along - basis @ fitted(basis, along, weights, unsure)
    clouds = above >= np.quantile(above, 0.9)
    way = (small - basis @ clear)[clouds].mean(0)
    height, width = picture.shape[:2]
    every = clear_of(clear, steps(width)[None], steps(height)[:, None])
    thick = (picture - every) @ np.float32(way / max(float(way @ way), LEAST))
    layers = np.concatenate([picture, np.clip(thick, 0, 1)[..., None]], 2)
    return Source(np.ascontiguousarray(layers, np.float32), clear, small[clouds].mean(0))


def fitted(basis: Array, values: Array, weights: Array, unsure: float = 0.0) -> Array:
    """What planes have to be multiplied by to be values; those that bend less where unsure."""
    weighted = basis * weights[:, None]
    stiff = unsure * float(weights.sum()) * np.diag([float(n + m) for n, m in POWERS])
    return np.linalg.solve(weighted.T @ basis + stiff, weighted.T @ values).astype(np.float32)


def clear_of(clear: Array, x: Array, y: Array) -> Array:
    """The colours (height, width, 3) of a clear sky at columns (1, width) and rows (height, 1)."""
    along, down = (
        np.polynomial.legendre.legvander(one.ravel(), DEGREE).astype(np.float32) for one in (x, y)
    )
    table = np.zeros((DEGREE + 1, DEGREE + 1, 3), np.float32)
    for (n, m), colour in zip(POWERS, clear, strict=True):
        table[m, n] = colour
    rows = np.tensordot(down, table, 1)
    return np.asarray(np.einsum("hnc,wn->hwc", rows, along, optimize=True), np.float32)


@dataclass(frozen=True, slots=True)
class Known:
    """The sources that ship: a code (n, numbers), a mean colour (n, 3), a time, a sitting and a
    file of each.

    Sources of one sitting are several pictures of one sky.
    """

    codes: NDArray[np.float32]
    light: NDArray[np.float32]
    times: NDArray[np.uint8]
    sittings: NDArray[np.uint8]
    files: tuple[bytes, ...]

    @property
    def white(self) -> NDArray[np.float32]:
        """How far from blue sources are, (n,)."""
        return self.light[:, 0] - self.light[:, 2]

    @property
    def warm(self) -> NDArray[np.float32]:
        """How far from blue sources are for how light they are, (n,)."""
        return self.white / self.light.mean(1)

    def code(self, row: int) -> Code:
        return Code(*self.codes[row].tolist())

    def picture(self, row: int, size: tuple[int, int]) -> Array:
        """The colours of a source (height, width, 3), 0 to 1; at (width, height) if that is much
        less than it has.
        """
        with Image.open(io.BytesIO(self.files[row])) as stored:
            pixels = stored.convert("RGB")
        size = size if size[0] < 0.7 * SIZE[0] else SIZE
        if pixels.size != size:
            pixels = pixels.resize(size, Image.Resampling.BICUBIC)
        return np.asarray(pixels, np.float32) / np.float32(255)


@functools.cache
def known() -> Known:
    """The sources that ship with the plugin."""
    with np.load(Path(__file__).parent / "skies.npz", allow_pickle=False) as stored:
        data, ends = stored["files"].tobytes(), stored["ends"].tolist()
        files = tuple(data[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True))
        names = "codes", "light", "times", "sittings"
        return Known(*(stored[name] for name in names), files)


def bent(picture: Array, size: tuple[int, int], random: np.random.RandomState) -> Array:
    """A picture at (width, height), its clouds moved by a little, smoothly, by chance."""
    import cv2

    width, height = size
    tall, wide = picture.shape[:2]
    moves = random.standard_normal((2, 4, 5)).astype(np.float32) * np.float32(WARP * tall)
    dx, dy = (cv2.resize(one, size, interpolation=cv2.INTER_CUBIC) for one in moves)
    x = (np.arange(width, dtype=np.float32) + 0.5) * (wide / width) - 0.5
    y = (np.arange(height, dtype=np.float32) + 0.5) * (tall / height) - 0.5
    # The borders stay where they are: there is nothing beyond them.
    dx *= np.minimum(1, 4 * np.minimum(x + 1, wide - x) / wide)[None]
    dy *= np.minimum(1, 4 * np.minimum(y + 1, tall - y) / tall)[:, None]
    return cv2.remap(
        picture, x[None] + dx, y[:, None] + dy, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE
    )
