"""How often the tests attack: a sample in every run, all of it with ``make attack``.

What is tried many times over (kills, damaged files, random documents) is marked ``attack``.
"""

import os

FULL = os.environ.get("SAFELIGHT_ATTACK") == "full"


def times(full: int, sample: int) -> int:
    """How many times to try: ``full`` in an attack, else ``sample``."""
    return full if FULL else sample
