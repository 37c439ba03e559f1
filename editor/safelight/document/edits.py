"""Edits: everything that can be done to a document's layers, each a named function.

Every function here makes an Edit. Applied to a document that does not allow it, an edit raises
EditError; a layer that is not there, KeyError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from safelight.api import Region, Value
from safelight.document.content import FEATHER, GROW, Channels, Group, Kept, LiveFilter
from safelight.document.document import Document, clipping_base
from safelight.document.edit import Edit, EditError
from safelight.document.layer import Layer, _new_id
from safelight.document.mask import shaped
from safelight.document.render import Live, whole
from safelight.document.stroke import Stroke, painted
from safelight.pixels import DEPTHS, Raster, RasterBuilder, deeper, from_float, to_float

_BAND = 512
"""Rows of a selection that are grown or feathered at a time."""

# -- the list of layers ----------------------------------------------------------------------


def add_layer(layer: Layer, above: str | None = None, label: str = "") -> Edit:
    """Put ``layer`` above another, or on top of all."""

    def apply(document: Document) -> Document:
        if above is None:
            return replace(document, layers=(*document.layers, layer))
        return document.substitute(above, (document.layer(above), layer))

    return Edit(label or f"Add {layer.name}", apply)


def new_layer(document: Document, name: str = "Layer") -> Layer:
    """A transparent pixel layer that fits the document; not yet in it."""
    empty = Raster.filled(document.width, document.height, (0, 0, 0, 0), document.depth)
    return Layer(name, empty)


def delete_layer(layer_id: str) -> Edit:
    """Take a layer away. A document keeps one layer at least."""

    def apply(document: Document) -> Document:
        layer = _unlocked(document, layer_id)
        if document.layers == (layer,):
            raise EditError("a document needs a layer: the last one cannot be deleted")
        return document.substitute(layer_id, ())

    return Edit("Delete layer", apply)


def duplicate_layer(layer_id: str) -> Edit:
    """Put a copy of a layer above it."""

    def apply(document: Document) -> Document:
        layer = document.layer(layer_id)
        return document.substitute(layer_id, (layer, _copy(layer, f"{layer.name} copy")))

    return Edit("Duplicate layer", apply)


def move_layer(layer_id: str, group_id: str | None, index: int) -> Edit:
    """Move a layer into a group (None = out of all) so that it is the ``index``-th from below."""

    def apply(document: Document) -> Document:
        layer = _unlocked(document, layer_id)
        if group_id is not None and any(item.id == group_id for item in _inside(layer)):
            raise EditError("a group cannot be moved into itself")
        rest = document.substitute(layer_id, ())
        layers = rest.layers if group_id is None else rest.layer(group_id).layers
        place = min(max(index, 0), len(layers))
        layers = (*layers[:place], layer, *layers[place:])
        if group_id is None:
            return replace(rest, layers=layers)
        return rest.with_layer(replace(_group(rest, group_id), content=Group(layers)))

    return Edit("Move layer", apply)


def group_layers(layer_ids: Sequence[str], name: str = "Group") -> Edit:
    """Put layers that lie side by side into a new group, where the uppermost was."""

    def apply(document: Document) -> Document:
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

    return Edit("Group layers", apply)


def ungroup(group_id: str) -> Edit:
    """Put a group's layers in its place."""

    def apply(document: Document) -> Document:
        group = _group(document, group_id)
        if not group.layers and document.layers == (group,):
            raise EditError("a document needs a layer: the last one cannot be deleted")
        return document.substitute(group_id, group.layers)

    return Edit("Ungroup", apply)


def merge_down(layer_id: str) -> Edit:
    """Make a layer and the pixel layer below it one pixel layer that looks the same."""

    def renders(document: Document, live: Live | None) -> Document:
        siblings = document.siblings(layer_id)
        place = next(index for index, layer in enumerate(siblings) if layer.id == layer_id)
        upper = _unlocked(document, layer_id)
        if place == 0:
            raise EditError(f"there is nothing below {upper.name} to merge it with")
        lower = _unlocked(document, siblings[place - 1].id)
        if not lower.holds_pixels:
            raise EditError(f"{lower.name} holds no pixels to merge {upper.name} with")
        base = clipping_base(siblings, place)
        if base is None and clipping_base(siblings, place - 1) is not None:
            raise EditError(f"{lower.name} is clipped and {upper.name} is not")
        onto_lower = base == place - 1
        layers = replace(lower, clipped=False), replace(upper, clipped=onto_lower)
        both = replace(document, layers=layers, selection=None)
        merged = replace(
            lower,
            content=whole(both, live),
            synthetic=both.synthetic,
            opacity=1.0,
            mode=lower.mode if onto_lower else "normal",
            visible=lower.visible or upper.visible,
            mask=None,
        )
        return document.substitute(layer_id, ()).with_layer(merged)

    return _rendering("Merge down", renders)


def flatten() -> Edit:
    """Make all visible layers one pixel layer."""

    def renders(document: Document, live: Live | None) -> Document:
        flat = Layer("Background", whole(document, live), synthetic=document.synthetic)
        return replace(document, layers=(flat,))

    return _rendering("Flatten", renders)


# -- what a layer is -------------------------------------------------------------------------


def rename_layer(layer_id: str, name: str) -> Edit:
    """Give a layer another name."""
    return _changed("Rename layer", layer_id, lambda layer: replace(layer, name=name), locked=True)


def set_opacity(
    layer_id: str, opacity: float, token: str | None = None, label: str = "Opacity"
) -> Edit:
    """Set a layer's opacity, 0 to 1; a filter layer's Amount."""
    return _changed(label, layer_id, lambda layer: replace(layer, opacity=opacity), token)


def set_mode(layer_id: str, mode: str) -> Edit:
    """Set a layer's blend mode."""
    return _changed("Blend mode", layer_id, lambda layer: replace(layer, mode=mode))


def set_visible(layer_id: str, visible: bool) -> Edit:
    """Show or hide a layer."""
    label = "Show layer" if visible else "Hide layer"
    return _changed(label, layer_id, lambda layer: replace(layer, visible=visible), locked=True)


def set_locked(layer_id: str, locked: bool) -> Edit:
    """Lock or unlock a layer."""
    label = "Lock layer" if locked else "Unlock layer"
    return _changed(label, layer_id, lambda layer: replace(layer, locked=locked), locked=True)


def set_clipped(layer_id: str, clipped: bool) -> Edit:
    """Clip a layer to the one below, or release it."""
    label = "Clip to layer below" if clipped else "Release clipping"
    return _changed(label, layer_id, lambda layer: replace(layer, clipped=clipped))


def set_mask(layer_id: str, mask: Raster | None, label: str = "") -> Edit:
    """Give a layer a mask (one channel, the document's size), or take it away."""
    label = label or ("Remove mask" if mask is None else "Mask")
    return _changed(label, layer_id, lambda layer: replace(layer, mask=mask))


def invert_mask(layer_id: str) -> Edit:
    """Show what a layer's mask hides, and the other way round."""

    def change(layer: Layer) -> Layer:
        if layer.mask is None:
            raise EditError(f"{layer.name} has no mask")
        return replace(layer, mask=_inverted(layer.mask))

    return _changed("Invert mask", layer_id, change)


def mask_from_selection(layer_id: str) -> Edit:
    """Make the selection a layer's mask."""

    def apply(document: Document) -> Document:
        if document.selection is None:
            raise EditError("nothing is selected")
        layer = _unlocked(document, layer_id)
        return document.with_layer(replace(layer, mask=document.selection))

    return Edit("Mask from selection", apply)


def paint_mask(layer_id: str | None, stroke: Stroke, token: str | None = None) -> Edit:
    """Paint on a layer's mask, or erase from it; None = on the selection.

    Where there is no mask yet, and where nothing is selected, painting begins with nothing, and
    erasing changes nothing. A selection of which nothing is left is None; a mask stays.
    """

    def apply(document: Document) -> Document:
        layer = None if layer_id is None else _unlocked(document, layer_id)
        before = document.selection if layer is None else layer.mask
        if before is None and stroke.erase:
            return document
        size = document.width, document.height
        start = before or Raster.filled(*size, (0,), "uint8")
        after = painted(start, stroke)
        if after is start:
            return document
        if layer is not None:
            return document.with_layer(replace(layer, mask=after))
        emptied = stroke.erase and _is_empty(after, stroke.region.intersect(document.region))
        return replace(document, selection=None if emptied else after)

    return Edit("Eraser" if stroke.erase else "Brush", apply, token)


def set_pixels(layer_id: str, raster: Raster, label: str = "Pixels") -> Edit:
    """Put ``raster`` in place of a pixel layer's pixels. It has the document's size and depth."""

    def change(layer: Layer) -> Layer:
        if not layer.holds_pixels:
            raise EditError(f"{layer.name} holds no pixels")
        return replace(layer, content=raster)

    return _changed(label, layer_id, change)


# -- filter layers ---------------------------------------------------------------------------


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

    return _changed(label or "Filter settings", layer_id, change, token)


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

    return _changed(label, layer_id, change, locked=True)


# -- the whole document ----------------------------------------------------------------------


def select(selection: Raster | None, label: str = "Select") -> Edit:
    """Select a part of the picture (one channel, white is selected), or all with None."""
    return Edit(label, lambda document: replace(document, selection=selection))


def select_all() -> Edit:
    """Select everything, as it is where nothing has been selected."""
    return select(None, "Select all")


def deselect() -> Edit:
    """Let go of what is selected: filters work on everything again, as with everything selected."""
    return select(None, "Deselect")


def select_region(region: Region, how: str = "replace") -> Edit:
    """Select a rectangle, as far as it lies in the picture, or ``add`` or ``subtract`` it.

    Where nothing is left, everything is selected again, as without a selection.
    """

    def apply(document: Document) -> Document:
        inside = region.intersect(document.region)
        before = document.selection
        if inside.empty:
            return document if how != "replace" else replace(document, selection=None)
        if how == "add" and before is None:
            return document
        if how == "replace" or before is None:
            level = 255 if how == "subtract" else 0
            before = Raster.filled(document.width, document.height, (level,), "uint8")
        after = before.filled_at(inside, 0 if how == "subtract" else _full(before))
        return replace(document, selection=None if _is_empty(after, inside) else after)

    return Edit(
        {"add": "Add to selection", "subtract": "Subtract from selection"}.get(how, "Select"), apply
    )


def invert_selection() -> Edit:
    """Select what is not selected."""

    def apply(document: Document) -> Document:
        if document.selection is None:
            raise EditError("everything is selected; inverted, that would be nothing")
        return replace(document, selection=_inverted(document.selection))

    return Edit("Invert selection", apply)


def modify_selection(grow: float = 0.0, feather: float = 0.0, label: str = "") -> Edit:
    """Widen what is selected by ``grow`` pixels, or narrow it, then feather it (``shaped``).

    Where nothing is left, everything is selected again, as without a selection.
    """

    def renders(document: Document, _: Live | None) -> Document:
        before = document.selection
        if before is None:
            raise EditError("nothing is selected")
        builder = RasterBuilder(before.width, before.height, 1, before.depth)
        for y in range(0, before.height, _BAND):
            band = Region(0, y, before.width, _BAND).intersect(before.region)
            pixels = shaped(before, band, grow, feather)[..., np.newaxis]
            builder.write(band, from_float(pixels, before.depth))
        after = builder.finish().condensed()
        return replace(document, selection=None if _is_empty(after, after.region) else after)

    named = (
        "Feather selection" if not grow else "Grow selection" if grow > 0 else "Shrink selection"
    )
    return _rendering(label or named, renders)


def enlarge(
    rasters: Mapping[str, Raster],
    scale: int,
    label: str = "Enlarge",
    lengths: Callable[[LiveFilter], LiveFilter] | None = None,
) -> Edit:
    """Make the document ``scale`` times as wide and high, and keep its layers.

    ``rasters`` holds the new pixels of every pixel layer by its id. Masks and the selection are
    enlarged (bicubic), and so are results that filter layers have kept: they show until they are
    computed anew. ``lengths`` gives a filter with its lengths scaled.
    """

    def apply(document: Document) -> Document:
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


def deepen(depth: str) -> Edit:
    """Keep pixels in a deeper ``depth``, each value as it is, so that results have its bits.

    A document that is as deep already stays as it is.
    """

    def deep(raster: Raster) -> Raster:
        return raster.mapped(lambda tile: from_float(to_float(tile), depth), depth)

    def in_depth(layer: Layer) -> Layer:
        content = layer.kind.changed(layer.content, deep)
        inside = tuple(in_depth(item) for item in layer.layers)
        return replace(layer, content=layer.kind.with_layers(content, inside))

    def apply(document: Document) -> Document:
        if deeper(depth, document.depth) == document.depth:
            return document
        layers = tuple(in_depth(layer) for layer in document.layers)
        return replace(document, depth=depth, layers=layers)

    return Edit(f"Convert to {DEPTHS[depth]}", apply)


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
        layer = document.layer(layer_id) if locked else _unlocked(document, layer_id)
        try:
            return document.with_layer(change(layer))
        except EditError:
            raise
        except ValueError as error:
            raise EditError(str(error)) from None

    return Edit(label, apply, token)


def _unlocked(document: Document, layer_id: str) -> Layer:
    layer = document.layer(layer_id)
    if layer.locked:
        raise EditError(f"{layer.name} is locked")
    return layer


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


def _is_empty(mask: Raster, changed: Region) -> bool:
    """Whether nothing of a mask is white; looks first where it has just been changed."""
    tiles = chain(mask.tiles_at(changed), mask.tiles_at(mask.region))
    return not any(tile.any() for tile in tiles)


def _full(mask: Raster) -> int:
    """What is white in a mask's own numbers."""
    return {"uint8": 255, "uint16": 65535}.get(mask.depth, 1)


def _inverted(mask: Raster) -> Raster:
    full = _full(mask)
    return mask.mapped(lambda tile: np.subtract(full, tile, dtype=tile.dtype))


def _grown_filter(
    filter: LiveFilter, scale: int, lengths: Callable[[LiveFilter], LiveFilter] | None
) -> LiveFilter:
    kept = filter.kept
    if kept is not None:
        kept = replace(kept, raster=_resized(kept.raster, scale), key="")
    return replace(
        lengths(filter) if lengths else filter,
        kept=kept,
        grow=min(max(filter.grow * scale, GROW[0]), GROW[1]),
        feather=min(filter.feather * scale, FEATHER[1]),
    )


def _resized(raster: Raster, scale: int) -> Raster:
    """A raster ``scale`` times as wide and high (bicubic), channel by channel."""
    size = raster.width * scale, raster.height * scale
    pixels = to_float(raster.to_array())
    large = np.empty((size[1], size[0], raster.channels), raster.depth)
    for channel in range(raster.channels):
        plane = PillowImage.fromarray(np.ascontiguousarray(pixels[..., channel]))
        plane = plane.resize(size, PillowImage.Resampling.BICUBIC)
        large[..., channel] = from_float(np.asarray(plane, np.float32), raster.depth)
    return Raster.from_array(large)
