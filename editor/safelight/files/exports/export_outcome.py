"""Export outcome: what comes of an export, a file or why there is none, and how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias


class ExportError(Exception):
    """An export that cannot be done as asked. The text is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the real file (links followed), its size in bytes, and notes."""

    path: Path
    bytes: int
    notes: tuple[str, ...]


Hear: TypeAlias = Callable[[float], object]
"""Told now and then how much is done, 0 to 1; what it raises ends the export, without a file."""
