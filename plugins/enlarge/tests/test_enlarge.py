"""Enlarge: the larger picture is the same picture."""

from pathlib import Path

import numpy as np
import pytest
from safelight_enlarge import enlarge

from safelight import api
from safelight.api import testing

HERE = Path(__file__).parent

FACTORS = pytest.mark.parametrize("factor", [2, 4])


def shrink(picture, factor):
    """Each pixel the mean of factor x factor of the picture."""
    height, width = (side // factor for side in picture.shape[:2])
    return picture.reshape(height, factor, width, factor, 3).mean((1, 3))


def decibels(one, other):
    """Peak signal-to-noise ratio; white is 1."""
    return -10 * np.log10(np.mean((one - other) ** 2))


@FACTORS
def test_it_is_well_behaved(job, factor):
    testing.assert_well_behaved(enlarge, job=job(enlarge), factor=factor)


@FACTORS
def test_pieces_fit_together_at_the_reach_the_network_states(job, factor):
    # The same sums in another order differ in their last bits only.
    testing.assert_tiles_agree(enlarge, job=job(enlarge), tolerance=1e-4, factor=factor)


@FACTORS
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (37, 23)])
def test_the_result_is_factor_times_as_wide_and_high(job, factor, size):
    result = enlarge(testing.photograph(*size), job(enlarge), factor=factor)
    assert result.shape == (size[1] * factor, size[0] * factor, 3)


@FACTORS
def test_shrunk_again_it_is_close_to_the_original(job, factor):
    picture = testing.photograph(60, 45)
    result = enlarge(picture, job(enlarge), factor=factor)
    assert decibels(shrink(result, factor), picture) > 30


@FACTORS
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_mean_colour_stays_within_one_step_of_eight_bits(job, factor, seed):
    picture = testing.photograph(60, 45, seed=seed)
    result = enlarge(picture, job(enlarge), factor=factor)
    assert np.abs(result.mean((0, 1)) - picture.mean((0, 1))).max() < 1 / 255


@FACTORS
@pytest.mark.parametrize("colour", [(0, 0, 0), (1, 1, 1), (0.5, 0.5, 0.5), (0.8, 0.3, 0.1)])
def test_an_even_colour_stays_what_it_is(job, factor, colour):
    picture = np.full((40, 40, 3), colour, np.float32)
    error = np.abs(enlarge(picture, job(enlarge), factor=factor) - picture[0, 0])
    inner = slice(4 * factor, -4 * factor)
    assert error[inner, inner].max() < 1 / 255
    # At its edges the picture ends for the network too, and it guesses what comes after.
    assert error.max() < 4 / 255


@FACTORS
def test_nothing_is_moved(job, factor):
    # Moved by a pixel in any direction it agrees less with the original than where it is.
    picture = testing.photograph(60, 45)
    result = shrink(enlarge(picture, job(enlarge), factor=factor), factor)
    inner = (slice(4, -4), slice(4, -4))
    best = max(
        (decibels(np.roll(result, (y, x), (0, 1))[inner], picture[inner]), y, x)
        for y in (-1, 0, 1)
        for x in (-1, 0, 1)
    )
    assert best[1:] == (0, 0)


@FACTORS
def test_edges_are_steeper_than_a_straight_line_between_pixels_makes_them(job, factor):
    picture = np.full((24, 24, 3), 0.2, np.float32)
    picture[:, 12:] = 0.8
    line = enlarge(picture, job(enlarge), factor=factor)[12 * factor, :, 1]
    assert np.diff(line).max() > 1.2 * (0.8 - 0.2) / factor


def test_it_enlarges_two_or_four_times_and_nothing_else():
    declaration = api.registered(enlarge).declaration
    assert declaration.parameter("factor").choices == (2, 4)
    assert [declaration.factor({"factor": factor}) for factor in (2, 4)] == [2, 4]
    with pytest.raises(api.ParameterError, match="factor: 3 is not one of 2, 4"):
        declaration.settings({"factor": 3})


def test_its_id_stays_what_saved_documents_hold():
    assert api.registered(enlarge).declaration.id == "safelight_enlarge.enlarge"


@FACTORS
def test_the_picture_it_makes_is_the_one_that_was_looked_at(job, factor):
    # One step of eight bits: what versions of the runtime may differ by, and no eye can see.
    picture = shrink(testing.photograph(96, 64), 2 * factor)
    result = enlarge(picture, job(enlarge), factor=factor)
    testing.assert_matches_golden(result, HERE / f"enlarge_x{factor}.npy", tolerance=1 / 255)
