"""Exposure merge: two photographs of one thing, a lighter and a darker one, made one by a mask."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Fraction
from safelight.api.tone_table import LUMINANCE
from safelight.document import geometry
from safelight.document.commands.command import EditError, command
from safelight.document.document import Document
from safelight.document.edits import unlocked
from safelight.document.edits.conditions import of_layer
from safelight.document.placement import Place
from safelight.document.rendered.live import Live
from safelight.document.rendered.whole_picture import whole
from safelight.pixels import Raster, to_float
from safelight.pixels.opencv import opencv

_SIDE = 1200
"""Pixels of the longer side at which photographs are aligned and a mask is made."""

_LEAST = 0.6
"""Correlation of two photographs of one thing at the least (Evangelidis and Psarakis 2008)."""

_FARTHEST = 0.2
"""Share of the longer side by which one of them is moved at the most."""

_Plane = NDArray[np.float32]


@command(
    "Merge exposures",
    menu="Layer",
    section=1,
    asks=True,
    when=of_layer(lambda layer: layer.pixels is not None and not layer.locked),
)
def merge_exposures(
    document: Document,
    *,
    layer: str = "",
    align: Annotated[bool, "Move and turn it first, so that it lies over the same"] = True,
    threshold: Annotated[Fraction, "How light what lies below is where one takes over"] = 0.5,
    softness: Annotated[Fraction, "How slowly one goes over into the other"] = 0.35,
    live: Live | None = None,
) -> Document:
    """Have a layer, the darker or the lighter one of two exposures, show where what lies below it
    is too light, or too dark: by a mask of the luminance there, which can be painted on afterwards.
    """
    upper = unlocked(document, layer)
    below = document.below(layer)
    if not below.layers:
        raise EditError(f"there is nothing below {upper.name} to merge it with")
    bare = replace(
        upper, mask=None, opacity=1.0, mode="normal", visible=True, clipped=False, effects=()
    )
    alone = replace(document, layers=(bare,), selection=None)
    lower = _luminance(below, live)
    own = _luminance(alone, live)
    if align:
        scale = document.width / lower.shape[1]
        change = _aligned(own, lower, scale)
        document = geometry.moved(document, upper, change)
        upper = document.layer(layer)
        bare = replace(bare, place=upper.place)
        own = _luminance(replace(alone, layers=(bare,)), live)
    darker = float(np.median(own)) <= float(np.median(lower))
    mask = _mask(lower, threshold, softness, light=darker)
    back = Place.scaled(document.width / mask.shape[1], document.height / mask.shape[0])
    raster = Raster.from_array(np.rint(mask[..., None] * 255).astype(np.uint8))
    return document.with_layer(
        replace(upper, mask=raster, mask_place=document.frame.after(back), mask_beyond=0)
    )


def _luminance(document: Document, live: Live | None) -> _Plane:
    """How light a picture is, as it is encoded, at no more than ``_SIDE`` pixels: float32 (height,
    width), 0 to 1.
    """
    cv2 = opencv()
    seen = whole(document, live)
    level = 0
    while max(seen.width, seen.height) >> (level + 1) >= _SIDE:
        level += 1
    pixels = to_float(seen.level(level).to_array())
    grey: _Plane = (pixels[..., :3] @ np.array(LUMINANCE, np.float32)).astype(np.float32)
    share = min(_SIDE / max(document.width, document.height), 1.0)
    size = max(round(document.width * share), 1), max(round(document.height * share), 1)
    made: _Plane = np.clip(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), 0, 1)
    return made


def _aligned(own: _Plane, lower: _Plane, scale: float) -> Place:
    """The map, of pixels ``scale`` times as small as those given, that lays one photograph over the
    other: moved by phase correlation (Kuglin and Hines 1975), then moved and turned until both
    correlate best. Raises EditError where they do not.
    """
    cv2 = opencv()
    edges = [_edges(plane) for plane in (own, lower)]
    window = cv2.createHanningWindow(own.shape[::-1], cv2.CV_32F)
    (x, y), _ = cv2.phaseCorrelate(*edges, window)
    if max(abs(x), abs(y)) > _FARTHEST * max(own.shape):
        x = y = 0.0
    warp = np.array([[1, 0, -x], [0, 1, -y]], np.float32)
    limits = cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-5
    found: Any = -1.0
    try:
        # From a point of what lies below to that of the layer which shows the same.
        found, warp = cv2.findTransformECC(
            edges[1], edges[0], warp, cv2.MOTION_EUCLIDEAN, limits, None, 5
        )
    except cv2.error:
        found = -1.0
    if found < _LEAST:
        raise EditError(
            "the two show too little of the same to be laid over one another; merge them without"
            " aligning"
        )
    a, b, c, d, e, f = (float(number) for row in warp for number in row)
    return Place.affine(a, b, c * scale, d, e, f * scale).inverse


def _edges(plane: _Plane) -> _Plane:
    """Where a picture changes, which is alike in a lighter and in a darker exposure."""
    cv2 = opencv()
    soft = cv2.GaussianBlur(np.log2(plane + 0.02), (0, 0), 1.5)
    across, down = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    made: _Plane = np.minimum(np.hypot(across, down), 1.0).astype(np.float32)
    return made


def _mask(lower: _Plane, threshold: float, softness: float, *, light: bool) -> _Plane:
    """Where what lies below is light, or dark: float32 (height, width), 0 to 1, smooth but for the
    edges of things (a guided filter, He, Sun and Tang 2010).
    """
    cv2 = opencv()
    half = max(softness, 0.02) / 2
    share = np.clip((lower - (threshold - half)) / (2 * half), 0, 1)
    share = share * share * (3 - 2 * share)
    if not light:
        share = 1 - share
    radius = max(max(lower.shape) // 40, 2)
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(plane: Any) -> Any:
        return cv2.blur(plane, size)

    guide, target = lower.astype(np.float32), share.astype(np.float32)
    mean_guide, mean_target = mean(guide), mean(target)
    slope = (mean(guide * target) - mean_guide * mean_target) / (
        mean(guide * guide) - mean_guide * mean_guide + 1e-3
    )
    rest = mean_target - slope * mean_guide
    made: _Plane = np.clip(mean(slope) * guide + mean(rest), 0, 1).astype(np.float32)
    return made
