"""Result key: what a kept result was computed from, as a hash: nothing is computed twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from safelight.api import Region
from safelight.document.contents.content import LiveFilter
from safelight.document.document import Document, clipping_bases
from safelight.document.layer import Layer
from safelight.document.mask import effective_raster
from safelight.pixels import Raster


def result_key(
    document: Document,
    filter: LiveFilter,
    models: Mapping[str, str],
    named: Mapping[str, Raster] | None = None,
    masked: Layer | None = None,
    canvas: Region | None = None,
) -> str:
    """The key of a filter's result over ``document`` (what lies below it): SHA-256, as text.

    It holds the content of all that can be seen there, the filter's id and version, its settings,
    ``models``, the SHA-256 of each network by name, ``named``, the layers that it looks at
    wherever they lie (``named_layers``), and of ``masked``, the layer of a filter that is told its
    mask, that mask. Of a picture file it holds the path alone. Of a filter that generates it holds
    the ``canvas`` and nothing that can be seen.
    """
    document = document.picture
    seen: Any = _layers(document.layers)
    if canvas is not None:
        seen = [canvas.x, canvas.y, canvas.width, canvas.height]
    parts = [
        [document.width, document.height, document.depth, _profile(document)],
        seen,
        [filter.id, filter.version, dict(filter.settings), dict(models)],
    ]
    if named:
        parts.append([[identity, _raster(raster)] for identity, raster in sorted(named.items())])
    if masked is not None and masked.filter is not None:
        own = masked.filter
        parts.append([masked.mask and _raster(masked.mask), own.grow, own.feather])
    return _hash(parts)


def canvas(document: Document, layer: Layer) -> Region:
    """What a layer that generates has to fill: what its mask shows, or the whole picture."""
    mask = effective_raster(layer.seen(document.looked_at))
    found = None if mask is None else mask.bounds()
    return document.region if found is None else found


def named_layers(document: Document, filter: LiveFilter) -> dict[str, Raster]:
    """The pixels of each layer whose id is one of the filter's settings, by that id."""
    texts = {value for value in filter.settings.values() if isinstance(value, str)}
    return {
        layer.id: layer.raster
        for layer in document.picture.walk()
        if layer.holds_pixels and layer.id in texts
    }


def is_stale(document: Document, layer_id: str) -> bool:
    """Whether what a filter layer has kept was computed from something else than is there now.

    False where nothing is kept. Raises KeyError when there is no such layer.
    """
    layer = document.layer(layer_id)
    filter = layer.filter
    if filter is None or filter.kept is None:
        return False
    kept = filter.kept
    if not document.looked_at.fits(kept.raster, kept.place):
        if not document.looked_at.lies_in(kept.raster, kept.place):
            return True
        # As it was when it was computed: what is shown of it is a part of that, pixel by pixel.
        width, height = kept.raster.width, kept.raster.height
        document = replace(document, width=width, height=height, frame=kept.place)
    below, named = document.below(layer_id), named_layers(document, filter)
    masked = layer.seen(document.looked_at) if filter.masked else None
    filled = canvas(document, layer) if filter.generates else None
    return result_key(below, filter, filter.kept.models, named, masked, filled) != filter.kept.key


def _layers(layers: tuple[Layer, ...]) -> list[Any]:
    """What can be seen of layers: what is clipped to something hidden cannot."""
    found = []
    for layer, base in zip(layers, clipping_bases(layers), strict=True):
        if layer.shown and (base is None or layers[base].shown):
            found.append(_layer(layer, base is not None))
    return found


def _layer(layer: Layer, clipped: bool) -> list[Any]:
    """All of a layer that others can see; its name, its lock and its id are not."""
    own: list[Any] = [layer.opacity, layer.mode, clipped, layer.mask and _raster(layer.mask)]
    if layer.effects:
        own.append([effect.to_json() for effect in layer.effects])
    return [*layer.kind.key(layer.content, layer.mask is not None, _layers), *own]


def _raster(raster: Raster) -> str:
    return raster.digest().hex()


def _profile(document: Document) -> str:
    return hashlib.sha256(document.profile.icc or b"").hexdigest()


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
