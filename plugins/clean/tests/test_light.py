"""Light: where nothing varies nothing goes, and noise goes as if nobody watched."""

import numpy as np
import pytest
from safelight_clean.light import MEAN, REACH, STEPS, averaged, kept

EVEN = [(0.5, 0.5, 0.5), (0, 0, 0), (1, 1, 1), (0.8, 0.3, 0.1), (-0.2, 1.4, 60.0)]


def noise(size, sigma, seed=0):
    return np.random.default_rng(seed).normal(0, sigma, size).astype(np.float32)


def test_the_window_is_centred_and_its_weights_sum_to_one():
    plane = np.zeros((61, 61))
    plane[30, 30] = 1
    window = averaged(plane)
    assert window.sum() == pytest.approx(1)
    assert np.array_equal(window, window[::-1, ::-1])
    assert np.array_equal(window, window.T)
    rows = np.flatnonzero(window.any(1))
    assert (rows[0], rows[-1]) == (30 - REACH, 30 + REACH)
    assert sum(STEPS) == 2 * REACH
    # What the window's mean of white noise of deviation 1 moves by, as MEAN's reason says.
    assert np.sqrt(np.square(window).sum()) == pytest.approx(1 / 20, rel=0.05)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (40, 2), (64, 50)])
@pytest.mark.parametrize("colour", EVEN)
def test_of_an_even_colour_nothing_is_taken(colour, size):
    image = np.broadcast_to(np.float32(colour), (*size, 3))
    wrong = image + np.float32([0.1, -0.2, 0.3]) + noise(image.shape, 0.05)
    np.testing.assert_allclose(kept(image, wrong), image, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("sigma", [5, 25, 50])
def test_noise_goes_wholly_where_it_is(sigma):
    """From a gradient, which is what a network that makes no error would give."""
    clean = np.repeat(np.linspace(0.3, 0.7, 90, dtype=np.float32)[:, None, None], 3, 2)
    clean = np.repeat(clean, 80, 1)
    image = clean + noise(clean.shape, sigma / 255)
    left = kept(image, clean) - clean
    assert np.sqrt(np.mean(left**2)) < 0.02 * sigma / 255


@pytest.mark.parametrize("black", [True, False])
def test_what_a_file_has_cut_off_of_the_noise_may_go_back(black):
    clean = np.full((80, 80, 3), 0.0 if black else 1.0, np.float32)
    image = np.clip(clean + noise(clean.shape, 50 / 255), 0, 1)
    assert np.abs(image - clean).mean() > 15 / 255
    assert np.abs(kept(image, clean) - clean).max() < 0.5 / 255


def test_a_mean_moves_by_a_part_of_what_varies_at_most():
    image = np.full((90, 90, 3), 0.5, np.float32) + noise((90, 90, 3), 8 / 255)
    inner = slice(2 * REACH, -2 * REACH)
    for shift in (-0.3, 0.1):
        moved = (kept(image, image + np.float32(shift)) - image)[inner, inner]
        assert np.abs(moved.mean((0, 1))) == pytest.approx([MEAN * 8 / 255] * 3, rel=0.05)


def test_a_pixel_that_stands_out_alone_goes_wholly():
    clean = np.full((60, 60, 3), 0.4, np.float32)
    image = clean.copy()
    image[30, 30] = 0.95
    np.testing.assert_allclose(kept(image, clean), clean, atol=1e-6)


def test_grey_stays_grey():
    image = np.repeat(noise((40, 40, 1), 0.1) + np.float32(0.5), 3, 2)
    result = np.repeat(noise((40, 40, 1), 0.1, seed=1) + np.float32(0.6), 3, 2)
    assert np.ptp(kept(image, result), axis=2).max() == 0


def test_rows_that_are_worked_on_together_leave_no_trace(monkeypatch):
    image = np.clip(noise((150, 40, 3), 0.4) + np.float32(0.5), 0, 1)
    result = image * np.float32(0.9)
    found = kept(image, result)
    monkeypatch.setattr("safelight_clean.light.ROWS", 1000)
    assert np.array_equal(kept(image, result), found)
