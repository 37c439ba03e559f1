"""Deflate (RFC 1950, 1951): ISA-L for the quick levels, zlib-ng for the others, zlib where there is
no wheel of them.
"""

from __future__ import annotations

import zlib
from typing import Any

try:
    from isal import isal_zlib as _isal
except ImportError:
    _isal = None  # type: ignore[assignment, unused-ignore]

try:
    from zlib_ng import zlib_ng as _zlib
except ImportError:
    _zlib = zlib  # type: ignore[misc, unused-ignore]
    _LEVELS = {}
else:
    # Its first level makes files larger by a third; its third is as quick as zlib's first.
    _LEVELS = {1: 2, 2: 3}

crc32, adler32 = _zlib.crc32, _zlib.adler32

_QUICK = 2
"""The last level that ISA-L packs, in a quarter of zlib-ng's time. Its third makes photographs
larger than its second."""


def packer(level: int, strategy: int) -> Any:
    """What ``zlib.compressobj`` gives, for a stream without head and checksum; ``level`` 0 to 9.

    ``strategy`` is zlib's; ISA-L has one alone.
    """
    if _isal is not None and 1 <= level <= _QUICK:
        return _isal.compressobj(level, zlib.DEFLATED, -15)
    return _zlib.compressobj(_LEVELS.get(level, level), zlib.DEFLATED, -15, 9, strategy)


def stored(data: bytes | bytearray) -> bytes:
    """A whole stream of data that is not made smaller."""
    made: bytes = _zlib.compress(data, 0)
    return made
