"""Wide gamuts: what a filter leaves as it was stays as it was, in any profile and depth."""

from dataclasses import replace

import numpy as np
import pytest

from safelight import actions
from safelight.document import Document, Layer, whole
from safelight.pixels import Raster, from_float, known_profile, to_float
from safelight.workers.job_kinds import live_filter

STEP = 1 / 65535
WIDE = ["Display_P3", "Adobe_RGB", "ProPhoto_RGB", "Rec_2020"]
DEPTHS = ["uint16", "float32"]

NEUTRAL = {
    *("auto_light", "light", "exposure", "brightness_contrast", "curves", "shadows_highlights"),
    *("vignette", "white_balance", "vibrance", "saturation", "hue_saturation", "colour_balance"),
    *("split_toning", "photo_filter", "lut", "warmth", "clarity", "local_contrast", "sharpen"),
    *("grain", "blur"),
}
"""Cheap filters that change nothing where all that can be 0 is."""


@pytest.fixture(scope="module")
def studio():
    with actions.Studio("cpu") as studio:
        yield studio


def changing(studio):
    return [item for item in studio.filters() if not (item.generates or item.selects)]


def picture(name, depth):
    """Noise, darker than light, and colours at the very edge of the gamut."""
    pixels = np.random.default_rng(3).random((48, 48, 3), np.float32) ** 2
    for row, colour in enumerate([(1, 0, 0), (0, 0.0005, 1), (0.0003, 1, 0.002), (0, 0, 0)]):
        pixels[4 * row : 4 * row + 4] = colour
    pixels = from_float(pixels, "uint16")
    pixels = pixels if depth == "uint16" else to_float(pixels)
    return Document.from_raster(Raster.from_array(pixels), profile=known_profile(name))


def at_nothing(declaration):
    """The settings with 0 wherever that can be."""
    numbers = (item for item in declaration.parameters if item.kind in ("number", "integer"))
    zeros = {item.name: 0 for item in numbers if item.minimum is None or item.minimum <= 0}
    return declaration.settings(zeros)


def apart(document, other):
    """How far pixels are from those of a document, of 1."""
    own = to_float(document.layers[0].raster.to_array()).astype(float)
    return np.abs(to_float(other.to_array())[..., :3] - own).max()


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", WIDE)
def test_every_filter_at_amount_0_leaves_a_wide_gamut_picture_as_it_was(studio, name, depth):
    document = picture(name, depth)
    for declaration in changing(studio):
        held = live_filter(declaration, declaration.settings({}))
        layers = (*document.layers, Layer("filter", held, opacity=0.0))
        shown = whole(replace(document, layers=layers), studio.live, depth)
        assert apart(document, shown) <= STEP, declaration.id


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", ["Adobe_RGB", "ProPhoto_RGB"])
def test_filters_that_are_set_to_nothing_leave_a_wide_gamut_picture_as_it_was(studio, name, depth):
    document, seen = picture(name, depth), set()
    for declaration in changing(studio):
        if declaration.name not in NEUTRAL:
            continue
        seen.add(declaration.name)
        held = live_filter(declaration, at_nothing(declaration))
        layers = (*document.layers, Layer("filter", held))
        shown = whole(replace(document, layers=layers), studio.live, depth)
        assert apart(document, shown) <= STEP, declaration.id
    assert seen == NEUTRAL


@pytest.mark.parametrize("depth", DEPTHS)
def test_filters_in_a_row_that_are_set_to_nothing_change_nothing_either(studio, depth):
    document = picture("Adobe_RGB", depth)
    held = [
        Layer(item.name, live_filter(item, at_nothing(item)))
        for item in changing(studio)
        if item.name in {"warmth", "clarity", "exposure", "vibrance"}
    ]
    shown = whole(replace(document, layers=(*document.layers, *held)), studio.live, depth)
    assert apart(document, shown) <= STEP


@pytest.mark.parametrize("name", ["exposure", "restore_tone", "blur", "change_look"])
def test_a_job_that_changes_nothing_gives_the_pixels_that_were_there(studio, name):
    declaration, document = studio.filter(name), picture("Adobe_RGB", "uint16")
    outcome = studio.start(declaration, at_nothing(declaration), document).wait(120)
    assert isinstance(outcome, actions.JobFinished), outcome
    assert apart(document, outcome.raster) <= STEP
