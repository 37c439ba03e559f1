"""Pieces: deep holes are filled with pieces of the photograph, where the network says what goes.

The network decides what is in a hole, coarsely; it has no texture of its own. The photograph has:
the exemplar engine finds pieces of it that agree with the rim and with what the network decided.
What is thin stays with the network, which continues lines better than pieces do, and so does what
no piece fits.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .sizes import Array, Mask, count_around, halved, near
from .windows import BLOCK, Box, Labels, Place, clusters, in_blocks, labelled, owned
from .windows import around as pixels_around

Network = Callable[[Array, Mask, Place], Array]
"""Fills a picture (h, w, 3) where its hole (h, w) is; its corner (y, x), in pixels of its size."""

LARGE = 128  # pixels across a hole that the network sees at a reduced size alone
THIN = 5  # pixels from the rim: what is nowhere deeper is thin
TRUSTS = (0.5, 0.25, 0.0)  # how much what the network says counts beside the rim: as fits best
STROKES = 8  # across a hole: what is finer than so many of them the network does not decide
SURROUNDINGS = 2.0  # times a hole's longer side that pieces come from, on each side
LEAST = 192  # pixels that they come from at least
UNLIKE = 4.0  # how strange pieces may be: so many times as unlike as the photograph is to itself
LEFT_OUT = 0.4  # of the places that pieces come from, where a filling varies most
LEAST_LEFT = 0.25  # of them that stay at least


def thick(hole: Mask) -> Mask:
    """What of a hole is no thin mark: within THIN pixels of where nothing known is that near."""
    result = np.zeros(hole.shape, bool)
    rows, columns = (np.flatnonzero(hole.any(axis)) for axis in (1, 0))
    if len(rows):
        ends = int(rows[-1]) + 1, int(columns[-1]) + 1
        around = Box(int(rows[0]), int(columns[0]), *ends).grown(THIN).within(hole.shape)
        inner = hole[around.slices]
        result[around.slices] = near(count_around(~inner, THIN) == 0, THIN) & inner
    return result


def clustered(deep: Mask) -> tuple[Labels, list[tuple[int, Box]]]:
    """The clusters' labels by block, and for each its label and the box around it."""
    blocks = in_blocks(deep)
    groups = clusters(blocks, 1)
    labels = labelled(groups, blocks.shape)
    parts = []
    for label, group in enumerate(groups, 1):
        box = pixels_around(group).within(deep.shape)
        own = owned(deep, labels, label, box)
        rows, columns = (np.flatnonzero(own.any(axis)) for axis in (1, 0))
        ends = box.top + rows[-1] + 1, box.left + columns[-1] + 1
        tight = Box(*(int(at) for at in (box.top + rows[0], box.left + columns[0], *ends)))
        parts.append((label, tight))
    return labels, parts


def longer_side(box: Box) -> int:
    """Pixels of a box along its longer side."""
    return max(box.bottom - box.top, box.right - box.left)


def roughly(
    image: Array, hole: Mask, network: Network, origin: Place = (0, 0)
) -> tuple[Array, Mask]:
    """The picture (h, w, 3) with its largest holes filled by the network, and where those are.

    Pieces need of the network no more than STROKES across a hole. So one that is LARGE or more is
    halved until it is not, and filled at that size. `origin` (y, x) is where in a larger picture
    the image begins.
    """
    large, picture = np.zeros(hole.shape, bool), image
    deep = thick(hole)
    if not deep.any():
        return picture, large
    # numba takes half a second, and most workers never fill
    from safelight_exemplar import smooth_doubled

    labels, parts = clustered(deep)
    for label, box in parts:
        halvings = int(np.log2(max(1, longer_side(box) / LARGE)) + 1)
        if longer_side(box) < LARGE:
            continue
        window = box.grown(longer_side(box), BLOCK << halvings).within(hole.shape)
        small, missing = image[window.slices], hole[window.slices]
        sizes = []
        for _ in range(halvings):
            sizes.append(missing.shape)
            small, missing = halved(small, missing)
        y, x = (first + at >> halvings for first, at in zip(origin, window[:2], strict=True))
        said = network(small, missing, (y, x))
        for shape in reversed(sizes):
            said = smooth_doubled(said, shape)
        own = owned(deep, labels, label, window)
        if picture is image:
            picture = image.copy()
        picture[window.slices][own] = said[own]
        large[window.slices] |= own
    return picture, large


def pieced(
    image: Array,
    hole: Mask,
    filled: Array,
    seed: int,
    variety: float,
    reach: int,
    step: Callable[[float], None],
) -> Array:
    """`filled` (h, w, 3), the network's filling of `hole` (h, w), with pieces where it is deep.

    Pieces come from within `reach` pixels of a hole, and from nothing that is missing itself. Where
    none fits, the filling stays.
    """
    deep = thick(hole)
    if not deep.any():
        return filled
    from safelight_exemplar import fill, strangeness, window  # as in `roughly`

    usable = ~hole
    if not finite(image):
        usable &= np.isfinite(image).all(-1)
    whole = finite(filled)
    labels, parts = clustered(deep)
    result = filled.copy()
    total, done = sum(box.area for _, box in parts), 0
    for label, box in parts:
        longer = longer_side(box)
        more = min(reach, round(max(SURROUNDINGS * longer, LEAST)))
        place = box.grown(more).within(hole.shape)
        own = owned(deep, labels, label, place)
        seen = filled[place.slices]
        if not whole:
            seen = np.nan_to_num(seen)
        near_by = window(own)  # nothing else is copied

        def told(part: float, done: int = done, area: int = box.area) -> None:
            step((done + part * area) / total)

        inner = own[near_by]
        made = fill(
            np.ascontiguousarray(seen[near_by]),
            inner,
            guide=coarsely(seen, longer)[near_by],
            trust=TRUSTS,
            allowed=drawn(usable[place.slices], longer, seed, variety)[near_by],
            seed=seed if variety else 0,
            progress=told,
        )
        if strangeness(made, inner, allowed=usable[place.slices][near_by]) <= UNLIKE:
            result[place.slices][near_by][inner] = made[inner]
        done += box.area
    return result


def finite(picture: Array) -> bool:
    """Whether all of a picture's numbers are: said quickly where their sum is, as is usual."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(picture.sum()) or np.isfinite(picture).all())


def drawn(usable: Mask, across: int, seed: int, variety: float) -> Mask:
    """Where the pieces of one of several fillings come from: another `seed` leaves out others.

    Seed 0 leaves out none, for the filling that fits best. Places are squares a third of the hole
    wide. All that is `usable` stays where too little would.
    """
    if not seed or not variety:
        return usable
    side = max(16, across // 3)
    rng = np.random.default_rng(seed)
    kept = rng.random([-(-length // side) for length in usable.shape]) >= LEFT_OUT * variety
    height, width = usable.shape
    found = usable & kept.repeat(side, 0).repeat(side, 1)[:height, :width]
    return found if found.sum() >= LEAST_LEFT * usable.sum() else usable


def coarsely(picture: Array, across: int) -> Array:
    """A picture without what is finer than a part of a hole `across` pixels."""
    halvings = max(0, round(np.log2(max(1, across) / STROKES)))
    from safelight_exemplar import smooth_doubled  # as in `roughly`

    sizes, small = [], picture
    for _ in range(halvings):
        sizes.append(small.shape[:2])
        small, _ = halved(small, np.zeros(small.shape[:2], bool))
    for shape in reversed(sizes):
        small = smooth_doubled(small, shape)
    return small
