"""Replies: what a worker says is checked, and put into words."""

from __future__ import annotations

import unicodedata
from typing import Any

from safelight.workers.wire.messages import Failed

NO_NUMBERS = "returned pixels that are no numbers (NaN or infinite)"
"""What a filter did that was given numbers."""

GIVEN_NO_NUMBERS = (
    "could not work: the pixels below it are no numbers (NaN or infinite), which is not its fault"
)
"""What happened to a filter that was not."""

_VERBS = {
    "model": "cannot run",
    "device": "cannot run",
    "memory": "ran out of memory",
    "refused": "says",
    "unfit": "can do nothing here",
    "table": "has no table that can be used",
}


def told(failed: Failed) -> str:
    """Why something failed, as a part of a sentence after a name."""
    return f"{_VERBS.get(failed.kind, 'failed')}: {failed.reason}"


_JOINERS = "\u200c\u200d\u00ad"
"""Marks without a look of their own that words are written with: Persian, many emoji, hyphens."""


def visible(text: str, *, lines: bool = False) -> str:
    """Text of a stranger's without what is obeyed instead of shown: no control character, nothing
    that turns the direction of writing. ``lines``: line ends and tabs stay.
    """
    return "".join(c for c in text if _shows(c) or (lines and c in "\n\t"))


def _shows(letter: str) -> bool:
    return letter in _JOINERS or unicodedata.category(letter) not in _OBEYED


_OBEYED = ("Cc", "Cf", "Cs", "Zl", "Zp")


def hidden(value: Any) -> str:
    """A text in JSON-ready data that holds what is obeyed instead of shown; "" where none does.
    Line ends and tabs are no such thing.
    """
    if isinstance(value, str):
        return "" if visible(value, lines=True) == value else value
    parts = [*value, *value.values()] if isinstance(value, dict) else value
    if isinstance(parts, list | tuple):
        return next((found for found in map(hidden, parts) if found), "")
    return ""


def whole(value: object, low: int, high: int) -> int:
    """``value``, if it is a whole number from ``low`` to ``high``. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(value)
    return value


def sentence(text: str) -> str:
    """One line of plain text, ending in a full stop."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())[:600]
    return line if line.endswith((".", "!", "?")) else line + "."
