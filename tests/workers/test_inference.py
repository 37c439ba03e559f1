"""Inference: tiled equals whole, devices are proven, nothing is reported home."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from safelight.api import Region
from safelight.document import Document
from safelight.pixels import Raster
from safelight.workers.conversation import Conversation
from safelight.workers.far.inference import Inference
from safelight.workers.far.network_contract import Contract, ModelError
from safelight.workers.far.network_feeds import plain_inputs as _others
from safelight.workers.job_events import JobFinished, JobPiece
from safelight.workers.onnx_file import described
from safelight.workers.pieces import Plan, cut
from safelight.workers.wire import messages
from tests.attack import times
from tests.workers import networks

MODELS = Path(find_spec("safelight_enlarge").origin).parent


@pytest.fixture(scope="module")
def inference():
    return Inference()


def texture(height, width):
    random = np.random.default_rng(5)
    rows = np.linspace(0, 9, height, dtype=np.float32)[:, None, None]
    columns = np.linspace(0, 7, width, dtype=np.float32)[None, :, None]
    waves = 0.5 + 0.4 * np.sin(rows * columns + np.arange(3, dtype=np.float32))
    return (waves + random.normal(0, 0.05, (height, width, 3))).astype(np.float32)


@pytest.mark.attack
@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize(
    "size", [(1, 1), (1, times(4000, 900)), times((329, 331), (249, 231)), (3, 2), (130, 477)]
)
def test_a_tiled_run_equals_the_whole_image_run(inference, factor, size):
    path = MODELS / f"fast_faithful_x{factor}.onnx"
    image = texture(*size)
    contract = inference.contract(path)
    whole = inference.run(path, image, {}, "cpu")
    plan = Plan(contract.reach, contract.multiple, contract.scale, 100)
    region = Region(0, 0, size[1], size[0])
    tiled = np.zeros_like(whole)
    pieces = cut(region, region, plan)
    for piece in pieces:
        window, keep = piece.window, piece.keep
        result = inference.run(path, image[window.rows(), window.columns()], {}, "cpu")
        inner = keep.move(-window.x, -window.y).scale(factor)
        place = keep.scale(factor)
        tiled[place.rows(), place.columns()] = result[inner.rows(), inner.columns()]
    assert whole.shape == (size[0] * factor, size[1] * factor, 3)
    assert np.abs(tiled - whole).max() <= 1e-3
    if min(size) > 1 and max(size) > 300:  # a strip of few pixels is one long piece
        assert len(pieces) > 1


def test_a_job_equals_the_whole_image_run(inference, start):
    image = texture(449, 451)
    document = Document.from_raster(Raster.from_array(image.copy()))
    job = start("enlarge", document, {"factor": 2}, device="cpu")
    result = job.wait(180).raster.to_array()
    whole = inference.run(MODELS / "fast_faithful_x2.onnx", image, {}, "cpu")
    assert np.abs(result - whole).max() <= 1e-3


def test_a_job_that_shares_the_processor_says_so_with_every_question_and_has_the_same_result(
    inference, start, monkeypatch
):
    image = texture(90, 120)
    document = Document.from_raster(Raster.from_array(image.copy()))
    asked, say = [], Conversation.say

    def overheard(conversation, question):
        asked.append(question)
        say(conversation, question)

    monkeypatch.setattr(Conversation, "say", overheard)
    job = start("denoise", document, {}, device="cpu", threads=lambda: 1)
    shared = job.wait(180).raster.to_array()
    assert [(type(question), question.threads) for question in asked] == [
        (messages.MakePlan, 1),
        (messages.Prepare, 1),
        (messages.Run, 1),
    ]
    assert np.array_equal(
        start("denoise", document, {}, device="cpu").wait(180).raster.to_array(), shared
    )
    path = MODELS / "fast_faithful_x2.onnx"
    made = [inference.run(path, image, {}, "cpu", threads) for threads in (1, 3)]
    assert np.array_equal(*made)
    sessions = [inference.session(path, "cpu", threads) for threads in (1, 3)]
    assert [item.get_session_options().intra_op_num_threads for item in sessions] == [1, 3]


@pytest.mark.skipif(sys.platform != "linux", reason="counts what Linux counts")
def test_a_picture_as_large_as_the_one_before_finds_its_memory_there(inference):
    import resource

    path, image = MODELS / "photo_faithful_x2.onnx", texture(96, 96)
    inference.contract(path, 1)
    touched = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
        inference.run(path, image, {}, "cpu", 1)
        touched.append(resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before)
    assert max(touched[1:]) < touched[0] / 4


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc")
def test_a_worker_is_started_with_large_pages_for_large_arrays(pool):
    with pool.worker() as worker:
        told = Path(f"/proc/{worker.pid}/environ").read_bytes()
    assert b"GLIBC_TUNABLES=glibc.malloc.hugetlb=1" in told.split(b"\0")


def mosaic(picture):
    """What the network of that name makes of a whole picture: squares of 16, each its mean."""
    height, width = picture.shape[:2]
    padded = np.pad(picture, ((0, -height % 16), (0, -width % 16), (0, 0)), mode="edge")
    squares = padded.reshape(padded.shape[0] // 16, 16, padded.shape[1] // 16, 16, 3)
    return squares.mean((1, 3)).repeat(32, 0).repeat(32, 1)[: 2 * height, : 2 * width]


@pytest.mark.parametrize("size", [(1, 1), (5, 1200), (16, 16), (17, 33), (300, 215), (95, 640)])
def test_a_network_with_a_grid_sees_the_same_squares_in_every_piece(start, size):
    image = np.clip(texture(*size), 0, 1)  # what lies beyond a network is not shown
    document = Document.from_raster(Raster.from_array(image.copy()))
    pieces = []

    def hear(event):
        if isinstance(event, JobPiece):
            pieces.append(event)

    outcome = start("mosaic", document, listener=hear).wait(180)
    assert isinstance(outcome, JobFinished), outcome
    result = outcome.raster.to_array()
    assert np.abs(result - mosaic(image)).max() < 1e-5
    assert len(pieces) > 1 or max(size) < 100
    height, width = size
    region = Region(width // 3, height // 4, max(width // 2, 1), max(height // 3, 1))
    part = start("mosaic", document, region=region).wait(180).raster.to_array()
    place = region.scale(2)
    assert np.abs(part - mosaic(image)[place.rows(), place.columns()]).max() < 1e-5


def test_a_model_file_explains_itself(inference):
    for factor in (2, 4):
        contract = inference.contract(MODELS / f"fast_faithful_x{factor}.onnx")
        assert contract.scale == factor
        assert 1 <= contract.reach <= 64
        assert contract.licence
        assert contract.training_data


def test_a_model_without_a_contract_is_refused():
    with pytest.raises(ModelError, match="does not explain itself"):
        Contract.read({}, "a.onnx", "")
    with pytest.raises(ModelError, match="does not say its reach"):
        Contract.read({"safelight.contract": "1", "safelight.scale": "2"}, "a.onnx", "")


@pytest.mark.parametrize("text", ["-1", "many", "1e3", "99999999999"])
def test_a_contract_of_no_sense_is_refused(text):
    properties = {"safelight.contract": "1", "safelight.reach": text}
    with pytest.raises(ModelError):
        Contract.read(properties, "a.onnx", "")


def test_missing_and_damaged_models_are_named(inference, tmp_path):
    with pytest.raises(ModelError, match="nowhere.onnx is missing"):
        inference.contract(tmp_path / "nowhere.onnx")
    whole = (MODELS / "fast_faithful_x2.onnx").read_bytes()
    for name, content in (("empty", b""), ("cut", whole[: len(whole) // 2]), ("noise", b"x" * 99)):
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(content)
        with pytest.raises(ModelError, match=f"{name}.onnx"):
            inference.contract(path)


def test_the_device_is_what_a_session_proves(inference):
    device = inference.device("auto", MODELS / "fast_faithful_x2.onnx")
    assert device.name in ("cpu", "cuda")
    if device.name == "cpu":
        assert device.reason, "it says why not the better one"
        assert device.label.startswith("CPU · ")


def test_a_trial_of_a_device_feeds_further_numbers_too(tmp_path):
    path = tmp_path / "some.onnx"
    stated = {"safelight.contract": "1", "safelight.reach": "2"}
    path.write_bytes(described_as(networks.with_strength(), stated, tmp_path))
    inference = Inference()
    numbers = _others(inference.session(path, "cpu"), inference.contract(path))
    assert {name: value.shape for name, value in numbers.items()} == {"noise.level": (1,)}
    assert inference.run(path, texture(20, 30), numbers, "cpu").shape == (20, 30, 3)


def test_what_tells_something_of_a_picture_is_answered_as_it_is(tmp_path):
    path, picture = tmp_path / "means.onnx", np.clip(texture(20, 30), 0, 1)
    path.write_bytes(networks.means())
    told = Inference().describe(path, picture, {}, "cpu")
    assert told.shape == (1, 3)
    assert np.allclose(told[0], picture.mean((0, 1)), atol=1e-5)
    with pytest.raises(ModelError, match="gave a result of shape"):
        Inference().run(path, picture, {}, "cpu")


def described_as(content, properties, folder):
    (folder / "bare.onnx").write_bytes(content)
    return described(folder / "bare.onnx", properties)


def test_a_run_reports_nothing_home(tmp_path):
    script = (
        "import numpy as np; from pathlib import Path;"
        "from safelight.workers.far.inference import Inference;"
        f"Inference().run(Path({str(MODELS / 'fast_faithful_x2.onnx')!r}),"
        "np.zeros((8, 8, 3), np.float32), {}, 'cpu')"
    )
    environment = os.environ | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / ".cache")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)  # Safelight has to see to it by itself
    subprocess.run([sys.executable, "-c", script], env=environment, check=True, timeout=300)
    assert not list(tmp_path.rglob("Microsoft")), "the runtime left its telemetry files"


def test_a_worker_reports_nothing_home(tmp_path, monkeypatch):
    from safelight.workers.job import Job
    from safelight.workers.worker_pool import Pool

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    from safelight.workers.catalog import Catalog

    pool = Pool()
    try:
        filters = {f.name: f for f in Catalog(pool, str, lambda text: None).filters()}
        document = Document.from_raster(Raster.from_array(np.zeros((20, 20, 3), np.uint8)))
        job = Job(pool, filters["enlarge"], {"factor": 2}, document)
        assert job.wait(180).raster.width == 40
    finally:
        pool.close()
    assert not list(tmp_path.rglob("Microsoft"))
