"""Stack: sixteen adjustments of photographers over one another, against the same fused by hand.

Both sides in processor time, which other programs do not take from.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import safelight_adjust as adjust

from safelight import api
from safelight.api.tone_table import stages_of
from safelight.pixels import TONE, composed, prepare_kernels
from tests.benchmarks.pairs import KERNELS, Row, alternate

PAIRS = {"full": 9, "quick": 5, "tiny": 2}

_VIEW = {"full": (2560, 1440), "quick": (1280, 720), "tiny": (160, 90)}

_STACK = (
    adjust.exposure(0.4),
    adjust.white_balance(5600.0, 8.0),
    adjust.levels(0.03, 0.95, 1.1),
    adjust.brightness_contrast(5.0, 15.0),
    adjust.curves(rgb=((0.0, 0.0), (0.3, 0.25), (0.7, 0.76), (1.0, 1.0))),
    adjust.saturation(12.0),
    adjust.colour_balance(shadows_blue=10.0, highlights_red=8.0),
    adjust.split_toning(),
    adjust.channel_mixer(red_from_green=0.05, red_from_red=0.95),
    adjust.photo_filter(),
    adjust.curves(luminance=((0.0, 0.0), (0.5, 0.53), (1.0, 1.0))),
    adjust.curves(red=((0.0, 0.0), (0.5, 0.52), (1.0, 1.0))),
    adjust.light(exposure=-0.2, contrast=10.0, highlights=-20.0, shadows=15.0),
    adjust.levels(gamma=0.95),
    adjust.saturation(-5.0),
    adjust.exposure(-0.15),
)
"""What a long evening leaves on a photograph."""


def measure(pairs: int, size: str = "full") -> list[Row]:
    """The sharp frame against one loop over its pixels, and the coarse one against 16 ms."""
    width, height = _VIEW[size]
    prepare_kernels(KERNELS, [TONE])
    image = np.random.default_rng(4).random((height, width, 3), np.float32)
    stages = [stage for table in _STACK for stage in stages_of(table)]
    tone, by_hand = composed(stages), _by_hand(stages)
    made, expected = np.empty_like(image), np.empty_like(image)
    mine, reference = alternate(
        lambda: _took(lambda: tone.apply(image, made)),
        lambda: _took(lambda: by_hand(image, expected)),
        pairs,
    )
    assert np.abs(made - expected).max() < 1e-4
    coarse = np.ascontiguousarray(image[::4, ::4])
    small = [_took(lambda: tone.apply(coarse)) for _ in range(pairs)]
    limit = [16 * width * height / (2560 * 1440)] * pairs
    return [
        Row("stack: sixteen tones, sharp, against fused by hand", "ms", mine, reference, goal=1.2),
        Row("stack: sixteen tones, coarse, against 16 ms", "ms", small, limit, goal=1),
    ]  # fmt: skip


def _took(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return max(1e3 * (time.process_time() - start), 1e-3)


def _by_hand(stages: list[api.Stage]) -> Callable[[Any, Any], None]:
    """The stages as someone would write them in numba: one loop over the pixels, a line for each
    stage, neighbouring matrices and transfers that cancel written once.
    """
    f = np.float32
    lines, tables = [], []
    for stage in _tidied(stages):
        if isinstance(stage, api.Transfer):
            name = "linear" if stage.linear else "encoded"
            lines.append(f"r, g, b = {name}(r), {name}(g), {name}(b)")
        elif isinstance(stage, api.Matrix):
            lines.append(_mixed(stage))
        elif isinstance(stage, api.Curves):
            rows = np.broadcast_to(stage.samples, (3, stage.samples.shape[-1]))
            for channel, row in zip("rgb", rows, strict=True):
                lines.append(f"{channel} = {_curve(stage, row, channel, tables)}")
        elif isinstance(stage, api.Mix):
            light = "f(0.2126) * r + f(0.7152) * g + f(0.0722) * b"
            lines.append(f"w = {_curve(stage.weights, stage.weights.samples, light, tables)}")
            lines.append("was_r, was_g, was_b = r, g, b")
            lines.append(_mixed(stage.matrix))
            for c in "rgb":
                lines.append(f"{c} = was_{c} + w * ({c} - was_{c})")
    named = ", ".join(f"t{index}" for index in range(len(tables)))
    body = "\n            ".join(lines)
    source = f"""
def loop(image, made, {named}):
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            r, g, b = image[y, x, 0], image[y, x, 1], image[y, x, 2]
            {body}
            made[y, x, 0], made[y, x, 1], made[y, x, 2] = r, g, b
"""

    @numba.njit
    def linear(value: Any) -> Any:
        size = abs(value)
        light = size / f(12.92) if size <= f(0.04045) else ((size + f(0.055)) / f(1.055)) ** f(2.4)
        return np.copysign(light, value)

    @numba.njit
    def encoded(value: Any) -> Any:
        size = abs(value)
        low = size <= f(0.0031308)
        made = size * f(12.92) if low else f(1.055) * size ** f(1 / 2.4) - f(0.055)
        return np.copysign(made, value)

    @numba.njit
    def along(samples: Any, value: Any, low: Any, scale: Any, below: Any, above: Any) -> Any:
        last = samples.size - 1
        place = (value - low) * scale
        index = min(max(int(place), 0), last - 1)
        made = samples[index] + (place - f(index)) * (samples[index + 1] - samples[index])
        if place < f(0) and not below:
            made = samples[0]
        if place > f(last) and not above:
            made = samples[last]
        return made

    found: dict[str, Any] = {"f": f, "linear": linear, "encoded": encoded, "along": along}
    exec(source, found)  # noqa: S102 - the lines above
    loop = numba.njit(nogil=True)(found["loop"])
    return lambda image, made: loop(image, made, *tables)


def _tidied(stages: list[api.Stage]) -> list[api.Stage]:
    found: list[api.Stage] = []
    for stage in stages:
        before = found[-1] if found else None
        if isinstance(stage, api.Transfer) and before == api.Transfer(not stage.linear):
            found.pop()
        elif isinstance(stage, api.Matrix) and isinstance(before, api.Matrix):
            rows = np.array(stage.rows)
            offset = rows @ np.array(before.offset) + np.array(stage.offset)
            found[-1] = api.Matrix((rows @ np.array(before.rows)).tolist(), tuple(offset.tolist()))
        else:
            found.append(stage)
    return found


def _mixed(matrix: api.Matrix) -> str:
    rows = [
        " + ".join(f"f({number!r}) * {c}" for number, c in zip(row, "rgb", strict=True))
        + f" + f({more!r})"
        for row, more in zip(matrix.rows, matrix.offset, strict=True)
    ]
    return f"r, g, b = {', '.join(rows)}"


def _curve(curve: api.Curves, samples: Any, value: str, tables: list[Any]) -> str:
    """The height of a curve, as a line, its samples among ``tables``."""
    tables.append(np.ascontiguousarray(samples))
    scale = (len(samples) - 1) / (curve.high - curve.low)
    ends = f"{curve.below == 'line'}, {curve.above == 'line'}"
    return f"along(t{len(tables) - 1}, {value}, f({curve.low!r}), f({scale!r}), {ends})"
