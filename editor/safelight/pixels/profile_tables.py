"""Profile tables: what a profile's tables tell of its RGB (ICC.1:2022, 10.10-10.12)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from safelight import api
from safelight.pixels.colour import SRGB_TO_XYZ, ColourError, _curve, _fixed, _tags
from safelight.pixels.icc import D50

_CHANNELS = 3
_MOST_POINTS = 255
_AT_ONCE = 1 << 18
_XYZ_SCALE = 65535 / 32768

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Lut:
    """From numbers of the profile, 0 to 1, to colours as sRGB has them, unclipped."""

    first: tuple[Floats, ...]
    """Three curves, of even samples, ahead of the table."""
    table: Floats
    """(n, n, n, 3), red first."""
    second: tuple[Floats, ...]
    """Three curves behind it."""
    matrix: Floats
    """(3, 4) behind these."""
    third: tuple[Floats, ...]
    """Three curves that give the connection space."""
    lab: Floats | None
    """Scale and offset (2, 3) of CIELAB; None where the connection space is XYZ."""

    @classmethod
    def of(cls, icc: bytes) -> Lut:
        """Raises ColourError for a profile that has no tables for RGB, or damaged ones."""
        try:
            tags = _tags(icc)
            tag = tags.get(b"A2B1") or tags[b"A2B0"]
            if icc[16:20] != b"RGB " or icc[20:24] not in (b"Lab ", b"XYZ "):
                raise ColourError("the colour profile is not for RGB")
            if (tag[8], tag[9]) != (_CHANNELS, _CHANNELS):
                raise ColourError("the colour profile is not for RGB")
            known = {b"mft1": _of_bytes, b"mft2": _of_words, b"mAB ": _of_parts}
            made = known[tag[:4]](cls, tag, icc[20:24] == b"Lab ")
        except (LookupError, struct.error, ValueError, ArithmeticError) as error:
            raise ColourError("the colour profile is damaged or of an unusual kind") from error
        parts = (*made.first, made.table, *made.second, made.matrix, *made.third)
        if not all(np.isfinite(part).all() for part in parts):
            raise ColourError("the colour profile's tables hold what is no number")
        return made

    def to_srgb(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Pixels (..., 3 or 4) as sRGB-encoded float32, unclipped; alpha is kept."""
        flat = pixels.reshape(-1, pixels.shape[-1])
        made = np.array(flat, np.float32)
        for top in range(0, len(flat), _AT_ONCE):
            part = flat[top : top + _AT_ONCE, :_CHANNELS].astype(np.float64)
            light = self._connected(np.clip(part, 0, 1)) @ np.linalg.inv(SRGB_TO_XYZ).T
            made[top : top + _AT_ONCE, :_CHANNELS] = api.from_linear(light.astype(np.float32))
        return made.reshape(pixels.shape)

    def _connected(self, numbers: Floats) -> Floats:
        """XYZ (n, 3) under D50."""
        found = _through(self.second, _between(self.table, _through(self.first, numbers)))
        found = np.clip(found @ self.matrix[:, :3].T + self.matrix[:, 3], 0, 1)
        found = _through(self.third, found)
        if self.lab is None:
            return np.asarray(found * _XYZ_SCALE, np.float64)
        lightness, a, b = (found * self.lab[0] + self.lab[1]).T
        middle = (lightness + 16) / 116
        roots = np.stack([middle + a / 500, middle, middle - b / 200], axis=1)
        edge = 6 / 29
        xyz = np.where(roots > edge, roots**3, 3 * edge**2 * (roots - 4 / 29))
        return np.asarray(xyz * np.array(D50), np.float64)


def _through(curves: tuple[Floats, ...], values: Floats) -> Floats:
    columns = [
        np.interp(values[:, channel], np.linspace(0, 1, len(curve)), curve)
        for channel, curve in enumerate(curves)
    ]
    return np.stack(columns, axis=1)


def _between(table: Floats, places: Floats) -> Floats:
    """What a table says between its points, straight in each direction."""
    counts = np.array(table.shape[:3]) - 1
    scaled = np.clip(places, 0, 1) * counts
    low = np.minimum(scaled.astype(np.intp), np.maximum(counts - 1, 0))
    high = np.minimum(low + 1, counts)
    part = scaled - low
    found = np.zeros((len(places), _CHANNELS))
    for corner in range(8):
        bits = [corner >> axis & 1 for axis in range(3)]
        weight = np.prod(
            [part[:, axis] if bit else 1 - part[:, axis] for axis, bit in enumerate(bits)], axis=0
        )
        index = tuple((high if bit else low)[:, axis] for axis, bit in enumerate(bits))
        found += weight[:, None] * table[index]
    return found


_STRAIGHT = (np.array([0.0, 1.0]),) * 3
_UNTURNED = np.eye(3, 4)
_LAB = np.array([[100.0, 255.0, 255.0], [0.0, -128.0, -128.0]])
_OLD_LAB = np.array([[100 * 65535 / 65280, 65535 / 256, 65535 / 256], [0.0, -128.0, -128.0]])


def _of_bytes(cls: type[Lut], tag: bytes, lab: bool) -> Lut:
    return _plain(cls, tag, 48, (256, 256), ">u1", _LAB if lab else None)


def _of_words(cls: type[Lut], tag: bytes, lab: bool) -> Lut:
    counts = struct.unpack_from(">HH", tag, 48)
    return _plain(cls, tag, 52, counts, ">u2", _OLD_LAB if lab else None)


def _plain(
    cls: type[Lut], tag: bytes, at: int, counts: tuple[int, ...], kind: str, lab: Floats | None
) -> Lut:
    points = tag[10]
    if points < 2 or min(counts) < 2:
        raise ValueError("tables of nothing")
    sizes = (_CHANNELS * counts[0], points**3 * _CHANNELS, _CHANNELS * counts[1])
    numbers = _numbers(tag, at, sum(sizes), kind)
    first, table, last = np.split(numbers, np.cumsum(sizes)[:2])
    shape = (points, points, points, _CHANNELS)
    return cls(
        tuple(first.reshape(_CHANNELS, -1)),
        table.reshape(shape),
        tuple(last.reshape(_CHANNELS, -1)),
        _UNTURNED,
        _STRAIGHT,
        lab,
    )


def _of_parts(cls: type[Lut], tag: bytes, lab: bool) -> Lut:
    last, matrix, second, table, first = struct.unpack_from(">5I", tag, 12)
    turned = _UNTURNED
    if matrix:
        held = np.array(_fixed(tag, matrix, 12))
        turned = np.concatenate([held[:9].reshape(3, 3), held[9:, None]], axis=1)
    grid = np.stack(np.meshgrid(*_STRAIGHT, indexing="ij"), axis=-1)
    if table:
        shape = (*tag[table : table + _CHANNELS], _CHANNELS)
        if min(shape[:3]) < 2:
            raise ValueError("tables of nothing")
        kind = {1: ">u1", 2: ">u2"}[tag[table + 16]]
        grid = _numbers(tag, table + 20, int(np.prod(shape)), kind).reshape(shape)
    return cls(
        _curves(tag, first),
        grid,
        _curves(tag, second),
        turned,
        _curves(tag, last),
        _LAB if lab else None,
    )


def _numbers(tag: bytes, at: int, count: int, kind: str) -> Floats:
    full = float(np.iinfo(kind).max)
    return np.asarray(np.frombuffer(tag, kind, count, at).astype(np.float64) / full)


def _curves(tag: bytes, at: int) -> tuple[Floats, ...]:
    """Three curves one behind the other, each from a place that four divides."""
    if not at:
        return _STRAIGHT
    found = []
    for _ in range(_CHANNELS):
        found.append(np.clip(_curve(tag[at:]), 0, 1))
        if tag[at : at + 4] == b"curv":
            size = 12 + 2 * struct.unpack_from(">I", tag, at + 8)[0]
        else:
            size = 12 + 4 * (1, 3, 4, 5, 7)[struct.unpack_from(">H", tag, at + 8)[0]]
        at += size + -size % 4
    return tuple(found)


__all__ = ["Lut"]
