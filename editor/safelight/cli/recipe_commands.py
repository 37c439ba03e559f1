"""Recipe commands: ``safelight recipe`` and ``safelight commands``."""

from __future__ import annotations

import argparse

from safelight import actions
from safelight.actions.recipes import RecipeError, recorded
from safelight.cli.command_outcome import reported, say
from safelight.cli.command_parser import Parser, Run, add_json, file_name
from safelight.cli.terminal import complain, tell, tell_json
from safelight.document import DECLARED, Command


def commands(parser: Parser) -> Run:
    """``safelight commands``: what can be done to a picture, and what each can be told."""
    parser.description = "List the commands."
    add_json(parser)
    return _commands


@reported
def _commands(options: argparse.Namespace) -> int:
    if options.json:
        tell_json([_as_json(item) for item in DECLARED.values()])
        return 0
    lines = [line for item in DECLARED.values() for line in ("", *described(item))]
    tell(*lines[1:])
    return 0


def _as_json(item: Command) -> dict[str, object]:
    return {
        "id": item.id,
        "title": item.title,
        "description": item.description,
        "parameters": [parameter.to_json() for parameter in item.parameters],
    }


def described(item: Command) -> list[str]:
    """A command and what it can be told, a line each."""
    first = item.description.split("\n\n")[0].replace("\n", " ")
    lines = [f"{item.id}  ({item.title})  {first}"]
    for parameter in item.parameters:
        text = f"    --set {parameter.name}={parameter.text(parameter.default)}"
        helped = f"; {parameter.help}" if parameter.help else ""
        lines.append(f"{text:32} {parameter.range_text()}{helped}")
    return lines


def recipe(parser: Parser) -> Run:
    """``safelight recipe PROJECT OUT``: what was done in a project, as a recipe."""
    parser.description = "Save a project's steps as a recipe."
    parser.add_argument("project", type=file_name, metavar="PROJECT")
    parser.add_argument("output", type=file_name, metavar="OUT", help="the file to write, JSON")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    parser.add_argument(
        "--leave-out",
        action="store_true",
        help="leave out what no recipe can hold, as painted pixels, and say what that is",
    )
    parser.add_argument(
        "--relative", action="store_true", help="rectangles in parts of the picture, not in pixels"
    )
    return _recipe


@reported
def _recipe(options: argparse.Namespace) -> int:
    project, history = actions.Project.open(options.project)
    try:
        found, lost = recorded(history, relative=options.relative)
        if lost and not options.leave_out:
            raise RecipeError(lost[0])
    except RecipeError as error:
        return complain(f"{options.project}: {error} With --leave-out the others are saved.")
    finally:
        project.close()
    if lost and not found.steps:
        return complain(f"{options.project}: {lost[0]} So nothing is left for a recipe.")
    say(lost)
    text = found.to_json().encode("utf-8")
    actions.atomic_write(options.output, lambda file: file.write(text), overwrite=options.overwrite)
    count = len(found.steps)
    tell(f"{options.output}  {count} step{'' if count == 1 else 's'}", done=True)
    return 0
