"""Descriptive metadata: what people say of a photograph: read, written or left out, everywhere.

EXIF 2.32, XMP and IPTC-IIM 4.2 tell many of them side by side, in the places that the guidelines
of the Metadata Working Group (2.0) name. The commands that change metadata are declared here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from safelight.document import Document, EditError, Metadata
from safelight.document.commands.command import Settings, command
from safelight.files.metadata import ifd, iptc, maker_notes, xmp

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

_TREES = {
    "lr:hierarchicalSubject": "|",
    "digiKam:TagsList": "/",
    "MicrosoftPhoto:LastKeywordXMP": "/",
}
"""Lists of keywords with those above them, and what stands between."""

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
    """The inverse of ``items``."""
    return (", " if FACTS[key].kind == "set" else "; ").join(values)


_TAKEN = (36867, 36868)
"""When a photograph was taken, and when it was digitised (EXIF 2.32)."""

_CHANGED = 306

_TAKEN_PROPERTIES = ("exif:DateTimeOriginal", "photoshop:DateCreated", "xmp:CreateDate")

_MOMENT = re.compile(
    r"(\d{4})[-:]?(\d\d)[-:]?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d))?)?(?![\d:]).*", re.DOTALL
)


def taken(metadata: Metadata) -> datetime | None:
    """When the photograph was taken, by the clock that stood beside it; None where nobody says.

    EXIF counts, then XMP and IPTC, and last when EXIF says that the file was changed.
    """
    block = block_of(metadata.exif)
    main = block[1] if block else ifd.Directory()
    inner = main.children.get(ifd.EXIF_DIRECTORY, ifd.Directory())
    packet = xmp.readable(metadata.xmp)
    record = iptc.texts(metadata.iptc)
    told = [ascii_text(inner, tag) for tag in _TAKEN]
    for name in _TAKEN_PROPERTIES if packet else ():
        assert packet is not None
        told += [node.text for node in packet.properties(xmp.name(name))]
    dates, times = record.get(55, []), record.get(60, [])
    told += [f"{dates[0]}T{(times or [''])[0]}"] if dates else []
    told.append(ascii_text(main, _CHANGED))
    return next((moment for text in told if (moment := _moment(text)) is not None), None)


def _moment(text: str) -> datetime | None:
    found = _MOMENT.fullmatch(text.strip())
    try:
        return datetime(*(int(part or 0) for part in found.groups())) if found else None  # type: ignore[arg-type]
    except ValueError:
        return None  # the 0000:00:00 of a camera whose clock was never set


# -- writing ----------------------------------------------------------------------------------


def stating(metadata: Metadata, given: Mapping[str, Sequence[str]]) -> Metadata:
    """The metadata that say so, wherever they said anything of it; no items: it is said no more.

    XMP always says it, EXIF where it has a tag for it, IPTC and PNG texts where they said something
    before. Raises UnreadablePacket.
    """
    record = metadata.iptc
    if record:
        rows = {FACTS[key].dataset: given[key] for key in given if FACTS[key].dataset}
        record = iptc.stating(record, rows) if rows else record
    return replace(
        metadata,
        xmp=_xmp_stating(metadata.xmp, given),
        iptc=record,
        exif=_exif_stating(metadata.exif, given),
        texts=_texts_stating(metadata.texts, given),
    )


def _xmp_stating(data: bytes | None, given: Mapping[str, Sequence[str]]) -> bytes | None:
    held = xmp.read(data) if data and data.strip(xmp.PADDING) else None
    values: dict[str, xmp.Stated] = {}
    ordered = {fact.property for fact in FACTS.values() if fact.kind == "sequence"}
    for key, texts in given.items():
        fact = FACTS[key]
        values[fact.property] = _stated(held, fact, texts)
        for other in fact.also:
            if held is not None and any(held.properties(xmp.name(other))):
                values[other] = as_text(key, texts)
        if key == "keywords" and held is not None:
            values |= _trees(held, texts)
    if held is None and not any(values.values()):
        return data
    made = xmp.stating(data, values, frozenset(ordered | {"digiKam:TagsList"}))
    return _within(made, {FACTS[key].within: given[key] for key in given if FACTS[key].within})


def _stated(held: xmp.Packet | None, fact: Fact, texts: Sequence[str]) -> xmp.Stated:
    if fact.kind in ("set", "sequence"):
        return list(texts)
    text = texts[0] if texts else ""
    if fact.kind == "text" or not text:
        return text
    others: dict[str, str] = {}
    for node in held.properties(xmp.name(fact.property)) if held is not None else ():
        others |= {language: said for language, said in node.items if language and said}
    before = others.pop("x-default", "")
    # What said the same as the default in its own language would now contradict it.
    return {"x-default": text} | {at: said for at, said in others.items() if said != before}


def _trees(held: xmp.Packet, keywords: Sequence[str]) -> dict[str, xmp.Stated]:
    """Lists of keywords with those above them, without the ones that are keywords no more."""
    found: dict[str, xmp.Stated] = {}
    for tree, between in _TREES.items():
        for node in held.properties(xmp.name(tree)):
            rows = [text for _, text in node.items if text.split(between)[-1] in keywords]
            found[tree] = rows
    return found


def _within(data: bytes, names: Mapping[str, Sequence[str]]) -> bytes:
    """The packet whose ``LocationCreated`` says the same, where it says that."""
    import html

    if not names:
        return data
    held = xmp.read(data)
    space = xmp.NAMESPACES["Iptc4xmpExt"]
    changes = []
    for node in held.nodes:
        local = node.name.removeprefix(f"{space} ")
        top = node
        while top.parent is not None and top.level > 2:
            top = top.parent
        if node.level > 2 and top.name == f"{space} LocationCreated" and local in names:
            texts = names[local]
            inner = node.parts[0].parts[0].inner if node.parts and node.parts[0].parts else None
            text = html.escape(texts[0] if texts else "", quote=True).encode()
            changes.append((*(inner or node.inner), text))
    return held.changed(changes) if changes else data


def _exif_stating(exif: bytes | None, given: Mapping[str, Sequence[str]]) -> bytes | None:
    def change(directory: ifd.Directory) -> None:
        for key, texts in given.items():
            fact, text = FACTS[key], as_text(key, texts)
            if fact.tag:
                _put(directory, fact.tag, 2, text.encode() + b"\0" if text else b"")
            if fact.wide in directory.entries:
                wide = text.replace(", ", ";").replace("; ", ";") if key == "keywords" else text
                _put(directory, fact.wide, 1, (wide + "\0").encode("utf-16-le") if text else b"")

    tags = any(texts and FACTS[key].tag for key, texts in given.items())
    return changed(exif, change) if exif or tags else exif


def _put(directory: ifd.Directory, tag: int, kind: int, value: bytes) -> None:
    """Give a tag another value; none for no bytes."""
    held = directory.entries.get(tag)
    if not value:
        directory.entries.pop(tag, None)
    elif held is None or held.value != value:
        directory.entries[tag] = ifd.Entry(tag, kind, len(value) // ifd.SIZES[kind], value)


def changed(exif: bytes | None, change: Callable[[ifd.Directory], None]) -> bytes | None:
    """A block whose first directory ``change`` has changed, a new one where there was none.

    What stays keeps its place. One that cannot be read stays as it is. None where nothing is left.
    """
    if not exif:
        directory = ifd.Directory()
        change(directory)
        return ifd.structure(directory, "<") if directory.entries or directory.children else None
    block = block_of(exif)
    if block is None or block[0].big:
        return exif
    header, old = block
    new = replace(old, entries=dict(old.entries), children=dict(old.children))
    change(new)
    same = new.children.keys() == old.children.keys() and all(
        new.children[tag] is child for tag, child in old.children.items()
    )
    if same and new.entries == old.entries:
        return exif
    if not new.entries and not new.children and not new.next:
        return None
    return ifd.rebuilt(exif, header, old, new)


def _texts_stating(
    texts: Sequence[tuple[str, str]], given: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, str], ...]:
    names = {name: key for key in given for name in FACTS[key].texts}
    rows = ((keyword, text, names.get(keyword)) for keyword, text in texts)
    said = ((k, text if key is None else as_text(key, given[key])) for k, text, key in rows)
    return tuple((keyword, text) for keyword, text in said if text)


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


# -- commands ---------------------------------------------------------------------------------

FactName: TypeAlias = Literal[tuple(FACTS)]  # type: ignore[valid-type]


def _words(given: Settings) -> str:
    return FACTS[str(given["fact"])].title


@command("Describe", words=_words)
def describe(
    document: Document,
    *,
    fact: FactName = "title",
    text: Annotated[
        str, "Keywords stand between commas, creators between semicolons; nothing: said no more"
    ] = "",
) -> Document:
    """Say something of the photograph in its metadata, in all places that tell it."""
    try:
        metadata = stating(document.metadata, {fact: items(fact, text)})
    except xmp.UnreadablePacket as error:
        raise EditError(
            f"the XMP metadata of {document.name} cannot be read ({error}), so that nothing can be"
            " added to them; strip all metadata first"
        ) from error
    return replace(document, metadata=metadata)


def _has_metadata(document: Document, _: object) -> bool:
    return document.metadata != Metadata(dpi=document.metadata.dpi)


@command("Strip location", menu="Image", section=3, when=_has_metadata)
def strip_location(document: Document) -> Document:
    """Take away everything in the metadata that says where the photograph was taken."""
    return replace(document, metadata=without_places(document.metadata))


@command("Strip all &metadata", menu="Image", section=3, when=_has_metadata)
def strip_metadata(document: Document) -> Document:
    """Take away all metadata but the resolution, and that a generator made something of it."""
    return replace(document, metadata=Metadata(dpi=document.metadata.dpi))
