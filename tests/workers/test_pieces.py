"""The cut: every pixel once, with all the pixels it needs."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.api import Region
from safelight.workers.pieces import Plan, cut, quarters, unwatched

plans = st.builds(
    Plan,
    reach=st.integers(0, 90),
    multiple=st.sampled_from([1, 2, 8, 16]),
    tile=st.integers(16, 300),
)


@st.composite
def places(draw):
    whole = Region(0, 0, draw(st.integers(1, 900)), draw(st.integers(1, 900)))
    x, y = draw(st.integers(0, whole.width - 1)), draw(st.integers(0, whole.height - 1))
    width = draw(st.integers(1, whole.width - x))
    return whole, Region(x, y, width, draw(st.integers(1, whole.height - y)))


@given(places(), plans, st.integers(-300, 300), st.integers(-300, 300))
def test_what_lies_around_the_picture_is_cut_as_if_it_were_the_picture(place, plan, x, y):
    whole, region = place
    there = cut(region.move(x, y), whole.move(x, y), plan)
    for piece, moved in zip(cut(region, whole, plan), there, strict=True):
        assert (piece.keep.move(x, y), piece.window.move(x, y)) == (moved.keep, moved.window)
        for one, other in zip(
            quarters(piece, whole, plan), quarters(moved, whole.move(x, y), plan), strict=True
        ):
            assert (one.keep.move(x, y), one.window.move(x, y)) == (other.keep, other.window)


def expect_complete(pieces, region, whole, plan):
    count = np.zeros((whole.height, whole.width), np.uint8)
    for piece in pieces:
        count[piece.keep.rows(), piece.keep.columns()] += 1
        needed = piece.keep.grow(plan.reach, whole)
        assert piece.window.intersect(needed) == needed
        assert piece.window.intersect(whole) == piece.window
        for start, size, end in (
            (piece.window.x, piece.window.width, whole.width),
            (piece.window.y, piece.window.height, whole.height),
        ):
            assert start % plan.multiple == 0
            assert size % plan.multiple == 0 or start + size == end
    inside = np.zeros_like(count)
    inside[region.rows(), region.columns()] = 1
    assert np.array_equal(count, inside)


@given(places(), plans)
def test_every_pixel_is_kept_once_with_all_it_needs(place, plan):
    whole, region = place
    expect_complete(cut(region, whole, plan), region, whole, plan)


@given(places(), plans)
def test_a_piece_in_quarters_is_still_complete(place, plan):
    whole, region = place
    piece = cut(region, whole, plan)[0]
    parts = quarters(piece, whole, plan)
    expect_complete(parts, piece.keep, whole, plan)
    if max(piece.keep.width, piece.keep.height) > 2 * plan.tile:
        assert len(parts) > 1


def means(pixels, side):
    """Each square of ``side`` as its mean, filled up at the end as the host does it."""
    height, width = pixels.shape
    padded = np.pad(pixels, ((0, -height % side), (0, -width % side)), mode="edge")
    squares = padded.reshape(padded.shape[0] // side, side, padded.shape[1] // side, side)
    return squares.mean((1, 3)).repeat(side, 0).repeat(side, 1)[:height, :width]


@given(places(), plans, st.sampled_from([2, 7, 16]), st.booleans())
def test_squares_on_a_grid_come_out_the_same_however_the_picture_is_cut(place, plan, side, again):
    whole, region = place
    plan = replace(plan, multiple=side, reach=max(plan.reach, side - 1))
    pixels = np.random.default_rng(5).random((whole.height, whole.width))
    expected = means(pixels, side)
    pieces = cut(region, whole, plan)
    if again:
        pieces = [part for piece in pieces for part in quarters(piece, whole, plan)]
    for piece in pieces:
        window, keep = piece.window, piece.keep
        inner = keep.move(-window.x, -window.y)
        made = means(pixels[window.rows(), window.columns()], side)[inner.rows(), inner.columns()]
        assert np.allclose(made, expected[keep.rows(), keep.columns()])


@given(places(), plans)
def test_a_piece_in_quarters_is_shorter_by_a_quarter_or_more_whatever_reach_and_grid(place, plan):
    whole, region = place
    piece = cut(region, whole, plan)[0]
    while (longest := max(piece.keep.width, piece.keep.height)) > 1:
        parts = quarters(piece, whole, plan)
        piece = parts[0]
        halves = [max(part.keep.width, part.keep.height) for part in parts]
        assert max(halves) <= max(-(-longest // 2), 0.75 * longest)


def test_windows_on_a_grid_are_equally_large_but_the_last():
    whole = Region(0, 0, 6000, 3995)
    pieces = cut(whole, whole, Plan(reach=40, multiple=16, tile=256))
    inner = [item.window for item in pieces if item.window.right < 6000 - 256]
    inner = [item for item in inner if item.x > 0 and item.y > 0 and item.bottom < 3995 - 256]
    assert len(inner) > 200
    assert len({(window.width, window.height) for window in inner}) == 1


def test_windows_of_one_picture_are_equally_large():
    whole = Region(0, 0, 6000, 4000)
    pieces = cut(whole, whole, Plan(reach=21, tile=448))
    widths = {piece.window.width for piece in pieces}
    assert max(widths) - min(widths) <= len(pieces) ** 0.5 + 1


def test_little_is_computed_twice():
    for width, height in ((1024, 1024), (1475, 983), (6000, 4000)):
        whole = Region(0, 0, width, height)
        pieces = cut(whole, whole, Plan(reach=16, tile=448))
        computed = sum(piece.window.width * piece.window.height for piece in pieces)
        assert computed / (width * height) <= 1.2


@pytest.mark.parametrize("reach", [16, 53, 64, 90])
def test_where_nobody_waits_for_the_first_piece_a_long_reach_is_paid_for_once(reach):
    plan = Plan(reach=reach, multiple=8, tile=448)
    for width, height in ((1200, 800), (6000, 4000)):
        whole = Region(0, 0, width, height)
        windows = [piece.window for piece in cut(whole, whole, unwatched(plan))]
        computed = sum(window.width * window.height for window in windows)
        assert computed / (width * height) <= 1.4
        assert max(window.width * window.height for window in windows) <= 1.15 * 1152**2
    seamless = Plan(reach=0, tile=448)
    assert unwatched(seamless) == seamless


@pytest.mark.parametrize("size", [(20000, 1), (1, 20000), (30000, 9), (12, 9000), (4000, 100)])
@pytest.mark.parametrize(
    "plan",
    [Plan(), Plan(reach=25), Plan(reach=68, multiple=8), Plan(reach=32, multiple=16, tile=240)],
    ids=["plain", "exact", "coarse", "attention"],
)
def test_of_a_thin_strip_hardly_a_pixel_is_computed_twice(size, plan):
    whole = Region(0, 0, *size)
    windows = [piece.window for piece in cut(whole, whole, plan)]
    computed = sum(window.width * window.height for window in windows)
    assert computed / (whole.width * whole.height) <= 1.2
    square = plan.tile + 2 * plan.reach  # pieces of this many pixels suit the memory
    filled = [
        -(-window.width // plan.multiple) * -(-window.height // plan.multiple) * plan.multiple**2
        for window in windows
    ]
    assert max(filled) <= 1.5 * square**2
