"""Adjust: what exposure does to the light."""

from pathlib import Path

import numpy as np
import pytest
from safelight_adjust import exposure

from safelight import api
from safelight.api import testing
from safelight.api.tone_table import applied, stages_of

GOLDEN = Path(__file__).parent / "exposure.npy"


def exposed(image, stops):
    return applied(stages_of(exposure(stops=stops)), image)


@pytest.mark.parametrize("stops", [-5.0, -0.5, 0.0, 1.0, 5.0])
def test_it_is_well_behaved(stops):
    testing.assert_well_behaved(exposure, stops=stops)


def test_it_needs_no_pixel_but_its_own():
    testing.assert_tiles_agree(exposure, tolerance=0, stops=0.7)


def test_a_stop_doubles_the_light():
    picture = testing.photograph(beyond=0.25)
    made = api.to_linear(exposed(picture, 1.0))
    assert np.abs(made - 2 * api.to_linear(picture)).max() <= 1e-5


def test_no_stop_changes_nothing():
    picture = testing.photograph(beyond=0.25)
    assert np.abs(exposed(picture, 0.0) - picture).max() <= 1e-6


def test_its_id_stays_what_saved_documents_hold():
    declaration = api.registered(exposure).declaration
    assert (declaration.id, declaration.tone) == ("safelight_adjust.exposure", True)


def test_the_picture_it_makes_is_the_one_that_was_looked_at():
    # The file keeps values below 2 exact to 1/2048; the rest is rounding.
    testing.assert_matches_golden(
        exposed(testing.photograph(48, 32), 0.7), GOLDEN, tolerance=1 / 1000
    )
