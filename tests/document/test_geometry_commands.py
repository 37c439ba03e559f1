"""Flip, turn, crop and resize as commands: exact, undone, and written down as what they are."""

from dataclasses import replace

import numpy as np
import pytest

from safelight.api import Region
from safelight.document import (
    Document,
    EditError,
    Group,
    History,
    Layer,
    LiveFilter,
    edits,
    render,
)
from safelight.pixels import Raster
from tests.document.strategies import FakeLive, raster


@pytest.fixture
def document():
    return Document.from_raster(raster(140, 90, 3, "uint16"))


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (edits.flip("horizontal"), lambda x: x[:, ::-1]),
        (edits.flip(axis="vertical"), lambda x: x[::-1]),
        (edits.turn(90), lambda x: np.rot90(x, -1)),
        (edits.turn(180), lambda x: x[::-1, ::-1]),
        (edits.turn(270), np.rot90),
        (edits.crop((10, 20, 100, 60)), lambda x: x[20:80, 10:110]),
    ],
)
def test_every_pixel_keeps_its_value_and_no_raster_is_made(document, edit, expected):
    history = History.start(document).do(edit)
    made = history.document
    assert np.array_equal(render(made, made.region), expected(render(document, document.region)))
    assert made.layers == document.layers
    assert history.undo().document is document


def test_a_crop_without_a_box_is_of_what_is_selected(document):
    with pytest.raises(EditError, match="neither a box nor a selection"):
        edits.crop().apply(document)
    selected = edits.select_region(Region(30, 40, 50, 20)).apply(document)
    cropped = edits.crop().apply(selected)
    expected = edits.crop((30, 40, 50, 20)).apply(selected)
    assert (cropped.width, cropped.height, cropped.frame) == (50, 20, expected.frame)
    assert edits.crop.when(selected, None)
    assert not edits.crop.when(document, None)


def test_what_the_history_calls_it_says_which_way():
    assert edits.crop((0, 0, 9, 9)).label == "Crop"
    lines = [(line.text.replace("&", ""), line.settings) for line in edits.turn.lines]
    assert lines == [
        ("Turn right", {"angle": 90}),
        ("Turn left", {"angle": 270}),
        ("Turn upside down", {"angle": 180}),
    ]
    for item in (edits.flip, edits.turn):
        for line in item.lines:
            assert item(**line.settings).label == line.text.replace("&", "")


def test_a_resize_takes_its_time_and_keeps_the_shape(document):
    edit = edits.resize(height=45)
    assert edit.renders is not None
    made = edit.apply(document)
    assert (made.width, made.height, made.depth) == (70, 45, "uint16")
    with pytest.raises(EditError, match="state a width or a height"):
        edits.resize().apply(document)


def test_a_resize_scales_lengths_of_filters_and_masks_in_groups_too(document):
    class Scaling(FakeLive):
        def scaled(self, filter, factor):
            radius = round(filter.settings["radius"] * factor)
            return replace(filter, settings={**filter.settings, "radius": radius})

    wide = LiveFilter("cross", settings={"radius": 4}, grow=6, feather=10)
    inside = Layer("Inside", wide, id="inside")
    group = Layer("Group", Group((inside,)), id="group")
    held = replace(document, layers=(*document.layers, Layer("Wide", wide, id="wide"), group))
    half = edits.resize(width=held.width // 2).through(Scaling()).apply(held)
    for layer in (half.layer("wide"), half.layer("inside")):
        assert layer.filter.settings["radius"] == 2
        assert (layer.filter.grow, layer.filter.feather) == (3, 5)
    unknown = edits.resize(width=held.width // 2).apply(held).layer("wide").filter
    assert (unknown.settings["radius"], unknown.grow) == (4, 3)


def test_a_resize_in_linear_light_is_brighter_where_black_meets_white():
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:, ::2] = 255
    stripes = Document.from_raster(Raster.from_array(pixels))
    encoded, linear = (
        render(edits.resize(width=8, linear=linear).apply(stripes), Region(0, 0, 8, 8))[4, 4, 0]
        for linear in (False, True)
    )
    assert abs(int(encoded) - 128) <= 2  # half the code
    assert abs(int(linear) - 188) <= 2  # half the light (IEC 61966-2-1)


def test_a_document_in_linear_light_resizes_in_it_and_goes_back():
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:, ::2] = 255
    stripes = Document.from_raster(Raster.from_array(pixels))
    asked = edits.set_linear_light().apply(stripes)
    small = edits.resize(width=8).apply(asked)
    assert abs(int(render(small, Region(0, 0, 8, 8))[4, 4, 0]) - 188) <= 2
    assert edits.set_linear_light(linear=False).apply(asked) == stripes
