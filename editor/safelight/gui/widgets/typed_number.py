"""Typed number: the number that a text stands for, with either decimal sign, in any script."""

from __future__ import annotations

import re
import unicodedata

_SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u2212\u2010\u2012\u2013\ufe63\uff0d", "-"),
        **dict.fromkeys(",\u066b\uff0c\uff0e", "."),
        **dict.fromkeys("\u061c\u200e\u200f"),  # direction, beside an Arabic sign
    }
)
"""What stands for a minus and for a decimal sign somewhere."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)


def typed_number(text: str) -> float | None:
    """The number that was typed, with a point or a comma, in the digits of any script.

    None for what is no number, and for thousands in groups: 1.234 is 1.234 everywhere, and in
    1.234,5 either sign could be the decimal one, depending on who has typed it.
    """
    plain = in_ascii(text)
    return float(plain) if _NUMBER.fullmatch(plain) else None


def in_ascii(text: str) -> str:
    """The text with ASCII digits, with - and . for what means the same."""
    digits = (str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
    return "".join(digits).translate(_SIGNS).strip()
