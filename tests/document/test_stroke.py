"""Strokes: what a brush leaves on a mask, and how little of it is made anew."""

import itertools
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.document import Document, EditError, History, Layer, LiveFilter, Stroke, edits
from safelight.document.strokes.stroke import painted
from safelight.pixels import TILE, Raster, to_float
from tests.document.strategies import raster

WIDTH, HEIGHT = 300, 280

COORDINATES = st.floats(-40, 340)
PRESSED = st.sampled_from([1.0, 1.0, 0.3])
POINTS = st.tuples(COORDINATES, COORDINATES, PRESSED) | st.tuples(
    COORDINATES, COORDINATES, PRESSED, PRESSED
)
USUAL_OR_LESS = st.sampled_from([1.0, 1.0, 0.4])


@st.composite
def strokes(draw, most=5, flows=USUAL_OR_LESS):
    points = tuple(draw(st.lists(POINTS, min_size=1, max_size=most)))
    radius, hardness = draw(st.floats(0.3, 60)), draw(st.floats(0, 1))
    return Stroke(
        *(points, radius, hardness, draw(st.booleans())),
        opacity=draw(USUAL_OR_LESS),
        flow=draw(flows),
        spacing=draw(st.sampled_from([0.0, 0.0, 0.7])),
        pencil=draw(st.sampled_from([False, False, True])),
    )


def black(width=WIDTH, height=HEIGHT):
    return Raster.filled(width, height, (0,), "uint8")


def photograph(selection=None, mask=None, width=WIDTH, height=HEIGHT):
    below = Layer("Photograph", Raster.filled(width, height, (9, 9, 9), "uint8"), id="photo")
    layer = Layer("Soft", LiveFilter("soft"), mask=mask, id="soft")
    return Document(width, height, "uint8", (below, layer), selection=selection)


def values(mask):
    return mask.to_array()[..., 0]


def distances(x, y):
    """From (x, y) to the middle of each pixel, in pixels."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    return np.hypot(columns - x, rows - y)


@pytest.mark.parametrize(("x", "y", "radius"), [(150.0, 130.0, 40), (256.3, 3.8, 25), (0, 0, 9.5)])
def test_a_hard_dab_is_a_disc_with_a_rim_of_one_pixel(x, y, radius):
    dab = values(painted(black(), Stroke(((x, y, 1.0),), radius)))
    away = distances(x, y)
    assert (dab[away <= radius - 0.5] == 255).all()
    assert (dab[away >= radius + 0.5] == 0).all()
    # A smoothstep is nowhere further than 0.0963 from the straight line it bends around.
    assert np.abs(dab / 255 - np.clip(radius + 0.5 - away, 0, 1)).max() < 0.0963 + 0.5 / 255


@pytest.mark.parametrize("hardness", [0.0, 0.25, 0.7])
def test_a_soft_dab_is_full_to_its_hardness_and_fades_evenly_to_its_rim(hardness):
    radius = 60
    dab = values(painted(black(), Stroke(((150.0, 140.0, 1.0),), radius, hardness)))
    away = distances(150, 140)
    assert (dab[away <= radius * hardness] == 255).all()
    assert (dab[away >= radius + 0.5] == 0).all()
    row = dab[140, 150:211].astype(int)
    assert (np.diff(row) <= 0).all()
    half = row[round(radius * (1 + hardness) / 2)]
    assert abs(half - 128) < 8  # the middle of a smoothstep is a half, a pixel more or less


@given(
    stroke=strokes(flows=st.just(1.0)),
    seed=st.integers(0, 3),
    depth=st.sampled_from(["uint8", "uint16"]),
)
def test_painting_twice_over_a_place_is_painting_it_once(stroke, seed, depth):
    once = painted(raster(WIDTH, HEIGHT, 1, depth, seed), stroke)
    assert painted(once, stroke) is once


@given(stroke=strokes(), seed=st.integers(0, 3))
def test_a_brush_only_adds_and_an_eraser_only_takes_away(stroke, seed):
    mask = raster(WIDTH, HEIGHT, 1, "uint8", seed)
    before, after = values(mask).astype(int), values(painted(mask, stroke)).astype(int)
    assert ((after <= before) if stroke.erase else (after >= before)).all()


@given(stroke=strokes())
def test_a_stroke_painted_piece_by_piece_is_the_stroke_painted_at_once(stroke):
    mask = start = raster(WIDTH, HEIGHT, 1, "uint8", 1)
    pairs = [*itertools.pairwise(stroke.points)] or [stroke.points]
    evenly = len({point[2:] for point in stroke.points}) == 1
    ahead = 0.0
    for number, pair in enumerate(pairs):
        piece = replace(stroke, points=pair, goes_on=evenly and number > 0, ahead=ahead)
        mask, ahead = painted(mask, piece), piece.left
    assert np.array_equal(values(mask), values(painted(start, stroke)))


def test_a_piece_of_a_stroke_leaves_alone_what_lies_behind_its_start(monkeypatch):
    stroke = sys.modules["safelight.document.strokes.stroke"]
    computed, lay = [], stroke._lay
    monkeypatch.setattr(stroke, "_lay", lambda *given: computed.append(given[1]) or lay(*given))
    first, last = (1000.0, 1000.0, 1.0), (1120.0, 1040.0, 1.0)
    begun = painted(black(3000, 2000), Stroke((first, first), 500, 0.0))
    computed.clear()
    afresh = painted(begun, Stroke((first, last), 500, 0.0))
    alone = len(computed)
    computed.clear()
    gone_on = painted(begun, Stroke((first, last), 500, 0.0, goes_on=True))
    assert len(computed) <= alone * 0.75
    difference = values(gone_on).astype(int) - values(afresh)
    assert np.abs(difference).max() <= 1  # the same distance, rounded otherwise


@given(stroke=strokes(flows=st.just(1.0)))
def test_every_depth_holds_the_same_stroke(stroke):
    coarse, fine = (
        to_float(painted(Raster.filled(WIDTH, HEIGHT, (0,), depth), stroke).to_array())
        for depth in ("uint8", "float32")
    )
    assert np.abs(coarse - fine).max() <= 0.5 / 255 + 1e-6


@given(stroke=strokes())
def test_zoom_levels_kept_while_painting_are_those_made_afresh(stroke):
    mask = raster(WIDTH, HEIGHT, 1, "uint8", 2)
    mask.level(3)
    after = painted(mask, stroke)
    fresh = Raster.from_array(after.to_array())
    for level in (1, 2, 3):
        assert np.array_equal(values(after.level(level)), values(fresh.level(level)))


def test_a_line_has_no_gaps_and_no_scallops_however_far_its_points_lie_apart():
    line = values(painted(black(), Stroke(((20.0, 100.5, 1.0), (280.0, 100.5, 1.0)), 8)))
    assert (line[93:108, 20:280] == 255).all()
    assert (np.ptp(line[:, 20:280], axis=1) == 0).all()


def test_pressure_scales_the_radius_along_the_way():
    line = values(painted(black(), Stroke(((20.0, 100.5, 0.25), (280.0, 100.5, 1.0)), 40)))
    thickness = (line > 127).sum(axis=0)
    assert (np.diff(thickness[20:280]) >= 0).all()
    assert abs(thickness[20] - 20) <= 3  # the slope of the rim makes it a little thicker
    assert abs(thickness[279] - 80) <= 3


def test_spaced_dabs_lie_as_far_apart_as_is_said_and_begin_at_the_first_point():
    stroke = Stroke(((40.0, 100.5, 1.0), (90.0, 100.5, 1.0), (250.0, 100.5, 1.0)), 5, spacing=2.5)
    row = values(painted(black(), stroke))[100] > 127
    middles = [np.flatnonzero(row[x : x + 25]).mean() + 0.5 + x for x in range(28, 253, 25)]
    assert middles == [40 + 25 * n for n in range(9)]


@pytest.mark.parametrize(("flow", "depth"), [(0.25, "float32"), (0.25, "uint16"), (0.01, "uint8")])
def test_flow_builds_up_to_the_opacity_and_no_further(flow, depth):
    dab, mask = Stroke(((150.0, 140.0, 1.0),), 20, opacity=0.6, flow=flow), black()
    mask = Raster.filled(WIDTH, HEIGHT, (0,), depth)
    tops = []
    for _ in range(3):
        mask = painted(mask, dab)
        tops.append(float(to_float(mask.to_array()).max()))
    if depth != "uint8":
        expected = [0.6 * (1 - (1 - flow) ** n) for n in (1, 2, 3)]
        assert tops == pytest.approx(expected, abs=3 / 65535)  # a step of the depth a dab
    for _ in range(400):
        mask = painted(mask, dab)
    assert to_float(mask.to_array()).max() == pytest.approx(0.6, abs=0.5 / 255)
    assert painted(mask, replace(dab, flow=1.0)) is mask or depth == "float32"


def test_the_strength_of_a_point_is_what_it_leaves():
    line = values(painted(black(), Stroke(((20, 100.5, 1, 0.0), (280, 100.5, 1, 1.0)), 8)))
    assert (np.diff(line[100, 20:280].astype(int)) >= 0).all()
    assert line[100, 150] == pytest.approx(128, abs=2)


def test_a_pencil_takes_each_pixel_wholly_or_not_at_all():
    thin = values(painted(black(), Stroke(((20.5, 30.5, 1), (200.5, 90.5, 1)), 0.5, pencil=True)))
    assert set(np.unique(thin)) == {0, 255}
    assert ((thin[:, 21:200] == 255).sum(axis=0) >= 1).all()
    assert ((thin[:, 21:200] == 255).sum(axis=0) <= 2).all()
    disc = values(painted(black(), Stroke(((150.5, 140.5, 1),), 30, 0.2, pencil=True)))
    assert np.array_equal(disc == 255, distances(150.5, 140.5) <= 30)


@pytest.mark.parametrize(("wide", "high"), [(1000, 800), (24_000, 16_000)])
def test_a_dab_makes_as_many_tiles_anew_in_a_large_picture_as_in_a_small_one(wide, high):
    mask = black(wide, high)
    mask.level(5)
    after = painted(mask, Stroke(((2.0 * TILE, 2.0 * TILE, 1.0),), 20))
    for level in range(6):
        pairs = zip(mask.level(level).tiles(), after.level(level).tiles(), strict=True)
        changed = sum(before is not now for (_, before), (_, now) in pairs)
        assert changed == (4 if level <= 1 else 1), level


def test_a_slanting_line_leaves_the_tiles_alone_that_only_its_box_meets():
    mask = black(10 * TILE, 10 * TILE)
    after = painted(mask, Stroke(((1.0, 1.0, 1.0), (2559.0, 2559.0, 1.0)), 5))
    pairs = zip(mask.tiles(), after.tiles(), strict=True)
    changed = sum(before is not now for (_, before), (_, now) in pairs)
    assert changed == 10 + 2 * 9  # those on the diagonal, and those it passes the corners of


# -- as edits


def test_painting_begins_with_nothing_selected_and_is_one_step_while_it_lasts():
    history = History.start(photograph())
    for x in (20.0, 60.0, 90.0):
        stroke = Stroke(((x, 50.0, 1.0), (x + 40, 50.0, 1.0)), 10)
        history = history.do(edits.paint_mask(None, stroke, "drag"))
    selected = values(history.document.selection)
    assert selected[50, 20:130].min() == 255
    assert selected[80:].max() == 0
    assert [step.label for step in history.steps] == ["Open", "Brush"]
    assert history.undo().document.selection is None


def test_painting_where_a_filter_has_no_mask_gives_it_one():
    dab = Stroke(((50.0, 50.0, 1.0),), 10)
    document = edits.paint_mask("soft", dab).apply(photograph())
    assert document.selection is None
    assert np.array_equal(values(document.layer("soft").mask), values(painted(black(), dab)))


@pytest.mark.parametrize(
    ("target", "erase", "x"),
    [(None, False, -90.0), ("soft", False, -90.0), (None, True, 50.0), ("soft", True, -90.0)],
)
def test_a_stroke_that_changes_nothing_is_no_edit(target, erase, x):
    document = photograph()
    edit = edits.paint_mask(target, Stroke(((x, 50.0, 1.0),), 10, erase=erase))
    assert edit.apply(document) is document


def test_erasing_where_a_filter_has_no_mask_leaves_it_everywhere_else():
    rub = Stroke(((50.0, 50.0, 1.0),), 10, erase=True)
    layer = edits.paint_mask("soft", rub).apply(photograph()).layer("soft")
    white = Raster.filled(layer.mask.width, layer.mask.height, (255,), "uint8")
    assert np.array_equal(values(layer.mask), values(painted(white, rub)))
    assert values(layer.mask).min() == 0
    assert layer.mask_beyond == 1


def test_a_selection_of_which_all_is_erased_is_none_and_a_mask_stays():
    dab = painted(black(), Stroke(((50.0, 50.0, 1.0),), 10))
    rub = Stroke(((50.0, 50.0, 1.0),), 30, erase=True)
    document = photograph(dab, dab)
    assert edits.paint_mask(None, rub).apply(document).selection is None
    assert not values(edits.paint_mask("soft", rub).apply(document).layer("soft").mask).any()
    elsewhere = painted(dab, Stroke(((250.0, 250.0, 1.0),), 3))
    left = edits.paint_mask(None, rub).apply(photograph(elsewhere)).selection
    assert np.array_equal(values(left) > 0, (values(elsewhere) > 0) & (distances(50, 50) > 30))


def test_a_locked_layers_mask_cannot_be_painted_on():
    document = edits.set_locked("soft", True).apply(photograph())
    with pytest.raises(EditError, match="Soft is locked"):
        edits.paint_mask("soft", Stroke(((50.0, 50.0, 1.0),), 10)).apply(document)


@pytest.mark.parametrize(
    "wrong",
    [
        {"points": ()},
        {"points": ((1.0, float("nan"), 1.0),)},
        {"radius": 0.0},
        {"radius": float("inf")},
        {"hardness": 1.5},
        {"flow": 0.0},
        {"opacity": 1.1},
        {"spacing": float("nan")},
        {"points": ((1.0, 1.0),)},
    ],
)
def test_numbers_that_make_no_stroke_are_refused(wrong):
    with pytest.raises(ValueError, match="point|radius|hardness|flow|opacity|spacing"):
        Stroke(**({"points": ((1.0, 1.0, 1.0),), "radius": 5.0} | wrong))


LARGE = st.floats(200, 700)


@given(
    stroke=st.builds(
        Stroke,
        st.lists(POINTS, min_size=1, max_size=3).map(tuple),
        LARGE,
        st.floats(0, 1),
        st.booleans(),
    ),
    seed=st.integers(0, 3),
    depth=st.sampled_from(["uint8", "uint16", "float32"]),
)
def test_what_a_brush_covers_is_painted_as_if_it_were_computed(stroke, seed, depth):
    mask = raster(WIDTH, HEIGHT, 1, depth, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules["safelight.document.strokes.stroke"], "_covers", lambda *_: False)
        expected = painted(mask, stroke)
    np.testing.assert_array_equal(values(painted(mask, stroke)), values(expected))


def test_the_largest_brush_computes_its_rim_alone(monkeypatch):
    stroke = sys.modules["safelight.document.strokes.stroke"]
    computed, lay = [], stroke._lay
    monkeypatch.setattr(stroke, "_lay", lambda *given: computed.append(given[1]) or lay(*given))
    mask = Raster.filled(6000, 4000, (255,), "uint8")
    mask.level(5)
    eraser = Stroke(((2000, 1500, 1.0), (3500, 2000, 1.0)), 500, 0.9, erase=True)
    erased = painted(mask, eraser)
    met = len(list(stroke._pieces(mask, eraser)))
    assert len(computed) < met * 0.75
    assert erased.different_tiles <= len(computed) + 1 + mask.different_tiles
    assert painted(erased, eraser) is erased
