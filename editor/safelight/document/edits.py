"""Edits: everything that can be done to a document, each a declared command or an edit of pixels.

A command is called with its settings, and gives an Edit; what is given pixels is a plain function
that makes an Edit without a record. Applied to a document that does not allow it, an edit raises
EditError; a layer that is not there, KeyError.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Box, Fraction, HexColour, Icc, Number, Region, Value
from safelight.api.colour_profile import IccError, icc_bytes
from safelight.api.kinds import frozen
from safelight.document import geometry
from safelight.document.command import (
    Edit,
    EditError,
    Entry,
    Record,
    Settings,
    When,
    allowed,
    command,
    layer_named,
)
from safelight.document.content import FEATHER, GROW, Channels, Fill, Group, Kept, LiveFilter
from safelight.document.document import Document, clipping_base
from safelight.document.layer import Layer, _new_id
from safelight.document.mask import shaped
from safelight.document.placement import IDENTITY, Place
from safelight.document.render import Live, whole
from safelight.document.stroke import Points, Radius, Stroke, painted
from safelight.pixels import (
    DEPTHS,
    MODES,
    SRGB,
    WHITE,
    ColourError,
    DegenerateError,
    Intent,
    KnownProfile,
    Lut,
    Method,
    Profile,
    Raster,
    RasterBuilder,
    View,
    converted,
    deeper,
    from_float,
    known_profile,
    profile_name,
    to_float,
)

_BAND = 512
"""Rows of a selection that are grown or feathered at a time."""

Mode: TypeAlias = Literal[tuple(MODES)]  # type: ignore[valid-type]
"""A blend mode's permanent id."""

_Depth: TypeAlias = Literal["uint8", "uint16", "float32"]

_By: TypeAlias = Annotated[int, Number(1, 256, unit="px")]

_Layers: TypeAlias = Annotated[str, "Further layers: a list of their ids or names as JSON"]

_Side: TypeAlias = Annotated[
    float, Number(0, geometry.LONGEST_SIDE, lowest="As the other side asks for")
]

How: TypeAlias = Literal["replace", "add", "subtract", "intersect"]
"""What becomes of the selection that there is."""

Unit: TypeAlias = Literal["px", "percent", "cm", "in"]
"""What a side of a picture is stated in."""

Dots: TypeAlias = Annotated[
    float,
    Number(0, 100_000, unit="dpi", lowest="As the picture has it"),
    "Dots per inch of a print",
]

_Lengths: TypeAlias = Callable[[LiveFilter], LiveFilter]
"""Gives a filter with its lengths scaled."""

_Way: TypeAlias = Annotated[
    int, Number(-geometry.LONGEST_SIDE, geometry.LONGEST_SIDE, slider=(-500, 500), unit="px")
]

# -- when ------------------------------------------------------------------------------------


def _of_layer(test: Callable[[Layer], bool]) -> When:
    return lambda document, layer: layer is not None and test(layer)


def _with_below(document: Document, layer: Layer | None) -> bool:
    return layer is not None and document.siblings(layer.id)[0] is not layer


def selects(document: Document, layer: Layer | None) -> bool:
    """Whether anything is selected."""
    return document.selection is not None


def _selects_for_layer(document: Document, layer: Layer | None) -> bool:
    return document.selection is not None and layer is not None


def _reveals(document: Document, layer: Layer | None) -> bool:
    return geometry.extent(document) != document.region


_layer = _of_layer(lambda layer: True)
_group_only = _of_layer(lambda layer: layer.is_group)
_masked = _of_layer(lambda layer: layer.mask is not None)
_maskless = _of_layer(lambda layer: layer.mask is None)
_filters = _of_layer(lambda layer: layer.filter is not None)


# -- the list of layers ----------------------------------------------------------------------


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


@command("New fill la&yer", menu="Layer", asks=True)
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
    when=_layer,
    button="copy",
)
def duplicate_layer(document: Document, *, layer: str = "") -> Document:
    """Put a copy of a layer above it."""
    found = document.layer(layer)
    return document.substitute(layer, (found, _copy(found, f"{found.name} copy")))


@command("De&lete layer", menu="Layer", context=True, when=_layer, button="bin")
def delete_layer(document: Document, *, layer: str = "") -> Document:
    """Take a layer away. A document keeps one layer at least."""
    found = unlocked(document, layer)
    if document.layers == (found,):
        raise EditError("a document needs a layer: the last one cannot be deleted")
    return document.substitute(layer, ())


@command("Move layer")
def move_layer(document: Document, *, layer: str = "", group: str = "", index: int = 0) -> Document:
    """Move a layer into a group ("" = out of all) so that it is the ``index``-th from below."""
    moved = unlocked(document, layer)
    into = layer_named(document, group).id if group else ""
    if into and any(item.id == into for item in _inside(moved)):
        raise EditError("a group cannot be moved into itself")
    rest = document.substitute(layer, ())
    layers = rest.layer(into).layers if into else rest.layers
    place = min(max(index, 0), len(layers))
    layers = (*layers[:place], moved, *layers[place:])
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
    when=_layer,
    button="folder",
)
def group_layer(
    document: Document, *, layer: str = "", also: _Layers = "", name: str = "Group"
) -> Document:
    """Put a layer into a new group, where it was; others beside it go there too."""
    known = {item.id for item in document.walk()}
    others = (x if x in known else layer_named(document, x).id for x in named_layers(also))
    return _grouped(document, [layer, *others], name)


def named_layers(text: str) -> list[str]:
    """The ids or names in a list as JSON; none in "". Raises EditError for anything else."""
    try:
        found = json.loads(text or "[]")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(item, str) and item for item in found):
        raise EditError("several layers are a list of their names as JSON")
    return found


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
    "&Ungroup", menu="Layer", section=1, shortcut="Ctrl+Shift+G", context=True, when=_group_only
)
def ungroup(document: Document, *, layer: str = "") -> Document:
    """Put a group's layers in its place."""
    group = _group(document, layer)
    if not group.layers and document.layers == (group,):
        raise EditError("a document needs a layer: the last one cannot be deleted")
    return document.substitute(layer, group.layers)


@command("&Merge down", menu="Layer", section=1, shortcut="Ctrl+E", context=True, when=_with_below)
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
    )
    return document.substitute(layer, ()).with_layer(merged)


@command("&Flatten", menu="Layer", section=1, context=True)
def flatten(document: Document, *, live: Live | None = None) -> Document:
    """Make all visible layers one pixel layer, which keeps what they hold beyond the picture."""
    if not document.frame.is_affine:  # which no layer's place can be
        document = _in_pixels(document)
    held = geometry.with_hidden(document)
    pixels = whole(held, live)
    flat = Layer("Background", pixels, place=held.frame, synthetic=document.synthetic)
    return replace(document, layers=(flat,))


# -- what a layer is -------------------------------------------------------------------------


@command("Rename layer")
def rename_layer(document: Document, *, layer: str = "", name: str = "Layer") -> Document:
    """Give a layer another name."""
    return document.with_layer(replace(document.layer(layer), name=name))


@command("Opacity")
def set_opacity(document: Document, *, layer: str = "", opacity: Fraction = 1.0) -> Document:
    """Set a layer's opacity, 0 to 1."""
    return document.with_layer(replace(unlocked(document, layer), opacity=opacity))


@command("Amount", when=_filters)
def set_amount(document: Document, *, layer: str = "", amount: Fraction = 1.0) -> Document:
    """Set how much of a filter layer's result counts, 0 to 1: its opacity."""
    return document.with_layer(replace(unlocked(document, layer), opacity=amount))


@command("Blend mode")
def set_mode(document: Document, *, layer: str = "", mode: Mode = "normal") -> Document:
    """Set a layer's blend mode."""
    return document.with_layer(replace(unlocked(document, layer), mode=mode))


@command(
    "&Show layer",
    menu="Layer",
    section=2,
    context=True,
    when=_layer,
    marked=_of_layer(lambda layer: layer.visible),
    words=lambda given: _either(given, "visible", "Show", "Hide"),
)
def set_visible(document: Document, *, layer: str = "", visible: bool = True) -> Document:
    """Show or hide a layer."""
    return document.with_layer(replace(document.layer(layer), visible=visible))


@command(
    "L&ock layer",
    menu="Layer",
    section=2,
    context=True,
    when=_layer,
    marked=_of_layer(lambda layer: layer.locked),
    words=lambda given: _either(given, "locked", "Lock", "Unlock"),
    button="lock",
)
def set_locked(document: Document, *, layer: str = "", locked: bool = True) -> Document:
    """Lock or unlock a layer."""
    return document.with_layer(replace(document.layer(layer), locked=locked))


@command(
    "&Clip to layer below",
    menu="Layer",
    section=2,
    shortcut="Ctrl+Alt+G",
    context=True,
    when=_of_layer(lambda layer: not layer.locked),
    marked=_of_layer(lambda layer: layer.clipped),
    button="clip",
    words=lambda given: "Clip to layer below" if given["clipped"] else "Release clipping",
)
def set_clipped(document: Document, *, layer: str = "", clipped: bool = True) -> Document:
    """Clip a layer to the one below, or release it."""
    return document.with_layer(replace(unlocked(document, layer), clipped=clipped))


def _either(given: Settings, name: str, on: str, off: str) -> str:
    return f"{on if given[name] else off} layer"


# -- masks -----------------------------------------------------------------------------------


def set_mask(layer_id: str, mask: Raster | None, label: str = "Mask") -> Edit:
    """Give a layer a mask (one channel, the document's size), or take it away."""
    if mask is None:
        return remove_mask(layer=layer_id)

    def apply(document: Document) -> Document:
        layer = unlocked(document, layer_id)
        return allowed(lambda: document.with_layer(_with_mask(layer, document, mask)))

    return Edit(label, apply)


@command("Add mas&k", menu="Layer", section=3, context=True, when=_maskless, button="mask")
def add_mask(document: Document, *, layer: str = "") -> Document:
    """Give a layer a mask: what is selected, or a white one, which hides nothing."""
    found = unlocked(document, layer)
    if document.selection is not None:
        return document.with_layer(with_selection(found, document))
    white = Raster.filled(document.width, document.height, (255,), "uint8")
    return document.with_layer(replace(_with_mask(found, document, white), mask_beyond=1))


@command("&Invert mask", menu="Layer", section=3, context=True, when=_masked)
def invert_mask(document: Document, *, layer: str = "") -> Document:
    """Show what a layer's mask hides, and the other way round."""
    found = unlocked(document, layer)
    if found.mask is None:
        raise EditError(f"{found.name} has no mask")
    changed = replace(found, mask=_inverted(found.mask), mask_beyond=1 - found.mask_beyond)
    return document.with_layer(changed)


@command("&Remove mask", menu="Layer", section=3, context=True, when=_masked, button="mask")
def remove_mask(document: Document, *, layer: str = "") -> Document:
    """Take a layer's mask away."""
    return document.with_layer(replace(unlocked(document, layer), mask=None))


@command("M&ask from selection", menu="Layer", section=3, context=True, when=_selects_for_layer)
def mask_from_selection(document: Document, *, layer: str = "", how: How = "replace") -> Document:
    """Make the selection a layer's mask; or add it to the mask, subtract it, or keep what lies in
    both.
    """
    if document.selection is None:
        raise EditError("nothing is selected")
    found = unlocked(document, layer)
    if how == "replace" or found.mask is None:
        if how in ("subtract", "intersect"):
            raise EditError(f"{found.name} has no mask to take anything away from")
        return document.with_layer(with_selection(found, document))
    masked = replace(
        document,
        selection=found.mask,
        selection_place=found.mask_place,
        selection_beyond=found.mask_beyond,
    )
    chosen = _selection(document)
    assert chosen is not None

    def covered(part: Region) -> NDArray[np.float32]:
        return to_float(chosen.read(part))[..., 0]

    made = select_shape(masked, document.region, how, covered)
    mask = made.selection or Raster.filled(document.width, document.height, (0,), "uint8")
    return document.with_layer(_with_mask(found, document, mask))


@command("Selection from mask", menu="Layer", section=3, context=True, when=_masked)
def selection_from_mask(document: Document, *, layer: str = "") -> Document:
    """Select what a layer's mask shows."""
    found = document.layer(layer)
    if found.mask is None:
        raise EditError(f"{found.name} has no mask")
    return replace(
        document,
        selection=found.mask,
        selection_place=found.mask_place,
        selection_beyond=found.mask_beyond,
    )


def paint_mask(
    layer_id: str | None, stroke: Stroke, token: str | None = None, path: str = ""
) -> Edit:
    """Paint on a layer's mask, or erase from it; None = on the selection (``paint``).

    Where the stroke is one piece of what a hand does, ``path`` is all of that so far, written down
    (``Stroke.written``): the record is of the whole.
    """
    given = {
        "points": path or stroke.written,
        "radius": stroke.radius,
        "hardness": stroke.hardness,
        "erase": stroke.erase,
    }
    made = (
        paint_selection(**given, token=token)
        if layer_id is None
        else paint_layer(layer=layer_id, **given, token=token)
    )
    # The hand's own numbers, not those that are written down, which are rounded.
    return replace(made, apply=lambda document: _painted(document, layer_id, stroke))


def _stroke_words(given: Settings) -> str:
    return "Eraser" if given["erase"] else "Brush"


@command("Paint selection", words=_stroke_words)
def paint_selection(
    document: Document,
    *,
    points: Points = "",
    radius: Radius = 20.0,
    hardness: Fraction = 1.0,
    erase: bool = False,
) -> Document:
    """Paint what is selected with a round brush, or erase from it."""
    return _painted(document, None, stroke_of(points, radius, hardness, erase))


@command("Paint mask", words=_stroke_words)
def paint_layer(
    document: Document,
    *,
    layer: str = "",
    points: Points = "",
    radius: Radius = 20.0,
    hardness: Fraction = 1.0,
    erase: bool = False,
) -> Document:
    """Paint on a layer's mask with a round brush, or erase from it."""
    return _painted(document, layer, stroke_of(points, radius, hardness, erase))


def stroke_of(points: str, radius: float, hardness: float, erase: bool = False) -> Stroke:
    """A stroke as a recipe writes it down. Raises EditError for text that is none."""
    try:
        path = [[float(number) for number in point.split(",")] for point in points.split(";")]
        return Stroke(tuple((x, y, pressure) for x, y, pressure in path), radius, hardness, erase)
    except ValueError:
        raise EditError("a stroke's points are x,y,pressure;x,y,pressure") from None


def _painted(document: Document, layer_id: str | None, stroke: Stroke) -> Document:
    """Where there is no mask yet, and where nothing is selected, painting begins with nothing;
    erasing begins with all of a layer, and of nothing that is selected it changes nothing. A
    selection of which nothing is left is None; a mask stays.
    """
    layer = None if layer_id is None else unlocked(document, layer_id)
    before = document.selection if layer is None else layer.mask
    if before is None and layer is None and stroke.erase:
        return document
    place, beyond = document.frame, int(before is None and stroke.erase)
    start = before or Raster.filled(document.width, document.height, (255 * beyond,), "uint8")
    if layer is not None and before is not None:
        place, beyond = layer.mask_place, layer.mask_beyond
    elif before is not None:
        place, beyond = document.selection_place, document.selection_beyond
    moved = stroke
    if not document.looked_at.fits(start, place):
        start, place, moved = _reached(start, place, beyond, stroke, document)
    after = painted(start, moved)
    if after is start:
        return document
    if layer is not None:
        layer = replace(layer, mask=after, mask_place=place, mask_beyond=beyond)
        return document.with_layer(layer)
    inside = moved.region.intersect(after.region)
    emptied = stroke.erase and not beyond and _is_empty(after, inside)
    return replace(
        document,
        selection=None if emptied else after,
        selection_place=place,
        selection_beyond=beyond,
    )


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

    return _changed(label, layer_id, change)


# -- filter layers ---------------------------------------------------------------------------


@command("Filter settings", when=_filters)
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
    also: _Layers = "",
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


@command("Apply to", when=_filters)
def filter_channels(document: Document, *, layer: str = "", channels: Channels = "all") -> Document:
    """Say what of a filter layer's result counts: all, its lightness only, or its colour only."""
    return _with_filter(document, layer, channels=channels)


@command("Keep fine texture", when=_filters)
def filter_texture(document: Document, *, layer: str = "", texture: Fraction = 0.0) -> Document:
    """Say how much of the fine texture below a filter layer is kept, 0 to 1."""
    return _with_filter(document, layer, texture=texture)


@command("Grow mask", when=_filters)
def filter_grow(
    document: Document, *, layer: str = "", grow: Annotated[float, Number(*GROW, unit="px")] = 0.0
) -> Document:
    """Widen a filter layer's mask, or narrow it, by pixels."""
    return _with_filter(document, layer, grow=grow)


@command("Feather mask", when=_filters)
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

    made = _changed(label or filter_settings.title, layer_id, change, token)
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
            _check_size(kept.raster, document, "what the filter has kept")
        return keeping.apply(document)

    keeping = _changed(label, layer_id, change, locked=True)
    return Edit(label, apply, record=Record("command", REFRESH, {"layer": layer_id}))


REFRESH = "refresh"
"""What the record of ``keep_result`` says was done: a recipe does it by itself."""


# -- the whole document ----------------------------------------------------------------------


def select(selection: Raster | None, label: str = "Select") -> Edit:
    """Select a part of the picture (one channel, white is selected), or all with None."""
    return Edit(label, lambda document: _selecting(document, selection))


@command("Select &all", menu="Select", shortcut="Ctrl+A")
def select_all(document: Document) -> Document:
    """Select everything, as it is where nothing has been selected."""
    return _selecting(document, None)


@command("&Deselect", menu="Select", shortcut="Ctrl+D", when=selects)
def deselect(document: Document) -> Document:
    """Let go of what is selected: filters work on everything again, as with everything selected."""
    return _selecting(document, None)


def select_region(region: Region, how: str = "replace") -> Edit:
    """Select a rectangle, as far as it lies in the picture, or ``add`` it, ``subtract`` it or
    ``intersect`` with it.
    """
    return select_box(box=(region.x, region.y, region.width, region.height), how=how)


_MISSING = {
    "subtract": "nothing is selected to take anything away from; select something first",
    "intersect": "nothing is selected to keep a part of; select something first",
}


def how_words(given: Settings) -> str:
    """What the history calls a selection that is made in some way."""
    words = {
        "add": "Add to selection",
        "subtract": "Subtract from selection",
        "intersect": "Intersect selection",
    }
    return words.get(str(given["how"]), "Select")


@command("Select", id="select", words=how_words)
def select_box(document: Document, *, box: Box = (), how: How = "replace") -> Document:
    """Select a rectangle, as far as it lies in the picture, add or subtract it, or keep what is
    selected in it alone.

    Where nothing is left, everything is selected again, as without a selection.
    """
    region, inside, before = _begun(document, _box(document, box), how)
    if before is None:
        return region
    if how == "intersect":
        after = before
        for part in _around(inside, document.region):
            after = after.filled_at(part, 0)
    else:
        after = before.filled_at(inside, 0 if how == "subtract" else WHITE[before.depth])
    return _selecting(document, None if _is_empty(after, inside) else after)


def _around(inside: Region, whole: Region) -> list[Region]:
    """What of a picture lies above, below and beside a part of it."""
    parts = [
        Region(0, 0, whole.width, inside.y),
        Region(0, inside.bottom, whole.width, whole.height - inside.bottom),
        Region(0, inside.y, inside.x, inside.height),
        Region(inside.right, inside.y, whole.width - inside.right, inside.height),
    ]
    return [part for part in parts if not part.empty]


def _box(document: Document, box: Box) -> Region:
    return Region(*(box or (0, 0, document.width, document.height)))


def _begun(document: Document, box: Region, how: str) -> tuple[Document, Region, Raster | None]:
    """The document as it is where a box beside the picture is selected, what of the box lies in the
    picture, and the selection that is to be changed there; None where there is none to change.

    Raises EditError where something is to be done to a selection, and there is none.
    """
    inside, before = box.intersect(document.region), _selection(document)
    if before is None and how in _MISSING:
        raise EditError(_MISSING[how])
    if inside.empty:
        same = how in ("add", "subtract")
        return document if same else _selecting(document, None), inside, None
    if how == "replace" or before is None:
        before = Raster.filled(document.width, document.height, (0,), "uint8")
    return document, inside, before


def select_shape(
    document: Document, box: Region, how: str, covered: Callable[[Region], NDArray[np.float32]]
) -> Document:
    """Select what lies in a box of the picture as far as ``covered`` says, 0 to 1 for each pixel
    of a region (height, width); or add, subtract or intersect it.

    Where nothing is left, everything is selected again, as without a selection. Raises EditError
    where there is no selection to subtract from or to intersect.
    """
    region, inside, before = _begun(document, box, how)
    if before is None:
        return region
    after = before
    if how == "intersect":
        after = Raster.filled(document.width, document.height, (0,), before.depth)
    for y in range(inside.y, inside.bottom, _BAND):
        part = Region(inside.x, y, inside.width, _BAND).intersect(inside)
        made = covered(part)
        if how != "replace":
            there = to_float(before.read(part))[..., 0]
            if how == "subtract":
                made = np.maximum(there - made, 0)
            else:
                made = (np.minimum if how == "intersect" else np.maximum)(there, made)
        after = after.replaced(part, from_float(made[..., np.newaxis], before.depth))
    after = after.condensed()
    return _selecting(document, None if _is_empty(after, inside) else after)


@command("Select ellipse", words=how_words)
def select_ellipse(
    document: Document,
    *,
    box: Box = (),
    how: How = "replace",
    smooth: Annotated[bool, "Pixels on its edge are selected in part"] = True,
    live: Live | None = None,
) -> Document:
    """Select the ellipse that fills a rectangle, as far as it lies in the picture, or add,
    subtract or intersect it; its edge is smooth, or else pixels whose middle is inside are
    selected.

    Where nothing is left, everything is selected again, as without a selection.
    """
    whole = _box(document, box)
    return select_shape(document, whole, how, lambda part: _in_ellipse(part, whole, smooth=smooth))


def _in_ellipse(part: Region, box: Region, *, smooth: bool) -> NDArray[np.float32]:
    """How much of each pixel of a part of the picture lies in the ellipse that fills ``box``:
    (height, width), 0 to 1.

    Smooth: the distance from the edge, to first order: the ellipse's equation by its slope.
    """
    x = (part.x + np.arange(part.width, dtype=np.float32) + 0.5 - box.x) * 2 / box.width - 1
    y = (part.y + np.arange(part.height, dtype=np.float32) + 0.5 - box.y) * 2 / box.height - 1
    squares = y[:, np.newaxis] ** 2 + x**2
    if not smooth:
        return (squares <= 1).astype(np.float32)
    slope = np.sqrt((y[:, np.newaxis] * 2 / box.height) ** 2 + (x * 2 / box.width) ** 2)
    inwards = (1 - squares) / np.maximum(2 * slope, np.float32(1e-6))
    covered: NDArray[np.float32] = np.clip(inwards + 0.5, 0, 1).astype(np.float32)
    return covered


@command("&Invert selection", menu="Select", shortcut="Ctrl+Shift+I", when=selects)
def invert_selection(document: Document) -> Document:
    """Select what is not selected."""
    if document.selection is None:
        raise EditError("everything is selected; inverted, that would be nothing")
    inverted = _inverted(document.selection)
    beyond = 1 - document.selection_beyond
    return replace(document, selection=inverted, selection_beyond=beyond)


@command("&Grow selection", menu="Select", section=1, asks=True, tries=True, when=selects)
def grow_selection(document: Document, *, by: _By = 8, live: Live | None = None) -> Document:
    """Widen what is selected by pixels."""
    return _modified(document, by, 0)


@command("Shrin&k selection", menu="Select", section=1, asks=True, tries=True, when=selects)
def shrink_selection(document: Document, *, by: _By = 8, live: Live | None = None) -> Document:
    """Narrow what is selected by pixels; where nothing is left, everything is selected again."""
    return _modified(document, -by, 0)


@command(
    "&Feather selection",
    menu="Select",
    section=1,
    shortcut="Shift+F6",
    asks=True,
    tries=True,
    when=selects,
)
def feather_selection(document: Document, *, by: _By = 8, live: Live | None = None) -> Document:
    """Give what is selected a soft rim of some radius in pixels."""
    return _modified(document, 0, by)


def _modified(document: Document, grow: float, feather: float) -> Document:
    """Widen what is selected by ``grow`` pixels, or narrow it, then feather it (``shaped``).

    Where nothing is left, everything is selected again, as without a selection.
    """
    return reshaped(document, lambda before, band: shaped(before, band, grow, feather))


def reshaped(document: Document, made: Callable[[Raster, Region], NDArray[np.float32]]) -> Document:
    """Select what ``made`` makes of a selection at a region of it: (height, width), 0 to 1.

    Where nothing is left, everything is selected again. Raises EditError where nothing is selected.
    """
    before = _selection(document)
    if before is None:
        raise EditError("nothing is selected")
    builder = RasterBuilder(before.width, before.height, 1, before.depth)
    for y in range(0, before.height, _BAND):
        band = Region(0, y, before.width, _BAND).intersect(before.region)
        pixels = made(before, band)[..., np.newaxis]
        builder.write(band, from_float(pixels, before.depth))
    after = builder.finish().condensed()
    return _selecting(document, None if _is_empty(after, after.region) else after)


def enlarge(
    rasters: Mapping[str, Raster],
    scale: int,
    label: str = "Enlarge",
    lengths: _Lengths | None = None,
) -> Edit:
    """Make the document ``scale`` times as wide and high, and keep its layers.

    ``rasters`` holds the new pixels of every pixel layer by its id: those of the picture, because
    who crops before enlarging wants no others computed. What the frame hides is gone from the
    result, and there again once the edit is undone. Masks and the selection are
    enlarged (bicubic), and so are results that filter layers have kept: they show until they are
    computed anew. ``lengths`` gives a filter with its lengths scaled.
    """

    def apply(document: Document) -> Document:
        document = geometry.settled(document)

        def grown(layer: Layer) -> Layer:
            mask = layer.mask if layer.mask is None else _resized(layer.mask, scale)
            content = layer.content
            if layer.filter is not None:
                content = _grown_filter(layer.filter, scale, lengths)
            elif layer.id in rasters:
                content = rasters[layer.id]
            elif layer.holds_pixels:
                raise EditError(f"there are no enlarged pixels of {layer.name}")
            inside = tuple(grown(item) for item in layer.layers)
            content = layer.kind.with_layers(content, inside)
            return replace(layer, content=content, mask=mask)

        selection = document.selection
        return replace(
            document,
            width=document.width * scale,
            height=document.height * scale,
            layers=tuple(grown(layer) for layer in document.layers),
            selection=None if selection is None else _resized(selection, scale),
        )

    return _rendering(label, lambda document, _: apply(document))


@command(
    "Convert &depth",
    menu="Image",
    section=2,
    entries=(
        Entry("Convert to 16-&bit", {"depth": "uint16"}),
        Entry("Convert to 32-bit &float", {"depth": "float32"}),
    ),
    when=lambda document, layer: document.depth != "float32",
    words=lambda given: f"Convert to {DEPTHS[str(given['depth'])]}",
)
def deepen(document: Document, *, depth: _Depth = "uint16", live: Live | None = None) -> Document:
    """Keep pixels in a deeper ``depth``, each value as it is, so that results have its bits.

    A document that is as deep already stays as it is.
    """

    def deep(raster: Raster) -> Raster:
        return raster.mapped(lambda tile: from_float(to_float(tile), depth), depth)

    if deeper(depth, document.depth) == document.depth:
        return document
    layers = tuple(_with_rasters(layer, deep) for layer in document.layers)
    return replace(document, depth=depth, layers=layers)


# -- colours ---------------------------------------------------------------------------------

_File: TypeAlias = Annotated[Icc, "The profile of a file, instead of a well-known one"]


@command(
    "Assign pr&ofile",
    menu="Image",
    section=2,
    asks=True,
    words=lambda given: f"Assign {_profile_words(given)}",
)
def assign_profile(
    document: Document,
    *,
    profile: Literal[KnownProfile, "untagged"] = "sRGB",
    file: _File = "",
) -> Document:
    """Take the numbers of all layers as those of another profile: colours change, no number does.

    For a picture whose profile is missing or wrong. Untagged: no profile is named, which counts as
    sRGB. A profile of tables, as scanners have, says what the numbers look like: these colours are
    kept in Rec. 2020 and at least 16 bits, since no picture is edited in tables.
    """
    tables = _tables_of(file) if file else None
    if tables is not None:
        return _seen_through(document, tables)
    found = SRGB if profile == "untagged" and not file else _profile_of(profile, file)
    if found.grey is not None and not document.grey:
        raise EditError(
            f"{found.name} is for grey pictures, and this one has colours: convert it instead"
        )
    return replace(document, profile=found)


@command(
    "Conv&ert to profile",
    menu="Image",
    section=2,
    asks=True,
    words=lambda given: f"Convert to {_profile_words(given)}",
)
def convert_profile(
    document: Document,
    *,
    profile: KnownProfile = "sRGB",
    file: _File = "",
    intent: Intent = "relative",
    black_point: Annotated[bool, "The darkest becomes the darkest of the profile"] = True,
    live: Live | None = None,
) -> Document:
    """Keep the colours of all layers in another profile: numbers change, colours stay.

    Colours that the profile does not have are cut off, unless pixels are in 32-bit floats. A
    profile of primaries and curves knows no other intent than relative and absolute; absolute keeps
    the colour of white as well.
    """
    found, had = _profile_of(profile, file), document.profile
    settings = {"absolute": intent == "absolute", "black_point": black_point}

    def change(raster: Raster) -> Raster:
        return raster.mapped(
            lambda tile: from_float(
                converted(to_float(tile), had, found, **settings), document.depth
            )
        )

    layers = tuple(_with_rasters(layer, change) for layer in document.layers)
    grey = document.grey or found.grey is not None
    return replace(document, profile=found, layers=layers, grey=grey)


def _tables_of(file: str) -> Lut | None:
    """The tables of a profile that is no other than one of tables for RGB; None for others."""
    with contextlib.suppress(IccError, ColourError):
        icc = icc_bytes(file)
        try:
            Profile.from_icc(icc)
        except DegenerateError:
            return None
        except ColourError:
            return Lut.of(icc)
    return None


def _seen_through(document: Document, tables: Lut) -> Document:
    """The document in the colours that its numbers have by these tables."""
    wide = known_profile("Rec_2020")
    depth = deeper("uint16", document.depth)

    def change(raster: Raster) -> Raster:
        return raster.mapped(
            lambda tile: from_float(wide.from_srgb(tables.to_srgb(to_float(tile))), depth), depth
        )

    layers = tuple(_with_rasters(layer, change) for layer in document.layers)
    return replace(document, profile=wide, depth=depth, layers=layers, grey=False)


def _profile_of(known: str, file: str) -> Profile:
    """The profile that is chosen. Raises EditError for one that no document can be kept in."""
    if not file:
        return known_profile(known)  # type: ignore[arg-type]
    icc, what = b"", "the profile"
    try:
        icc = icc_bytes(file)
        what = profile_name(icc)
        return Profile.from_grey(icc) if icc[16:20] == b"GRAY" else Profile.from_icc(icc)
    except IccError as error:
        raise EditError(f"the profile {error}") from None
    except ColourError:
        raise EditError(
            f"{what} is no profile of three primaries and curves, so no picture can be edited in"
            " it: export to it instead"
        ) from None


def _profile_words(given: Settings) -> str:
    """What the history calls the profile that is chosen."""
    try:
        return profile_name(icc_bytes(str(given["file"])))
    except IccError:
        return str(given["profile"]).replace("_", " ")


def _with_rasters(layer: Layer, change: Callable[[Raster], Raster]) -> Layer:
    """A layer with other pixels in place of its own and of all that is in it; masks stay."""
    content = layer.kind.changed(layer.content, change)
    inside = tuple(_with_rasters(item, change) for item in layer.layers)
    return replace(layer, content=layer.kind.with_layers(content, inside))


# -- places ----------------------------------------------------------------------------------


@command(
    "&Flip",
    menu="Image",
    entries=(
        Entry("Flip &horizontally", {"axis": "horizontal"}),
        Entry("Flip &vertically", {"axis": "vertical"}),
    ),
    words=lambda given: f"Flip {given['axis']}ly",
)
def flip(document: Document, *, axis: Literal["horizontal", "vertical"] = "horizontal") -> Document:
    """Mirror the picture, left to right or top to bottom; every pixel keeps its value."""
    return geometry.flip(document, axis)


@command(
    "&Turn",
    menu="Image",
    entries=(
        Entry("Turn &right", {"angle": 90}, "Ctrl+]"),
        Entry("Turn &left", {"angle": 270}, "Ctrl+["),
        Entry("Turn &upside down", {"angle": 180}),
    ),
    words=lambda given: {90: "Turn right", 180: "Turn upside down", 270: "Turn left"}[
        int(str(given["angle"]))
    ],
)
def turn(document: Document, *, angle: Literal[90, 180, 270] = 90) -> Document:
    """Turn the picture clockwise by right angles; every pixel keeps its value."""
    return geometry.turn(document, angle)


@command(
    "&Crop to selection", id="crop", menu="Image", section=1, when=selects, words=lambda _: "Crop"
)
def crop(
    document: Document,
    *,
    box: Annotated[Box, "In pixels of the picture; nothing for what is selected"] = (),
    angle: Annotated[
        float, Number(-180, 180, unit="°"), "Turns the picture clockwise about the box's middle"
    ] = 0.0,
) -> Document:
    """Show a part of the picture alone, turned by an angle; what lies beside it is kept, and a
    later crop or Reveal all shows it again.
    """
    selection = _selection(document)
    chosen = Region(*box) if box else selection and selection.bounds()
    if not chosen:
        raise EditError("there is neither a box nor a selection to crop to")
    geometry.check_box(document, chosen, angle)
    return geometry.crop(document, chosen, angle)


@command("Resi&ze", menu="Image", section=2, shortcut="Ctrl+Alt+I", asks=True)
def resize(
    document: Document,
    *,
    width: _Side = 0,
    height: _Side = 0,
    unit: Annotated[Unit, "What the sides are stated in"] = "px",
    dpi: Dots = 0,
    linear: Annotated[bool, "Pixels are averaged in linear light"] = False,
    method: Annotated[
        Method,
        "Lanczos is the sharpest; Mitchell and bicubic ring less; nearest keeps pixel art as it is",
    ] = "lanczos",
    live: Live | None = None,
) -> Document:
    """Make the picture of another number of pixels; of one side stated the other
    follows, and lengths of filters and masks follow both. What a crop has hidden goes. Dots per
    inch alone change the size of a print, and no pixel.
    """
    if not (width or height or dpi):
        raise EditError("state a width or a height")
    dots = dots_of(document, dpi)
    if dpi:
        document = replace(document, metadata=replace(document.metadata, dpi=(dpi, dpi)))
    if not (width or height):
        return document
    return _resized_to(
        document, *sides_of(document, width, height, unit, dots), linear, method, live
    )


def dots_of(document: Document, dpi: float = 0) -> float:
    """Dots per inch of a print: those stated, or as the picture has them; 0 where it has none."""
    return dpi or (document.metadata.dpi or (0.0, 0.0))[0]


def sides_of(
    document: Document, width: float, height: float, unit: str, dots: float
) -> tuple[int, int]:
    """The sides in pixels that a resize to such a size gives: of one that is 0, the other one's
    shape. Raises ValueError, for people, for a size that no picture has.
    """
    wide = geometry.pixels_of(width, unit, document.width, dots)
    high = geometry.pixels_of(height, unit, document.height, dots)
    wide = wide if width else max(round(document.width * high / document.height), 1)
    high = high if height else max(round(document.height * wide / document.width), 1)
    geometry.check_size(wide, high)
    return wide, high


def _resized_to(
    document: Document, width: int, height: int, linear: bool, method: Method, live: Live | None
) -> Document:
    light = linear or document.linear
    resized = geometry.resize(document, width, height, linear=light, method=method)
    if resized is document:
        return document
    factor = math.sqrt(width * height / (document.width * document.height))
    lengths = None if live is None else lambda filter: live.scaled(filter, factor)
    longer = tuple(_longer(layer, factor, lengths) for layer in resized.layers)
    return replace(resized, layers=longer)


@command(
    "Resample in l&inear light",
    id="linear_light",
    menu="Image",
    section=2,
    marked=lambda document, layer: document.linear,
    words=lambda given: "Resample in linear light" if given["linear"] else "Resample as encoded",
)
def set_linear_light(document: Document, *, linear: bool = True) -> Document:
    """Average light instead of encoded values wherever the picture is straightened, resized, seen
    in perspective or moved by parts of a pixel.
    """
    return geometry.in_linear_light(document, linear)


@command("&Straighten", menu="Image", section=1, asks=True)
def straighten(
    document: Document,
    *,
    angle: Annotated[
        float,
        Number(-45, 45, slider=(-10, 10), step=0.1, unit="°"),
        "Degrees, clockwise, by which the picture is turned",
    ] = 0.0,
) -> Document:
    """Turn the picture by a small angle, and show the largest part of it without empty corners;
    what lies beside that is kept.
    """
    return geometry.straighten(document, angle)


_Keystone: TypeAlias = Annotated[
    float, Number(-geometry.MOST_KEYSTONE, geometry.MOST_KEYSTONE, slider=(-30, 30), unit="%")
]


@command("&Perspective", menu="Image", section=1, asks=True)
def perspective(
    document: Document,
    *,
    vertical: Annotated[_Keystone, "Widens the upper edge; the lower one where negative"] = 0.0,
    horizontal: Annotated[_Keystone, "Widens the left edge; the right one where negative"] = 0.0,
) -> Document:
    """Show the picture as if the camera had been held level, so that falling lines stand; what lies
    beside that is kept.
    """
    return allowed(geometry.upright, document, vertical, horizontal)


@command("Reveal &all", menu="Image", section=1, when=_reveals)
def reveal_all(document: Document) -> Document:
    """Show all that layers hold beyond the picture: what crops and moves have hidden."""
    return geometry.reveal_all(document)


@command("Mo&ve layer by", menu="Layer", section=4, asks=True, when=_layer, words=lambda _: "Move")
def move_pixels(document: Document, *, layer: str = "", x: _Way = 0, y: _Way = 0) -> Document:
    """Move a layer's pixels and mask, of a group those of all in it, by pixels of the picture."""
    moved = unlocked(document, layer)
    if moved.filter is not None and moved.mask is None:
        raise EditError(f"{moved.name} works on everything: it has no mask that could be moved")
    return geometry.moved(document, moved, Place.offset(x, y)) if x or y else document


def drag_pixels(before: Document, layer_id: str, x: int, y: int, token: str) -> Edit:
    """Move a layer by pixels from where it was ``before``, wherever it has come to since: the
    edits of one drag are one step, which knows the whole way.
    """

    def apply(document: Document) -> Document:
        there = document.with_layer(before.layer(layer_id))
        return allowed(move_pixels.function, there, layer=layer_id, x=x, y=y)

    return replace(move_pixels(layer=layer_id, x=x, y=y, token=token), apply=apply)


# -- parts -----------------------------------------------------------------------------------


def _rendering(label: str, renders: Callable[[Document, Live | None], Document]) -> Edit:
    return Edit(label, lambda document: renders(document, None), renders=renders)


def _changed(
    label: str,
    layer_id: str,
    change: Callable[[Layer], Layer],
    token: str | None = None,
    *,
    locked: bool = False,
) -> Edit:
    """An edit of one layer; ``locked`` says that a locked one may be changed so."""

    def apply(document: Document) -> Document:
        layer = document.layer(layer_id) if locked else unlocked(document, layer_id)
        return allowed(lambda: document.with_layer(change(layer)))

    return Edit(label, apply, token)


def unlocked(document: Document, layer_id: str) -> Layer:
    """The layer with that id. Raises EditError where it is locked, KeyError where it is not."""
    layer = document.layer(layer_id)
    if layer.locked:
        raise EditError(f"{layer.name} is locked")
    return layer


def _with_filter(document: Document, layer_id: str, **given: Any) -> Document:
    layer = unlocked(document, layer_id)
    return document.with_layer(replace(layer, content=replace(_filter(layer), **given)))


def _group(document: Document, layer_id: str) -> Layer:
    layer = document.layer(layer_id)
    if not layer.is_group:
        raise EditError(f"{layer.name} is no group")
    if layer.locked:
        raise EditError(f"{layer.name} is locked")
    return layer


def _filter(layer: Layer) -> LiveFilter:
    if layer.filter is None:
        raise EditError(f"{layer.name} is no filter layer")
    return layer.filter


def _inside(layer: Layer) -> list[Layer]:
    """A layer and all that is in it."""
    return [layer, *(item for child in layer.layers for item in _inside(child))]


def _copy(layer: Layer, name: str) -> Layer:
    """A copy with ids of its own, of all that is in it too."""
    inside = tuple(_copy(item, item.name) for item in layer.layers)
    content = layer.kind.with_layers(layer.content, inside)
    return replace(layer, name=name, content=content, id=_new_id())


def along(document: Document, stroke: Stroke) -> Document:
    """The document with nothing selected but what a stroke paints."""
    return _painted(deselect().apply(document), None, stroke)


def with_selection(layer: Layer, document: Document) -> Layer:
    """A layer with what is selected as its mask."""
    return replace(
        layer,
        mask=document.selection,
        mask_place=document.selection_place,
        mask_beyond=document.selection_beyond,
    )


def _with_mask(layer: Layer, document: Document, mask: Raster) -> Layer:
    """A layer with a mask that lies on the picture, as large as that. Raises EditError."""
    _check_size(mask, document, f"the mask of {layer.name}")
    return replace(layer, mask=mask, mask_place=document.frame, mask_beyond=0)


def _check_size(raster: Raster, document: Document, what: str) -> None:
    """Raise EditError for a raster that cannot lie on the picture pixel by pixel."""
    if (raster.width, raster.height) != (document.width, document.height):
        raise EditError(
            f"{what} is {raster.width} x {raster.height},"
            f" the document {document.width} x {document.height}"
        )


def _selecting(document: Document, selection: Raster | None) -> Document:
    """A document with a selection that lies on its picture."""
    if selection is None:
        return replace(document, selection=None)
    _check_size(selection, document, "the selection")
    return replace(
        document, selection=selection, selection_place=document.frame, selection_beyond=0
    )


def _selection(document: Document) -> Raster | None:
    """What of the picture is selected, as pixels that can be changed."""
    selection = document.picture.selection
    return selection.held("uint8") if isinstance(selection, View) else selection


def _in_pixels(document: Document) -> Document:
    """A document of the picture alone, in the plane of which it is the whole."""
    selection = _selection(document)
    return replace(document.picture, selection=selection)


def _reached(
    mask: Raster, place: Place, beyond: int, stroke: Stroke, document: Document
) -> tuple[Raster, Place, Stroke]:
    """A mask that is large enough for a stroke on the picture, its place, and the stroke on it."""
    through = place.inverse.after(document.frame)
    points = tuple((*through.at(x, y), pressure) for x, y, pressure in stroke.points)
    moved = replace(stroke, points=points, radius=stroke.radius * through.scale)
    corners = through.corners(document.width, document.height)
    left, top = (math.floor(min(corner[k] for corner in corners)) for k in (0, 1))
    right, bottom = (math.ceil(max(corner[k] for corner in corners)) for k in (0, 1))
    wanted = moved.region.intersect(Region(left, top, right - left, bottom - top))
    if wanted.empty or wanted.intersect(mask.region) == wanted:
        return mask, place, moved
    x, y = min(wanted.x, 0), min(wanted.y, 0)
    width = max(wanted.right, mask.width) - x
    height = max(wanted.bottom, mask.height) - y
    outside = WHITE[mask.depth] if beyond else 0
    grown = Raster.filled(width, height, (outside,), mask.depth)
    grown = grown.replaced(mask.region.move(-x, -y), mask.to_array()).condensed()
    points = tuple((u - x, v - y, pressure) for u, v, pressure in points)
    return grown, place.after(Place.offset(x, y)), replace(moved, points=points)


def _is_empty(mask: Raster, changed: Region) -> bool:
    """Whether nothing of a mask is white; looks first where it has just been changed."""
    tiles = chain(mask.tiles_at(changed), mask.tiles_at(mask.region))
    return not any(tile.any() for tile in tiles)


def _inverted(mask: Raster) -> Raster:
    full = WHITE[mask.depth]
    return mask.mapped(lambda tile: np.subtract(full, tile, dtype=tile.dtype))


def _longer(layer: Layer, factor: float, lengths: _Lengths | None) -> Layer:
    """A layer whose filters, and those inside it, have lengths ``factor`` times as long."""
    content = layer.content
    if layer.filter is not None:
        content = _scaled_filter(layer.filter, factor, lengths)
    inside = tuple(_longer(item, factor, lengths) for item in layer.layers)
    return replace(layer, content=layer.kind.with_layers(content, inside))


def _scaled_filter(filter: LiveFilter, factor: float, lengths: _Lengths | None) -> LiveFilter:
    return replace(
        lengths(filter) if lengths else filter,
        grow=min(max(filter.grow * factor, GROW[0]), GROW[1]),
        feather=min(filter.feather * factor, FEATHER[1]),
    )


def _grown_filter(filter: LiveFilter, scale: int, lengths: _Lengths | None) -> LiveFilter:
    kept = filter.kept
    if kept is not None:
        kept = replace(kept, raster=_resized(kept.raster, scale), key="")
    return replace(_scaled_filter(filter, scale, lengths), kept=kept)


def _resized(raster: Raster, scale: int) -> Raster:
    """A raster ``scale`` times as wide and high (bicubic), channel by channel."""
    from PIL import Image as PillowImage

    size = raster.width * scale, raster.height * scale
    pixels = to_float(raster.to_array())
    large = np.empty((size[1], size[0], raster.channels), raster.depth)
    for channel in range(raster.channels):
        plane = PillowImage.fromarray(np.ascontiguousarray(pixels[..., channel]))
        plane = plane.resize(size, PillowImage.Resampling.BICUBIC)
        large[..., channel] = from_float(np.asarray(plane, np.float32), raster.depth)
    return Raster.from_array(large)
