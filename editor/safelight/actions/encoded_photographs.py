"""Encoded photographs: the codes that a filter's encoder gives for photographs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from safelight.actions.latent_directions import DirectionError
from safelight.actions.lightbox_codes import Code
from safelight.actions.opened_file import opened_file
from safelight.actions.plugin_jobs import Studio
from safelight.actions.stop import Stop
from safelight.api import Declaration, Parameter, Region
from safelight.api.compound_values import code
from safelight.document import Document, FilterFailed, LayerFailed
from safelight.files import OpenError, ProjectError
from safelight.workers.job_events import JobEvent, JobPrepared

Progress = Callable[[int], None]
"""Told how many photographs are encoded."""


def changed_code(declaration: Declaration) -> Parameter | None:
    """The parameter of an autoencoder that is added to a photograph's own code; None of others."""
    return next((item for item in declaration.parameters if item.role == "change"), None)


def code_of(
    studio: Studio, declaration: Declaration, document: Document, stop: Stop | None = None
) -> Code:
    """The code of what a document shows: what the filter's ``prepare`` measures under the name of
    the parameter that changes it. Raises DirectionError, FilterFailed, Stopped.
    """
    parameter = changed_code(declaration)
    if parameter is None:
        raise DirectionError(f"{declaration.title} has no encoder.")
    heard: list[JobEvent] = []
    corner = Region(0, 0, 1, 1)
    job = studio.start(declaration, {}, document, region=corner, listener=heard.append)
    (stop or Stop()).finished(job)
    measured = [event.values for event in heard if isinstance(event, JobPrepared)]
    given = measured[-1].get(parameter.name) if measured else None
    wrong = f"{declaration.title} gave no code for a photograph"
    try:
        found = code(given, parameter.size)
    except ValueError as error:
        raise DirectionError(f"{wrong}: {error}.") from None
    if not found:
        raise DirectionError(f"{wrong}.")
    return found


def codes_of_files(
    studio: Studio,
    declaration: Declaration,
    paths: Sequence[Path],
    stop: Stop,
    progress: Progress | None = None,
) -> tuple[list[Code], list[str]]:
    """The codes of picture files, in their order, and a sentence for each that has none: what
    cannot be opened or encoded is left out. Raises Stopped.
    """
    codes: list[Code] = []
    left_out: list[str] = []
    for done, path in enumerate(paths):
        stop.check()
        try:
            with opened_file(path, importers=studio.importers) as (history, _):
                codes.append(code_of(studio, declaration, history.document, stop))
        except (OpenError, ProjectError, FilterFailed, LayerFailed, DirectionError) as error:
            left_out.append(f"{path.name}: {str(error).rstrip('.')}.")
        if progress is not None:
            progress(done + 1)
    return codes, left_out
