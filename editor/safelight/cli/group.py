"""Group: the commands about one subject, like ``safelight plugins install``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from safelight.cli import terminal

Command = Callable[[list[str]], int]

USAGE = 2


class Parser(argparse.ArgumentParser):
    """A parser whose messages, which repeat what was typed, are fit for a terminal."""

    def _print_message(self, message: str, file: Any = None) -> None:
        lines = message.removesuffix("\n").split("\n") if message else ()
        (terminal.tell if file is sys.stdout else terminal.note)(*lines)


def given(text: str) -> str:
    """A name that was given. Raises ArgumentTypeError for an empty one."""
    if not text:
        raise argparse.ArgumentTypeError("an empty name names nothing")
    return text


def file_name(text: str) -> Path:
    """A file that was named. Raises ArgumentTypeError for an empty name, which is no folder's."""
    if not text:
        raise argparse.ArgumentTypeError("an empty name is no file's")
    return Path(text)


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
        lines = help_of(subject, commands)
        (terminal.tell if name else terminal.note)(*lines)
        return 0 if name else USAGE
    if name not in commands:
        known = ", ".join(commands)
        terminal.note(f"safelight {subject}: there is no {name}; there are {known}")
        return USAGE
    try:
        return commands[name](words[2:])
    except failures as error:
        return terminal.complain(error)


def help_of(subject: str, commands: Mapping[str, Command]) -> list[str]:
    """The commands, a line each."""
    lines = [f"usage: safelight {subject} COMMAND …; each says more with --help", ""]
    for name, command in commands.items():
        called, _, what = (command.__doc__ or name).strip().partition(":")
        what = what.strip().split("\n\n")[0].replace("\n", " ") or f"{name} one"
        form = called.replace("``", "").removeprefix(f"safelight {subject} ")
        lines.append(f"  {form:<20} {' '.join(what.split())}")
    return lines


def parser_of(command: str, description: str, json: str = "as JSON") -> Parser:
    """The parser of a command, which can answer as JSON."""
    parser = Parser(prog=f"safelight {command}", description=description)
    parser.add_argument("--json", action="store_true", help=json)
    return parser
