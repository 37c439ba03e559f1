"""Verify command: ``safelight verify``, whether a project's results come out again as they are."""

from __future__ import annotations

import argparse
import contextlib
import json

from safelight import actions
from safelight.actions.opened_file import opened_project
from safelight.actions.receipts import NoReceipt, receipt_of, verified
from safelight.cli.command_outcome import reported
from safelight.cli.command_parser import Parser, Run, file_name, given
from safelight.cli.terminal import complain, tell
from safelight.files import atomic_write


def verify(parser: Parser) -> Run:
    """``safelight verify PROJECT``: make results afresh, and compare."""
    parser.description = (
        "Make the results that a project's filter layers keep afresh, and compare them with what"
        " is kept. The exit status is 1 where one is another."
    )
    parser.add_argument("input", type=file_name, metavar="PROJECT", help="a .safelight project")
    parser.add_argument("--layer", type=given, metavar="NAME", help="this layer alone")
    parser.add_argument(
        "--receipt",
        type=file_name,
        metavar="FILE",
        help="write what it takes to make the results again, as JSON",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it exists")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    return reported(_verify)


def _verify(options: argparse.Namespace) -> int:
    with contextlib.ExitStack() as stack:
        studio = stack.enter_context(actions.Studio(options.device))
        project, history = opened_project(options.input)
        stack.callback(project.close)
        document = history.document
        layers = [
            layer
            for layer in document.walk()
            if layer.filter is not None
            and layer.filter.kept is not None
            and options.layer in (None, layer.name, layer.id)
        ]
        if not layers:
            which = f"No layer called {options.layer}" if options.layer else "No layer"
            return complain(f"{which} of {options.input} keeps a result.", 1)
        differing = 0
        for layer in layers:
            try:
                verdict = verified(studio, document, layer.id)
            except (NoReceipt, actions.FilterFailed, actions.UnknownFilter) as error:
                differing += 1
                complain(f"{layer.name}: {error}")
                continue
            differing += not verdict.same
            tell(f"{layer.name}: {' '.join(verdict.sentences())}")
        if options.receipt is not None:
            receipts = [receipt_of(document, layer.id, studio.live).told() for layer in layers]
            text = json.dumps(receipts, indent=2, ensure_ascii=False).encode()
            atomic_write(
                options.receipt, lambda file: file.write(text), overwrite=options.overwrite
            )
    return 1 if differing else 0
