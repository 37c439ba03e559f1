"""Encoded picture: a picture encoded into as many bytes as it may have, and read back."""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from safelight.api import Value
from safelight.files.codecs import Codec, deflate
from safelight.files.codecs.codec import InBands
from safelight.files.codecs.photograph import DamagedError, Photograph
from safelight.files.codecs.row_bands import Band, Proof, on_all_cores
from safelight.files.exports.export_options import ExportOptions
from safelight.files.exports.export_outcome import ExportError, Hear
from safelight.files.open_errors import OpenError
from safelight.files.provenance import provenance
from safelight.files.read_photograph import read_data, read_photograph
from safelight.files.write_errors import WriteError

_ROWS = 256
"""Rows of a band of which the pixels are compared at once."""


class _Summed(io.RawIOBase):
    """A stream that is written from its beginning to its end, and the checksum of all that is."""

    def __init__(self, stream: BinaryIO, hear: Callable[[], object]) -> None:
        super().__init__()
        self.sum = 0
        self._stream = stream
        self._hear = hear

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._hear()
        self.sum = deflate.crc32(data, self.sum)
        return self._stream.write(data)


@dataclass(slots=True)
class Coded:
    """A picture on its way into a file. ``data`` is the file, where it has been made already.

    Of a format that is written in bands ``sum`` is the checksum of what was written, and ``proved``
    those of the bands that have been read back, by their first row.
    """

    content: Photograph
    codec: Codec
    settings: dict[str, Value]
    name: str
    hear: Hear
    data: bytes | None = None
    sum: int = 0
    proved: dict[int, int] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Whether pixels come back as they were."""
        return self.codec.exact(self.settings, self.content.pixels.dtype.name)

    def write(self, stream: BinaryIO) -> None:
        """Encode the picture. Raises ExportError."""
        self._write(stream, None)

    def write_and_prove(self, stream: BinaryIO) -> None:
        """Encode the picture; meanwhile read each band back. Raises ExportError and WriteError."""
        self._write(stream, self.prove if self.codec.in_bands is not None else None)

    def prove(self, band: Band) -> None:
        """See that the file of a band shows its rows. Raises WriteError."""
        pixels = self.content.pixels[band.rows]
        if self.codec.shows is None:
            self.alike(self.read(band.alone()), pixels)
        else:
            with self._reading():
                right = self.codec.shows(band.alone(), pixels)
            if not right:
                raise self.wrong()
        self.proved[band.rows.start] = deflate.crc32(band.coded)

    def read(self, data: bytes) -> Photograph:
        """What a file shows. Raises WriteError."""
        with self._reading():
            return read_data(data, self.codec, self.name)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OpenError as error:
            raise _unreadable(self.name, error) from error
        except DamagedError as error:
            raise _unreadable(self.name, f"{self.name} {error}.") from error

    def compare(self, again: Photograph, pixels: NDArray[Any]) -> None:
        """See that a file, or that of its first rows, is as it was meant.

        ``again`` is what the file shows, ``pixels`` (height, width, channels) what was written, in
        the file's depth. Raises WriteError.
        """
        # An encoder may leave out an alpha channel that is full everywhere.
        states = [provenance.stated(item.metadata.xmp) for item in (again, self.content)]
        if states[0] != states[1] or again.icc != self.content.icc:
            raise self.differs()
        self.alike(again, pixels)

    def alike(self, again: Photograph, pixels: NDArray[Any]) -> None:
        """See that pixels (height, width, channels), in the file's depth, came back as promised.

        Raises WriteError.
        """
        if again.pixels.shape[:2] != pixels.shape[:2] or again.notes:
            raise self.differs()
        if self.exact and not _identical(again.pixels, pixels):
            raise self.wrong()

    def differs(self) -> WriteError:
        """What says that a file is not as it was meant."""
        return WriteError(f"{self.name} was not saved: it read back differently; try again.")

    def wrong(self) -> WriteError:
        """What says that a file shows something else."""
        return WriteError(f"{self.name} was not saved: its pixels read back wrong; try again.")

    def _write(self, stream: BinaryIO, proof: Proof | None) -> None:
        banded = self.codec.in_bands is not None
        summed = _Summed(stream, lambda: self.hear(0.5))
        target = cast(BinaryIO, summed) if banded else stream
        try:
            self.hear(0.0)
            if self.data is not None:
                target.write(self.data)
            else:
                self.codec.encode(target, self.content, self.settings, proof)
            self.hear(1.0)
        except (OSError, MemoryError, WriteError):
            raise
        except _Stop as stop:
            raise stop.reason from None
        except Exception as error:
            raise ExportError(
                f"{self.name} could not be encoded as {self.codec.name}: {error}."
            ) from error
        self.sum = summed.sum


_TRIES = 9
"""Encodings at most until a file is as large as it may be."""

_NEAR, _NEAR_LATE = 0.975, 0.97
"""The share of what a file may have that is near enough, at first and from the try ``_LATE`` on."""

_LATE = 5


def coded_to_size(
    content: Photograph, codec: Codec, options: ExportOptions, name: str, hear: Hear
) -> Coded:
    """A picture to be encoded, with the quality that makes the file as large as it may be.

    Raises ExportError.
    """
    settings = options.of(codec)
    coded = Coded(content, codec, settings, name, _stopping(hear))
    most = options.kilobytes * 1000
    if not most:
        return coded
    quality = next((item for item in codec.options if item.name == "quality"), None)
    counts = quality is not None and not (quality.unless and settings[quality.unless])
    if quality is None or not counts:
        size = len(_bytes_of(coded))
        if size > most:
            content.notes.append(
                f"The file has {size / 1000:,.0f} kB and not {most / 1000:,.0f}: {codec.name} has"
                " no quality here that could be lowered."
            )
        return coded
    whole = quality.kind == "integer"
    low, high = float(quality.minimum or 1), float(quality.maximum or 100)
    sizes: dict[float, int] = {}
    best: tuple[int, bytes, Value] | None = None
    notes = list(content.notes)
    middle = high
    for number in range(_TRIES):
        given: Value = round(middle) if whole else round(middle, 2)
        content.notes[:] = notes
        hear(number / _TRIES)
        data = _bytes_of(replace(coded, settings=settings | {"quality": given}))
        sizes[middle] = len(data)
        if len(data) <= most:
            best = (len(data), data, given)
            low = middle
            if number == 0 or len(data) >= (_NEAR if number < _LATE else _NEAR_LATE) * most:
                break
        else:
            high = middle
        if high - low <= (1 if whole else 0.01):
            break
        middle = _between(low, high, sizes, most)
        if whole:
            middle = min(max(round(middle), low + 1), high - 1)
    if best is None:
        given = quality.minimum if quality.minimum is not None else 1
        given = int(given) if whole else float(given)
        data = _bytes_of(replace(coded, settings=settings | {"quality": given}))
        best = (len(data), data, given)
        if len(data) > most:
            content.notes.append(
                f"The file has {len(data) / 1000:,.0f} kB and not {most / 1000:,.0f}: that is the"
                " least, at the lowest quality; make the picture smaller."
            )
    return replace(coded, settings=settings | {"quality": best[2]}, data=best[1])


def _between(low: float, high: float, sizes: Mapping[float, int], most: int) -> float:
    """The quality between two at which a file should be a little smaller than ``most``.

    A file grows as a power of what its quality lacks to the best, with all coders about alike: by
    ``_GROWTH`` until two sizes tell.
    """
    wanted = math.log(sizes[high] / (most * (1 + _NEAR) / 2))
    if low in sizes:
        grown = math.log(sizes[high] / max(sizes[low], 1)) or 1.0
        share = wanted / grown * math.log(_lacks(low) / _lacks(high))
    else:
        share = wanted / _GROWTH
    middle = 101 - _lacks(high) * math.exp(min(share, 9.0))
    # Never at an end again: a size that rises at the end alone would be met in tiny steps.
    edge = 0.12 * (high - low)
    return min(max(middle, low + edge), high - edge)


_GROWTH = 0.8


def _lacks(quality: float) -> float:
    return max(101 - quality, 1.0)


def _bytes_of(coded: Coded) -> bytes:
    stream = io.BytesIO()
    replace(coded, hear=_stopping(coded.hear, done=False)).write(stream)
    return stream.getvalue()


class _Stop(Exception):
    """Somebody who was told of the progress wants no more; ``reason`` is what was raised."""

    def __init__(self, reason: BaseException) -> None:
        super().__init__()
        self.reason = reason


def _stopping(hear: Hear, done: bool = True) -> Hear:
    """Tells on, and what it raises passes through an encoder as a _Stop; without ``done`` it tells
    no share, and may only end the work.
    """

    def told(share: float) -> None:
        try:
            hear(share if done else 0.0)
        except (OSError, MemoryError, _Stop):
            raise
        except Exception as error:
            raise _Stop(error) from error

    return told


def _unreadable(name: str, reason: object) -> WriteError:
    return WriteError(f"{name} was not saved, because it did not read back: {reason}")


def checker(
    coded: Coded, hear: Hear, verify: Callable[[bytes], None] | None = None
) -> Callable[[Path], None]:
    """Reads the finished file back; whatever differs keeps it from taking the old one's name.
    ``verify`` looks at all of a file that was signed, which is another than was coded.
    """
    content, codec = coded.content, coded.codec

    def check(temporary: Path) -> None:
        hear(0.0)
        if verify is not None:
            verify(temporary.read_bytes())
        if codec.in_bands is not None:
            in_bands(temporary.read_bytes(), codec.in_bands)
        else:
            try:
                again, _ = read_photograph(temporary, None, coded.name)
            except OpenError as error:
                raise _unreadable(coded.name, error) from error
            coded.compare(again, content.pixels)
        hear(1.0)

    def in_bands(data: bytes, apart: InBands) -> None:
        """See that a file is what was written, of which all has been read back."""
        parts = apart(data)
        if parts is None or (verify is None and deflate.crc32(data) != coded.sum):
            raise coded.differs()
        first = parts[0]
        if parts[-1].rows.stop != len(content.pixels):
            raise coded.differs()
        coded.compare(coded.read(first.alone()), content.pixels[first.rows])
        missing = [
            band for band in parts if coded.proved.get(band.rows.start) != deflate.crc32(band.coded)
        ]
        for number, _ in enumerate(on_all_cores(coded.prove, missing)):
            hear(number / len(missing))

    return check


def _identical(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether two pictures hold the same bits; compared in bands, without a large copy."""
    if one.dtype != other.dtype:
        return False
    if one.shape != other.shape:
        full = 1.0 if other.dtype == np.float32 else np.iinfo(other.dtype).max
        shorter = one.shape[2] == 3 and other.shape[2] == 4
        return shorter and bool((other[..., 3] == full).all()) and _identical(one, other[..., :3])
    return all(
        one[top : top + _ROWS].tobytes() == other[top : top + _ROWS].tobytes()
        for top in range(0, len(one), _ROWS)
    )
