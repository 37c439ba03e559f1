"""Restore tone: a faded photograph comes nearer to what it was, a whole one hardly changes."""

from pathlib import Path

import numpy as np
import pytest
import safelight_repair
from PIL import Image
from safelight_repair import measured, restore_tone
from safelight_repair.tone import LIMITS, UNFADED, Tone, estimated, features, restored, weighed

from safelight import api
from safelight.api import testing

SAMPLES = sorted((Path(__file__).parents[3] / "resources" / "samples").glob("*.jpg"))
FADINGS = {
    "yellowed": ((0.15, 0.12, 0.08), (0.95, 0.88, 0.72), (1.0, 1.1, 0.85), 0.7),
    "reddish": ((0.2, 0.1, 0.12), (0.98, 0.85, 0.85), (0.85, 1.1, 1.1), 0.6),
    "pale": ((0.18, 0.18, 0.18), (0.8, 0.8, 0.8), (1.0, 1.0, 1.0), 0.5),
}


def opened(path):
    """A sample photograph as prepare sees it, (h, w, 3) float32."""
    with Image.open(path) as picture:
        picture.thumbnail((512, 512))
        return np.asarray(picture.convert("RGB"), np.float32) / 255


@pytest.fixture(scope="module", params=SAMPLES, ids=lambda path: path.stem)
def photograph(request):
    return opened(request.param)


def faded(picture, black, white, gamma, colour):
    mean = picture.mean(2, keepdims=True)
    curved = (mean + colour * (picture - mean)) ** np.float32(gamma)
    return (np.float32(black) + (np.float32(white) - np.float32(black)) * curved).astype(np.float32)


def brought_back(picture, **settings):
    return restore_tone(picture, measured(picture), **settings)


@pytest.mark.parametrize("fading", FADINGS.values(), ids=FADINGS)
def test_faded_photographs_come_nearer_to_what_they_were(fading):
    """None goes further away; a sunset that has yellowed stays a sunset."""
    errors = []
    for photograph in map(opened, SAMPLES):
        before = faded(photograph, *fading)
        pair = [np.abs(picture - photograph).mean() for picture in (before, brought_back(before))]
        assert pair[1] < pair[0]
        errors.append(pair)
    before, after = np.mean(errors, 0)
    assert after < 0.8 * before


def test_a_photograph_that_has_not_faded_hardly_changes(photograph):
    # Two per cent of the range: what an eye sees between pictures laid side by side.
    assert np.abs(brought_back(photograph) - photograph).mean() < 0.02


def toned(photograph, light=(1.0, 0.82, 0.62), dark=(0.12, 0.08, 0.05)):
    """A print of one hue, in 8 bits, that has faded."""
    grey = photograph.mean(2, keepdims=True)
    tinted = grey * np.float32(light) + (1 - grey) * np.float32(dark)
    return np.rint((0.75 * tinted + 0.12 * np.float32(light)) * 255).astype(np.float32) / 255


def hues(picture):
    """How far the hues lie apart, in degrees: their deviation, weighed by how strong they are."""
    red, green, blue = np.moveaxis(picture - picture.mean(2, keepdims=True), 2, 0)
    tint = (red - green) / np.sqrt(2) + 1j * ((red + green) / 2 - blue) / np.sqrt(1.5)
    strong = np.abs(tint)
    away = np.angle(tint * np.conj((tint * strong).sum()))
    return np.degrees(np.sqrt((strong * away**2).sum() / strong.sum()))


@pytest.mark.parametrize("tint", [(1.0, 0.82, 0.62), (0.7, 0.84, 1.0)], ids=["sepia", "blue"])
def test_a_print_of_one_hue_keeps_one_hue(photograph, tint):
    dark = tuple(0.12 * part for part in tint)
    before = toned(photograph, tint, dark)
    after = brought_back(before)
    assert hues(after) < hues(before) + 0.05
    assert np.ptp(np.percentile(after.mean(2), (1, 99))) > np.ptp(
        np.percentile(before.mean(2), (1, 99))
    )
    # Otherwise hues come apart.
    colourful = estimated_from(before)._replace(one_hue=0.0)
    assert hues(restored(before, colourful)) > 2 * hues(before)


def test_above_one_the_cast_takes_the_tint_of_such_a_print_too(photograph):
    result = brought_back(toned(photograph), cast=2.0)
    assert np.ptp(result, axis=2).max() < 1e-6


def test_a_grey_print_stays_grey_and_a_colour_one_is_no_print_of_one_hue(photograph):
    grey = photograph.mean(2, keepdims=True).repeat(3, 2)
    assert estimated_from(grey).one_hue == 0
    assert estimated_from(photograph).one_hue == 0
    for fading in FADINGS.values():
        assert estimated_from(faded(photograph, *fading)).one_hue == 0
    assert api.registered(restore_tone).declaration.keeps_grey


def test_dust_makes_no_difference(photograph):
    dusty = faded(photograph, *FADINGS["yellowed"])
    clean = estimated_from(dusty)
    rng = np.random.default_rng(0)
    y, x = (rng.integers(size, size=400) for size in dusty.shape[:2])
    dusty[y, x] = 1
    for one, other in zip(clean[:3], estimated_from(dusty)[:3], strict=True):
        assert np.abs(one - other).max() < 0.03


def estimated_from(picture):
    return Tone.of(measured(picture))


@pytest.mark.parametrize("fading", FADINGS.values(), ids=FADINGS)
def test_known_fading_is_taken_back_exactly(fading):
    picture = testing.photograph(60, 40)
    black, white, gamma, colour = fading
    powers = (1 / np.float32(gamma)).astype(np.float32)
    tone = Tone(np.float32(black), np.float32(white), powers, 1 / colour)
    np.testing.assert_allclose(restored(faded(picture, *fading), tone), picture, atol=1e-4)


def test_parts_of_the_fading_are_taken_back_apart():
    tone = Tone(
        np.float32([0.2, 0.1, 0.0]), np.float32([1, 0.9, 0.8]), np.float32([1, 1.2, 0.9]), 1.5
    )
    whole, none = weighed(tone, 1, 1, 1), weighed(tone, 0, 0, 0)
    for one, other in ((whole, tone), (none, UNFADED)):
        for values, expected in zip(one, other, strict=True):
            np.testing.assert_allclose(values, expected, atol=1e-6)
    assert np.ptp(weighed(tone, 1, 0, 1).black) < 1e-6
    assert weighed(tone, 0, 1, 1).black.mean() == pytest.approx(0, abs=1e-6)
    assert weighed(tone, 1, 1, 0).saturation == 1


def test_with_every_part_at_nothing_it_changes_nothing():
    picture = testing.photograph(60, 40, beyond=0.25)
    result = brought_back(picture, contrast=0.0, cast=0.0, colour=0.0)
    np.testing.assert_allclose(result, picture, atol=1e-6)


def test_darker_stays_darker_beyond_black_and_white_too():
    grey = np.linspace(-0.5, 1.5, 400, dtype=np.float32)[None, :, None].repeat(3, 2)
    tone = Tone(
        np.full(3, LIMITS["black"], np.float32),
        np.full(3, 1 - LIMITS["white"], np.float32),
        np.full(3, np.exp(-LIMITS["gamma"]), np.float32),
        2.0,
    )
    assert (np.diff(restored(grey, tone)[0, :, 0]) > 0).all()


def test_a_picture_without_contrast_gives_numbers():
    for level in (0.0, 0.5, 1.0):
        picture = np.full((9, 7, 3), level, np.float32)
        assert np.isfinite(features(picture)).all()
        assert np.isfinite(brought_back(picture)).all()


def test_it_is_well_behaved():
    testing.assert_well_behaved(restore_tone)
    testing.assert_tiles_agree(restore_tone, contrast=1.4, cast=0.5)


def test_the_weights_are_a_few_kilobytes_and_belong_to_what_is_looked_at():
    path = Path(safelight_repair.__file__).parent / "tone.npz"
    assert path.stat().st_size < 20_000
    with np.load(path, allow_pickle=False) as weights:
        assert weights["mean"].shape == features(testing.photograph(20, 20)).shape
        told = estimated(testing.photograph(20, 20), weights)
    assert api.registered(restore_tone).prepared(testing.photograph(20, 20), {}).keys() == set(
        told._fields
    )
