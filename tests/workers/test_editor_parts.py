"""Confined, one reads what the editor is made of, and nothing that only the environment names."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from safelight.workers.confinement import sandbox
from safelight.workers.conversation import Conversation
from safelight.workers.wire.messages import Describe, Described
from safelight.workers.worker_pool import Pool

CHECKOUT = Path(__file__).parents[2]

LOOK = """
import json, sys, pathlib
from safelight.workers.worker_pool import Pool
from safelight.workers.plugin_environment import Environment
from safelight.workers.conversation import Conversation
from safelight.workers.wire.messages import Describe, Described

pool = Pool(limit=1, environment=Environment("looking", pathlib.Path(sys.argv[1]),
                                             pathlib.Path(sys.argv[2])))
with pool.worker() as worker:
    told = Conversation(worker, 300).ask(Describe(), Described)
pool.close()
print(json.dumps(told.failures[0]["reason"]))
"""

LOOKING = """
import os, pathlib, safelight_exemplar

def tried(look):
    try:
        return repr(look())
    except OSError as error:
        return type(error).__name__

raise ValueError("; ".join([
    tried(lambda: pathlib.Path({secret!r}).read_text()),
    tried(lambda: os.listdir({home!r})),
]))
"""


@pytest.mark.skipif(not sandbox.available().complete, reason=sandbox.available().reason)
@pytest.mark.parametrize("how", ["started inside it", "PYTHONPATH"])
def test_a_home_folder_that_python_imports_from_cannot_be_read(how, tmp_path):
    home, library = tmp_path / "home", tmp_path / "library"
    home.mkdir()
    (home / "secret").write_text("the combination is 1234")
    (home / "look.py").write_text(LOOK)
    about = library / "looking-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: looking\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[safelight]\nlooking = looking\n")
    code = LOOKING.format(secret=str(home / "secret"), home=str(home))
    (library / "looking.py").write_text(code)
    named = {"PYTHONPATH": str(home)} if how == "PYTHONPATH" else {}
    run = subprocess.run(
        [sys.executable, "-m", "look", str(library), str(tmp_path / "scratch")],
        cwd=tmp_path if named else home,
        env=os.environ | named,
        capture_output=True,
        text=True,
        check=True,
    )
    # The plugin was loaded, with a package of the editor's own from its sources.
    words = json.loads(run.stdout).removeprefix("ValueError: ").split("; ")
    assert len(words) == 2
    assert set(words) <= {"PermissionError", "FileNotFoundError"}


BUILT_IN = """
import os, pathlib, socket

def tried(deed):
    try:
        deed()
    except OSError as error:
        return type(error).__name__
    return "done"

raise ValueError(" ".join([
    tried(lambda: pathlib.Path({secret!r}).read_text()),
    tried(lambda: pathlib.Path({secret!r}).write_text("")),
    tried(lambda: os.listdir(pathlib.Path.home())),
    tried(lambda: socket.socket()),
    tried(lambda: pathlib.Path(__file__).write_text("")),
    tried(lambda: os.fork()),
    tried(lambda: pathlib.Path(os.environ["NUMBA_CACHE_DIR"], "kernel").write_text("")),
]))
"""


@pytest.mark.skipif(not sandbox.available().complete, reason=sandbox.available().reason)
def test_the_built_in_plugins_reach_neither_the_users_files_nor_the_network(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    secret, library = tmp_path / "secret", tmp_path / "library"
    secret.write_text("the combination is 1234")
    about = library / "looking-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: looking\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[safelight]\nlooking = looking\n")
    (library / "looking.py").write_text(BUILT_IN.format(secret=str(secret)))
    pool = Pool(limit=1, plugin_folders=[library])
    try:
        with pool.worker() as worker:
            told = Conversation(worker, 300).ask(Describe(), Described)
    finally:
        pool.close()
    (failure,) = told.failures
    words = failure["reason"].removeprefix("ValueError: ").split()
    done = [word == "done" for word in words]
    assert done == [False, False, True, False, False, False, True]
    assert {*words} <= {"done", "PermissionError", "FileNotFoundError", "OSError"}
    assert len({item["id"].split(".")[0] for item in told.filters}) > 5  # all of the editor's own
    assert not list((tmp_path / "cache" / "safelight" / "working").iterdir())
