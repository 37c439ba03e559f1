"""Filters of the surroundings: against the published formulas, worked out plainly in numpy."""

import numpy as np
import pytest
import safelight_adjust as adjust
from safelight_adjust import local

from safelight import api
from safelight.api import testing

SHARES = np.array([0.2126, 0.7152, 0.0722], np.float32)

TELLING = {
    "shadows_highlights": ({"shadows": 100.0, "highlights": 100.0, "radius": 6.0},),
    "clarity": ({"amount": 100.0, "radius": 5.0}, {"amount": -100.0, "radius": 5.0}),
    "local_contrast": ({"amount": 60.0, "radius": 4.0},),
    "dehaze": ({"amount": 70.0, "radius": 2.0}, {"amount": -70.0, "radius": 2.0}),
    "sharpen": ({"amount": 200.0}, {"radius": 3.0, "threshold": 0.05}),
    "high_pass": ({"radius": 4.0},),
    "median": ({"radius": 2},),
    "bilateral": ({"radius": 2.0},),
    "vignette": ({"amount": 100.0, "roundness": 50.0}, {"amount": -60.0, "roundness": -100.0}),
    "grain": ({"amount": 80.0}, {"size": 4.0, "seed": 7}),
}
CASES = [(name, how) for name, several in TELLING.items() for how in several]


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_each_is_well_behaved_and_its_pieces_agree(name, settings):
    adjustment = getattr(adjust, name)
    testing.assert_well_behaved(adjustment, **settings)
    testing.assert_tiles_agree(adjustment, tolerance=2e-5, **settings)


def test_no_amount_changes_nothing():
    picture = testing.photograph(beyond=0.25)
    region = api.Region(0, 0, picture.shape[1], picture.shape[0])
    still = {
        "shadows_highlights": {"shadows": 0.0, "highlights": 0.0},
        "clarity": {"amount": 0.0},
        "local_contrast": {"amount": 0.0},
        "sharpen": {"amount": 0.0},
        "dehaze": {"amount": 0.0, "prepared": {"air": [0.9, 0.9, 0.9]}},
        "vignette": {"amount": 0.0, "region": region, "canvas": region},
        "grain": {"amount": 0.0, "region": region},
    }
    for name, how in still.items():
        assert np.abs(getattr(adjust, name)(picture, **how) - picture).max() < 2e-6, name


def gaussian(values, deviation):
    """A Gaussian blur of (height, width), edges repeated, line by line."""
    far = int(np.ceil(3 * deviation))
    weights = np.exp(-0.5 * (np.arange(-far, far + 1) / deviation) ** 2)
    for axis in (0, 1):
        padded = np.pad(values, [(far, far) if at == axis else (0, 0) for at in (0, 1)], "edge")
        values = np.apply_along_axis(np.convolve, axis, padded, weights / weights.sum(), "valid")
    return values


def test_sharpening_is_unsharp_masking_of_the_luminance():
    picture = testing.photograph(40, 30)
    light = picture @ SHARES
    goal = picture + 1.5 * (light - gaussian(light, 1.4))[..., None]
    assert np.abs(adjust.sharpen(picture, amount=150.0, radius=1.4) - goal).max() < 1e-4


def test_below_the_threshold_nothing_is_sharpened():
    noise = np.random.default_rng(1).normal(0.5, 0.004, (40, 40, 1)).astype(np.float32)
    picture = np.repeat(noise, 3, -1)
    picture[:, 20:] += 0.4
    result = adjust.sharpen(picture, amount=200.0, threshold=0.05)
    assert np.abs(result - picture)[:, :12].max() < 1e-6
    assert np.abs(result - picture)[:, 18:22].max() > 0.05


def test_a_high_pass_and_what_was_taken_away_are_the_picture():
    picture = testing.photograph(40, 30)
    low = np.stack([gaussian(picture[..., channel], 4.0) for channel in range(3)], -1)
    assert np.abs(adjust.high_pass(picture, radius=4.0) - 0.5 + low - picture).max() < 1e-4


@pytest.mark.parametrize("radius", [1, 3])
def test_the_median_is_the_middle_value_of_the_square(radius):
    picture = testing.photograph(13, 11)
    padded = np.pad(picture, ((radius, radius), (radius, radius), (0, 0)), mode="edge")
    side = 2 * radius + 1
    goal = [
        [np.median(padded[y : y + side, x : x + side], (0, 1)) for x in range(picture.shape[1])]
        for y in range(picture.shape[0])
    ]
    assert np.array_equal(adjust.median(picture, radius=radius), np.array(goal, np.float32))


def test_smoothing_surfaces_evens_noise_out_and_keeps_the_edge():
    numbers = np.random.default_rng(2)
    picture = np.full((48, 48, 3), 0.3, np.float32)
    picture[:, 24:] = 0.8
    noisy = picture + numbers.normal(0, 0.03, picture.shape).astype(np.float32)
    result = adjust.bilateral(noisy, radius=3.0, difference=0.15)
    assert (result - picture)[:, :20].std() < 0.4 * (noisy - picture)[:, :20].std()
    step = result[:, 24].mean() - result[:, 23].mean()
    assert step == pytest.approx(0.5, abs=0.03)


def test_what_is_evened_out_keeps_edges_and_loses_texture():
    numbers = np.random.default_rng(3)
    light = np.where(np.arange(96) < 48, 0.2, 0.8)[None].repeat(96, 0).astype(np.float32)
    rough = light + numbers.normal(0, 0.03, light.shape).astype(np.float32)
    base = local.evened(rough, 8, 0.15)
    assert (base - light)[:, :30].std() < 0.3 * 0.03
    assert base[:, 50].mean() - base[:, 45].mean() > 0.4


def test_shadows_are_lifted_highlights_lowered_and_black_middle_and_white_stay():
    tones = np.linspace(0, 1, 41, dtype=np.float32)
    found = []
    for tone in tones:
        flat = np.full((32, 32, 3), tone, np.float32)
        result = adjust.shadows_highlights(flat, shadows=100.0, highlights=100.0, radius=4.0)
        assert np.ptp(result) < 1e-3
        found.append(result.mean())
    assert (np.diff(found) > 0).all()
    assert np.array(found)[[0, 20, 40]] == pytest.approx([0, 0.5, 1], abs=2e-3)
    assert found[8] > 0.2 + 0.15
    assert found[32] < 0.8 - 0.15


def test_shadows_leave_no_halo_beside_a_strong_edge():
    picture = np.full((64, 96, 3), 0.08, np.float32)
    picture[:, 48:] = 0.9
    result = adjust.shadows_highlights(picture, shadows=100.0, highlights=0.0, radius=12.0)
    dark = result[32, :46, 0]
    assert dark.min() > 0.75 * dark[0] > 0.08
    assert np.abs(result[:, 50:] - 0.9).max() < 0.05


def test_clarity_strengthens_midtones_and_leaves_black_and_white():
    wave = 0.05 * np.sin(np.arange(96) / 2).astype(np.float32)[None, :, None]
    for middle, factor in ((0.5, 1.9), (0.03, 1.2)):
        picture = np.repeat(
            np.repeat(middle + wave * (middle if middle < 0.1 else 1), 48, 0), 3, -1
        )
        result = adjust.clarity(picture, amount=100.0, radius=16.0)
        gain = result[24, 30:66, 0].std() / picture[24, 30:66, 0].std()
        assert gain == pytest.approx(factor, abs=0.15)


def test_haze_that_was_laid_over_a_picture_goes_again():
    clear = testing.photograph(96, 64)
    clear[::4, ::4] = 0.02  # something dark everywhere, as outdoors
    light, air = api.to_linear(clear), np.array([0.8, 0.85, 0.9], np.float32)
    hazy = api.from_linear(light * 0.5 + air * 0.5)
    hazy[:6] = api.from_linear(air)
    prepared = local._haze(hazy)
    assert prepared["air"] == pytest.approx(air, abs=0.05)
    result = adjust.dehaze(hazy, prepared, amount=100.0, radius=4.0)[10:]
    before, after = (np.abs(x - clear[10:]).mean() for x in (hazy[10:], result))
    assert after < 0.4 * before


def vignetted(width, height, **how):
    whole = api.Region(0, 0, width, height)
    return adjust.vignette(np.ones((height, width, 3), np.float32), whole, whole, **how)


def test_a_vignette_is_centred_and_two_stops_dark_in_the_corners():
    light = api.to_linear(vignetted(121, 81, amount=100.0, midpoint=20.0, feather=50.0))[..., 0]
    assert light == pytest.approx(light[::-1, ::-1], abs=1e-5)
    assert light[40, 60] == pytest.approx(1, abs=1e-5)
    assert light[0, 0] == pytest.approx(0.25, abs=0.01)
    assert (vignetted(121, 81, amount=-100.0)[0, 0] > 1.2).all()


def test_a_round_vignette_is_a_circle_and_an_oval_has_the_pictures_shape():
    for roundness, ratio in ((100.0, 1.0), (0.0, 1.25), (-100.0, 1.5)):
        light = vignetted(300, 200, roundness=roundness, midpoint=20.0, feather=100.0)[..., 0]
        level = light[100, 40]
        column = light[:100, 150]
        down = 100 - np.abs(column - level).argmin()
        if roundness < 100:
            assert 110 / down == pytest.approx(ratio, rel=0.1)
        else:
            assert np.abs(light[100, 150 - 90] - light[100 - 90, 150]) < 0.01


def test_grain_is_of_the_told_strength_whatever_its_size_and_none_in_black_and_white():
    region = api.Region(5, 9, 256, 256)
    grey = np.full((256, 256, 3), 0.5, np.float32)
    for size in (0.5, 1.5, 3.0, 8.0):
        noise = adjust.grain(grey, region, amount=100.0, size=size) - grey
        assert noise.std() == pytest.approx(0.1, rel=0.15), size
        assert abs(noise.mean()) < 0.01
        assert np.ptp(noise, axis=-1).max() < 1e-6
    for value in (0.0, 1.0):
        flat = np.full((16, 16, 3), value, np.float32)
        assert np.array_equal(adjust.grain(flat, api.Region(0, 0, 16, 16), amount=100.0), flat)


def test_another_seed_is_other_grain_and_larger_grain_is_smoother():
    region = api.Region(0, 0, 128, 128)
    grey = np.full((128, 128, 3), 0.5, np.float32)
    one, other = (adjust.grain(grey, region, seed=seed)[..., 0] - 0.5 for seed in (1, 2))
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.05
    fine, coarse = (adjust.grain(grey, region, size=size)[..., 0] for size in (1.0, 5.0))
    assert np.diff(coarse).std() < 0.5 * np.diff(fine).std()
