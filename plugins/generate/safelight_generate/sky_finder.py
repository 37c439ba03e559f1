"""Finding: where the sky of a photograph is, by colour, position and smoothness."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight import api

from .layout import Array
from .sky_matte import WIDEST, Matte, edged, mean, row_colours

SIDE = 224
"""Pixels of the longer side that a sky is looked for at."""

LEAST = 0.02
"""Of a picture: less sky is none."""

STEPS = 24
"""Thresholds of roughness that are tried."""

BINS = 12
"""Steps of each colour in the histograms of sky and land."""

NEAR = 12
"""Pixels from the sky within which gaps are sky too."""

POCKET = 6
"""Pixels that a gap has at least."""

WIRE = 7
"""Pixels of a thumbnail that a wire or a mast is thinner than."""

OVER = 2.5
"""Times what a sky differs from its median, that a wire does."""

CONTRAST = 0.045
"""Of the range: what a wire differs from the sky by, where it does most."""

BEYOND = 0.1
"""Of the range: what a sky beyond a wire differs by from that above it."""

GAP = 0.12
"""Of the range: what is around a gap differs by as much from the sky in it."""

SHORTEST = 8
"""Pixels that a wire is long."""

LEVELS = 15
"""Steps of a share of sky that is told."""

ROWS = 24
"""Heights at which the sky's colour is told."""

NONE = "no sky was found in this photograph. Select where it is, and set Where to selected"

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def reduced(picture: Array) -> Array:
    """A picture at SIDE pixels or less, (height, width, 3), 0 to 1."""
    import cv2

    height, width = picture.shape[:2]
    zoom = min(SIDE / max(height, width), 1.0)
    size = max(round(width * zoom), 1), max(round(height * zoom), 1)
    inside = np.clip(np.nan_to_num(picture), 0, 1).astype(np.float32)
    return cv2.resize(inside, size, interpolation=cv2.INTER_AREA).reshape(*size[::-1], 3)


def found(picture: Array) -> NDArray[np.bool_] | None:
    """The sky of a reduced picture, bool (height, width); None where there is none.

    Of what hangs together with the upper border, up to the roughness that sets sky and land best
    apart (after Y. Shen and Q. Wang, "Sky Region Detection in a Single Image for Autonomous Ground
    Robot Navigation", IJARS 10, 2013), and then what has its colours.
    """
    if min(picture.shape[:2]) < 8:
        return None
    rough = roughness(picture)
    best, chosen = 0.0, None
    for threshold in np.geomspace(0.004, 0.12, STEPS):
        sky = from_above(rough < threshold)
        if LEAST < sky.mean() < 0.97:
            score = apart(picture, sky)
            if score > best:
                best, chosen = score, sky
        elif sky.mean() >= 0.97 and chosen is None and threshold < 0.05:
            chosen = sky
            break
    if chosen is None or not like_a_sky(picture, rough, chosen):
        return None
    if chosen.mean() < 0.97:
        chosen = from_above(likely(picture, chosen))
        chosen = chosen | pockets(picture, rough, chosen)
    return chosen if chosen.mean() > LEAST and like_a_sky(picture, rough, chosen) else None


def roughness(picture: Array) -> Array:
    """How much neighbours differ, (height, width)."""
    import cv2

    soft = cv2.GaussianBlur(picture, (3, 3), 0.8)
    across, down = (cv2.Sobel(soft, cv2.CV_32F, *way, ksize=3) / 8 for way in ((1, 0), (0, 1)))
    return np.sqrt((across**2 + down**2).sum(2))


def from_above(where: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What of a selection (h, w) hangs together with the upper border, its small holes filled."""
    import cv2

    _, parts = cv2.connectedComponents(where.astype(np.uint8), connectivity=4)
    kept = np.isin(parts, np.unique(parts[0][where[0]])) & where
    _, others = cv2.connectedComponents((~kept).astype(np.uint8), connectivity=8)
    sizes = np.bincount(others.ravel())
    border = np.unique(np.concatenate([others[-1], others[:, 0], others[:, -1]]))
    small = sizes < 0.002 * where.size
    small[border] = False
    return kept | (small[others] & ~kept)


def pockets(picture: Array, rough: Array, sky: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The sky (h, w) in gaps that something encloses, near the rest ``sky`` and of its colours;
    ``picture`` is (h, w, 3), 0 to 1, ``rough`` (h, w).
    """
    import cv2

    if not sky.any() or sky.all():
        return np.zeros_like(sky)
    rows, columns = sky.shape
    y = np.repeat(np.linspace(-1, 1, rows)[:, None], columns, 1)
    down = np.vander(y.ravel(), 3)
    inside = sky.ravel()
    told = np.linalg.lstsq(down[inside], picture.reshape(-1, 3)[inside], rcond=None)[0]
    away = np.linalg.norm(picture - (down @ told).reshape(picture.shape), axis=2)
    usual = min(max(1.5 * float(away[sky].mean()), 0.03), 0.06)
    near = cv2.dilate(sky.astype(np.uint8), np.ones((2 * NEAR + 1, 2 * NEAR + 1), np.uint8)) > 0
    lowest = np.flatnonzero(sky.any(1))[-1]
    alike = (away < usual) & (rough < usual) & ~sky & (np.arange(rows) <= lowest)[:, None]
    count, parts = cv2.connectedComponents(alike.astype(np.uint8), connectivity=4)
    kept = np.bincount(parts[near], minlength=count) >= POCKET
    kept[0] = False
    return kept[parts]


def apart(picture: Array, sky: NDArray[np.bool_]) -> float:
    """How well a sky (h, w) is set apart in a picture (h, w, 3), 0 to 1: the smaller the spreads of
    sky and land, the better.

    The spread of a sky is that around its change from above to below, be that from blue to pink.
    """
    total = 0.0
    height = np.repeat(np.linspace(-1, 1, len(sky))[:, None], sky.shape[1], 1)
    for part, weight in ((sky, 2.0), (~sky, 1.0)):
        values = picture[part] * 255
        if part is sky:
            down = np.vander(height[part], 3)
            values = values - down @ np.linalg.lstsq(down, values, rcond=None)[0]
        spread = np.cov(values.T) + 0.5 * np.eye(3)
        total += weight * np.linalg.det(spread) ** (1 / 3) + np.linalg.eigvalsh(spread)[-1]
    between = np.linalg.norm(picture[sky].mean(0) - picture[~sky].mean(0))
    return float((0.1 + between) * np.sqrt(sky.mean()) / total)


def likely(picture: Array, sky: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where a picture (h, w, 3), 0 to 1, has a colour and a height that the sky (h, w) has more
    often than the land.
    """
    import cv2

    places = (np.clip(picture, 0, 0.9999) * BINS).astype(int) @ np.array([BINS * BINS, BINS, 1])
    counts = []
    for part in (sky, ~sky):
        histogram = np.bincount(places[part], minlength=BINS**3).astype(np.float32)
        histogram = histogram.reshape(BINS, BINS, BINS)
        for axis in range(3):
            around = np.pad(histogram, [(1, 1) if n == axis else (0, 0) for n in range(3)])
            low, high = (np.take(around, range(s, s + BINS), axis) for s in (0, 2))
            histogram = 0.5 * histogram + 0.25 * (low + high)
        counts.append(histogram.ravel()[places] / max(part.sum(), 1) + 1e-6)
    rows = sky.mean(1)[:, None]
    odds = np.log(counts[0] / counts[1]) + np.log((rows + 0.02) / (1.02 - rows))
    return cv2.blur(odds.astype(np.float32), (3, 3)) > 0


def like_a_sky(picture: Array, rough: Array, sky: NDArray[np.bool_]) -> bool:
    """Whether what is selected in a picture (h, w, 3), 0 to 1, is light, even and of a colour that
    skies have; ``sky`` and ``rough`` are (h, w).
    """
    if sky[: max(len(sky) // 20, 1)].mean() < 0.2:
        return False
    red, green, blue = (float(value) for value in picture[sky].mean(0))
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    bluish = blue > 1.05 * red and blue > 0.95 * green
    pink = red - green < 0.25
    warm = red >= green and (green >= 0.95 * blue or pink) and light > 0.35
    pale = light > 0.45 and max(red, green, blue) - min(red, green, blue) < 0.2
    green_over = green > 1.04 * max(red, blue)
    return float(rough[sky].mean()) < 0.03 and (bluish or warm or pale) and not green_over


def told(thumbnail: api.Image, where: str) -> Mapping[str, Any]:
    """What pieces need to know of the photograph's sky. Raises api.Unfit where there is none."""
    picture = reduced(thumbnail)
    if where == "selected":
        sky = np.ones(picture.shape[:2], bool)
    else:
        sky = found(picture)
        if sky is None:
            raise api.Unfit(NONE)
        sky = across_wires(picture, sky)
    height = float(np.flatnonzero(sky.any(1))[-1] + 1) / len(sky)
    below = [float(line[-1] + 1) if len(line) else 0.0 for line in map(np.flatnonzero, sky.T)]
    usual = np.median(picture[sky], 0)
    rows = []
    for part in np.array_split(np.arange(len(sky)), min(ROWS, len(sky))):
        inside = picture[part][sky[part]]
        rows.append(inside.mean(0) if len(inside) else (rows[-1] if rows else usual))
    colours = np.float32(rows)
    share = sky.astype(np.float32)
    if where != "selected":
        share = finer(np.clip(np.nan_to_num(thumbnail), 0, 1).astype(np.float32), share, colours)
    packed = zlib.compress(np.uint8(np.rint(share * LEVELS) * (255 // LEVELS)).tobytes(), 9)
    return {
        "sky": base64.b64encode(packed).decode("ascii"),
        "shape": list(share.shape),
        "height": height,
        "borders": (np.array(below) / len(sky)).round(4),
        "colours": colours.round(4),
    }


def across_wires(picture: Array, sky: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The sky (h, w) and what lies beyond a wire across it, of a picture (h, w, 3),
    0 to 1: what is found too where wires are left out, and has the sky's colours.
    """
    import cv2

    without = cv2.medianBlur(np.uint8(np.rint(picture * 255)), 5).astype(np.float32) / 255
    more = found(without)
    if more is None or (sky & ~more).sum() > 0.05 * sky.sum():
        return sky
    beyond = more & ~sky
    if not beyond.any():
        return sky
    lowest = picture[sky & ~np.roll(sky, -3, 0)]
    apart = np.abs(np.median(lowest, 0) - np.median(picture[beyond], 0)).max()
    return more if apart < BEYOND else sky


def finer(picture: Array, rough: Array, colours: Array) -> Array:
    """The share of sky, 0 to 1, in each pixel of a picture (h, w, 3), 0 to 1, whose sky is known
    ``rough``ly, 0 or 1 in fewer pixels; ``colours`` (n, 3): the sky's from above to below.
    """
    import cv2

    height, width = picture.shape[:2]
    times = max(width / rough.shape[1], height / rough.shape[0])
    usual = row_colours(colours, (np.arange(height) + 0.5) / height)
    larger = cv2.resize(rough, (width, height), interpolation=cv2.INTER_LINEAR)
    gaps = pockets(picture, roughness(picture), larger > 0.5)
    band = min(round(2 * times) + 1, WIDEST)
    matte = edged(picture, np.maximum(larger, gaps), usual, band, full_size=False)
    share = np.where(doubtful(picture, matte, larger > 0.5), 0, matte.share)
    return np.where(thin(picture, share), 0, share).astype(np.float32)


def doubtful(picture: Array, matte: Matte, rough: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What of a matte is no sky, (h, w), as it neither hangs together with the ``rough`` (h, w) sky
    nor is a gap in what stands out before the sky: a light wall, say.
    """
    import cv2

    sky = matte.share > 0.5
    away = np.sqrt(np.square(picture - matte.sky).mean(2))
    count, parts, boxes, _ = cv2.connectedComponentsWithStats(sky.astype(np.uint8), connectivity=4)
    alone = np.ones(count, bool)
    alone[parts[rough & sky]] = False
    alone[0] = False
    for n in np.flatnonzero(alone):
        left, top, across, down = boxes[n, :4]
        place = np.s_[max(top - 3, 0) : top + down + 3, max(left - 3, 0) : left + across + 3]
        part = parts[place] == n
        around = (cv2.dilate(part.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0) & ~sky[place]
        alone[n] = not around.any() or np.median(away[place][around]) < GAP
    return alone[parts]


def thin(picture: Array, share: Array) -> NDArray[np.bool_]:
    """Where wires, masts and vanes stand before the sky: (h, w), of a picture (h, w, 3), 0 to 1.

    They differ from the sky around them more than its clouds do, are long for their width, and
    hang together with what is no sky, or reach from border to border.
    """
    import cv2

    if min(share.shape) < 3:
        return np.zeros(share.shape, bool)
    side = 2 * WIRE + 1
    even = cv2.medianBlur(np.uint8(np.rint(picture * 255)), side).astype(np.float32) / 255
    sky = share > 0.5
    away = np.sqrt(np.square(picture - even).mean(2)) * sky
    usual = mean(away, 2 * side) / np.maximum(mean(sky.astype(np.float32), 2 * side), 0.05)
    likely = (away > np.maximum(usual * OVER, 0.5 * CONTRAST)) & sky
    framed = np.pad(share < 0.5, 1, constant_values=True)
    land = cv2.dilate(framed.astype(np.uint8), np.ones((5, 5), np.uint8))[1:-1, 1:-1] > 0
    darker = (picture - even).sum(2) < 0
    return hanging(likely & darker, land, away) | hanging(likely & ~darker, land, away)


def hanging(likely: NDArray[np.bool_], land: NDArray[np.bool_], away: Array) -> NDArray[np.bool_]:
    """What is ``likely`` a wire, long and narrow, and hangs together with ``land``: (h, w) each;
    ``away`` (h, w) is how far it is from the sky's colour.
    """
    import cv2

    count, parts, boxes, _ = cv2.connectedComponentsWithStats(
        likely.astype(np.uint8), connectivity=8
    )
    depth = cv2.distanceTransform(likely.astype(np.uint8), cv2.DIST_L2, 3)
    deepest, farthest = (np.zeros(count, np.float32) for _ in range(2))
    np.maximum.at(deepest, parts, depth)
    np.maximum.at(farthest, parts, away)
    kept = (boxes[:, 2:4].max(1) >= SHORTEST) & (deepest <= WIRE / 2) & (farthest > CONTRAST)
    held = np.zeros(count, bool)
    held[parts[land & likely]] = True
    return (kept & held)[parts]


def matte_of(prepared: Mapping[str, Any]) -> Array:
    """The sky that was told, float32 (height, width), 0 to 1."""
    raw = zlib.decompress(base64.b64decode(prepared["sky"]))
    return np.frombuffer(raw, np.uint8).reshape(prepared["shape"]).astype(np.float32) / 255
