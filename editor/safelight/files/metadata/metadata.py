"""Metadata: what a photograph's metadata say, read once, and told to people in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from safelight.document import Document, Metadata, Synthetic
from safelight.files.metadata import coordinates, ifd, moment_taken, place_removal
from safelight.files.metadata import descriptive_metadata as told
from safelight.files.metadata.exif_block import ExifBlock
from safelight.files.metadata.kept_metadata import kept
from safelight.files.metadata.metadata_list import listed
from safelight.files.metadata.stated_picture import (
    orientation,
    says_adobe_rgb,
    stated_dpi,
    upright,
    upright_xmp,
)
from safelight.files.plain_text import plain_text
from safelight.files.provenance import provenance
from safelight.files.provenance.provenance_history import history_stated


@dataclass(frozen=True, slots=True)
class Known:
    """What a photograph's metadata say, read once, where they may be a stranger's.

    ``orientation`` is 1 to 8 (EXIF 2.32), ``adobe_rgb`` a camera's mark of its colours, ``upright``
    the metadata of the picture set upright, ``facts`` are what ``describe`` gives, ``dpi`` what
    EXIF or XMP say of the resolution.
    """

    orientation: int = 1
    adobe_rgb: bool = False
    upright: Metadata = Metadata()
    synthetic: Synthetic = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    dpi: tuple[float, float] | None = None


def known(metadata: Metadata) -> Known:
    """Read all of a photograph's metadata that is ever read."""
    kept(metadata, "copyright")  # for what it may do wrong: an export reads these again
    place_removal.without_places(metadata)  # so do the commands and the panel
    told.facts(metadata)
    coordinates.place_of(metadata)
    moment_taken.taken(metadata)
    listed(metadata)
    return Known(
        orientation(metadata.exif, metadata.xmp),
        says_adobe_rgb(metadata.exif),
        replace(
            metadata,
            exif=upright(metadata.exif) if metadata.exif else None,
            xmp=upright_xmp(metadata.xmp) if metadata.xmp else None,
        ),
        provenance.stated(metadata.xmp),
        describe(metadata),
        stated_dpi(metadata),
    )


def describe(source: Document | Metadata) -> dict[str, str]:
    """What a photograph's metadata say, as plain words for people; missing facts are left out.

    Keys: title, caption, keywords, place, camera, lens, exposure, aperture, iso, focal_length,
    taken, artist, copyright, software, synthesised ("partly" or "wholly", and where the file says
    so), edits (what the history in its XMP says was done, by whichever program), and always gps
    ("yes" when the file tells a place on the earth, else "no").
    """
    metadata = source.metadata if isinstance(source, Document) else source
    block = ExifBlock(metadata.exif)
    main = block.directory or ifd.Directory()
    inner = main.children.get(ifd.EXIF_DIRECTORY, ifd.Directory())

    def text(directory: ifd.Directory, tag: int) -> str:
        entry = directory.entries.get(tag)
        if entry is None or entry.type not in (2, 7, 129):
            return ""
        return plain_text(entry.value.split(b"\0")[0].decode("utf-8", "replace"))

    def number(tag: int) -> float:
        found = inner.numbers(tag, block.header) if inner.entries else ()
        # NaN is the one number that differs from itself.
        return found[0] if found and found[0] == found[0] and 0 < found[0] < 1e9 else 0.0

    def fact(key: str) -> str:
        return plain_text(told.as_text(key, said.get(key, ())))

    maker, model = text(main, 271), text(main, 272)
    exposure, aperture, focal, iso = (number(tag) for tag in (33434, 33437, 37386, 34855))
    said = told.facts(metadata)
    if isinstance(source, Document):
        stated = provenance.declared(source)
    else:
        stated = provenance.stated(source.xmp)
    names = ("location", "city", "state", "country")
    facts = {
        "title": fact("title"),
        "caption": fact("caption"),
        "keywords": fact("keywords"),
        "place": plain_text(", ".join(filter(None, (fact(name) for name in names)))),
        "camera": model if model.startswith(maker) else f"{maker} {model}".strip(),
        "lens": text(inner, 42036),
        "exposure": _exposure(exposure),
        "aperture": f"f/{aperture:.3g}" if aperture else "",
        "iso": f"{iso:.0f}" if iso else "",
        "focal_length": f"{focal:.4g} mm" if focal else "",
        "taken": text(inner, 36867) or text(main, 306),
        "artist": fact("creator"),
        "copyright": fact("rights"),
        "software": text(main, 305),
        "synthesised": f"{stated} (IPTC digital source type)" if stated else "",
        "edits": ", then ".join(history_stated(metadata.xmp)),
    }
    places = main.children.get(ifd.GPS_DIRECTORY, ifd.Directory()).entries
    # Latitude and longitude; a camera without reception writes only the version.
    facts["gps"] = "yes" if 2 in places or 4 in places else "no"
    return {name: value for name, value in facts.items() if value}


def _exposure(seconds: float) -> str:
    if not seconds:
        return ""
    return f"1/{1 / seconds:.0f} s" if seconds < 0.4 else f"{seconds:.3g} s"
