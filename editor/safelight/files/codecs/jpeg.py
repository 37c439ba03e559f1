"""JPEG: reading and writing (ITU-T T.81, JFIF 1.02, EXIF 2.32, ICC.1:2022 annex B.4)."""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Annotated, Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from safelight.api import Number, Source
from safelight.document import Metadata
from safelight.files.codecs import jpeg_bands
from safelight.files.codecs.codec import Codec, most_reduced
from safelight.files.codecs.jpeg_damage import (
    Damage,
    decoded_before,
    ending,
    first_damage,
    note_damage,
)
from safelight.files.codecs.jpeg_segments import NO_FRAME, PROGRESSIVE, Segments
from safelight.files.codecs.photograph import (
    DamagedError,
    Limit,
    Photograph,
    Room,
    Space,
    check_bytes,
    check_packing,
    check_size,
    packed,
    undecodable,
)
from safelight.files.codecs.row_bands import Proof
from safelight.files.colours.gain_map import LEFT_OUT, claims_gain_map
from safelight.files.metadata import exif_for_export, xmp
from safelight.files.provenance import provenance

_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\0"
_ICC = b"ICC_PROFILE\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_MANY = b"MPF\0"


_EXPANSION, _LARGEST_EXPANSION = 4096, 1 << 17
"""How many bytes of pixels one byte can become; some room is left for files that are cut off."""

_LARGEST_SEGMENT = 65533
_ICC_PART = _LARGEST_SEGMENT - len(_ICC) - 2
IPTC_RESOURCE = 0x0404

_SPACES: dict[int, Space] = {1: "grey", 3: "rgb", 4: "cmyk"}
"""What so many components are."""


def largest_frame(data: bytes) -> tuple[int, int, int]:
    """Width and height in pixels and components that a JPEG stream states; the largest of each
    where it states several. Raises DamagedError for none.
    """
    frames = list(Segments(data).frames())
    if not frames:
        raise DamagedError(NO_FRAME)
    widths, heights, components, *_ = zip(*frames, strict=True)
    return max(widths), max(heights), max(components)


def exif_of(data: bytes) -> bytes | None:
    """The EXIF block of a JPEG stream; None where it has none."""
    return next(Segments(data).after(0xE1, _EXIF), None)


def beside(data: bytes) -> tuple[int, int, int, Photograph]:
    """Width and height in pixels and components of a JPEG stream, and what stands in it beside its
    pixels, of which there are none. Raises DamagedError.
    """
    segments = Segments(data)
    width, height, components, *_ = segments.frame()
    content = Photograph(np.empty((0, 0, components), np.uint8))
    content.icc = _icc(segments)
    exif = next(segments.after(0xE1, _EXIF), None)
    content.metadata = Metadata(exif=exif, xmp=_xmp(segments, content.notes))
    return width, height, components, content


def reduced(
    file: BinaryIO, limit: Limit, room: tuple[int, int], least: int = 1
) -> Photograph | None:
    """A copy of a picture whose sides are divided by 1, 2, 4 or 8, as a ``codec.Reducer``: the
    decoder computes no more of each block. None for a damaged file and one of more than eight bits.
    """
    from PIL import Image

    data = file.read()
    width, height, components, content = beside(data)
    check_size(width, height, limit)
    most = most_reduced(width, height, room, least)
    times = max(step for step in (1, 2, 4, 8) if step <= most)
    if components not in _SPACES:
        return None
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
            warnings.simplefilter("ignore")
            if image.size != (width, height):
                return None
            image.draft(image.mode, (max(width // times, 1), max(height // times, 1)))
            image.decodermaxblock = len(data)
            pixels = np.asarray(image)
    except Exception:  # whatever Pillow does not like, ``read`` has a sentence for
        return None
    content.space = _SPACES[components]
    content.pixels = pixels.reshape(*pixels.shape[:2], -1)
    content.whole = width, height
    return content


def _tables(segments: Segments) -> tuple[tuple[int, ...], ...]:
    """The quantisation tables by their number, in zigzag order (T.81, B.2.4.1)."""
    tables: dict[int, tuple[int, ...]] = {}
    for body in segments.after(0xDB, b""):
        place = 0
        while place < len(body):
            wide, number = body[place] >> 4, body[place] & 15
            length = 128 if wide else 64
            steps = body[place + 1 : place + 1 + length]
            if len(steps) == length:
                tables.setdefault(number, struct.unpack(">64H" if wide else ">64B", steps))
            place += 1 + length
    return tuple(tables[number] for number in sorted(tables))


def _looked_through(data: bytes, marker: int, bits: int) -> tuple[Segments, Damage | None]:
    """All that a file consists of, and where it is damaged first."""
    segments = Segments(data)
    return segments, first_damage(data, segments, marker) if bits == 8 else None


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode a JPEG file. A cut-off one gives what is there, and a note."""
    import imagecodecs

    data = file.read()
    head = Segments(data, head=True)
    if next(head.frames(), None) is None:
        head = Segments(data)
    width, height, components, bits, marker = head.frame()
    check_size(width, height, limit)
    space = _SPACES.get(components)
    if space is None:
        raise DamagedError(f"has {components} colour channels, which a JPEG cannot have")
    decoded = width * height * components
    check_bytes(decoded * (1 if bits == 8 else 2), limit, f"{components} channels of {bits} bits")
    # A block of 64 takes two bits in the worst of Huffman's cases; arithmetic coding has none.
    check_packing(decoded, size, _LARGEST_EXPANSION if marker >= 0xC9 else _EXPANSION)
    shape = (height, width) if components == 1 else (height, width, components)
    with ThreadPoolExecutor(1, "jpeg") as beside:  # what is looked for costs an eighth of decoding
        looking = beside.submit(_looked_through, data, marker, bits)
        try:
            if bits == 8:
                pixels = imagecodecs.jpeg8_decode(data, out=room(shape, np.uint8))
            else:
                pixels = imagecodecs.jpeg8_decode(data)
        except Exception as error:
            segments, _ = looking.result()
            if segments.stray is None or bits != 8:
                raise undecodable(error, cut_off=False) from error
            pixels = decoded_before(data, segments.stray, shape)
    segments, damage = looking.result()
    content = Photograph(pixels.reshape(height, width, components), space)
    if bits != 8:
        full = 2**bits - 1
        scaled = content.pixels.astype(np.float32) * np.float32(65535 / full)
        content.pixels = np.rint(scaled).astype(np.uint16)
    if damage is not None:
        note_damage(data, segments, damage, content, marker in PROGRESSIVE)
    if not segments.complete and not content.notes:
        content.notes.append(ending(data, segments, content, marker in PROGRESSIVE))
    if space == "cmyk":
        # Every CMYK JPEG in use is Adobe's, which counts paper instead of ink.
        content.pixels = np.iinfo(content.pixels.dtype).max - content.pixels
    content.source = Source(_tables(segments))
    content.icc = _icc(segments)
    content.metadata = Metadata(
        exif=next(segments.after(0xE1, _EXIF), None),
        xmp=_xmp(segments, content.notes),
        iptc=resource(b"".join(segments.after(0xED, _PHOTOSHOP)), IPTC_RESOURCE),
        dpi=_dpi(segments),
        texts=tuple(("Comment", text) for text in _comments(segments)),
    )
    pictures = _pictures(segments)
    if _has_gain_map(segments, content.metadata.xmp, pictures):
        content.notes.append(LEFT_OUT)
    elif pictures > 1:
        content.notes.append(f"The file holds {pictures} pictures; the first one was opened.")
    return content


def _icc(segments: Segments) -> bytes | None:
    parts: dict[int, bytes] = {}
    for body in segments.after(0xE2, _ICC):
        if len(body) > 2:
            parts.setdefault(body[0], body[2:])
    return b"".join(parts[index] for index in sorted(parts)) or None


def _dpi(segments: Segments) -> tuple[float, float] | None:
    for body in segments.after(0xE0, b"JFIF\0"):
        if len(body) >= 7:
            unit, x, y = struct.unpack_from(">BHH", body, 2)
            factor = {1: 1.0, 2: 2.54}.get(unit)
            if factor and x and y:
                return (x * factor, y * factor)
    return None


def _comments(segments: Segments) -> Iterator[str]:
    for body in segments.after(0xFE, b""):
        try:
            text = body.rstrip(b"\0").decode("utf-8")
        except UnicodeDecodeError:
            text = body.rstrip(b"\0").decode("cp1252", "replace")
        if text.strip():
            yield text


def _xmp(segments: Segments, notes: list[str]) -> bytes | None:
    """The XMP packet, of its main part and the extended ones (XMP part 3, section 1.1.3.1)."""
    main = next(segments.after(0xE1, _XMP), None)
    parts: dict[int, bytes] = {}
    stated = 0
    for body in segments.after(0xE1, _XMP_MORE):
        # The main part names the others by a checksum: what is left of older ones is not meant.
        if len(body) < 40 or main is None or body[:32] not in main:
            continue
        stated, at = struct.unpack_from(">II", body, 32)
        parts.setdefault(at, body[40:])
    more = b"".join(parts[at] for at in sorted(parts))
    if main is None or not parts:
        return main
    try:
        if len(more) != stated:
            raise xmp.UnreadablePacket("a part of it is missing")
        return xmp.joined(main, more)
    except xmp.UnreadablePacket:
        notes.append("The second part of its XMP metadata was left out: it is damaged.")
        return main


def resource(resources: bytes, wanted: int) -> bytes | None:
    """The Photoshop image resource of a number, out of several (Photoshop file formats, 2019)."""
    place = 0
    while place + 12 <= len(resources) and resources[place : place + 4] == b"8BIM":
        (kind,) = struct.unpack_from(">H", resources, place + 4)
        name = resources[place + 6] + 1
        place += 6 + name + name % 2
        if place + 4 > len(resources):
            return None
        (size,) = struct.unpack_from(">I", resources, place)
        place += 4
        if kind == wanted:
            return resources[place : place + size] or None
        place += size + size % 2
    return None


def _has_gain_map(segments: Segments, packet: bytes | None, pictures: int) -> bool:
    """Whether a further picture makes this one brighter: Ultra HDR, ISO 21496-1."""
    stated = next(segments.after(0xE2, b"urn:iso:std:iso:ts:21496:-1\0"), None)
    return stated is not None or pictures > 1 and claims_gain_map(packet or b"")


def _pictures(segments: Segments) -> int:
    """How many pictures a multi-picture file (CIPA DC-007) says it holds."""
    from safelight.files.metadata import ifd

    for body in segments.after(0xE2, _MANY):
        fetch = ifd.bytes_fetch(body)
        try:
            header = ifd.Header.read(fetch)
            count = ifd.read_directory(fetch, header, header.first).numbers(0xB001, header)
        except ifd.DirectoryError:
            return 1
        return int(count[0]) if count else 1
    return 1


_UNITS = {"444": (8, 8), "422": (16, 8), "420": (16, 16)}
"""Width and height in pixels of what is encoded at a time."""


def write(
    stream: BinaryIO,
    content: Photograph,
    proof: Proof | None = None,
    *,
    quality: Annotated[float, Number(1, 100, step=1)] = 92,
    subsampling: Annotated[
        Literal["automatic", "444", "422", "420"],
        "how fine colour is kept; automatic: 444 from quality 90, else 420",
    ] = "automatic",
) -> None:
    """Encode (height, width, 1, 3 or 4) of uint8, grey, RGB or CMYK.

    Adds a note for metadata that does not fit.
    """
    import imagecodecs

    fine = "444" if quality >= 90 else "420"
    fine = fine if subsampling == "automatic" else subsampling
    # Every CMYK JPEG in use is Adobe's, which counts paper instead of ink.
    ink = content.space == "cmyk"
    spaces: dict[str, Any] = {"colorspace": "cmyk", "outcolorspace": "ycck"} if ink else {}

    whole = round(quality)
    # Between two whole numbers a file can be made as large as it may be.
    tables = [] if ink or whole == quality else _scaled(quality)

    def encode(pixels: NDArray[np.uint8]) -> bytes:
        rows = packed(~pixels if ink else pixels)
        if tables:
            return _with_tables(rows, tables, fine)
        return bytes(imagecodecs.jpeg8_encode(rows, whole, subsampling=fine, **spaces))

    unit = _UNITS[fine] if content.pixels.shape[2] >= 3 else _UNITS["444"]
    coded = jpeg_bands.coded(content.pixels, encode, unit, proof)
    data = next(coded)
    # The encoder's own JFIF segment knows no resolution: this writes another.
    (first,) = struct.unpack_from(">H", data, 4)
    body = 4 + first if data[2:4] == b"\xff\xe0" else 2
    stream.write(b"\xff\xd8")
    x, y = content.metadata.dpi or (0.0, 0.0)
    fits = 0 < round(x) < 65536 and 0 < round(y) < 65536
    density = struct.pack(">BHH", 1, round(x), round(y)) if fits else struct.pack(">BHH", 0, 1, 1)
    _segment(stream, 0xE0, b"JFIF\0\x01\x02" + density + b"\0\0")
    exif = content.metadata.exif
    if exif:
        exif = exif_for_export.shortened(exif, _LARGEST_SEGMENT - len(_EXIF), "JPEG", content.notes)
    if exif:
        _segment(stream, 0xE1, _EXIF + exif)
    if content.metadata.xmp:
        _write_xmp(stream, content.metadata.xmp, content.notes)
    if content.metadata.iptc:
        _write_iptc(stream, content.metadata.iptc)
    for _, text in content.metadata.texts:
        comment = text.encode()
        for at in range(0, len(comment), _LARGEST_SEGMENT):
            _segment(stream, 0xFE, comment[at : at + _LARGEST_SEGMENT])
    if content.icc:
        parts = [content.icc[at : at + _ICC_PART] for at in range(0, len(content.icc), _ICC_PART)]
        if len(parts) > 255:
            raise ValueError(
                "its colour profile is larger than a JPEG can hold (16 MB); use PNG or TIFF"
            )
        for number, part in enumerate(parts, 1):
            _segment(stream, 0xE2, _ICC + bytes([number, len(parts)]) + part)
    stream.write(memoryview(data)[body:])
    for rest in coded:
        stream.write(rest)


_BLOCKS = 8
"""Of so many rows of blocks one is looked at, and the last of all: a block is told by how it
differs from the one before it, so a wrong one makes those after it wrong.
"""


def shows(data: bytes, pixels: NDArray[np.uint8]) -> bool:
    """Whether a file that ``write`` made shows (height, width, channels), as nearly as is promised:
    the mean brightness of blocks, of which all coded data is read. Raises DamagedError.
    """
    from PIL import Image

    height, width, channels = pixels.shape
    if channels == 4 or min(height, width) < 8:
        return read(io.BytesIO(data), len(data), None).pixels.shape == pixels.shape
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            if image.size != (width, height) or len(image.getbands()) != channels:
                return False
            step: int = image.quantization[0][0]  # type: ignore[attr-defined]
            image.draft("L", (width // 8, height // 8))
            image.decodermaxblock = len(data)
            means = np.asarray(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise undecodable(error) from error
    down, across = height // 8, width // 8
    some = np.unique([*range(0, down, _BLOCKS), down - 1])
    blocks = pixels[: 8 * down].reshape(down, 8, width, channels)[some]
    sums = blocks.sum(axis=1, dtype=np.uint16)[:, : 8 * across]
    each = sums.reshape(len(some), across, 8, channels).sum(axis=2, dtype=np.uint16)
    light = each @ np.array(_BRIGHTNESS[:channels] if channels > 1 else [1], np.float32) / 64
    # A mean is rounded to a step of its table, an eighth of it, and each number on the way.
    return bool((np.abs(light - means[some, :across]) <= step / 16 + 2).all())


_BRIGHTNESS = (0.299, 0.587, 0.114)
"""Shares of red, green and blue (JFIF 1.02)."""


def _scaled(quality: float) -> list[list[int]]:
    """The tables of T.81, annex K.1, scaled as libjpeg does, row by row; of brightness, then of
    colour.
    """
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    return [
        [min(max(int((step * scale + 50) / 100), 1), 255) for step in table] for table in _plain()
    ]


@lru_cache(maxsize=1)
def _plain() -> list[list[int]]:
    """The tables as they are, which are those of quality 50."""
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "JPEG", quality=50)
    with Image.open(stream) as image:
        found: dict[int, list[int]] = image.quantization  # type: ignore[attr-defined]
        return [list(found[number]) for number in sorted(found)]


def _with_tables(pixels: NDArray[np.uint8], tables: list[list[int]], subsampling: str) -> bytes:
    """A baseline file with those tables."""
    from PIL import Image

    stream, grey = io.BytesIO(), pixels.shape[2] == 1
    sampled = {} if grey else {"subsampling": ":".join(subsampling)}
    image = Image.fromarray(pixels[..., 0] if grey else pixels)
    image.save(stream, "JPEG", qtables=tables[:1] if grey else tables, **sampled)
    return stream.getvalue()


def _write_xmp(stream: BinaryIO, packet: bytes, notes: list[str]) -> None:
    room, parts = _LARGEST_SEGMENT - len(_XMP), b""
    if len(packet) > room:
        packet = packet.rstrip(xmp.PADDING)
    if len(packet) > room:
        try:
            packet, parts = xmp.split(packet, room, _checksum)
        except xmp.UnreadablePacket as error:
            notes.append(
                f"XMP metadata of {len(packet) // 1024} KB was left out: a JPEG holds 64 KB in one"
                f" part, and it cannot be divided ({error})."
            )
            # That a picture is synthesised is told whatever else finds no room.
            packet = provenance.marked(None, provenance.stated(packet)) or b""
    if packet:
        _segment(stream, 0xE1, _XMP + packet)
    head = _XMP_MORE + _checksum(parts).encode() + struct.pack(">I", len(parts))
    room = _LARGEST_SEGMENT - len(head) - 4
    for at in range(0, len(parts), room):
        _segment(stream, 0xE1, head + struct.pack(">I", at) + parts[at : at + room])


def _checksum(packet: bytes) -> str:
    return hashlib.md5(packet, usedforsecurity=False).hexdigest().upper()


def _write_iptc(stream: BinaryIO, iptc: bytes) -> None:
    resource = b"8BIM" + struct.pack(">HHI", IPTC_RESOURCE, 0, len(iptc)) + iptc
    resource += b"\0" * (len(iptc) % 2)
    # A resource may go on in the next segment; readers join them.
    room = _LARGEST_SEGMENT - len(_PHOTOSHOP)
    for at in range(0, len(resource), room):
        _segment(stream, 0xED, _PHOTOSHOP + resource[at : at + room])


def _segment(stream: BinaryIO, marker: int, body: bytes) -> None:
    stream.write(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body)


CODEC = Codec(
    "JPEG",
    suffixes=(".jpg", ".jpeg", ".jpe", ".jfif"),
    beginnings=(rb"\xff\xd8\xff",),
    read=read,
    write=write,
    reduced=reduced,
    in_bands=jpeg_bands.apart,
    shows=shows,
    depths=("uint8",),
    alpha=False,
    cmyk=True,
    holds=frozenset({"exif", "xmp", "iptc", "dpi", "comment"}),
    largest_side=65500,  # what libjpeg writes
)
