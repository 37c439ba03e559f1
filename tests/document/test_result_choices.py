"""The strip: lightness or colour only, and how much of the fine texture below is kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.document import LiveFilter
from safelight.document.rendered.result_choices import FINE, margin, smooth, treat

LUMINOSITY = np.array([0.3, 0.59, 0.11])


def noise(seed, height=40, width=33):
    return np.random.default_rng(seed).random((height, width, 3), np.float32)


def filter(**choices):
    return LiveFilter("any", **choices)


def gaussian(pixels, radius):
    """A Gaussian in float64, pixel by pixel from its definition; edges go on."""
    half = int(np.ceil(3 * radius))
    offsets = range(-half, half + 1)
    weights = np.array([np.exp(-(offset**2) / (2 * radius**2)) for offset in offsets])
    weights /= weights.sum()
    height, width, _ = pixels.shape
    rows = [np.clip(np.arange(height) + offset, 0, height - 1) for offset in offsets]
    columns = [np.clip(np.arange(width) + offset, 0, width - 1) for offset in offsets]
    wide = sum(w * pixels.astype(float)[r] for w, r in zip(weights, rows, strict=True))
    return sum(w * wide[:, c] for w, c in zip(weights, columns, strict=True))


def test_with_no_choice_a_result_is_what_it_was():
    result = noise(1)
    assert treat(filter(), noise(2), result, 0) is result


def test_luminance_takes_the_lightness_and_leaves_the_colour_below():
    below, result = noise(1), noise(2)
    treated = treat(filter(channels="luminance"), below, result, 0)
    np.testing.assert_allclose(treated @ LUMINOSITY, result @ LUMINOSITY, atol=2e-6)
    # The order of the channels is the hue, as far as one can see without a formula.
    clear = np.diff(np.sort(below, axis=2), axis=2).min(axis=2) > 0.05
    inside = (treated.min(axis=2) > 1e-3) & (treated.max(axis=2) < 1 - 1e-3) & clear
    np.testing.assert_array_equal(treated[inside].argsort(axis=1), below[inside].argsort(axis=1))


def test_colour_takes_the_colour_and_leaves_the_lightness_below():
    below, result = noise(1), noise(2)
    treated = treat(filter(channels="colour"), below, result, 0)
    np.testing.assert_allclose(treated @ LUMINOSITY, below @ LUMINOSITY, atol=2e-6)
    opposite = treat(filter(channels="luminance"), result, below, 0)
    np.testing.assert_array_equal(treated, opposite)


@pytest.mark.parametrize("channels", ["luminance", "colour"])
def test_a_grey_result_over_grey_is_the_lightness_it_promises(channels):
    below, result = np.full((2, 2, 3), 0.3, np.float32), np.full((2, 2, 3), 0.8, np.float32)
    expected = result if channels == "luminance" else below
    np.testing.assert_allclose(
        treat(filter(channels=channels), below, result, 0), expected, atol=1e-6
    )


@pytest.mark.parametrize("texture", [0.25, 1.0])
def test_texture_replaces_that_share_of_the_fine_detail_by_that_below(texture):
    below, result = noise(1), noise(2)
    fine_below = below - gaussian(below, FINE)
    fine_result = result - gaussian(result, FINE)
    expected = result + texture * (fine_below - fine_result)
    treated = treat(filter(texture=texture), below, result, 0)
    np.testing.assert_allclose(treated, expected, atol=2e-6)


def test_with_all_the_texture_a_blur_below_the_fine_size_is_undone():
    below = noise(1)
    treated = treat(filter(texture=1.0), below, smooth(below, FINE), 0)
    blurred = np.abs(smooth(below, FINE) - below)
    assert np.abs(treated - below).mean() < 0.3 * blurred.mean()


def test_what_is_fine_is_smaller_at_a_smaller_zoom_level():
    below, result = noise(1), noise(2)
    for level in (1, 2, 3):
        radius = FINE / 2**level
        expected = below - gaussian(below, radius) + gaussian(result, radius)
        np.testing.assert_allclose(
            treat(filter(texture=1.0), below, result, level), expected, atol=3e-6
        )


@given(st.sampled_from([0, 1, 2, 3, 5]), st.integers(0, 9))
def test_nothing_beyond_the_margin_is_looked_at(level, seed):
    half = margin(filter(texture=1.0), level)
    assert half >= 1
    below, result = noise(seed), noise(seed + 20)
    full = treat(filter(texture=1.0), below, result, level)
    rows, columns = slice(20 - half, 20 + half + 1), slice(16 - half, 16 + half + 1)
    part = treat(filter(texture=1.0), below[rows, columns], result[rows, columns], level)
    np.testing.assert_array_equal(part[half, half], full[20, 16])


def test_without_texture_no_neighbour_is_looked_at():
    assert margin(filter(channels="luminance"), 0) == 0


@given(st.floats(0.1, 5), st.floats(-3, 3, width=32))
def test_smoothing_leaves_a_flat_picture_flat(radius, value):
    flat = np.full((9, 7, 3), value, np.float32)
    np.testing.assert_allclose(smooth(flat, radius), flat, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (2, 3)])
def test_pictures_smaller_than_the_margin_are_smoothed_too(shape):
    pixels = noise(1, *shape)
    np.testing.assert_allclose(smooth(pixels, FINE), gaussian(pixels, FINE), atol=1e-6)


def test_light_beyond_0_to_1_survives_every_choice():
    below = noise(1)
    result = below + 3
    for choices in ({}, {"texture": 0.5}):
        treated = treat(filter(**choices), below, result, 0)
        np.testing.assert_allclose(treated, result, atol=1e-5)
