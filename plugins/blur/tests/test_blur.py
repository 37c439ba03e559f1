"""Gaussian blur: against the formula, at the edges, in pieces."""

import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from safelight_blur import blur, reach

from safelight import api
from safelight.api import testing

GOLDEN = Path(__file__).parent / "blur.npy"

LAST_BITS = 2e-6
"""What sums of some dozen float32 values near 1 lose."""


def point(size=61, value=1.0):
    """One bright pixel in the middle of a black picture."""
    picture = np.zeros((size, size, 3), np.float32)
    picture[size // 2, size // 2] = value
    return picture


@pytest.mark.parametrize("linear_light", [True, False])
@pytest.mark.parametrize("radius", [0.0, 0.1, 1.0, 2.7, 8.0])
def test_it_is_well_behaved(radius, linear_light):
    testing.assert_well_behaved(blur, radius=radius, linear_light=linear_light)


@pytest.mark.parametrize("radius", [0.0, 0.4, 3.0, 10.3])
def test_pieces_fit_together_at_the_reach_it_states(radius):
    # Near black the sRGB curve makes a rounding 13 times as large.
    testing.assert_tiles_agree(blur, tolerance=13 * LAST_BITS, radius=radius)


def test_a_radius_of_nothing_changes_nothing():
    picture = testing.photograph(beyond=0.25)
    assert np.array_equal(blur(picture, radius=0.0), picture)


@pytest.mark.parametrize("radius", [1.0, 2.5, 6.0])
def test_a_point_becomes_the_gaussian_of_the_formula(radius):
    distance = np.arange(61) - 30
    bell = np.exp(-0.5 * (distance / radius) ** 2) / (radius * math.sqrt(2 * math.pi))
    expected = np.outer(bell, bell)
    result = blur(point(), radius=radius, linear_light=False)
    # It is cut off at three deviations, where the bell is still this part of its peak.
    cut_off = math.exp(-0.5 * 3**2) * expected.max()
    for channel in range(3):
        assert np.abs(result[..., channel] - expected).max() < cut_off


def test_a_point_spreads_as_far_as_the_reach_and_no_further():
    result = blur(point(), radius=3.0, linear_light=False)[..., 0]
    y, x = np.nonzero(result)
    assert max(abs(y - 30).max(), abs(x - 30).max()) == reach(3.0) == 9


def test_two_blurs_are_one_of_the_radius_that_pythagoras_says():
    picture = testing.photograph(64, 48)
    twice = blur(blur(picture, radius=3.0, linear_light=False), radius=4.0, linear_light=False)
    once = blur(picture, radius=5.0, linear_light=False)
    inside = (slice(16, -16), slice(16, -16))
    # The deviation of a bell cut off at three deviations is 1.3 % less than its own.
    assert np.abs(twice[inside] - once[inside]).max() < 0.01


def framed():
    """A photograph in a grey frame so wide that no blur of radius 4 brings it to the edge."""
    picture = np.full((88, 104, 3), 0.5, np.float32)
    picture[24:-24, 24:-24] = testing.photograph(56, 40)
    return picture


def test_no_light_is_lost_or_made():
    picture = framed()
    before = api.to_linear(picture).mean((0, 1), np.float64)
    after = api.to_linear(blur(picture, radius=4.0)).mean((0, 1), np.float64)
    assert after == pytest.approx(before, abs=LAST_BITS)


def test_without_linear_light_the_mean_of_the_values_stays():
    picture = framed()
    result = blur(picture, radius=4.0, linear_light=False)
    expected = picture.mean((0, 1), np.float64)
    assert result.mean((0, 1), np.float64) == pytest.approx(expected, abs=LAST_BITS)


def test_light_is_what_is_mixed_so_bright_points_stay_bright():
    of_light = blur(point(), radius=2.0)
    of_values = blur(point(), radius=2.0, linear_light=False)
    assert of_light[30, 30, 0] > 3 * of_values[30, 30, 0]
    light = blur(api.to_linear(point()), radius=2.0, linear_light=False)
    assert np.abs(api.to_linear(of_light) - light).max() < LAST_BITS


@pytest.mark.parametrize("radius", [0.5, 4.0, 30.0])
def test_an_even_picture_stays_even_up_to_its_edges(radius):
    picture = np.full((20, 30, 3), (0.2, 0.5, 1.25), np.float32)
    assert np.abs(blur(picture, radius=radius) - picture).max() < LAST_BITS


def test_the_picture_goes_on_beyond_its_edges_with_its_last_pixels():
    picture = testing.photograph(40, 30)
    wide = np.pad(picture, ((12, 12), (12, 12), (0, 0)), mode="edge")
    expected = blur(wide, radius=4.0)[12:-12, 12:-12]
    assert np.abs(blur(picture, radius=4.0) - expected).max() < 13 * LAST_BITS


def held(width, radius):
    """Bytes a pixel that a blur holds at its peak, of a picture so wide and 16 pixels high."""
    picture = np.full((16, width, 3), 0.5, np.float32)
    tracemalloc.start()
    try:
        blur(picture, radius=radius)
        return tracemalloc.get_traced_memory()[1] / (16 * width)
    finally:
        tracemalloc.stop()


def test_a_long_line_takes_no_more_memory_a_pixel_than_a_short_one():
    assert held(12000, 4.0) <= 1.2 * held(1500, 4.0)


def test_light_beyond_white_survives():
    result = blur(np.full((9, 9, 3), 2.5, np.float32), radius=2.0)
    assert result == pytest.approx(2.5, abs=1e-5)


def test_a_turned_picture_gives_a_turned_result():
    picture = testing.photograph(40, 30)
    turned = blur(picture.transpose(1, 0, 2), radius=3.0).transpose(1, 0, 2)
    assert np.abs(blur(picture, radius=3.0) - turned).max() < 13 * LAST_BITS


def test_the_radius_is_a_length_that_the_host_may_scale():
    radius = api.registered(blur).declaration.parameter("radius")
    assert radius.length
    assert (radius.minimum, radius.maximum, radius.unit) == (0, 250, "px")


def test_its_id_stays_what_saved_documents_hold():
    assert api.registered(blur).declaration.id == "safelight_blur.blur"


def test_the_picture_it_makes_is_the_one_that_was_looked_at():
    # The file keeps values below 1 exact to 1/4096; the rest is a sum of few numbers.
    testing.assert_matches_golden(
        blur(testing.photograph(48, 32), radius=1.5), GOLDEN, tolerance=1 / 1000
    )
