"""HEIF picture: what was decoded of a HEIC or AVIF file, upright, in its colours, with notes."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.document import Metadata
from safelight.files.codecs.heif import PICTURES, Container
from safelight.files.codecs.heif_boxes import Box
from safelight.files.codecs.photograph import DamagedError, Photograph, undecodable
from safelight.files.colours import hdr
from safelight.files.colours.gain_map import LEFT_OUT
from safelight.files.colours.stated_colours import places_of_code, profile_of_codes
from safelight.files.metadata.exif_for_export import for_pixels

_GAIN_MAPS = (b"urn:com:apple:photo:2020:aux:hdrgainmap", b"urn:iso:std:iso:ts:21496:-1")


def straightened(pixels: NDArray[Any], turns: Sequence[Box]) -> NDArray[Any]:
    """The pixels (height, width, channels), of any depth, cropped, turned and mirrored as the
    picture's properties say: a view.
    """
    for kind, body in turns:
        if kind == b"irot" and body:
            pixels = np.rot90(pixels, body[0] & 3)
        elif kind == b"imir" and body:
            pixels = pixels[:, ::-1] if body[0] & 1 else pixels[::-1]
        elif kind == b"clap":
            pixels = _clean(pixels, body)
    return pixels


def _clean(pixels: NDArray[Any], body: bytes) -> NDArray[Any]:
    """The clean aperture (14496-12, 12.1.4); all of the picture where there is no such part."""
    try:
        width, height, across, down = (
            Fraction(*struct.unpack_from(code, body, at))
            for at, code in ((0, ">II"), (8, ">II"), (16, ">iI"), (24, ">iI"))
        )
    except (struct.error, ZeroDivisionError):
        return pixels
    tall, wide = pixels.shape[:2]
    left = across + Fraction(wide - 1, 2) - (width - 1) / 2
    top = down + Fraction(tall - 1, 2) - (height - 1) / 2
    x, y, columns, rows = (round(number) for number in (left, top, width, height))
    if x < 0 or y < 0 or columns < 1 or rows < 1 or x + columns > wide or y + rows > tall:
        return pixels
    return pixels[y : y + rows, x : x + columns]


def failure(container: Container, error: Exception, name: str) -> DamagedError:
    """Why a picture of the format ``name`` could not be decoded; its decoder raised ``error``."""
    share = container.share()
    if share < 1:
        return DamagedError(
            f"ends early ({math.floor(100 * share)} % of the file is there), and {name} cannot"
            " be opened in part"
        )
    return undecodable(error, cut_off=False)


def decoded_photograph(
    container: Container, pixels: NDArray[Any], alpha: bool, damage: Sequence[str] = ()
) -> Photograph:
    """The picture that was decoded, (height, width, channels) of uint8 or uint16, upright, with
    all that the file says of it, and what is known of its ``damage``.
    """
    notes = [*damage, *_notes(container)]
    if container.share() < 1 and not damage:
        notes.append("The file ends early; part of the picture or of what it says may be gone.")
    height, width, channels = pixels.shape
    pixels, icc = _in_colours(container, pixels, alpha, notes)
    kept = container.metadata()
    if kept.exif and container.turns():
        # The thumbnail in it lies as it always did.
        exif = for_pixels(kept.exif, width, height, same_picture=False)
        kept = Metadata(exif=exif, xmp=kept.xmp)
    return Photograph(
        np.ascontiguousarray(pixels),
        "grey" if channels < 3 else "rgb",
        alpha,
        icc,
        kept,
        notes,
        # EXIF says how it lay before its properties have set it upright.
        orientation=1,
    )


def _notes(container: Container) -> list[str]:
    """What else is in the file, in sentences."""
    notes = []
    if container.moving:
        notes.append("The file is an animation; its first picture was opened.")
    hidden = {
        target
        for kind, origin, targets in container.references
        for target in ((origin,) if kind in (b"auxl", b"thmb") else targets)
        if kind in (b"auxl", b"thmb", b"dimg")
    }
    shown = [
        number
        for number, item in container.items.items()
        if item.kind in PICTURES and number not in hidden
    ]
    mapped = any(item.kind == b"tmap" for item in container.items.values())
    if len(shown) > 1:
        notes.append(f"The file holds {len(shown)} pictures; the first one was opened.")
    if mapped or container.auxiliary(_GAIN_MAPS) is not None:
        notes.append(LEFT_OUT)
    return notes


def _in_colours(
    container: Container, pixels: NDArray[Any], alpha: bool, notes: list[str]
) -> tuple[NDArray[Any], bytes | None]:
    """Pixels as they are to be seen, and the profile that they are in."""
    icc, codes = container.profile(), container.codes()
    if icc is not None or codes is None:
        return pixels, icc
    places = places_of_code(codes[0])
    if places is not None and hdr.is_high(codes[1]):
        colours = pixels.shape[2] - alpha
        return hdr.as_seen(pixels, colours, places, codes[1], container.brightest(), notes)
    return pixels, profile_of_codes(*codes, notes)


def scaled(pixels: NDArray[Any], bits: int) -> NDArray[np.uint16]:
    """Numbers of so many bits, of any shape, as uint16 of the same shape, full scale to full."""
    full = (1 << bits) - 1
    table = ((np.arange(full + 1, dtype=np.uint64) * 65535 + full // 2) // full).astype(np.uint16)
    return np.take(table, pixels, mode="clip")
