"""Change look: nothing at 0, the same in pieces, detail stays, sliders do what they say."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import safelight_looks
from safelight_looks import change_look, directions
from safelight_looks.bilateral_grid import SHAPE, changed, leaves, maps, reduced

from safelight import api
from safelight.api import testing

FOLDER = Path(safelight_looks.__file__).parent
NAMES = ("light", "haze", "age", "season", "time_of_day")
LEVELS = (-100.0, -50.0, 0.0, 50.0, 100.0)


def meadow(width=120, height=90):
    """Hills under a sky: blue above, green below, a grey rock, with noise: (height, width, 3)."""
    noise = np.random.default_rng(3).normal(0, 0.03, (height, width, 1))
    rows = np.linspace(0, 1, height)[:, None, None]
    sky = np.array([0.45, 0.62, 0.85]) + 0.2 * rows
    land = np.array([0.3, 0.45, 0.15]) * (0.6 + 0.6 * rows)
    picture = np.where(rows < 0.45, sky, land) + noise
    picture[-30:-5, 10:35] = 0.35 + noise[-30:-5, 10:35]
    return np.clip(picture, 0.02, 0.98).astype(np.float32)


PICTURE = meadow()


def made(job, picture=PICTURE, **amounts):
    entry = api.registered(change_look)
    settings = entry.declaration.settings(amounts)
    prepared = entry.prepared(picture, settings, job=job(change_look))
    region = api.Region(0, 0, picture.shape[1], picture.shape[0])
    return change_look(picture, prepared, region, region, **settings)


def test_it_keeps_what_every_filter_promises(job):
    amounts = {"light": 60.0, "haze": 40.0, "season": 80.0, "time_of_day": -50.0, "age": 30.0}
    testing.assert_well_behaved(change_look, job=job(change_look), **amounts)


def test_at_nothing_not_a_bit_changes(job):
    picture = testing.photograph(beyond=0.25)
    assert np.array_equal(made(job, picture), picture)
    flat = np.zeros(SHAPE, np.float32)
    places = np.linspace(0, 1, 120), np.linspace(0, 1, 90)
    assert np.array_equal(changed(PICTURE, flat, *places), PICTURE)


def measured(name, before, after):
    """What a slider of that name is to raise, measured by hand."""
    leaf = leaves(before)[..., None]
    bare = (1 - leaf) / (1 - leaf).sum()
    green = leaf / leaf.sum()
    return {
        "light": ((after[..., :1] - after[..., 2:]) * bare).sum(),
        "haze": after[:40].min(-1).mean(),
        "age": np.quantile(after.mean(-1), 0.02) - np.quantile(after[..., 2], 0.98),
        "season": ((after[..., :1] - after[..., 1:2]) * green).sum(),
        "time_of_day": -after.mean(),
    }[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_slider_raises_what_it_is_called_at_every_step(job, name):
    results = [made(job, **{name: level}) for level in LEVELS]
    values = [measured(name, PICTURE, np.clip(result, 0, 1)) for result in results]
    assert (np.diff(values) > 0).all(), values


def test_a_season_is_of_leaves_alone(job):
    turned = np.abs(made(job, season=100.0) - PICTURE).mean(-1)
    green = leaves(PICTURE) > 0.9
    assert green.mean() > 0.3
    assert turned[green].mean() > 0.05
    # What the other sliders' codes are moved by, so that only leaves change, is seen here too.
    assert turned[leaves(PICTURE) == 0].mean() < 0.02


def test_detail_stays(job):
    result = made(job, light=60.0, season=60.0, time_of_day=40.0)
    fine, before = (np.diff(x.mean(-1), axis=1).ravel() for x in (result, PICTURE))
    assert np.corrcoef(fine, before)[0, 1] > 0.97


def test_what_lies_outside_the_range_is_added_again(job):
    bright = PICTURE.copy()
    bright[5:9, 5:9] = 1.0
    brighter = bright.copy()
    brighter[5:9, 5:9] = 1.75
    apart = [made(job, picture, light=50.0) for picture in (bright, brighter)]
    assert np.abs(apart[1] - apart[0])[5:9, 5:9] == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize("shape", [(40, 30, 3), (1, 1, 3), (1, 200, 3), (200, 1, 3)])
def test_pictures_of_one_colour_of_a_pixel_and_of_no_numbers_come_back(job, shape):
    for value in (0.0, 0.5, 1.0):
        result = made(job, np.full(shape, value, np.float32), haze=70.0, season=-50.0)
        assert np.isfinite(result).all()
        assert result.shape == shape
    broken = np.full(shape, np.nan, np.float32)
    assert made(job, broken, haze=70.0).shape == shape


def test_a_grid_is_read_where_its_cells_are():
    grid = np.zeros(SHAPE, np.float32)
    grid[..., 9:] = np.arange(8)[None, :, None, None, None]
    places = (np.arange(8) + 0.5) / 8
    found = changed(np.full((2, 8, 3), 0.5, np.float32), grid, places, places[:2])
    assert found[0, :, 0] == pytest.approx(0.5 + np.arange(8))
    light = np.zeros(SHAPE, np.float32)
    light[:, :, 3, 0, 9:] = 1.0
    row = np.array([0.4, 0.5, 0.6, 0.7, 0.8], np.float32)[None, :, None] * np.ones(3, np.float32)
    found = changed(row, light, places[:5], places[:1]) - row
    assert found[0, :, 1] == pytest.approx([0, 0.5, 1, 0.5, 0], abs=1e-5)


def test_parts_are_means_at_every_size():
    picture = np.arange(7 * 5 * 3, dtype=np.float32).reshape(7, 5, 3)
    assert reduced(picture, 7, 5) == pytest.approx(picture)
    assert reduced(picture, 1, 1)[0, 0] == pytest.approx(picture.mean((0, 1)))
    seen, detail = maps(np.full((1, 1, 3), 0.25, np.float32))
    assert seen == pytest.approx(np.full((32, 32, 3), 0.25))
    assert detail[..., 2] == pytest.approx(0.25)


def test_the_directions_are_those_of_the_file_beside_them():
    told = json.loads((FOLDER / "directions.json").read_text("utf-8"))
    sums = (FOLDER / "SHA256SUMS").read_bytes()
    assert told["network"] == hashlib.sha256(sums).hexdigest()
    assert tuple(directions()) == NAMES
    for index, vector in enumerate(directions().values()):
        assert len(vector) == told["size"] == 16
        assert np.argmax(vector) == index
    for line in sums.decode().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest


def test_what_it_makes_is_declared_as_synthesised():
    assert api.registered(change_look).declaration.purpose == "synthesise"


def test_it_makes_the_picture_it_made(job):
    result = made(job, light=50.0, haze=30.0, season=60.0)
    testing.assert_matches_golden(result, Path(__file__).with_name("looks.npy"), tolerance=2 / 255)
