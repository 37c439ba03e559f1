"""What a generator has made: a layer of pixels to all who look at it."""

from dataclasses import replace

import numpy as np
import pytest

from safelight.document import Document, Group, Kept, Layer, LiveFilter, edits
from safelight.document.document import clipping_base
from safelight.document.rendered.render import plain_raster
from safelight.pixels import Raster
from tests.document.strategies import drawn

SIZE = (12, 10)


def filled(*colour):
    return Raster.filled(SIZE[0], SIZE[1], colour, "uint8")


def generated(raster, **facts):
    held = LiveFilter("some.clouds", "Clouds", generates=True)
    if raster is not None:
        held = replace(held, kept=Kept(raster, "key"))
    return Layer("Clouds", held, **facts)


def document(*layers):
    return Document(*SIZE, "uint8", layers)


def test_alone_it_is_the_picture():
    raster = filled(10, 20, 30)
    alone = document(generated(raster))
    assert plain_raster(alone) is raster
    assert not alone.has_alpha
    assert np.array_equal(drawn(alone, alone.region), raster.to_array())


def test_before_it_is_made_there_is_nothing_of_it():
    below = Layer("Photograph", filled(9, 9, 9))
    shown = document(below, generated(None))
    assert np.array_equal(drawn(shown, shown.region), drawn(document(below), shown.region))
    assert drawn(document(generated(None)), shown.region).max() == 0


@pytest.mark.parametrize("mode", ["normal", "multiply", "screen"])
def test_it_looks_as_a_layer_of_the_same_pixels_does(mode):
    random = np.random.default_rng(4)
    pixels = Raster.from_array(random.integers(0, 256, (10, 12, 4), np.uint8))
    mask = Raster.from_array(random.integers(0, 256, (10, 12, 1), np.uint8))
    below = Layer("Photograph", filled(200, 100, 50))
    facts = {"opacity": 0.6, "mode": mode, "mask": mask}
    one = document(below, generated(pixels, **facts))
    other = document(below, Layer("Clouds", pixels, **facts))
    assert np.array_equal(drawn(one, one.region), drawn(other, other.region))
    grouped = document(below, Layer("Group", Group((generated(pixels, **facts),))))
    plain = document(below, Layer("Group", Group((Layer("Clouds", pixels, **facts),))))
    assert np.array_equal(drawn(grouped, one.region), drawn(plain, one.region))


def test_other_layers_can_be_clipped_to_it():
    pixels = np.zeros((10, 12, 4), np.uint8)
    pixels[:, :6] = 100, 100, 100, 255
    base = generated(Raster.from_array(pixels))
    above = Layer("Red", filled(255, 0, 0), clipped=True)
    assert clipping_base((base, above), 1) == 0
    shown = document(Layer("Photograph", filled(0, 0, 255)), base, above)
    found = drawn(shown, shown.region)
    assert found[5, 2].tolist() == [255, 0, 0]
    assert found[5, 9].tolist() == [0, 0, 255]


def test_a_filter_above_sees_it():
    below = generated(filled(10, 20, 30))
    seen = document(below, Layer("Blur", LiveFilter("some.blur")))
    assert np.array_equal(
        drawn(seen.below(seen.layers[1].id), seen.region), filled(10, 20, 30).to_array()
    )


def test_merged_down_it_looks_as_before():
    pixels = np.full((10, 12, 4), 90, np.uint8)
    layers = Layer("Photograph", filled(1, 2, 3)), generated(Raster.from_array(pixels))
    before = document(*layers)
    after = edits.merge_down(layers[1].id).apply(before)
    assert len(after.layers) == 1
    assert np.array_equal(drawn(after, after.region), drawn(before, before.region))
