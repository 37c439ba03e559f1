"""Selections by a path: what they hold, and what is no path."""

import numpy as np
import pytest

from safelight.document import Document, EditError, selections
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
