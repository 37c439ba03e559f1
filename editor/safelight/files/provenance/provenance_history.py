"""Provenance history: which filters made what a picture shows, stated in its XMP and read back.

Each is an entry of ``xmpMM:History`` (XMP specification, part 2, 2.1.6, ResourceEvent): its action
is "filtered", or "created" where pixels are synthesised, its parameters name the filter, its
plugin's version and the SHA-256 of each network that ran. Entries of other programs stay.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from safelight import __version__
from safelight.document import Document, Layer
from safelight.files.metadata.xmp import (
    PADDING,
    RDF,
    Node,
    Packet,
    UnreadablePacket,
    packet,
    read,
    readable,
)
from safelight.files.plain_text import plain_text

_MANAGEMENT = "http://ns.adobe.com/xap/1.0/mm/"
_EVENT = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
_PROPERTY = f"{_MANAGEMENT} History"
_ITEM = f"{RDF} li"

_MOST = 1000
"""Entries that are read."""


@dataclass(frozen=True, slots=True)
class Part:
    """A filter that takes part in what a document shows: its ``title``, ``id``, the plugin and its
    version (``by``), the SHA-256 of each network that ran by its name, and whether it has ``made``
    pixels that no photograph had.
    """

    title: str
    id: str
    by: str
    models: Mapping[str, str]
    made: bool


def parts_of(document: Document) -> tuple[Part, ...]:
    """The filters that take part in what a document shows, bottom first."""
    return tuple(
        _part(document, layer) for layer in _shown(document.layers) if layer.filter is not None
    )


def entries_of(document: Document) -> tuple[str, ...]:
    """The ``rdf:li`` elements for the filters that take part in what a document shows, bottom
    first.
    """
    return tuple(map(_entry, parts_of(document)))


def with_history(xmp: bytes | None, document: Document) -> bytes | None:
    """The packet that says so as well; ``xmp`` itself where there are no filters. Raises
    UnreadablePacket.
    """
    entries = entries_of(document)
    if not entries:
        return xmp
    told = "".join(entries)
    whole = (
        f'<rdf:Description xmlns:rdf="{RDF}" rdf:about="{{about}}">'
        f'<xmpMM:History xmlns:xmpMM="{_MANAGEMENT}"><rdf:Seq>{told}</rdf:Seq></xmpMM:History>'
        "</rdf:Description>"
    )
    if not xmp or not xmp.strip(PADDING):
        return packet(whole.replace("{about}", ""))
    found = read(xmp)
    node = next(found.properties(_PROPERTY), None)
    if node is None:
        return found.added(whole.replace("{about}", html.escape(found.about)).encode())
    # A property stands once in a packet: what is there already goes on.
    if node.attribute or not node.parts or not node.parts[0].inner[1]:
        raise UnreadablePacket("its history is no list")
    start = node.parts[0].inner[1]
    return found.changed([(start, start, told.encode())])


def history_stated(xmp: bytes | None) -> tuple[str, ...]:
    """What a packet's history says was done, by whichever programs, an entry each, for people."""
    found = readable(xmp)
    return () if found is None else tuple(_told(found))


def _told(found: Packet) -> Iterator[str]:
    rows = [
        row
        for node in found.properties(_PROPERTY)
        for box in node.parts
        for row in box.parts
        if row.name == _ITEM
    ]
    parts: dict[int, dict[str, str]] = {id(row): {} for row in rows[:_MOST]}
    for node in found.nodes:
        upper: Node | None = node.parent
        while upper is not None and id(upper) not in parts:
            upper = upper.parent
        if upper is not None and node.name.startswith(f"{_EVENT} "):
            parts[id(upper)][node.name.removeprefix(f"{_EVENT} ")] = node.text.strip()
    for said in parts.values():
        words = [said[name] for name in ("action", "parameters", "softwareAgent") if said.get(name)]
        if words:
            yield plain_text(": ".join(words[:2]) + (f" ({words[2]})" if len(words) > 2 else ""))


def _shown(layers: Iterable[Layer]) -> Iterator[Layer]:
    for layer in layers:
        if layer.visible and layer.opacity > 0:
            yield from _shown(layer.layers)
            yield layer


def _part(document: Document, layer: Layer) -> Part:
    held = layer.filter
    assert held is not None
    # A kept result says so, too, where it was computed from what had been synthesised.
    invented = held.kept is not None and held.kept.synthetic
    made = layer.made or (invented and not document.below(layer.id).synthetic)
    by = f"{held.plugin} {held.version}".strip()
    models = held.kept.models if held.kept is not None else {}
    return Part(held.title or held.id, held.id, by, dict(models), bool(made))


def _entry(part: Part) -> str:
    words = [f"{part.title} ({part.id})", part.by]
    words += [f"network {name} sha256:{digest}" for name, digest in sorted(part.models.items())]
    facts = {
        "action": "created" if part.made else "filtered",
        "softwareAgent": f"Safelight {__version__}",
        "parameters": "; ".join(filter(None, words)),
    }
    told = "".join(
        f"<stEvt:{name}>{html.escape(_clean(text))}</stEvt:{name}>" for name, text in facts.items()
    )
    return f'<rdf:li xmlns:stEvt="{_EVENT}" rdf:parseType="Resource">{told}</rdf:li>'


def _clean(text: str) -> str:
    """Without what XML cannot hold."""
    return plain_text(text).encode("utf-8", "replace").decode()
