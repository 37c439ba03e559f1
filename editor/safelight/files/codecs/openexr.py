"""OpenEXR: reading and writing pictures of light (OpenEXR 3), in half or single floats."""

from __future__ import annotations

import io
import os
import struct
from typing import Annotated, Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from safelight.api import from_linear, to_linear
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.openexr_header import (
    attributes_of,
    headers_of,
    metadata_of,
    with_attributes,
)
from safelight.files.codecs.photograph import (
    DamagedError,
    Limit,
    Photograph,
    Room,
    check_bytes,
    check_packing,
    check_size,
    undecodable,
    unpremultiplied,
    with_numbers,
)
from safelight.files.colours.stated_colours import ADDED, places_of, profile_of_places

_EXPANSION = 1 << 13
_WINDOW = struct.Struct("<4i")
_SIDES = struct.Struct("<II")
_LARGEST_TILE = 1 << 20
"""Pixels of a tile in a picture of any size."""
_MOST_TILE = 4
"""How many times larger than its picture a tile may be otherwise."""
_ROWS = 256
_DEEP = 0x08


def _window(attributes: dict[bytes, bytes], name: bytes) -> tuple[int, int, int, int]:
    """Left, top, right and bottom, all within. Raises DamagedError."""
    body = attributes.get(name, b"")
    if len(body) != _WINDOW.size:
        raise DamagedError("is damaged: it does not say how large its picture is")
    left, top, right, bottom = _WINDOW.unpack(body)
    return left, top, right, bottom


def _check_tiles(attributes: dict[bytes, bytes], width: int, height: int) -> None:
    """Raises DamagedError for tiles far larger than their picture: the library has room for one."""
    body = attributes.get(b"tiles", b"")
    if len(body) < _SIDES.size:
        return
    across, down = _SIDES.unpack_from(body)
    if across * down > max(_LARGEST_TILE, _MOST_TILE * width * height):
        raise DamagedError(
            f"is damaged: it states tiles of {across} x {down} pixels for a picture of"
            f" {width} x {height}"
        )


def _channel_names(body: bytes) -> list[str]:
    """The channels that a list of them names."""
    names: list[str] = []
    at = 0
    while at < len(body) and body[at]:
        end = body.find(b"\0", at)
        if end < 0:
            break
        names.append(body[at:end].decode("utf-8", "replace"))
        at = end + 17
    return names


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode the first part of an OpenEXR file: light, which gets the curve of sRGB."""
    import OpenEXR

    data = file.read()
    if len(data) < 8:
        raise DamagedError("is damaged: its first part is missing")
    if data[5] & _DEEP:
        raise DamagedError("holds several depths a pixel, which Safelight cannot open")
    stated = headers_of(data)
    headers = [{name: body for name, (_, body) in header.items()} for header in stated]
    listed = [_channel_names(header.get(b"channels", b"")) for header in headers]
    numbers = 0
    for header, channels in zip(headers, listed, strict=True):
        left, top, right, bottom = _window(header, b"dataWindow")
        check_size(right - left + 1, bottom - top + 1, limit)
        numbers += (right - left + 1) * (bottom - top + 1) * len(channels)
        _check_tiles(header, right - left + 1, bottom - top + 1)
    # The library decodes all parts.
    check_bytes(4 * numbers, limit, f"{sum(map(len, listed))} channels of 32 bits")
    check_packing(2 * numbers, len(data), _EXPANSION)
    coloured = [_is_coloured(channels) for channels in listed]
    chosen = coloured.index(True) if True in coloured else 0
    attributes = headers[chosen]
    left, top, right, bottom = frame = _window(attributes, b"dataWindow")
    width, height = right - left + 1, bottom - top + 1
    try:
        found = OpenEXR.File(
            io.BytesIO(data), separate_channels=True, num_threads=os.cpu_count() or 1
        )
        held = {
            name: channel.pixels
            for part in found.parts
            if part.part_index == chosen
            for name, channel in part.channels.items()
        }
    except Exception as error:
        raise undecodable(error) from error
    if not held:
        raise DamagedError("is damaged or cut off: its picture cannot be decoded")
    parts = len(headers)
    notes: list[str] = []
    names, grey, alpha = _chosen(held, notes)
    planes = {name: held.pop(name) for name in names if name in held}
    if not grey and names[0].rpartition(".")[2] == _LIGHT:
        planes, names = _of_chroma(planes, names, attributes)
    if any(plane.shape != (height, width) for plane in planes.values()):
        raise DamagedError("holds channels of different sizes, which Safelight cannot open")
    pixels = room((height, width, len(names)), np.float32)
    for index, name in enumerate(names):
        pixels[..., index] = planes.pop(name) if name in planes else 0
    pixels = with_numbers(pixels, notes)
    if alpha:
        np.clip(pixels[..., -1], 0, 1, out=pixels[..., -1])
        pixels = unpremultiplied(pixels)
    colours = len(names) - alpha
    for at in range(0, height, _ROWS):
        band = np.ascontiguousarray(pixels[at : at + _ROWS, :, :colours])
        pixels[at : at + _ROWS, :, :colours] = from_linear(band)
    if parts > 1:
        which = "first one" if chosen == 0 else "first one that has colours"
        notes.append(f"The file holds {parts} pictures; the {which} was opened.")
    if _window(attributes, b"displayWindow") != frame:
        notes.append("The file states a frame other than its picture; all of the picture opened.")
    return Photograph(
        pixels,
        "grey" if grey else "rgb",
        alpha,
        _profile(attributes, notes),
        metadata_of(stated[chosen], notes),
        notes=notes,
    )


_LIGHT, _RED_LESS, _BLUE_LESS = "Y", "RY", "BY"
"""Light, and by how much red and blue differ from it: which writers keep for every other pixel."""


def _is_coloured(names: list[str]) -> bool:
    """Whether channels of such names are a picture as it is seen, in colours or grey."""
    return any(name.rpartition(".")[2] in ("R", "G", "B", _LIGHT) for name in names)


def _chosen(held: dict[str, Any], notes: list[str]) -> tuple[list[str], bool, bool]:
    """The channels that are the picture, whether they are grey, and whether there is alpha. Those
    of "R", "G" and "B" that are missing are black.
    """
    layers = sorted({name.rpartition(".")[0] for name in held}, key=lambda name: (name != "", name))
    within = [[name.rpartition(".")[2] for name in held if _layer(name) == each] for each in layers]
    # The fullest layer, of several the first.
    at = max(range(len(within)), key=lambda index: (_fullness(within[index]), -index))
    before, inside = (f"{layers[at]}." if layers[at] else ""), within[at]
    colours = [name for name in "RGB" if name in inside]
    if _fullness(inside) in (2, 4):
        names = [*"RGB"]
        missing = "".join(name for name in names if name not in colours)
        if missing:
            notes.append(f"The file holds no channel {before}{missing}, which became black.")
    elif {_LIGHT, _RED_LESS, _BLUE_LESS} <= {*inside}:
        names = [_LIGHT, _RED_LESS, _BLUE_LESS]
    elif _LIGHT in inside:
        names = [_LIGHT]
    else:
        names = [next((name for name in (*colours, *inside) if name != "A"), "A")]
        notes.append(
            f"The file holds too little for colours; its channel {before}{names[0]} opened in grey."
        )
    grey, alpha = len(names) == 1, "A" in inside and names != ["A"]
    names = [f"{before}{name}" for name in (*names, *(["A"] if alpha else []))]
    left = len([name for name in held if name not in names])
    if left > 0:
        word = "channel was" if left == 1 else "channels were"
        notes.append(f"{left} other {word} left out.")
    return names, grey, alpha


def _fullness(names: list[str]) -> int:
    """How much of a picture the channels of a layer are: 4 for red, green and blue, 3 for light, 2
    for two colours, 1 for one, 0 for none.
    """
    colours = len({*"RGB"} & {*names})
    return 4 if colours == 3 else 3 if _LIGHT in names else colours


def _layer(name: str) -> str:
    return name.rpartition(".")[0]


def _of_chroma(
    held: dict[str, NDArray[Any]], names: list[str], attributes: dict[bytes, bytes]
) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """Red, green and blue of light and its chroma ("Technical Introduction to OpenEXR", luminance
    and chroma), and what they are called.
    """
    light = held[names[0]].astype(np.float32)
    height, width = light.shape
    red, blue = (
        (_widened(held[name].astype(np.float32), height, width) + 1) * light for name in names[1:3]
    )
    weights = _weights(attributes)
    green = (light - weights[0] * red - weights[2] * blue) / weights[1]
    made = dict(zip(("R", "G", "B"), (red, green, blue), strict=True))
    return made | {name: held[name] for name in names[3:]}, ["R", "G", "B", *names[3:]]


def _widened(plane: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """A plane of every other pixel with those between made up; a whole one as it is."""
    for axis, size in ((0, height), (1, width)):
        if plane.shape[axis] == size:
            continue
        if plane.shape[axis] != -(-size // 2):
            raise DamagedError("holds channels of different sizes, which Safelight cannot open")
        after = np.concatenate([plane[1:], plane[-1:]]) if axis == 0 else None
        if after is None:
            after = np.concatenate([plane[:, 1:], plane[:, -1:]], axis=1)
        pairs = np.stack([plane, (plane + after) / 2], axis=axis + 1)
        shape = (-1, plane.shape[1]) if axis == 0 else (plane.shape[0], -1)
        plane = pairs.reshape(shape)
        plane = plane[:size] if axis == 0 else plane[:, :size]
    return plane


def _weights(attributes: dict[bytes, bytes]) -> NDArray[np.float64]:
    """How much of the light is red, green and blue: those of Rec. 709 where the file is silent."""
    places = np.array([0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329])
    body = attributes.get(b"chromaticities", b"")
    if len(body) == 32:
        places = np.frombuffer(body, "<f4").astype(np.float64)
    x, y = places[0::2], places[1::2]
    try:
        columns = np.stack([x, y, 1 - x - y])
        scale = np.linalg.solve(columns[:, :3], columns[:, 3] / y[3])
        weights = scale * y[:3]
    except (np.linalg.LinAlgError, ZeroDivisionError) as error:
        raise DamagedError("is damaged: the colours it is made of are none") from error
    if not np.isfinite(weights).all() or abs(weights[1]) < 1e-6:
        raise DamagedError("is damaged: the colours it is made of are none")
    return np.asarray(weights)


def _profile(attributes: dict[bytes, bytes], notes: list[str]) -> bytes | None:
    body = attributes.get(b"chromaticities", b"")
    if len(body) != 32:
        return None
    red_x, red_y, green_x, green_y, blue_x, blue_y, x, y = struct.unpack("<8f", body)
    places = ((x, y), (red_x, red_y), (green_x, green_y), (blue_x, blue_y))
    said: list[str] = []
    found = profile_of_places(places, said)
    # An OpenEXR has no other way to state its colours.
    notes += [note for note in said if note != ADDED]
    return found


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
    more = attributes_of(content.metadata, content.notes)
    places = places_of(content.icc) if content.icc and colours == 3 else None
    if places is not None:
        white, *primaries = places
        numbers = [number for place in (*primaries, white) for number in place]
        more[b"chromaticities"] = (b"chromaticities", struct.pack("<8f", *numbers))
    for part in with_attributes(coded.getbuffer(), more):
        stream.write(part)


CODEC = Codec(
    "OpenEXR",
    suffixes=(".exr",),
    beginnings=(rb"\x76\x2f\x31\x01",),
    read=read,
    write=write,
    depths=("float32",),
    profiles=False,
    primaries=True,
    holds=frozenset({"exif", "xmp", "dpi", "texts"}),
)
