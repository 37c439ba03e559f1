"""Halving and doubling, against the same said slowly."""

import numpy as np
import pytest
from safelight_exemplar import kernels
from safelight_exemplar.pyramid import halved, halved_mask, halved_where, smooth_doubled

SHAPES = [(40, 52), (41, 53), (1, 7), (6, 1)]


@pytest.fixture(params=[1, 3], autouse=True)
def threads(request, monkeypatch):
    monkeypatch.setattr(kernels, "_ROWS", 4)
    monkeypatch.setattr(kernels, "THREADS", request.param)


def picture(shape):
    return np.random.default_rng(4).uniform(-1, 2, (*shape, 3)).astype(np.float32)


def quarters(array):
    """The four pixels of each pixel of half the size, the last of odd sizes repeated."""
    odd = [(0, side % 2) for side in array.shape[:2]] + [(0, 0)] * (array.ndim - 2)
    array = np.pad(array, odd, mode="edge")
    return np.stack([array[y::2, x::2] for x in (0, 1) for y in (0, 1)])


@pytest.mark.parametrize("shape", SHAPES)
def test_half_the_size_is_the_mean_of_four_pixels(shape):
    given = picture(shape)
    assert np.allclose(halved(given), quarters(given).mean(0), atol=1e-6)
    assert np.array_equal(halved(given[..., 0]), halved(given)[..., 0])
    assert np.array_equal(halved(np.flip(given)), halved(np.flip(given).copy()))


@pytest.mark.parametrize("shape", SHAPES)
def test_half_the_size_is_the_mean_of_those_known_whatever_the_others_hold(shape):
    given = picture(shape)
    known = np.random.default_rng(5).uniform(0, 1, shape) < 0.4
    four = np.where(quarters(known)[..., None], quarters(given), 0)
    count = quarters(known).sum(0)
    given[~known] = np.nan
    means, where = halved_where(given, known)
    assert np.allclose(means, four.sum(0) / np.maximum(count, 1)[..., None], atol=1e-6)
    assert np.array_equal(where, count > 0)
    assert np.array_equal(halved_mask(known), count > 0)


def line_doubled(line):
    return np.interp((np.arange(2 * len(line)) + 0.5) / 2 - 0.5, np.arange(len(line)), line)


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_size_is_linear_between_pixels_and_level_beyond_the_last(shape):
    given = picture(shape)
    large = smooth_doubled(given, (2 * shape[0], 2 * shape[1] - 1))
    assert large.shape == (2 * shape[0], 2 * shape[1] - 1, 3)
    for channel in range(3):
        slowly = given[..., channel]
        for axis in (0, 1):
            slowly = np.apply_along_axis(line_doubled, axis, slowly)
        assert np.allclose(large[..., channel], slowly[:, : large.shape[1]], atol=1e-6)
