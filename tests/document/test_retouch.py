"""Strokes that lay pixels: paint, clones, healing, dodge and burn, blur and sharpen."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from safelight.document import (
    DECLARED,
    Document,
    EditError,
    Layer,
    LiveFilter,
    Stroke,
    edits,
    render,
)
from safelight.document.strokes import healed_light, laid_pixels, retouch
from safelight.document.strokes.laid_pixels import LAYER
from safelight.document.strokes.smudge import smudging
from safelight.pixels import Raster, known_profile

DEPTHS = {"uint8": 255, "uint16": 65535, "float32": 1}


def photograph(depth="uint8", height=300, width=400, channels=3):
    """Noise over a slope from left to right, none of it black or white."""
    rng = np.random.default_rng(3)
    slope = np.linspace(0.2, 0.7, width)[None, :, None]
    pixels = slope + rng.uniform(-0.05, 0.05, (height, width, channels))
    white = DEPTHS[depth]
    stored = pixels * white if depth == "float32" else np.rint(pixels * white)
    return stored.astype(depth)


def document(depth="uint8", **sides):
    return Document.from_raster(Raster.from_array(photograph(depth, **sides)))


def seen(made):
    return render(made, made.region)


def stroked(name, before, points="200,150,1", **given):
    return DECLARED[name](points=points, **{"radius": 20.0, **given}).apply(before)


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_clone_is_the_very_pixels_of_its_source_on_a_layer_of_their_own(depth):
    before = document(depth)
    after = stroked("clone", before, x=-100, y=30, hardness=1.0)
    assert [layer.name for layer in after.layers] == ["Background", LAYER]
    assert after.layers[0] is before.layers[0]
    core = (slice(140, 161), slice(190, 211))
    source = (slice(170, 191), slice(90, 111))
    assert np.array_equal(seen(after)[core][..., :3], seen(before)[source])
    away = np.ones((300, 400), bool)
    away[129:172, 179:222] = False
    assert np.array_equal(seen(after)[away][..., :3], seen(before)[away])


def test_a_stroke_laid_piece_by_piece_is_that_laid_at_once():
    before = document("uint16")
    points = [(40.0, 60.0, 1.0), (180.0, 90.0, 0.6), (170.0, 200.0, 1.0), (60.0, 70.0, 0.3)]
    for lays in (
        laid_pixels.Clone(31, -17, heals=True),
        laid_pixels.Touch("burn"),
        laid_pixels.Touch("blur", radius=30.0),
        laid_pixels.Paint("#3070a0"),
    ):
        whole, pieces = (
            retouch.Retouching(before.layers[0].id, lays, opacity=0.4) for _ in range(2)
        )
        for one in (whole, pieces):
            one.begin(before)
        whole.add(Stroke(tuple(points), 15.0, 0.3))
        now = before
        for pair in itertools.pairwise(points):
            pieces.add(Stroke(pair, 15.0, 0.3))
            now = pieces.laid_on(now)
        assert np.array_equal(seen(whole.finished_on(before)), seen(pieces.finished_on(now)))


def test_pieces_that_had_to_wait_are_laid_on_what_has_been_changed_meanwhile():
    before = document()
    made = retouch.Retouching(before.layers[0].id, laid_pixels.Paint("#ff0000"))
    made.begin(before)
    made.add(Stroke(((50.0, 50.0, 1.0),), 10.0))
    now = made.laid_on(before)
    made.add(Stroke(((50.0, 50.0, 1.0), (90.0, 50.0, 1.0)), 10.0))
    assert made.waits
    other = edits.rename_layer(layer="Background", name="Sea").apply(now)
    after = made.laid_on(other)
    assert [layer.name for layer in after.layers] == ["Sea", LAYER]
    assert (seen(after)[50, 50:90, :3] == (255, 0, 0)).all()
    assert not made.waits


def test_healing_brings_the_source_to_the_light_of_its_place_and_keeps_its_grain():
    before = document("float32")
    points = "300,150,1;330,150,1"
    cloned = stroked("clone", before, points, x=-200, hardness=1.0, radius=40.0)
    healed = stroked("clone", before, points, x=-200, hardness=1.0, radius=40.0, heals=True)
    place = (slice(120, 181), slice(280, 351))
    source = seen(before)[120:181, 80:151]
    true, was, made = (seen(one)[place][..., :3] for one in (before, cloned, healed))
    assert abs(was.mean() - true.mean()) > 0.2
    assert abs(made.mean() - true.mean()) < 0.01  # the grain of the rim, averaged over the stroke
    grain = source - source.mean(axis=1, keepdims=True)
    kept = made - made.mean(axis=1, keepdims=True)
    assert np.corrcoef(grain.ravel(), kept.ravel())[0, 1] > 0.9


def test_a_large_healed_stroke_is_found_of_a_smaller_picture_and_fits_as_well(monkeypatch):
    before = document("float32")
    given = {"x": -200, "hardness": 1.0, "radius": 40.0, "heals": True}
    exact = stroked("clone", before, "300,150,1", **given)
    monkeypatch.setattr(healed_light, "SOLVED", 2000)
    reduced = stroked("clone", before, "300,150,1", **given)
    off = np.abs(seen(exact) - seen(reduced))[..., :3]
    assert off.max() > 0
    assert off[130:171, 280:321].max() < 0.02  # a fifth of the grain that stands at the rim


def test_a_clone_of_another_layer_takes_that_alone_whatever_hides_it():
    other = np.random.default_rng(5).integers(0, 256, (300, 400, 4)).astype("uint8")
    other[..., 3] = 255
    hidden = Layer("Sky", Raster.from_array(other), visible=False, opacity=0.5)
    before = edits.add_layer(hidden).apply(document())
    given = {"x": 50, "y": 0, "hardness": 1.0, "layer": "Background"}
    after = stroked("clone", before, sample="one_layer", source="Sky", **given)
    core = (slice(140, 161), slice(190, 211))
    assert np.array_equal(seen(after)[core][..., :3], other[140:161, 240:261, :3])
    healed = stroked("clone", before, sample="one_layer", source="Sky", heals=True, **given)
    light = seen(healed)[core][..., :3].mean() - seen(before)[core][..., :3].mean()
    assert abs(light) < 10  # of the place, not of the noise that is laid
    masked = edits.add_layer(Layer("Light", LiveFilter("any.light", "1.0", {}))).apply(before)
    with pytest.raises(EditError, match="Light holds no pixels"):
        stroked("clone", masked, sample="one_layer", source="Light", **given)


def test_a_clone_of_another_document_is_what_that_shows_in_the_colours_of_this_one():
    wide = known_profile("ProPhoto_RGB")
    before, other = document("uint16"), document("float32", height=90, width=120)
    before = replace(before, profile=wide)
    made = retouch.Retouching(before.layers[0].id, laid_pixels.Clone(-150, -100), other=other)
    made.begin(before)
    made.add(Stroke(((200.0, 150.0, 1.0), (800.0, 150.0, 1.0)), 20.0))
    after = made.finished_on(before)
    core = (slice(145, 156), slice(190, 211))
    shown = wide.to_srgb(seen(after)[core].astype("float32") / 65535)[..., :3]
    assert np.abs(shown - seen(other)[45:56, 40:61]).max() < 1e-3  # 16 bits, a steep gamma
    beyond = (slice(145, 156), slice(320, 390))  # the other picture ends before
    assert np.array_equal(seen(after)[beyond][..., :3], seen(before)[beyond])


def test_healing_at_the_edge_and_from_beyond_it_leaves_no_numbers_that_are_none():
    before = document("float32")
    made = stroked("clone", before, "398,2,1;380,40,1", x=60, y=-20, radius=30.0, heals=True)
    assert np.isfinite(seen(made)).all()
    # What would come from beyond the picture is not laid.
    assert np.array_equal(seen(made)[2, 398, :3], seen(before)[2, 398])


@pytest.mark.parametrize(("effect", "back"), laid_pixels.OPPOSITE.items())
def test_an_effect_does_what_its_name_says(effect, back):
    before = document("float32")
    core = (slice(140, 161), slice(190, 211))
    was = seen(before)[core]
    made, other = (
        seen(stroked("touch_up", before, effect=name, hardness=1.0))[core][..., :3]
        for name in (effect, back)
    )
    kind = effect if effect in ("dodge", "saturate", "blur") else back
    if kind == "dodge":
        signs = np.sign((made - was).mean()), np.sign((other - was).mean())
    elif kind == "saturate":
        signs = (
            np.sign(np.ptp(one, axis=2).mean() - np.ptp(was, axis=2).mean())
            for one in (made, other)
        )
    else:
        signs = (np.sign(was.std() - one.std()) for one in (made, other))
    wanted = (1, -1) if effect == kind else (-1, 1)
    assert tuple(signs) == wanted


@pytest.mark.parametrize("span", ["shadows", "midtones", "highlights"])
def test_dodge_reaches_the_tones_that_it_is_told(span):
    tones = np.linspace(0, 1, 256, dtype=np.float32)[None, :, None].repeat(3, 2)
    change = laid_pixels.Touch("dodge", 1.0, span)._lit(tones)[0, :, 0] - tones[0, :, 0]
    where = {"shadows": (0.0, 0.02), "midtones": (0.2, 0.4), "highlights": (0.98, 1.0)}[span]
    assert where[0] <= change.argmax() / 255 <= where[1]
    assert change.min() >= 0


def test_only_what_is_selected_is_laid_on():
    before = edits.select_box(box=(0, 0, 200, 300)).apply(document())
    after = stroked("paint_pixels", before, colour="#ff0000", hardness=1.0)
    painted = (seen(after)[150, :, :3] == (255, 0, 0)).all(axis=1)
    assert painted[185:200].all()
    assert not painted[200:].any()


def test_strokes_go_on_on_their_layer_whether_that_or_the_one_below_is_active():
    once = stroked("paint_pixels", document(), colour="#ff0000")
    twice = stroked("clone", once, "60,60,1", x=40, layer="Background")
    assert [layer.name for layer in twice.layers] == ["Background", LAYER]
    assert stroked("clone", twice, "90,60,1", x=40, layer=LAYER).layers[0] is once.layers[0]


def test_an_adjustment_above_stays_above_and_is_not_cloned_into_the_pixels():
    before = document()
    light = LiveFilter("any.light", "1.0", {})
    above = edits.add_layer(Layer("Light", light)).apply(before)
    after = stroked("clone", above, layer="Light", x=-100)
    assert [layer.name for layer in after.layers] == ["Background", LAYER, "Light"]


def test_on_the_layer_itself_pixels_are_changed_and_no_layer_is_made():
    before = document("uint16")
    after = stroked("paint_pixels", before, colour="#ffffff", own_layer=False, hardness=1.0)
    assert [layer.name for layer in after.layers] == ["Background"]
    assert (seen(after)[150, 200] == 65535).all()
    assert np.array_equal(seen(after)[:100], seen(before)[:100])


def test_pixels_are_erased_where_something_can_be_seen_below():
    before = document()
    with pytest.raises(EditError, match="nothing below"):
        stroked("paint_pixels", before, erase=True)
    painted = stroked("paint_pixels", before, colour="#00ff00")
    erased = stroked("paint_pixels", painted, erase=True, layer=LAYER, radius=30.0)
    assert np.array_equal(seen(erased)[..., :3], seen(before))


def test_a_stroke_after_a_crop_is_laid_where_it_is_seen():
    cropped = edits.crop(box=(100, 50, 200, 200)).apply(document())
    after = stroked("paint_pixels", cropped, "30,40,1", colour="#0000ff", hardness=1.0)
    assert tuple(seen(after)[40, 30, :3]) == (0, 0, 255)
    uncropped = edits.reveal_all().apply(after)
    assert tuple(seen(uncropped)[90, 130, :3]) == (0, 0, 255)


def test_a_stroke_beside_the_picture_changes_nothing():
    before = document()
    assert stroked("clone", before, "-500,-500,1", x=10) is before


def test_a_locked_layer_and_one_without_pixels_are_told():
    before = edits.set_locked(locked=True).apply(document())
    with pytest.raises(EditError, match="locked"):
        stroked("paint_pixels", before)
    filled = edits.add_fill_layer().apply(document())
    with pytest.raises(EditError, match="no pixels"):
        stroked("paint_pixels", filled, own_layer=False)


def straight_to(x, count=12):
    return ";".join(f"{100 + (x - 100) * n / count:g},150,1" for n in range(count + 1))


@pytest.mark.parametrize("own_layer", [True, False])
def test_smudging_draws_colours_along_and_leaves_what_it_does_not_touch(own_layer):
    half = np.zeros((300, 400, 3), np.uint8)
    half[:, :150] = (200, 40, 40)
    before = Document.from_raster(Raster.from_array(half))
    after = seen(stroked("smudge", before, straight_to(250), strength=0.7, own_layer=own_layer))[
        ..., :3
    ]
    row = after[150, :, 0].astype(int)
    assert row[120] == 200  # in the colour itself nothing changes
    assert 20 < row[190] < 200
    assert (np.diff(row[150:300]) <= 1).all()  # ever less of it
    assert row[280:].max() == 0
    untouched = np.ones((300, 400), bool)
    untouched[128:173, 78:273] = False
    assert np.array_equal(after[untouched], half[untouched])


def test_smudging_piece_by_piece_is_smudging_at_once_and_changes_nothing_twice():
    before = document("uint16")
    whole, pieces = (smudging(before.layers[0].id, 0.7, own_layer=True) for _ in range(2))
    points = [(40.0, 60.0, 1.0), (180.0, 90.0, 0.6), (170.0, 200.0, 1.0), (-20.0, 70.0, 1.0)]
    for one in (whole, pieces):
        one.begin(before)
    whole.add(Stroke(tuple(points), 15.0, 0.3, spacing=0.1))
    now, ahead = before, 0.0
    for pair in itertools.pairwise(points):
        piece = Stroke(pair, 15.0, 0.3, spacing=0.1, ahead=ahead)
        pieces.add(piece)
        now, ahead = pieces.laid_on(now), piece.left
    assert np.array_equal(seen(whole.finished_on(before)), seen(now))
    assert np.isfinite(seen(now)).all()


def test_smudging_a_layer_draws_its_transparency_along_and_no_dark_rim():
    cut_out = np.zeros((300, 400, 4), np.uint8)
    cut_out[:, :150] = (200, 40, 40, 255)
    before = Document.from_raster(Raster.from_array(cut_out))
    after = seen(stroked("smudge", before, straight_to(250), strength=0.9, own_layer=False))
    drawn = after[150, 155:200]
    assert ((drawn[:, 3] > 0) & (drawn[:, 3] < 255)).any()
    assert np.abs(drawn[drawn[:, 3] > 20, :3].astype(int) - (200, 40, 40)).max() <= 2


def test_a_brush_too_large_to_smudge_with_is_told():
    with pytest.raises(EditError, match="2000 px are the most"):
        stroked("smudge", document(), radius=1001.0)


def test_a_patch_takes_the_grain_of_its_source_and_the_light_of_its_place():
    flawed = photograph("float32")
    flawed[140:160, 290:310] = 0
    before = Document.from_raster(Raster.from_array(flawed))
    selected = edits.select_ellipse(box=(280, 130, 40, 40)).apply(before)
    after = seen(DECLARED["patch"](x=-200).apply(selected))
    place = (slice(140, 160), slice(290, 310))
    assert after[place][..., :3].mean() == pytest.approx(
        photograph("float32")[place].mean(), abs=0.02
    )
    assert np.corrcoef(after[place].ravel(), seen(before)[140:160, 90:110].ravel())[0, 1] > 0.9
    beside = np.ones((300, 400), bool)
    beside[130:170, 280:320] = False
    assert np.array_equal(after[beside], flawed[beside])
    with pytest.raises(EditError, match="select what is to be mended"):
        DECLARED["patch"](x=-200).apply(before)


def eye(pupil=(0.75, 0.12, 0.15), skin=(0.8, 0.6, 0.5)):
    """A pupil of a radius of 14 px about (200, 150) with a glint, in an iris, white and skin."""
    rows, columns = np.mgrid[:300, :400] + 0.5
    away = np.hypot(rows - 150, columns - 200)
    pixels = np.full((300, 400, 3), skin, np.float32)
    for radius, colour in ((60, (0.9, 0.88, 0.87)), (30, (0.35, 0.4, 0.3)), (14, pupil)):
        pixels[away < radius] = colour
    pixels[np.hypot(rows - 146, columns - 204) < 3] = 0.97
    pixels += np.random.default_rng(1).uniform(-0.02, 0.02, pixels.shape).astype("float32")
    return Document.from_raster(Raster.from_array(pixels.astype("float32"))), away


@pytest.mark.parametrize("pupil", [(0.75, 0.12, 0.15), (0.45, 0.15, 0.15)])
def test_a_red_pupil_near_a_click_becomes_dark_and_grey_with_its_glint(pupil):
    before, away = eye(pupil)
    after = seen(DECLARED["red_eye"](x=206.0, y=157.0, radius=40.0).apply(before))
    inside, glint = after[away < 11], after[146, 204]
    assert np.ptp(inside[:, :3], axis=1).max() < 0.02
    assert np.median(inside[:, :3]) < 0.1
    assert glint.min() > 0.4
    assert np.array_equal(after[away > 21], seen(before)[away > 21])


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"x": 60.0}, "no red pupil"),
        ({"x": 200.0, "radius": 8.0}, "all is red"),
        ({"x": -99.0}, ""),
    ],
)
def test_without_a_red_pupil_there_a_sentence_says_so(given, told):
    before, _ = eye()
    with pytest.raises(EditError, match=told):
        DECLARED["red_eye"](**{"y": 152.0, "radius": 40.0, **given}).apply(before)
