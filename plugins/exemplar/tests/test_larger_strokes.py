"""Enlarged paintings: strokes stay sharp, run as they ran, and keep their colours."""

import numpy as np
import pytest
from safelight_exemplar import kernels
from safelight_exemplar.larger_strokes import directions, doubled_strokes, traced
from safelight_exemplar.pyramid import halved, smooth_doubled


def bars(height=48, width=64, slope=0.5):
    """Light and dark strokes that lead down to the right."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    light = 0.5 + 0.3 * np.clip(3 * np.sin((y - slope * x) / 3), -1, 1)
    return np.repeat(light[..., None], 3, 2).astype(np.float32)


@pytest.fixture(scope="module")
def doubled():
    return doubled_strokes(bars())


def test_edges_of_strokes_are_sharper_than_interpolation_leaves_them(doubled):
    plain = smooth_doubled(bars(), doubled.shape[:2])
    steep, flat = (np.hypot(*np.gradient(x[..., 0])) for x in (doubled, plain))
    assert np.percentile(steep, 95) > 1.2 * np.percentile(flat, 95)


def test_reduced_again_a_painting_has_the_colours_that_it_had(doubled):
    assert np.abs(halved(doubled) - bars()).mean() < 0.05


def test_bristles_leave_traces_along_strokes_and_not_across_them():
    down, across = directions(bars()[..., 0])
    inner = np.s_[8:-8, 8:-8]
    length = np.sqrt(1.25)
    along = np.abs(0.5 * down + across)[inner] / length
    assert np.median(along) > 0.97
    noise = np.random.default_rng(1).standard_normal((48, 64, 1), np.float32)
    trace = traced(noise, down, across, 8)[inner][..., 0]
    lower, beside = np.gradient(trace)
    assert np.abs(0.5 * lower + beside).mean() < 0.5 * np.abs(lower - 0.5 * beside).mean()


def test_the_same_is_made_whatever_the_number_of_threads(monkeypatch, doubled):
    monkeypatch.setattr(kernels, "THREADS", 1)
    assert np.array_equal(doubled_strokes(bars()), doubled)
