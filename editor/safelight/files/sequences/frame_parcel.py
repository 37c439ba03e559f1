"""Frame parcel: pictures of a sequence as arrays alone, to cross from the decoding process.

The process keeps the file that it has read last open, so that the next picture costs no more than
that picture; a process that has none yet begins anew.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.document.frames.frames_content import LONGEST
from safelight.document.frames.keyframes import MOST_FRAMES
from safelight.files.codecs import photograph_parcel
from safelight.files.codecs.photograph import DamagedError, Limit, Room
from safelight.files.sequences.frame_readers import OPENERS, Frames

_NO_SEQUENCE = "cannot be opened: what decodes it made no sequence"

_open: dict[str, tuple[BinaryIO, Frames]] = {}
"""The file that was read last, by what it is known by."""


def decode(
    format: str,
    file: BinaryIO,
    size: int,
    limit: Limit,
    room: Room,
    told: Mapping[str, Any] | None = None,
) -> list[NDArray[Any]]:
    """Decode in the process that is confined: facts of a file as JSON in uint8 (count,), or the
    picture of the ``number`` that is told, where one is, as ``photograph_parcel.packed`` gives it.
    ``file`` told is what the file is known by. Never raises what a reader may: ``opened`` and
    ``photograph_parcel.opened`` do.
    """
    assert told is not None
    known, number = str(told["file"]), told["number"]

    def made() -> list[NDArray[Any]]:
        if known not in _open:
            _open.clear()
            kept = _lasting(file)
            _open[known] = kept, OPENERS[format](kept, size, limit)
        frames = _open[known][1]
        if number is not None:
            return photograph_parcel.packed(frames.read(int(number)))
        facts = {"durations": list(frames.durations), "notes": list(frames.notes)}
        return [np.frombuffer(json.dumps(facts).encode(), np.uint8)]

    return photograph_parcel.guarded(made)


class _Own(io.RawIOBase):
    """An open file read at a place of its own: whoever else has it open moves nothing here."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = os.dup(descriptor)
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        size = os.fstat(self._descriptor).st_size
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: size}[whence]
        self._place = max(start + offset, 0)
        return self._place

    def readinto(self, room: Any, /) -> int:
        data = os.pread(self._descriptor, len(room), self._place)
        room[: len(data)] = data
        self._place += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def _lasting(file: BinaryIO) -> BinaryIO:
    """A second handle of a file, which stays open when ``file`` is closed."""
    try:
        return io.BufferedReader(_Own(file.fileno()), 1 << 20)
    except OSError:
        file.seek(0)
        return io.BytesIO(file.read())


def opened(arrays: Sequence[NDArray[Any]]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """How long each picture of a file is shown, in milliseconds, and notes, as ``decode`` told it:
    JSON in uint8 (count,).

    Raises what the reader did, and DamagedError for what is no sequence.
    """
    photograph_parcel.raise_what_failed(arrays)
    try:
        facts = json.loads(arrays[0].tobytes())
        durations = tuple(facts["durations"])
        if not 1 <= len(durations) <= MOST_FRAMES:
            raise ValueError("no pictures, or far too many")
        if not all(type(each) is int and 1 <= each <= LONGEST for each in durations):
            raise ValueError("no durations")
        return durations, tuple(str(note)[:600] for note in facts["notes"][:20])
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        raise DamagedError(_NO_SEQUENCE) from fault
