"""Machine memory: how many bytes the machine has, and how many of them are free."""

from __future__ import annotations

import os


def free_memory() -> int | None:
    """Bytes a program can still get without swapping; None where the system does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def default_budget() -> int:
    """Bytes that a history may hold in memory: a quarter of the machine's, 2 GiB if unknown."""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4
    return 2 << 30


def room(held: int) -> int:
    """Bytes that tiles of project files may take, which take ``held`` bytes now: what a history
    may, but no more than 40 % of what would be free without them.
    """
    free = free_memory()
    return default_budget() if free is None else min(default_budget(), (free + held) * 2 // 5)
