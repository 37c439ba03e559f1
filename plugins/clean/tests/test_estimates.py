"""Estimates: the noise that was added and the quality that was used are found again."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safelight_clean.estimates import (
    _bands,
    jpeg_quality,
    noise_level,
    quality_of_table,
    table_of,
)

from safelight.api import testing

SAMPLES = sorted((Path(__file__).parents[3] / "resources" / "samples").glob("*.jpg"))
SIDE = 512
pytestmark = pytest.mark.attack  # which looks at all samples
MOST = None if os.environ.get("SAFELIGHT_ATTACK") == "full" else 2  # as `make attack` says


@pytest.fixture(scope="module", params=SAMPLES[:MOST], ids=lambda path: path.stem)
def photograph(request):
    """A sample photograph at half its size, (512, 512, 3) float32: free of its own JPEG's marks."""
    with Image.open(request.param) as picture:
        half = picture.convert("RGB").reduce(2)
    return np.asarray(half, np.float32)[:SIDE, :SIDE] / 255


def saved(picture, quality, colour_halved=True):
    """(the picture as a JPEG of that quality shows it, the file's luminance table)."""
    file = io.BytesIO()
    pixels = np.rint(picture * 255).astype(np.uint8)
    Image.fromarray(pixels).save(
        file, "JPEG", quality=quality, subsampling="4:2:0" if colour_halved else "4:4:4"
    )
    with Image.open(file) as stored:
        return np.asarray(stored, np.float32) / 255, stored.quantization[0]


@pytest.mark.parametrize("sigma", [5, 15, 25, 50])
def test_white_noise_in_an_8_bit_file_is_found_within_a_tenth(photograph, sigma):
    # At 50 a sixth of it is cut off at black and white in these pictures, and missing.
    noise = np.random.default_rng(0).normal(0, sigma, photograph.shape).astype(np.float32)
    picture = np.rint(np.clip(photograph * 255 + noise, 0, 255)) / 255
    assert 255 * noise_level(picture) == pytest.approx(sigma, rel=0.15 if sigma == 50 else 0.1)


@pytest.mark.parametrize("quality", [95, 85])
def test_noise_that_a_jpeg_has_tied_to_its_neighbours_is_found(photograph, quality):
    noise = np.random.default_rng(0).normal(0, 20 / 255, photograph.shape).astype(np.float32)
    picture, _ = saved(np.clip(photograph + noise, 0, 1), quality)
    there = 255 * (picture - photograph).std()
    assert 255 * noise_level(picture) == pytest.approx(there, rel=0.3)


def test_the_texture_of_a_wall_is_no_noise():
    random = np.random.default_rng(0)
    grain = random.normal(0, 12 / 255, (512, 512, 1)).astype(np.float32)
    grain = (
        grain + np.roll(grain, 1, 0) + np.roll(grain, 1, 1) + np.roll(grain, (1, 1), (0, 1))
    ) / 2
    wall = np.clip(np.float32([0.5, 0.52, 0.48]) + grain, 0, 1)
    assert 255 * noise_level(wall) < 2


def test_foliage_and_water_are_taken_for_little_noise(photograph):
    # 3.6 in the foliage of one, which has some noise of its camera's; under 1 in others.
    assert 255 * noise_level(photograph) < 4


def test_a_picture_too_small_to_say_has_none():
    assert noise_level(testing.photograph(9, 9)) == 0


@pytest.mark.parametrize("quality", [10, 30, 50, 75, 90, 95])
@pytest.mark.parametrize("colour_halved", [True, False])
def test_the_quality_is_read_from_the_pixels(photograph, quality, colour_halved):
    picture, _ = saved(photograph, quality, colour_halved)
    assert jpeg_quality(picture) == pytest.approx(quality, abs=1)


def test_a_crop_does_not_hide_the_quality(photograph):
    picture, _ = saved(photograph, 60)
    assert jpeg_quality(picture[3:, 5:]) == pytest.approx(60, abs=1)


def test_of_a_large_picture_that_was_cropped_bands_are_enough():
    with Image.open(SAMPLES[0]) as picture:
        large = np.asarray(picture.convert("RGB").resize((1800, 1000)), np.float32) / 255
    picture, _ = saved(large, 60)
    assert len(_bands(picture)) > 1
    assert jpeg_quality(picture[3:, 5:]) == pytest.approx(60, abs=1)


def test_pixels_that_are_no_numbers_are_left_out(photograph):
    picture, _ = saved(photograph, 60)
    noise = np.random.default_rng(0).normal(0, 20 / 255, picture.shape).astype(np.float32)
    noisy = photograph + noise
    for given in (picture, noisy):
        given.flat[::5001] = np.nan
    assert jpeg_quality(picture) == pytest.approx(60, abs=1)
    assert 255 * noise_level(noisy) == pytest.approx(20, rel=0.1)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (5, 9), (16, 12)])
def test_of_a_tiny_picture_nothing_is_said(size):
    picture = np.full((*size, 3), 0.5, np.float32)
    assert noise_level(picture) == 0
    assert jpeg_quality(picture) is None


def test_of_two_the_last_counts(photograph):
    picture, _ = saved(saved(photograph, 85)[0], 40)
    assert jpeg_quality(picture) == pytest.approx(40, abs=1)


def test_a_picture_that_was_never_a_jpeg_has_no_quality(photograph):
    assert jpeg_quality(photograph) is None


@pytest.mark.parametrize("quality", [1, 10, 49, 50, 51, 75, 95, 100])
def test_the_quality_is_read_from_the_table(quality):
    assert quality_of_table(saved(testing.photograph(16, 16), quality)[1]) == quality
    assert quality_of_table(table_of(quality).ravel()) == quality


def test_a_table_of_another_length_is_refused():
    with pytest.raises(ValueError, match="64 steps, not 63"):
        quality_of_table([1] * 63)
