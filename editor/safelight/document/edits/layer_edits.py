"""Layer edits: the layers of a document, put there, moved, grouped, merged, and how each is
shown.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Literal, TypeAlias

from safelight.api import Fraction, HexColour
from safelight.document import geometry
from safelight.document.commands.command import (
    Edit,
    EditError,
    Record,
    Settings,
    command,
    layer_named,
)
from safelight.document.contents.content import Fill, Group
from safelight.document.document import Document, clipping_base
from safelight.document.edits.conditions import (
    any_layer,
    group_only,
    is_filter,
    of_layer,
    with_below,
)
from safelight.document.edits.one_layer import (
    Layers,
    changed_layer,
    each_changed,
    named_layers,
    several,
    unlocked,
)
from safelight.document.edits.selected_pixels import in_pixels
from safelight.document.layer import Layer, _new_id
from safelight.document.placement import IDENTITY
from safelight.document.rendered.live import Live
from safelight.document.rendered.whole_picture import whole
from safelight.pixels import MODES, Raster

Mode: TypeAlias = Literal[tuple(MODES)]  # type: ignore[valid-type]
"""A blend mode's permanent id."""


def add_layer(layer: Layer, above: str | None = None, label: str = "") -> Edit:
    """Put ``layer`` above another, or on top of all.

    It has a record where it is a filter that works on all, or on what is selected.
    """

    def apply(document: Document) -> Document:
        if above is None:
            return replace(document, layers=(*document.layers, layer))
        return document.substitute(above, (document.layer(above), layer))

    held = layer.filter
    record = None if held is None else Record("filter", held.id, held.settings)
    return Edit(label or f"Add {layer.name}", apply, record=record)


def new_layer(document: Document, name: str = "Layer") -> Layer:
    """A transparent pixel layer that fits the document; not yet in it."""
    empty = Raster.filled(document.width, document.height, (0, 0, 0, 0), document.depth)
    return Layer(name, empty, place=document.frame if document.frame.is_affine else IDENTITY)


@command(
    "&New layer",
    id="new_layer",
    menu="Layer",
    shortcut="Ctrl+Shift+N",
    context=True,
    button="plus",
)
def empty_layer(document: Document, *, layer: str = "", name: str = "Layer") -> Document:
    """Put a new transparent layer above another one."""
    return add_layer(new_layer(document, name), layer).apply(document)


@command("New fill la&yer", menu="Layer", submenu="Ne&w", asks=True)
def add_fill_layer(
    document: Document, *, layer: str = "", colour: HexColour = "#808080", name: str = "Fill"
) -> Document:
    """Put a new layer of one colour above another one."""
    return add_layer(Layer(name, Fill(colour)), layer).apply(document)


@command(
    "&Duplicate layer",
    menu="Layer",
    shortcut="Ctrl+J",
    context=True,
    when=any_layer,
    button="copy",
)
def duplicate_layer(document: Document, *, layer: str = "", also: Layers = "") -> Document:
    """Put a copy of a layer above it, and of others above each."""
    for found in several(document, layer, also):
        document = document.substitute(found.id, (found, copied(found, f"{found.name} copy")))
    return document


@command("De&lete layer", menu="Layer", context=True, when=any_layer, button="bin")
def delete_layer(document: Document, *, layer: str = "", also: Layers = "") -> Document:
    """Take a layer away, and others. A document keeps one layer at least."""
    for item in several(document, layer, also):
        found = unlocked(document, item.id)
        if document.layers == (found,):
            raise EditError("a document needs a layer: the last one cannot be deleted")
        document = document.substitute(found.id, ())
    return document


@command("Move layer")
def move_layer(
    document: Document, *, layer: str = "", group: str = "", index: int = 0, also: Layers = ""
) -> Document:
    """Move a layer, and others with it in their order, into a group ("" = out of all) so that the
    lowest of them is the ``index``-th from below.
    """
    moved = tuple(unlocked(document, item.id) for item in several(document, layer, also))
    into = layer_named(document, group).id if group else ""
    if into and any(item.id == into for one in moved for item in _inside(one)):
        raise EditError("a group cannot be moved into itself")
    rest = document
    for one in moved:
        rest = rest.substitute(one.id, ())
    layers = rest.layer(into).layers if into else rest.layers
    place = min(max(index, 0), len(layers))
    layers = (*layers[:place], *moved, *layers[place:])
    if not into:
        return replace(rest, layers=layers)
    return rest.with_layer(replace(_group(rest, into), content=Group(layers)))


def group_layers(layer_ids: Sequence[str], name: str = "Group") -> Edit:
    """Put layers that lie side by side into a new group, where the uppermost was."""
    if not layer_ids:
        return Edit(group_layer.title, lambda document: _grouped(document, (), name))
    also = json.dumps(layer_ids[1:]) if layer_ids[1:] else ""
    return group_layer(layer=layer_ids[0], also=also, name=name)


@command(
    "&Group layers",
    menu="Layer",
    section=1,
    shortcut="Ctrl+G",
    context=True,
    when=any_layer,
    button="folder",
)
def group_layer(
    document: Document, *, layer: str = "", also: Layers = "", name: str = "Group"
) -> Document:
    """Put a layer into a new group, where it was; others beside it go there too."""
    known = {item.id for item in document.walk()}
    others = (x if x in known else layer_named(document, x).id for x in named_layers(also))
    return _grouped(document, [layer, *others], name)


def _grouped(document: Document, layer_ids: Sequence[str], name: str) -> Document:
    if not layer_ids:
        raise EditError("there is no layer to group")
    siblings, wanted = document.siblings(layer_ids[0]), set(layer_ids)
    chosen = tuple(layer for layer in siblings if layer.id in wanted)
    if len(chosen) != len(wanted):
        raise EditError("only layers of the same group can be grouped")
    group = Layer(name, Group(chosen))
    layers = tuple(
        group if layer is chosen[-1] else layer
        for layer in siblings
        if layer is chosen[-1] or layer.id not in wanted
    )
    if siblings is document.layers:
        return replace(document, layers=layers)
    around = next(layer for layer in document.walk() if layer.layers is siblings)
    return document.with_layer(replace(around, content=Group(layers)))


@command(
    "&Ungroup", menu="Layer", section=1, shortcut="Ctrl+Shift+G", context=True, when=group_only
)
def ungroup(document: Document, *, layer: str = "") -> Document:
    """Put a group's layers in its place."""
    group = _group(document, layer)
    if not group.layers and document.layers == (group,):
        raise EditError("a document needs a layer: the last one cannot be deleted")
    return document.substitute(layer, group.layers)


@command("&Merge down", menu="Layer", section=1, shortcut="Ctrl+E", context=True, when=with_below)
def merge_down(document: Document, *, layer: str = "", live: Live | None = None) -> Document:
    """Make a layer and the pixel layer below it one pixel layer that looks the same."""
    if not document.frame.is_affine:
        raise EditError("under a perspective layers cannot be merged; flatten the picture")
    siblings = document.siblings(layer)
    place = next(index for index, item in enumerate(siblings) if item.id == layer)
    upper = unlocked(document, layer)
    if place == 0:
        raise EditError(f"there is nothing below {upper.name} to merge it with")
    lower = unlocked(document, siblings[place - 1].id)
    if not lower.holds_pixels:
        raise EditError(f"{lower.name} holds no pixels to merge {upper.name} with")
    base = clipping_base(siblings, place)
    if base is None and clipping_base(siblings, place - 1) is not None:
        raise EditError(f"{lower.name} is clipped and {upper.name} is not")
    if place + 1 < len(siblings) and clipping_base(siblings, place + 1) == place:
        # On the merged layer it would show where it does not now.
        above = siblings[place + 1].name
        raise EditError(f"{above} is clipped to {upper.name}; merge {above} down first")
    onto_lower = base == place - 1
    layers = replace(lower, clipped=False), replace(upper, clipped=onto_lower)
    both = replace(document, layers=layers, selection=None)
    held = geometry.with_hidden(both)
    merged = replace(
        lower,
        content=whole(held, live),
        place=held.frame,
        synthetic=both.synthetic,
        opacity=1.0,
        mode=lower.mode,
        visible=lower.visible or upper.visible,
        mask=None,
        developed=None,
        effects=(),
    )
    return document.substitute(layer, ()).with_layer(merged)


@command("&Flatten", menu="Layer", section=1, context=True)
def flatten(document: Document, *, live: Live | None = None) -> Document:
    """Make all visible layers one pixel layer, which keeps what they hold beyond the picture."""
    if not document.frame.is_affine:  # which no layer's place can be
        document = in_pixels(document)
    held = geometry.with_hidden(document)
    pixels = whole(held, live)
    flat = Layer("Background", pixels, place=held.frame, synthetic=document.synthetic)
    return replace(document, layers=(flat,))


@command("Rename layer")
def rename_layer(document: Document, *, layer: str = "", name: str = "Layer") -> Document:
    """Give a layer another name."""
    return document.with_layer(replace(document.layer(layer), name=name))


@command("Opacity")
def set_opacity(
    document: Document, *, layer: str = "", opacity: Fraction = 1.0, also: Layers = ""
) -> Document:
    """Set a layer's opacity, 0 to 1, and that of others."""
    return each_changed(document, layer, also, lambda item: replace(item, opacity=opacity))


@command("Amount", when=is_filter)
def set_amount(document: Document, *, layer: str = "", amount: Fraction = 1.0) -> Document:
    """Set how much of a filter layer's result counts, 0 to 1: its opacity."""
    return document.with_layer(replace(unlocked(document, layer), opacity=amount))


@command("Blend mode")
def set_mode(
    document: Document, *, layer: str = "", mode: Mode = "normal", also: Layers = ""
) -> Document:
    """Set a layer's blend mode, and that of others."""
    return each_changed(document, layer, also, lambda item: replace(item, mode=mode))


@command(
    "&Show layer",
    menu="Layer",
    section=2,
    context=True,
    when=any_layer,
    marked=of_layer(lambda layer: layer.visible),
    words=lambda given: _either(given, "visible", "Show", "Hide"),
)
def set_visible(
    document: Document, *, layer: str = "", visible: bool = True, also: Layers = ""
) -> Document:
    """Show or hide a layer, and others."""
    change = partial(replace, visible=visible)
    return each_changed(document, layer, also, change, locked=True)


@command(
    "L&ock layer",
    menu="Layer",
    section=2,
    context=True,
    when=any_layer,
    marked=of_layer(lambda layer: layer.locked),
    words=lambda given: _either(given, "locked", "Lock", "Unlock"),
    button="lock",
)
def set_locked(
    document: Document, *, layer: str = "", locked: bool = True, also: Layers = ""
) -> Document:
    """Lock or unlock a layer, and others."""
    change = partial(replace, locked=locked)
    return each_changed(document, layer, also, change, locked=True)


@command(
    "&Clip to layer below",
    menu="Layer",
    section=2,
    shortcut="Ctrl+Alt+G",
    context=True,
    when=of_layer(lambda layer: not layer.locked),
    marked=of_layer(lambda layer: layer.clipped),
    button="clip",
    words=lambda given: "Clip to layer below" if given["clipped"] else "Release clipping",
)
def set_clipped(
    document: Document, *, layer: str = "", clipped: bool = True, also: Layers = ""
) -> Document:
    """Clip a layer to the one below, or release it, and others."""
    return each_changed(document, layer, also, lambda item: replace(item, clipped=clipped))


def _either(given: Settings, name: str, on: str, off: str) -> str:
    return f"{on if given[name] else off} layer"


def set_pixels(layer_id: str, raster: Raster, label: str = "Pixels") -> Edit:
    """Put ``raster``, in the document's depth, in place of a pixel layer's pixels."""

    def change(layer: Layer) -> Layer:
        if not layer.holds_pixels:
            raise EditError(f"{layer.name} holds no pixels")
        own = layer.raster
        if (raster.width, raster.height) != (own.width, own.height):
            raise EditError(
                f"layer {layer.name} is {own.width} x {own.height},"
                f" not {raster.width} x {raster.height}"
            )
        return replace(layer, content=raster)

    return changed_layer(label, layer_id, change)


def _group(document: Document, layer_id: str) -> Layer:
    layer = document.layer(layer_id)
    if not layer.is_group:
        raise EditError(f"{layer.name} is no group")
    if layer.locked:
        raise EditError(f"{layer.name} is locked")
    return layer


def _inside(layer: Layer) -> list[Layer]:
    """A layer and all that is in it."""
    return [layer, *(item for child in layer.layers for item in _inside(child))]


def copied(layer: Layer, name: str) -> Layer:
    """A copy with ids of its own, of all that is in it too."""
    inside = tuple(copied(item, item.name) for item in layer.layers)
    content = layer.kind.with_layers(layer.content, inside)
    return replace(layer, name=name, content=content, id=_new_id())
