"""Raw files made in code: a known picture as a camera's sensor would have seen it, as a DNG.

A real raw file is large and nobody's to give away; what is measured here is known exactly instead.
Nothing here uses ``safelight``, so that a mistake there cannot hide itself.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import imagecodecs
import numpy as np
from numpy.typing import NDArray

SRGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.119192, 0.9503041],
    ]
)
"""Linear sRGB to XYZ with the white D65 (IEC 61966-2-1)."""

CAMERA = np.array(
    [[0.6722, -0.0635, -0.0963], [-0.4287, 1.2460, 0.2028], [-0.0908, 0.2162, 0.5668]]
)
"""XYZ to the camera's three colours: near to those of Canon's cameras, as DNG's ColorMatrix1."""

D65 = SRGB_TO_XYZ.sum(axis=1)
BLACK, WHITE = 512, 16383

_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _SIGNED = 1, 2, 3, 4, 5, 10
_ORDERS = {"RGGB": bytes((0, 1, 1, 2)), "GBRG": bytes((1, 2, 0, 1))}


def sensor_light(
    picture: NDArray[np.float64], exposure: float = 0.25, white: NDArray[np.float64] = D65
) -> NDArray[np.float64]:
    """What the sensor's three colours see of ``picture``, (height, width, 3) linear sRGB.

    1.0 is where the sensor saturates; ``exposure`` is what white's green gives. ``white`` is the
    XYZ of the light, seen through von Kries' rule in the camera's own colours, as a developer
    undoes it.
    """
    neutral = CAMERA @ white
    balanced = picture @ (CAMERA @ SRGB_TO_XYZ / (CAMERA @ D65)[:, None]).T
    return balanced * (neutral / neutral[1]) * exposure


def dng_file(
    light: NDArray[np.float64],
    *,
    neutral: Sequence[float] | None = None,
    orientation: int = 1,
    make: str = "Safelight",
    model: str = "Safelight Test One",
    linear: bool = False,
    packed: bool = False,
    lens: str = "",
    size: tuple[int, int] | None = None,
    extra: Mapping[int, tuple[int, int, bytes]] | None = None,
) -> bytes:
    """A DNG (1.4, uncompressed, 14 bits in 16) of ``light``, (height, width, 3), 1.0 = saturated.

    ``neutral`` is AsShotNeutral, that of D65 by default. ``linear`` makes a LinearRaw one, which
    needs no demosaicing, ``packed`` one in a lossless JPEG. ``size`` is the (width, height) that it
    states instead of its own.
    """
    height, width = light.shape[:2]
    stored = np.rint(np.clip(light, 0, 1) * (WHITE - BLACK) + BLACK).astype("<u2")
    if not linear:
        mosaic = np.empty((height, width), "<u2")
        for place, colour in enumerate((0, 1, 1, 2)):
            y, x = divmod(place, 2)
            mosaic[y::2, x::2] = stored[y::2, x::2, colour]
        stored = mosaic
    data = bytes(imagecodecs.ljpeg_encode(stored)) if packed else stored.tobytes()
    as_shot = CAMERA @ D65 if neutral is None else np.asarray(neutral)
    stated_width, stated_height = size or (width, height)
    channels = 3 if linear else 1
    tags: dict[int, tuple[int, int, bytes]] = {
        254: _longs(0),
        256: _longs(stated_width),
        257: _longs(stated_height),
        258: _shorts(*[16] * channels),
        259: _shorts(7 if packed else 1),
        262: _shorts(34892 if linear else 32803),
        271: _text(make),
        272: _text(model),
        273: _longs(8),
        274: _shorts(orientation),
        277: _shorts(channels),
        278: _longs(stated_height),
        279: _longs(len(data)),
        50706: (_BYTE, 4, bytes((1, 4, 0, 0))),
        50707: (_BYTE, 4, bytes((1, 1, 0, 0))),
        50708: _text(f"{make} {model}"),
        50714: _shorts(*[BLACK] * channels),
        50717: _shorts(*[WHITE] * channels),
        50721: _signed(*CAMERA.ravel()),
        50728: _rationals(*(as_shot / max(as_shot))),
        50778: _shorts(21),  # D65
    }
    if not linear:
        tags |= {33421: _shorts(2, 2), 33422: (_BYTE, 4, _ORDERS["RGGB"])}
    exif = {
        33434: _rationals(1 / 125),
        33437: _rationals(8.0),
        34855: _shorts(200),
        36867: _text("2026:11:29 18:00:00"),
        37386: _rationals(24.0),
    }
    if lens:
        exif[42036] = _text(lens)
    tags |= extra or {}
    return _tiff(tags, exif, data)


def _tiff(
    tags: Mapping[int, tuple[int, int, bytes]],
    exif: Mapping[int, tuple[int, int, bytes]],
    data: bytes,
) -> bytes:
    at = 8 + len(data) + len(data) % 2
    inner = _directory(exif, at)
    main = _directory(dict(tags) | {34665: _longs(at)}, at + len(inner))
    head = struct.pack("<2sHI", b"II", 42, at + len(inner))
    return head + data + bytes(len(data) % 2) + inner + main


def _directory(tags: Mapping[int, tuple[int, int, bytes]], at: int) -> bytes:
    table, tail = struct.pack("<H", len(tags)), b""
    behind = at + 2 + 12 * len(tags) + 4
    for tag, (kind, count, body) in sorted(tags.items()):
        table += struct.pack("<HHI", tag, kind, count)
        if len(body) > 4:
            table += struct.pack("<I", behind + len(tail))
            tail += body + bytes(len(body) % 2)
        else:
            table += body.ljust(4, b"\0")
    return table + bytes(4) + tail


def _shorts(*values: int) -> tuple[int, int, bytes]:
    return _SHORT, len(values), struct.pack(f"<{len(values)}H", *values)


def _longs(*values: int) -> tuple[int, int, bytes]:
    return _LONG, len(values), struct.pack(f"<{len(values)}I", *values)


def _text(text: str) -> tuple[int, int, bytes]:
    return _ASCII, len(text) + 1, text.encode() + b"\0"


def _rationals(*values: float) -> tuple[int, int, bytes]:
    pairs = [number for value in values for number in (round(value * 1_000_000), 1_000_000)]
    return _RATIONAL, len(values), struct.pack(f"<{len(pairs)}I", *pairs)


def _signed(*values: float) -> tuple[int, int, bytes]:
    pairs = [number for value in values for number in (round(value * 10_000), 10_000)]
    return _SIGNED, len(values), struct.pack(f"<{len(pairs)}i", *pairs)


PATCHES = np.array(
    [
        *([0.9, 0.9, 0.9], [0.5, 0.5, 0.5], [0.18, 0.18, 0.18], [0.04, 0.04, 0.04]),
        *([0.6, 0.1, 0.1], [0.1, 0.5, 0.1], [0.1, 0.1, 0.6], [0.6, 0.5, 0.1]),
        *([0.1, 0.5, 0.6], [0.5, 0.1, 0.5], [0.7, 0.4, 0.3], [0.2, 0.3, 0.15]),
    ]
)
"""Linear sRGB of the patches of ``chart``: greys, the colours between them, skin and leaves."""


def chart(side: int = 32) -> NDArray[np.float64]:
    """(3 sides, 4 sides, 3) of flat squares, linear sRGB, in the order of ``PATCHES``."""
    return np.repeat(np.repeat(PATCHES.reshape(3, 4, 3), side, axis=0), side, axis=1)


def middles(pixels: NDArray[np.float64], side: int = 32) -> NDArray[np.float64]:
    """(12, 3): the mean of the middle of each square of a developed ``chart``."""
    quarter = side // 4
    tall, wide = pixels.shape[0] // 3, pixels.shape[1] // 4
    return np.array(
        [
            pixels[
                row * tall + quarter : (row + 1) * tall - quarter,
                column * wide + quarter : (column + 1) * wide - quarter,
                :3,
            ].mean(axis=(0, 1))
            for row in range(3)
            for column in range(4)
        ]
    )
