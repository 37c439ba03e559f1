"""Coordinates: where on the earth a photograph was taken, read, typed by people and stated."""

from __future__ import annotations

import re
import struct
import unicodedata
from dataclasses import replace
from typing import Annotated, TypeAlias

from safelight.document import Document, EditError, Metadata
from safelight.document.commands.command import command
from safelight.files.metadata import descriptive_changes, descriptive_metadata, ifd, xmp

Place: TypeAlias = tuple[float, float]
"""Latitude and longitude in degrees (WGS 84), north and east above 0."""

EXAMPLES = "47.3601, 8.5400 or 47°21′36″ N 8°32′24″ E"

_VERSION, _LATITUDE, _LONGITUDE = 0, (1, 2), (3, 4)
_WITH_THEM = (*_LATITUDE, *_LONGITUDE, 5, 6, 31)
"""Tags that go with the coordinates: their signs, the altitude, and how exact they are."""

_PROPERTIES = ("exif:GPSLatitude", "exif:GPSLongitude")
_PROPERTIES_WITH_THEM = (*_PROPERTIES, "exif:GPSAltitude", "exif:GPSAltitudeRef")
_FINENESS = 10_000
"""Parts of a second of arc that are stated: three millimetres."""

_NUMBER = r"[+-]?\d{1,3}(?:\.\d{1,12})?"
_MINUTES = r"\d{1,2}(?:\.\d{1,12})?"
_ANGLE = re.compile(
    rf"(?P<before>[NSEWO])?\s*(?P<degrees>{_NUMBER})\s*°?\s*"
    rf"(?:(?P<minutes>{_MINUTES})\s*['\s]\s*)?(?:(?P<seconds>{_MINUTES})\s*[\"\s]?\s*)?"
    r"(?P<after>[NSEWO])?",
    re.IGNORECASE,
)
_XMP = re.compile(r"(\d{1,3}),(\d{1,2})(?:,(\d{1,2})|(\.\d{1,12}))?([NSEW])")


def typed_place(text: str) -> Place | None:
    """The place that was typed, in decimals or in degrees, minutes and seconds; None for nothing.

    Raises ValueError, a clause, for what is none.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    for marks, one in (("′’ʹ´`", "'"), ("″”“ʺ", '"'), ("−–", "-"), ("º˚", "°")):
        plain = re.sub(f"[{marks}]", one, plain)
    plain = plain.replace("''", '"')
    if not plain:
        return None
    parts = [part for part in re.split(r"\s*[,;]\s+|\s*;\s*", plain) if part]
    if len(parts) == 1:
        parts = plain.split(",") if plain.count(",") == 1 else _halves(plain)
    if len(parts) != 2 or not all(part.strip() for part in parts):
        raise ValueError(f"{text.strip()} is no place: type it as {EXAMPLES}")
    found = [_angle(part.strip()) for part in parts]
    signs = [sign for _, sign in found]
    if signs[0] in "EW" and signs[0] and signs[1] in "NS" and signs[1]:
        found.reverse()
        signs.reverse()
    if (signs[0] and signs[0] not in "NS") or (signs[1] and signs[1] not in "EW"):
        raise ValueError("a place is a latitude, N or S, and a longitude, E or W")
    latitude, longitude = (-value if sign in ("S", "W") else value for value, sign in found)
    if abs(latitude) > 90:
        raise ValueError(f"a latitude is -90 to 90 degrees, not {latitude:g}")
    if abs(longitude) > 180:
        raise ValueError(f"a longitude is -180 to 180 degrees, not {longitude:g}")
    return latitude, longitude


def _halves(text: str) -> list[str]:
    """The two parts of a text without a comma: behind the first letter, or of two numbers."""
    letters = [found.end() for found in re.finditer(r"[NSEWO]", text, re.IGNORECASE)]
    if len(letters) == 2:
        # A letter stands before each number, or behind it.
        at = letters[1] - 1 if text[0].isalpha() else letters[0]
        return [text[:at], text[at:]]
    return text.split() if len(text.split()) == 2 else [text]


def _angle(text: str) -> tuple[float, str]:
    """Degrees, and the letter that says in which direction; "" for none. Raises ValueError."""
    found = _ANGLE.fullmatch(text)
    if found is None or (found["before"] and found["after"]):
        raise ValueError(f"{text} is no angle: type a place as {EXAMPLES}")
    sign = (found["before"] or found["after"] or "").upper().replace("O", "E")
    degrees, minutes, seconds = (
        float(found[name] or 0) for name in ("degrees", "minutes", "seconds")
    )
    negative = found["degrees"].startswith("-")
    if minutes >= 60 or seconds >= 60 or (sign and negative):
        raise ValueError(f"{text} is no angle: minutes and seconds are below 60, and a letter takes"
                         " the place of a sign")  # fmt: skip
    if found["seconds"] and not found["minutes"]:
        raise ValueError(f"{text} is no angle: type a place as {EXAMPLES}")
    value = abs(degrees) + minutes / 60 + seconds / 3600
    return (-value if negative else value), sign


def place_text(place: Place | None) -> str:
    """A place in decimal degrees, as ``typed_place`` reads it; "" for none."""
    return "" if place is None else f"{place[0]:.6f}, {place[1]:.6f}"


def place_of(metadata: Metadata) -> Place | None:
    """Where the photograph was taken, as its EXIF says, or else its XMP; None for neither."""
    block = descriptive_metadata.block_of(metadata.exif)
    directory = block[1].children.get(ifd.GPS_DIRECTORY) if block else None
    if block is not None and directory is not None:
        found = []
        for sign, tag in (_LATITUDE, _LONGITUDE):
            numbers = directory.numbers(tag, block[0])
            if numbers and all(0 <= number < 1e9 for number in numbers):
                value = sum(n / 60**power for power, n in enumerate(numbers[:3]))
                negative = descriptive_metadata.ascii_text(directory, sign).upper()[:1] in (
                    "S",
                    "W",
                )
                found.append(-value if negative else value)
        if len(found) == 2 and abs(found[0]) <= 90 and abs(found[1]) <= 180:
            return found[0], found[1]
    packet = xmp.readable(metadata.xmp)
    texts = [_stated_in_xmp(packet, name) for name in _PROPERTIES] if packet else []
    both = [value for value in texts if value is not None]
    return (both[0], both[1]) if len(both) == 2 else None


def _stated_in_xmp(packet: xmp.Packet, name: str) -> float | None:
    for node in packet.properties(xmp.name(name)):
        found = _XMP.fullmatch(node.text.strip())
        if found:
            minutes = float(found[2] + (found[4] or ""))
            value = int(found[1]) + minutes / 60 + int(found[3] or 0) / 3600
            return -value if found[5] in "SW" else value
    return None


def stating_place(metadata: Metadata, place: Place | None) -> Metadata:
    """The metadata that say so, wherever they said anything of it, and always in EXIF; None: no
    coordinates are said any more, and no altitude. Raises UnreadablePacket.
    """
    packet = metadata.xmp
    if packet and packet.strip(xmp.PADDING):
        held = xmp.read(packet)
        said = [name for name in _PROPERTIES_WITH_THEM if any(held.properties(xmp.name(name)))]
        if said:
            values: dict[str, xmp.Stated] = dict.fromkeys(_PROPERTIES_WITH_THEM, "")
            if place is not None:
                values = {
                    name: _in_xmp(value, letters)
                    for name, value, letters in zip(_PROPERTIES, place, ("NS", "EW"), strict=True)
                }
            packet = xmp.stating(packet, values, frozenset())
    exif = metadata.exif
    if exif or place is not None:
        exif = descriptive_changes.changed(
            exif, lambda directory: _change(directory, place, _order(exif))
        )
    return replace(metadata, exif=exif, xmp=packet)


def _order(exif: bytes | None) -> str:
    block = descriptive_metadata.block_of(exif)
    return block[0].order if block else "<"


def _in_xmp(value: float, letters: str) -> str:
    minutes = abs(value) * 60
    whole = int(minutes // 60)
    return f"{whole},{minutes - 60 * whole:.6f}{letters[value < 0]}"


def _change(directory: ifd.Directory, place: Place | None, order: str) -> None:
    held = directory.children.get(ifd.GPS_DIRECTORY)
    if held is None and place is None:
        return
    held = held or ifd.Directory()
    entries = dict(held.entries)
    if place is None:
        entries = {tag: entry for tag, entry in entries.items() if tag not in _WITH_THEM}
        if not set(entries) - {_VERSION}:
            directory.children.pop(ifd.GPS_DIRECTORY, None)
            directory.entries.pop(ifd.GPS_DIRECTORY, None)
            return
    else:
        entries.setdefault(_VERSION, ifd.Entry(_VERSION, 1, 4, bytes((2, 3, 0, 0))))
        for (sign, tag), value, letters in zip(
            (_LATITUDE, _LONGITUDE), place, ("NS", "EW"), strict=True
        ):
            parts = round(abs(value) * 3600 * _FINENESS)
            minutes, seconds = divmod(parts, 60 * _FINENESS)
            numbers = (minutes // 60, 1, minutes % 60, 1, seconds, _FINENESS)
            entries[sign] = ifd.Entry(sign, 2, 2, letters[value < 0].encode() + b"\0")
            entries[tag] = ifd.Entry(tag, 5, 3, struct.pack(order + "6I", *numbers))
    directory.children[ifd.GPS_DIRECTORY] = replace(held, entries=dict(sorted(entries.items())))


@command("Coordinates")
def locate(
    document: Document,
    *,
    place: Annotated[str, f"Latitude and longitude, as {EXAMPLES}; nothing: said no more"] = "",
) -> Document:
    """Say in the metadata where on the earth the photograph was taken, or no more."""
    try:
        metadata = stating_place(document.metadata, typed_place(place))
    except xmp.UnreadablePacket as error:
        raise EditError(
            f"the XMP metadata of {document.name} cannot be read ({error}), so that their place"
            " cannot be changed; strip all metadata first"
        ) from error
    except ValueError as error:
        raise EditError(str(error)) from error
    return replace(document, metadata=metadata)
