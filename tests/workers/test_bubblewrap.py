"""What bubblewrap is asked for by everything that is confined, on a kernel without Landlock.

A stand-in takes its place on the PATH, notes what it was given and runs the command after it. So
the lists of arguments are tested where bubblewrap is not; what it makes of them is not.
"""

import json
import sys
from pathlib import Path

import pytest

from safelight.workers import plugin_environment
from safelight.workers.confinement import bubblewrap, sandbox
from safelight.workers.conversation import Conversation
from safelight.workers.plugin_environment import (
    BuiltIns,
    DecoderEnvironment,
    Environment,
    imports,
)
from safelight.workers.wire.messages import Describe, Described
from safelight.workers.worker_pool import Pool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="about Linux")

STAND_IN = """#!{python} -S
import json, os, sys
with open({notes!r}, "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
last = sys.argv.index("--") if "--" in sys.argv else len(sys.argv) - 2
os.execv(sys.argv[last + 1], sys.argv[last + 1 :])
"""

ALWAYS = ["--unshare-all", "--as-pid-1", "--proc", "/proc", "--dev", "/dev"]


@pytest.fixture
def notes(tmp_path, monkeypatch):
    """What bubblewrap was given, a list of words a call, on a kernel without Landlock."""
    program, file = tmp_path / "bin" / "bwrap", tmp_path / "notes"
    program.parent.mkdir()
    program.write_text(STAND_IN.format(python=sys.executable, notes=str(file)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setattr(sandbox, "landlock_version", lambda: 0)
    bubblewrap.usable.cache_clear()
    yield lambda: [json.loads(line) for line in file.read_text().splitlines()]
    bubblewrap.usable.cache_clear()


@pytest.fixture
def places(tmp_path):
    """(code, scratch) of a plugin."""
    code, scratch = tmp_path / "code", tmp_path / "scratch"
    code.mkdir()
    scratch.mkdir()
    return code, scratch


def given(words, option):
    """The paths that an option names, each of which is shown where it is."""
    found = [words[n + 1 : n + 3] for n, word in enumerate(words) if word == option]
    assert all(source == target for source, target in found)
    return [source for source, _ in found]


def asked(command):
    """The words of a command up to the one that separates, without the program."""
    assert Path(command[0]).name == "bwrap"
    words = command[1 : command.index("--")]
    assert words[: len(ALWAYS)] == ALWAYS  # no network, no process of others, a /proc of its own
    return words


def test_whether_it_can_be_used_is_tried_once_with_a_real_command(notes):
    assert bubblewrap.usable()
    assert bubblewrap.usable()
    (tried,) = notes()
    assert tried[: len(ALWAYS)] == ALWAYS
    assert Path(tried[-1]).name == "true"
    assert sandbox.available() == sandbox.Protection(True, True, wrapped=True)


def test_one_that_may_make_no_namespaces_is_not_used(notes, tmp_path):
    (tmp_path / "bin" / "bwrap").write_text("#!/bin/sh\nexit 1\n")
    assert not bubblewrap.usable()
    assert not sandbox.available().files
    assert sandbox.wrapping([], []) == []


def test_a_strangers_plugin_sees_its_code_and_writes_to_its_scratch_folder_alone(notes, places):
    code, scratch = places
    fetched = (("painter.onnx", str(code / "painter.onnx")), ("missing.onnx", ""))
    words = asked(Environment("dusk", code, scratch, fetched=fetched).command(scratch, 0))
    assert given(words, "--bind") == [str(scratch)]
    seen = given(words, "--ro-bind-try")
    assert seen[0] == str(code)
    assert str(code / "painter.onnx") in seen
    assert {sys.executable, str(Path(sys.executable).resolve())} <= set(seen)  # what it starts
    assert not {"/", "/home", "/root", "/tmp", "/etc", "", str(Path.home())} & set(seen)


def test_only_who_may_open_a_graphics_card_is_given_its_devices(
    notes, places, tmp_path, monkeypatch
):
    code, scratch = places
    (tmp_path / "nvidia0").touch()
    monkeypatch.setattr(sandbox, "DEVICES", str(tmp_path / "nvidia*"))
    device = [str(tmp_path / "nvidia0")]
    plugin = asked(Environment("dusk", code, scratch).command(scratch, 0))
    assert given(plugin, "--dev-bind-try") == device
    decoder = DecoderEnvironment("some.module", scratch).command(scratch, 0)
    assert given(asked(decoder), "--dev-bind-try") == []
    built = imports([code], [scratch])["wrapping"]  # builds, and networks under examination
    assert given(asked(built), "--dev-bind-try") == []


def test_a_decoder_reads_kernels_and_the_built_in_plugins_write_them(notes, places, monkeypatch):
    code, scratch = places
    decoder = asked(DecoderEnvironment("some.module", scratch, code).command(scratch, 0))
    assert str(code.resolve()) in given(decoder, "--ro-bind-try")
    assert given(decoder, "--bind") == [str(scratch)]
    kept = {"NUMBA_CACHE_DIR": str(code)}
    monkeypatch.setattr(plugin_environment.kernels, "kept", lambda: kept)
    own = asked(BuiltIns().command(scratch, 0))
    assert given(own, "--bind") == [str(scratch), str(code)]


def test_a_build_writes_to_its_sources_its_result_and_its_scratch_folder(notes, places, tmp_path):
    code, scratch = places
    out = tmp_path / "out"
    out.mkdir()
    words = asked(imports([], [code, out, scratch])["wrapping"])
    assert given(words, "--bind") == [str(code), str(out), str(scratch)]
    assert str(code) not in given(words, "--ro-bind-try")


def test_a_worker_that_is_started_through_it_answers_and_has_its_calls_filtered(notes, places):
    code, scratch = places
    pool = Pool(limit=1, environment=Environment("dusk", code, scratch))
    try:
        with pool.worker() as worker:
            assert Conversation(worker, 60).ask(Describe(), Described).filters == ()
            status = Path(f"/proc/{worker.pid}/status").read_text()
    finally:
        pool.close()
    assert "Seccomp:\t2" in status
    assert notes()[-1][: len(ALWAYS)] == ALWAYS
