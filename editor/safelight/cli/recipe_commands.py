"""Recipe commands: ``safelight run``, ``safelight recipe`` and ``safelight commands``."""

from __future__ import annotations

import argparse
import contextlib
from functools import partial
from pathlib import Path

from safelight import actions
from safelight.actions.recipes import (
    Recipe,
    RecipeError,
    check_recipe,
    placed,
    play,
    read_recipe,
    recipe_of,
    recorded,
)
from safelight.cli.basic_commands import FAILURES, filtered, reload, reported, say
from safelight.cli.command_options import add_exporting, add_running, choices_of, development_of
from safelight.cli.command_parser import Parser, Run, add_json, file_name
from safelight.cli.export_target import Target, tell_exported
from safelight.cli.terminal import complain, tell, tell_json
from safelight.document import DECLARED, Command, Edit, EditError, Record, edits


class _Stopped(Exception):
    """A filter has failed, which has been said."""


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


def run(parser: Parser) -> Run:
    """``safelight run RECIPE IN…``: do what a recipe says to pictures and projects."""
    parser.description = "Do what a recipe says to many pictures."
    parser.add_argument("recipe", type=file_name, metavar="RECIPE", help="a recipe, as JSON")
    parser.add_argument("inputs", nargs="+", type=file_name, metavar="IN", help="the pictures")
    parser.add_argument("--output-dir", type=file_name, required=True, metavar="DIR")
    add_exporting(parser)
    add_running(parser)
    return reported(partial(_run, parser))


def _run(parser: Parser, options: argparse.Namespace) -> int:
    if options.set:
        parser.error("a recipe has its own settings: --set is for apply")
    with actions.Studio(options.device, patience=options.patience) as studio:
        reload(studio)
        try:
            recipe = read_recipe(options.recipe)
            check_recipe(recipe, studio.filter)
        except RecipeError as error:
            return complain(error, 2)
        status, taken = 0, set[str]()
        try:
            options.output_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return complain(f"{options.output_dir} cannot be made: {error.strerror}.")
        for path in options.inputs:
            output = options.output_dir / _free(path, taken)
            try:
                carry_out(recipe, studio, path, output, options)
            except _Stopped:
                status = 1
            except (*FAILURES, actions.FileExists, EditError) as error:
                status = complain(f"{path}: {error}")
    return status


def _free(path: Path, taken: set[str]) -> str:
    """The name of what comes of a file; another one where a file of the same run has it."""
    name, number = path.name, 1
    while name.casefold() in taken:
        number += 1
        name = f"{path.stem}-{number}{path.suffix}"
    taken.add(name.casefold())
    return name


def apply_steps(
    steps: tuple[Record, ...], studio: actions.Studio, options: argparse.Namespace
) -> int:
    """Do some steps to one picture or project; the exit status."""
    recipe = Recipe(steps)
    try:
        carry_out(recipe, studio, options.input, options.output, options)
    except _Stopped:
        return 1
    except EditError as error:
        return complain(f"{options.input}: {error}.")
    return 0


def carry_out(
    recipe: Recipe,
    studio: actions.Studio,
    source: Path,
    output: Path,
    options: argparse.Namespace,
) -> None:
    """Do a recipe to a picture or a project, and write what comes of it; to a project as one.

    Raises what opening, editing and exporting raise; _Stopped for a filter that failed.
    """

    def through_filter(document: actions.Document, step: Record, above: str) -> Edit:
        filter = studio.filter(step.id)
        settings = filter.settings(step.settings)
        there, layer = placed(document, filter, settings, step, above)
        result = filtered(studio, filter, settings, there, options.quiet, layer)
        if result is None:
            raise _Stopped
        return Edit(filter.title, lambda _: result, record=step)

    with contextlib.ExitStack() as stack:
        if actions.is_project(source):
            project, history = actions.Project.open(source, pixel_limit=options.pixel_limit)
            stack.callback(project.close)
        else:
            opened = actions.open_picture(
                source,
                pixel_limit=options.pixel_limit,
                importers=studio.importers,
                told=development_of(options),
            )
            say(opened.notes)
            history = actions.History.start(opened.document)
        if getattr(options, "mask", None) is not None:
            mask = actions.read_mask(options.mask, history.document)
            history = history.do(edits.select(mask))
        choices = choices_of(options)
        if actions.is_project(output):
            history = play(recipe, history, through_filter, studio.live)
            actions.Project.create(output, history, overwrite=options.overwrite).close()
            if not options.quiet:
                tell(f"{output}", done=True)
            return
        document = history.document
        target = Target(output, choices, studio, options.overwrite)
        target.check(document.width, document.height)
        deep_enough = history.do(edits.deepen(target.depth_for(document)))
        history = play(recipe, deep_enough, through_filter, studio.live)
        exported = target.export(history.document, studio.live)
    say(exported.notes)
    if not options.quiet:
        tell_exported(exported, history.document)


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
    return _recipe


@reported
def _recipe(options: argparse.Namespace) -> int:
    project, history = actions.Project.open(options.project)
    try:
        found, lost = recorded(history) if options.leave_out else (recipe_of(history), ())
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
