"""Likeness: how well what fills a hole agrees with the rest of its picture."""

import numpy as np

from .hole_fill import window
from .kernels import AREA, chessboard, counted, packed
from .patch_match import NEVER, improve, strew
from .pyramid import halved, halved_mask

ACROSS = 48
"""Pixels across a hole at the size that is looked at, at most."""

_CELL = 32
"""Pixels of a square of the picture whose middle is compared with other squares."""

_SWEEPS = 5
_NEAR = 32
"""Pixels around a hole whose patches are what is usual."""

_GRAIN = 1e-5
"""Squared difference of a pixel that is never strange, in squared deviations of the picture."""


def strangeness(filled, hole, *, allowed=None):
    """How much less the rim of a filling is like the picture than the picture is like itself.

    ``filled`` is float32 (height, width, channels), ``hole`` bool (height, width), ``allowed`` as
    ``fill`` has it. At 1 patches over the rim are as near to others of the picture as those around
    the hole are to others elsewhere; 4 is twice as far. Where too little is around, 1.
    """
    place = window(hole)
    picture, missing = np.ascontiguousarray(filled[place], np.float32), hole[place]
    usable = ~missing if allowed is None else allowed[place] & ~missing
    while missing.sum() > ACROSS**2 and min(missing.shape) >= 4 * _CELL:
        missing = halved_mask(missing)
        picture, usable = halved(picture), halved_mask(usable) & ~missing
    middles, over = counted(usable) == AREA, counted(missing)
    rim = (over > 0) & (over < AREA)
    rows, columns = np.indices(missing.shape)
    dark = (rows // _CELL + columns // _CELL) % 2 == 0
    core = (abs(rows % _CELL - _CELL // 2) < _CELL // 4) & (
        abs(columns % _CELL - _CELL // 2) < _CELL // 4
    )
    usual = middles & core & dark & _within(missing, _NEAR)
    if not (_room(rim) and _room(usual) and (middles & ~dark).any()):
        return 1.0
    scale = np.float32(1 / max(float(picture[usable].std()), 1e-6))
    groups = packed(picture * scale)
    own = _mean(groups, usual, middles & ~dark)
    return _mean(groups, rim, middles) / own


def _room(wanted):
    return any(len(places) for places in chessboard(wanted))


def _within(missing, reach):
    """Within so many pixels of the box around a hole."""
    near = np.zeros(missing.shape, bool)
    box = [np.flatnonzero(missing.any(axis)) for axis in (1, 0)]
    near[tuple(slice(max(at[0] - reach, 0), at[-1] + reach + 1) for at in box)] = True
    return near


def _mean(groups, wanted, middles):
    """How far the ``wanted`` patches are from the nearest with one of those ``middles``."""
    field = np.zeros((*wanted.shape, 2), np.int32)
    cost = np.zeros(wanted.shape, np.float32)
    burden = np.where(middles, np.float32(0), NEVER)
    halves = chessboard(wanted)
    sources = np.argwhere(middles).astype(np.int32)
    for places in halves:
        strew(field, sources, places, 0)
    for sweep in range(_SWEEPS):
        for colour, places in enumerate(halves):
            chance = 127 * sweep + colour
            improve(
                *(groups, groups, field, cost, wanted, places, burden, chance, max(wanted.shape))
            )
    return float(np.mean(cost[tuple(np.concatenate(halves).T)])) + AREA * _GRAIN
