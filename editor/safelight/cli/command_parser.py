"""Command parser: tables of commands, and argparse's sub-parsers made of them, fit for any
terminal.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from safelight.cli import terminal

Run = Callable[[argparse.Namespace], int]
"""What a command does once its options are known; gives the exit status."""

USAGE = 2


class Command(NamedTuple):
    """A command: what is typed after its name, what it does, and the module with its function,
    which has the command's name unless ``function`` is another. ``opens``: it opens pictures.

    The function is given the command's own parser, declares its arguments, and returns what to run.
    """

    form: str
    does: str
    module: str
    function: str = ""
    opens: bool = False

    def declare(self, name: str, parser: Parser) -> Run:
        """Import the command, and have it declare its arguments."""
        module = importlib.import_module(f"safelight.cli.{self.module}")
        declare: Callable[[Parser], Run] = getattr(module, self.function or name)
        return declare(parser)


class Parser(argparse.ArgumentParser):
    """A parser whose messages, which repeat what was typed, are fit for a terminal.

    Options may stand between what is named. ``asked`` are the words that it will be given.
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.asked: Sequence[str] = ()
        self._parsing = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse has it, but for a command that has no commands: nothing is left unknown."""
        if self._parsing or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        self._parsing = True  # in parts, which are parsed by this method
        try:
            found, unknown = self.parse_known_intermixed_args(args, namespace)
        finally:
            self._parsing = False
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, []

    def _print_message(self, message: str, file: Any = None) -> None:
        lines = message.removesuffix("\n").split("\n") if message else ()
        (terminal.tell if file is sys.stdout else terminal.note)(*lines)


def add_commands(
    parser: Parser, commands: Mapping[str, Command], failures: tuple[type[Exception], ...] = ()
) -> Run:
    """Give a parser commands; the one that is asked for is imported and declares its arguments.

    Returns what runs it: one of ``failures`` is a sentence and status 1; where no command is asked
    for, the help and status 2.
    """
    name = next(iter(parser.asked), "")
    if name and name not in commands and not name.startswith("-"):
        parser.error(f"there is no {name}; there are {', '.join(commands)}")
    chosen: list[Run] = []
    parts = parser.add_subparsers(prog=parser.prog, help=argparse.SUPPRESS)
    for other, command in commands.items():
        part = parts.add_parser(other)
        if other == name:
            part.asked = parser.asked[1:]
            chosen.append(command.declare(name, part))

    def run(options: argparse.Namespace) -> int:
        if not chosen:
            parser.print_help(sys.stderr)
            return USAGE
        try:
            return chosen[0](options)
        except failures as error:
            return terminal.complain(error)

    return run


def group(
    parser: Parser, commands: Mapping[str, Command], failures: tuple[type[Exception], ...]
) -> Run:
    """Declare the commands about one subject, like ``safelight plugins install``."""
    parser.usage = f"{parser.prog} COMMAND …; each says more with --help"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(["commands:", *lines_of(commands)])
    return add_commands(parser, commands, failures)


def lines_of(commands: Mapping[str, Command]) -> list[str]:
    """A table of commands for a help, a line each."""
    forms = {f"{name} {item.form}".strip(): item.does for name, item in commands.items()}
    width = max(map(len, forms))
    return [f"  {form:<{width}}  {does}" for form, does in forms.items()]


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


def add_json(parser: Parser, help: str = "as JSON") -> None:
    """The option of every command that can answer as JSON."""
    parser.add_argument("--json", action="store_true", help=help)
