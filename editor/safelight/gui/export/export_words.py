"""Export words: what is said of files that are narrowed, cancelled or made by a generator."""

from __future__ import annotations

from collections.abc import Sequence

from safelight import actions
from safelight.gui.widgets.shown_text import plain

_MADE = {"partly": "a generator made part of it", "wholly": "a generator made it"}


def said_narrowed(documents: Sequence[actions.Document], options: actions.ExportOptions) -> str:
    """Which of them become sRGB without having been asked for, and why; "" for none."""
    found = [item for item in documents if actions.narrowed(item, options)]
    names = " and ".join(dict.fromkeys(plain(item.profile.name) for item in found))
    if not found:
        return ""
    return (
        f"sRGB: 8 bits are too few steps for {names}, and many programs that show such files expect"
        " sRGB."
    )


def said_cancelled(written: int, of: int) -> str:
    """What is left of several that were cancelled."""
    if not written:
        return "Cancelled: nothing was written."
    was = "was" if written == 1 else "were"
    return f"Cancelled: {written} of {of} photographs {was} written, nothing of the others."


def said_made(documents: Sequence[actions.Document], ours: bool) -> str:
    """What the files will say of what a generator has made; "" where it has made nothing."""
    made = [_MADE[word] for item in documents if (word := actions.declared(item))]
    if not made:
        return ""
    if not ours:
        what = made[0] if len(documents) == 1 else "a generator made a picture or part of it"
        return f"This format cannot say that {what}."
    if len(documents) == 1:
        return f"The file will say that {made[0]}."
    return f"Of {len(made)} the file will say that a generator made it, or part of it."
