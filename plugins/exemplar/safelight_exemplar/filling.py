"""Filling: a hole is filled with pieces of the picture around it, coarse to fine."""

import numpy as np

from .kernels import AREA, HALF, SIDE, improve, measure, scatter, vote
from .pyramid import doubled_field, halved, halved_where, smooth_doubled, spread

MOST = 1 << 20
"""Pixels within which pieces are looked for; above, they are only moved by a few pixels."""

AROUND = 2.0
"""Times a hole's longer side that pieces are taken from on each of its sides, at least."""

_LEAST_AROUND = 192
_ROUNDS = (10, 6, 4, 3)
"""How often everything is matched and averaged, from the coarsest size on; the last one stays."""

_SWEEPS = 2

_SMALLEST = 12
"""Pixels of the shorter side below which nothing is halved any more."""

_SHARP, _LAST = 2.0, 4.0
"""How much a near patch counts more than a far one, and in the last round."""

_USUAL = 75
"""Percent of the patches that are nearer than what counts as the usual distance."""

_FADE = 1.3
"""How many times less a patch counts for each pixel further from the rim."""

_NEAR = 2
"""Pixels that pieces are moved by above ``MOST``."""


def fill(picture, hole, *, guide=None, trust=0.5, allowed=None, seed=0, progress=None):
    """A picture whose ``hole`` is filled with pieces of itself: float32 (height, width, channels).

    ``picture`` is float32 (height, width, channels), of any range; ``hole`` bool (height, width),
    True where it is missing. ``guide``, of the picture's shape, says what is to be in the hole,
    coarsely: ``trust``, 0 to 1, is how much it counts against the rim. ``allowed`` (height, width)
    is where pieces may come from; None is everywhere but the hole. Another ``seed`` gives another
    of the good fillings. ``progress`` is called with the part that is done, 0 to 1, and may raise
    to end it. Outside the hole no pixel changes.

    Pieces are found by PatchMatch at up to ``MOST`` pixels and then point into the full-size
    picture. A pixel is the mean of what the patches over it say, after Y. Wexler, E. Shechtman and
    M. Irani, "Space-Time Completion of Video", PAMI 29 (2007); what remains of a step at the rim
    is spread smoothly over the hole. Where no patch fits in beside the hole, the hole is filled
    smoothly from its rim.
    """
    picture = np.ascontiguousarray(picture, np.float32)
    if not hole.any():
        return picture.copy()
    place = _window(hole)
    inner, missing = picture[place], np.ascontiguousarray(hole[place])
    usable = ~missing if allowed is None else allowed[place] & ~missing
    goal = None if guide is None else np.asarray(guide, np.float32)[place]
    result = picture.copy()
    result[place] = _filled(inner, missing, usable, goal, trust, seed, progress or _silent)
    return result


def _silent(part):
    """Nobody asks how far it is."""


def _window(hole):
    """The part of a picture that a hole is filled from: a pair of slices."""
    slices = []
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    longer = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    more = round(max(AROUND * longer, _LEAST_AROUND))
    for found, size in ((rows, hole.shape[0]), (columns, hole.shape[1])):
        slices.append(slice(max(found[0] - more, 0), min(found[-1] + more + 1, size)))
    return tuple(slices)


def _levels(picture, missing, usable, goal):
    """The picture and what is known of it at each size, the full one first."""
    levels = [(picture, missing, usable, goal)]
    while min(missing.shape) >= 2 * _SMALLEST:
        smaller, known = halved_where(picture, ~missing)
        if known.all():
            break
        allowed = halved_where(picture, usable)[1]
        if not _middles(allowed).any():
            break
        picture, missing, usable = smaller, ~known, allowed
        goal = None if goal is None else halved(goal)
        levels.append((picture, missing, usable, goal))
    return levels


def _middles(usable):
    """Middles of patches that lie wholly in what is usable: bool of the same shape."""
    return _counted(usable) == AREA


def _touching(missing):
    """Middles of patches over a hole: bool of the same shape."""
    return _counted(missing) > 0


def _counted(mask):
    """How many pixels of a mask each patch holds, by its middle; 0 where a patch has no room."""
    counts = np.zeros(mask.shape, np.int64)
    if min(mask.shape) >= SIDE:
        sums = np.cumsum(np.cumsum(np.pad(mask, ((1, 0), (1, 0))).astype(np.int64), 0), 1)
        rows = sums[SIDE:] - sums[:-SIDE]
        counts[HALF:-HALF, HALF:-HALF] = rows[:, SIDE:] - rows[:, :-SIDE]
    return counts


def _filled(picture, missing, usable, goal, trust, seed, progress):
    levels = _levels(picture, missing, usable, goal)
    work = [_work(level[1], place, len(levels)) for place, level in enumerate(levels)]
    done, field, now = 0.0, None, None
    for place in range(len(levels) - 1, -1, -1):
        picture, missing, usable, goal = levels[place]
        middles = _middles(usable)
        if not middles.any():
            return spread(np.where(missing[..., None], 0, picture).astype(np.float32), ~missing)
        size = _Size(picture, missing, middles, goal, trust)
        coarser, field = field, size.started(field, seed)
        if coarser is None:
            start = goal if goal is not None else spread(picture, ~missing)
            now = np.where(missing[..., None], start, picture).astype(np.float32)
        else:
            rough = np.where(missing[..., None], smooth_doubled(now, missing.shape), picture)
            now = size.drawn(field, np.ascontiguousarray(rough, np.float32))
        rounds = _ROUNDS[min(len(levels) - 1 - place, len(_ROUNDS) - 1)]
        small = missing.size <= MOST
        for number in range(rounds if small else 1):
            last = number == (rounds if small else 1) - 1
            softness = _LAST if last and place == 0 else _SHARP
            now = size.matched(field, now, number, seed + 977 * place, small, softness)
            done += work[place] / (rounds if small else 1)
            progress(min(done / sum(work), 1.0))
    return _joined(picture, missing, now, size, field)


def _work(missing, place, count):
    rounds = _ROUNDS[min(count - 1 - place, len(_ROUNDS) - 1)]
    return float(np.count_nonzero(missing)) * (rounds if missing.size <= MOST else 1)


class _Size:
    """One size of the pyramid: what is looked for, where, and how a filling is made of it."""

    def __init__(self, picture, missing, middles, goal, trust):
        self.picture, self.missing, self.middles = picture, missing, middles
        self.wanted = _touching(missing)
        self.goal = None if goal is None or trust <= 0 else goal * np.float32(trust)
        self.cost = np.zeros(missing.shape, np.float32)
        self.faith = np.where(self.wanted, _FADE ** -_depth(missing), 0).astype(np.float32)
        self.source = self._described(picture)

    def started(self, coarser, seed):
        """A field to begin with: the coarser one's at twice the size, or chance."""
        rows, columns = (found.astype(np.int32) for found in np.nonzero(self.middles))
        field = np.zeros((*self.missing.shape, 2), np.int32)
        scatter(field, rows, columns, self.wanted, seed)
        if coarser is not None:
            large = doubled_field(coarser, self.missing.shape, self.picture.shape)
            fits = self.middles[large[..., 0], large[..., 1]] & self.wanted
            field[fits] = large[fits]
        return field

    def drawn(self, field, rough):
        """What a field of the coarser size gives here: sharp from the first round on."""
        target = self._described(rough)
        measure(target, self.source, field, self.wanted, self.cost)
        self._vote(field, _LAST, self.missing, rough)
        return rough

    def matched(self, field, now, number, seed, small, softness):
        """The filling after one round: every patch is matched anew, every pixel averaged."""
        target = self._described(now)
        measure(target, self.source, field, self.wanted, self.cost)
        for sweep in range(_SWEEPS if small else 1):
            for colour in (0, 1):
                chance = seed * 1_000_003 + number * 8191 + sweep * 127 + colour
                reach = max(self.missing.shape) if small else _NEAR
                improve(
                    *(target, self.source, field, self.cost, self.wanted, self.middles),
                    *(chance, colour, reach),
                )
        self._vote(field, softness, self.missing, now)
        return now

    def _described(self, picture):
        parts = [picture]
        if self.goal is not None:
            parts.append(self.goal)
        return np.ascontiguousarray(np.concatenate(parts, -1), np.float32)

    def said(self, field, where, result):
        """Write into ``result`` what the patches say there, as sharply as in the last round."""
        self._vote(field, _LAST, where, result)

    def _vote(self, field, sharp, where, result):
        usual = np.float32(max(np.percentile(self.cost[self.wanted], _USUAL), 1e-4))
        vote(*(self.picture, field, self.cost, self.faith, usual, np.float32(sharp), where, result))


def _depth(missing):
    """Pixels from the rim of a hole, 0 outside it: float32 (height, width), by city blocks."""
    far = np.where(missing, np.float32(missing.size), np.float32(0))
    for axis in (0, 1):
        for flip in (False, True):
            view = np.flip(far, axis) if flip else far
            view = view if axis == 0 else view.T
            for line in range(1, view.shape[0]):
                np.minimum(view[line], view[line - 1] + 1, out=view[line])
    return np.minimum(far, np.float32(60))


def _joined(picture, missing, now, size, field):
    """The filling without a step at its rim: what it differs by there is spread over the hole."""
    beyond = size.wanted & ~missing
    guess = picture.copy()
    size.said(field, beyond, guess)
    difference = spread(picture - guess, beyond)
    return np.where(missing[..., None], now + difference, picture).astype(np.float32)
