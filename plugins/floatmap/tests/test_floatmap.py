"""Portable FloatMap: both byte orders, colour and grey, light of any range, nothing damaged."""

import io
import struct

import numpy as np
import pytest
from PIL import Image
from safelight_floatmap import read, write

from safelight import api

LAST_BITS = 4e-6
"""What a power and its inverse lose in float32, relative to the value."""

LIGHT = np.array(
    [
        [[0, 0.25, 1], [-0.5, 2, 0.001], [7.5, 100, 0.5]],
        [[1e-6, -1e-6, 65504], [0.0031308, 0.04045, 0.18], [1, 1, 1]],
    ],
    np.float32,
)
"""Two rows of three pixels: dark, ordinary, beyond white and below black."""


def file_of(light, order="<", word=b"-1.0", gap=b"\n"):
    """A file as another program writes it: bottom row first."""
    height, width, channels = light.shape
    mark = b"PF" if channels == 3 else b"Pf"
    head = gap.join([mark, b"%d %d" % (width, height), word]) + b"\n"
    return head + light[::-1].astype(f"{order}f4").tobytes()


def test_its_ids_and_marks_stay():
    opened = api.registered_format(read, "importer").format
    written = api.registered_format(write, "exporter").format
    assert (opened.id, written.id) == ("safelight_floatmap.read", "safelight_floatmap.write")
    assert opened.title == written.title
    assert opened.recognises(b"PF\n")
    assert opened.recognises(b"Pf\n")
    assert not opened.recognises(b"P6\n")
    assert written.depths == ("float32",)
    assert not written.alpha


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("order", "word"), [("<", b"-1.0"), (">", b"1.0"), (">", b"2.5e0")])
def test_light_becomes_srgb_values_upright_whatever_the_byte_order(order, word, channels):
    light = LIGHT[..., :channels]
    pixels = read(file_of(light, order, word))
    assert pixels.shape == light.shape
    assert pixels.dtype == np.float32
    assert np.array_equal(pixels, api.from_linear(light))


def test_middle_grey_and_white_are_where_srgb_has_them():
    light = np.array([[[0.2140411], [1.0], [0.0]]], np.float32)
    assert read(file_of(light)).ravel() == pytest.approx([0.5, 1.0, 0.0], abs=1e-6)


def test_light_beyond_white_and_below_black_survives_there_and_back():
    back = read(write(read(file_of(LIGHT))))
    assert api.to_linear(back) == pytest.approx(LIGHT, rel=LAST_BITS)
    assert back == pytest.approx(read(file_of(LIGHT)), rel=LAST_BITS)


def test_a_tall_picture_is_whole():
    light = np.random.default_rng(4).random((700, 3, 3)).astype(np.float32)
    assert np.array_equal(read(file_of(light)), api.from_linear(light))
    assert api.to_linear(read(write(api.from_linear(light)))) == pytest.approx(light, rel=LAST_BITS)


def test_what_is_written_another_program_reads():
    grey = np.repeat(np.linspace(0, 2, 12, dtype=np.float32).reshape(3, 4, 1), 3, axis=2)
    data = write(grey)
    assert data.startswith(b"Pf\n4 3\n-1.0\n")
    other = np.asarray(Image.open(io.BytesIO(data)))
    assert other == pytest.approx(api.to_linear(grey)[..., 0], rel=LAST_BITS)


def test_what_another_program_wrote_is_read():
    light = np.linspace(-1, 3, 20, dtype=np.float32).reshape(5, 4)
    stream = io.BytesIO()
    Image.fromarray(light).save(stream, "PPM")
    assert np.array_equal(read(stream.getvalue())[..., 0], api.from_linear(light))


def test_colour_is_written_as_triples_from_the_bottom_row_up():
    pixels = np.array([[[1, 0, 0]], [[0, 0, 1]]], np.float32)
    data = write(pixels)
    head = b"PF\n1 2\n-1.0\n"
    assert data.startswith(head)
    assert struct.unpack("<6f", data[len(head) :]) == pytest.approx((0, 0, 1, 1, 0, 0))


@pytest.mark.parametrize("gap", [b" ", b"\r\n", b"\t", b"\n\n"])
def test_words_may_be_kept_apart_by_any_white_space(gap):
    assert np.array_equal(read(file_of(LIGHT, gap=gap)), api.from_linear(LIGHT))


def test_a_header_of_windows_lines_moves_no_byte():
    data = file_of(LIGHT).replace(b"\n", b"\r\n", 3)
    assert np.array_equal(read(data), api.from_linear(LIGHT))


DAMAGED = {
    "no size": (b"PF\n\n-1.0\n", "header is damaged"),
    "a size in words": (b"PF\nthree two\n-1.0\n", "header is damaged"),
    "a size below nothing": (b"PF\n-3 2\n-1.0\n", "header is damaged"),
    "a size of thirty digits": (b"PF\n" + b"9" * 30 + b" 2\n-1.0\n", "header is damaged"),
    "no pixels": (b"PF\n0 2\n-1.0\n", "no pixels"),
    "no byte order": (b"PF\n1 1\n0\n" + bytes(12), "in which order"),
    "a byte order that is no number": (b"PF\n1 1\n-1.-0\n" + bytes(12), "in which order"),
    "an endless scale": (b"PF\n1 1\n-1e999\n" + bytes(12), "in which order"),
    "cut off": (file_of(LIGHT)[:-1], "before its last row"),
    "a huge claim": (b"PF\n999999999 999999999\n-1.0\n", "before its last row"),
    "only its mark": (b"PF", "header is damaged"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_refused_in_a_sentence(name):
    data, reason = DAMAGED[name]
    with pytest.raises(api.FormatError, match=reason):
        read(data)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_left_to_the_editor(value):
    light = LIGHT.copy()
    light[0, 0, 0] = value
    assert not np.isfinite(read(file_of(light))[0, 0, 0])
    assert np.array_equal(read(file_of(light))[1:], read(file_of(LIGHT))[1:])


def test_light_that_no_float_holds_is_refused():
    with pytest.raises(api.FormatError, match="too large"):
        write(np.full((1, 1, 3), 1e30, np.float32))
