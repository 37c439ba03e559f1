"""High dynamic range: what PQ and HLG pictures look like on an ordinary screen."""

from __future__ import annotations

import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from safelight import api
from safelight.files import open_picture
from safelight.files.codecs import jxl
from safelight.files.codecs.heif import Container
from safelight.files.codecs.heif_layout import Layout
from safelight.files.codecs.jxl_entropy import as_kind
from safelight.files.codecs.jxl_header import Head, _digits
from safelight.files.colours import hdr
from safelight.files.colours.stated_colours import primaries_of_code
from tests import pictures
from tests.files.boxes import with_properties
from tests.files.test_export import pixels_of

WHITE, PAPER = 65535, 203.0


def pq(light):
    """Light in cd/m² as PQ has it (SMPTE ST 2084), 0 to 1."""
    power = (np.asarray(light, np.float64) / 10_000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)


def png_of(coded, transfer, extra=b""):
    pixels = np.rint(np.asarray(coded) * WHITE).astype(np.uint16)
    chunk = pictures.png_chunk(b"cICP", bytes([9, transfer, 0, 1]))
    return pictures.png_file(pixels, chunk + extra)


@pytest.fixture
def opened(tmp_path):
    def open_bytes(data):
        path = tmp_path / "picture.dat"
        path.write_bytes(data)
        return open_picture(path)

    return open_bytes


def light_of(found):
    """Linear light of what was opened, 1 for white."""
    return api.to_linear(pixels_of(found).astype(np.float32) / np.float32(WHITE))


def ramp(brightest, length=256):
    return np.linspace(0, brightest, length).reshape(1, -1, 1).repeat(3, axis=2)


def test_pq_is_as_light_as_it_says_up_to_near_white_and_all_of_the_rest_is_seen(opened):
    light = ramp(1000)
    found = opened(png_of(pq(light), 16))
    made = light_of(found)[0, :, 0]
    dark = light[0, :, 0] < 80
    assert np.allclose(made[dark], light[0, :, 0][dark] / PAPER, atol=0.005)
    # White paper is a little below the brightest of the screen, and nothing is cut off.
    assert 0.7 < np.interp(PAPER, light[0, :, 0], made) < 0.9
    assert (np.diff(made) >= 0).all()
    assert made[-1] == pytest.approx(1, abs=0.002)
    assert found.document.profile.name == "BT.2020"
    assert found.document.depth == "uint16"
    (note,) = found.notes
    assert "PQ, up to 1,000 cd/m²" in note


def test_pq_of_nothing_brighter_than_white_is_not_compressed(opened):
    light = ramp(PAPER)
    found = opened(png_of(pq(light), 16))
    assert np.allclose(light_of(found), light / PAPER, atol=0.003)
    assert "nothing in it is brighter than white" in found.notes[0]


def test_what_a_file_states_as_its_brightest_bounds_what_is_found(opened):
    light = ramp(4000)
    stated = pictures.png_chunk(b"cLLI", struct.pack(">II", 1_000_0000, 200_0000))
    by_file, by_picture = opened(png_of(pq(light), 16, stated)), opened(png_of(pq(light), 16))
    assert "up to 1,000 cd/m²" in by_file.notes[0]
    assert "up to 4,000 cd/m²" in by_picture.notes[0]
    assert light_of(by_file)[0, 40, 0] > light_of(by_picture)[0, 40, 0]


def test_white_of_hlg_is_at_three_quarters_of_its_numbers(opened):
    """ITU-R BT.2408, table 1: 75 % is white paper, 203 cd/m²."""
    found = opened(png_of(np.full((8, 8, 3), 0.75), 18))
    assert light_of(found).mean() == pytest.approx(1, abs=0.02)
    bright = opened(png_of(np.linspace(0, 1, 256).reshape(1, -1, 1).repeat(3, axis=2), 18))
    assert "HLG, up to 1,000 cd/m²" in bright.notes[0]
    made = light_of(bright)[0, :, 0]
    assert (np.diff(made) >= 0).all()
    assert made[-1] == pytest.approx(1, abs=0.002)


def test_a_bright_colour_keeps_its_hue(opened):
    light = np.broadcast_to(np.array([900.0, 300.0, 90.0]), (4, 4, 3))
    made = light_of(opened(png_of(pq(light), 16)))[0, 0]
    assert np.allclose(made / made[0], [1, 1 / 3, 1 / 10], atol=0.004)


@pytest.mark.parametrize("alpha", [False, True])
def test_an_avif_a_jpeg_xl_and_a_png_of_pq_look_the_same(opened, alpha):
    light = np.broadcast_to(np.linspace(1, 1000, 64).reshape(1, -1, 1), (64, 64, 4)).copy()
    coded = pq(light)
    coded[..., 3] = np.linspace(0, 1, 64)[:, None]
    coded = coded[..., : 3 + alpha]
    numbers = np.rint(coded * WHITE).astype(np.uint16)
    avif = imagecodecs.avif_encode(
        np.rint(coded * 1023).astype(np.uint16),
        100,
        bitspersample=10,
        pixelformat="yuv444",
        primaries=9,
        transfer=16,
    )
    found = [opened(png_of(coded, 16)), opened(bytes(avif)), opened(jxl_of(numbers))]
    for other in found[1:]:
        assert other.document.profile.name == found[0].document.profile.name
        assert np.abs(light_of(other) - light_of(found[0])).mean() < 0.01
        assert "PQ" in other.notes[0]
        if alpha:
            assert np.abs(pixels_of(other)[..., 3] - numbers[..., 3].astype(int)).max() < 80


def jxl_of(numbers):
    """A JPEG XL whose header says PQ and BT.2020 (18181-1, enumerations of colours)."""
    plain = jxl._parts(bytes(imagecodecs.jpegxl_encode(numbers, lossless=True, effort=1)))[0]
    head = Head.of(plain)
    digits = _digits(plain[: (head.ends_at[1] + 7) // 8])
    stated = f"00{as_kind(0)}{as_kind(1)}{as_kind(9)}0{as_kind(16)}{as_kind(1)}"
    made = digits[: head.colours_at[0]] + stated + digits[head.colours_at[1] : head.ends_at[0]]
    coded = int(made[::-1], 2).to_bytes((len(made) + 7) // 8, "little")
    return coded + plain[(head.ends_at[1] + 7) // 8 :]


def test_an_avif_states_its_brightest_in_a_box(opened):
    light = ramp(4000, 64).repeat(64, axis=0)
    avif = imagecodecs.avif_encode(
        np.rint(pq(light) * 1023).astype(np.uint16),
        100,
        bitspersample=10,
        pixelformat="yuv444",
        primaries=9,
        transfer=16,
    )
    source = Container(bytes(avif))
    source.all_properties.append((b"clli", struct.pack(">HH", 1000, 200)))
    own = source.associated[source.primary]
    own.insert(0, (len(source.all_properties), False))
    assert "up to 1,000 cd/m²" in opened(Layout(source).added(None, None, None)).notes[0]


def test_bands_and_depths_of_high_range_are_one_picture():
    coded = np.linspace(0, 1, 700 * 8).reshape(700, 8, 1).repeat(3, axis=2).astype(np.float32)
    places, notes = primaries_of_code(9), []
    whole, _ = hdr.as_seen(coded, 3, places, 16, 0.0, notes)
    deep, _ = hdr.as_seen(np.rint(coded * WHITE).astype(np.uint16), 3, places, 16, 0.0, notes)
    assert np.abs(whole.astype(int) - deep).max() <= 64
    assert (np.diff(whole[..., 0].ravel().astype(int)) >= -1).all()


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_a_heic_of_high_range_is_told_of_and_seen_in_its_primaries(opened, transfer, name):
    data = (Path(__file__).parent / "cases" / "gradient_10_bit.heic").read_bytes()
    stated = (b"colr", b"nclx" + struct.pack(">HHHB", 9, transfer, 9, 0x80))
    found = opened(with_properties(data, stated))
    assert found.document.profile.name == "BT.2020"
    assert f"high dynamic range ({name}" in found.notes[0]
    assert pixels_of(found).dtype == np.uint16
