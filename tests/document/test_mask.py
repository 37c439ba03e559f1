"""Masks grown and feathered: as the formulas say, the same for every region."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.api import Region
from safelight.document import (
    DECLARED,
    Document,
    EditError,
    Kept,
    Layer,
    LiveFilter,
    Renderer,
    edits,
    effective_mask,
    result_key,
)
from safelight.document import mask as mask_module
from safelight.document.contents.content import FEATHER, GROW
from safelight.document.mask import shaped
from safelight.document.rendered.spread import boxed
from safelight.pixels import Raster, to_float
from tests.document.strategies import drawn, level_region, noise, raster, regions

WIDTH, HEIGHT = 75, 53


def parts(depth="uint8", seed=4, width=WIDTH, height=HEIGHT):
    """A mask of black with some white and some grey rectangles."""
    numbers = np.random.default_rng(seed)
    pixels = np.zeros((height, width, 1), np.float32)
    for _ in range(4):
        x, y = numbers.integers(0, width), numbers.integers(0, height)
        pixels[y : y + 9, x : x + 7] = numbers.choice([0.4, 1.0, 1.0])
    full = {"uint8": 255, "uint16": 65535, "float32": 1}[depth]
    return Raster.from_array((pixels * full).astype(depth))


def plane(mask, level=0):
    return to_float(mask.level(level).to_array())[..., 0]


def widest(values, radius, beyond):
    """The largest value within a disc, pixel by pixel as it is defined."""
    reach = int(radius)
    wide = np.pad(values, reach, constant_values=beyond)
    height, width = values.shape
    shifted = [
        wide[reach + y : reach + y + height, reach + x : reach + x + width]
        for y in range(-reach, reach + 1)
        for x in range(-reach, reach + 1)
        if x * x + y * y <= radius * radius
    ]
    return np.max(shifted, axis=0)


def gaussian(values, deviation):
    """A Gaussian, cut off where nothing of it is left; the last pixels go on."""
    half = int(5 * deviation) + 1
    bell = np.exp(-0.5 * (np.arange(-half, half + 1) / deviation) ** 2)
    bell /= bell.sum()
    wide = np.pad(values.astype(np.float64), half, mode="edge")
    rows = np.apply_along_axis(np.convolve, 0, wide, bell, "valid")
    return np.apply_along_axis(np.convolve, 1, rows, bell, "valid")


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("radius", [1, 1.5, 2, 3, 7.25, 12, 20])
def test_a_mask_grows_by_a_disc_and_shrinks_by_the_same(depth, radius):
    mask = parts(depth)
    whole = level_region(Document(WIDTH, HEIGHT, "uint8", ()), 0)
    grown = shaped(mask, whole, radius)
    np.testing.assert_allclose(grown, widest(plane(mask), radius, 0), atol=1e-6)
    shrunk = shaped(mask, whole, -radius)
    np.testing.assert_allclose(shrunk, 1 - widest(1 - plane(mask), radius, 0), atol=1e-6)


@pytest.mark.parametrize("feather", [1, 3, 4.5, 8, 14, 30])
def test_feathering_is_a_gaussian_of_half_the_radius(feather):
    mask = parts(width=150, height=110)
    soft = shaped(mask, Region(0, 0, 150, 110), feather=feather)
    # Three boxes are within 3 % of a Gaussian (Wells 1986); cut off at 3 deviations it lacks 0.3 %.
    assert np.abs(soft - gaussian(plane(mask), feather / 2)).max() < 0.03
    assert abs(soft.mean() - gaussian(plane(mask), feather / 2).mean()) < 0.005


def test_nearly_all_of_the_rim_lies_within_the_feather():
    edge = np.zeros((1, 400, 1), np.uint8)
    edge[:, 200:] = 255
    rim = shaped(Raster.from_array(edge), Region(0, 0, 400, 1), feather=60)[0]
    assert 0.015 < rim[200 - 60] < 0.035  # a Gaussian's tail beyond two deviations is 2.3 %
    assert abs(rim[200] - 0.5) < 0.01
    assert 0.965 < rim[200 + 60] < 0.985


@given(data=st.data(), level=st.integers(0, 2), seed=st.integers(0, 5))
def test_a_region_of_a_mask_is_the_same_part_of_the_whole(data, level, seed):
    mask = data.draw(st.sampled_from([parts(seed=seed), raster(WIDTH, HEIGHT, 1, "uint16", seed)]))
    document = Document(WIDTH, HEIGHT, "uint8", ())
    grow = data.draw(st.just(0.0) | st.floats(-20, 40))
    feather = data.draw(st.floats(0, 4) | st.floats(0, 60))
    whole = shaped(mask, level_region(document, level), grow, feather)
    region = data.draw(regions(document, level))
    part = shaped(mask, region, grow, feather)
    assert part.dtype == np.float32
    np.testing.assert_array_equal(part, whole[region.rows(), region.columns()])


@pytest.mark.parametrize(("grow", "feather"), [(16, 0), (-8, 0), (0, 32), (12, 24)])
def test_a_smaller_zoom_level_shows_about_what_the_full_size_does(grow, feather):
    pixels = np.zeros((256, 256, 1), np.uint8)
    pixels[90:150, 60:170] = 255
    mask = Raster.from_array(pixels)
    full = shaped(mask, Region(0, 0, 256, 256), grow, feather)
    halves = full.reshape(64, 4, 64, 4).mean(axis=(1, 3))
    small = shaped(mask, Region(0, 0, 64, 64, 2), grow, feather)
    assert np.abs(small - halves).mean() < 0.01


@given(value=st.sampled_from([0, 120, 255]), grow=st.floats(-30, 30), feather=st.floats(0, 60))
def test_a_mask_of_one_value_stays_so_and_nothing_comes_from_beyond_the_picture(
    value, grow, feather
):
    mask = Raster.filled(WIDTH, HEIGHT, (value,), "uint8")
    region = Region(0, 0, 20, HEIGHT)
    np.testing.assert_allclose(shaped(mask, region, grow, feather), value / 255, atol=1e-5)


# -- in a document


def masked(content, mask, opacity=1.0):
    below = Layer("Below", Raster.from_array(noise(WIDTH, HEIGHT, 3, "uint8", 1)), id="below")
    return Document(
        *(WIDTH, HEIGHT, "uint8"),
        (below, Layer("Filter", content, opacity, mask=mask, id="filter")),
    )


def inverting(**strip):
    result = Raster.from_array(255 - noise(WIDTH, HEIGHT, 3, "uint8", 1))
    return LiveFilter("invert", **strip, kept=Kept(result, "key"))


def test_a_filter_shows_where_its_grown_and_feathered_mask_is():
    document = masked(inverting(grow=5, feather=6), parts())
    weights = effective_mask(document.layer("filter"), document.region)[..., None]
    below = to_float(document.layer("below").raster.to_array())
    expected = below + weights * (1 - 2 * below)
    shown = to_float(drawn(document, document.region))
    np.testing.assert_allclose(shown, expected, atol=1.01 / 255)
    assert (shown != to_float(drawn(masked(inverting(), parts()), document.region))).any()


@given(data=st.data(), level=st.integers(0, 2))
def test_any_region_of_a_document_with_soft_masks_is_the_same_part_of_the_whole(data, level):
    content = inverting(grow=data.draw(st.integers(-9, 20)), feather=data.draw(st.integers(0, 30)))
    document = masked(content, parts(seed=data.draw(st.integers(0, 3))))
    whole = drawn(document, level_region(document, level))
    region = data.draw(regions(document, level))
    part = whole[region.rows(), region.columns()]
    np.testing.assert_array_equal(drawn(document, region), part)
    renderer = Renderer(memory=1 << 20, lenient=True)
    for opacity in (0.3, 0.6, 1.0):
        found = renderer.render(edits.set_opacity("filter", opacity).apply(document), region)
    np.testing.assert_array_equal(found, part)


def test_growing_and_feathering_leave_the_mask_and_the_result_as_they_are():
    document = masked(inverting(), parts())
    edit = edits.set_filter("filter", grow=-12, feather=30)
    changed = edit.apply(document).layer("filter")
    assert changed.mask is document.layer("filter").mask
    assert changed.filter.kept is document.layer("filter").filter.kept
    refreshed = edits.keep_result("filter", changed.filter.kept, inverting())
    held = refreshed.apply(edit.apply(document)).layer("filter").filter
    assert (held.grow, held.feather) == (-12, 30)


def test_a_result_is_stale_when_a_mask_below_it_grows_and_only_then():
    asked, plain = LiveFilter("above"), masked(inverting(), parts())

    def key(**strip):
        return result_key(edits.set_filter("filter", **strip).apply(plain), asked, {})

    assert len({key(), key(grow=3), key(feather=3), key(grow=3, feather=3)}) == 4
    bare = masked(inverting(), None)
    grown = masked(inverting(grow=3, feather=3), None)
    assert result_key(grown, asked, {}) == result_key(bare, asked, {})


def test_an_enlarged_picture_has_its_masks_grown_and_feathered_as_far_in_proportion():
    document = masked(inverting(grow=-40, feather=9), parts())
    large = Raster.filled(WIDTH * 4, HEIGHT * 4, (1, 2, 3), "uint8")
    once = edits.enlarge({"below": large}, 4).apply(document).layer("filter").filter
    assert (once.grow, once.feather) == (-160, 36)


def test_without_a_mask_there_is_none_and_a_pixel_layers_is_as_it_was_painted():
    document = masked(inverting(grow=9), None)
    assert effective_mask(document.layer("filter"), document.region) is None
    layer = Layer("Pixels", document.layer("below").content, mask=parts())
    assert np.array_equal(effective_mask(layer, document.region), plane(parts()))


@pytest.mark.parametrize(
    "wrong", [{"grow": GROW[0] - 1}, {"grow": GROW[1] + 1}, {"feather": -1}, {"grow": float("nan")}]
)
def test_a_mask_cannot_grow_beyond_what_is_legal(wrong):
    assert FEATHER[0] == 0
    with pytest.raises(ValueError, match="pixels, not"):
        LiveFilter("any", **wrong)


# -- the selection


@pytest.mark.parametrize(("grow", "feather"), [(6, 0), (-2, 0), (0, 9), (4, 5)])
def test_a_selection_is_grown_and_feathered_as_a_mask_is(grow, feather, monkeypatch):
    monkeypatch.setattr(edits.one_layer, "SQUARE", 20)
    document = replace(masked(inverting(), None), selection=parts())
    changed = edits.selection_edits._modified(document, grow, feather)
    expected = shaped(parts(), document.region, grow, feather)
    np.testing.assert_allclose(plane(changed.selection), expected, atol=0.51 / 255)


def test_a_small_selection_of_a_large_picture_is_feathered_where_it_ends_alone(monkeypatch):
    summed = []
    monkeypatch.setattr(
        mask_module, "boxed", lambda sums, boxes: summed.append(sums.size) or boxed(sums, boxes)
    )
    pixels = Raster.filled(4000, 3000, (0, 0, 0), "uint8")
    edge = Raster.filled(4000, 3000, (0,), "uint8").filled_at(Region(700, 700, 300, 250), 255)
    document = replace(Document.from_raster(pixels), selection=edge)
    changed = DECLARED["feather_selection"](by=30).apply(document)
    assert 0 < sum(summed) < 4000 * 3000 / 8
    np.testing.assert_allclose(
        plane(changed.selection), shaped(edge, edge.region, 0, 30), atol=0.51 / 255
    )


def test_a_selection_that_shrinks_to_nothing_is_none_and_none_cannot_grow():
    document = replace(masked(inverting(), None), selection=parts())
    nothing = edits.shrink_selection(30).apply(document)
    assert nothing.selection is None
    with pytest.raises(EditError, match="nothing is selected"):
        edits.grow_selection(3).apply(nothing)
