"""Export names: the name of an exported file, made from a pattern."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from safelight.files.exports.export_outcome import ExportError

FIELDS = {
    "name": "Name of the photograph",
    "number": "Its number, counted from 1",
    "taken": "Date on which it was taken",
    "date": "Date of the export",
    "time": "Time of the export",
    "width": "Width in pixels",
    "height": "Height in pixels",
}
"""What a pattern can have in braces, and what stands for it then. ``taken`` and ``date`` can have
a format: ``{taken:YYYYMMDD-hhmmss}``."""

FORMAT = "YYYY year, YY its last two digits, MM month, DD day, hh hour, mm minute, ss second"
"""What a format of a date is made of."""

UNDATED = "undated"
"""What stands for the date of a photograph that does not tell when it was taken."""

_PARTS = {
    "YYYY": "%Y",
    "YY": "%y",
    "MM": "%m",
    "DD": "%d",
    "hh": "%H",
    "mm": "%M",
    "ss": "%S",
}

_LONGEST = 180
"""Bytes of a name without its ending, so that a number can still be added."""

_FIELD = re.compile(r"\{([^{}]*)\}")

_DATED = ("taken", "date")

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
    taken: datetime | None = None,
    digits: int = 1,
) -> str:
    """The file name, without an ending, that a pattern gives: one part of a path, on any system.

    ``name`` is that of the picture, which may be a stranger's; ``when`` is the time of the export
    and ``taken`` that of the photograph, None where nobody knows; ``digits`` are those that the
    number has at least. Raises ExportError for a field or a format that there is not.
    """
    moments = {"date": when, "taken": taken}
    known = {
        "name": name,
        "time": f"{when:%H-%M-%S}",
        "number": f"{number:0{digits}d}",
        "width": f"{width}",
        "height": f"{height}",
    }

    def value(found: re.Match[str]) -> str:
        field, colon, format = found[1].partition(":")
        if field in moments:
            return _dated(moments[field], format if colon else "YYYY-MM-DD")
        if found[1] not in known:
            fields = ", ".join(f"{{{field}}}" for field in FIELDS)
            raise ExportError(f"A file name has no {{{found[1]}}}; there are {fields}.")
        return known[found[1]]

    return _harmless(_FIELD.sub(value, pattern))


def field_fault(pattern: str) -> str:
    """Why a pattern can name no file: a field or a format that there is not. "" where it can."""
    for text in _FIELD.findall(pattern):
        field, colon, format = text.partition(":")
        if field not in FIELDS or (colon and field not in _DATED):
            fields = ", ".join(f"{{{field}}}" for field in FIELDS)
            return f"a file name has no {{{text}}}; there are {fields}"
        if colon:
            try:
                _dated(None, format)
            except ExportError as error:
                return str(error).rstrip(".")
    return ""


def _dated(moment: datetime | None, format: str) -> str:
    """A moment in a format. Raises ExportError for letters that no format has."""
    parts = re.split(f"({'|'.join(_PARTS)})", format)
    wrong = any(re.search(r"[^\W\d_]", part) for part in parts if part not in _PARTS)
    if wrong or not format:
        raise ExportError(f"A date has no format {format!r}; it is made of {FORMAT}.")
    if moment is None:
        return UNDATED
    return "".join(moment.strftime(_PARTS[part]) if part in _PARTS else part for part in parts)


def _harmless(text: str) -> str:
    """A text as one part of a path that every system takes, and that leads nowhere else."""
    text = re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|\ud800-\udfff]', "_", text)
    text = text.strip(". ")
    while len(text.encode("utf-8")) > _LONGEST:
        text = text[:-1]
    text = text.strip(". ") or "picture"
    return f"_{text}" if _RESERVED.fullmatch(text) else text


def numbered(folder: Path, name: str, suffix: str, given: Callable[[Path], bool]) -> Path:
    """The file of a name and an ending in a folder, with ``-2`` and so on behind the name while
    that is ``given`` to another.
    """
    number, found = 1, folder / f"{name}{suffix}"
    while given(found):
        number += 1
        found = folder / f"{name}-{number}{suffix}"
    return found


def free(path: Path) -> Path:
    """The path, or with ``-2`` and so on behind its name where a file is there already."""
    return numbered(path.parent, path.stem, path.suffix, lambda x: x.exists() or x.is_symlink())
