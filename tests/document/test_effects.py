"""Effects: shadow, glow, stroke and colour of a layer, as they are drawn, kept and exported."""

import math
from dataclasses import replace

import numpy as np
import pytest

from safelight import actions
from safelight.api import Region
from safelight.document import Document, EditError, Group, History, Layer, LiveFilter, edits, render
from safelight.document.commands.effect_commands import (
    clear_effects,
    colour_overlay,
    drop_shadow,
    layer_stroke,
    outer_glow,
)
from safelight.document.commands.retouch_commands import paint_pixels
from safelight.document.contents.placed_picture import with_effects_drawn
from safelight.document.geometry import crop, resize
from safelight.document.rendered import effect_coverage
from safelight.document.rendered.effects import LONGEST, Effect
from safelight.document.rendered.spread import MOST_REDUCED, halo_of, softened
from safelight.files.project.project import Project
from safelight.pixels import Raster

WIDTH, HEIGHT = 320, 240


def shape():
    """An orange disc of 60 pixels' radius in the middle, with a soft rim of a pixel."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    pixels = np.empty((HEIGHT, WIDTH, 4), np.uint8)
    pixels[...] = 230, 120, 20, 0
    pixels[..., 3] = np.clip(60.5 - np.hypot(x - 160, y - 120), 0, 1) * 255
    return Raster.from_array(pixels)


def document(*commands):
    ground = Raster.from_array(np.full((HEIGHT, WIDTH, 3), 200, np.uint8))
    layers = Layer("Ground", ground), Layer("Disc", shape())
    made = Document(WIDTH, HEIGHT, "uint8", layers)
    for one in commands:
        made = one.apply(made)
    return made


EFFECTS = {
    "shadow": drop_shadow(layer="Disc", size=16, distance=20, angle=90),
    "glow": outer_glow(layer="Disc", size=20),
    "stroke": layer_stroke(layer="Disc", size=5, colour="#0000ff"),
    "inner stroke": layer_stroke(layer="Disc", size=5, side="inside", colour="#0000ff"),
    "overlay": colour_overlay(layer="Disc", colour="#00ff00", opacity=0.5),
}


def shown(made, region=None):
    return render(made, region or made.region)


def test_a_shadow_lies_below_its_layer_on_the_side_it_is_thrown_to():
    pixels = shown(document(EFFECTS["shadow"])).astype(int)
    assert (pixels[120, 160] == (230, 120, 20)).all()
    assert abs(pixels[183, 160] - round(200 * 0.4)).max() <= 3  # in the shadow, 0.6 of black
    assert (pixels[50, 160] == 200).all()
    assert (pixels[120, 20] == 200).all()  # its reach is bounded


def test_a_stroke_is_as_wide_as_it_is_told_and_hides_no_rim_of_the_ground():
    pixels = shown(document(EFFECTS["stroke"]))[120].astype(int)
    blue = np.flatnonzero((pixels[:, 2] > 240) & (pixels[:, 0] < 20))
    assert len(blue[blue > 160]) in (4, 5)
    rim = pixels[218:222]  # orange goes over into blue, and nothing of the grey shows between
    assert (rim[:, 1] <= 125).all()
    inner = shown(document(EFFECTS["inner stroke"]))[120].astype(int)
    assert (inner[222:] == 200).all()
    assert abs(inner[218] - (0, 0, 255)).max() <= 60


def test_an_overlay_colours_the_shape_alone():
    pixels = shown(document(EFFECTS["overlay"])).astype(int)
    assert abs(pixels[120, 160] - (115, 188, 10)).max() <= 1
    assert (pixels[10, 10] == 200).all()


@pytest.mark.parametrize("name", EFFECTS)
def test_an_effect_looks_alike_at_each_zoom_level_and_in_each_part(name):
    """A level shows the mean of what level 0 shows: off by less than 1 of 255 on the mean, and by
    32 at most in 99 of 100 pixels. The edge of a stroke is off most: at level 2 it is 1.25 pixels
    wide, and a disc of so few pixels is no round one.
    """
    made = document(EFFECTS[name])
    full = shown(made).astype(np.float32)
    for level in (1, 2):
        size = 1 << level
        seen = shown(made, Region(0, 0, WIDTH // size, HEIGHT // size, level)).astype(np.float32)
        mean = full.reshape(HEIGHT // size, size, WIDTH // size, size, 3).mean(axis=(1, 3))
        assert np.abs(seen - mean).mean() < 1
        assert np.percentile(np.abs(seen - mean), 99) <= 32
    part = Region(150, 100, 90, 110)
    assert np.array_equal(shown(made, part), full[part.rows(), part.columns()].astype(np.uint8))


def test_a_crop_cuts_no_effect_anew():
    made = document(EFFECTS["shadow"], EFFECTS["stroke"])
    part = Region(170, 100, 100, 120)
    cropped = shown(crop(made, part))
    assert np.array_equal(cropped, shown(made)[part.rows(), part.columns()])


def test_effects_follow_a_mask_and_the_layer_s_opacity():
    mask = np.zeros((HEIGHT, WIDTH, 1), np.uint8)
    made = document(EFFECTS["shadow"])
    hidden = edits.set_mask(made.layers[1].id, Raster.from_array(mask)).apply(made)
    assert (shown(hidden) == 200).all()
    half = edits.set_opacity(layer=made.layers[1].id, opacity=0.5).apply(made)
    assert abs(int(shown(half)[183, 160, 0]) - 140) <= 3


def test_effects_are_settings_that_are_changed_saved_and_taken_away(tmp_path):
    made = document(*EFFECTS.values(), layer_stroke(layer="Disc", size=9))
    assert [effect.kind for effect in made.layers[1].effects] == [
        "drop_shadow",
        "outer_glow",
        "colour_overlay",
        "stroke",
    ]
    assert made.layers[1].effects[-1].size == 9
    path = tmp_path / "disc.safelight"
    Project.create(path, History.start(made)).close()
    project, history = Project.open(path)
    assert history.document.layers[1].effects == made.layers[1].effects
    project.close()
    assert clear_effects(layer="Disc").apply(made).layers[1].effects == ()
    assert resize(made, 640, 480).layers[1].effects[0].distance == 40


def test_effects_are_pixels_in_a_file_of_layers_and_a_note_says_so(tmp_path):
    made = document(EFFECTS["shadow"])
    told = actions.export(made, tmp_path / "disc.ora")
    assert any("effects of Disc" in note for note in told.notes)
    back = actions.open_picture(tmp_path / "disc.ora").document
    assert [layer.name for layer in back.layers] == ["Ground", "Disc"]
    drawn, names = with_effects_drawn(made)
    assert names == ["Disc"]
    assert np.abs(shown(back).astype(int) - shown(drawn)).max() <= 1
    assert np.abs(shown(made).astype(int) - shown(drawn)).max() <= 2


@pytest.mark.parametrize(
    "stated",
    [{"kind": "bevel"}, {"size": LONGEST + 1}, {"colour": "red"}, {"mode": "odd"}, {"opacity": 2}],
)
def test_an_effect_that_makes_no_sense_is_refused(stated):
    with pytest.raises(ValueError, match="effect|colour|mode|opacity"):
        Effect.from_json({"kind": "drop_shadow", **stated})


def test_a_filter_that_looks_at_what_lies_below_has_no_effects():
    made = document(edits.add_layer(Layer("Blur", LiveFilter("blur.blur", "Blur"))))
    with pytest.raises(EditError, match="no shape"):
        drop_shadow(layer="Blur").apply(made)


@pytest.mark.parametrize("deviation", [5.0, 13.0, 60.0])
def test_a_wide_blur_is_a_gaussian_s_as_nearly_as_three_boxes_are(deviation):
    """Three boxes of whole pixels are off by 0.009 of an edge themselves, reduced or not."""
    halo, count = halo_of(deviation), 256
    edge = np.zeros((count + 2 * halo, count + 2 * halo), np.float32)
    edge[:, edge.shape[1] // 2 :] = 1
    made = softened(edge, deviation)
    assert made.shape == (count, count)
    at = np.arange(count) + 0.5 - count / 2
    wanted = [0.5 * (1 + math.erf(x / deviation / math.sqrt(2))) for x in at]
    assert np.abs(made - wanted).max() < 0.01


def test_what_an_effect_covers_is_computed_once_while_its_layer_s_shape_stays(monkeypatch):
    made = document(EFFECTS["shadow"])
    first = shown(made)
    monkeypatch.setattr(Effect, "coverage", None)  # it would fail
    assert np.array_equal(shown(made), first)
    for layer in made.layers:
        changed = edits.set_opacity(layer=layer.id, opacity=0.5).apply(made)
        assert not np.array_equal(shown(changed), first)
    with pytest.raises(TypeError):
        shown(dabbed(made, (10, 10)))


def dabbed(made, *points):
    """The document with dabs of 24 pixels on the pixels of the disc's layer."""
    told = ";".join(f"{x},{y},1" for x, y in points)
    return paint_pixels(layer="Disc", points=told, radius=12.0, own_layer=False).apply(made)


WIDE = {
    **EFFECTS,
    "wide shadow": drop_shadow(layer="Disc", size=150, distance=7.5, angle=30),
    "wide glow": outer_glow(layer="Disc", size=97.5),
    "part of a pixel": layer_stroke(layer="Disc", size=4.5),
}


@pytest.mark.parametrize("name", WIDE)
@pytest.mark.parametrize("level", [0, 1])
def test_after_each_dab_an_effect_is_what_it_is_when_it_is_computed_afresh(name, level):
    """Over the edges of squares, where nothing was, within what was there, and taken back."""
    width, height = 1100, 700
    ground = Raster.from_array(np.full((height, width, 3), 200, np.uint8))
    pixels = Raster.filled(width, height, (0, 0, 0, 0), "uint8")
    pixels = pixels.replaced(Region(400, 300, WIDTH, HEIGHT), shape().to_array())
    layers = Layer("Ground", ground), Layer("Disc", pixels)
    made = WIDE[name].apply(Document(width, height, "uint8", layers))
    view = Region(0, 0, width >> level, height >> level, level)
    steps = [made]
    shown(made, view)
    for points in ([(512, 512)], [(40, 40), (90, 60)], [(560, 420)], [(1090, 690)]):
        steps.append(dabbed(steps[-1], *points))
    steps += [steps[1], made]
    seen = [shown(step, view) for step in steps]
    for step, pixels in zip(steps, seen, strict=True):
        effect_coverage.forget()
        assert np.array_equal(shown(step, view), pixels)


def test_a_dab_has_only_that_part_of_an_effect_computed_that_it_reaches(monkeypatch):
    width = 3 * effect_coverage.SIDE
    pixels = Raster.filled(width, width, (0, 0, 0, 0), "uint8")
    made = EFFECTS["shadow"].apply(Document(width, width, "uint8", (Layer("Disc", pixels),)))
    made = dabbed(made, (300, 300), (1400, 1400))
    shown(made)
    computed = []
    coverage = Effect.coverage

    def noted(effect, alpha, around, level):
        computed.append((alpha.shape[0] - 2 * around) * (alpha.shape[1] - 2 * around))
        return coverage(effect, alpha, around, level)

    monkeypatch.setattr(Effect, "coverage", noted)
    shown(dabbed(made, (800, 800)))
    reach = made.layers[0].effects[0].reach(0)
    assert len(computed) == 1
    assert computed[0] <= (26 + 2 * reach + 2 * MOST_REDUCED) ** 2


def test_effects_of_a_group_and_of_a_mask_follow_a_dab():
    made = document(EFFECTS["shadow"])
    disc = made.layers[1]
    mask = Raster.filled(WIDTH, HEIGHT, (255,), "uint8")
    masked = edits.set_mask(disc.id, mask).apply(made)
    group = Layer("Group", Group((replace(disc, effects=()),)), effects=disc.effects)
    grouped = replace(made, layers=(made.layers[0], group))
    hole = mask.replaced(Region(150, 110, 20, 20), np.zeros((20, 20, 1), np.uint8))
    for before, after in (
        (masked, edits.set_mask(disc.id, hole).apply(masked)),
        (grouped, dabbed(grouped, (20, 200))),
    ):
        shown(before)
        found = shown(after)
        effect_coverage.forget()
        assert np.array_equal(shown(after), found)
        assert not np.array_equal(shown(before), found)
