"""Camera motion: the one map by which a camera that is held by hand moves a whole picture.

From coarse to fine, after Baker and Matthews ("Lucas-Kanade 20 years on", IJCV 2004, the inverse
compositional algorithm with a robust error): every pixel has a say, so that noise hardly moves it;
what passes before the camera is told by how much it differs, and has none.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.pixels.motion import inside
from safelight.pixels.opencv import opencv

Plane = NDArray[np.float32]
Map = NDArray[np.float64]
"""Three by three: from a pixel of one picture to its place in another, both in parts of the longer
side, from the middle."""

STILL: Map = np.eye(3)

_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # BT.601

_LONGEST = 1200
"""Pixels of the longer side at which motion is looked for at most."""

_SMOOTHING = 1.0
"""Standard deviation in pixels of the smoothing at every size."""

_SHORTEST = 24
"""Pixels of the shorter side at the coarsest size."""

_ROUNDS = 12
"""Steps at each size at most."""

_CLOSE = 0.002
"""Pixels by which the last step moves a corner at most."""

_BETTER = 0.7
"""In parts of how much two pictures differ as they lie: by how little they do where they are first
laid over one another."""

_AROUND = 9
"""Pixels over which squares of what differs are averaged: what passes differs all over."""

_OUTLYING = 1.0
"""Variances by which they may be more than noise makes until a place counts for a quarter."""

_LIKELY = np.array([0.01, 0.01, np.inf, 0.01, 0.01, np.inf, 0.002, 0.002])
"""How far the numbers of a map are from those of none, one deviation, as hands move cameras: they
turn and tilt them by little. Where a picture says little it says no more than that."""

_STRAIN = 0.0005
"""One deviation of how much wider than high, or how aslant, a map makes a picture."""

_CORRELATED = 16.0
"""Pixels that have their noise in common, smoothed as they are."""

_TELLING = 20.0
"""Of what noise alone makes of one number: by how much better eight have to explain a frame."""

_LEAST_SEEN = 0.1
"""Of a picture: what both show at least."""

_LEAST_NOISE = 1e-4
"""Deviation, 1 being white, that rounding leaves in pictures without noise."""

_MOST_TURNED = 0.2
"""By how much a map may turn, stretch or tilt; more is none that a hand makes in a burst."""


def _prior() -> NDArray[np.float64]:
    """The inverse covariance of the eight numbers of a map."""
    made = np.diag(1 / np.square(_LIKELY))
    for strain in ([1, 0, 0, 0, -1, 0, 0, 0], [0, 1, 0, 1, 0, 0, 0, 0]):
        row = np.array(strain, float)
        made += np.outer(row, row) / _STRAIN**2
    return made


_PRIOR = _prior()


def looked_at(frame: NDArray[np.float32]) -> list[Plane]:
    """What motion is found by: the brightness of a frame, (height, width, 1 or 3), sRGB-encoded, at
    falling sizes, the largest first: (rows, columns) each, smoothed.
    """
    cv2 = opencv()
    light = frame[..., 0] if frame.shape[2] == 1 else frame[..., :3] @ _LUMINANCE
    share = min(_LONGEST / max(light.shape), 1.0)
    plane: Plane = np.ascontiguousarray(light, np.float32)
    if share < 1:
        size = tuple(max(round(side * share), 1) for side in light.shape[::-1])
        plane = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    found = [plane]
    while min(found[-1].shape) >= 2 * _SHORTEST:
        height, width = found[-1].shape
        size = -(-width // 2), -(-height // 2)
        found.append(cv2.resize(found[-1], size, interpolation=cv2.INTER_AREA))
    return [cv2.GaussianBlur(each, (0, 0), _SMOOTHING) for each in found]


def between(now: list[Plane], before: list[Plane], guess: Map | None = None) -> Map:
    """The map from the pixels of a frame to their places in one before it, both of ``looked_at``,
    float32 (rows, columns) at the same falling sizes. With a ``guess`` it is looked for near that.
    """
    if min(now[0].shape) < _SHORTEST:
        return STILL
    found = _shifted(now[-1], before[-1]) if guess is None else guess
    for one, other in zip(reversed(now), reversed(before), strict=True):
        found = _refined(one, other, found)
    turned = np.abs(found - STILL)[:2, :2].max() + np.abs(found[2, :2]).max()
    return found if turned < _MOST_TURNED else STILL


def settled(found: Map, shape: tuple[int, ...], now: list[Plane], before: list[Plane]) -> Map:
    """The map that ``between`` found of frames of that ``shape``, or none, or the one that moves by
    whole pixels, where such a one explains the frame as well: nothing is looked up between pixels
    then. ``now`` and ``before`` are of ``looked_at``, float32 (rows, columns) each.
    """
    height, width = shape[:2]
    rows, columns = np.array([0, height - 1]), np.array([0, width - 1])
    way = places_at(found, height, width, rows, columns) - np.stack(
        np.meshgrid(columns, rows), axis=2
    )
    whole = STILL.copy()
    whole[:2, 2] = np.rint(way.mean((0, 1))) / max(height, width)
    apart, seen = _apart(now[0], before[0], found)
    if not seen.any():
        return STILL
    weight, deviation = _weighed(apart, seen)
    for other in (STILL, whole):
        far, sees = _apart(now[0], before[0], other)
        worse = float((weight * sees * (np.square(far) - np.square(apart))).sum())
        if worse < _TELLING * _CORRELATED * deviation**2:
            return other
    return found


def places_at(
    found: Map, height: int, width: int, rows: NDArray[Any], columns: NDArray[Any]
) -> NDArray[np.float64]:
    """Where pixels of a frame of that size, at those rows and columns, whole numbers (n,) each, lie
    in the one before: float64 (rows, columns, 2) of x and y in pixels.
    """
    longer = float(max(height, width))
    middle = (width - 1) / 2, (height - 1) / 2
    x = (columns - middle[0]) / longer
    y = (rows - middle[1])[:, None] / longer
    below = found[2, 0] * x + found[2, 1] * y + found[2, 2]
    made = np.empty((len(rows), len(columns), 2))
    # The way from each pixel is added to it, so that what does not move stays to the last bit.
    for axis, (own, index) in enumerate(((x, columns), (y, rows[:, None]))):
        line = found[axis, 0] * x + found[axis, 1] * y + found[axis, 2]
        made[..., axis] = (line - own * below) * longer / below + index
    return made


def _whole(found: Map, plane: Plane) -> NDArray[np.float32]:
    height, width = plane.shape
    return places_at(found, height, width, np.arange(height), np.arange(width)).astype(np.float32)


def _shifted(now: Plane, before: Plane) -> Map:
    """By how much one picture lies beside another, by phase correlation, if that is better."""
    cv2 = opencv()
    window = cv2.createHanningWindow(now.shape[::-1], cv2.CV_32F)
    (x, y), _ = cv2.phaseCorrelate(now, before, window)
    made = STILL.copy()
    if max(abs(x), abs(y)) < min(now.shape) / 2:
        made[:2, 2] = np.array([x, y]) / max(now.shape)
    still, moved = (_differing(now, before, each) for each in (STILL, made))
    return made if moved < _BETTER * still else STILL


def _differing(now: Plane, before: Plane, found: Map) -> float:
    apart, seen = _apart(now, before, found)
    return float(np.median(np.abs(apart[seen]))) if seen.any() else np.inf


def _apart(now: Plane, before: Plane, found: Map) -> tuple[Plane, NDArray[np.bool_]]:
    """By how much a picture differs from the one before moved by a map, and where that shows it:
    (height, width) both. A change of the light all over is none.
    """
    cv2 = opencv()
    where = _whole(found, now)
    made: Any = cv2.remap(before, where, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    seen = inside(where, *now.shape)
    apart: Plane = np.asarray(made, np.float32) - now
    return apart - np.float32(np.median(apart[seen]) if seen.any() else 0), seen


def _weighed(apart: Plane, seen: NDArray[np.bool_]) -> tuple[Plane, float]:
    """How much each pixel counts, (height, width), and the deviation of what differs as noise does;
    what passes differs by more, and all over.
    """
    deviation = max(1.4826 * float(np.median(np.abs(apart[seen]))), _LEAST_NOISE)
    squares = opencv().blur(np.square(apart / np.float32(deviation)), (_AROUND, _AROUND))
    beyond = np.maximum(squares - 1, 0) / np.float32(_OUTLYING)
    return np.where(seen, 1 / np.square(1 + beyond), 0).astype(np.float32), deviation


def _refined(now: Plane, before: Plane, found: Map) -> Map:
    """The map that explains a picture best by the one before, from one near it."""
    cv2 = opencv()
    height, width = now.shape
    longer = max(height, width)
    x = ((np.arange(width) - (width - 1) / 2) / longer).astype(np.float32)[None, :]
    y = ((np.arange(height) - (height - 1) / 2) / longer).astype(np.float32)[:, None]
    across = cv2.Sobel(now, cv2.CV_32F, 1, 0, ksize=3, scale=longer / 8)
    down = cv2.Sobel(now, cv2.CV_32F, 0, 1, ksize=3, scale=longer / 8)
    along = across * x + down * y
    # By how much a pixel changes with each of the eight numbers of a map, and with the light.
    steps = [across * x, across * y, across, down * x, down * y, down, -along * x, -along * y]
    slopes = np.stack([step.ravel() for step in (*steps, now, np.ones_like(now))])
    corners = np.array([[sx * width, sy * height] for sx in (-1, 1) for sy in (-1, 1)])
    corners = np.column_stack([corners / (2 * longer), np.ones(4)])
    for _ in range(_ROUNDS):
        apart, seen = _apart(now, before, found)
        if seen.mean() < _LEAST_SEEN:
            return found
        weight, deviation = _weighed(apart, seen)
        apart, weight = apart.ravel(), weight.ravel()
        weighed = slopes * weight
        matrix = (weighed @ slopes.T).astype(np.float64)
        matrix[np.diag_indices(10)] += 1e-6 * np.trace(matrix) / 10
        right = (weighed @ apart).astype(np.float64)
        # The maximum a posteriori.
        doubt = _PRIOR * (_CORRELATED * deviation**2)
        matrix[:8, :8] += doubt
        right[:8] += doubt @ (found - STILL).ravel()[:8]
        step = np.linalg.solve(matrix, right)
        change = np.append(step[:8], 0).reshape(3, 3) + STILL
        # What would lay the frame's own picture where the other is is undone there.
        made = found @ np.linalg.inv(change)
        moved = corners @ (made / made[2, 2]).T - corners @ found.T
        found = made / made[2, 2]
        if np.abs(moved[:, :2]).max() * longer < _CLOSE:
            break
    return found
