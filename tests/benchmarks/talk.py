"""Talk: a program on the other side of a pipe that answers each line with a line of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.benchmarks.pairs import Skipped


class Program:
    """A script of this folder as a process of its own; ``ready`` is the first thing it said."""

    def __init__(self, script: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name(script)), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"ORT_DISABLE_TELEMETRY": "1"},
            text=True,
        )
        self._script = script
        try:
            self.ready = self._answer()
        except Skipped:
            self._process.__exit__(None, None, None)  # ends it, and closes both pipes
            raise

    def ask(self) -> dict[str, Any]:
        """Have it do its work once, and tell."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._answer()

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.__exit__(kind, error, trace)

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise Skipped(f"{self._script} ended without an answer (exit code {code})")
        answer: dict[str, Any] = json.loads(line)
        return answer


def enlarging_model(factor: int) -> Path:
    """The network of the plugin Enlarge. Raises Skipped when it is not installed."""
    spec = find_spec("safelight_enlarge")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / f"fast_faithful_x{factor}.onnx"
        if path.is_file():
            return path
    raise Skipped(f"the plugin Enlarge with its network for x{factor} is not installed")
