"""Descriptive metadata: title, caption, keywords, creators and the like, wherever they are said.

EXIF 2.32, XMP and IPTC-IIM 4.2 tell many of them side by side, in the places that the guidelines
of the Metadata Working Group (2.0) name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from safelight.document import Metadata
from safelight.files.metadata import ifd, iptc, xmp

Kind: TypeAlias = Literal["text", "alternatives", "set", "sequence"]
"""How XMP holds it: one text, one in several languages, items without an order, or with one."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact and where it stands: an XMP property, further ones that say the same, an IPTC
    dataset (0 = none), tags of EXIF's first directory in ASCII and in UTF-16, keywords of PNG
    texts, and its name in the place that ``Iptc4xmpExt:LocationCreated`` tells.
    """

    title: str
    property: str
    kind: Kind = "text"
    dataset: int = 0
    tag: int = 0
    wide: int = 0
    texts: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    within: str = ""


FACTS: dict[str, Fact] = {
    "title": Fact("Title", "dc:title", "alternatives", 5, 0, 40091, ("Title",)),
    "headline": Fact("Headline", "photoshop:Headline", dataset=105),
    "caption": Fact(
        "Caption",
        "dc:description",
        "alternatives",
        120,
        270,
        texts=("Description",),
        also=("tiff:ImageDescription",),
    ),
    "keywords": Fact("Keywords", "dc:subject", "set", 25, 0, 40094, ("Keywords",)),
    "creator": Fact(
        "Creator", "dc:creator", "sequence", 80, 315, 40093, ("Author", "Artist"), ("tiff:Artist",)
    ),
    "creator_title": Fact("Creator's title", "photoshop:AuthorsPosition", dataset=85),
    "credit": Fact("Credit line", "photoshop:Credit", dataset=110),
    "source": Fact("Source", "photoshop:Source", dataset=115, texts=("Source",)),
    "rights": Fact(
        "Rights",
        "dc:rights",
        "alternatives",
        116,
        33432,
        texts=("Copyright",),
        also=("tiff:Copyright",),
    ),
    "usage": Fact("Usage terms", "xmpRights:UsageTerms", "alternatives"),
    "instructions": Fact("Instructions", "photoshop:Instructions", dataset=40),
    "caption_writer": Fact("Caption writer", "photoshop:CaptionWriter", dataset=122),
    "job": Fact("Job", "photoshop:TransmissionReference", dataset=103),
    "category": Fact("Category", "photoshop:Category", dataset=15),
    "categories": Fact("Categories", "photoshop:SupplementalCategories", "set", 20),
    "genre": Fact("Genre", "Iptc4xmpCore:IntellectualGenre", dataset=4),
    "subject_code": Fact("Subject code", "Iptc4xmpCore:SubjectCode", "set", 12),
    "urgency": Fact("Urgency", "photoshop:Urgency", dataset=10),
    "location": Fact("Location", "Iptc4xmpCore:Location", dataset=92, within="Sublocation"),
    "city": Fact("City", "photoshop:City", dataset=90, within="City"),
    "state": Fact("State", "photoshop:State", dataset=95, within="ProvinceState"),
    "country": Fact("Country", "photoshop:Country", dataset=101, within="CountryName"),
    "country_code": Fact(
        "Country code", "Iptc4xmpCore:CountryCode", dataset=100, within="CountryCode"
    ),
}
"""Every fact that can be edited, by its permanent id."""

PLACES = ("location", "city", "state", "country", "country_code")
"""Facts that name where a photograph was taken."""

xmp.NAMESPACES.update(
    digiKam="http://www.digikam.org/ns/1.0/", MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/"
)

_BYTES_OF_TEXT = (1, 2, 7, 129)


def block_of(exif: bytes | None) -> tuple[ifd.Header, ifd.Directory] | None:
    """Header and first directory of an EXIF block; None for what is none."""
    if not exif:
        return None
    fetch = ifd.bytes_fetch(exif)
    try:
        header = ifd.Header.read(fetch)
        return header, ifd.read_directory(fetch, header, header.first)
    except ifd.DirectoryError:
        return None


def ascii_text(directory: ifd.Directory, tag: int) -> str:
    """A tag's text; "" where it has none."""
    entry = directory.entries.get(tag)
    if entry is None or entry.type not in _BYTES_OF_TEXT:
        return ""
    value = entry.value.split(b"\0")[0]
    try:
        return value.decode("utf-8").strip()
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace").strip()


def layout(description: str) -> bool:
    """Whether a description tells how a file of microscopy lays its pixels out, and nothing of the
    photograph: that of tifffile, ImageJ, OME.
    """
    return bool(_LAYOUT.match(description))


_LAYOUT = re.compile(
    r'\s*(\{"(shape|axes)":|ImageJ=|SCIFIO=|<\?xml[^>]*>\s*(<!--.*?-->)?\s*<OME|<OME )', re.DOTALL
)


# -- reading ----------------------------------------------------------------------------------


def facts(metadata: Metadata) -> dict[str, list[str]]:
    """What is said, by the ids of ``FACTS``: a list of items, or of one text. Where places differ
    XMP counts, then IPTC, EXIF and a PNG's texts; of who made and who owns it EXIF counts first.
    """
    exif = in_exif(metadata.exif)
    first: tuple[str, ...] = ("creator", "rights")
    found = {key: exif[key] for key in first if key in exif}
    for each in (
        in_xmp(xmp.readable(metadata.xmp)),
        in_iptc(metadata.iptc),
        exif,
        in_texts(metadata.texts),
    ):
        for key, texts in each.items():
            found.setdefault(key, texts)
    return {key: found[key] for key in FACTS if key in found}


def in_xmp(packet: xmp.Packet | None) -> dict[str, list[str]]:
    """What a packet says."""
    found: dict[str, list[str]] = {}
    if packet is None:
        return found
    names = {xmp.name(fact.property): (key, fact) for key, fact in FACTS.items()}
    for node in packet.properties(*names):
        key, fact = names[node.name]
        items = [text for _, text in node.items if text]
        if fact.kind in ("alternatives", "text"):
            default = [text for language, text in node.items if language == "x-default" and text]
            items = (default or items)[:1]
        if items:
            found.setdefault(key, []).extend(items if fact.kind in ("set", "sequence") else ())
            found[key] = found[key] or items
    return found


def in_iptc(record: bytes | None) -> dict[str, list[str]]:
    """What an IPTC record says."""
    held = iptc.texts(record)
    found = {}
    for key, fact in FACTS.items():
        texts = [text.strip() for text in held.get(fact.dataset, []) if text.strip()]
        if fact.dataset and texts:
            found[key] = texts if fact.kind in ("set", "sequence") else texts[:1]
    return found


def in_exif(exif: bytes | None) -> dict[str, list[str]]:
    """What an EXIF block says."""
    block = block_of(exif)
    found: dict[str, list[str]] = {}
    for key, fact in FACTS.items() if block else ():
        assert block is not None
        text = ascii_text(block[1], fact.tag) if fact.tag else ""
        wide = block[1].entries.get(fact.wide)
        if not text and wide is not None:
            text = wide.value.decode("utf-16-le", "replace").split("\0")[0].strip()
        if text and not layout(text):
            found[key] = items(key, text)
    return found


def in_texts(texts: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """What a PNG's texts say."""
    found: dict[str, list[str]] = {}
    for key, fact in FACTS.items():
        for keyword, text in texts:
            if keyword in fact.texts and text.strip():
                found.setdefault(key, items(key, text))
    return found


def items(key: str, text: str) -> list[str]:
    """A text as the items it names: keywords between commas, semicolons or lines, creators between
    semicolons, everything else is one.
    """
    kind = FACTS[key].kind
    if kind not in ("set", "sequence"):
        return [text.strip()] if text.strip() else []
    parts = re.split(r";" if kind == "sequence" else r"[,;\n]", text)
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def as_text(key: str, values: Sequence[str]) -> str:
    """Items of a fact as one text, which ``items`` takes apart."""
    return (", " if FACTS[key].kind == "set" else "; ").join(values)
