"""EXIF block: an EXIF block read, whose numbers are patched in place (EXIF 2.32).

Bytes are patched in place wherever possible: maker notes hold offsets that only fit while nothing
moves.
"""

from __future__ import annotations

import struct

from safelight.files.metadata import ifd

X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296


class ExifBlock:
    """An EXIF block, read. ``directory`` is None when it cannot be."""

    def __init__(self, data: bytes | None) -> None:
        self.data = data or b""
        self.directory: ifd.Directory | None = None
        try:
            self.header = ifd.Header.read(ifd.bytes_fetch(self.data))
            self.directory = self._at(self.header.first)
        except ifd.DirectoryError:
            return

    def _at(self, offset: int) -> ifd.Directory:
        return ifd.read_directory(ifd.bytes_fetch(self.data), self.header, offset)

    def thumbnail(self) -> ifd.Directory | None:
        """The directory of the embedded small picture (EXIF 2.32 section 4.5.5)."""
        if self.directory is None or self.directory.next == 0:
            return None
        try:
            return self._at(self.directory.next)
        except ifd.DirectoryError:
            return None

    def patch(self, data: bytearray, entry: ifd.Entry | None, value: int) -> None:
        """Put an integer in place of a single integer value."""
        code = {1: "B", 3: "H", 4: "I"}.get(entry.type) if entry else None
        if entry is None or code is None or entry.count != 1:
            return
        if value < 1 << 8 * ifd.SIZES[entry.type]:
            struct.pack_into(self.header.order + code, data, entry.place, value)

    def patch_fraction(self, data: bytearray, entry: ifd.Entry | None, value: float) -> None:
        """Put a number in place of a single fraction."""
        if entry is not None and entry.type == 5 and entry.count == 1:
            struct.pack_into(self.header.order + "II", data, entry.place, *dots_as_fraction(value))


def dots_as_fraction(dots: float) -> tuple[int, int]:
    """Dots per inch as EXIF and XMP state them."""
    return (round(dots), 1) if dots == round(dots) else (round(dots * 10_000), 10_000)
