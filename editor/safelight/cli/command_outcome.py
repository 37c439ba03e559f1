"""Command outcome: what went wrong as a sentence and an exit status, and notes of what is done."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from safelight import actions
from safelight.api import ParameterError
from safelight.cli.command_parser import Run
from safelight.cli.terminal import complain

FAILURES = (
    actions.OpenError,
    actions.ExportError,
    actions.FilterFailed,
    actions.LayerFailed,
    actions.LookError,
    actions.WriteError,
    actions.WorkerDied,
    actions.ProjectError,
    actions.ProjectInUse,
)

_MISTAKES = (ParameterError, actions.UnknownFilter)


def reported(command: Run) -> Run:
    """Turn what can go wrong into one sentence on standard error and an exit status."""

    def run(options: argparse.Namespace) -> int:
        try:
            return command(options)
        except _MISTAKES as error:
            return complain(error, 2)
        except actions.FileExists as error:
            return complain(f"{error} On the command line: --overwrite.", 1)
        except FAILURES as error:
            return complain(error, 1)

    return run


def say(notes: Sequence[str]) -> None:
    """Say sentences on standard error, a line each."""
    for sentence in notes:
        complain(sentence)
