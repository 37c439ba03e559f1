"""JPEG segments: the marker segments and scans of a stream (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import numpy as np

from safelight.files.codecs.photograph import DamagedError

NO_FRAME = "is damaged: it ends before the picture begins"
"""Said of a stream without a frame."""

PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
"""Markers of frames that are coded in several passes."""

# In coded data a marker is FF and a byte that is neither stuffing nor a restart nor padding.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_IN_NO_SCAN = frozenset({*range(0x01, 0xC4), *range(0xC5, 0xCC), *range(0xCD, 0xD0), 0xD8})
"""Markers that never follow the coded data of a scan: reserved ones and those of a frame."""

PART = 1 << 18
"""Bytes that are looked through at a time: they stay in a core's cache."""


def _before_marker(data: bytes, start: int) -> int:
    """A place from ``start`` on before which there is no marker: that of the first byte FF that is
    not stuffed, or the end.
    """
    for place in range(start, len(data) - 1, PART):
        part = np.frombuffer(data, np.uint8, min(PART + 1, len(data) - place), place)
        found = (part[:-1] == 0xFF) & (part[1:] != 0)
        first = int(found.argmax())
        if found[first]:
            return place + first
    return len(data)


class Segments:
    """The marker segments and scans of a JPEG stream, and whether the stream reaches its end; with
    ``head``, those before the first scan alone.
    """

    def __init__(self, data: bytes, *, head: bool = False) -> None:
        self.found: list[tuple[int, bytes]] = []
        self.scans: list[tuple[int, int, bytes]] = []
        """Where the coded data of each scan begin and end, and what the scan's header says."""
        self.stray: int | None = None
        """Where a marker stands among coded data that none can follow."""
        self.complete = False
        place = 2
        while place + 2 <= len(data):
            if data[place] != 0xFF:
                # Rubbish between segments: libjpeg skips it as well.
                place = data.find(b"\xff", place)
                if place < 0:
                    return
                continue
            marker = data[place + 1]
            if marker == 0xFF:
                place += 1
                continue
            place += 2
            if marker == 0xD9:
                self.complete = True
                return
            if marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:
                continue
            if place + 2 > len(data):
                return
            (length,) = struct.unpack_from(">H", data, place)
            self.found.append((marker, data[place + 2 : place + length]))
            place += max(length, 2)
            if marker == 0xDA:
                if head:
                    return
                match = _MARKER.search(data, _before_marker(data, place))
                end = len(data) if match is None else match.start()
                self.scans.append((place, end, self.found[-1][1]))
                if match is None:
                    return
                if self.stray is None and self._is_stray(data[end + 1]):
                    self.stray = end
                place = end

    def _is_stray(self, marker: int) -> bool:
        """Whether what stands behind the scan that was found last cannot follow one."""
        frame = next(self.frames(), None)
        whole = frame is not None and self.found[-1][1][:1] == bytes([frame[2]])
        if whole and frame is not None and frame[4] not in PROGRESSIVE:
            # All of the picture is in it: only the number of rows and the end can follow.
            return marker not in (0xD9, 0xDC)
        return marker in _IN_NO_SCAN

    def frames(self) -> Iterator[tuple[int, int, int, int, int]]:
        """Width, height, components, bits and marker of each frame that is stated."""
        for marker, body in self.found:
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and len(body) >= 6:
                bits, height, width, components = struct.unpack_from(">BHHB", body)
                yield width, height, components, bits, marker

    def frame(self) -> tuple[int, int, int, int, int]:
        """The first frame, as ``frames`` gives it. Raises DamagedError where there is none."""
        for found in self.frames():
            return found
        raise DamagedError(NO_FRAME)

    def after(self, marker: int, prefix: bytes) -> Iterator[bytes]:
        """The segments of one kind that begin with ``prefix``, without it."""
        for kind, body in self.found:
            if kind == marker and body.startswith(prefix):
                yield body[len(prefix) :]
