"""Jobs: pieces, order, depth, alpha, regions."""

import os
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from safelight.api import Region
from safelight.document import Document, History, edits, geometry
from safelight.pixels import Raster, from_float, to_float
from safelight.workers import filter_measurements, job_kinds
from safelight.workers.job_events import (
    JobCancelled,
    JobFinished,
    JobGlimpse,
    JobPiece,
    JobProgress,
)


def photograph(height, width, channels=3, depth="uint8"):
    random = np.random.default_rng(11)
    pixels = random.random((height, width, channels), np.float32)
    return Document.from_raster(Raster.from_array(from_float(pixels, depth)))


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_what_goes_in_comes_out_at_the_same_depth(depth, start):
    document = photograph(130, 470, depth=depth)
    outcome = start("fine", document, {"gain": 1.0}).wait(180)
    assert outcome.raster.depth == depth
    assert np.array_equal(outcome.raster.to_array(), document.layers[0].raster.to_array())


def test_over_range_light_survives_in_a_float_document(start):
    pixels = np.linspace(-0.5, 3.0, 60 * 50 * 3, dtype=np.float32).reshape(60, 50, 3)
    document = Document.from_raster(Raster.from_array(pixels.copy()))
    outcome = start("fine", document, {"gain": 1.0}).wait(180)
    assert np.array_equal(outcome.raster.to_array(), pixels)


def test_alpha_passes_a_filter_untouched(start):
    document = photograph(90, 120, channels=4, depth="uint16")
    before = document.layers[0].raster.to_array()
    after = start("fine", document).wait(180).raster.to_array()
    assert np.array_equal(after[..., 3], before[..., 3])
    assert np.array_equal(after[..., :3], from_float(to_float(before[..., :3]) * 0.5, "uint16"))


def test_alpha_grows_with_the_picture_without_seams(start):
    pixels = np.zeros((500, 40, 4), np.uint8)
    pixels[..., 3] = np.linspace(0, 255, 500).astype(np.uint8)[:, None]
    document = Document.from_raster(Raster.from_array(pixels))
    after = start("enlarge", document, {"factor": 2}).wait(180).raster
    assert (after.width, after.height, after.channels) == (80, 1000, 4)
    steps = np.diff(after.to_array()[:, 20, 3].astype(int))
    assert steps.min() >= 0
    assert steps.max() <= 1


def test_a_filter_knows_where_its_piece_lies(start):
    document = photograph(700, 1000)
    result = start("where", document).wait(180).raster.to_array()
    columns = np.rint(np.arange(1000) % 251 / 250 * 255)
    rows = np.rint(np.arange(700) % 241 / 240 * 255)
    assert np.array_equal(result[..., 0], np.broadcast_to(columns[None], (700, 1000)))
    assert np.array_equal(result[..., 1], np.broadcast_to(rows[:, None], (700, 1000)))


def test_a_preview_of_a_region_equals_that_part_of_the_whole(start):
    document = photograph(300, 400)
    region = Region(120, 60, 90, 70)
    whole = start("blur", document, {"radius": 3.0}).wait(180).raster.to_array()
    part = start("blur", document, {"radius": 3.0}, region=region).wait(180).raster.to_array()
    difference = np.abs(whole[60:130, 120:210].astype(int) - part.astype(int))
    assert difference.max() <= 1


@pytest.mark.parametrize("channels", [3, 4])
def test_a_job_on_a_crop_gives_the_crop_of_what_it_gives_on_all(start, channels):
    document = photograph(300, 400, channels, "float32")
    region = Region(121, 60, 90, 70)
    whole = start("blur", document, {"radius": 4.0}).wait(180).raster.to_array()
    cropped = geometry.crop(document, region)
    part = start("blur", cropped, {"radius": 4.0}).wait(180).raster.to_array()
    assert np.abs(whole[60:130, 121:211] - part).max() < 1e-3
    beside = start("blur", cropped, {"radius": 4.0}, region=Region(0, 0, 20, 70)).wait(180)
    assert np.abs(part[:, :20] - beside.raster.to_array()).max() < 1e-3


def test_a_job_on_a_crop_computes_the_crop_and_its_reach_and_nothing_else(start, monkeypatch):
    looked = []

    def counted(document, region, *arguments, **options):
        looked.append(region)
        return render(document, region, *arguments, **options)

    render = job_kinds.render
    monkeypatch.setattr(job_kinds, "render", counted)
    cropped = geometry.crop(photograph(1500, 2000), Region(700, 600, 200, 160))
    outcome = start("blur", cropped, {"radius": 4.0}).wait(180)
    assert (outcome.raster.width, outcome.raster.height) == (200, 160)
    reach = -min(region.x for region in looked)
    assert 8 <= reach <= 32
    most = (200 + 2 * reach) * (160 + 2 * reach)
    assert sum(region.width * region.height for region in looked) <= most


def test_what_a_filter_measures_of_a_crop_is_measured_of_the_frame_alone():
    document = photograph(300, 400)
    cropped = geometry.crop(document, Region(100, 50, 90, 70))
    measured = filter_measurements.view(SimpleNamespace(prepares=()), cropped, None)
    own = to_float(document.layers[0].raster.to_array()[50:120, 100:190])
    assert np.allclose(measured, own, atol=1e-6)


def test_pieces_near_the_focus_come_first(start):
    document = photograph(1350, 1350)
    places = []

    def hear(event):
        if isinstance(event, JobPiece):
            places.append(event.region)

    focus = Region(1200, 1200, 100, 100)
    start("fine", document, focus=focus, listener=hear).wait(180)
    first = places[0]
    assert first.intersect(focus) == focus
    assert sum(place.width * place.height for place in places) == 1350 * 1350


def test_progress_rises_to_one_and_names_the_remaining_time(start):
    heard = []
    job = start("fine", photograph(1000, 1000), listener=heard.append)
    job.wait(180)
    done = [event.done for event in heard if isinstance(event, JobProgress)]
    assert done == sorted(done)
    assert done[-1] == 1.0
    assert isinstance(heard[-1], JobFinished)
    assert heard[-2].remaining == 0


def test_words_and_glimpses_of_steps_are_heard_while_they_run(start):
    heard = []
    job = start("in_steps", photograph(900, 500), listener=heard.append)
    assert isinstance(job.wait(180), JobFinished)
    progress = [event for event in heard if isinstance(event, JobProgress)]
    assert "Step 1 of 4" in {event.words for event in progress}
    assert {event.words for event in progress} <= {"", *(f"Step {n} of 4" for n in range(1, 5))}
    assert [event.done for event in progress] == sorted(event.done for event in progress)
    assert 0 < progress[0].done < 1
    glimpses = [event for event in heard if isinstance(event, JobGlimpse)]
    pieces = [event for event in heard if isinstance(event, JobPiece)]
    assert {event.region for event in glimpses} <= {event.region for event in pieces}
    first = glimpses[0]
    assert first.pixels.dtype == np.uint8
    assert max(first.pixels.shape[:2]) == 256, "bounded, whatever the piece's size is"
    made = next(event.pixels for event in pieces if event.region == first.region)
    # The first step shows a quarter of the light; means of squares, rounded once.
    assert abs(first.pixels.mean() - made.mean() / 4) < 1


def test_a_glimpse_of_what_is_selected_shows_no_more_than_that(start):
    heard = []
    selected = edits.select_region(Region(10, 20, 40, 30)).apply(photograph(200, 100))
    job = start("steps_in_a_mask", selected, listener=heard.append)
    assert isinstance(job.wait(180), JobFinished)
    glimpse = next(event for event in heard if isinstance(event, JobGlimpse))
    assert glimpse.region == Region(10, 20, 40, 30)
    assert glimpse.pixels.shape == (30, 40, 4)
    assert (glimpse.pixels[..., 3] == 255).all()


def test_cancel_between_pieces_changes_nothing(start):
    document = photograph(1400, 1400)
    ready = threading.Event()

    def hear(event):
        if isinstance(event, JobPiece):
            ready.set()

    job = start("enlarge", document, {"factor": 2}, listener=hear)
    assert ready.wait(180)
    job.cancel()
    assert isinstance(job.wait(180), JobCancelled)
    with pytest.raises(RuntimeError):
        job.edit()


def test_the_result_is_one_undoable_edit(start):
    document = photograph(120, 100)
    history = History.start(document)
    job = start("enlarge", document, {"factor": 4})
    job.wait(180)
    after = history.do(job.edit())
    assert (after.document.width, after.document.height) == (400, 480)
    assert after.steps[-1].label == "Enlarge"
    assert after.undo().document is document


def test_a_result_says_that_a_generator_made_what_it_was_computed_from(start):
    raster = Raster.from_array(np.full((40, 30, 3), 90, np.uint8))
    for word in ("", "partly", "wholly"):
        job = start("fine", Document.from_raster(raster, synthetic=word))
        job.wait(180)
        after = job.edit().apply(job.document)
        assert after.layers[-1].filter.kept.synthetic == word
        assert after.synthetic == word


def test_the_networks_of_a_result_are_known_by_digest(start):
    job = start("enlarge", photograph(20, 20), {"factor": 2})
    job.wait(180)
    assert list(job.models) == ["fast_faithful_x2.onnx"]
    assert len(job.models["fast_faithful_x2.onnx"]) == 64


@pytest.mark.skipif(not os.path.exists("/proc/self/autogroup"), reason="a Linux without autogroups")
def test_a_worker_leaves_the_processors_to_the_window(pool):
    with pool.worker() as worker:
        own, its = (Path(f"/proc/{pid}/autogroup").read_text() for pid in ("self", worker.pid))
        assert its.split()[-1] == "5"
        # A session without a group of its own reads as an empty line.
        assert own.split()[:1] != its.split()[:1]
        assert os.getpriority(os.PRIO_PROCESS, worker.pid) >= os.getpriority(os.PRIO_PROCESS, 0) + 5
