"""Seam membrane: across seams and at the rim only differences stay, where a step is no edge.

Nodes, shifts and labels are those of ``seams``. P. Perez, M. Gangnet and A. Blake, "Poisson Image
Editing", ACM Transactions on Graphics 22 (2003); solved by successive over-relaxation.
"""

import numpy as np

from .kernel_cache import compiled
from .seams import ASIDE, is_in

_HELD = 3e-3
"""How much a colour as it was copied counts beside its differences from those around it."""

_RELAXED, _OVER = 150, 1.85
"""How often colours are evened at most, and by how much more than they should be."""

_STILL = 1e-4
"""Parts of a tear by which no colour is changed any more when they are even."""

_compiled = compiled(nogil=True, fastmath=False)


def evened(source, missing, usable, nodes, beside, shifts, labels, tear, held=None):
    """The colours of nodes, copied by their differences: float32 (nodes, channels).

    Beside one another, pixels of one region differ as they do where they come from; across a seam
    or the rim as on the mean of its sides, so that regions of another brightness go over into one
    another. A step of ``tear`` counts a quarter, a larger one ever less: it stays an edge.
    Colours are held near ``held`` (nodes, channels); None is as they are copied. Raises ValueError
    where it has another shape.
    """
    wanted = np.zeros((len(nodes), 4, source.shape[2]))
    weight = np.zeros((len(nodes), 4))
    copied = source[tuple((nodes + shifts[labels]).T)].astype(np.float64)
    known = np.zeros((len(nodes), 4, source.shape[2]))
    _differences(
        *(source, missing, usable, nodes, beside, shifts, labels, tear),
        *(copied, known, wanted, weight),
    )
    near = copied if held is None else held.astype(np.float64)
    if near.shape != copied.shape:
        raise ValueError(f"Of {len(nodes)} nodes {len(near)} have a colour to be held near.")
    made = near.copy()
    _relax(beside, known, wanted, weight, near, made, _STILL * tear)
    return made.astype(np.float32)


@_compiled
def _differences(
    source,
    missing,
    usable,
    nodes,
    beside,
    shifts,
    labels,
    tear,
    copied,
    known,
    wanted,
    weight,
):
    height, width = missing.shape
    channels = source.shape[2]
    for node in range(nodes.shape[0]):
        y, x = np.int64(nodes[node, 0]), np.int64(nodes[node, 1])
        own = labels[node]
        for side in range(4):
            ky, kx = y + ASIDE[side, 0], x + ASIDE[side, 1]
            if not (0 <= ky < height and 0 <= kx < width):
                continue
            other = np.int64(beside[node, side])
            if other < 0 and not usable[ky, kx]:
                continue
            its = own if other < 0 else labels[other]
            count = 0
            for number in range(2 if its != own else 1):
                label = own if number == 0 else its
                dy, dx = np.int64(shifts[label, 0]), np.int64(shifts[label, 1])
                if is_in(usable, y + dy, x + dx) and is_in(usable, ky + dy, kx + dx):
                    count += 1
                    for channel in range(channels):
                        wanted[node, side, channel] += (
                            source[ky + dy, kx + dx, channel] - source[y + dy, x + dx, channel]
                        )
            step = 0.0
            for channel in range(channels):
                if count > 0:
                    wanted[node, side, channel] /= count
                if other < 0:
                    known[node, side, channel] = source[ky, kx, channel]
                    is_there = known[node, side, channel]
                else:
                    is_there = copied[other, channel]
                apart = is_there - copied[node, channel] - wanted[node, side, channel]
                step += apart * apart
            weight[node, side] = 1 / (1 + step / (tear * tear)) ** 2


@_compiled
def _relax(beside, known, wanted, weight, held, made, still):
    count, channels = made.shape
    given, share = np.empty((count, channels)), np.zeros((count, 4))
    for node in range(count):
        total = _HELD
        for side in range(4):
            total += weight[node, side]
        for side in range(4):
            if beside[node, side] >= 0:
                share[node, side] = weight[node, side] / total
        for channel in range(channels):
            own = _HELD * held[node, channel]
            for side in range(4):
                if weight[node, side] > 0:
                    there = 0.0 if beside[node, side] >= 0 else known[node, side, channel]
                    own += weight[node, side] * (there - wanted[node, side, channel])
            given[node, channel] = own / total
    for _ in range(_RELAXED):
        most = 0.0
        for node in range(count):
            right, below = max(beside[node, 0], 0), max(beside[node, 1], 0)
            left, above = max(beside[node, 2], 0), max(beside[node, 3], 0)
            for channel in range(channels):
                goal = (
                    given[node, channel]
                    + share[node, 0] * made[right, channel]
                    + share[node, 1] * made[below, channel]
                    + share[node, 2] * made[left, channel]
                    + share[node, 3] * made[above, channel]
                )
                by = _OVER * (goal - made[node, channel])
                made[node, channel] += by
                most = max(most, abs(by))
        if most < still:
            break
