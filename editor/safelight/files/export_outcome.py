"""Export outcome: what comes of an export: a file, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class ExportError(Exception):
    """An export that cannot be done as asked. The text is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the real file (links followed), its size in bytes, and notes."""

    path: Path
    bytes: int
    notes: tuple[str, ...]
