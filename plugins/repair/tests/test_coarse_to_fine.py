"""Filling holes of any size: with functions in the place of the network."""

import numpy as np
import pytest
from safelight_repair import coarse_to_fine as ctf
from safelight_repair import sizes
from safelight_repair.noise import CHANNELS
from safelight_repair.windows import BLOCK, CELL


def picture(height=200, width=232):
    """A gradient, float32 (h, w, 3)."""
    y, x = np.mgrid[:height, :width]
    return np.stack([y / height, x / width, (y + x) / (height + width)], -1).astype(np.float32)


def square(shape, first, end):
    mask = np.zeros(shape, np.float32)
    mask[first:end, first:end] = 1
    return mask


class Network:
    """Fills with a guess where there is one, else with the mean of what it sees, plus noise."""

    def __init__(self):
        self.calls = []

    def __call__(self, image, mask, guess, noise):
        self.calls.append((image, mask, guess, noise))
        assert image.shape == (*mask.shape, 3)
        assert not any(side % BLOCK for side in mask.shape)
        assert noise.shape == (CHANNELS, mask.shape[0] // 4, mask.shape[1] // 4)
        assert {kind.dtype for kind in (image, mask, guess, noise)} == {np.dtype(np.float32)}
        known = mask == 0
        flat = image[known].mean(0) if known.any() else np.float32([0.5, 0.5, 0.5])
        fine = noise[0].repeat(4, 0).repeat(4, 1)[..., None]
        filled = np.where(guess[..., None] > 0, image, flat) + 0.1 * fine
        return np.where(mask[..., None] > 0, filled, image).astype(np.float32)


@pytest.mark.parametrize("size", [40, 150])
def test_what_is_not_masked_stays_bit_by_bit(size):
    image = picture()
    mask = square(image.shape[:2], 20, 20 + size)
    result = ctf.fill(image, mask, Network(), seed=3, variety=1.0)
    assert np.array_equal(result[mask == 0], image[mask == 0])
    assert result.dtype == np.float32
    assert np.isfinite(result).all()
    assert (result[mask > 0] != image[mask > 0]).any(-1).mean() > 0.9


def test_without_a_mask_no_network_runs():
    network, image = Network(), picture()
    assert np.array_equal(ctf.fill(image, np.zeros(image.shape[:2], np.float32), network), image)
    assert network.calls == []


def test_what_was_in_the_hole_does_not_matter():
    image = picture()
    mask = square(image.shape[:2], 30, 170)
    other = np.where(mask[..., None] > 0, np.float32(np.nan), image)
    results = [ctf.fill(given, mask, Network()) for given in (image, other)]
    assert np.array_equal(*results)


def test_a_soft_rim_blends():
    image = picture()
    mask = 0.25 * square(image.shape[:2], 40, 60)
    full = ctf.fill(image, np.sign(mask), Network())
    soft = ctf.fill(image, mask, Network())
    assert np.allclose(soft, image + 0.25 * (full - image), atol=1e-6)


def test_a_small_hole_is_filled_at_full_size_alone():
    network, image = Network(), picture()
    ctf.fill(image, square(image.shape[:2], 60, 124), network)
    assert all(not guess.any() for _, _, guess, _ in network.calls)


def test_a_large_hole_is_filled_small_first_and_handed_on_as_a_guess():
    network, image = Network(), picture(400, 400)
    ctf.fill(image, square(image.shape[:2], 100, 300), network)
    first, last = network.calls[0], network.calls[-1]
    assert max(first[1].shape) < 150
    assert not first[2].any()
    inside = last[1] > 0
    assert last[2][inside].mean() > 0.8
    assert not last[2][~inside].any()


def test_thin_marks_beside_a_large_hole_get_no_guess():
    network, image = Network(), picture(400, 400)
    mask = square(image.shape[:2], 200, 380)
    mask[20:22, 10:190] = 1
    ctf.fill(image, mask, network)
    for _, missing, guess, _ in network.calls:
        if missing.shape[0] > 200 and missing[20:22].any():
            assert not guess[:40].any()


def test_a_picture_that_is_all_hole_is_filled_too():
    result = ctf.fill(picture(80, 100), np.ones((80, 100), np.float32), Network())
    assert np.isfinite(result).all()


def test_a_hole_of_constant_surroundings_becomes_constant_however_large():
    image = np.full((600, 500, 3), 0.4, np.float32)
    result = ctf.fill(image, square(image.shape[:2], 50, 450), Network())
    assert np.allclose(result, 0.4, atol=1e-4)  # the mean of many float32 is that exact


def test_only_windows_that_miss_something_are_run():
    network, image = Network(), picture(1000, 1000)
    ctf.fill(image, square(image.shape[:2], 500, 520), network)
    assert len(network.calls) == 1
    assert max(network.calls[0][1].shape) <= CELL + 2 * ctf.VIEW


def test_the_same_seed_gives_the_same_filling_whatever_else_is_damaged():
    image = np.full((600, 600, 3), 0.4, np.float32)
    mask = square(image.shape[:2], 20, 60)
    more = np.maximum(mask, square(image.shape[:2], 420, 480))
    one, again, another = (
        ctf.fill(image, given, Network(), seed, 1.0)
        for given, seed in ((mask, 7), (more, 7), (mask, 8))
    )
    assert np.array_equal(one[:100, :100], again[:100, :100])
    assert not np.array_equal(one, another)


def test_windows_fade_into_each_other():
    """A network that draws another grey in every window leaves no step where two meet."""
    greys = iter(np.linspace(0, 1, 100))

    def network(image, mask, guess, noise):
        grey = np.float32(next(greys))
        return np.where(mask[..., None] > 0, grey, image).astype(np.float32)

    image = np.zeros((64, 900, 3), np.float32)
    mask = np.zeros((64, 900), np.float32)
    mask[30:34] = 1
    row = ctf.fill(image, mask, network)[31, :, 0]
    assert len(np.unique(row)) > 50
    assert np.abs(np.diff(row)).max() < 0.01 / 3


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (64, 31)])
def test_halving_keeps_the_mean_of_what_is_known(size):
    rng = np.random.default_rng(0)
    hole = rng.random(size) > 0.5
    small, missing = sizes.halved(np.full((*size, 3), 0.3, np.float32), hole)
    assert small.shape == (-(-size[0] // 2), -(-size[1] // 2), 3)
    assert np.allclose(small[~missing], 0.3)


def test_doubling_keeps_a_gradient():
    line = np.linspace(0, 1, 50, dtype=np.float32)[:, None, None] * np.ones((1, 40, 3), np.float32)
    step = np.diff(sizes.doubled(line)[2:-2, 0, 0])
    assert sizes.doubled(line).shape == (100, 80, 3)
    assert np.allclose(step, 1 / 98, atol=1e-5)


def test_deep_is_further_from_the_rim_than_the_network_sees():
    hole = square((200, 200), 50, 130) > 0
    assert sizes.deep(hole, 32).sum() == (80 - 64) ** 2
    assert not sizes.deep(hole, 40).any()
    assert sizes.near(sizes.deep(hole, 32), 32).sum() == 80**2
