"""Deflate: zlib-ng where there is a wheel of it, else zlib; the same formats (RFC 1950, 1951)."""

from __future__ import annotations

import zlib
from typing import Any

try:
    from zlib_ng import zlib_ng as _zlib
except ImportError:
    _zlib = zlib  # type: ignore[misc, unused-ignore]
    _LEVELS = {}
else:
    # Its first level makes files larger by a third; its third is as quick as zlib's first.
    _LEVELS = {1: 2, 2: 3}

crc32, adler32 = _zlib.crc32, _zlib.adler32


def packer(level: int, strategy: int) -> Any:
    """What ``zlib.compressobj`` gives, for a stream without head and checksum; ``level`` 0 to 9."""
    return _zlib.compressobj(_LEVELS.get(level, level), zlib.DEFLATED, -15, 9, strategy)


def stored(data: bytes | bytearray) -> bytes:
    """A whole stream of data that is not made smaller."""
    made: bytes = _zlib.compress(data, 0)
    return made
