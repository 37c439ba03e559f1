"""Filters never see what hides under transparent pixels: a rim has the colours that show."""

import numpy as np
import pytest

from safelight.api import Region
from safelight.document import Document
from safelight.pixels import Raster, from_float, to_float
from safelight.workers.filter_measurements import view
from safelight.workers.job_events import JobFinished

DISC = 96, 80


def disc(depth="uint8", hidden=0, width=DISC[0], height=DISC[1]):
    """A white disc with a soft edge; ``hidden`` is the colour under its alpha of 0."""
    y, x = np.mgrid[:height, :width]
    distance = np.hypot(y - height / 2, x - width / 2)
    alpha = np.clip((28 - distance) / 3, 0, 1)
    pixels = np.full((height, width, 4), 255, np.float64)
    pixels[..., 3] = np.rint(alpha * 255)
    pixels[pixels[..., 3] == 0, :3] = hidden
    scale = {"uint8": 1, "uint16": 257, "float32": 1 / 255}[depth]
    return Document.from_raster(Raster.from_array((pixels * scale).astype(depth)))


def on_white(pixels):
    """What is seen of pixels of any depth on a white ground, in levels of 255."""
    floats = to_float(pixels)
    return 255 * (floats[..., :3] * floats[..., 3:] + 1 - floats[..., 3:])


NEIGHBOURS = [
    *(("enlarge", {"factor": f, "model": m, "crispness": c})
      for f in (2, 4) for m in ("fast", "photo") for c in (0.0, 1.0)),
    ("enlarge", {"factor": 3, "match_original": True}),
    ("blur", {"radius": 4.0}),
    ("blur", {"radius": 30.0}),
    ("clean_jpeg", {}),
    ("clean_jpeg", {"automatic": False, "quality": 20}),
    ("deblur", {}),
    ("deblur", {"automatic": False, "width": 3.0}),
    ("denoise", {}),
    ("denoise", {"automatic": False, "level": 10.0}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "settings"), NEIGHBOURS)
def test_a_white_disc_stays_white_to_its_rim_whatever_is_hidden_around_it(name, settings, start):
    outcome = start(name, disc(), settings).wait(120)
    assert isinstance(outcome, JobFinished), outcome
    assert on_white(outcome.raster.to_array()).min() >= 254


@pytest.mark.parametrize("depth", ["uint16", "float32"])
def test_the_rim_stays_white_at_every_depth(depth, start):
    outcome = start("enlarge", disc(depth), {"factor": 2}).wait(180)
    assert on_white(outcome.raster.to_array()).min() >= 254


def test_a_preview_at_a_rim_is_bit_for_bit_that_part_of_the_whole(start):
    document = disc(hidden=77)
    region = Region(10, 20, 40, 30)
    whole = start("repeat", document).wait(180).raster.to_array()
    part = start("repeat", document, region=region).wait(180).raster.to_array()
    np.testing.assert_array_equal(part, whole[40:100, 20:100])
    whole = start("clean_jpeg", document, {"automatic": False}).wait(180).raster.to_array()
    part = start("clean_jpeg", document, {"automatic": False}, region=region).wait(180)
    difference = np.abs(part.raster.to_array().astype(int) - whole[20:50, 10:50].astype(int))
    assert difference.max() <= 1  # a network's sums differ in the last bits with the piece


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("name", ["enlarge", "blur", "denoise"])
def test_an_opaque_picture_comes_out_as_one_without_alpha_bit_for_bit(name, depth, start):
    pixels = from_float(np.random.default_rng(5).random((40, 60, 4), np.float32), depth)
    pixels[..., 3] = 1 if depth == "float32" else np.iinfo(depth).max
    with_alpha = start(name, Document.from_raster(Raster.from_array(pixels))).wait(180)
    plain = Document.from_raster(Raster.from_array(np.ascontiguousarray(pixels[..., :3])))
    without = start(name, plain).wait(180)
    np.testing.assert_array_equal(with_alpha.raster.to_array()[..., :3], without.raster.to_array())


@pytest.mark.parametrize("name", ["denoise", "style"])
def test_what_is_measured_of_a_picture_does_not_depend_on_what_it_hides(name, catalog):
    one, other = (view(catalog[name], disc(hidden=level), None) for level in (0, 255))
    np.testing.assert_array_equal(one, other)
    assert one[40, 48 - 28 - 2].min() > 1 - 1e-6
