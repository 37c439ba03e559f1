"""Metadata list: all that a photograph's metadata say, in groups, as plain words for people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from safelight.document import Metadata
from safelight.files.metadata import descriptive_metadata, ifd, iptc, xmp
from safelight.files.plain_text import plain_text

Group = tuple[str, list[tuple[str, str]]]
"""A title, and (name, value) of each line."""

_MOST_ROWS = 2000
_MOST_NUMBERS = 16

_COMMENT = 37510
_WIDE = range(40091, 40096)
_LATITUDE, _LONGITUDE = (1, 2), (3, 4)
_ALTITUDE, _DIRECTION = 6, 17
_SAID_WITH_ANOTHER = (5, 16)
"""Tags of a place that say from where its altitude and the camera's direction are measured."""

_WORDS: dict[int, dict[int, str]] = {
    274: {
        1: "upright",
        2: "mirrored",
        3: "upside down",
        4: "mirrored, upside down",
        5: "mirrored, to be turned left",
        6: "to be turned right",
        7: "mirrored, to be turned right",
        8: "to be turned left",
    },
    296: {1: "none", 2: "inch", 3: "centimetre"},
    34850: {1: "manual", 2: "program", 3: "aperture priority", 4: "shutter priority"},
    37383: {1: "average", 2: "centre-weighted", 3: "spot", 4: "several spots", 5: "pattern"},
    40961: {1: "sRGB", 65535: "uncalibrated"},
    41986: {0: "automatic", 1: "manual", 2: "automatic bracket"},
    41987: {0: "automatic", 1: "manual"},
}
"""What some numbers mean, by their tag (EXIF 2.32)."""

_DATASETS = {
    7: "Edit status",
    55: "Date created",
    60: "Time created",
    62: "Digital creation date",
    63: "Digital creation time",
    65: "Originating program",
    70: "Program version",
    118: "Contact",
} | {fact.dataset: fact.title for fact in descriptive_metadata.FACTS.values() if fact.dataset}
"""What the datasets of IPTC's application record are called."""


def listed(metadata: Metadata) -> list[Group]:
    """Every group that has a line, in the order in which people look for them."""
    block = descriptive_metadata.block_of(metadata.exif)
    groups: list[Group] = []
    if block is not None:
        header, main = block
        inner = main.children.get(ifd.EXIF_DIRECTORY, ifd.Directory())
        groups += [
            ("EXIF: picture", list(_tags(main, header))),
            ("EXIF: exposure", list(_tags(inner, header))),
            ("EXIF: place", list(_place(main, header))),
        ]
    elif metadata.exif:
        groups.append(("EXIF", [("Damaged", f"{len(metadata.exif)} bytes")]))
    groups += [
        ("IPTC", list(_iptc(metadata.iptc))),
        *_xmp(metadata.xmp),
        ("Texts", [(plain_text(name), plain_text(text)) for name, text in metadata.texts]),
    ]
    return [(title, rows[:_MOST_ROWS]) for title, rows in groups if rows]


@cache
def _names(place: bool) -> dict[int, str]:
    from PIL import ExifTags

    found = ExifTags.GPSTAGS if place else ExifTags.TAGS
    return {tag: _spaced(name) for tag, name in found.items()}


def _spaced(name: str) -> str:
    """ "ExposureTime" as people write it."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name).split()
    first, *rest = words or [name]
    return " ".join(
        [
            first[:1].upper() + first[1:],
            *(word if word.isupper() else word.lower() for word in rest),
        ]
    )


def _tags(directory: ifd.Directory, header: ifd.Header) -> Iterator[tuple[str, str]]:
    for tag, entry in sorted(directory.entries.items()):
        if tag in ifd.POINTERS:
            continue
        name = _names(False).get(tag, f"Tag {tag}")
        value = _value(tag, entry, header)
        if value:
            yield name, value


def _value(tag: int, entry: ifd.Entry, header: ifd.Header) -> str:
    if tag == ifd.MAKER_NOTE:
        return f"{len(entry.value)} bytes"
    if tag == _COMMENT:
        return plain_text(comment(entry.value, header.order))
    if tag in _WIDE:
        return plain_text(entry.value.decode("utf-16-le", "replace").split("\0")[0])
    if entry.type in (2, 129):
        return plain_text(descriptive_metadata.ascii_text(ifd.Directory({tag: entry}), tag))
    found = ifd.numbers(entry, header)
    if entry.type == 7 or not found:
        text = entry.value.rstrip(b"\0")
        printable = text.isascii() and text.decode("ascii").isprintable() if text else False
        return plain_text(text.decode("ascii")) if printable else f"{len(entry.value)} bytes"
    if tag in _WORDS and len(found) == 1:
        return _WORDS[tag].get(int(found[0]), f"{found[0]:g}")
    if tag == 33434 and 0 < found[0] < 0.4:
        return f"1/{1 / found[0]:.0f} s"
    unit = {33434: " s", 37386: " mm", 41989: " mm", 282: "", 283: ""}.get(tag, "")
    before = "f/" if tag == 33437 else ""
    shown = ", ".join(f"{number:.6g}" for number in found[:_MOST_NUMBERS])
    more = ", …" if len(found) > _MOST_NUMBERS else ""
    return f"{before}{shown}{more}{unit}"


def comment(value: bytes, order: str) -> str:
    """The user's comment as a text (EXIF 2.32, tag 0x9286: a code of 8 bytes comes first)."""
    code, text = value[:8], value[8:]
    if code.startswith(b"UNICODE"):
        return text.decode("utf-16-le" if order == "<" else "utf-16-be", "replace").rstrip("\0 ")
    return text.decode("utf-8", "replace").rstrip("\0 ")


def _place(main: ifd.Directory, header: ifd.Header) -> Iterator[tuple[str, str]]:
    directory = main.children.get(ifd.GPS_DIRECTORY, ifd.Directory())
    for name, (sign, tag) in (("Latitude", _LATITUDE), ("Longitude", _LONGITUDE)):
        found = directory.numbers(tag, header)
        if len(found) == 3:
            degrees = found[0] + found[1] / 60 + found[2] / 3600
            yield name, f"{degrees:.6f}° {descriptive_metadata.ascii_text(directory, sign)}".strip()
    for tag, entry in sorted(directory.entries.items()):
        value = _words_of_place(tag, directory, header) or _value(-1, entry, header)
        if tag not in (0, *_LATITUDE, *_LONGITUDE, *_SAID_WITH_ANOTHER) and value:
            name = _names(True).get(tag, f"Tag {tag}")
            yield name.removeprefix("GPS ").capitalize(), value


def _words_of_place(tag: int, directory: ifd.Directory, header: ifd.Header) -> str:
    """An altitude or a direction with its unit and what it is measured from; "" for other tags."""
    found = directory.numbers(tag, header)
    if tag == _ALTITUDE and found:
        below = directory.numbers(_SAID_WITH_ANOTHER[0], header)[:1] == (1,)
        return f"{found[0]:.6g} m {'below' if below else 'above'} sea level"
    if tag == _DIRECTION and found:
        north = descriptive_metadata.ascii_text(directory, _SAID_WITH_ANOTHER[1]).upper()
        from_where = {"T": " from true north", "M": " from magnetic north"}.get(north, "")
        return f"{found[0]:.6g}°{from_where}"
    return ""


def _iptc(record: bytes | None) -> Iterator[tuple[str, str]]:
    for dataset, texts in sorted(iptc.texts(record).items()):
        name = _DATASETS.get(dataset, f"Dataset 2:{dataset:02}")
        yield name, plain_text(", ".join(texts))


def _xmp(packet: bytes | None) -> Iterator[Group]:
    if not packet or not packet.strip(xmp.PADDING):
        return
    found = xmp.readable(packet)
    if found is None:
        yield "XMP", [("Unreadable", f"{len(packet)} bytes")]
        return
    groups: dict[str, list[tuple[str, str]]] = {}
    for node in found.properties():
        rows = groups.setdefault(node.prefix or "XMP", [])
        inner = list(_leaves(node))
        if any(part is not node for part, _ in inner):
            rows += [
                (_spaced(part.path.partition(":")[2]), plain_text(text)) for part, text in inner
            ]
        elif node.items:
            text = ", ".join(dict.fromkeys(text for _, text in node.items))
            rows.append((_spaced(node.path.partition(":")[2]), plain_text(text)))
    for prefix, rows in groups.items():
        yield f"XMP: {prefix}", rows


def _leaves(node: xmp.Node) -> Iterator[tuple[xmp.Node, str]]:
    """What a property is made of, where that has names of its own; itself where it has not."""
    parts = _under(node)
    holders = {id(part.parent) for part in parts if not part.syntax}
    for part in reversed(parts):  # what is in a list is in what holds the list
        if part.syntax and id(part) in holders:
            holders.add(id(part.parent))
    named = [part for part in parts if not part.syntax and id(part) not in holders]
    if not named:
        yield node, node.text
    for part in named:
        text = ", ".join(text for _, text in part.items)
        if text:
            yield part, text


def _under(node: xmp.Node) -> list[xmp.Node]:
    """All that a node is made of, what lies deeper behind what holds it."""
    found = list(node.parts)
    for part in found:
        found += part.parts
    return found
