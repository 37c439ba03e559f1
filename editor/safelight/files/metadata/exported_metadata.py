"""Exported metadata: which metadata go into a file, in which of its places, and which have none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

from safelight.document import Metadata
from safelight.files.metadata import (
    descriptive_changes,
    descriptive_metadata,
    exif_for_export,
    ifd,
    iptc,
    stated_picture,
    xmp,
    xmp_for_export,
)
from safelight.files.plain_text import plain_text

Held: TypeAlias = Literal["exif", "xmp", "iptc", "dpi", "texts", "comment", "shot"]
"""What a format has a place of its own for; "comment": one text without a keyword; "shot": camera,
date and place, each in a field, which its codec takes from the EXIF that it is given.
"""

_COMMENT = 37510
_COMMENTS = ("Comment", "UserComment")
_LAYOUT_TEXTS = (
    "exif:Orientation",
    "exif:PixelXDimension",
    "exif:PixelYDimension",
    "exif:thumbnail:",
    "exif:Thumbnail:",
    "tiff:Orientation",
    "tiff:ImageWidth",
    "tiff:ImageLength",
    "Thumb::",
)
"""How keywords begin that tell of the file that a picture came from, as ImageMagick and file
managers write them."""


def for_file(
    held: Metadata,
    holds: Collection[Held],
    name: str,
    size: tuple[int, int],
    *,
    same_picture: bool,
    adobe_rgb: bool,
    notes: list[str],
) -> Metadata:
    """The metadata as they go into a file of the format called ``name``, of a picture of ``size``
    pixels: corrected where they tell of its pixels, and put where the format has a place for them.
    A note names what finds none.

    ``same_picture``: it is the one that was opened. ``adobe_rgb``: a camera's mark of its colours
    is still true.
    """
    if "shot" in holds:
        return _as_texts(held, name, notes)
    if not {"exif", "xmp"} & set(holds):
        if held != Metadata(dpi=held.dpi):
            notes.append(f"The metadata were left out: {name} holds none.")
        return Metadata(dpi=held.dpi)
    exif, packet, record = held.exif, held.xmp, held.iptc
    if exif:
        exif = exif_for_export.for_pixels(exif, *size, same_picture=same_picture, dpi=held.dpi)
        if not adobe_rgb:
            # Pixels that became sRGB must not be taken for Adobe RGB by the next reader.
            exif = stated_picture.without_adobe_rgb(exif)
        bare = exif_for_export.without_layout(exif)
        if bare != exif and b'"shape"' not in exif:
            notes.append(
                "The description of how the file that was opened lays its pixels out was left out:"
                f" this {name} lays them out in its own way."
            )
        exif = bare
    if packet:
        packet = xmp_for_export.xmp_for_pixels(
            packet, *size, same_picture=same_picture, dpi=held.dpi
        )
        if packet is None:
            notes.append(
                "XMP metadata was left out: it cannot be read, and it holds a picture of how the"
                " photograph was before."
            )
    texts = tuple(row for row in held.texts if not row[0].startswith(_LAYOUT_TEXTS))
    result = replace(held, exif=exif, xmp=packet, iptc=record, texts=texts)
    if "iptc" not in holds:
        result = _without_iptc(result, holds, name, notes)
    if "texts" not in holds:
        result = _without_texts(result, holds, name, notes)
    if "dpi" not in holds and result.dpi and "exif" in holds:
        result = replace(result, exif=exif_for_export.with_dpi(result.exif, result.dpi))
    if "exif" not in holds and result.exif:
        notes.append(f"EXIF metadata was left out: {name} has no place for it.")
        result = replace(result, exif=None)
    if "xmp" not in holds and result.xmp:
        notes.append(f"XMP metadata was left out: {name} has no place for it.")
        result = replace(result, xmp=None)
    return result


def _as_texts(held: Metadata, name: str, notes: list[str]) -> Metadata:
    """The metadata for a format of texts and a few fields: EXIF for these, and what people say of
    the photograph as texts, by the keywords that PNG has for it.
    """
    texts = [row for row in held.texts if not row[0].startswith(_LAYOUT_TEXTS)]
    keywords = {keyword for keyword, _ in texts}
    for key, said in descriptive_metadata.facts(replace(held, texts=())).items():
        names = descriptive_metadata.FACTS[key].texts
        if names and not keywords.intersection(names) and key != "rights":
            texts.append((names[0], descriptive_metadata.as_text(key, said)))
    if _tells_more(held):
        notes.append(
            "Of the metadata texts, camera, date, place and who made and owns the photograph were"
            f" kept: {name} has no place for the rest."
        )
    return Metadata(exif=held.exif, xmp=held.xmp, iptc=held.iptc, texts=tuple(texts))


def _tells_more(held: Metadata) -> bool:
    """Whether anything is said that is neither a text nor such a field."""
    kept = {key for key, fact in descriptive_metadata.FACTS.items() if fact.texts}
    block = descriptive_metadata.block_of(held.exif)
    if held.exif and block is None:
        return True
    tags: set[int] = set()
    places: set[int] = set()
    if block is not None:
        inner = block[1].children.get(ifd.EXIF_DIRECTORY, ifd.Directory())
        places = set(block[1].children.get(ifd.GPS_DIRECTORY, ifd.Directory()).entries)
        tags = set(block[1].entries) | set(inner.entries)
    known = _OF_SHOT | {tag for key in kept for tag in (descriptive_metadata.FACTS[key].tag,)}
    packet = xmp.readable(held.xmp)
    properties = {node.name for node in packet.properties()} if packet else set()
    datasets = set(iptc.texts(held.iptc))
    return bool(
        tags - known
        or places - {0, 1, 2, 3, 4}
        or (held.xmp and held.xmp.strip(xmp.PADDING) and packet is None)
        or properties - {xmp.name(descriptive_metadata.FACTS[key].property) for key in kept}
        or datasets - {descriptive_metadata.FACTS[key].dataset for key in kept}
    )


_OF_SHOT = {271, 272, 36867, 36881, *ifd.POINTERS}
"""Tags of camera, date and offset."""


def _without_iptc(held: Metadata, holds: Collection[Held], name: str, notes: list[str]) -> Metadata:
    """IPTC metadata moved to XMP, as far as that says nothing of it yet."""
    if not held.iptc:
        return held
    rest = set(iptc.texts(held.iptc)) - _MOVES
    bare = replace(held, iptc=None)
    if "xmp" not in holds:
        notes.append(f"IPTC metadata was left out: {name} has no place for it.")
        return bare
    said = descriptive_metadata.in_iptc(held.iptc)
    known = descriptive_metadata.in_xmp(xmp.readable(held.xmp))
    try:
        moved = _in_xmp(bare, {key: said[key] for key in said if key not in known})
    except xmp.UnreadablePacket:
        notes.append(f"IPTC metadata was left out: {name} has no place for it beside its XMP.")
        return bare
    created = _created(held.iptc)
    packet = xmp.readable(moved.xmp)
    if created and not (packet and any(packet.properties(xmp.name("photoshop:DateCreated")))):
        values = {"photoshop:DateCreated": created}
        moved = replace(moved, xmp=xmp.stating(moved.xmp, values, frozenset()))
    if rest:
        numbers = ", ".join(f"2:{number:02}" for number in sorted(rest))
        notes.append(f"IPTC datasets {numbers} were left out: {name} has no place for them.")
    return moved


_DATES = {55, 60, 62, 63}
_MOVES = {fact.dataset for fact in descriptive_metadata.FACTS.values()} | _DATES | {65, 70}
"""Datasets that XMP says as well; 62 to 70 tell of scanning and of the last program."""


def _created(record: bytes) -> str:
    """The date that IPTC states, as XMP does: 2:55 is CCYYMMDD, 2:60 HHMMSS and an offset."""
    held = iptc.texts(record)
    date, time = held.get(55, [""])[0], held.get(60, [""])[0]
    if len(date) != 8 or not date.isdecimal():
        return ""
    text = f"{date[:4]}-{date[4:6]}-{date[6:]}"
    if len(time) >= 6 and time[:6].isdecimal():
        text += f"T{time[:2]}:{time[2:4]}:{time[4:6]}"
        if len(time) == 11 and time[6] in "+-":
            text += f"{time[6:9]}:{time[9:]}"
    return text


def _in_xmp(held: Metadata, said: dict[str, list[str]]) -> Metadata:
    """The metadata whose XMP says so too."""
    return (
        replace(held, xmp=descriptive_changes.stating(Metadata(xmp=held.xmp), said).xmp)
        if said
        else held
    )


def _without_texts(
    held: Metadata, holds: Collection[Held], name: str, notes: list[str]
) -> Metadata:
    """Texts moved to where the format says such things: known facts to XMP, comments to the
    format's own, and what is left to the user's comment in EXIF.
    """
    texts, rest = held.texts, []
    said, lost = descriptive_metadata.facts(replace(held, texts=())), []
    moved: dict[str, list[str]] = {}
    for keyword, text in texts:
        key = next(
            (key for key, fact in descriptive_metadata.FACTS.items() if keyword in fact.texts), ""
        )
        if not key or "xmp" not in holds:
            rest.append((keyword, text))
        elif key not in said:
            moved.setdefault(key, descriptive_metadata.items(key, text))
        elif descriptive_metadata.as_text(key, said[key]) != descriptive_metadata.as_text(
            key, descriptive_metadata.items(key, text)
        ):
            lost.append(keyword)
    kept: tuple[tuple[str, str], ...] = ()
    if "comment" in holds:
        kept = tuple(row for row in rest if row[0] in _COMMENTS)
        rest = [row for row in rest if row not in kept]
    result = replace(held, texts=kept)
    try:
        result = _in_xmp(result, moved)
    except xmp.UnreadablePacket:
        rest += [row for row in texts if row not in rest and row not in kept]
    if rest:
        told = _with_comment(result.exif, rest) if "exif" in holds else None
        if told is None:
            lost += [keyword for keyword, _ in rest]
        else:
            result = replace(result, exif=told)
    if lost:
        names = ", ".join(plain_text(keyword) for keyword in dict.fromkeys(lost))
        notes.append(f"What the file says under {names} was left out: {name} has no place for it.")
    return result


def _with_comment(exif: bytes | None, rows: Sequence[tuple[str, str]]) -> bytes | None:
    """The block with texts as the user's comment; None where it has another one already."""
    text = rows[0][1] if len(rows) == 1 else "\n".join(f"{name}: {said}" for name, said in rows)
    block = descriptive_metadata.block_of(exif)
    if exif and (block is None or block[0].big):
        return None
    inner = block[1].children.get(ifd.EXIF_DIRECTORY) if block else None
    before = inner.entries.get(_COMMENT) if inner else None
    if before is not None and before.value[8:].strip(b"\0 "):
        return None
    order = block[0].order if block else "<"
    if text.isascii():
        value = b"ASCII\0\0\0" + text.encode()
    else:
        value = b"UNICODE\0" + text.encode("utf-16-le" if order == "<" else "utf-16-be")

    def change(directory: ifd.Directory) -> None:
        held = directory.children.get(ifd.EXIF_DIRECTORY, ifd.Directory())
        entries = held.entries | {_COMMENT: ifd.Entry(_COMMENT, 7, len(value), value)}
        directory.children[ifd.EXIF_DIRECTORY] = replace(held, entries=entries)

    return descriptive_changes.changed(exif, change)
