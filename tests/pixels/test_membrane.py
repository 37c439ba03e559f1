"""The membrane: what is carried across a hole is harmonic."""

import numpy as np
import pytest

from safelight.pixels.membrane import membrane


def exact(values, inside):
    """The harmonic values inside by a direct solution: (n, channels), float64."""
    height, width = inside.shape
    number = np.full(inside.shape, -1)
    number[inside] = np.arange(inside.sum())
    matrix, right = np.zeros((inside.sum(),) * 2), np.zeros((inside.sum(), values.shape[2]))
    for y, x in zip(*np.nonzero(inside), strict=True):
        own = number[y, x]
        for down, across in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            near = min(max(y + down, 0), height - 1), min(max(x + across, 0), width - 1)
            matrix[own, own] += 1
            if inside[near]:
                matrix[own, number[near]] -= 1
            else:
                right[own] += values[near]
    return np.linalg.solve(matrix, right)


@pytest.mark.parametrize("where", ["middle", "corner"])
def test_it_is_harmonic_inside_and_untouched_around(where):
    y, x = np.mgrid[:41, :50]
    inside = (y - 20) ** 2 + (x - 25) ** 2 < 225 if where == "middle" else (y < 20) & (x < 30)
    rng = np.random.default_rng(0)
    values = (np.sin(x / 9) + y / 50 + rng.normal(0, 0.02, x.shape))[..., None].astype(np.float32)
    found = membrane(np.where(inside[..., None], np.float32(np.nan), values), inside)
    assert np.array_equal(found[~inside], values[~inside])
    wanted = exact(values, inside)
    # Sweeps end before the noise of the rim has settled: what is left is below that noise.
    assert np.abs(found[inside] - wanted).max() < 0.02
    assert np.sqrt(np.mean((found[inside] - wanted) ** 2)) < 0.01


def test_where_nothing_is_known_it_is_nothing():
    assert not membrane(np.ones((9, 7, 3), np.float32), np.ones((9, 7), bool)).any()
