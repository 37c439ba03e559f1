"""Sequence command: ``safelight sequence``: films, animations, bursts; filtered, and written."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from safelight import actions
from safelight.actions.sequences.filter_frames import filtered_frames, scratch_folder
from safelight.actions.sequences.open_sequences import opened_pictures, opened_sequence
from safelight.api import Declaration, ParameterError, Value
from safelight.cli.basic_commands import reported, say
from safelight.cli.command_options import settings_of
from safelight.cli.command_parser import Parser, Run, file_name, given
from safelight.cli.export_target import Target, tell_exported
from safelight.cli.progress import ProgressBar
from safelight.cli.terminal import tell
from safelight.document import Document, frames
from safelight.files.sequences.export_sequence import (
    export_numbered,
    export_sequence,
    sequence_formats,
)


def sequence(parser: Parser) -> Run:
    """``safelight sequence IN… OUT``: pictures in order, filtered and written as one file."""
    endings = " ".join(ending for each in sequence_formats().values() for ending in each)
    parser.description = (
        "Filter a film, an animation, or pictures in order (a folder, or several files), and write"
        " them."
    )
    parser.epilog = f"OUT ends in one of {endings}; with --numbered or --last as a picture does."
    parser.add_argument(
        "inputs", nargs="+", type=file_name, metavar="IN", help="a film, an animation, pictures"
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
    parser.add_argument("--first", type=int, default=1, help="the first picture, from 1")
    parser.add_argument("--final", type=int, help="the last picture")
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
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--quiet", action="store_true", help="no progress, no summary")
    return _sequence


@reported
def _sequence(options: argparse.Namespace) -> int:
    opened = (
        opened_sequence(options.inputs[0])
        if len(options.inputs) == 1 and not Path(options.inputs[0]).is_dir()
        else opened_pictures(options.inputs)
    )
    say(opened.notes)
    document = _arranged(opened.document, options)
    choices = actions.ExportOptions(quality=options.quality)
    bar = ProgressBar(document.name, sys.stderr, hidden=options.quiet)
    with actions.Studio(options.device) as studio:
        asked = [_asked(studio, text) for text in options.filter]
        parts = len(asked) + 1
        try:
            for number, (filter, settings) in enumerate(asked):
                hear = _share(bar, number / parts, 1 / parts)
                document = filtered_frames(document, filter, settings, studio, hear=hear)
            hear = _share(bar, (parts - 1) / parts, 1 / parts)
            if options.last:
                last = frames.at(document, frames.length(document) - 1)
                target = Target(options.output, choices, studio, options.overwrite)
                exported, shown = target.export(last), last
            elif options.numbered:
                made = export_numbered(
                    document,
                    options.output,
                    choices,
                    overwrite=options.overwrite,
                    live=studio.live,
                    hear=hear,
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
                    hear=hear,
                )
                shown = document
        finally:
            bar.end()
    say(exported.notes)
    if not options.quiet:
        tell_exported(exported, shown)
        count = 1 if options.last else frames.length(document)
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
    (layer,) = document.layers
    held, count = layer.content, frames.length(document)
    final = count if options.final is None else options.final
    if not 1 <= options.first <= final <= count:
        raise ParameterError(
            f"there are {count:,} pictures: --first and --final are among 1 to {count:,}"
        )
    order = list(range(options.first - 1, final))
    held = held.arranged(order[::-1] if options.reverse else order).at(0)
    if options.duration is not None:
        if not 1 <= options.duration <= frames.LONGEST:
            raise ParameterError("a picture is shown for 1 ms to an hour")
        held = replace(held, durations=(options.duration,) * len(order))
    return document.with_layer(replace(layer, content=held))


def _asked(studio: actions.Studio, text: str) -> tuple[Declaration, dict[str, Value]]:
    """A filter and its settings, of ``denoise:level=20``. Raises ParameterError, UnknownFilter."""
    name, _, told = text.partition(":")
    filter = studio.filter(name)
    if filter.generates or filter.selects or filter.masked or filter.tone:
        raise ParameterError(f"{filter.name} is no filter for the pictures of a sequence")
    return filter, settings_of(filter, [part for part in told.split(",") if part])
