"""The command line: ``safelight apply enlarge photo.jpg big.png``. A second client of actions.

    safelight [PHOTO ...]            open the window
    safelight filters [--json]       what is installed
    safelight apply FILTER IN OUT    run a filter on a photograph
    safelight generate NAME OUT      make a picture from nothing, or many
    safelight info FILE [--json]     what a file holds
    safelight doctor [--json]        versions, and the device a live session really uses

Exit status: 0 done, 1 failed (with the reason), 2 wrong usage.
"""

from safelight.cli.main import main

__all__ = ["main"]
