"""Style: what is measured of strokes tells strokes apart."""

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("numba")

from models.style import strokes


def stripes(across, down, side=96, noise=0.0):
    """A grey wave that many times across and down, uint8."""
    y, x = np.mgrid[:side, :side] / side
    wave = 0.5 + 0.4 * np.sin(2 * np.pi * (across * x + down * y))
    wave = wave + np.random.default_rng(0).normal(0, noise, wave.shape)
    return np.uint8(np.clip(wave, 0, 1)[..., None].repeat(3, 2) * 255)


def test_a_picture_has_its_own_strokes():
    picture = stripes(9, 4, noise=0.05)
    found = strokes.away(picture, picture)
    assert (found.spectrum, found.slope, found.directions, found.clearness) == (0, 0, 0, 0)


def test_finer_strokes_have_their_power_in_a_finer_octave():
    coarse, fine = strokes.spectrum(stripes(8, 0)), strokes.spectrum(stripes(32, 0))
    assert fine.argmax() < coarse.argmax()
    assert strokes.away(stripes(8, 0), stripes(32, 0)).spectrum > 1


def test_turned_strokes_differ_in_direction_alone():
    found = strokes.away(stripes(12, 0), stripes(0, 12))
    assert found.directions > 0.9
    assert found.clearness < 0.05
    assert found.spectrum < 0.05


def test_noise_is_less_clear_than_strokes():
    assert strokes.away(stripes(12, 0), stripes(0, 0, noise=0.2)).clearness > 0.5


def test_the_means_of_all_pairs_are_said_with_their_spread():
    some = [strokes.Strokes(1, 0, 0.5, 0.2), strokes.Strokes(3, 0, 0.5, 0.4)]
    scores = strokes.Scores(1, 2, 3, 4, 0.5, 6, 7)
    said = "\n".join(strokes.lines({strokes.PAINTING: some}, {strokes.PAINTING: [scores]}, 1))
    assert "| strokes from the painting | 2.00 ± 1.00 | 0.00 ± 0.00 | 0.50 ± 0.00 |" in said
    assert "2 pairs" in said


def test_a_photograph_is_painted_at_its_own_size():
    guide = stripes(3, 1)
    made = strokes.painted(stripes(2, 2), guide, stripes(20, 5, noise=0.1))
    assert made.shape == guide.shape
    assert made.dtype == np.uint8
