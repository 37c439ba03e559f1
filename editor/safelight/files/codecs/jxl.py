"""JPEG XL: reading and writing (ISO/IEC 18181), coded by libjxl."""

from __future__ import annotations

import os
from typing import Annotated, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.api import Number, Unless, to_linear
from safelight.document import Metadata
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.heif_boxes import box, boxes
from safelight.files.codecs.jxl_header import Head, with_colours
from safelight.files.codecs.photograph import (
    DamagedError,
    Limit,
    Photograph,
    Room,
    check_bytes,
    check_size,
    packed,
    undecodable,
    unpremultiplied,
    with_numbers,
)
from safelight.files.colours import hdr
from safelight.pixels import (
    SRGB,
    ColourError,
    Profile,
    from_float,
    known_profile,
    profile_name,
    to_float,
)

_CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
_LARGEST_BOX = 64 << 20
_ROWS = 256


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode the first picture of a JPEG XL file. The decoder turns it upright."""
    import imagecodecs

    data = file.read()
    stream, metadata = _parts(data)
    stated = Head.of(stream)
    check_size(stated.width, stated.height, limit)
    # Colours as they are seen come out unclipped, to be brought into the profile of the file.
    seen = stated.absolute and stated.icc is not None
    wide = 4 if stated.floating or seen else 2
    count = stated.channels + stated.alpha + stated.others
    check_bytes(
        wide * count * stated.width * stated.height, limit, f"{count} channels of {8 * wide} bits"
    )
    if stated.bits > 16 and not stated.floating:
        raise DamagedError(f"has {stated.bits} bits per channel, which Safelight cannot open")
    try:
        # A container that is cut off or rearranged would cost its picture.
        coded = with_colours(stream, "float32", None) if seen else stream
        pixels = imagecodecs.jpegxl_decode(coded, 0, numthreads=os.cpu_count() or 1)
    except DamagedError:
        raise
    except Exception as error:
        raise undecodable(error) from error
    if sorted(pixels.shape[:2]) != sorted((stated.width, stated.height)):
        raise DamagedError("is damaged: it is not of the size that it says")
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    notes: list[str] = []
    if pixels.dtype.kind == "f":
        pixels = with_numbers(pixels.astype(np.float32, copy=False), notes)
    if pixels.shape[2] != stated.channels + stated.alpha:
        pixels = pixels[..., : stated.channels + stated.alpha]
    if seen:
        pixels, icc = _in_its_profile(pixels, stated, notes)
    elif stated.is_high:
        colours = stated.channels
        pixels, icc = hdr.as_seen(
            pixels, colours, stated.places, stated.transfer, stated.peak, notes
        )
    else:
        icc = stated.profile(notes)
    if stated.others:
        word = "channel was" if stated.others == 1 else "channels were"
        notes.append(f"{stated.others} other {word} left out.")
    if stated.alpha and stated.premultiplied:
        pixels = unpremultiplied(pixels)
    if stated.animated:
        notes.append("The file is an animation; its first picture was opened.")
    return Photograph(
        packed(pixels),
        "grey" if stated.channels == 1 else "rgb",
        stated.alpha,
        icc,
        metadata,
        notes,
        orientation=1,
    )


def _in_its_profile(
    pixels: NDArray[Any], stated: Head, notes: list[str]
) -> tuple[NDArray[Any], bytes | None]:
    """Pixels of sRGB (unclipped) in the profile of the file and its depth, or, where no picture is
    kept in that, in one that has nearly all colours there are.
    """
    assert stated.icc is not None
    depth = "float32" if stated.floating else "uint8" if stated.bits <= 8 else "uint16"
    icc: bytes | None = stated.icc
    try:
        profile = _profile_of(stated.icc)
    except ColourError:
        profile = known_profile("Rec_2020") if stated.channels == 3 else SRGB
        icc = profile.icc
        depth = "float32" if stated.floating else "uint16"
        notes.append(
            f"The colours were seen through a profile of tables ({profile_name(stated.icc)}); they"
            f" are in {profile.name} now."
        )
    result = np.empty(pixels.shape, depth)
    for top in range(0, len(pixels), _ROWS):
        band = pixels[top : top + _ROWS]
        result[top : top + _ROWS] = from_float(band, depth)
        grey = stated.channels == 1
        colours = np.repeat(band[..., :1], 3, axis=2) if grey else band[..., :3]
        made = from_float(profile.from_srgb(colours), depth)
        result[top : top + _ROWS, :, : stated.channels] = made[..., : stated.channels]
    return result, icc


def _profile_of(icc: bytes | None) -> Profile:
    """Raises ColourError for one of tables."""
    if icc is None:
        return SRGB
    return Profile.from_grey(icc) if icc[16:20] == b"GRAY" else Profile.from_icc(icc)


def _parts(data: bytes) -> tuple[bytes, Metadata]:
    """The coded picture, and the metadata around it."""
    if data[:2] == b"\xff\x0a":
        return data, Metadata()
    parts: list[bytes] = []
    found: dict[bytes, bytes] = {}
    for kind, start, end in boxes(data):
        body = data[start:end]
        if kind == b"brob":
            kind, body = body[:4], body[4:]
            # Unpacking takes a while for few bytes: once for each that is kept.
            body = _unpacked(body) if kind in (b"Exif", b"xml ") and kind not in found else b""
        if kind == b"jxlc":
            parts.append(body)
        elif kind == b"jxlp":
            parts.append(body[4:])
        elif body or kind in (b"Exif", b"xml "):
            found.setdefault(kind, body)
    exif = found.get(b"Exif", b"")
    exif = exif[4 + int.from_bytes(exif[:4], "big") :].removeprefix(b"Exif\0\0")
    return b"".join(parts), Metadata(exif=exif or None, xmp=found.get(b"xml ") or None)


def _unpacked(body: bytes) -> bytes:
    """A packed box; nothing where it is damaged, or larger than an honest one."""
    import imagecodecs

    try:
        return bytes(imagecodecs.brotli_decode(body, out=_LARGEST_BOX))
    except Exception:
        return b""


def write(
    stream: BinaryIO,
    content: Photograph,
    *,
    quality: Annotated[int, Number(1, 100), Unless("lossless")] = 90,
    lossless: bool = False,
    effort: Annotated[int, Number(1, 9), "1 fastest, 9 slowest and smallest"] = 4,
) -> None:
    """Encode (height, width, 1 to 4) of uint8, uint16 or float32."""
    import imagecodecs

    pixels, icc = content.pixels, content.icc
    if not lossless:
        try:
            profile = _profile_of(icc)
        except ColourError:
            lossless = True
            content.notes.append(
                "The file was written without loss: a JPEG XL with loss holds no profile of tables."
            )
        else:
            if pixels.dtype != np.uint8 or icc is not None:
                pixels = _as_light(pixels, content.alpha, profile)
    data = bytes(
        imagecodecs.jpegxl_encode(
            pixels[..., 0] if pixels.shape[2] == 1 else packed(pixels),
            lossless=lossless or None,
            distance=None if lossless else _distance(quality),
            effort=effort,
            numthreads=os.cpu_count() or 1,
        )
    )
    kept = content.metadata
    if data[:2] != b"\xff\x0a":
        coded = [(kind, data[start:end]) for kind, start, end in boxes(data)][2:]
    else:
        coded = [(b"jxlc", data)]
    if content.pixels.dtype != np.uint8 or icc is not None:
        # The encoder takes more than 8 bits for light, and knows no profile.
        depth = content.pixels.dtype.name
        coded = [
            (kind, with_colours(body, depth, icc) if kind == b"jxlc" else body)
            for kind, body in coded
        ]
    if len(coded) == 1 and not (kept.exif or kept.xmp):
        stream.write(coded[0][1])
        return
    stream.write(_CONTAINER + box(b"ftyp", b"jxl \0\0\0\0jxl "))
    for kind, body in coded:
        if kind in (b"jxlc", b"jxlp"):
            break
        stream.write(box(kind, body))
    if kept.exif:
        stream.write(box(b"Exif", b"\0\0\0\0" + kept.exif))
    if kept.xmp:
        stream.write(box(b"xml ", kept.xmp))
    for kind, body in coded:
        if kind in (b"jxlc", b"jxlp"):
            stream.write(box(kind, body))


def _as_light(pixels: NDArray[Any], alpha: bool, profile: Profile) -> NDArray[np.float32]:
    """Pixels of a profile as the light of sRGB, unclipped: what the encoder takes floats for."""
    result = np.empty(pixels.shape, np.float32)
    colours = pixels.shape[2] - alpha
    for top in range(0, len(pixels), _ROWS):
        band = to_float(np.ascontiguousarray(pixels[top : top + _ROWS]))
        seen = np.repeat(band[..., :1], 3, axis=2) if colours == 1 else band[..., :3]
        light = to_linear(profile.to_srgb(seen))
        result[top : top + _ROWS, :, :colours] = light[..., :colours]
        result[top : top + _ROWS, :, colours:] = band[..., colours:]
    return result


def _distance(quality: int) -> float:
    """How far from the original a quality is, as libjxl's own tools count."""
    if quality >= 30:
        return max(0.1 + (100 - quality) * 0.09, 0.05)
    return 53 / 3000 * quality**2 - 23 / 20 * quality + 25


CODEC = Codec(
    "JPEG XL",
    suffixes=(".jxl",),
    beginnings=(rb"\xff\x0a", rb"\0\0\0\x0cJXL \r\n\x87\n"),
    read=read,
    write=write,
    depths=("uint8", "uint16", "float32"),
    exact=lambda settings, _: bool(settings["lossless"]),
)
