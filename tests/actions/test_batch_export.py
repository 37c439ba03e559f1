"""Batch: several documents go to one folder, and none of them costs another one."""

from datetime import datetime

import numpy as np
import pytest
from PIL import Image

from safelight import actions
from safelight.actions import BatchItem
from safelight.document import Document
from safelight.pixels import Raster

WHEN = datetime(2026, 11, 29, 20, 30)
JPEG = actions.ExportOptions(format="JPEG")


def item(name, shade=100, source=None):
    pixels = np.full((30, 40, 3), shade, np.uint8)
    return BatchItem(name, Document.from_raster(Raster.from_array(pixels)), source)


def names(items, folder, pattern="{name}", *, replace=False, spared=()):
    found = actions.destinations(
        items, folder, pattern, ".jpg", JPEG, when=WHEN, replace=replace, spared=spared
    )
    assert {path.parent for path in found} == {folder}
    return [path.name for path in found]


def test_each_has_the_name_that_the_pattern_makes_of_it(tmp_path):
    items = [item(f"{letter}.png") for letter in "abcdefghij"]
    found = names(items, tmp_path, "{date} {number} {name} {width}")
    assert found[0] == "2026-11-29 01 a 40.jpg"  # in this order in every list of files
    assert found[9] == "2026-11-29 10 j 40.jpg"
    with pytest.raises(actions.ExportError, match="has no {nmae}"):
        names(items, tmp_path, "{nmae}")


def test_no_two_photographs_have_one_name_on_any_system(tmp_path):
    items = [item("sea.png"), item("Sea.tif"), item("sea-2.png"), item("sea.jpg")]
    for replace in (True, False):
        assert names(items, tmp_path, replace=replace) == [
            *("sea.jpg", "Sea-2.jpg", "sea-2-2.jpg", "sea-3.jpg")
        ]


def test_a_name_that_is_there_is_replaced_or_has_a_number(tmp_path):
    (tmp_path / "sea.jpg").write_bytes(b"")
    items = [item("sea.png"), item("sun.png")]
    assert names(items, tmp_path, replace=True) == ["sea.jpg", "sun.jpg"]
    assert names(items, tmp_path, replace=False) == ["sea-2.jpg", "sun.jpg"]


def test_a_photograph_that_is_open_is_never_replaced_by_others(tmp_path):
    (tmp_path / "sea.jpg").write_bytes(b"")
    items = [item("sea.jpg", source=tmp_path / "sea.jpg")]
    spared = [tmp_path / "x" / ".." / "sea.jpg"]
    assert names(items, tmp_path, replace=True, spared=spared) == ["sea-2.jpg"]


def test_one_that_fails_does_not_keep_the_others(tmp_path):
    items = [item("a", 50), item("b", 100), item("c", 150)]
    paths = [tmp_path / "a.jpg", tmp_path / "gone" / "b.jpg", tmp_path / "c.jpg"]
    found = actions.export_each(items, paths, JPEG)
    assert [x.place for x in found] == [0, 1, 2]
    assert [x.exported is not None for x in found] == [True, False, True]
    assert "does not exist" in found[1].reason
    assert Image.open(paths[2]).getpixel((9, 9))[0] == pytest.approx(150, abs=2)


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"mine")
    (outcome,) = actions.export_each([item("a")], [tmp_path / "a.jpg"], JPEG)
    assert "exists" in outcome.reason
    assert (tmp_path / "a.jpg").read_bytes() == b"mine"
    (outcome,) = actions.export_each([item("a")], [tmp_path / "a.jpg"], JPEG, overwrite=True)
    assert outcome.exported is not None


def test_what_is_cancelled_leaves_nothing_half_written(tmp_path):
    items = [item("a"), item("b"), item("c")]
    told = []

    def hear(place, done):
        told.append((place, done))
        if place == 1 and done > 0.5:
            raise actions.Cancelled

    paths = [tmp_path / f"{x.name}.jpg" for x in items]
    found = actions.export_each(items, paths, JPEG, hear=hear)
    assert [x.path for x in found] == paths[:1]
    assert sorted(tmp_path.iterdir()) == paths[:1]
    assert (0, 0.0) in told
    assert (0, 1.0) in told
