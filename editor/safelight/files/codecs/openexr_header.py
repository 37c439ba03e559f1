"""OpenEXR header: the attributes of a file, read and written, and what they tell of a photograph.

The names and units are those of "Technical Introduction to OpenEXR" and ``ImfStandardAttributes``.
A whole EXIF block stands in "exif" (of the type "blob") and an XMP packet in "xmp", as darktable
and GIMP write them.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from safelight.document import Metadata
from safelight.files.codecs.photograph import DamagedError
from safelight.files.metadata import descriptive_changes, descriptive_metadata
from safelight.files.metadata.capture_metadata import (
    Capture,
    capture_of,
    moment,
    offset_of,
    seconds_of,
    with_capture,
)
from safelight.files.metadata.xmp import UnreadablePacket
from safelight.files.plain_text import plain_text

Attributes: TypeAlias = dict[bytes, tuple[bytes, bytes]]
"""Type and body of each attribute, by its name."""

_MULTIPART, _LONG_NAMES = 0x10, 0x04
_MOST_ATTRIBUTES = 10_000
_MOST_PARTS = 1000
_MOST_NAME, _MOST_SHORT_NAME = 255, 31
_MOST_TEXT = 4 << 20
"""Bytes of texts that are kept."""

_PREFIX = b"Exif\0\0"

_TEXTS = {
    "make": b"cameraMake",
    "model": b"cameraModel",
    "taken": b"capDate",
    "serial": b"cameraSerialNumber",
    "lens_make": b"lensMake",
    "lens": b"lensModel",
    "lens_serial": b"lensSerialNumber",
}
_NUMBERS = {
    "exposure": b"expTime",
    "aperture": b"aperture",
    "iso": b"isoSpeed",
    "focal_length": b"nominalFocalLength",
    "distance": b"focus",
}
_SAID = {"rights": b"owner", "caption": b"comments"}
"""Attributes of facts and of a shot."""

_PLACE = (b"latitude", b"longitude", b"altitude")
_DENSITY, _ASPECT, _OFFSET = b"xDensity", b"pixelAspectRatio", b"utcOffset"
_EXIF, _XMP = b"exif", b"xmp"

_KINDS = {
    b"whiteLuminance": b"float",
    b"effectiveFocalLength": b"float",
    b"pinholeFocalLength": b"float",
    b"entrancePupilOffset": b"float",
    b"tStop": b"float",
    b"adoptedNeutral": b"v2f",
    b"cameraColorBalance": b"v2f",
    b"imageCounter": b"int",
    b"worldToCamera": b"m44f",
    b"worldToNDC": b"m44f",
}
"""Types of standard attributes of numbers that tell nothing that EXIF says."""

_LAYOUT = frozenset(
    b"channels compression dataWindow displayWindow lineOrder pixelAspectRatio screenWindowCenter"
    b" screenWindowWidth tiles type name version chunkCount maxSamplesPerPixel view multiView"
    b" preview chromaticities colorInteropID dwaCompressionLevel zipCompressionLevel isDeep".split()
)
"""Attributes that tell how a file is made, and of its pixels: no facts of a photograph."""

_TOLD = frozenset(
    (*_TEXTS.values(), *_NUMBERS.values(), *_SAID.values(), *_PLACE, _DENSITY, _OFFSET, _EXIF, _XMP)
)


def headers_of(data: bytes) -> list[Attributes]:
    """The attributes of each part of a file. Raises DamagedError."""
    found, at = _attributes(data, 8)
    headers = [found]
    while data[5] & _MULTIPART and data[at : at + 1] != b"\0" and len(headers) < _MOST_PARTS:
        found, at = _attributes(data, at)
        headers.append(found)
    return headers


def _attributes(data: bytes, at: int) -> tuple[Attributes, int]:
    """The attributes that begin at ``at``, and where they have ended. Raises DamagedError."""
    found: Attributes = {}
    for _ in range(_MOST_ATTRIBUTES):
        if data[at : at + 1] == b"\0":
            return found, at + 1
        name, zero, rest = bytes(data[at : at + 600]).partition(b"\0")
        kind, other, _ = rest.partition(b"\0")
        at += len(name) + len(kind) + 2
        if not zero or not other or at + 4 > len(data):
            break
        (length,) = struct.unpack_from("<i", data, at)
        at += 4 + length
        if length < 0 or at > len(data):
            break
        found[name] = kind, bytes(data[at - length : at])
    raise DamagedError("is damaged: its first part is missing")


# -- reading ----------------------------------------------------------------------------------


def metadata_of(attributes: Attributes, notes: list[str]) -> Metadata:
    """What the attributes of a part tell of its photograph. What stands in them as a whole, as EXIF
    and XMP, counts first; what has no place there becomes texts, and ``notes`` say what is lost.
    """

    def text(name: bytes) -> str:
        kind, body = attributes.get(name, (b"", b""))
        return _decoded(body) if kind == b"string" else ""

    def number(name: bytes) -> float | None:
        kind, body = attributes.get(name, (b"", b""))
        if (kind, len(body)) != (b"float", 4):
            return None
        (found,) = struct.unpack("<f", body)
        return float(found) if math.isfinite(found) else None

    def positive(name: bytes) -> float | None:
        found = number(name)
        return found if found is not None and 0 < found < 1e9 else None

    exif = _block(attributes.get(_EXIF))
    packet = attributes.get(_XMP, (b"", b""))
    density, aspect = positive(_DENSITY), positive(_ASPECT) or 1.0
    latitude, longitude, altitude = (number(name) for name in _PLACE)
    place = None
    if latitude is not None and longitude is not None:
        if abs(latitude) <= 90 and abs(longitude) <= 180:
            place = latitude, longitude
        else:
            notes.append("The place that the file states is none; it was left out.")
    ahead = number(_OFFSET)
    shot: dict[str, Any] = {field: text(name) for field, name in _TEXTS.items()}
    shot |= {field: positive(name) for field, name in _NUMBERS.items()}
    shot["taken"] = moment(shot["taken"])
    capture = Capture(
        **shot,
        offset="" if ahead is None else offset_of(-ahead),
        altitude=altitude if altitude is not None and abs(altitude) < 1e6 else None,
        place=place,
    )
    texts, lost = _texts(attributes)
    if lost:
        names = ", ".join(plain_text(name) for name in lost)
        notes.append(f"What the file states under {names} was left out.")
    result = Metadata(
        exif,
        packet[1].strip(b"\0") or None if packet[0] == b"string" else None,
        dpi=(density, density * aspect) if density else None,
        texts=texts,
    )
    known = descriptive_metadata.facts(result)
    said = {key: text(name) for key, name in _SAID.items()}
    new = {key: [value] for key, value in said.items() if value.strip() and key not in known}
    try:
        result = with_capture(result, capture)
        # EXIF has a place for both; so no packet has to be made of what never was one.
        told = replace(result, xmp=None, texts=())
        return replace(result, exif=descriptive_changes.stating(told, new).exif) if new else result
    except UnreadablePacket:
        return result


def _block(attribute: tuple[bytes, bytes] | None) -> bytes | None:
    """An EXIF block in an attribute; darktable writes it with the prefix of a JPEG's."""
    if attribute is None:
        return None
    kind, body = attribute
    if kind == b"blob" and len(body) >= 4:
        (size,) = struct.unpack_from("<I", body)
        body = body[4 : 4 + size]
    body = body.removeprefix(_PREFIX)
    return body if descriptive_metadata.block_of(body) is not None else None


def _texts(attributes: Attributes) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """(name, text) of each attribute that has no other place, and the names of those that are no
    text.
    """
    texts: list[tuple[str, str]] = []
    lost: list[str] = []
    room = _MOST_TEXT
    for name, (kind, body) in attributes.items():
        if name in _LAYOUT or name in _TOLD:
            continue
        text = _text(kind, body)
        room -= len(body)
        if text is None or room < 0:
            lost.append(_decoded(name))
        elif text:
            texts.append((_decoded(name), text))
    return tuple(texts), lost


_SIMPLE = {b"float": "<f", b"double": "<d", b"int": "<i", b"v2f": "<2f", b"v2i": "<2i"}
_SIMPLE |= {b"v3f": "<3f", b"v3i": "<3i", b"m33f": "<9f", b"m44f": "<16f"}


def _text(kind: bytes, body: bytes) -> str | None:
    """The value of an attribute in words; None for a type that has none."""
    if kind == b"string":
        return _decoded(body)
    code = _SIMPLE.get(kind)
    if code is not None and len(body) == struct.calcsize(code):
        return " ".join(f"{number:.7g}" for number in struct.unpack(code, body))
    if kind == b"rational" and len(body) == 8:
        return "{}/{}".format(*struct.unpack("<iI", body))
    if kind == b"stringvector":
        found, at = [], 0
        while at + 4 <= len(body):
            (length,) = struct.unpack_from("<i", body, at)
            if not 0 <= length <= len(body) - at - 4:
                return None
            found.append(_decoded(body[at + 4 : at + 4 + length]))
            at += 4 + length
        return ", ".join(found)
    return None


def _decoded(text: bytes) -> str:
    plain = text.rstrip(b"\0")
    try:
        return plain.decode()
    except UnicodeDecodeError:
        return plain.decode("cp1252", "replace")


# -- writing ----------------------------------------------------------------------------------


def attributes_of(metadata: Metadata, notes: list[str]) -> Attributes:
    """The attributes that tell all of it: as a whole, and one by one what other programs know."""
    found: Attributes = {}
    for keyword, text in metadata.texts:
        name = keyword.encode()
        if name in _LAYOUT | _TOLD | found.keys() or b"\0" in name or len(name) > _MOST_NAME:
            notes.append(
                f"What the file says under {plain_text(keyword)} was left out: OpenEXR has another"
                " meaning for that name."
            )
            continue
        found[name] = _attribute(name, text)
    capture = capture_of(metadata)
    known = descriptive_metadata.facts(metadata)
    texts = {name: getattr(capture, field) for field, name in _TEXTS.items()}
    texts |= {
        name: descriptive_metadata.as_text(key, known.get(key, ())) for key, name in _SAID.items()
    }
    found |= {name: (b"string", text.encode()) for name, text in texts.items() if text}
    numbers = {name: getattr(capture, field) for field, name in _NUMBERS.items()}
    ahead = seconds_of(capture.offset)
    places = (*(capture.place or (None, None)), capture.altitude)
    numbers |= dict(zip(_PLACE, places, strict=True))
    numbers |= {_OFFSET: None if ahead is None else -ahead}
    if metadata.dpi:
        across, down = metadata.dpi
        numbers |= {_DENSITY: across} | ({_ASPECT: down / across} if down != across else {})
    found |= {name: _float(value) for name, value in numbers.items() if value is not None}
    if metadata.exif:
        found[_EXIF] = b"blob", struct.pack("<I", len(metadata.exif)) + metadata.exif
    if metadata.xmp:
        found[_XMP] = b"string", metadata.xmp
    return found


def _float(value: float) -> tuple[bytes, bytes]:
    return b"float", struct.pack("<f", value)


def _attribute(name: bytes, text: str) -> tuple[bytes, bytes]:
    """A text as the attribute that it came from."""
    kind = _KINDS.get(name, b"string")
    if kind != b"string":
        code = _SIMPLE[kind]
        try:
            numbers = [int(part) if code[-1] == "i" else float(part) for part in text.split()]
            return kind, struct.pack(code, *numbers)
        except (ValueError, OverflowError, struct.error):
            pass
    return b"string", text.encode("utf-8", "replace")


def with_attributes(data: memoryview, more: Mapping[bytes, tuple[bytes, bytes]]) -> Iterator[bytes]:
    """A file of one part that the library has written, with more attributes in it or others of
    their names.
    """
    held, end = _attributes(bytes(data[: 1 << 16]), 8)
    held |= more
    version = bytearray(data[4:8])
    if any(len(name) > _MOST_SHORT_NAME for name in held):
        version[1] |= _LONG_NAMES
    body = b"".join(
        name + b"\0" + kind + b"\0" + struct.pack("<i", len(value)) + value
        for name, (kind, value) in sorted(held.items())
    )
    grown = 8 + len(body) + 1 - end
    # Behind the header stand the places of all chunks, of which the first one comes first.
    (first,) = struct.unpack_from("<Q", data, end)
    count = (first - end) // 8
    places = struct.unpack_from(f"<{count}Q", data, end)
    yield bytes(data[:4]) + version + body + b"\0"
    yield struct.pack(f"<{count}Q", *(place + grown for place in places))
    yield bytes(data[first:]) if first < len(data) else b""


__all__ = ["Attributes", "attributes_of", "headers_of", "metadata_of", "with_attributes"]
