"""Dab kernel: a brush's lines drawn into pixels, compiled; ``dab.in_numpy`` is its reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.pixels import dab
from safelight.pixels.blend import ONE, ZERO, least, most
from safelight.pixels.depth import DEPTHS, from_float
from safelight.pixels.kernel_recipe import Recipe, teach


def _signatures() -> list[Any]:
    """What the kernel of brushes is given, for each depth, as numba says it."""
    from numba import types

    whole = types.Array(types.int64, 1, "C")
    starts, lines = types.Array(types.float64, 2, "C"), types.Array(types.float32, 2, "C")
    brush = types.float32, types.float32, types.boolean, types.boolean
    given = whole, starts, lines, *brush, types.float32
    depths = types.uint8, types.uint16, types.float32
    return [types.boolean(types.Array(depth, 2, "C"), *given) for depth in depths]


def _loop() -> Callable[..., bool]:
    """``safelight.pixels.dab.in_numpy``, row by row, to be compiled."""
    teach()
    f = np.float32
    rim, half, smallest = f(dab.RIM), f(dab.RIM / 2), f(dab.SMALLEST)
    two, three = f(-2), f(3)

    def kernel(
        pixels: Any,
        window: Any,
        starts: Any,
        lines: Any,
        soft: Any,
        flow: Any,
        erases: bool,
        pencil: bool,
        scale: Any,
    ) -> bool:
        x, y, left, top, right, bottom = window
        count = right - left
        strength, across = np.empty(count, np.float32), np.empty((len(starts), count), np.float32)
        for n in range(len(starts)):
            for c in range(count):
                across[n, c] = float(x + left + c) + starts[n, 0]
        changed = 0
        for row in range(top, bottom):
            line = pixels[row, left:right]
            for n in range(len(starts)):
                own, down = across[n], f(float(y + row) + starts[n, 1])
                dx, dy, share, beside = lines[n, 0], lines[n, 1], lines[n, 2], lines[n, 3] * down
                radius, more, strong, stronger = lines[n, 4], lines[n, 5], lines[n, 6], lines[n, 7]
                for c in range(count):
                    nearest = least(most(own[c] * share + beside, ZERO), ONE)
                    aside, below = own[c] - nearest * dx, down - nearest * dy
                    distance = np.sqrt(aside * aside + below * below)
                    reach = most(radius + nearest * more, smallest)
                    if pencil:
                        made = ONE if distance <= reach else ZERO
                    else:
                        fade = most(reach * soft, rim)
                        part = least(most((reach + half - distance) / fade, ZERO), ONE)
                        made = part * part * (part * two + three)
                    made = made * (strong + nearest * stronger)
                    strength[c] = made if n == 0 or flow < ONE else most(strength[c], made)
                if flow == ONE and n + 1 < len(starts):
                    continue
                # Loops without a choice in them, which the compiler does eight pixels at a time.
                if erases:
                    for c in range(count):
                        strength[c] = ONE - strength[c]
                if scale > ZERO:
                    for c in range(count):
                        strength[c] = least(most(np.rint(strength[c] * scale), ZERO), scale)
                if flow < ONE:
                    sign = -ONE if erases else ONE
                    for c in range(count):
                        before = f(line[c])
                        way = most((strength[c] - before) * sign, ZERO) * flow
                        if scale > ZERO:
                            way = np.ceil(way)
                        changed += way > ZERO
                        line[c] = before + way * sign
                elif erases:
                    for c in range(count):
                        before, wanted = f(line[c]), strength[c]
                        changed += wanted < before
                        line[c] = wanted if wanted < before else before
                else:
                    for c in range(count):
                        before, wanted = f(line[c]), strength[c]
                        changed += wanted > before
                        line[c] = wanted if wanted > before else before
        return changed > 0

    return kernel


def _called(loop: Callable[..., bool]) -> dab.Kernel:
    """The compiled loop of brushes with the arrays it wants made from what callers have."""

    def kernel(
        pixels: NDArray[Any],
        tile: Region,
        place: Region,
        lines: Sequence[dab.Line],
        brush: dab.Round,
    ) -> bool:
        inside = place.move(-tile.x, -tile.y)
        corners = tile.x, tile.y, inside.x, inside.y, inside.right, inside.bottom
        starts, told = dab.numbers(lines, brush)
        soft, flow = np.float32(1 - brush.hardness), np.float32(brush.flow)
        how = soft, flow, brush.erases, brush.pencil, dab.scale(pixels)
        return bool(loop(pixels, np.array(corners, np.int64), starts, told, *how))

    return kernel


def _check(kernel: dab.Kernel) -> None:
    """Raise RuntimeError when the kernel of brushes does not do what numpy does, to the bit."""
    tile, place = Region(256, 0, 97, 83), Region(261, 3, 90, 77)
    lines = [
        dab.Line((270.3, 20.9, 0.4, 1.0), (60.1, 31.7, 0.6, -0.3), 60.1**2 + 31.7**2),
        dab.Line((330.4, 52.6, 1.0, 0.9), (0.0, 0.0, 0.0, 0.0), 0.0),
    ]
    brushes = (
        dab.Round(22.5, 0.3, False),
        dab.Round(19.2, 1.0, True, 0.8),
        dab.Round(21.1, 0.2, False, 0.7, 0.13),
        dab.Round(21.1, 0.2, True, 1.0, 0.13),
        dab.Round(18.4, 1.0, False, pencil=True),
    )
    numbers = np.random.default_rng(1)
    for depth in DEPTHS:
        for brush in brushes:
            made = from_float(numbers.random((83, 97), np.float32), depth)
            expected = made.copy()
            told = kernel(made, tile, place, lines, brush)
            if told != dab.in_numpy(expected, tile, place, lines, brush):
                raise RuntimeError("compiled brushes do not tell what they change")
            if not np.array_equal(made, expected):
                raise RuntimeError("compiled brushes are not what numpy computes")


RECIPE = Recipe(_loop, _signatures, _called, _check)
