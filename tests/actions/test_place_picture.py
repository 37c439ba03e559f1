"""Placed pictures: what a file or a clipboard holds, as a layer with its colours and its alpha."""

import numpy as np
import pytest

from safelight import actions
from safelight.actions.place_picture import as_png, picture_in
from safelight.actions.recipes import Recipe, play
from safelight.api import Region
from safelight.document import Document, EditError, History, Layer, Record, edits, render
from safelight.document.contents.placed_picture import part
from safelight.pixels import Profile, Raster
from tests.pictures import png_chunk, png_file, wide_profile

WIDE = Profile.from_icc(wide_profile())


def ground(width=60, height=40, depth="uint8", value=0):
    pixels = Raster.from_array(np.full((height, width, 3), value, depth))
    return Document.from_raster(pixels)


def test_a_placed_file_keeps_its_colours_in_the_document_s_profile_and_all_its_pixels(tmp_path):
    """Saved with Adobe RGB's primaries, and twice as wide as the picture it is laid on."""
    held = np.full((20, 120, 3), (200, 60, 90), np.uint8)
    source = Document.from_raster(Raster.from_array(held), profile=WIDE)
    path = tmp_path / "leaf.png"
    actions.export(source, path, actions.ExportOptions(keep_profile=True))
    before = ground(depth="uint16")
    step = Record("command", "place", {"file": str(path), "y": 5.0})
    history = play(Recipe.of((step,)), History.start(before), lambda *_: None)
    layer = history.document.layers[-1]
    assert (layer.name, layer.raster.width, layer.raster.depth) == ("leaf.png", 120, "uint16")
    shown = render(history.document, Region(0, 0, 60, 40))
    # Half as wide, and high, with the middle five pixels below that of the picture.
    assert not shown[[19, 31]].any()
    expected = WIDE.to_srgb(held[:1, :1].astype(np.float32) / 255)[0, 0] * 65535
    assert np.abs(shown[25, 30] - expected).max() <= 257  # a step of the 8 bits of the file


def test_what_is_copied_comes_back_with_alpha_depth_and_profile():
    pixels = np.random.default_rng(3).integers(0, 65536, (48, 64, 4), np.uint16)
    document = Document.from_raster(Raster.from_array(pixels), profile=WIDE)
    document = edits.select_box(box=(10, 5, 30, 20)).apply(document)
    back = picture_in(as_png(part(document, document.layers[0])))
    assert (back.width, back.height, back.depth, back.profile) == (30, 20, "uint16", WIDE)
    found = back.layers[0].raster.to_array()
    seen = pixels[5:25, 10:40]
    assert np.array_equal(found[..., 3], seen[..., 3])
    opaque = seen[..., 3] > 0
    assert np.array_equal(found[opaque], seen[opaque])


def test_a_copied_layer_is_no_larger_than_what_it_shows_and_a_filter_has_nothing_to_copy():
    small = np.zeros((40, 60, 4), np.uint8)
    small[10:20, 30:50] = 255
    document = ground()
    document = edits.add_layer(Layer("Spot", Raster.from_array(small))).apply(document)
    made = part(document, document.layers[1])
    assert (made.width, made.height) == (20, 10)
    assert part(document, None).region == document.region
    nothing = Layer("Empty", Raster.filled(60, 40, (0, 0, 0, 0), "uint8"))
    document = edits.add_layer(nothing).apply(document)
    with pytest.raises(EditError, match="nothing of Empty to copy"):
        part(document, nothing)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no picture at all", "is no picture"),
        (png_file(np.zeros((4, 4, 4), np.uint8), size=(40_000, 40_000)), "pixels"),
        (png_file(np.zeros((64, 64, 3), np.uint8))[:30], "damaged"),
    ],
)
def test_a_clipboard_that_is_damaged_or_states_gigabytes_is_a_sentence(data, reason):
    with pytest.raises(EditError, match=reason) as told:
        picture_in(data)
    assert str(told.value).startswith("The clipboard's picture")


def test_a_profile_that_is_none_does_not_keep_a_picture_away():
    bad = png_chunk(b"iCCP", b"x\0\0" + b"nonsense")
    made = picture_in(png_file(np.full((4, 4, 3), 90, np.uint8), bad))
    assert made.profile.is_srgb
    assert made.layers[0].raster.to_array()[0, 0, 0] == 90


@pytest.mark.parametrize(("file", "reason"), [("", "no file"), ("/none/such.jpg", "such")])
def test_a_file_that_is_not_there_is_a_sentence(file, reason):
    with pytest.raises(EditError, match=reason):
        actions.place(file=file).apply(ground())
