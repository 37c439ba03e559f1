"""``safelight [PHOTO ...]``: the window."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from safelight import __version__

_USAGE = """safelight [PHOTO ...]
       safelight apply FILTER IN OUT [--set NAME=VALUE ...]
       safelight filters | formats | info FILE | doctor
       safelight plugins list | install SOURCE | uninstall NAME | new | …
       safelight models list | add FILE | verify | measure | remove NAME"""


def window(words: list[str]) -> int:
    """Open the window on the photographs named, or empty with samples to click."""
    parser = argparse.ArgumentParser(
        prog="safelight",
        usage=_USAGE,
        description="Edit photographs with neural filters. Without a command, opens the window.",
    )
    parser.add_argument("photos", nargs="*", type=Path, metavar="PHOTO")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument(
        "--safe-mode", action="store_true", help="start with the built-in filters alone"
    )
    parser.add_argument("--version", action="version", version=f"safelight {__version__}")
    options = parser.parse_args(words)
    try:
        from safelight import gui
    except ImportError as error:
        print(f"safelight: the window cannot be loaded: {error}", file=sys.stderr)
        return 1
    if not gui.display_available():
        print(
            "safelight: there is no display here; the command line works without one:"
            " safelight apply enlarge photo.jpg big.png --set factor=2",
            file=sys.stderr,
        )
        return 1
    return gui.run(options.photos, device=options.device, safe=options.safe_mode)
