"""Sketches: each as soon as it is done, nothing that is not wanted any more, reasons in words."""

import queue
import time

import numpy as np
import pytest

from safelight.api import ParameterError
from safelight.document import Document, whole
from safelight.workers.catalog import Catalog
from safelight.workers.generator_sketches import Sketch, Sketcher, SketchFailed
from safelight.workers.job import Job
from safelight.workers.job_events import JobFinished
from safelight.workers.worker_pool import Pool
from tests.plugins.installed_module import install

COLOURS = [(red / 10, 0.5, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0) for red in range(10)]


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    folder = install(tmp_path_factory.mktemp("making"), "safelight_making")
    pool = Pool(plugin_folders=[folder])
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def catalog(pool):
    return {item.name: item for item in Catalog(pool, str, lambda text: None).filters()}


@pytest.fixture
def sketcher(pool, catalog):
    """A sketcher of a generator by its short name, and the queue of what it tells."""
    made = []

    def make(name, **options):
        told = queue.SimpleQueue()
        made.append(Sketcher(lambda plugin: pool, catalog[name], told.put, **options))
        return made[-1], told

    yield make
    for one in made:
        one.stop()


def heard(told, count, timeout=180):
    return [told.get(timeout=timeout) for _ in range(count)]


def test_every_setting_gets_its_own_picture(sketcher):
    maker, told = sketcher("flat")
    number = maker.want([{"code": colour} for colour in COLOURS], 16)
    events = heard(told, len(COLOURS))
    assert {(event.round, event.index) for event in events} == {(number, i) for i in range(10)}
    for event in events:
        assert (event.pixels.dtype, event.pixels.shape) == (np.uint8, (16, 16, 3))
        expected = np.rint(np.array(COLOURS[event.index][:3]) * 255)
        assert np.abs(event.pixels[3, 5] - expected).max() <= 1


def test_a_sketch_is_what_a_job_makes_of_a_picture_of_that_size(sketcher, pool, catalog):
    maker, told = sketcher("waves")
    settings = {"seed": 5, "variety": 0.5, "palette": ("#102030", "#f0e0d0")}
    maker.want([settings], 64)
    [event] = heard(told, 1)
    blank, waves = Document(64, 64, "uint8", ()), catalog["waves"]
    job = Job(pool, waves, waves.settings(settings), blank)
    assert isinstance(job.wait(180), JobFinished)
    assert np.array_equal(whole(job.edit().apply(blank)).to_array(), event.pixels)


def test_the_first_that_is_asked_for_comes_first(sketcher, pool):
    with pool.worker():  # one is busy elsewhere: the other makes them all
        maker, told = sketcher("flat")
        maker.want([{"code": colour} for colour in COLOURS], 8)
        assert [event.index for event in heard(told, 10)] == list(range(10))


def test_what_is_not_wanted_any_more_gives_its_workers_back(sketcher):
    maker, told = sketcher("slow")
    maker.want([{"seed": seed} for seed in range(9)], 8)
    time.sleep(0.5)  # a moment, so that some are under way
    quick, colours = sketcher("flat")
    maker.stop()
    quick.want([{"code": COLOURS[3]}], 8)
    assert [event.index for event in heard(colours, 1)] == [0]  # slow takes 600 s
    assert told.empty()


def test_a_round_replaces_the_one_before_it(sketcher):
    maker, told = sketcher("flat")
    for _ in range(30):
        last = maker.want([{"code": colour} for colour in COLOURS], 32)
    events = []
    while len([event for event in events if event.round == last]) < len(COLOURS):
        events += heard(told, 1)
    assert sorted(event.index for event in events if event.round == last) == list(range(10))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("wrong", "Wrong (safelight-making) failed: ValueError: there is nothing of that sort."),
        ("leave", "Exit (safelight-making) ended itself (exit code 3)."),
    ],
)
def test_one_that_fails_says_why_once_and_the_next_round_is_made(sketcher, pool, name, reason):
    with pool.worker():
        maker, told = sketcher(name)
        maker.want([{"seed": seed} for seed in (0, 1, 2, 3)], 8)
        first, second = heard(told, 2)
        assert isinstance(first, Sketch)
        assert isinstance(second, SketchFailed)
        assert second.message == reason
        number = maker.want([{"seed": 4}], 8)
        [event] = heard(told, 1)
        assert (type(event), event.round) == (Sketch, number)


def test_one_that_hangs_is_ended(sketcher):
    maker, told = sketcher("slow", patience=0.3)
    maker.want([{}], 8)
    [event] = heard(told, 1)
    assert event.message.endswith("did not answer for 0.3 s and was stopped.")


def test_settings_that_are_not_legal_are_refused(sketcher):
    maker, _ = sketcher("flat")
    with pytest.raises(ParameterError, match="8 numbers"):
        maker.want([{"code": (1.0, 2.0)}], 8)


def test_a_filter_is_sketched_by_nobody(pool, catalog):
    with pytest.raises(ValueError, match="Warmth makes nothing out of nothing"):
        Sketcher(lambda plugin: pool, catalog["warmth"], print)
