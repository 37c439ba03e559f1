"""Capture metadata: when, where and how a photograph was taken, in EXIF 2.32 and one by one.

Formats that hold such facts one by one have them read from EXIF, and added to it.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any

from safelight.document import Metadata
from safelight.files.metadata import coordinates, descriptive_changes, descriptive_metadata, ifd

_TEXTS = {
    "make": 271,
    "model": 272,
    "software": 305,
}
_INNER_TEXTS = {
    "taken": 36867,
    "offset": 36881,
    "serial": 42033,
    "lens_make": 42035,
    "lens": 42036,
    "lens_serial": 42037,
}
_NUMBERS = {"exposure": 33434, "aperture": 33437, "focal_length": 37386, "distance": 37382}
"""Fractions of the directory of exposure, by their tags."""

_ISO = 34855
_ALTITUDE_SIGN, _ALTITUDE = 5, 6
_MOST = (1 << 31) - 1
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
_TAKEN = re.compile(r"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class Capture:
    """What is known of a shot; "" and None where nothing is said. ``taken`` is
    "2026:05:04 03:02:01" by the clock beside it, ``offset`` that clock's "+02:00" from UTC,
    ``exposure`` in seconds, ``aperture`` the f-number, ``iso`` the speed, ``focal_length`` in
    millimetres, ``distance`` and ``altitude`` in metres, ``place`` as ``coordinates.Place``.
    """

    make: str = ""
    model: str = ""
    software: str = ""
    taken: str = ""
    offset: str = ""
    serial: str = ""
    lens_make: str = ""
    lens: str = ""
    lens_serial: str = ""
    exposure: float | None = None
    aperture: float | None = None
    iso: float | None = None
    focal_length: float | None = None
    distance: float | None = None
    altitude: float | None = None
    place: coordinates.Place | None = None


def capture_of(metadata: Metadata) -> Capture:
    """What the EXIF of a photograph says of the shot; of the place, or else its XMP."""
    block = descriptive_metadata.block_of(metadata.exif)
    place = coordinates.place_of(metadata)
    if block is None:
        return Capture(place=place)
    header, main = block
    inner = main.children.get(ifd.EXIF_DIRECTORY, ifd.Directory())
    gps = main.children.get(ifd.GPS_DIRECTORY, ifd.Directory())

    def number(directory: ifd.Directory, tag: int) -> float | None:
        found = directory.numbers(tag, header)
        return float(found[0]) if found and 0 < found[0] < 1e9 else None

    height = gps.numbers(_ALTITUDE, header)
    altitude = float(height[0]) if height and 0 <= height[0] < 1e9 else None
    if altitude is not None and gps.numbers(_ALTITUDE_SIGN, header)[:1] == (1,):
        altitude = -altitude
    found: dict[str, Any] = {
        name: descriptive_metadata.ascii_text(main, tag) for name, tag in _TEXTS.items()
    }
    found |= {
        name: descriptive_metadata.ascii_text(inner, tag) for name, tag in _INNER_TEXTS.items()
    }
    found |= {name: number(inner, tag) for name, tag in _NUMBERS.items()}
    return Capture(**found, iso=number(inner, _ISO), altitude=altitude, place=place)


def with_capture(metadata: Metadata, capture: Capture) -> Metadata:
    """The metadata whose EXIF says of the shot what it did not say yet."""
    known = capture_of(metadata)
    new = {
        each.name: getattr(capture, each.name)
        for each in fields(Capture)
        if getattr(known, each.name) in ("", None) and getattr(capture, each.name) not in ("", None)
    }
    place = new.pop("place", None)
    if place is not None:
        metadata = coordinates.stating_place(metadata, place)
    if not new:
        return metadata
    block = descriptive_metadata.block_of(metadata.exif)
    order = block[0].order if block else "<"
    exif = descriptive_changes.changed(metadata.exif, lambda directory: _add(directory, new, order))
    return replace(metadata, exif=exif)


def _add(directory: ifd.Directory, new: Mapping[str, str | float], order: str) -> None:
    """Put facts into EXIF's first directory and those below it."""
    inner = dict(directory.children.get(ifd.EXIF_DIRECTORY, ifd.Directory()).entries)
    gps = dict(directory.children.get(ifd.GPS_DIRECTORY, ifd.Directory()).entries)
    before = len(inner), len(gps)
    for name, value in new.items():
        if isinstance(value, str):
            text = value.encode() + b"\0"
            if name in _TEXTS:
                tag = _TEXTS[name]
                directory.entries[tag] = ifd.Entry(tag, 2, len(text), text)
            else:
                tag = _INNER_TEXTS[name]
                inner[tag] = ifd.Entry(tag, 2, len(text), text)
        elif name in _NUMBERS:
            tag = _NUMBERS[name]
            inner[tag] = ifd.Entry(tag, 5, 1, _fraction(value, order))
        elif name == "iso":
            inner[_ISO] = ifd.Entry(_ISO, 3, 1, struct.pack(order + "H", min(round(value), 65535)))
        elif name == "altitude":
            sign = bytes([value < 0])
            gps.setdefault(0, ifd.Entry(0, 1, 4, bytes((2, 3, 0, 0))))
            gps[_ALTITUDE_SIGN] = ifd.Entry(_ALTITUDE_SIGN, 1, 1, sign)
            gps[_ALTITUDE] = ifd.Entry(_ALTITUDE, 5, 1, _fraction(abs(value), order))
    for pointer, entries, had in (
        (ifd.EXIF_DIRECTORY, inner, before[0]),
        (ifd.GPS_DIRECTORY, gps, before[1]),
    ):
        if len(entries) != had:
            held = directory.children.get(pointer, ifd.Directory())
            directory.children[pointer] = replace(held, entries=dict(sorted(entries.items())))


def _fraction(value: float, order: str) -> bytes:
    """A number as EXIF's fraction, as people would write it: 0.004 is 1/250."""
    for most in (100_000, 1000, 1):
        found = Fraction(value).limit_denominator(most)
        if found.numerator <= _MOST:
            return struct.pack(order + "II", found.numerator, found.denominator)
    return struct.pack(order + "II", _MOST, 1)


def seconds_of(offset: str) -> int | None:
    """Seconds that a clock is ahead of UTC by, of "+02:00"; None for what is no such text."""
    found = _OFFSET.fullmatch(offset.strip())
    if found is None:
        return None
    seconds = 3600 * int(found[2]) + 60 * int(found[3])
    return -seconds if found[1] == "-" else seconds


def offset_of(seconds: float) -> str:
    """How far a clock is ahead of UTC, like "+02:00", to the minute; "" for what is no offset of a
    clock.
    """
    if not math.isfinite(seconds) or abs(seconds) > 18 * 3600:
        return ""
    minutes = round(abs(seconds) / 60)
    return f"{'-' if seconds < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def moment(text: str) -> str:
    """A text that is a date and a time, as EXIF has it; "" for another one."""
    plain = text.strip()[:19].replace("-", ":", 2).replace("T", " ")
    return plain if _TAKEN.fullmatch(plain) else ""
