"""Folders: where users' files lie, on each platform, is where earlier versions have put them."""

import sys
from pathlib import Path

import platformdirs
import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix
from platformdirs.windows import Windows

from safelight import folders

HOME = Path("/home/ada")
LIBRARY = HOME / "Library"

WHERE = {
    "linux": (
        HOME / ".cache" / "safelight",
        HOME / ".local" / "share" / "safelight",
        HOME / ".local" / "state" / "safelight",
    ),
    "darwin": (
        LIBRARY / "Caches" / "Safelight",
        LIBRARY / "Application Support" / "Safelight" / "Data",
        LIBRARY / "Application Support" / "Safelight",
    ),
    "win32": tuple(HOME / "Local" / "Safelight" / part for part in ("Cache", "Data", "State")),
}
"""Caches, data and state, as version 0.1 had them."""


@pytest.fixture
def on(monkeypatch):
    """Have the folders be those of a platform and of a home folder."""

    def on(platform, home=HOME):
        kinds = {"linux": Unix, "darwin": MacOS, "win32": Windows}
        monkeypatch.setattr(sys, "platform", platform)
        monkeypatch.setattr(folders, "PlatformDirs", kinds[platform])
        monkeypatch.setattr(
            platformdirs.windows, "_RESOLVE_WIN_FOLDER", lambda name: str(home / "Local")
        )
        monkeypatch.setenv("HOME", str(home))
        for name in ("CACHE", "DATA", "STATE"):
            monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)

    return on


def found():
    return folders.cache_folder(), folders.data_folder(), folders.state_folder()


@pytest.mark.skipif(sys.platform == "win32", reason="paths of POSIX are compared")
@pytest.mark.parametrize("platform", WHERE)
def test_files_lie_where_earlier_versions_have_put_them(on, platform):
    on(platform)
    assert found() == WHERE[platform]


def test_folders_follow_the_environment(on, monkeypatch, tmp_path):
    on("linux")
    for name in ("CACHE", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    assert found() == tuple(tmp_path / name / "safelight" for name in ("CACHE", "DATA", "STATE"))
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")  # the specification has it ignored
    assert folders.cache_folder() == WHERE["linux"][0]


def test_files_that_lie_in_a_library_of_macos_are_found_whatever_the_environment_says(
    on, monkeypatch, tmp_path
):
    on("darwin", tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert folders.data_folder() == tmp_path / "share" / "Safelight" / "Data"
    before = tmp_path / "Library" / "Application Support" / "Safelight" / "Data"
    before.mkdir(parents=True)
    assert folders.data_folder() == before
    (tmp_path / "share" / "Safelight" / "Data").mkdir(parents=True)
    assert folders.data_folder() == tmp_path / "share" / "Safelight" / "Data"
