"""Depth: every stored level survives the way to float32 and back; what is beyond is clipped."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.pixels import DEPTH, DEPTHS, depth, from_float, prepare_kernels, to_float

FULL = {"uint8": 255, "uint16": 65535}


def levels(depth):
    """Every value an integer depth can hold."""
    return np.arange(FULL[depth] + 1).astype(depth)


@pytest.mark.parametrize("depth", FULL)
def test_every_level_survives_the_way_there_and_back(depth):
    back = from_float(to_float(levels(depth)), depth)
    assert back.dtype == depth
    np.testing.assert_array_equal(back, levels(depth))


@pytest.mark.parametrize("depth", FULL)
def test_a_level_is_its_share_of_full_scale(depth):
    as_float = to_float(levels(depth))
    assert as_float.dtype == np.float32
    exact = np.arange(FULL[depth] + 1) / FULL[depth]
    np.testing.assert_allclose(as_float, exact, rtol=1.5e-7)
    assert as_float[[0, -1]].tolist() == [0, 1]
    assert (np.diff(as_float) > 0).all()


@pytest.mark.parametrize("depth", FULL)
@pytest.mark.parametrize("off", [-0.49, -0.3, 0.3, 0.49])
def test_what_lies_between_two_levels_becomes_the_nearer_one(depth, off):
    between = ((levels(depth) + np.float64(off)) / FULL[depth]).astype(np.float32)
    np.testing.assert_array_equal(from_float(between, depth), levels(depth))


@pytest.mark.parametrize("depth", FULL)
def test_what_an_integer_cannot_hold_is_clipped(depth):
    wild = np.array([-np.inf, -3e38, -1, -1e-9, 1 + 1e-6, 2, 3e38, np.inf], np.float32)
    with np.errstate(over="ignore"):
        stored = from_float(wild, depth)
    assert stored.tolist() == [0, 0, 0, 0, *[FULL[depth]] * 4]


@pytest.mark.parametrize("depth", FULL)
def test_what_is_no_number_becomes_black_and_harms_no_other(depth):
    with np.errstate(invalid="ignore"):
        stored = from_float(np.array([1, np.nan, 1], np.float32), depth)
    assert stored.tolist() == [FULL[depth], 0, FULL[depth]]


def test_float32_is_untouched_whatever_it_holds():
    values = np.array([np.nan, -np.inf, np.inf, -0.0, 1e-45, -7.25, 3e38], np.float32)
    for result in (to_float(values), from_float(values, "float32")):
        assert result.dtype == np.float32
        assert result.tobytes() == values.tobytes()


@given(st.integers(0, 255))
def test_an_8_bit_picture_is_the_same_at_16_bits(value):
    wide = from_float(to_float(np.array([value], np.uint8)), "uint16")
    assert wide.tolist() == [value * 257]
    assert from_float(to_float(wide), "uint8").tolist() == [value]


@pytest.mark.parametrize("depth", DEPTHS)
def test_pixels_that_are_given_are_not_written_to(depth):
    pixels = np.linspace(-1, 2, 40, dtype=np.float32)
    before = pixels.copy()
    from_float(pixels, depth)
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize("kind", ["float64", "int16", "uint32", "bool"])
def test_a_depth_safelight_does_not_keep_is_refused(kind):
    with pytest.raises(TypeError, match=kind):
        to_float(np.zeros(3, kind))
    with pytest.raises(TypeError, match=kind):
        from_float(np.zeros(3, np.float32), kind)


@pytest.mark.parametrize("name", FULL)
def test_the_kernel_rounds_as_numpy_does_to_the_bit(kernel_folder, monkeypatch, name):
    pytest.importorskip("numba")
    monkeypatch.setattr(depth, "COMPILED", [])
    assert prepare_kernels(kernel_folder, [DEPTH])
    wild = np.array([-np.inf, -3e38, -1e-9, -0.0, 1 + 1e-6, 3e38, np.inf, np.nan], np.float32)
    halves = ((np.arange(FULL[name]) + 0.5) / FULL[name]).astype(np.float32)
    random = np.random.default_rng(1).uniform(-0.2, 1.2, 4096).astype(np.float32)
    pixels = np.concatenate([wild, halves, random])
    pixels = pixels[: len(pixels) // 8 * 8].reshape(-1, 2, 4)
    for some in (pixels, pixels[::3], pixels[:, ::-1], pixels[..., :3], pixels[..., 3], pixels[:0]):
        with np.errstate(invalid="ignore", over="ignore"):
            expected = depth.in_numpy(some, name)
        made = from_float(some, name)
        assert made.dtype == name
        np.testing.assert_array_equal(made, expected)
