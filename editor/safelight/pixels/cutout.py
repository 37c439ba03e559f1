"""Cut-out: a subject told from its background by strokes, and the edge of that at full size.

The decision is GrabCut's (Rother, Kolmogorov and Blake 2004), by OpenCV, on a small picture; the
edge follows the picture by a guided filter (He, Sun and Tang 2010).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from safelight.pixels.opencv import opencv

MOST = 300_000
"""Pixels of the small picture at the most: GrabCut takes a second for some three times as many."""

_ROUNDS = 3
"""Times that the colours of both sides and the cut between them are found anew."""

_NEAR = 6
"""Pixels from the edge that half the size has found within which it may lie."""

_RIM = 2
"""Pixels at the picture's edge that are taken to be none of the subject."""

_ENDING = 8
"""Pixels of half the size from the picture's edge within which a subject that ends there is cut
off, since the edge is taken for the background's.
"""

_BESIDE = 0.12
"""Parts of the picture's diagonal from a stroke within which its edge may be the subject's."""

_EVEN = 1e-4
"""What the guided filter takes for even: the square of a hundredth of white."""

_STEEP = 1.6
"""How much steeper the edge is made: the filter leaves it soft where the picture is even."""


def decided(
    image: NDArray[np.uint8], inside: NDArray[np.bool_], outside: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """What belongs to the subject: (height, width).

    ``image`` is (height, width, 3), of ``MOST`` pixels at the most. ``inside`` and ``outside``
    (height, width) are where strokes say what it is. What hangs together with no stroke of the
    subject is none of it. Half the size decides; the full size is looked at near the edge alone.
    Where no stroke is near, the picture's edge is taken for the background's, which would else be
    known by nothing but not being like the strokes (Wei et al. 2012, boundary prior); what lies
    nearer to that edge than to a stroke is likely background, too.
    """
    cv2 = opencv()

    if not inside.any():
        return inside
    height, width = inside.shape
    rim = _far_rim(inside)
    half = max(width // 2, 1), max(height // 2, 1)
    small = cv2.resize(image, half, interpolation=cv2.INTER_AREA)
    mine, others, edge = (_resized(mask, half) for mask in (inside, outside, rim))
    like = likely = _like(small, mine, others | edge)
    if edge.any():
        likely = like & (_away(mine) < _away(edge))
    chosen = _cut(small, mine, others | (edge & ~mine), likely, _ROUNDS)
    if edge.any():
        chosen = _to_edge(chosen, like, edge) & ~others
    chosen = _resized(chosen, (width, height))
    core = np.ones((2 * _NEAR + 1, 2 * _NEAR + 1), np.uint8)
    sure = cv2.erode(chosen.astype(np.uint8), core) > 0
    never = cv2.dilate(chosen.astype(np.uint8), core) == 0
    found = _cut(image, inside | (sure & ~outside), outside | (never & ~inside), chosen, 1)
    _, parts = cv2.connectedComponents(found.astype(np.uint8), connectivity=4)
    touched = np.unique(parts[inside])
    return np.isin(parts, touched[touched > 0])


def _far_rim(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels (height, width) at the edge of a picture that are far from all strokes."""
    rim = np.ones(inside.shape, np.bool_)
    rim[_RIM:-_RIM, _RIM:-_RIM] = False
    far: NDArray[np.bool_] = rim & (_away(inside) > _BESIDE * np.hypot(*inside.shape))
    return far if min(inside.shape) > 4 * _RIM else np.zeros_like(far)


def _to_edge(
    chosen: NDArray[np.bool_], like: NDArray[np.bool_], edge: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """What is chosen, up to the picture's edge where it ends near an ``edge`` that was taken for
    the background's, and what lies between has the strokes' colours: (height, width).
    """
    cv2 = opencv()

    inner = chosen[_ENDING:-_ENDING, _ENDING:-_ENDING]
    if not inner.size:
        return chosen
    mostly = cv2.blur(like.astype(np.float32), (7, 7)) > 0.5
    there: NDArray[np.bool_] = (_away(edge) <= _ENDING) & mostly
    return chosen | (there & np.pad(inner, _ENDING, mode="edge"))


def _away(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """How many pixels each pixel lies from the nearest one of a mask: (height, width)."""
    cv2 = opencv()

    away: NDArray[np.float32] = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    return away


def _resized(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """A mask of another (width, height): whatever meets a pixel counts."""
    cv2 = opencv()

    found = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(found > 0.25)


def _cut(
    image: NDArray[np.uint8],
    inside: NDArray[np.bool_],
    outside: NDArray[np.bool_],
    likely: NDArray[np.bool_],
    rounds: int,
) -> NDArray[np.bool_]:
    """What GrabCut takes for the subject, begun with what is likely."""
    cv2 = opencv()

    marks = np.full(image.shape[:2], cv2.GC_PR_BGD, np.uint8)
    marks[likely] = cv2.GC_PR_FGD
    marks[inside] = cv2.GC_FGD
    marks[outside] = cv2.GC_BGD
    if not (marks & 1).any() or (marks & 1).all():
        return (marks & 1).astype(np.bool_)
    cv2.setRNGSeed(1)  # the same strokes have the same answer
    bgr = np.ascontiguousarray(image[..., ::-1])
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(bgr, marks, None, *models, rounds, cv2.GC_INIT_WITH_MASK)
    return (marks & 1).astype(np.bool_)


def _like(
    image: NDArray[np.uint8], inside: NDArray[np.bool_], outside: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which pixels are nearer to the colours of the strokes than most of the picture is.

    Both sides' colours as histograms of eight steps a channel, smoothed; without a stroke of the
    background, the background's are those of all the picture.
    """
    cv2 = opencv()

    steps = (image >> 5).astype(np.int32)
    cells = (steps[..., 0] << 6) | (steps[..., 1] << 3) | steps[..., 2]

    def share(chosen: NDArray[np.bool_]) -> NDArray[np.float32]:
        counts = np.bincount(cells[chosen], minlength=512).astype(np.float32).reshape(8, 8, 8)
        for axis in range(3):
            moved = np.moveaxis(counts, axis, 0).reshape(8, 64)
            moved = cv2.GaussianBlur(moved, (1, 3), 0.6, borderType=cv2.BORDER_REPLICATE)
            counts = np.moveaxis(moved.reshape(8, 8, 8), 0, axis)
        return np.asarray(counts.ravel() / max(counts.sum(), 1))

    others = share(np.ones(cells.shape, np.bool_))
    if outside.any():
        others = np.maximum(others, share(outside))
    mine = share(inside)
    likely: NDArray[np.bool_] = (mine > others)[cells]
    return likely


def guided(
    guide: NDArray[np.float32],
    mask: NDArray[np.float32],
    radius: int,
    even: float = _EVEN,
    step: int = 1,
) -> NDArray[np.float32]:
    """A mask (height, width), 0 to 1, with the edges of a picture (height, width, 3): the guided
    filter with windows of ``radius`` pixels, unclipped.

    A window whose variance is below ``even`` counts as even. Its coefficients are found on a
    picture of which a pixel is ``step`` wide.
    """
    cv2 = opencv()

    height, width = mask.shape
    small = max(width // step, 1), max(height // step, 1)
    if step > 1:
        low = cv2.resize(guide, small, interpolation=cv2.INTER_AREA)
        wanted = cv2.resize(mask, small, interpolation=cv2.INTER_AREA)
    else:
        low, wanted = guide, mask
    side = 2 * max(round(radius / step), 1) + 1

    def mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT)
        return found

    middle, middle_mask = mean(low), mean(wanted)
    both = mean(low * wanted[..., None]) - middle * middle_mask[..., None]
    spread = np.empty((*wanted.shape, 3, 3), np.float32)
    for one in range(3):
        for other in range(one, 3):
            found = mean(low[..., one] * low[..., other]) - middle[..., one] * middle[..., other]
            spread[..., one, other] = spread[..., other, one] = found
    spread += np.eye(3, dtype=np.float32) * np.float32(even)
    slopes = _solved(spread, both)
    offset = middle_mask - _summed(slopes * middle)
    slopes, offset = mean(slopes), mean(offset)
    if step > 1:
        slopes = cv2.resize(slopes, (width, height), interpolation=cv2.INTER_LINEAR)
        offset = cv2.resize(offset, (width, height), interpolation=cv2.INTER_LINEAR)
    result = _summed(slopes * guide)
    result += offset
    return result


def _summed(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sums of three channels (height, width, 3): numpy takes four times as long."""
    found: NDArray[np.float32] = opencv().transform(values, np.ones((1, 3), np.float32))
    return found


def _solved(matrices: NDArray[np.float32], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The solutions of (…, 3, 3) symmetric systems, by Cramer's rule: numpy's is slow for many."""
    a, b, c = matrices[..., 0, 0], matrices[..., 0, 1], matrices[..., 0, 2]
    d, e, f = matrices[..., 1, 1], matrices[..., 1, 2], matrices[..., 2, 2]
    x, y, z = (vectors[..., k] for k in range(3))
    df, ce, be = d * f - e * e, c * e - b * f, b * e - c * d
    af, bc, ad = a * f - c * c, b * c - a * e, a * d - b * b
    whole = a * df + b * ce + c * be
    whole = np.where(np.abs(whole) > 1e-30, whole, np.float32(1e-30))
    found = np.stack(
        [df * x + ce * y + be * z, ce * x + af * y + bc * z, be * x + bc * y + ad * z], axis=-1
    )
    return np.asarray(found / whole[..., None], np.float32)


def edged(
    guide: NDArray[np.float32], mask: NDArray[np.float32], radius: int
) -> NDArray[np.float32]:
    """A mask that was decided on a small picture, (height, width), with the edge that the picture
    has at full size, and nothing changed farther from its edge than ``radius``: 0 to 1.
    """
    step = max(radius // 6, 1)
    found = (guided(guide, mask, radius, step=step) - 0.5) * np.float32(_STEEP) + 0.5
    return np.asarray(np.clip(found, 0, 1), np.float32)


def reduced(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture (height, width, 3) of at most ``MOST`` pixels."""
    cv2 = opencv()

    height, width = image.shape[:2]
    scale = min((MOST / (width * height)) ** 0.5, 1.0)
    size = max(int(width * scale), 1), max(int(height * scale), 1)
    found: NDArray[np.uint8] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return found


def enlarged(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.uint8]:
    """A mask of a (width, height), 0 to 255, even between its pixels."""
    cv2 = opencv()

    large: NDArray[np.uint8] = cv2.resize(
        mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_LINEAR
    )
    return large


def drawn(
    size: tuple[int, int],
    strokes: list[NDArray[np.float64]],
    scale: tuple[float, float],
    width: float,
) -> NDArray[np.bool_]:
    """Where strokes go over a picture of a (width, height): points are (count, 2), in pixels of
    one that is larger by 1 / ``scale``, as their ``width`` is.
    """
    cv2 = opencv()

    found = np.zeros((size[1], size[0]), np.uint8)
    for points in strokes:
        path = np.floor(np.clip(points, -1e6, 1e6) * scale).astype(np.int32).reshape(-1, 1, 2)
        thick = min(max(round(width * scale[0]), 1), 1000)
        cv2.polylines(found, [path if len(path) > 1 else np.repeat(path, 2, 0)], False, 1, thick)
    return found.astype(np.bool_)
