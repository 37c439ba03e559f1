"""Strokes: those from the painting are laid once for a photograph, and fit together in pieces."""

import numpy as np
import pytest
from safelight_style import NETWORK, PAINTING, strokes, style, upgraded

from safelight import api
from safelight.api import testing

PICTURE = 0.2 + np.float32(0.6) * testing.photograph(200, 150, seed=3)


def canvas(tint, seed=1):
    """Dabs of one hue, light and dark, 160 x 200 pixels."""
    random = np.random.RandomState(seed)
    picture = np.full((160, 200, 3), 0.5, np.float32)
    y, x = np.mgrid[:160, :200]
    for _ in range(900):
        down, across = random.randint(160), random.randint(200)
        dab = np.abs(y - down) / 2 + np.abs(x - across) / 9 < 1
        picture[dab] = random.uniform(0.1, 1)
    return picture * np.float32(tint)


RED, BLUE = canvas((1, 0.4, 0.3)), canvas((0.3, 0.4, 1), 2)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Nothing is remembered of other tests."""
    monkeypatch.setattr(strokes, "_painted", type(strokes._painted)())


def seen(job, picture=PICTURE, region=None, whole=None, **told):
    """What the filter makes of a picture, or of a part of a whole one."""
    entry, its = api.registered(style), job(style)
    images = {name: told.pop(name) for name in ("style", "second_style") if name in told}
    settings = entry.declaration.settings(told)
    plain = {name: value for name, value in settings.items() if "style" not in name}
    prepared = entry.prepared(picture if whole is None else whole, settings, job=its)
    region = region or api.Region(0, 0, picture.shape[1], picture.shape[0])
    return style(picture, its, region, prepared, **plain, **images)


def mean(picture):
    return picture.mean((0, 1))


def test_strokes_come_from_the_painting_unless_a_layer_was_made_before_they_could():
    declaration = api.registered(style).declaration
    assert declaration.settings({})["strokes"] == PAINTING
    assert upgraded({"strength": 0.5}, "0.1.0") == {"strokes": NETWORK, "strength": 0.5}
    assert declaration.settings(upgraded({"strength": 0.5}, "0.1.0"))["strokes"] == NETWORK


def test_every_colour_is_one_of_the_painting(job):
    made = seen(job, style=RED, detail=0.0)
    assert (made[..., 0] > made[..., 2]).all()


def test_light_and_dark_stay_where_they_are(job):
    made = seen(job, style=RED)
    found = np.corrcoef(made.mean(2).ravel(), PICTURE.mean(2).ravel())[0, 1]
    assert found > 0.7


def test_pieces_fit_together(job):
    testing.assert_kept("tiles", style, job=job(style), tolerance=1e-5, style=RED)
    whole = seen(job, style=RED)
    for y, x in ((0, 0), (31, 57), (90, 110)):
        part = np.ascontiguousarray(PICTURE[y : y + 50, x : x + 40])
        place = api.Region(x, y, part.shape[1], part.shape[0])
        made = seen(job, part, place, PICTURE, style=RED)
        assert np.abs(made - whole[y : y + 50, x : x + 40]).max() < 1e-5


def test_a_process_that_has_painted_nothing_paints_the_same_piece(job):
    whole = seen(job, style=RED)
    strokes._painted.clear()
    assert np.array_equal(seen(job, style=RED), whole)


def test_a_photograph_is_painted_once_for_all_its_pieces_and_strengths(job, monkeypatch):
    times = []
    paint = strokes.paint
    monkeypatch.setattr(strokes, "paint", lambda *a, **k: times.append(1) or paint(*a, **k))
    for strength in (1.0, 0.5):
        for x in (0, 50, 100):
            part = np.ascontiguousarray(PICTURE[:, x : x + 50])
            seen(job, part, api.Region(x, 0, 50, 150), PICTURE, style=RED, strength=strength)
    assert len(times) == 1


def test_at_no_strength_or_without_a_style_the_photograph_stays_bit_by_bit(job):
    assert np.array_equal(seen(job), PICTURE)
    assert np.array_equal(seen(job, style=RED, strength=0.0), PICTURE)


def test_strength_goes_evenly_from_the_photograph_to_the_painting(job):
    full, half = seen(job, style=RED), seen(job, style=RED, strength=0.5)
    assert np.abs(half - (full + PICTURE) / 2).max() < 1e-6


def test_two_paintings_are_mixed_by_using_more_of_one(job):
    blues = [mean(seen(job, style=RED, second_style=BLUE, mix=mix))[2] for mix in (0.0, 0.5, 1.0)]
    assert blues[0] < blues[1] - 0.03 < blues[2] - 0.06


def test_with_the_photographs_colours_only_the_luminance_changes(job):
    change = seen(job, style=RED, colours="photograph") - PICTURE
    assert np.abs(change - change[..., :1]).max() < 1e-6
    assert np.abs(change).max() > 0.05


def test_a_matched_painting_has_the_photographs_colours(job):
    made = seen(job, style=RED, colours="matched")
    assert np.abs(mean(made) - mean(PICTURE)).max() < 0.05


def test_light_beyond_white_stays(job):
    bright = PICTURE.copy()
    bright[40:60, 40:60] = 2.5
    made = seen(job, bright, style=RED)
    assert made[45:55, 45:55].max() > 1.8
    assert np.isfinite(made).all()


def test_pixels_that_are_no_numbers_spoil_nothing_around_them(job):
    holed = PICTURE.copy()
    holed[70:75, 70:75] = np.nan
    made = seen(job, holed, style=RED, strength=1.0)
    assert np.isfinite(made[:60]).all()


@pytest.mark.parametrize("shape", [(30, 500), (500, 30), (1, 1), (40, 41)])
def test_a_painting_of_any_shape_is_taken(job, shape):
    picture = np.random.default_rng(0).random((*shape, 3), np.float32)
    assert np.isfinite(seen(job, style=picture)).all()


def test_a_large_photograph_is_looked_at_within_bounds():
    large = np.zeros((3000, 4000, 3), np.float32)
    found = strokes.seen(large)
    assert found["size"] == [3000, 4000]
    small = strokes.whole(found)
    assert small.shape[0] * small.shape[1] < 1.01 * strokes.MOST


@pytest.mark.attack
def test_it_is_well_behaved(job):
    testing.assert_well_behaved(style, job=job(style), style=RED)
