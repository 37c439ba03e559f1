"""The networks that ship: each does what it is there for, and its picture was looked at."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from safelight_repair import filters, find_damage, remove, repair

from safelight import api
from safelight.api import testing

HERE = Path(__file__).parent
PICTURE = testing.photograph(320, 240, seed=3)
WHOLE = api.Region(0, 0, 320, 240)


def drawn(draw):
    """A mask (h, w) float32 of what `draw` has drawn."""
    sheet = Image.new("1", (320, 240))
    draw(ImageDraw.Draw(sheet))
    return np.asarray(sheet).astype(np.float32)


SCRATCHES = drawn(
    lambda pen: [pen.line([(x, 0), (x + 40, 239)], fill=1, width=3) for x in (60, 130, 250)]
)
HOLE = drawn(lambda pen: pen.rectangle([130, 90, 177, 137], fill=1))


def psnr(picture, where):
    return -10 * np.log10(np.mean((picture - PICTURE)[where > 0] ** 2))


def flat(mask):
    """The picture with the mean of the rest in the hole."""
    return np.where(mask[..., None] > 0, PICTURE[mask == 0].mean(0), PICTURE)


def test_all_of_them_ship():
    assert {repair, remove, find_damage} <= set(filters())


@pytest.mark.parametrize(("mask", "decibels"), [(SCRATCHES, 6.0), (HOLE, 3.0)])
def test_what_is_missing_is_filled_from_its_surroundings(job, mask, decibels):
    damaged = np.where(mask[..., None] > 0, np.float32(1), PICTURE)
    result = repair(damaged, mask, job(repair), WHOLE)
    assert psnr(result, mask) > psnr(flat(mask), mask) + decibels
    assert np.array_equal(result[mask == 0], PICTURE[mask == 0])


def test_variations_differ_inside_and_stay_near_the_likeliest(job):
    likeliest = repair(PICTURE, HOLE, job(repair), WHOLE)
    one, other = (
        repair(PICTURE, HOLE, job(repair), WHOLE, variety=1.0, seed=seed) for seed in (1, 2)
    )
    inside = HOLE > 0
    assert np.sqrt(np.mean((one - other)[inside] ** 2)) > 2 / 255
    assert np.sqrt(np.mean((one - likeliest)[inside] ** 2)) < 0.2
    assert np.array_equal(one[~inside], PICTURE[~inside])


def test_scratches_are_found_where_they_are_and_hardly_elsewhere(job):
    damaged = np.where(SCRATCHES[..., None] > 0, np.float32(0.95), PICTURE)
    sensitivities = dict.fromkeys(("dust_and_scratches", "stains", "tears"), 0.8)
    found = find_damage(damaged, job(find_damage), **sensitivities)
    near = np.asarray(
        Image.fromarray((SCRATCHES * 255).astype(np.uint8)).resize((80, 60), Image.Resampling.BOX)
    )
    near = np.repeat(np.repeat(near > 0, 4, 0), 4, 1)
    assert found[SCRATCHES > 0].mean() > 0.8
    assert found[~near].mean() < 0.05


def test_the_fillings_are_the_ones_that_were_looked_at(job):
    """Of thin damage, the network's own: which pieces fill a deep hole is the engine's business."""
    result = repair(PICTURE, SCRATCHES, job(repair), WHOLE, variety=0.5, seed=4)[80:144, 120:216]
    testing.assert_matches_golden(result, HERE / "repair.npy", tolerance=1 / 255)
