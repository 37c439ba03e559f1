"""Entropy: whole numbers become few bytes, and those the same numbers, on every machine.

Everything here is arithmetic of integers: weights, thresholds and first frequencies are tables of
integers that stand beside the network, so that no runtime and no processor can read another number
than was written. A number's magnitude is expected by those before it (``Tables``); what is
expected chooses the frequencies by which it is told, bit by bit, which follow the picture as they
are used. The coder is a binary arithmetic one that keeps an interval of 32 bits (Mahoney, "Adaptive
weighing of context models for lossless data compression", 2005).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numba
import numpy as np
from numpy.typing import NDArray

Latents: TypeAlias = NDArray[np.int16]
"""(rows, columns, 192) of whole numbers, one row for each 8 rows of pixels."""

CHANNELS = 192
PART = 64
BINS = 32
"""Of expected magnitudes."""

UNIT = 4096
"""What an expected magnitude of 1 is in ``Tables``."""

LONGEST = 8191
"""The largest magnitude of a number."""

_FINE = 4
_KNOWN = 1 << 14
_UNARY = 14
_CLASSES = 12
_FAST, _SLOW = 5, 8
_EDGE = 32
_MOST_BITS = 16
_TOP = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Tables:
    """What the coder knows before the first number; all integers.

    ``above`` (192, 4): weights of magnitudes to the left, above, above left and above right.
    ``starts`` (193,), ``sources`` and ``weights``: earlier channels of a block and their weights.
    ``total`` (192,): weights of the sum of all earlier ones. ``least`` (Q, 192): what is added, by
    quality. ``bins`` (16384,): the bin of an expected magnitude, in 256ths. ``zero`` (192, 32) and
    ``more`` (12, 32, 14): how often a number is not 0, and goes on growing, in 65536ths.
    ``identity``: the network that they belong to.
    """

    above: NDArray[np.int32]
    starts: NDArray[np.int32]
    sources: NDArray[np.int32]
    weights: NDArray[np.int32]
    total: NDArray[np.int32]
    least: NDArray[np.int32]
    bins: NDArray[np.uint8]
    zero: NDArray[np.uint16]
    more: NDArray[np.uint16]
    identity: bytes

    @classmethod
    def read(cls, path: Path) -> Tables:
        """The tables of a file that ``models.codec.export`` has written."""
        with np.load(path, allow_pickle=False) as held:
            arrays = {name: held[name] for name in cls.__slots__ if name != "identity"}
            return cls(**arrays, identity=held["identity"].tobytes())

    def least_at(self, level: int, steps: int) -> NDArray[np.int32]:
        """What is added at a quality of ``level / steps``, between two rows of ``least``: (192,)
        int32.
        """
        low, part = divmod(level, steps)
        high = min(low + 1, len(self.least) - 1)
        mixed = (steps - part) * self.least[low].astype(np.int64) + part * self.least[high]
        return (mixed // steps).astype(np.int32)


def encoded(latents: Latents, tables: Tables, least: NDArray[np.int32]) -> bytes:
    """The bytes that tell of ``latents`` (rows, columns, 192) int16, none of which is beyond
    ``LONGEST``, where ``least`` (192,) int32 is added.
    """
    room = np.empty(latents.size * 4 + 64, np.uint8)
    fast, slow = _frequencies(tables)
    rest, means = _apart(latents)
    length = _encode(rest, means, *_plain(tables), least, fast, slow, room)
    return room[:length].tobytes()


def decoded(
    data: bytes, rows: int, columns: int, tables: Tables, least: NDArray[np.int32]
) -> Latents:
    """The numbers that ``encoded`` was given, (rows, columns, 192) int16, and with them ``least``
    (192,) int32; others for other bytes.
    """
    rest = np.zeros((rows, columns, CHANNELS), np.int16)
    fast, slow = _frequencies(tables)
    padded = np.frombuffer(data + bytes(8), np.uint8)
    means = np.zeros((rows, columns, 3), np.int32)
    _decode(padded, rest, means, *_plain(tables), least, fast, slow)
    rest[..., ::PART] = means.clip(-LONGEST - 1, LONGEST)
    return rest


def visited(
    latents: Latents, tables: Tables, least: NDArray[np.int32]
) -> tuple[Latents, NDArray[np.uint8]]:
    """(what is told of each number, int16, the bin that tells it, uint8), both (rows, columns,
    192), of ``latents`` of that shape, where ``least`` (192,) int32 is added: what first
    frequencies are counted from.
    """
    rest, means = _apart(latents)
    found = np.empty(latents.shape, np.uint8)
    _visit(rest, means, *_plain(tables), least, found)
    return rest, found


def _apart(latents: Latents) -> tuple[Latents, NDArray[np.int32]]:
    """The numbers, in which the coder puts what differs from expected means, and the means."""
    return latents.copy(), latents[..., ::PART].astype(np.int32)


def _plain(tables: Tables) -> tuple[Any, ...]:
    return (
        *(tables.above, tables.starts, tables.sources, tables.weights, tables.total, tables.bins),
    )


def _frequencies(tables: Tables) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Frequencies as they are before the first number, which follow fast and slowly."""
    first = np.concatenate([tables.zero.ravel(), tables.more.ravel()]).astype(np.int32)
    return first, first.copy()


def _compiled(function: Any) -> Any:
    """The function compiled, and kept for the next process where there is a place."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        return numba.njit(nogil=True)(function)


@_compiled
def _expected_mean(means, y, x, part):
    """What a block's mean is expected to be, by those above and to the left."""
    if y == 0 and x == 0:
        return 0
    if y == 0:
        return means[y, x - 1, part]
    if x == 0:
        return means[y - 1, x, part]
    above, left = means[y - 1, x, part], means[y, x - 1, part]
    return (3 * above + 3 * left - 2 * means[y - 1, x - 1, part] + 2) >> 2


@_compiled
def _bin(rest, y, x, c, earlier, above, starts, sources, weights, total, bins, least):
    """The bin of what a number's magnitude is expected to be."""
    found = np.int64(least[c]) + np.int64(total[c]) * earlier
    if x:
        found += above[c, 0] * abs(np.int64(rest[y, x - 1, c]))
    if y:
        found += above[c, 1] * abs(np.int64(rest[y - 1, x, c]))
        if x:
            found += above[c, 2] * abs(np.int64(rest[y - 1, x - 1, c]))
        if x + 1 < rest.shape[1]:
            found += above[c, 3] * abs(np.int64(rest[y - 1, x + 1, c]))
    for n in range(starts[c], starts[c + 1]):
        found += weights[n] * abs(np.int64(rest[y, x, sources[n]]))
    return bins[min(found >> _FINE, _KNOWN - 1)]


@_compiled
def _class(c):
    """Numbers of which kind those of a channel are: its part, and how high its frequency is."""
    k = c % 64
    return c // 64 * 4 + (0 if k == 0 else 1 if k < 6 else 2 if k < 21 else 3)


@_compiled
def _order(bin):
    """How many bits the rest of a large number is thought to have."""
    return max(0, (bin - 12) // 3)


@_compiled
def _follow(fast, slow, n, bit):
    """Have a frequency follow what came."""
    if bit:
        fast[n] += (65535 - fast[n]) >> _FAST
        slow[n] += (65535 - slow[n]) >> _SLOW
    else:
        fast[n] -= fast[n] >> _FAST
        slow[n] -= slow[n] >> _SLOW


@_compiled
def _chance(fast, slow, n):
    """How often a bit is 1, in 65536ths."""
    return min(max((fast[n] + slow[n]) >> 1, _EDGE), 65536 - _EDGE)


@_compiled
def _put(state, out, chance, bit):
    """Write a bit. ``state``: the interval's ends, and how many bytes are written."""
    low, high = state[0], state[1]
    width = high - low
    middle = low + (width >> 16) * chance + (((width & 0xFFFF) * chance) >> 16)
    if bit:
        high = middle
    else:
        low = middle + 1
    while (low ^ high) >> 24 == 0:
        out[state[2]] = high >> 24
        state[2] += 1
        low = (low << 8) & _TOP
        high = ((high << 8) & _TOP) | 0xFF
    state[0], state[1] = low, high


@_compiled
def _take(state, data, chance):
    """Read a bit. ``state``: the interval's ends, the place in the data, and what is read there."""
    low, high = state[0], state[1]
    width = high - low
    middle = low + (width >> 16) * chance + (((width & 0xFFFF) * chance) >> 16)
    bit = state[3] <= middle
    if bit:
        high = middle
    else:
        low = middle + 1
    while (low ^ high) >> 24 == 0:
        low = (low << 8) & _TOP
        high = ((high << 8) & _TOP) | 0xFF
        byte = data[state[2]] if state[2] < data.size else 0
        state[2] += 1
        state[3] = ((state[3] << 8) & _TOP) | byte
    state[0], state[1] = low, high
    return bit


@_compiled
def _encode(rest, means, above, starts, sources, weights, total, bins, least, fast, slow, out):
    """Write all numbers; returns the number of bytes. ``rest`` becomes what was told of them."""
    state = np.array([0, _TOP, 0], np.int64)
    half, second = 32768, CHANNELS * BINS
    for y in range(rest.shape[0]):
        for x in range(rest.shape[1]):
            earlier = 0
            for c in range(CHANNELS):
                if c % PART == 0:
                    rest[y, x, c] = means[y, x, c // PART] - _expected_mean(means, y, x, c // PART)
                bin = _bin(
                    rest, y, x, c, earlier, above, starts, sources, weights, total, bins, least
                )
                value = np.int64(rest[y, x, c])
                n = c * BINS + bin
                _put(state, out, _chance(fast, slow, n), value != 0)
                _follow(fast, slow, n, value != 0)
                if value == 0:
                    continue
                _put(state, out, half, value < 0)
                size = abs(value)
                earlier += size
                size -= 1
                n = second + (_class(c) * BINS + bin) * _UNARY
                for step in range(_UNARY):
                    more = size > step
                    _put(state, out, _chance(fast, slow, n + step), more)
                    _follow(fast, slow, n + step, more)
                    if not more:
                        break
                if size >= _UNARY:
                    order = _order(bin)
                    size += (1 << order) - _UNARY
                    bits = order
                    while size >> (bits + 1):
                        _put(state, out, half, True)
                        bits += 1
                    _put(state, out, half, False)
                    for place in range(bits - 1, -1, -1):
                        _put(state, out, half, (size >> place) & 1 == 1)
    for shift in (24, 16, 8, 0):
        out[state[2]] = (state[0] >> shift) & 0xFF if shift == 24 else 0xFF
        state[2] += 1
    return state[2]


@_compiled
def _decode(data, rest, means, above, starts, sources, weights, total, bins, least, fast, slow):
    """Read all numbers into ``rest``, and the means of blocks into ``means``."""
    state = np.array([0, _TOP, 4, 0], np.int64)
    for place in range(4):
        state[3] = (state[3] << 8) | data[place]
    half, second = 32768, CHANNELS * BINS
    for y in range(rest.shape[0]):
        for x in range(rest.shape[1]):
            earlier = 0
            for c in range(CHANNELS):
                bin = _bin(
                    rest, y, x, c, earlier, above, starts, sources, weights, total, bins, least
                )
                n = c * BINS + bin
                value = 0
                more = _take(state, data, _chance(fast, slow, n))
                _follow(fast, slow, n, more)
                if more:
                    negative = _take(state, data, half)
                    size = 0
                    n = second + (_class(c) * BINS + bin) * _UNARY
                    while size < _UNARY:
                        more = _take(state, data, _chance(fast, slow, n + size))
                        _follow(fast, slow, n + size, more)
                        if not more:
                            break
                        size += 1
                    if size == _UNARY:
                        order = _order(bin)
                        bits = order
                        while bits < order + _MOST_BITS and _take(state, data, half):
                            bits += 1
                        found = 1
                        for _ in range(bits):
                            found = (found << 1) | _take(state, data, half)
                        size += found - (1 << order)
                    size = min(size + 1, 32767)
                    earlier += size
                    value = -size if negative else size
                    rest[y, x, c] = value
                if c % PART == 0:
                    expected = _expected_mean(means, y, x, c // PART)
                    means[y, x, c // PART] = value + expected


@_compiled
def _visit(rest, means, above, starts, sources, weights, total, bins, least, found):
    """Note the bin of each number; ``rest`` becomes what is told of them."""
    for y in range(rest.shape[0]):
        for x in range(rest.shape[1]):
            earlier = 0
            for c in range(CHANNELS):
                if c % PART == 0:
                    rest[y, x, c] = means[y, x, c // PART] - _expected_mean(means, y, x, c // PART)
                found[y, x, c] = _bin(
                    rest, y, x, c, earlier, above, starts, sources, weights, total, bins, least
                )
                earlier += abs(np.int64(rest[y, x, c]))
