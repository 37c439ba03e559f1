"""Seams: each pixel of a hole is copied from one place; between places seams run where least seen.

A *node* is a pixel of a hole: ``nodes`` are places, int32 (count, 2), and ``beside`` int32
(count, 4) says which node is right of, below, left of and above each; -1 where none is. A *shift*
is how far away a pixel is copied from, and a label is the number of a shift. Costs are whole
numbers, so that their sums are exact.

V. Kwatra et al., "Graphcut Textures", SIGGRAPH 2003; Y. Boykov, O. Veksler and R. Zabih, "Fast
Approximate Energy Minimization via Graph Cuts", PAMI 23 (2001); K. He and J. Sun, "Statistics of
Patch Offsets for Image Completion", ECCV 2012.
"""

from itertools import product

import numpy as np

from .kernel_cache import compiled

NEVER = 1 << 40
"""Cost of a label that a node may not have."""

_MOST = 1e5
_UNIT = 4096.0
"""Whole numbers that a difference of one costs, and the most of it that counts."""

_NONE = 4.0
"""Difference from a pixel that is none."""

ASIDE = np.array([(0, 1), (1, 0), (0, -1), (-1, 0)], np.int64)
"""Rows and columns from a node to those beside it, in their order."""

_ROUNDS = 2

_ANCHORS = 40
"""Pixels of the rim that are looked at, about."""

_LOOK, _LEAST, _ASUNDER, _NEAREST = 4, 6, 3, 3
"""Pixels from the middle of a square to its edge, least away that a shift goes, by how much shifts
of one square differ, and how many of it are taken."""

_SCATTERED = np.array(
    sorted(product(range(-_LOOK, _LOOK + 1), repeat=2), key=lambda at: (at[0] % 3, at[1] % 3)),
    np.int64,
)
"""The pixels of a square, those far from one another first: they tell soonest that it differs."""

_compiled = compiled(nogil=True, fastmath=False)


def nodes_of(missing):
    """The nodes of a hole (height, width), and which are beside one another."""
    nodes = np.argwhere(missing).astype(np.int32)
    number = np.full(np.add(missing.shape, 2), -1, np.int32)
    number[1:-1, 1:-1][missing] = np.arange(len(nodes))
    rows, columns = nodes.T + 1
    return nodes, np.stack([number[rows + dy, columns + dx] for dy, dx in ASIDE], 1)


def shifts_of(field, places, usable, nodes, count, more=None):
    """The ``count`` commonest shifts of a field's ``places`` and ``more``: int32 (shifts, 2).

    They are added to as ``commonest`` does.
    """
    return commonest(field[tuple(places.T)] - places, usable, nodes, count, more)


def commonest(each, usable, nodes, count, more=None):
    """The ``count`` commonest of shifts (any, 2), and ``more``: int32 (shifts, 2).

    A node that none of them takes to where pixels are ``usable`` adds the one to the nearest.
    """
    given, often = np.unique(each, axis=0, return_counts=True)
    shifts = given[np.argsort(-often, kind="stable")[:count]].astype(np.int32)
    if more is not None and len(more):
        known = (more[:, None] == shifts[None]).all(2).any(1)
        shifts = np.concatenate([shifts, more[~known]])
    sources = np.argwhere(usable)
    lost = nodes[~reached(shifts, usable, nodes).any(1)]
    while len(lost):
        ways = sources - lost[0]
        more = ways[np.argmin((ways**2).sum(1))][None].astype(np.int32)
        shifts = np.concatenate([shifts, more])
        lost = lost[~reached(more, usable, lost)[:, 0]]
    return shifts


def continuing(source, missing, usable, count):
    """Shifts by which what touches a hole goes on best: int32 (shifts, 2), ``count`` at most.

    Squares around pixels of the rim are compared with all others, as far as they are ``usable``,
    and of each the nearest are taken that lie some pixels apart from it and from one another: where
    a line meets the hole these are places further along the line, in a pattern those in step.
    """
    wide = np.pad(missing, 1)
    beside = wide[2:, 1:-1] | wide[:-2, 1:-1] | wide[1:-1, 2:] | wide[1:-1, :-2]
    anchors = np.argwhere(beside & usable)
    if not len(anchors):
        return np.empty((0, 2), np.int32)
    middle = anchors.mean(0)
    turn = np.argsort(np.arctan2(*(anchors - middle).T), kind="stable")
    anchors = anchors[turn][:: max(1, len(anchors) // _ANCHORS)]
    whole = np.cumsum(np.cumsum(np.pad(usable, ((_LOOK + 1, _LOOK), (_LOOK + 1, _LOOK))), 0), 1)
    side = 2 * _LOOK + 1
    counts = (
        whole[side:, side:] - whole[:-side, side:] - whole[side:, :-side] + whole[:-side, :-side]
    )
    middles = np.argwhere(counts == side * side).astype(np.int32)
    near = np.empty((len(anchors), _NEAREST), np.float64)
    found = np.empty((len(anchors), _NEAREST, 2), np.int32)
    _goes_on(source, usable, anchors.astype(np.int32), middles, near, found)
    there = near < _MOST
    order = np.argsort(near[there], kind="stable")
    shifts = found[there][order]
    kept = []
    for shift in shifts:
        if all(abs(shift - other).max() > 1 for other in kept):
            kept.append(shift)
        if len(kept) == count:
            break
    return np.array(kept, np.int32).reshape(-1, 2)


@_compiled
def is_in(mask, y, x):
    return 0 <= y < mask.shape[0] and 0 <= x < mask.shape[1] and mask[y, x]


@_compiled
def _goes_on(source, usable, anchors, middles, near, found):
    height, width, channels = source.shape
    side = 2 * _LOOK + 1
    values = np.empty((side * side, channels), source.dtype)
    rows, columns = np.empty(side * side, np.int64), np.empty(side * side, np.int64)
    for one in range(anchors.shape[0]):
        y, x = np.int64(anchors[one, 0]), np.int64(anchors[one, 1])
        for place in range(_NEAREST):
            near[one, place] = _MOST
        count = 0
        for place in range(side * side):
            dy, dx = _SCATTERED[place, 0], _SCATTERED[place, 1]
            if is_in(usable, y + dy, x + dx):
                rows[count], columns[count] = dy, dx
                for channel in range(channels):
                    values[count, channel] = source[y + dy, x + dx, channel]
                count += 1
        for other in range(middles.shape[0]):
            sy, sx = np.int64(middles[other, 0]), np.int64(middles[other, 1])
            if max(abs(sy - y), abs(sx - x)) < _LEAST:
                continue
            worst = near[one, _NEAREST - 1]
            enough = worst * count
            total = 0.0
            for pixel in range(count):
                for channel in range(channels):
                    apart = (
                        values[pixel, channel]
                        - source[sy + rows[pixel], sx + columns[pixel], channel]
                    )
                    total += apart * apart
                if total >= enough:
                    break
            total /= count
            if total >= worst:
                continue
            # Of places beside one another the nearest alone stays.
            last = _NEAREST - 1
            for place in range(_NEAREST):
                if near[one, place] < _MOST:
                    below = abs(found[one, place, 0] + y - sy)
                    if max(below, abs(found[one, place, 1] + x - sx)) <= _ASUNDER:
                        last = place
                        break
            if near[one, last] <= total:
                continue
            while last > 0 and near[one, last - 1] > total:
                near[one, last] = near[one, last - 1]
                found[one, last] = found[one, last - 1]
                last -= 1
            near[one, last] = total
            found[one, last, 0], found[one, last, 1] = sy - y, sx - x


def reached(shifts, usable, nodes):
    """Which shifts take which nodes to where pixels are ``usable``: bool (nodes, shifts)."""
    rows, columns = np.moveaxis(nodes[:, None] + shifts[None], -1, 0)
    height, width = usable.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    return inside & usable[rows.clip(0, height - 1), columns.clip(0, width - 1)]


def labelled(source, target, missing, usable, nodes, beside, shifts, *, trust, rim):
    """The labels whose seams cost least, as far as taking one after the other finds them.

    ``source`` is float32 (height, width, channels), ``target`` what a hole is to be like: that
    counts ``trust`` for each node. A seam costs what the pixels on its sides differ by; at the rim
    that counts ``rim`` times.
    """
    costs = np.empty((len(shifts), len(nodes)), np.int64)
    own_costs(source, target, missing, usable, nodes, beside, shifts, trust, rim, costs)
    labels = costs.argmin(0).astype(np.int32)
    copies = copied(source, nodes, shifts, costs)
    still = 0
    for number in range(_ROUNDS * len(shifts)):
        changed = expand(copies, beside, costs, labels, number % len(shifts))
        still = 0 if changed else still + 1
        if still == len(shifts):
            break
    return labels


@_compiled
def _apart(one, y, x, other, other_y, other_x):
    total = 0.0
    for channel in range(one.shape[2]):
        apart = one[y, x, channel] - other[other_y, other_x, channel]
        total += apart * apart
    return min(np.sqrt(total), _MOST)


@_compiled
def own_costs(source, target, missing, usable, nodes, beside, shifts, trust, rim, costs):
    """Write what each label costs each node by itself: int64 (labels, nodes)."""
    height, width = missing.shape
    for node in range(nodes.shape[0]):
        y, x = np.int64(nodes[node, 0]), np.int64(nodes[node, 1])
        for label in range(shifts.shape[0]):
            dy, dx = np.int64(shifts[label, 0]), np.int64(shifts[label, 1])
            if not is_in(usable, y + dy, x + dx):
                costs[label, node] = NEVER
                continue
            total = trust * _apart(target, y, x, source, y + dy, x + dx)
            for side in range(4):
                ky, kx = y + ASIDE[side, 0], x + ASIDE[side, 1]
                if beside[node, side] < 0 and 0 <= ky < height and 0 <= kx < width:
                    inside = is_in(usable, ky + dy, kx + dx)
                    total += rim * (
                        _apart(source, ky, kx, source, ky + dy, kx + dx) if inside else _NONE
                    )
            costs[label, node] = np.int64(total * _UNIT)


@_compiled
def copied(source, nodes, shifts, costs):
    """What each label copies to each node: (labels, nodes, channels); 0 where it may not."""
    copies = np.zeros((shifts.shape[0], nodes.shape[0], source.shape[2]), source.dtype)
    for label in range(shifts.shape[0]):
        for node in range(nodes.shape[0]):
            if costs[label, node] < NEVER:
                y, x = nodes[node, 0] + shifts[label, 0], nodes[node, 1] + shifts[label, 1]
                copies[label, node] = source[y, x]
    return copies


@_compiled
def _differ(copies, costs, node, label, another):
    """How different what two labels copy to a node is."""
    if label == another:
        return 0.0
    if costs[label, node] >= NEVER or costs[another, node] >= NEVER:
        return _NONE
    total = 0.0
    for channel in range(copies.shape[2]):
        apart = copies[label, node, channel] - copies[another, node, channel]
        total += apart * apart
    return min(np.sqrt(total), _MOST)


@_compiled
def _seam(copies, costs, node, other, label, another):
    """What a seam between two nodes costs that have these labels."""
    total = _differ(copies, costs, node, label, another)
    return np.int64((total + _differ(copies, costs, other, label, another)) * _UNIT)


@_compiled
def energy(copies, beside, costs, labels):
    """What a labelling costs."""
    total = np.int64(0)
    for node in range(labels.shape[0]):
        total += costs[labels[node], node]
        for side in range(2):
            other = np.int64(beside[node, side])
            if other >= 0:
                total += _seam(copies, costs, node, other, labels[node], labels[other])
    return total


@_compiled
def expand(copies, beside, costs, labels, label):
    """Give a label to those nodes by which the labelling costs least; whether any was changed.

    The nodes that take it are one side of a minimal cut. Nodes that would keep their labels even
    if all around them took it are left out before, one after the other (persistency: E. Boros and
    P. Hammer, "Pseudo-Boolean Optimization", Discrete Applied Mathematics 123, 2002), mostly all.
    """
    count = labels.shape[0]
    excess, room = np.zeros(count, np.int64), np.zeros((count, 4), np.int64)
    apart = np.zeros(count)
    for node in range(count):
        if labels[node] != label:
            apart[node] = _differ(copies, costs, node, labels[node], label)
    for node in range(count):
        has = np.int64(labels[node])
        excess[node] += costs[label, node] - costs[has, node]
        for side in range(2):
            other = np.int64(beside[node, side])
            if other >= 0:
                its = np.int64(labels[other])
                both = _seam(copies, costs, node, other, has, its)
                if has == its:
                    here = there = np.int64((apart[node] + apart[other]) * _UNIT)
                else:
                    its_here = _differ(copies, costs, node, label, its)
                    here = np.int64((its_here + apart[other]) * _UNIT)
                    its_there = _differ(copies, costs, other, has, label)
                    there = np.int64((apart[node] + its_there) * _UNIT)
                excess[node] += here - both
                excess[other] -= here
                room[node, side] = max(there + here - both, 0)
    nodes = _undecided(beside, excess, room)
    return _flow(beside, excess, room, nodes, labels, label)


@_compiled
def _undecided(beside, excess, room):
    """The nodes that may take the label; what the others, which keep theirs, cost them is added."""
    count = excess.shape[0]
    gain, queue = excess.copy(), np.empty(count, np.int32)
    keeps = np.zeros(count, np.bool_)
    last = head = 0
    for node in range(count):
        gain[node] -= room[node, 0] + room[node, 1]
        if gain[node] >= 0:
            keeps[node] = True
            queue[last] = node
            last += 1
    while head < last:
        node = queue[head]
        head += 1
        for side in range(4):
            other = np.int64(beside[node, side])
            if other >= 0 and not keeps[other]:
                if side < 2:
                    excess[other] += room[node, side]
                    gain[other] += room[node, side]
                else:
                    gain[other] += room[other, side - 2]
                    room[other, side - 2] = 0
                if gain[other] >= 0:
                    keeps[other] = True
                    queue[last] = other
                    last += 1
        excess[node] = room[node, 0] = room[node, 1] = 0
    return np.flatnonzero(~keeps)


@_compiled
def _flow(beside, excess, room, nodes, labels, label):
    """Give a label to the nodes on its side of the minimal cut; whether any was changed.

    The flow is what keeping their labels spares some nodes (``excess``) and costs others
    (``sink``): it is pushed towards the sinks in waves, by as many nodes as are between, until none
    arrives any more.
    """
    count = excess.shape[0]
    height, queue = np.empty(count, np.int32), np.empty(len(nodes), np.int32)
    sink = np.zeros(count, np.int64)
    for node in nodes:
        sink[node] = max(-excess[node], 0)
        excess[node] = max(excess[node], 0)
    far = np.int32(count + 1)
    height[:] = far
    moved = len(nodes) > 0
    while moved:
        last = _heights(beside, sink, room, height, queue, nodes, far)
        moved = False
        for place in range(last - 1, -1, -1):
            node = queue[place]
            if excess[node] > 0:
                moved = True
                part = min(excess[node], sink[node])
                sink[node] -= part
                excess[node] -= part
                for side in range(4):
                    other = beside[node, side]
                    if other >= 0 and height[other] == height[node] - 1:
                        part = min(excess[node], room[node, side])
                        room[node, side] -= part
                        room[other, (side + 2) % 4] += part
                        excess[other] += part
                        excess[node] -= part
    changed = False
    for node in nodes:
        if height[node] < far and labels[node] != label:
            labels[node] = label
            changed = True
    return changed


@_compiled
def _heights(beside, sink, room, height, queue, nodes, far):
    """How many nodes are between each and a sink that it can flow to, the nearest queued first."""
    head = last = 0
    for node in nodes:
        height[node] = far
        if sink[node] > 0:
            height[node] = 1
            queue[last] = node
            last += 1
    while head < last:
        node = queue[head]
        head += 1
        for side in range(4):
            other = beside[node, side]
            if other >= 0 and height[other] == far and room[other, (side + 2) % 4] > 0:
                height[other] = height[node] + 1
                queue[last] = other
                last += 1
    return last
