"""What is missing of a picture is made up from its neighbours, in parts as in the whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.api import Region
from safelight.pixels import filled, from_float, is_finite, mended, seen, surroundings

DEPTHS = ["uint8", "uint16", "float32"]


def reading(pixels):
    return lambda place: pixels[place.rows(), place.columns()]


def whole_of(pixels):
    return Region(0, 0, pixels.shape[1], pixels.shape[0])


def seen_of(pixels, reach, place=None):
    whole, read = whole_of(pixels), reading(pixels)
    place = place or whole
    return seen(read(place), place, whole, reach, read)


@st.composite
def pictures(draw, opaque=False):
    """Noise of odd sizes, most of it transparent, with anything hidden under alpha 0."""
    width, height = draw(st.integers(1, 50)), draw(st.integers(1, 50))
    numbers = np.random.default_rng(draw(st.integers(0, 9)))
    pixels = numbers.random((height, width, 4), np.float32)
    share = draw(st.sampled_from([0.0, 0.01, 0.5, 1.0]))
    pixels[..., 3] *= numbers.random((height, width)) < share
    if opaque:
        pixels[..., 3] = 1
    return from_float(pixels, draw(st.sampled_from(DEPTHS)))


@st.composite
def places(draw, pixels):
    height, width = pixels.shape[:2]
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    return Region(x, y, draw(st.integers(1, width - x)), draw(st.integers(1, height - y)))


@settings(max_examples=200)
@given(pixels=pictures(), reach=st.sampled_from([1, 2, 3, 12, 40, 1000]), data=st.data())
def test_a_part_is_bit_for_bit_that_part_of_the_whole(pixels, reach, data):
    place = data.draw(places(pixels))
    part, whole = seen_of(pixels, reach, place), seen_of(pixels, reach)
    np.testing.assert_array_equal(part, whole[place.rows(), place.columns()])


@given(pixels=pictures(), reach=st.sampled_from([1, 3, 12]), data=st.data())
def test_no_more_is_read_than_is_said(pixels, reach, data):
    place, whole = data.draw(places(pixels)), whole_of(pixels)
    asked = []
    seen(
        reading(pixels)(place), place, whole, reach, lambda x: asked.append(x) or reading(pixels)(x)
    )
    limit = place.grow(surroundings(reach, whole), whole)
    assert all(limit.intersect(region) == region for region in asked)


@given(pixels=pictures(), reach=st.sampled_from([1, 3, 12]))
def test_what_is_hidden_has_no_influence_and_what_shows_stays_bit_for_bit(pixels, reach):
    other = pixels.copy()
    other[other[..., 3] == 0] = 0
    np.testing.assert_array_equal(seen_of(pixels, reach), seen_of(other, reach))
    shown = pixels[..., 3] > 0
    np.testing.assert_array_equal(seen_of(pixels, reach)[shown], seen_of(pixels, 0)[shown])


@given(pixels=pictures(), reach=st.sampled_from([1, 3, 12]))
def test_what_is_made_up_lies_between_what_there_is(pixels, reach):
    made, shown = seen_of(pixels, reach), pixels[..., 3] > 0
    assert np.isfinite(made).all()
    if shown.any():
        colours = seen_of(pixels, 0)[shown][:, :3]
        hidden = made[~shown][:, :3]
        assert (hidden <= colours.max(0) + 1e-6).all()
        # Too far from everything it is 0.
        low = (hidden >= colours.min(0) - 1e-6).all(1)
        assert (low | (hidden == 0).all(1)).all()
    else:
        assert not made[..., :3].any()


@pytest.mark.parametrize("reach", [1, 2, 3, 4, 7, 8, 31])
def test_all_that_is_within_reach_of_what_shows_is_made_up(reach):
    pixels = np.zeros((80, 80, 4), np.float32)
    pixels[41, 37] = 0.25, 0.5, 0.75, 1 / 255
    made = seen_of(pixels, reach)[41 - reach : 42 + reach, 37 - reach : 38 + reach, :3]
    np.testing.assert_allclose(made, np.broadcast_to([0.25, 0.5, 0.75], made.shape), rtol=1e-6)


@given(pixels=pictures(opaque=True), reach=st.sampled_from([1, 12]))
def test_a_picture_without_transparent_pixels_is_left_alone(pixels, reach):
    def unread(place):
        raise AssertionError("read for nothing")

    whole = whole_of(pixels)
    np.testing.assert_array_equal(
        seen(pixels, whole, whole, reach, unread), seen(pixels, whole, whole, 0, unread)
    )
    if pixels.dtype == np.float32:
        assert seen(pixels, whole, whole, reach, unread) is pixels


def test_each_channel_can_miss_something_of_its_own():
    values = np.full((9, 9, 3), 0.5, np.float32)
    weight = np.ones((9, 9, 3), np.float32)
    values[4, 4, 1], weight[4, 4, 1] = 7, 0
    values[4, 4, 2] = 0.75
    made = filled(values, weight, 2)
    np.testing.assert_allclose(made[4, 4], [0.5, 0.5, 0.75])


NO_NUMBERS = [np.nan, np.inf, -np.inf]


@given(data=st.data(), channels=st.integers(1, 4), value=st.sampled_from(NO_NUMBERS))
def test_what_is_no_number_is_mended_from_its_neighbours(data, channels, value):
    numbers = np.random.default_rng(data.draw(st.integers(0, 9)))
    height, width = data.draw(st.integers(1, 40)), data.draw(st.integers(2, 40))
    pixels = numbers.uniform(-1, 4, (height, width, channels)).astype(np.float32)
    bad = numbers.random(pixels.shape) < data.draw(st.sampled_from([0.01, 0.5]))
    bad[0, 0], bad[0, 1] = True, False
    broken = np.where(bad, np.float32(value), pixels)
    before = broken.copy()
    result, count = mended(broken)
    np.testing.assert_array_equal(broken, before)
    assert count == bad.any(axis=2).sum()
    assert is_finite(result)
    np.testing.assert_array_equal(result[~bad], pixels[~bad])
    for channel in range(channels):
        there = pixels[..., channel][~bad[..., channel]]
        made = result[..., channel][bad[..., channel]]
        assert there.min() - 1e-5 <= made.min()
        assert made.max() <= there.max() + 1e-5


def test_a_wide_hole_of_no_numbers_is_mended_to_its_middle():
    pixels = np.full((600, 700, 3), 0.5, np.float32)
    pixels[40:560, 60:650] = np.nan
    pixels[:, 650:] = 0.75
    result, count = mended(pixels)
    assert count == 520 * 590
    assert result.min() >= 0.5 - 1e-6
    assert result.max() <= 0.75 + 1e-6
    assert result[300, 100, 0] < result[300, 640, 0]


def test_numbers_are_left_alone_and_not_copied():
    for kind in ("uint8", "uint16", "float32"):
        pixels = np.zeros((300, 5, 4), kind)
        assert mended(pixels)[1] == 0
        assert mended(pixels)[0] is pixels
    assert is_finite(np.full((600, 9, 3), 3e38, np.float32))


def test_a_picture_without_a_single_number_becomes_black():
    result, count = mended(np.full((40, 30, 3), np.nan, np.float32))
    assert count == 40 * 30
    assert not result.any()
