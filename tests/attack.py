"""How often the tests attack: a sample in every run, all of it with ``make attack``.

What is tried many times over (kills, damaged files, random documents) is marked ``attack``.
"""

import os
from typing import TypeVar

Count = TypeVar("Count")

FULL = os.environ.get("SAFELIGHT_ATTACK") == "full"


def times(full: Count, sample: Count) -> Count:
    """How often to try, or how much of what is alike: ``full`` in an attack, else ``sample``."""
    return full if FULL else sample
