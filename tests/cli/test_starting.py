"""The process that decodes pictures starts while the command line is still being imported."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

_TRACED = """
import sys
from safelight.workers.worker_pool import WorkerProcess
start = WorkerProcess.__init__

def traced(self, *given):
    heavy = {"safelight.files", "safelight.document", "PIL"}
    late = heavy & set(sys.modules)
    start(self, *given)
    print(self.pid, *late, file=sys.stderr)

WorkerProcess.__init__ = traced
from safelight.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(np.zeros((6, 8, 3), np.uint8)).save(path)
    return path


def started(cache, *words):
    """The processes that a command starts: their number, and what was imported by then."""
    environment = os.environ | {"XDG_CACHE_HOME": str(cache), "QT_QPA_PLATFORM": "none"}
    environment.pop("DISPLAY", None)
    environment.pop("WAYLAND_DISPLAY", None)
    result = subprocess.run(
        [sys.executable, "-c", _TRACED, *map(str, words)],
        **{"capture_output": True, "text": True, "env": environment, "timeout": 300},
    )
    lines = [line.split() for line in result.stderr.splitlines()]
    return [words for words in lines if words and words[0].isdecimal()]


def test_the_decoder_starts_before_what_opens_the_picture_is_imported(photo, tmp_path):
    ((_, *late),) = started(tmp_path / "cache", "info", photo)
    assert late == []


@pytest.mark.parametrize("words", [["filters", "--help"], ["info", "--help"], ["commands"]])
def test_what_opens_no_picture_starts_no_decoder(words, tmp_path):
    assert started(tmp_path / "cache", *words) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
@pytest.mark.parametrize("name", ["photo.png", "missing.png"])
def test_a_finished_command_leaves_no_process_and_no_folder_behind(name, photo, tmp_path):
    ((pid, *_),) = started(tmp_path / "cache", "info", tmp_path / name)
    deadline = time.monotonic() + 120
    while Path("/proc", pid).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path("/proc", pid).exists()
    assert list((tmp_path / "cache" / "safelight" / "decoding").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
def test_a_window_that_cannot_open_starts_no_decoder(photo, tmp_path):
    assert started(tmp_path / "cache", photo) == []


def test_every_command_and_the_window_are_where_they_are_looked_for():
    from safelight.cli import model_commands, plugin_commands
    from safelight.cli.command_parser import Parser
    from safelight.cli.main import COMMANDS, understood

    for words in ([], ["photo.jpg"]):
        assert callable(understood(words)[0])
    for table in (COMMANDS, plugin_commands.COMMANDS, model_commands.COMMANDS):
        for name, command in table.items():
            assert callable(command.declare(name, Parser(prog=name)))
