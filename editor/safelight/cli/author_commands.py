"""Author commands: ``safelight plugins new | check``, what plugin authors ask for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from safelight import actions
from safelight.actions.plugins.plugin_store import Store, StoreError
from safelight.cli.command_parser import Parser, Run, add_json, file_name, given
from safelight.cli.model_commands import add_known, known_of
from safelight.cli.terminal import complain, tell, tell_json

if TYPE_CHECKING:
    from safelight.actions.plugins.check_plugin import Verdict

Answer = TypeVar("Answer")


def new(parser: Parser) -> Run:
    """``safelight plugins new [NAME]``: write a plugin to start from, and say what comes next.

    What is not given is asked for when somebody sits at a terminal.
    """
    parser.description = "Write a complete plugin with one filter that works, to start from."
    add_json(parser)
    parser.add_argument(
        "name", type=given, nargs="?", metavar="NAME", help="its name, like soft-glow"
    )
    parser.add_argument("--title", help="its entry in the menu")
    parser.add_argument(
        "--variant",
        choices=actions.VARIANTS,
        help="arithmetic, a network, pixels made from a seed, or a network’s code that is changed",
    )
    parser.add_argument(
        "--network",
        type=file_name,
        metavar="FILE",
        help="an ONNX file to run, of any kind that “models add” takes",
    )
    parser.add_argument("--licence", default="", help="the network's licence")
    parser.add_argument("--training-data", default="", help="what it was trained on")
    add_known(parser)
    parser.add_argument(
        "--into", type=file_name, default=Path(), metavar="FOLDER", help="where its folder is made"
    )
    return partial(_new, parser)


def _new(parser: Parser, options: argparse.Namespace) -> int:
    from safelight.actions.plugins.network_project import trained_network

    asking = sys.stdin.isatty() and not options.json
    if options.name is None and not asking:
        parser.error("a NAME is needed")
    try:
        called = options.name or _ask("Name", "", _checked(actions.plugin_names))
        title = actions.default_title(actions.plugin_names(called))
        variant = actions.VARIANTS[0]
        if options.title is not None:
            title = options.title
        elif asking:
            title = _ask("Title in the menu", title, actions.plugin_title)
        if options.variant is not None:
            variant = options.variant
        elif options.network is not None:
            variant = "neural"
        elif asking:
            variant = _ask(f"Variant ({', '.join(actions.VARIANTS)})", variant, _variant)
        trained = None
        if options.network is not None:
            trained = trained_network(
                *(Store(), options.network, called, title, known_of(options)),
                licence=options.licence,
                training_data=options.training_data,
            )
        folder = actions.write_plugin(options.into, called, title, variant, trained)
    except actions.TemplateError as error:
        return complain(error, 2)
    except (actions.WriteError, StoreError) as error:
        return complain(error, 1)
    except OSError as error:
        return complain(f"{options.network} cannot be read: {error.strerror}", 2)
    except EOFError:
        return complain("nothing was written", 1)
    if options.json:
        tell_json({"written": str(folder)}, done=True)
    else:
        hint = "Next, in that folder: python -m pytest --safelight"
        tell(f"Written: {folder}", hint, done=True)
    return 0


def check(parser: Parser) -> Run:
    """``safelight plugins check PATH``: does a plugin keep its promises? 1 when it does not."""
    parser.description = "Check that a plugin keeps every promise, as its users would install it."
    add_json(parser)
    parser.add_argument(
        "source",
        type=given,
        metavar="PATH",
        help="a plugin's folder, a wheel, or the name of one installed",
    )
    return _check


def _check(options: argparse.Namespace) -> int:
    from safelight.actions.plugins.check_plugin import check_plugin

    told = (lambda verdict: None) if options.json else _tell
    verdicts = check_plugin(options.source, Store(), told)
    broken = [item for item in verdicts if item.complaint]
    if options.json:
        listed = [item.to_json() for item in verdicts]
        tell_json({"kept": not broken, "promises": listed})
    else:
        tell(f"{len(verdicts) - len(broken)} of {len(verdicts)} promises are kept.")
    return 1 if broken else 0


def _tell(verdict: Verdict) -> None:
    if verdict.complaint:
        tell(f"✗ {verdict.promise}: {verdict.complaint}")


def _ask(question: str, default: str, check: Callable[[str], Answer]) -> Answer:
    """The answer somebody types, ``default`` for none; asked again until it will do."""
    while True:
        answer = input(f"{question} [{default}]: " if default else f"{question}: ").strip()
        try:
            return check(answer or default)
        except actions.TemplateError as error:
            complain(error, 2)


def _checked(check: Callable[[str], object]) -> Callable[[str], str]:
    """The text itself, when ``check`` has nothing against it."""

    def checked(text: str) -> str:
        check(text)
        return text

    return checked


def _variant(text: str) -> actions.Variant:
    for variant in actions.VARIANTS:
        if text == variant:
            return variant
    raise actions.TemplateError(f"there is no variant {text}: take {', '.join(actions.VARIANTS)}")
