"""Pictures made in code: pixels, colour profiles, EXIF blocks and whole files for the tests.

Nothing here uses ``safelight.files``, so that a mistake there cannot hide itself.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

_SCALE = {"uint8": 255, "uint16": 65535, "float32": 1.0}


def gradient(width: int = 64, height: int = 48, channels: int = 3, depth: str = "uint8") -> Any:
    """(height, width, channels): red grows to the right, green downwards, blue diagonally."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    planes = [x, y, (x + y) / 2, 1 - x * y][:channels] if channels > 2 else [x, 1 - y][:channels]
    return _stored(np.stack(planes, axis=-1), depth)


def noise(
    width: int = 64, height: int = 48, channels: int = 3, depth: str = "uint8", seed: int = 7
) -> Any:
    """(height, width, channels) of even noise, always the same for the same seed."""
    generator = np.random.default_rng(seed)
    return _stored(generator.random((height, width, channels)), depth)


def quarters(width: int = 96, height: int = 64) -> NDArray[np.uint8]:
    """Four flat quarters, red and green above blue and white: shows how a picture is turned."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (220, 30, 30)
    pixels[: height // 2, width // 2 :] = (30, 200, 30)
    pixels[height // 2 :, : width // 2] = (30, 30, 210)
    pixels[height // 2 :, width // 2 :] = (240, 240, 240)
    return pixels


def stored_turned(upright: NDArray[Any], orientation: int) -> NDArray[Any]:
    """How a camera stores ``upright`` when it writes that EXIF orientation."""
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    return np.ascontiguousarray(stored)


def _stored(pixels: NDArray[Any], depth: str) -> NDArray[Any]:
    return pixels.astype(np.float32) if depth == "float32" else _integers(pixels, depth)


def _integers(pixels: NDArray[Any], depth: str) -> NDArray[Any]:
    return np.asarray(np.rint(pixels * _SCALE[depth]).astype(depth))


def srgb_profile() -> bytes:
    """A plain sRGB profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def wide_profile(padding: int = 0) -> bytes:
    """An RGB profile with wide primaries (Adobe RGB's) and gamma 2.2.

    ``padding`` adds that many bytes in a private tag.
    """
    xyz = {
        b"rXYZ": (0.60974, 0.31111, 0.01947),
        b"gXYZ": (0.20528, 0.62567, 0.06087),
        b"bXYZ": (0.14919, 0.06322, 0.74457),
        b"wtpt": (0.9642, 1.0, 0.8249),
    }
    tags = {name: b"XYZ \0\0\0\0" + _fixed(*value) for name, value in xyz.items()}
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    tags |= {name: curve for name in (b"rTRC", b"gTRC", b"bTRC")}
    if padding:
        tags[b"priv"] = b"data\0\0\0\0\0\0\0\1" + np.random.default_rng(1).bytes(padding)
    return _profile(b"RGB ", b"XYZ ", tags)


def display_p3_profile() -> bytes:
    """Display P3: its primaries (SMPTE EG 432-1), adapted to D50, and sRGB's curve."""
    xyz = {
        b"rXYZ": (0.51512, 0.24120, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.15710, 0.06657, 0.78407),
        b"wtpt": (0.9642, 1.0, 0.8249),
    }
    tags = {name: b"XYZ \0\0\0\0" + _fixed(*value) for name, value in xyz.items()}
    curve = b"para\0\0\0\0" + struct.pack(">HH", 3, 0)
    curve += _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    tags |= {name: curve for name in (b"rTRC", b"gTRC", b"bTRC")}
    return _profile(b"RGB ", b"XYZ ", tags)


def swapped_profile() -> bytes:
    """Of a monitor with the primaries and the curve of sRGB whose red is blue, and blue red."""
    xyz = dict(zip((b"bXYZ", b"gXYZ", b"rXYZ"), _SRGB_XYZ.T, strict=True))
    tags = {name: b"XYZ \0\0\0\0" + _fixed(*value) for name, value in xyz.items()}
    curve = b"para\0\0\0\0" + struct.pack(">HH", 3, 0)
    curve += _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return _profile(b"RGB ", b"XYZ ", tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


def curve_profile(curve: bytes) -> bytes:
    """The primaries of sRGB with a curve of its own, a tag."""
    xyz = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), _SRGB_XYZ.T, strict=True))
    tags = {name: b"XYZ \0\0\0\0" + _fixed(*value) for name, value in xyz.items()}
    return _profile(b"RGB ", b"XYZ ", tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


def grey_profile(gamma: float = 1.0) -> bytes:
    """A grey profile of that gamma."""
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    white = b"XYZ \0\0\0\0" + _fixed(0.9642, 1.0, 0.8249)
    return _profile(b"GRAY", b"XYZ ", {b"kTRC": curve, b"wtpt": white})


def table_profile(space: bytes = b"RGB ") -> bytes:
    """A profile with a table to Lab instead of curves: only its lightness follows the input.

    RGB becomes darker to the corner 0, CMYK lighter.
    """
    inputs = 3 if space == b"RGB " else 4
    corners = [tuple(index >> bit & 1 for bit in range(inputs)) for index in range(2**inputs)]
    table = bytearray()
    for corner in corners:
        share = sum(corner) / inputs
        table += bytes([round(255 * (share if inputs == 3 else 1 - share)), 128, 128])
    ramp = bytes(range(256))
    lut = b"mft1\0\0\0\0" + bytes([inputs, 3, 2, 0])
    lut += _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1) + ramp * inputs + bytes(table) + ramp * 3
    white = b"XYZ \0\0\0\0" + _fixed(0.9642, 1.0, 0.8249)
    return _profile(space, b"Lab ", {b"A2B0": lut, b"wtpt": white})


def printer_profile(space: bytes = b"CMYK", steps: int = 9) -> bytes:
    """A profile of 16-bit tables to Lab and back, as bent as a printer's (mft2, ICC.1:2022)."""
    inputs = 3 if space == b"RGB " else 4
    axes = np.meshgrid(*[np.linspace(0, 1, steps)] * inputs, indexing="ij")
    ink = np.stack(axes, axis=-1).reshape(-1, inputs)
    clear = (1 - ink if inputs == 4 else ink) ** 1.3
    light = clear[:, :3].mean(axis=1) * (clear[:, 3] if inputs == 4 else 1)
    lab = np.stack([100 * light, 70 * (clear[:, 0] - clear[:, 1]) * light**0.5], axis=-1)
    lab = np.concatenate([lab, 70 * (clear[:, :1] - clear[:, 2:3]) * light[:, None]], axis=1)
    lab += np.random.default_rng(5).normal(0, 1.5, lab.shape)  # as measured
    scaled = lab / [100, 256, 256] + [0, 0.5, 0.5]
    table = np.rint(np.clip(scaled, 0, 1) * 65280).astype(">u2")
    bent = np.rint(65535 * np.linspace(0, 1, 33) ** 1.4).astype(">u2").tobytes()
    lut = b"mft2\0\0\0\0" + bytes([inputs, 3, steps, 0]) + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    lut += struct.pack(">HH", 33, 2) + bent * inputs + table.tobytes() + b"\0\0\xff\xff" * 3
    white = b"XYZ \0\0\0\0" + _fixed(0.9642, 1.0, 0.8249)
    return _profile(space, b"Lab ", {b"A2B0": lut, b"A2B1": lut, b"wtpt": white})


PAPER, BLACK = 0.87, 0.01
"""What the paper of ``press_profile`` and its full inks reflect, of 1 for white."""


def press_profile(space: bytes = b"CMYK", steps: int = 9) -> bytes:
    """A printer's profile that goes both ways, in 16-bit tables (mft2, ICC.1:2022, 10.10).

    Each ink takes away one of the primaries of sRGB, black all of them; between paper and black
    the light is squeezed. What no ink can make is cut off.
    """
    inputs = 3 if space == b"RGB " else 4
    device = _lattice(inputs, steps)
    clear = device if inputs == 3 else (1 - device[:, :3]) * (1 - device[:, 3:])
    light = BLACK + (PAPER - BLACK) * _light_of(clear)
    there = _lab_of(light)
    made = _lattice(3, 33)
    asked = _light_from((made * (65535 / 65280) - [0, 0.5, 0.5]) * [100, 256, 256])
    shares = (asked - BLACK) / (PAPER - BLACK)
    clear = _encoded(np.clip(shares, 0, 1))
    back = clear
    if inputs == 4:
        black = 0.5 * (1 - clear.max(axis=1, keepdims=True))
        back = np.concatenate([1 - clear / (1 - black), black], axis=1)
    lab = (there / [100, 256, 256] + [0, 0.5, 0.5]) * (65280 / 65535)
    white = _SRGB_XYZ.sum(axis=1) * PAPER
    absolute = b"XYZ \0\0\0\0" + _fixed(*white)
    # A table counts from the paper's white on: media-relative.
    tags = {f"A2B{i}".encode(): _mft2(inputs, 3, steps, lab) for i in range(3)}
    tags |= {f"B2A{i}".encode(): _mft2(3, inputs, 33, np.clip(back, 0, 1)) for i in range(3)}
    return _profile(space, b"Lab ", tags | {b"wtpt": absolute}, b"prtr")


_SRGB_XYZ = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
)


def _lattice(axes: int, steps: int) -> NDArray[np.float64]:
    grids = np.meshgrid(*[np.linspace(0, 1, steps)] * axes, indexing="ij")
    return np.stack(grids, axis=-1).reshape(-1, axes)


def _light_of(encoded: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _encoded(light: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def _lab_of(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB beside paper, of the light of sRGB's primaries beside white."""
    share = light / PAPER @ _SRGB_XYZ.T / _SRGB_XYZ.sum(axis=1)
    third = np.where(share > 216 / 24389, np.cbrt(share), (share * 24389 / 27 + 16) / 116)
    x, y, z = third.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _light_from(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    y = (lab[:, 0] + 16) / 116
    third = np.stack([y + lab[:, 1] / 500, y, y - lab[:, 2] / 200], axis=-1)
    share = np.where(third > 6 / 29, third**3, (116 * third - 16) * 27 / 24389)
    return PAPER * (share * _SRGB_XYZ.sum(axis=1)) @ np.linalg.inv(_SRGB_XYZ).T


def _mft2(inputs: int, outputs: int, steps: int, table: NDArray[np.float64]) -> bytes:
    """A table of 0 to 1 (nodes, outputs) as a tag."""
    lut = b"mft2\0\0\0\0" + bytes([inputs, outputs, steps, 0])
    lut += _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1) + struct.pack(">HH", 2, 2) + b"\0\0\xff\xff" * inputs
    nodes = np.rint(np.clip(table, 0, 1) * 65535).astype(">u2").tobytes()
    return lut + nodes + b"\0\0\xff\xff" * outputs


def _fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _profile(
    space: bytes, connection: bytes, tags: dict[bytes, bytes], kind: bytes = b"mntr"
) -> bytes:
    text = b"Test profile\0"
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78), **tags}
    table, body = b"", b""
    start = 132 + 12 * len(tags)
    for name, value in tags.items():
        value += bytes(-len(value) % 4)
        table += name + struct.pack(">II", start + len(body), len(value))
        body += value
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"", 0x02400000, kind, space, b"")
    header = header[:20] + connection + struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp"
    header = header.ljust(68, b"\0") + _fixed(0.9642, 1.0, 0.8249)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def exif_block(
    orientation: int = 1,
    order: str = "<",
    *,
    size: tuple[int, int] | None = None,
    thumbnail: bytes = b"",
    artist: str = "Ada Example",
    adobe_rgb: bool = False,
) -> bytes:
    """An EXIF block as a camera writes it, with a maker note and a place.

    ``size`` is stated as pixel dimensions; ``adobe_rgb`` adds the mark for that colour space,
    and then there cannot be a thumbnail.
    """
    assert not (adobe_rgb and thumbnail)
    text = {271: "Example", 272: "Example One", 306: "2026:05:04 03:02:01"}
    text |= {315: artist, 33432: "(c) 2026 Ada Example"}
    main: dict[int, tuple[int, bytes]] = {
        tag: (2, value.encode() + b"\0") for tag, value in text.items()
    }
    main[274] = (3, struct.pack(order + "H", orientation))
    inner = {
        33434: (5, struct.pack(order + "II", 1, 125)),
        33437: (5, struct.pack(order + "II", 28, 10)),
        34855: (3, struct.pack(order + "H", 200)),
        36867: (2, b"2026:05:04 03:02:01\0"),
        37386: (5, struct.pack(order + "II", 35, 1)),
        37500: (7, b"MAKER\0" + bytes(range(200))),
        42036: (2, b"Example 35 mm\0"),
    }
    if size:
        inner[40962] = (4, struct.pack(order + "I", size[0]))
        inner[40963] = (4, struct.pack(order + "I", size[1]))
    place = {
        1: (2, b"N\0"),
        2: (5, struct.pack(order + "6I", 51, 1, 30, 1, 0, 1)),
        3: (2, b"E\0"),
        4: (5, struct.pack(order + "6I", 7, 1, 15, 1, 0, 1)),
    }
    header = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    # The pointers' values are put in once the other parts are as long as they will be.
    main[34665] = main[34853] = (4, bytes(4))
    if adobe_rgb:
        inner[40965] = (4, bytes(4))
    first = 8 + len(_directory(main, order, 8))
    second = first + len(_directory(inner, order, first))
    third = second + len(_directory(place, order, second))
    main[34665] = (4, struct.pack(order + "I", first))
    main[34853] = (4, struct.pack(order + "I", second))
    index = _directory({1: (2, b"R03\0"), 2: (7, b"0100")}, order, third) if adobe_rgb else b""
    if adobe_rgb:
        inner[40965] = (4, struct.pack(order + "I", third))
    block = header + _directory(main, order, 8, third if thumbnail else 0)
    block += _directory(inner, order, first) + _directory(place, order, second) + index
    if thumbnail:
        small = {
            513: (4, struct.pack(order + "I", third + 30)),
            514: (4, struct.pack(order + "I", len(thumbnail))),
        }
        block += _directory(small, order, third) + thumbnail
    return block


def _directory(
    tags: dict[int, tuple[int, bytes]], order: str, at: int, following: int = 0
) -> bytes:
    sizes = {2: 1, 3: 2, 4: 4, 5: 8, 7: 1}
    tail, table = b"", b""
    tail_at = at + 2 + 12 * len(tags) + 4
    for tag, (kind, value) in sorted(tags.items()):
        table += struct.pack(order + "HHI", tag, kind, len(value) // sizes[kind])
        if len(value) > 4:
            table += struct.pack(order + "I", tail_at + len(tail))
            tail += value + bytes(len(value) % 2)
        else:
            table += value.ljust(4, b"\0")
    return struct.pack(order + "H", len(tags)) + table + struct.pack(order + "I", following) + tail


XMP = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    b' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="Secret Town">'
    b'<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">(c) Ada &amp; Co</rdf:li></rdf:Alt>'
    b"</dc:rights><dc:creator><rdf:Seq><rdf:li>Ada Example</rdf:li></rdf:Seq></dc:creator>"
    b'</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
"""An XMP packet with rights, creator and a place."""

IPTC = b"".join(
    b"\x1c" + struct.pack(">BBH", record, number, len(value)) + value
    for record, number, value in (
        (1, 90, b"\x1b%G"),
        (2, 5, b"A title"),
        (2, 80, b"Ada Example"),
        (2, 90, b"Secret Town"),
        (2, 116, b"(c) Ada"),
    )
)
"""An IPTC-IIM record with title, by-line, city and copyright notice."""


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """One PNG chunk with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_file(
    pixels: NDArray[Any], extra: bytes = b"", *, size: tuple[int, int] | None = None
) -> bytes:
    """A PNG of (height, width, 1 to 4) uint8 or uint16, unfiltered; ``extra`` follows IHDR.

    ``size`` is what the header claims instead of the truth.
    """
    height, width, channels = pixels.shape
    bits = pixels.dtype.itemsize * 8
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    head = struct.pack(">IIBBBBB", *(size or (width, height)), bits, kind, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(pixels.dtype.newbyteorder(">")).tobytes() for row in pixels)
    data = zlib.compress(rows, 1)
    parts = [data[at : at + 8192] for at in range(0, len(data), 8192)]
    body = b"".join(png_chunk(b"IDAT", part) for part in parts)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + extra + body + png_chunk(b"IEND", b"")


def jpeg_file(pixels: NDArray[Any], **options: Any) -> bytes:
    """A JPEG by Pillow of (height, width, 1, 3 or 4 = CMYK) uint8; ``options`` as for save."""
    if "exif" in options:
        options["exif"] = b"Exif\0\0" + options["exif"]
    return _pillow(pixels, "JPEG", **{"quality": 95, "subsampling": 0, **options})


def webp_file(pixels: NDArray[Any], **options: Any) -> bytes:
    """A lossless WebP by Pillow; ``options`` as for save."""
    return _pillow(pixels, "WEBP", **{"lossless": True, "exact": True, **options})


def _pillow(pixels: NDArray[Any], name: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    if name == "JPEG" and pixels.shape[2] == 4:
        image = Image.frombytes("CMYK", pixels.shape[1::-1], pixels.tobytes())
    else:
        image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    image.save(stream, name, **options)
    return stream.getvalue()


def tiff_file(pixels: NDArray[Any], **options: Any) -> bytes:
    """A TIFF by tifffile; ``options`` as for ``tifffile.imwrite``."""
    import tifffile

    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, **{"metadata": None, **options})
    return stream.getvalue()
