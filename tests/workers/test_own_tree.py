"""A confined process sees the files that it may touch and no other, where the system allows it."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from safelight.workers.confinement import own_tree, sandbox

TRYING = """
import json, os, pathlib, sys
from safelight.workers.confinement import own_tree, sandbox

order = json.loads(sys.argv[1])
if order["refused"]:
    own_tree.possible = lambda: False
sandbox.DEVICES = ""
code, scratch = pathlib.Path(order["code"]), pathlib.Path(order["scratch"])
lib = pathlib.Path(sys.base_prefix, "lib")
sandbox.confine([code, lib, *map(pathlib.Path, sys.path)], [scratch])

def tried(deed):
    try:
        return str(deed())
    except OSError as error:
        return type(error).__name__

pathlib.Path("written").write_text("in the working folder")
pathlib.Path("touched").touch()
status = pathlib.Path("/proc/self/status").read_text()
print(json.dumps({
    "code": tried((code / "plugin.py").read_text),
    "by its real name": tried((code.resolve() / "plugin.py").read_text),
    "the time of its code": tried(lambda: os.utime(code / "plugin.py", (1, 1)) or 0),
    "secret": tried(lambda: os.stat(order["secret"]).st_size),
    "read": tried(pathlib.Path(order["secret"]).read_text),
    "root": tried(lambda: os.listdir("/")),
    "make": tried(lambda: os.mkdir("/made")),
    "rights": [line.split()[1] for line in status.splitlines() if line.startswith("Cap")][1:3],
    "user": os.getuid(),
}))
"""


@pytest.mark.skipif(sandbox.landlock_version() == 0, reason="files are held back by Landlock")
@pytest.mark.parametrize("refused", [False, True])
def test_what_a_process_may_not_touch_is_not_there(refused, tmp_path):
    if not (refused or own_tree.possible()):
        pytest.skip("this system has no user namespaces for this user")
    real, scratch, secret = tmp_path / "real", tmp_path / "scratch", tmp_path / "secret"
    real.mkdir()
    scratch.mkdir()
    (real / "plugin.py").write_text("code")
    changed = (real / "plugin.py").stat().st_mtime
    secret.write_text("1234")
    (tmp_path / "link").symlink_to(real)  # a folder of code may be reached by a link
    words = {"code": tmp_path / "link", "scratch": scratch, "secret": secret}
    order = {name: str(path) for name, path in words.items()} | {"refused": refused}
    run = subprocess.run(
        [sys.executable, "-c", TRYING, json.dumps(order)],
        env={"PYTHONPATH": str(Path(sandbox.__file__).parents[3])},
        capture_output=True,
        text=True,
        check=True,
        cwd=scratch,
    )
    found = json.loads(run.stdout)
    assert found["code"] == found["by its real name"] == "code"
    assert found["secret"] == ("4" if refused else "FileNotFoundError")
    assert found["read"] == ("PermissionError" if refused else "FileNotFoundError")
    assert found["root"] == "PermissionError"
    assert found["make"] in ("PermissionError", "OSError")
    if not refused:
        assert found["rights"] == ["0" * 16] * 2  # none, in its user namespace either
    assert (scratch / "written").read_text() == "in the working folder"
    assert found["the time of its code"] == ("0" if refused else "OSError")
    assert (real / "plugin.py").stat().st_mtime == changed
    if not refused:  # else it is only pretended that the time of now was set
        assert (scratch / "touched").exists()
    assert not Path("/made").exists()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("max_user_namespaces", "0"),
        ("unprivileged_userns_clone", "0"),
        ("apparmor_restrict_unprivileged_userns", "1"),
    ],
)
def test_where_the_system_says_no_nothing_is_tried(file, said, monkeypatch):
    usual = {"max_user_namespaces": "9000", "unprivileged_userns_clone": "1"} | {file: said}
    monkeypatch.setattr(own_tree, "_said", lambda name: usual.get(Path(name).name, ""))
    assert not own_tree.possible()


FILLING = """
import json, os, pathlib, sys
from safelight.workers.confinement import own_tree, sandbox

sandbox.DEVICES = ""
real, link = map(pathlib.Path, sys.argv[1:])
lib = pathlib.Path(sys.base_prefix, "lib")
room = own_tree.Room(link, 1 << 20, 8)
sandbox.confine([lib, *map(pathlib.Path, sys.path)], [link], room=room)

def fills(place, size):
    with open(place, "wb") as file:
        try:
            return os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            return error.errno

def crowds():
    try:
        for number in range(20):
            (link / f"file{number}").touch()
    except OSError as error:
        return error.errno

print(json.dumps({
    "kernel": (real / "kernels" / "loop").read_text(),
    "little": fills(link / "little", 1 << 19),
    "by its real name": (real / "little").stat().st_size,
    "too much": fills(real / "much", 1 << 20),
    "too many": crowds(),
}))
"""


@pytest.mark.skipif(not own_tree.possible(), reason="this system has no user namespaces")
@pytest.mark.skipif(sandbox.landlock_version() == 0, reason="files are held back by Landlock")
def test_its_folder_in_memory_takes_so_much_and_no_more_and_keeps_what_was_put_there(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    (real / "kernels").mkdir(parents=True)
    (real / "kernels" / "loop").write_text("compiled")
    link.symlink_to(real)
    run = subprocess.run(
        [sys.executable, "-c", FILLING, str(real), str(link)],
        env={"PYTHONPATH": str(Path(sandbox.__file__).parents[3])},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(run.stdout)
    assert found.pop("kernel") == "compiled"
    assert found == {
        "little": None,
        "by its real name": 1 << 19,
        "too much": errno.ENOSPC,
        "too many": errno.ENOSPC,
    }
    assert sorted(path.name for path in real.rglob("*")) == ["kernels", "loop"]  # nothing on disk
