"""Enlarge: the larger picture is the same picture."""

import os
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import safelight_enlarge
from PIL import Image
from safelight_enlarge import enlarge

from safelight import api
from safelight.api import testing

HERE = Path(__file__).parent
NETWORKS = Path(safelight_enlarge.__file__).parent
DECLARATION = api.registered(enlarge).declaration

FACTORS = pytest.mark.parametrize("factor", [2, 3, 4])
MODELS = pytest.mark.parametrize("model", DECLARATION.parameter("model").choices)
# Both networks of one model and one of each of the others; three times, which is four times and
# shrunk; each factor once, matched or not. Of `make attack` every pair.
PAIRS = [("fast", 0.4), ("photo", 1.0)]
TRIED = [3]
MATCHED = [(2, False), (3, True), (4, True)]
if os.environ.get("SAFELIGHT_ATTACK") == "full":
    PAIRS = [*product(("fast", "photo"), (0.0, 0.4, 1.0))]
    TRIED = [2, 3, 4]
    MATCHED = [*product(TRIED, (False, True))]


class Drawing(api.Job):
    """In place of networks: the faithful gives black, the crisp white, each noted in ``ran``."""

    def __init__(self):
        self.ran = []

    def run(self, model, image, **inputs):
        self.ran.append(model)
        scale = int(model.removesuffix(".onnx")[-1])
        shape = (image.shape[0] * scale, image.shape[1] * scale, 3)
        return np.full(shape, "crisp" in model, np.float32)

    def progress(self, fraction):
        pass

    def check(self):
        pass


def shrink(picture, factor):
    """Each pixel the mean of factor x factor of the picture."""
    height, width = (side // factor for side in picture.shape[:2])
    return picture.reshape(height, factor, width, factor, 3).mean((1, 3))


def bicubic(picture, factor):
    """The picture reduced by Pillow's bicubic, which smooths as it shrinks."""
    size = picture.shape[1] // factor, picture.shape[0] // factor
    planes = [Image.fromarray(np.ascontiguousarray(picture[..., index])) for index in range(3)]
    return np.stack([plane.resize(size, Image.Resampling.BICUBIC) for plane in planes], 2)


def decibels(one, other):
    """Peak signal-to-noise ratio; white is 1."""
    return -10 * np.log10(np.mean((one - other) ** 2))


@pytest.mark.attack
@pytest.mark.parametrize("factor", TRIED)
def test_it_is_well_behaved(job, factor):
    testing.assert_well_behaved(enlarge, job=job(enlarge), factor=factor)


@pytest.mark.attack
@pytest.mark.parametrize(("factor", "match_original"), MATCHED)
def test_pieces_fit_together_at_the_reach_that_is_stated(job, factor, match_original):
    # The same sums in another order differ in their last bits only.
    testing.assert_tiles_agree(
        enlarge, job=job(enlarge), tolerance=1e-4, factor=factor, match_original=match_original
    )


@pytest.mark.attack
@pytest.mark.parametrize(("model", "crispness"), PAIRS)
def test_pieces_of_every_model_and_look_fit_together(job, model, crispness):
    testing.assert_tiles_agree(enlarge, job=job(enlarge), model=model, crispness=crispness)


@MODELS
def test_every_model_that_is_offered_has_its_networks(model):
    files = {f"{model}_{look}_x{scale}.onnx" for look in ("faithful", "crisp") for scale in (2, 4)}
    found = {path.name for path in NETWORKS.glob(f"{model}_*.onnx")}
    assert {name for name in found if not name.endswith("_draft.onnx")} == files


@FACTORS
@MODELS
def test_at_the_ends_of_crispness_one_network_runs(factor, model):
    scale = 2 if factor == 2 else 4
    for crispness, look, level in ((0.0, "faithful", 0), (1.0, "crisp", 1)):
        drawing = Drawing()
        result = enlarge(testing.photograph(9, 7), drawing, factor, model, crispness)
        assert drawing.ran == [f"{model}_{look}_x{scale}.onnx"]
        assert np.allclose(result, level, atol=1e-6)


def test_in_between_the_two_looks_are_mixed():
    drawing = Drawing()
    result = enlarge(testing.photograph(9, 7), drawing, crispness=0.3)
    assert sorted(drawing.ran) == ["fast_crisp_x2.onnx", "fast_faithful_x2.onnx"]
    assert np.allclose(result, 0.3, atol=1e-6)


def test_averaged_the_network_sees_all_eight_turns_and_they_are_turned_back():
    """Each is another one, and what a network would give that changes nothing is the picture."""
    seen = []

    class Doubling(Drawing):
        def run(self, model, image, **inputs):
            seen.append(np.array(image))
            return image.repeat(2, 0).repeat(2, 1)

    picture = testing.photograph(9, 7)
    result = enlarge(picture, Doubling(), averaged=True)
    np.testing.assert_allclose(result, picture.repeat(2, 0).repeat(2, 1), atol=1e-6)
    assert len(seen) == len({view.tobytes() for view in seen}) == 8


@pytest.mark.parametrize("factor", [2, 4])
def test_averaged_it_is_nearer_to_what_was_there(job, factor):
    picture = testing.photograph(48 * factor, 40 * factor, seed=5)
    small = bicubic(picture, factor)
    once, averaged = (
        decibels(enlarge(small, job(enlarge), factor=factor, averaged=averaged), picture)
        for averaged in (False, True)
    )
    assert averaged > once


def test_averaged_pieces_fit_together(job):
    testing.assert_tiles_agree(enlarge, job=job(enlarge), tolerance=1e-4, averaged=True)


def test_a_model_that_was_withdrawn_is_refused_by_name():
    with pytest.raises(api.ParameterError, match="model: quality is not one of fast, photo"):
        DECLARATION.settings({"model": "quality"})


@FACTORS
def test_matched_to_the_original_it_shrinks_back_to_it(job, factor):
    """The measure is Pillow's bicubic, which was written by others."""
    picture = testing.photograph(60, 45)
    without = enlarge(picture, job(enlarge), factor=factor)
    matched = enlarge(picture, job(enlarge), factor=factor, match_original=True)
    inner = (slice(3, -3), slice(3, -3))
    before, after = (
        decibels(bicubic(result, factor)[inner], picture[inner]) for result in (without, matched)
    )
    assert after > before + 6
    assert after > 50


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


def test_it_enlarges_two_to_four_times_and_nothing_else():
    assert DECLARATION.parameter("factor").choices == (2, 3, 4)
    assert [DECLARATION.factor({"factor": factor}) for factor in (2, 3, 4)] == [2, 3, 4]
    with pytest.raises(api.ParameterError, match="factor: 5 is not one of 2, 3, 4"):
        DECLARATION.settings({"factor": 5})


@pytest.mark.parametrize("factor", [2, 4])
def test_what_saved_documents_hold_stays_the_fast_and_faithful_filter(job, factor):
    assert DECLARATION.id == "safelight_enlarge.enlarge"
    settings, picture = DECLARATION.settings({"factor": factor}), testing.photograph(40, 30)
    network = f"fast_faithful_x{factor}.onnx"
    assert np.array_equal(
        enlarge(picture, job(enlarge), **settings), job(enlarge).run(network, picture)
    )


@pytest.mark.parametrize("factor", [2, 4])
def test_the_picture_it_makes_is_the_one_that_was_looked_at(job, factor):
    # One step of eight bits: what versions of the runtime may differ by, and no eye can see.
    picture = shrink(testing.photograph(96, 64), 2 * factor)
    result = enlarge(picture, job(enlarge), factor=factor)
    testing.assert_matches_golden(result, HERE / f"fast_faithful_x{factor}.npy", tolerance=1 / 255)
