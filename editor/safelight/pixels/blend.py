"""Blending: what a layer's mode does to the pixels below it, and the compositing around it.

The modes are those of W3C Compositing and Blending Level 1 (https://www.w3.org/TR/compositing-1/)
and the further ones photographers know. Each is written once, in terms of ``choose``, ``least``,
``most``, ``root`` and arithmetic, so that it means the same for numpy planes as it does for the
single numbers of ``safelight.pixels.fused``, which compiles these functions.

Beyond 0 .. 1 (wide-gamut colours, over-range light) there are two families:

- *Open* modes are plain arithmetic and never clip: what goes beyond 0 .. 1 stays there, and what
  an integer document cannot hold is clipped once, when its pixels are stored. (Numbers beyond
  2 ** 60 are taken as 2 ** 60, so that products stay finite.)
- *Bounded* modes (quotients, soft light, the four of hue, saturation, colour and luminosity) are
  defined from 0 to 1 only. They run on clipped colours, and what the backdrop has beyond 0 .. 1
  is added back: a neutral source leaves an over-range backdrop alone.

Finite colours, up to half of what float32 holds, never become infinite or NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = Any
"""A plane of colour values, float32; for ``fused`` a single one."""

# Constants have a type so that nothing turns into float64 on the way.
ZERO, HALF, ONE, TWO = (np.float32(value) for value in (0, 0.5, 1, 2))
QUARTER, FOUR, TWELVE, SIXTEEN = (np.float32(value) for value in (0.25, 4, 12, 16))
RED, GREEN, BLUE = (np.float32(value) for value in (0.3, 0.59, 0.11))
TINY = np.float32(2.0**-126)
"""float32's smallest normal number: what a divisor of 0 is taken as."""
LARGEST = np.float32(2.0**60)


def choose(condition: Plane, yes: Plane, no: Plane) -> Plane:
    """``yes`` where ``condition`` holds, otherwise ``no``."""
    return np.where(condition, yes, no)


def least(one: Plane, other: Plane) -> Plane:
    """The smaller of two."""
    return np.minimum(one, other)


def most(one: Plane, other: Plane) -> Plane:
    """The larger of two."""
    return np.maximum(one, other)


def root(value: Plane) -> Plane:
    """The square root."""
    return np.sqrt(value)


# The formulas. b: the backdrop (W3C's Cb), s: the source (W3C's Cs).


def normal(b: Plane, s: Plane) -> Plane:
    return s


def multiply(b: Plane, s: Plane) -> Plane:
    return b * s


def screen(b: Plane, s: Plane) -> Plane:
    return b + s - b * s


def overlay(b: Plane, s: Plane) -> Plane:
    return hard_light(s, b)


def darken(b: Plane, s: Plane) -> Plane:
    return least(b, s)


def lighten(b: Plane, s: Plane) -> Plane:
    return most(b, s)


def color_dodge(b: Plane, s: Plane) -> Plane:
    # 0 stays 0 whatever lies above it; otherwise a source of 1 makes 1.
    return least(ONE, b / most(ONE - s, TINY))


def color_burn(b: Plane, s: Plane) -> Plane:
    # 1 stays 1 whatever lies above it; otherwise a source of 0 makes 0.
    return ONE - least(ONE, (ONE - b) / most(s, TINY))


def hard_light(b: Plane, s: Plane) -> Plane:
    double = s + s
    return choose(s <= HALF, multiply(b, double), screen(b, double - ONE))


def soft_light(b: Plane, s: Plane) -> Plane:
    lighter = choose(b <= QUARTER, ((SIXTEEN * b - TWELVE) * b + FOUR) * b, root(b))
    towards = choose(s <= HALF, b * b, lighter) - b
    return b + abs(s + s - ONE) * towards


def difference(b: Plane, s: Plane) -> Plane:
    return abs(b - s)


def exclusion(b: Plane, s: Plane) -> Plane:
    return b + s - TWO * b * s


def linear_dodge(b: Plane, s: Plane) -> Plane:
    return b + s


def linear_burn(b: Plane, s: Plane) -> Plane:
    return b + s - ONE


def vivid_light(b: Plane, s: Plane) -> Plane:
    double = s + s
    return choose(s <= HALF, color_burn(b, double), color_dodge(b, double - ONE))


def linear_light(b: Plane, s: Plane) -> Plane:
    return b + (s + s - ONE)


def pin_light(b: Plane, s: Plane) -> Plane:
    double = s + s
    return choose(s <= HALF, least(b, double), most(b, double - ONE))


def hard_mix(b: Plane, s: Plane) -> Plane:
    return choose(b + s >= ONE, ONE, ZERO)


def subtract(b: Plane, s: Plane) -> Plane:
    return b - s


def divide(b: Plane, s: Plane) -> Plane:
    # 0 / 0 is 0; anything else divided by 0 is 1.
    return least(ONE, b / most(s, TINY))


# The four that look at all three channels at once.

Planes = tuple[Plane, Plane, Plane]


def luminosity_of(c: Planes) -> Plane:
    """W3C's Lum."""
    return RED * c[0] + GREEN * c[1] + BLUE * c[2]


def saturation_of(c: Planes) -> Plane:
    """W3C's Sat."""
    return most(most(c[0], c[1]), c[2]) - least(least(c[0], c[1]), c[2])


def with_saturation(c: Planes, saturation: Plane) -> Planes:
    """W3C's SetSat: the smallest channel becomes 0, the largest ``saturation``."""
    smallest = least(least(c[0], c[1]), c[2])
    spread = saturation_of(c)
    spread = choose(spread > ZERO, spread, ONE)
    return (
        (c[0] - smallest) / spread * saturation,
        (c[1] - smallest) / spread * saturation,
        (c[2] - smallest) / spread * saturation,
    )


def with_luminosity(c: Planes, luminosity: Plane) -> Planes:
    """W3C's SetLum and ClipColor: shifted to ``luminosity``, pulled towards it into 0 .. 1."""
    # W3C takes the luminosity of the shifted colour again; the two differ by rounding only, and
    # with this one the divisors below cannot be 0 where they count.
    shift = luminosity - luminosity_of(c)
    lowest = least(least(c[0], c[1]), c[2]) + shift
    highest = most(most(c[0], c[1]), c[2]) + shift
    # The colours are bounded, so they span at most 1 and leave 0 .. 1 on one side only.
    pull = choose(
        lowest < ZERO,
        luminosity / most(luminosity - lowest, TINY),
        choose(highest > ONE, (ONE - luminosity) / most(highest - luminosity, TINY), ONE),
    )
    return (
        luminosity + (c[0] + shift - luminosity) * pull,
        luminosity + (c[1] + shift - luminosity) * pull,
        luminosity + (c[2] + shift - luminosity) * pull,
    )


def hue(b: Planes, s: Planes) -> Planes:
    return with_luminosity(with_saturation(s, saturation_of(b)), luminosity_of(b))


def saturation(b: Planes, s: Planes) -> Planes:
    return with_luminosity(with_saturation(b, saturation_of(s)), luminosity_of(b))


def color(b: Planes, s: Planes) -> Planes:
    return with_luminosity(s, luminosity_of(b))


def luminosity(b: Planes, s: Planes) -> Planes:
    return with_luminosity(b, luminosity_of(s))


@dataclass(frozen=True, slots=True)
class Formula:
    """A mode's title, its function, whether it is bounded, and whether it mixes channels."""

    title: str
    function: Callable[[Any, Any], Any]
    bounded: bool = False
    mixes: bool = False


FORMULAS: dict[str, Formula] = {
    "normal": Formula("Normal", normal),
    "darken": Formula("Darken", darken),
    "multiply": Formula("Multiply", multiply),
    "color-burn": Formula("Colour burn", color_burn, bounded=True),
    "linear-burn": Formula("Linear burn", linear_burn),
    "lighten": Formula("Lighten", lighten),
    "screen": Formula("Screen", screen),
    "color-dodge": Formula("Colour dodge", color_dodge, bounded=True),
    "linear-dodge": Formula("Linear dodge (add)", linear_dodge),
    "overlay": Formula("Overlay", overlay),
    "soft-light": Formula("Soft light", soft_light, bounded=True),
    "hard-light": Formula("Hard light", hard_light),
    "vivid-light": Formula("Vivid light", vivid_light, bounded=True),
    "linear-light": Formula("Linear light", linear_light),
    "pin-light": Formula("Pin light", pin_light),
    "hard-mix": Formula("Hard mix", hard_mix),
    "difference": Formula("Difference", difference),
    "exclusion": Formula("Exclusion", exclusion),
    "subtract": Formula("Subtract", subtract),
    "divide": Formula("Divide", divide, bounded=True),
    "hue": Formula("Hue", hue, bounded=True, mixes=True),
    "saturation": Formula("Saturation", saturation, bounded=True, mixes=True),
    "color": Formula("Colour", color, bounded=True, mixes=True),
    "luminosity": Formula("Luminosity", luminosity, bounded=True, mixes=True),
}

PARTS: tuple[Callable[..., Any], ...] = (
    *(formula.function for formula in FORMULAS.values()),
    luminosity_of,
    saturation_of,
    with_saturation,
    with_luminosity,
)
"""Every function that formulas are made of, besides their vocabulary."""

MODES: dict[str, str] = {mode: formula.title for mode, formula in FORMULAS.items()}
"""Blend modes: the permanent id that documents hold to the title people read, in menu order."""

_STRIP = 8192
"""Pixels composited at a time, so that they and what lies between stay in a core's cache, and
no array between is so large that the allocator asks the system for it each time."""

Kernel = Callable[
    [NDArray[np.float32], NDArray[np.float32], NDArray[np.float32] | None, np.float32], None
]
"""(below, above, mask (h, w), opacity): ``composite`` for one mode, its arguments checked."""

COMPILED: dict[str, Kernel] = {}
"""Modes whose compiled kernel is ready, filled by ``safelight.pixels.fused``."""


def blend(
    mode: str, backdrop: NDArray[np.float32], source: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The mode's formula alone, without alpha: colours (h, w, 3) float32, both sides alike.

    See the module for what it does beyond 0 .. 1. Raises ValueError for an unknown mode.
    """
    formula = _formula(mode)
    blended = _blend(formula, _planes(backdrop), _planes(source))
    return np.ascontiguousarray(np.moveaxis(blended, 0, -1), np.float32)


def composite(
    below: NDArray[np.float32],
    above: NDArray[np.float32],
    *,
    mode: str = "normal",
    opacity: float = 1.0,
    mask: NDArray[np.float32] | None = None,
) -> None:
    """Lay ``above`` over ``below``, in place.

    ``below`` is (h, w, 4) and ``above`` (h, w, 3 or 4), float32 with straight alpha; without
    alpha ``above`` is opaque. Its alpha times ``opacity`` times ``mask`` ((h, w) or (h, w, 1),
    float32) says how much of it counts, taken within 0 .. 1 like the backdrop's alpha. Colours
    beyond 0 .. 1 are kept as the module says. Where nothing of ``above`` counts, not a bit of
    ``below`` changes, its colour under zero alpha included; over an opaque backdrop an opaque
    normal source replaces it exactly.

    Runs in numpy until ``prepare_kernels`` has made a kernel, with the same result; kernels let
    other threads run. Raises ValueError for an unknown mode or shapes that do not fit, TypeError
    for pixels that are not float32.
    """
    formula = _formula(mode)
    height, width = below.shape[:2]
    if below.shape != (height, width, 4):
        raise ValueError(f"the backdrop is (height, width, 4), not {below.shape}")
    if above.shape not in ((height, width, 3), (height, width, 4)):
        raise ValueError(f"a source of {above.shape} does not fit a backdrop of {below.shape}")
    if mask is not None:
        if mask.shape not in ((height, width), (height, width, 1)):
            raise ValueError(f"a mask of {mask.shape} does not fit a backdrop of {below.shape}")
        mask = mask.reshape(height, width)
    for pixels in (below, above) if mask is None else (below, above, mask):
        if pixels.dtype != np.float32:
            raise TypeError(f"pixels are composited as float32, not {pixels.dtype}")
    kernel = COMPILED.get(mode) or partial(in_numpy, formula)
    kernel(below, above, mask, np.float32(opacity))


def in_numpy(
    formula: Formula,
    below: NDArray[np.float32],
    above: NDArray[np.float32],
    mask: NDArray[np.float32] | None,
    opacity: np.float32,
) -> None:
    """Lay ``above`` (height, width, 3 or 4) over ``below`` (height, width, 4), in place, by a mask
    (height, width) from 0 to 1, in numpy, strip by strip: the reference for kernels, and what runs
    without one.
    """
    height, width = below.shape[:2]
    rows = max(1, _STRIP // max(1, width))
    for top in range(0, height, rows):
        strip = slice(top, top + rows)
        rows_of_mask = None if mask is None else mask[strip]
        _composite(formula, below[strip], above[strip], rows_of_mask, opacity)


def _formula(mode: str) -> Formula:
    try:
        return FORMULAS[mode]
    except KeyError:
        raise ValueError(f"unknown blend mode {mode}; choose from {', '.join(MODES)}") from None


def _composite(
    formula: Formula,
    below: NDArray[np.float32],
    above: NDArray[np.float32],
    mask: NDArray[np.float32] | None,
    opacity: np.float32,
) -> None:
    """W3C's general formula, divided by the resulting alpha.

    W3C: co = cs·αs·(1 − αb) + αs·αb·B(cb, cs) + (1 − αs)·αb·cb, with αo = αs + αb·(1 − αs).
    Of co / αo the backdrop has (1 − αs)·αb / αo = 1 − αs / αo. So, with share = αs / αo:
    (1 − share)·cb + share·((1 − αb)·cs + αb·B(cb, cs)).
    """
    alpha = np.full(below.shape[:2], opacity, np.float32)
    if above.shape[2] == 4:
        alpha *= above[..., 3]
    if mask is not None:
        alpha *= mask
    np.clip(alpha, ZERO, ONE, out=alpha)
    counts = alpha > ZERO
    if not counts.any():
        return
    backdrop, source = _planes(below), _planes(above)
    behind = np.clip(below[..., 3], ZERO, ONE)
    total = alpha + behind * (ONE - alpha)
    share = alpha / np.where(counts, total, ONE)
    if formula.function is not normal:
        blended = _blend(formula, backdrop, source)
        source = (ONE - behind) * source + behind * blended
    result = (ONE - share) * backdrop + share * source
    for channel in range(3):
        np.copyto(below[..., channel], result[channel], where=counts)
    np.copyto(below[..., 3], total, where=counts)


def _planes(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The three colours as planes (3, h, w): numpy is several times as fast on long rows."""
    return np.ascontiguousarray(np.moveaxis(pixels[..., :3], -1, 0), np.float32)


def _blend(
    formula: Formula, backdrop: NDArray[np.float32], source: NDArray[np.float32]
) -> NDArray[np.float32]:
    """A formula on planes (3, h, w)."""
    result: NDArray[np.float32]
    if formula.function is normal:
        return source
    lowest, highest = (ZERO, ONE) if formula.bounded else (-LARGEST, LARGEST)
    b, s = np.clip(backdrop, lowest, highest), np.clip(source, lowest, highest)
    if formula.mixes:
        result = np.stack(formula.function((b[0], b[1], b[2]), (s[0], s[1], s[2])))
    else:
        result = formula.function(b, s)
    if formula.bounded:
        result += backdrop - b
    return result
