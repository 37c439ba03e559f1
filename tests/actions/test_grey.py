"""Grey: filters that make no colour leave a grey picture without any, at every depth."""

from dataclasses import replace

import numpy as np
import pytest

from safelight import actions
from safelight.document import Document
from safelight.pixels import Profile, Raster
from tests import pictures

MAKE_COLOUR = {
    *("warmth", "style", "replace_sky", "levels", "curves", "white_balance", "colour_balance"),
    *("split_toning", "channel_mixer", "photo_filter", "gradient_map"),
    *("auto_light", "lut", "looks", "change_look"),
}


@pytest.fixture(scope="module")
def studio():
    with actions.Studio("cpu") as studio:
        yield studio


def test_filters_that_make_no_colour_say_so(studio):
    changing = [item for item in studio.filters() if not (item.generates or item.selects)]
    silent = {item.name for item in changing if not item.keeps_grey}
    assert silent == MAKE_COLOUR


def grey(depth, channels=3):
    """A ramp with noise on it and a bright spot; alpha falls off to the right."""
    plane = pictures.gradient(96, 80)[..., :1] / 510 + pictures.noise(96, 80, 1) / 1020
    plane[30:36, 40:46] = 1
    planes = [plane] * 3 + [np.linspace(1, 0, 96)[None, :, None] * np.ones((80, 1, 1))]
    pixels = np.concatenate(planes[:channels], axis=2)
    if depth != "float32":
        pixels = np.rint(pixels * np.iinfo(depth).max)
    return pixels.astype(depth)


@pytest.mark.parametrize(
    ("name", "settings", "depth", "channels", "profile"),
    [
        ("denoise", {"automatic": False, "level": 40.0}, "uint8", 3, None),
        ("denoise", {}, "float32", 4, None),
        ("clean_jpeg", {}, "uint16", 3, None),
        ("deblur", {}, "uint8", 3, "wide"),
        ("enlarge", {"factor": 2}, "uint8", 4, None),
        ("blur", {"radius": 3.0}, "uint16", 3, "wide"),
        ("hue_saturation", {"hue": 90.0, "lightness": 40.0}, "uint8", 3, "wide"),
        ("dehaze", {"amount": 80.0}, "uint8", 3, None),
        ("high_pass", {}, "uint8", 4, None),
        ("repair", {}, "uint8", 3, None),
    ],
)
def test_a_grey_picture_stays_grey(studio, name, settings, depth, channels, profile):
    filter = studio.filter(name)
    document = Document.from_raster(
        Raster.from_array(grey(depth, channels)),
        profile=Profile.from_icc(pictures.wide_profile()) if profile else Profile(),
    )
    if filter.masked:
        mask = np.zeros((80, 96, 1), np.uint8)
        mask[20:50, 30:60] = 255
        document = replace(document, selection=Raster.from_array(mask))
    outcome = studio.start(filter, filter.settings(settings), document).wait(120)
    assert isinstance(outcome, actions.JobFinished), outcome
    assert not np.array_equal(outcome.raster.to_array(), grey(depth, channels))
    assert outcome.raster.is_grey()


def test_a_picture_with_one_coloured_pixel_is_no_grey_one(studio):
    pixels = grey("uint8")
    pixels[0, 0] = 200, 20, 30
    filter = studio.filter("denoise")
    document = Document.from_raster(Raster.from_array(pixels))
    outcome = studio.start(filter, filter.settings({}), document).wait(120)
    assert not outcome.raster.is_grey()
