"""Kept metadata: what of a photograph's metadata an export keeps, by the choice that was made."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from safelight.document import Metadata
from safelight.files.metadata import descriptive_metadata as told
from safelight.files.metadata import ifd, iptc, place_removal, xmp
from safelight.files.metadata.exif_block import ExifBlock

MetadataChoice = Literal["all", "without location", "copyright", "none"]
"""What an export keeps: everything, all but the place, only who made the picture and who owns it,
or nothing."""

CHOICES: tuple[MetadataChoice, ...] = ("all", "without location", "copyright", "none")
_ARTIST, _COPYRIGHT = 315, 33432


def kept(metadata: Metadata, choice: MetadataChoice) -> Metadata:
    """What an export with that choice keeps.

    "copyright" keeps artist and copyright of EXIF, rights and creator of XMP (Dublin Core),
    by-line, credit and copyright notice of IPTC, of texts those that say as much, and the
    resolution. The colour profile is no
    metadata: the colours need it, and it always stays. Raises ValueError for another choice.
    """
    if choice == "all":
        return metadata
    if choice == "without location":
        return place_removal.without_places(metadata)
    if choice == "none":
        return Metadata()
    if choice != "copyright":
        raise ValueError(f"metadata can be {', '.join(CHOICES)}, not {choice}")
    return replace(
        metadata,
        exif=_exif_copyright(metadata.exif),
        xmp=_xmp_copyright(metadata.xmp),
        iptc=_iptc_copyright(metadata.iptc),
        texts=tuple(row for row in metadata.texts if row[0] in _WHOSE),
    )


_WHOSE = (*told.FACTS["creator"].texts, *told.FACTS["rights"].texts)
"""Keywords of texts that say who made a picture and who owns it."""


def _exif_copyright(exif: bytes | None) -> bytes | None:
    block = ExifBlock(exif)
    if block.directory is None:
        return None
    directory = ifd.pick(block.directory, (_ARTIST, _COPYRIGHT))
    return ifd.structure(directory, block.header.order) if directory.entries else None


def _xmp_copyright(packet: bytes | None) -> bytes | None:
    found = xmp.readable(packet)
    values: dict[str, xmp.Stated] = {}
    for name in ("dc:rights", "dc:creator"):
        items = [
            row
            for node in (found.properties(xmp.name(name)) if found else ())
            for row in node.items
        ]
        if name == "dc:creator":
            values[name] = [text for _, text in items if text]
        else:
            values[name] = {language or "x-default": text for language, text in items if text}
    if not any(values.values()):
        return None
    return xmp.stating(None, values, frozenset({"dc:creator"}))


def _iptc_copyright(record: bytes | None) -> bytes | None:
    # 1:90 names the character set that the others are in.
    wanted = {(1, 90), (2, 80), (2, 110), (2, 116)}
    rows = [row for row in iptc.datasets(record or b"") if row[:2] in wanted]
    return iptc.written(rows) if any(record == 2 for record, _, _ in rows) else None
