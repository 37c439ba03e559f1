"""Matte: how much of each pixel along an edge is the subject, and which colour that part has.

Along the edge both sides' colours are the means of what is surely one and surely the other nearby;
a pixel between them is a mixture of the two, and its share is where it lies on the line between.
Where the two are alike, the guided filter decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.pixels.cutout import guided
from safelight.pixels.opencv import opencv

_ALIKE = 0.08
"""Distance of two colours, in parts of white, below which a mixture of them tells little."""

_MOTLEY = 3.0
"""What the variance of a side's colours takes from what a mixture tells of its own pixels: dark fur
before dark water is fur, and a hair before even water is a hair.
"""

_FINE = 0.6
"""Deviation in pixels of the blur that takes the noise out of the shares."""

_PARTS = 6
"""Pixels a radius of the picture on which both sides' colours are looked for."""


@dataclass(frozen=True, slots=True)
class Edge:
    """How an edge is looked for: within ``radius`` pixels; ``smooth``, ``contrast`` 0 to 1 and
    ``shift`` -1 to 1 change its outline before, its steepness and its place after.
    """

    radius: int
    smooth: float = 0.0
    contrast: float = 0.0
    shift: float = 0.0

    @property
    def reach(self) -> int:
        """Pixels around its own that a pixel depends on."""
        return 3 * self.radius + 8


@dataclass(frozen=True, slots=True)
class Matte:
    """``alpha``: the subject's share, (height, width); ``inner``, ``outer``: the colours of the
    subject and of what is behind it, (height, width, 3), sRGB-encoded.
    """

    alpha: NDArray[np.float32]
    inner: NDArray[np.float32]
    outer: NDArray[np.float32]


def refined(guide: NDArray[np.float32], mask: NDArray[np.float32], ask: Edge) -> Matte:
    """The matte of a picture (height, width, 3) along the edge of a mask (height, width), 0 to 1:
    where that is a half.
    """
    cv2 = opencv()

    inside = (mask >= 0.5).astype(np.uint8)
    if ask.smooth:
        mask = cv2.GaussianBlur(mask, (0, 0), max(ask.smooth * ask.radius / 2, 0.3))
        inside = (mask >= 0.5).astype(np.uint8)
    if not inside.any() or inside.all():
        return Matte(mask, guide, guide)
    sure, never = _deep(inside, ask.radius), _deep(1 - inside, ask.radius)
    inner, outer, even, motley = _both_sides(guide, inside, sure, never, ask.radius)
    between = inner - outer
    apart = np.einsum("ijk,ijk->ij", between, between)
    share = np.einsum("ijk,ijk->ij", guide - outer, between) / np.maximum(apart, 1e-6)
    told = apart / (apart + np.float32(_ALIKE**2) + np.float32(_MOTLEY) * motley)
    alpha = told * np.clip(share, 0, 1) + (1 - told) * np.clip(even, 0, 1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), _FINE)
    steep = 1 / (1 - 0.9 * ask.contrast)
    alpha = np.clip((alpha - 0.5 + 0.5 * ask.shift) * np.float32(steep) + 0.5, 0, 1)
    alpha = np.where(sure, 1, np.where(never, 0, alpha)).astype(np.float32)
    return Matte(alpha, inner, outer)


def _both_sides(
    guide: NDArray[np.float32],
    inside: NDArray[np.uint8],
    sure: NDArray[np.bool_],
    never: NDArray[np.bool_],
    radius: int,
) -> tuple[NDArray[np.float32], ...]:
    """The subject's colours, those behind it, the edge as the guided filter has it, and the
    variance of the colours of the side that a pixel is on by that: even from pixel to pixel, so
    that a picture is enough of which a pixel is a sixth of the radius wide.
    """
    cv2 = opencv()
    height, width = inside.shape
    step = max(radius // _PARTS, 1)
    size = max(width // step, 1), max(height // step, 1)

    def low(values: NDArray[Any]) -> NDArray[np.float32]:
        given = values.astype(np.float32, copy=False)
        found: NDArray[np.float32] = cv2.resize(given, size, interpolation=cv2.INTER_AREA)
        return found

    small, near = low(guide), max(radius // step, 1)
    # A pixel that is half one thing knows nothing of either.
    squares = low(np.einsum("ijk,ijk->ij", guide, guide))
    parts, spreads = [], []
    for known in (sure, never):
        whole = (low(known) > 0.99).astype(np.float32)
        both = _mean(np.dstack([small, squares]), whole, near)
        parts.append(np.ascontiguousarray(both[..., :3]))
        mean = np.einsum("ijk,ijk->ij", parts[-1], parts[-1])
        spreads.append(np.maximum(both[..., 3] - mean, 0))
    even = np.clip(guided(small, low(inside), near), 0, 1)
    parts += [even, even * spreads[0] + (1 - even) * spreads[1]]
    if step > 1:
        parts = [cv2.resize(x, (width, height), interpolation=cv2.INTER_LINEAR) for x in parts]
    return tuple(parts)


def clean(guide: NDArray[np.float32], made: Matte) -> NDArray[np.float32]:
    """The picture, ``guide`` (height, width, 3), 0 to 1, with the subject's own colours where it
    mixes with what is behind it: as large, 0 to 1.

    Blur fusion (Forte 2021): what the mixture of both means leaves of a pixel is the subject's, as
    far as it shows.
    """
    alpha = made.alpha[..., None]
    left = guide - alpha * made.inner - (1 - alpha) * made.outer
    return np.asarray(np.clip(made.inner + alpha * left, 0, 1), np.float32)


def _deep(inside: NDArray[np.uint8], radius: int) -> NDArray[np.bool_]:
    """What lies deeper than ``radius`` pixels in a part; of one that is nowhere so deep, its
    deepest half.
    """
    cv2 = opencv()

    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    return np.asarray(depth > min(float(radius), float(depth.max()) / 2))


def _mean(
    guide: NDArray[np.float32], known: NDArray[np.float32], radius: int
) -> NDArray[np.float32]:
    """The mean of the channels of what is known nearby, everywhere: near first, farther where
    there is nothing near.
    """
    cv2 = opencv()

    found = np.zeros_like(guide)
    weight = np.zeros(known.shape, np.float32)
    for side, counts in ((2 * radius + 3, 1.0), (4 * radius + 5, 1e-2)):
        size = (side, side)
        part = cv2.blur(known, size, borderType=cv2.BORDER_REFLECT) * np.float32(counts)
        mean = cv2.blur(guide * known[..., None], size, borderType=cv2.BORDER_REFLECT)
        found += mean * np.float32(counts)
        weight += part
    total = np.maximum(weight, 1e-9)[..., None]
    fallback = (guide * known[..., None]).sum((0, 1)) / max(float(known.sum()), 1.0)
    return np.where(weight[..., None] > 1e-8, found / total, fallback).astype(np.float32)
