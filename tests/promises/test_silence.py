"""Nothing leaves the computer: no network call, no telemetry file."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image


def command(arguments, home, prefix=()):
    environment = os.environ | {"HOME": str(home)}
    for name in ("XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY"):
        environment.pop(name, None)
    return subprocess.run(
        [*prefix, sys.executable, "-m", "safelight", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def has_strace():
    try:
        return subprocess.run(["strace", "-V"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def test_a_run_leaves_no_telemetry_and_only_its_own_cache(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    photo, result = tmp_path / "photo.png", tmp_path / "result.png"
    Image.fromarray(np.full((30, 40, 3), 99, np.uint8)).save(photo)
    done = command(["apply", "enlarge", str(photo), str(result)], home)
    assert done.returncode == 0, done.stderr
    assert result.exists()
    left = {path.relative_to(home).parts[:2] for path in home.rglob("*") if path.is_file()}
    assert left == {(".cache", "safelight")}


def test_a_run_works_without_any_network(tmp_path):
    unshare = ["unshare", "--map-root-user", "--net"]
    try:
        possible = subprocess.run([*unshare, "true"], capture_output=True, check=False)
    except OSError:
        pytest.skip("unshare is not here")
    if possible.returncode:
        pytest.skip("this system gives no network namespaces")
    photo, result = tmp_path / "photo.png", tmp_path / "result.png"
    Image.fromarray(np.full((30, 40, 3), 99, np.uint8)).save(photo)
    done = command(["apply", "enlarge", str(photo), str(result)], tmp_path, unshare)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not has_strace(), reason="strace is not here")
def test_no_socket_is_opened_to_anywhere(tmp_path):
    photo, result, log = (tmp_path / name for name in ("photo.png", "result.png", "log"))
    Image.fromarray(np.full((30, 40, 3), 99, np.uint8)).save(photo)
    trace = ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmmsg", "-o", str(log)]
    done = command(["apply", "enlarge", str(photo), str(result)], tmp_path, trace)
    assert done.returncode == 0, done.stderr
    calls = [line for line in log.read_text(errors="replace").splitlines() if "AF_INET" in line]
    assert calls == []
