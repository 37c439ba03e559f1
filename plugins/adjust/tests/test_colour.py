"""Tones and filters of colour: against published figures and the standard library."""

import colorsys

import numpy as np
import pytest
import safelight_adjust as adjust
from safelight_adjust import colour

from safelight import api
from safelight.api import testing
from safelight.api.tone_table import applied, stages_of

SHARES = np.array([0.2126, 0.7152, 0.0722])


def made(tone, image, **settings):
    return applied(stages_of(tone(**settings)), np.asarray(image, np.float32))


@pytest.mark.parametrize(
    ("kelvin", "x", "y"),
    # CIE 15:2018: D50, D65, D75 and illuminant A, whose black body is of 2856 K.
    [
        (5003, 0.3457, 0.3585),
        (6504, 0.3127, 0.3290),
        (7504, 0.2990, 0.3149),
        (2856, 0.4476, 0.4074),
    ],
)
def test_the_white_of_a_temperature_is_the_published_one(kelvin, x, y):
    white = colour._white(kelvin, 0.0)
    assert white[:2] / white.sum() == pytest.approx([x, y], abs=6e-4)


def test_the_adaptation_is_the_published_bradford_matrix():
    # B. Lindbloom, "Chromatic Adaptation": D50 to D65, in XYZ.
    d50, d65 = np.array([0.96422, 1.0, 0.82521]), np.array([0.95047, 1.0, 1.08883])
    rows = np.array(colour._adapted(d50, d65).rows)
    in_xyz = colour._TO_XYZ @ rows @ np.linalg.inv(colour._TO_XYZ)
    published = [
        [0.9555766, -0.0230393, 0.0631636],
        [-0.0282895, 1.0099416, 0.0210077],
        [0.0122982, -0.0204830, 1.3299098],
    ]
    assert np.abs(in_xyz - published).max() < 2e-4


def test_a_warmer_balance_is_warmer_and_a_tint_is_magenta():
    grey = np.full((1, 1, 3), 0.5)
    red, green, blue = made(adjust.white_balance, grey, temperature=9000.0)[0, 0]
    assert red > green > blue
    red, green, blue = made(adjust.white_balance, grey, temperature=4500.0)[0, 0]
    assert red < green < blue
    red, green, blue = made(adjust.white_balance, grey, tint=60.0)[0, 0]
    assert min(red, blue) > green + 0.02


@pytest.mark.parametrize("picked", ["#c8b090", "#406080", "#101020", "#ffffff"])
def test_a_picked_grey_becomes_grey_and_keeps_its_luminance(picked):
    values = np.array([[colour._rgb(picked)]])
    result = made(adjust.white_balance, values, grey=(picked,))[0, 0]
    assert np.ptp(result) < 2e-3
    light = api.to_linear(values.astype(np.float32))[0, 0] @ SHARES
    assert api.to_linear(result) @ SHARES == pytest.approx(light, rel=0.01)


def test_no_saturation_is_luminance_and_any_keeps_it():
    picture = testing.photograph()
    grey = made(adjust.saturation, picture, amount=-100.0)
    assert np.ptp(grey, axis=-1).max() < 1e-6
    for amount in (-100.0, 40.0, 100.0):
        result = made(adjust.saturation, picture, amount=amount)
        assert np.abs(result @ SHARES - picture @ SHARES).max() < 1e-5


def test_vibrance_strengthens_weak_colours_more_and_skin_less():
    def gain(values):
        image = np.array([[values]], np.float32)
        return np.ptp(adjust.vibrance(image, amount=100.0)) / np.ptp(image)

    weak, strong = gain((0.5, 0.5, 0.6)), gain((0.05, 0.05, 0.95))
    skin = gain((0.6, 0.541, 0.5))
    assert weak > 1.5
    assert strong < 1.05
    assert skin < 1 + 0.7 * (weak - 1)


def reference(values, hue=0.0, saturation=0.0):
    h, lightness, s = colorsys.rgb_to_hls(*values)
    turned = colorsys.hls_to_rgb((h + hue / 360) % 1, lightness, s)
    middle = (max(turned) + min(turned)) / 2
    return [middle + (value - middle) * (1 + saturation / 100) for value in turned]


def test_hue_and_saturation_are_those_of_the_standard_library():
    rng = np.random.default_rng(3)
    image = rng.uniform(0, 1, (8, 9, 3)).astype(np.float32)
    for hue, more in ((75.0, 0.0), (-180.0, 30.0), (0.0, -60.0)):
        result = adjust.hue_saturation(image, hue=hue, saturation=more)
        goal = np.array([[reference(values, hue, more) for values in row] for row in image])
        assert np.abs(result - goal).max() < 1e-5


def test_a_range_of_hues_leaves_the_others_and_greys():
    image = np.array([[(0.9, 0.1, 0.1), (0.1, 0.1, 0.9), (0.5, 0.5, 0.5)]], np.float32)
    result = adjust.hue_saturation(image, hues="blues", hue=120.0, saturation=50.0, lightness=20.0)
    assert np.array_equal(result[0, ::2], image[0, ::2])
    assert result[0, 1].argmax() == 0


def test_hues_go_over_into_each_other_without_a_step():
    wheel = np.array([[colorsys.hsv_to_rgb(i / 3600, 0.8, 0.8) for i in range(3600)]], np.float32)
    for name, how in (
        ("black_and_white", {"reds": 300.0, "yellows": -200.0, "cyans": 120.0}),
        ("hue_saturation", {"hues": "greens", "hue": 60.0, "lightness": 40.0}),
        ("vibrance", {"amount": 100.0}),
    ):
        result = getattr(adjust, name)(wheel, **how)
        assert np.abs(np.diff(result, axis=1)).max() < 0.02, name


def test_black_and_white_weighs_each_hue_and_leaves_greys():
    names = ("reds", "yellows", "greens", "cyans", "blues", "magentas")
    pure = np.array([[colorsys.hsv_to_rgb(i / 6, 1, 0.7) for i in range(6)]], np.float32)
    for index, name in enumerate(names):
        plain = dict.fromkeys(names, 0.0)
        result = adjust.black_and_white(pure, **plain | {name: 100.0})[0, :, 0]
        assert result == pytest.approx([0.7 * (place == index) for place in range(6)], abs=1e-6)
    grey = np.full((1, 1, 3), 0.3, np.float32)
    assert adjust.black_and_white(grey, reds=300.0) == pytest.approx(0.3)


def test_colour_balance_tints_its_range_and_keeps_luminance():
    tones = np.array([[[0.05] * 3, [0.5] * 3, [0.95] * 3]])
    result = made(adjust.colour_balance, tones, shadows_red=100.0)
    assert np.ptp(result[0, 0]) > 0.2
    assert np.abs(result[0, 1:] - tones[0, 1:]).max() < 1e-6
    assert result @ SHARES == pytest.approx(tones @ SHARES, abs=1e-5)
    lighter = made(adjust.colour_balance, tones, shadows_red=100.0, keep_luminance=False)
    assert lighter[0, 0] == pytest.approx([0.35, 0.05, 0.05], abs=1e-5)


def test_split_toning_tints_both_ends_apart_and_leaves_black_and_white():
    tones = np.array([[[v] * 3 for v in (0.0, 0.3, 0.7, 1.0)]])
    result = made(adjust.split_toning, tones, shadows_strength=100.0, highlights_strength=100.0)[0]
    assert result[0] == pytest.approx(0, abs=1e-6)
    assert result[3] == pytest.approx(1, abs=1e-6)
    assert result[1].argmax() == 2
    assert result[2].argmax() == 0
    assert result @ SHARES == pytest.approx(tones[0] @ SHARES, abs=1e-5)


def test_a_channel_mixer_that_keeps_greys_keeps_them():
    grey = np.full((1, 1, 3), 0.4)
    how = {"red_from_green": 0.7, "blue_from_red": -0.3}
    assert made(adjust.channel_mixer, grey, **how, keep_greys=True) == pytest.approx(0.4, abs=1e-6)
    assert made(adjust.channel_mixer, grey, **how)[0, 0, 0] == pytest.approx(0.68, abs=1e-6)


def test_a_gradient_map_goes_from_its_first_colour_to_its_last():
    tones = np.array([[[v] * 3 for v in (0.0, 0.5, 1.0)]])
    result = made(adjust.gradient_map, tones, colours=("#ff0000", "#00ff00", "#0000ff"))
    assert result[0] == pytest.approx(np.eye(3), abs=1e-6)
    for row in ((), ("#ffffff",)):
        assert made(adjust.gradient_map, tones, colours=row) == pytest.approx(tones, abs=1e-6)


def test_a_glass_before_the_lens_takes_light_in_linear_light():
    white = np.ones((1, 1, 3))
    full = made(adjust.photo_filter, white, colour="#80c040", density=100.0, keep_luminance=False)
    assert full[0, 0] == pytest.approx(colour._rgb("#80c040"), abs=1e-4)
    kept = api.to_linear(made(adjust.photo_filter, white, colour="#80c040", density=60.0))
    assert kept[0, 0] @ SHARES == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(("kelvin", "tint"), [(9000.0, 0.0), (4500.0, 20.0), (6500.0, -30.0)])
def test_auto_white_balance_takes_most_of_a_cast_away(kelvin, tint):
    rng = np.random.default_rng(5)
    grey = np.repeat(rng.uniform(0.2, 0.8, (32, 32, 1)), 3, -1)
    cast = np.clip(made(adjust.white_balance, grey, temperature=kelvin, tint=tint), 0, 0.97)
    entry = api.registered(adjust.white_balance)
    settings = entry.declaration.settings(entry.found(cast, {}))
    result = made(adjust.white_balance, cast, **settings)
    assert np.ptp(result, axis=-1).mean() < 0.45 * np.ptp(cast, axis=-1).mean()


@pytest.mark.parametrize("picked", ["#c8b090", "#90a0c0", "#a09a78", "#302a26", "#b4a8b0"])
def test_temperature_and_tint_make_one_pixel_grey(picked):
    pixel = np.array([[colour._rgb(picked)]], np.float32)
    entry = api.registered(adjust.white_balance)
    settings = entry.declaration.settings(entry.declaration.measured(entry.found(pixel, {})))
    assert settings["grey"] == ()
    result = made(adjust.white_balance, pixel, **settings)
    assert np.ptp(result) < 0.008
    assert np.ptp(result) < 0.1 * np.ptp(pixel)


@pytest.mark.parametrize("picked", [(0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0, 0, 0)])
def test_what_no_light_makes_grey_gives_settings_that_are_legal(picked):
    entry = api.registered(adjust.white_balance)
    found = entry.found(np.array([[picked]], np.float32), {})
    assert entry.declaration.measured(found).keys() == {"temperature", "tint", "grey"}


def test_auto_white_balance_leaves_what_has_no_cast_and_what_has_no_colour_to_judge():
    entry = api.registered(adjust.white_balance)
    for value in (0.5, 0.0, 1.0):
        found = entry.found(np.full((8, 8, 3), value, np.float32), {})
        assert found["temperature"] == pytest.approx(6500, rel=0.02)
        assert abs(found["tint"]) <= 1
