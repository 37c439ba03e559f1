"""Skies: pieces of the whole, no seam, and what each setting does to them."""

from collections import OrderedDict

import numpy as np
import pytest
from safelight_generate import skies
from safelight_generate.layout import ROWS, Code, noise, octaves, slope, streaks
from safelight_generate.sky import SUNS, TIMES, Asked, known, pieces, ranked, rolled_off

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


def test_light_is_rolled_off_and_never_clipped_flat():
    values = np.linspace(0, 1.2, 200, dtype=np.float32)
    found = rolled_off(values)
    assert np.array_equal(found[values <= 0.9], values[values <= 0.9])
    assert (np.diff(found) > 0).all()
    assert found.max() <= 1


def test_noise_is_as_fine_and_as_streaked_as_its_code_says():
    usual = Code(*known().codes[20].tolist())
    random = np.random.RandomState(0)

    def mean(what, **changed):
        code = usual._replace(**changed)
        return np.mean([what(noise(random, 64, code, ROWS)) for _ in range(20)])

    assert mean(slope, slope=2.0) > mean(slope, slope=1.3) + 0.3
    assert mean(lambda one: streaks(one)[0], level=0.7, slanted=0.0) > 0.3
    assert mean(lambda one: streaks(one)[0], level=-0.7, slanted=0.0) < -0.3
    assert mean(lambda one: streaks(one)[1], level=0.0, slanted=0.7) > 0.3


def test_streaks_lead_where_a_code_says_they_do():
    y, x = np.mgrid[:48, :64].astype(np.float32)
    assert streaks(np.sin(y))[0] == pytest.approx(1)
    assert streaks(np.sin(x))[0] == pytest.approx(-1)
    assert streaks(np.sin(0.3 * (y - x)))[1] > 0.9
    assert streaks(np.sin(0.3 * (y + x)))[1] < -0.9
    assert len(octaves(np.sin(x))) == 3


def test_ranks_give_a_field_the_light_of_another():
    field, quantiles = np.random.RandomState(1).rand(12, 16), np.float32([-1, 0, 0.5, 3])
    found = ranked(field, quantiles)
    assert found.min() == -1
    assert found.max() == 3
    assert np.array_equal(
        np.argsort(found, axis=None)[60:130], np.argsort(field, axis=None)[60:130]
    )


def test_pieces_come_from_skies_of_the_list_and_kept_ones_are_not_in_it():
    sky = known()
    assert len(sky.files) == len(sky.bank)
    assert pieces(0).shape == (6, 768, 1024)
    assert abs(float(sky.field(3).mean())) < 0.1
    assert float(sky.field(3).std()) == pytest.approx(1, abs=0.1)
    assert {TIMES[n] for n in sky.times} == set(TIMES)
