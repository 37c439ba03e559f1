"""Adjust layers: the edits that the sliders of *Adjust* make, one layer for each filter."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from safelight.actions import live_filter
from safelight.api import Declaration, Value
from safelight.document import Document, Edit, Layer, Record, edits
from safelight.gui.previews.job_run import Task

if TYPE_CHECKING:
    from safelight.gui.session import Session


def layer_for(document: Document, active: str, filter: str) -> Layer | None:
    """The layer that the sliders of a filter set: the active one, if it is of that filter.

    Otherwise the topmost that is shown, can be changed, lies in no group and works on what is
    selected now; None where there is none, and the first move makes one.
    """
    own = document.layer(active)
    if own.filter is not None and own.filter.id == filter:
        return own
    for layer in reversed(document.layers):
        if (
            layer.filter is not None
            and layer.filter.id == filter
            and layer.shown
            and not layer.locked
            and layer.mask is document.selection
        ):
            return layer
    return None


class Adjuster:
    """Makes the edits of one photograph. Those of one drag have one token, and are one step.

    A layer that a drag has made goes with it where that ends at what changes nothing, and the step
    is told as the filter's, with the settings at the drag's end.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._made: tuple[str, str] = ("", "")

    def change(
        self,
        declaration: Declaration,
        settings: Mapping[str, Value],
        neutral: Mapping[str, Value],
        label: str,
        token: str = "",
    ) -> Edit | None:
        """The edit that has a filter's layer set so; None where there is nothing to be done.

        The layer it changes becomes the active one.
        """
        session = self._session
        layer = layer_for(session.document, session.active, declaration.id)
        nothing = dict(settings) == dict(neutral)
        if layer is None:
            return None if nothing else self._adding(declaration, settings, label, token)
        session.activate(layer.id)
        made_now = bool(token) and self._made == (token, layer.id)
        if made_now and nothing:
            return replace(edits.delete_layer(layer=layer.id), token=token)
        edit = edits.set_filter(
            layer.id,
            settings=settings,
            version=declaration.version,
            label=label,
            token=token or None,
        )
        if made_now:
            return replace(edit, record=Record("filter", declaration.id, settings))
        return edit

    def laying(
        self,
        filters: Sequence[tuple[Declaration, Mapping[str, Value]]],
        instead: tuple[str, ...],
        label: str,
    ) -> Edit:
        """The edit that has filters laid with these settings, bottom first, one above the other:
        where the sliders' layers of ``instead`` are, which they replace, or above the active one.
        """
        session = self._session
        held = [live_filter(item, dict(settings)) for item, settings in filters]
        gone = json.dumps([layer.id for layer in self.found(instead)])
        edit = edits.lay_filters(layer=session.active, also=gone, filters=edits.filters_told(held))
        return replace(edit, label=label)

    def found(self, filters: tuple[str, ...]) -> list[Layer]:
        """The layers that the sliders of these filters set."""
        document, active = self._session.document, self._session.active
        found = (layer_for(document, active, item) for item in filters)
        return [layer for layer in found if layer is not None]

    def removing(self, filters: tuple[str, ...], label: str) -> Edit | None:
        """The edit that takes away the layers of these filters; None where there are none."""
        ids = [layer.id for layer in self.found(filters)]
        if not ids:
            return None

        def apply(document: Document) -> Document:
            for layer in ids:
                document = edits.delete_layer(layer=layer).apply(document)
            return document

        return Edit(label, apply, record=self._record(ids))

    def _record(self, ids: list[str]) -> Record | None:
        """What is told of layers that are taken away: of one alone there is a command."""
        return edits.delete_layer(layer=ids[0]).record if len(ids) == 1 else None

    def _adding(
        self, declaration: Declaration, settings: Mapping[str, Value], label: str, token: str
    ) -> Edit:
        task = Task.new(declaration, dict(settings), self._session)
        assert task.layer is not None
        self._made = token, task.layer.id
        return replace(task.adding(), label=label, token=token or None)
