"""Joining: a sky of any width out of strips of real ones, cut where these agree.

Strips are as high as the sky, so that clouds stay what they are at their height, and a few hundred
pixels wide. Two that meet overlap; a path through the overlap says where one ends and the other
begins (A. Efros and W. Freeman, "Image Quilting", SIGGRAPH 2001), what is fine changes sharply
there and what is coarse over all of the overlap (P. Burt and E. Adelson, "A Multiresolution
Spline", ACM TOG 2, 1983).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

OVERLAP = 0.3
"""Widths of a source that two strips overlap by."""

STRIP = 0.85
"""Widths of a source that a strip has at most, overlaps included."""

COARSE = 64
"""Rows at which places are looked for that agree."""

TRIED = 160
"""Places that are compared for a strip."""

BEST = 4
"""Places that agree best, of which chance takes one."""

AGAIN = 3.0
"""What it costs to show again all of what is there already, in parts of the usual cost."""

BANDS = (0.0025, 0.012, 0.05)
"""Heights over which the finest and coarser details pass into each other; the coarsest do so over
all of an overlap.
"""

MARGIN = 0.15
"""Part of an overlap, at both its ends, that no path goes through."""


@dataclass(frozen=True, slots=True)
class Strip:
    """A strip of a source: which one, where its upper left corner is there, and in the sky the
    columns from ``first`` to ``last``.
    """

    source: int
    x: int
    y: int
    first: int
    last: int

    def of(self, sources: Sequence[Array], rows: int) -> Array:
        """The strip's pixels (rows, columns, channels), from the first column to the last, of its
        source.
        """
        width = self.last - self.first
        return sources[self.source][self.y : self.y + rows, self.x : self.x + width]


def joined(
    sources: Sequence[Array],
    shape: tuple[int, int],
    random: np.random.RandomState,
    progress: Callable[[float], None],
) -> Array:
    """A sky (height, width, channels) of strips of sources; channels are float32.

    Sources are of one size, and no lower than the sky. The first one is where the first strip comes
    from. The sky's right border goes on at the left one.
    """
    rows, columns = shape
    spans, overlap = spans_of(sources[0].shape[1], columns, len(sources) > 1)
    strips = placed(sources, rows, spans, overlap, random)
    progress(0.4)
    found = np.empty((rows, columns, sources[0].shape[2]), np.float32)
    for n, strip in enumerate(strips):
        layer = strip.of(sources, rows)
        width = min(strip.last, columns) - strip.first
        found[:, strip.first : strip.first + width] = layer[:, :width]
        before = strips[n - 1].of(sources, rows)[:, -overlap:]
        lap = blended(before, layer[:, :overlap], path(before, layer[:, :overlap]))
        found[:, strip.first : strip.first + overlap] = lap
        progress(0.4 + 0.6 * (n + 1) / len(strips))
    return found


def spans_of(width: int, columns: int, several: bool) -> tuple[list[tuple[int, int]], int]:
    """The first and the last columns of the strips of a sky, and by how many columns they overlap.

    ``width`` is that of its sources; of several there are two strips at least.
    """
    overlap = max(min(round(OVERLAP * width), columns // 2), 1)
    count = max(math.ceil(columns / (STRIP * width - overlap)), 2 if several else 1)
    edges = [columns * n // count for n in range(count + 1)]
    return [(a, b + overlap) for a, b in pairwise(edges)], overlap


def placed(
    sources: Sequence[Array],
    rows: int,
    spans: Sequence[tuple[int, int]],
    overlap: int,
    random: np.random.RandomState,
) -> list[Strip]:
    """Strips whose places in the sources (height, width, channels) agree with their neighbours'."""
    height, width = sources[0].shape[:2]
    step = max(rows // COARSE, 1)
    small = [
        cv2.resize(one, (width // step, height // step), interpolation=cv2.INTER_AREA)
        for one in sources
    ]
    lap, tall = max(overlap // step, 1), min(rows, height) // step
    usual = float(np.mean([one.var((0, 1)).sum() for one in small])) + 1e-9
    shown = [np.zeros(one.shape[:2], np.float32) for one in small]
    found: list[Strip] = []
    for n, (first, last) in enumerate(spans):
        across = min((last - first) // step, width // step)
        options = places(small[: 1 if not n else None], across, tall, random)
        cost = random.rand(len(options)) * 0.02 * usual

        def part(at: tuple[int, int, int], left: int) -> Array:
            source, x, y = at
            return small[source][y : y + tall, x + left : x + left + lap]

        if n:
            before = found[-1]
            at = before.source, before.x // step, before.y // step
            beside = part(at, max((before.last - before.first) // step - lap, 0))
            cost += of_path(difference(beside[None], np.stack([part(o, 0) for o in options])))
            seen = [shown[s][y : y + tall, x : x + across].mean() for s, x, y in options]
            cost += AGAIN * usual * np.array(seen)
        if n == len(spans) - 1:
            begins = [part(one, 0) for one in options]
            if found:
                start = found[0]
                begins = [part((start.source, start.x // step, start.y // step), 0)]
            ends = [part(one, max(across - lap, 0)) for one in options]
            cost += of_path(difference(np.stack(begins), np.stack(ends)))
        nearest = np.argsort(cost, kind="stable")[:BEST]
        source, x, y = options[int(nearest[random.randint(len(nearest))])]
        shown[source][y : y + tall, x : x + across] = 1
        x, y = min(x * step, width - (last - first)), min(y * step, height - rows)
        found.append(Strip(source, max(x, 0), y, first, last))
    return found


def places(
    sources: Sequence[Array], across: int, tall: int, random: np.random.RandomState
) -> list[tuple[int, int, int]]:
    """TRIED places, or fewer, of sources (height, width, channels) where a strip may lie: which
    source, and the corner.
    """
    every = [
        (source, x, y)
        for source, one in enumerate(sources)
        for x in range(max(one.shape[1] - across, 0) + 1)
        for y in range(max(one.shape[0] - tall, 0) + 1)
    ]
    return [every[n] for n in random.permutation(len(every))[:TRIED]]


def difference(one: Array, other: Array) -> Array:
    """How much it shows that at a place one sky ends and the other begins, (..., h, w)."""
    apart = one - other
    total = np.square(apart).sum(-1)
    for axis in (-3, -2):
        steep = np.square(np.diff(apart, axis=axis)).sum(-1)
        pad = [(0, 0)] * total.ndim
        pad[axis + 1] = (0, 1)
        total += 4 * np.pad(steep, pad)
    return total


def summed(cost: Array) -> Array:
    """The costs of the cheapest paths from the upper border to each place, (n, h, w)."""
    total = cost.copy()
    for row in range(1, cost.shape[1]):
        above = np.pad(total[:, row - 1], ((0, 0), (1, 1)), constant_values=np.inf)
        total[:, row] += np.minimum(np.minimum(above[:, :-2], above[:, 2:]), above[:, 1:-1])
    return total


def of_path(cost: Array) -> NDArray[np.float64]:
    """The mean cost along the cheapest path of each of some overlaps (n, h, w)."""
    inside = held_in(cost)
    return np.asarray(summed(inside)[:, -1].min(1) / cost.shape[1], np.float64)


def held_in(cost: Array) -> Array:
    """Costs (n, h, w) of overlaps without the ends of their rows."""
    margin = int(MARGIN * cost.shape[2])
    return cost[:, :, margin : cost.shape[2] - margin] if margin else cost


def path(one: Array, other: Array) -> NDArray[np.int64]:
    """The column of each row, (h,), at which one sky ends and the other begins, of two overlapping
    skies (h, w, channels).
    """
    half = 2 if min(one.shape[:2]) >= 32 else 1
    size = one.shape[1] // half, one.shape[0] // half
    a, b = (cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in (one, other))
    cost = difference(a, b)
    cost = cv2.GaussianBlur(cost, (0, 0), 1.0) + 0.05 * float(cost.mean())
    total = summed(held_in(cost[None]))[0]
    at = np.empty(len(total), np.int64)
    at[-1] = total[-1].argmin()
    for row in range(len(total) - 2, -1, -1):
        first = max(at[row + 1] - 1, 0)
        at[row] = first + total[row, first : at[row + 1] + 2].argmin()
    at += int(MARGIN * size[0])
    rows = (np.arange(one.shape[0]) + 0.5) / half - 0.5
    return np.rint(np.interp(rows, np.arange(len(at)), at) * half).astype(np.int64)


def blended(one: Array, other: Array, at: NDArray[np.int64]) -> Array:
    """An overlap (h, w, channels), one sky left of a path (h,) and the other sky right of it."""
    height, width = one.shape[:2]
    columns = np.arange(width)
    sharp = np.float32(columns[None] < at[:, None])
    ramp = np.clip((columns + 0.5) / (MARGIN * width), 0, 1)
    ramp = np.float32(ramp * ramp * (3 - 2 * ramp))
    whole = np.float32((columns + 0.5) / width)
    whole = 1 - whole * whole * (3 - 2 * whole)
    found, rest = np.zeros_like(one), [one, other]
    for place, spread in enumerate(BANDS):
        next_ = BANDS[place + 1] / 2 if place < len(BANDS) - 1 else 1.6 * spread
        soft = [blurred(part, max(next_ * height, 0.7)) for part in rest]
        share = cv2.GaussianBlur(sharp, (0, 0), max(spread * height, 0.5))
        share = np.maximum(np.minimum(share, ramp[::-1]), 1 - ramp)[..., None]
        found += (rest[1] - soft[1]) + share * ((rest[0] - soft[0]) - (rest[1] - soft[1]))
        rest = soft
    found += rest[1] + whole[:, None] * (rest[0] - rest[1])
    return found


def blurred(part: Array, spread: float) -> Array:
    """A part of a sky, (h, w, channels) or (h, w), without what is finer than ``spread`` pixels."""
    if spread < 6:
        return cv2.GaussianBlur(part, (0, 0), spread)
    # What is coarse is as coarse at a quarter of the size.
    height, width = part.shape[:2]
    size = max(width // 4, 1), max(height // 4, 1)
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), spread / 4)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
