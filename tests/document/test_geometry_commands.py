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


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [3, 4])
def test_pixel_art_is_resized_pixel_by_pixel_by_the_nearest(depth, channels):
    art = raster(13, 9, channels, depth, 3)
    mask = raster(13, 9, 1, "uint8", 4)
    document = replace(Document.from_raster(art), selection=mask)
    large = edits.resize(width=39, method="nearest").apply(document)
    for made, own in ((large.layers[0].raster, art), (large.selection, mask)):
        assert made.depth == own.depth
        expected = own.to_array().repeat(3, 0).repeat(3, 1)
        np.testing.assert_array_equal(made.to_array(), expected)
    back = edits.resize(width=13, method="nearest").apply(large)
    np.testing.assert_array_equal(back.layers[0].raster.to_array(), art.to_array())


def test_a_bicubic_resize_keeps_a_parabola_and_rings_less_than_lanczos():
    x = np.arange(40, dtype=np.float32) + 0.5
    curve = (0.2 + 0.3 * (x / 40) ** 2).astype(np.float32)
    edge = np.where(x < 20, 0.2, 0.8).astype(np.float32)

    def resized(row, method):
        pixels = np.repeat(np.repeat(row[None, :, None], 8, 0), 3, 2)
        document = Document.from_raster(Raster.from_array(pixels.copy()))
        made = edits.resize(width=100, height=8, method=method).apply(document)
        return made.layers[0].raster.to_array()[4, :, 0]

    at = (np.arange(100) + 0.5) * 0.4
    inside = slice(8, -8)
    expected = 0.2 + 0.3 * (at / 40) ** 2
    assert np.abs(resized(curve, "bicubic") - expected)[inside].max() < 1e-4
    over = {method: resized(edge, method).max() - 0.8 for method in ("bicubic", "lanczos")}
    assert 0.01 < over["bicubic"] < over["lanczos"]


@pytest.mark.parametrize(("width", "height"), [(56, 36), (35, 90), (61, 23)])
def test_what_is_opaque_to_its_edges_is_so_when_it_is_made_larger(width, height):
    pixels = raster(14, 9, 4, "uint8", 3).to_array().copy()
    pixels[..., 3] = 255
    document = Document.from_raster(Raster.from_array(pixels))
    made = edits.resize(width=width, height=height).apply(document).layers[0].raster
    assert (made.to_array()[..., 3] == 255).all()


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


@pytest.mark.parametrize(
    ("vertical", "horizontal"), [(30, 0), (-30, 0), (0, 20), (0, -20), (25, 15)]
)
def test_a_perspective_makes_falling_lines_stand_and_can_be_taken_back(vertical, horizontal):
    """A stripe as a camera that was tilted draws it: the command's own map, drawn backwards."""
    document = Document.from_raster(raster(200, 160, 3, "uint8"))
    history = History.start(document)
    made = history.do(edits.perspective(vertical=vertical, horizontal=horizontal)).document
    assert (made.width, made.height) == (200, 160)
    assert not made.has_alpha
    assert made.layers is document.layers
    corners = made.frame.corners(200, 160)
    assert all(0 <= x <= 200 and 0 <= y <= 160 for x, y in corners)
    lengths = [np.hypot(*np.subtract(corners[k], corners[(k + 1) % 4])) for k in range(4)]
    upper, right, lower, left = lengths
    if not horizontal:
        shorter, longer = (upper, lower) if vertical > 0 else (lower, upper)
        assert shorter / longer == pytest.approx(1 - abs(vertical) / 100, abs=1e-9)
    if not vertical:
        shorter, longer = (left, right) if horizontal > 0 else (right, left)
        assert shorter / longer == pytest.approx(1 - abs(horizontal) / 100, abs=1e-9)
    assert edits.perspective().apply(document) is document


def test_lines_that_fall_stand_upright_after_a_perspective():
    rows, columns = np.mgrid[0:160, 0:200] + 0.5
    # Two walls that come nearer to each other upwards: 30 percent less far apart at the top.
    share = 0.7 + 0.3 * rows / 160
    away = np.abs(columns - 100) - 60 * share
    picture = np.repeat(np.exp(-((away / 3) ** 2)).astype(np.float32)[..., None], 3, 2)
    document = Document.from_raster(Raster.from_array(picture))
    made = edits.perspective(vertical=30).apply(document)
    seen = render(made, made.region)[..., 0].astype(float)
    half = seen[:, :100]
    middles = (half * np.arange(100)).sum(1) / half.sum(1)
    assert np.ptp(middles) < 1  # of the two pixels' rim that is not shown
    before = picture[:, :100, 0].astype(float)
    assert np.ptp((before * np.arange(100)).sum(1) / before.sum(1)) > 15
