"""LogLuv: pictures of TIFF in logarithms of their light (Ward Larson 1998; compression 34676)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_TO_SRGB = np.array(
    [[3.2404542, -1.5371385, -0.4985314], [-0.969266, 1.8760108, 0.041556]]
    + [[0.0556434, -0.2040259, 1.0572252]],
    np.float32,
)
"""XYZ of D65 to linear sRGB (IEC 61966-2-1)."""


def unpacked(data: bytes, rows: int, width: int, planes: int) -> tuple[NDArray[np.uint32], int]:
    """The numbers (rows, width) of a strip, and how many of its rows are there.

    Each row is its bytes of the highest order, those of the next, and so on; each of them in runs.
    """
    made = np.zeros((rows, width), np.uint32)
    place = 0
    for row in range(rows):
        for plane in reversed(range(planes)):
            bytes_, place = _run_lengths(data, place, width)
            if len(bytes_) != width:
                made[row] = 0
                return made, row
            made[row] |= np.frombuffer(bytes_, np.uint8).astype(np.uint32) << np.uint32(8 * plane)
    return made, rows


def _run_lengths(data: bytes, place: int, width: int) -> tuple[bytes, int]:
    made = bytearray()
    while len(made) < width and place + 1 < len(data):
        count = data[place]
        if count >= 128:
            made += data[place + 1 : place + 2] * (count - 126)
            place += 2
        else:
            made += data[place + 1 : place + 1 + count]
            place += 1 + count
    return bytes(made[:width]), place


def luminance(numbers: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Light (height, width) of the 16 bits of LogL16: a sign and a logarithm, 0 for no light."""
    magnitude = (numbers & 0x7FFF).astype(np.float32)
    light = np.exp2((magnitude + np.float32(0.5)) / np.float32(256) - np.float32(64))
    light = np.where(magnitude > 0, light, np.float32(0))
    made: NDArray[np.float32] = np.where(numbers & 0x8000, -light, light)
    return made


def linear_srgb(numbers: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Linear sRGB (height, width, 3), not clipped, of the 32 bits of LogLuv."""
    y = luminance(numbers >> np.uint32(16))
    u = ((numbers >> np.uint32(8) & 0xFF).astype(np.float32) + np.float32(0.5)) / np.float32(410)
    v = ((numbers & 0xFF).astype(np.float32) + np.float32(0.5)) / np.float32(410)
    scale = 1 / (6 * u - 16 * v + 12)
    x_, y_ = 9 * u * scale, 4 * v * scale
    xyz = np.stack([x_ / y_ * y, y, (1 - x_ - y_) / y_ * y], axis=-1)
    made: NDArray[np.float32] = (xyz.astype(np.float32) @ _TO_SRGB.T).astype(np.float32)
    return made


def encoded(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear light of any shape with sRGB's curve, which goes on above 1 and, mirrored, below 0."""
    size = np.abs(linear)
    curved = np.float32(1.055) * size ** np.float32(1 / 2.4) - np.float32(0.055)
    made = np.where(size > np.float32(0.0031308), curved, size * np.float32(12.92))
    return np.copysign(made, linear).astype(np.float32)
