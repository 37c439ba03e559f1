"""XMP: packets (ISO 16684-1) read, and patched in place: what is not meant stays to the byte."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from xml.parsers import expat

LARGEST_XMP = 16 << 20
"""Bytes of a packet that are parsed: the largest in use hold pictures of some megabytes."""

_MOST_NODES = 200_000
_DEEPEST = 100
"""Elements in each other; what programs write has fewer than twenty."""

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XML = "http://www.w3.org/XML/1998/namespace"
NOTE = "http://ns.adobe.com/xmp/note/"

NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "xmpNote": NOTE,
}
"""Namespaces by the prefix that people know them by."""

PADDING = b"\0 \r\n\t"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_TAG = re.compile(rb"""<([^\s/>]+)(?:\s+[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*/?>""")
_ATTRIBUTE = re.compile(rb"""\s+([^\s=]+)\s*=\s*("[^"]*"|'[^']*')""")
_ABOUT, _RESOURCE, _LANGUAGE = f"{RDF} about", f"{RDF} resource", f"{XML} lang"
_ROOT, _ITEM = f"{RDF} RDF", f"{RDF} li"
_SYNTAX = (f"{RDF} ", f"{XML} ")


class UnreadablePacket(ValueError):
    """A packet that is damaged, too large, or declares a document type: it is not believed."""


def name(qualified: str) -> str:
    """The full name of "dc:title", as nodes have it: the namespace, a space, and the local name."""
    prefix, local = qualified.split(":")
    return f"{NAMESPACES[prefix]} {local}"


@dataclass(slots=True, eq=False)
class Node:
    """An element or an attribute, and where it is in its packet's bytes.

    ``level`` is 1 for what lies in ``rdf:RDF`` itself, 2 for a property of the picture, more for
    what that is made of. ``name`` is as ``name`` gives it. ``start`` to ``end`` are all bytes, of
    an attribute with the blanks before it, ``inner`` those between its tags or quotes. ``text`` is
    its own, of a property also what lies deeper; ``parts`` are the elements in it.
    """

    name: str
    prefix: str
    level: int
    start: int
    end: int = 0
    inner: tuple[int, int] = (0, 0)
    text: str = ""
    language: str = ""
    attribute: bool = False
    syntax: bool = False
    parent: Node | None = None
    parts: list[Node] = field(default_factory=list)
    scope: tuple[tuple[str, str], ...] = ()
    """Of a property that is an element: the namespaces that are declared around it."""

    @property
    def items(self) -> list[tuple[str, str]]:
        """(language, text) of each item of a list, or of the whole where it is none."""
        rows = [part for box in self.parts for part in box.parts if part.name == _ITEM]
        return [
            (row.language, row.text.strip()) for row in rows if row.text.strip() or row.language
        ] or ([("", self.text.strip())] if self.text.strip() else [])

    @property
    def path(self) -> str:
        """What people call it: "dc:title", or "Iptc4xmpCore:CreatorContactInfo / CiAdrCity"."""
        names: list[str] = []
        node: Node | None = self
        while node is not None and node.level >= 2:
            if not node.name.startswith(_SYNTAX):
                local = node.name.split(" ", 1)[1]
                names.append(local if node.level > 2 else f"{node.prefix}:{local}")
            node = node.parent
        return " / ".join(reversed(names))


@dataclass(slots=True)
class Packet:
    """A packet and what stands in its ``rdf:RDF``, in the order of its bytes."""

    data: bytes
    nodes: list[Node] = field(default_factory=list)
    about: str = ""
    root: tuple[int, int] | None = None
    """Where the start tag of ``rdf:RDF`` and its end tag begin."""

    def properties(self, *names: str) -> Iterator[Node]:
        """What is stated of the picture under those names; everything without names."""
        for node in self.nodes:
            if node.level == 2 and not node.syntax and (not names or node.name in names):
                yield node

    def changed(self, changes: Iterable[tuple[int, int, bytes]]) -> bytes:
        """The packet with other bytes from some places to others."""
        parts, done = [], 0
        for start, end, text in sorted(changes):
            parts += [self.data[done:start], text]
            done = end
        return b"".join((*parts, self.data[done:]))

    def added(self, description: bytes) -> bytes:
        """The packet with one more description. Raises UnreadablePacket."""
        if self.root is None:
            raise UnreadablePacket("it describes nothing")
        start, inside = self.root
        tag, end = _tag(self.data, start)
        if not _is_empty(self.data, end):
            return self.data[:inside] + description + self.data[inside:]
        opened = self.data[: end - 2] + b">"
        return opened + description + b"</" + tag + b">" + self.data[end:]

    def without(self, test: Callable[[Node], bool]) -> bytes:
        """The packet without those nodes, and without what is nothing without them."""
        gone = {id(node) for node in self.nodes if node.level > 1 and test(node)}
        stays: set[int] = set()
        for node in self.nodes:
            upper, inside = node, id(node) in gone
            while upper.parent is not None and not inside:
                upper = upper.parent
                inside = id(upper) in gone
            meant = node.attribute or not node.parts
            if inside or not meant or node.syntax or node.level == 1:
                continue
            stays.add(id(node))
            while node.parent is not None:
                node = node.parent
                stays.add(id(node))
        emptied: set[int] = set()
        for node in self.nodes:
            if id(node) in gone:
                while node.parent is not None and id(node.parent) not in stays:
                    node = node.parent
                emptied.add(id(node))
        spans, done = [], 0
        for node in self.nodes:
            if id(node) in emptied and node.start >= done:
                spans.append((node.start, node.end, b""))
                done = node.end
        return self.changed(spans)


def read(xmp: bytes) -> Packet:
    """Take a packet apart. Raises UnreadablePacket."""
    if len(xmp) > LARGEST_XMP:
        raise UnreadablePacket("it is too large")
    found = Packet(xmp)
    text = xmp.lstrip(PADDING).removeprefix(_BYTE_ORDER_MARK).lstrip(PADDING)
    reader = _Reader(found, len(xmp) - len(text))
    try:
        reader.parser.Parse(text.rstrip(PADDING), True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise UnreadablePacket(str(error)) from error
    return found


@lru_cache(maxsize=1)  # Who looks at a photograph asks ten times for one thing each.
def readable(xmp: bytes | None) -> Packet | None:
    """The packet, or None where there is none that can be read."""
    try:
        return read(xmp) if xmp and xmp.strip(PADDING) else None
    except UnreadablePacket:
        return None


def packet(descriptions: str, namespaces: str = "") -> bytes:
    """A whole packet around some ``rdf:Description`` elements; ``namespaces`` are declared."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}"{namespaces}>'
        f'{descriptions}</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


Stated = str | Sequence[str] | Mapping[str, str]
"""A value to state: a text, the items of a list, or texts by language ("x-default" and others)."""


def stating(xmp: bytes | None, values: Mapping[str, Stated], ordered: frozenset[str]) -> bytes:
    """The packet, or a new one, that states these values of "dc:title" and so on, and no others
    of them; what is empty is taken away. The lists in ``ordered`` are sequences, others bags.

    Raises UnreadablePacket.
    """
    names = {name(qualified) for qualified in values}
    found = read(xmp) if xmp and xmp.strip(PADDING) else None
    if found is not None:
        cleared = found.without(lambda node: node.level == 2 and node.name in names)
        found = read(cleared)
    rows = "".join(
        _element(qualified, value, qualified in ordered)
        for qualified, value in values.items()
        if value
    )
    if not rows:
        return found.data if found is not None else packet("")
    spaces = "".join(
        f' xmlns:{prefix}="{NAMESPACES[prefix]}"'
        for prefix in dict.fromkeys(each.split(":")[0] for each in values)
    )
    about = html.escape(found.about) if found is not None else ""
    description = (
        f'<rdf:Description xmlns:rdf="{RDF}"{spaces} rdf:about="{about}">{rows}</rdf:Description>'
    )
    return packet(description) if found is None else found.added(description.encode())


def _element(qualified: str, value: Stated, ordered: bool) -> str:
    def escaped(text: str) -> str:
        return html.escape(_CONTROL.sub(" ", text), quote=True)

    if isinstance(value, str):
        return f"<{qualified}>{escaped(value)}</{qualified}>"
    if isinstance(value, Mapping):
        box = "Alt"
        rows = "".join(
            f'<rdf:li xml:lang="{escaped(language)}">{escaped(text)}</rdf:li>'
            for language, text in value.items()
        )
    else:
        box = "Seq" if ordered else "Bag"
        rows = "".join(f"<rdf:li>{escaped(text)}</rdf:li>" for text in value)
    return f"<{qualified}><rdf:{box}>{rows}</rdf:{box}></{qualified}>"


_CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML has no letters for."""


# -- packets of two parts ---------------------------------------------------------------------


def joined(main: bytes, more: bytes) -> bytes:
    """The packet that a JPEG's two make (XMP part 3, section 1.1.3.1). Raises UnreadablePacket."""
    marker = f"{NOTE} HasExtendedXMP"
    first, second = read(main), read(more)
    texts = [_bare(second, node) for node in second.properties()]
    cleared = first.without(lambda node: node.name == marker)
    return read(cleared).added(b"".join(texts)) if texts else cleared


def split(xmp: bytes, most: int, guid: Callable[[bytes], str]) -> tuple[bytes, bytes]:
    """The packet as a main one of at most ``most`` bytes and one of what is largest in it, which
    the main one names by ``guid`` of it. Raises UnreadablePacket.
    """
    found = read(xmp.rstrip(PADDING))
    large = sorted(found.properties(), key=lambda node: node.start - node.end)
    moved: set[int] = set()
    size = len(found.data) + 300
    for node in large:
        if size <= most:
            break
        if node.name.startswith(NOTE):
            continue
        moved.add(id(node))
        size -= node.end - node.start
    rest = found.without(lambda node: id(node) in moved)
    more = packet(b"".join(_bare(found, node) for node in large if id(node) in moved).decode())
    main = read(rest).added(
        f'<rdf:Description xmlns:rdf="{RDF}" xmlns:xmpNote="{NOTE}" rdf:about=""'
        f' xmpNote:HasExtendedXMP="{guid(more)}"/>'.encode()
    )
    if len(main) > most:
        raise UnreadablePacket("it consists of too many parts")
    return main, more


def _bare(found: Packet, node: Node) -> bytes:
    """A property as a description of its own, with the namespaces that it needs."""
    data = found.data[node.start : node.end]
    about = html.escape(found.about).encode()
    if node.attribute:
        space = node.name.split(" ")[0]
        scope = b' xmlns:%s="%s"' % (node.prefix.encode(), html.escape(space).encode())
        return b'<rdf:Description xmlns:rdf="%s" rdf:about="%s"%s%s/>' % (
            RDF.encode(),
            about,
            scope,
            data,
        )
    scope = "".join(
        f' xmlns:{prefix}="{html.escape(space)}"' for prefix, space in node.scope if prefix != "rdf"
    ).encode()
    return b'<rdf:Description xmlns:rdf="%s" rdf:about="%s"%s>%s</rdf:Description>' % (
        RDF.encode(),
        about,
        scope,
        data,
    )


# -- reading ----------------------------------------------------------------------------------


class _Reader:
    """Goes through a packet once and notes what stands in its ``rdf:RDF``, and where."""

    def __init__(self, found: Packet, skipped: int) -> None:
        self._found = found
        self._skipped = skipped
        self._depth = 0
        self._root: int | None = None
        self._open: list[Node] = []
        self._spaces: dict[str, list[str]] = {}
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.namespace_prefixes = True
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartNamespaceDeclHandler = self._declare
        self.parser.EndNamespaceDeclHandler = self._undeclare

    def _declare(self, prefix: str | None, space: str | None) -> None:
        self._spaces.setdefault(prefix or "", []).append(space or "")

    def _undeclare(self, prefix: str | None) -> None:
        self._spaces[prefix or ""].pop()

    def _begin(self, full: str, attributes: Mapping[str, str]) -> None:
        level = None if self._root is None else self._depth - self._root
        self._depth += 1
        if level is None:
            if _plain(full) == _ROOT and self._found.root is None:
                self._root = self._depth - 1
                self._found.root = self._place, self._place
            return
        if len(self._found.nodes) > _MOST_NODES or level > _DEEPEST:
            raise UnreadablePacket("it consists of too many parts")
        start = self._place
        node = self._node(full, level, start)
        if level == 2:
            node.scope = tuple((prefix, each[-1]) for prefix, each in self._spaces.items() if each)
            node.scope = tuple((prefix, space) for prefix, space in node.scope if prefix)
        self._open.append(node)
        if not attributes:
            return
        places = {
            match[1]: match
            for match in _ATTRIBUTE.finditer(self._found.data, start, self._tag_end(start))
        }
        for key, value in attributes.items():
            plain = _plain(key)
            if plain == _ABOUT and level == 1:
                self._found.about = self._found.about or value
            elif plain == _LANGUAGE:
                node.language = value
            elif plain == _RESOURCE:
                node.text += value
            _, local, *prefix = key.split(" ") if " " in key else ("", key)
            match = places.get(f"{prefix[0]}:{local}".encode() if prefix else local.encode())
            if match is None:
                raise UnreadablePacket("an attribute in it cannot be found")
            held = self._node(key, level + 1, match.start())
            held.attribute, held.text, held.end = True, value, match.end()
            held.inner = match.start(2) + 1, match.end(2) - 1

    def _node(self, full: str, level: int, start: int) -> Node:
        prefix = full.split(" ")[2] if full.count(" ") == 2 else ""
        # The prefix "xml" is bound without being declared.
        prefix = "xml" if full.startswith(f"{XML} ") else prefix
        node = Node(_plain(full), prefix, level, start)
        node.syntax = node.name.startswith(_SYNTAX) or " " not in node.name
        if self._open and level > 1:
            node.parent = self._open[-1]
            node.parent.parts.append(node)
        self._found.nodes.append(node)
        return node

    def _characters(self, text: str) -> None:
        if not self._open:
            return
        self._open[-1].text += text
        if len(self._open) > 2:
            self._open[1].text += text

    def _end(self, _: str) -> None:
        self._depth -= 1
        if self._root is None:
            return
        if self._depth == self._root:
            assert self._found.root is not None
            self._found.root = self._found.root[0], self._place
            self._root = None
            return
        node = self._open.pop()
        end = self._tag_end(node.start)
        if _is_empty(self._found.data, end):
            node.inner, node.end = (end, end), end
        else:
            node.inner = end, self._place
            node.end = self._found.data.index(b">", self._place) + 1

    def _tag_end(self, start: int) -> int:
        return _tag(self._found.data, start)[1]

    @property
    def _place(self) -> int:
        return self.parser.CurrentByteIndex + self._skipped

    def _refuse(self, *_: Any) -> None:
        # Entities are the known way to make a small XML file enormous; XMP has no use for them.
        raise UnreadablePacket("it declares a document type")


def _plain(full: str) -> str:
    """An expanded name without its prefix."""
    return " ".join(full.split(" ")[:2])


def _tag(data: bytes, start: int) -> tuple[bytes, int]:
    """Name and end of the start tag at ``start``. Raises UnreadablePacket."""
    match = _TAG.match(data, start)
    if match is None:
        raise UnreadablePacket("a tag in it cannot be found")
    return match[1], match.end()


def _is_empty(data: bytes, end: int) -> bool:
    """Whether the tag that ends there is one without an end tag."""
    return data[end - 2 : end] == b"/>"
