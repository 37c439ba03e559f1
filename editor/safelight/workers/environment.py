"""Environment: where a plugin's code lives, and what its worker may touch."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import safelight
from safelight.workers.sandbox import wrapping
from safelight.workers.scratch import LIMIT


@dataclass(frozen=True, slots=True)
class Environment:
    """A stranger's plugin, installed beside the editor.

    ``library`` holds the plugin and what it needs beside the editor's packages; of two versions
    of a package its own comes first. Each worker writes to a folder of its own in ``scratch``.
    """

    plugin: str
    library: Path
    scratch: Path

    def command(self, scratch: Path, memory: int) -> list[str]:
        """What starts a confined worker that writes to ``scratch`` and allocates ``memory`` bytes.

        The far side's own arguments follow.
        """
        readable = [str(self.library), *editor_path(), *interpreter()]
        wrapped = wrapping(map(Path, readable), [scratch])
        order = {
            "path": [str(self.library), *editor_path()],
            "readable": readable,
            "scratch": str(scratch),
            "memory": memory,
            "limit": LIMIT,
            "wrapped": bool(wrapped),
        }
        first = Path(__file__).with_name("confined.py")
        python = [sys.executable, "-I", "-S", "-B", "-X", "faulthandler", str(first)]
        return [*wrapped, *python, json.dumps(order)]


def editor_path() -> list[str]:
    """The folders the editor's own packages are imported from."""
    own = str(Path(safelight.__file__).parents[1])
    return list(dict.fromkeys([own, *(place for place in sys.path if place)]))


def interpreter() -> list[str]:
    """Where Python itself lies; a prefix like /usr is not all readable, only its libraries."""
    places = {Path(sys.base_prefix), Path(sys.base_exec_prefix)}
    return [str(place / part) for place in places for part in ("lib", "lib64", "bin")]
