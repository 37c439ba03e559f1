"""Filter edits: layers of filters: their filters, settings, masks' shape, and what is kept of their
results.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from safelight.api import Fraction, Number, Value
from safelight.api.kinds import frozen
from safelight.document.commands.command import Edit, EditError, Record, command, layer_named
from safelight.document.contents.content import FEATHER, GROW, Channels, Kept, LiveFilter
from safelight.document.document import Document
from safelight.document.edits.conditions import is_filter
from safelight.document.edits.layer_edits import delete_layer
from safelight.document.edits.one_layer import (
    Layers,
    changed_layer,
    check_size,
    named_layers,
    unlocked,
)
from safelight.document.edits.selected_pixels import with_selection
from safelight.document.layer import Layer


@command("Filter settings", when=is_filter)
def filter_settings(
    document: Document,
    *,
    layer: str = "",
    settings: Annotated[str, "as JSON"] = "{}",
    version: str = "",
) -> Document:
    """Give a filter layer other settings. The kept result stays, now stale."""
    found = unlocked(document, layer)
    try:
        given = json.loads(settings)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise EditError(f"the settings of {found.name} are no JSON object")
    told = dict(_filter(found).settings) | {name: frozen(item) for name, item in given.items()}
    held = replace(_filter(found), settings=told, version=version or _filter(found).version)
    return document.with_layer(replace(found, content=held))


@command("Adjustments")
def lay_filters(
    document: Document,
    *,
    layer: str = "",
    also: Layers = "",
    filters: Annotated[str, "What is laid, bottom first: a list as JSON"] = "[]",
) -> Document:
    """Put filter layers one above the other, above a layer, or where the lowest of others was.

    Those others go; one of them that holds a filter that is laid keeps its own name, amount and
    mask. New ones work on what is selected.
    """
    gone = [layer_named(document, name) for name in named_layers(also)]
    kept = {held.filter.id: held for held in gone if held.filter is not None}
    made = []
    for filter in _filters_of(filters):
        there = kept.get(filter.id)
        new = there or with_selection(Layer(filter.title or filter.id, filter), document)
        made.append(replace(new, content=filter))
    ids = [held.id for held in gone]
    below = next((item.id for item in document.walk() if item.id in ids), layer)
    for name in ids:
        if name != below:
            document = delete_layer(layer=name).apply(document)
    if below in ids:
        return document.substitute(below, tuple(made))
    return document.substitute(below, (document.layer(below), *made))


def filters_told(filters: Sequence[LiveFilter]) -> str:
    """Filters as ``lay_filters`` takes them."""
    names = ("id", "title", "plugin", "version", "keeps_grey")
    told = [{name: getattr(x, name) for name in names} | {"settings": x.settings} for x in filters]
    return json.dumps([item | {"settings": dict(item["settings"])} for item in told])


def _filters_of(text: str) -> list[LiveFilter]:
    """What ``filters_told`` wrote. Raises EditError."""
    try:
        found = [
            LiveFilter(
                str(item["id"]),
                str(item["title"]),
                str(item["plugin"]),
                str(item["version"]),
                {str(name): frozen(value) for name, value in item["settings"].items()},
                keeps_grey=item["keeps_grey"] is True,
            )
            for item in json.loads(text)
        ]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise EditError("filters are a list of them and their settings, as JSON") from None
    return found


@command("Apply to", when=is_filter)
def filter_channels(document: Document, *, layer: str = "", channels: Channels = "all") -> Document:
    """Say what of a filter layer's result counts: all, its lightness only, or its colour only."""
    return _with_filter(document, layer, channels=channels)


@command("Keep fine texture", when=is_filter)
def filter_texture(document: Document, *, layer: str = "", texture: Fraction = 0.0) -> Document:
    """Say how much of the fine texture below a filter layer is kept, 0 to 1."""
    return _with_filter(document, layer, texture=texture)


@command("Grow mask", when=is_filter)
def filter_grow(
    document: Document, *, layer: str = "", grow: Annotated[float, Number(*GROW, unit="px")] = 0.0
) -> Document:
    """Widen a filter layer's mask, or narrow it, by pixels."""
    return _with_filter(document, layer, grow=grow)


@command("Feather mask", when=is_filter)
def filter_feather(
    document: Document,
    *,
    layer: str = "",
    feather: Annotated[float, Number(*FEATHER, unit="px")] = 0.0,
) -> Document:
    """Give a filter layer's mask a soft rim of some radius in pixels."""
    return _with_filter(document, layer, feather=feather)


def set_filter(
    layer_id: str,
    *,
    settings: Mapping[str, Value] | None = None,
    version: str | None = None,
    channels: Channels | None = None,
    texture: float | None = None,
    grow: float | None = None,
    feather: float | None = None,
    label: str = "",
    token: str | None = None,
) -> Edit:
    """Change what a filter layer does; what is None stays. The kept result stays, now stale.

    ``version`` is that of the plugin that the settings are for.
    """
    given: dict[str, Any] = {
        "settings": settings,
        "version": version,
        "channels": channels,
        "texture": texture,
        "grow": grow,
        "feather": feather,
    }
    given = {name: value for name, value in given.items() if value is not None}

    def change(layer: Layer) -> Layer:
        return replace(layer, content=replace(_filter(layer), **given))

    made = changed_layer(label or filter_settings.title, layer_id, change, token)
    if set(given) - {"settings", "version"}:
        return made
    told = {"layer": layer_id, "settings": json.dumps(dict(settings or {}))}
    return replace(made, record=Record("command", filter_settings.id, told))


def keep_result(
    layer_id: str, kept: Kept, computed: LiveFilter | None = None, label: str = "Refresh"
) -> Edit:
    """Keep what a job has computed for a filter layer.

    ``computed`` is the filter as it ran, where its version or settings may be newer than the
    layer's: the layer takes them, for its result is theirs.
    """

    def change(layer: Layer) -> Layer:
        own = _filter(layer)
        ran = computed or own
        strip = {name: getattr(own, name) for name in ("channels", "texture", "grow", "feather")}
        return replace(layer, content=replace(ran, kept=kept, **strip))

    def apply(document: Document) -> Document:
        if kept.place == document.frame:
            check_size(kept.raster, document, "what the filter has kept")
        return keeping.apply(document)

    keeping = changed_layer(label, layer_id, change, locked=True)
    return Edit(label, apply, record=Record("command", REFRESH, {"layer": layer_id}))


REFRESH = "refresh"
"""What the record of ``keep_result`` says was done: a recipe does it by itself."""


def _with_filter(document: Document, layer_id: str, **given: Any) -> Document:
    layer = unlocked(document, layer_id)
    return document.with_layer(replace(layer, content=replace(_filter(layer), **given)))


def _filter(layer: Layer) -> LiveFilter:
    if layer.filter is None:
        raise EditError(f"{layer.name} is no filter layer")
    return layer.filter
