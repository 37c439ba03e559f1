"""Measures beside PSNR and SSIM: they order what an eye would order, and know equal pictures."""

import numpy as np
import pytest

from models import degradation, measurement


def photograph(side=128, seed=0):
    """Edges of many directions over fine texture, (side, side, 3) uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    picture = np.full((side, side), 0.5)
    for _ in range(12):
        angle, place = rng.uniform(0, np.pi), rng.uniform(-0.4, 0.4) * side
        beyond = (x - side / 2) * np.cos(angle) + (y - side / 2) * np.sin(angle) > place
        picture = picture + beyond * rng.uniform(-0.15, 0.15)
    picture = picture + 0.03 * rng.standard_normal((side, side))
    return degradation.levels(np.repeat(picture[..., None], 3, 2))


def blurred(picture, sigma):
    kernel = degradation.gaussian_line(sigma)
    return degradation.levels(degradation.convolve(degradation.fraction(picture), kernel))


def noisy(picture, level):
    noise = level * np.random.default_rng(1).standard_normal(picture.shape)
    return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)


def test_equal_pictures_have_no_distance():
    picture = photograph()
    assert measurement.gmsd(picture, picture, 4) == 0
    assert measurement.spectral_distance(picture, picture, 4) == 0


@pytest.mark.parametrize("worsened", [blurred, noisy])
def test_both_distances_grow_with_the_damage(worsened):
    picture = photograph()
    for measure in (measurement.gmsd, measurement.spectral_distance):
        distances = [measure(worsened(picture, amount), picture, 4) for amount in (0.6, 1.2, 2.4)]
        assert 0 < distances[0] < distances[1] < distances[2]


def test_similarity_over_five_scales_by_hand():
    """Of even pictures only the luminance of the coarsest scale is below 1; of texture that is
    contrary, nothing is left; of a picture too small for five scales a sentence says so.
    """
    dark, light = (np.full((176, 181, 3), level, np.uint8) for level in (60, 150))
    a, b = 16 + 60 * 219 / 255, 16 + 150 * 219 / 255
    near = (2 * a * b + 2.55**2) / (a * a + b * b + 2.55**2)
    assert measurement.ms_ssim(dark, light) == pytest.approx(near**0.1333, rel=1e-9)
    picture = photograph(176)
    assert measurement.ms_ssim(picture, picture) == pytest.approx(1, abs=1e-12)
    assert measurement.ms_ssim(255 - picture, picture) == 0
    with pytest.raises(ValueError, match="176"):
        measurement.ms_ssim(picture[:175], picture[:175])


def test_similarity_over_five_scales_counts_each_once():
    """A checkerboard of single pixels against its mean is gone at the second scale: what is lost
    is the finest scale's contrast, to its weight alone.
    """
    board = np.indices((176, 176)).sum(0) % 2
    picture = np.repeat((100 + 40 * board)[..., None], 3, 2).astype(np.uint8)
    even = np.full_like(picture, 120)
    variance = (20 * 219 / 255) ** 2
    c2 = 7.65**2
    expected = (c2 / (variance + c2)) ** 0.0448
    assert measurement.ms_ssim(even, picture) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("worsened", [blurred, noisy])
def test_similarity_over_five_scales_falls_with_the_damage(worsened):
    picture = photograph(192)
    found = [measurement.ms_ssim(worsened(picture, amount), picture) for amount in (0.6, 1.2, 2.4)]
    assert 1 > found[0] > found[1] > found[2] > 0


def test_gmsd_by_hand():
    """A step of 60 that is missing on one side: two columns of full dissimilarity, the rest alike.

    Averaged 2x2 the step stays sharp, so Prewitt gives 60 in the two columns beside it. There the
    similarity is 170 / (60^2 + 170), elsewhere 1.
    """
    step = np.full((44, 44, 3), 90, np.uint8)
    step[:, 22:] = 150
    flat = np.full_like(step, 90)
    columns = np.ones(20)  # 22 halved columns, less one on each side
    columns[9:11] = 170 / (60**2 + 170)
    expected = np.repeat(columns, 20).std(ddof=1)
    assert measurement.gmsd(step, flat, 0) == pytest.approx(expected, rel=1e-6)


def test_gradients_of_a_ramp_are_its_slope():
    y, x = np.mgrid[:9, :12]
    np.testing.assert_allclose(measurement.prewitt(3.0 * x + 4.0 * y), 2 * 5.0)


def test_gmsd_notices_edges_out_of_place_where_the_spectrum_does_not():
    picture = photograph()
    turned = picture[::-1, ::-1]
    assert measurement.spectral_distance(turned, picture, 4) == pytest.approx(0, abs=0.05)
    assert measurement.gmsd(turned, picture, 4) > 0.1


def test_a_wave_shows_in_the_spectrum_at_its_own_frequency():
    x = np.arange(256)
    wave = np.tile(np.sin(2 * np.pi * x * 80 / 256), (256, 1))
    assert np.argmax(measurement.radial_spectrum(wave)) == int(80 / 256 * 2 * 32)


def test_white_noise_has_its_variance_at_every_frequency():
    rng = np.random.default_rng(2)
    spectra = [measurement.radial_spectrum(5 * rng.standard_normal((256, 256))) for _ in range(8)]
    # The window leaves about 70 independent values in ring 5, so 4 % of scatter for eight of them.
    np.testing.assert_allclose(np.mean(spectra, 0)[5:], 25, rtol=0.15)


def test_doubling_fine_contrast_is_six_decibels_away():
    rng = np.random.default_rng(3)
    grain = rng.standard_normal((128, 128, 1)).repeat(3, 2)
    once, twice = (np.rint(128 + k * grain).astype(np.uint8) for k in (10, 20))
    assert measurement.spectral_distance(twice, once, 2) == pytest.approx(6.02, abs=0.1)
