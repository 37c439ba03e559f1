"""Exporting in another profile: CMYK for a press, grey, or RGB; what is written is as asked."""

import numpy as np
import pytest
from PIL import Image

from safelight.actions.open_confined import CONFINED
from safelight.document import Document, edits
from safelight.files import ExportError, ExportOptions, export, open_picture
from safelight.files.colours.file_colours import in_profile, most_ink
from safelight.files.read_photograph import read_photograph
from safelight.pixels import Profile, Raster, Transform, known_profile
from tests import pictures

PRESS = pictures.press_profile()


def document(depth="uint16", channels=3):
    y, x = np.mgrid[0:40, 0:60].astype(np.float32) / 60
    pixels = np.stack([x, y, 1 - x, np.ones_like(x)][:channels], axis=-1)
    if depth != "float32":
        pixels = np.rint(pixels * np.iinfo(depth).max).astype(depth)
    return Document.from_raster(Raster.from_array(pixels), name="photo")


def floats(document):
    pixels = document.layers[0].raster.to_array()
    return pixels if pixels.dtype == np.float32 else pixels / np.float32(np.iinfo(pixels.dtype).max)


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_a_tiff_holds_the_ink_that_the_profile_asks_for(tmp_path, depth):
    before, path = document(depth), tmp_path / "press.tif"
    exported = export(before, path, ExportOptions(profile=PRESS, intent="perceptual"))
    found, _ = read_photograph(path, None)
    assert (found.space, found.alpha, found.icc) == ("cmyk", False, PRESS)
    ink = Transform(None, PRESS, "perceptual").apply(floats(before))
    full = 1 if depth == "float32" else np.iinfo(depth).max
    assert found.pixels.dtype == depth
    assert found.pixels / full == pytest.approx(ink, abs=0.5001 / full if full > 1 else 1e-6)
    most = 100 * ink.sum(axis=2).max()
    assert exported.notes == (
        "Colours were converted from sRGB to Test profile.",
        f"The most ink in one place is {most:.0f} %.",
    )


def test_a_jpeg_of_ink_is_read_by_others_as_that_ink(tmp_path):
    before, path = document("uint8"), tmp_path / "press.jpg"
    export(before, path, ExportOptions(profile=PRESS, quality=100))
    ink = Transform(None, PRESS).apply(floats(before))
    with Image.open(path) as other:
        assert other.mode == "CMYK"
        assert other.info["icc_profile"] == PRESS
        seen = np.asarray(other)
    assert np.abs(seen / 255 - ink).mean() < 0.01
    found, _ = read_photograph(path, None)
    assert np.abs(found.pixels / 255 - ink).mean() < 0.01


def test_ink_comes_back_as_the_colours_that_the_press_can_print(tmp_path):
    soft = 0.3 + 0.4 * floats(document("float32"))
    before, path = Document.from_raster(Raster.from_array(soft)), tmp_path / "press.tif"
    export(before, path, ExportOptions(profile=PRESS))
    again = open_picture(path)
    assert "Colours were converted from CMYK to Rec. 2020." in again.notes
    seen = again.document.profile.to_srgb(again.document.layers[0].raster.to_array())
    assert np.abs(seen - soft).mean() < 0.02


def test_intents_and_the_black_point_make_a_difference(tmp_path):
    black = Document.from_raster(Raster.filled(8, 8, (0, 0, 0), "uint16"))
    ink = {}
    for told in ({}, {"black_point": False}):
        export(black, tmp_path / "a.tif", ExportOptions(profile=PRESS, **told), overwrite=True)
        ink[bool(told)] = read_photograph(tmp_path / "a.tif", None)[0].pixels.astype(int)
    assert np.abs(ink[True] - ink[False]).max() > 300
    white = Document.from_raster(Raster.filled(8, 8, (65535,) * 3, "uint16"))
    options = ExportOptions(profile=pictures.press_profile(b"RGB "), intent="absolute")
    export(white, tmp_path / "b.tif", options)
    assert read_photograph(tmp_path / "b.tif", None)[0].pixels.min() > 60000


def test_a_profile_of_primaries_is_converted_to_in_house_and_embedded(tmp_path):
    wide = known_profile("Display_P3")
    before, path = document(), tmp_path / "wide.png"
    notes = export(before, path, ExportOptions(profile=wide.icc)).notes
    assert notes == ("Colours were converted from sRGB to Display P3.",)
    again = open_picture(path).document
    assert again.profile == wide
    expected = edits.convert_profile("Display_P3").apply(before).layers[0].raster.to_array()
    assert np.array_equal(again.layers[0].raster.to_array(), expected)


def test_grey_is_one_channel(tmp_path):
    icc = known_profile("grey_gamma_2.2").grey
    export(document(), tmp_path / "grey.tif", ExportOptions(profile=icc))
    found, _ = read_photograph(tmp_path / "grey.tif", None)
    assert (found.space, found.pixels.shape, found.icc) == ("grey", (40, 60, 1), icc)


def test_alpha_goes_along_where_there_is_room_for_it(tmp_path):
    pixels = floats(document("float32", 4)).copy()
    pixels[..., 3] = 0.5
    before = Document.from_raster(Raster.from_array(pixels))
    export(before, tmp_path / "a.tif", ExportOptions(profile=PRESS))
    found, _ = read_photograph(tmp_path / "a.tif", None)
    assert found.alpha
    assert found.pixels[..., 4] == pytest.approx(0.5)
    export(before, tmp_path / "a.jpg", ExportOptions(profile=PRESS))
    assert read_photograph(tmp_path / "a.jpg", None)[0].space == "cmyk"


def test_a_format_that_holds_no_ink_is_refused_in_words(tmp_path):
    with pytest.raises(ExportError, match="profile of CMYK, which no PNG holds; use TIFF"):
        export(document(), tmp_path / "a.png", ExportOptions(profile=PRESS))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("icc", [pictures.table_profile(b"CMYK"), b"x" * 200])
def test_a_profile_that_nothing_can_be_converted_to_is_refused_in_words(tmp_path, icc):
    with pytest.raises(ExportError, match="cannot be converted to"):
        export(document(), tmp_path / "a.tif", ExportOptions(profile=icc))


def test_a_strangers_profile_is_read_in_the_confined_process(monkeypatch):
    monkeypatch.setattr(Transform, "apply", None)  # not here
    made, space = in_profile(
        np.full((4, 4, 3), 0.5, np.float32), Profile(), PRESS, "uint16", CONFINED.converted
    )
    assert space == "cmyk"
    assert made.shape == (4, 4, 4)
    assert 50 < most_ink(made) < 250
