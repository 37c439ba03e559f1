"""Filter on terminal: a filter that is run over a picture, with its progress and what it found."""

from __future__ import annotations

import sys
from typing import Any

from safelight import actions
from safelight.api import Declaration, Value
from safelight.cli.progress import ProgressBar
from safelight.cli.terminal import complain, note


def filtered(
    studio: actions.Studio,
    filter: Declaration,
    settings: dict[str, Any],
    document: actions.Document,
    quiet: bool,
    layer: str | None = None,
) -> actions.Document | None:
    """The document with the filter applied, to what lies below the layer of that with an id; None
    when it failed, which has been said.
    """
    bar = ProgressBar(filter.title, sys.stderr, hidden=quiet)
    measured: dict[str, Value] = {}

    def hear(event: actions.JobEvent) -> None:
        if isinstance(event, actions.JobProgress):
            bar.show(event.done, event.remaining, event.words)
        elif isinstance(event, actions.JobPrepared):
            measured.update(filter.measured(event.values))

    job = studio.start(filter, settings, document, layer_id=layer, listener=hear)
    try:
        outcome = job.wait()
    except KeyboardInterrupt:
        job.cancel()
        job.wait(5.0)
        raise
    finally:
        bar.end()
    if isinstance(outcome, actions.JobFailed):
        if outcome.details:
            note(*outcome.details.rstrip().splitlines())
        complain(outcome.message)
        return None
    if not quiet and job.device_label:
        note(f"{filter.title} ran on {job.device_label}")
    if not quiet and isinstance(outcome, actions.JobFinished) and outcome.shrinks_back is not None:
        note(actions.fidelity(outcome.shrinks_back))
    for name, value in () if quiet else measured.items():
        parameter = filter.parameter(name)
        note(f"{filter.title} measured: {parameter.title} {parameter.text(value)}")
    result = job.edit().apply(document)
    return actions.shown_mask(result) if filter.selects else result
