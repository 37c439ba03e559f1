"""Naming: the name of an exported file, made from a pattern."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from safelight.files.exported import ExportError

FIELDS = ("name", "date", "time", "number", "width", "height")
"""What a pattern can have in braces."""

_LONGEST = 180
"""Bytes of a name without its ending, so that a number can still be added."""

_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
"""Names that Windows keeps for devices."""


def named(
    pattern: str,
    *,
    name: str,
    width: int,
    height: int,
    number: int,
    when: datetime,
    digits: int = 1,
) -> str:
    """The file name, without an ending, that a pattern gives: one part of a path, on any system.

    ``name`` is that of the picture, which may be a stranger's; ``digits`` are those that the number
    has at least. Raises ExportError for a field that there is not.
    """
    known = {
        "name": name,
        "date": f"{when:%Y-%m-%d}",
        "time": f"{when:%H-%M-%S}",
        "number": f"{number:0{digits}d}",
        "width": f"{width}",
        "height": f"{height}",
    }

    def value(found: re.Match[str]) -> str:
        if found[1] not in known:
            fields = ", ".join(f"{{{field}}}" for field in FIELDS)
            raise ExportError(f"A file name has no {{{found[1]}}}; there are {fields}.")
        return known[found[1]]

    return _harmless(re.sub(r"\{([^{}]*)\}", value, pattern))


def _harmless(text: str) -> str:
    """A text as one part of a path that every system takes, and that leads nowhere else."""
    text = re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|\ud800-\udfff]', "_", text)
    text = text.strip(". ")
    while len(text.encode("utf-8")) > _LONGEST:
        text = text[:-1]
    text = text.strip(". ") or "picture"
    return f"_{text}" if _RESERVED.fullmatch(text) else text


def free(path: Path) -> Path:
    """The path, or with ``-2`` and so on behind its name where a file is there already."""
    number, found = 1, path
    while found.exists() or found.is_symlink():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found
