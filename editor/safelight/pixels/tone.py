"""Tone: tables of neighbouring tones composed into few stages, and applied in one pass.

Matrices that follow each other become one, the transfer function and its inverse cancel, and curves
that follow each other, with what scales channels or their light between them, are folded into one
table as far as that is within ``FOLDED`` of them. Nothing else is resampled: a transfer that is not
folded with a curve stays exact, and a lattice is only what was declared one. The pass is compiled
by ``safelight.pixels.fused``; until then, and without numba, it runs in numpy with the same result.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from safelight.api import (
    FROM_LINEAR,
    TO_LINEAR,
    Curves,
    Lattice,
    Matrix,
    Mix,
    Stage,
    TableError,
    Transfer,
)

Pixels = NDArray[np.float32]
Numbers = NDArray[np.float64]

FOLDED = 1e-5
"""How far a table that several curves were folded into may be from them, of a value's size."""

_GRIDS = (1025, 4097, 16385, 65537)
"""Samples of a folded curve: as few as are exact enough, because a small table stays in a cache."""

_KNEE, _DARK = 0.04045, 0.0031308
"""The encoded value, and the light, up to which sRGB is a straight line."""

_BEND = 513
"""Corners of the bend between the two straight lines of scaled light."""

_MOST_KNOTS = 1 << 18
"""Corners of several curves in a row; with more of them they are not folded."""

MATRIX, CHANNELS, LINEAR, ENCODED, CURVES, MIX, LATTICE = range(7)
"""What the numbers in a program's first column mean; ``CHANNELS`` is a matrix without mixing."""

Kernel = Callable[..., None]
"""(source, target, program): one pass over pixels (height, width, 3 or 4) for a compiled one."""

COMPILED: list[Kernel] = []
"""The compiled kernel once it is ready, put there by ``safelight.pixels.fused``."""


@dataclass(frozen=True, slots=True, eq=False)
class _Folded:
    """Several curves as one: samples (3, n) at even places, and the slopes outside of them."""

    samples: Pixels
    low: float
    high: float
    below: Pixels
    above: Pixels

    def apply(self, image: Pixels) -> Pixels:
        """Colours after the curves, as ``api.Curves.apply`` gives them."""
        last = self.samples.shape[1] - 1
        scale = np.float32(last / (self.high - self.low))
        result = np.empty(image.shape, np.float32)
        with np.errstate(invalid="ignore"):
            for channel, samples in enumerate(self.samples):
                place = (image[..., channel] - np.float32(self.low)) * scale
                inside = np.nan_to_num(np.clip(place, 0, last), nan=0.0)
                index = np.minimum(inside.astype(np.int32), last - 1)
                start = samples[index]
                made = start + (inside - index.astype(np.float32)) * (samples[index + 1] - start)
                made += np.minimum(place, 0) * self.below[channel]
                made += np.maximum(place - np.float32(last), 0) * self.above[channel]
                result[..., channel] = made + (place - place)
        return result


@dataclass(frozen=True, slots=True)
class _Scaled:
    """Light scaled, from encoded values to encoded ones: ``times`` of red, green and blue, all
    above 0. Where the transfer is a power on both sides it is a straight line, and where it is a
    line on both sides, too.
    """

    times: tuple[float, ...]

    def stages(self) -> tuple[Stage, ...]:
        """The stages that the tone is made of."""
        return TO_LINEAR, Matrix.scaled(*self.times), FROM_LINEAR

    def lines(self, channel: int) -> _Lines:
        """What the tone does to a channel, within a tenth of ``FOLDED``."""
        times = self.times[channel]
        dark = _DARK / times * 12.92
        start, end = sorted((_KNEE, dark if dark <= _KNEE else _power(_DARK / times)))
        x = np.geomspace(start, end, _BEND) if end > start * (1 + 1e-9) else np.array([start])
        light = times * np.where(x <= _KNEE, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
        y = np.where(light <= _DARK, light * 12.92, _power(np.maximum(light, _DARK)))
        slope = float(times ** (1 / 2.4))
        joined = np.concatenate([-x[::-1], [0.0], x]), np.concatenate([-y[::-1], [0.0], y])
        return _Lines(*joined, slope, slope)


def _power(light: Numbers | float) -> Any:
    """Encoded values of light where those are a power of it."""
    return 1.055 * light ** (1 / 2.4) - 0.055


_Step: TypeAlias = Stage | _Folded
_Part: TypeAlias = Stage | _Scaled


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Stages as a kernel reads them.

    ``steps`` (n, 4) int64: what it is, points a side, where its samples begin, and how far it is
    from one channel's samples to the next. ``numbers`` (n, 16) float32 and ``samples`` (m,)
    float32 are as ``_encoded`` lays them out.
    """

    steps: NDArray[np.int64]
    numbers: Pixels
    samples: Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Tone:
    """Stages that were composed, ready to be applied to any part of a picture at any level."""

    stages: tuple[_Step, ...]
    program: Program

    @property
    def keeps_channels(self) -> bool:
        """Whether of each pixel's result red depends on its red alone, and so on."""
        apart = (
            isinstance(stage, _Folded | Transfer) or _keeps_channels(stage) for stage in self.stages
        )
        return all(apart)

    def apply(self, image: Pixels, into: Pixels | None = None) -> Pixels:
        """The colours of ``image`` (height, width, 3 or 4), float32, sRGB-encoded, unclipped.

        They are written into ``into``, of the same height and width, which may be ``image``
        itself, whose alpha stays; without it, into a new array (height, width, 3). Lets other
        threads run. Of what is no number (NaN or infinite) comes what is none.
        """
        target = np.empty((*image.shape[:2], 3), np.float32) if into is None else into
        if COMPILED:
            COMPILED[0](image, target, self.program)
        else:
            in_numpy(self.stages, image, target)
        return target


def in_numpy(stages: Sequence[_Step], image: Pixels, target: Pixels) -> None:
    """Apply stages to ``image`` (height, width, 3 or more), float32, and put the three channels
    into ``target``, in numpy: the reference for the kernel, and what runs without one.
    """
    result = np.array(image[..., :3])
    with np.errstate(invalid="ignore", over="ignore"):
        for stage in stages:
            if isinstance(stage, Transfer):
                result = _transferred(result, linear=stage.linear)
            else:
                result = stage.apply(result)
    for channel in range(3):
        target[..., channel] = result[..., channel]


def _transferred(values: Pixels, *, linear: bool) -> Pixels:
    """Colours as ``api.Transfer.apply`` gives them, with the kernel's power: the same numbers to
    the bit.
    """
    f = np.float32
    size = np.abs(values)
    if linear:
        curve = power((size + f(0.055)) / f(1.055), 2.4)
        made = np.where(size <= f(0.04045), size / f(12.92), curve)
    else:
        curve = f(1.055) * power(np.maximum(size, f(0.0031308)), 1 / 2.4) - f(0.055)
        made = np.where(size <= f(0.0031308), size * f(12.92), curve)
    return np.asarray(np.copysign(made, values) + (values - values), np.float32)


def power(base: Pixels, exponent: float) -> Pixels:
    """``base ** exponent`` for normal float32 above 0, of any shape, as ``safelight.pixels.fused``
    computes it, step by step: its error is below 1e-6 of the result for bases from 1e-4 to 1e4.
    """
    f, i = np.float32, np.int32
    by = f(exponent)
    above = base.view(np.int32) - i(0x3F3504F3)
    whole = above >> i(23)
    m = ((above & i(0x007FFFFF)) + i(0x3F3504F3)).view(np.float32)
    z = (m - f(1)) / (m + f(1))
    s = z * z
    series = s * (f(2 / 3) + s * (f(2 / 5) + s * (f(2 / 7) + s * f(2 / 9))))
    ln = z * (f(2) + series)
    log2e = f(1.4426950408889634)
    y = by * (ln * log2e + ln * f(1.4426950408889634 - float(log2e)))
    w = by * whole.astype(np.float32)
    n = np.clip(np.floor(w + y + f(0.5)), f(-126), f(128))
    r = (w - n) + y
    terms = [f(math.log(2) ** k / math.factorial(k)) for k in range(8)]
    e = terms[7]
    for term in terms[6::-1]:
        e = term + r * e
    return np.asarray(e * ((n.astype(np.int32) + i(127)) << i(23)).view(np.float32), np.float32)


def composed(stages: Iterable[Stage]) -> Tone:
    """One tone that does what all ``stages`` do in turn, in as few steps as that is true of."""
    found = _fold_curves(_scalings(_reduced(stages)))
    return Tone(tuple(found), _program(found))


def _reduced(stages: Iterable[Stage]) -> list[Stage]:
    """Matrices multiplied, and what changes nothing left out: each neighbour is looked at once."""
    rest: list[Stage] = []
    for stage in stages:
        if isinstance(stage, Matrix):
            if rest and isinstance(rest[-1], Matrix):
                product = _product(rest[-1], stage)
                if product is not None:
                    rest.pop()
                    stage = product
            if stage == _SAME:
                continue
        elif isinstance(stage, Transfer) and rest and rest[-1] == Transfer(not stage.linear):
            rest.pop()
            continue
        rest.append(stage)
    return rest


def _scalings(stages: Sequence[Stage]) -> list[_Part]:
    """The stages, those that scale light and come back as one."""
    found: list[_Part] = []
    for stage in stages:
        found.append(stage)
        times = _times(found[-3:])
        if times is not None:
            found[-3:] = [_Scaled(times)]
    return found


def _times(stages: Sequence[_Part]) -> tuple[float, ...] | None:
    """How many times as light three stages make each channel, if that is all they do."""
    if len(stages) < 3 or (stages[0], stages[2]) != (TO_LINEAR, FROM_LINEAR):
        return None
    matrix = stages[1]
    if not isinstance(matrix, Matrix) or any(matrix.offset) or not _keeps_channels(matrix):
        return None
    times = tuple(matrix.rows[channel][channel] for channel in range(3))
    return times if min(times) > 0 else None


_SAME = Matrix.scaled(1.0)


def _product(first: Matrix, then: Matrix) -> Matrix | None:
    """Two matrices as one; None where its numbers would be too large."""
    rows = np.array(then.rows)
    offset = rows @ np.array(first.offset) + np.array(then.offset)
    try:
        return Matrix((rows @ np.array(first.rows)).tolist(), tuple(offset.tolist()))
    except TableError:
        return None


def _keeps_channels(stage: _Part) -> bool:
    """Whether each channel of the result depends on that channel alone, in straight lines."""
    if isinstance(stage, _Scaled):
        return True
    if isinstance(stage, Matrix):
        rows = np.array(stage.rows)
        return bool((rows == np.diag(np.diag(rows))).all())
    return isinstance(stage, Curves)


def _is_one_for_all(stage: _Part) -> bool:
    """Whether a stage that keeps channels apart does the same to each."""
    if isinstance(stage, _Scaled):
        return len(set(stage.times)) == 1
    if isinstance(stage, Matrix):
        return len({stage.rows[c][c] for c in range(3)}) == len(set(stage.offset)) == 1
    assert isinstance(stage, Curves)
    return stage.samples.ndim == 1


def _fold_curves(stages: Sequence[_Part]) -> list[_Step]:
    """Neighbouring curves, and what scales channels between them, as one where that is possible."""
    found: list[_Step] = []
    for alike, group in itertools.groupby(stages, _keeps_channels):
        run = tuple(group)
        found += _as_few(run) if alike else cast(tuple[_Step, ...], run)
    return found


@functools.lru_cache(maxsize=16)
def _as_few(run: tuple[_Part, ...]) -> tuple[_Step, ...]:
    """A run of curves as few. Remembered: while one slider moves, most runs are what they were."""
    if len(run) < 2:
        return run[0].stages() if isinstance(run[0], _Scaled) else (run[0],)
    folded = _folded(run)
    if folded is not None:
        return (folded,)
    middle = len(run) // 2
    return _as_few(run[:middle]) + _as_few(run[middle:])


@dataclass(frozen=True, slots=True)
class _Lines:
    """Straight lines through corners (``x`` rising), and the slopes before and after them."""

    x: Numbers
    y: Numbers
    below: float
    above: float

    def at(self, places: Numbers) -> Numbers:
        """The heights at ``places``."""
        inside = np.interp(places, self.x, self.y)
        before, after = np.minimum(places - self.x[0], 0), np.maximum(places - self.x[-1], 0)
        return np.asarray(inside + before * self.below + after * self.above)

    def then(self, other: _Lines) -> _Lines | None:
        """The lines of ``other`` at these heights; None where there are too many corners."""
        between = _meeting(self, other.x)
        if between is None or len(between) + len(self.x) > _MOST_KNOTS:
            return None
        places = [self.x, between]
        if self.below:
            ahead = self.x[0] + (other.x - self.y[0]) / self.below
            places.append(ahead[ahead < self.x[0]])
        if self.above:
            beyond = self.x[-1] + (other.x - self.y[-1]) / self.above
            places.append(beyond[beyond > self.x[-1]])
        x = np.unique(np.concatenate(places))
        # A line that falls comes to the other's far side.
        below = self.below * (other.below if self.below > 0 else other.above)
        above = self.above * (other.above if self.above > 0 else other.below)
        return _Lines(x, other.at(self.at(x)), below, above)


def _meeting(lines: _Lines, heights: Numbers) -> Numbers | None:
    """Where lines pass ``heights`` between two corners; None where that is at too many places."""
    start, end = lines.y[:-1], lines.y[1:]
    first = np.searchsorted(heights, np.minimum(start, end), side="right")
    last = np.searchsorted(heights, np.maximum(start, end), side="left")
    counts = np.maximum(last - first, 0)
    total = int(counts.sum())
    if total > _MOST_KNOTS:
        return None
    piece = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts) + first[piece]
    share = (heights[place] - start[piece]) / (end[piece] - start[piece])
    return np.asarray(lines.x[piece] + share * (lines.x[piece + 1] - lines.x[piece]))


def _lines(stage: _Part, channel: int) -> _Lines:
    """What a stage does to a channel, as straight lines."""
    if isinstance(stage, _Scaled):
        return stage.lines(channel)
    if isinstance(stage, Matrix):
        slope, more = stage.rows[channel][channel], stage.offset[channel]
        return _Lines(np.array([0.0, 1.0]), np.array([more, slope + more]), slope, slope)
    assert isinstance(stage, Curves)
    samples = (stage.samples if stage.samples.ndim == 1 else stage.samples[channel]).astype(float)
    x = np.linspace(stage.low, stage.high, len(samples))
    below, above = (slopes[channel] / (x[1] - x[0]) for slopes in _slopes(stage))
    return _Lines(x, samples, float(below), float(above))


def _folded(run: Sequence[_Part]) -> _Folded | None:
    """A run of curves as one, within ``FOLDED`` of them; None where that cannot be."""
    channels: list[_Lines] = []
    same = all(_is_one_for_all(stage) for stage in run)
    for channel in range(1 if same else 3):
        lines: _Lines | None = _lines(run[0], channel)
        for stage in run[1:]:
            lines = lines.then(_lines(stage, channel)) if lines is not None else None
        if lines is None:
            return None
        channels.append(lines)
    channels *= 3 if same else 1
    low, high = min(one.x[0] for one in channels), max(one.x[-1] for one in channels)
    for count in _GRIDS:
        grid = np.linspace(low, high, count)
        samples = np.stack([one.at(grid) for one in channels]).astype(np.float32)
        if all(_close(one, grid, own) for one, own in zip(channels, samples, strict=True)):
            step = (high - low) / (count - 1)
            below, above = (
                np.array([getattr(one, side) * step for one in channels], np.float32)
                for side in ("below", "above")
            )
            return _Folded(samples, float(low), float(high), below, above)
    return None


def _close(lines: _Lines, grid: Numbers, samples: Pixels) -> bool:
    """Whether samples are within half of ``FOLDED``; the rest is for float32. Two sets of straight
    lines are furthest apart at a corner.
    """
    off = np.abs(np.interp(lines.x, grid, samples.astype(float)) - lines.y)
    return bool((off <= FOLDED / 2 * np.maximum(1, np.abs(lines.y))).all())


def _program(stages: Sequence[_Step]) -> Program:
    """Stages as a kernel reads them."""
    steps = np.zeros((len(stages), 4), np.int64)
    numbers = np.zeros((len(stages), 16), np.float32)
    rows: list[Pixels] = []
    used = 0
    for index, stage in enumerate(stages):
        code, count, apart, values, samples = _encoded(stage)
        steps[index] = code, count, used, apart
        numbers[index, : len(values)] = values
        rows.append(samples.reshape(-1))
        used += samples.size
    joined = np.concatenate(rows) if rows else np.empty(0, np.float32)
    return Program(steps, numbers, np.ascontiguousarray(joined, np.float32))


def _encoded(stage: _Step) -> tuple[int, int, int, Sequence[float], Pixels]:
    """What a stage is, its points a side, the way between channels, its numbers, its samples.

    The numbers of a matrix are its rows and offset; of curves the lowest place, places a unit, and
    the slopes below and above, a step and channel; of a mix those of its one curve, and a matrix;
    of a lattice its domain and places a unit.
    """
    none = np.empty(0, np.float32)
    if isinstance(stage, Transfer):
        return (LINEAR if stage.linear else ENCODED), 0, 0, (), none
    if isinstance(stage, Matrix):
        code = CHANNELS if _keeps_channels(stage) else MATRIX
        return code, 0, 0, (*itertools.chain(*stage.rows), *stage.offset), none
    if isinstance(stage, Lattice):
        side = len(stage.points)
        scale = (side - 1) / (stage.high - stage.low)
        return LATTICE, side, 0, (stage.low, stage.high, scale), stage.points
    if isinstance(stage, Mix):
        curve = stage.weights
        head = (curve.low, (curve.samples.size - 1) / (curve.high - curve.low))
        ends = (*_slopes(curve)[0][:1], *_slopes(curve)[1][:1])
        matrix = (*itertools.chain(*stage.matrix.rows), *stage.matrix.offset)
        return MIX, curve.samples.size, 0, (*head, *ends, *matrix), curve.samples
    samples, count = stage.samples, stage.samples.shape[-1]
    if samples.ndim > 1 and (samples == samples[0]).all():
        samples = samples[0]  # one table stays in a cache where three do not
    head = (stage.low, (count - 1) / (stage.high - stage.low))
    below, above = _slopes(stage)
    return CURVES, count, count * (samples.ndim - 1), (*head, *below, *above), samples


def _slopes(stage: Curves | _Folded) -> tuple[Sequence[float], Sequence[float]]:
    """How much curves rise from place to place before their first and after their last."""
    if isinstance(stage, _Folded):
        return stage.below.tolist(), stage.above.tolist()
    rows = np.broadcast_to(stage.samples, (3, stage.samples.shape[-1]))
    below = (rows[:, 1] - rows[:, 0]) * np.float32(stage.below == "line")
    above = (rows[:, -1] - rows[:, -2]) * np.float32(stage.above == "line")
    return below.tolist(), above.tolist()
