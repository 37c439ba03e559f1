"""Regions: checked against the sets of pixels they stand for."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.api import Region

PICTURE = Region(0, 0, 40, 30)

anywhere = st.builds(
    Region,
    x=st.integers(-30, 60),
    y=st.integers(-30, 60),
    width=st.integers(0, 40),
    height=st.integers(0, 40),
    level=st.just(2),
)
inside = st.builds(
    lambda x, y, right, bottom: Region(x, y, max(right - x, 1), max(bottom - y, 1)),
    st.integers(0, 39),
    st.integers(0, 29),
    st.integers(1, 40),
    st.integers(1, 30),
)


def pixels(region):
    """The pixels of a region, as a set of (x, y)."""
    columns, rows = range(region.x, region.right), range(region.y, region.bottom)
    return {(x, y) for y in rows for x in columns}


@given(anywhere, anywhere)
def test_an_intersection_holds_the_pixels_of_both_and_no_other(one, other):
    assert pixels(one.intersect(other)) == pixels(one) & pixels(other)


@given(anywhere, anywhere)
def test_an_intersection_never_has_a_negative_size(one, other):
    shared = one.intersect(other)
    assert shared.width >= 0
    assert shared.height >= 0
    assert shared.empty == (not pixels(one) & pixels(other))


@given(anywhere, anywhere, anywhere)
def test_the_order_of_intersections_does_not_matter(one, two, three):
    assert one.intersect(two) == two.intersect(one)
    first, second = one.intersect(two).intersect(three), one.intersect(two.intersect(three))
    assert pixels(first) == pixels(second)


@given(inside)
def test_a_region_of_a_picture_is_all_it_shares_with_it(region):
    assert region.intersect(PICTURE) == region


@given(inside, st.integers(0, 50))
def test_growing_takes_every_pixel_within_the_margin_that_the_picture_has(region, margin):
    near = {
        (x, y)
        for x, y in pixels(PICTURE)
        if region.x - margin <= x < region.right + margin
        and region.y - margin <= y < region.bottom + margin
    }
    assert pixels(region.grow(margin, PICTURE)) == near


@given(anywhere, st.integers(-99, 99), st.integers(-99, 99))
def test_moving_shifts_every_pixel(region, dx, dy):
    assert pixels(region.move(dx, dy)) == {(x + dx, y + dy) for x, y in pixels(region)}
    assert region.move(dx, dy).move(-dx, -dy) == region


@given(inside, st.integers(1, 4))
def test_scaling_finds_the_same_place_in_an_enlarged_picture(region, factor):
    picture = np.arange(30 * 40).reshape(30, 40)
    enlarged = picture.repeat(factor, 0).repeat(factor, 1)
    part = picture[region.rows(), region.columns()]
    larger = region.scale(factor)
    expected = part.repeat(factor, 0).repeat(factor, 1)
    assert np.array_equal(enlarged[larger.rows(), larger.columns()], expected)


@given(inside)
def test_rows_and_columns_cut_the_region_from_an_array(region):
    y, x = np.mgrid[:30, :40]
    part = (region.rows(), region.columns())
    assert set(zip(x[part].ravel(), y[part].ravel(), strict=True)) == pixels(region)
    assert x[part].shape == (region.height, region.width)


@given(anywhere, anywhere)
def test_the_zoom_level_stays(region, other):
    region = dataclasses.replace(region, level=3)
    for result in (
        region.intersect(other),
        region.grow(5, other),
        region.scale(2),
        region.move(1, 2),
    ):
        assert result.level == 3


@pytest.mark.parametrize("size", [(0, 0), (0, 5), (5, 0), (-1, 5), (5, -1)])
def test_without_width_or_height_a_region_is_empty(size):
    assert Region(3, 4, *size).empty
    assert not Region(3, 4, 1, 1).empty


def test_a_region_cannot_be_changed():
    region = Region(1, 2, 3, 4)
    with pytest.raises(dataclasses.FrozenInstanceError):
        region.x = 5
