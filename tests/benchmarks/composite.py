"""Compositing: five blended layers to the screen's 8 bits, against plain numpy.

A window of 2560 x 1440 pixels and five float32 layers with alpha over grey paper: normal,
multiply, screen, overlay and soft light. The reference is what one would write first, for whole
pictures, and it may count on opaque paper; ours does all that alpha can mean. Ours goes strip by
strip on every core, once with the compiled kernels and once in numpy alone, which is what runs
until they are ready.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from safelight.pixels import DEPTH, composite, from_float, prepare_kernels
from tests.benchmarks.pairs import KERNELS, Row, alternate, figure, seconds, touch

PAIRS = {"full": 15, "quick": 7, "tiny": 2}

_SHAPE = {"full": (1440, 2560, 4), "quick": (1440, 2560, 4), "tiny": (300, 300, 4)}

_LAYERS = {"normal": 1.0, "multiply": 0.9, "screen": 0.8, "overlay": 0.7, "soft-light": 0.6}

_KERNELS = (*_LAYERS, DEPTH)

_PAPER = 0.5

_STRIP = 1 << 14
"""Pixels at a time: float32 with alpha, they and a layer's stay in a core's second cache."""

_CORES = os.cpu_count() or 1


def measure(pairs: int, size: str = "full") -> list[Row]:
    """Two rows: with the compiled kernels, and in numpy."""
    numbers = np.random.default_rng(7)
    pictures = [numbers.random(_SHAPE[size], np.float32) for _ in _LAYERS]
    screen = np.empty(_SHAPE[size], np.uint8)
    touch(3 * sum(picture.nbytes for picture in pictures))
    notes = _prepare(size)
    modes = sys.modules["safelight.pixels.blend"].COMPILED
    depths = sys.modules["safelight.pixels.depth"]

    with ThreadPoolExecutor(_CORES) as threads:

        def ours() -> np.ndarray:
            return _strip_by_strip(pictures, screen, threads)

        def ours_in_numpy() -> np.ndarray:
            with mock.patch.dict(modes, clear=True), mock.patch.object(depths, "COMPILED", []):
                return _strip_by_strip(pictures, screen, threads)

        def reference() -> np.ndarray:
            return _naive(pictures)

        for side in (ours, ours_in_numpy):
            difference = side().astype(int) - reference()
            assert np.abs(difference).max() <= 1
        height, width, _ = _SHAPE[size]
        name = f"composite: 5 layers, {width} × {height}"
        rows = []
        if depths.COMPILED and modes.keys() >= _LAYERS.keys():
            figures = _alternate(ours, reference, pairs)
            rows.append(Row(name, "ms", *figures, goal=0.07, notes=notes))
        figures = _alternate(ours_in_numpy, reference, pairs)
        rows.append(Row(f"{name}, in numpy", "ms", *figures, goal=1.0))
    return rows


def _alternate(
    ours: Callable[[], Any], reference: Callable[[], Any], pairs: int
) -> tuple[list[float], list[float]]:
    return alternate(lambda: seconds(ours) * 1e3, lambda: seconds(reference) * 1e3, pairs, warm=2)


def _prepare(size: str) -> list[str]:
    if size == "tiny":
        prepare_kernels(KERNELS, _KERNELS)
        return []
    with tempfile.TemporaryDirectory() as name:
        took = seconds(lambda: prepare_kernels(Path(name), _KERNELS))
    return [f"composite: {figure(took)} s to compile {len(_KERNELS)} kernels, once for every user"]


def _strip_by_strip(
    pictures: list[np.ndarray], result: np.ndarray, threads: ThreadPoolExecutor
) -> np.ndarray:
    height, width, _ = result.shape
    rows = max(1, _STRIP // width)
    paper = np.full((rows, width, 4), _PAPER, np.float32)
    paper[..., 3] = 1
    # One for each thread: memory that is new for every strip costs as much as the blending.
    own = threading.local()

    def one(top: int) -> None:
        if not hasattr(own, "strip"):
            own.strip = np.empty_like(paper)
        below = own.strip[: height - top]
        np.copyto(below, paper[: len(below)])
        strip = slice(top, top + rows)
        for picture, (mode, opacity) in zip(pictures, _LAYERS.items(), strict=True):
            composite(below, picture[strip], mode=mode, opacity=opacity)
        result[strip] = from_float(below, "uint8")

    list(threads.map(one, range(0, height, rows)))
    return result


_NAIVE: dict[str, Callable[[Any, Any], Any]] = {
    "normal": lambda b, s: s,
    "multiply": lambda b, s: b * s,
    "screen": lambda b, s: b + s - b * s,
    "overlay": lambda b, s: np.where(b <= 0.5, 2 * b * s, 1 - 2 * (1 - b) * (1 - s)),
    "soft-light": lambda b, s: np.where(
        s <= 0.5,
        b - (1 - 2 * s) * b * (1 - b),
        b + (2 * s - 1) * (np.where(b <= 0.25, ((16 * b - 12) * b + 4) * b, np.sqrt(b)) - b),
    ),
}


def _naive(pictures: list[np.ndarray]) -> np.ndarray:
    below = np.full((*pictures[0].shape[:2], 3), _PAPER, np.float32)
    for picture, (mode, opacity) in zip(pictures, _LAYERS.items(), strict=True):
        colour, alpha = picture[..., :3], picture[..., 3:] * np.float32(opacity)
        below = below + alpha * (_NAIVE[mode](below, colour) - below)
    opaque = np.ones_like(pictures[0][..., 3:])
    picture = np.concatenate([below, opaque], axis=-1)
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
