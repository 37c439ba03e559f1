"""atomic_write: the old file or the new one, whole, whatever fails."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
import time

import pytest

from safelight.files import FileExists, WriteError, atomic_write
from safelight.files.disk_operations import Operations
from safelight.files.temporary_files import PREFIX
from tests.files.ordinary_user import as_ordinary_user

OLD, NEW = b"old" * 10_000, b"new!" * 600_000


def new(stream):
    stream.write(NEW)


def leftovers(folder):
    return [name for name in os.listdir(folder) if name.startswith(PREFIX)]


class Failing(Operations):
    """Operations of which the n-th raises an error or is fatal; ``calls`` lists those made."""

    def __init__(self, n=None, number=errno.ENOSPC, always=(), fatal=False):
        self.n, self.number, self.always, self.fatal = n, number, always, fatal
        self.calls = []

    def __getattribute__(self, name):
        real = super().__getattribute__(name)
        if name.startswith("_") or not hasattr(Operations, name):
            return real

        def call(*arguments):
            self.calls.append(name)
            fails = len(self.calls) == self.n or name in self.always
            if fails and self.fatal:
                os.kill(os.getpid(), signal.SIGKILL)
            if fails and name == "close":
                real(*arguments)  # Linux closes the descriptor even when it reports an error.
            if fails:
                raise OSError(self.number, os.strerror(self.number))
            return real(*arguments)

        return call


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "picture.bin"
    path.write_bytes(OLD)
    return path


def test_the_file_has_exactly_the_bytes_written(tmp_path):
    path = tmp_path / "picture.bin"
    written = atomic_write(path, new)
    assert path.read_bytes() == NEW
    assert (written.path, written.bytes, written.notes) == (path, len(NEW), ())
    assert os.listdir(tmp_path) == ["picture.bin"]


def test_the_writer_may_seek_back_and_read(tmp_path):
    def write(stream):
        stream.write(b"....end")
        stream.seek(0)
        stream.write(b"head")
        stream.seek(2)
        assert stream.read() == b"adend"

    path = tmp_path / "picture.bin"
    atomic_write(path, write)
    assert path.read_bytes() == b"headend"


def test_an_existing_file_is_never_overwritten_unasked(target):
    with pytest.raises(FileExists, match="picture.bin exists already; choose another name or all"):
        atomic_write(target, new)
    assert target.read_bytes() == OLD
    assert atomic_write(target, new, overwrite=True).bytes == len(NEW)
    assert target.read_bytes() == NEW


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path, links):
    path = tmp_path / "picture.bin"

    def write(stream):
        new(stream)
        path.write_bytes(OLD)

    operations = Failing(always=() if links else ("link",), number=errno.EPERM)
    with pytest.raises(FileExists):
        atomic_write(path, write, operations=operations)
    assert path.read_bytes() == OLD
    assert not leftovers(tmp_path)


def test_a_new_file_can_be_written_where_hard_links_are_unsupported(tmp_path):
    path = tmp_path / "picture.bin"
    atomic_write(path, new, operations=Failing(always=("link",), number=errno.EPERM))
    assert path.read_bytes() == NEW
    assert not leftovers(tmp_path)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS])
@pytest.mark.parametrize("overwrite", [True, False])
def test_whichever_operation_fails_the_old_bytes_stay_and_nothing_is_left(
    tmp_path, number, overwrite
):
    path = tmp_path / "picture.bin"
    errors, n = 0, 0
    while True:
        n += 1
        path.unlink(missing_ok=True)
        if overwrite:
            path.write_bytes(OLD)
        before = path.read_bytes() if overwrite else None
        operations = Failing(n, number)
        said = None
        try:
            atomic_write(path, new, overwrite=overwrite, operations=operations)
        except WriteError as error:
            said = str(error)
            errors += 1
        now = path.read_bytes() if path.exists() else None
        if said is None or "did not confirm" in said:
            # What failed was one of the kindnesses (free space, sweeping, locking, rights), or
            # the new file has the name already and only the disk's confirmation is missing.
            assert now == NEW, operations.calls
        else:
            assert now == before, operations.calls
            assert said.startswith("picture.bin")
            assert said.endswith(".")
        assert not leftovers(tmp_path), operations.calls
        if len(operations.calls) < n:
            break
    assert errors >= 8
    assert n > 12


@pytest.mark.parametrize("overwrite", [True, False])
def test_killed_at_every_single_operation_the_old_or_the_new_file_is_there(tmp_path, overwrite):
    path = tmp_path / "picture.bin"
    recording = Failing()
    if overwrite:
        path.write_bytes(OLD)
    atomic_write(path, new, overwrite=overwrite, operations=recording)
    found = []
    for n in range(1, len(recording.calls) + 1):
        # Sweeping up after the last kill would be further operations.
        for name in leftovers(tmp_path):
            (tmp_path / name).unlink()
        path.unlink(missing_ok=True)
        if overwrite:
            path.write_bytes(OLD)
        child = os.fork()
        if child == 0:
            try:
                atomic_write(path, new, overwrite=overwrite, operations=Failing(n, fatal=True))
            finally:
                os._exit(0)
        assert os.WIFSIGNALED(os.waitpid(child, 0)[1]), (n, recording.calls)
        found.append(path.read_bytes() if path.exists() else None)
    old = OLD if overwrite else None
    step = found.index(NEW)
    assert found[:step] == [old] * step
    assert found[step:] == [NEW] * (len(found) - step)
    atomic_write(tmp_path / "last.bin", new)
    assert not leftovers(tmp_path)


def test_an_error_that_an_encoder_swallows_is_still_an_error(target):
    def write(stream):
        with pytest.raises(OSError, match="No space"):
            stream.write(NEW)
        stream.seek(0)

    n = 1 + operations_before_write(target)
    with pytest.raises(WriteError, match="disk is full"):
        atomic_write(target, write, overwrite=True, operations=Failing(n))
    assert target.read_bytes() == OLD


def operations_before_write(target):
    recording = Failing()
    atomic_write(target, new, overwrite=True, operations=recording)
    target.write_bytes(OLD)
    return recording.calls.index("write")


def test_bytes_reach_the_disk_before_the_name_and_the_name_before_success(target):
    recording = Failing()
    atomic_write(target, new, overwrite=True, operations=recording)
    calls = recording.calls
    assert max(i for i, c in enumerate(calls) if c == "write") < calls.index("sync")
    assert calls.index("sync") < calls.index("replace")
    assert calls[calls.index("replace") :].count("sync") == 1


def test_short_writes_are_completed(target):
    class Short(Operations):
        def write(self, descriptor, data):
            return os.write(descriptor, bytes(data[:70_001]))

    atomic_write(target, new, overwrite=True, operations=Short())
    assert target.read_bytes() == NEW


def test_a_check_that_fails_keeps_the_old_file(target):
    seen = []

    def check(path):
        seen.append(path.read_bytes())
        raise WriteError("It is not what it should be.")

    with pytest.raises(WriteError, match="not what it should"):
        atomic_write(target, new, overwrite=True, check=check)
    assert seen == [NEW]
    assert target.read_bytes() == OLD
    assert not leftovers(target.parent)


def test_the_file_is_checked_while_the_disk_works(target):
    checked = threading.Event()

    class Slow(Operations):
        def sync(self, descriptor):
            assert checked.wait(60)  # which never comes if the check waits for the disk
            super().sync(descriptor)

    atomic_write(target, new, overwrite=True, check=lambda path: checked.set(), operations=Slow())
    assert target.read_bytes() == NEW


@pytest.mark.parametrize("sound", [True, False])
def test_a_disk_that_fails_counts_whatever_the_check_finds(target, sound):
    class Broken(Operations):
        def sync(self, descriptor):
            raise OSError(errno.EIO, "broken")

    def check(path):
        if not sound:
            raise WriteError("It is not what it should be.")

    with pytest.raises(WriteError, match="disk reported an error"):
        atomic_write(target, new, overwrite=True, check=check, operations=Broken())
    assert target.read_bytes() == OLD
    assert not leftovers(target.parent)


def test_an_interrupted_writer_keeps_the_old_file(target):
    def write(stream):
        stream.write(NEW)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        atomic_write(target, write, overwrite=True)
    assert target.read_bytes() == OLD
    assert not leftovers(target.parent)


def test_a_link_stays_a_link_and_its_file_is_replaced(tmp_path, target):
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.bin"
    link.symlink_to(target)
    written = atomic_write(link, new, overwrite=True)
    assert link.is_symlink()
    assert target.read_bytes() == NEW
    assert written.path == target


def test_a_link_to_nothing_makes_the_file_it_names(tmp_path):
    link = tmp_path / "link.bin"
    link.symlink_to(tmp_path / "real.bin")
    atomic_write(link, new)
    assert link.is_symlink()
    assert (tmp_path / "real.bin").read_bytes() == NEW


def test_links_in_a_circle_are_refused(tmp_path):
    (tmp_path / "a.bin").symlink_to(tmp_path / "b.bin")
    (tmp_path / "b.bin").symlink_to(tmp_path / "a.bin")
    with pytest.raises(WriteError, match="circle"):
        atomic_write(tmp_path / "a.bin", new, overwrite=True)


def test_a_target_swapped_for_a_link_during_the_write_leads_nowhere(tmp_path, target):
    marker = tmp_path / "marker.bin"
    marker.write_bytes(b"marker")

    def write(stream):
        new(stream)
        target.unlink()
        target.symlink_to(marker)

    atomic_write(target, write, overwrite=True)
    assert marker.read_bytes() == b"marker"
    assert target.read_bytes() == NEW


def test_the_other_name_of_a_hard_linked_file_keeps_the_old_bytes(tmp_path, target):
    other = tmp_path / "other.bin"
    os.link(target, other)
    written = atomic_write(target, new, overwrite=True)
    assert (target.read_bytes(), other.read_bytes()) == (NEW, OLD)
    assert "hard link" in written.notes[0]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_the_mode_of_the_old_file_is_kept(target, mode):
    target.chmod(mode)
    atomic_write(target, new, overwrite=True)
    assert stat.S_IMODE(target.stat().st_mode) == mode


def test_a_new_file_follows_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        atomic_write(tmp_path / "picture.bin", new)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "picture.bin").stat().st_mode) == 0o640


@pytest.mark.skipif(sys.platform != "linux", reason="extended attributes as Linux has them")
def test_extended_attributes_are_kept(target):
    try:
        os.setxattr(target, "user.rating", b"5")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    atomic_write(target, new, overwrite=True)
    assert os.getxattr(target, "user.rating") == b"5"


def test_the_group_rights_do_not_go_to_another_group(target):
    target.chmod(0o660)
    written = atomic_write(
        target, new, overwrite=True, operations=Failing(always=("owner",), number=errno.EPERM)
    )
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert "access rights" in written.notes[0]


def test_folders_pipes_and_devices_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, words in (
        (tmp_path, "is a folder"),
        (tmp_path / "pipe", "not an ordinary file"),
        ("/dev/null", "not an ordinary file"),
    ):
        with pytest.raises(WriteError, match=words):
            atomic_write(path, new, overwrite=True)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(WriteError, match=r"the folder .*nowhere does not exist"):
        atomic_write(tmp_path / "nowhere" / "picture.bin", new)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriteError, match="not a folder"):
        atomic_write(tmp_path / "file" / "picture.bin", new)


def test_a_name_that_is_too_long_is_said_to_be(tmp_path):
    with pytest.raises(WriteError, match="name is too long"):
        atomic_write(tmp_path / ("é" * 200), new)


@pytest.mark.skipif(sys.platform != "linux", reason="paths of up to 4096 bytes")
def test_a_path_that_is_too_long_is_said_to_be(tmp_path):
    folder = tmp_path
    while len(os.fsencode(folder)) < 4070:
        folder /= "d" * min(200, 4070 - len(os.fsencode(folder)))
    folder.mkdir(parents=True)
    sentence = r"^a\.png was not saved: its path is too long; choose a folder nearer to the top\.$"
    with pytest.raises(WriteError, match=sentence):
        atomic_write(folder / "a.png", lambda file: file.write(b"x"))
    assert list(folder.iterdir()) == []


def test_a_name_of_255_bytes_works(tmp_path):
    path = tmp_path / ("é" * 125 + "x.tif")
    atomic_write(path, new)
    atomic_write(path, new, overwrite=True)
    assert path.read_bytes() == NEW


def test_a_full_disk_is_refused_before_anything_is_written(target):
    class Full(Failing):
        def free_bytes(self, folder):
            return 1_000_000

    operations = Full()
    with pytest.raises(WriteError, match="disk is full"):
        atomic_write(target, new, overwrite=True, expected_bytes=950_000, operations=operations)
    assert "open" not in operations.calls


def test_a_read_only_folder_and_file_say_so_and_stay(tmp_path_factory):
    def attempt(folder):
        path = folder / "picture.bin"
        path.write_bytes(OLD)
        said = []
        for mode, folder_mode in ((0o444, 0o755), (0o644, 0o555)):
            path.chmod(mode)
            folder.chmod(folder_mode)
            try:
                atomic_write(path, new, overwrite=True)
            except WriteError as error:
                said.append(str(error))
            assert path.read_bytes() == OLD
            assert os.listdir(folder) == ["picture.bin"]
            folder.chmod(0o755)
        return said

    said = as_ordinary_user(attempt)
    assert "write-protected" in said[0]
    assert "no permission" in said[1]


def test_a_file_size_limit_keeps_the_old_file(target):
    program = """
import resource, sys
from safelight.files import WriteError, atomic_write
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    atomic_write(sys.argv[1], lambda stream: stream.write(bytes(2_400_000)), overwrite=True)
except WriteError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, target], capture_output=True, text=True, check=True
    )
    assert "larger than allowed" in done.stdout
    assert target.read_bytes() == OLD
    assert not leftovers(target.parent)


def test_a_really_full_disk_keeps_the_old_file(tmp_path):
    program = """
import os, sys
from safelight.files import WriteError, atomic_write
path = os.path.join(sys.argv[1], "picture.bin")
atomic_write(path, lambda stream: stream.write(b"old" * 5000))
try:
    atomic_write(path, lambda stream: stream.write(os.urandom(200_000)), overwrite=True)
except WriteError as error:
    print(error)
assert open(path, "rb").read() == b"old" * 5000
print(os.listdir(sys.argv[1]))
"""
    script = 'mount -t tmpfs -o size=64k none "$1" && exec "$2" -c "$3" "$1"'
    command = ["unshare", "-rm", "sh", "-c", script, "sh", tmp_path, sys.executable, program]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("no unshare here")
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip("no file system of one's own here")
    assert done.returncode == 0, done.stderr
    assert "the disk is full" in done.stdout
    assert "['picture.bin']" in done.stdout


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_writes_is_not(tmp_path):
    def writing(folder):
        child = os.fork()
        if child == 0:
            try:
                atomic_write(folder / "never.bin", lambda stream: time.sleep(60))
            finally:
                os._exit(1)
        while not [n for n in leftovers(folder) if f"-{child}-" in n]:
            time.sleep(0.002)
        return child

    living = writing(tmp_path)
    try:
        dead = writing(tmp_path)
        os.kill(dead, signal.SIGKILL)
        os.waitpid(dead, 0)
        assert len(leftovers(tmp_path)) == 2
        foreign = tmp_path / f"{PREFIX}00000000-{dead}-aabbccddeeff.tmp"
        foreign.write_bytes(b"of another computer")
        atomic_write(tmp_path / "picture.bin", new)
        left = leftovers(tmp_path)
        assert [name for name in left if f"-{living}-" in name]
        assert foreign.name in left
        assert len(left) == 2
    finally:
        os.kill(living, signal.SIGKILL)
        os.waitpid(living, 0)


def test_twenty_threads_writing_one_name_leave_one_whole_file(tmp_path):
    path = tmp_path / "picture.bin"
    won = []

    def attempt(number):
        try:
            atomic_write(path, lambda stream: stream.write(bytes([number]) * 300_000))
            won.append(number)
        except FileExists:
            pass

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert path.read_bytes() == bytes(won) * 300_000
    assert not leftovers(tmp_path)
