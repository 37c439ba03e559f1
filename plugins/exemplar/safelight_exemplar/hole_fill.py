"""Filling: a hole is filled with pieces of the picture around it, coarse to fine."""

from functools import cached_property

import numpy as np

from .kernels import (
    AREA,
    FOUR,
    HALF,
    chessboard,
    counted,
    depth,
    means,
    packed,
    shared_rows,
    unpacked,
)
from .liveliness import liveliness
from .patch_match import NEVER, UNSEEN, Light, improve, inherit, strew
from .pyramid import halved, halved_mask, halved_where, smooth_doubled, spread
from .seam_membrane import evened
from .seams import commonest, continuing, labelled, nodes_of, shifts_of
from .votes import blend, lightened, said_most, weigh

MOST = 1 << 20
"""Pixels within which pieces are looked for; above, they are only moved by a few pixels."""

AROUND = 1.0
"""Times a hole's longer side that pieces are taken from on each of its sides, at least."""

_LEAST_AROUND = 96
_ROUNDS = (3, 6, 12, 16, 20)
"""How often everything is matched and averaged, at the full size, half of it, …; the last stays."""

_SWEEPS = 2

_SMALLEST = 12
"""Pixels of the shorter side below which nothing is halved any more."""

_SHARP, _LAST = 2.0, 8.0
"""How much a near patch counts more than a far one, and at the first and last of a size."""

_USUAL = 75
"""Percent of the patches that are nearer than what counts as the usual distance."""

_FURTHEST = 20.0
"""Times the usual distance from which on patches count alike, as hardly at all."""

_FADE = 1.4
"""How many times less a patch counts for each pixel further from the rim."""

_DEEPEST = 60
"""Pixels from the rim from which on patches count alike: numbers have an end."""

_NARROW = 0.5
"""How much a patch counts more for its middle than for its edge, against nearer patches."""

_CALM = 0.7
"""How smooth pieces are made, 0 to 1, where a size begins with pieces like the coarser filling, as
smooth as that is: at 0 smooth pieces are preferred, at 1 outlines are lost sooner."""

_CALMEST = 1
"""Halvings from which on a size begins so; the full one would become smooth itself."""

_REGIONS = 48
"""Pixels across a hole at the size where its pixels are copied in whole regions, at most."""

_SHIFTS, _CONTINUING = 60, 40
"""Regions may come from so many places of patches, and so many by which the rim goes on; more where
these do not reach every pixel."""

_SEAMED, _SEAMED_SHIFTS = 128, 120
"""Pixels across a hole whose last seams are looked for at the full size, at most, and from how many
places its regions come then: each pixel costs as many comparisons."""

_TRUST, _LAST_TRUST, _RIM = 0.3, 1.0, 2.0
"""How much regions that are like the mean of their patches count, there and at the full size, and
what they have at the rim, beside the seams between them."""

_STEP = 1.0
"""Deviations of the picture that a step at the rim may have and be evened out; a larger one stays
an edge, as it would become a cloud."""

_LIGHTER, _PRICE = 0.5, 0.5
"""Deviations of the picture that a piece may be made lighter or darker by, and what that costs in
parts of what the same difference would: light falls off over a hole, and no piece has it so."""

_TEAR = 1.0
"""Deviations of the picture by which regions may differ at a seam and are evened; more stays."""

_LIVELY = 4.0
"""How much it counts against colours that pieces are as lively as the rim: where patches do not
agree their mean is smooth, and of smooth pieces there are some in every picture."""

_FITTED = 4
"""How often pieces are looked for to say how well what a start has made is made of them."""

_REACH = (8, 32)
"""Pixels that pieces are moved by at the full size and at half of it; below, by any number."""

_NEAR = 2
"""Pixels that pieces are moved by above ``MOST``."""


def fill(picture, hole, *, guide=None, trust=0.5, allowed=None, seed=0, progress=None):
    """A picture whose ``hole`` is filled with pieces of itself: float32 (height, width, channels).

    ``picture`` is float32 (height, width, channels), of any range; ``hole`` bool (height, width),
    True where it is missing. ``guide``, of the picture's shape, says what is to be in the hole,
    coarsely: ``trust``, 0 to 1, is how much it counts against the rim; of several in a sequence the
    one goes on from which the coarse hole is best made of pieces. ``allowed`` (height, width) is
    where pieces may come from; None is everywhere but the hole. Another ``seed`` gives another
    of the good fillings. ``progress`` is called with the part that is done, 0 to 1, and may raise
    to end it. Outside the hole no pixel changes.

    Pieces are found by PatchMatch at up to ``MOST`` pixels and then point into the full-size
    picture. A pixel is the mean of what the patches over it say, after Y. Wexler, E. Shechtman and
    M. Irani, "Space-Time Completion of Video", PAMI 29 (2007). Pieces are made a little lighter or
    darker where they fit better so, after S. Darabi et al., "Image Melding", ACM Transactions on
    Graphics 31 (2012); what remains of a step at the rim is spread smoothly over the hole. Where no
    patch fits in beside the hole, the hole is filled smoothly from its rim.
    """
    picture = np.ascontiguousarray(picture, np.float32)
    if not hole.any():
        return picture.copy()
    place = window(hole)
    inner, missing = (np.ascontiguousarray(whole[place]) for whole in (picture, hole))
    usable = ~missing if allowed is None else allowed[place] & ~missing
    goal = None if guide is None else np.ascontiguousarray(guide[place], np.float32)
    result = picture.copy()
    trusts = [float(one) for one in np.atleast_1d(trust)] if goal is not None else [0.0]
    part, made = _filled(inner, missing, usable, goal, trusts, seed, progress or _silent)
    result[place][part] = made
    return result


def _silent(part):
    """Nobody asks how far it is."""


def window(hole):
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
        allowed = halved_mask(usable)
        if not _middles(allowed).any():
            break
        picture, missing, usable = smaller, ~known, allowed
        goal = None if goal is None else halved(goal)
        levels.append((picture, missing, usable, goal))
    return levels


def _middles(usable):
    """Middles of patches that lie wholly in what is usable: bool of the same shape."""
    return counted(usable) == AREA


def _touching(missing):
    """Middles of patches over a hole: bool of the same shape."""
    return counted(missing) > 0


def _filled(picture, missing, usable, goal, trusts, seed, progress):
    """The part of the picture that has changed, and its pixels."""
    levels = _levels(picture, missing, usable, goal)
    if not _middles(levels[-1][2]).any():
        known = np.where(missing[..., None], np.float32(0), picture)
        return np.s_[:, :], spread(known, ~missing)
    regions = _regions([level[1] for level in levels])
    rounds = [_rounds(level[1], place) for place, level in enumerate(levels)]
    work = [np.count_nonzero(level[1]) * count for level, count in zip(levels, rounds, strict=True)]
    total = len(trusts) * sum(work[regions:]) + sum(work[:regions])
    done = 0.0

    def made(size, trust, places):
        nonlocal done
        for place in places:
            coarser, size = size, _Size(*levels[place], trust, place)
            size.begin(coarser, seed)
            for number in range(rounds[place]):
                last = place == 0 and number == rounds[place] - 1
                size.match(seed + 977 * place, number)
                size.average(_LAST if last else _SHARP)
                done += work[place] / rounds[place]
                progress(min(done / total, 1.0))
            if place == regions:
                size.settle()
        return size

    coarse = range(len(levels) - 1, regions - 1, -1)
    begun = [made(None, trust, coarse) for trust in trusts]
    best = int(np.argmin([size.misfit() for size in begun])) if len(begun) > 1 else 0
    return made(begun[best], trusts[best], range(regions - 1, -1, -1)).joined()


def _regions(holes):
    """How many halvings from the full size pixels are copied in whole regions, 1 at least."""
    small = [place for place, hole in enumerate(holes) if hole.sum() <= _REGIONS**2 and place]
    return small[0] if small else len(holes) - 1


def _rounds(missing, place):
    """How often one size is matched, ``place`` halvings from the full one."""
    return _ROUNDS[min(place, len(_ROUNDS) - 1)] if missing.size <= MOST else 1


class _Size:
    """One size of the pyramid: what is looked for, where, and how a filling is made of it."""

    def __init__(self, picture, missing, usable, goal, trust, place):
        middles = _middles(usable)
        self.picture, self.missing, self.usable = picture, missing, usable
        self.wanted = _touching(missing)
        self.places = chessboard(self.wanted)
        self.pixels = np.argwhere(missing).astype(np.int32)
        self.burden = np.where(middles, np.float32(0), NEVER)
        self.small = missing.size <= MOST
        self.calm = place >= _CALMEST
        self.reach = _REACH[place] if place < len(_REACH) else max(missing.shape)
        if not self.small:
            self.reach = _NEAR
        goals = [] if goal is None or trust <= 0 else [np.float32(trust) * goal]
        if self.small:
            goals.append(self.lively)
        self.source = packed(picture, *([np.concatenate(goals, -1)] if goals else []))
        groups = -(-picture.shape[2] // FOUR)
        self.colours = self.source[:groups]
        self.goal = goal
        self.part = _grown(_box(missing), 2 * HALF, missing.shape)
        self.target = _of_part(self.source, self.part)
        own = means(self.colours)
        most = np.float32(_LIGHTER * self.contrast)
        self.light = Light(np.zeros_like(own), own, most, np.float32(_PRICE))
        self.field = np.zeros((*missing.shape, 2), np.int32)
        self.cost, self.weight = np.zeros(missing.shape, np.float32), np.zeros(missing.shape)
        self.over = np.concatenate(self.places)
        self.at = rows, columns = tuple(self.over.T)
        top, left = (side.start for side in self.part)
        deep = depth(np.ascontiguousarray(missing[self.part]))[rows - top, columns - left]
        self.doubt = np.log(_FADE) * np.minimum(deep, _DEEPEST)

    @cached_property
    def lively(self):
        """How lively the picture is and pieces are to be: float32 (height, width, 1)."""
        return np.float32(_LIVELY) * liveliness(self.picture, ~self.missing)

    @cached_property
    def contrast(self):
        """The deviation of what is usable."""
        pixels = self.picture.reshape(-1, self.picture.shape[2])
        return max(float(np.take(pixels, np.flatnonzero(self.usable), 0).std()), 1e-6)

    def begin(self, coarser, seed):
        """Begin with what the coarser size has, at twice the size; or with chance."""
        rest = self.places
        if coarser is not None:
            rest = [
                places[~inherit(*self._parents(coarser), self.burden, places)]
                for places in self.places
            ]
        if any(len(places) for places in rest):
            sources = np.argwhere(self.burden == 0).astype(np.int32)
            for places in rest:
                strew(self.field, sources, places, seed)
        rows, columns = self.pixels.T
        if coarser is None:
            start = self.goal if self.goal is not None else spread(self.picture, ~self.missing)
            self._paint(start[rows, columns])
            return
        self._paint(self._doubled(coarser)[self.missing[self.part]])
        if self.calm:
            smooth = packed(smooth_doubled(coarser.picture, self.missing.shape))
            calm = self.source.copy()
            own = calm[: len(smooth)]

            def calmed(rows):
                rows = slice(rows[0], rows[-1] + 1)
                own[:, rows] += np.float32(_CALM) * (smooth[:, rows] - own[:, rows])

            shared_rows(own.shape[1], calmed)
            self._improve(calm, 0, 0)
        self.average(_LAST)

    def _parents(self, coarser):
        return self.field, self.cost, coarser.field, coarser.cost, coarser.wanted

    def _doubled(self, coarser):
        """What the coarser size has in this one's part, at twice the size."""
        sides = zip(self.part, coarser.missing.shape, strict=True)
        around = tuple(
            slice(max(side.start // 2 - 1, 0), min(-(-side.stop // 2) + 1, size))
            for side, size in sides
        )
        first = [
            side.start - 2 * larger.start for side, larger in zip(self.part, around, strict=True)
        ]
        large = smooth_doubled(coarser.filling(around), self.missing.shape)
        shape = self.missing[self.part].shape
        return large[first[0] : first[0] + shape[0], first[1] : first[1] + shape[1]]

    def _paint(self, colours):
        rows, columns = self.pixels.T
        self.target[: len(self.colours), rows, columns] = packed(colours[None])[:, 0]

    def match(self, seed, number):
        """Look for a nearer patch for every patch over the hole."""
        self._improve(self.source, seed * 1_000_003 + number * 8191, self.reach)

    def _improve(self, source, chance, reach):
        self._see_light()
        moved = np.full(self.cost.shape, UNSEEN)
        self._search(self.target, source, self.field, self.cost, chance, reach, moved)

    def _see_light(self):
        means(self.target[: len(self.colours)], self.part, self.light.target)

    def _search(self, target, source, field, cost, chance, reach, moved):
        for sweep in range(_SWEEPS if self.small else 1):
            for colour, places in enumerate(self.places):
                improve(
                    *(target, source, field, cost, self.wanted, places),
                    *(self.burden, chance + sweep * 127 + colour, reach, self.light, moved),
                )

    def average(self, sharp):
        """Make every missing pixel the mean of what the patches over it say."""
        self._said(sharp, self.pixels, self.target)

    def _said(self, sharp, pixels, target):
        cost = self.cost[self.at]
        nearer = len(cost) * _USUAL // 100
        usual = max(float(np.partition(cost, nearer)[nearer]), 1e-4)
        weigh(cost, self.doubt, self.over, usual, _FURTHEST, sharp, self.weight)
        self._see_light()
        lighter = lightened(self.light, self.field, self.over)
        blend(self.colours, self.field, self.weight, pixels, target, _NARROW * sharp, lighter)

    def settle(self):
        """Copy every missing pixel from one place, in whole regions where that shows least.

        What patches agree upon on the mean is smooth where they do not agree; regions are not.
        """
        usable = ~self.missing & self.usable
        nodes, beside = nodes_of(self.missing)
        places = self.over
        colours = np.ascontiguousarray(self.picture / np.float32(self.contrast))
        more = continuing(colours, self.missing, usable, _CONTINUING)
        shifts = shifts_of(self.field, places, usable, nodes, _SHIFTS, more)
        given = usable, nodes, beside, shifts
        labels = self._seamed(self.picture, self.filling()[self.missing], *given, _TRUST)
        tear = _TEAR * self.contrast
        places_of = self.missing, usable, nodes, beside, shifts, labels
        self._paint(evened(self.picture, *places_of, tear))
        near = np.full(self.missing.shape, -1, np.int32)
        near[self.missing] = labels
        near = _spilt(near)[self.at]
        moved = places + shifts[near]
        fits = (near >= 0) & _inside(moved, self.missing.shape)
        fits[fits] = self.burden[tuple(moved[fits].T)] == 0
        self.field[tuple(places[fits].T)] = moved[fits]
        self.cost[self.at] = 0

    def misfit(self):
        """The mean distance of the patches over the hole from the picture's, whatever the goal.

        Patches are to be as lively as the rim: else what is smooth would always fit best.
        """
        source = packed(self.picture, self.lively)
        target, field = source.copy(), self.field.copy()
        target[: len(self.colours), *self.part] = self.target[: len(self.colours), *self.part]
        cost = np.zeros_like(self.cost)
        self._see_light()
        moved = np.full(cost.shape, UNSEEN)
        for number in range(_FITTED):
            self._search(target, source, field, cost, number * 8191, self.reach, moved)
        return float(cost[self.at].mean(dtype=np.float64))

    def filling(self, part=np.s_[:, :]):
        """A part of the filled picture: float32 (height, width, channels)."""
        filling = self.picture[part].copy()
        missing = self.missing[part]
        made = unpacked(self.target[:, *part], self.picture.shape[2])
        filling[missing] = made[missing]
        return filling

    def joined(self):
        """A part and its filling, over which what remains of a step at its rim is spread.

        Where pixels from different places meet only their differences are kept, as far as the
        picture is small: steps in light that falls off smoothly are seen at once.
        """
        beyond = self.wanted & ~self.missing
        guess = _of_part(self.colours, self.part)
        self._said(_LAST, np.argwhere(beyond).astype(np.int32), guess)
        part, channels = _box(self.wanted | self.missing), self.picture.shape[2]
        seen = self.colours[:, *part] - guess[:, *part]
        step = unpacked(seen, channels)
        large = np.sqrt((step**2).sum(-1, keepdims=True)) / (_STEP * self.contrast)
        step = (step / (1 + large**2)).astype(np.float32)
        filling = self.filling(part) + spread(step, beyond[part])
        if self.small:
            inside = self.missing[part]
            filling[inside] = self._evened(filling[inside])
        return part, np.where(self.missing[part][..., None], filling, self.picture[part])

    def _evened(self, colours):
        """The missing pixels, each copied from where most of the patches over it have it.

        Of a hole that is not too large seams between places are moved to where they show least:
        where patches do not agree, what most say changes from pixel to pixel.
        """
        nodes, beside = nodes_of(self.missing)
        most = said_most(self.field, self.weight, nodes, _NARROW * _LAST)
        if len(nodes) > _SEAMED**2:
            shifts, labels = np.unique(most, axis=0, return_inverse=True)
            labels = labels.reshape(-1).astype(np.int32)
        else:
            usable = ~self.missing & self.usable
            shifts = commonest(most, usable, nodes, _SEAMED_SHIFTS)
            source = np.concatenate([self.picture, self.lively], -1)
            target = np.concatenate([colours, self.lively[self.missing]], -1)
            given = usable, nodes, beside, shifts
            labels = self._seamed(source, target, *given, _LAST_TRUST)
        places_of = self.missing, self.usable, nodes, beside, shifts, labels
        return evened(self.picture, *places_of, _TEAR * self.contrast, colours)

    def _seamed(self, picture, colours, usable, nodes, beside, shifts, trust):
        """The labels of nodes with which seams show least: int32 (nodes).

        ``picture`` (height, width, channels) is what regions are copied from, ``colours`` (nodes,
        channels) what the hole is to be like, which counts ``trust``.
        """
        scale = np.float32(1 / self.contrast)
        source = np.ascontiguousarray(picture * scale, np.float32)
        target = source.copy()
        target[self.missing] = colours * scale
        given = source, target, self.missing, usable, nodes, beside, shifts
        return labelled(*given, trust=trust, rim=_RIM)


def _of_part(groups, part):
    """A packed picture with nothing but a part of another: memory that is not written to is free.

    What the rest holds is not said.
    """
    result = np.empty_like(groups)
    result[:, *part] = groups[:, *part]
    return result


def _spilt(labels):
    """Labels (height, width) where none is (-1) within the half of a patch beside some."""
    for _ in range(HALF):
        wide = np.pad(labels, 1, constant_values=-1)
        for dy, dx in ((0, 1), (1, 0), (1, 2), (2, 1), (0, 0), (0, 2), (2, 0), (2, 2)):
            beside = wide[dy : dy + labels.shape[0], dx : dx + labels.shape[1]]
            labels = np.where(labels < 0, beside, labels)
    return labels


def _inside(places, shape):
    """Which places have room for a patch."""
    return ((places >= HALF) & (places < np.array(shape) - HALF)).all(1)


def _box(mask):
    """The rows and columns that hold a mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _grown(part, by, shape):
    """A part of a picture with so many pixels more on each side, where there are."""
    return tuple(
        slice(max(side.start - by, 0), min(side.stop + by, size))
        for side, size in zip(part, shape, strict=True)
    )
