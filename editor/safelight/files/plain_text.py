"""Plain text: what a stranger wrote into a file, safe to show."""

from __future__ import annotations

import re
import unicodedata

_LONGEST_TEXT = 200


def plain_text(text: str) -> str:
    """Text from a file, safe to show: one line, no control or direction characters, capped."""
    visible = "".join(
        letter if unicodedata.category(letter)[0] != "C" else " "
        for letter in text[: 4 * _LONGEST_TEXT]
        if unicodedata.category(letter) != "Cf"
    )
    line = re.sub(r"\s+", " ", visible).strip()
    return line if len(line) <= _LONGEST_TEXT else line[: _LONGEST_TEXT - 1] + "…"
