"""Frame readers: how the pictures of a file that holds several are found, one format after another.

Strangers' files are read with them in a confined process (``frame_parcel``). What describes the
durations is read by ourselves, for libraries tell them only while they decode everything.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from safelight.document.frames.frames_content import LONGEST, USUAL_DURATION
from safelight.document.frames.keyframes import MOST_FRAMES
from safelight.files.codecs import gif, png, tiff, webp
from safelight.files.codecs.photograph import (
    DamagedError,
    Limit,
    Photograph,
    check_bytes,
    check_size,
    undecodable,
)
from safelight.files.metadata import ifd

_UNSTATED = 100
"""Milliseconds that a GIF's picture is shown whose file says 0: what browsers take it for."""


class Frames(Protocol):
    """The pictures of an open file. ``durations`` has one number of milliseconds for each, those of
    the first ``MOST_FRAMES`` where there are more; ``notes`` are sentences on the file.
    """

    @property
    def durations(self) -> Sequence[int]: ...

    @property
    def notes(self) -> Sequence[str]: ...

    def read(self, number: int) -> Photograph:
        """Decode the picture of a number. Quick where the one before was read last. Raises
        DamagedError.
        """


_LOOKED_AT, _FEWEST, _UNEVEN = 12, 4, 0.25
"""Pictures of a film whose times are looked at, of so many at least, and the share of the mean by
which uneven ones are away from it.
"""

_PASSED = 24
"""Pictures of a film that are passed on the way to one that comes later."""

Opener = Callable[[BinaryIO, int, Limit], Frames]
"""Opens a file of so many bytes. Raises what ``codecs.codec.Reader`` does."""


Timing = Callable[[bytes], tuple[list[int], bool]]
"""How long each picture of a file's bytes is shown, in milliseconds, and whether there is alpha."""


class _Animation:
    """An animation that Pillow puts together picture by picture."""

    def __init__(
        self,
        data: bytes,
        format: str,
        limit: Limit,
        timing: Callable[[bytes], tuple[list[int], bool]],
    ) -> None:
        self._data, self._format = data, format
        try:
            durations, self._alpha = timing(data)
            self._begin()
        except Exception as error:
            raise undecodable(error) from error
        width, height = self._image.size
        check_size(width, height, limit)
        check_bytes(8 * width * height, limit, "4 channels of 8 bits, twice")
        if not durations:
            count = min(int(getattr(self._image, "n_frames", 1)), MOST_FRAMES)
            durations = [USUAL_DURATION] * count
        self.notes = [_longer(len(durations))] if len(durations) > MOST_FRAMES else []
        self.durations = [_possible(each) for each in durations[:MOST_FRAMES]]

    def _begin(self) -> None:
        from PIL import Image

        self._image: Any = Image.open(io.BytesIO(self._data), formats=[self._format])
        self._last = 0

    def read(self, number: int) -> Photograph:
        try:
            if number < self._last:
                self._begin()  # Pillow finds no way back through some animated PNGs
            self._image.seek(number)
            self._last = number
            pixels = np.array(self._image.convert("RGBA" if self._alpha else "RGB"))
        except Exception as error:
            self._begin()
            raise undecodable(error) from error
        icc = self._image.info.get("icc_profile")
        return Photograph(pixels, "rgb", self._alpha, icc if isinstance(icc, bytes) else None)


def _animation(format: str, timing: Timing) -> Opener:
    return lambda file, size, limit: _Animation(file.read(), format, limit, timing)


def _longer(count: int) -> str:
    return f"The file holds {count:,} pictures; the first {MOST_FRAMES:,} were opened."


def _possible(duration: float) -> int:
    return min(max(round(duration), 1), LONGEST)


def _gif_timing(data: bytes) -> tuple[list[int], bool]:
    """GIF89a: the delay of the graphic control extension before each picture, in hundredths of a
    second. Transparent where the first picture is, or where one is taken away again.
    """
    place = 13 + gif.table_size(data[10])
    durations: list[int] = []
    delay, alpha, first = 0, False, True
    try:
        while data[place] != 0x3B:
            if data[place] == 0x21:
                if data[place + 1] == 0xF9:
                    flags, delay = struct.unpack_from("<BH", data, place + 3)
                    alpha |= bool(first and flags & 1) or (flags >> 2 & 7) == 2
                place = gif.behind_blocks(data, place + 2)
                continue
            durations.append(10 * delay or _UNSTATED)
            if first:
                # What the first picture leaves free of the canvas is transparent.
                sides = struct.unpack_from("<4H", data, place + 1)
                alpha |= sides != (0, 0, *struct.unpack_from("<HH", data, 6))
            delay, first = 0, False
            place = gif.behind_blocks(data, place + 11 + gif.table_size(data[place + 9]))
    except (IndexError, struct.error):
        pass  # cut off: what is there counts
    return durations, alpha


def _webp_timing(data: bytes) -> tuple[list[int], bool]:
    """WebP (RFC 9649): durations in milliseconds from the ANMF chunks, alpha from VP8X."""
    durations: list[int] = []
    alpha = False
    for kind, body in webp.chunks_of(data):
        if kind == b"VP8X" and body:
            alpha = bool(body[0] & 0x10)
        if kind == b"ANMF" and len(body) >= 16:
            durations.append(int.from_bytes(body[12:15], "little") or _UNSTATED)
    return durations, alpha


def _png_timing(data: bytes) -> tuple[list[int], bool]:
    """PNG 3: delays of the fcTL chunks. The default picture counts only where one precedes it."""
    durations: list[int] = []
    alpha = data[25] in (4, 6)
    for kind, body in png.chunks_of(data):
        if kind == b"tRNS":
            alpha = True
        if kind == b"fcTL" and len(body) == 26:
            over, under = struct.unpack_from(">HH", body, 20)
            durations.append(round(1000 * over / (under or 100)) or _UNSTATED)
    return durations, alpha


def _avif_timing(data: bytes) -> tuple[list[int], bool]:
    """AVIF: the time-to-sample box of the first track (ISO 14496-12, 8.6.1.2) in the unit of its
    media header; alpha where a second track is there for it.
    """
    header, times = data.find(b"mdhd"), data.find(b"stts")
    durations: list[int] = []
    if header >= 0 and times >= 0:
        version = data[header + 4]
        (unit,) = struct.unpack_from(">I", data, header + (24 if version else 16))
        (entries,) = struct.unpack_from(">I", data, times + 8)
        for number in range(min(entries, MOST_FRAMES)):
            count, delta = struct.unpack_from(">II", data, times + 12 + 8 * number)
            more = min(count, MOST_FRAMES + 1 - len(durations))
            durations += [round(1000 * delta / max(unit, 1)) or _UNSTATED] * more
    return durations, b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha" in data


@dataclass
class _Pages:
    """The pages of a TIFF file: each is read as the first of a file would be."""

    data: bytes
    limit: Limit
    header: ifd.Header
    places: Sequence[int]
    notes: Sequence[str] = ()

    @property
    def durations(self) -> Sequence[int]:
        return [USUAL_DURATION] * len(self.places)

    def read(self, number: int) -> Photograph:
        head = replace(self.header, first=self.places[number]).bytes()
        found = tiff.read(_Named(head + self.data[len(head) :]), len(self.data), self.limit)
        found.notes[:] = [note for note in found.notes if "the first one was opened" not in note]
        return found


class _Named(io.BytesIO):
    """Bytes with a name, which tifffile asks for."""

    name = "the picture"


_SUBFILE, _REDUCED_OR_MASK = 254, 1 | 4
"""The tag that says what a page is for, and what is none of a sequence (TIFF 6.0)."""


def _pages(file: BinaryIO, size: int, limit: Limit) -> Frames:
    data = file.read()
    fetch = ifd.bytes_fetch(data)
    places: list[int] = []
    try:
        header = ifd.Header.read(fetch)
        place, seen = header.first, set[int]()
        while place and place not in seen and len(places) <= MOST_FRAMES:
            seen.add(place)
            directory = ifd.read_directory(fetch, header, place)
            kind = directory.numbers(_SUBFILE, header)
            if not (kind and int(kind[0]) & _REDUCED_OR_MASK):
                places.append(place)
            place = directory.next
    except ifd.DirectoryError as error:
        if not places:
            raise DamagedError(f"is damaged or cut off: {error}") from error
    if not places:
        raise DamagedError("is damaged: it has no page")
    notes = [_longer(len(places))] if len(places) > MOST_FRAMES else []
    return _Pages(data, limit, header, places[:MOST_FRAMES], notes)


class _Film:
    """A film that FFmpeg decodes, as OpenCV has it: 8 bits, without transparency or sound."""

    def __init__(self, file: BinaryIO, size: int, limit: Limit) -> None:
        import cv2

        try:
            self._film = cv2.VideoCapture(file, cv2.CAP_FFMPEG, [])  # type: ignore[call-overload]
        except Exception as error:
            raise undecodable(error) from error
        if not self._film.isOpened():
            raise DamagedError("is a film that cannot be read: its coder is not known here")
        width, height = (
            int(self._film.get(each))
            for each in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        check_size(width, height, limit)
        rate = self._film.get(cv2.CAP_PROP_FPS)
        count = int(self._film.get(cv2.CAP_PROP_FRAME_COUNT))
        if not 0 < rate <= 1000:
            rate = 1000 / USUAL_DURATION
        if count <= 0:
            count = self._counted()
        if count <= 0:
            raise DamagedError("is a film without a picture")
        self.notes = [_longer(count)] if count > MOST_FRAMES else []
        kept = min(count, MOST_FRAMES)
        # Whole milliseconds that add up to what the film says.
        ends = [round(1000 * number / rate) for number in range(kept + 1)]
        self.durations = [_possible(b - a) for a, b in zip(ends, ends[1:], strict=False)]
        if self._is_uneven(1000 / rate, count):
            self.notes.append("The film shows its pictures for different times; here for the mean.")
        self._next = 0

    def _is_uneven(self, mean: float, count: int) -> bool:
        """Whether the first pictures are shown for times, in milliseconds, far from the mean."""
        import cv2

        times: list[float] = []
        if count < _FEWEST:  # from whose end there may be no way back
            return False
        while len(times) < min(_LOOKED_AT, count - 1) and self._film.grab():
            times.append(self._film.get(cv2.CAP_PROP_POS_MSEC))
        self._film.set(cv2.CAP_PROP_POS_FRAMES, 0)
        steps = [b - a for a, b in zip(times, times[1:], strict=False)]
        told = bool(steps) and min(steps) > 0  # some files say no times at all
        return told and max(abs(step - mean) for step in steps) > max(_UNEVEN * mean, 2)

    def _counted(self) -> int:
        count = 0
        while count <= MOST_FRAMES and self._film.grab():
            count += 1
        self._film.set(1, 0)
        return count

    def read(self, number: int) -> Photograph:
        import cv2

        if not 0 <= self._next <= number <= self._next + _PASSED:
            self._film.set(cv2.CAP_PROP_POS_FRAMES, number)
        else:  # a picture that is passed costs a thirtieth of a new place, which is sought anew
            for _ in range(self._next, number):
                self._film.grab()
        self._next = number + 1
        there, pixels = self._film.read()
        if not there or pixels is None or pixels.ndim != 3:
            self._next = -1
            raise DamagedError("is damaged: a picture of the film cannot be decoded")
        return Photograph(_rgb(pixels))


def _rgb(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import cv2

    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


FILM = "Film"
"""The name of the format of films, which has no codec of its own."""

_FILMS = re.compile(
    rb"\x1a\x45\xdf\xa3|RIFF....AVI |....ftyp(isom|iso\d|mp4\d|avc1|qt  |M4V |m4v |dash|3gp|MSNV)",
    re.DOTALL,
)


def is_film(head: bytes) -> bool:
    """Whether a file with those first bytes is a film of a kind that is read."""
    return _FILMS.match(head) is not None


OPENERS: dict[str, Opener] = {
    "GIF": _animation("GIF", _gif_timing),
    "WebP": _animation("WEBP", _webp_timing),
    "PNG": _animation("PNG", _png_timing),
    "AVIF": _animation("AVIF", _avif_timing),
    "TIFF": _pages,
    FILM: _Film,
}
"""What opens the files of a format, by its codec's name."""
