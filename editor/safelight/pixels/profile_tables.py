"""Profile tables: a profile's tables, from numbers to colours and back (ICC.1:2022, 10.10 on)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight import api
from safelight.pixels.colour import SRGB_TO_XYZ, ColourError, _curve, _fixed, _tags, _xyz
from safelight.pixels.icc import D50
from safelight.pixels.littlecms import CHANNELS, Intent

_COLOURS = 3
_MOST_NUMBERS = 1 << 24
_AT_ONCE = 1 << 16
_XYZ_SCALE = 65535 / 32768

Floats = NDArray[np.float64]
_Stage: TypeAlias = Callable[[Floats], Floats]
"""From (n, channels) to (n, channels), 0 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """One tag: its stages from the first on, and the connection space's encoding, scale and
    offset (2, 3) of CIELAB; None where that is XYZ.
    """

    stages: tuple[_Stage, ...]
    lab: Floats | None

    def apply(self, numbers: Floats) -> Floats:
        for stage in self.stages:
            numbers = stage(numbers)
        return numbers

    def to_light(self, numbers: Floats) -> Floats:
        """XYZ (n, 3) under D50 of a device's numbers."""
        found = self.apply(numbers)
        if self.lab is None:
            return np.asarray(found * _XYZ_SCALE, np.float64)
        lightness, a, b = (found * self.lab[0] + self.lab[1]).T
        middle = (lightness + 16) / 116
        roots = np.stack([middle + a / 500, middle, middle - b / 200], axis=1)
        edge = 6 / 29
        xyz = np.where(roots > edge, roots**3, 3 * edge**2 * (roots - 4 / 29))
        return np.asarray(xyz * np.array(D50), np.float64)

    def from_light(self, light: Floats) -> Floats:
        """A device's numbers of XYZ (n, 3) under D50; what it has not got is cut off."""
        if self.lab is None:
            return self.apply(np.clip(light / _XYZ_SCALE, 0, 1))
        share = light / np.array(D50)
        roots = np.where(share > 216 / 24389, np.cbrt(share), (share * 24389 / 27 + 16) / 116)
        x, y, z = roots.T
        lab = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)
        return self.apply(np.clip((lab - self.lab[1]) / self.lab[0], 0, 1))


@dataclass(frozen=True, slots=True, eq=False)
class Lut:
    """A map from numbers of a profile for RGB, 0 to 1, to colours as sRGB has them, unclipped."""

    tables: _Tables

    @classmethod
    def of(cls, icc: bytes) -> Lut:
        """Raises ColourError for a profile that has no tables for RGB, or damaged ones."""
        if icc[16:20] != b"RGB ":
            raise ColourError("the colour profile is not for RGB")
        return cls(_tables(icc, (b"A2B1", b"A2B0")))

    def to_srgb(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Pixels (..., 3 or 4) as sRGB-encoded float32, unclipped; alpha is kept."""
        return _each(pixels, lambda numbers: _encoded(self.tables.to_light(np.clip(numbers, 0, 1))))


@dataclass(frozen=True, slots=True, eq=False)
class Device:
    """What a printer, its ink and its paper, or another device of tables makes of colours.

    ``there`` are the tables of the intent that was asked for, ``back`` those of what comes of the
    device's numbers, beside its white. ``white`` is that white as XYZ of luminance 1 for light
    beside which it is seen, (1, 1, 1) of D50 unless colours are kept as they are. ``black`` is the
    light of the darkest that comes back, of 1 for white; 0 where black is not made the darkest.
    """

    there: _Tables
    back: _Tables
    white: Floats
    black: float

    @classmethod
    def of(cls, icc: bytes, intent: Intent = "relative", black_point: bool = True) -> Device:
        """Raises ColourError for a profile that has no tables into it and back from it."""
        number = {"perceptual": 0, "saturation": 2}.get(intent, 1)
        there = _tables(icc, (b"B2A%d" % number, b"B2A0"), into=True)
        back = _tables(icc, (b"A2B1", b"A2B0"))
        white, black = np.ones(3), 0.0
        if intent == "absolute":
            white = _paper(icc)
        elif black_point:
            darkest = back.to_light(there.from_light(np.zeros((1, 3))))
            black = float(np.clip(darkest[0, 1], 0, 0.5))
        return cls(there, back, white, black)

    def returned(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """What sRGB-encoded pixels (..., 3 or 4), unclipped, come back as from the device, float32;
        alpha is kept.
        """
        floor = self.black * np.array(D50)

        def there_and_back(encoded: Floats) -> Floats:
            light = api.to_linear(encoded.astype(np.float32)).astype(np.float64) @ SRGB_TO_XYZ.T
            asked = light / self.white * (1 - self.black) + floor
            seen = self.back.to_light(np.clip(self.there.from_light(asked), 0, 1))
            return _encoded((seen - floor) / (1 - self.black) * self.white)

        return _each(pixels, there_and_back)


def _paper(icc: bytes) -> Floats:
    """The white of a device beside D50, (3,) of 1 for what is as white."""
    try:
        white = np.array(_xyz(_tags(icc)[b"wtpt"])) / np.array(D50)
    except (LookupError, struct.error, ValueError):
        return np.ones(3)
    plausible = np.isfinite(white).all() and (white > 0.05).all() and (white < 3).all()
    return white if plausible else np.ones(3)


def _each(pixels: NDArray[np.float32], change: Callable[[Floats], Floats]) -> NDArray[np.float32]:
    """A change of the colours of (..., 3 or 4), some at a time."""
    flat = pixels.reshape(-1, pixels.shape[-1])
    made = np.array(flat, np.float32)
    for top in range(0, len(flat), _AT_ONCE):
        part = flat[top : top + _AT_ONCE, :_COLOURS].astype(np.float64)
        made[top : top + _AT_ONCE, :_COLOURS] = change(part)
    return made.reshape(pixels.shape)


def _encoded(light: Floats) -> Floats:
    """XYZ (n, 3) under D50 as sRGB has it, unclipped."""
    linear = (light @ np.linalg.inv(SRGB_TO_XYZ).T).astype(np.float32)
    return api.from_linear(linear).astype(np.float64)


def _tables(icc: bytes, names: tuple[bytes, ...], into: bool = False) -> _Tables:
    """The first of the tags of a profile that is there: from its numbers, or ``into`` them."""
    try:
        tags = _tags(icc)
        tag = next(tags[name] for name in names if tags.get(name))
        count = CHANNELS.get(icc[16:20], 0)
        if not count or icc[20:24] not in (b"Lab ", b"XYZ "):
            raise ColourError("the colour profile is for no grey, RGB or CMYK")
        sides = (_COLOURS, count) if into else (count, _COLOURS)
        if (tag[8], tag[9]) != sides:
            raise ColourError("the colour profile's tables are not of its channels")
        known = {b"mft1": _of_bytes, b"mft2": _of_words, b"mBA " if into else b"mAB ": _of_parts}
        return known[tag[:4]](tag, icc[20:24] == b"Lab ", into)
    except StopIteration:
        raise ColourError("the colour profile has no tables") from None
    except (LookupError, struct.error, ValueError, ArithmeticError) as error:
        raise ColourError("the colour profile is damaged or of an unusual kind") from error


def _through(curves: tuple[Floats, ...], values: Floats) -> Floats:
    columns = [
        np.interp(values[:, channel], np.linspace(0, 1, len(curve)), curve)
        for channel, curve in enumerate(curves)
    ]
    return np.stack(columns, axis=1)


def _turned(matrix: Floats, values: Floats) -> Floats:
    return np.clip(values @ matrix[:, :3].T + matrix[:, 3], 0, 1)


def _between(table: Floats, places: Floats) -> Floats:
    """What a table says between its points: along the simplex of corners that a place is in, from
    the axis on which it is the farthest on to that on which it is the least, as LittleCMS does.
    """
    inputs = table.ndim - 1
    sides = np.array(table.shape[:inputs])
    scaled = np.clip(places, 0, 1) * (sides - 1)
    low = np.minimum(scaled.astype(np.intp), sides - 2)
    part = scaled - low
    strides = np.append(np.cumprod(sides[:0:-1])[::-1], 1)
    order = np.argsort(-part, axis=1)
    along = np.take_along_axis(part, order, axis=1)
    points = table.reshape(-1, table.shape[-1])
    index = low @ strides
    found: Floats = points[index] * (1 - along[:, :1])
    for step in range(inputs):
        index += strides[order[:, step]]
        weight = along[:, step] - (along[:, step + 1] if step + 1 < inputs else 0)
        found += points[index] * weight[:, None]
    return found


_LAB = np.array([[100.0, 255.0, 255.0], [0.0, -128.0, -128.0]])
_OLD_LAB = np.array([[100 * 65535 / 65280, 65535 / 256, 65535 / 256], [0.0, -128.0, -128.0]])


def _of_bytes(tag: bytes, lab: bool, into: bool) -> _Tables:
    return _plain(tag, 48, (256, 256), ">u1", _LAB if lab else None, into)


def _of_words(tag: bytes, lab: bool, into: bool) -> _Tables:
    counts = struct.unpack_from(">HH", tag, 48)
    return _plain(tag, 52, counts, ">u2", _OLD_LAB if lab else None, into)


def _plain(
    tag: bytes, at: int, counts: tuple[int, ...], kind: str, lab: Floats | None, into: bool
) -> _Tables:
    inputs, outputs, points = tag[8:11]
    if points < 2 or min(counts) < 2:
        raise ValueError("tables of nothing")
    sizes = (inputs * counts[0], points**inputs * outputs, outputs * counts[1])
    numbers = _numbers(tag, at, sum(sizes), kind)
    first, table, last = np.split(numbers, np.cumsum(sizes)[:2])
    stages: list[_Stage] = [
        partial(_through, tuple(first.reshape(inputs, -1))),
        partial(_between, table.reshape(*[points] * inputs, outputs)),
        partial(_through, tuple(last.reshape(outputs, -1))),
    ]
    if into and lab is None:
        # Only XYZ that goes in is turned (10.10); nothing tells an offset.
        held = np.array(_fixed(tag, 12, 9)).reshape(3, 3)
        stages.insert(0, partial(_turned, np.column_stack([held, np.zeros(3)])))
    return _Tables(tuple(stages), lab)


def _of_parts(tag: bytes, lab: bool, into: bool) -> _Tables:
    """Parts stand in the order of the way from the connection space, and are gone through in the
    order of the way that the tag tells.
    """
    connected, matrix, middle, table, device = struct.unpack_from(">5I", tag, 12)
    inputs, outputs = tag[8:10]
    stages: list[_Stage] = []
    if connected:
        stages.append(partial(_through, _curves(tag, connected, _COLOURS)))
    if matrix:
        held = np.array(_fixed(tag, matrix, 12))
        turned = np.concatenate([held[:9].reshape(3, 3), held[9:, None]], axis=1)
        stages.append(partial(_turned, turned))
    if middle:
        stages.append(partial(_through, _curves(tag, middle, _COLOURS)))
    if table:
        shape = (*tag[table : table + inputs], outputs)
        if min(shape[:inputs]) < 2:
            raise ValueError("tables of nothing")
        kind = {1: ">u1", 2: ">u2"}[tag[table + 16]]
        size = 1
        for side in shape:
            size *= side
        numbers = _numbers(tag, table + 20, size, kind).reshape(shape)
        stages.append(partial(_between, numbers))
    elif inputs != outputs:
        raise ValueError("no table between unlike numbers of channels")
    if device:
        stages.append(partial(_through, _curves(tag, device, outputs if into else inputs)))
    return _Tables(tuple(stages if into else stages[::-1]), _LAB if lab else None)


def _numbers(tag: bytes, at: int, count: int, kind: str) -> Floats:
    if count > _MOST_NUMBERS:
        raise ValueError("tables of more numbers than any profile has")
    full = float(np.iinfo(kind).max)
    return np.asarray(np.frombuffer(tag, kind, count, at).astype(np.float64) / full)


def _curves(tag: bytes, at: int, count: int) -> tuple[Floats, ...]:
    """Curves one behind the other, each from a place that four divides."""
    found = []
    for _ in range(count):
        curve = _curve(tag[at:])
        if not np.isfinite(curve).all():
            raise ColourError("the colour profile's tables hold what is no number")
        found.append(np.clip(curve, 0, 1))
        if tag[at : at + 4] == b"curv":
            size = 12 + 2 * struct.unpack_from(">I", tag, at + 8)[0]
        else:
            size = 12 + 4 * (1, 3, 4, 5, 7)[struct.unpack_from(">H", tag, at + 8)[0]]
        at += size + -size % 4
    return tuple(found)


__all__ = ["Device", "Lut"]
