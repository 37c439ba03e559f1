"""Moment taken: when a photograph was taken, by the clock that stood beside it."""

from __future__ import annotations

import re
from datetime import datetime

from safelight.document import Metadata
from safelight.files.metadata import ifd, iptc, xmp
from safelight.files.metadata.descriptive_metadata import ascii_text, block_of

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
