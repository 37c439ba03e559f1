"""Bubblewrap: a process in namespaces of its own, where the kernel has no Landlock.

The program ``bwrap`` comes with Flatpak and most desktops. Seen from inside there are the folders
it was given and nothing else: no network, no other process.
"""

from __future__ import annotations

import glob
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

# Not --die-with-parent: the parent is a thread, of a job that ends before the process does.
_OPTIONS = ("--unshare-all", "--as-pid-1", "--proc", "/proc", "--dev", "/dev")
_TRIED = ("/usr", "/lib", "/lib64", "/bin")


@cache
def usable() -> bool:
    """Whether ``bwrap`` is installed and may make namespaces here; tried once."""
    program = shutil.which("bwrap")
    if program is None:
        return False
    places = [word for path in _TRIED if Path(path).exists() for word in ("--ro-bind", path, path)]
    command = [program, *_OPTIONS, *places, shutil.which("true") or "/bin/true"]
    try:
        return subprocess.run(command, capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def prefix(readable: Iterable[Path], writable: Iterable[Path], devices: str = "") -> list[str]:
    """What to put before a command so that it sees ``readable`` and may change ``writable``.

    ``devices`` is a pattern of device files it may use.
    """
    program = shutil.which("bwrap")
    assert program is not None, "usable() was not asked"
    words = [program, *_OPTIONS]
    for option, paths in (("--ro-bind-try", readable), ("--bind", writable)):
        for path in dict.fromkeys(paths):
            words += [option, str(path), str(path)]
    for device in sorted(glob.glob(devices)) if devices else ():
        words += ["--dev-bind-try", device, device]
    return [*words, "--"]
