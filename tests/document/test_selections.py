"""Selections by a path, a colour or tones: what they hold, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import skimage.color

from safelight.document import DECLARED, Document, EditError, Layer, LiveFilter, edits
from safelight.document.commands import selections
from safelight.pixels import Raster
from tests.document.strategies import raster


def document(width=120, height=90):
    return Document.from_raster(raster(width, height, 3))


def chosen(document):
    return document.selection.to_array()[..., 0] / 255


def test_what_a_path_goes_around_is_selected_by_its_share_of_each_pixel():
    square = selections.select_path(points="10.25,20;40.5,20;40.5,50.5;10.25,50.5")
    found = chosen(square.apply(document()))
    assert found.sum() == pytest.approx(30.25 * 30.5, rel=1e-3)
    assert found[30, 10] == pytest.approx(0.75, abs=0.003)
    assert found[50, 30] == pytest.approx(0.5, abs=0.003)
    assert found[30, 30] == 1
    assert found[19].sum() == found[:, 41].sum() == 0
    hard = selections.select_path(points="10.25,20;40.5,20;40.5,50.5;10.25,50.5", smooth=False)
    assert set(np.unique(chosen(hard.apply(document())))) == {0, 1}


@pytest.mark.parametrize("turn", [1, -1])
def test_a_path_that_crosses_itself_leaves_no_hole_and_one_beyond_the_picture_ends_there(turn):
    angles = np.arange(5) * turn * 4 * np.pi / 5
    star = [(60 + 40 * np.sin(a), 45 - 40 * np.cos(a)) for a in angles]
    found = chosen(selections.select_path(points=selections.path_told(star)).apply(document()))
    assert found[45, 60] == 1, "the middle of a star that is drawn in one line"
    wide = selections.select_path(points="-500,-500;900,-500;900,40;-500,40")
    found = chosen(wide.apply(document()))
    assert found[:40].all()
    assert not found[40:].any()


def test_a_second_path_is_added_taken_away_or_kept_of_the_first():
    first = selections.select_path(points="10,10;60,10;60,60;10,60").apply(document())
    for how, expected in (("add", 3400), ("subtract", 1600), ("intersect", 900)):
        second = selections.select_path(points="30,30;90,30;90,60;30,60", how=how)
        assert chosen(second.apply(first)).sum() == expected
    with pytest.raises(EditError, match="select something first"):
        selections.select_path(points="1,1;5,1;5,5", how="subtract").apply(document())


@pytest.mark.parametrize(
    ("points", "told"),
    [
        ("", "a path's points are"),
        ("1,2;3,4", "three points at least"),
        ("1,2;3,4;5,nan", "within"),
        ("1,2;3,4;5,1e30", "within"),
        ("1,2,3;3,4,5;5,6,7", "three points at least"),
        (";".join(["1,2"] * 100_001), "100000 points at most"),
    ],
)
def test_what_is_no_path_is_refused_in_words(points, told):
    with pytest.raises(EditError, match=told):
        selections.select_path(points=points).apply(document())


def patches():
    """Two grey-blue fields of slightly different colour left and right, a third apart from them."""
    pixels = np.full((60, 90, 3), (200, 180, 160), np.uint8)
    pixels[10:50, 10:30] = (60, 90, 140)
    pixels[10:50, 30:40] = (66, 96, 146)
    pixels[10:50, 60:80] = (60, 90, 140)
    return Document.from_raster(Raster.from_array(pixels))


def test_a_wand_selects_what_is_like_a_pixel_together_with_it_or_anywhere():
    def area(**given):
        edit = selections.select_similar(x=12.5, y=12.5, smooth=False, **given)
        return chosen(edit.apply(patches())).sum()

    assert area(tolerance=0) == 800
    assert area(tolerance=8) == 1200
    assert area(tolerance=8, contiguous=False) == 2000
    soft = chosen(selections.select_similar(x=12.5, y=12.5).apply(patches()))
    assert soft.sum() == pytest.approx(1200)
    assert 0 < soft[9, 20] < 1
    with pytest.raises(EditError, match="beside the picture"):
        selections.select_similar(x=-1, y=5).apply(document())


@pytest.mark.parametrize("name", ["select_similar", "select_colour", "select_tones"])
def test_what_is_selected_part_by_part_is_that_selected_at_once(name, monkeypatch):
    told = {
        "select_similar": {"x": 12.5, "y": 12.5},
        "select_colour": {"colour": "#3c5a8c"},
        "select_tones": {},
    }
    made = DECLARED[name](**told[name])
    whole = chosen(made.apply(patches()))
    monkeypatch.setattr(edits.one_layer, "SQUARE", 16)
    assert 0 < whole.sum() < whole.size
    assert np.array_equal(chosen(made.apply(patches())), whole)


def test_a_wand_looks_at_one_layer_or_at_all():
    above = np.zeros((60, 90, 4), np.uint8)
    above[:, 45:] = (255, 0, 0, 255)
    top = Layer("Top", Raster.from_array(above))
    both = replace(patches(), layers=(*patches().layers, top))
    under = both.layers[0].id
    for sample, layer, expected in (("all_layers", under, 1200), ("layer", under, 2000)):
        edit = selections.select_similar(
            layer=layer, x=12, y=12, contiguous=False, sample=sample, smooth=False
        )
        assert chosen(edit.apply(both)).sum() == expected
    bare = replace(
        both, layers=(*both.layers, Layer("Filter", LiveFilter("blur", "Blur", "p", "1")))
    )
    with pytest.raises(EditError, match="Filter holds no pixels"):
        selections.select_similar(layer=bare.layers[-1].id, sample="layer").apply(bare)


def test_a_colour_is_selected_wherever_it_is_and_fades_over_the_softness():
    found = chosen(
        selections.select_colour(colour="#3c5a8c", tolerance=0.01, softness=0.1).apply(patches())
    )
    assert found[20, 20] == found[20, 70] == 1
    assert 0.3 < found[20, 35] < 1
    assert found[5, 5] == 0


def test_tones_are_selected_by_their_lightness():
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(4, axis=0)
    picture = Document.from_raster(Raster.from_array(ramp))
    found = chosen(selections.select_tones(tones=(0.4, 0.6), softness=0).apply(picture))[0]
    light = skimage.color.rgb2lab(ramp)[0, :, 0] / 100
    np.testing.assert_array_equal(found > 0, (light >= 0.4) & (light <= 0.6))
    soft = chosen(selections.select_tones(tones=(0.4, 0.6), softness=0.2).apply(picture))[0]
    half = np.argmin(np.abs(light - 0.3))
    assert soft[half] == pytest.approx(0.5, abs=0.02)


def test_a_border_is_as_wide_as_is_said_and_smoothing_takes_specks_and_keeps_the_edge():
    square = selections.select_path(points="40,30;80,30;80,60;40,60").apply(document())
    rim = chosen(selections.border_selection(by=4).apply(square))
    assert rim[45, 38:42].all()
    assert rim[45, 43] == rim[45, 36] == 0
    speck = selections.select_path(points="5,5;8,5;8,8;5,8", how="add").apply(square)
    smooth = chosen(selections.smooth_selection(by=6).apply(speck))
    assert not smooth[:12, :12].any()
    assert (smooth[45, 38], smooth[45, 42]) == (0, 1)
    assert smooth[30, 40] < 0.5, "a corner is rounded off"
    with pytest.raises(EditError, match="nothing is selected"):
        selections.smooth_selection().apply(document())


def test_a_mask_is_selected_and_a_selection_is_added_to_a_mask_taken_from_it_or_kept_of_it():
    first = selections.select_path(points="10,10;60,10;60,60;10,60").apply(document())
    masked = edits.mask_from_selection().apply(first)
    second = selections.select_path(points="30,30;90,30;90,60;30,60").apply(masked)
    for how, expected in (("add", 3400), ("subtract", 1600), ("intersect", 900), ("replace", 1800)):
        made = edits.mask_from_selection(how=how).apply(second)
        assert made.layers[0].mask.to_array().sum() / 255 == expected
        again = edits.selection_from_mask().apply(edits.deselect().apply(made))
        assert chosen(again).sum() == expected
    gone = edits.mask_from_selection(how="subtract").apply(edits.mask_from_selection().apply(first))
    assert not gone.layers[0].mask.to_array().any(), "a mask of which nothing is left hides all"
    with pytest.raises(EditError, match="no mask"):
        edits.mask_from_selection(how="intersect").apply(first)
    with pytest.raises(EditError, match="has no mask"):
        edits.selection_from_mask().apply(first)
