"""OpenEXR: reading and writing pictures of light (OpenEXR 3), in half or single floats."""

from __future__ import annotations

import io
import os
import struct
from typing import Annotated, Any, BinaryIO, Literal

import numpy as np

from safelight.api import from_linear, to_linear
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.photograph import (
    DamagedError,
    Limit,
    Photograph,
    Room,
    check_bytes,
    check_packing,
    check_size,
    unpremultiplied,
    with_numbers,
)
from safelight.files.stated import profile_of_places

_MOST_ATTRIBUTES = 10_000
_EXPANSION = 1 << 13
_WINDOW = struct.Struct("<4i")
_ROWS = 256
_DEEP = 0x08


def _attributes(data: bytes) -> dict[bytes, bytes]:
    """The header's attributes, of several parts the first one's. Raises DamagedError."""
    found: dict[bytes, bytes] = {}
    at = 8
    for _ in range(_MOST_ATTRIBUTES):
        if data[at : at + 1] == b"\0":
            return found
        name, zero, rest = data[at : at + 600].partition(b"\0")
        kind, other, _ = rest.partition(b"\0")
        at += len(name) + len(kind) + 2
        if not zero or not other or at + 4 > len(data):
            break
        (length,) = struct.unpack_from("<i", data, at)
        at += 4 + length
        if length < 0 or at > len(data):
            break
        found[name] = data[at - length : at]
    raise DamagedError("is damaged: its first part is missing")


def _window(attributes: dict[bytes, bytes], name: bytes) -> tuple[int, int, int, int]:
    """Left, top, right and bottom, all within. Raises DamagedError."""
    body = attributes.get(name, b"")
    if len(body) != _WINDOW.size:
        raise DamagedError("is damaged: it does not say how large its picture is")
    left, top, right, bottom = _WINDOW.unpack(body)
    return left, top, right, bottom


def _channel_count(body: bytes) -> int:
    """How many channels a list of them names."""
    count, at = 0, 0
    while at < len(body) and body[at]:
        at = body.find(b"\0", at) + 17
        if at < 17:
            break
        count += 1
    return count


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode the first part of an OpenEXR file: light, which gets the curve of sRGB."""
    import OpenEXR

    data = file.read()
    if len(data) < 8:
        raise DamagedError("is damaged: its first part is missing")
    if data[5] & _DEEP:
        raise DamagedError("holds several depths a pixel, which Safelight cannot open")
    attributes = _attributes(data)
    left, top, right, bottom = frame = _window(attributes, b"dataWindow")
    width, height = right - left + 1, bottom - top + 1
    check_size(width, height, limit)
    count = _channel_count(attributes.get(b"channels", b""))
    check_bytes(4 * width * height * count, limit, f"{count} channels of 32 bits")
    check_packing(2 * width * height * count, len(data), _EXPANSION)
    try:
        found = OpenEXR.File(
            io.BytesIO(data), separate_channels=True, num_threads=os.cpu_count() or 1
        )
        parts = len(found.parts)
        held = {name: channel.pixels for name, channel in found.channels().items()}
    except Exception as error:
        raise DamagedError(f"is damaged or cut off and cannot be decoded ({error})") from error
    notes: list[str] = []
    names, grey, alpha = _chosen(held, notes)
    if any(held[name].shape != (height, width) for name in names):
        raise DamagedError("holds channels of different sizes, which Safelight cannot open")
    pixels = room((height, width, len(names)), np.float32)
    for index, name in enumerate(names):
        pixels[..., index] = held.pop(name)
    pixels = with_numbers(pixels, notes)
    if alpha:
        np.clip(pixels[..., -1], 0, 1, out=pixels[..., -1])
        pixels = unpremultiplied(pixels)
    colours = len(names) - alpha
    for at in range(0, height, _ROWS):
        band = np.ascontiguousarray(pixels[at : at + _ROWS, :, :colours])
        pixels[at : at + _ROWS, :, :colours] = from_linear(band)
    if parts > 1:
        notes.append(f"The file holds {parts} pictures; the first one was opened.")
    if _window(attributes, b"displayWindow") != frame:
        notes.append("The file states a frame other than its picture; all of the picture opened.")
    return Photograph(
        pixels, "grey" if grey else "rgb", alpha, _profile(attributes, notes), notes=notes
    )


def _chosen(held: dict[str, Any], notes: list[str]) -> tuple[list[str], bool, bool]:
    """The channels that are the picture, whether they are grey, and whether there is alpha."""
    layers = sorted({name.rpartition(".")[0] for name in held}, key=lambda name: (name != "", name))
    for layer in layers:
        before = f"{layer}." if layer else ""
        colours = [f"{before}{letter}" for letter in "RGB"]
        grey = not all(name in held for name in colours)
        if grey:
            colours = [f"{before}Y"]
            if colours[0] not in held:
                continue
            if f"{before}RY" in held:
                notes.append("Its colours are kept coarsely beside its light: it opens in grey.")
        alpha = f"{before}A" in held
        names = [*colours, *([f"{before}A"] if alpha else [])]
        left = len(held) - len(names) - (2 if grey and f"{before}RY" in held else 0)
        if left > 0:
            word = "channel was" if left == 1 else "channels were"
            notes.append(f"{left} other {word} left out.")
        return names, grey, alpha
    raise DamagedError("holds no colours, only other channels, which Safelight cannot open")


def _profile(attributes: dict[bytes, bytes], notes: list[str]) -> bytes | None:
    body = attributes.get(b"chromaticities", b"")
    if len(body) != 32:
        return None
    red_x, red_y, green_x, green_y, blue_x, blue_y, x, y = struct.unpack("<8f", body)
    places = ((x, y), (red_x, red_y), (green_x, green_y), (blue_x, blue_y))
    return profile_of_places(places, notes)


def write(
    stream: BinaryIO,
    content: Photograph,
    *,
    bits: Annotated[Literal["16", "32"], "bits a channel: half or single floats"] = "16",
    compression: Annotated[
        Literal["zip", "piz", "none"], "without loss: zip for drawings, piz for grainy pictures"
    ] = "zip",
) -> None:
    """Encode (height, width, 1 to 4) of float32 as light."""
    import OpenEXR

    pixels = content.pixels
    height, width, channels = pixels.shape
    colours = channels - content.alpha
    light = np.empty((channels, height, width), np.float16 if bits == "16" else np.float32)
    most = float(np.finfo(light.dtype).max)
    cut = False
    for top in range(0, height, _ROWS):
        band = np.array(pixels[top : top + _ROWS], np.float32)
        band[..., :colours] = to_linear(np.ascontiguousarray(band[..., :colours]))
        if content.alpha:
            band[..., :colours] *= band[..., colours:]
        cut = cut or bool((np.abs(band) > most).any())
        light[:, top : top + _ROWS] = np.clip(band, -most, most).transpose(2, 0, 1)
    if cut:
        content.notes.append("Light brighter than 65504 was cut off: half floats hold no more.")
    names = "Y" if colours == 1 else "RGB"
    held = dict(zip((*names, "A") if content.alpha else names, light, strict=True))
    header = {
        "compression": {
            "zip": OpenEXR.ZIP_COMPRESSION,
            "piz": OpenEXR.PIZ_COMPRESSION,
            "none": OpenEXR.NO_COMPRESSION,
        }[compression],
        "type": OpenEXR.scanlineimage,
    }
    coded = io.BytesIO()
    OpenEXR.File(header, held, num_threads=os.cpu_count() or 1).write(coded)
    stream.write(coded.getbuffer())


CODEC = Codec(
    "OpenEXR",
    suffixes=(".exr",),
    beginnings=(rb"\x76\x2f\x31\x01",),
    read=read,
    write=write,
    depths=("float32",),
    profiles=False,
    holds=frozenset(),
)
