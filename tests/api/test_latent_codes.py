"""Latent codes: what a seed stands for never changes, and what lies between two is like both."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from safelight import api


def test_a_seed_stands_for_the_same_code_for_ever():
    assert np.allclose(api.drawn(7, 3), [1.6905257, -0.46593738, 0.03282016])
    assert api.drawn(2**32 - 1, 128).dtype == np.float32


def test_codes_of_seeds_are_normal_and_differ():
    codes = np.stack([api.drawn(seed, 128) for seed in range(200)])
    assert abs(codes.mean()) < 0.02
    assert codes.std() == pytest.approx(1, abs=0.02)
    assert abs(np.corrcoef(codes[0], codes[1])[0, 1]) < 0.3


def test_what_is_chosen_counts_more_than_the_seed():
    assert np.allclose(api.chosen((1.0, 2.0), 5, 2), [1, 2])
    assert np.array_equal(api.chosen((), 5, 2), api.drawn(5, 2))


@example(1, 51, 0.5, 2)  # nearly opposite
@given(st.integers(0, 99), st.integers(0, 99), st.floats(0, 1), st.sampled_from([1, 2, 16, 128]))
def test_between_two_codes_the_length_is_between_theirs(one, other, share, size):
    a, b = api.drawn(one, size), api.drawn(other, size)
    found = api.between(a, b, share)
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if size > 1:
        assert np.linalg.norm(found) == pytest.approx(
            (1 - share) * lengths[0] + share * lengths[1], rel=1e-3
        )
    assert np.allclose(api.between(a, b, 0), a, atol=1e-4)
    assert np.allclose(api.between(a, b, 1), b, atol=1e-4)


def test_opposite_codes_and_none_have_something_between_them():
    code = api.drawn(1, 8)
    middle = api.between(code, -code, 0.5)
    assert np.isfinite(middle).all()
    assert np.linalg.norm(middle) == pytest.approx(np.linalg.norm(code), rel=1e-3)
    assert np.allclose(api.between(code * 0, code, 0.25), 0.25 * code)
