"""The networks that ship: each takes away what it is there for, and its picture was looked at."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter
from safelight_clean import clean_jpeg, deblur, denoise, filters

from safelight import api
from safelight.api import testing

HERE = Path(__file__).parent
PICTURE = testing.photograph(160, 120, seed=3)


@pytest.fixture
def networks():
    """Those beside the filters, not the tiny ones of the other tests."""


def noisy():
    return PICTURE + np.random.default_rng(1).normal(0, 25 / 255, PICTURE.shape).astype(np.float32)


def eight_bit():
    return Image.fromarray(np.rint(PICTURE * 255).astype(np.uint8))


def compressed():
    file = io.BytesIO()
    eight_bit().save(file, "JPEG", quality=10)
    return np.asarray(Image.open(file), np.float32) / 255


def blurred():
    return np.asarray(eight_bit().filter(ImageFilter.GaussianBlur(1.6)), np.float32) / 255


DAMAGED = {
    denoise: (noisy, 5.0, {}),
    clean_jpeg: (compressed, 0.8, {}),
    deblur: (blurred, 0.8, {"automatic": False, "width": 1.6}),
}
"""What harms the picture, by how many decibels the filter must bring it nearer at least, and what
the filter is told."""


def psnr(picture):
    return -10 * np.log10(np.mean((picture - PICTURE) ** 2))


def cleaned(filter, picture, job, **told):
    entry = api.registered(filter)
    settings = entry.declaration.settings(told)
    prepared = {"prepared": entry.prepared(picture, settings)} if entry.prepare else {}
    return filter(picture, job(filter), **prepared, **settings)


def test_all_of_them_ship():
    assert set(filters()) == set(DAMAGED)


@pytest.mark.parametrize("filter", DAMAGED, ids=lambda filter: filter.__name__)
def test_it_brings_a_damaged_picture_nearer_to_what_it_was(filter, job):
    damage, decibels, told = DAMAGED[filter]
    assert psnr(cleaned(filter, damage(), job, **told)) > psnr(damage()) + decibels


@pytest.mark.parametrize("filter", DAMAGED, ids=lambda filter: filter.__name__)
def test_it_leaves_a_picture_without_damage_nearly_as_it_was(filter, job):
    smooth = np.asarray(eight_bit().resize((80, 60), Image.Resampling.LANCZOS), np.float32) / 255
    change = cleaned(filter, smooth, job) - smooth
    assert np.sqrt(np.mean(change**2)) < 4 / 255


@pytest.mark.parametrize(
    "told",
    [{"automatic": True}, *({"level": float(level)} for level in (0, 0.5, 5, 20, 40, 55, 100))],
    ids=lambda told: str(told.get("level", "automatic")),
)
@pytest.mark.parametrize("colour", [(128, 128, 128), (0, 0, 0), (255, 255, 255), (200, 80, 30)])
def test_denoise_leaves_an_even_colour_what_it_is_at_every_level(job, colour, told):
    flat = np.broadcast_to(np.float32(colour) / 255, (96, 80, 3))
    change = cleaned(denoise, flat, job, **({"automatic": False} | told)) - flat
    assert np.abs(255 * change).max() < 1


@pytest.mark.parametrize("width", [None, 0.1, 1.5, 5.0, 10.0])
@pytest.mark.parametrize("colour", [(128, 128, 128), (200, 80, 30)])
def test_deblur_leaves_an_even_colour_what_it_is_at_every_width(job, colour, width):
    flat = np.broadcast_to(np.float32(colour) / 255, (96, 80, 3))
    told = {} if width is None else {"automatic": False, "width": width}
    assert np.abs(255 * (cleaned(deblur, flat, job, **told) - flat)).max() < 1


@pytest.mark.parametrize("level", [10.0, 40.0])
def test_told_of_more_noise_than_there_is_denoise_keeps_the_light(job, level):
    """Noise of 4 levels in a grey that is told of up to ten times as much."""
    noise = np.random.default_rng(2).normal(0, 4 / 255, (128, 128, 3))
    image = (0.5 + noise).astype(np.float32)
    change = cleaned(denoise, image, job, automatic=False, level=level) - image
    assert np.abs(255 * change[16:-16, 16:-16].mean((0, 1))).max() < 1.5  # 20 at 40 without


@pytest.mark.parametrize("filter", DAMAGED, ids=lambda filter: filter.__name__)
def test_the_picture_it_makes_is_the_one_that_was_looked_at(filter, job):
    damage, _, _ = DAMAGED[filter]
    result = cleaned(filter, damage()[:64, :96], job)
    testing.assert_matches_golden(result, HERE / f"{filter.__name__}.npy", tolerance=1 / 255)
