"""Window command: ``safelight [PHOTO ...]`` opens the window."""

from __future__ import annotations

import argparse

from safelight import __version__
from safelight.cli import terminal
from safelight.cli.command_parser import Parser, Run, file_name, lines_of
from safelight.cli.main import COMMANDS

_USAGE = """safelight [PHOTO ...]
       safelight COMMAND …"""


def window(parser: Parser) -> Run:
    """Open the window on the photographs named, or empty with samples to click."""
    parser.prog, parser.usage = "safelight", _USAGE
    parser.description = (
        "Edit photographs with neural filters. Without a command, opens the window."
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(["commands; each says more with --help:", *lines_of(COMMANDS)])
    parser.add_argument("photos", nargs="*", type=file_name, metavar="PHOTO")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument(
        "--safe-mode", action="store_true", help="start with the built-in filters alone"
    )
    parser.add_argument("--version", action="version", version=f"safelight {__version__}")
    return _open


def _open(options: argparse.Namespace) -> int:
    try:
        from safelight import gui
    except ImportError as error:
        return terminal.complain(f"the window cannot be loaded: {error}")
    why = gui.why_no_window()
    if why:
        return terminal.complain(why)
    return gui.run(options.photos, device=options.device, safe=options.safe_mode)
