"""What a stranger made is measured and removed, however deep it is and whatever its rights are."""

import os
import sys
import tempfile

import pytest

from safelight.workers.confinement import scratch_folder
from safelight.workers.confinement.scratch_folder import Scratch, overflow, remove, remove_left

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="about Linux")


def nested(folder, depth):
    """Folders in one another, a file in each; deeper than a path may be long."""
    place = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("folder", dir_fd=place)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=place))
        inner = os.open("folder", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)


def test_1500_folders_in_one_another_are_removed_and_nothing_that_a_link_names(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "photograph").write_text("mine")
    place = tmp_path / "0-left"  # of a process that is no more
    place.mkdir()
    (place / "link").symlink_to(kept)
    nested(place, 1500)
    (place / "shut").mkdir()
    (place / "shut" / "in").mkdir()
    os.chmod(place / "shut" / "in", 0)
    os.chmod(place / "shut", 0)
    remove_left(tmp_path / "no such folder")
    remove(place)
    assert os.listdir(tmp_path) == ["kept"]
    assert (kept / "photograph").read_text() == "mine"


def test_more_than_anybody_needs_is_removed_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch_folder, "_MOST_REMOVED", 20)
    place = tmp_path / "many"
    place.mkdir()
    nested(place, 15)
    remove(place)
    assert place.exists()
    for _ in range(4):
        remove(place)
    assert not place.exists()


def test_what_is_deep_unreadable_or_removed_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch_folder, "LIMIT", 1 << 20)
    place = Scratch(tmp_path)
    assert not place.overflows(os.getpid())
    with tempfile.TemporaryFile(dir=place.folder) as file:
        os.posix_fallocate(file.fileno(), 0, 2 << 20)
        assert place.overflows(os.getpid())
        assert not place.overflows()
    assert not place.overflows(os.getpid())
    nested(place.folder, 40)
    assert place.overflows()
    place.remove()
    assert not place.folder.exists()


def test_a_folder_that_nobody_may_look_into_counts_as_too_much(tmp_path, monkeypatch):
    (tmp_path / "shut").mkdir()
    real = os.scandir

    def scandir(place):
        if os.fspath(place).endswith("shut"):  # as an ordinary user sees it; root sees all
            raise PermissionError
        return real(place)

    assert not overflow([tmp_path])
    monkeypatch.setattr(os, "scandir", scandir)
    assert overflow([tmp_path])
