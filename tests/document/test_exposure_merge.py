"""Merge of two exposures: laid over one another, masked by the luminance of what lies below."""

from dataclasses import replace

import numpy as np
import pytest

from safelight.document import Document, EditError, Layer, render
from safelight.document.commands.exposure_merge import merge_exposures
from safelight.document.placement import Place
from safelight.pixels import Raster


def scene(seed=1):
    """Shapes of 0.02 to 4 times what a sensor holds, the right half light: (200, 300, 3)."""
    numbers = np.random.default_rng(seed)
    made = np.full((200, 300, 3), 0.12)
    for _ in range(60):
        x, y, wide, high = (int(n) for n in numbers.integers((0, 0, 12, 12), (290, 190, 60, 60)))
        made[y : y + high, x : x + wide] = numbers.uniform(0.04, 0.4, 3)
    made[:, 150:] *= 8
    return made


def exposed(light, times):
    pixels = np.clip(light * times, 0, 1) ** (1 / 2.2)
    return Raster.from_array((pixels * 255 + 0.5).astype(np.uint8))


def exposures(turn=0.0, way=(0.0, 0.0), seed=1):
    light = scene()
    moved = Place.offset(*way).after(Place.turned(turn, 150, 100))
    dark = Layer("Dark", exposed(scene(seed), 0.25), id="dark", place=moved)
    ground = Layer("Light", exposed(light, 1.0), id="light")
    return replace(Document.from_raster(ground.content), layers=(ground, dark))


def test_the_darker_one_shows_where_the_lighter_one_is_burnt_out_and_lies_over_it():
    document = exposures(turn=1.2, way=(9, -6))
    made = merge_exposures(layer="dark", threshold=0.7).apply(document)
    upper = made.layer("dark")
    assert upper.place.at(150, 100) == pytest.approx((150, 100), abs=0.6)
    assert upper.place.at(20, 20) == pytest.approx((20, 20), abs=1.0)
    mask = upper.seen(made.looked_at).mask.to_array()[..., 0] / 255
    assert mask[:, 10:135].mean() < 0.25 < 0.7 < mask[:, 165:290].mean()
    seen = render(made, made.region)[20:180, 165:280, :3]
    before = render(document, document.region)
    burnt = render(replace(document, layers=document.layers[:1]), document.region)
    assert (burnt[20:180, 165:280] == 255).mean() > 3 * (seen == 255).mean()
    assert before.shape == burnt.shape
    assert upper.raster is document.layer("dark").raster  # the mask alone is new


def test_what_shows_other_things_is_not_laid_over_one_another_but_can_be_merged_as_it_lies():
    document = exposures(seed=7)
    with pytest.raises(EditError, match="too little of the same"):
        merge_exposures(layer="dark").apply(document)
    made = merge_exposures(layer="dark", align=False).apply(document)
    assert made.layer("dark").place == document.layer("dark").place
    assert made.layer("dark").mask is not None
    with pytest.raises(EditError, match="nothing below"):
        merge_exposures(layer="light").apply(document)
