"""Contact sheet command: ``safelight contact-sheet``, many pictures on one page."""

from __future__ import annotations

import argparse

from safelight import actions
from safelight.actions.contact_sheet import PAPERS, Sheet, contact_sheet, of_files
from safelight.cli.command_outcome import reported, say
from safelight.cli.command_parser import Parser, Run, file_name
from safelight.cli.export_target import Target, tell_exported


def sheet(parser: Parser) -> Run:
    """``safelight contact-sheet IN … OUT``: pictures in rows on a page."""
    parser.description = "Put pictures in rows on a page, each a layer with its name below it."
    parser.epilog = "OUT may be a project, in which the pictures can be moved."
    parser.add_argument("input", type=file_name, nargs="+", metavar="IN", help="pictures")
    parser.add_argument("output", type=file_name, metavar="OUT", help="the file to write")
    parser.add_argument("--paper", choices=tuple(PAPERS), default="a4", help="default: a4")
    parser.add_argument("--landscape", action="store_true", help="the page lies on its side")
    parser.add_argument("--columns", type=int, default=0, help="default: as they fit best")
    parser.add_argument("--margin", type=float, default=6.0, help="millimetres (default: 6)")
    parser.add_argument("--dpi", type=float, default=300.0, help="dots per inch (default: 300)")
    parser.add_argument("--no-captions", action="store_true", help="without the files' names")
    parser.add_argument("--quality", type=int, default=90, help="of a JPEG or WebP (default: 90)")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    return reported(_sheet)


def _sheet(options: argparse.Namespace) -> int:
    page = Sheet(
        options.paper,
        options.landscape,
        options.columns,
        options.margin,
        options.dpi,
        not options.no_captions,
    )
    left_out: list[str] = []
    with actions.Studio() as studio:
        choices = actions.ExportOptions(quality=options.quality)
        target = Target(options.output, choices, studio, options.overwrite)
        is_project = options.output.suffix.lower() == ".safelight"
        if not is_project:
            target.check(*page.size)
        pictures = of_files(options.input, left_out)
        made = contact_sheet(pictures, len(options.input), page, studio.live)
        say(left_out)
        if len(left_out) == len(options.input):
            return 1
        if is_project:
            history = actions.History.start(made)
            actions.Project.create(options.output, history, overwrite=options.overwrite).close()
        else:
            exported = target.export(made)
            say(exported.notes)
            tell_exported(exported, made)
    return 1 if left_out else 0
