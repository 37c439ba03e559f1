"""Command options: what several commands can be told, and what those words mean."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from safelight import actions
from safelight.actions.recipes.process_file import Opening
from safelight.api import Declaration, Parameter, ParameterError, Value
from safelight.cli.command_parser import given


def add_running(parser: argparse.ArgumentParser) -> None:
    """The options of every command that runs a filter and exports what comes of it."""
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter's value"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--quality", type=int, help="JPEG and WebP, 1 to 100")
    parser.add_argument(
        "--patience", type=_seconds, default=120.0, help="seconds a filter may be silent"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress, no summary")


def add_exporting(parser: argparse.ArgumentParser) -> None:
    """The options of every command that opens a picture and exports one."""
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    parser.add_argument("--depth", choices=("same", "8", "16", "32"), help="bits a channel")
    parser.add_argument(
        "--metadata",
        choices=("all", "without location", "copyright", "none"),
        help="what to keep; the colour profile and the mark of synthesised pictures always stay",
    )
    parser.add_argument(
        "--profile",
        type=given,
        metavar="NAME",
        help=f"convert the colours to {', '.join(actions.PROFILES)}, or to the profile of a file",
    )
    add_opening(parser)
    for item in actions.finishes():
        words = f"{item.range_text()}{'; ' + item.help if item.help else ''}"
        option = f"--{item.name.replace('_', '-')}"
        if item.kind == "flag":
            on_or_off = argparse.BooleanOptionalAction
            parser.add_argument(option, action=on_or_off, default=None, help=item.help)
        else:
            parser.add_argument(option, type=given, help=words)


def add_opening(parser: argparse.ArgumentParser) -> None:
    """The options of every command that opens a picture."""
    parser.add_argument("--pixel-limit", type=_pixels, help="largest picture to open, in pixels")
    parser.add_argument(
        "--develop",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="how to develop a camera's raw file, as `safelight formats` lists it",
    )


def opened_as_told(
    path: str, options: argparse.Namespace, studio: actions.Studio
) -> actions.Opened:
    """A photograph, opened as the options of ``add_opening`` say. Raises OpenError and
    ParameterError.
    """
    return actions.open_picture(
        path,
        pixel_limit=options.pixel_limit,
        importers=studio.importers,
        told=development_of(options),
    )


def development_of(options: argparse.Namespace) -> dict[str, Value]:
    """What a raw file is told, as the options say. Raises ParameterError."""
    codec = next(item for item in actions.CODECS if item.opening)
    known = {item.name: item for item in codec.opening}
    told: dict[str, Value] = {}
    for pair in options.develop:
        name, equals, text = pair.partition("=")
        if not equals:
            raise ParameterError(f"--develop takes NAME=VALUE, not {pair!r}")
        if name not in known:
            raise ParameterError(
                f"{codec.name} cannot be told {name!r}; it can be told {', '.join(known)}"
            )
        automatic = name == "exposure" and text == "auto"
        told[name] = text if automatic else known[name].parse(text)
    return told


def opening_of(options: argparse.Namespace) -> Opening:
    """How pictures are opened, as the options say. Raises ParameterError."""
    mask = getattr(options, "mask", None)
    sidecar = getattr(options, "sidecar", False)
    return Opening(options.pixel_limit, development_of(options), mask, sidecar)


def told_of(options: argparse.Namespace) -> dict[str, Any]:
    """What the options say of how to export, and nothing that they do not say."""
    read: dict[str, Callable[[str], Any]] = {
        "depth": _depth,
        "metadata": str,
        "quality": int,
        "profile": actions.profile_of,
    }
    for item in actions.finishes():
        read[item.name] = bool if item.kind == "flag" else item.parse
    found = {name: getattr(options, name) for name in read}
    return {name: read[name](value) for name, value in found.items() if value is not None}


def choices_of(options: argparse.Namespace) -> actions.ExportOptions:
    """How to export, as the options say."""
    return actions.ExportOptions(**told_of(options))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:  # NaN neither
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds


def _pixels(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of pixels, 1 or more")
    return int(text)


def settings_of(filter: Declaration, pairs: Sequence[str]) -> dict[str, Any]:
    return filter.settings(parsed(filter.parameter, pairs))


def parsed(parameter: Callable[[str], Parameter], pairs: Sequence[str]) -> dict[str, Any]:
    """The settings that NAME=VALUE pairs give. Raises ParameterError."""
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise ParameterError(f"--set takes NAME=VALUE, not {pair!r}")
        settings[name] = parameter(name).parse(text)
    return settings


def _depth(text: str) -> Any:
    return text if text == "same" else int(text)
