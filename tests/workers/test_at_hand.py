"""A worker that begins behind its imports is in all else one that starts from nothing."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from safelight.workers import worker_process
from safelight.workers.conversation import Conversation
from safelight.workers.plugin_environment import Environment
from safelight.workers.wire.messages import Describe, Described
from safelight.workers.worker_process import WorkerDied, WorkerProcess

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="copies of a process, as on Linux")


@pytest.fixture
def behind_imports(monkeypatch, at_hand):
    monkeypatch.setattr(worker_process, "_spawn", at_hand.spawn)


def said(environment=None):
    """What a worker answers, writes, is and has open, and how it ends."""
    worker = WorkerProcess(4 << 30, (), environment)
    try:
        worker.await_ready()
        assert os.getsid(worker.pid) == worker.pid
        answer = replace(Conversation(worker, 300).ask(Describe(), Described), job=0)
        is_open = len(os.listdir(f"/proc/{worker.pid}/fd"))
        limits = Path(f"/proc/{worker.pid}/limits").read_text()
        nice = os.getpriority(os.PRIO_PROCESS, worker.pid)
    finally:
        worker.kill()
    assert not worker.alive
    return answer, worker.errors(), is_open, limits, nice, worker._how_it_ended()


def confined(tmp_path):
    (tmp_path / "library").mkdir()
    return Environment("stranger", tmp_path / "library", tmp_path / "scratch")


@pytest.mark.parametrize("stranger", [False, True])
def test_it_says_and_is_what_one_from_nothing_says_and_is(stranger, at_hand, tmp_path, monkeypatch):
    environment = confined(tmp_path) if stranger else None
    monkeypatch.setattr(worker_process, "_spawn", at_hand.from_nothing)
    expected = said(environment)
    monkeypatch.setattr(worker_process, "_spawn", at_hand.spawn)
    assert said(environment) == expected


def test_its_chance_is_its_own(behind_imports, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    (library / "drawing.py").write_text(
        "import random, numpy\nraise ValueError((random.random(), numpy.random.random()))\n"
    )
    about = library / "drawing-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: drawing\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[safelight]\ndrawing = drawing\n")
    environment = Environment("drawing", library, tmp_path / "scratch")
    drawn = [said(environment)[0].failures for _ in range(2)]
    assert "ValueError" in drawn[0][0]["reason"]
    assert drawn[0] != drawn[1]


def test_of_two_versions_of_a_package_it_has_the_plugins(behind_imports, tmp_path):
    environment = confined(tmp_path)
    (environment.library / "pluggy.py").write_text("raise SystemExit(7)")
    worker = WorkerProcess(4 << 30, (), environment)
    with pytest.raises(WorkerDied, match="exit code 7"):
        worker.await_ready()
