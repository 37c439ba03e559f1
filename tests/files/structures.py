"""Structures: small files in which one thing is far from what it may be, as fuzzers find them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import imagecodecs
import numpy as np

from tests import pictures
from tests.bombs import tiff
from tests.files.boxes import put_together, taken_apart, with_properties
from tests.files.seeds import seed, zipped

_MOST = (1 << 32) - 1
_SIGNED = (1 << 31) - 1


def _restated(data: bytes, mark: bytes, place: int, new: bytes) -> bytes:
    at = data.index(mark) + place
    return data[:at] + new + data[at + len(new) :]


def _nested(kind: bytes, depth: int) -> bytes:
    """Boxes in each other."""
    return b"".join(struct.pack(">I4s", 8 * (depth - n), kind) for n in range(depth))


# -- boxes: HEIC, AVIF, JPEG XL, JPEG 2000 -----------------------------------------------------


def _with_meta(name: str, **changed: bytes) -> bytes:
    """A file with other boxes in its ``meta``."""
    parts = dict(taken_apart(seed(name)))
    meta = dict(taken_apart(parts[b"meta"][4:]))
    meta |= {kind.encode(): body for kind, body in changed.items()}
    parts[b"meta"] = parts[b"meta"][:4] + put_together(list(meta.items()))
    return put_together(list(parts.items()))


def _of_boxes(name: str) -> dict[str, bytes]:
    data = seed(name)
    long = struct.pack(">4xII", _SIGNED, _SIGNED)
    refers = struct.pack(">I4sHHH", 14, b"dimg", 1, 1, 1)
    return {
        "sides_of_2_billion": with_properties(data, (b"ispe", long), instead=b"ispe"),
        "many_sizes": with_properties(data, *[(b"ispe", struct.pack(">4xII", 9, 9))] * 100),
        "clap_by_zero": with_properties(data, (b"clap", bytes(32))),
        "clap_far_away": with_properties(data, (b"clap", b"\x7f\xff\xff\xff" * 8)),
        "255_channels": with_properties(data, (b"pixi", b"\0\0\0\0\xff" + b"\xff" * 255)),
        "turned_often": with_properties(data, *[(b"irot", b"\1")] * 100),
        "no_first_picture": _with_meta(name, pitm=struct.pack(">4xH", 65535)),
        "made_of_itself": _with_meta(name, iref=bytes(4) + refers),
        "refers_to_everything": _with_meta(
            name, iref=bytes(4) + struct.pack(">I4sHH", 12 + 2 * 65535, b"dimg", 1, 65535)
        ),
        "65535_places": _with_meta(name, iloc=struct.pack(">4xBBH", 0x44, 0, 65535)),
        "places_of_no_bytes": _with_meta(
            name, iloc=struct.pack(">4xBBHHHHI", 0, 0, 1, 1, 0, 65535, 0)
        ),
        "a_place_far_away": _with_meta(
            name, iloc=struct.pack(">4xBBHHHHQQ", 0x88, 0, 1, 1, 0, 1, 1 << 63, 1 << 63)
        ),
        "65535_items": _with_meta(name, iinf=struct.pack(">4xH", 65535)),
        "many_properties": _with_meta(
            name,
            iprp=put_together([(b"ipco", put_together([(b"ispe", bytes(12))] * 50_000))]),
        ),
        "rights_of_a_property": _with_meta(
            name,
            iprp=put_together(
                [(b"ipco", b""), (b"ipma", struct.pack(">4xIHB", _MOST, 1, 255) + b"\xff" * 255)]
            ),
        ),
        "nested_metas": data[:24] + _nested(b"meta", 20_000),
        "nested_properties": data[:24] + _nested(b"iprp", 20_000),
        "many_boxes": data + put_together([(b"free", b"")] * 100_000),
    }


def _of_jxl() -> dict[str, bytes]:
    head = b"\0\0\0\x0cJXL \r\n\x87\n" + put_together([(b"ftyp", b"jxl \0\0\0\0jxl ")])
    code = seed("jxl")
    parts = [(b"jxlp", struct.pack(">I", n)) for n in range(20_000)]
    packed = b"Exif" + imagecodecs.brotli_encode(bytes(1 << 26))
    return {
        "parts_of_nothing": head + put_together([*parts, (b"jxlp", b"\xff\xff\xff\xff" + code)]),
        "parts_in_disorder": head
        + put_together([(b"jxlp", b"\0\0\0\5" + code[:99]), (b"jxlp", b"\x80\0\0\1" + code[99:])]),
        "packed_often": head + put_together([*[(b"brob", packed)] * 50, (b"jxlc", code)]),
        "packed_itself": head + put_together([(b"brob", b"brob" + packed), (b"jxlc", code)]),
        "two_pictures": head + put_together([(b"jxlc", code)] * 200),
        "no_picture": head + put_together([(b"jxlc", b"")]),
        "largest": b"\xff\x0a" + b"\xff" * 60,
        "head_alone": head,
    }


def _jpeg_2000(**sizes: int) -> bytes:
    """A codestream that states other sizes: the fields of SIZ by their order."""
    data = bytearray(imagecodecs.jpeg2k_encode(pictures.noise(40, 30), 0, codecformat="j2k"))
    at = data.index(b"\xff\x51") + 6
    for field, value in sizes.items():
        struct.pack_into(">I", data, at + 4 * int(field[1:]), value)
    return bytes(data)


def _of_jpeg_2000() -> dict[str, bytes]:
    data = seed("jp2")
    sizes = data.index(b"\xff\x51")
    codes = data.index(b"\xff\x52")
    palette = struct.pack(">HB", 1024, 255) + b"\7" * 255 + bytes(1024 * 255)
    inside = put_together([(b"pclr", palette), (b"cmap", struct.pack(">HBB", 0, 1, 254) * 255)])
    header = data.index(b"jp2h")
    (size,) = struct.unpack_from(">I", data, header - 4)
    end = header - 4 + size
    return {
        "sides_of_4_billion": _jpeg_2000(s0=_MOST, s1=_MOST),
        "tiles_of_one_pixel": _jpeg_2000(s0=4000, s1=4000, s4=1, s5=1),
        "tiles_of_nothing": _jpeg_2000(s4=0, s5=0),
        "starts_behind_its_end": _jpeg_2000(s2=50, s3=50),
        "tiles_elsewhere": _jpeg_2000(s6=_SIGNED, s7=_SIGNED),
        "16384_channels": data[: sizes + 36] + b"\x40\0" + data[sizes + 38 :],
        "steps_of_zero": data[: sizes + 38] + b"\7\0\0" * 3 + data[sizes + 47 :],
        "33_halvings": data[: codes + 9] + b"\x21" + data[codes + 10 :],
        "blocks_of_2_to_the_255": data[: codes + 10] + b"\xff\xff" + data[codes + 12 :],
        "65535_layers": data[: codes + 6] + b"\xff\xff" + data[codes + 8 :],
        "palette_of_255_columns": data[: header - 4]
        + struct.pack(">I", size + len(inside))
        + data[header:end]
        + inside
        + data[end:],
        "nested_headers": data[:32] + _nested(b"jp2h", 20_000) + data[32:],
        "no_code": data[:32],
    }


# -- light: OpenEXR, Radiance ------------------------------------------------------------------


def _openexr(flags: int = 2, **changed: tuple[bytes, bytes]) -> bytes:
    """An OpenEXR of nothing but its header, and a table of places that are all zero."""
    window = struct.pack("<4i", 0, 0, 39, 29)
    channels = b"".join(name + b"\0" + struct.pack("<iIii", 1, 0, 1, 1) for name in (b"B", b"G"))
    attributes = {
        "channels": (b"chlist", channels + b"\0"),
        "compression": (b"compression", b"\0"),
        "dataWindow": (b"box2i", window),
        "displayWindow": (b"box2i", window),
        "lineOrder": (b"lineOrder", b"\0"),
        "pixelAspectRatio": (b"float", struct.pack("<f", 1)),
        "screenWindowCenter": (b"v2f", bytes(8)),
        "screenWindowWidth": (b"float", struct.pack("<f", 1)),
    } | changed
    head = b"".join(
        name.encode() + b"\0" + kind + b"\0" + struct.pack("<i", len(body)) + body
        for name, (kind, body) in attributes.items()
    )
    return struct.pack("<II", 20000630, flags) + head + b"\0" + bytes(8 * 64) + bytes(4096)


def _window(*sides: int) -> tuple[bytes, bytes]:
    return b"box2i", struct.pack("<4i", *sides)


def _channels(*rows: tuple[bytes, int, int]) -> tuple[bytes, bytes]:
    body = b"".join(name + b"\0" + struct.pack("<iIii", kind, 0, x, x) for name, kind, x in rows)
    return b"chlist", body + b"\0"


def _of_openexr() -> dict[str, bytes]:
    whole = seed("openexr")
    at = whole.index(b"dataWindow\0box2i\0") + 17
    return {
        "all_there_is": _openexr(dataWindow=_window(-(1 << 31), -(1 << 31), _SIGNED, _SIGNED)),
        "ends_before_it_starts": _openexr(dataWindow=_window(30, 30, 0, 0)),
        "far_away": _openexr(dataWindow=_window(_SIGNED - 40, 0, _SIGNED, 30)),
        "looked_at_far_away": _openexr(displayWindow=_window(-(1 << 30), 0, 1 << 30, 1 << 30)),
        "steps_of_zero": _openexr(channels=_channels((b"G", 1, 0))),
        "steps_of_2_billion": _openexr(channels=_channels((b"G", 1, _SIGNED))),
        "numbers_of_no_kind": _openexr(channels=_channels((b"G", 200, 1))),
        "a_channel_often": _openexr(channels=_channels(*[(b"R", 1, 1)] * 2000)),
        "no_channels": _openexr(channels=_channels()),
        "2000_channels": _openexr(channels=_channels(*[(b"%04d" % n, 2, 1) for n in range(2000)])),
        "packed_in_no_way": _openexr(compression=(b"compression", b"\xc8")),
        "tiles_of_one_pixel": _openexr(
            0x202,
            tiles=(b"tiledesc", struct.pack("<IIB", 1, 1, 0x12)),
            dataWindow=_window(0, 0, 3999, 3999),
        ),
        "tiles_of_nothing": _openexr(0x202, tiles=(b"tiledesc", bytes(9))),
        "tiles_of_4_billion": _openexr(
            0x202, tiles=(b"tiledesc", struct.pack("<IIB", _MOST, _MOST, 1))
        ),
        "many_parts": struct.pack("<II", 20000630, 0x1002) + _openexr()[8:420] * 2000 + b"\0",
        "deep": _openexr(0x802, type=(b"string", b"deepscanline")),
        "a_preview_of_4_billion": _openexr(preview=(b"preview", struct.pack("<II", _MOST, _MOST))),
        "no_aspect": _openexr(pixelAspectRatio=(b"float", struct.pack("<f", float("nan")))),
        "larger_than_its_rows": whole[:at]
        + struct.pack("<4i", 0, 0, 3999, 3999)
        + whole[at + 16 :],
    }


def _of_radiance() -> dict[str, bytes]:
    head = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n"
    return {
        "sides_of_2_billion": head + b"\n-Y 2147483647 +X 2147483647\n" + bytes(99),
        "no_sides": head + b"\n-Y 0 +X 0\n",
        "sides_below_zero": head + b"\n-Y -30 +X -40\n" + bytes(99),
        "many_words": head + b"A=B\n" * 200_000 + b"\n-Y 30 +X 40\n" + bytes(4800),
        "a_word_without_end": head + b"A" * 1_000_000,
        "runs_of_nothing": head + b"\n-Y 3000 +X 40\n" + b"\2\2\0\x28" + bytes(200_000),
        "runs_beyond_the_row": head + b"\n-Y 30 +X 40\n" + (b"\2\2\0\x28" + b"\xff\1" * 99) * 30,
        "exposure_of_none": head + b"EXPOSURE=1e999\nEXPOSURE=nan\n\n-Y 30 +X 40\n" + bytes(4800),
    }


# -- plain ones: BMP, ICO, PNM, QOI, TGA, GIF ---------------------------------------------------


def _bmp(*, size=(40, 30), bits=24, packing=0, header=40, colours=0, start=54, body=b"") -> bytes:
    core = struct.pack("<IiiHHIIiiII", header, *size, 1, bits, packing, 0, 0, 0, colours, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(body), 0, 0, start) + core + body


def _of_bmp() -> dict[str, bytes]:
    return {
        "as_low_as_it_goes": _bmp(size=(40, -(1 << 31)), body=bytes(4000)),
        "wide": _bmp(size=(_SIGNED, 1), bits=8, packing=1, body=bytes(4000)),
        "no_bits": _bmp(bits=0, body=bytes(4000)),
        "4_billion_colours": _bmp(bits=8, colours=_MOST, body=bytes(4000)),
        "a_header_of_4_billion": _bmp(header=_MOST, body=bytes(4000)),
        "starts_behind_its_end": _bmp(start=_MOST, body=bytes(4000)),
        "starts_in_its_head": _bmp(start=2, body=bytes(4000)),
        "jumps_far_away": _bmp(size=(4000, 4000), bits=8, packing=1, body=b"\0\2\xff\xff" * 2000),
        "rows_of_nothing": _bmp(size=(4000, 4000), bits=8, packing=1, body=bytes(40_000)),
        "a_jpeg_inside": _bmp(packing=4, body=seed("described.jpg")),
        "masks_of_nothing": _bmp(bits=32, packing=3, body=bytes(16 + 4800)),
    }


def _ico(*rows: tuple[int, int], body: bytes = b"", count: int | None = None) -> bytes:
    table = b"".join(
        struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, size, place) for size, place in rows
    )
    return struct.pack("<HHH", 0, 1, len(rows) if count is None else count) + table + body


def _of_ico() -> dict[str, bytes]:
    png = pictures.png_file(np.zeros((8, 8, 4), np.uint8), size=(30000, 30000))
    small = pictures.png_file(np.zeros((8, 8, 4), np.uint8))
    place = 6 + 16 * 20_000
    return {
        "65535_pictures": _ico((99, 22), count=65535, body=small),
        "one_picture_often": _ico(*[(len(small), place)] * 20_000, body=small),
        "a_picture_of_itself": _ico((_MOST, 0), (_MOST, 6)),
        "a_large_picture": _ico((len(png), 22), body=png),
        "a_picture_far_away": _ico((_MOST, _MOST)),
        "a_bitmap_of_2_billion": _ico(
            (99, 22), body=_bmp(size=(_SIGNED, _SIGNED), bits=32)[14:] + bytes(400)
        ),
    }


def _of_pnm() -> dict[str, bytes]:
    return {
        "sides_of_a_billion": b"P6 999999999 999999999 255\n" + bytes(99),
        "no_white": b"P5 40 30 0\n" + bytes(1200),
        "white_of_a_billion": b"P6 40 30 999999999\n" + bytes(7200),
        "a_number_without_end": b"P6 " + b"9" * 1_000_000,
        "a_word_without_end": b"P6 #" + b"x" * 1_000_000,
        "nothing_but_gaps": b"P3 40 30 255\n" + b" " * 2_000_000,
        "many_words": b"P6\n" + b"# word\n" * 200_000 + b"40 30 255\n" + bytes(3600),
        "words_of_no_number": b"P3 40 30 255\n" + b"x " * 4000,
        "numbers_above_white": b"P2 40 30 9\n" + b"65535 " * 1200,
        "a_billion_channels": b"P7\nWIDTH 40\nHEIGHT 30\nDEPTH 999999999\nMAXVAL 255\nENDHDR\n",
        "a_head_without_end": b"P7\n" + b"WIDTH 40\n" * 100_000,
        "many_bits": b"P4 60000 300\n" + bytes(99),
    }


def _of_qoi() -> dict[str, bytes]:
    head, runs = struct.Struct(">4sIIBB"), b"\xfd" * 300_000
    return {
        "sides_of_4_billion": head.pack(b"qoif", _MOST, _MOST, 3, 0) + runs,
        "no_channels": head.pack(b"qoif", 40, 30, 0, 9) + runs,
        "nothing_but_runs": head.pack(b"qoif", 4000, 4000, 4, 0) + runs,
        "runs_that_end_early": head.pack(b"qoif", 4000, 4000, 4, 0) + runs[:1000],
    }


def _of_tga() -> dict[str, bytes]:
    head = struct.Struct("<BBBHHBHHHHBB")
    run = b"\xff\0\0\0"
    return {
        "as_large_as_it_goes": head.pack(0, 0, 10, 0, 0, 0, 0, 0, 65535, 65535, 24, 0) + run * 999,
        "colours_of_255_bits": head.pack(0, 1, 9, 0, 65535, 255, 0, 0, 40, 30, 8, 0) + run * 999,
        "a_long_name": head.pack(255, 0, 10, 0, 0, 0, 0, 0, 40, 30, 24, 0) + run * 9,
        "no_colours": head.pack(0, 1, 1, 0, 0, 24, 0, 0, 40, 30, 8, 0) + bytes(1200),
    }


def _gif(screen=(40, 30), frame=(0, 0, 40, 30), bits=8, body=b"", flags=0) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", *screen, 0xF7, 0, 0) + bytes(768)
    return head + b"," + struct.pack("<4HB", *frame, flags) + bytes([bits]) + body


def _of_gif() -> dict[str, bytes]:
    codes = b"\xff" + bytes(255)
    frame = b",\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    return {
        "a_large_screen": _gif((65535, 65535), body=codes + b"\0;"),
        "a_large_frame": _gif(frame=(0, 0, 65535, 65535), body=codes * 99 + b"\0;"),
        "a_frame_elsewhere": _gif(frame=(65535, 65535, 40, 30), body=codes + b"\0;"),
        "no_columns": _gif(frame=(0, 0, 0, 30), body=codes + b"\0;"),
        "no_bits": _gif(bits=0, body=codes + b"\0;"),
        "255_bits": _gif(bits=255, body=codes + b"\0;"),
        "13_bits": _gif(bits=13, body=codes + b"\0;"),
        "rows_apart": _gif(frame=(0, 0, 4000, 4000), body=codes * 50 + b"\0;", flags=0x40),
        "many_frames": _gif((4000, 4000), body=codes + b"\0" + frame * 20_000 + b";"),
        "notes_without_end": _gif(body=b"")[:781] + b"!\xfe" + codes * 9000,
        "many_notes": _gif(body=b"")[:781] + b"!\xfe\1x\0" * 200_000 + _gif(body=codes)[781:],
        "codes_of_nothing": _gif(body=b"\1\0" * 100_000 + b"\0;"),
    }


# -- the old ones ------------------------------------------------------------------------------


def _png(*parts: tuple[bytes, bytes], head: bytes = b"") -> bytes:
    head = head or struct.pack(">IIBBBBB", 40, 30, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        pictures.png_chunk(kind, body) for kind, body in ((b"IHDR", head), *parts, (b"IEND", b""))
    )


def _of_png() -> dict[str, bytes]:
    rows = (b"IDAT", zlib.compress(b"".join(b"\0" + bytes(120) for _ in range(30))))
    bomb = zlib.compress(bytes(1 << 26), 1)
    grey = struct.pack(">IIBBBBB", 4000, 4000, 8, 0, 0, 0, 1)
    circle = b"MM\0*\0\0\0\x08\0\1" + bytes(12) + b"\0\0\0\x08"
    return {
        "a_packed_text": _png((b"zTXt", b"Comment\0\0" + bomb), rows),
        "a_packed_profile": _png((b"iCCP", b"x\0\0" + bomb), rows),
        "a_packed_word": _png((b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + bomb), rows),
        "a_hundred_thousand_texts": _png(*[(b"tEXt", b"a\0b")] * 100_000, rows),
        "a_hundred_thousand_nothings": _png(*[(b"IDAT", b"")] * 100_000, rows),
        "packed_more_than_stated": _png((b"IDAT", bomb)),
        "rows_apart_of_nothing": _png((b"IDAT", bomb[:2000]), head=grey),
        "colours_of_no_table": _png(rows, head=struct.pack(">IIBBBBB", 40, 30, 8, 3, 0, 0, 0)),
        "16_bits_of_a_table": _png(rows, head=struct.pack(">IIBBBBB", 40, 30, 16, 3, 0, 0, 0)),
        "10000_colours": _png((b"PLTE", bytes(30_000)), rows),
        "4_billion_pictures": _png((b"acTL", b"\xff" * 8), rows),
        "no_rows": _png(),
        "rows_of_no_filter": _png((b"IDAT", zlib.compress(b"\xff" * 3630))),
        "exif_in_a_circle": _png((b"eXIf", circle), rows),
        "no_gamma": _png((b"gAMA", bytes(4)), (b"cHRM", bytes(32)), rows),
        "no_light": _png((b"cICP", b"\xff" * 4), (b"pHYs", b"\xff" * 8 + b"\1"), rows),
    }


def _of_jpeg() -> dict[str, bytes]:
    data = seed("described.jpg")
    inked = seed("inked.jpg")
    scan = inked.rindex(b"\xff\xda")
    frame = b"\xff\xc0"
    part = lambda kind, body: kind + struct.pack(">H", len(body) + 2) + body  # noqa: E731
    exif = data.index(b"Exif\0\0") + 6
    resource = b"Photoshop 3.0\x008BIM\4\4\0\0"
    extended = part(
        b"\xff\xe1",
        b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32 + struct.pack(">II", _MOST, _MOST - 9),
    )
    profile = b"".join(
        part(b"\xff\xe2", b"ICC_PROFILE\0" + bytes([n, 255]) + bytes(65000)) for n in range(1, 99)
    )
    return {
        "as_large_as_it_goes": _restated(data, frame, 5, b"\xff\xff\xff\xff"),
        "no_rows": _restated(data, frame, 5, bytes(2)),
        "255_channels": _restated(data, frame, 9, b"\xff"),
        "no_channels": _restated(data, frame, 9, b"\0"),
        "steps_of_zero": _restated(data, frame, 11, b"\0"),
        "steps_of_15": _restated(data, frame, 11, b"\xff"),
        "20000_scans": inked[:scan] + inked[scan:-2] * 1 + (inked[scan : scan + 14]) * 20_000,
        "large_with_many_scans": _restated(inked, b"\xff\xc2", 5, struct.pack(">HH", 4000, 4000))
        + inked[scan : scan + 14] * 5000,
        "4_gb_of_xmp": data[:2] + extended + data[2:],
        "pieces_of_a_profile": data[:2] + profile + data[2:],
        "exif_in_a_circle": data[: exif + 4] + struct.pack("<I", 4) + data[exif + 8 :],
        "iptc_of_2_billion": data[:2]
        + part(b"\xff\xed", resource + b"\x7f\xff\xff\xff")
        + data[2:],
        "a_long_word": data[:2]
        + part(
            b"\xff\xed", b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\x09\x1c\2\5\x80\4\x7f\xff\xff\xff"
        )
        + data[2:],
        "many_restarts": data[:2] + part(b"\xff\xdd", b"\0\1") + data[2:],
        "many_marks": data[:2] + b"\xff\xfe\0\2" * 200_000 + data[2:],
        "filled_between": data[:2] + b"\xff" * 1_000_000 + data[2:],
        "no_tables": data[: data.index(b"\xff\xdb")] + data[data.index(frame) :],
    }


def _chain(count: int) -> bytes:
    """A TIFF of so many pages, each of one pixel."""
    data, at = b"II*\0\x08\0\0\0", 8
    for n in range(count):
        rows = ((256, 1), (257, 1), (258, 8), (262, 1), (273, 8), (279, 1))
        table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in rows)
        at += 2 + len(table) + 4
        data += struct.pack("<H", len(rows)) + table + struct.pack("<I", at if n + 1 < count else 8)
    return data


def _of_tiff() -> dict[str, bytes]:
    flat = bytes(64 * 64)
    return {
        "pages_in_a_circle": _chain(3),
        "5000_pages": _chain(5000),
        "strips_of_one_row": tiff(flat, t256=1, t257=4_000_000, t278=1),
        "4_billion_strips": tiff(flat, t278=0),
        "bits_of_all_kinds": tiff(flat, t277=3, t258=[8, 16, 1]),
        "floats_foretold": tiff(flat, t317=3),
        "foretold_in_no_way": tiff(flat, t317=65535),
        "no_samples": tiff(flat, t277=0),
        "60000_more_samples": tiff(flat, t277=60_000, t338=[0] * 500),
        "numbers_of_no_kind": tiff(flat, t339=200),
        "planes_of_no_kind": tiff(flat, t284=9),
        "colours_of_no_table": tiff(flat, t262=3),
        "a_short_table": tiff(flat, t262=3, t320=[1, 2, 3]),
        "tiles_of_one_row": tiff(flat, t322=1, t323=_SIGNED),
        "chroma_in_steps_of_zero": tiff(flat, t262=6, t277=3, t530=[0, 0], t258=[8, 8, 8]),
        "a_fax_of_nothing": tiff(flat, t256=20_000, t257=20_000, t258=1, t259=4),
        "codes_of_nothing": tiff(flat, t256=4000, t257=4000, t259=5),
        "runs_of_nothing": tiff(b"\x81\0" * 30_000, t256=3000, t257=1200, t259=32773),
    }


def _of_raw() -> dict[str, bytes]:
    data = seed("mosaic.dng")

    def told(tag: int, kind: int, count: int, value: int) -> bytes:
        """The file with another entry of that number, or in place of the one before it."""
        rows = data.rindex(b"\xfe\0\4\0\1\0\0\0")  # tag 254, the first
        (number,) = struct.unpack_from("<H", data, rows - 2)
        places = [rows + 12 * n for n in range(number)]
        tags = [struct.unpack_from("<H", data, place)[0] for place in places]
        place = places[tags.index(tag) if tag in tags else tags.index(50708)]
        return data[:place] + struct.pack("<HHII", tag, kind, count, value) + data[place + 12 :]

    heap = b"II\x1a\0\0\0HEAPCCDR" + bytes(12)
    loop = struct.pack("<HHIIHII", 1, 0x2801, 0, 0, 0, 0, 0)
    brand = put_together([(b"ftyp", b"crx \0\0\0\1crx isom")])
    return {
        "as_wide_as_it_goes": told(256, 4, 1, 65535),
        "a_table_of_2_billion": told(50712, 3, _SIGNED, 8),
        "blacks_of_60000": told(50713, 3, 2, 60_000 << 16 | 60_000),
        "no_white": told(50717, 4, 1, 0),
        "a_pattern_of_255": told(33422, 1, 4, _MOST),
        "patterns_of_no_size": told(33421, 3, 2, 0),
        "corrections_of_2_billion": told(51008, 7, _SIGNED, 8),
        "corrections_of_itself": told(51022, 7, len(data), 0),
        "a_lossless_jpeg_of_nothing": told(259, 3, 1, 7),
        "a_lossy_jpeg_of_nothing": told(259, 3, 1, 34892),
        "pentax_of_nothing": told(259, 3, 1, 65535),
        "nikon_of_nothing": told(259, 3, 1, 34713),
        "turned_in_no_way": told(274, 3, 1, 200),
        "ifds_in_a_circle": told(330, 4, 1, data.rindex(b"\xfe\0\4\0\1\0\0\0") - 2),
        "a_heap_of_itself": heap + loop * 2000 + struct.pack("<I", 0),
        "an_empty_heap": heap,
        "a_film_of_nothing": brand + _nested(b"moov", 20_000),
        "fuji_of_nothing": b"FUJIFILMCCD-RAW 0201FF383501" + b"\xff" * 400,
        "sigma_of_nothing": b"FOVb" + b"\xff" * 400,
        "minolta_of_nothing": b"\0MRM" + b"\x7f\xff\xff\xff" * 100,
        "panasonic_of_nothing": b"IIU\0" + data[4:],
        "olympus_of_nothing": b"IIRO" + data[4:],
        "canon_of_nothing": b"II*\0\x10\0\0\0CR\2\0" + b"\xff" * 400,
    }


# -- layers: Photoshop, OpenRaster --------------------------------------------------------------


def _psd(layers: bytes = b"", *, size=(16, 16), channels=3, version=1, mode=3, depth=8) -> bytes:
    head = struct.pack(">4sH6xHIIHH", b"8BPS", version, channels, *size, depth, mode)
    wide = ">Q" if version == 2 else ">I"
    info = struct.pack(wide, len(layers)) + layers if layers else b""
    return head + bytes(8) + struct.pack(wide, len(info)) + info


def _layer(
    box: tuple[int, int, int, int] = (0, 0, 16, 16), channels: int = 3, size: int = 2, more=b""
) -> bytes:
    record = struct.pack(">4iH", *box, channels)
    record += b"".join(struct.pack(">hI", n % 3, size) for n in range(channels))
    record += struct.pack(">4s4sBBBx", b"8BIM", b"norm", 255, 0, 0)
    return record + struct.pack(">I", 12 + len(more)) + bytes(12) + more


def _of_psd() -> dict[str, bytes]:
    group = b"8BIMlsct" + struct.pack(">II", 4, 3)
    opened = b"8BIMlsct" + struct.pack(">II", 4, 1)
    name = b"8BIMluni" + struct.pack(">II", 4, _SIGNED)
    text = b"8BIMTySh" + struct.pack(">I", 40) + b"\xff" * 40
    rows = b"\0\0" * 3

    def of(count: int, *records: bytes) -> bytes:
        return _psd(struct.pack(">h", count) + b"".join(records) + rows * len(records))

    return {
        "fewer_than_no_layers": of(-32768, _layer()),
        "32767_layers": of(32767, _layer()),
        "all_there_is": of(1, _layer((-(1 << 31), -(1 << 31), _SIGNED, _SIGNED))),
        "ends_before_it_starts": of(1, _layer((16, 16, 0, 0))),
        "far_away": of(1, _layer((_SIGNED - 16, 0, _SIGNED, 16))),
        "channels_of_4_billion": of(1, _layer(size=_MOST)),
        "60000_channels": of(1, _layer(channels=60_000)),
        "a_name_of_2_billion": of(1, _layer(more=name)),
        "words_of_no_kind": of(1, _layer(more=text)),
        "groups_in_groups": of(8000, *[_layer(more=group)] * 4000, *[_layer(more=opened)] * 4000),
        "groups_without_end": of(8000, *[_layer(more=opened)] * 8000),
        "groups_without_start": of(8000, *[_layer(more=group)] * 8000),
        "56_channels": _psd(channels=56, mode=7),
        "no_channels": _psd(channels=0),
        "colours_of_no_table": _psd(mode=2, channels=1),
        "a_mode_of_none": _psd(mode=200),
        "7_bits": _psd(depth=7),
        "rows_of_nothing": _psd(size=(30000, 30000)) + b"\0\1" + bytes(180_000),
        "lengths_of_64_bits": _psd(version=2)[:-8] + b"\x7f" + b"\xff" * 7,
    }


def _ora(stack: bytes, *members: tuple[str, bytes]) -> bytes:
    return zipped([("mimetype", b"image/openraster"), ("stack.xml", stack), *members])


def _stacked(inside: bytes, size: tuple[int, int] = (20, 16)) -> bytes:
    return b'<image version="0.0.3" w="%d" h="%d"><stack>%b</stack></image>' % (*size, inside)


def _of_ora() -> dict[str, bytes]:
    png = pictures.png_file(pictures.noise(20, 16, 4))
    layer = b'<layer name="a" src="data/a.png" x="0" y="0"/>'
    held = ("data/a.png", png)
    large = ("data/a.png", bytes(imagecodecs.png_encode(np.zeros((3000, 3000, 4), np.uint8))))
    laughs = b"".join(
        b'<!ENTITY l%d "%b">' % (n, (b"&l%d;" % (n - 1)) * 10 if n else b"ha") for n in range(10)
    )
    deep = b"<stack>" * 20_000 + b"</stack>" * 20_000
    return {
        "one_layer_often": _ora(_stacked(layer * 3000), held),
        "one_large_layer_often": _ora(_stacked(layer * 300, (3000, 3000)), large),
        "stacks_in_stacks": _ora(_stacked(deep), held),
        "laughs": _ora(b"<!DOCTYPE x [" + laughs + b"]>" + _stacked(b"&l9;" + layer), held),
        "a_file_of_the_users": _ora(
            b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + _stacked(b"&e;" + layer),
            held,
        ),
        "elsewhere": _ora(_stacked(layer.replace(b"data/a", b"../../../etc/a")), held),
        "all_there_is": _ora(_stacked(layer, (_SIGNED, _SIGNED)), held),
        "far_away": _ora(_stacked(layer.replace(b'x="0"', b'x="2147483647"')), held),
        "as_far_as_it_goes": _ora(_stacked(layer.replace(b'x="0"', b'x="1e999"')), held),
        "no_opacity": _ora(_stacked(layer.replace(b"x=", b'opacity="nan" x=')), held),
        "no_layers": _ora(_stacked(b"")),
        "10000_members": _ora(_stacked(layer), held, *[(f"{n}", b"") for n in range(10_000)]),
        "its_own_words_as_a_layer": _ora(_stacked(layer.replace(b"data/a.png", b"stack.xml"))),
    }


# -- beside the pixels: profiles, metadata ------------------------------------------------------


def _profiled(profile: bytes) -> bytes:
    return pictures.tiff_file(pictures.noise(40, 30), photometric="rgb", iccprofile=profile)


def _of_profiles() -> dict[str, bytes]:
    icc = pictures.printer_profile(b"RGB ", 5)
    table = icc.index(b"mft2")
    wide = pictures.wide_profile()
    curve = wide.index(b"curv")
    return {
        "4_billion_tags": _profiled(icc[:128] + b"\xff\xff\xff\xff" + icc[132:]),
        "16_inputs_of_255": _profiled(icc[: table + 8] + b"\x10\x10\xff" + icc[table + 11 :]),
        "65535_nodes": _profiled(icc[: table + 48] + b"\xff\xff\xff\xff" + icc[table + 52 :]),
        "no_nodes": _profiled(icc[: table + 48] + bytes(4) + icc[table + 52 :]),
        "a_curve_of_2_billion": _profiled(
            wide[: curve + 8] + b"\x7f\xff\xff\xff" + wide[curve + 12 :]
        ),
        "tags_of_the_whole": _profiled(
            icc[:132] + (icc[132:136] + struct.pack(">II", 0, len(icc))) * 3 + icc[168:]
        ),
        "larger_than_it_is": _profiled(b"\xff\xff\xff\xff" + icc[4:]),
    }


def _of_metadata() -> dict[str, bytes]:
    packet = pictures.XMP
    deep = b"<rdf:Seq>" * 100_000
    laughs = b"".join(
        b'<!ENTITY l%d "%b">' % (n, (b"&l%d;" % (n - 1)) * 10 if n else b"ha") for n in range(10)
    )
    words = b"".join(b' dc:a%d="x"' % n for n in range(100_000))

    def webp(xmp: bytes) -> bytes:
        return pictures.webp_file(pictures.noise(40, 30), xmp=xmp)

    return {
        "nested_words": webp(packet.replace(b"<dc:creator>", deep + b"<dc:creator>")),
        "laughs": webp(b"<!DOCTYPE x [" + laughs + b"]>" + packet.replace(b"Secret Town", b"&l9;")),
        "100000_words": webp(packet.replace(b" photoshop:City", words + b" a", 1)),
        "a_word_of_20_mb": webp(packet.replace(b"Secret Town", b"x" * 20_000_000)),
        "exif_of_65535_entries": pictures.webp_file(
            pictures.noise(40, 30), exif=b"II*\0\x08\0\0\0\xff\xff" + b"\xff" * 4000
        ),
    }


_MADE: dict[str, Callable[[], dict[str, bytes]]] = {
    "heic": lambda: _of_boxes("photograph.heic"),
    "avif": lambda: _of_boxes("avif"),
    "jxl": _of_jxl,
    "jp2": _of_jpeg_2000,
    "exr": _of_openexr,
    "hdr": _of_radiance,
    "bmp": _of_bmp,
    "ico": _of_ico,
    "pnm": _of_pnm,
    "qoi": _of_qoi,
    "tga": _of_tga,
    "gif": _of_gif,
    "png": _of_png,
    "jpg": _of_jpeg,
    "tif": _of_tiff,
    "dng": _of_raw,
    "psd": _of_psd,
    "ora": _of_ora,
    "profile.tif": _of_profiles,
    "metadata.webp": _of_metadata,
}
KINDS = tuple(_MADE)
"""Of what there are structures; each ends as such a file's name does."""


def structures(kind: str) -> dict[str, bytes]:
    """Files of a kind, by what is wrong with them."""
    return _MADE[kind]()
