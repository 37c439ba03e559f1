"""Plugin build: sources become a wheel by their own backend, in a confined process."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from safelight.actions.plugins.pip import Pip, run_until
from safelight.actions.plugins.plugin_archive import LARGEST, MOST_FILES
from safelight.actions.plugins.plugin_store import StoreError
from safelight.workers.confinement.scratch_folder import overflow
from safelight.workers.plugin_environment import far_side, imports
from safelight.workers.wire.replies import visible

_BUILD_LIMIT = {"memory": 2 << 30, "limit": 1 << 30}


class Bench:
    """Where a folder's sources are built, by their own backend, in a confined process."""

    def __init__(
        self, staging: Path, source: Path, system: dict[str, Any], cancelled: threading.Event
    ) -> None:
        self._name = source.name
        self._source = source
        self._system = system
        self._cancelled = cancelled
        self._tools = staging / "tools"
        self._scratch, self._out = staging / "scratch", staging / "out"
        self._scratch.mkdir()
        self._out.mkdir()

    def bring(self, requirements: Sequence[str]) -> None:
        """Fetch what building needs, as wheels, unless the editor has it. Raises StoreError."""
        pip = Pip(self._cancelled)
        if requirements and pip.resolve(requirements):
            pip.install(requirements, self._tools)

    def wanted(self) -> list[str]:
        """What the backend says it needs beside that."""
        lines = self._call("get_requires_for_build_wheel").strip().splitlines()
        try:
            return [str(item) for item in json.loads(lines[-1])]
        except (ValueError, TypeError, IndexError):
            raise StoreError(f"{self._name} cannot be built: its backend talks nonsense.") from None

    def built(self) -> Path:
        """The wheel. Raises StoreError."""
        self._call("build_wheel")
        wheels = sorted(self._out.glob("*.whl"))
        if len(wheels) != 1 or wheels[0].is_symlink() or not wheels[0].is_file():
            raise StoreError(f"{self._name} cannot be built: its backend made no wheel.")
        return wheels[0]

    def _call(self, hook: str) -> str:
        order = {
            **imports([self._tools], [self._source, self._out, self._scratch]),
            "hook": hook,
            "source": str(self._source),
            "out": str(self._out),
            "scratch": str(self._scratch),
            "backend": str(self._system.get("build-backend", "setuptools.build_meta:__legacy__")),
            "backend_path": [str(item) for item in self._system.get("backend-path", [])],
            **_BUILD_LIMIT,
        }
        wrapped = order.pop("wrapping")
        python = [sys.executable, "-I", "-S", "-B", str(far_side("build_wheel"))]
        command = [*wrapped, *python, json.dumps(order)]

        def fills(pid: int) -> str:
            made = self._out, self._scratch, self._source
            full = overflow(made, pid, most=LARGEST, files=MOST_FILES)
            return "what it builds fills the disk" if full else ""

        status, output = run_until(
            command,
            self._cancelled,
            offence=fills,
            env={"LANG": "C.UTF-8"},
            start_new_session=True,
        )
        if status != 0:
            lines = [line for line in output.splitlines() if line.strip()] or ["no reason given"]
            raise StoreError(f"{self._name} cannot be built: {visible(lines[-1]).strip()[:300]}")
        return output
