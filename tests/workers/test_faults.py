"""Whatever a filter does wrong ends as a message; the photograph and the next job are fine."""

import hashlib
import time

import numpy as np
import pytest

from safelight.document import Document
from safelight.pixels import Raster, from_float, to_float
from safelight.workers.job import Job
from safelight.workers.job_events import JobCancelled, JobFailed, JobFinished
from safelight.workers.worker_pool import Pool
from safelight.workers.worker_process import WorkerProcess

FAULTS = {
    "abort": "crashed (SIGABRT)",
    "segfault": "crashed (SIGSEGV)",
    "leave": "ended itself (exit code 3)",
    "sys_exit": "failed: SystemExit: 4",
    "fail": "failed: ValueError: the moon is in the wrong place",
    "not_a_number": "returned pixels that are no numbers",
    "infinite": "returned pixels that are no numbers",
    "wrong_shape": "of shape (32, 64, 3)",
    "grey": "of shape (200, 300)",
    "nothing": "of shape ()",
    "missing_network": "cannot run: the network nowhere.onnx is missing",
    "corrupt_network": "cannot run: corrupt.onnx is no usable network",
}


def digest(document):
    return hashlib.sha256(document.layers[0].raster.to_array().tobytes()).hexdigest()


def expect_half(outcome, document):
    before = to_float(document.layers[0].raster.to_array())
    assert np.array_equal(outcome.raster.to_array(), from_float(before * np.float32(0.5), "uint8"))


def expect_next_job_works(start, document):
    outcome = start("fine", document).wait(180)
    assert isinstance(outcome, JobFinished)
    expect_half(outcome, document)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_a_message_that_names_the_plugin_and_the_reason(name, start, document, catalog):
    before = digest(document)
    outcome = start(name, document).wait(180)
    assert isinstance(outcome, JobFailed)
    assert outcome.message.startswith(f"{catalog[name].title} (safelight-faults) ")
    assert FAULTS[name] in outcome.message
    assert digest(document) == before
    expect_next_job_works(start, document)


@pytest.mark.parametrize("name", ["fine", "blur", "denoise", "repeat"])
def test_pixels_that_are_no_numbers_are_not_blamed_on_the_filter(name, start, catalog):
    pixels = np.full((40, 50, 3), 0.5, np.float32)
    pixels[20, 20] = np.nan
    outcome = start(name, Document.from_raster(Raster.from_array(pixels))).wait(180)
    assert isinstance(outcome, JobFailed)
    assert "could not work: the pixels below it are no numbers" in outcome.message
    assert "not its fault" in outcome.message


@pytest.mark.parametrize("name", ["not_a_number", "infinite"])
def test_a_worker_is_not_believed_that_its_result_is_finite(name, start, document, monkeypatch):
    told = WorkerProcess.reply

    def lies(worker, timeout):
        return told(worker, timeout) | {"finite": True}

    monkeypatch.setattr(WorkerProcess, "reply", lies)
    outcome = start(name, document).wait(180)
    assert isinstance(outcome, JobFailed)
    assert "returned pixels that are no numbers" in outcome.message


@pytest.mark.parametrize("name", ["not_a_number", "infinite"])
def test_the_host_itself_checks_results_for_non_numbers(name, start, document, monkeypatch):
    before = digest(document)
    outcome = start(name, document).wait(180)
    assert isinstance(outcome, JobFailed)
    assert FAULTS[name] in outcome.message
    assert digest(document) == before
    # Nothing else keeps them out: without the check they are in the result.
    monkeypatch.setattr(
        "safelight.workers.worker_run.WorkerRun._check_numbers", lambda *given: None
    )
    pixels = Raster.from_array(np.full((20, 30, 3), 0.5, np.float32))
    outcome = start(name, Document.from_raster(pixels)).wait(180)
    assert isinstance(outcome, JobFinished)
    assert not np.isfinite(outcome.raster.to_array()).all()


def test_the_traceback_of_a_filter_that_raises_is_kept(start, document):
    outcome = start("fail", document).wait(180)
    assert "safelight_faults.py" in outcome.details


def test_a_filter_that_hangs_is_stopped_when_patience_ends(start, document):
    outcome = start("hang", document, patience=1.0).wait(180)
    assert isinstance(outcome, JobFailed)
    assert "Hang (safelight-faults) did not answer for 1 s" in outcome.message
    expect_next_job_works(start, document)


def test_a_filter_that_reports_progress_may_take_longer_than_patience(start, document):
    job = start("slow", document, patience=1.0)
    assert job.wait(3.0) is None
    job.cancel()
    assert isinstance(job.wait(180), JobCancelled)


def test_a_filter_that_takes_all_memory_is_a_message(faults, catalog, document):
    pool = Pool(plugin_folders=[faults], memory_limit=600 << 20)
    try:
        job = Job(pool, catalog["glutton"], {}, document)
        outcome = job.wait(120)
        assert isinstance(outcome, JobFailed)
        assert outcome.message.startswith("Glutton (safelight-faults) ran out of memory")
        outcome = Job(pool, catalog["fine"], {"gain": 1.0}, document).wait(180)
        assert isinstance(outcome, JobFinished)
    finally:
        pool.close()


def test_a_piece_that_is_too_large_for_the_memory_is_done_in_smaller_ones(start, document):
    outcome = start("small_plates", document).wait(180)
    assert isinstance(outcome, JobFinished)
    expect_half(outcome, document)


def test_a_filter_cannot_write_to_the_photograph_nor_truncate_it(start, document):
    before = digest(document)
    outcome = start("scribble", document).wait(180)
    assert digest(document) == before
    assert isinstance(outcome, JobFinished), "the filter read its input undamaged"
    assert np.array_equal(outcome.raster.to_array(), document.layers[0].raster.to_array())


def test_printing_does_not_disturb_the_conversation(start, document):
    outcome = start("chatter", document).wait(180)
    assert isinstance(outcome, JobFinished)


@pytest.mark.parametrize("name", ["slow", "hang"])
def test_cancel_ends_a_job_soon_whether_the_filter_listens_or_not(name, start, document):
    job = start(name, document)
    job.wait(1.0)
    job.cancel()
    outcome = job.wait(50)  # slow takes 60 s
    assert isinstance(outcome, JobCancelled)
    expect_next_job_works(start, document)


def test_a_killed_worker_is_a_message_and_is_replaced(start, document, pool):
    job = start("slow", document)
    deadline = time.monotonic() + 180
    while not pool._all and time.monotonic() < deadline:
        time.sleep(0.05)
    job.wait(1.0)
    for worker in list(pool._all):
        worker._process.kill()
    outcome = job.wait(180)
    assert isinstance(outcome, JobFailed)
    assert "Slow (safelight-faults) was ended by the system (SIGKILL)" in outcome.message
    expect_next_job_works(start, document)
