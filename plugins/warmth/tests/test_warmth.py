"""Warmth: what the slider does to the colours."""

from pathlib import Path

import numpy as np
import pytest
from safelight_warmth import warmth

from safelight import api
from safelight.api import testing

GOLDEN = Path(__file__).parent / "warmth.npy"

TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
"""Linear sRGB to CIE XYZ (IEC 61966-2-1)."""

LAST_BITS = 1e-6
"""What float32 rounds off values near 1, several times over."""


@pytest.mark.parametrize("amount", [-1.0, -0.3, 0.0, 0.2, 1.0])
def test_it_is_well_behaved(amount):
    testing.assert_well_behaved(warmth, amount=amount)


def test_it_needs_no_pixel_but_its_own():
    testing.assert_tiles_agree(warmth, tolerance=0, amount=0.7)


def test_an_amount_of_nothing_changes_nothing():
    picture = testing.photograph(beyond=0.25)
    assert np.array_equal(warmth(picture, amount=0.0), picture)


def test_more_is_amber_and_less_is_blue():
    grey = np.full((4, 5, 3), 0.5, np.float32)
    red, green, blue = warmth(grey, amount=0.4)[0, 0]
    assert red > green > blue
    red, green, blue = warmth(grey, amount=-0.4)[0, 0]
    assert red < green < blue


def test_the_tint_grows_with_the_amount():
    grey = np.full((1, 1, 3), 0.5, np.float32)
    tints = [np.subtract(*warmth(grey, amount=step / 10)[0, 0, ::2]) for step in range(-10, 11)]
    assert np.all(np.diff(tints) > 0.05)


def test_green_stays_and_black_stays_black():
    picture = testing.photograph()
    assert np.array_equal(warmth(picture, amount=0.6)[..., 1], picture[..., 1])
    assert not warmth(np.zeros((2, 2, 3), np.float32), amount=0.6).any()


def test_light_beyond_white_and_black_survives():
    picture = np.array([[[1.5, -0.25, 2.0]]], np.float32)
    result = warmth(picture, amount=0.2)
    assert result[0, 0] == pytest.approx([1.8, -0.25, 1.6], abs=LAST_BITS)


def test_the_amount_goes_from_minus_one_to_one():
    amount = api.registered(warmth).declaration.parameter("amount")
    assert (amount.minimum, amount.maximum, amount.default) == (-1, 1, 0.2)
    with pytest.raises(api.ParameterError, match="outside -1 to 1"):
        amount.check(1.01)


def test_the_slider_goes_as_far_as_light_does_and_no_turquoise_is_on_it():
    amount = api.registered(warmth).declaration.parameter("amount")
    assert amount.slider == (-0.3, 0.3)
    grey = np.full((1, 1, 3), 0.5, np.float32)
    for end in amount.slider:
        red, green, blue = api.to_linear(warmth(grey, amount=end)[0, 0]).astype(float)
        # CIE 1931 chromaticity, and its temperature (C. McCamy, 1992).
        x, y, z = TO_XYZ @ (red, green, blue)
        n = (x / (x + y + z) - 0.3320) / (0.1858 - y / (x + y + z))
        assert 2500 < ((449 * n + 3525) * n + 6823.3) * n + 5520.33 < 30000
    red, green, blue = warmth(grey, amount=-0.3)[0, 0]
    assert (blue - green, green - red) == pytest.approx((0.15, 0.15), abs=1e-6)  # blue, no cyan


def test_layers_saved_with_any_amount_keep_their_pixels():
    picture = testing.photograph(48, 32)
    amount = api.registered(warmth).declaration.parameter("amount")
    for value in (-1.0, -0.55, 0.2, 1.0):
        assert amount.check(value) == value
        factors = np.array([1 + value, 1, 1 - value], np.float32)
        assert np.array_equal(warmth(picture, amount=value), picture * factors)


def test_its_id_stays_what_saved_documents_hold():
    assert api.registered(warmth).declaration.id == "safelight_warmth.warmth"


def test_the_picture_it_makes_is_the_one_that_was_looked_at():
    # The file keeps values below 2 exact to 1/2048; the rest is one multiplication.
    testing.assert_matches_golden(
        warmth(testing.photograph(48, 32), amount=0.35), GOLDEN, tolerance=1 / 1000
    )
