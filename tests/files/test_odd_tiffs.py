"""Odd TIFF files open as what they are: signed numbers, Lab, logarithms, few bits, half floats."""

from __future__ import annotations

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from safelight import api
from safelight.document import render_srgb
from safelight.files import OpenError, open_picture
from tests import pictures
from tests.bombs import tiff


@pytest.fixture
def opened(tmp_path):
    def open_bytes(data):
        path = tmp_path / "picture.tif"
        path.write_bytes(data)
        return open_picture(path)

    return open_bytes


def pixels_of(result):
    return result.document.layers[0].raster.to_array()


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["int8", "int16", "int32"])
def test_the_least_of_signed_numbers_is_black_and_the_greatest_white(
    opened, kind, order, compression
):
    ends = np.iinfo(kind)
    pixels = np.array([[ends.min, 0, ends.max]] * 4, kind)
    result = opened(pictures.tiff_file(pixels, byteorder=order, compression=compression))
    assert "numbers with a sign" in result.notes[0]
    got = pixels_of(result)[0, :, 0]
    full = 1.0 if kind == "int32" else np.iinfo(got.dtype).max
    assert got[0] == 0
    assert got[1] / full == pytest.approx(0.5, abs=0.003)
    assert got[2] == full


def test_complex_numbers_are_refused_in_words(opened):
    with pytest.raises(OpenError, match="holds complex64 numbers"):
        opened(pictures.tiff_file(np.ones((4, 4), np.complex64)))


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
@pytest.mark.parametrize("bits", [1, 2, 4, 10, 12])
def test_grey_of_few_bits_is_spread_to_all_levels(opened, bits, photometric):
    top = 2**bits - 1
    ramp = np.linspace(0, top, 16 * 16).round().astype("uint16" if bits > 8 else "uint8")
    ramp = ramp.reshape(16, 16)
    data = (
        pictures.tiff_file(ramp.astype(bool), photometric=photometric)
        if bits == 1
        else pictures.tiff_file(ramp, bitspersample=bits, photometric=photometric)
    )
    got = pixels_of(opened(data))
    full = np.iinfo(got.dtype).max
    expected = np.rint(ramp.astype(float) * full / top)
    if photometric == "miniswhite":
        expected = full - expected
    assert np.abs(got[..., 0] - expected).max() <= 1


@pytest.mark.parametrize("packing", ["group3", "group4", "tiff_ccitt", "packbits"])
def test_faxes_open(opened, packing):
    page = np.zeros((40, 64), bool)
    page[10:30, 20:44] = True
    stream = io.BytesIO()
    Image.fromarray(page).save(stream, "TIFF", compression=packing)
    assert np.array_equal(pixels_of(opened(stream.getvalue()))[..., 0], page * np.uint8(255))


@pytest.mark.parametrize("order", ["<", ">"])
def test_floats_of_24_bits_open(opened, order):
    values = np.linspace(-1, 3, 64, dtype=np.float32).reshape(8, 8)
    packed = imagecodecs.float24_encode(values, byteorder=order)
    data = tiff(packed, t256=8, t257=8, t258=24, t262=1, t339=3)
    if order == ">":
        with pytest.raises(OpenError):  # the helper writes the other order: not such a file
            opened(data[:4])
        return
    assert np.allclose(pixels_of(opened(data))[..., 0], values, rtol=2e-5, atol=1e-6)


LABS = np.array(
    [[50, 0, 0], [100, 0, 0], [0, 0, 0], [60, 40, -30], [70, -50, 40], [40, 20, 60], [80, 5, -20]]
)


def stored_lab(kind, bits):
    lab = LABS.astype(float)
    one = 256 if bits == 16 else 1
    lightness = {8: 255, 16: 65535 if kind == "cielab" else 65280}[bits]
    first = np.rint(lab[:, :1] * lightness / 100)
    rest = np.rint(lab[:, 1:] * one)
    rest = rest % (256 * one) if kind == "cielab" else rest + 128 * one
    numbers = np.concatenate([first, rest], axis=1).astype(np.uint16 if bits == 16 else np.uint8)
    return np.repeat(numbers[:, None], 8, axis=1)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kind", ["cielab", "icclab"])
def test_lab_has_the_colours_that_littlecms_gives_it(opened, kind, bits):
    result = opened(pictures.tiff_file(stored_lab(kind, bits), photometric=kind))
    assert result.notes == ("Colours were converted from Lab to ProPhoto RGB.",)
    assert result.document.depth == "uint16"
    got = render_srgb(result.document, api.Region(0, 0, 8, len(LABS)))[:, 0, :3]
    signed = np.concatenate([np.rint(LABS[:, :1] * 2.55), LABS[:, 1:] % 256], axis=1)
    image = Image.frombytes("LAB", (1, len(LABS)), signed.astype(np.uint8).tobytes())
    transform = ImageCms.buildTransform(
        ImageCms.createProfile("LAB", 5003), ImageCms.createProfile("sRGB"), "LAB", "RGB", 1
    )
    expected = np.asarray(ImageCms.applyTransform(image, transform))[:, 0]
    # Pillow has LittleCMS compute in 8 bits, Lab's among them.
    assert np.abs(np.clip(got, 0, 1) * 255 - expected).max() <= 3


def test_lab_with_alpha_keeps_it(opened):
    lab = np.zeros((4, 4, 4), np.uint8)
    lab[..., 0], lab[..., 3] = 128, 77
    result = opened(pictures.tiff_file(lab, photometric="cielab", extrasamples=["unassalpha"]))
    assert (pixels_of(result)[..., 3] == 77 * 257).all()


def runs(numbers, planes):
    """LogLuv's packing: of each row the bytes of one order after the other, in runs."""
    packed = bytearray()
    for row in numbers:
        for plane in reversed(range(planes)):
            values = bytes(int(number) >> (8 * plane) & 255 for number in row)
            at = 0
            while at < len(values):
                same = 1
                while at + same < len(values) and same < 129 and values[at + same] == values[at]:
                    same += 1
                if same >= 2:
                    packed += bytes([same + 126, values[at]])
                    at += same
                else:
                    packed += bytes([1, values[at]])
                    at += 1
    return bytes(packed)


def log_luv(xyz):
    """The 32 bits of a colour (Ward Larson 1998)."""
    x, y, z = xyz
    total = x + 15 * y + 3 * z
    logarithm = int(256 * (np.log2(y) + 64))
    return logarithm << 16 | int(410 * 4 * x / total) << 8 | int(410 * 9 * y / total)


@pytest.mark.parametrize("light", [0.18, 1.0, 12.0])
def test_logluv_opens_with_its_light_beyond_white(opened, light):
    white = np.array([0.9505, 1.0, 1.089]) * light
    red = np.array([0.4124, 0.2126, 0.0193]) * light
    numbers = np.array([[log_luv(white)] * 5 + [log_luv(red)] * 4] * 3)
    data = tiff(
        *(runs(numbers[at : at + 1], 4) for at in range(3)),
        **{"t256": 9, "t257": 3, "t258": 16, "t259": 34676, "t262": 32845, "t277": 3, "t278": 1},
    )
    result = opened(data)
    assert result.document.depth == "float32"
    got = pixels_of(result).astype(float)
    linear = np.where(got <= 0.04045, got / 12.92, ((np.abs(got) + 0.055) / 1.055) ** 2.4)
    assert np.allclose(linear[:, :5], light, rtol=0.03)
    assert np.allclose(linear[:, 5:, 0], light, rtol=0.03)
    assert np.abs(linear[:, 5:, 1:]).max() < 0.03 * light


def test_logl_opens_as_grey(opened):
    numbers = np.array([[int(256 * (np.log2(light) + 64)) for light in (0.18, 0.5, 1, 4)]] * 2)
    data = tiff(runs(numbers, 2), t256=4, t257=2, t258=16, t259=34676, t262=32844)
    result = opened(data)
    assert result.document.grey
    got = pixels_of(result)[0, :, 0].astype(float)
    assert np.allclose(((got + 0.055) / 1.055) ** 2.4, [0.18, 0.5, 1, 4], rtol=0.01)


def test_a_logluv_that_is_cut_off_says_how_much_is_there(opened):
    numbers = np.array([[log_luv((0.95, 1, 1.09))] * 4] * 4)
    packed = runs(numbers, 4)
    tags = {"t256": 4, "t257": 4, "t258": 16, "t259": 34676, "t262": 32845, "t277": 3}
    data = tiff(packed[: len(packed) // 2], **tags)
    assert opened(data).notes == ("The file ends early; 50 % of the picture is there.",)


def test_logarithms_of_24_bits_are_refused_in_words(opened):
    data = tiff(bytes(48), t256=4, t257=4, t258=16, t259=34677, t262=32845, t277=3)
    with pytest.raises(OpenError, match="save it as a 32-bit float TIFF first"):
        opened(data)


@pytest.mark.parametrize("tile", [None, (32, 32)])
@pytest.mark.parametrize("predictor", [False, True])
@pytest.mark.parametrize("alpha", ["unassalpha", "assocalpha"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_every_layout_with_alpha_comes_in_exact(opened, tile, predictor, alpha, planar):
    pixels = pictures.noise(50, 40, 4, "uint16")
    if alpha == "assocalpha":
        pixels[..., 3] = 65535
    stored = pixels if planar == "contig" else np.moveaxis(pixels, 2, 0)
    options = {"tile": tile, "planarconfig": planar, "extrasamples": [alpha]}
    data = pictures.tiff_file(
        stored,
        photometric="rgb",
        compression="zlib",
        predictor=predictor,
        bigtiff=predictor,
        **options,
    )
    assert struct.unpack_from("<H", data, 2)[0] == (43 if predictor else 42)
    assert np.array_equal(pixels_of(opened(data)), pixels)


def test_a_tiff_whose_last_plane_nobody_needs_opens_without_it(opened):
    pixels = pictures.noise(64, 64)[..., 0]
    data = tiff(zlib.compress(pixels.tobytes()), b"", t259=8, t277=2, t284=2, t338=0, t258=8)
    found = opened(data)
    assert np.array_equal(pixels_of(found)[..., 0], pixels)
    assert found.notes == ("1 extra channel of unknown meaning left out.",)


@pytest.mark.parametrize("packing", ["lerc", "jpegxr"])
@pytest.mark.parametrize("tile", [None, (48, 32)])
def test_a_tiff_packed_as_microscopes_and_maps_are_opens(opened, packing, tile):
    pixels = pictures.noise(111, 83)
    stream = io.BytesIO()
    numbers = {"lerc": 34887, "jpegxr": 34934}
    tifffile.imwrite(stream, pixels, photometric="rgb", tile=tile, compression=numbers[packing])
    found = opened(stream.getvalue())
    assert np.abs(pixels_of(found).astype(int) - pixels).max() <= (0 if packing == "lerc" else 8)
    assert found.notes == ()


def test_a_fourth_channel_of_which_nothing_is_said_is_transparency_where_it_is_filled(opened):
    pixels = pictures.noise(64, 64, 4)
    stated = {"t262": 2, "t277": 4, "t284": 1}
    found = opened(tiff(pixels.tobytes(), **stated))
    assert np.array_equal(pixels_of(found), pixels)
    assert found.notes == ()
    empty = pixels.copy()
    empty[..., 3] = 0
    found = opened(tiff(empty.tobytes(), **stated))
    assert np.array_equal(pixels_of(found), pixels[..., :3])
    assert found.notes == ("1 extra channel of unknown meaning left out.",)
    said = opened(tiff(pixels.tobytes(), **stated, t338=0))
    assert np.array_equal(pixels_of(said), pixels[..., :3])


def test_a_lerc_that_is_packed_once_more_is_refused_in_words(opened):
    stream = io.BytesIO()
    tifffile.imwrite(
        stream,
        pictures.noise(40, 30),
        photometric="rgb",
        compression=34887,
        compressionargs={"compression": "deflate"},
    )
    with pytest.raises(OpenError, match=r"packed in a way \(number 34887\)"):
        opened(stream.getvalue())


def test_a_tile_of_less_than_no_bytes_is_read_for_what_it_is(opened):
    pixels = pictures.noise(64, 32)
    data = bytearray(pictures.tiff_file(pixels, tile=(32, 32), compression="jpeg"))
    whole = pixels_of(opened(bytes(data)))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        entry = file.pages[0].tags[325]
    assert entry.dtype == 3
    struct.pack_into("<H", data, entry.offset + 2, 8)  # numbers with a sign
    struct.pack_into("<h", data, entry.valueoffset, -9)
    found = opened(bytes(data))
    assert "wrong lengths of its parts" in found.notes[0]
    assert np.array_equal(pixels_of(found), whole)


def test_tifffile_reads_what_these_tests_make():
    with tifffile.TiffFile(io.BytesIO(tiff(bytes(64), t256=8, t257=8))) as file:
        assert file.pages[0].shape == (8, 8)
