"""The studio: finding filters by name, refusing illegal settings, saying the device."""

import numpy as np
import pytest

from safelight import actions
from safelight.actions.store import Store
from safelight.api import ParameterError
from safelight.document import Document, Layer, LiveFilter, edits, render, whole
from safelight.pixels import Raster
from safelight.workers.job import live_filter
from tests.plugins.installing import install
from tests.plugins.records import record


@pytest.fixture(scope="module")
def studio():
    with actions.Studio() as studio:
        yield studio


@pytest.fixture
def document():
    return Document.from_raster(Raster.from_array(np.full((20, 30, 3), 128, np.uint8)))


def test_a_filter_is_found_by_short_name_and_by_id(studio):
    assert studio.filter("enlarge") is studio.filter("safelight_enlarge.enlarge")


def test_an_unknown_filter_lists_those_there_are(studio):
    names = ", ".join(sorted(item.name for item in studio.filters()))
    assert {"blur", "denoise", "enlarge", "warmth"} <= set(names.split(", "))
    with pytest.raises(actions.UnknownFilter, match=f"installed: {names}$"):
        studio.filter("sharpen")


def test_an_illegal_setting_is_refused_before_anything_runs(studio, document):
    with pytest.raises(ParameterError, match="outside -1 to 1"):
        studio.start(studio.filter("warmth"), {"amount": 2}, document)


def test_a_job_ends_as_an_edit(studio, document):
    job = studio.start(studio.filter("warmth"), {"amount": 0.5}, document)
    assert isinstance(job.wait(180), actions.JobFinished)
    result = whole(job.edit().apply(document)).to_array()
    assert result[0, 0].tolist() == [192, 128, 64]


def test_resting_ends_idle_workers_and_the_next_job_runs_in_a_new_one(document):
    with actions.Studio() as studio:
        warmth = studio.filter("warmth")
        assert isinstance(studio.start(warmth, {}, document).wait(180), actions.JobFinished)
        before = list(studio._pools.built_in._all)
        studio.rest()
        assert before
        assert not any(worker.alive for worker in before)
        assert isinstance(studio.start(warmth, {}, document).wait(180), actions.JobFinished)


def test_a_shared_short_name_has_to_be_said_in_full(tmp_path):
    folder = install(tmp_path, "safelight_faults")
    source = folder / "safelight_faults.py"
    source.write_text(source.read_text().replace("def fine(", "def blur("))
    with (
        actions.Studio(plugin_folders=[folder]) as studio,
        pytest.raises(actions.UnknownFilter, match="safelight_blur.blur, safelight_faults.blur"),
    ):
        studio.filter("blur")


def test_the_device_is_proven_by_a_live_session(studio):
    device = studio.device()
    assert device.model.endswith(".onnx")
    assert device.runtime
    assert device.name == "cuda" or device.reason


def test_a_closed_studio_says_so(document):
    studio = actions.Studio()
    filter = studio.filter("warmth")
    studio.close()
    job = studio.start(filter, {}, document)
    assert isinstance(job.wait(180), actions.JobFailed)


@pytest.fixture
def crowded(tmp_path):
    """A studio whose store has two plugins, and has been asked for what there is."""
    store = Store(tmp_path / "store")
    for name in ("safelight-one", "safelight-two"):
        record(store, name)
    with actions.Studio("cpu", store=store) as studio:
        studio.filters()
        yield studio


def test_while_a_frame_is_drawn_nobody_looks_into_the_store(crowded, document, monkeypatch):
    warm = Layer("Warm", live_filter(crowded.filter("warmth"), {"amount": 0.5}))
    gone = Layer("Gone", LiveFilter("nowhere.gone"))
    stranger = Layer("Stranger", live_filter(crowded.filter("safelight_two.f3"), {}))
    layered = document
    for layer in (warm, gone, stranger):
        layered = edits.add_layer(layer).apply(layered)
    looks = []
    for name in ("installed", "environments", "_read"):
        monkeypatch.setattr(Store, name, lambda *_: looks.append(1) or ())
    for number in range(3):
        changed = edits.set_filter(warm.id, settings={"amount": number / 4}).apply(layered)
        assert render(changed, changed.region, crowded.live, lenient=True)[0, 0, 0] >= 128
    assert looks == []


def test_what_is_installed_is_one_value_until_something_changes(crowded):
    offers = crowded.offers()
    assert crowded.offers() is offers
    with pytest.raises(TypeError):
        offers.by_id["more"] = offers.filters[0]
    record(crowded.store, "safelight-three")
    assert "safelight_three.f0" in crowded.offers().by_id
    crowded.store.set_enabled("safelight-three", False)
    assert "safelight_three.f0" not in crowded.offers().by_id
    crowded.store.uninstall("safelight-one")
    assert {item.plugin for item in crowded.offers().filters} >= {"safelight-two"}
    assert "safelight_one.f0" not in crowded.offers().by_id
    assert "safelight_one.f0" in offers.by_id


def test_what_another_program_has_installed_is_known_after_a_refresh(crowded):
    record(Store(crowded.store.folder.parent), "safelight-three")
    crowded.refresh("safelight-three")
    assert crowded.filter("safelight_three.f0").plugin == "safelight-three"
