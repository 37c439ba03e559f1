"""Shrinking back: the score of an enlargement, whoever wrote the filter."""

import numpy as np
import pytest
from PIL import Image

from safelight.api import Region, testing
from safelight.document import Document
from safelight.pixels import Raster
from safelight.workers.fidelity import ShrinkingBack
from safelight.workers.job_events import JobFinished

LUMA = np.array([0.299, 0.587, 0.114])


def bicubic(picture, size):
    """A picture of 0 to 1 reduced plane by plane, by Pillow, to a picture of 0 to 1."""
    planes = [
        Image.fromarray(np.ascontiguousarray(picture[..., index])).resize(
            size, Image.Resampling.BICUBIC
        )
        for index in range(3)
    ]
    return np.stack(planes, 2).clip(0, 1)


def score(small, large, cut_off=True):
    shrinking = ShrinkingBack(cut_off=cut_off)
    shrinking.add(small, large)
    return shrinking.decibels


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_what_is_reduced_to_the_original_shrinks_back_to_it(scale):
    large = testing.photograph(40 * scale, 30 * scale)
    assert score(bicubic(large, (40, 30)), large) > 90


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("offset", [0.1, 0.01, 0.001])
def test_a_brighter_result_is_off_by_so_much(scale, offset):
    large = testing.photograph(40 * scale, 30 * scale) * np.float32(0.8)
    small = bicubic(large, (40, 30))
    assert score(small, large + np.float32(offset)) == pytest.approx(
        -20 * np.log10(offset), abs=0.05
    )


def test_a_colour_counts_as_much_as_it_is_bright():
    large = np.full((80, 80, 3), 0.5, np.float32)
    for index, weight in enumerate(LUMA):
        tinted = large.copy()
        tinted[..., index] += 0.1
        expected = -20 * np.log10(0.1 * weight)
        assert score(large[::2, ::2], tinted) == pytest.approx(expected, abs=0.01)


def test_what_will_be_cut_off_is_cut_off_before_it_is_measured():
    small, large = np.ones((20, 20, 3), np.float32), np.full((40, 40, 3), 1.5, np.float32)
    assert score(small, large) > 90
    assert score(small, large, cut_off=False) == pytest.approx(-20 * np.log10(0.5), abs=0.01)


def test_what_lies_around_a_piece_makes_no_difference():
    """A piece's margin is not measured: its reduction would need pixels that it does not have."""
    large = testing.photograph(120, 120)
    small = bicubic(large, (60, 60))
    shrinking = ShrinkingBack(cut_off=True)
    for y in (0, 30):
        for x in (0, 30):
            piece = large[2 * y : 2 * y + 60, 2 * x : 2 * x + 60]
            shrinking.add(small[y : y + 30, x : x + 30], piece)
    assert shrinking.decibels > 90


def test_pieces_are_weighed_by_their_pixels():
    good, bad = np.full((2, 24, 24, 3), 0.5, np.float32)
    shrinking = ShrinkingBack(cut_off=True)
    for piece in (good, bad + np.float32(0.1), good, good):
        shrinking.add(good[::2, ::2], piece)
    assert shrinking.decibels == pytest.approx(-10 * np.log10(0.01 / 4), abs=0.01)


@pytest.mark.parametrize("size", [(1, 1), (4, 40), (40, 4)])
def test_a_picture_of_a_few_pixels_has_no_score(size):
    assert score(np.zeros((*size, 3), np.float32), np.zeros((size[0] * 2, size[1] * 2, 3))) is None


def photograph(depth, width=500, height=470, alpha=False):
    pixels = testing.photograph(width, height)
    if alpha:
        pixels = np.dstack([pixels, np.ones((height, width), np.float32)])
    if depth != "float32":
        most = np.iinfo(depth).max
        pixels = np.rint(pixels * most).astype(depth)
    return Document.from_raster(Raster.from_array(pixels))


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_every_enlarging_job_is_scored(start, depth):
    outcome = start("repeat", photograph(depth), {"gain": 1.0}).wait(180)
    assert isinstance(outcome, JobFinished), outcome
    picture = photograph(depth).layers[0].raster.to_array().astype(np.float32)
    picture /= 1 if depth == "float32" else np.iinfo(depth).max
    reduced = bicubic(picture.repeat(2, 0).repeat(2, 1), (500, 470))
    missed = ((reduced - picture) @ LUMA)[2:-2, 2:-2]
    # The job measures a sample of the rows, this all of them.
    assert outcome.shrinks_back == pytest.approx(-10 * np.log10(np.mean(missed**2)), abs=0.5)


def test_a_darker_enlargement_has_a_lower_score(start):
    scores = [
        start("repeat", photograph("uint8"), {"gain": gain}).wait(180).shrinks_back
        for gain in (1.0, 0.9, 0.5)
    ]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[1] + 3 > scores[2] + 6


def test_a_picture_with_alpha_and_a_region_of_it_are_scored_too(start):
    document = photograph("uint8", 200, 150, alpha=True)
    whole = start("repeat", document).wait(180).shrinks_back
    assert whole is not None
    region = Region(20, 30, 90, 80)
    assert start("repeat", document, region=region).wait(180).shrinks_back is not None


def test_a_filter_that_keeps_the_size_has_no_score(start):
    assert start("fine", photograph("uint8")).wait(180).shrinks_back is None
