"""The sRGB transfer function, against the formula of IEC 61966-2-1 written out once more."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.api import from_linear, to_linear

EIGHT_BIT = np.arange(256, dtype=np.float32) / np.float32(255)

ROUNDING = 3e-7
"""Two steps of float32 at 1."""


def published(value):
    """IEC 61966-2-1, 5.2: light of one sRGB-encoded value from 0 to 1."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def published_inverse(light):
    """IEC 61966-2-1, 5.3: the sRGB-encoded value of a light from 0 to 1."""
    return light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def one(value):
    return np.array([value], np.float32)


def test_light_is_what_the_published_formula_says():
    expected = [published(float(value)) for value in EIGHT_BIT]
    assert np.abs(to_linear(EIGHT_BIT) - expected).max() < ROUNDING


def test_encoding_is_what_the_published_formula_says():
    expected = [published_inverse(float(light)) for light in EIGHT_BIT]
    assert np.abs(from_linear(EIGHT_BIT) - expected).max() < ROUNDING


@pytest.mark.parametrize(
    ("code", "light"),
    [(0, 0.0), (10, 0.003035), (11, 0.003347), (128, 0.215861), (188, 0.502887), (255, 1.0)],
)
def test_light_agrees_with_tables_of_srgb(code, light):
    assert to_linear(one(code / 255))[0] == pytest.approx(light, abs=5e-7)


@given(st.floats(0, 1, width=32))
def test_there_and_back_is_the_same_within_a_millionth(value):
    assert from_linear(to_linear(one(value)))[0] == pytest.approx(value, abs=1e-6)
    assert to_linear(from_linear(one(value)))[0] == pytest.approx(value, abs=1e-6)


@given(st.floats(1, 100, width=32))
def test_over_range_light_survives_there_and_back(value):
    assert to_linear(one(value))[0] >= value
    assert from_linear(to_linear(one(value)))[0] == pytest.approx(value, rel=1e-6)


@given(st.floats(0, 100, width=32))
def test_negative_values_are_the_mirror_of_positive_ones(value):
    assert to_linear(one(-value))[0] == -to_linear(one(value))[0]
    assert from_linear(one(-value))[0] == -from_linear(one(value))[0]


@given(st.floats(-2, 2, width=32), st.floats(-2, 2, width=32))
def test_brighter_stays_brighter(left, right):
    dark, bright = sorted((left, right))
    assert to_linear(one(dark))[0] <= to_linear(one(bright))[0]


@pytest.mark.parametrize("convert", [to_linear, from_linear])
def test_a_picture_stays_a_picture_and_is_not_written_on(convert):
    picture = np.linspace(-0.5, 1.5, 5 * 7 * 3, dtype=np.float32).reshape(5, 7, 3)
    picture.flags.writeable = False
    before = picture.copy()
    result = convert(picture)
    assert (result.shape, result.dtype) == ((5, 7, 3), np.float32)
    assert not np.shares_memory(result, picture)
    assert np.array_equal(picture, before)


@pytest.mark.parametrize("convert", [to_linear, from_linear])
def test_the_result_is_float32_also_for_coarser_and_finer_numbers(convert):
    for kind in (np.float16, np.float64):
        assert convert(np.linspace(0, 1, 5, dtype=kind)).dtype == np.float32
