"""The cut: every pixel once, with all the pixels it needs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from safelight.api import Region
from safelight.workers.tiling import Plan, cut, quarters

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
