"""Lightbox codes: codes around a code, and between two, for a person to choose by eye."""

from __future__ import annotations

import zlib
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import between, chosen, drawn
from safelight.api.compound_values import CODE_DIGITS, LARGEST

AROUND = 8
"""Neighbours that are shown around a code."""

NEAR, FAR = 0.35, 0.8
"""Shares of a neighbour that are not the code's own: 0 is the code, 1 has nothing in common."""

Code: TypeAlias = tuple[float, ...]


def current(code: Code, seed: int, size: int) -> Code:
    """What a setting of the kind ``code`` stands for: itself, or what ``seed`` says."""
    return _listed(chosen(code, seed, size))


def neighbours(code: Code, step: float, shuffle: int = 0) -> tuple[Code, ...]:
    """``AROUND`` codes near one; the same ones each time, others for each ``shuffle``.

    Each is sqrt(1 - step²) of the code and ``step`` of one drawn at random, so that of a normal
    code its neighbours are normal too, however often one goes on (the preconditioned
    Crank-Nicolson step: S. L. Cotter and others, "MCMC Methods for Functions", Statistical Science
    28, 2013). The last half are the opposite ways of the first, in reverse: around a code, what
    lies opposite in the grid lies opposite.
    """
    own = np.asarray(code, np.float32)
    start = zlib.crc32(own.tobytes()) ^ zlib.crc32(str(shuffle).encode())
    half = AROUND // 2
    ways = drawn(start, half * own.size).reshape(half, own.size)
    kept = float(np.sqrt(1 - step * step))
    return tuple(_listed(kept * own + step * way) for way in (*ways, *-ways[::-1]))


def mixed(one: Code, other: Code, share: float) -> Code:
    """The code a ``share`` (0 to 1) of the way from one to the other."""
    return _listed(between(np.asarray(one, np.float32), np.asarray(other, np.float32), share))


def _listed(code: NDArray[np.float32]) -> Code:
    """Numbers as a setting holds them; there is one nought, not two."""
    return tuple(round(float(x), CODE_DIGITS) + 0.0 for x in code.clip(-LARGEST, LARGEST))
