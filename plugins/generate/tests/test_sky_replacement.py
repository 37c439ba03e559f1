"""Replace sky: what is sky is found, what is not stays, and no sky is said in a sentence."""

import numpy as np
import pytest
from safelight_generate import replace_sky
from safelight_generate.sky_finder import apart, found, matte_of, reduced, told
from safelight_generate.sky_matte import REACH

from safelight import api
from safelight.api import testing

WIDTH, HEIGHT, HORIZON = 200, 150, 90
CANVAS = api.Region(0, 0, WIDTH, HEIGHT)
PLAIN = {"light": 0.0, "haze": 0.0, "reflection": 0.0}


@pytest.fixture(scope="module")
def photograph():
    """A blue sky, paler below, over rough land; a dark post stands before it."""
    random = np.random.RandomState(1)
    y = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None, None]
    picture = np.float32([0.3, 0.5, 0.85]) + 0.25 * y * np.float32([1, 0.8, 0.2])
    picture = np.repeat(picture, WIDTH, 1) + 0.004 * random.standard_normal((HEIGHT, WIDTH, 1))
    land = 0.35 + 0.15 * random.standard_normal((HEIGHT - HORIZON, WIDTH, 1))
    picture[HORIZON:] = land * np.float32([0.9, 1.0, 0.5])
    picture[50:HORIZON, 120:123] = 0.05
    return np.clip(picture, 0, 1).astype(np.float32)


def replaced(job, photograph, region=CANVAS, **settings):
    prepared = told(photograph, settings.get("where", "found"))
    piece = photograph[region.rows(), region.columns()]
    return replace_sky(piece, region, CANVAS, job(replace_sky), prepared, **settings)


def test_it_keeps_every_promise(job):
    testing.assert_well_behaved(replace_sky, job=job(replace_sky))


def test_what_is_sky_is_found_and_what_stands_before_it_is_not(photograph):
    sky = found(photograph)
    truth = np.arange(HEIGHT)[:, None] < HORIZON
    truth = truth & ~((np.arange(WIDTH) // 3 == 40) & (np.arange(HEIGHT)[:, None] >= 50))
    assert (sky & truth).sum() / (sky | truth).sum() > 0.95
    assert not sky[55:85, 121].any()


def test_how_far_a_sky_goes_from_blue_to_pink_does_not_count_against_it(photograph):
    rows = np.repeat(np.arange(HEIGHT)[:, None], WIDTH, 1)
    down = np.clip(rows / HORIZON, 0, 1)[..., None] - 0.5

    def told_apart(pinker):
        sky = np.array([0.7, 0.75, 0.83]) + pinker * down * np.array([0.4, -0.06, 0.04])
        picture = np.where((rows < HORIZON)[..., None], sky, photograph)
        return apart(picture.astype(np.float32), rows < HORIZON)

    assert told_apart(1.5) > 0.9 * told_apart(1.0)


def test_gaps_that_something_encloses_are_sky_too(photograph):
    fenced = photograph.copy()
    fenced[40:70, 40:70] = [0.4, 0.2, 0.1]
    fenced[46:64, 46:64] = photograph[46:64, 46:64]
    sky = found(fenced)
    assert sky[49:61, 49:61].all()
    assert not sky[42:44, 42:68].any()


def test_a_wire_before_the_sky_stays(job, photograph):
    wired = photograph.copy()
    wired[30, :] = 0.1
    made = replaced(job, wired, **PLAIN)
    assert made[30].mean() < 0.25
    assert made[24].mean() > made[30].mean() + 0.1


def test_the_sky_is_another_and_the_land_stays(job, photograph):
    made = replaced(job, photograph, **PLAIN)
    assert np.abs(made[:60] - photograph[:60]).mean() > 0.05
    below = HORIZON + 8
    assert np.abs(made[below:] - photograph[below:]).max() < 1e-3
    assert made[60:85, 121].max() < 0.25
    assert made[60:85, 100].mean() > 0.3


def test_pieces_are_those_of_the_whole(job, photograph):
    larger = photograph.repeat(2, 0).repeat(2, 1)
    canvas = api.Region(0, 0, 2 * WIDTH, 2 * HEIGHT)
    region = api.Region(90, 20, 280, 270)
    prepared = told(photograph, "found")
    whole, part = (
        replace_sky(
            larger[place.rows(), place.columns()],
            *(place, canvas, job(replace_sky), prepared),
            sun=0.5,
            reflection=0.5,
        )
        for place in (canvas, region)
    )
    inner = np.s_[REACH:-REACH, REACH:-REACH]
    cut = whole[region.rows(), region.columns()]
    assert np.abs(part[inner] - cut[inner]).max() < 1e-3


def test_no_rim_of_the_old_sky_stays_along_roofs_masts_and_wires(job):
    """What stands before a sky is known here: soft edges, and lines of 1.5 to 3 pixels."""
    height, width = 240, 320
    y, x = np.mgrid[:height, :width].astype(np.float32)
    roof = np.clip(y - 150 - 0.5 * np.abs(x - 110), 0, 1)
    for middle, half, top in ((110, 1.5, 90), (240, 1.0, 60)):
        mast = np.clip(half + 0.5 - np.abs(x - middle), 0, 1) * np.clip(y - top, 0, 1)
        roof = np.maximum(roof, mast)
    roof = np.maximum(roof, np.clip(1.25 - np.abs(y - 40 - 0.05 * x), 0, 1))[..., None]
    texture = 0.02 * np.random.RandomState(3).standard_normal((height, width, 1))
    land = np.float32([0.12, 0.10, 0.09]) + texture.astype(np.float32)
    before = land * roof + (1 - roof) * (np.float32([0.6, 0.75, 0.95]) + 0.0005 * y[..., None])
    prepared = told(before, "found")
    new = np.float32([0.25, 0.16, 0.2])
    canvas = api.Region(0, 0, width, height)
    made = replace_sky(
        *(before, canvas, canvas, job(replace_sky), prepared),
        **(PLAIN | {"picture": np.zeros((60, 80, 3), np.float32) + new}),
    )
    error = np.abs(made - (land * roof + (1 - roof) * new)).mean(2)
    edge = (roof[..., 0] > 0.02) & (roof[..., 0] < 0.98)
    assert error[edge].mean() < 0.02
    assert error[:145].mean() < 0.004


def test_what_sharpening_has_made_lighter_beside_a_roof_is_sky(job, photograph):
    softened = photograph.copy()
    softened[HORIZON:] = [0.2, 0.15, 0.1]
    softened[HORIZON - 2 : HORIZON, :110] += 0.08
    own = np.zeros((60, 80, 3), np.float32) + np.float32([0.25, 0.16, 0.2])
    made = replaced(job, softened, picture=own, **PLAIN)
    assert np.abs(made[HORIZON - 2 : HORIZON, 10:100] - own[0, 0]).mean() < 0.02


def test_a_sky_of_ones_own_is_put_behind(job, photograph):
    own = np.zeros((60, 80, 3), np.float32) + np.float32([0.9, 0.2, 0.1])
    made = replaced(job, photograph, picture=own, **PLAIN)
    assert np.allclose(made[20:60, 20:100], [0.9, 0.2, 0.1], atol=0.02)


def test_the_land_takes_on_the_light_of_a_darker_sky(job, photograph):
    own = np.full((60, 80, 3), 0.1, np.float32)
    plain, lit = (
        replaced(job, photograph, picture=own, **(PLAIN | {"light": light})) for light in (0.0, 1.0)
    )
    assert lit[110:].mean() < 0.9 * plain[110:].mean()


def test_water_mirrors_the_new_sky_and_the_rest_does_not(job, photograph):
    lake = photograph.copy()
    lake[120:] = [0.45, 0.6, 0.88]
    own = np.zeros((60, 80, 3), np.float32) + np.float32([0.9, 0.5, 0.1])
    plain, mirrored = (
        replaced(job, lake, picture=own, **(PLAIN | {"reflection": share})) for share in (0.0, 1.0)
    )
    assert (mirrored[125:, :, 2] < plain[125:, :, 2] - 0.15).mean() > 0.9
    assert np.abs(mirrored - plain)[100:118].mean() < 0.05


def test_what_is_selected_is_sky_where_that_is_said(job, photograph):
    made = replaced(job, photograph, where="selected")
    assert np.abs(made - photograph)[HORIZON:].mean() > 0.05


def test_without_a_sky_it_says_so_in_a_sentence():
    random = np.random.RandomState(2)
    for picture in (
        random.rand(100, 140, 3),
        np.full((100, 140, 3), 0.02),
        np.zeros((90, 90, 3)) + [0.1, 0.5, 0.1] + 0.02 * random.rand(90, 90, 1),
        np.zeros((1, 1, 3)),
    ):
        with pytest.raises(api.Unfit, match=r"no sky was found in this photograph\. Select"):
            told(picture.astype(np.float32), "found")


def test_what_is_told_is_small_and_comes_back(photograph):
    prepared = told(np.tile(photograph, (3, 3, 1))[:300], "selected")
    assert matte_of(prepared).all()
    assert max(matte_of(prepared).shape) <= 224
    assert len(str(prepared)) < 1 << 16
    assert reduced(photograph).shape == photograph.shape
