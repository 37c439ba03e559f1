"""Whole picture: what is looked up in a table of each channel is, to the bit, what is rendered."""

from dataclasses import replace

import numpy as np
import pytest

from safelight import actions
from safelight.api import Region
from safelight.document import Document, Layer, render, whole
from safelight.document.rendered import whole_picture
from safelight.pixels import SRGB, Profile, Raster
from tests import pictures

APART = {
    "exposure": {"stops": 0.4},
    "levels": {"black": 0.05, "gamma": 1.3, "channel": "blue"},
    "curves": {"red": ((0.0, 0.1), (0.5, 0.7), (1.0, 0.9))},
    "posterise": {"tones": 5},
    "invert": {},
}
"""Tones that keep channels apart."""


@pytest.fixture(scope="module")
def studio():
    with actions.Studio("cpu") as studio:
        yield studio


@pytest.fixture
def stacked(studio):
    """A picture of several tiles and bands under filters, and the regions that are rendered."""

    def stack(steps, pixels=None, profile=SRGB, **more):
        pixels = pictures.noise(300, 560) if pixels is None else pixels
        document = Document.from_raster(Raster.from_array(pixels), profile=profile)
        layers = []
        for name, told in steps.items():
            filter = studio.filter(name)
            held = actions.live_filter(filter, filter.settings(told))
            layers.append(Layer(filter.title, held, **more))
        return replace(document, layers=(*document.layers, *layers))

    return stack


@pytest.fixture
def rendered(monkeypatch):
    """The regions that ``whole`` has rendered."""
    regions = []

    def noted(document, region, *given):
        regions.append(region)
        return render(document, region, *given)

    monkeypatch.setattr(whole_picture, "render", noted)
    return regions


@pytest.mark.parametrize("steps", [*({name: told} for name, told in APART.items()), APART])
@pytest.mark.parametrize("opacity", [1.0, 0.4])
def test_tones_that_keep_channels_apart_are_looked_up(stacked, studio, rendered, steps, opacity):
    document = stacked(steps, opacity=opacity)
    expected = render(document, document.region, studio.live)
    assert np.array_equal(whole(document, studio.live).to_array(), expected[..., :3])
    assert rendered == [Region(0, 0, 256, 1)]


@pytest.mark.parametrize("how", ["mixing", "mask", "mode", "wide", "deep", "alpha", "grey", "blur"])
def test_all_else_is_rendered(stacked, studio, rendered, how):
    steps = {"exposure": {"stops": 0.4}}
    more, pixels, profile = {}, None, SRGB
    if how == "mixing":
        steps |= {"saturation": {"amount": 40.0}}
    elif how == "blur":
        steps |= {"blur": {"radius": 2.0}}
    elif how == "mode":
        more = {"mode": "multiply"}
    elif how == "mask":
        more = {"mask": Raster.from_array(pictures.noise(300, 560, 1))}
    elif how == "wide":
        profile = Profile.from_icc(pictures.wide_profile())
    elif how == "deep":
        pixels = pictures.noise(300, 560, depth="uint16")
    elif how == "alpha":
        pixels = pictures.noise(300, 560, 4)
    elif how == "grey":
        pixels = np.repeat(pictures.noise(300, 560, 1), 3, axis=2)
    document = stacked(steps, pixels, profile, **more)
    expected = render(document, document.region, studio.live)
    made = whole(document, studio.live).to_array()
    assert np.array_equal(made, expected[..., : made.shape[2]])
    assert Region(0, 0, 300, 512) in rendered
