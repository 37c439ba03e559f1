"""Sentences: several things as people name them in one."""

from __future__ import annotations

from collections.abc import Iterable

CLOSE = "close other photographs or programs"
"""What to do where the memory does not suffice."""


def listed(parts: Iterable[str], between: str = ", ") -> str:
    """ "A, B and C", of at least one part."""
    *first, last = parts
    return f"{between.join(first)} and {last}" if first else last
