"""What is said where nothing, or not everything, holds a stranger's plugin back."""

import sys

import pytest

from safelight.workers.confinement import bubblewrap, sandbox

linux = pytest.mark.skipif(sys.platform != "linux", reason="about Linux")


@linux
def test_without_landlock_and_bubblewrap_files_are_in_reach_and_that_is_said(monkeypatch):
    monkeypatch.setattr(sandbox, "landlock_version", lambda: 0)
    monkeypatch.setattr(bubblewrap, "usable", lambda: False)
    found = sandbox.available()
    assert not found.complete
    assert found.network
    assert found.sentence() == (
        "Plugins can read and change your files here, because this kernel has no Landlock (Linux"
        " 5.13 or newer has) and bubblewrap is not installed."
    )
    assert sandbox.wrapping([], []) == []


@linux
def test_bubblewrap_takes_the_place_of_landlock(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "landlock_version", lambda: 0)
    monkeypatch.setattr(bubblewrap, "usable", lambda: True)
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: "/usr/bin/bwrap")
    assert sandbox.available().complete
    words = sandbox.wrapping([tmp_path / "code"], [tmp_path / "scratch"])
    assert words[0] == "/usr/bin/bwrap"
    assert "--unshare-all" in words
    code, scratch = str(tmp_path / "code"), str(tmp_path / "scratch")
    assert words[words.index(code) - 1] == "--ro-bind-try"
    assert words[words.index(scratch) - 1] == "--bind"
    assert words[-1] == "--"


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_another_system_is_honest(monkeypatch, system):
    monkeypatch.setattr(sandbox.sys, "platform", system)
    found = sandbox.available()
    assert not found.network
    assert found.sentence().startswith("Plugins run with all that you may do here, because")


def test_an_unknown_machine_is_honest(monkeypatch):
    monkeypatch.setattr(sandbox.platform, "machine", lambda: "riscv64")
    assert not sandbox.available().network
