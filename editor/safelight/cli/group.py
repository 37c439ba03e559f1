"""Group: the commands about one subject, like ``safelight plugins install``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping

Command = Callable[[list[str]], int]

FAILED, USAGE = 1, 2


def run(
    subject: str,
    commands: Mapping[str, Command],
    words: list[str],
    failures: tuple[type[Exception], ...],
) -> int:
    """Run the command that ``words[1]`` names; gives the exit status.

    Its docstring is its line in the help: what it is called, a colon, what it does. One of
    ``failures`` is a sentence and status 1.
    """
    name = words[1] if len(words) > 1 else ""
    if name in ("-h", "--help", ""):
        print(help_of(subject, commands), file=sys.stdout if name else sys.stderr)
        return 0 if name else USAGE
    if name not in commands:
        known = ", ".join(commands)
        print(f"safelight {subject}: there is no {name}; there are {known}", file=sys.stderr)
        return USAGE
    try:
        return commands[name](words[2:])
    except failures as error:
        print(f"safelight: {error}", file=sys.stderr)
        return FAILED


def help_of(subject: str, commands: Mapping[str, Command]) -> str:
    """The commands, a line each."""
    lines = [f"usage: safelight {subject} COMMAND …; each says more with --help", ""]
    for name, command in commands.items():
        called, _, what = (command.__doc__ or name).strip().partition(":")
        what = what.strip().split("\n\n")[0].replace("\n", " ") or f"{name} one"
        form = called.replace("``", "").removeprefix(f"safelight {subject} ")
        lines.append(f"  {form:<20} {' '.join(what.split())}")
    return "\n".join(lines)


def parser_of(command: str, description: str, json: str = "as JSON") -> argparse.ArgumentParser:
    """The parser of a command, which can answer as JSON."""
    parser = argparse.ArgumentParser(prog=f"safelight {command}", description=description)
    parser.add_argument("--json", action="store_true", help=json)
    return parser
