"""Styles to learn from: some two hundred paintings, made to go further.

A crop of a painting at one of several scales is a style of its own: the whole shows its figures, a
small part its brushwork. Beside them come textures cut out of photographs and drawn patterns, so
that a network also meets what no painter has painted. Hues are turned and tones bent, so that no
palette is known by heart.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.spatial import KDTree

from models.pictures import SUFFIXES, Pictures, is_held_out, read

PAINTED, PHOTOGRAPHED = 0.7, 0.1  # shares; the rest are patterns
LEAST_CROP = 0.35  # of the shorter side
CHOICE = 3  # crops, of which one is taken
TURNED = 0.35  # how often the hues of a style are changed
BENT = 0.3  # how often its tones


class Styles:
    """The paintings of a folder: `train` and `held_out`, uint8 (h, w, 3) by file name."""

    def __init__(self, folder: Path):
        files = sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in SUFFIXES)
        if not files:
            raise SystemExit(f"No pictures in {folder}: give a folder of paintings with --styles.")
        pictures = {path.name: read(path) for path in files}
        self.held_out = {name: p for name, p in pictures.items() if is_held_out(name)}
        self.train = {name: p for name, p in pictures.items() if name not in self.held_out}
        self.train = self.train or self.held_out  # a very small folder

    def sample(
        self, rng: np.random.Generator, count: int, size: int, photographs: Pictures
    ) -> np.ndarray:
        """`count` styles, (count, size, size, 3) uint8."""
        return np.stack([self._one(rng, size, photographs) for _ in range(count)])

    def _one(self, rng: np.random.Generator, size: int, photographs: Pictures) -> np.ndarray:
        kind = rng.random()
        if kind < PAINTED:
            painting = list(self.train.values())[rng.integers(len(self.train))]
            style = crop(painting, size, rng)
        elif kind < PAINTED + PHOTOGRAPHED:
            side = int(size * rng.uniform(0.4, 1))
            style = resized(photographs.sample(rng, 1, side)[0][0], size)
        else:
            style = pattern(size, rng)
        if rng.random() < 0.5:
            style = style[:, ::-1]
        if rng.random() < TURNED:
            style = recoloured(style, rng)
        if rng.random() < BENT:
            style = bent(style, rng)
        return np.ascontiguousarray(style)


def crop(picture: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """A square part of a picture, from LEAST_CROP of its shorter side to all of it.

    Of CHOICE parts the liveliest: most of many paintings is a dark or an even ground.
    """
    shorter = min(picture.shape[:2])
    side = int(shorter * rng.uniform(LEAST_CROP, 1))
    parts = []
    for _ in range(CHOICE):
        y, x = (int(rng.integers(length - side + 1)) for length in picture.shape[:2])
        parts.append(picture[y : y + side, x : x + side])
    return resized(max(parts, key=liveliness), size)


def liveliness(picture: np.ndarray) -> float:
    """Mean difference between pixels four apart."""
    green = picture[::2, ::2, 1].astype(np.int16)
    return float(
        np.abs(green[2:] - green[:-2]).mean() + np.abs(green[:, 2:] - green[:, :-2]).mean()
    )


def resized(picture: np.ndarray, size: int) -> np.ndarray:
    """A uint8 picture as (size, size, 3)."""
    return np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.BICUBIC))


def recoloured(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Hues turned about the grey axis by any angle, saturation up to a half more or less."""
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 1.5)
    axis = np.full(3, 1 / np.sqrt(3))
    cross = np.cross(np.eye(3), axis)
    grey = np.outer(axis, axis)
    # Rodrigues' formula; what is not grey is scaled.
    turn = grey + strength * (np.cos(angle) * (np.eye(3) - grey) + np.sin(angle) * cross)
    return np.clip(picture @ turn.T + 0.5, 0, 255).astype(np.uint8)


def bent(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gamma and contrast changed."""
    values = (picture / 255.0) ** np.exp(rng.uniform(-0.5, 0.5))
    values = 0.5 + (values - 0.5) * rng.uniform(0.6, 1.2) + rng.uniform(-0.05, 0.05)
    return np.clip(255 * values + 0.5, 0, 255).astype(np.uint8)


def pattern(size: int, rng: np.random.Generator) -> np.ndarray:
    """Something drawn: (size, size, 3) uint8, of two to five colours."""
    drawn = PATTERNS[rng.integers(len(PATTERNS))](size, rng)
    colours = rng.uniform(0, 255, (int(rng.integers(2, 6)), 3))
    places = np.clip(drawn, 0, 1) * (len(colours) - 1)
    if rng.random() < 0.5:
        places = np.round(places)  # flat colours, as in a print
    lower = np.minimum(places.astype(int), len(colours) - 2)
    share = (places - lower)[..., None]
    picture = colours[lower] * (1 - share) + colours[lower + 1] * share
    picture = picture + rng.normal(0, rng.choice([0, 0, 8]), picture.shape)
    return np.clip(picture + 0.5, 0, 255).astype(np.uint8)


def stripes(size: int, rng: np.random.Generator) -> np.ndarray:
    """Parallel or crossing lines, straight or waved: a hatching."""
    y, x = np.indices((size, size)) / size
    total = np.ones((size, size))
    for angle in rng.uniform(0, np.pi, int(rng.integers(1, 4))):
        along, across = (
            x * np.cos(angle) + y * np.sin(angle),
            y * np.cos(angle) - x * np.sin(angle),
        )
        waved = across + rng.uniform(0, 0.05) * np.sin(rng.uniform(2, 20) * along * 2 * np.pi)
        total *= 0.5 + 0.5 * np.sin(waved * rng.uniform(5, 45) * 2 * np.pi)
    return np.clip(total * rng.uniform(1, 3), 0, 1)


def dots(size: int, rng: np.random.Generator) -> np.ndarray:
    """A turned grid of round dots, each of another size: a halftone."""
    y, x = np.indices((size, size)) / size
    angle, count = rng.uniform(0, np.pi), rng.uniform(8, 40)
    u = count * (x * np.cos(angle) + y * np.sin(angle))
    v = count * (y * np.cos(angle) - x * np.sin(angle))
    away = np.hypot(u % 1 - 0.5, v % 1 - 0.5)
    radius = 0.15 + 0.4 * clouds(size, rng)
    return np.clip((radius - away) * rng.uniform(3, 12) + 0.5, 0, 1)


def clouds(size: int, rng: np.random.Generator) -> np.ndarray:
    """Noise of several scales, one above the other."""
    total, strength = np.zeros((size, size)), rng.uniform(0.3, 0.9)
    for octave in range(1, 7):
        noise = Image.fromarray(rng.random((2**octave + 1, 2**octave + 1)).astype(np.float32))
        total += strength**octave * np.asarray(noise.resize((size, size), Image.Resampling.BICUBIC))
    low, high = total.min(), total.max()
    return (total - low) / (high - low)


def cells(size: int, rng: np.random.Generator) -> np.ndarray:
    """Patches around random points, with or without joints: a mosaic."""
    count = int(rng.integers(20, 250))
    points, shades = rng.random((count, 2)) * size, rng.random(count)
    places = np.stack(np.indices((size, size)), -1)
    (nearest, second), its = (np.moveaxis(part, -1, 0) for part in KDTree(points).query(places, 2))
    shade = shades[its[0]]
    joint = np.clip((second - nearest) / rng.uniform(1, 5), 0, 1)
    return shade * joint if rng.random() < 0.6 else shade


PATTERNS: tuple[Callable[[int, np.random.Generator], np.ndarray], ...] = (
    stripes,
    dots,
    clouds,
    cells,
)
