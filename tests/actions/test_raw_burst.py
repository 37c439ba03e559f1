"""A burst of raw files becomes one picture: cleaner than each, in the light that it had."""

from __future__ import annotations

import numpy as np
import pytest

from safelight import actions, api
from safelight.actions.sequences.filter_frames import filtered_frames
from safelight.actions.sequences.open_sequences import opened_pictures
from safelight.document import whole
from safelight.document.frames import frames
from tests import rawfiles

COUNT = 4
NOISE = 0.015  # of the sensor's range


@pytest.fixture(scope="module")
def studio():
    with actions.Studio() as studio:
        yield studio


@pytest.fixture
def burst(tmp_path):
    """Raw files of one chart, each with noise of its own, and one without any at the end."""
    light, rng = rawfiles.sensor_light(rawfiles.chart(24), 0.8), np.random.default_rng(4)
    for number in range(COUNT):
        noisy = light + NOISE * rng.standard_normal(light.shape)
        (tmp_path / f"{number}.dng").write_bytes(rawfiles.dng_file(np.clip(noisy, 0, 1)))
    (tmp_path / "clean.dng").write_bytes(rawfiles.dng_file(light))
    return [tmp_path / f"{number}.dng" for number in range(COUNT)], tmp_path / "clean.dng"


def light(document, number):
    """What is shown, linear sRGB; inside of the outermost pixels, which no demosaicing knows."""
    pixels = whole(frames.at(document, number)).to_array()[4:-4, 4:-4, :3]
    shown = pixels.astype(np.float32) / np.iinfo(pixels.dtype).max
    return api.to_linear(document.profile.to_srgb(shown))


def test_a_raw_burst_is_one_clean_frame_in_the_light_that_it_had(studio, burst):
    noisy, clean = burst
    document = opened_pictures(noisy).document
    assert (document.depth, frames.length(document)) == ("uint16", COUNT)
    wanted = light(opened_pictures([clean, clean]).document, 0)
    filter, told = studio.filter("merge_burst"), {"clean": False, "automatic": False, "level": 15.0}
    made = filtered_frames(document, filter, told, studio)
    sharp = filtered_frames(document, filter, told | {"sharpness": 1.0}, studio)
    single, merged = light(document, COUNT - 1), light(made, COUNT - 1)
    errors = [float(np.sqrt(np.mean((shown - wanted) ** 2))) for shown in (single, merged)]
    assert errors[1] < 0.65 * errors[0]  # four frames: 0.5 where nothing is doubted
    middle = (slice(28, 36), slice(4, 12))  # of an even patch
    assert abs(float((merged - wanted)[middle].mean())) < 0.01
    steps = [np.abs(np.diff(each, axis=1)).mean() for each in (light(sharp, COUNT - 1), merged)]
    assert steps[0] > 1.1 * steps[1]
