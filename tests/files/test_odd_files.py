"""Pictures that other programs open, though a decoder balks at what stands around them."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from safelight import actions
from safelight.files import OpenError, open_picture
from safelight.files.codecs.photograph import undecodable
from tests import pictures
from tests.files.test_export import pixels_of

CASES = Path(__file__).parent / "cases"


@pytest.fixture
def opened(tmp_path):
    def open_bytes(data, **options):
        path = tmp_path / "picture.dat"
        path.write_bytes(data)
        return open_picture(path, **options)

    return open_bytes


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.mark.parametrize("count", [0, 1, 2**31 + 1])
def test_a_png_that_states_an_impossible_animation_opens_without_a_word_of_it(opened, count):
    data = bytes(imagecodecs.png_encode(pictures.quarters()))
    head = 8 + 25
    stated = chunk(b"acTL", struct.pack(">II", count, 0))
    found = opened(data[:head] + stated + data[head:])
    assert np.array_equal(pixels_of(found), pictures.quarters())
    assert found.notes == ()


def test_texts_of_a_png_that_are_far_too_long_are_left_out_with_a_note(opened):
    data = bytes(imagecodecs.png_encode(pictures.quarters()))
    at = data.index(b"IDAT") - 4
    texts = chunk(b"tEXt", b"Title\0A title")
    texts += chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(20 << 20)))
    found = opened(data[:at] + texts + data[at:])
    assert found.document.metadata.texts == (("Title", "A title"),)
    assert found.notes == ("The texts in the file have more than 16 MB; some were left out.",)


def test_a_png_without_a_picture_says_so(opened):
    data = bytes(imagecodecs.png_encode(pictures.quarters()))
    with pytest.raises(OpenError, match="nothing of the picture is left in it"):
        opened(data[: 8 + 25] + chunk(b"IEND", b""))


def test_a_reason_that_is_no_text_reaches_nobody():
    for error in (
        UnicodeDecodeError("utf-8", b"\xf0", 0, 1, "bad"),
        ValueError(""),
        TypeError("unsupported operand type(s) for //: 'tuple' and 'int'"),
        IndexError("too many indices for array"),
        ZeroDivisionError("division by zero"),
        ValueError("invalid literal for int() with base 10: b'x'"),
        RuntimeError("self.rowsperstrip=0 < 1"),
        OSError("cannot identify image file <_io.BufferedReader name='the picture'>"),
        RuntimeError("Unable to open '<python_buffer>' for read"),
    ):
        assert str(undecodable(error)) == "is damaged or cut off and cannot be decoded"
    said = undecodable(ValueError("two\n lines"), cut_off=False)
    assert str(said) == "is damaged and cannot be decoded (two lines)"


def gif_file(pixels):
    stream = io.BytesIO()
    picture = Image.fromarray(pixels).quantize(200)
    picture.save(stream, "GIF")
    return stream.getvalue(), np.asarray(picture.convert("RGB"))


def test_a_gif_with_a_note_of_no_words_opens(opened):
    data, wanted = gif_file(pictures.noise(40, 30))
    start = 13 + 3 * 2 ** ((data[10] & 7) + 1)
    found = opened(data[:start] + b"!\xfe\0" + data[start:])
    assert np.array_equal(pixels_of(found), wanted)
    assert (found.format, found.notes) == ("GIF", ())


def test_a_gif_without_a_table_of_colours_opens_in_grey(opened):
    data, _ = gif_file(pictures.noise(40, 30))
    start = 13 + 3 * 2 ** ((data[10] & 7) + 1)
    bare = data[:10] + bytes([data[10] & 0x7F]) + data[11:13] + data[start:]
    found = pixels_of(opened(bare))
    assert found.shape[:2] == (30, 40)
    assert (found == found[..., :1]).all()
    assert found.std() > 0


def test_a_gif_whose_codes_are_of_more_bits_than_a_pixel_opens(opened):
    """9 bits in place of 8: the codes begin with 10, and none but single pixels are in them."""
    width, height, bits = 20, 10, 9
    values = np.arange(width * height) % 200
    codes = np.concatenate([[1 << bits], values, [(1 << bits) + 1]])
    spread = (codes[:, None] >> np.arange(bits + 1)) & 1
    packed = np.packbits(spread.astype(np.uint8).ravel(), bitorder="little").tobytes()
    blocks = [packed[at : at + 255] for at in range(0, len(packed), 255)]
    body = b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"
    ramp = bytes(value for index in range(256) for value in (index, 255 - index, 7))
    data = b"GIF89a" + struct.pack("<HHBBB", width, height, 0xF7, 0, 0) + ramp
    data += b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + bytes([bits]) + body + b";"
    found = pixels_of(opened(data)).reshape(-1, 3)
    assert np.array_equal(found, np.stack([values, 255 - values, values * 0 + 7], axis=-1))


def test_a_jpeg_2000_whose_boxes_are_not_all_there_opens(opened):
    pixels = pictures.noise(40, 30)
    data = bytes(imagecodecs.jpeg2k_encode(pixels, 0, codecformat="jp2", reversible=True))
    at = data.index(b"jp2h") - 4
    (length,) = struct.unpack_from(">I", data, at)
    found = opened(data[:at] + data[at + length :])
    assert found.format == "JPEG 2000"
    assert np.array_equal(pixels_of(found), pixels)


def test_a_jpeg_2000_with_coarser_colour_than_light_opens(opened):
    """Three pictures of one tile, level and layer are one of three channels, part behind part."""
    planes = (
        np.tile(np.arange(32, dtype=np.uint8) * 4 + 60, (24, 1)),
        np.full((12, 16), 100, np.uint8),
        np.full((12, 16), 160, np.uint8),
    )
    bodies, kept = [], b""
    for plane in planes:
        data = bytes(
            imagecodecs.jpeg2k_encode(plane, 0, codecformat="j2k", reversible=True, resolutions=1)
        )
        at = data.index(b"\xff\x93")
        bodies.append(data[at + 2 : -2])
        kept = kept or data[data.index(b"\xff\x52") : data.index(b"\xff\x64")]
    size = struct.pack(">HHIIIIIIIIH", 47, 0, 32, 24, 0, 0, 32, 24, 0, 0, 3)
    body = b"".join(bodies)
    tile = b"\xff\x90" + struct.pack(">HHIBB", 10, 0, 14 + len(body), 0, 1) + b"\xff\x93" + body
    head = b"\xff\x4f\xff\x51" + size + bytes((7, 1, 1, 7, 2, 2, 7, 2, 2))
    found = pixels_of(opened(head + kept + tile + b"\xff\xd9")).astype(int)
    assert found.shape == (24, 32, 3)
    light = planes[0].astype(int)
    # The formula of JPEG's YCbCr.
    assert np.abs(found[..., 0] - (light + 1.402 * 32)).max() <= 2
    assert np.abs(found[..., 2] - (light - 1.772 * 28)).max() <= 2


def heic_file(name):
    return (CASES / f"{name}.heic").read_bytes()


def test_what_describes_a_heic_need_not_be_of_a_kind_that_can_be_read(opened, tmp_path):
    """Its kind is no text, over which the decoder's bindings fall: without an exception."""
    data = heic_file("photograph")
    at = data.index(b"Exif", data.index(b"infe"))
    path = tmp_path / "odd.heic"
    path.write_bytes(data[:at] + b"E\xea\xff\xfe" + data[at + 4 :])
    found = actions.open_picture(path)
    assert np.array_equal(pixels_of(found), pixels_of(opened(data)))


def test_where_the_picture_of_a_heic_is_a_small_copy_the_large_one_opens(opened):
    """The transparency of a picture, made a small copy of it and the first to be looked at."""
    data = heic_file("quarters_alpha")
    at = data.index(b"auxl")
    origin, _, target = struct.unpack_from(">HHH", data, at + 4)
    place = data.index(b"pitm") + 8
    assert struct.unpack_from(">H", data, place) == (target,)
    changed = data[:at] + b"thmb" + data[at + 4 :]
    changed = changed[:place] + struct.pack(">H", origin) + changed[place + 2 :]
    seen = pixels_of(opened(changed))
    assert np.array_equal(seen[..., :3], pixels_of(opened(data))[..., :3])
