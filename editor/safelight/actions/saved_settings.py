"""Saved settings: those of a document's layers that the installed plugins do not take, in words."""

from __future__ import annotations

from safelight.api import ParameterError
from safelight.document import Document, LiveFilter
from safelight.workers.live_filters import LiveFilters


def unfit(held: LiveFilter, error: ParameterError) -> str:
    """A sentence that says which of a layer's saved settings the installed plugin does not take."""
    saved = f"{held.plugin or held.id} {held.version}".strip()
    shown = (
        "What was kept of the layer is shown."
        if held.kept is not None
        else "The layer is not drawn until its settings are chosen anew."
    )
    return (
        f"{held.title or held.id} was saved by {saved}, and the version that is installed does not"
        f" take its settings: {error}. {shown}"
    )


def unfit_layers(document: Document, live: LiveFilters) -> dict[str, str]:
    """A sentence by id for each layer whose settings are none of the installed plugin's.

    Asks plugins that bring settings up to date themselves, so it may take a moment.
    """
    found: dict[str, str] = {}
    for layer in document.walk():
        if layer.filter is not None:
            try:
                live.current(layer.filter)
            except KeyError:
                continue  # that it is not installed is said elsewhere
            except ParameterError as error:
                found[layer.id] = unfit(layer.filter, error)
    return found
