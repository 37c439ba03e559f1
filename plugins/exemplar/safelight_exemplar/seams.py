"""Seams: each pixel of a hole is copied from one place; between places seams run where least seen.

A *node* is a pixel of a hole: ``nodes`` are places, int32 (count, 2), and ``beside`` int32
(count, 4) says which node is right of, below, left of and above each; -1 where none is. A *shift*
is how far away a pixel is copied from, and a label is the number of a shift. Costs are whole
numbers, so that their sums are exact.

V. Kwatra et al., "Graphcut Textures", SIGGRAPH 2003; Y. Boykov, O. Veksler and R. Zabih, "Fast
Approximate Energy Minimization via Graph Cuts", PAMI 23 (2001); K. He and J. Sun, "Statistics of
Patch Offsets for Image Completion", ECCV 2012.
"""

import numpy as np

from .kernel_cache import compiled

NEVER = 1 << 40
"""Cost of a label that a node may not have."""

_MOST = 1e5
_UNIT = 4096.0
"""Whole numbers that a difference of one costs, and the most of it that counts."""

_NONE = 4.0
"""Difference from a pixel that is none."""

_ASIDE = np.array([(0, 1), (1, 0), (0, -1), (-1, 0)], np.int64)
_ROUNDS = 2

_ANCHORS = 40
"""Pixels of the rim that are looked at, about."""

_LOOK, _LEAST, _ASUNDER, _NEAREST = 4, 6, 3, 3
"""Pixels from the middle of a square to its edge, least away that a shift goes, by how much shifts
of one square differ, and how many of it are taken."""

_HELD = 3e-3
"""How much a colour as it was copied counts beside its differences from those around it."""

_RELAXED, _OVER = 150, 1.85
"""How often colours are evened, and by how much more than they should be."""

_compiled = compiled(nogil=True, fastmath=False)


def nodes_of(missing):
    """The nodes of a hole (height, width), and which are beside one another."""
    nodes = np.argwhere(missing).astype(np.int32)
    number = np.full(np.add(missing.shape, 2), -1, np.int32)
    number[1:-1, 1:-1][missing] = np.arange(len(nodes))
    rows, columns = nodes.T + 1
    return nodes, np.stack([number[rows + dy, columns + dx] for dy, dx in _ASIDE], 1)


def shifts_of(field, places, usable, nodes, count, more=None):
    """The ``count`` commonest shifts of a field's ``places`` and ``more``: int32 (shifts, 2).

    A node that none of them takes to where pixels are ``usable`` adds the one to the nearest.
    """
    given, often = np.unique(field[tuple(places.T)] - places, axis=0, return_counts=True)
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
def _goes_on(source, usable, anchors, middles, near, found):
    height, width, channels = source.shape
    for one in range(anchors.shape[0]):
        y, x = np.int64(anchors[one, 0]), np.int64(anchors[one, 1])
        for place in range(_NEAREST):
            near[one, place] = _MOST
        for other in range(middles.shape[0]):
            sy, sx = np.int64(middles[other, 0]), np.int64(middles[other, 1])
            if max(abs(sy - y), abs(sx - x)) < _LEAST:
                continue
            worst = near[one, _NEAREST - 1]
            total, count = 0.0, 0
            for dy in range(-_LOOK, _LOOK + 1):
                if not 0 <= y + dy < height:
                    continue
                for dx in range(-_LOOK, _LOOK + 1):
                    if 0 <= x + dx < width and usable[y + dy, x + dx]:
                        count += 1
                        for channel in range(channels):
                            apart = (
                                source[y + dy, x + dx, channel] - source[sy + dy, sx + dx, channel]
                            )
                            total += apart * apart
                if total > worst * (2 * _LOOK + 1) ** 2:
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
    costs = np.empty((len(nodes), len(shifts)), np.int64)
    own_costs(source, target, missing, usable, nodes, beside, shifts, trust, rim, costs)
    labels = costs.argmin(1).astype(np.int32)
    for _ in range(_ROUNDS):
        changed = False
        for label in range(len(shifts)):
            changed |= expand(source, usable, nodes, beside, shifts, costs, labels, label)
        if not changed:
            break
    return labels


@_compiled
def _is_in(mask, y, x):
    return 0 <= y < mask.shape[0] and 0 <= x < mask.shape[1] and mask[y, x]


@_compiled
def _apart(one, y, x, other, other_y, other_x):
    total = 0.0
    for channel in range(one.shape[2]):
        apart = one[y, x, channel] - other[other_y, other_x, channel]
        total += apart * apart
    return min(np.sqrt(total), _MOST)


@_compiled
def own_costs(source, target, missing, usable, nodes, beside, shifts, trust, rim, costs):
    """Write what each label costs a node by itself: int64 (nodes, labels)."""
    height, width = missing.shape
    for node in range(nodes.shape[0]):
        y, x = np.int64(nodes[node, 0]), np.int64(nodes[node, 1])
        for label in range(shifts.shape[0]):
            dy, dx = np.int64(shifts[label, 0]), np.int64(shifts[label, 1])
            if not _is_in(usable, y + dy, x + dx):
                costs[node, label] = NEVER
                continue
            total = trust * _apart(target, y, x, source, y + dy, x + dx)
            for side in range(4):
                ky, kx = y + _ASIDE[side, 0], x + _ASIDE[side, 1]
                if beside[node, side] < 0 and 0 <= ky < height and 0 <= kx < width:
                    inside = _is_in(usable, ky + dy, kx + dx)
                    total += rim * (
                        _apart(source, ky, kx, source, ky + dy, kx + dx) if inside else _NONE
                    )
            costs[node, label] = np.int64(total * _UNIT)


@_compiled
def _seam(source, usable, nodes, node, other, label, another, shifts):
    """What a seam between two nodes costs that have these labels."""
    if label == another:
        return np.int64(0)
    total = 0.0
    for number in range(2):
        place = node if number == 0 else other
        y, x = np.int64(nodes[place, 0]), np.int64(nodes[place, 1])
        ay, ax = y + np.int64(shifts[label, 0]), x + np.int64(shifts[label, 1])
        by, bx = y + np.int64(shifts[another, 0]), x + np.int64(shifts[another, 1])
        inside = _is_in(usable, ay, ax) and _is_in(usable, by, bx)
        total += _apart(source, ay, ax, source, by, bx) if inside else _NONE
    return np.int64(total * _UNIT)


@_compiled
def energy(source, usable, nodes, beside, shifts, costs, labels):
    """What a labelling costs."""
    total = np.int64(0)
    for node in range(nodes.shape[0]):
        total += costs[node, labels[node]]
        for side in range(2):
            other = np.int64(beside[node, side])
            if other >= 0:
                total += _seam(
                    source, usable, nodes, node, other, labels[node], labels[other], shifts
                )
    return total


@_compiled
def expand(source, usable, nodes, beside, shifts, costs, labels, label):
    """Give a label to those nodes by which the labelling costs least; whether any was changed.

    The nodes that take it are one side of a minimal cut. The flow is what keeping their labels
    spares some nodes (``excess``) and costs others (``sink``): it is pushed towards the sinks in
    waves, by as many nodes as are between, until none arrives any more.
    """
    count = nodes.shape[0]
    excess, sink = np.zeros(count, np.int64), np.zeros(count, np.int64)
    room = np.zeros((count, 4), np.int64)
    height, queue = np.empty(count, np.int32), np.empty(count, np.int32)
    for node in range(count):
        has = np.int64(labels[node])
        excess[node] += costs[node, label] - costs[node, has]
        for side in range(2):
            other = np.int64(beside[node, side])
            if other >= 0:
                its = np.int64(labels[other])
                both = _seam(source, usable, nodes, node, other, has, its, shifts)
                here = _seam(source, usable, nodes, node, other, label, its, shifts)
                there = _seam(source, usable, nodes, node, other, has, label, shifts)
                excess[node] += here - both
                excess[other] -= here
                room[node, side] = max(there + here - both, 0)
    for node in range(count):
        sink[node] = max(-excess[node], 0)
        excess[node] = max(excess[node], 0)
    moved = True
    while moved:
        last = _heights(beside, sink, room, height, queue)
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
    for node in range(count):
        if height[node] <= count and labels[node] != label:
            labels[node] = label
            changed = True
    return changed


@_compiled
def _heights(beside, sink, room, height, queue):
    """How many nodes are between each and a sink that it can flow to, the nearest queued first."""
    count = sink.shape[0]
    head = last = 0
    for node in range(count):
        height[node] = count + 1
        if sink[node] > 0:
            height[node] = 1
            queue[last] = node
            last += 1
    while head < last:
        node = queue[head]
        head += 1
        for side in range(4):
            other = beside[node, side]
            if other >= 0 and height[other] > count and room[other, (side + 2) % 4] > 0:
                height[other] = height[node] + 1
                queue[last] = other
                last += 1
    return last


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
    _relax(beside, known, wanted, weight, near, made)
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
            ky, kx = y + _ASIDE[side, 0], x + _ASIDE[side, 1]
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
                if _is_in(usable, y + dy, x + dx) and _is_in(usable, ky + dy, kx + dx):
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
def _relax(beside, known, wanted, weight, held, made):
    for _ in range(_RELAXED):
        for node in range(made.shape[0]):
            for channel in range(made.shape[1]):
                total, count = _HELD * held[node, channel], _HELD
                for side in range(4):
                    share = weight[node, side]
                    if share > 0:
                        other = beside[node, side]
                        there = made[other, channel] if other >= 0 else known[node, side, channel]
                        total += share * (there - wanted[node, side, channel])
                        count += share
                made[node, channel] += _OVER * (total / count - made[node, channel])
