"""Tears: parts of a print that are gone, each found whole.

Where a large piece is missing, one sees even paper or what lies behind: the detector sees the rim
of that, and not its middle. So even parts of a small version of the picture are cut out, and a
network of a few kilobytes says of each how likely it is a tear, from what is seen inside, along its
rim, around it, and what the detector says there at three sizes (models/repair/train_tears.py).
NumPy and OpenCV alone; nothing of Safelight's.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]

EVEN = (0.012, 0.03)  # of the range: neighbours in paper differ by less; two looks, coarse and fine
ALIKE = 0.09  # of the range: colours of one sheet of paper
SMALLEST = 0.002  # of the picture
FEWEST = 80  # pixels
SAME = 0.8  # of both: two parts that share so much are one
MOST = 24  # parts of a picture that are judged, the largest
LARGEST = 0.6  # of the picture: what is larger is the picture
HALVINGS = 2  # sizes at which the detector is asked beside the picture's own
TEARS = 2  # the detector's channel
RIM = 3  # pixels to both sides of what was cut out
AROUND = 6  # pixels: what is beside it
FIBRE = 10  # pixels: as far away the detector's word counts for the torn edge of the paper
FIBROUS = 0.3  # how sure it has to be there
SOFT = 4  # pixels: as far a sheet's border may be soft
MIXED = 0.8  # of the way from a sheet's colour to what lies around it: nearer, a pixel shows both
LEAST = 0.75  # less than a likelihood of 1 that a sensitivity of 1 asks for

Detect = Callable[[Array], Array]
"""From a picture (h, w, 3) to how sure each kind of damage is there, (h, w, 3)."""

Weights = Mapping[str, Array]
"""first (features, hidden), first_bias, last (hidden, 1), last_bias; mean and deviation."""


class Seen(NamedTuple):
    """A picture (h, w, 3), evened out; how its neighbours differ (h, w); the detector's tears at
    each size, enlarged, (h, w) each; its light (h, w), and that of all of it, sorted.
    """

    image: Array
    steps: Array
    sure: tuple[Array, ...]
    light: Array
    ranks: Array

    @classmethod
    def of(cls, image: Array, detect: Detect) -> Seen:
        even = cv2.medianBlur(np.ascontiguousarray(image, np.float32), 3)
        steps = np.zeros(even.shape[:2], np.float32)
        across = np.abs(np.diff(even, axis=1)).max(2)
        down = np.abs(np.diff(even, axis=0)).max(2)
        np.maximum(steps[:, 1:], across, out=steps[:, 1:])
        np.maximum(steps[1:], down, out=steps[1:])
        height, width = steps.shape
        found, small = [], np.ascontiguousarray(image, np.float32)
        for _ in range(HALVINGS + 1):
            tears = np.ascontiguousarray(detect(small)[..., TEARS])
            found.append(cv2.resize(tears, (width, height), interpolation=cv2.INTER_LINEAR))
            sides = max(1, small.shape[1] // 2), max(1, small.shape[0] // 2)
            small = cv2.resize(small, sides, interpolation=cv2.INTER_AREA)
        light = np.asarray(even.mean(2), np.float32)
        return cls(even, steps, tuple(found), light, np.sort(light, axis=None))


def parts(seen: Seen) -> Iterator[Mask]:
    """The even parts of a picture, each (h, w) bool, the largest first."""
    size = seen.steps.size
    found: list[Mask] = []
    for most in EVEN:
        even = (seen.steps < most).astype(np.uint8)
        even = cv2.morphologyEx(even, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(even, connectivity=4)
        areas = stats[:, cv2.CC_STAT_AREA]
        large = [n for n in range(1, count) if areas[n] >= max(SMALLEST * size, FEWEST)]
        for n in sorted(large, key=lambda n: -areas[n])[:MOST]:
            part = _sheet(seen, labels == n)
            if not any(_same(part, other) for other in found):
                found.append(part)
    found = [part for part in found if FEWEST <= part.sum() <= LARGEST * size]
    yield from sorted(found, key=lambda part: -int(part.sum()))[:MOST]


def _sheet(seen: Seen, core: Mask) -> Mask:
    """What has the colour of ``core`` and hangs together with it, without holes."""
    colour = np.median(seen.image[core], axis=0)
    alike = (np.abs(seen.image - colour).max(2) < ALIKE) | core
    alike = cv2.morphologyEx(alike.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, labels = cv2.connectedComponents(alike, connectivity=4)
    here = np.bincount(labels[core], minlength=2)
    here[0] = 0
    whole = (labels == here.argmax()).astype(np.uint8) if here.any() else core.astype(np.uint8)
    outlines, _ = cv2.findContours(whole, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    small = [line for line in outlines if cv2.contourArea(line) < 0.1 * whole.sum()]
    cv2.drawContours(whole, small, -1, 1, cv2.FILLED)
    return np.asarray(whole > 0)


def _same(one: Mask, other: Mask) -> bool:
    both = np.count_nonzero(one & other)
    return bool(both > SAME * np.count_nonzero(one | other))


def _wider(part: Mask, by: int) -> Mask:
    return np.asarray(cv2.dilate(part.astype(np.uint8), np.ones((2 * by + 1,) * 2, np.uint8)) > 0)


def _narrower(part: Mask, by: int) -> Mask:
    """Beyond the picture it goes on."""
    return np.asarray(cv2.erode(part.astype(np.uint8), np.ones((2 * by + 1,) * 2, np.uint8)) > 0)


def features(seen: Seen, part: Mask) -> Array:
    """What is looked at in one part: (features,)."""
    image, size = seen.image, part.size
    inside = _narrower(part, RIM)
    if not inside.any():
        inside = part
    close = _wider(part, RIM)
    rim = close & ~_narrower(part, RIM)
    ring = _wider(part, RIM + AROUND) & ~close
    if not ring.any():
        ring = ~part
    colour = np.median(image[inside], axis=0)
    light = float(colour.mean())
    away = np.abs(image[ring] - colour).max(1)
    within = seen.light[inside]
    low, high = np.percentile(within, (5, 95))
    outside = seen.light[ring]
    rims = np.percentile(seen.light[rim & ~part], (10, 90)) if (rim & ~part).any() else (light,) * 2
    border = np.ones_like(part)
    border[1:-1, 1:-1] = False
    outline = part & ~_narrower(np.pad(part, 1), 1)[1:-1, 1:-1]
    opened = cv2.morphologyEx(part.astype(np.uint8), cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    lines, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    line = max(lines, key=cv2.contourArea)
    hull = max(cv2.contourArea(cv2.convexHull(line)), 1.0)
    straight = cv2.approxPolyDP(line, 3.0, True)
    told = [
        np.log(part.sum() / size),
        (outline & border).sum() / max(outline.sum(), 1),
        light,
        np.ptp(colour),
        within.std(),
        high - low,
        seen.steps[inside].mean(),
        away.mean(),
        (away > 0.1).mean(),
        (away > 0.25).mean(),
        outside.std(),
        light - outside.mean(),
        rims[1] - max(light, float(outside.mean())),
        min(light, float(outside.mean())) - rims[0],
        seen.steps[rim].mean(),
        seen.steps[ring].mean(),
        np.searchsorted(seen.ranks, light - 0.03) / size,
        1 - np.searchsorted(seen.ranks, light + 0.03) / size,
        part.sum() / hull,
        np.log(outline.sum() ** 2 / part.sum()),
        opened.sum() / part.sum(),
        len(straight) / max(len(line), 1) * 10,
        *(sure[rim].mean() for sure in seen.sure),
        *(sure[inside].mean() for sure in seen.sure),
        *(np.percentile(sure[rim], 80) for sure in seen.sure),
    ]
    return np.asarray(told, np.float32)


def likelihood(found: Array, weights: Weights) -> Array:
    """How likely each of (n, features) is of a tear, (n,), 0 to 1."""
    x = (found - weights["mean"]) / weights["deviation"]
    x = np.maximum(x.clip(-4, 4) @ weights["first"] + weights["first_bias"], 0)
    told = (x @ weights["last"] + weights["last_bias"])[:, 0]
    return np.asarray(1 / (1 + np.exp(-told)), np.float32)


def with_fibre(seen: Seen, part: Mask) -> Mask:
    """A part (h, w) with the torn edge of the paper around it, as far as the detector sees that
    edge, and with its soft border: what would be left of that shines into what is filled.
    """
    sure = np.maximum.reduce(seen.sure) > FIBROUS
    return _wider(with_soft_border(seen, part), 1) | (sure & _wider(part, FIBRE))


def with_soft_border(seen: Seen, part: Mask) -> Mask:
    """A part (h, w) with what is a mixture of it and of what is around, at its border."""
    colour = np.median(seen.image[part], axis=0)
    away = np.asarray(np.abs(seen.image - colour).max(2), np.float32)
    ring = np.float32(_wider(part, SOFT + AROUND) & ~_wider(part, SOFT))
    sides = (2 * (SOFT + AROUND) + 1,) * 2
    around = cv2.blur(away * ring, sides) / np.maximum(cv2.blur(ring, sides), 1e-6)
    mixed = away < MIXED * around
    for _ in range(SOFT):
        part = part | (_wider(part, 1) & mixed)
    return part


def likely(image: Array, detect: Detect, weights: Weights) -> Array:
    """How likely each pixel of a small picture (h, w, 3) is in a large tear: (h, w), 0 to 1."""
    seen = Seen.of(np.nan_to_num(image).clip(0, 1).astype(np.float32), detect)
    result = np.zeros(seen.steps.shape, np.float32)
    found = list(parts(seen))
    if found:
        told = likelihood(np.stack([features(seen, part) for part in found]), weights)
        for part, value in zip(found, told, strict=True):
            where = with_fibre(seen, part)
            result[where] = np.maximum(result[where], value)
    return result


def known() -> Weights:
    """The weights that ship, by name."""
    with np.load(Path(__file__).parent / "tears.npz", allow_pickle=False) as stored:
        return dict(stored)


def packed(found: Array) -> dict[str, Any]:
    """Likelihoods (h, w) as plain data, to a 255th."""
    levels = np.rint(found * 255).astype(np.uint8)
    text = base64.b64encode(zlib.compress(levels.tobytes())).decode()
    return {"tears": text, "size": list(found.shape)}


def selected(
    told: Mapping[str, Any],
    sensitivity: float,
    place: tuple[int, int],
    shape: tuple[int, int],
    whole: tuple[int, int],
) -> Mask:
    """Where the tears are in a piece of ``shape`` at ``place`` of a picture of size ``whole``: all
    (height, width). A pixel's answer depends on where it lies in the picture alone.
    """
    levels = np.frombuffer(zlib.decompress(base64.b64decode(told["tears"])), np.uint8)
    small = levels.reshape(told["size"]) >= 255 * (1 - LEAST * sensitivity)
    found = small.astype(np.float32)
    for axis in (0, 1):
        side, most = whole[axis], found.shape[axis] - 1
        times = 1 << max(0, int(np.ceil(np.log2(side / (most + 1)))))
        at = (np.arange(shape[axis]) + place[axis] + 0.5) / times - 0.5
        first = np.clip(np.floor(at).astype(int), 0, most)
        part = np.clip(at - first, 0, 1).astype(np.float32)
        part = part[:, None] if axis == 0 else part
        upper = found.take(np.minimum(first + 1, most), axis)
        found = found.take(first, axis) * (1 - part) + upper * part
    return np.asarray(found >= 0.5)
