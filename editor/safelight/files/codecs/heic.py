"""HEIC: reading the pictures of phones (ISO/IEC 23008-12), decoded by libheif."""

from __future__ import annotations

import os
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.files.codecs import heif, heif_picture, heif_thumbnail, heif_tiles
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.photograph import DamagedError, Limit, Photograph, Room, unpremultiplied

_COMPATIBLE = rb"....ftyp(heic|heix|heim|heis|hevc|hevx)|....ftyp(mif1|msf1).*(heic|heix|hevc)"


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode the primary picture of a HEIC file."""
    data = file.read()
    container = heif.Container(data)
    container.check(limit)
    damage: list[str] = []
    hurt = any(container.hurt(number) for number in container.coded())
    found = heif_tiles.decoded(container, _tile, room, damage) if hurt else None
    if found is not None:
        return heif_picture.decoded_photograph(container, *found, damage)
    try:
        pixels, alpha = _decoded(container.undescribed(), room)
    except Exception as error:
        found = heif_tiles.decoded(container, _tile, room, damage)
        if found is None:
            raise heif_picture.failure(container, error, "a HEIC") from error
        return heif_picture.decoded_photograph(container, *found, damage)
    if hurt and container.share() == 1:
        damage.append("A part of the file is damaged: the picture may be wrong in places.")
    # The decoder has cropped and turned it as the file says.
    width, height = container.size(container.primary)
    blank = np.broadcast_to(np.uint8(0), (height, width))
    if pixels.shape[:2] != heif_picture.straightened(blank, container.turns()).shape:
        raise DamagedError("is damaged: it is not of the size that it says")
    return heif_picture.decoded_photograph(container, pixels, alpha, damage)


def reduced(
    file: BinaryIO, limit: Limit, room: tuple[int, int], least: int = 1
) -> Photograph | None:
    """The small copy that the file holds, however large, as a ``codec.Reducer``."""
    container = heif.Container(file.read())
    return heif_thumbnail.reduced(container, limit, lambda data: _decoded(data, np.empty))


def _tile(data: bytes) -> NDArray[Any]:
    return _decoded(data, np.empty)[0]


def _decoded(data: bytes, room: Room) -> tuple[NDArray[Any], bool]:
    """(height, width, channels) of uint8 or uint16, and whether the last one is alpha."""
    import pi_heif

    pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False
    pi_heif.options.DECODE_THREADS = os.cpu_count() or 1
    found = pi_heif.open_heif(data, convert_hdr_to_8bit=False)
    image = found[found.primary_index]
    rows = np.asarray(image)
    width, height = image.size
    rows = rows.reshape(height, -1, rows.shape[2] if rows.ndim == 3 else 1)[:, :width]
    # Copied, because what they lie in ends with the decoder.
    pixels = room(rows.shape, rows.dtype)
    np.copyto(pixels, rows)
    bits = int(image.info["bit_depth"])
    if pixels.dtype != np.uint8:
        # The decoder has only moved them up.
        pixels = heif_picture.scaled(pixels >> 16 - bits, bits)
    if image.premultiplied_alpha:
        pixels = unpremultiplied(pixels)
    return pixels, image.has_alpha


CODEC = Codec(
    "HEIC",
    suffixes=(".heic", ".heif", ".hif"),
    beginnings=(_COMPATIBLE,),
    read=read,
    reduced=reduced,
    depths=("uint8", "uint16"),
)
