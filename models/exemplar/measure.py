"""Measure the exemplar engine on holes of three kinds, beside pypatchmatch where it is installed.

    python -m models.exemplar.measure --photos FOLDER --features squeezenet1_0_features.npz \
        [--count 24] [--sheet sheet.png]

Every photograph, at most 512 pixels a side, loses one polygon: of texture, of an edge or of
something smooth, as the photograph's turn is; of places drawn by chance, the one most of its kind.
Both methods fill each hole, one after the other and in turns first, with one thread each; seconds
are the processor's. The distance of features is that of `feature_loss` over the hole and what is
around it; the texture kept is the deviation of the Laplacian in the hole, in parts of that of the
original.
pypatchmatch (MIT) serves for comparison alone: `pip install pypatchmatch`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from safelight_exemplar import fill, kernels

from models.measurement import colour_psnr
from models.perceptual import Features, feature_loss

KINDS = ("texture", "edge", "smooth")
SIDE = 512  # pixels of the longer side
RADIUS = 0.12  # of a hole, in parts of the shorter side
TRIES = 60  # places that a hole is chosen of
AROUND = 32  # pixels around a hole that its features are compared with
PATCH = 3  # pixels from a patch's middle to its edge, as the engine's

Method = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From (h, w, 3) uint8 and where it is missing, (h, w) bool, to (h, w, 3) uint8."""


def ours(picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The engine as it ships."""
    filled = fill(np.float32(picture) / 255, hole)
    return np.uint8(np.clip(filled * 255 + 0.5, 0, 255))


def methods() -> dict[str, Method]:
    """The engine, and pypatchmatch where it is installed."""
    found = {"exemplar": ours}
    try:
        from patchmatch import patch_match
    except ImportError:
        return found

    def theirs(picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        return patch_match.inpaint(picture, np.uint8(hole) * 255, patch_size=PATCH)

    return found | {"pypatchmatch": theirs}


def polygon(shape: tuple[int, ...], middle: tuple[float, float], rng) -> np.ndarray:
    """A hole of fourteen uneven corners around `middle` (row, column): (h, w) bool."""
    mask = Image.new("L", shape[1::-1])
    radius = min(shape[:2]) * RADIUS
    corners = [
        (
            middle[1] + radius * rng.uniform(0.7, 1.2) * np.cos(angle),
            middle[0] + radius * rng.uniform(0.7, 1.2) * np.sin(angle),
        )
        for angle in np.linspace(0, 2 * np.pi, 14, endpoint=False)
    ]
    ImageDraw.Draw(mask).polygon(corners, fill=255)
    return np.asarray(mask) > 0


def likeness(grey: np.ndarray, hole: np.ndarray, kind: str) -> float:
    """How much what a hole takes away is of a kind: more is more."""
    dy, dx = (along[hole] for along in np.gradient(grey))
    strength = float(np.mean(np.hypot(dy, dx)))
    across, down, both = (float(np.mean(part)) for part in (dx * dx, dy * dy, dx * dy))
    coherence = float(np.hypot(across - down, 2 * both)) / (across + down + 1e-6)
    if kind == "texture":
        return strength * (1 - coherence)
    return strength * coherence**2 if kind == "edge" else -strength


def case(picture: np.ndarray, number: int) -> tuple[np.ndarray, str]:
    """The hole of the picture of this number, and its kind."""
    kind = KINDS[number % len(KINDS)]
    rng = np.random.default_rng(number)
    grey = picture.mean(-1)
    height, width = grey.shape
    holes = [
        polygon(picture.shape, (rng.uniform(0.2, 0.8) * height, rng.uniform(0.2, 0.8) * width), rng)
        for _ in range(TRIES)
    ]
    return max(holes, key=lambda hole: likeness(grey, hole, kind)), kind


def texture(picture: np.ndarray, hole: np.ndarray) -> float:
    """Deviation of the Laplacian of the mean of the colours, in the hole."""
    grey = np.pad(picture.mean(-1), 1, mode="edge")
    near = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((4 * grey[1:-1, 1:-1] - near)[hole].std())


def around(hole: np.ndarray) -> tuple[slice, slice]:
    """The part of a picture that holds a hole and what is beside it."""
    found = (np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0)))
    return tuple(slice(max(at[0] - AROUND, 0), at[-1] + AROUND + 1) for at in found)


def planes(picture: np.ndarray) -> torch.Tensor:
    """(1, 3, h, w), 0 to 1."""
    return torch.from_numpy(np.float32(picture) / 255).permute(2, 0, 1)[None]


def measured(result, original, hole, seconds, features) -> tuple[float, float, float, float]:
    """PSNR in the hole in dB, texture kept, distance of features, seconds."""
    part = around(hole)
    with torch.no_grad():
        apart = float(feature_loss(features, planes(result[part]), planes(original[part])))
    kept = texture(result, hole) / max(texture(original, hole), 1e-6)
    return colour_psnr(result[hole][None], original[hole][None]), kept, apart, seconds


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--sheet", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    kernels.THREADS = 1
    features = Features(given.features)
    files = sorted(given.photos.glob("*.jpg"))
    files = files[:: max(len(files) // given.count, 1)][: given.count]
    compared = methods()
    noise = np.random.default_rng(0).integers(0, 255, (96, 96, 3)).astype(np.uint8)
    for method in compared.values():  # what is compiled is compiled before
        method(noise, polygon(noise.shape, (48, 48), np.random.default_rng(0)))
    rows: dict[tuple[str, str], list] = {}
    tiles = []
    for number, file in enumerate(files):
        with Image.open(file) as opened:
            small = opened.convert("RGB")
        small.thumbnail((SIDE, SIDE))
        original = np.asarray(small)
        hole, kind = case(original, number)
        given_away = original.copy()
        given_away[hole] = 0
        results = {}
        for name in sorted(compared, reverse=bool(number % 2)):
            begun = time.process_time()
            results[name] = compared[name](given_away.copy(), hole)
            seconds = time.process_time() - begun
            row = measured(results[name], original, hole, seconds, features)
            rows.setdefault((name, kind), []).append(row)
        given_away[hole] = (255, 0, 255)
        tiles.append(
            [given_away[around(hole)], *(results[name][around(hole)] for name in compared)]
        )
    print("| Kind | Method | n | PSNR, dB | Texture kept | Features | Processor, s |")
    print("|---|---|---|---|---|---|---|")
    for kind in (*KINDS, "all"):
        for name in compared:
            found = np.array(
                sum((rows.get((name, k), []) for k in KINDS if kind in (k, "all")), [])
            )
            if len(found):
                words = [
                    f"{column.mean():.2f} ± {column.std():.2f}, median {np.median(column):.2f}"
                    for column in found.T
                ]
                print(f"| {kind} | {name} | {len(found)} | {' | '.join(words)} |", flush=True)
    if given.sheet:
        sheet(tiles).save(given.sheet)


def sheet(tiles: list[list[np.ndarray]], side: int = 192) -> Image.Image:
    """The holes and their fillings side by side, four holes in a row."""
    wide = max(len(row) for row in tiles)
    made = Image.new("RGB", (4 * (wide * side + 8), -(-len(tiles) // 4) * (side + 8)))
    for number, row in enumerate(tiles):
        for place, tile in enumerate(row):
            left = (number % 4) * (wide * side + 8) + place * side
            square = Image.fromarray(tile).resize((side, side), Image.Resampling.LANCZOS)
            made.paste(square, (left, number // 4 * (side + 8)))
    return made


if __name__ == "__main__":
    main()
