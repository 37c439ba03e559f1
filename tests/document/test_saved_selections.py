"""Saved selections: kept with the document under a name, over the same part of the picture."""

import numpy as np
import pytest

from safelight.document import DECLARED, Document, EditError, History, edits
from safelight.files.project.project import Project
from safelight.pixels import Raster, to_float


@pytest.fixture
def saved():
    """A picture of 120 x 80 with what lies in a box kept as Eye, and nothing selected."""
    document = Document.from_raster(Raster.filled(120, 80, (9, 9, 9), "uint8"))
    document = edits.select_box(box=(30, 20, 40, 30)).apply(document)
    document = DECLARED["save_selection"](name="Eye").apply(document)
    return edits.deselect().apply(document)


def selected(document):
    mask = document.picture.selection
    return None if mask is None else to_float(mask.to_array())[..., 0] > 0.5


def box(x, y, width, height, size=(80, 120)):
    made = np.zeros(size, bool)
    made[y : y + height, x : x + width] = True
    return made


def load(document, **given):
    return DECLARED["load_selection"](**given).apply(document)


def test_what_was_saved_is_selected_again_added_subtracted_and_intersected(saved):
    assert saved.selection is None
    assert np.array_equal(selected(load(saved, name="Eye")), box(30, 20, 40, 30))
    other = edits.select_box(box=(50, 40, 60, 30)).apply(saved)
    mine, theirs = box(30, 20, 40, 30), box(50, 40, 60, 30)
    for how, expected in (
        ("add", mine | theirs),
        ("subtract", theirs & ~mine),
        ("intersect", mine & theirs),
    ):
        assert np.array_equal(selected(load(other, how=how)), expected)


def test_a_name_is_there_once_and_one_is_found_where_none_is_given(saved):
    again = edits.select_box(box=(0, 0, 10, 10)).apply(saved)
    again = DECLARED["save_selection"](name="Eye").apply(again)
    assert [item.name for item in again.saved] == ["Eye"]
    assert np.array_equal(selected(load(edits.deselect().apply(again))), box(0, 0, 10, 10))
    again = DECLARED["save_selection"]().apply(again)
    assert [item.name for item in again.saved] == ["Eye", "Selection 1"]
    left = DECLARED["remove_saved_selection"](name="Eye").apply(again)
    assert [item.name for item in left.saved] == ["Selection 1"]
    with pytest.raises(EditError, match="no selection is saved as Eye; there are Selection 1"):
        load(left, name="Eye")
    with pytest.raises(EditError, match="nothing is selected"):
        DECLARED["save_selection"]().apply(saved)


def test_it_lies_over_the_same_part_after_a_crop_and_in_another_size(saved):
    cropped = edits.crop(box=(20, 10, 60, 60)).apply(saved)
    assert np.array_equal(selected(load(cropped)), box(10, 10, 40, 30, (60, 60)))
    half = edits.resize(width=60, height=40).apply(saved)
    assert np.array_equal(selected(load(half)), box(15, 10, 20, 15, (40, 60)))
    both = edits.resize(width=30, height=30).apply(cropped)
    assert np.array_equal(selected(load(both)), box(5, 5, 20, 15, (30, 30)))


def test_a_project_keeps_it(saved, tmp_path):
    Project.create(tmp_path / "eye.safelight", History.start(saved)).close()
    project, history = Project.open(tmp_path / "eye.safelight")
    assert [item.name for item in history.document.saved] == ["Eye"]
    assert np.array_equal(selected(load(history.document)), box(30, 20, 40, 30))
    project.close()
