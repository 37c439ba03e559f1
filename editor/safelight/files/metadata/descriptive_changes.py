"""Descriptive changes: a fact about a photograph stated anew, in every place that tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from safelight.document import Metadata
from safelight.files.metadata import ifd, iptc, xmp
from safelight.files.metadata.descriptive_metadata import FACTS, Fact, as_text, block_of

_TREES = {
    "lr:hierarchicalSubject": "|",
    "digiKam:TagsList": "/",
    "MicrosoftPhoto:LastKeywordXMP": "/",
}
"""Lists of keywords with those above them, and what stands between."""


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
