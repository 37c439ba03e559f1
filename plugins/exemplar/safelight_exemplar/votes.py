"""Votes: what the patches over a pixel say of it, each with its weight.

Fields, places and packed pictures are those of ``patch_match`` and ``kernels``.
"""

import numpy as np

from .kernel_cache import compiled
from .kernels import AREA, FOUR, HALF, SIDE, shared
from .patch_match import moved_by

_AWAY = ((np.arange(SIDE)[:, None] - HALF) ** 2 + (np.arange(SIDE)[None] - HALF) ** 2) / 9.0
"""Squared distance of a patch's pixels from its middle."""

_NOTHING = np.zeros((0, 1, 1, FOUR), np.float32)

_compiled = compiled(nogil=True)


def lightened(light, field, places):
    """By how much the patches of ``places`` are made lighter: a packed picture, 0 elsewhere."""
    result = np.zeros((len(light.target), *field.shape[:2], FOUR), np.float32)
    shared(places, lambda part: _lighten(*light, field, part, result))
    return result


@_compiled
def _lighten(target_mean, source_mean, most, price, field, places, result):
    for number in range(places.shape[0]):
        y, x = np.int64(places[number, 0]), np.int64(places[number, 1])
        sy, sx = np.int64(field[y, x, 0]), np.int64(field[y, x, 1])
        for group in range(target_mean.shape[0]):
            for one in range(FOUR):
                apart = target_mean[group, y, x, one] - source_mean[group, sy, sx, one]
                result[group, y, x, one] = moved_by(apart, most, price)


def blend(source, field, weight, pixels, target, narrow=1.0, lighter=None):
    """Write into the ``pixels`` of ``target`` the mean of what the patches over each say.

    ``pixels`` are places, ``source`` and ``target`` packed pictures, of which the groups of the one
    with fewer are written. A patch counts its ``weight`` (float64, height, width; 0: not at all),
    the more the nearer its middle is, and the more so the more ``narrow``: 0 is the plain mean.
    Where no patch counts nothing is written. ``lighter`` is added to patches: see ``lightened``.
    """
    closeness = np.exp(-narrow * _AWAY)
    more = _NOTHING if lighter is None else lighter
    shared(pixels, lambda part: _blend(source, field, weight, closeness, part, target, more))


@_compiled
def _blend(source, field, weight, closeness, pixels, target, lighter):
    height, width = weight.shape
    for number in range(pixels.shape[0]):
        y, x = np.int64(pixels[number, 0]), np.int64(pixels[number, 1])
        top, bottom = max(y - HALF, HALF), min(y + HALF + 1, height - HALF)
        left, right = max(x - HALF, HALF), min(x + HALF + 1, width - HALF)
        for group in range(min(source.shape[0], target.shape[0])):
            a = b = c = d = count = 0.0
            for ny in range(top, bottom):
                for nx in range(left, right):
                    share = weight[ny, nx] * closeness[ny - y + HALF, nx - x + HALF]
                    if share > 0.0:
                        sy = np.int64(field[ny, nx, 0]) + y - ny
                        sx = np.int64(field[ny, nx, 1]) + x - nx
                        a += share * source[group, sy, sx, 0]
                        b += share * source[group, sy, sx, 1]
                        c += share * source[group, sy, sx, 2]
                        d += share * source[group, sy, sx, 3]
                        if group < lighter.shape[0]:
                            a += share * lighter[group, ny, nx, 0]
                            b += share * lighter[group, ny, nx, 1]
                            c += share * lighter[group, ny, nx, 2]
                            d += share * lighter[group, ny, nx, 3]
                        count += share
            if count > 0.0:
                target[group, y, x, 0] = a / count
                target[group, y, x, 1] = b / count
                target[group, y, x, 2] = c / count
                target[group, y, x, 3] = d / count


def weigh(cost, doubt, places, usual, most, sharp, weight):
    """Write how much the patches of ``places`` count into ``weight``, float64 (height, width).

    ``cost`` and ``doubt`` (places) say how far each is, in parts of ``usual`` and ``most`` of them
    at most, and how far besides; a patch counts ``sharp`` times less for each of them.
    """
    shared(
        np.arange(len(places)),
        lambda part: _weigh(cost, doubt, places, part, usual, most, sharp, weight),
    )


@_compiled
def _weigh(cost, doubt, places, part, usual, most, sharp, weight):
    for number in part:
        far = min(cost[number] / usual, most) + doubt[number]
        weight[places[number, 0], places[number, 1]] = np.exp(-sharp * far)


def said_most(field, weight, pixels, narrow=1.0):
    """From how far away most of the patches over each pixel take it: int32 (count, 2).

    Patches count as in ``blend``; what has none that counts is taken from itself.
    """
    closeness = np.exp(-narrow * _AWAY)
    result = np.zeros((len(pixels), 2), np.int32)
    shared(
        np.arange(len(pixels)),
        lambda part: _say_most(field, weight, closeness, pixels, part, result),
    )
    return result


@_compiled
def _say_most(field, weight, closeness, pixels, part, result):
    height, width = weight.shape
    shifts, shares = np.empty((AREA, 2), np.int64), np.empty(AREA)
    for number in part:
        y, x = np.int64(pixels[number, 0]), np.int64(pixels[number, 1])
        top, bottom = max(y - HALF, HALF), min(y + HALF + 1, height - HALF)
        left, right = max(x - HALF, HALF), min(x + HALF + 1, width - HALF)
        count, best = 0, 0
        for ny in range(top, bottom):
            for nx in range(left, right):
                share = weight[ny, nx] * closeness[ny - y + HALF, nx - x + HALF]
                if share > 0.0:
                    dy, dx = np.int64(field[ny, nx, 0]) - ny, np.int64(field[ny, nx, 1]) - nx
                    place = 0
                    while place < count and (shifts[place, 0] != dy or shifts[place, 1] != dx):
                        place += 1
                    if place == count:
                        shifts[place, 0], shifts[place, 1], shares[place] = dy, dx, 0.0
                        count += 1
                    shares[place] += share
                    if shares[place] > shares[best]:
                        best = place
        if count > 0:
            result[number, 0], result[number, 1] = shifts[best, 0], shifts[best, 1]
