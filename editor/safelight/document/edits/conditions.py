"""Conditions: of which documents and layers a command can be asked for."""

from __future__ import annotations

from collections.abc import Callable

from safelight.document import geometry
from safelight.document.commands.command import When
from safelight.document.document import Document
from safelight.document.layer import Layer


def of_layer(test: Callable[[Layer], bool]) -> When:
    """When there is an active layer that passes a test."""
    return lambda document, layer: layer is not None and test(layer)


def with_below(document: Document, layer: Layer | None) -> bool:
    """Whether a layer lies below the active one, in its group."""
    return layer is not None and document.siblings(layer.id)[0] is not layer


def selects(document: Document, layer: Layer | None) -> bool:
    """Whether anything is selected."""
    return document.selection is not None


def selects_for_layer(document: Document, layer: Layer | None) -> bool:
    """Whether anything is selected, and a layer is active."""
    return document.selection is not None and layer is not None


def reveals(document: Document, layer: Layer | None) -> bool:
    """Whether layers go on beyond the picture."""
    return geometry.extent(document) != document.region


any_layer = of_layer(lambda layer: True)


group_only = of_layer(lambda layer: layer.is_group)


has_mask = of_layer(lambda layer: layer.mask is not None)


lacks_mask = of_layer(lambda layer: layer.mask is None)


is_filter = of_layer(lambda layer: layer.filter is not None)


def has_shape(document: Document, layer: Layer | None) -> bool:
    """Whether the active layer shows something of its own, as no filter does, and is unlocked."""
    if layer is None or layer.locked:
        return False
    return layer.filter is None or layer.filter.generates
