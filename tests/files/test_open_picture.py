"""open_picture: every depth, model and orientation comes in upright and exact, or says why not."""

from __future__ import annotations

import dataclasses
import io
import os
import resource
import struct
import sys
import threading
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from safelight import api
from safelight.document import render_srgb
from safelight.files import CODECS, ExportOptions, OpenError, export, open_picture
from safelight.files.colours import stated_colours
from safelight.files.pixel_limit import LARGEST_LIMIT, default_pixel_limit
from safelight.files.read_photograph import read_photograph
from safelight.pixels import Raster, known_profile, to_float
from tests import attack, pictures
from tests.bombs import BOMBS
from tests.files.ordinary_user import as_ordinary_user

CASES = Path(__file__).parent / "cases"

MAKERS = {
    "JPEG": pictures.jpeg_file,
    "PNG": pictures.png_file,
    "TIFF": pictures.tiff_file,
    "WebP": pictures.webp_file,
}


@pytest.fixture
def opened(tmp_path):
    """Opens bytes as a file; the name never tells the format."""

    def open_bytes(data, **options):
        path = tmp_path / "picture.dat"
        path.write_bytes(data)
        return open_picture(path, **options)

    return open_bytes


def pixels_of(opened):
    return opened.document.layers[0].raster.to_array()


@pytest.mark.parametrize("format", MAKERS)
def test_the_format_is_told_by_content_not_by_name(opened, format):
    result = opened(MAKERS[format](pictures.quarters()))
    assert result.format == format
    assert result.notes == ()
    assert result.document.name == "picture.dat"
    assert np.abs(pixels_of(result).astype(int) - pictures.quarters()).max() <= 6


@pytest.mark.parametrize("format", MAKERS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_picture_stands_upright(opened, format, orientation):
    upright = pictures.quarters()
    stored = pictures.stored_turned(upright, orientation)
    exif = pictures.exif_block(orientation, ">" if orientation % 2 else "<")
    if format == "PNG":
        data = pictures.png_file(stored, pictures.png_chunk(b"eXIf", exif))
    elif format == "TIFF":
        data = pictures.tiff_file(stored, extratags=[(274, 3, 1, orientation, True)])
    else:
        data = MAKERS[format](stored, exif=exif)
    result = opened(data)
    assert np.abs(pixels_of(result).astype(int) - upright).max() <= 6
    assert (result.document.width, result.document.height) == (96, 64)
    if format != "TIFF":
        kept = result.document.metadata.exif
        assert kept == pictures.exif_block(1, ">" if orientation % 2 else "<")


def test_an_orientation_in_xmp_is_not_left_to_turn_the_picture_twice(opened):
    xmp = pictures.XMP.replace(b"photoshop:City", b'tiff:Orientation="6" photoshop:City')
    result = opened(pictures.jpeg_file(pictures.quarters(), exif=pictures.exif_block(6), xmp=xmp))
    assert b'tiff:Orientation="1"' in result.document.metadata.xmp


def test_all_65536_levels_of_a_16_bit_png_and_tiff_come_in(opened):
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    pixels = np.stack([levels, levels[::-1], levels.T], axis=-1)
    for make in (pictures.png_file, pictures.tiff_file):
        result = opened(make(pixels))
        assert result.document.depth == "uint16"
        assert np.array_equal(pixels_of(result), pixels)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("depth", ["uint8", "uint16"])
def test_every_kind_of_png_comes_in_exact(opened, channels, depth):
    pixels = pictures.noise(33, 17, channels, depth)
    got = pixels_of(opened(pictures.png_file(pixels)))
    if channels < 3:
        pixels = np.concatenate([np.repeat(pixels[..., :1], 3, 2), pixels[..., 1:]], axis=2)
    assert np.array_equal(got, pixels)


def test_palettes_and_single_bits_become_rgb(opened):
    for format in ("PNG", "TIFF"):
        for mode in ("P", "1", "L"):
            stream = io.BytesIO()
            image = Image.fromarray(pictures.quarters()).convert(mode)
            image.save(stream, format)
            expected = np.asarray(image.convert("RGB"))
            assert np.array_equal(pixels_of(opened(stream.getvalue())), expected), (format, mode)


def test_a_transparent_colour_of_a_png_becomes_alpha(opened):
    pixels = np.array([[[1, 2, 3], [4, 5, 6]]], np.uint16)
    transparent = pictures.png_chunk(b"tRNS", struct.pack(">HHH", 4, 5, 6))
    got = pixels_of(opened(pictures.png_file(pixels, transparent)))
    assert got.tolist() == [[[1, 2, 3, 65535], [4, 5, 6, 0]]]
    stream = io.BytesIO()
    palette = Image.fromarray(pictures.quarters()).convert("P")
    palette.save(stream, "PNG", transparency=palette.getpixel((0, 0)))
    got = pixels_of(opened(stream.getvalue()))
    assert got[0, 0, 3] == 0
    assert got[-1, -1, 3] == 255


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WebP"])
def test_colour_under_alpha_0_is_kept(opened, format):
    pixels = pictures.noise(20, 10, 4)
    pixels[:5, :, 3] = 0
    extra = {"extrasamples": ["unassalpha"], "photometric": "rgb"} if format == "TIFF" else {}
    assert np.array_equal(pixels_of(opened(MAKERS[format](pixels, **extra))), pixels)


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_premultiplied_alpha_of_a_tiff_is_divided_out(opened, depth):
    full = {"uint8": 255, "uint16": 65535, "float32": 1.0}[depth]
    pixels = np.zeros((4, 4, 4), depth)
    pixels[..., 3] = full
    pixels[0, 0] = [full // 4 if full > 1 else 0.25] * 3 + [full // 2 if full > 1 else 0.5]
    got = pixels_of(
        opened(pictures.tiff_file(pixels, photometric="rgb", extrasamples=["assocalpha"]))
    )
    assert abs(float(got[0, 0, 0]) / full - 0.5) < 0.01
    assert got[0, 0, 3] == pixels[0, 0, 3]


@pytest.mark.parametrize(
    "options",
    [
        {"planarconfig": "separate"},
        {"tile": (32, 32), "compression": "zlib", "predictor": True},
        {"compression": "lzw"},
        {"compression": "zstd"},
        {"byteorder": ">"},
        {"byteorder": ">", "compression": "zlib", "predictor": True},
        {"bigtiff": True},
        {"rowsperstrip": 7},
    ],
    ids=str,
)
@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_every_layout_of_a_tiff_comes_in_exact(opened, options, depth):
    pixels = pictures.noise(50, 40, 3, depth)
    if options.get("planarconfig") == "separate":
        data = pictures.tiff_file(np.moveaxis(pixels, -1, 0), photometric="rgb", **options)
    else:
        data = pictures.tiff_file(pixels, photometric="rgb", **options)
    result = opened(data)
    assert result.document.depth == depth
    assert np.array_equal(pixels_of(result), pixels)


def test_other_number_types_of_a_tiff_become_float(opened):
    floats = pictures.noise(20, 10, 3, "float32") * 3 - 1
    for kind in (np.float16, np.float64):
        got = pixels_of(opened(pictures.tiff_file(floats.astype(kind), photometric="rgb")))
        assert got.dtype == np.float32
        assert np.allclose(got, floats, atol=2e-3)
    whole = np.full((4, 4, 3), 2**31, np.uint32)
    got = pixels_of(opened(pictures.tiff_file(whole, photometric="rgb")))
    assert np.allclose(got, 0.5)


def test_grey_tiffs_come_in_with_equal_channels(opened):
    grey = pictures.noise(20, 10, 1, "uint16")[..., 0]
    got = pixels_of(opened(pictures.tiff_file(grey)))
    assert np.array_equal(got, np.repeat(grey[..., None], 3, 2))
    inverse = pixels_of(opened(pictures.tiff_file(grey, photometric="miniswhite")))
    assert np.array_equal(inverse[..., 0], 65535 - grey)


def test_a_one_pixel_picture_of_any_format_opens(opened):
    for make in MAKERS.values():
        extra = {"photometric": "rgb"} if make is pictures.tiff_file else {}
        result = opened(make(np.full((1, 1, 3), 200, np.uint8), **extra))
        assert (result.document.width, result.document.height) == (1, 1)


def test_jpeg_and_tiff_in_cmyk_become_srgb_with_a_note(opened):
    ink = np.zeros((16, 16, 4), np.uint8)
    ink[:, :8, 1:3] = 255
    for data in (
        pictures.jpeg_file(ink),
        pictures.tiff_file(ink, photometric="separated"),
    ):
        result = opened(data)
        assert "converted from CMYK to sRGB" in result.notes[0]
        got = pixels_of(result)
        assert np.abs(got[8, 2].astype(int) - [255, 0, 0]).max() < 8
        assert got[8, 13].min() > 247


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_what_is_no_number_is_mended_from_its_neighbours_with_a_note(opened, kind, value):
    pixels = np.full((20, 30, 4), 0.25, kind)
    with np.errstate(over="ignore"):  # half precision knows no such number: it is infinite
        pixels[7, 11, 1] = value
    options = {"photometric": "rgb", "extrasamples": ["unassalpha"]}
    result = opened(pictures.tiff_file(pixels, **options))
    assert result.notes == (
        "1 pixel was no number (NaN, infinite, too large) and was made up from the neighbours.",
    )
    np.testing.assert_allclose(pixels_of(result), np.full((20, 30, 4), 0.25), rtol=1e-6)


def test_a_file_without_a_single_number_is_refused_in_a_sentence(opened):
    with pytest.raises(OpenError, match=r"^picture.dat holds no pixel that is a number: all are"):
        opened(pictures.tiff_file(np.full((3, 4, 3), np.nan, np.float32), photometric="rgb"))


def test_cmyk_goes_through_its_own_profile(opened):
    icc = pictures.table_profile(b"CMYK")
    ink = np.zeros((16, 16, 4), np.uint8)
    ink[:, :8] = 128
    for data in (
        pictures.jpeg_file(ink, icc_profile=icc),
        pictures.tiff_file(ink, photometric="separated", iccprofile=icc),
    ):
        result = opened(data)
        assert result.notes == ("Colours were converted from CMYK to Rec. 2020 in 16-bit.",)
        got = 255 * result.document.profile.to_srgb(to_float(pixels_of(result)))
        # By the formula (half ink, half black) it would be 63.
        assert 100 < got[8, 2].mean() < 140


def test_a_profile_with_tables_is_converted_in_full_depth_with_a_note(opened):
    levels = np.linspace(0, 65535, 4096).astype(np.uint16).reshape(64, 64)
    pixels = np.repeat(levels[..., None], 3, 2)
    result = opened(pictures.tiff_file(pixels, iccprofile=pictures.table_profile()))
    assert "from a profile with tables to Rec. 2020" in result.notes[0]
    got = pixels_of(result)
    assert got.dtype == np.uint16
    assert len(np.unique(got[..., 1])) > 2000
    assert result.document.profile == known_profile("Rec_2020")


WIDE = known_profile("Rec_2020").icc


def exact_colours(colour, icc, space, target=WIDE):
    """Those of ``target`` by LittleCMS in double numbers, every table asked on its own, 0 to 1."""
    import imagecodecs

    scale = 100 if space == "cmyk" else 1  # its ink is counted in per cent
    flags = imagecodecs.CMS.FLAGS
    made = imagecodecs.cms_transform(
        colour / np.iinfo(colour.dtype).max * scale,
        icc,
        target,
        colorspace=space,
        outcolorspace="rgb",
        intent=imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC,
        flags=flags.NOOPTIMIZE | flags.BLACKPOINTCOMPENSATION,
    )
    return np.clip(made, 0, 1)


@pytest.mark.parametrize("depth", ["uint8", "uint16"])
@pytest.mark.parametrize(("space", "name"), [("rgb", b"RGB "), ("cmyk", b"CMYK")])
def test_colours_go_through_tables_as_exactly_as_in_double_numbers(opened, space, name, depth):
    icc = pictures.printer_profile(name)
    colour = pictures.noise(200, 150, 4 if space == "cmyk" else 3, depth)
    kind = "separated" if space == "cmyk" else "rgb"
    got = pixels_of(opened(pictures.tiff_file(colour, photometric=kind, iccprofile=icc)))
    expected = exact_colours(colour, icc, space) * 65535
    # A number that lies half-way between two may be rounded either way.
    assert np.abs(got - expected).max() <= 1
    seen = known_profile("Rec_2020").to_srgb(to_float(got))
    assert seen.min() < -0.01, "nothing beyond sRGB is kept"


def test_a_large_picture_is_handed_out_coarse_before_its_colours_are_exact(tmp_path):
    icc = pictures.printer_profile()
    ink = pictures.noise(1000, 600, 4, "uint16")
    path = tmp_path / "ink.tif"
    path.write_bytes(pictures.tiff_file(ink, photometric="separated", iccprofile=icc))
    firsts = []
    exact = open_picture(path, first=firsts.append)
    (first,) = firsts
    assert first.notes == exact.notes == ("Colours were converted from CMYK to Rec. 2020.",)
    expected = exact_colours(ink[:100], icc, "cmyk") * 65535
    assert np.abs(pixels_of(exact)[:100] - expected).max() <= 1
    off = np.abs(pixels_of(first)[:100] - expected)
    assert 100 < np.percentile(off, 99) < 65535 / 20


@pytest.mark.parametrize("kind", ["plain", "wide", "small"])
def test_what_is_exact_at_once_is_handed_out_once(tmp_path, kind):
    height = 10 if kind == "small" else 600
    icc = {"plain": None, "wide": pictures.wide_profile(), "small": pictures.table_profile()}
    path = tmp_path / "picture.tif"
    path.write_bytes(pictures.tiff_file(pictures.noise(1000, height), iccprofile=icc[kind]))
    firsts = []
    open_picture(path, first=firsts.append)
    assert firsts == []


def stating(*chunks, pixels=None):
    """A PNG whose header is followed by these chunks."""
    red = np.full((4, 4, 3), [255, 0, 0], np.uint8)
    extra = b"".join(pictures.png_chunk(*chunk) for chunk in chunks)
    return pictures.png_file(red if pixels is None else pixels, extra)


P3_PLACES = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
SRGB_PLACES = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
GAMMA = struct.pack(">I", 45455)
P3_RED = (1.0930, -0.2267, -0.1501)
"""Display P3's red in sRGB (CSS Color 4, section 10.2, by its matrices)."""


@pytest.mark.parametrize(
    "chunks",
    [
        [(b"cICP", bytes([12, 13, 0, 1]))],
        [(b"gAMA", GAMMA), (b"cHRM", P3_PLACES)],
        [(b"cHRM", P3_PLACES)],
        [(b"sRGB", b"\0"), (b"cICP", bytes([12, 13, 0, 1]))],
    ],
    ids=["cICP", "cHRM and gAMA", "cHRM", "cICP before sRGB"],
)
def test_colours_that_a_png_states_by_numbers_are_those_and_are_exported(opened, tmp_path, chunks):
    result = opened(stating(*chunks))
    assert result.notes == (stated_colours.ADDED,)
    document = result.document
    assert document.profile.name == "Display P3"
    np.testing.assert_array_equal(pixels_of(result)[0, 0], [255, 0, 0])
    np.testing.assert_allclose(render_srgb(document, document.region)[0, 0], P3_RED, atol=2e-3)
    for suffix in ("png", "tif", "jpg", "webp"):
        again = open_picture(export(document, tmp_path / f"out.{suffix}").path)
        assert again.document.profile == document.profile
    inside = np.full((4, 4, 3), [200, 120, 110], np.uint8)  # what sRGB has too
    document = opened(stating(*chunks, pixels=inside)).document
    theirs = exact_colours(inside, document.profile.icc, "rgb", pictures.srgb_profile())
    np.testing.assert_allclose(render_srgb(document, document.region), theirs, atol=1e-4)


@pytest.mark.parametrize(
    ("chunks", "encoded"),
    [
        ([(b"gAMA", struct.pack(">I", 100_000))], lambda light: light),
        ([(b"cICP", bytes([1, 8, 0, 1]))], lambda light: light),
        ([(b"gAMA", struct.pack(">I", 55_556))], lambda light: light ** (1 / 1.8)),
    ],
    ids=["gAMA 1.0", "cICP linear", "gAMA 1/1.8"],
)
def test_a_gamma_that_a_png_states_is_that_of_its_numbers(opened, chunks, encoded):
    light = np.linspace(0, 1, 64)
    levels = np.rint(encoded(light) * 65535).astype(np.uint16)
    result = opened(stating(*chunks, pixels=np.repeat(levels[None, :, None], 3, 2)))
    seen = render_srgb(result.document, result.document.region)
    assert np.ptp(seen, axis=2).max() < 1e-6, "greys are neutral"
    np.testing.assert_allclose(seen[0, :, 1], api.from_linear(light.astype(np.float32)), atol=5e-4)


@pytest.mark.parametrize(
    "chunks",
    [
        [(b"gAMA", GAMMA)],
        [(b"gAMA", GAMMA), (b"cHRM", SRGB_PLACES)],
        [(b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 100_000))],
        [(b"cICP", bytes([1, 13, 0, 1]))],
    ],
    ids=["gAMA", "gAMA and cHRM", "sRGB before gAMA", "cICP"],
)
def test_a_png_that_states_srgb_has_no_profile_and_no_note(opened, chunks):
    result = opened(stating(*chunks))
    assert result.notes == ()
    assert result.document.profile.icc is None


@pytest.mark.parametrize(
    "chunks",
    [
        [(b"cICP", bytes([77, 16, 0, 1]))],
        [(b"cICP", bytes([1, 13, 0, 0]))],
        [(b"cICP", b"\1")],
        [(b"gAMA", bytes(4))],
        [(b"cHRM", bytes(32))],
        [(b"cHRM", b"\xff" * 7)],
    ],
    ids=["PQ of no primaries", "narrow range", "short", "gamma 0", "no primaries", "cut off"],
)
def test_colours_stated_in_a_way_that_is_not_known_are_said(opened, chunks):
    result = opened(stating(*chunks))
    assert result.notes == (stated_colours.UNKNOWN,)
    assert result.document.profile.icc is None


@pytest.mark.parametrize("suffix", ["png", "tif", "jpg", "webp"])
@pytest.mark.parametrize("gamma", [1.0, 1.8])
def test_a_grey_profile_is_kept_and_says_what_its_greys_are(opened, tmp_path, suffix, gamma):
    icc = pictures.grey_profile(gamma)
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    options = {"photometric": "minisblack", "iccprofile": icc}
    result = opened(pictures.tiff_file(grey[..., 0], **options))
    assert result.notes == ()
    np.testing.assert_array_equal(pixels_of(result), np.repeat(grey, 3, axis=2))
    seen = render_srgb(result.document, result.document.region)
    expected = api.from_linear((grey / 255).astype(np.float32) ** (round(gamma * 256) / 256))
    np.testing.assert_allclose(seen, np.repeat(expected, 3, axis=2), atol=2e-3)
    path = export(result.document, tmp_path / f"out.{suffix}", ExportOptions(lossless=True)).path
    again = open_picture(path)
    content, _ = read_photograph(path, None)
    if suffix == "webp":  # it has no single channel: the profile says the same of three
        assert content.icc == result.document.profile.icc
    else:
        assert content.icc == icc
        assert again.document == dataclasses.replace(
            result.document,
            layers=again.document.layers,
            name=again.document.name,
            metadata=again.document.metadata,
            source=again.document.source,
        )
    if suffix != "jpg":
        np.testing.assert_array_equal(pixels_of(again), pixels_of(result))


def test_a_grey_picture_that_was_given_colour_takes_its_curve_along(opened, tmp_path):
    icc = pictures.grey_profile(1.8)
    grey = pictures.noise(20, 10, 1)
    options = {"photometric": "minisblack", "iccprofile": icc}
    document = opened(pictures.tiff_file(grey[..., 0], **options)).document
    painted = np.repeat(grey, 3, axis=2)
    painted[0, 0] = 200, 100, 50
    layer = dataclasses.replace(document.layers[0], content=Raster.from_array(painted))
    coloured = document.with_layer(layer)
    again = open_picture(export(coloured, tmp_path / "out.png").path).document
    np.testing.assert_array_equal(again.layers[0].raster.to_array(), painted)
    np.testing.assert_array_equal(
        render_srgb(again, again.region), render_srgb(coloured, coloured.region)
    )


def test_a_broken_profile_costs_the_profile_and_not_the_picture(opened):
    for icc in (b"rubbish", pictures.wide_profile()[:200], bytes(1000)):
        result = opened(pictures.jpeg_file(pictures.quarters(), icc_profile=icc))
        assert "profile cannot be used" in result.notes[0]
        assert result.document.profile.icc is None


def test_a_profile_that_makes_one_colour_of_all_is_left_out(opened):
    """Its red and blue are black, which a converter obeys."""
    icc = bytearray(pictures.wide_profile())
    for name in (b"rXYZ", b"bXYZ"):
        (place,) = struct.unpack_from(">I", icc, icc.index(name) + 4)
        icc[place + 8 : place + 20] = bytes(12)
    result = opened(pictures.jpeg_file(pictures.quarters(), icc_profile=bytes(icc)))
    plain = opened(pictures.jpeg_file(pictures.quarters()))
    assert "profile cannot be used" in result.notes[0]
    assert np.array_equal(pixels_of(result), pixels_of(plain))


def test_a_wide_profile_is_kept_byte_for_byte(opened):
    icc = pictures.wide_profile(padding=200_000)
    result = opened(pictures.jpeg_file(pictures.quarters(), icc_profile=icc))
    assert result.document.profile.icc == icc
    assert result.notes == ()


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_camera_file_marked_adobe_rgb_without_a_profile_gets_one(opened, order):
    exif = pictures.exif_block(1, order, adobe_rgb=True)
    result = opened(pictures.jpeg_file(pictures.quarters(), exif=exif))
    assert "marked the colours as Adobe RGB" in result.notes[0]
    profile = result.document.profile
    assert profile.name == "Compatible with Adobe RGB (1998)"
    # The most saturated green of Adobe RGB lies far outside sRGB.
    green = profile.to_srgb(np.array([[[0, 1, 0]]], np.float32))
    assert green[0, 0, 0] < -0.5
    from PIL import ImageCms

    assert ImageCms.ImageCmsProfile(io.BytesIO(profile.icc)).profile.xcolor_space == "RGB "
    kept = pictures.wide_profile()
    result = opened(pictures.jpeg_file(pictures.quarters(), exif=exif, icc_profile=kept))
    assert result.document.profile.icc == kept
    assert result.notes == ()


@pytest.mark.parametrize(("channels", "turn"), [(3, 6), (1, 1), (4, 3)])
def test_a_smaller_copy_comes_first_and_shows_what_the_whole_does(
    tmp_path, monkeypatch, channels, turn
):
    path, firsts = tmp_path / "picture.jpg", []
    stored = pictures.gradient(401, 299, max(channels, 3))[..., :channels]
    path.write_bytes(pictures.jpeg_file(stored, exif=pictures.exif_block(turn)))
    open_picture(path, first=firsts.append, room=(120, 80))
    assert all(first.whole is None for first in firsts)  # it is decoded as soon
    monkeypatch.setattr(sys.modules[open_picture.__module__], "_LARGE", 0)
    firsts.clear()
    whole = open_picture(path, first=firsts.append, room=(120, 80)).document
    (first,) = firsts
    assert first.whole == (whole.width, whole.height)
    copy = first.document.layers[0].raster
    assert (copy.width, copy.height) == (-(-whole.width // 2), -(-whole.height // 2))
    level = whole.layers[0].raster.level(1).to_array().astype(int)
    assert np.abs(copy.to_array().astype(int) - level).mean() < 2  # other roundings
    path.write_bytes(path.read_bytes()[:-2000])
    firsts.clear()
    assert "ends early" in open_picture(path, first=firsts.append, room=(120, 80)).notes[0]
    assert all(first.whole is None for first in firsts)  # what is missing would not be seen


def test_of_several_pictures_the_first_opens_and_a_note_says_so(opened):
    first, second = (Image.fromarray(pictures.noise(seed=seed)) for seed in (1, 2))
    for format, options in (
        ("PNG", {"default_image": False}),
        ("TIFF", {}),
        ("WEBP", {"lossless": True}),
        ("MPO", {"quality": 100, "subsampling": 0}),
    ):
        stream = io.BytesIO()
        first.save(stream, format, save_all=True, append_images=[second], **options)
        result = opened(stream.getvalue())
        assert "first" in result.notes[0], format
        assert np.abs(pixels_of(result).astype(int) - np.asarray(first)).mean() < 3


def test_metadata_comes_in_as_the_bytes_it_is(opened):
    exif = pictures.exif_block()
    for data in (
        pictures.jpeg_file(pictures.quarters(), exif=exif, xmp=pictures.XMP, dpi=(300, 300)),
        pictures.webp_file(pictures.quarters(), exif=exif, xmp=pictures.XMP),
        pictures.png_file(
            pictures.quarters(),
            pictures.png_chunk(b"eXIf", exif)
            + pictures.png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + pictures.XMP)
            + pictures.png_chunk(b"pHYs", struct.pack(">IIB", 11811, 11811, 1)),
        ),
    ):
        result = opened(data)
        assert result.document.metadata.exif == exif
        assert result.document.metadata.xmp == pictures.XMP
        assert result.document.metadata.dpi == (None if result.format == "WebP" else (300, 300))


def test_a_cut_off_jpeg_gives_what_is_there_and_says_how_much(opened):
    data = pictures.jpeg_file(pictures.noise(200, 400))
    whole = pixels_of(opened(data))
    result = opened(data[: len(data) * 6 // 10])
    share = int(result.notes[0].removeprefix("The file ends early; ").split(" %")[0])
    assert 55 <= share <= 65
    rows = 400 * share // 100 - 16
    assert np.array_equal(pixels_of(result)[:rows], whole[:rows])


def test_a_cut_off_progressive_jpeg_opens_with_a_note(opened):
    data = pictures.jpeg_file(pictures.gradient(200, 400), progressive=True)
    assert "ends early" in opened(data[: len(data) // 2]).notes[0]


@pytest.mark.parametrize("depth", ["uint8", "uint16"])
def test_a_cut_off_png_gives_what_is_there_and_says_how_much(opened, depth):
    pixels = pictures.noise(200, 400, 3, depth)
    data = pictures.png_file(pixels)
    result = opened(data[: len(data) // 2])
    share = int(result.notes[0].removeprefix("The file ends early; ").split(" %")[0])
    assert 45 <= share <= 50
    assert np.array_equal(pixels_of(result)[: 4 * share], pixels[: 4 * share])


def test_an_interlaced_png_opens_whole_and_cut_off(opened):
    pixels = pictures.noise(61, 43)
    passes = (
        *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
        *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
    )
    rows = b"".join(
        b"\0" + row.tobytes()
        for left, top, across, down in passes
        for row in pixels[top::down, left::across]
    )
    data = (
        b"\x89PNG\r\n\x1a\n"
        + pictures.png_chunk(b"IHDR", struct.pack(">IIBBBBB", 61, 43, 8, 2, 0, 0, 1))
        + pictures.png_chunk(b"IDAT", zlib.compress(rows))
        + pictures.png_chunk(b"IEND", b"")
    )
    assert np.array_equal(pixels_of(opened(data)), pixels)
    result = opened(data[: len(data) * 3 // 4])
    assert result.notes == ("The file ends early; the picture is coarser than it was.",)
    assert np.array_equal(pixels_of(result)[::4, ::4], pixels[::4, ::4])


def test_a_damaged_png_gives_the_rows_before_the_damage(opened):
    pixels = pictures.noise(200, 400)
    data = bytearray(pictures.png_file(pixels))
    data[len(data) // 2] ^= 0xFF
    result = opened(bytes(data))
    assert result.notes
    assert np.array_equal(pixels_of(result)[:150], pixels[:150])


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_cut_off_tiff_gives_what_is_there_and_says_how_much(opened, compression):
    pixels = pictures.noise(200, 400)
    data = pictures.tiff_file(pixels, photometric="rgb", rowsperstrip=20, compression=compression)
    result = opened(data[: len(data) // 2])
    assert "% of the picture is there" in result.notes[0]
    assert np.array_equal(pixels_of(result)[:180], pixels[:180])


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("options", [{}, {"lossless": False, "quality": 80}], ids=str)
@pytest.mark.parametrize("share", [0.7, 0.9])
def test_a_cut_off_webp_gives_the_rows_that_are_there_and_says_how_much(
    opened, channels, options, share
):
    pixels = pictures.noise(160, 400, channels)
    pixels[..., 3:] = 255 - np.arange(160, dtype=np.uint8)[:, None]
    data = pictures.webp_file(pixels, **options)
    whole = pixels_of(opened(data))
    result = opened(data[: int(len(data) * share)])
    said = int(result.notes[0].removeprefix("The file ends early; ").split(" %")[0])
    made = pixels_of(result)
    rows = 400 * said // 100
    assert 0.3 * share < said / 100 <= share + 0.1
    assert np.array_equal(made[:rows], whole[:rows])
    assert not made[rows + 8 :].any()


def test_a_webp_that_ends_before_its_first_rows_is_refused(opened):
    data = pictures.webp_file(pictures.noise())
    with pytest.raises(OpenError, match=r"picture.dat ends early \(\d+ % of the file is there\)"):
        opened(data[:60])


def test_an_animated_webp_that_ends_early_has_its_first_picture(opened):
    stream = io.BytesIO()
    frames = [Image.fromarray(pictures.noise(60, 40, seed=seed)) for seed in range(3)]
    frames[0].save(stream, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    whole = opened(stream.getvalue())
    result = opened(stream.getvalue()[:-500])
    assert result.notes[0] == "The file ends early."
    assert "is an animation of 3 pictures; the first one was opened" in result.notes[1]
    assert np.array_equal(pixels_of(result), pixels_of(whole))


def test_of_a_hurt_file_it_is_said_what_to_do(opened):
    for data in (
        pictures.webp_file(pictures.noise())[:40],
        pictures.jpeg_file(pictures.noise())[:50],
    ):
        with pytest.raises(
            OpenError, match=r"picture.dat .*\. Another copy of the file may be whole\.$"
        ):
            opened(data)
    with pytest.raises(OpenError, match="knows; Safelight opens [^.]*\\.$"):
        opened(b"Dear diary")
    many = pictures.tiff_file(
        pictures.noise(9, 7, 70), photometric="minisblack", planarconfig="contig"
    )
    for data, what in (
        (many, "70 channels"),
        (b"#?RADIANCE\nFORMAT=32-bit_rle_xyze\n\n-Y 8 +X 8\n" + bytes(64), "colours as XYZ"),
    ):
        with pytest.raises(OpenError, match=rf"picture.dat (has|holds) {what}.*[;.] [Ss]ave it as"):
            opened(data)


@pytest.mark.parametrize("format", MAKERS)
def test_cut_anywhere_a_file_opens_or_is_a_clear_error(opened, format):
    data = MAKERS[format](pictures.noise(60, 40))
    for length in [*range(1, 60), *range(60, len(data), len(data) // 40)]:
        try:
            result = opened(data[:length])
        except OpenError:
            continue
        assert (result.document.width, result.document.height) == (60, 40)
        assert result.notes or length >= len(data) - 20


@pytest.mark.attack
@pytest.mark.parametrize("format", MAKERS)
def test_changed_at_random_a_file_opens_or_is_a_clear_error(opened, format):
    exif = pictures.exif_block(6, thumbnail=b"\xff\xd8thumbnail\xff\xd9")
    options = {"exif": exif, "icc_profile": pictures.wide_profile(), "xmp": pictures.XMP}
    if format == "TIFF":
        options = {"iccprofile": pictures.wide_profile()}
    elif format == "PNG":
        options = {"extra": pictures.png_chunk(b"eXIf", exif)}
    data = MAKERS[format](pictures.noise(40, 30), **options)
    chance = np.random.default_rng(20261120)
    outcomes = {"opened": 0, "refused": 0}
    for _ in range(attack.times(300, 60)):
        changed = bytearray(data)
        for place in chance.integers(0, min(len(data), 700), chance.integers(1, 6)):
            changed[place] = chance.integers(256)
        try:
            opened(bytes(changed), pixel_limit=10_000_000)
            outcomes["opened"] += 1
        except OpenError:
            outcomes["refused"] += 1
    assert outcomes["opened"]
    assert outcomes["refused"]


OPENED = " and ".join(", ".join(codec.name for codec in CODECS).rsplit(", ", 1))
FOREIGN = {
    b"GIF89a": "is a GIF",
    b"BM\0\0\0\0\0\0\0\0": "is a BMP",
    b"%PDF-1.7": "is a PDF",
    b"\0\0\0\x18ftypqt  \0\0\0\0": "is a film, or a picture whose first part is damaged",
    b"\0\0\0\x18ftypheic\0\0\0\0": "is a HEIC",
    b"\0\0\0\x18ftypavif\0\0\0\0": "is an AVIF",
    b"8BPS\0\1": "is a Photoshop document",
    b"PK\3\4": "is an archive or a document",
    b"<?xml version='1.0'?><svg": "is an SVG",
    b"Dear diary": f"is not a picture .*; Safelight opens {OPENED}",
    b"": "is empty",
}
FOREIGN = {
    head: words for head, words in FOREIGN.items() if not any(x.recognises(head) for x in CODECS)
}


@pytest.mark.parametrize(("beginning", "words"), FOREIGN.items())
def test_a_file_of_another_kind_is_called_what_it_is(opened, beginning, words):
    with pytest.raises(OpenError, match=words):
        opened(beginning)


def test_what_is_no_file_is_a_clear_error(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, words in (
        (tmp_path / "nothing.jpg", "nothing.jpg does not exist"),
        (tmp_path, "is a folder"),
        (tmp_path / "pipe", "not an ordinary file"),
        ("/dev/zero", "not an ordinary file"),
        (tmp_path / ("x" * 300), "cannot be read"),
        ("a\0b", "cannot be read"),
    ):
        with pytest.raises(OpenError, match=words):
            open_picture(path)


def test_a_file_one_may_not_read_says_so():
    def attempt(folder):
        path = folder / "secret.png"
        path.write_bytes(b"x")
        path.chmod(0)
        try:
            open_picture(path)
        except OpenError as error:
            return str(error)

    assert as_ordinary_user(attempt) == (
        "You have no permission to read secret.png; ask its owner, or change its permissions."
    )


def test_a_name_cannot_turn_the_message_around(tmp_path):
    with pytest.raises(OpenError) as caught:
        open_picture(tmp_path / "evil\u202egnp.\x1b[31mjpg")
    assert "\u202e" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def bombs():
    small = pictures.noise(8, 8)
    jpeg = bytearray(pictures.jpeg_file(small))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 65000, 65000)
    yield "JPEG", bytes(jpeg), 65000
    yield "PNG", pictures.png_file(small, size=(100_000, 100_000)), 100_000
    tiff = bytearray(pictures.tiff_file(small, photometric="rgb"))
    (first,) = struct.unpack_from("<I", tiff, 4)
    for index in range(struct.unpack_from("<H", tiff, first)[0]):
        place = first + 2 + 12 * index
        if struct.unpack_from("<H", tiff, place)[0] in (256, 257):
            struct.pack_into("<HII", tiff, place + 2, 4, 1, 4_000_000_000)
    yield "TIFF", bytes(tiff), 4_000_000_000
    webp = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff\x3f\x00" * 2 + bytes(200)
    yield "WebP", b"RIFF" + struct.pack("<I", len(webp)) + webp, 16384


@pytest.mark.parametrize(
    ("format", "data", "side"), list(bombs()), ids=lambda value: str(value)[:5]
)
def test_a_bomb_is_refused_at_once_and_costs_no_memory(opened, format, data, side):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.thread_time()  # of a processor, whoever else has it meanwhile
    with pytest.raises(OpenError) as caught:
        opened(data, pixel_limit=200_000_000)
    assert time.thread_time() - start < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000
    for words in (f"{side} x {side} pixels", "limit of 200 megapixels", "--pixel-limit"):
        assert words in str(caught.value)
    assert "SAFELIGHT_PIXEL_LIMIT" in str(caught.value)


TIFF_BOMBS = {
    "JPEG_in_TIFF.tif": "parts of 64 x 64 pixels, and one of them 30000 x 30000",
    "64_channels_of_5000.tif": "cannot become the 3,200,000,000 it states",
}


@pytest.mark.parametrize("name", TIFF_BOMBS)
def test_a_tiff_whose_parts_are_not_what_it_states_is_refused_before_they_are_decoded(name):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(OpenError, match=TIFF_BOMBS[name]):
        open_picture(CASES / name)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


@pytest.mark.parametrize("name", BOMBS)
def test_what_states_far_more_than_it_holds_is_refused_before_it_is_decoded(opened, name):
    data, words = BOMBS[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(OpenError, match=words):
        opened(data, pixel_limit=200_000_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


@pytest.mark.parametrize("kind", ["jpeg", "jpeg2000", "png", "webp"])
def test_parts_that_state_their_own_size_come_in_where_it_fits(opened, kind):
    pixels = pictures.quarters(96, 64)
    options = {"tile": (32, 32)} if kind != "webp" else {"rowsperstrip": 32}
    data = pictures.tiff_file(pixels, photometric="rgb", compression=kind, **options)
    assert np.abs(pixels_of(opened(data)).astype(int)[5:9, 5:9] - pixels[5:9, 5:9]).max() < 12


@pytest.mark.parametrize("compression", ["zlib", "lzw", "packbits"])
def test_a_large_plain_tiff_is_no_bomb(opened, compression):
    grey = np.full((2600, 9000, 3), 128, np.uint8)  # 70 MB, as well packed as can be
    data = pictures.tiff_file(grey, photometric="rgb", compression=compression)
    assert opened(data).document.width == 9000


def test_the_two_colours_of_a_one_bit_palette_come_in(opened):
    result = pixels_of(open_picture(CASES / "palette_of_1_bit.tif"))
    colours, counts = np.unique(result.reshape(-1, 3), axis=0, return_counts=True)
    assert colours.tolist() == [[0, 0, 0], [255, 128, 0]]
    assert counts.min() > 100


def test_a_packed_bomb_in_the_metadata_costs_no_memory(opened):
    packed = zlib.compress(bytes(200 << 20), 9)
    extra = pictures.png_chunk(b"iCCP", b"x\0\0" + packed)
    extra += pictures.png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = opened(pictures.png_file(pictures.quarters(), extra))
    assert result.document.metadata.xmp is None
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_the_limit_can_be_set_in_the_environment(opened, monkeypatch):
    data = pictures.png_file(pictures.quarters())
    monkeypatch.setenv("SAFELIGHT_PIXEL_LIMIT", "1000")
    with pytest.raises(OpenError, match="limit"):
        opened(data)
    assert opened(data, pixel_limit=10_000).document.width == 96
    monkeypatch.setenv("SAFELIGHT_PIXEL_LIMIT", "many")
    with pytest.raises(OpenError, match="whole number"):
        opened(data)


def test_the_default_limit_fits_the_memory():
    assert 1_000_000 < default_pixel_limit() <= LARGEST_LIMIT


def test_ten_threads_open_cut_off_and_whole_files_at_once(tmp_path):
    whole = pictures.jpeg_file(pictures.noise(200, 300))
    (tmp_path / "whole.jpg").write_bytes(whole)
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    failures = []

    def work(name, notes):
        for _ in range(20):
            if len(open_picture(tmp_path / name).notes) != notes:
                failures.append(name)

    threads = [
        threading.Thread(target=work, args=pair) for pair in [("whole.jpg", 0), ("cut.jpg", 1)] * 5
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_the_original_is_never_touched(tmp_path):
    path = tmp_path / "picture.jpg"
    path.write_bytes(pictures.jpeg_file(pictures.quarters(), exif=pictures.exif_block(6)))
    path.chmod(0o444)
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    open_picture(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_24_megapixel_jpeg_takes_no_extra_copy(data, tmp_path):
    source = data / "eval" / "large" / "dunes_24mp_exif_icc.jpg"
    if not source.is_file():
        pytest.skip("the large photographs are not here")
    # Progressive as it is, libjpeg itself holds the whole picture a second time to decode it.
    path = tmp_path / "baseline.jpg"
    with Image.open(source) as image:
        image.save(path, quality=92)
    import subprocess
    import sys

    program = """
import resource, sys
from safelight.files import open_picture
import imagecodecs
imagecodecs.jpeg8_decode
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
document = open_picture(sys.argv[1]).document
print(peak() - before, document.layers[0].raster.nbytes // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, text=True, check=True
    )
    grown, size = map(int, done.stdout.split())
    assert size == 24_000_000 * 3 // 1024
    assert grown < 1.4 * size


def test_a_drawing_is_not_taken_for_a_raw_file(tmp_path):
    path = tmp_path / "drawing.svg"
    path.write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg"/>')
    with pytest.raises(OpenError) as error:
        open_picture(path)
    assert str(error.value).startswith("drawing.svg is an SVG drawing. Safelight opens ")
    assert str(error.value).endswith("; save it as one of these first.")


@pytest.mark.parametrize("dots", [float("inf"), float("nan"), -72.0, 1e308, 1e12])
def test_a_resolution_that_cannot_be_is_left_out_and_said(tmp_path, dots):
    path = tmp_path / "crafted.tif"
    tifffile.imwrite(
        path, pictures.noise(), photometric="rgb", resolution=(72, 72), resolutionunit="inch"
    )
    data = bytearray(path.read_bytes())
    for tag in (282, 283):  # XResolution, YResolution become a DOUBLE
        entry = data.index(struct.pack("<HHI", tag, 5, 1))
        (place,) = struct.unpack_from("<I", data, entry + 8)
        struct.pack_into("<HI", data, entry + 2, 12, 1)
        struct.pack_into("<d", data, place, dots)
    path.write_bytes(data)
    opened = open_picture(path)
    assert opened.document.metadata.dpi is None
    left_out = ("The resolution that the file states cannot be; it was left out.",)
    assert opened.notes == (left_out if dots > 0 else ())
    for name in ("a.jpg", "a.png", "a.tif", "a.webp"):
        export(opened.document, tmp_path / name)


SEQUENCES = {
    "PNG": "is an animation of 3 pictures; the first one",
    "GIF": "holds 3 pictures; the first one",
    "WEBP": "is an animation of 3 pictures; the first one",
    "AVIF": "is an animation; its first picture",
    "TIFF": "holds 3 pictures; the first one",
    "MPO": "holds 3 pictures; the first one",
}


@pytest.mark.parametrize("format", SEQUENCES)
def test_of_several_pictures_the_first_opens_and_a_note_tells_of_the_others(opened, format):
    frames = [Image.fromarray(pictures.noise(64, 48, seed=seed)) for seed in range(3)]
    stream = io.BytesIO()
    frames[0].save(stream, format, save_all=True, append_images=frames[1:])
    result = opened(stream.getvalue())
    assert result.notes == (f"The file {SEQUENCES[format]} was opened.",)
    first = opened(pictures.png_file(np.asarray(frames[0])))
    assert np.abs(pixels_of(result)[..., :3].astype(int) - pixels_of(first)).mean() < 60
