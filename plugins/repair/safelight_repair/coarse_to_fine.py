"""Filling holes of any size, in a picture of any size, with a network for holes of 64 pixels.

Half a hole's width from its rim a network sees nothing any more. So the surroundings of a deep hole
are halved until it is small enough, filled there, and what was filled is enlarged and given to the
next size as a guess, which adds the detail that belongs there. Thin marks have vanished when the
picture has been halved, so they are filled at full size alone. At each size only those windows are
run that miss something (windows.py); time and memory follow what is missing, not the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from .noise import Noise
from .sizes import Array, Mask, deep, doubled, doubled_mask, halved, halved_mask, near
from .windows import BLOCK, Box, Labels, Part, Place, clusters, in_blocks, labelled, owned, parts
from .windows import around as pixels_around

Run = Callable[[Array, Array, Array, Array], Array]
"""The network: image (h, w, 3), mask and guess (h, w), noise (CHANNELS, h/4, w/4) to (h, w, 3).

h and w are multiples of BLOCK.
"""

Step = Callable[[float], None]
"""Is told after every run how much is done, 0 to 1."""

DEPTH = 32  # pixels from the rim to where the network still fills well
VIEW = 64  # pixels around what is missing that it sees
LEAST_SIDE = 32  # pixels: a picture is not halved below this
SPREAD = 4  # pixels: an enlarged guess takes from so far beyond itself


def fill(
    image: Array,
    mask: Array,
    run: Run,
    seed: int = 0,
    variety: float = 0.0,
    view: int = VIEW,
    step: Step = lambda fraction: None,
    origin: Place = (0, 0),
) -> Array:
    """The picture (h, w, 3) with what is masked filled in; elsewhere bit by bit what it was.

    `mask` (h, w) is above 0 where something is missing; below 1 the filling is blended in, so a
    mask can be soft at its rim. `variety` 0 gives the likeliest filling, 1 one of those that the
    network thinks possible, chosen by `seed`. `view` is how many pixels around what is missing the
    network sees, at every size. `origin` (y, x) is where in a larger picture the image begins, best
    in multiples of 128 pixels: then what is filled does not depend on how much of it is given.
    """
    hole = mask > 0
    result = np.where(hole[..., None], np.float32(0), image)
    if not hole.any():
        return result
    deep_ones = list(deep_holes(hole, view, origin))
    whole = Size.of(0, origin, hole, hole, view)
    work = Work(run, seed, variety, view, step)
    sizes = [whole, *(size for one in deep_ones for size in one.sizes)]
    work.total = sum(work.window(part, size).area for size in sizes for part in size.parts)
    guesses = [guessed(image, one, work) for one in deep_ones]
    fill_size(image, whole, guesses, work, result)
    soft = hole & (mask < 1)
    share = mask[soft][:, None]
    result[soft] = image[soft] + share * (result[soft] - image[soft])
    return result


@dataclass(frozen=True)
class Size:
    """What is to do at one size of the picture, or of a part of it.

    `level` 0 is full size, 1 half of it; `origin` the part's corner in the whole picture, in pixels
    of that size. `missing` is what is not known, `wanted` what of it is to be filled, cut into
    `parts`, whose clusters are told by `labels`.
    """

    level: int
    origin: Place
    missing: Mask
    wanted: Mask
    parts: list[Part]
    labels: Labels

    @classmethod
    def of(cls, level: int, origin: Place, missing: Mask, wanted: Mask, view: int) -> Size:
        return cls(level, origin, missing, wanted, *parts(wanted, view, origin))


@dataclass(frozen=True)
class DeepHole:
    """A hole that has to be filled at smaller sizes first, in a box of the picture.

    `sizes` are its smaller ones, from half the size on; `guesses` say for each where the next
    larger one, from full size on, takes what it makes. `missing` is of full size.
    """

    box: Box
    missing: Mask
    sizes: list[Size]
    guesses: list[Mask]


@dataclass(frozen=True)
class Guess:
    """What a smaller size makes of pixels in a box: (h, w) where, (h, w, 3) what."""

    box: Box
    where: Mask
    values: Array

    def lay(self, window: Box, picture: Array, guess: Array) -> None:
        """Write the guess into a window of the picture, and where it lies into ``guess``."""
        top, left = max(self.box.top, window.top), max(self.box.left, window.left)
        bottom = min(self.box.bottom, window.bottom)
        right = min(self.box.right, window.right)
        if top >= bottom or left >= right:
            return
        there = Box(top, left, bottom, right).moved(-window.top, -window.left).slices
        here = Box(top, left, bottom, right).moved(-self.box.top, -self.box.left).slices
        where = self.where[here]
        picture[there][where] = self.values[here][where]
        guess[there][where] = 1


@dataclass
class Work:
    """How to fill, the same for all windows, and how much of it is done; pixels run are counted."""

    run: Run
    seed: int
    variety: float
    view: int
    step: Step
    total: int = 0
    done: int = 0

    def window(self, part: Part, size: Size) -> Box:
        """What the network sees of a part: multiples of BLOCK, at the ends beyond the picture."""
        height, width = (-(-side // BLOCK) * BLOCK for side in size.missing.shape)
        return part.box.grown(self.view, BLOCK).within((height, width))

    def finished(self, window: Box) -> None:
        self.done += window.area
        self.step(self.done / self.total)


def fill_size(picture: Array, size: Size, guesses: list[Guess], work: Work, into: Array) -> None:
    """Fill what is wanted of one size of the picture, `into` a picture where that is 0."""
    noise = Noise(work.seed, size.level, work.variety)
    for part in size.parts:
        window = work.window(part, size)
        missing = cut(size.missing, window)
        seen = np.where(missing[..., None], np.float32(0), cut(picture, window))
        guess = np.zeros(missing.shape, np.float32)
        for known in guesses:
            known.lay(window, seen, guess)
        y, x = (first + at for first, at in zip(size.origin, window[:2], strict=True))
        drawn = noise.window(y, x, *missing.shape)
        made = work.run(seen, missing.astype(np.float32), guess, drawn)
        inside = window.within(size.missing.shape)
        own = owned(size.wanted, size.labels, part.label, inside)
        height, width = own.shape
        share = part.weights(window)[:height, :width, None] * made[:height, :width]
        into[inside.slices][own] += share[own]
        work.finished(window)


def cut(part: Array | Mask, window: Box) -> Array | Mask:
    """A window of a picture or mask; beyond the end its last row and column go on."""
    height, width = part.shape[:2]
    beyond = [(0, max(0, window.bottom - height)), (0, max(0, window.right - width))]
    inside = part[window.slices]
    if not any(after for _, after in beyond):
        return inside
    return np.pad(inside, [*beyond, (0, 0)][: part.ndim], mode="edge")


def guessed(image: Array, hole: DeepHole, work: Work) -> Guess:
    """What the smaller sizes make of a deep hole."""
    pictures, missing = [image[hole.box.slices]], hole.missing
    for size in hole.sizes:
        smaller, _ = halved(pictures[-1], missing)
        pictures.append(smaller)
        missing = size.missing
    guess: list[Guess] = []
    for size, picture, where in reversed(
        list(zip(hole.sizes, pictures[1:], hole.guesses, strict=True))
    ):
        filled = np.where(size.wanted[..., None], np.float32(0), picture)
        fill_size(picture, size, guess, work, filled)
        guess = [enlarged(filled, where)]
    return Guess(guess[0].box.moved(*hole.box[:2]), guess[0].where, guess[0].values)


def enlarged(filled: Array, where: Mask) -> Guess:
    """The part of a picture that a guess takes, at twice the size."""
    rows, columns = (np.flatnonzero(where.any(axis)) for axis in (1, 0))
    first = [max(0, int(at[0]) // 2 - 1) for at in (rows, columns)]
    ends = [int(at[-1]) // 2 + 2 for at in (rows, columns)]
    large = doubled(filled[first[0] : ends[0], first[1] : ends[1]])
    box = Box(2 * first[0], 2 * first[1], 2 * ends[0], 2 * ends[1]).within(where.shape)
    large = large[: box.bottom - box.top, : box.right - box.left]
    return Guess(box, where[box.slices], large)


def deep_holes(hole: Mask, view: int, origin: Place) -> Iterator[DeepHole]:
    """Each hole that is too deep to be filled at full size. Those within 128 pixels are one."""
    core = eroded(in_blocks(hole, fully=True))
    reach = DEPTH // BLOCK + 2  # blocks around the core: all that a guess can be made for
    groups = clusters(core, 2 * reach)
    labels = labelled(groups, core.shape)
    for label, group in enumerate(groups, 1):
        its = labels == label
        halvings = halvings_of(its, min(hole.shape))
        box = pixels_around(group).grown(reach * BLOCK + (view << halvings), BLOCK << halvings)
        box = box.within(hole.shape)
        blocks = Box(*(-(-at // BLOCK) for at in box))
        own = near(its[blocks.slices], reach).repeat(BLOCK, 0).repeat(BLOCK, 1)
        missing = hole[box.slices]
        own = own[: missing.shape[0], : missing.shape[1]]
        planned = DeepHole(box, missing, [], [])
        plan(planned, missing & own, halvings, view, origin)
        if planned.sizes:
            yield planned


def plan(hole: DeepHole, wanted: Mask, halvings: int, view: int, origin: Place) -> None:
    """Note what is to do at each smaller size, until nothing is too deep any more."""
    missing = hole.missing
    for level in range(1, halvings + 1):
        smaller = ~halved_mask(~missing)
        guess = near(deep(missing, DEPTH), DEPTH) & wanted
        guess &= doubled_mask(smaller)[: guess.shape[0], : guess.shape[1]]
        if not guess.any():
            return
        wanted = halved_mask(near(guess, SPREAD)) & smaller
        place = (origin[0] + hole.box.top >> level, origin[1] + hole.box.left >> level)
        hole.sizes.append(Size.of(level, place, smaller, wanted, view))
        hole.guesses.append(guess)
        missing = smaller


def eroded(blocks: Mask) -> Mask:
    """Where all of the three by three are set; what is beyond the picture counts as set."""
    return deep(blocks, 1)


def halvings_of(core: Mask, side: int) -> int:
    """How often a hole is halved until none of it is deeper than DEPTH, from its core in blocks.

    Each erosion that leaves something tells of one block more from the rim. A picture whose
    shorter side is `side` is not halved below LEAST_SIDE.
    """
    most = max(0, int(np.log2(side / LEAST_SIDE)))
    rows, columns = (np.flatnonzero(core.any(axis)) for axis in (1, 0))
    core = core[max(0, rows[0] - 1) : rows[-1] + 2, max(0, columns[0] - 1) : columns[-1] + 2]
    depth = 2 * BLOCK
    while core.any() and depth < DEPTH << most:
        depth += BLOCK
        core = eroded(core)
    return min(most, int(np.ceil(np.log2(depth / DEPTH))))
