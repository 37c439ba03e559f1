"""Place removal: metadata without anything that says where a photograph was taken."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from safelight.document import Metadata
from safelight.files.metadata import ifd, iptc, maker_notes, xmp
from safelight.files.metadata.descriptive_changes import changed
from safelight.files.metadata.descriptive_metadata import FACTS, PLACES, block_of

# -- places -----------------------------------------------------------------------------------

_PLACE_NAME = re.compile(r"gps|latitude|longt?itude|altitude|^geo[A-Z]|^location", re.IGNORECASE)
_PLACE_SPACES = ("http://www.w3.org/2003/01/geo/wgs84_pos#", "http://rs.tdwg.org/dwc/")
_PLACE_PROPERTIES = {
    *(xmp.name(FACTS[key].property) for key in PLACES),
    "http://ns.adobe.com/xmp/1.0/DynamicMedia/ shotLocation",
}
_PLACE_DATASETS = (*(FACTS[key].dataset for key in PLACES), 26, 27)


def without_places(metadata: Metadata) -> Metadata:
    """The metadata without anything that says where the photograph was taken.

    A maker note of which it is not known where it tells of places is left out, and so are a packet
    and a block that cannot be read. What people have written stays: captions and keywords.
    """
    packet = metadata.xmp
    if packet and packet.strip(xmp.PADDING):
        found = xmp.readable(packet)
        packet = found.without(_is_place) if found is not None else None
    record = metadata.iptc
    if record:
        record = iptc.stating(record, {dataset: () for dataset in _PLACE_DATASETS})
    exif = metadata.exif
    if exif:
        block = block_of(exif)
        whole = block is not None and block[1].next_place + 4 <= len(exif)
        exif = changed(exif, _exif_without_places(exif)) if whole else None
    texts = tuple(item for item in metadata.texts if not _PLACE_NAME.search(item[0]))
    return replace(metadata, exif=exif, xmp=packet, iptc=record, texts=texts)


def _is_place(node: xmp.Node) -> bool:
    space, _, local = node.name.partition(" ")
    return not node.syntax and (
        node.name in _PLACE_PROPERTIES
        or space.startswith(_PLACE_SPACES)
        or bool(_PLACE_NAME.search(local))
    )


def _exif_without_places(exif: bytes) -> Callable[[ifd.Directory], None]:
    block = block_of(exif)
    assert block is not None
    header = block[0]

    def change(directory: ifd.Directory) -> None:
        directory.children.pop(ifd.GPS_DIRECTORY, None)
        directory.entries.pop(ifd.GPS_DIRECTORY, None)
        inner = directory.children.get(ifd.EXIF_DIRECTORY)
        note = inner.entries.get(ifd.MAKER_NOTE) if inner else None
        if inner is None or note is None:
            return
        maker = directory.entries.get(271)
        kept = maker_notes.without_places(
            note.value, header.order, note.place, maker.value if maker else b""
        )
        if kept == note.value:
            return
        entries = dict(inner.entries)
        del entries[ifd.MAKER_NOTE]
        if kept is not None:
            entries[ifd.MAKER_NOTE] = replace(note, value=kept)
        directory.children[ifd.EXIF_DIRECTORY] = replace(inner, entries=entries)

    return change
