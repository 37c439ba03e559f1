"""The entry point: which command was asked for, and how it ends."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence

COMMANDS = ("apply", "filters", "formats", "info", "doctor")

DONE, FAILED, USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit status.

    Each command is imported when asked for, so ``safelight info`` does not pay for the window.
    """
    # Before anything can import the runtime, which reports its use by default.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _command(words)(words)
    except KeyboardInterrupt:
        print("safelight: stopped", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:  # the reader of our output has gone: `safelight filters | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _command(words: list[str]) -> Callable[[list[str]], int]:
    if words and words[0] in COMMANDS:
        from safelight.cli import commands

        chosen: Callable[[list[str]], int] = getattr(commands, words[0])
        return chosen
    if words and words[0] == "plugins":
        from safelight.cli.plugins import plugins

        return plugins
    if words and words[0] == "generate":
        from safelight.cli.generating import generate

        return generate
    if words and words[0] == "models":
        from safelight.cli.models import models

        return models
    from safelight.cli.window import window

    return window
