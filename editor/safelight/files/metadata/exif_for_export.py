"""EXIF for an export: sizes, resolution and small pictures are those of the exported picture."""

from __future__ import annotations

import struct
from dataclasses import replace

from safelight.document import Metadata
from safelight.files.metadata import descriptive_changes, ifd, maker_notes
from safelight.files.metadata import descriptive_metadata as told
from safelight.files.metadata.exif_block import (
    RESOLUTION_UNIT,
    X_RESOLUTION,
    Y_RESOLUTION,
    ExifBlock,
    dots_as_fraction,
)
from safelight.files.metadata.stated_picture import stated_dpi, upright

_IMAGE_WIDTH, _IMAGE_LENGTH = 256, 257
_PIXEL_X, _PIXEL_Y = 40962, 40963
_RELATED_X, _RELATED_Y = 4097, 4098
_STRIPS, _STRIP_BYTES, _DESCRIPTION = 273, 279, 270
_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 513, 514


def for_pixels(
    exif: bytes,
    width: int,
    height: int,
    *,
    same_picture: bool,
    dpi: tuple[float, float] | None = None,
) -> bytes:
    """The EXIF block for a picture of ``width`` x ``height`` that may have been edited, and is
    upright.

    The sizes and the resolution it states are corrected in place. Unless the picture is the one
    that was opened (``same_picture``), its thumbnail and other small pictures are blanked: they
    would still show what was there before.
    """
    block = ExifBlock(exif)
    if block.directory is None:
        return exif
    data = bytearray(upright(exif))
    inner = block.directory.children.get(ifd.EXIF_DIRECTORY, ifd.Directory())
    index = inner.children.get(ifd.INTEROPERABILITY_DIRECTORY, ifd.Directory())
    for directory, x_tag, y_tag in (
        (inner, _PIXEL_X, _PIXEL_Y),
        (block.directory, _IMAGE_WIDTH, _IMAGE_LENGTH),
        (index, _RELATED_X, _RELATED_Y),
    ):
        stated = [
            int(directory.numbers(tag, block.header)[0])
            for tag in (x_tag, y_tag)
            if directory.numbers(tag, block.header)
        ]
        # A turned picture has its sides exchanged; cameras state the unturned ones too.
        if stated and sorted(stated) != sorted((width, height)):
            block.patch(data, directory.entries.get(x_tag), width)
            block.patch(data, directory.entries.get(y_tag), height)
    if dpi is not None and stated_dpi(Metadata(bytes(data))) not in (None, dpi):
        for tag, dots in zip((X_RESOLUTION, Y_RESOLUTION), dpi, strict=True):
            block.patch_fraction(data, block.directory.entries.get(tag), dots)
        block.patch(data, block.directory.entries.get(RESOLUTION_UNIT), 2)
    if not same_picture:
        _blank_thumbnail(block, data)
        note = inner.entries.get(ifd.MAKER_NOTE)
        if note is not None:
            end = note.place + len(note.value)
            data[note.place : end] = maker_notes.without_pictures(note.value, cut=True)
        data[:] = maker_notes.without_pictures(bytes(data))
    return bytes(data)


def without_layout(exif: bytes) -> bytes | None:
    """The EXIF block without a description of how a file of microscopy lays its pixels out; None
    where nothing is left.
    """

    def change(directory: ifd.Directory) -> None:
        if told.layout(told.ascii_text(directory, _DESCRIPTION)):
            del directory.entries[_DESCRIPTION]

    return descriptive_changes.changed(exif, change)


def _blank_thumbnail(block: ExifBlock, data: bytearray) -> None:
    """Have ``data`` of an EXIF block hold no small picture any more."""
    small = block.thumbnail()
    if small is None or block.directory is None:
        return
    spans: list[tuple[int, int]] = []
    for places, lengths in ((_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH), (_STRIPS, _STRIP_BYTES)):
        starts, counts = (small.numbers(tag, block.header) for tag in (places, lengths))
        spans += [(int(at), int(at + count)) for at, count in zip(starts, counts, strict=False)]
    for begin, end in spans:
        if 8 <= begin < end <= len(data):
            data[begin:end] = bytes(end - begin)
    struct.pack_into(block.header.offset_code, data, block.directory.next_place, 0)


def shortened(exif: bytes, most: int, name: str, notes: list[str]) -> bytes | None:
    """The EXIF block within ``most`` bytes: without its small picture, its maker note, or what else
    is largest in it, as far as that must be, with a note; None where nothing would be left.
    """
    if len(exif) <= most:
        return exif
    block = ExifBlock(exif)
    room = f"a {name} holds {(most + 1023) // 1024} KB of EXIF metadata."
    if block.directory is None:
        notes.append(f"EXIF metadata of {len(exif) // 1024} KB was left out: {room}")
        return None
    lost = ["its small picture"] if block.directory.next else []
    main = ifd.Directory(dict(block.directory.entries), dict(block.directory.children))
    result = ifd.structure(main, block.header.order)
    while len(result) > most:
        inner = main.children.get(ifd.EXIF_DIRECTORY, ifd.Directory())
        holder, entry = max(
            ((each, entry) for each in (main, inner) for entry in each.entries.values()),
            key=lambda pair: len(pair[1].value),
        )
        lost.append("the maker note" if entry.tag == ifd.MAKER_NOTE else f"tag {entry.tag}")
        entries = {tag: held for tag, held in holder.entries.items() if tag != entry.tag}
        if holder is main:
            main = replace(main, entries=entries)
        else:
            children = main.children | {ifd.EXIF_DIRECTORY: replace(inner, entries=entries)}
            main = replace(main, children=children)
        result = ifd.structure(main, block.header.order)
    if lost:
        words = ", ".join(lost)
        notes.append(
            f"Of the EXIF metadata {words} {'were' if len(lost) > 1 else 'was'} left out: {room}"
        )
    return result


def with_dpi(exif: bytes | None, dpi: tuple[float, float]) -> bytes | None:
    """An EXIF block that states the resolution, for a file that has no other place for it."""
    if stated_dpi(Metadata(exif)) == dpi:
        return exif

    def change(directory: ifd.Directory) -> None:
        order = "<" if block is None else block[0].order
        for tag, dots in zip((X_RESOLUTION, Y_RESOLUTION), dpi, strict=True):
            value = struct.pack(order + "II", *dots_as_fraction(dots))
            directory.entries[tag] = ifd.Entry(tag, 5, 1, value)
        value = struct.pack(order + "H", 2)
        directory.entries[RESOLUTION_UNIT] = ifd.Entry(RESOLUTION_UNIT, 3, 1, value)

    block = told.block_of(exif)
    return descriptive_changes.changed(exif, change)
