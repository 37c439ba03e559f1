"""Tones: eight neighbouring ones against one, mixed ones against the same fused by hand, one
against its arithmetic in numpy, and one drawn as a layer against the shortest line of numpy.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from safelight import api
from safelight.api.tone_table import applied
from safelight.document import Document, Layer, LiveFilter, Renderer
from safelight.pixels import TILE, TONE, Raster, Tone, composed, is_finite, prepare_kernels
from tests.benchmarks.pairs import KERNELS, Row, alternate, touch

PAIRS = {"full": 11, "quick": 7, "tiny": 2}

_VIEW = {"full": (2560, 1440), "quick": (1280, 720), "tiny": (160, 90)}

_X = np.linspace(0, 1, 4096)
_BENT = api.Curves(_X + 0.2 * _X * (1 - _X))
_MATRIX = api.Matrix(((0.8, 0.15, 0.05), (0.1, 0.8, 0.1), (0.05, 0.1, 0.85)))
_EXPOSURE = (api.TO_LINEAR, api.Matrix.scaled(1.3), api.FROM_LINEAR)
_MIXED = (*_EXPOSURE, _BENT, _MATRIX)


def measure(pairs: int, size: str = "full") -> list[Row]:
    """Rows for one kind after the other."""
    width, height = _VIEW[size]
    touch(8 * width * height * 12)
    prepare_kernels(KERNELS, [TONE, "normal"])
    image = np.random.default_rng(4).random((height, width, 3), np.float32)
    rows = [
        _row(f"tones: eight {name} against one", _ours(composed(stages * 8), image),
             _ours(composed(stages), image), 1.5, pairs)
        for name, stages in (("curves", (_BENT,)), ("matrices", (_MATRIX,)),
                             ("exposures", _EXPOSURE))
    ]  # fmt: skip
    by_hand = _by_hand()
    made = np.empty_like(image)
    rows.append(
        _row("tones: mixed against fused by hand", _ours(composed(_MIXED), image),
             lambda: by_hand(image, made, _BENT.samples), 1.2, pairs)
    )  # fmt: skip
    assert np.abs(made - composed(_MIXED).apply(image)).max() < 1e-5
    rows += [
        _row(f"tones: one {name} against numpy", _ours(composed(stages), image),
             lambda stages=stages: applied(stages, image), 1.5, pairs)
        for name, stages in (("curve", (_BENT,)), ("matrix", (_MATRIX,)), ("exposure", _EXPOSURE))
    ]  # fmt: skip
    places = np.linspace(0, 1, 33)
    cube = np.stack(np.meshgrid(places, places, places, indexing="ij"), axis=-1)
    looked_up = (api.Lattice(cube**1.2),)
    tile = image[:TILE, :TILE]
    rows.append(
        _row("tones: a tile through a lattice against numpy", _ours(composed(looked_up), tile),
             lambda: applied(looked_up, tile), 0.1, pairs)
    )  # fmt: skip
    return [*rows, _drawn(image, pairs)]


class _Applied:
    """Runs the one tone there is."""

    def __init__(self, tone: Tone) -> None:
        self._tone = tone

    def reach(self, filter: LiveFilter, level: int) -> int:
        return 0

    def run(self, filter: LiveFilter, image: Any, region: api.Region, canvas: api.Region) -> Any:
        made = self._tone.apply(image)
        assert is_finite(made)
        return made

    def failure(self, filter: LiveFilter) -> str:
        return ""


def _drawn(image: Any, pairs: int) -> Row:
    """What a layer with a tone adds to the drawing of a document."""
    height, width = image.shape[:2]
    gains = (1.3, 1.0, 0.7)
    factors = np.array(gains, np.float32)
    renderer = Renderer(_Applied(composed((api.Matrix.scaled(*gains),))))  # type: ignore[arg-type]
    clear = Raster.from_array(np.zeros((height, width, 4), np.float32))
    layers = (Layer("Photograph", Raster.from_array(image)), Layer("Clear", clear, opacity=0.5))
    without = Document(width, height, "float32", layers)
    with_tone = Document(width, height, "float32", (*layers, Layer("Tone", LiveFilter("tone"))))
    cells = [
        api.Region(x, y, 512, 512).intersect(without.region)
        for y in range(0, height, 512)
        for x in range(0, width, 512)
    ]

    def took(work: Callable[[], object]) -> float:
        start = time.perf_counter()
        work()
        return (time.perf_counter() - start) * 1e3

    def drawn(document: Document) -> float:
        return took(lambda: [renderer.render(document, cell, "float32") for cell in cells])

    def added() -> float:
        """What is lost in the noise of a busy machine counts as a microsecond."""
        return max(drawn(with_tone) - drawn(without), 1e-3)

    mine, reference = alternate(added, lambda: took(lambda: image * factors), pairs)
    return Row("tones: one drawn against numpy", "ms", mine, reference, goal=1.5)


def _ours(tone: Tone, image: Any) -> Callable[[], object]:
    made = np.empty_like(image)

    def work() -> None:
        for y in range(0, len(image), TILE):
            for x in range(0, image.shape[1], TILE):
                cell = (slice(y, y + TILE), slice(x, x + TILE))
                tone.apply(image[cell], made[cell])

    return work


def _row(
    name: str, ours: Callable[[], object], other: Callable[[], object], goal: float, pairs: int
) -> Row:
    def took(work: Callable[[], object]) -> float:
        start = time.perf_counter()
        work()
        return (time.perf_counter() - start) * 1e3

    mine, reference = alternate(lambda: took(ours), lambda: took(other), pairs)
    return Row(name, "ms", mine, reference, goal=goal)


def _by_hand() -> Callable[..., None]:
    """``_MIXED`` as someone would write it in numba: one loop over the pixels."""
    gain = np.float32(1.3)
    m = np.array(_MATRIX.rows, np.float32)
    f = np.float32

    @numba.njit
    def one(value: Any, samples: Any) -> Any:
        size = abs(value)
        light = size / f(12.92) if size <= f(0.04045) else ((size + f(0.055)) / f(1.055)) ** f(2.4)
        light = light * gain
        size = (
            light * f(12.92) if light <= f(0.0031308) else f(1.055) * light ** f(1 / 2.4) - f(0.055)
        )
        place = np.copysign(size, value) * f(4095)
        index = min(max(int(place), 0), 4094)
        return samples[index] + (place - f(index)) * (samples[index + 1] - samples[index])

    @numba.njit(nogil=True)
    def loop(image: Any, made: Any, samples: Any) -> None:
        for y in range(image.shape[0]):
            for x in range(image.shape[1]):
                r = one(image[y, x, 0], samples)
                g = one(image[y, x, 1], samples)
                b = one(image[y, x, 2], samples)
                for c in range(3):
                    made[y, x, c] = m[c, 0] * r + m[c, 1] * g + m[c, 2] * b

    return loop
