"""JPEG XL's profiles: read as their own tools pack them, and written."""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
import zlib

import imagecodecs
import numpy as np
import pytest

from safelight.files import ExportOptions, OpenError, export, open_picture
from safelight.files.codecs import jxl, jxl_profile
from safelight.files.codecs.jxl_entropy import Bits
from safelight.files.codecs.jxl_header import Head, with_colours
from safelight.files.codecs.photograph import Photograph
from safelight.files.read_photograph import read_photograph
from safelight.pixels import Profile, known_profile
from safelight.pixels.icc import gamma_curve, grey_profile
from tests import pictures
from tests.files.test_export import document_of, pixels_of

LOSSLESS = ExportOptions(lossless=True)
FINE = ExportOptions(settings={"quality": 100})

PACKED = bytes.fromhex(
    "ff0a4140081f0d0312e601d0d2584a92b54cdd767003ff251e82ee0a2d7fc9952070dabb2c7a1fb8bced238c"
    "994d6a660bbe7a33b42e9edbd80a019e04f015e7aa592cfe452cadf80b2c2e759d1060d8c1d756d850da5451"
    "d632c0db545a34c040d257d13240c9432120283139393889a7d32f2d4218d6f10d5036f51495760e50b674b6"
    "54d6b69484da6b657d423a4d837206c1a72538940fa16d40416170df0ac424c2401ed4570e1fb64cbe3eaf4b"
    "0538d5db7fff9da7bc5f499d40fb85f4df7ff70df5df7ffb15c15e2e14a80b0802010054004b188b15c24101"
    "5e20028048000000000000000000"
)


def png_of(pixels, icc):
    packed = b"profile\0\0" + zlib.compress(icc)
    return pictures.png_file(pixels, pictures.png_chunk(b"iCCP", packed))


def bits_of(digits):
    return int(digits[::-1], 2).to_bytes(-(-len(digits) // 8), "little")


WIDE = ["Display_P3", "Adobe_RGB", "ProPhoto_RGB", "Rec_2020", "linear_sRGB"]


@pytest.mark.parametrize("known", WIDE)
@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_without_loss_a_jpeg_xl_keeps_its_profile(tmp_path, known, depth):
    pixels = pictures.noise(61, 43, 4, depth)
    wide = known_profile(known)
    exported = export(document_of(pixels, profile=wide), tmp_path / "a.jxl", LOSSLESS)
    found = open_picture(exported.path)
    assert exported.notes == found.notes == ()
    assert found.document.profile.icc == wide.icc
    assert pixels_of(found).tobytes() == pixels.tobytes()


@pytest.mark.parametrize("known", WIDE)
@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_with_loss_a_jpeg_xl_keeps_its_profile_and_colours_beyond_srgb(tmp_path, known, depth):
    """The encoder takes all that it is given for sRGB: colours that are none are below 0 in it."""
    wide = known_profile(known)
    full = {"uint8": 255, "uint16": 65535, "float32": 1}[depth]
    picture = np.empty((64, 64, 3), np.float32)
    picture[:, :32], picture[:, 32:] = (0.15, 0.8, 0.2), (0.85, 0.3, 0.25)
    pixels = (picture * full).astype(depth)
    exported = export(document_of(pixels, profile=wide), tmp_path / "a.jxl", FINE)
    found = open_picture(exported.path)
    assert exported.notes == found.notes == ()
    assert found.document.profile.icc == wide.icc
    made = pixels_of(found)
    assert made.dtype == pixels.dtype
    assert np.abs(made / full - picture)[8:-8, [8, 16, 48, 56]].max() < 0.015


def test_transparency_beside_a_profile_is_kept_with_loss(tmp_path):
    pixels = pictures.noise(64, 48, 4, "uint8")
    document = document_of(pixels, profile=known_profile("Display_P3"))
    exported = export(document, tmp_path / "a.jxl", FINE)
    assert np.array_equal(pixels_of(open_picture(exported.path))[..., 3], pixels[..., 3])


@pytest.mark.parametrize("options", [LOSSLESS, FINE])
def test_a_grey_jpeg_xl_keeps_its_profile(tmp_path, options):
    icc = grey_profile("Grey of a print", gamma_curve(1.8))
    grey = np.broadcast_to(np.arange(256, dtype=np.uint8)[None, :, None], (64, 256, 1))
    path = tmp_path / "grey.png"
    path.write_bytes(png_of(np.ascontiguousarray(grey), icc))
    exported = export(open_picture(path).document, tmp_path / "a.jxl", options)
    content, _ = read_photograph(exported.path, None)
    assert (content.space, content.icc) == ("grey", icc)
    assert np.abs(content.pixels.astype(int) - grey).max() <= (0 if options is LOSSLESS else 3)


def test_a_profile_of_tables_is_written_without_loss_and_said_so(tmp_path):
    content_icc = pictures.wide_profile().replace(b"rTRC", b"A2B9")
    pixels = pictures.noise(40, 30)
    content, stream = Photograph(pixels, icc=content_icc), io.BytesIO()
    jxl.write(stream, content)
    assert "without loss" in content.notes[0]
    assert Head.of(stream.getvalue()).icc == content_icc


def test_a_profile_comes_out_of_jpeg_xl_as_it_went_in():
    for icc in (pictures.wide_profile(), bytes(range(256)) * 20, b"short", bytes(128), bytes(131)):
        assert jxl_profile.unpacked(Bits(bits_of(jxl_profile.packed(icc)))) == icc


def test_a_profile_that_another_program_packed_is_read():
    """Packed by cjxl 0.7: predicted, in distributions, with copies (ISO/IEC 18181-1, E.4)."""
    head = Head.of(PACKED)
    assert head.icc is not None
    found = Profile.from_icc(head.icc)
    assert len(head.icc) == int.from_bytes(head.icc[:4], "big")
    assert found.name == "Compatible with Adobe RGB (1998)"


@pytest.mark.skipif(shutil.which("cjxl") is None, reason="libjxl's tools are not installed")
@pytest.mark.parametrize("distance", ["0", "1"])
@pytest.mark.parametrize("known", WIDE)
def test_what_libjxls_own_tool_writes_has_its_profile(tmp_path, known, distance):
    icc = known_profile(known).icc
    pixels = pictures.gradient(64, 64, 3, "uint8")
    png, coded = tmp_path / "a.png", tmp_path / "a.jxl"
    png.write_bytes(png_of(pixels, icc))
    subprocess.run(["cjxl", png, coded, "-d", distance], check=True, capture_output=True)
    found = open_picture(coded)
    if distance == "0":
        assert pixels_of(found).tobytes() == pixels.tobytes()
    given = open_picture(png).document.profile
    seen = found.document.profile.to_srgb(pixels_of(found).astype(np.float32) / np.float32(255))
    assert np.abs(seen - given.to_srgb(pixels / np.float32(255))).mean() < 0.02


@pytest.mark.skipif(shutil.which("djxl") is None, reason="libjxl's tools are not installed")
@pytest.mark.parametrize("options", [LOSSLESS, FINE])
def test_libjxls_own_tool_reads_the_profile_that_was_written(tmp_path, options):
    wide = known_profile("ProPhoto_RGB")
    pixels = pictures.gradient(64, 64, 3, "uint16")
    exported = export(document_of(pixels, profile=wide), tmp_path / "a.jxl", options)
    subprocess.run(["djxl", exported.path, tmp_path / "b.png"], check=True, capture_output=True)
    found = open_picture(tmp_path / "b.png")
    full = np.float32(65535)
    seen = found.document.profile.to_srgb(pixels_of(found) / full)
    assert np.abs(seen.clip(0, 1) - wide.to_srgb(pixels / full).clip(0, 1)).mean() < 0.01
    if options is LOSSLESS:
        assert found.document.profile.icc == wide.icc


def test_a_profile_that_is_hurt_costs_neither_picture_nor_time(tmp_path):
    pixels = pictures.noise(61, 43)
    plain = bytes(imagecodecs.jpegxl_encode(pixels, lossless=True, effort=1))
    coded = with_colours(plain, "uint8", known_profile("Display_P3").icc)
    path, randoms = tmp_path / "a.jxl", np.random.default_rng(3)
    opened = 0
    for _ in range(100):
        hurt = bytearray(coded)
        hurt[int(randoms.integers(8, 500))] ^= 1 << int(randoms.integers(8))
        path.write_bytes(hurt)
        with contextlib.suppress(OpenError):
            opened += bool(open_picture(path).document.layers)
    assert opened > 20


def test_a_profile_of_some_megabytes_comes_back(tmp_path):
    """As large as a printer's tables make it."""
    profile = Profile.from_icc(pictures.wide_profile(3 << 20))
    document = document_of(pictures.noise(8, 8), profile=profile)
    path = tmp_path / "a.jxl"
    export(document, path, ExportOptions(settings={"lossless": True}))
    again = open_picture(path)
    assert (again.notes, again.document.profile) == ((), profile)
