"""ICC: profiles of three primaries and one curve, or of a grey, made by their numbers."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

D50 = (0.9642, 1.0, 0.8249)
"""The white of the connection space, XYZ (ICC.1:2022, 7.2.16)."""

_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
"""XYZ to what the cones of an eye see (ICC.1:2022, annex E)."""


def display_profile(
    name: str,
    primaries: NDArray[np.float64],
    curve: bytes,
    adapted: NDArray[np.float64] | None = None,
) -> bytes:
    """A profile (ICC.1:2022, version 4.2) of a display, as bytes.

    ``primaries`` (3, 3) has red, green and blue as columns, XYZ adapted to D50. ``curve`` is a tag
    from encoded numbers to light, for all three: ``gamma_curve`` or ``formula_curve``. ``adapted``
    (3, 3) is the ``adaptation`` from the display's own white, where that is stated.
    """
    red, green, blue = primaries.T
    tags = {
        b"rXYZ": _xyz(red),
        b"gXYZ": _xyz(green),
        b"bXYZ": _xyz(blue),
        **{channel: curve for channel in (b"rTRC", b"gTRC", b"bTRC")},
    }
    if adapted is not None:
        tags[b"chad"] = b"sf32\0\0\0\0" + _fixed(*adapted.ravel())
    return _profile(name, b"RGB ", tags)


def grey_profile(name: str, curve: bytes) -> bytes:
    """A profile (ICC.1:2022, version 4.2) of one channel of grey with that curve, as bytes."""
    return _profile(name, b"GRAY", {b"kTRC": curve})


def _profile(name: str, space: bytes, more: dict[bytes, bytes]) -> bytes:
    tags = {
        b"desc": _words(name),
        b"cprt": _words("No rights reserved"),
        b"wtpt": _xyz(D50),
        **more,
    }
    table, body = b"", b""
    start = 132 + 12 * len(tags)
    for tag, value in tags.items():
        table += struct.pack(">4sII", tag, start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    header = struct.pack(
        ">I4xI4s4s4s6H4s",
        start + len(body),
        0x04200000,
        b"mntr",
        space,
        b"XYZ ",
        *(2026, 1, 1, 0, 0, 0),
        b"acsp",
    )
    header = header.ljust(68, b"\0") + _xyz(D50)[8:]
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def primaries_of(white: tuple[float, float], *colours: tuple[float, float]) -> NDArray[np.float64]:
    """Red, green and blue as XYZ adapted to D50 (Bradford), columns of (3, 3).

    All four are chromaticities (x, y) (CIE 15). Raises LinAlgError or ZeroDivisionError for what
    are no primaries.
    """
    unscaled = np.array([_of_chromaticity(*colour) for colour in colours]).T
    primaries = unscaled * np.linalg.solve(unscaled, np.array(_of_chromaticity(*white)))
    adapted: NDArray[np.float64] = adaptation(white) @ primaries
    return adapted


def adaptation(white: tuple[float, float]) -> NDArray[np.float64]:
    """The (3, 3) that XYZ under a white (x, y) is adapted to D50 by (Bradford)."""
    scale = (_BRADFORD @ np.array(D50)) / (_BRADFORD @ np.array(_of_chromaticity(*white)))
    adapted: NDArray[np.float64] = np.linalg.inv(_BRADFORD) @ np.diag(scale) @ _BRADFORD
    return adapted


def gamma_curve(gamma: float) -> bytes:
    """A curve that is a power (ICC.1:2022, 10.18, type 0)."""
    return b"para\0\0\0\0" + struct.pack(">HH", 0, 0) + _fixed(gamma)


def formula_curve(g: float, a: float, b: float, c: float, d: float) -> bytes:
    """(a x + b) ** g from d on, c x below it (ICC.1:2022, 10.18, type 3)."""
    return b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + _fixed(g, a, b, c, d)


def _of_chromaticity(x: float, y: float) -> tuple[float, float, float]:
    return x / y, 1.0, (1 - x - y) / y


def _words(text: str) -> bytes:
    """A localised text in one language (ICC.1:2022, 10.15)."""
    coded = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(coded), 28) + coded


def _xyz(values: tuple[float, ...] | NDArray[np.float64]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*values)


def _fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))
