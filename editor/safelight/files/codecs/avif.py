"""AVIF: reading and writing (AV1 Image File Format 1.2), coded by libavif."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from safelight.api import Number, Unless, Value
from safelight.files.codecs import heif, heif_layout, heif_picture, heif_thumbnail, heif_tiles
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.photograph import (
    DamagedError,
    Limit,
    Photograph,
    Room,
    packed,
    unpremultiplied,
)


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode the first picture of an AVIF file."""
    data = file.read()
    container = heif.Container(data)
    container.check(limit)
    try:
        # libavif would take the first of an animation's frames for a still picture and crash.
        pixels = _decoded(heif_layout.still(container), container)
    except Exception as error:
        damage: list[str] = []
        found = heif_tiles.decoded(container, partial(_decoded, container=container), room, damage)
        if found is None:
            raise heif_picture.failure(container, error, "an AVIF") from error
        return heif_picture.decoded_photograph(container, *found, damage)
    width, height = container.size(container.primary)
    if pixels.shape[:2] != (height, width):
        raise DamagedError("is damaged: it is not of the size that it says")
    alpha = pixels.shape[2] in (2, 4)
    if alpha and container.is_premultiplied():
        pixels = unpremultiplied(pixels)
    return heif_picture.decoded_photograph(
        container, heif_picture.straightened(pixels, container.turns()), alpha
    )


def reduced(
    file: BinaryIO, limit: Limit, room: tuple[int, int], least: int = 1
) -> Photograph | None:
    """The small copy that the file holds, however large, as a ``codec.Reducer``."""
    container = heif.Container(file.read())

    def decode(data: bytes) -> tuple[NDArray[Any], bool]:
        pixels = _decoded(data, container)
        return pixels, pixels.shape[2] in (2, 4)

    return heif_thumbnail.reduced(container, limit, decode)


def _decoded(data: bytes, container: heif.Container) -> NDArray[Any]:
    """(height, width, channels) of uint8 or uint16."""
    import imagecodecs

    pixels = imagecodecs.avif_decode(data, numthreads=os.cpu_count() or 1)
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    return pixels if pixels.dtype == np.uint8 else heif_picture.scaled(pixels, container.depth())


def write(
    stream: BinaryIO,
    content: Photograph,
    *,
    quality: Annotated[int, Number(1, 100), Unless("lossless")] = 85,
    lossless: bool = False,
    bits: Annotated[
        Literal["automatic", "8", "10", "12"],
        "bits a channel; automatic: 8 of 8, and of 16 bits 10, or 12 where lossless",
    ] = "automatic",
    subsampling: Annotated[
        Literal["automatic", "444", "422", "420"],
        "how fine colour is kept; automatic: 444 from quality 90, else 420",
        Unless("lossless"),
    ] = "automatic",
    speed: Annotated[int, Number(0, 10), "0 slowest and smallest, 10 fastest"] = 7,
) -> None:
    """Encode (height, width, 1 to 4) of uint8 or uint16."""
    import imagecodecs

    depth = _bits(bits, content.pixels, lossless)
    pixels = _in_bits(content.pixels, depth)
    if depth < 8 * content.pixels.itemsize:
        more = f": an AVIF holds {depth}" if bits == "automatic" else ""
        content.notes.append(f"16 bits a channel became {depth}{more}.")
    # Colours by ITU-T H.273: sRGB, or nothing where a profile tells.
    primaries, transfer = (2, 2) if content.icc else (1, 13)
    fine = "444" if lossless or quality >= 90 else "420"
    data = imagecodecs.avif_encode(
        pixels[..., 0] if pixels.shape[2] == 1 else packed(pixels),
        100 if lossless else min(quality, 99),
        speed=speed,
        bitspersample=depth,
        pixelformat=f"yuv{fine if lossless or subsampling == 'automatic' else subsampling}",
        numthreads=os.cpu_count() or 1,
        primaries=primaries,
        transfer=transfer,
    )
    kept = content.metadata
    stream.write(heif_layout.with_metadata(bytes(data), content.icc, kept.exif, kept.xmp))


def _bits(asked: str, pixels: NDArray[Any], lossless: bool) -> int:
    if asked != "automatic":
        return int(asked)
    if pixels.dtype == np.uint8:
        return 8
    return 12 if lossless else 10


def _in_bits(pixels: NDArray[Any], bits: int) -> NDArray[Any]:
    """The pixels from full scale of their type to that of so many bits."""
    held, full = int(np.iinfo(pixels.dtype).max), (1 << bits) - 1
    if held == full:
        return pixels
    table = (np.arange(held + 1, dtype=np.uint64) * full + held // 2) // held
    return np.take(table.astype(np.uint8 if bits == 8 else np.uint16), pixels)


def _is_exact(settings: Mapping[str, Value], depth: str) -> bool:
    plain = depth == "uint8" and settings["bits"] in ("automatic", "8")
    return plain and bool(settings["lossless"])


CODEC = Codec(
    "AVIF",
    suffixes=(".avif",),
    beginnings=(rb"....ftypavi[fs]", rb"....ftyp(mif1|miaf|MA1[AB]).*avif"),
    read=read,
    reduced=reduced,
    write=write,
    depths=("uint8", "uint16"),
    largest_side=16384,
    exact=_is_exact,
)
