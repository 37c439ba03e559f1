"""Sequence command: ``safelight sequence``: films, animations, bursts; filtered, and written."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

from safelight import actions
from safelight.actions.opened_file import opened_file
from safelight.actions.recipes import Recipe, check_recipe, placed, play, read_recipe
from safelight.actions.sequences.filter_frames import filtered_frames
from safelight.actions.sequences.finish_frames import FrameFinisher
from safelight.actions.sequences.frame_pictures import scratch_folder
from safelight.actions.sequences.open_sequences import opened_pictures, opened_sequence
from safelight.actions.stop import Stop
from safelight.api import Declaration, ParameterError, Value
from safelight.cli.command_options import settings_of
from safelight.cli.command_outcome import reported, say
from safelight.cli.command_parser import Parser, Run, file_name, given
from safelight.cli.export_target import Target, tell_exported
from safelight.cli.progress import ProgressBar
from safelight.cli.terminal import tell
from safelight.document import Document, Edit, EditError, History, Record
from safelight.document.commands import sequence_commands
from safelight.document.frames import frames
from safelight.document.frames.frames_content import LONGEST
from safelight.files import OpenError
from safelight.files.sequences.export_sequence import (
    estimated_bytes,
    export_numbered,
    export_sequence,
    sequence_formats,
)


def sequence(parser: Parser) -> Run:
    """``safelight sequence IN… OUT``: pictures in order, filtered and written as one file."""
    endings = " ".join(ending for each in sequence_formats().values() for ending in each)
    parser.description = (
        "Filter a film, an animation, pictures in order (a folder, or several files) or a project"
        " that holds a sequence, with all its layers, and write them."
    )
    parser.epilog = f"OUT ends in one of {endings}; with --numbered or --last as a picture does."
    parser.add_argument(
        "inputs",
        nargs="+",
        type=file_name,
        metavar="IN",
        help="a film, an animation, pictures, a project",
    )
    parser.add_argument("output", type=file_name, metavar="OUT", help="the file to write")
    parser.add_argument(
        "--filter",
        action="append",
        default=[],
        type=given,
        metavar="NAME[:SETTING=VALUE,…]",
        help="a filter for every picture, several in turn",
    )
    parser.add_argument(
        "--recipe", type=file_name, metavar="FILE", help="steps before that: filters become layers"
    )
    parser.add_argument("--first", type=int, help="the first picture, from 1; else that of in")
    parser.add_argument("--final", type=int, help="the last picture; else that of out")
    parser.add_argument("--reverse", action="store_true", help="from the end to the beginning")
    parser.add_argument(
        "--duration", type=int, metavar="MS", help="how long each picture is shown, milliseconds"
    )
    parser.add_argument(
        "--numbered", action="store_true", help="a file for each picture: OUT_0001, …"
    )
    parser.add_argument(
        "--last", action="store_true", help="write the last picture alone, as for a burst"
    )
    parser.add_argument("--quality", type=int, help="of formats that have one, 1 to 100")
    parser.add_argument(
        "--estimate", action="store_true", help="say about how large OUT becomes; write nothing"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--quiet", action="store_true", help="no progress, no summary")
    return _sequence


@reported
def _sequence(options: argparse.Namespace) -> int:
    with contextlib.ExitStack() as stack:
        document, notes = _opened(options, stack)
        say(notes)
        return _written(_arranged(document, options), options)


def _opened(
    options: argparse.Namespace, stack: contextlib.ExitStack
) -> tuple[Document, tuple[str, ...]]:
    """The sequence that is asked for, which may be read until ``stack`` is closed, and notes."""
    first = Path(options.inputs[0])
    if len(options.inputs) > 1 or first.is_dir():
        opened = opened_pictures(options.inputs)
    elif actions.is_project(first):
        history, notes = stack.enter_context(opened_file(first))
        if not frames.sequences(history.document):
            raise OpenError(f"{first.name} holds no sequence.")
        return history.document, notes
    else:
        opened = opened_sequence(first)
    return opened.document, opened.notes


def _written(document: Document, options: argparse.Namespace) -> int:
    choices = actions.ExportOptions(quality=options.quality)
    stop = Stop()
    bar = ProgressBar(document.name, sys.stderr, hidden=options.quiet)
    with actions.Studio(options.device) as studio:
        asked = [_asked(studio, text) for text in options.filter]
        if options.recipe is not None:
            document = _done(document, read_recipe(options.recipe), studio)
        parts = len(asked) + 1
        try:
            for number, (filter, settings) in enumerate(asked):
                hear = _share(bar, number / parts, 1 / parts)
                document = filtered_frames(document, filter, settings, studio, hear=hear)
            hear = _share(bar, (parts - 1) / parts, 1 / parts)
            finisher = FrameFinisher(studio, stop, hear)
            finished = finisher.finished
            if options.estimate:
                told = estimated_bytes(
                    *(document, options.output, scratch_folder(), choices),
                    live=studio.live,
                    finished=finished,
                )
                tell(f"{options.output}  about {told / 1e6:,.1f} MB", done=True)
                return 0
            if options.last:
                final = frames.bounds(document)[1]
                last = finished(frames.at(document, final), final)
                target = Target(options.output, choices, studio, options.overwrite)
                exported, shown = target.export(last), last
            elif options.numbered:
                made = export_numbered(
                    document,
                    options.output,
                    choices,
                    overwrite=options.overwrite,
                    live=studio.live,
                    finished=finished,
                    hear=finisher.told,
                )
                exported, shown = made[-1], document
            else:
                exported = export_sequence(
                    document,
                    options.output,
                    scratch_folder(),
                    choices,
                    overwrite=options.overwrite,
                    live=studio.live,
                    finished=finished,
                    hear=finisher.told,
                )
                shown = document
        finally:
            bar.end()
    say(exported.notes)
    if not options.quiet:
        tell_exported(exported, shown)
        first, final = frames.bounds(document)
        count = 1 if options.last else final - first + 1
        tell(f"{count:,} {'picture' if count == 1 else 'pictures'}", done=True)
    return 0


def _share(bar: ProgressBar, first: float, share: float) -> Callable[[float], None]:
    started = time.monotonic()

    def hear(done: float) -> None:
        whole = first + share * done
        elapsed = time.monotonic() - started
        bar.show(whole, elapsed / done * (1 - done) if done > 0.02 else None)

    return hear


def _arranged(document: Document, options: argparse.Namespace) -> Document:
    """The pictures that are asked for, in the order that is asked for. Raises ParameterError."""
    count, (begin, end) = frames.length(document), frames.bounds(document)
    first = begin + 1 if options.first is None else options.first
    final = end + 1 if options.final is None else options.final
    if not 1 <= first <= final <= count:
        raise ParameterError(
            f"there are {count:,} pictures: --first and --final are among 1 to {count:,}"
        )
    told = [f"1-{first - 1}"] * (first > 1) + [f"{final + 1}-{count}"] * (final < count)
    if told:
        document = sequence_commands.delete_frames(frames=",".join(told)).apply(document)
    document = sequence_commands.in_and_out().apply(document)
    if options.reverse:
        document = sequence_commands.reverse_frames().apply(document)
    if options.duration is not None:
        if not 1 <= options.duration <= LONGEST:
            raise ParameterError("a picture is shown for 1 ms to an hour")
        document = sequence_commands.frame_duration(duration=options.duration).apply(document)
    return frames.at(document, 0)


def _done(document: Document, recipe: Recipe, studio: actions.Studio) -> Document:
    """The sequence after the steps of a recipe. Raises EditError and UnknownFilter."""

    def layered(document: Document, record: Record, above: str) -> Edit:
        declaration = studio.filter(record.id)
        settings = declaration.settings(record.settings)
        made, layer = placed(document, declaration, settings, record, above)
        if layer is None:
            raise EditError(f"{declaration.title} cannot be a layer over a sequence: use --filter")
        return Edit(declaration.title, lambda _: made)

    check_recipe(recipe, studio.filter)
    return play(recipe, History.start(document), layered, studio.live).document


def _asked(studio: actions.Studio, text: str) -> tuple[Declaration, dict[str, Value]]:
    """A filter and its settings, of ``denoise:level=20``. Raises ParameterError, UnknownFilter."""
    name, _, told = text.partition(":")
    filter = studio.filter(name)
    if filter.generates or filter.selects or filter.masked or filter.tone:
        raise ParameterError(f"{filter.name} is no filter for the pictures of a sequence")
    return filter, settings_of(filter, [part for part in told.split(",") if part])
