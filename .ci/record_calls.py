"""Record the system calls that confined processes make behind their walls, by what makes them.

    python .ci/record_calls.py TABLE [PYTEST ARGUMENTS]

Every filter of the editor's own plugins runs on a small picture, with loops compiled anew; then
pytest runs what it is told, the tests of workers, decoders and installations if nothing. ``strace``
watches each confined process from its filter of calls to its end, however it ends. What is found is
merged into TABLE (tests/workers/recorded_calls.txt): a call, how often at most in one process, and
the kinds of process that made it. Calls that are refused as unknown are printed.
"""

from __future__ import annotations

import collections
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[1]
FAR = CHECKOUT / "editor" / "safelight" / "workers" / "far"
FIRST = """# What confined processes called, recorded by .ci/record_calls.py on
# {machine}, {system}: the call, how often at most in one process, and in which kinds of it.
"""
TESTS = (
    *("tests/workers/test_attacks.py", "tests/workers/test_faults.py"),
    *("tests/workers/test_inference.py", "tests/workers/test_tensors.py"),
    *("tests/workers/test_kernel_cache.py", "tests/workers/test_memory.py"),
    *("tests/workers/test_decoders.py", "tests/workers/test_dry_run.py"),
    *("tests/workers/test_probe_network.py", "tests/actions/test_installer.py"),
    *("tests/actions/test_network_candidate.py", "tests/actions/test_plugin_formats.py"),
    *("tests/actions/test_strange_packages.py", "tests/actions/test_open_confined.py"),
)

_CALL = re.compile(r"\d+ +([a-z_0-9]+)\(")


class Recorder:
    """Has ``strace`` write down what each far side that is started calls."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[tuple[Path, str]] = []

    def begin(self) -> None:
        """Watch whatever is started from now on."""
        start = subprocess.Popen.__init__

        def watched(process: Any, command: Any, *rest: Any, **options: Any) -> None:
            start(process, self._watched(command), *rest, **options)

        subprocess.Popen.__init__ = watched  # type: ignore[method-assign]

    def _watched(self, command: Any) -> Any:
        if isinstance(command, str) or not any(str(FAR) in str(word) for word in command):
            return command
        log = self._folder / str(len(self._started))
        self._started.append((log, kind(list(map(str, command)))))
        # As a grandchild and in a session of its own: it is left when the group is killed.
        return ["strace", "-DDD", "-f", "-qq", "-s", "0", "-o", str(log), *command]

    def found(self) -> Iterator[tuple[str, collections.Counter[str], set[str]]]:
        """For each process: its kind, its calls, and those that are refused as unknown."""
        for log, what in self._started:
            calls, unknown, confined = collections.Counter[str](), set(), False
            for line in log.read_text(errors="replace").splitlines() if log.exists() else ():
                if "PR_SET_SECCOMP" in line:
                    confined = True
                elif confined and (call := _CALL.match(line)):
                    calls[call[1]] += 1
                    if " ENOSYS " in line:
                        unknown.add(call[1])
            yield what, calls, unknown


def kind(command: list[str]) -> str:
    """What a command starts, in a word."""
    script = next(Path(word).stem for word in command if str(FAR) in word)
    if script != "confined_main":
        return script
    work = next(json.loads(word) for word in command if word.startswith("{"))["work"]
    return {"--only": "plugin", "--built-in": "built-in", "--decoders": "decoder"}[work[1]]


def run_filters() -> None:
    """Run each filter of the editor's own plugins once, on the whole or on what is selected."""
    from dataclasses import replace

    import numpy as np

    from safelight.actions import Studio
    from safelight.document import Document
    from safelight.pixels import Raster
    from safelight.workers.job_events import JobFailed

    pixels = np.random.default_rng(3).integers(0, 256, (96, 128, 3), np.uint8)
    hole = np.zeros((96, 128, 1), np.uint8)
    hole[40:56, 40:56] = 255
    with Studio(patience=600.0) as studio:
        for declaration in studio.filters():
            document = Document.from_raster(Raster.from_array(pixels))
            outcome = studio.start(declaration, declaration.settings({}), document).wait(600)
            if isinstance(outcome, JobFailed):
                document = replace(document, selection=Raster.from_array(hole))
                outcome = studio.start(declaration, declaration.settings({}), document).wait(600)
            print(declaration.id, type(outcome).__name__, flush=True)


def run_tests(arguments: list[str]) -> None:
    """Run tests whose workers start from nothing: what they had imported would not be seen."""
    import pytest

    from safelight.workers import worker_process
    from tests import at_hand

    own = worker_process._spawn
    at_hand.AtHand.spawn = lambda self, *words: own(*words)  # type: ignore[method-assign]
    at_hand.AtHand.popen = lambda self, words, **rest: subprocess.Popen(words, **rest)  # type: ignore[method-assign]
    pytest.main(["-q", "-p", "no:cacheprovider", *arguments])


def merged(table: Path, recorder: Recorder) -> tuple[dict[str, tuple[int, set[str]]], set[str]]:
    """What ``table`` has and what was found now, and what was refused as unknown."""
    rows: dict[str, tuple[int, set[str]]] = {}
    for line in table.read_text().splitlines() if table.exists() else ():
        if not line.startswith("#"):
            name, count, *kinds = line.split()
            rows[name] = int(count), set(kinds)
    refused = set()
    for what, calls, unknown in recorder.found():
        refused |= {f"{call} ({what})" for call in unknown}
        for name, count in calls.items():
            before, kinds = rows.get(name, (0, set()))
            rows[name] = max(before, count), kinds | {what}
    return rows, refused


def main(table: Path, arguments: list[str]) -> None:
    import platform

    sys.path.insert(0, str(CHECKOUT))
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder))
        recorder.begin()
        if arguments != ["filters"]:
            run_tests(arguments or list(TESTS))
        if arguments in ([], ["filters"]):
            run_filters()
        rows, refused = merged(table, recorder)
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    system = ", ".join((system, " ".join(platform.libc_ver())))
    lines = [FIRST.format(machine=platform.machine(), system=system)]
    for name, (count, kinds) in sorted(rows.items()):
        lines.append(f"{name} {count} {' '.join(sorted(kinds))}\n")
    table.write_text("".join(lines))
    print("refused as unknown:", *sorted(refused) or ["nothing"])


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
