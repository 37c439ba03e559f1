"""Resampling: MATLAB's bicubic, in phase with the pixels, and what back-projection makes of it."""

import numpy as np
import pytest
from PIL import Image
from safelight_enlarge.bicubic import REACH, ROUNDS, back_projected, resampled

FACTORS = pytest.mark.parametrize("factor", [2, 3, 4])


def plane(height, width, seed=0):
    return np.random.default_rng(seed).random((height, width), np.float32)


@FACTORS
def test_inside_shrinking_is_what_pillow_makes_of_it(factor):
    large = plane(20 * factor, 26 * factor)
    theirs = np.asarray(Image.fromarray(large).resize((26, 20), Image.Resampling.BICUBIC))
    inner = slice(REACH, -REACH)  # Pillow leaves out what lies beyond the border
    ours = resampled(large, factor, 1)
    assert np.abs(ours - theirs)[inner, inner].max() < 1e-6


@FACTORS
def test_inside_enlarging_is_what_pillow_makes_of_it(factor):
    small = plane(20, 26)
    size = 26 * factor, 20 * factor
    theirs = np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC))
    inner = slice(REACH * factor, -REACH * factor)
    assert np.abs(resampled(small, 1, factor) - theirs)[inner, inner].max() < 1e-6


@pytest.mark.parametrize(
    ("before", "after"), [(1, 2), (1, 3), (1, 4), (2, 1), (3, 1), (4, 1), (4, 3)]
)
def test_a_ramp_stays_where_it_is(before, after):
    """Places are counted in pixels of the small picture, from its edge: nothing is moved."""
    pixels = 12
    there = (np.arange(pixels * before, dtype=np.float32) + 0.5) / before
    expected = (np.arange(pixels * after, dtype=np.float32) + 0.5) / after
    ramp = np.broadcast_to(there, (pixels * before, pixels * before))
    inner = slice(REACH * after, -REACH * after)
    for made in (resampled(ramp, before, after), resampled(ramp.T, before, after).T):
        moved = (made - expected)[inner, inner]
        # Stretched by 4/3 the kernel keeps a straight line on average over a pixel alone.
        assert np.abs(moved).max() < (0.01 if (before, after) == (4, 3) else 1e-5)
        assert abs(moved.mean()) < 1e-5


@FACTORS
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (2, 3)])
def test_an_even_plane_stays_even_whatever_its_size(factor, size):
    small = np.full(size, 0.7, np.float32)
    large = resampled(small, 1, factor)
    assert large.shape == (size[0] * factor, size[1] * factor)
    assert np.allclose(large, 0.7, atol=1e-6)
    assert np.allclose(resampled(large, factor, 1), 0.7, atol=1e-6)


@FACTORS
def test_each_round_of_back_projection_leaves_a_smaller_difference(factor, monkeypatch):
    small, large = plane(24, 30), resampled(plane(24, 30, seed=1), 1, factor)
    left = []
    for rounds in range(ROUNDS + 1):
        monkeypatch.setattr("safelight_enlarge.bicubic.ROUNDS", rounds)
        shrunk = resampled(back_projected(large, small, factor), factor, 1)
        left.append(float(np.sqrt(np.mean((shrunk - small) ** 2))))
    assert all(later < 0.8 * before for before, later in zip(left, left[1:], strict=False))


@FACTORS
def test_what_shrinks_back_already_is_left_as_it_is(factor):
    large = plane(12 * factor, 14 * factor)
    small = resampled(large, factor, 1)
    assert np.abs(back_projected(large, small, factor) - large).max() < 1e-6


@FACTORS
def test_back_projection_looks_as_far_as_it_says(factor):
    """Nothing further away is changed by a pixel, of the small picture or of the large one."""
    small, large = plane(40, 40), plane(40 * factor, 40 * factor)
    reach = 2 * REACH * ROUNDS
    before = back_projected(large, small, factor)
    brighter, poked = small.copy(), large.copy()
    brighter[20, 20] += 1
    poked[20 * factor : 21 * factor, 20 * factor : 21 * factor] += 1
    for made in (back_projected(large, brighter, factor), back_projected(poked, small, factor)):
        columns = np.abs(made - before).reshape(40, factor, 40, factor).max((0, 1, 3))
        changed = np.flatnonzero(columns)
        assert 20 - reach <= changed.min() <= changed.max() <= 20 + reach
        assert changed.max() - changed.min() > reach
