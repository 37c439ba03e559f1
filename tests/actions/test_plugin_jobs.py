"""The studio: finding filters by name, refusing illegal settings, saying the device."""

import time

import numpy as np
import pytest

from safelight import actions
from safelight.actions import plugin_jobs
from safelight.api import ParameterError
from safelight.document import Document, whole
from safelight.pixels import Raster
from tests.plugins.installed_module import install


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
        studio.filter("unblur")


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


@pytest.mark.parametrize("used", [False, True])
def test_the_worker_that_told_the_device_ends_unless_a_filter_comes(document, monkeypatch, used):
    monkeypatch.setattr(plugin_jobs, "_UNASKED", 0.5 if used else 0.0)
    with actions.Studio("cpu") as studio:
        pool = studio._pools.built_in
        studio.device()
        if not used:
            _wait_until(lambda: not pool._all)
        job = studio.start(studio.filter("warmth"), {"amount": 0.5}, document)
        assert isinstance(job.wait(180), actions.JobFinished)
        studio.device()  # asked again it ends nothing
        assert pool._resting.finished.wait(60)
        assert pool._all


def _wait_until(true):
    deadline = time.monotonic() + 60
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert true()


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
