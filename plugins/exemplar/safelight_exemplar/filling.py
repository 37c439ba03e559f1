"""Filling: a hole is filled with pieces of the picture around it, coarse to fine."""

import numpy as np

from .kernels import AREA, HALF, SIDE, improve, measure, scatter, vote
from .pyramid import doubled_field, halved, halved_mask, halved_where, smooth_doubled, spread

MOST = 1 << 20
"""Pixels within which pieces are looked for; above, they are only moved by a few pixels."""

AROUND = 2.0
"""Times a hole's longer side that pieces are taken from on each of its sides, at least."""

_LEAST_AROUND = 192
_COARSEST = 24
"""Pixels of the shorter side below which nothing is halved any more."""

_THIN = 3
"""Pixels a hole is wide at the coarsest size: less than a patch, so that each one sees a rim."""

_ROUNDS = (10, 6, 4, 3)
"""How often everything is matched and averaged, from the coarsest size on; the last one stays."""

_SWEEPS = 2
LONELY = 0.1
SHARP = 1.0
LAST = 4.0
GRAD = 1.0
PEEL = True
SMALLEST = 12
QUANT = 75
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
    while min(missing.shape) >= 2 * SMALLEST:
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


def _thickness(missing):
    """How many times a hole can be eaten from its rim before nothing is left; a power of two."""
    steps, inside = 0, missing
    while inside.any():
        steps += 1
        smaller = inside.copy()
        smaller[1:] &= inside[:-1]
        smaller[:-1] &= inside[1:]
        smaller[:, 1:] &= inside[:, :-1]
        smaller[:, :-1] &= inside[:, 1:]
        inside = smaller
        if steps > _THIN:
            break
    return steps


def _middles(usable):
    """Middles of patches that lie wholly in what is usable: bool of the same shape."""
    sums = np.cumsum(np.cumsum(np.pad(usable, ((1, 0), (1, 0))).astype(np.int64), 0), 1)
    inside = np.zeros(usable.shape, bool)
    if min(usable.shape) >= SIDE:
        count = sums[SIDE:, SIDE:] - sums[:-SIDE, SIDE:] - sums[SIDE:, :-SIDE] + sums[:-SIDE, :-SIDE]
        inside[HALF : usable.shape[0] - HALF, HALF : usable.shape[1] - HALF] = count == AREA
    return inside


def _touching(missing):
    """Middles of patches over a hole: bool of the same shape."""
    sums = np.cumsum(np.cumsum(np.pad(missing, ((1, 0), (1, 0))).astype(np.int64), 0), 1)
    over = np.zeros(missing.shape, bool)
    if min(missing.shape) >= SIDE:
        count = sums[SIDE:, SIDE:] - sums[:-SIDE, SIDE:] - sums[SIDE:, :-SIDE] + sums[:-SIDE, :-SIDE]
        over[HALF : missing.shape[0] - HALF, HALF : missing.shape[1] - HALF] = count > 0
    return over


def _filled(picture, missing, usable, goal, trust, seed, progress):
    levels = _levels(picture, missing, usable, goal)
    work = [_work(level[1], place, len(levels)) for place, level in enumerate(levels)]
    done, field, now = 0.0, None, None
    for place in range(len(levels) - 1, -1, -1):
        picture, missing, usable, goal = levels[place]
        middles = _middles(usable)
        if not middles.any():
            return spread(np.where(missing[..., None], 0, picture).astype(np.float32), ~missing)
        size = _Size(picture, missing, middles, goal, trust * place / max(len(levels) - 1, 1))
        coarser, field = field, size.started(field, seed)
        if coarser is None:
            start = goal if goal is not None else spread(picture, ~missing)
            now = np.where(missing[..., None], start, picture).astype(np.float32)
        else:
            rough = np.where(missing[..., None], smooth_doubled(now, missing.shape), picture)
            now = size.drawn(field, np.ascontiguousarray(rough, np.float32))
        rounds = _ROUNDS[min(len(levels) - 1 - place, len(_ROUNDS) - 1)]
        small = missing.size <= MOST
        if PEEL and coarser is None and goal is None:
            now = size.peeled(field, now, seed)
        for number in range(rounds if small else 1):
            last = number == (rounds if small else 1) - 1
            softness = np.float32(LAST if last and place == 0 else SHARP)
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
        self.dear = np.zeros(missing.shape, np.float32)
        self.cost = np.zeros(missing.shape, np.float32)
        self.faith = np.where(self.wanted, _FADE ** -_depth(missing), 0).astype(np.float32)
        self.weight = np.where(missing, np.float32(1.0), np.float32(1.0))
        # Gradients at the rim would look into the hole: they are those of what is known.
        self.source = self._described(np.where(missing[..., None], spread(picture, ~missing), picture))

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
        measure(target, self.weight, self.source, field, self.wanted, self.cost)
        vote(self.picture, field, self.cost, self.faith, self.usual(), np.float32(LAST), self.missing, rough)
        return rough

    def matched(self, field, now, number, seed, small, softness, vote_now=True):
        """The filling after one round: every patch is matched anew, every pixel averaged."""
        target = self._described(now)
        measure(target, self.weight, self.source, field, self.wanted, self.cost)
        lonely = np.float32(LONELY * np.median(self.cost[self.wanted]))
        for sweep in range(_SWEEPS if small else 1):
            for colour in (0, 1):
                chance = seed * 1_000_003 + number * 8191 + sweep * 127 + colour
                reach = max(self.missing.shape) if small else _NEAR
                improve(
                    *(target, self.weight, self.source, field, self.cost, self.wanted, self.middles),
                    *(self.dear, lonely, chance, colour, reach),
                )
        if vote_now:
            vote(self.picture, field, self.cost, self.faith, self.usual(), softness, self.missing, now)
        return now

    def peeled(self, field, now, seed):
        """A first filling from what is known around the hole alone."""
        known = np.where(self.missing, np.float32(0.0), np.float32(1.0))
        whole, self.weight = self.weight, known
        faith = self.faith
        reached = ~self.missing
        self.faith = np.zeros_like(faith)
        while True:
            ring = _grown(reached) & ~reached
            if not ring.any():
                break
            for number in range(3):
                self.matched(field, now, number, seed, True, np.float32(SHARP), vote_now=False)
            self.faith = np.where(self.wanted & _grown(reached), faith, 0).astype(np.float32)
            vote(self.picture, field, self.cost, self.faith, self.usual(), np.float32(SHARP), ring, now)
            reached |= ring
            self.weight = np.where(reached, np.float32(1.0), np.float32(0.0))
        self.weight, self.faith = whole, faith
        return now

    def _described(self, picture):
        parts = [picture]
        if GRAD > 0:
            grey = picture.mean(-1)
            dy, dx = np.zeros_like(grey), np.zeros_like(grey)
            dy[1:-1] = grey[2:] - grey[:-2]
            dx[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
            parts += [GRAD * dy[..., None], GRAD * dx[..., None]]
        if self.goal is not None:
            parts.append(self.goal)
        return np.ascontiguousarray(np.concatenate(parts, -1), np.float32)

    def usual(self):
        return np.float32(max(np.percentile(self.cost[self.wanted], QUANT), 1e-4))


def _grown(mask):
    wide = mask.copy()
    wide[1:] |= mask[:-1]
    wide[:-1] |= mask[1:]
    wide[:, 1:] |= mask[:, :-1]
    wide[:, :-1] |= mask[:, 1:]
    return wide


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
    vote(size.picture, field, size.cost, size.faith, size.usual(), np.float32(LAST), beyond, guess)
    difference = spread(picture - guess, beyond)
    return np.where(missing[..., None], now + difference, picture).astype(np.float32)
