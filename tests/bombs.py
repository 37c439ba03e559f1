"""Small files that state, in one place or another, far more pixels than they hold."""

from __future__ import annotations

import struct
import zlib

import imagecodecs
import numpy as np

from tests import pictures

_LONG = 4


def tiff(*parts: bytes, **tags: int | list[int]) -> bytes:
    """A TIFF of strips or tiles as they are; tags by their number, as ``t256=64``."""
    stated: dict[int, int | list[int]] = {256: 64, 257: 64, 258: 8, 259: 1, 262: 1, 277: 1}
    stated |= {int(name[1:]): value for name, value in tags.items()}
    places = 324 if 322 in stated else 273
    at, offsets = 8, []
    for part in parts:
        offsets.append(at)
        at += len(part)
    stated |= {places: offsets}
    stated.setdefault(325 if 322 in stated else 279, [len(part) for part in parts])
    rows = sorted(stated.items())
    table, tail = struct.pack("<H", len(rows)), b""
    behind = at + 2 + 12 * len(rows) + 4
    for tag, value in rows:
        values = value if isinstance(value, list) else [value]
        body = struct.pack(f"<{len(values)}I", *values)
        table += struct.pack("<HHI", tag, _LONG, len(values))
        table += body if len(values) == 1 else struct.pack("<I", behind + len(tail))
        tail += body if len(values) > 1 else b""
    return struct.pack("<2sHI", b"II", 42, at) + b"".join(parts) + table + bytes(4) + tail


def _restated(data: bytes, mark: bytes, place: int, new: bytes) -> bytes:
    at = data.index(mark) + place
    return data[:at] + new + data[at + len(new) :]


_SMALL = np.zeros((64, 64), np.uint8)
_FLAT = bytes(64 * 64)
_HUGE = struct.pack(">HH", 30000, 30000)


def _tiffs() -> dict[str, tuple[bytes, str]]:
    jpeg = imagecodecs.jpeg8_encode(_SMALL)
    large_jpeg = _restated(jpeg, b"\xff\xc0", 5, _HUGE)
    late_jpeg = jpeg[:2] + (b"\xff\xef\xff\xff" + bytes(65533)) + large_jpeg[2:]
    of_four = imagecodecs.jpeg8_encode(np.zeros((64, 64, 4), np.uint8))
    png = pictures.png_file(np.zeros((64, 64, 1), np.uint8), size=(30000, 30000))
    code = imagecodecs.jpeg2k_encode(_SMALL, codecformat="j2k")
    large_code = _restated(code, b"\xff\x4f\xff\x51", 8, struct.pack(">II", 30000, 30000))
    webp = imagecodecs.webp_encode(np.zeros((8, 16000, 3), np.uint8), lossless=True)
    code_xr = imagecodecs.jpegxr_encode(_SMALL, 1.0)
    large_xr = _restated(code_xr, b"WMPHOTO\0", 12, struct.pack(">HH", 29999, 29999))
    lerc = imagecodecs.lerc_encode(_SMALL)
    large_lerc = _restated(lerc, b"Lerc2 ", 14, struct.pack("<ii", 30000, 30000))
    packed = zlib.compress(bytes(1 << 20))
    big = {"t256": 14000, "t257": 14000}
    return {
        "jpeg_in_a_strip": (tiff(large_jpeg, t259=7), "one of them 30000 x 30000"),
        "jpeg_behind_64_kb": (tiff(late_jpeg, t259=7), "one of them 30000 x 30000"),
        "jpeg_by_its_other_number": (tiff(large_jpeg, t259=33007), "one of them 30000 x 30000"),
        "jpeg_of_four_channels": (tiff(of_four, t259=7), "states 1 channels, and one of its"),
        "png_in_a_strip": (tiff(png, t259=34933), "one of them 30000 x 30000"),
        "jpeg_2000_in_a_strip": (tiff(large_code, t259=34712), "one of them 30000 x 30000"),
        "webp_in_a_strip": (tiff(webp, t259=50001, t262=2, t277=3), "one of them 16000 x 8"),
        "jpeg_xr_in_a_strip": (tiff(large_xr, t259=34934), "one of them 30000 x 30000"),
        "lerc_in_a_strip": (tiff(large_lerc, t259=34887), "one of them 30000 x 30000"),
        "lerc_of_many_bands": (tiff(lerc * 100, t259=34887), "and one of its parts 100"),
        "tiles_beyond_the_picture": (
            tiff(packed, t259=8, t322=40000, t323=40000),
            "parts of 40000 x 40000 pixels for a picture of 64 x 64",
        ),
        "deep_tiles": (tiff(_FLAT, t322=64, t323=64, t32998=1_000_000), "a volume"),
        "many_planes": (tiff(_FLAT, t32997=1_000_000), "a volume"),
        "many_empty_tiles": (
            tiff(_FLAT, **big, t322=1, t323=1, t259=8),
            "cannot become the 196,000,000 it states",
        ),
        "many_tiles_of_few": (
            tiff(bytes(1 << 20), t256=9000, t257=7000, t322=1, t323=1),
            "more than half of its parts are missing",
        ),
        "one_strip_many_times": (
            tiff(zlib.compress(bytes(14000)), **big, t259=8, t278=1),
            "cannot become the 196,000,000 it states",
        ),
        "counts_beyond_the_file": (
            tiff(bytes(1000), **big, t279=196_000_000),
            "cannot become the 196,000,000 it states",
        ),
        "64_channels": (
            tiff(*[bytes(1 << 16)] * 9, t256=9000, t257=9000, t277=64, t259=50000),
            "64 channels of 8 bits take 4,944 MB",
        ),
        "1000_bits": (tiff(_FLAT, t258=1000), "1000 bits per channel"),
        "no_kind_of_numbers": (tiff(_FLAT, t258=7, t339=3), "numbers of a kind"),
    }


def _others() -> dict[str, tuple[bytes, str]]:
    size = struct.pack(">HH", 14000, 14000)
    jpeg = _restated(imagecodecs.jpeg8_encode(_SMALL), b"\xff\xc0", 5, size)
    png = pictures.png_file(np.zeros((64, 64, 1), np.uint8), size=(14000, 14000))
    return {
        "small.jpg": (jpeg, "cannot become the 196,000,000 it states"),
        "small.png": (png, "cannot become the"),
    }


BOMBS = {f"{name}.tif": row for name, row in _tiffs().items()} | _others()
"""The file and what is said of it, by its name. Each has at most 200 megapixels."""
