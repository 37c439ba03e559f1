"""Window command: ``safelight [PHOTO ...]`` opens the window."""

from __future__ import annotations

import argparse

from safelight import __version__
from safelight.cli import terminal
from safelight.cli.group import Parser, file_name
from safelight.cli.main import COMMANDS

_USAGE = """safelight [PHOTO ...]
       safelight COMMAND …"""


def window(words: list[str]) -> int:
    """Open the window on the photographs named, or empty with samples to click."""
    parser = Parser(
        prog="safelight",
        usage=_USAGE,
        description="Edit photographs with neural filters. Without a command, opens the window.",
        epilog=_commands(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("photos", nargs="*", type=file_name, metavar="PHOTO")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument(
        "--safe-mode", action="store_true", help="start with the built-in filters alone"
    )
    parser.add_argument("--version", action="version", version=f"safelight {__version__}")
    options = parser.parse_args(words)
    try:
        from safelight import gui
    except ImportError as error:
        return terminal.complain(f"the window cannot be loaded: {error}")
    why = gui.why_no_window()
    if why:
        return terminal.complain(why)
    return gui.run(options.photos, device=options.device, safe=options.safe_mode)


def _commands() -> str:
    """The commands, a line each."""
    forms = {f"{name} {item.form}".strip(): item.does for name, item in COMMANDS.items()}
    width = max(map(len, forms))
    lines = [f"  {form:<{width}}  {does}" for form, does in forms.items()]
    return "\n".join(["commands; each says more with --help:", *lines])
