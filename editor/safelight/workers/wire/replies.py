"""Replies: what a worker says is checked, and put into words."""

from __future__ import annotations

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
    """Why it failed, as a part of a sentence after a name."""
    return f"{_VERBS.get(failed.kind, 'failed')}: {failed.reason}"


def whole(value: object, low: int, high: int) -> int:
    """``value``, if it is a whole number from ``low`` to ``high``. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(value)
    return value


def sentence(text: str) -> str:
    """One line of plain text, ending in a full stop."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())[:600]
    return line if line.endswith((".", "!", "?")) else line + "."
