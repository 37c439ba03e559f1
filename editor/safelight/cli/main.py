"""The entry point: which command was asked for, and how it ends."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial

from safelight.cli import terminal
from safelight.cli.command_parser import Command, Parser, Run, add_commands

COMMANDS = {
    "apply": Command(
        "NAME IN OUT", "apply a filter or a command to a picture", "apply_command", opens=True
    ),
    "run": Command(
        "RECIPE IN …", "do what a recipe says to many pictures", "batch_command", opens=True
    ),
    "recipe": Command(
        "PROJECT OUT", "save what was done in a project as a recipe", "recipe_commands"
    ),
    "commands": Command("", "list the commands and what they can be told", "recipe_commands"),
    "export": Command("IN OUT", "write what a project shows", "export_commands", opens=True),
    "look": Command(
        "IN OUT", "save a project's adjustments as a .cube file", "export_commands", opens=True
    ),
    "sequence": Command("IN … OUT", "filter and write films and bursts", "sequence_command"),
    "generate": Command("NAME OUT", "make a picture from nothing, or many", "generate_command"),
    "contact-sheet": Command(
        "IN … OUT", "put many pictures on one page", "contact_sheet_command", "sheet"
    ),
    "inspect": Command(
        "FILTER IN", "see what a filter does with a photograph", "inspect_command", "inspect_filter"
    ),
    "verify": Command("PROJECT", "make results afresh, and compare", "verify_command"),
    "filters": Command("", "list the filters and what they can be told", "basic_commands"),
    "formats": Command("", "list what is opened and exported", "basic_commands"),
    "info": Command("FILE", "show what is in a picture", "basic_commands", opens=True),
    "doctor": Command("", "check the set-up, and on what networks run", "basic_commands"),
    "plugins": Command("COMMAND …", "list, install, make and check plugins", "plugin_commands"),
    "models": Command("COMMAND …", "list, check, add and time networks", "model_commands"),
}
"""Every command, in the order of the help."""

_WINDOW = "window"
"""What is run where no command is named; no name of a command: a photograph may be called so."""

FAILED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit status.

    Each command is imported when asked for, so ``safelight info`` does not pay for the window.
    """
    # Before anything can import the runtime, which reports its use by default.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    terminal.open_missing()
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _begin(words)
        run, options = understood(words)
        status = run(options)
        _tell_what_was_not_noted()
        return status
    except KeyboardInterrupt:
        return terminal.complain("stopped", 128 + signal.SIGINT)
    except terminal.OutputLost as lost:
        return FAILED if lost.left else terminal.complain(lost)
    finally:
        terminal.finish()


def _tell_what_was_not_noted() -> None:
    """Say that the log of networks was not kept, where that is so."""
    log = sys.modules.get("safelight.actions.network_log")
    if log is not None:
        terminal.note(*(f"safelight: {sentence}" for sentence in log.UNHEARD))
        log.UNHEARD.clear()


def understood(words: Sequence[str]) -> tuple[Run, argparse.Namespace]:
    """What is to be run, and its options. Raises SystemExit, of status 2 where it cannot be."""
    asked = list(words) if words and words[0] in COMMANDS else [_WINDOW, *words]
    parser = Parser(prog="safelight", add_help=False)
    parser.asked = asked
    run = add_commands(parser, COMMANDS | {_WINDOW: Command("", "", "window_command")})
    return run, parser.parse_args(asked)


def _begin(words: Sequence[str]) -> None:
    """Begin what takes its time, before the command is imported."""
    command = COMMANDS.get(words[0]) if words else None
    if command is None or not command.opens:
        return
    if not {"-h", "--help", "--list"} & set(words):
        _start_decoder()
        _compile_when_it_is_worth_it()


def _compile_when_it_is_worth_it() -> None:
    """Have the resampler compiled once a picture is large enough for that: the window does so on a
    thread of its own.
    """
    from safelight.folders import cache_folder
    from safelight.pixels import RESAMPLE, lanczos, prepare_kernels

    compiler = partial(prepare_kernels, cache_folder() / "kernels", [RESAMPLE])
    lanczos.COMPILERS[:] = [compiler]


def _start_decoder() -> None:
    """Have the process start that decodes pictures, while everything else is imported."""
    from safelight.workers.decoders import shared
    from safelight.workers.worker_process import WorkerDied

    with contextlib.suppress(WorkerDied):  # who opens a picture is told
        shared().pool.begin()
