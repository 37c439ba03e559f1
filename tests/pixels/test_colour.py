"""Colour: conversions against the published formula and against LittleCMS; damaged profiles."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from safelight.document import render_srgb
from safelight.files import open_picture
from safelight.pixels import SRGB, ColourError, Profile
from tests import pictures

SRGB_PRIMARIES = (
    (0.43607, 0.22249, 0.01392),
    (0.38515, 0.71687, 0.09708),
    (0.14307, 0.06061, 0.71410),
)
"""Red, green, blue as XYZ adapted to D50, as in the ICC's own sRGB profiles."""
P3_PRIMARIES = (
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
)
PROPHOTO_PRIMARIES = (
    (0.79767, 0.28804, 0.0),
    (0.13519, 0.71187, 0.0),
    (0.03134, 0.00009, 0.82491),
)


def encoded(light):
    """IEC 61966-2-1: light to sRGB, in float64."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.abs(light) ** (1 / 2.4) - 0.055)


def decoded(value):
    """IEC 61966-2-1: sRGB to light, in float64."""
    return np.where(value <= 0.04045, value / 12.92, (np.abs(value + 0.055) / 1.055) ** 2.4)


def gamma_curve(exponent):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(exponent * 256)) + b"\0\0"


def table_curve(values):
    table = np.rint(np.asarray(values) * 65535).astype(">u2").tobytes()
    return b"curv\0\0\0\0" + struct.pack(">I", len(values)) + table


def formula_curve(kind, *numbers):
    """A parametric curve (ICC.1:2022, 10.18) of that kind: g, a, b, c, d, e, f."""
    fixed = struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + fixed


IDENTITY = b"curv\0\0\0\0" + struct.pack(">I", 0)
SRGB_FORMULA = formula_curve(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def profile(primaries=SRGB_PRIMARIES, curve=IDENTITY):
    """An RGB profile, as bytes."""
    tags = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True))
    tags = {name: b"XYZ \0\0\0\0" + pictures._fixed(*xyz) for name, xyz in tags.items()}
    tags |= {name: curve for name in (b"rTRC", b"gTRC", b"bTRC")}
    tags[b"wtpt"] = b"XYZ \0\0\0\0" + pictures._fixed(0.9642, 1.0, 0.8249)
    return pictures._profile(b"RGB ", b"XYZ ", tags)


CURVES = {
    "light": IDENTITY,
    "gamma 1.8": gamma_curve(1.8),
    "gamma 2.2": gamma_curve(2.2),
    "a table": table_curve(np.linspace(0, 1, 1024) ** 2.0),
    "kind 0": formula_curve(0, 2.2),
    "kind 1": formula_curve(1, 2.0, 1.0, 0.0),
    "kind 2": formula_curve(2, 2.0, 1.01**0.5 - 0.1, 0.1, -0.01),
    "kind 3": SRGB_FORMULA,
    "kind 4": formula_curve(4, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0.0, 0.0),
}
PRIMARIES = {"sRGB": SRGB_PRIMARIES, "P3": P3_PRIMARIES, "ProPhoto": PROPHOTO_PRIMARIES}


def colours(count=4000, low=0.0, high=1.0, channels=3):
    numbers = np.random.default_rng(5)
    return numbers.uniform(low, high, (count, channels)).astype(np.float32)


# The published formula


def test_light_becomes_srgb_by_the_published_formula():
    linear = Profile.from_icc(profile())
    ramp = np.repeat(np.linspace(0, 1, 4097), 3).reshape(-1, 3).astype(np.float32)
    # The profile's primaries are sRGB's, to the five digits they are published with.
    np.testing.assert_allclose(linear.to_srgb(ramp), encoded(ramp.astype(float)), atol=5e-4)
    np.testing.assert_allclose(linear.from_srgb(ramp), decoded(ramp.astype(float)), atol=5e-4)


def test_p3_red_is_the_colour_published_for_it():
    # CSS Color 4, section 10: display-p3 1 0 0 is srgb 1.0930 -0.2267 -0.1501.
    p3 = Profile.from_icc(profile(P3_PRIMARIES, SRGB_FORMULA))
    red = p3.to_srgb(np.array([[1, 0, 0]], np.float32))
    np.testing.assert_allclose(red, [[1.0930, -0.2267, -0.1501]], atol=1e-3)


def test_white_and_black_stay_what_they_are_in_every_space():
    ends = np.array([[0, 0, 0], [1, 1, 1]], np.float32)
    for primaries in PRIMARIES.values():
        for curve in CURVES.values():
            space = Profile.from_icc(profile(primaries, curve))
            np.testing.assert_allclose(space.to_srgb(ends), ends, atol=3e-4)


# LittleCMS, of which Safelight uses nothing here


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("primaries", PRIMARIES)
def test_colours_are_those_of_littlecms(primaries, curve):
    icc = profile(PRIMARIES[primaries], CURVES[curve])
    pixels = np.random.default_rng(9).integers(0, 256, (64, 64, 3), np.uint8)
    pixels[0] = np.arange(64)[:, None]  # the dark greys, where curves are steep
    theirs = ImageCms.profileToProfile(
        Image.fromarray(pixels),
        ImageCms.ImageCmsProfile(io.BytesIO(icc)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.NOOPTIMIZE,
    )
    mine = Profile.from_icc(icc).to_srgb(pixels.astype(np.float32) / 255)
    mine = np.clip(mine, 0, 1) * 255  # LittleCMS clips to sRGB, and rounds
    assert np.abs(mine - np.asarray(theirs, float)).max() <= 1.0


# There and back


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("primaries", PRIMARIES)
def test_a_colour_comes_back_as_it_was(primaries, curve):
    space = Profile.from_icc(profile(PRIMARIES[primaries], CURVES[curve]))
    pixels = colours()
    back = space.from_srgb(space.to_srgb(pixels))
    # Half a level of 8 bits everywhere, and of 12 bits where the curve is not nearly flat.
    assert np.abs(back - pixels).max() < 0.5 / 255
    bright = (pixels > 0.1).all(axis=1)
    assert np.abs(back - pixels)[bright].max() < 0.5 / 4095


def test_colours_beyond_0_to_1_come_back_too():
    space = Profile.from_icc(profile(P3_PRIMARIES, gamma_curve(2.2)))
    pixels = colours(low=-0.5, high=2.0)
    there = space.to_srgb(pixels)
    assert there.min() < -0.1
    assert there.max() > 1.5
    assert np.abs(space.from_srgb(there) - pixels).max() < 0.01


@given(st.integers(0, 255), st.sampled_from(list(CURVES)))
def test_each_8_bit_grey_survives_a_filter_that_does_nothing(value, curve):
    space = Profile.from_icc(profile(P3_PRIMARIES, CURVES[curve]))
    grey = np.full((1, 3), value / 255, np.float32)
    assert np.rint(space.from_srgb(space.to_srgb(grey)) * 255).tolist() == [[value] * 3]


def test_alpha_is_not_touched():
    space = Profile.from_icc(pictures.wide_profile())
    pixels = colours(channels=4)
    for convert in (space.to_srgb, space.from_srgb):
        result = convert(pixels)
        assert result.dtype == np.float32
        np.testing.assert_array_equal(result[..., 3], pixels[..., 3])
        np.testing.assert_array_equal(result[..., :3], convert(pixels[..., :3]))
        assert (result[..., :3] != pixels[..., :3]).any()


# What counts as sRGB


@pytest.mark.parametrize(
    "space",
    [
        SRGB,
        Profile.from_icc(pictures.srgb_profile()),
        Profile.from_icc(profile(curve=SRGB_FORMULA)),
        Profile.from_icc(profile(curve=table_curve(decoded(np.linspace(0, 1, 1024))))),
    ],
    ids=["none", "LittleCMS's", "formula", "table"],
)
def test_srgb_in_any_spelling_is_taken_as_it_is(space):
    pixels = colours(low=-1, high=2)
    assert space.is_srgb
    assert space.to_srgb(pixels) is pixels
    assert space.from_srgb(pixels) is pixels


@pytest.mark.parametrize(
    "icc",
    [profile(), profile(curve=gamma_curve(2.2)), profile(P3_PRIMARIES, SRGB_FORMULA)],
    ids=["light", "gamma 2.2", "P3"],
)
def test_what_only_resembles_srgb_is_converted(icc):
    space = Profile.from_icc(icc)
    assert not space.is_srgb
    assert np.abs(space.to_srgb(colours()) - colours()).max() > 0.005


def test_a_profile_keeps_its_bytes_and_its_name():
    icc = pictures.wide_profile()
    assert Profile.from_icc(icc) == Profile(icc, "Test profile")


@pytest.mark.parametrize(
    "icc",
    [
        b"",
        b"no profile",
        profile()[:140],
        pictures.grey_profile(),
        pictures.table_profile(),
        profile((SRGB_PRIMARIES[0],) * 3),
        profile(curve=b"what\0\0\0\0"),
        profile(curve=formula_curve(7, 1.0)),
        profile(curve=formula_curve(4, 1.0)),
    ],
    ids=["empty", "text", "short", "grey", "tables", "flat", "curve", "kind", "numbers"],
)
def test_a_profile_that_cannot_be_converted_is_refused_in_words(icc):
    with pytest.raises(ColourError, match="colour profile"):
        Profile.from_icc(icc)


# Damaged profiles

WHOLE = [
    pictures.srgb_profile(),
    pictures.wide_profile(),
    *(profile(P3_PRIMARIES, curve) for curve in CURVES.values()),
    pictures.table_profile(),
]


FIRST = range(0, 500, 50)


def damaged(seed):
    """A profile whose bytes were flipped, cut off, lengthened, or are anything at all."""
    numbers = np.random.default_rng(seed)
    icc = bytearray(WHOLE[numbers.integers(len(WHOLE))])
    match seed % 5:
        case 0:
            for place in numbers.integers(len(icc), size=numbers.integers(1, 9)):
                icc[place] ^= 1 << numbers.integers(8)
        case 1:  # past the header, where the numbers are
            for place in numbers.integers(128, len(icc), size=numbers.integers(1, 30)):
                icc[place] = numbers.choice([0, 1, 127, 128, 255])
        case 2:
            del icc[numbers.integers(len(icc)) :]
        case 3:
            at = numbers.integers(len(icc))
            icc[at:at] = numbers.bytes(numbers.integers(1, 400))
        case 4:
            icc[20 if seed % 2 else 128 :] = numbers.bytes(numbers.integers(0, 900))
    return bytes(icc)


@pytest.mark.parametrize(
    "curve",
    [
        pytest.param(gamma_curve(0), id="all white"),
        pytest.param(table_curve([1, 0]), id="falling"),
        pytest.param(table_curve([0] * 4000 + [1] * 96), id="a step"),
        pytest.param(table_curve(np.repeat(np.arange(8) / 7, 300)), id="stairs"),
        pytest.param(formula_curve(1, 2.0, 0.0, 0.5), id="kind 1 without a slope"),
        pytest.param(formula_curve(2, 2.0, 0.0, 0.5, 0.1), id="kind 2 without one"),
        pytest.param(table_curve([0] * 250 + [0.1, 0.3, 0.5, 0.8, 0.9, 1]), id="a late rise"),
    ],
)
def test_an_odd_curve_is_converted_or_refused(curve):
    try:
        space = Profile.from_icc(profile(P3_PRIMARIES, curve))
    except ColourError:
        return
    result = space.from_srgb(space.to_srgb(colours(20)))
    assert np.isfinite(result).all()


@pytest.mark.parametrize("first", FIRST)
def test_a_damaged_profile_never_keeps_a_picture_from_being_read(first, tmp_path):
    pixels = pictures.gradient(9, 7, depth="uint16" if first % 100 else "uint8")
    used = 0
    for seed in range(first, first + 50):
        path = tmp_path / f"{seed}.tif"
        path.write_bytes(pictures.tiff_file(pixels, iccprofile=damaged(seed)))
        document = open_picture(path).document
        used += document.profile.icc is not None
        assert document.layers[0].raster.to_array().shape == pixels.shape
        with np.errstate(all="ignore"):
            as_filters_see_it = render_srgb(document, document.region)
            back = document.profile.from_srgb(as_filters_see_it)
        assert as_filters_see_it.shape == back.shape == pixels.shape
    assert used  # some of them are still profiles
