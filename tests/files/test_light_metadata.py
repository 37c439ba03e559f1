"""OpenEXR and Radiance: what their headers say of a photograph comes in and goes out again."""

from __future__ import annotations

import io
import struct
from datetime import datetime

import numpy as np
import OpenEXR
import pytest

from safelight import api
from safelight.document import Document, Metadata
from safelight.files import export, open_picture
from safelight.files.metadata.capture_metadata import capture_of
from safelight.files.metadata.coordinates import place_of
from safelight.files.metadata.descriptive_changes import stating
from safelight.files.metadata.descriptive_metadata import facts
from safelight.files.metadata.moment_taken import taken
from safelight.pixels import Profile, Raster, known_profile
from tests import pictures

P3 = (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329)
STATED = {
    "owner": "Ada Äxample",
    "comments": "Evening light",
    "capDate": "2026:05:04 03:02:01",
    "utcOffset": -7200.0,
    "latitude": 48.5,
    "longitude": -9.25,
    "altitude": -12.5,
    "expTime": 0.004,
    "aperture": 2.8,
    "isoSpeed": 400.0,
    "focus": 3.5,
    "whiteLuminance": 120.0,
    "cameraMake": "Canon",
    "lensModel": "RF 85mm",
    "xDensity": 300.0,
    "chromaticities": P3,
    "studio": "a word of its own",
}


def openexr(**header):
    stream = io.BytesIO()
    told = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage} | header
    OpenEXR.File(told, {"RGB": pictures.noise(40, 30, 3, "float32") * 2}).write(stream)
    return stream.getvalue()


def held(path):
    """What OpenEXR itself reads in a header."""
    return OpenEXR.File(str(path)).header()


@pytest.fixture
def exr(tmp_path):
    path = tmp_path / "stated.exr"
    path.write_bytes(openexr(**STATED))
    return path


def test_what_an_openexr_states_is_known_of_the_photograph(exr):
    opened = open_picture(exr)
    metadata = opened.document.metadata
    assert opened.notes == ()
    assert opened.document.profile.name == "Display P3"
    said = facts(metadata)
    assert (said["rights"], said["caption"]) == (["Ada Äxample"], ["Evening light"])
    assert taken(metadata) == datetime(2026, 5, 4, 3, 2, 1)
    assert place_of(metadata) == pytest.approx((48.5, -9.25), abs=1e-6)
    capture = capture_of(metadata)
    assert (capture.offset, capture.altitude, capture.lens) == ("+02:00", -12.5, "RF 85mm")
    shot = (capture.exposure, capture.aperture, capture.iso, capture.distance)
    assert shot == pytest.approx((0.004, 2.8, 400, 3.5))
    assert metadata.dpi == (300.0, 300.0)
    assert dict(metadata.texts) == {"studio": "a word of its own", "whiteLuminance": "120"}


def test_what_an_openexr_states_is_stated_again(exr, tmp_path):
    document = open_picture(exr).document
    assert export(document, tmp_path / "again.exr").notes == ()
    again = held(tmp_path / "again.exr")
    for name, value in STATED.items():
        if name == "chromaticities":
            assert np.allclose(again[name], value, atol=1e-4)
        else:
            assert again[name] == (pytest.approx(value) if isinstance(value, float) else value), (
                name
            )
    assert open_picture(tmp_path / "again.exr").document.metadata.texts == document.metadata.texts


def test_what_is_said_of_a_photograph_is_stated_in_an_openexr_and_comes_back_whole(tmp_path):
    exif = pictures.exif_block(artist="Ada")
    said = {"title": ["The hall"], "city": ["Ulm"], "rights": ["(c) Ada"]}
    metadata = stating(Metadata(exif, dpi=(300.0, 150.0)), said)
    document = Document.from_raster(
        Raster.from_array(pictures.noise(40, 30)), metadata=metadata, name="a"
    )
    assert export(document, tmp_path / "a.exr").notes == ()
    header = held(tmp_path / "a.exr")
    assert (header["owner"], header["xDensity"], header["pixelAspectRatio"]) == (
        "(c) Ada",
        300,
        0.5,
    )
    again = open_picture(tmp_path / "a.exr").document.metadata
    assert facts(again) == facts(document.metadata)
    assert again.dpi == (300.0, 150.0)


def test_a_block_of_exif_as_other_programs_write_it_is_read(tmp_path):
    """As "blob" behind its size, with the prefix that a JPEG has; its facts count first."""
    plain = openexr(comments="of a dozen years ago", owner="Ada")
    said = {"caption": ["Evening light"], "rights": []}
    block = stating(Metadata(pictures.exif_block()), said).exif
    exif = b"Exif\0\0" + block
    body = struct.pack("<I", len(exif)) + exif
    attribute = b"exif\0blob\0" + struct.pack("<i", len(body)) + body
    path = tmp_path / "a.exr"
    path.write_bytes(_grown(plain, attribute))
    said = facts(open_picture(path).document.metadata)
    assert (said["caption"], said["rights"]) == (["Evening light"], ["Ada"])


def _grown(data, attribute):
    """A file of 30 rows in ZIP chunks of 16 with one more attribute."""
    first = min(
        at
        for at in range(8, len(data) - 16)
        if data[at : at + 1] == b"\0"
        and struct.unpack_from("<Q", data, at + 1)[0] == at + 1 + 2 * 8
    )
    places = struct.unpack_from("<2Q", data, first + 1)
    moved = struct.pack("<2Q", *(place + len(attribute) for place in places))
    return data[:8] + attribute + data[8 : first + 1] + moved + data[first + 17 :]


@pytest.mark.parametrize(
    "header",
    [
        {"latitude": 1000.0, "longitude": float("nan"), "altitude": float("inf")},
        {"expTime": -1.0, "isoSpeed": float("nan"), "xDensity": 0.0, "utcOffset": 1e9},
        {"capDate": "yesterday", "owner": "", "comments": "\x01\x02"},
    ],
)
def test_an_openexr_that_states_what_cannot_be_opens(tmp_path, header):
    path = tmp_path / "a.exr"
    path.write_bytes(openexr(**header))
    document = open_picture(path).document
    assert place_of(document.metadata) is None
    export(document, tmp_path / "again.exr")


# -- Radiance ---------------------------------------------------------------------------------

LINES = """\
# made for a test
rpict -vp 1 2 3 hall.oct
SOFTWARE= RADIANCE 5.4
VIEW= -vtv -vp 1 2 3 -vd 0 1 0
CAMERA= Canon EOS 5D
CAPDATE= 2026:05:04 03:02:01
GMT= 2026:05:04 01:02:01
LATLONG= 48.500000 -9.250000
OWNER= Ada Äxample
EXPOSURE=0.5
EXPOSURE=0.5
PRIMARIES= 0.68 0.32 0.265 0.69 0.15 0.06 0.3127 0.329
FORMAT=32-bit_rle_rgbe
"""


def radiance(lines=LINES):
    return f"#?RADIANCE\n{lines}\n-Y 1 +X 2\n".encode() + bytes((128, 64, 32, 128, 64, 64, 64, 129))


def test_what_a_radiance_states_is_known_and_stated_again(tmp_path):
    path, made = tmp_path / "a.hdr", tmp_path / "again.hdr"
    path.write_bytes(radiance())
    opened = open_picture(path)
    document = opened.document
    assert opened.notes == ()
    light = api.to_linear(document.layers[0].raster.to_array())
    # A byte tells the middle of its step.
    assert np.allclose(light[0, 0], np.array([128.5, 64.5, 32.5]) / 256 * 4, rtol=0.02)
    assert document.profile.name == "Display P3"
    assert facts(document.metadata)["rights"] == ["Ada Äxample"]
    assert place_of(document.metadata) == pytest.approx((48.5, -9.25), abs=1e-6)
    capture = capture_of(document.metadata)
    assert (capture.taken, capture.offset) == ("2026:05:04 03:02:01", "+02:00")
    assert dict(document.metadata.texts) == {
        "Comment": "made for a test\nrpict -vp 1 2 3 hall.oct",
        "Software": "RADIANCE 5.4",
        "VIEW": "-vtv -vp 1 2 3 -vd 0 1 0",
        "EXPOSURE": "0.25",
    }
    assert export(document, made).notes == ()
    lines = made.read_bytes().split(b"\n\n")[0].decode().split("\n")
    for line in LINES.splitlines():
        if not line.startswith(("rpict", "EXPOSURE", "PRIMARIES")):
            assert line in lines
    assert "EXPOSURE=0.25" in lines
    again = open_picture(made).document
    assert (again.metadata, again.profile) == (document.metadata, document.profile)
    seen = api.to_linear(again.layers[0].raster.to_array())
    assert np.allclose(seen, light, rtol=0.01)


def test_a_radiance_says_what_of_the_metadata_it_has_no_place_for(tmp_path):
    said = {"city": ["Ulm"], "title": ["The\nhall"], "caption": ["Evening light"]}
    metadata = stating(Metadata(pictures.exif_block(artist="Ada")), said)
    document = Document.from_raster(
        Raster.from_array(pictures.noise(40, 30, 3, "float32")), metadata=metadata, name="a"
    )
    notes = export(document, tmp_path / "a.hdr").notes
    assert notes == (
        "Of the metadata texts, camera, date, place and who made and owns the photograph were kept:"
        " Radiance has no place for the rest.",
    )
    said = facts(open_picture(tmp_path / "a.hdr").document.metadata)
    assert said == {
        "title": ["The hall"],
        "creator": ["Ada"],
        "caption": ["Evening light"],
        "rights": ["(c) 2026 Ada Example"],
    }


@pytest.mark.parametrize(
    "line", ["EXPOSURE=e", "EXPOSURE=-0", "COLORCORR= 1 2", "PRIMARIES= 1", "LATLONG= 900 0"]
)
def test_a_radiance_that_states_what_cannot_be_opens(tmp_path, line):
    path = tmp_path / "a.hdr"
    path.write_bytes(radiance(line + "\n"))
    opened = open_picture(path)
    assert len(opened.notes) == (not line.startswith("LATLONG"))
    assert place_of(opened.document.metadata) is None
    assert np.isfinite(opened.document.layers[0].raster.to_array()).all()


# -- primaries --------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".exr", ".hdr"])
@pytest.mark.parametrize("known", ["Display_P3", "Adobe_RGB", "ProPhoto_RGB", "Rec_2020"])
def test_colours_beyond_srgb_stay_in_files_of_light(tmp_path, suffix, known):
    """A half float tells 11 bits, a Radiance 8 of the brightest channel."""
    pixels = pictures.noise(40, 30, 3, "float32")
    pixels[:4] = (0.05, 0.9, 0.05)
    document = Document.from_raster(
        Raster.from_array(pixels), profile=known_profile(known), name=""
    )
    assert export(document, tmp_path / f"a{suffix}").notes == ()
    again = open_picture(tmp_path / f"a{suffix}")
    assert again.notes == ()
    assert not again.document.profile.is_srgb
    seen = again.document.profile.to_light(again.document.layers[0].raster.to_array())
    meant = document.profile.to_light(pixels)
    rough = 2e-3 * meant if suffix == ".exr" else meant.max(axis=2, keepdims=True) / 250
    assert (np.abs(seen - meant) <= rough + 1e-4).all()
    wide = known_profile(known)
    assert np.allclose(again.document.profile.primaries, wide.primaries, atol=2e-3)


def test_a_profile_of_the_primaries_of_srgb_becomes_srgb_in_an_openexr(tmp_path):
    """Whatever its curve: light has none."""
    linear = known_profile("linear_sRGB")
    pixels = pictures.gradient(40, 30, 3, "float32")
    document = Document.from_raster(Raster.from_array(pixels), profile=linear, name="a")
    export(document, tmp_path / "a.exr")
    again = open_picture(tmp_path / "a.exr").document
    assert again.profile == Profile()
    seen = api.to_linear(again.layers[0].raster.to_array())
    assert np.allclose(seen, pixels, atol=1e-3)
