"""Distort and warp: pixels are resampled once from a layer's own, however often it is done."""

from dataclasses import replace

import numpy as np
import pytest

from safelight.api import Region
from safelight.document import Document, EditError, Group, Layer, Stroke, edits, geometry
from safelight.document import render as rendered
from safelight.document.commands import distort_commands
from safelight.document.commands.distort_commands import (
    corners_of,
    distort,
    grid_of,
    is_warped,
    warp,
    written,
)
from safelight.document.commands.retouch_commands import paint_pixels
from safelight.document.placement import IDENTITY, Place
from safelight.pixels import Raster

GROUND = Raster.filled(200, 150, (10, 10, 10), "uint8")


def picture(seed=1, channels=3):
    pixels = np.random.default_rng(seed).integers(60, 256, (60, 80, channels), np.uint8)
    pixels[..., 3:] = 255
    return Raster.from_array(pixels)


def composed(**settings):
    layer = Layer("Top", picture(), id="top", place=Place.offset(50, 40), **settings)
    return replace(Document.from_raster(GROUND), layers=(Layer("Ground", GROUND), layer))


def test_corners_come_to_lie_where_they_are_pulled_and_back_without_loss():
    document = composed()
    assert corners_of(document, document.layer("top")) == [
        (50, 40),
        (130, 40),
        (130, 100),
        (50, 100),
    ]
    pulled = [(40, 30), (150, 50), (140, 120), (60, 90)]
    made = document
    for _ in range(20):
        made = distort(layer="top", corners=written(pulled)).apply(made)
        assert corners_of(made, made.layer("top")) == [pytest.approx(point) for point in pulled]
        made = distort(layer="top", corners="50,40;130,40;130,100;50,100").apply(made)
    again = made.layer("top")
    assert again.raster is document.layer("top").raster
    assert again.place.matrix == pytest.approx(document.layer("top").place.matrix, abs=1e-9)
    whole = document.region
    assert np.array_equal(rendered(made, whole), rendered(document, whole))


def test_a_mirrored_layer_and_a_group_with_masks_are_pulled_too():
    document = composed(
        mask=Raster.filled(80, 60, (255,), "uint8"), mask_place=Place.offset(50, 40)
    )
    top = document.layer("top")
    mirrored = document.with_layer(
        replace(top, place=Place.offset(130, 40).after(Place.scaled(-1, 1)))
    )
    corners = corners_of(mirrored, mirrored.layer("top"))
    assert corners[0] == (130, 40)
    corners[0] = 140, 30
    made = distort(layer="top", corners=written(corners)).apply(mirrored)
    assert corners_of(made, made.layer("top"))[0] == pytest.approx((140, 30))
    group = replace(
        document, layers=(document.layers[0], Layer("Group", Group((top,)), id="group"))
    )
    made = distort(layer="group", corners="50,40;130,40;150,100;50,100").apply(group)
    inner = made.layer("top")
    assert corners_of(made, inner)[2] == pytest.approx((150, 100))
    assert inner.mask_place.at(80, 60) == pytest.approx((150, 100))


@pytest.mark.parametrize(
    ("corners", "said"),
    [
        ("50,40;130,40;50,100;130,100", "without a dent"),
        ("50,40;50,40;130,100;50,100", "lie on one another"),
        ("50,40;130,40;80,60;50,100", "without a dent"),
        ("50,40;130,40", "4 points"),
        ("50,40;130,40;a,b;1,2", "points are x,y"),
        ("50,40;1e9,40;130,100;50,100", "pixels away"),
        ("50,40;nan,40;130,100;50,100", "pixels away"),
        ("0,0;8,0;4000,3000;0,4", "horizon|without a dent"),
    ],
)
def test_corners_that_no_rectangle_has_get_a_sentence(corners, said):
    with pytest.raises(EditError, match=said):
        distort(layer="top", corners=corners).apply(composed())


def grid(document, **moved):
    points = grid_of(document, document.layer("top"))
    for name, way in moved.items():
        k = int(name[1:])
        points[k] = points[k][0] + way[0], points[k][1] + way[1]
    return points


def test_a_warp_is_seen_where_its_points_lie_and_can_be_changed_and_taken_away():
    document = composed()
    points = grid(document, p5=(6, -5), p15=(12, 9))
    made = warp(layer="top", points=written(points)).apply(document)
    layer = made.layer("top")
    assert is_warped(layer)
    assert [pytest.approx(point, abs=0.006) for point in points] == grid_of(made, layer)
    box = geometry.box_of(made, layer)
    assert (box.right, box.bottom) == (142, 109)
    seen = rendered(made, made.region)
    assert (seen[107, 138, :3] > 40).all()  # in the corner that was pulled
    assert (seen[:39] == 10).all()  # while the points along an edge stay, the edge does
    for way in ((1, 1), (-4, 3)):  # again and again, from the layer's own pixels
        made = warp(layer="top", points=written(grid(made, p10=way))).apply(made)
        assert next(layer.kind.rasters(made.layer("top").content)) is document.layer("top").raster
    plain = distort_commands.remove_warp(layer="top").apply(made).layer("top")
    assert plain.raster is document.layer("top").raster
    assert plain.place == document.layer("top").place


def test_a_warped_layer_is_moved_distorted_flattened_and_resized():
    document = composed()
    made = warp(layer="top", points=written(grid(document, p0=(-9, -7)))).apply(document)
    before = grid_of(made, made.layer("top"))
    moved = edits.move_pixels(layer="top", x=11, y=-3).apply(made)
    there = grid_of(moved, moved.layer("top"))
    assert there == [pytest.approx((x + 11, y - 3)) for x, y in before]
    shifted = rendered(moved, Region(30, 20, 100, 80))
    before = rendered(made, Region(19, 23, 100, 80)).astype(int)
    # Noise of 8 bits, at places that are a tenth of a pixel off at the most.
    assert np.abs(shifted - before).max() <= 20
    corners = corners_of(made, made.layer("top"))
    corners[2] = corners[2][0] + 20, corners[2][1] + 10
    pulled = distort(layer="top", corners=written(corners)).apply(made)
    assert corners_of(pulled, pulled.layer("top"))[2] == pytest.approx(corners[2], abs=0.01)
    flat = edits.flatten().apply(made)
    whole = pulled.region
    assert (
        np.abs(rendered(flat, whole)[..., :3] - rendered(made, whole)[..., :3].astype(int)).max()
        <= 1
    )
    half = geometry.resize(pulled, 100, 75)
    assert half.layer("top").holds_pixels
    assert half.layer("top").place == IDENTITY


def test_what_cannot_be_warped_gets_a_sentence():
    document = composed()
    with pytest.raises(EditError, match="folded over itself"):
        warp(layer="top", points=written(grid(document, p5=(70, 0)))).apply(document)
    with pytest.raises(EditError, match="16 points"):
        warp(layer="top", points="1,1;2,2").apply(document)
    filled = edits.add_fill_layer(colour="#ff0000").apply(document)
    with pytest.raises(EditError, match="no pixels"):
        warp(layer=filled.layers[-1].id, points=written(grid(document))).apply(filled)


def test_what_is_distorted_strongly_is_seen_by_filters_and_flattened_as_it_is():
    """Seen from far outside, its horizon lies before the first pixel that is looked at."""
    made = distort(layer="top", corners="45,60;90,60;190,140;5,140").apply(composed())
    inside = Region(1024, 1024, made.width, made.height)
    wide = rendered(made.around(1024), inside)
    assert np.array_equal(wide[..., :3], rendered(made, made.region)[..., :3])


def test_on_a_warped_layer_the_mask_is_painted_and_strokes_go_on_it_or_above_it():
    document = composed()
    bent = warp(layer="top", points=written(grid(document, p5=(6, -5)))).apply(document)
    held = Stroke(((80.0, 70.0, 1.0),), 8.0, erase=True)
    masked = edits.paint_mask("top", held, "a", held.written).apply(bent)
    before, after = (rendered(x, x.region)[..., :3].astype(int) for x in (bent, masked))
    down, across = np.nonzero(np.abs(after - before).max(axis=2))
    assert np.hypot(across + 0.5 - 80, down + 0.5 - 70).max() <= 9  # under the brush alone
    assert (after[70, 80] == 10).all()
    told = {"points": "80,70,1", "radius": 5.0, "colour": "#ff0000"}
    own = paint_pixels(layer="top", **told).apply(bent)
    assert len(own.layers) == len(bent.layers) + 1
    assert rendered(own, own.region)[70, 80, :3].tolist() == [255, 0, 0]
    filled = edits.add_fill_layer().apply(document)
    over = paint_pixels(layer=filled.layers[-1].id, **told).apply(filled)
    assert rendered(over, over.region)[70, 80, :3].tolist() == [255, 0, 0]  # above the fill, too
    on_it = paint_pixels(layer="top", own_layer=False, **told).apply(bent)
    assert len(on_it.layers) == len(bent.layers)
    assert rendered(on_it, on_it.region)[70, 80, :3].tolist() == [255, 0, 0]
    turned = distort(layer="top", corners="55,40;130,45;130,100;50,100").apply(document)
    assert len(paint_pixels(layer="top", **told).apply(turned).layers) == 3
    assert len(paint_pixels(layer="top", own_layer=False, **told).apply(turned).layers) == 2
