"""Choice: which of the photographed skies one is made of that is like what is asked for."""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from .layout import Code
from .sources import STREAKS, TIMES, known

SKY = 7
"""Numbers of a sky's code: how far it is from what is asked for."""

AWAY = 0.14
"""What a number of a code moves a sky by, of all there are."""

OTHERS = 0.8
"""How much a code's last number counts, which takes another source, beside what is asked for."""

STREAKED = [Code._fields.index(name) for name in ("level", "slanted")]

ASKED = 3000
"""Skies that are asked for to learn how often each source would be taken."""

ROUNDS = 150
"""Times that sources that are taken too often are made dearer."""

STEP = 0.4
"""How much dearer a source becomes that is taken twice as often as others, in the first round."""


def apart(
    time: int, streaks: str, cloudiness: NDArray, fineness: NDArray, numbers: NDArray
) -> NDArray[np.float64]:
    """How far each source of a time of day is from each of some skies that are asked for,
    (asked, sources).

    ``cloudiness`` and ``fineness`` (asked,) are 0 to 1, ``numbers`` (asked, SKY) about normal.
    """
    sky = known()
    of_time = np.flatnonzero(sky.times == time)
    codes = sky.codes[of_time]
    white, warm = (ranks(one[of_time]) for one in (sky.white, sky.warm))
    fine = ranks(-codes[:, Code._fields.index("slope")])
    moved = AWAY * np.asarray(numbers, np.float64)
    far = np.abs(white - np.clip(cloudiness + moved[:, 0], 0, 1)[:, None])
    far += 0.7 * np.abs(fine - np.clip(fineness + moved[:, 1], 0, 1)[:, None])
    streaked, (level, slanted) = codes[:, STREAKED], STREAKS[streaks]
    far -= streaked[:, 0] * (level + moved[:, 2:3])
    far -= np.abs(streaked[:, 1]) * (abs(slanted) + moved[:, 3:4])  # mirrored it is the other
    far -= (warm - 0.5) * moved[:, 4:5]
    # Their order, by chance but always the same, and the place in it, 0 to 1.
    order = np.random.RandomState(0).permutation(len(of_time)) / len(of_time)
    place = [0.5 * (1 + math.erf(float(one) / math.sqrt(2))) for one in np.asarray(numbers)[:, 6]]
    return far + OTHERS * np.abs(order - np.array(place)[:, None])


@functools.cache
def tolls(time: int) -> NDArray[np.float64]:
    """What is added to how far each source (sources,) of a time of day is, for each to be taken as
    often as the others where all that can be asked for is asked for as often.

    Without it some are shown again and again, and others hardly ever.
    """
    random = np.random.RandomState(0)
    far = apart(
        time, "any", random.rand(ASKED), random.rand(ASKED), random.standard_normal((ASKED, SKY))
    )
    count = far.shape[1]
    found = np.zeros(count)
    for n in range(ROUNDS):
        taken = np.bincount((far + found).argmin(1), minlength=count) * (count / ASKED)
        found += STEP / (1 + n / 10) * np.clip(taken - 1, -1, 1)
        found -= found.mean()
    return found


def row_of(time: str, streaks: str, cloudiness: float, fineness: float, numbers: NDArray) -> int:
    """The source nearest to what is asked for: ``cloudiness`` and ``fineness``, 0 to 1, and
    ``numbers`` (SKY,), about normal.
    """
    which = TIMES.index(time)
    far = apart(which, streaks, np.array([cloudiness]), np.array([fineness]), numbers[None])[0]
    return int(np.flatnonzero(known().times == which)[(far + tolls(which)).argmin()])


def ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Where each of some values (n,) stands among all, 0 to 1."""
    return np.argsort(np.argsort(values)) / max(len(values) - 1, 1)


def alike(row: int, count: int) -> list[int]:
    """A source and others to go on with: of its sitting, else those that are most like it."""
    sky, own = known(), known().codes[row]
    far = np.abs((sky.codes - own) / (sky.codes.std(0) + 1e-6)).mean(1)
    far += 2 * np.abs(sky.light - sky.light[row]).sum(1)
    far += 100.0 * (sky.times != sky.times[row])
    far += 10.0 * (sky.sittings != sky.sittings[row])
    far[row] = -1
    return [int(n) for n in np.argsort(far, kind="stable")[:count]]
