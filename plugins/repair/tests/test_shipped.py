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


SAMPLES = sorted((HERE.parents[2] / "resources" / "samples").glob("*.jpg"))


def opened(path, side=400):
    """A sample photograph, (h, w, 3) float32."""
    with Image.open(path) as picture:
        picture.thumbnail((side, side))
        return np.asarray(picture.convert("RGB"), np.float32) / 255


def damage_of(picture, job, sensitivity=None, **sensitivities):
    """What is found in a whole picture."""
    region = api.Region(0, 0, picture.shape[1], picture.shape[0])
    if sensitivity is not None:
        sensitivities = dict.fromkeys(("dust_and_scratches", "stains", "tears"), sensitivity)
    prepared = api.registered(find_damage).prepared(picture, sensitivities, job=job)
    return find_damage(picture, job, region, region, prepared, **sensitivities)


def torn(picture, paper):
    """A photograph with a rip of up to 50 pixels, its edges of torn paper, and where that is."""
    height, width = picture.shape[:2]
    rng = np.random.default_rng(5)
    steps = np.linspace(0, 1, 30)
    middle = 0.35 * width + 0.25 * width * steps + rng.normal(0, 2, 30)
    half = 26 - 12 * steps + rng.normal(0, 1.5, 30)

    def between(more):
        sheet = Image.new("L", (width, height))
        sides = [
            np.stack([middle + side * (half + more), 0.8 * height * steps - 1], 1)
            for side in (-1, 1)
        ]
        outline = [tuple(point) for point in np.concatenate([sides[0], sides[1][::-1]])]
        ImageDraw.Draw(sheet).polygon(outline, fill=255)
        return np.asarray(sheet) > 0

    inner, outer = between(0), between(3)
    grain = rng.normal(0, 0.01, picture.shape[:2])[..., None]
    result = np.where(outer[..., None], 0.93 + 3 * grain, picture)
    return np.where(inner[..., None], paper + grain, result).astype(np.float32).clip(0, 1), outer


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
    found = damage_of(damaged, job(find_damage), **sensitivities)
    near = np.asarray(
        Image.fromarray((SCRATCHES * 255).astype(np.uint8)).resize((80, 60), Image.Resampling.BOX)
    )
    near = np.repeat(np.repeat(near > 0, 4, 0), 4, 1)
    assert found[SCRATCHES > 0].mean() > 0.8
    assert found[~near].mean() < 0.05


@pytest.mark.parametrize("paper", [0.9, 0.08], ids=["white", "dark"])
def test_a_large_tear_is_selected_whole(job, paper):
    whole = 0
    for path in SAMPLES:
        picture, where = torn(opened(path), paper)
        found = damage_of(picture, job(find_damage), 0.5) > 0
        assert found.mean() < 0.4
        whole += found[where].mean() > 0.95
    assert whole >= len(SAMPLES) - 1


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_of_a_photograph_without_damage_little_is_selected_at_any_sensitivity(job, path):
    picture = opened(path)
    assert (damage_of(picture, job(find_damage), 0.9) > 0).mean() < 0.25
    assert (damage_of(picture, job(find_damage), 1.0) > 0).mean() < 0.35


def test_the_fillings_are_the_ones_that_were_looked_at(job):
    """Of thin damage, the network's own: which pieces fill a deep hole is the engine's business."""
    result = repair(PICTURE, SCRATCHES, job(repair), WHOLE, variety=0.5, seed=4)[80:144, 120:216]
    testing.assert_matches_golden(result, HERE / "repair.npy", tolerance=1 / 255)
