"""Reduced copies: a smaller copy of a picture is upright, in its colours, and only to be seen."""

import importlib

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile

from safelight.document import whole
from safelight.files import ExportOptions, export, open_picture
from safelight.files.codecs import heif, heif_layout
from safelight.pixels import SRGB, Profile, to_float
from tests import pictures
from tests.files.test_export import document_of

opening = importlib.import_module("safelight.files.open_picture")
ROOM = (300, 200)


@pytest.fixture(autouse=True)
def small_files(monkeypatch):
    """Small files are looked at before they are decoded, as large ones are."""
    monkeypatch.setattr(opening, "_LARGE", 1)


def smooth(width=1600, height=1000, depth="uint8"):
    """A picture whose four quarters differ, and nothing of which is sharp."""
    pixels = cv2.GaussianBlur(pictures.noise(width, height), (0, 0), 4).astype(int)
    base = np.kron(pictures.quarters(2, 2).reshape(2, 2, 3), np.ones((height // 2, width // 2, 1)))
    pixels = np.clip(base * 0.7 + (pixels - 128) * 1.5 + 40, 0, 255).astype(np.uint8)
    return pixels if depth == "uint8" else pixels.astype(np.uint16) * 257


def looked(path):
    """What is given to be looked at, and the picture itself, as floats in sRGB."""
    seen = []
    opened = open_picture(path, first=seen.append, room=ROOM)
    pixels = whole(opened.document).to_array()
    if not seen:
        return None, pixels, opened
    (copy,) = seen
    assert copy.whole == (opened.document.width, opened.document.height)
    assert copy.document.profile.icc == opened.document.profile.icc
    assert not copy.notes
    return whole(copy.document).to_array(), pixels, opened


def assert_smaller(copy, pixels, tolerance, least=2.0):
    """The copy shows what the picture's averages do, in the same place."""
    assert copy is not None
    assert min(copy.shape[:2]) >= min(ROOM) or copy.shape[1] < pixels.shape[1] / 4
    assert pixels.shape[1] / copy.shape[1] >= least
    size = copy.shape[1], copy.shape[0]
    wanted = cv2.resize(to_float(pixels), size, interpolation=cv2.INTER_AREA)
    differences = np.abs(to_float(copy) - wanted)
    assert float(differences.mean()) < tolerance
    assert float(cv2.blur(differences, (16, 16)).max()) < 4 * tolerance + 0.01


@pytest.mark.parametrize("depth", ["uint8", "uint16"])
@pytest.mark.parametrize("kind", ["jp2", "profile", "grey", "alpha", "ycc"])
def test_a_jpeg_2000_gives_a_level_of_its_wavelets(tmp_path, depth, kind):
    pixels, path = smooth(depth=depth), tmp_path / "picture.jp2"
    if kind == "ycc":
        if depth == "uint16":
            return
        data = imagecodecs.jpeg2k_encode(pixels, 45, mct=True, codecformat="j2k")
    elif kind == "grey":
        data = imagecodecs.jpeg2k_encode(pixels[..., 0], 0, codecformat="jp2", reversible=True)
    else:
        if kind == "alpha":
            pixels = np.dstack([pixels, np.full(pixels.shape[:2], pixels.max() // 2, depth)])
        profile = Profile.from_icc(pictures.display_p3_profile()) if kind == "profile" else SRGB
        document = document_of(pixels, profile=profile)
        export(document, path, ExportOptions(quality=95))
        data = path.read_bytes()
    path.write_bytes(data)
    copy, exact, _ = looked(path)
    assert_smaller(copy, exact, 0.02)


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_tiff_gives_the_page_of_its_pyramid_that_suits(tmp_path, big, inside, orientation):
    pixels, path = smooth(depth="uint16"), tmp_path / "picture.tif"
    icc = pictures.display_p3_profile()
    told = {"photometric": "rgb", "metadata": None, "compression": "zlib"}
    with tifffile.TiffWriter(path, bigtiff=big) as writer:
        turned = [(274, "H", 1, orientation, True)]
        writer.write(
            pixels, subifds=3 if inside else None, iccprofile=icc, extratags=turned, **told
        )
        for times in (2, 4, 8):
            level = cv2.resize(
                pixels, None, fx=1 / times, fy=1 / times, interpolation=cv2.INTER_AREA
            )
            writer.write(level, subfiletype=1, **told)
    copy, exact, opened = looked(path)
    assert_smaller(copy, exact, 0.002, least=4.0)
    assert copy.shape[:2] == ((400, 250) if orientation == 6 else (250, 400))
    assert opened.notes == ()


def test_a_tiff_whose_small_page_is_another_picture_gives_none(tmp_path):
    path, told = tmp_path / "picture.tif", {"photometric": "rgb", "metadata": None}
    with tifffile.TiffWriter(path) as writer:
        writer.write(smooth(), subifds=2, **told)
        writer.write(smooth(400, 400), subfiletype=1, **told)
        writer.write(smooth(400, 250)[..., 0], subfiletype=1, photometric="minisblack")
    assert looked(path)[0] is None


def avif_with_thumbnail(pixels, small, turn):
    """An AVIF whose second item is a small copy of the first; both are turned as seen."""
    large, little = (
        heif.Container(bytes(imagecodecs.avif_encode(item, 95, speed=10)))
        for item in (pixels, small)
    )
    at, first = len(large.all_properties), large.primary
    number = max(large.items) + 1
    large.data, start = large.data + little.body(little.primary), len(large.data)
    item = little.items[little.primary]
    item.parts, item.inside = [(start, len(large.data) - start)], False
    large.items[number] = item
    large.all_properties = [*large.all_properties, *little.all_properties, (b"irot", bytes([turn]))]
    own = little.associated[little.primary]
    last = len(large.all_properties)
    large.associated[number] = [(index + at, must) for index, must in own] + [(last, True)]
    large.associated[first] = [*large.associated[first], (last, True)]
    large.references = [*large.references, (b"thmb", number, (first,))]
    return heif_layout.Layout(large).added(None, None, None)


@pytest.mark.parametrize("turn", [0, 1])
def test_an_avif_gives_the_small_copy_that_it_holds(tmp_path, turn):
    pixels, path = smooth(), tmp_path / "picture.avif"
    small = cv2.resize(pixels, (320, 200), interpolation=cv2.INTER_AREA)
    path.write_bytes(avif_with_thumbnail(pixels, small, turn))
    copy, exact, _ = looked(path)
    assert copy.shape[:2] == ((320, 200) if turn else (200, 320))
    assert_smaller(copy, exact, 0.03)


def test_a_small_copy_of_another_shape_is_not_shown(tmp_path):
    path = tmp_path / "picture.avif"
    path.write_bytes(avif_with_thumbnail(smooth(), smooth(320, 320), 0))
    assert looked(path)[0] is None
