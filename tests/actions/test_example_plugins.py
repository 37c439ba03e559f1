"""Example plugins are installed and run as strangers' are; one of 0.1 does what it did."""

import importlib
import sys

import numpy as np
import pytest

from safelight.actions import JobGlimpse, JobProgress, Studio
from safelight.actions.plugins.plugin_store import Store
from safelight.api import Region
from safelight.api.testing import PROMISES, assert_kept
from safelight.document import Document, edits
from safelight.pixels import Raster
from safelight.workers.far.check_promises import LocalJob
from safelight.workers.far.inference import Inference
from safelight.workers.job_events import JobFinished
from tests.plugins.examples import HERE, NETWORKS, example
from tests.plugins.plugin_projects import wheel
from tests.plugins.stocked_store import stock


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """The examples and the plugin of 0.1, installed."""
    folder = tmp_path_factory.mktemp("examples")
    store = Store(folder / "store")
    for name in NETWORKS:
        stock(store, example(folder / name, name))
    source = (HERE / "of_0_1.py").read_text("utf-8")
    needs = {"dependencies": ("safelight>=0.1,<1", "numpy")}
    stock(store, wheel(folder / "old", "safelight-old", source, **needs))
    with Studio(store=store, device="cpu") as made:
        yield made


@pytest.fixture(scope="module")
def document():
    """A dark picture with a light square and noise."""
    pixels = np.random.default_rng(4).integers(30, 60, (120, 200, 3), np.uint8)
    pixels[40:80, 60:120] = 220
    return Document.from_raster(Raster.from_array(pixels))


def made(studio, name, document, settings=None, heard=None):
    listener = None if heard is None else heard.append
    job = studio.start(studio.filter(name), settings or {}, document, listener=listener)
    outcome = job.wait(180)
    assert isinstance(outcome, JobFinished), outcome
    return outcome.raster.to_array()


def test_an_inpainting_network_fills_what_is_selected_from_around_it(studio, document):
    before = document.layers[0].content.to_array()
    selected = edits.select_region(Region(60, 40, 60, 40)).apply(document)
    after = made(studio, "heal", selected)
    assert 30 <= after[44:76, 64:116].mean() <= 60, "the light square is gone"
    outside = np.ones(before.shape[:2], bool)
    outside[40:80, 60:120] = False
    assert np.array_equal(after[outside], before[outside])


def test_a_network_of_320_pixels_selects_the_subject_of_a_picture_of_any_size(studio, document):
    found = made(studio, "subject", document)[..., 0]
    assert found.shape == (120, 200)
    assert found[45:75, 65:115].min() > 200
    assert found[:30].max() < 50


def test_twenty_steps_say_how_far_they_are_and_show_what_there_is(studio, document):
    heard = []
    after = made(studio, "slow_light", document, heard=heard)
    words = {event.words for event in heard if isinstance(event, JobProgress)}
    assert any(text.startswith("Step ") and text.endswith(" of 20") for text in words)
    glimpse = next(event for event in heard if isinstance(event, JobGlimpse))
    assert glimpse.pixels.shape == (120, 200, 3)
    before = document.layers[0].content.to_array()
    assert after.std() < before.std(), "the light is spread"
    assert abs(after.mean() - before.mean()) < 1


@pytest.mark.parametrize("name", NETWORKS)
def test_an_example_keeps_every_promise(name, tmp_path, monkeypatch):
    package = tmp_path / f"safelight_{name}"
    package.mkdir()
    (package / "__init__.py").write_text((HERE / f"{name}.py").read_text("utf-8"))
    for network in NETWORKS[name]:
        (package / f"{network.__name__}.onnx").write_bytes(network())
    monkeypatch.syspath_prepend(tmp_path)
    (filter,) = importlib.import_module(package.name).filters()
    inference = Inference()
    try:
        for promise in PROMISES:
            assert_kept(promise, filter, job=LocalJob(filter, inference))
    finally:
        del sys.modules[package.name]


def test_a_plugin_of_0_1_offers_and_does_what_it_did(studio, document):
    before = document.layers[0].content.to_array()
    offered = {item.name: item for item in studio.filters() if item.plugin == "safelight-old"}
    kinds = {name: item.kind for name, item in offered.items()}
    assert kinds == {
        **{"old_lift": "filter", "old_frame": "filter", "old_highlights": "selector"},
        **{"old_hole": "masked", "old_fog": "generator", "old_exposure": "tone"},
    }
    assert offered["old_frame"].parameter("canvas").kind == "colour"
    assert made(studio, "old_lift", document, {"how": "hard", "level": 0.5}).mean() > before.mean()
    half = made(studio, "old_frame", document, {"canvas": "#800000"})
    assert np.abs(half - before * (128 / 255)).max() <= 1
    assert made(studio, "old_highlights", document)[60, 90] == 255
    selected = edits.select_region(Region(60, 40, 60, 40)).apply(document)
    assert made(studio, "old_hole", selected)[60, 90].tolist() == [110, 110, 110]
    assert abs(int(made(studio, "old_fog", document, {"seed": 5})[0, 0, 0]) - 128) <= 1
    assert [item.title for item in studio.store.find("safelight-old").formats] == ["Old grey"]
