"""Frame writers: how pictures in order become one file, one format after another.

None holds more than what is packed already. The animations are put together here of single pictures
that a library packs: what libraries write whole, they hold whole.
"""

from __future__ import annotations

import io
import math
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.files.codecs import png, webp
from safelight.files.exports.export_outcome import ExportError

Pictures = Iterable[NDArray[np.uint8]]
"""Pictures in order, each (height, width, 3 or 4) of uint8, sRGB, all of one shape."""

_FASTEST = 100
"""Pictures a second that a film has at most."""

_EVEN = 0.06
"""Share of a picture's duration by which those of a film may differ from the file's."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written: pictures of a ``size`` (width, height), each shown for its
    milliseconds, into a stream. ``quality`` is 1 to 100, for formats that have it. What is set
    aside goes into the folder ``scratch``.
    """

    stream: BinaryIO
    pictures: Pictures
    durations: Sequence[int]
    size: tuple[int, int]
    quality: int
    scratch: Path

    def shown(self) -> Iterator[tuple[NDArray[np.uint8], int]]:
        """Each picture, (height, width, 3 or 4) of uint8, with its duration in milliseconds."""
        return zip(self.pictures, self.durations, strict=True)


Writer = Callable[[Order], list[str]]
"""Writes a file of a format, and gives notes on what the file lost."""


# -- GIF -------------------------------------------------------------------------------------


def _gif(order: Order) -> list[str]:
    """GIF89a: each picture with 256 colours of its own, half transparent or not at all."""
    order.stream.write(b"GIF89a" + struct.pack("<HHBBB", *order.size, 0, 0, 0))
    order.stream.write(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0")
    for pixels, duration in order.shown():
        clear = pixels.shape[2] == 4
        control = (2 << 2 | 1) if clear else 1 << 2  # taken away again, or left
        delay = min(max(round(duration / 10), 1), 0xFFFF)
        order.stream.write(b"\x21\xf9\x04" + struct.pack("<BHBB", control, delay, _CLEAR, 0))
        order.stream.write(_gif_picture(pixels))
    order.stream.write(b"\x3b")
    notes = ["The pictures have 256 colours each: a GIF holds no more."]
    if any(duration % 10 for duration in order.durations):
        notes.append("Durations were rounded to hundredths of a second, as a GIF has them.")
    return notes


_CLEAR = 255
"""The colour of a table that stands for nothing."""


def _gif_picture(pixels: NDArray[np.uint8]) -> bytes:
    """A picture's block, with its table of colours."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    few = image.quantize(
        _CLEAR, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.FLOYDSTEINBERG
    )
    colours = (few.getpalette() or [])[: 3 * _CLEAR]
    numbers = np.array(few)
    if pixels.shape[2] == 4:
        numbers[pixels[..., 3] < 128] = _CLEAR
    table = bytes(colours).ljust(768, b"\0")
    single = io.BytesIO()
    indexed = Image.fromarray(numbers).convert("L")
    indexed.putpalette(table)
    indexed.save(single, "GIF", optimize=False, interlace=False)
    data = single.getvalue()
    start = data.index(b"\x2c", 13 + 768)
    head = data[start : start + 9] + b"\x87"  # a table of its own, of 256
    behind = start + 10 + (3 * 2 ** ((data[start + 9] & 7) + 1) if data[start + 9] & 0x80 else 0)
    return head + table + data[behind:-1]


# -- PNG -------------------------------------------------------------------------------------


def _png(order: Order) -> list[str]:
    """PNG 3 with an animation: each picture whole, without loss."""
    import imagecodecs

    number = 0
    for place, (pixels, duration) in enumerate(order.shown()):
        packed = bytes(imagecodecs.png_encode(np.ascontiguousarray(pixels), 6))
        chunks = list(png.chunks_of(packed))
        if place == 0:
            order.stream.write(packed[:8] + png.chunk(b"IHDR", dict(chunks)[b"IHDR"]))
            order.stream.write(png.chunk(b"sRGB", b"\0"))
            order.stream.write(png.chunk(b"acTL", struct.pack(">II", len(order.durations), 0)))
        control = struct.pack(
            ">IIIIIHHBB", number, *order.size, 0, 0, min(duration, 0xFFFF), 1000, 0, 0
        )
        order.stream.write(png.chunk(b"fcTL", control))
        number += 1
        for kind, body in chunks:
            if kind == b"IDAT" and place == 0:
                order.stream.write(png.chunk(b"IDAT", body))
            elif kind == b"IDAT":
                order.stream.write(png.chunk(b"fdAT", struct.pack(">I", number) + body))
                number += 1
    order.stream.write(png.chunk(b"IEND", b""))
    longer = max(order.durations) > 0xFFFF
    return ["No picture is shown longer than 65 seconds: an animated PNG cannot."] if longer else []


# -- WebP ------------------------------------------------------------------------------------


def _webp(order: Order) -> list[str]:
    """WebP (RFC 9649): each picture whole; without loss at a quality of 100."""
    import imagecodecs

    width, height = ((side - 1).to_bytes(3, "little") for side in order.size)
    start, alpha = order.stream.tell(), False
    order.stream.write(b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + width + height)
    order.stream.write(b"ANIM\x06\0\0\0" + bytes(4) + b"\0\0")
    for pixels, duration in order.shown():
        packed = imagecodecs.webp_encode(
            np.ascontiguousarray(pixels), order.quality, lossless=order.quality == 100
        )
        body = b"".join(
            struct.pack("<4sI", kind, len(data)) + data + b"\0" * (len(data) % 2)
            for kind, data in webp.chunks_of(bytes(packed))
            if kind in (b"ALPH", b"VP8 ", b"VP8L")
        )
        alpha |= pixels.shape[2] == 4
        # Whole pictures that replace what was there: neither blended nor taken away.
        head = bytes(6) + width + height + min(duration, 0xFFFFFF).to_bytes(3, "little") + b"\x02"
        order.stream.write(b"ANMF" + struct.pack("<I", len(head) + len(body)) + head + body)
    end = order.stream.tell()
    order.stream.seek(start + 4)
    order.stream.write(struct.pack("<I", end - start - 8))
    order.stream.seek(start + 20)
    order.stream.write(bytes([0x02 | (0x10 if alpha else 0)]))
    order.stream.seek(end)
    return []


# -- AVIF ------------------------------------------------------------------------------------


def _avif(order: Order) -> list[str]:
    """An AVIF sequence, as libavif packs it."""
    from PIL import Image

    images = (Image.fromarray(np.ascontiguousarray(pixels)) for pixels in order.pictures)
    first = next(images)
    first.save(
        order.stream,
        "AVIF",
        save_all=True,
        append_images=images,
        duration=list(order.durations),
        quality=order.quality,
        speed=8,
    )
    return []


# -- films -----------------------------------------------------------------------------------


def _film(order: Order) -> list[str]:
    """VP9 in WebM, by FFmpeg as OpenCV has it: 8 bits, colour at half the size, no transparency."""
    import cv2

    rate, times, notes = film_rate(order.durations)
    order.scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=order.scratch, prefix="film-") as folder:
        path = Path(folder) / "film.webm"
        coder = cv2.VideoWriter.fourcc(*"VP90")
        film = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, coder, rate, order.size)
        if not film.isOpened():
            raise ExportError("No film can be written: its coder (VP9) is not there.")
        clear = False
        try:
            for pixels, count in zip(order.pictures, times, strict=True):
                clear |= pixels.shape[2] == 4
                seen = cv2.cvtColor(_on_black(pixels), cv2.COLOR_RGB2BGR)
                for _ in range(count):
                    film.write(seen)
        finally:
            film.release()
        with path.open("rb") as written:
            shutil.copyfileobj(written, order.stream, 1 << 20)
    if clear:
        notes.append("Transparent parts became black: a film has no transparency here.")
    return notes


def film_rate(durations: Sequence[int]) -> tuple[float, list[int], list[str]]:
    """Pictures a second of a film, how often each picture is in it, and notes.

    Of durations that are about the same, one of each; else as many as make their lengths, at 100 a
    second at most.
    """
    mean = sum(durations) / len(durations)
    if all(abs(each - mean) <= max(_EVEN * mean, 1) for each in durations):
        return min(1000 / mean, 1000.0), [1] * len(durations), []
    unit = max(math.gcd(*durations), 1000 // _FASTEST)
    notes = []
    if any(each % unit for each in durations):
        notes.append("Durations were rounded to hundredths of a second, as the film has them.")
    return 1000 / unit, [max(round(each / unit), 1) for each in durations], notes


def _on_black(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if pixels.shape[2] == 3:
        return np.ascontiguousarray(pixels)
    share = pixels[..., 3:].astype(np.float32) / 255
    return (pixels[..., :3] * share + 0.5).astype(np.uint8)


# -- TIFF ------------------------------------------------------------------------------------


def _tiff(order: Order) -> list[str]:
    """A page for each picture, without loss."""
    import tifffile

    file: Any = order.stream
    with tifffile.TiffWriter(file, bigtiff=True) as pages:
        for pixels in order.pictures:
            extra = {"extrasamples": ["unassalpha"]} if pixels.shape[2] == 4 else {}
            pages.write(pixels, photometric="rgb", compression="zlib", metadata=None, **extra)
    return ["The durations were left out: the pages of a TIFF have none."]


WRITERS: dict[str, tuple[tuple[str, ...], Writer]] = {
    "WebM": ((".webm",), _film),
    "GIF": ((".gif",), _gif),
    "WebP": ((".webp",), _webp),
    "PNG": ((".png", ".apng"), _png),
    "AVIF": ((".avif",), _avif),
    "TIFF": ((".tif", ".tiff"), _tiff),
}
"""The endings of a format's files, the usual one first, and what writes them."""

EVEN_SIDES = frozenset({"WebM"})
"""Formats whose pictures have even sides."""

LOSSY = frozenset({"WebP", "AVIF"})
"""Formats that have a quality."""
