"""Adobe RGB: the profile for camera files that name this space by an EXIF mark alone.

Cameras set to Adobe RGB often embed no profile and only write "R03" as their interoperability
index (DCF 2.0, section 2.5.2). Taken as sRGB such photographs look dull.
"""

from __future__ import annotations

import struct
from functools import lru_cache

NAME = "Compatible with Adobe RGB (1998)"

_WHITE = (0.9642, 1.0, 0.8249)
_PRIMARIES = {
    b"rXYZ": (0.60974, 0.31111, 0.01947),
    b"gXYZ": (0.20528, 0.62567, 0.06087),
    b"bXYZ": (0.14919, 0.06322, 0.74457),
}
_GAMMA = 563
"""2.19921875 in 1/256 (Adobe RGB (1998) colour image encoding, section 4.3.4.2)."""


@lru_cache(maxsize=1)
def adobe_rgb_profile() -> bytes:
    """An ICC version 2 display profile of that space (ICC.1:2022 for the tags' layout)."""
    text = NAME.encode() + b"\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78),
        b"cprt": b"text\0\0\0\0No rights reserved\0",
        b"wtpt": _xyz(_WHITE),
        **{name: _xyz(value) for name, value in _PRIMARIES.items()},
    }
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, _GAMMA)
    tags |= {name: curve for name in (b"rTRC", b"gTRC", b"bTRC")}
    table, body = b"", b""
    start = 132 + 12 * len(tags)
    for name, value in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    header = struct.pack(
        ">I4xI4s4s4s6H4s",
        start + len(body),
        0x02100000,
        b"mntr",
        b"RGB ",
        b"XYZ ",
        *(2026, 1, 1, 0, 0, 0),
        b"acsp",
    )
    header = header.ljust(68, b"\0") + _xyz(_WHITE)[8:]
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))
