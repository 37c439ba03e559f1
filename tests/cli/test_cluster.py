"""``safelight run --cluster``: a scheduler and workers in processes of their own, which die."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight import actions
from safelight.actions.batch import cluster_order
from safelight.actions.batch.batch_journal import BatchError, Journal
from safelight.actions.batch.cluster_order import carried_out, read_report, written_order
from safelight.actions.batch.run_batch import Batch, Order
from safelight.actions.recipes import Recipe, Step
from safelight.cli.main import main
from safelight.files import FileExists

cluster_work = pytest.importorskip("safelight.actions.batch.cluster_work")

FLIP = Step("command", "flip", {"axis": "horizontal"})
LIGHTER = Step("filter", "safelight_adjust.exposure", {"stops": 1.0})
COUNT = 12


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def photographs(folder, count=COUNT, larger=1):
    folder.mkdir()
    for number in range(count):
        pixels = np.full((6, 8, 3), 10 + number, np.uint8)
        pixels[:, :4] = 200
        pixels = np.kron(pixels, np.ones((larger, larger, 1), np.uint8))
        Image.fromarray(pixels).save(folder / f"{number:03}.png")
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """What Dask's configuration says of TLS, in the environment, with certificates of a minute."""
    from distributed.security import Security

    made = Security.temporary()
    folder = tmp_path_factory.mktemp("tls")
    found = {"DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True"}
    names = {"CA_FILE": made.tls_ca_file}
    for role in ("client", "worker", "scheduler"):
        names[f"{role.upper()}__CERT"] = getattr(made, f"tls_{role}_cert")
        names[f"{role.upper()}__KEY"] = getattr(made, f"tls_{role}_key")
    for name, text in names.items():
        path = folder / f"{name}.pem"
        path.write_text(text)
        found[f"DASK_DISTRIBUTED__COMM__TLS__{name}"] = str(path)
    return found


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def dask(certificates, tmp_path, monkeypatch):
    """A scheduler under TLS and two workers of one thread: address, and the processes."""
    import dask

    for name, value in certificates.items():
        monkeypatch.setenv(name, value)
    dask.config.refresh()
    address = f"tls://127.0.0.1:{free_port()}"
    started = []

    def start(*words):
        with (tmp_path / f"{len(started)}.log").open("w") as log:
            command = [sys.executable, "-m", "dask", *words]
            started.append(subprocess.Popen(command, stderr=log, stdout=log, cwd=tmp_path))

    quiet = ["--no-dashboard", "--host"]
    start(
        "scheduler", "--protocol", "tls", "--port", address.rpartition(":")[2], *quiet, "127.0.0.1"
    )
    for _ in range(2):
        start("worker", address, "--nthreads", "1", "--no-nanny", *quiet, "127.0.0.1")
    yield address, started
    for process in started:
        process.kill()
        process.wait()
    monkeypatch.undo()
    dask.config.refresh()


def connected(address):
    deadline = time.monotonic() + 60
    while True:
        try:
            with cluster_work.Cluster(address, patience=60) as found:
                if found.at_once == 4:
                    return
        except BatchError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)


def test_a_cluster_whose_worker_dies_half_way_writes_each_file_once_and_whole(
    dask, tmp_path, monkeypatch, capsys
):
    address, (_, first, _) = dask
    sources = photographs(tmp_path / "in", larger=150)  # each takes a moment
    recipe = tmp_path / "r.json"
    recipe.write_text(Recipe((FLIP, LIGHTER)).to_json())
    out = tmp_path / "out"
    words = ["run", str(recipe), str(tmp_path / "in"), "--output-dir", str(out), "--json"]
    connected(address)
    heard, finished = threading.Event(), {}
    ended = Journal.ended

    def hear(
        journal, source, state
    ):  # a worker stops with what it has; the other does what is left
        ended(journal, source, state)
        finished[source] = time.monotonic()
        if not heard.is_set():
            first.send_signal(signal.SIGSTOP)
            heard.set()

    def kill():
        heard.wait(60)
        while time.monotonic() - max(finished.values()) < 1.5:
            time.sleep(0.1)
        before.update({path.name: path.stat().st_mtime_ns for path in out.iterdir()})
        first.kill()

    before = {}
    monkeypatch.setattr(Journal, "ended", hear)
    killer = threading.Thread(target=kill)
    killer.start()
    assert main([*words, "--cluster", address]) == 0
    killer.join()
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(item["number"] for item in told) == list(range(1, COUNT + 1))
    assert {item["state"] for item in told} == {"done"}
    assert 0 < len(before) < COUNT  # the worker that died had files
    after = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    assert before.items() <= after.items()
    assert (
        main(["run", str(recipe), str(tmp_path / "in"), "--output-dir", str(tmp_path / "b")]) == 0
    )
    for source in sources:
        assert (out / source.name).read_bytes() == (tmp_path / "b" / source.name).read_bytes()


def test_a_scheduler_that_dies_ends_a_batch_with_a_sentence_and_the_batch_is_resumed(
    dask, tmp_path, monkeypatch, capsys
):
    address, (scheduler, *_) = dask
    photographs(tmp_path / "in")
    recipe = tmp_path / "r.json"
    recipe.write_text(Recipe((FLIP,)).to_json())
    words = ["run", str(recipe), str(tmp_path / "in"), "--output-dir", str(tmp_path / "out")]
    connected(address)
    ended = Journal.ended

    def hear(journal, source, state):
        scheduler.kill()
        ended(journal, source, state)

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "ended", hear)
        assert main([*words, "--cluster", address]) == 1
    assert f"The scheduler at {address} is gone; the batch has stopped" in capsys.readouterr().err
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert before
    assert main([*words, "--resume"]) == 0
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert len(after) == COUNT
    assert before.items() <= after.items()


def test_an_address_where_nobody_answers_is_told():
    with pytest.raises(BatchError, match="No scheduler answers"):
        cluster_work.Cluster(f"127.0.0.1:{free_port()}", patience=0.2)


def test_what_comes_to_a_free_name_after_a_batch_has_begun_counts_as_written(tmp_path):
    """As a worker's does that outlives its scheduler; what was there before is never replaced."""
    first, second = photographs(tmp_path / "in", 2)
    out = tmp_path / "out"
    order = Order(Recipe((FLIP,)), out)
    late = []

    def work(order, number, source, path, stop, at_once):
        if not late:
            late.append(path(None))
            path(None).write_bytes(b"whole")
        raise FileExists(str(path(None)))

    out.mkdir()
    (out / second.name).write_bytes(b"of another")
    found = {item.number: item.state for item in Batch(order, [first, second], work)}
    assert found == {1: "there", 2: "failed"}


@pytest.fixture
def order(tmp_path, monkeypatch):
    """An order for one file, its target, and the machine that it is for: this process."""
    (source,) = photographs(tmp_path / "in", 1)
    with actions.Studio() as studio:
        monkeypatch.setattr(cluster_order, "_studio", lambda device: studio)
        given = Order(Recipe((FLIP, LIGHTER)), tmp_path)
        odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png"))
        yield written_order(given, studio, 1, source, odd), odd


def test_a_file_is_not_written_again_for_an_order_whose_report_was_lost(order):
    text, target = order
    first = read_report(carried_out(text))
    before = target.stat()
    assert read_report(carried_out(text)) == first
    assert (first.path, first.bytes, first.width, first.height) == (target, before.st_size, 8, 6)
    after = target.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data["code"].update({"safelight-adjust": "0"}), "another safelight-adjust;"),
        (lambda data: data["code"].update({"gone/a.onnx": "0"}), "no network a.onnx of gone"),
        (lambda data: data["code"].update({"safelight": "0"}), "another safelight;"),
        (lambda data: data.update(sha256="0"), "recipe that reached the worker is another"),
        (lambda data: data["masks"].update({b"/gone.png".hex(): "0"}), "folders have to be shared"),
        (lambda data: data.update(form=cluster_order.FORM + 1), "another version"),
        (lambda data: data.update(source="x"), "cannot read the order"),
    ],
)
def test_a_worker_refuses_what_it_has_otherwise(order, change, reason):
    text, target = order
    data = json.loads(text)
    change(data)
    with pytest.raises(cluster_order.Refused, match=reason):
        read_report(carried_out(json.dumps(data)))
    assert not target.exists()


@pytest.mark.parametrize(
    ("address", "encrypted", "taken"),
    [
        ("localhost:8786", False, "tcp://localhost:8786"),
        ("tcp://[::1]:8786", False, "tcp://[::1]:8786"),
        ("one:8786", True, "tls://one:8786"),
        ("tls://127.0.0.1:1", False, ""),
        ("tcp://192.168.1.2:8786", True, ""),
        ("tcp://localhost.example:8786", True, ""),
        ("ucx://127.0.0.1:8786", True, ""),
    ],
)
def test_a_cluster_is_on_this_machine_or_under_tls(address, encrypted, taken):
    if taken:
        assert cluster_work.checked_address(address, encrypted=encrypted) == taken
    else:
        with pytest.raises(BatchError, match="TLS"):
            cluster_work.checked_address(address, encrypted=encrypted)
