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


@pytest.mark.parametrize("filter", DAMAGED, ids=lambda filter: filter.__name__)
def test_the_picture_it_makes_is_the_one_that_was_looked_at(filter, job):
    damage, _, _ = DAMAGED[filter]
    result = cleaned(filter, damage()[:64, :96], job)
    testing.assert_matches_golden(result, HERE / f"{filter.__name__}.npy", tolerance=1 / 255)
