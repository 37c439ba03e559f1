"""Tones of light: published formulas, ends that stay, and values beyond black and white."""

import numpy as np
import pytest
import safelight_adjust as adjust

from safelight import api
from safelight.api import testing
from safelight.api.tone_table import applied, stages_of

RAMP = np.repeat(np.linspace(0, 1, 256, dtype=np.float32)[None, :, None], 3, -1)


def made(tone, image, **settings):
    return applied(stages_of(tone(**settings)), np.asarray(image, np.float32))


BENT = ((0.0, 0.0), (0.3, 0.6), (1.0, 1.0))

LOOKS = api.registered(adjust.looks).declaration.parameter("look").choices

TELLING = {
    "auto_light": (
        {"temperature": 4800.0, "exposure": 0.6, "contrast": 20.0, "curve": BENT},
        {"tint": -30.0, "exposure": -1.0},
    ),
    "light": (
        {"exposure": 0.7, "contrast": 30.0, "highlights": -60.0, "shadows": 45.0},
        {"highlights": 100.0, "shadows": -100.0},
    ),
    "brightness_contrast": ({"brightness": 60.0, "contrast": -40.0}, {"contrast": 100.0}),
    "levels": ({"black": 0.1, "white": 0.8, "gamma": 1.7}, {"gamma": 0.4, "channel": "blue"}),
    "curves": ({"rgb": ((0.0, 0.1), (0.5, 0.7), (1.0, 1.0))}, {"luminance": BENT}),
    "invert": ({},),
    "threshold": ({"level": 0.3},),
    "posterise": ({"tones": 5},),
    "saturation": ({"amount": -70.0}, {"amount": 100.0}),
    "white_balance": ({"temperature": 3200.0, "tint": 40.0}, {"grey": ("#c8b090",)}),
    "vibrance": ({"amount": 80.0}, {"amount": -100.0}),
    "hue_saturation": ({"hue": 120.0, "saturation": 40.0}, {"hues": "blues", "lightness": -60.0}),
    "black_and_white": ({}, {"reds": 200.0, "blues": -100.0}),
    "colour_balance": ({"shadows_red": 40.0, "highlights_blue": -60.0},),
    "split_toning": ({}, {"balance": 100.0}),
    "channel_mixer": ({"red_from_blue": 0.5, "keep_greys": True},),
    "photo_filter": ({}, {"colour": "#0050ff", "density": 90.0, "keep_luminance": False}),
    "gradient_map": ({}, {"colours": ("#ff0000",)}),
    "lut": ({},),
    "looks": tuple({"look": name} for name in LOOKS),
}  # fmt: skip
"""Settings that show each adjustment at work."""


LOCAL = {
    "shadows_highlights", "clarity", "local_contrast", "dehaze", "sharpen", "high_pass", "median",
    "bilateral", "vignette", "grain",
}  # fmt: skip
"""What test_local tells of."""

CUTTING = {"threshold", "posterise"}
"""What leaves a few tones leaves none beyond white."""


@pytest.mark.parametrize(
    ("name", "settings"), [(name, how) for name, several in TELLING.items() for how in several]
)
def test_each_is_well_behaved_and_needs_no_pixel_but_its_own(name, settings):
    adjustment = getattr(adjust, name)
    if name not in CUTTING:
        testing.assert_well_behaved(adjustment, **settings)
    testing.assert_tiles_agree(adjustment, tolerance=0, **settings)


def test_each_is_told_of_here():
    names = {api.registered(item).declaration.name for item in adjust.ADJUSTMENTS}
    assert names == TELLING.keys() | LOCAL | {"exposure"}


NEUTRAL = {
    "auto_light", "light", "brightness_contrast", "levels", "curves", "saturation",
    "white_balance", "vibrance", "hue_saturation", "colour_balance", "channel_mixer", "lut",
}  # fmt: skip
"""Adjustments whose sliders begin where nothing changes."""


@pytest.mark.parametrize("name", sorted(NEUTRAL))
def test_untouched_sliders_change_nothing(name):
    picture = testing.photograph(beyond=0.25)
    adjustment = getattr(adjust, name)
    declared = api.registered(adjustment).declaration
    result = made(adjustment, picture) if declared.tone else adjustment(picture)
    assert np.abs(result - picture).max() <= 2e-6


@pytest.mark.parametrize("amount", [-100.0, -30.0, 55.0, 100.0])
def test_brightness_and_contrast_keep_black_white_and_order(amount):
    for how in ({"brightness": amount}, {"contrast": amount}):
        result = made(adjust.brightness_contrast, RAMP, **how)[0, :, 0]
        assert (result[0], result[-1]) == pytest.approx((0, 1), abs=1e-6)
        assert (np.diff(result) > 0).all()
    middle = made(adjust.brightness_contrast, np.full((1, 1, 3), 0.5), contrast=amount)
    assert middle == pytest.approx(0.5, abs=1e-6)


def test_the_largest_contrast_is_four_times_as_steep_in_the_middle():
    pair = made(adjust.brightness_contrast, [[[0.499] * 3, [0.501] * 3]], contrast=100.0)
    assert (pair[0, 1, 0] - pair[0, 0, 0]) / 0.002 == pytest.approx(4, rel=0.02)


def test_levels_are_the_published_formula():
    result = made(adjust.levels, RAMP, black=0.1, white=0.9, gamma=2.2, darkest=0.05, lightest=0.8)
    inside = (RAMP >= 0.1) & (RAMP <= 0.9)
    goal = 0.05 + 0.75 * np.clip((RAMP - 0.1) / 0.8, 0, None) ** (1 / 2.2)
    assert np.abs(result - goal)[inside].max() < 2e-3
    assert np.abs(result - goal)[(RAMP >= 0.15) & inside].max() < 1e-5


def test_levels_of_one_channel_leave_the_others():
    picture = testing.photograph()
    result = made(adjust.levels, picture, black=0.2, gamma=1.5, channel="green")
    assert np.abs(result - picture)[..., ::2].max() < 1e-6
    assert np.abs(result[..., 1] - picture[..., 1]).max() > 0.1


def test_levels_with_white_below_black_are_a_step_and_no_failure():
    result = made(adjust.levels, RAMP, black=0.6, white=0.4)
    assert np.isfinite(result).all()
    assert (np.diff(result[0, :, 0]) >= 0).all()


def test_a_curve_of_luminance_changes_light_and_keeps_the_distance_from_grey():
    picture = testing.photograph()
    points = ((0.0, 0.0), (0.4, 0.6), (1.0, 1.0))
    result = made(adjust.curves, picture, luminance=points)
    shift = result - picture
    assert np.abs(shift - shift.mean(-1, keepdims=True)).max() < 1e-6
    shares = np.array([0.2126, 0.7152, 0.0722], np.float32)
    bent = np.interp(picture @ shares, np.linspace(0, 1, 4097), api.curve_samples(points, 4097))
    assert np.abs(result @ shares - bent).max() < 1e-5


def test_curves_of_channels_come_before_the_one_of_all():
    down, up = ((0.0, 0.0), (1.0, 0.5)), ((0.0, 0.5), (1.0, 1.0))
    result = made(adjust.curves, np.ones((1, 1, 3)), red=down, rgb=up)
    assert result[0, 0] == pytest.approx([0.75, 1, 1], abs=1e-6)


def test_inverting_twice_changes_nothing_beyond_white_too():
    picture = testing.photograph(beyond=0.5)
    assert np.abs(made(adjust.invert, made(adjust.invert, picture)) - picture).max() < 1e-6


@pytest.mark.parametrize("level", [0.0, 0.25, 0.5, 1.0])
def test_a_threshold_is_white_from_its_level_on(level):
    result = made(adjust.threshold, RAMP, level=level)[0, :, 0]
    away = np.abs(RAMP[0, :, 0] - level) > 3e-4
    assert np.array_equal(result[away], (RAMP[0, :, 0] >= level)[away])
    assert made(adjust.threshold, np.full((1, 1, 3), level), level=level) == pytest.approx(1)


@pytest.mark.parametrize("tones", [2, 5, 64])
def test_posterising_leaves_so_many_tones(tones):
    values = np.repeat(np.linspace(0, 1, 4001, dtype=np.float32)[None, :, None], 3, -1)
    result = made(adjust.posterise, values, tones=tones)[0, :, 0]
    goal = np.linspace(0, 1, tones)
    near = np.abs(result[:, None] - goal).min(1) < 1e-6
    assert near.mean() > 0.97  # the rest is on the steps
    assert len(np.unique(np.abs(result[near][:, None] - goal).argmin(1))) == tones


def found(tone, picture):
    entry = api.registered(tone)
    return entry.declaration.settings(entry.found(np.asarray(picture, np.float32), {}))


def test_auto_exposure_undoes_what_made_a_picture_dark():
    picture = 0.1 + 0.75 * testing.photograph()
    own = found(adjust.exposure, picture)["stops"]
    for stops in (-2.0, -1.0):
        dark = made(adjust.exposure, picture, stops=stops)
        assert found(adjust.exposure, dark)["stops"] == pytest.approx(own - stops, abs=0.1)
    assert found(adjust.exposure, np.zeros((4, 4, 3)))["stops"] <= 3
    assert found(adjust.exposure, np.ones((4, 4, 3)))["stops"] >= -3


def test_auto_levels_spread_a_flat_picture_over_the_whole_range():
    picture = testing.photograph()
    flat = 0.3 + 0.4 * picture
    result = made(adjust.levels, flat, **found(adjust.levels, flat))
    assert np.quantile(result, [0.001, 0.999]) == pytest.approx([0, 1], abs=0.01)
    for value in (0.0, 0.5, 1.0):
        still = np.full((4, 4, 3), value, np.float32)
        assert np.isfinite(made(adjust.levels, still, **found(adjust.levels, still))).all()


def test_light_is_its_parts_one_after_the_other():
    picture = testing.photograph(beyond=0.25)
    exposed = made(adjust.exposure, picture, stops=0.7)
    parts = made(adjust.brightness_contrast, exposed, contrast=30.0)
    assert made(adjust.light, picture, exposure=0.7, contrast=30.0) == pytest.approx(
        parts, abs=1e-5
    )


@pytest.mark.parametrize("highlights", [-100.0, 0.0, 100.0])
@pytest.mark.parametrize("shadows", [-100.0, 0.0, 100.0])
def test_highlights_and_shadows_keep_the_order_of_tones_and_both_ends(highlights, shadows):
    result = made(adjust.light, RAMP, highlights=highlights, shadows=shadows)[0, :, 0]
    assert (np.diff(result) > 0).all()
    assert result[[0, -1]] == pytest.approx([0, 1], abs=1e-6)
    b = RAMP[0, :, 0]
    h = (0.018 if highlights < 0 else 0.009) * highlights
    s = (0.018 if shadows > 0 else 0.009) * shadows
    assert result == pytest.approx(b + h * b**3 * (1 - b) + s * b * (1 - b) ** 3, abs=1e-5)


def test_light_finds_settings_for_what_is_too_dark():
    dark = testing.photograph() * np.float32(0.3)
    found = api.registered(adjust.light).declaration.settings()
    assert found["exposure"] == 0
    from safelight_adjust.light import _lit

    assert _lit(dark)["exposure"] > 1
