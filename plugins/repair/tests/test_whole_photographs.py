"""Whole photographs: what is run follows what is missing, and far away things do not matter."""

import tracemalloc

import numpy as np
import pytest
from safelight_repair import coarse_to_fine as ctf
from safelight_repair.windows import BLOCK, CELL


def specks(shape, count, seed=0):
    """A mask with squares of 2 to 8 pixels, anywhere."""
    rng = np.random.default_rng(seed)
    mask = np.zeros(shape, np.float32)
    for _ in range(count):
        side = int(rng.integers(2, 9))
        y, x = (int(rng.integers(0, size - side)) for size in shape)
        mask[y : y + side, x : x + side] = 1
    return mask


class Counting:
    """Fills with the mean of what is known in the window; notes the windows' sides."""

    def __init__(self):
        self.windows = []

    def __call__(self, image, mask, guess, noise):
        self.windows.append(mask.shape)
        known = mask == 0
        mean = image[known].mean(0) if known.any() else np.float32([0.5, 0.5, 0.5])
        return np.where(mask[..., None] > 0, mean + np.float32(0.1) * noise[0, 0, 0], image)

    @property
    def pixels(self):
        return sum(height * width for height, width in self.windows)


def noisy(shape, seed=1):
    return np.random.default_rng(seed).random((*shape, 3), np.float32)


def test_far_apart_specks_cost_a_small_window_each():
    shape, network = (2000, 3000), Counting()
    mask = np.zeros(shape, np.float32)
    mask[100:1900:300, 100:2900:300] = 1
    ctf.fill(noisy(shape), mask, network)
    most = (1 + 2 * ctf.VIEW + 2 * (BLOCK - 1)) ** 2
    assert len(network.windows) == int(mask.sum())
    assert network.pixels <= mask.sum() * most


def test_dense_dust_costs_no_more_than_the_picture_in_overlapping_cells():
    shape, network = (900, 1200), Counting()
    ctf.fill(noisy(shape), specks(shape, 2000), network)
    overlap = ((CELL + 2 * ctf.VIEW + 2 * BLOCK) / CELL) ** 2
    assert network.pixels < 900 * 1200 * overlap


@pytest.mark.parametrize("across", [0, 1])
def test_a_scratch_along_the_picture_is_run_in_narrow_windows(across):
    shape, network = (2400, 2000), Counting()
    mask = np.zeros(shape, np.float32)
    np.swapaxes(mask, 0, across)[:, 700:703] = 1
    ctf.fill(noisy(shape), mask, network)
    narrow = 3 + 2 * ctf.VIEW + 2 * (BLOCK - 1)
    assert all(min(window) <= narrow for window in network.windows)
    length = shape[across]
    assert network.pixels < narrow * length * (CELL + 2 * ctf.VIEW + 2 * BLOCK) / CELL


def test_memory_beyond_the_result_follows_what_is_missing():
    shape = (3000, 3000)
    image, mask = np.zeros((*shape, 3), np.float32), specks(shape, 100)
    tracemalloc.start()
    ctf.fill(image, mask, Counting())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < image.nbytes + mask.nbytes


@pytest.mark.parametrize("size", [5, 150, 400])
def test_a_hole_is_filled_the_same_whatever_is_damaged_far_away(size):
    image = noisy((1400, 2200))
    mask = np.zeros(image.shape[:2], np.float32)
    mask[300 : 300 + size, 310 : 310 + size] = 1
    more = np.maximum(mask, 0)
    more[300:700, 1700:2100] = 1
    more[::40, 1750::40] = 1
    here = np.s_[:, :900]
    alone, beside = (ctf.fill(image, given, Counting(), 5, 1.0) for given in (mask, more))
    assert np.array_equal(alone[here], beside[here])


@pytest.mark.parametrize("seed", range(4))
def test_shares_of_overlapping_windows_sum_to_one(seed):
    """Specks, scratches, a thick stroke and a torn corner: a network of ones gives ones."""
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(300, 900)), int(rng.integers(300, 900)))
    mask = specks(shape, 80, seed)
    mask[int(rng.integers(20, 200)), :] = 1
    mask[:, int(rng.integers(20, 200))] = 1
    y, x = rng.integers(50, 120, 2)
    mask[y : y + 40, x:] = 1
    mask[-150:, -150:] = 1

    def ones(image, missing, guess, noise):
        return np.where(missing[..., None] > 0, np.float32(1), image)

    result = ctf.fill(np.zeros((*shape, 3), np.float32), mask, ones)
    np.testing.assert_allclose(result, np.sign(mask)[..., None].repeat(3, 2), atol=1e-5)


def test_progress_rises_to_one_and_cancelling_ends_it():
    told, image = [], noisy((500, 500))
    mask = specks(image.shape[:2], 20)
    mask[100:300, 100:300] = 1
    ctf.fill(image, mask, Counting(), step=told.append)
    assert told == sorted(told)
    assert told[-1] == 1

    class Stopped(Exception):
        pass

    def stop(fraction):
        raise Stopped

    network = Counting()
    with pytest.raises(Stopped):
        ctf.fill(image, mask, network, step=stop)
    assert len(network.windows) == 1


def test_a_wider_view_shows_the_network_more():
    image, mask = noisy((600, 600)), np.zeros((600, 600), np.float32)
    mask[300:310, 300:310] = 1
    near, far = Counting(), Counting()
    ctf.fill(image, mask, near, view=32)
    ctf.fill(image, mask, far, view=160)
    assert max(near.windows[0]) < 128 < 320 < max(far.windows[0])
