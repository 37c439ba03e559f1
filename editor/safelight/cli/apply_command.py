"""Apply command: ``safelight apply``: a filter, or a step of a recipe, done to one picture."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from safelight import actions
from safelight.actions.recipes import Recipe, placed
from safelight.actions.recipes.process_file import process_file
from safelight.actions.stop import Stop, Stopped
from safelight.api import Declaration
from safelight.cli.basic_commands import filter_lines, reload
from safelight.cli.command_options import (
    add_exporting,
    add_running,
    choices_of,
    opened_as_told,
    opening_of,
    parsed,
    settings_of,
)
from safelight.cli.command_outcome import reported, say
from safelight.cli.command_parser import Parser, Run, file_name, given
from safelight.cli.export_target import Target, tell_exported, tell_processed
from safelight.cli.filter_on_terminal import filtered
from safelight.cli.recipe_commands import described
from safelight.cli.terminal import complain, note, tell
from safelight.document import DECLARED, Edit, EditError, Record, edits


def apply(parser: Parser) -> Run:
    """``safelight apply FILTER IN OUT``: run a filter on a photograph and export the result."""
    parser.description = "Run a filter on a photograph and export the result."
    parser.epilog = "`safelight apply FILTER --list` shows what a filter can be told."
    parser.add_argument(
        "filter",
        type=given,
        help="a filter or a command, as `safelight filters` and `safelight commands` list them",
    )
    parser.add_argument("input", nargs="?", type=file_name, metavar="IN", help="the photograph")
    parser.add_argument(
        "output", nargs="?", type=file_name, metavar="OUT", help="the file to write"
    )
    parser.add_argument(
        "--mask", type=file_name, metavar="FILE", help="where to work: a picture, white is selected"
    )
    parser.add_argument(
        "--auto", action="store_true", help="let the filter find its settings; --set comes on top"
    )
    parser.add_argument("--list", action="store_true", help="show the filter's parameters")
    add_exporting(parser)
    add_running(parser)
    return reported(partial(_apply, parser))


def _apply(parser: Parser, options: argparse.Namespace) -> int:
    with actions.Studio(options.device, patience=options.patience) as studio:
        reload(studio)
        if (status := _apply_as_steps(studio, options, parser)) is not None:
            return status
        filter = studio.filter(options.filter)
        if options.list:
            tell(*filter_lines(filter))
            return 0
        if options.input is None or options.output is None:
            parser.error("name the photograph and the file to write")
        settings = settings_of(filter, options.set)
        steps = (Record("filter", filter.id, settings),)
        origin = actions.Origin(Path(options.input), steps)
        target = Target(options.output, choices_of(options), studio, options.overwrite, origin)
        opened = opened_as_told(options.input, options, studio)
        say(opened.notes)
        document = opened.document
        if options.auto:
            settings = found(studio, filter, options.set, document, options.quiet)
        factor = filter.factor(settings)
        if options.mask is not None:
            mask = actions.read_mask(options.mask, document)
            document = replace(document, selection=mask)
        target.check(document.width * factor, document.height * factor)
        document = edits.deepen(target.depth_for(document)).apply(document)
        result = filtered(studio, filter, settings, document, options.quiet)
        if result is None:
            return 1
        exported = target.export(result)
    say(exported.notes)
    if not options.quiet:
        tell_exported(exported, result)
    return 0


def _apply_as_steps(
    studio: actions.Studio, options: argparse.Namespace, parser: Parser
) -> int | None:
    """Apply a command, or anything to a project; None for a filter that a photograph goes through.

    A filter is asked for before a command of the same name, as ever.
    """
    command = DECLARED.get(options.filter)
    if command is not None and not any(
        options.filter in (item.id, item.name) for item in studio.filters()
    ):
        if options.list:
            tell(*described(command))
            return 0
        if options.input is None or options.output is None:
            parser.error("name the photograph and the file to write")
        if options.auto:
            parser.error(f"{command.id} is a command and finds no settings itself")
        step = Record("command", command.id, parsed(command.parameter, options.set))
        command.settings(step.settings)
        return apply_steps((step,), studio, options)
    of_project = any(
        path is not None and actions.is_project(path) for path in (options.input, options.output)
    )
    if options.list or options.output is None or not of_project:
        return None
    filter = studio.filter(options.filter)
    if options.auto:
        parser.error("--auto is for photographs: in a project, open it in the window")
    step = Record("filter", filter.id, settings_of(filter, options.set))
    return apply_steps((step,), studio, options)


def found(
    studio: actions.Studio,
    filter: Declaration,
    pairs: Sequence[str],
    document: actions.Document,
    quiet: bool,
) -> dict[str, Any]:
    """The settings that a filter finds for a document, overlaid with what was told."""
    told = parsed(filter.parameter, pairs)
    settings = filter.settings(studio.found(filter, filter.settings(told), document) | told)
    for name in () if quiet else settings.keys() - told.keys():
        parameter = filter.parameter(name)
        if settings[name] != parameter.default:
            note(f"{filter.title} found: {parameter.title} {parameter.text(settings[name])}")
    return settings


def apply_steps(
    steps: tuple[Record, ...], studio: actions.Studio, options: argparse.Namespace
) -> int:
    """Do some steps to one picture or project. Gives the exit status."""
    stop = Stop()

    def through_filter(document: actions.Document, step: Record, above: str) -> Edit:
        filter = studio.filter(step.id)
        settings = filter.settings(step.settings)
        there, layer = placed(document, filter, settings, step, above)
        result = filtered(studio, filter, settings, there, options.quiet, layer)
        if result is None:
            raise Stopped
        return Edit(filter.title, lambda _: result, record=step)

    try:
        processed = process_file(
            Recipe.of(steps),
            studio,
            options.input,
            options.output,
            choices_of(options),
            overwrite=options.overwrite,
            opening=opening_of(options),
            stop=stop,
            filtered=through_filter,
        )
    except Stopped:
        return 1
    except EditError as error:
        return complain(f"{options.input}: {error}.")
    say(processed.notes)
    if not options.quiet:
        tell_processed(processed)
    return 0
