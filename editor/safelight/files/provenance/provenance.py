"""Provenance: what a picture's XMP says of how it was made, read and written.

The property is ``Iptc4xmpExt:DigitalSourceType`` of the IPTC Photo Metadata Standard (Extension
1.3 and later), its values are NewsCodes of http://cv.iptc.org/newscodes/digitalsourcetype.
Packets (ISO 16684-1) are patched in place: every byte that does not state it stays as it is.
"""

from __future__ import annotations

import html
import re

from safelight.document import Document, Synthetic
from safelight.files.metadata.xmp import (
    LARGEST_XMP,
    PADDING,
    RDF,
    Packet,
    UnreadablePacket,
    packet,
    read,
    readable,
)
from safelight.files.provenance.provenance_history import with_history

__all__ = [
    "LARGEST_XMP",
    "TERMS",
    "UnreadablePacket",
    "declared",
    "marked",
    "marked_xmp",
    "packet",
    "stated",
]

_VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TERMS: dict[Synthetic, str] = {
    "partly": f"{_VOCABULARY}compositeWithTrainedAlgorithmicMedia",
    "wholly": f"{_VOCABULARY}trainedAlgorithmicMedia",
}
"""The term for what a trained network has made a part of, and for what it made all of."""

_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_PROPERTY = f"{_EXTENSION} DigitalSourceType"

_MOST_GROWTH, _ANY_GROWTH = 2, 4096
"""A packet that states it so often that stating it otherwise makes it more than twice as large, and
more than so many bytes larger, is not patched."""

_VALUE = re.compile(r"(?:https?://cv\.iptc\.org/newscodes/digitalsourcetype/|digsrctype:)?(\w+)/?")
"""A term as it is found: its address, its QCode, or its bare name."""


def declared(document: Document) -> Synthetic:
    """What the export of a document says: what is shown, else what the file it is from has said."""
    return document.synthetic or stated(document.metadata.xmp)


def stated(xmp: bytes | None) -> Synthetic:
    """What a packet says; "" where it says nothing of the kind, or cannot be read."""
    found = readable(xmp)
    return next((meaning for meaning in map(_meaning, _values(found)) if meaning), "")


def _values(found: Packet | None) -> list[str]:
    return [] if found is None else [node.text for node in found.properties(_PROPERTY)]


def marked(xmp: bytes | None, synthetic: Synthetic) -> bytes | None:
    """A packet that says so, with every other byte of ``xmp`` as it was; a new one for None.

    Of "" it is ``xmp`` itself: what a photograph says already is never taken away. Raises
    UnreadablePacket.
    """
    if not synthetic:
        return xmp
    if not xmp or not xmp.strip(PADDING):
        return packet(_description(TERMS[synthetic]))
    found = read(xmp)
    values = _values(found)
    if values and all(_meaning(value) == synthetic for value in values):
        return xmp
    result = _saying(found, TERMS[synthetic])
    most = max(_MOST_GROWTH * len(xmp), len(xmp) + _ANY_GROWTH)
    if len(result) > most or stated(result) != synthetic:
        raise UnreadablePacket("there is no room in it")
    return result


def _saying(found: Packet, term: str) -> bytes:
    """The packet with ``term`` wherever it states the property, or added to it."""
    changes = [
        (*node.inner, term.encode())
        if node.attribute
        else (node.start, node.end, _statement(term).encode())
        for node in found.properties(_PROPERTY)
    ]
    if changes:
        return found.changed(changes)
    return found.added(_description(term, found.about).encode())


def marked_xmp(
    document: Document, xmp: bytes | None, notes: list[str], *, edits: bool = False
) -> bytes | None:
    """A packet for the export of ``document``, marked where a generator has made what it shows,
    and where ``edits`` are to be stated, with the filters that take part.

    One that cannot be read stays as it is, with a note.
    """
    if edits:
        try:
            xmp = with_history(xmp, document)
        except UnreadablePacket:
            notes.append("Its edits are not stated: its XMP metadata cannot be added to.")
    try:
        return marked(xmp, declared(document))
    except UnreadablePacket:
        notes.append(
            "It is not marked as synthesised: its XMP metadata cannot be read and stayed as it is."
        )
        return xmp


def _meaning(value: str) -> Synthetic:
    match = _VALUE.fullmatch(value.strip())
    term = f"{_VOCABULARY}{match[1]}" if match else ""
    return next((meaning for meaning, known in TERMS.items() if known == term), "")


def _statement(term: str) -> str:
    return (
        f'<Iptc4xmpExt:DigitalSourceType xmlns:Iptc4xmpExt="{_EXTENSION}">{term}'
        "</Iptc4xmpExt:DigitalSourceType>"
    )


def _description(term: str, about: str = "") -> str:
    """A description of its own. It names what the others describe, as ISO 16684-1 7.4 wants."""
    return (
        f'<rdf:Description xmlns:rdf="{RDF}" rdf:about="{html.escape(about)}">{_statement(term)}'
        "</rdf:Description>"
    )
