"""Damage of old photographs: masks of dust, scratches, stains and tears, and what they look like.

Small marks are the alpha masks of FilmDamageSimulator (Ivanova et al., "Simulating analogue film
damage to analyse and improve artefact restoration on high-resolution scans", 2023), turned, scaled
and moved; tears, missing corners and holes are drawn here. `random_mark` gives the shape of one,
`paint` lays it over a photograph in colours that such damage has, `fade` and `age` do to the whole
picture what decades do. Everything is determined by `rng`.

A picture is (h, w, 3), an alpha (h, w) float32 with 0 = clean and 1 = nothing left.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from models.degradation import degrade, fraction, levels
from models.pictures import is_held_out

GROUPS: dict[str, tuple[str, ...]] = {
    "dust and scratches": (
        "dirt",
        "hair",
        "hair-short",
        "lint",
        "scratches",
        "spots",
        "sprinkles",
    ),
    "stains": ("dots", "smut", "stain"),
    "tears": ("tear", "corner", "edge"),
}
"""What a user corrects separately, each with its kinds. Those of tears are drawn here."""

HOLES = ("square", "blob", "stroke")  # what is painted over to be replaced; no damage to detect
LARGEST_HOLE = 64  # pixels: side of the largest hole that is filled at one go
DAMAGED = 0.06  # alpha from which on a pixel is worth replacing
VISIBLE = 0.08  # of the range: a change that a detector is asked to find, as it is seen at once
MASK_SCALES = (0.5, 1.6)  # of the stored masks, 400 pixels a side
FINER = 2  # shapes are drawn so many times larger, for smooth edges

Masks = Mapping[str, np.ndarray]  # by kind, (count, 400, 400) uint8


@dataclass(frozen=True)
class Mark:
    """One piece of damage: its group, or "hole"; its kind; its alpha."""

    group: str
    kind: str
    alpha: np.ndarray


def load_masks(folder: Path, cache: Path) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """(to train with, held out) of a folder with a folder of grey PNG masks for each kind.

    Split by the file's name alone, as photographs are. Decoded once into one memory-mapped file of
    `cache`. Raises SystemExit, with a sentence, where a kind has no masks on both sides.
    """
    files = {
        kind: sorted((folder / kind).glob("*.png"))
        for kinds in GROUPS.values()
        for kind in kinds
        if kinds is not GROUPS["tears"]
    }
    known = [[kind, path.name, path.stat().st_size] for kind in files for path in files[kind]]
    key = hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]
    packed = cache / f"damage_{key}.npy"
    if not packed.exists():
        cache.mkdir(parents=True, exist_ok=True)
        decoded = np.stack([grey(path) for paths in files.values() for path in paths])
        partial = packed.with_name("partial_" + packed.name)
        np.save(partial, decoded)
        partial.replace(packed)
    stored = np.load(packed, mmap_mode="r", allow_pickle=False)
    train, held_out, first = {}, {}, 0
    for kind, paths in files.items():
        own = stored[first : first + len(paths)]
        first += len(paths)
        kept = np.array([is_held_out(path.name) for path in paths], bool)
        if kept.all() or not kept.any():
            raise SystemExit(f"{folder / kind} has too few masks to keep one from training.")
        train[kind], held_out[kind] = own[~kept], own[kept]
    return train, held_out


def grey(path: Path) -> np.ndarray:
    """A mask's file as (h, w) uint8."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"))


def random_mark(rng: np.random.Generator, masks: Masks, group: str, shape: tuple[int, int]) -> Mark:
    """One mark of a group, or a "hole", somewhere in a picture of `shape` = (height, width)."""
    if group == "hole":
        kind = HOLES[rng.integers(len(HOLES))]
        return Mark(group, kind, hole(rng, kind, shape))
    kinds = GROUPS[group]
    kind = kinds[rng.integers(len(kinds))]
    if kind in masks:
        return Mark(group, kind, stored_mark(rng, masks[kind], shape))
    drawn = {"tear": tear, "corner": corner, "edge": edge}[kind](rng, shape)
    return Mark(group, kind, drawn)


def stored_mark(rng: np.random.Generator, masks: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """One of (n, side, side) uint8 masks: scaled, turned, moved so that a part of it is seen."""
    mask = masks[rng.integers(len(masks))]
    scale = math.exp(rng.uniform(*np.log(MASK_SCALES)))
    window = [math.ceil(side / scale) for side in shape]
    rows, columns = np.nonzero(mask[::2, ::2] > 255 * DAMAGED)
    if not len(rows):
        return np.zeros(shape, np.float32)
    which = rng.integers(len(rows))
    corner_at = [
        2 * int(place[which]) - int(rng.integers(side))
        for place, side in zip((rows, columns), window, strict=True)
    ]
    piece = np.zeros(window, np.uint8)
    y, x = (max(0, -first) for first in corner_at)
    seen = mask[
        max(0, corner_at[0]) : max(0, corner_at[0] + window[0]),
        max(0, corner_at[1]) : max(0, corner_at[1] + window[1]),
    ]
    piece[y : y + seen.shape[0], x : x + seen.shape[1]] = seen
    large = Image.fromarray(piece).resize(shape[::-1], Image.Resampling.BILINEAR)
    alpha = fraction(np.asarray(large))
    if shape[0] == shape[1]:
        alpha = np.rot90(alpha, rng.integers(4))
    return np.ascontiguousarray(alpha[:, ::-1] if rng.integers(2) else alpha)


class Canvas:
    """A black sheet of `shape` = (height, width) to draw alpha on, edges smoothed at the end."""

    def __init__(self, shape: tuple[int, int]):
        self.shape = shape
        self.sheet = Image.new("L", (shape[1] * FINER, shape[0] * FINER))
        self.pen = ImageDraw.Draw(self.sheet)

    def polygon(self, points: np.ndarray) -> None:
        """Fill (n, 2) points, (x, y) in pixels of the picture."""
        self.pen.polygon([tuple(point) for point in points * FINER], fill=255)

    def stroke(self, points: np.ndarray, widths: np.ndarray) -> None:
        """A line through (n, 2) points with a width in pixels at each, round at its joints."""
        fine, radii = points * FINER, widths * FINER / 2
        for start, end, radius in zip(fine, fine[1:], radii, strict=False):
            self.pen.line([*start, *end], fill=255, width=max(1, round(2 * radius)))
            self.pen.ellipse([*(end - radius), *(end + radius)], fill=255)

    def alpha(self) -> np.ndarray:
        """What was drawn, (h, w) float32."""
        sheet = self.sheet.resize(self.shape[::-1], Image.Resampling.BOX)
        return fraction(np.asarray(sheet))


def walk(
    rng: np.random.Generator, start: np.ndarray, angle: float, length: float, step: float
) -> np.ndarray:
    """(n, 2) points of a jagged line from `start` on, heading for `angle` (radians) on average."""
    count = max(2, math.ceil(length / step))
    turns = angle + 0.5 * rng.standard_normal(count) + 0.15 * rng.standard_normal(count).cumsum()
    steps = step * np.stack([np.cos(turns), np.sin(turns)], 1)
    return np.concatenate([start[None], start + steps.cumsum(0)])


def tear(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """A rip through the paper, or a crease: a jagged line of 1 to 8 pixels, often from an edge."""
    height, width = shape
    start = rng.uniform(0, 1, 2) * (width, height)
    if rng.random() < 0.7:
        start[rng.integers(2)] = 0.0
    towards = np.array([width, height]) * rng.uniform(0.2, 0.8, 2) - start
    length = rng.uniform(0.4, 1.4) * max(shape)
    points = walk(rng, start, math.atan2(towards[1], towards[0]), length, rng.uniform(3, 9))
    thickness = math.exp(rng.uniform(math.log(1), math.log(8)))
    canvas = Canvas(shape)
    canvas.stroke(points, thickness * rng.uniform(0.5, 1.2, len(points)))
    return turned(rng, canvas.alpha())


def corner(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """A corner that is missing: up to half of each side, with a torn edge."""
    ends = rng.uniform(0.12, 0.5, 2) * shape[::-1]
    count = max(3, round(float(np.hypot(*ends)) / 5))
    along = np.linspace(0, 1, count)[:, None]
    line = (1 - along) * (ends[0], 0) + along * (0, ends[1])
    line += rng.normal(0, 2.0, line.shape)
    canvas = Canvas(shape)
    canvas.polygon(np.concatenate([[(-9, -9), (ends[0], -9)], line, [(-9, ends[1])]]))
    return turned(rng, canvas.alpha())


def edge(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """A strip of up to 24 pixels that is torn off one edge."""
    count = max(3, shape[1] // 6)
    x = np.linspace(-9, shape[1] + 9, count)
    depth = rng.uniform(3, 16) + rng.normal(0, 1.5, count) + rng.normal(0, 0.8, count).cumsum()
    line = np.stack([x, np.clip(depth, -9, 24)], 1)
    canvas = Canvas(shape)
    canvas.polygon(np.concatenate([[(-9, -9)], line, [(shape[1] + 9, -9)]]))
    return turned(rng, canvas.alpha())


def turned(rng: np.random.Generator, alpha: np.ndarray) -> np.ndarray:
    """One of the eight ways to lay it, or of the four that keep its shape."""
    if alpha.shape[0] == alpha.shape[1]:
        alpha = np.rot90(alpha, rng.integers(4))
    else:
        alpha = np.rot90(alpha, 2 * rng.integers(2))
    return np.ascontiguousarray(alpha[:, ::-1] if rng.integers(2) else alpha)


def hole(rng: np.random.Generator, kind: str, shape: tuple[int, int]) -> np.ndarray:
    """What somebody painted over: a rectangle, a blob, a brush stroke; LARGEST_HOLE at most."""
    height, width = shape
    most = min(LARGEST_HOLE, height // 2, width // 2)
    least = min(8, most)
    canvas = Canvas(shape)
    if kind == "square":
        size = rng.integers(least, most + 1, 2)
        x, y = (
            int(rng.integers(side - s + 1)) for side, s in zip((width, height), size, strict=True)
        )
        alpha = np.zeros(shape, np.float32)
        alpha[y : y + size[1], x : x + size[0]] = 1
        return alpha
    middle = rng.uniform(0.15, 0.85, 2) * (width, height)
    if kind == "blob":
        angles = np.linspace(0, 2 * math.pi, 12, endpoint=False)
        radii = rng.uniform(least, most) / 2 * rng.uniform(0.6, 1, len(angles))
        circle = np.stack([np.cos(angles), np.sin(angles)], 1)
        canvas.polygon(middle + radii[:, None] * circle)
    else:
        points = walk(rng, middle, rng.uniform(0, 2 * math.pi), rng.uniform(10, 80), 8.0)
        canvas.stroke(points, np.full(len(points), rng.uniform(5, most / 2)))
    return canvas.alpha()


def to_replace(rng: np.random.Generator, alpha: np.ndarray) -> np.ndarray:
    """The pixels, (h, w) bool, that a user's or a detector's mask of this damage covers.

    All that is damaged, and one or two pixels more, as its rim is seldom hit exactly.
    """
    return grown(alpha > DAMAGED, int(rng.integers(1, 3)))


def grown(mask: np.ndarray, by: int) -> np.ndarray:
    """(h, w) bool, `by` pixels more in the four directions and the diagonals."""
    for axis in (0, 1):
        padded = np.pad(mask, [(by, by) if n == axis else (0, 0) for n in (0, 1)])
        size = mask.shape[axis]
        parts = [padded.take(range(n, n + size), axis) for n in range(2 * by + 1)]
        mask = np.logical_or.reduce(parts)
    return mask


def paint(picture: np.ndarray, mark: Mark, rng: np.random.Generator) -> np.ndarray:
    """Lay a mark over a picture (h, w, 3) float32 in a colour that it can have.

    Dust and scratches are white (they keep light from the negative, or have scraped the layer off)
    or, seldom, dark; stains darken and tint what lies under them, or have eaten it; a tear shows
    white fibre with a shadow beside it, and what is missing shows what lies behind.
    """
    opacity = mark.alpha[..., None]
    if mark.group == "dust and scratches":
        light = rng.random() < 0.75
        colour = rng.uniform(0.8, 1.0) if light else rng.uniform(0.0, 0.2)
        return mix(picture, near_grey(rng, colour), opacity * rng.uniform(0.6, 1.0))
    if mark.group == "stains":
        if mark.kind == "stain" or rng.random() < 0.3:
            tint = rng.uniform((0.55, 0.4, 0.2), (0.95, 0.8, 0.65))
            haze = rng.uniform(0, 0.15) * tint
            strength = opacity * rng.uniform(0.6, 1.0)
            return picture * (1 - strength * (1 - tint)) + strength * haze
        return mix(picture, near_grey(rng, rng.choice([0.05, 0.2, 0.7, 0.95])), opacity)
    if mark.kind == "tear":
        down, right = (int(n) for n in rng.integers(1, 3, 2))
        shadow = np.pad(mark.alpha, ((down, 0), (right, 0)))[: opacity.shape[0], : opacity.shape[1]]
        picture = picture * (1 - rng.uniform(0, 0.5) * shadow[..., None])
        fibre = near_grey(rng, rng.uniform(0.85, 1.0))
        return mix(picture, fibre + rng.normal(0, 0.03, picture.shape[:2])[..., None], opacity)
    return mix(picture, near_grey(rng, rng.choice([0.0, 0.5, 0.9, 1.0])), opacity)


def mix(picture: np.ndarray, colour: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    return picture + opacity * (colour - picture)


def near_grey(rng: np.random.Generator, value: float) -> np.ndarray:
    """A colour of about this grey, as paper and dust have: (3,), a little warm or cold."""
    return np.clip(value + rng.uniform(-0.05, 0.05, 3) * np.array([1, 0.5, -1]), 0, 1)


def fade(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What light and air do to a print: less contrast, less colour, a cast. (h, w, 3) float32."""
    black, white = rng.uniform(0.0, 0.2, 3), rng.uniform(0.75, 1.0, 3)
    gamma = np.exp(rng.uniform(-0.25, 0.25, 3))
    colour = rng.uniform(0.0, 1.0)
    luminance = picture.mean(-1, keepdims=True)
    faded = np.clip(mix(luminance, picture, np.float32(colour)), 0, 1) ** gamma
    return (black + (white - black) * faded).astype(np.float32)


def age(
    picture: np.ndarray, rng: np.random.Generator, faded: float = 0.3, degraded: float = 0.3
) -> np.ndarray:
    """A photograph (h, w, 3) uint8 as it is before it is damaged, also uint8.

    Faded and degraded (blur, noise, JPEG: models/degradation.py) with these probabilities. What
    replaces damage has to look like the rest, so this is also what a repair is compared with.
    """
    if rng.random() < faded:
        picture = levels(fade(fraction(picture), rng))
    if rng.random() < degraded:
        picture = degrade(picture, 1, rng)
    return picture


def damaged(
    picture: np.ndarray, masks: Masks, rng: np.random.Generator, marks: int
) -> tuple[np.ndarray, np.ndarray]:
    """Up to `marks` marks of random groups over a picture (h, w, 3) uint8.

    Returns the picture, uint8, and where each group of GROUPS is visible: (h, w, groups) bool.
    """
    groups = list(GROUPS)
    image = fraction(picture)
    where = np.zeros((*picture.shape[:2], len(groups)), bool)
    for n in rng.integers(len(groups), size=rng.integers(marks + 1)):
        mark = random_mark(rng, masks, groups[n], picture.shape[:2])
        painted = paint(image, mark, rng)
        seen = (mark.alpha > DAMAGED) & (np.abs(painted - image).max(-1) > VISIBLE)
        where[seen] = False  # the last one covers those below
        where[..., n] |= seen
        image = painted
    return levels(image), where
