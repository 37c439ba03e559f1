"""Warmth: what the slider does to the colours."""

from pathlib import Path

import numpy as np
import pytest
from safelight_warmth import warmth

from safelight import api
from safelight.api import testing

GOLDEN = Path(__file__).parent / "warmth.npy"

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


def test_its_id_stays_what_saved_documents_hold():
    assert api.registered(warmth).declaration.id == "safelight_warmth.warmth"


def test_the_picture_it_makes_is_the_one_that_was_looked_at():
    # The file keeps values below 2 exact to 1/2048; the rest is one multiplication.
    testing.assert_matches_golden(
        warmth(testing.photograph(48, 32), amount=0.35), GOLDEN, tolerance=1 / 1000
    )
