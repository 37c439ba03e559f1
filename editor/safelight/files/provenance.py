"""Provenance: what a picture's XMP says of how it was made, read and written.

The property is ``Iptc4xmpExt:DigitalSourceType`` of the IPTC Photo Metadata Standard (Extension
1.3 and later), its values are NewsCodes of http://cv.iptc.org/newscodes/digitalsourcetype.
Packets (ISO 16684-1) are patched in place: every byte that does not state it stays as it is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from safelight.document import Document, Synthetic

LARGEST_XMP = 1 << 20
"""Bytes of a packet that are parsed: the largest in use have some hundred kilobytes."""

_VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TERMS: dict[Synthetic, str] = {
    "partly": f"{_VOCABULARY}compositeWithTrainedAlgorithmicMedia",
    "wholly": f"{_VOCABULARY}trainedAlgorithmicMedia",
}
"""The term for what a trained network has made a part of, and for what it made all of."""

_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_PROPERTY = f"{_EXTENSION} DigitalSourceType"
"""As expat names it: namespace and name. So are the two below."""
_ROOT, _ABOUT = f"{_RDF} RDF", f"{_RDF} about"
_RESOURCE = f"{_RDF} resource"

_PADDING = b"\0 \r\n\t"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_VALUE = re.compile(r"(?:https?://cv\.iptc\.org/newscodes/digitalsourcetype/|digsrctype:)?(\w+)/?")
"""A term as it is found: its address, its QCode, or its bare name."""

_TAG = re.compile(rb"""<([^\s/>]+)(?:\s+[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*/?>""")


class UnreadablePacket(ValueError):
    """A packet that is damaged, too large, or declares a document type: it is not believed."""


def declared(document: Document) -> Synthetic:
    """What the export of a document says: what is shown, else what the file it is from has said."""
    return document.synthetic or stated(document.metadata.xmp)


def stated(xmp: bytes | None) -> Synthetic:
    """What a packet says; "" where it says nothing of the kind, or cannot be read."""
    try:
        found = _read(xmp) if xmp else _Packet(b"")
    except UnreadablePacket:
        return ""
    return next((meaning for meaning in map(_meaning, found.values) if meaning), "")


def marked(xmp: bytes | None, synthetic: Synthetic) -> bytes | None:
    """A packet that says so, with every other byte of ``xmp`` as it was; a new one for None.

    Of "" it is ``xmp`` itself: what a photograph says already is never taken away. Raises
    UnreadablePacket.
    """
    if not synthetic:
        return xmp
    if not xmp or not xmp.strip(_PADDING):
        return packet(_description(TERMS[synthetic]))
    found = _read(xmp)
    if found.values and all(_meaning(value) == synthetic for value in found.values):
        return xmp
    result = found.saying(TERMS[synthetic])
    if stated(result) != synthetic:
        raise UnreadablePacket("there is no room in it")
    return result


def marked_xmp(document: Document, xmp: bytes | None, notes: list[str]) -> bytes | None:
    """A packet for the export of ``document``, marked where a generator has made what it shows.

    One that cannot be read stays as it is, with a note.
    """
    try:
        return marked(xmp, declared(document))
    except UnreadablePacket:
        notes.append(
            "It is not marked as synthesised: its XMP metadata cannot be read and stayed as it is."
        )
        return xmp


def packet(descriptions: str, namespaces: str = "") -> bytes:
    """A whole packet around some ``rdf:Description`` elements; ``namespaces`` are declared."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"{namespaces}>'
        f'{descriptions}</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


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
        f'<rdf:Description xmlns:rdf="{_RDF}" rdf:about="{html.escape(about)}">{_statement(term)}'
        "</rdf:Description>"
    )


@dataclass(slots=True)
class _Packet:
    """A packet, and where in its bytes it states the property."""

    data: bytes
    values: list[str] = field(default_factory=list)
    elements: list[tuple[int, int]] = field(default_factory=list)
    attributes: list[tuple[int, int]] = field(default_factory=list)
    """From quote to quote, without them."""
    about: str = ""
    root: tuple[int, int] | None = None
    """Where the start tag of ``rdf:RDF`` and its end tag begin."""

    def saying(self, term: str) -> bytes:
        """The packet with ``term`` wherever it states the property, or added to it."""
        changes = [(*span, term.encode()) for span in self.attributes]
        changes += [(*span, _statement(term).encode()) for span in self.elements]
        if not changes:
            return self._added(_description(term, self.about).encode())
        parts, done = [], 0
        for start, end, text in sorted(changes):
            parts += [self.data[done:start], text]
            done = end
        return b"".join((*parts, self.data[done:]))

    def _added(self, description: bytes) -> bytes:
        if self.root is None:
            raise UnreadablePacket("it describes nothing")
        start, inside = self.root
        name, end = _tag(self.data, start)
        if not _is_empty(self.data, end):
            return self.data[:inside] + description + self.data[inside:]
        opened = self.data[: end - 2] + b">"
        return opened + description + b"</" + name + b">" + self.data[end:]


def _read(xmp: bytes) -> _Packet:
    """Raises UnreadablePacket."""
    if len(xmp) > LARGEST_XMP:
        raise UnreadablePacket("it is too large")
    found = _Packet(xmp)
    reader = _Reader(found, len(xmp) - len(_text(xmp)))
    try:
        reader.parser.Parse(_text(xmp).rstrip(_PADDING), True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise UnreadablePacket(str(error)) from error
    return found


def _text(xmp: bytes) -> bytes:
    """Without what may stand before it, which XML does not allow."""
    return xmp.lstrip(_PADDING).removeprefix(_BYTE_ORDER_MARK).lstrip(_PADDING)


class _Reader:
    """Goes through a packet once and notes what is stated of the picture itself.

    That is in the properties of the nodes in ``rdf:RDF``; what lies deeper is said of something
    else, of the pictures that this one was made from, say.
    """

    def __init__(self, found: _Packet, skipped: int) -> None:
        self._found = found
        self._skipped = skipped
        self._depth = 0
        self._root: int | None = None
        self._property: int | None = None
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.namespace_prefixes = True
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._refuse

    def _begin(self, name: str, attributes: Mapping[str, str]) -> None:
        level = None if self._root is None else self._depth - self._root
        if level is None and _plain(name) == _ROOT and self._found.root is None:
            self._root = self._depth
            self._found.root = self._place, self._place
        elif level == 1:
            self._node(attributes)
        elif level == 2 and _plain(name) == _PROPERTY:
            self._property = self._place
            given = {_plain(key): value for key, value in attributes.items()}
            self._found.values.append(given.get(_RESOURCE, ""))
        self._depth += 1

    def _node(self, attributes: Mapping[str, str]) -> None:
        for name, value in attributes.items():
            if _plain(name) == _ABOUT:
                self._found.about = self._found.about or value
            elif _plain(name) == _PROPERTY:
                _, local, prefix = name.split(" ")
                self._found.values.append(value)
                span = _quoted(self._found.data, self._place, f"{prefix}:{local}".encode())
                self._found.attributes.append(span)

    def _characters(self, text: str) -> None:
        if self._property is not None:
            self._found.values[-1] += text

    def _end(self, _: str) -> None:
        self._depth -= 1
        if self._root is None:
            return
        if self._property is not None and self._depth == self._root + 2:
            end = _tag(self._found.data, self._property)[1]
            if not _is_empty(self._found.data, end):
                end = self._found.data.index(b">", self._place) + 1
            self._found.elements.append((self._property, end))
            self._property = None
        elif self._depth == self._root and self._found.root is not None:
            self._found.root = self._found.root[0], self._place
            self._root = None

    @property
    def _place(self) -> int:
        return self.parser.CurrentByteIndex + self._skipped

    def _refuse(self, *_: Any) -> None:
        # Entities are the known way to make a small XML file enormous; XMP has no use for them.
        raise UnreadablePacket("it declares a document type")


def _plain(name: str) -> str:
    """An expanded name without its prefix."""
    return " ".join(name.split(" ")[:2])


def _tag(data: bytes, start: int) -> tuple[bytes, int]:
    """Name and end of the start tag at ``start``. Raises UnreadablePacket."""
    match = _TAG.match(data, start)
    if match is None:
        raise UnreadablePacket("a tag in it cannot be found")
    return match[1], match.end()


def _is_empty(data: bytes, end: int) -> bool:
    """Whether the tag that ends there is one without an end tag."""
    return data[end - 2 : end] == b"/>"


def _quoted(data: bytes, start: int, name: bytes) -> tuple[int, int]:
    """Where the value of an attribute is in the start tag at ``start``."""
    end = _tag(data, start)[1]
    for match in re.finditer(rb"""\s([^\s=]+)\s*=\s*("[^"]*"|'[^']*')""", data[start:end]):
        if match[1] == name:
            return start + match.start(2) + 1, start + match.end(2) - 1
    raise UnreadablePacket("an attribute in it cannot be found")
