"""Inspect command: ``safelight inspect``, what a filter does with a photograph, as a report."""

from __future__ import annotations

import argparse
import sys

from safelight import actions
from safelight.actions.inspection.inspection import inspect
from safelight.actions.inspection.inspection_report import write_report
from safelight.actions.inspection.tried_filter import NotInspected, TriedFilter
from safelight.cli.basic_commands import reload
from safelight.cli.command_options import add_opening, opened_as_told, settings_of
from safelight.cli.command_outcome import reported, say
from safelight.cli.command_parser import Parser, Run, file_name, given
from safelight.cli.progress import ProgressBar
from safelight.cli.terminal import complain, tell


def inspect_filter(parser: Parser) -> Run:
    """``safelight inspect FILTER IN``: try a filter on a part of a photograph."""
    parser.description = (
        "Try a filter on a part of a photograph: what its networks cost, what it adds, whether"
        " pieces fit together, how steady it is, and where a pixel of its result comes from."
    )
    parser.add_argument("filter", type=given, help="as `safelight filters` lists them")
    parser.add_argument("input", type=file_name, metavar="IN", help="the photograph")
    parser.add_argument(
        "report", nargs="?", type=file_name, metavar="REPORT", help="an HTML file to write"
    )
    parser.add_argument(
        "--at", type=_point, metavar="X,Y", help="the place to look at (default: the middle)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace REPORT if it exists")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter's value"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    add_opening(parser)
    return reported(_inspect)


def _inspect(options: argparse.Namespace) -> int:
    with actions.Studio(options.device) as studio:
        reload(studio)
        filter = studio.filter(options.filter)
        settings = settings_of(filter, options.set)
        opened = opened_as_told(options.input, options, studio)
        say(opened.notes)
        bar = ProgressBar(filter.title, sys.stderr, hidden=options.quiet)
        try:
            tried = TriedFilter.of(studio, filter, settings, opened.document, options.at)
            found = inspect(tried, options.at, lambda done, words: bar.show(done, None, words))
        except NotInspected as reason:
            return complain(reason, 1)
        finally:
            bar.end()
        for heading, text in found.sentences():
            tell(f"{heading}: {text}")
        if options.report is not None:
            write_report(found, options.report, overwrite=options.overwrite)
    return 0


def _point(text: str) -> tuple[int, int]:
    try:
        x, y = (int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no place: say X,Y in pixels") from None
    return x, y
