"""Portable FloatMap: light as 32-bit floats, as HDR Shop and Netpbm exchange it.

The format is Paul Debevec's (https://www.pauldebevec.com/Research/HDR/PFM/): a header of three
words, then rows from bottom to top. https://netpbm.sourceforge.net/doc/pfm.html describes it too.
"""

import math
import re

import numpy as np
from numpy.typing import NDArray

from safelight import api

_SPACE = rb"[ \t\n\v\f\r]"
_HEADER = re.compile(
    rb"(P[Ff])%b+(\d{1,9})%b+(\d{1,9})%b+([-+.0-9eE]{1,40})(?:\r\n|%b)"
    % (_SPACE, _SPACE, _SPACE, _SPACE)
)
_ROWS = 256


@api.importer("Portable FloatMap", suffixes=(".pfm",), beginnings=(b"PF", b"Pf"))
def read(data: bytes) -> NDArray[np.float32]:
    """The picture (height, width, 3), or (height, width, 1), of light of any range, in colour (PF)
    or grey (Pf), in either byte order.

    Values that are no numbers stay what they are: the editor makes them up from their neighbours.
    """
    header = _HEADER.match(data)
    if header is None:
        raise api.FormatError("its header is damaged")
    width, height = int(header[2]), int(header[3])
    channels = 3 if header[1] == b"PF" else 1
    if not width or not height:
        raise api.FormatError("it says that it has no pixels")
    if len(data) - header.end() < width * height * channels * 4:
        raise api.FormatError("it ends before its last row")
    kind = "<f4" if _scale(header[4]) < 0 else ">f4"
    count = width * height * channels
    light = np.frombuffer(data, kind, count, header.end()).reshape(height, width, channels)[::-1]
    pixels = np.empty(light.shape, np.float32)
    for top in range(0, height, _ROWS):
        pixels[top : top + _ROWS] = api.from_linear(light[top : top + _ROWS].astype(np.float32))
    return pixels


@api.exporter("Portable FloatMap", suffixes=(".pfm",), depths=("float32",))
def write(pixels: NDArray[np.float32]) -> bytes:
    """A file of ``pixels`` (height, width, 3 or 4): light of any range, 32 bits a channel; one
    channel where red, green and blue are equal.
    """
    height, width = pixels.shape[:2]
    grey = np.array_equal(pixels[..., 0], pixels[..., 1]) and np.array_equal(
        pixels[..., 1], pixels[..., 2]
    )
    shown = pixels[::-1, :, :1] if grey else pixels[::-1]
    parts = [b"%b\n%d %d\n-1.0\n" % (b"Pf" if grey else b"PF", width, height)]
    for top in range(0, height, _ROWS):
        with np.errstate(over="ignore"):
            light = api.to_linear(shown[top : top + _ROWS])
        if not np.isfinite(light).all():
            raise api.FormatError("the picture holds values that are too large for its light")
        parts.append(light.astype("<f4").tobytes())
    return b"".join(parts)


@api.hookimpl
def importers():
    return [read]


@api.hookimpl
def exporters():
    return [write]


def _scale(text: bytes) -> float:
    """The third word: its sign is the byte order. Raises FormatError when it is no number."""
    try:
        scale = float(text)
    except ValueError:
        scale = math.nan
    if scale == 0 or not math.isfinite(scale):
        raise api.FormatError("its header does not say in which order its bytes are")
    return scale
