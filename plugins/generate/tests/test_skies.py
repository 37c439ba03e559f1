"""Skies: pieces of the whole, no seam, and what each setting does to them."""

from collections import OrderedDict

import cv2
import numpy as np
import pytest
from PIL import Image
from safelight_generate import skies
from safelight_generate.layout import Code, octaves, slope, streaks
from safelight_generate.sky import (
    GRAIN,
    SUNS,
    Asked,
    Painted,
    grain,
    painted,
    quartered,
    rolled_off,
    scale_of,
    turns,
)
from safelight_generate.sky_choice import SKY, alike, apart, tolls
from safelight_generate.sky_panorama import blended, joined, path
from safelight_generate.sky_view import View, as_sharp, fineness, takes_quarter, view_of
from safelight_generate.sources import SIZE, TIMES, clear_of, known, source, steps

from safelight import api
from safelight.api import testing

CANVAS = api.Region(0, 0, 128, 96)
USUAL = Asked(1, 0.5, 0.5, "day", "any")


@pytest.fixture(autouse=True, scope="module")
def _remembered():
    """Every sky of these tests is remembered, so that each is painted once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("safelight_generate.sky._painted", OrderedDict())
        patch.setattr("safelight_generate.sky.KEPT", 1000)
        yield


def made(job, region=CANVAS, canvas=CANVAS, **told):
    return skies(region, canvas, job(skies), **told)


def test_it_keeps_every_promise(job):
    testing.assert_well_behaved(skies, job=job(skies))


def test_pieces_are_those_of_the_whole(job):
    whole = made(job, sun=0.7, haze=0.5)
    for region in (
        api.Region(0, 0, 50, 30),
        api.Region(77, 12, 51, 84),
        api.Region(31, 60, 40, 20),
    ):
        part = made(job, region, sun=0.7, haze=0.5)
        assert np.abs(part - whole[region.rows(), region.columns()]).max() < 1e-4


def test_a_piece_may_be_larger_than_its_canvas_as_it_is_in_a_rehearsal(job):
    canvas = api.Region(0, 0, 40, 24)
    whole = made(job, canvas, canvas)
    beyond = made(job, api.Region(0, 0, 64, 64), canvas)
    assert np.isfinite(beyond).all()
    assert np.abs(beyond[:24, :40] - whole).max() < 1e-4


def test_a_panorama_goes_on_at_the_opposite_border(job):
    canvas = api.Region(0, 0, 480, 80)
    steps, seams = [], []
    for seed in range(3):
        sky = made(job, canvas, canvas, seed=seed, sun=0.5, sun_at=(0.98, 0.4))
        steps.append(np.abs(np.diff(sky, axis=1)).mean())
        seams.append(np.abs(sky[:, 0] - sky[:, -1]).mean())
    assert np.mean(seams) < 1.5 * np.mean(steps)


def test_each_seed_is_a_sky_of_its_own_and_always_the_same(job):
    one, other = made(job, seed=1), made(job, seed=2)
    assert np.array_equal(one, made(job, seed=1))
    assert np.abs(one - other).mean() > 0.02


def test_more_clouds_are_less_blue(job):
    def blue(cloudiness):
        found = [made(job, seed=n, cloudiness=cloudiness, haze=0.0) for n in range(3)]
        return np.mean([one[..., 2].mean() - one[..., 0].mean() for one in found])

    assert blue(0.05) > blue(0.5) + 0.05 > blue(0.95) + 0.1


def test_a_sunset_is_warmer_than_a_day(job):
    day, sunset = (made(job, time=time, haze=0.0) for time in ("day", "sunset"))
    assert (sunset[..., 0] - sunset[..., 2]).mean() > (day[..., 0] - day[..., 2]).mean() + 0.1


def test_clouds_veil_the_sun():
    from safelight_generate.sky import sunlit

    sky = np.full((96, 128, 3), 0.4, np.float32)
    clear, veiled = (
        sunlit(sky, np.full((96, 128), thick), (0.5, 0.5), 0.5, "day", CANVAS, CANVAS)
        for thick in (0.0, 1.0)
    )
    assert clear[48, 64].min() > 1
    assert veiled[48, 64].max() < clear[48, 64].min() - 0.2
    assert (veiled[0, 0] >= 0.4).all()
    assert set(SUNS) == set(TIMES)


def test_the_sun_is_bright_where_it_stands(job):
    light = made(job, sun=1.0, sun_at=(0.25, 0.5)) - made(job, sun=0.0)
    assert (light >= -1e-6).all()
    y, x = np.unravel_index(light.mean(2).argmax(), light.shape[:2])
    assert abs(x - 32) <= 3
    assert abs(y - 48) <= 3


def test_what_the_sun_lights_is_rolled_off_and_the_rest_of_the_sky_stays():
    before = np.linspace(0, 1, 200, dtype=np.float32)
    assert np.array_equal(rolled_off(before, before), before)
    lit = np.linspace(0, 1.2, 200, dtype=np.float32)
    found = rolled_off(lit, np.zeros_like(lit))
    assert np.array_equal(found[lit <= 0.9], lit[lit <= 0.9])
    assert (np.diff(found) > 0).all()
    assert found.max() <= 1


def test_streaks_lead_where_a_code_says_they_do():
    y, x = np.mgrid[:48, :64].astype(np.float32)
    assert streaks(np.sin(y))[0] == pytest.approx(1)
    assert streaks(np.sin(x))[0] == pytest.approx(-1)
    assert streaks(np.sin(0.3 * (y - x)))[1] > 0.9
    assert streaks(np.sin(0.3 * (y + x)))[1] < -0.9
    assert len(octaves(np.sin(x))) == 3
    fine = np.random.RandomState(0).standard_normal((48, 64))
    assert slope(np.cumsum(fine, 1)) > slope(fine) + 0.3


def clouds(seed, height=96, width=128):
    """Colours and how thick clouds are, smooth noise, (height, width, 4)."""
    coarse = np.random.RandomState(seed).rand(height // 8, width // 8).astype(np.float32)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return np.repeat(np.asarray(smooth)[..., None], 4, 2)


@pytest.mark.parametrize("columns", [40, 120, 400])
def test_strips_fill_a_panorama_of_any_width_and_go_on_at_its_border(columns):
    sources = [clouds(0), clouds(1)]
    sky = joined(sources, (80, columns), np.random.RandomState(3), lambda part: None)
    assert sky.shape == (80, columns, 4)
    assert np.isfinite(sky).all()
    if columns > 40:
        steps = np.abs(np.diff(np.concatenate([sky, sky[:, :1]], 1), axis=1)).mean((0, 2))
        assert steps[-1] < 2 * steps.mean()


def test_a_sky_no_wider_than_a_photograph_is_a_view_of_one_that_nothing_is_joined_to(monkeypatch):
    def never(*told, **more):
        raise AssertionError

    monkeypatch.setattr("safelight_generate.sky_panorama.joined", never)
    for width, height in ((120, 90), (160, 90), (90, 120)):
        canvas = api.Region(0, 0, width, height)
        for seed in range(4):
            sky = painted(Asked(900 + seed, 0.5, 0.5, "day"), None, canvas, lambda part: None)
            assert not sky.wraps
            assert sky.layers.shape == (height, width, 4)


def test_a_view_shows_what_is_there_and_nothing_beyond_the_borders():
    y, x = np.mgrid[:96, :128].astype(np.float32)
    source = np.stack([x, y, x + y], 2)
    still = np.zeros((2, 3, 4), np.float32)
    found = View(0.0, (0.5, 0.5), 0.5, 1.0, still).seen(source, (48, 64))
    assert np.abs(found - source[24:72, 32:96]).max() < 1e-3
    turned = View(np.pi / 2, (0.5, 0.5), 0.5, 1.0, still).seen(source, (48, 48))
    assert np.abs(turned - np.rot90(source[24:72, 40:88], 1)).max() < 1e-3
    for seed in range(40):
        for aspect in (0.6, 4 / 3, 1.9):
            random = np.random.RandomState(seed)
            view = view_of(aspect, 4 / 3, 10.0, random)
            seen = view.seen(source, (40, round(40 * aspect)))
            assert seen[..., 0].min() > -1
            assert seen[..., 0].max() < 128
            assert seen[..., 1].min() > -1
            assert seen[..., 1].max() < 96
            # What lies beyond would be the border's pixels, again and again.
            corners = seen[[0, 0, -1, -1], [0, -1, 0, -1], :2]
            assert len(np.unique(corners.round(1), axis=0)) == 4
            for axis, place in ((1, seen[..., 0]), (0, seen[..., 1])):
                assert (np.diff(place, axis=axis) > 0).all()


def test_what_is_enlarged_is_as_sharp_as_its_source():
    noise = np.random.RandomState(0).standard_normal((192, 256, 3)).astype(np.float32)
    source = cv2.GaussianBlur(noise, (0, 0), 1.0)
    seen = cv2.resize(source[:160, :213], (256, 192), interpolation=cv2.INTER_CUBIC)
    wanted, soft = fineness(source), fineness(seen)
    assert soft < 0.85 * wanted
    assert 0.9 * wanted < fineness(as_sharp(seen, source)) < 1.05 * wanted
    assert as_sharp(source, seen) is source


def test_no_source_is_taken_much_more_often_than_the_others():
    random = np.random.RandomState(77)
    numbers = random.standard_normal((3000, SKY))
    far = apart(0, "any", random.rand(3000), random.rand(3000), numbers)
    taken = np.bincount((far + tolls(0)).argmin(1), minlength=far.shape[1]) / (3000 / far.shape[1])
    assert taken.max() < 1.8
    assert taken.min() > 0.4


def test_a_quarter_turn_turns_the_light_and_the_streaks():
    y, x = np.mgrid[:64, :64].astype(np.float32)
    field = np.sin(0.5 * y + 0.2 * x) + 0.02 * x
    usual = known().code(0)._replace(across=0.2, down=-0.1)
    level, slanted = streaks(field)
    turned = quartered(usual._replace(level=level, slanted=slanted))
    assert streaks(np.rot90(field)) == pytest.approx((turned.level, turned.slanted), abs=0.02)
    light = np.rot90(0.2 * (x / 32 - 1) - 0.1 * (y / 32 - 1))
    assert np.sign(light[:, -1].mean()) == np.sign(turned.across)
    assert np.sign(light[-1].mean()) == np.sign(turned.down)


def test_a_view_is_turned_by_a_quarter_only_where_that_leaves_it_its_pixels():
    assert takes_quarter(1.0, SIZE)
    assert takes_quarter(3 / 4, SIZE)
    assert not takes_quarter(4 / 3, SIZE)
    assert not takes_quarter(16 / 9, SIZE)


def test_only_what_goes_on_at_the_other_border_is_mixed_with_it():
    layers = np.zeros((40, 60, 4), np.float32)
    layers[:, -4:] = 1
    canvas = api.Region(0, 0, 240, 160)
    first = [
        Painted(layers, np.zeros(3, np.float32), wraps).piece(canvas, canvas)[:, 0].max()
        for wraps in (False, True)
    ]
    assert first[0] == 0
    assert first[1] > 0.1


def test_a_path_keeps_to_where_two_skies_agree_and_its_ends_belong_to_one_of_them():
    one, other = clouds(2, 96, 64), clouds(3, 96, 64)
    other[:, 24:40] = one[:, 24:40]
    at = path(one, other)
    assert (np.abs(at - 32) <= 8).all()
    lap = blended(one, other, at)
    assert np.abs(lap[:, 0] - one[:, 0]).max() < 0.05
    assert np.abs(lap[:, -1] - other[:, -1]).max() < 0.05


def test_a_clear_sky_is_told_apart_from_the_clouds_before_it():
    x, y = steps(128)[None], steps(96)[:, None]
    clear = np.float32([0.2, 0.4, 0.8]) + (0.1 * x + 0.05 * y)[..., None] * np.float32([1, 1, 0.5])
    cloud = (np.hypot(x - 0.2, y + 0.1) < 0.4)[..., None]
    found = source(np.where(cloud, np.float32(0.95), clear).astype(np.float32))
    assert np.abs(clear_of(found.clear, x, y) - clear).max() < 0.05
    thick = found.layers[..., 3:]
    assert thick[cloud].min() > 0.9
    assert thick[~cloud].max() < 0.1


def test_a_sky_goes_on_with_other_pictures_of_the_same_sky():
    sky = known()
    for row in range(len(sky.files)):
        others = np.flatnonzero(sky.sittings == sky.sittings[row])
        found = alike(row, 3)
        assert found[0] == row
        assert len(set(found) & set(others.tolist())) == min(3, len(others))


def test_light_comes_from_where_the_sun_is():
    usual = known().code(0)._replace(across=0.1, horizon=1.0)
    assert turns(usual, True, True, 0) == (1, 1)
    assert turns(usual, False, True, 0) == (1, -1)
    assert turns(usual._replace(horizon=0.0), False, True, 0) == (-1, -1)
    slanted = usual._replace(slanted=0.5)
    for right in (False, True):
        for wanted in (1, -1):
            for horizon in (0.0, 1.0):
                code = slanted._replace(horizon=horizon)
                upwards, across = turns(code, right, False, wanted)
                assert 0.5 * upwards * across * wanted > 0
                assert upwards == 1 or not horizon


def test_light_falls_from_the_side_where_the_sun_stands(job):
    # Of horizons, whose light is not turned upside down, those with the steepest light.
    def heavier(sunny):
        asked = Asked(3, 0.5, 0.5, "dusk")
        layers = painted(asked, sunny, CANVAS, lambda part: None).layers
        return layers[:, 64:, :3].mean() - layers[:, :64, :3].mean()

    assert heavier(True) > heavier(False)


def test_a_code_leads_to_other_skies_and_says_how(job):
    def light(place, number):
        codes = [[0.0] * SKY for _ in range(40)]
        for n, code in enumerate(codes):
            code[6] = float(np.linspace(-1.5, 1.5, 40)[n])
            code[place] = number
        rows = [Asked(1, 0.5, 0.5, "day", "any", tuple(code)).row for code in codes]
        return np.mean([known().white[row] for row in rows]), len(set(rows))

    assert light(0, 2.0)[0] > light(0, -2.0)[0] + 0.05
    assert light(0, 0.0)[1] > 3
    code = tuple(api.chosen((), 5, SKY).tolist())
    assert np.array_equal(made(job, seed=5), made(job, seed=5, code=code))


def test_wide_skies_show_less_of_the_height_and_none_is_larger_than_its_sources():
    for width, height in ((1024, 768), (4096, 768), (300, 900), (40000, 100), (6000, 4000)):
        scale = scale_of(api.Region(0, 0, width, height), 1.1)
        assert scale.rows <= scale.source[1] <= SIZE[1]
        assert scale.columns == pytest.approx(scale.rows * width / height, abs=1)


def test_skies_are_of_sources_that_are_listed_and_may_be_passed_on():
    import csv
    from pathlib import Path

    import safelight_generate.sky

    sky = known()
    with (Path(safelight_generate.sky.__file__).parent / "skies.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    assert len(listed) == len(sky.files) == len(sky.codes) == len(sky.times)
    assert not any("BY-SA" in row["licence"] for row in listed)
    assert sum(map(len, sky.files)) < 7_000_000
    assert {TIMES[n] for n in sky.times} == set(TIMES)
    assert isinstance(sky.code(3), Code)
    assert sky.picture(3, (64, 48)).shape == (48, 64, 3)


def test_a_sky_has_the_noise_of_photographs_the_same_in_every_piece():
    canvas = api.Region(0, 0, 800, 600)
    whole = grain(3, canvas, canvas)
    part = grain(3, api.Region(500, 90, 100, 80), canvas)
    assert np.array_equal(part, whole[90:170, 500:600])
    assert 0.4 * GRAIN < whole.std() < 2.5 * GRAIN
    assert whole.shape[2] == 1
    assert not np.array_equal(whole, grain(4, canvas, canvas))
