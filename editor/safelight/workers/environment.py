"""Environment: where a plugin's code lives, and what its worker may touch."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import safelight

SCRATCH_LIMIT = 1 << 30
"""Bytes that a file of a stranger's plugin may have."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A stranger's plugin, installed beside the editor.

    ``library`` holds the plugin and what it needs beside the editor's packages; of two versions
    of a package its own comes first. ``scratch`` is the one folder its worker may write to.
    """

    plugin: str
    library: Path
    scratch: Path

    def order(self) -> str:
        """What the far side is told before it is anything else, as JSON."""
        return json.dumps(
            {
                "path": [str(self.library), *editor_path()],
                "readable": [str(self.library), *editor_path(), *interpreter()],
                "scratch": str(self.scratch),
                "limit": SCRATCH_LIMIT,
            }
        )


def editor_path() -> list[str]:
    """The folders the editor's own packages are imported from."""
    own = str(Path(safelight.__file__).parents[1])
    return list(dict.fromkeys([own, *(place for place in sys.path if place)]))


def interpreter() -> list[str]:
    """Where Python itself lies; a prefix like /usr is not all readable, only its libraries."""
    places = {Path(sys.base_prefix), Path(sys.base_exec_prefix)}
    return [str(place / part) for place in places for part in ("lib", "lib64", "bin")]
