"""Range: networks are shown light from 0 to 1 alone, and what lies beyond comes back undamaged."""

import numpy as np
import onnx
import pytest

from safelight.api import Region
from safelight.document import Document
from safelight.pixels import Profile, Raster
from safelight.workers.far.inference import Inference
from safelight.workers.far.network_contract import Contract, ModelError
from safelight.workers.job_events import JobFinished
from safelight.workers.pieces import Plan, cut
from tests import pictures
from tests.workers import networks

STATED = {"contract": "1", "reach": "0", "scale": "1", "multiple": "1"}

ENLARGED = [
    ("enlarge", {"factor": factor, "model": model, "crispness": crispness})
    for factor in (2, 4)
    for model in ("fast", "photo")
    for crispness in (0.0, 1.0)
]
CLEANED = [("denoise", {}), ("clean_jpeg", {}), ("deblur", {})]


@pytest.fixture(scope="module")
def inference():
    return Inference()


@pytest.fixture
def file(tmp_path):
    """Writes a network with what it says of itself."""

    def write(content, **stated):
        made = onnx.load_model_from_string(content)
        words = STATED | stated
        onnx.helper.set_model_props(made, {f"safelight.{k}": text for k, text in words.items()})
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.onnx"
        path.write_bytes(made.SerializeToString())
        return path

    return write


def unchanged():
    """A network that gives back what it is shown."""
    shapes = [networks.value("image", networks.FREE), networks.value("made", networks.FREE)]
    return networks.model([networks.node("Identity", "image", "made")], shapes[:1], shapes[1:])


def wide(height=20, width=30, most=4.0):
    """Light from far below 0 to far above 1."""
    return np.random.default_rng(1).uniform(-1, most, (height, width, 3)).astype(np.float32)


@pytest.mark.parametrize(("name", "settings"), ENLARGED + CLEANED)
def test_flat_green_of_a_wide_gamut_comes_back_unchanged(name, settings, start):
    pixels = np.zeros((64, 64, 3), np.uint16)
    pixels[..., 1] = 65535
    document = Document.from_raster(Raster.from_array(pixels), profile=display_p3())
    outcome = start(name, document, settings).wait(120)
    assert isinstance(outcome, JobFinished), outcome
    made = outcome.raster.to_array().astype(int)
    assert np.abs(made - [0, 65535, 0]).max() <= 257


@pytest.mark.parametrize(("name", "settings"), ENLARGED)
def test_highlights_swing_no_more_than_the_same_step_within_the_range(name, settings, start):
    light = np.full((64, 64, 3), 0.25, np.float32)
    light[:, 32:] = 4.0
    outcome = start(name, Document.from_raster(Raster.from_array(light)), settings).wait(120)
    assert isinstance(outcome, JobFinished), outcome
    made = outcome.raster.to_array()
    swing = max(made.max() - 4.0, 0.25 - made.min()) / 3.75
    assert swing <= 0.12  # of the step's height: what the same step from 0.25 to 1 swings by


def display_p3():
    """Display P3, made of its primaries (SMPTE EG 432-1) and sRGB's curve."""
    return Profile.from_icc(pictures.display_p3_profile())


def test_a_network_that_changes_nothing_gives_back_what_went_in_exactly(inference, file):
    image = wide()
    np.testing.assert_array_equal(inference.run(file(unchanged()), image, {}, "cpu"), image)


def test_grain_beyond_the_range_is_shown_and_taken_away_with_the_rest(inference, file):
    """Noise is no light: of what stands out alone, nothing is returned to a picture cleaned."""
    nodes = [networks.node("AveragePool", "image", "made", kernel_shape=[3, 3], pads=[1, 1, 1, 1])]
    shapes = [networks.value("image", networks.FREE), networks.value("made", networks.FREE)]
    content = networks.model(nodes, shapes[:1], shapes[1:])
    grain = np.random.default_rng(4).normal(0.2, 0.12, (40, 50, 3)).astype(np.float32)
    grain[::5, ::5] = -0.2
    assert grain.min() < -0.1
    known = inference.run(file(content, reach="1", beyond="known"), grain, {}, "cpu")
    np.testing.assert_array_equal(inference.run(file(content, reach="1"), grain, {}, "cpu"), known)
    light = grain.copy()
    light[10:20, 10:20] = 3.0  # and light among it is still returned
    light[30, 30] = 4.0
    made = inference.run(file(content, reach="1"), light, {}, "cpu")
    assert made[11:19, 11:19].min() >= 2.9
    assert made[30, 30].min() >= 3.0


@pytest.mark.parametrize("beyond", ["returned", "cut", "known"])
def test_a_network_says_what_becomes_of_light_beyond_its_range(beyond, inference, file):
    image = wide()
    path = file(unchanged(), beyond=beyond)
    expected = np.clip(image, 0, 1) if beyond == "cut" else image
    np.testing.assert_array_equal(inference.run(path, image, {}, "cpu"), expected)
    assert inference.contract(path).beyond == beyond


@pytest.mark.parametrize("beyond", ["returned", "known"])
def test_only_a_network_that_knows_such_light_is_shown_it(beyond, inference, file):
    path = file(networks.means(), beyond=beyond)
    image = wide()
    shown = image if beyond == "known" else np.clip(image, 0, 1)
    told = inference.describe(path, image, {}, "cpu")
    np.testing.assert_allclose(told[0], shown.mean((0, 1)), rtol=1e-5)


def test_a_network_with_another_word_for_it_is_refused(inference, file):
    with pytest.raises(ModelError, match="has the beyond lost, not returned, cut or known"):
        inference.contract(file(unchanged(), beyond="lost"))


def test_what_is_no_picture_gets_no_light_returned(inference, file):
    image = wide()
    found = inference.run(file(unchanged()), image, {}, "cpu", picture=False)
    np.testing.assert_array_equal(found, np.clip(image, 0, 1))


def test_a_selectors_networks_get_no_light_returned(start):
    """A wide-gamut picture is no more damaged than the same one within the range."""
    inside = np.random.default_rng(2).random((80, 90, 3), np.float32)
    beyond = inside.copy()
    inside[20:50, 30:60], beyond[20:50, 30:60] = 1, 3
    found = [
        start("find_damage", Document.from_raster(Raster.from_array(pixels))).wait(120)
        for pixels in (inside, beyond)
    ]
    assert all(isinstance(outcome, JobFinished) for outcome in found), found
    one, other = (outcome.raster.to_array() for outcome in found)
    np.testing.assert_array_equal(one, other)


def test_within_the_range_a_network_is_run_as_it_is(inference, file):
    image = np.random.default_rng(3).random((20, 30, 3), np.float32)
    for content, scale in ((networks.enlarger(), 2), (networks.halving(1), 1)):
        stated = {"scale": str(scale)}
        known = inference.run(file(content, beyond="known", **stated), image, {}, "cpu")
        np.testing.assert_array_equal(
            inference.run(file(content, **stated), image, {}, "cpu"), known
        )


def test_a_change_that_is_meant_stays_where_light_is_far_beyond(inference, file):
    """A network that paints everything grey is not overruled."""
    image = np.full((8, 8, 3), (0.2, 3.0, 0.9), np.float32)
    made = inference.run(file(networks.constant_result()), image, {}, "cpu")
    np.testing.assert_allclose(made[0, 0], [0.5, 2.5, 0.5], atol=1e-6)


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_light_that_is_returned_has_no_seams(scale, inference, file):
    path = file(networks.enlarger(scale), scale=str(scale), reach="1")
    image = wide(60, 70, most=2.0)
    whole = inference.run(path, image, {}, "cpu")
    assert whole.shape == (60 * scale, 70 * scale, 3)
    contract = inference.contract(path)
    region = Region(0, 0, 70, 60)
    for piece in cut(region, region, Plan(contract.reach, 1, scale, 24)):
        window, keep = piece.window, piece.keep
        part = inference.run(path, image[window.rows(), window.columns()], {}, "cpu")
        inner = keep.move(-window.x, -window.y).scale(scale)
        place = keep.scale(scale)
        difference = part[inner.rows(), inner.columns()] - whole[place.rows(), place.columns()]
        assert np.abs(difference).max() <= 1e-5


def test_a_grey_result_gets_the_light_that_was_kept_from_it_as_grey(inference, file):
    nodes = [networks.node("ReduceMean", "image", "made", axes=[1], keepdims=1)]
    shapes = [
        networks.value("image", networks.FREE),
        networks.value("made", (1, 1, "height", "width")),
    ]
    path = file(networks.model(nodes, shapes[:1], shapes[1:]), result="grey")
    made = inference.run(path, wide(), {}, "cpu")
    np.testing.assert_allclose(made[..., 0], made[..., 1], atol=1e-6)
    assert made.max() > 1.5
    assert Contract.read({f"safelight.{k}": x for k, x in STATED.items()}, "", "").beyond
