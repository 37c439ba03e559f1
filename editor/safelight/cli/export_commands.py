"""Export commands: ``safelight export`` writes what is shown; ``safelight look`` its colours."""

from __future__ import annotations

import argparse
import contextlib
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from safelight import actions
from safelight.actions.cube_look import SIDES
from safelight.actions.opened_file import as_seen, opened_project
from safelight.actions.synthesised_map import synthesised_map
from safelight.api import ParameterError, Value
from safelight.cli.command_options import (
    add_exporting,
    add_opening,
    choices_of,
    opened_as_told,
    told_of,
)
from safelight.cli.command_outcome import reported, say
from safelight.cli.command_parser import Parser, Run, file_name, given
from safelight.cli.export_target import Target, tell_exported
from safelight.cli.terminal import tell
from safelight.document import Record
from safelight.files.metadata.moment_taken import taken
from safelight.files.provenance.provenance_sidecar import with_sidecar, write_sidecar


def export(parser: Parser) -> Run:
    """``safelight export IN OUT``: what a project shows.

    Its cheap filters run, of the others what was kept is shown.
    """
    parser.description = "Export what a project shows, or convert a picture."
    parser.add_argument("input", type=file_name, metavar="IN", help="the project, or a photograph")
    parser.add_argument(
        "output", type=file_name, metavar="OUT", help="the file to write, or a folder"
    )
    parser.add_argument(
        "--without-failed",
        action="store_true",
        help="leave out layers that cannot be computed, and say which; else nothing is written",
    )
    parser.add_argument(
        "--preset", type=given, metavar="NAME", help="a preset; what else is told counts more"
    )
    parser.add_argument(
        "--name",
        type=given,
        default="{name}",
        metavar="PATTERN",
        help=(
            f"of the file, where OUT is a folder: {' '.join(f'{{{x}}}' for x in actions.FIELDS)};"
            " a date can have a format, as in {taken:YYYYMMDD-hhmmss}"
        ),
    )
    parser.add_argument(
        "--if-exists",
        choices=("refuse", "replace", "number", "skip"),
        help="what is done where the file exists; in a folder it is given a number, else refused",
    )
    parser.add_argument("--quality", type=int, help="JPEG and WebP, 1 to 100")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the format, as `safelight formats` lists them",
    )
    parser.add_argument(
        "--sidecar",
        action="store_true",
        help="read IN's .xmp file, if there is one, and write one beside OUT",
    )
    parser.add_argument(
        "--synthesised-map",
        type=file_name,
        metavar="FILE",
        help="write which pixels were synthesised, and by which step, as an indexed PNG",
    )
    parser.add_argument("--quiet", action="store_true", help="no summary")
    add_exporting(parser)
    return _export


@reported
def _export(options: argparse.Namespace) -> int:
    options.if_exists = options.if_exists or ("replace" if options.overwrite else None)
    with contextlib.ExitStack() as stack:
        studio = stack.enter_context(actions.Studio())
        choices = _choices(options, studio)
        document, steps, notes = _opened(options, studio, stack)
        if options.sidecar:
            document = with_sidecar(document, Path(options.input))
        output = _output(options, choices, document)
        if options.if_exists == "skip" and output.exists():
            if not options.quiet:
                tell(f"{output} exists already and was left as it is.")
            return 0
        left: list[str] = []
        origin = actions.Origin(Path(options.input), steps)
        target = Target(output, choices, studio, options.if_exists == "replace", origin)
        while True:
            try:
                exported = target.export(document, studio.live)
                break
            except actions.LayerFailed as failure:
                if not options.without_failed:
                    hint = "Nothing was written; --without-failed exports the picture without it."
                    raise actions.ExportError(f"{failure} {hint}") from failure
                left.append(f"{failure.name} was left out. {failure}")
                document = document.without([failure.layer_id])
        replaces = options.if_exists == "replace"
        if options.sidecar:
            write_sidecar(document, exported.path, choices.metadata, overwrite=replaces)
        made = None
        if options.synthesised_map is not None:
            made = synthesised_map(
                document, studio.live, {item.id for item in studio.filters() if item.invents}
            )
            made.write(Path(options.synthesised_map), overwrite=replaces)
    say([*notes, *left, *exported.notes])
    if made is not None and not options.quiet:
        for number, name in enumerate(made.names, 1):
            tell(f"  {number}: {name}")
    if not options.quiet:
        tell_exported(exported, document)
    return 0


def look(parser: Parser) -> Run:
    """``safelight look IN OUT``: what the adjustments of a project make of colours, as a table."""
    parser.description = "Save the adjustments above a project's picture as a .cube file."
    parser.epilog = "Hidden layers have no part in it; a layer that no table can hold is named."
    parser.add_argument("input", type=file_name, metavar="IN", help="a project, or layers")
    parser.add_argument("output", type=file_name, metavar="OUT", help="the file to write, .cube")
    parser.add_argument(
        "--side", type=int, choices=SIDES, default=SIDES[0], help="points along each side"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    add_opening(parser)
    return _look


@reported
def _look(options: argparse.Namespace) -> int:
    with contextlib.ExitStack() as stack:
        studio = stack.enter_context(actions.Studio())
        document, _, notes = _opened(options, studio, stack)
        actions.save_look(
            document, options.output, studio.live, options.side, overwrite=options.overwrite
        )
    say(notes)
    tell(f"{options.output}  {options.side} × {options.side} × {options.side} colours", done=True)
    return 0


def _opened(
    options: argparse.Namespace, studio: actions.Studio, stack: contextlib.ExitStack
) -> tuple[actions.Document, tuple[Record, ...], tuple[str, ...]]:
    """What to export, which may be read from its file until ``stack`` is closed; the steps that are
    known to have led to it; and notes.
    """
    if actions.is_project(options.input):
        project, history = opened_project(options.input, pixel_limit=options.pixel_limit)
        stack.callback(project.close)
        return as_seen(history).document, history.records(), project.notes
    opened = opened_as_told(options.input, options, studio)
    return opened.document, (), tuple(opened.notes)


def _output(
    options: argparse.Namespace, choices: actions.ExportOptions, document: actions.Document
) -> Path:
    """The file to write: in a folder one that the pattern names, which is not there yet."""
    output = Path(options.output)
    if not output.is_dir():
        return actions.free(output) if options.if_exists == "number" else output
    if choices.format is None:
        raise actions.ExportError(f"{output} is a folder; --preset says what is written to it.")
    width, height = actions.sides(document, choices)
    name = actions.named(
        options.name,
        name=Path(options.input).stem,
        width=width,
        height=height,
        number=1,
        when=datetime.now(),
        taken=taken(document.metadata),
    )
    codec = next(x for x in actions.exported_formats() if x.name == choices.format)
    path = output / f"{name}{codec.suffixes[0]}"
    return actions.free(path) if options.if_exists in (None, "number") else path


def _choices(options: argparse.Namespace, studio: actions.Studio) -> actions.ExportOptions:
    """How to export: what is told, over the preset, over what the file's ending names."""
    choices = choices_of(options)
    suffix = os.path.splitext(options.output)[1].lower()
    codec = next((x for x in actions.exported_formats() if suffix in x.suffixes), None)
    settings: dict[str, Value] = {}
    if options.preset is not None:
        preset, told = actions.Presets().named(options.preset), told_of(options)
        if codec is not None:
            told["format"] = codec.name
        choices = replace(preset, **told)
        settings = dict(preset.settings)
        codec = codec or next(
            (x for x in actions.exported_formats() if x.name == preset.format), None
        )
    title, told_by = (codec.name, codec.options) if codec else ("the format", ())
    if codec is None and options.set:
        formats = (item for item in studio.offers().exporters if suffix in item.suffixes)
        title, told_by = next(((x.title, x.options) for x in formats), (title, told_by))
    for pair in options.set:
        name, equals, text = pair.partition("=")
        if not equals:
            raise ParameterError(f"--set takes NAME=VALUE, not {pair!r}")
        known = {item.name: item for item in told_by}
        if name not in known:
            names = ", ".join(known) or "none"
            raise ParameterError(f"{title} has no option {name!r}; there are: {names}")
        settings[name] = known[name].parse(text)
    return replace(choices, settings=settings)
