"""Network batches: several pictures in one run, each with the result that it has alone."""

import importlib
import threading

import numpy as np
import pytest

from safelight import api
from safelight.api import Cancelled, promises
from safelight.document import Document
from safelight.pixels import Raster
from safelight.workers.catalog import Catalog
from safelight.workers.far.check_promises import complaint
from safelight.workers.far.inference import Inference
from safelight.workers.far.network_batches import apart
from safelight.workers.far.network_contract import ModelError
from safelight.workers.far.network_watch import NetworkWatch
from safelight.workers.far.onnx_runtime import OutOfMemory
from safelight.workers.job import Job
from safelight.workers.job_events import JobFinished, JobPiece
from safelight.workers.worker_pool import Pool
from tests.plugins.installed_module import install
from tests.workers import networks


class Counting(Inference):
    """Notes how many pictures each run is given; fails as it is told to for more than one."""

    def __init__(self, failure=None):
        super().__init__()
        self.runs, self.failure = [], failure

    def call(self, session, feeds, name):
        self.runs.append(len(next(iter(feeds.values()))))
        if self.failure and self.runs[-1] > 1:
            raise self.failure
        return super().call(session, feeds, name)


def pictures(*sizes):
    random = np.random.default_rng(4)
    return [random.random((*size, 3), np.float32) for size in sizes]


def named(images, offset=0.25):
    """Of each image a mask that selects its left half, a gain of its own, the offset of all."""
    found = []
    for number, image in enumerate(images):
        mask = np.zeros(image.shape[:2], np.float32)
        mask[:, : image.shape[1] // 2] = 1
        gain = np.full((1, 1, 1, 1), 0.5 + number, np.float32)
        found.append({"mask": mask, "gain": gain, "offset": np.array([offset], np.float32)})
    return found


def expected(images, inputs):
    return [
        image * item["mask"][..., np.newaxis] * item["gain"][0, 0, 0] + item["offset"]
        for image, item in zip(images, inputs, strict=True)
    ]


def written(folder, content):
    (folder / "network.onnx").write_bytes(content)
    return folder / "network.onnx"


def expect(inference, path, images, inputs, runs):
    made = inference.run_each(path, images, inputs, "cpu")
    assert inference.runs == runs
    for one, other in zip(made, expected(images, inputs), strict=True):
        assert one.shape == other.shape
        assert np.abs(one - other).max() < 1e-6


def test_pictures_of_one_size_go_through_a_network_in_one_run(tmp_path):
    images = pictures((6, 9), (6, 9), (6, 9), (5, 9), (6, 9))
    path = written(tmp_path, networks.several())
    expect(Counting(), path, images, named(images), [3, 1, 1])


def test_a_network_of_one_size_takes_several_that_are_not_larger(tmp_path):
    images = pictures((8, 8), (8, 8), (5, 7))
    path = written(tmp_path, networks.several(sides=(8, 8)))
    expect(Counting(), path, images, named(images), [3])
    images = pictures((8, 8), (8, 20))
    expect(Counting(), path, images, named(images), [1, 3])


def test_a_network_whose_first_dimension_is_one_is_run_for_each(tmp_path):
    images = pictures((6, 9), (6, 9), (6, 9))
    path = written(tmp_path, networks.several(count=1))
    expect(Counting(), path, images, named(images), [1, 1, 1])


def test_what_is_one_for_all_has_to_be_the_same(tmp_path):
    images = pictures((6, 9), (6, 9), (6, 9))
    inputs = [*named(images[:2]), named(images, offset=0.75)[2]]
    expect(Counting(), written(tmp_path, networks.several()), images, inputs, [2, 1])


def test_no_more_pixels_are_in_one_run_than_in_a_piece(tmp_path, monkeypatch):
    monkeypatch.setattr("safelight.workers.far.inference.MOST_NUMBERS", 3 * 6 * 9 * 2)
    images = pictures(*[(6, 9)] * 5)
    path = written(tmp_path, networks.several())
    expect(Counting(), path, images, named(images), [2, 2, 1])


def test_one_that_says_several_and_takes_one_is_asked_once(tmp_path):
    images = pictures((6, 9), (6, 9))
    path, inference = written(tmp_path, networks.several()), Counting(ModelError("of one alone"))
    expect(inference, path, images, named(images), [2, 1, 1])
    expect(inference, path, images, named(images), [2, 1, 1, 1, 1])


def test_a_result_that_is_not_as_many_is_none():
    assert apart(np.zeros((1, 3, 4, 4)), 2) is None
    assert apart(np.float32(0), 2) is None
    assert [part.shape for part in apart(np.zeros((2, 3)), 2)] == [(1, 3), (1, 3)]


def test_several_that_are_too_much_for_the_memory_are_run_one_by_one(tmp_path):
    images = pictures((6, 9), (6, 9))
    path = written(tmp_path, networks.several())
    expect(Counting(OutOfMemory("no room")), path, images, named(images), [2, 1, 1])


def test_a_fault_of_one_picture_is_told(tmp_path):
    images = pictures((6, 9), (6, 9))
    inputs = named(images)
    inputs[1]["mask"] = np.zeros((2, 2), np.float32)
    with pytest.raises(ModelError, match=r"network.onnx is given a mask of 2 × 2, not 6 × 9"):
        Inference().run_each(written(tmp_path, networks.several()), images, inputs, "cpu")


def test_it_can_be_cancelled_between_two_runs(tmp_path):
    path, images = written(tmp_path, networks.several(count=1)), pictures((6, 9), (6, 9))

    class Stopped(Counting):
        def call(self, *given):
            made = super().call(*given)
            stopping = threading.Thread(target=self.terminate)
            stopping.start()
            stopping.join()
            return made

    inference = Stopped()
    with pytest.raises(Cancelled):
        inference.run_each(path, images, named(images), "cpu")
    assert inference.runs == [1]


def test_what_tells_something_of_pictures_tells_it_of_each(tmp_path):
    path, images = written(tmp_path, networks.means("count")), pictures((6, 9), (6, 9), (4, 4))
    inference = Counting()
    told = inference.describe_each(path, images, [{}] * 3, "cpu")
    assert inference.runs == [2, 1]
    assert [item.shape for item in told] == [(1, 3)] * 3
    for item, image in zip(told, images, strict=True):
        assert np.allclose(item[0], image.mean((0, 1)), atol=1e-6)


def test_a_watched_network_is_given_one_picture_at_a_time(tmp_path):
    path, images = written(tmp_path, networks.several()), pictures((6, 9), (6, 9))
    watch = NetworkWatch("network.onnx", "a")
    try:
        watch.run_each(path, images, named(images), "cpu")
        assert watch.values is not None
    finally:
        watch.close()


class Doubling(api.Job):
    """A job that knows ``run`` and ``describe`` alone, as those of plugins' tests do."""

    def run(self, model, image, **inputs):
        return image * inputs["gain"]

    def describe(self, model, image, **inputs):
        return np.array([inputs["gain"]])

    def progress(self, fraction, words=""):
        pass

    def check(self):
        pass


def test_every_job_runs_each():
    images = pictures((2, 3), (4, 5))
    made = Doubling().run_each("a.onnx", images, gain=[2, 3])
    assert np.array_equal(made[0], images[0] * 2)
    assert np.array_equal(made[1], images[1] * 3)
    assert Doubling().describe_each("a.onnx", [None, None], gain=[2, 3]) == [[2], [3]]
    with pytest.raises(ValueError, match="gain is 1 inputs for 2 images"):
        Doubling().run_each("a.onnx", images, gain=[2])


@pytest.fixture
def turned(tmp_path):
    """A folder with a plugin that hands the turns of a piece to its network together."""
    folder = install(tmp_path, "safelight_turned")
    (folder / "blurs.onnx").write_bytes(networks.blurring("count"))
    return folder


def test_a_filter_hands_the_turns_of_each_piece_to_its_network(turned):
    document = Document.from_raster(Raster.from_array(pictures((300, 210))[0]))
    pool, made, heard = Pool(plugin_folders=[turned]), {}, []
    try:
        found = {item.name: item for item in Catalog(pool, str, lambda text: None).filters()}
        for each in (True, False):
            settings = {"each": each}
            job = Job(
                pool, found["turned"], settings, document, device="cpu", listener=heard.append
            )
            outcome = job.wait(180)
            assert isinstance(outcome, JobFinished), outcome
            made[each] = outcome.raster.to_array()
    finally:
        pool.close()
    assert sum(isinstance(event, JobPiece) for event in heard) > 4
    assert np.abs(made[True] - made[False]).max() < 1e-6
    assert np.abs(made[True] - document.layers[0].raster.to_array()).max() > 0.05


def test_such_a_filter_keeps_the_promises_of_its_kind(turned, monkeypatch):
    monkeypatch.syspath_prepend(turned)
    filter, inference = importlib.import_module("safelight_turned").turned, Counting()
    for promise in ("tiles", "deterministic", "cancel"):
        assert promise in promises.PROMISES
        assert complaint(promise, filter, inference) == ""
    assert 4 in inference.runs
