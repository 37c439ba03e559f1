"""The command line: ``safelight apply enlarge photo.jpg big.png``. A second client of actions.

``safelight --help`` lists the commands, from the table in ``main``.

Exit status: 0 done, 1 failed (with the reason), 2 wrong usage. What has been done counts as done
where it cannot be told: with a full or closed standard output ``apply`` gives 0 when the file is
there and whole, and ``info`` gives 1.
"""

from safelight.cli.main import main

__all__ = ["main"]
