"""Grey: whether there is any colour in what layers show."""

from __future__ import annotations

from collections.abc import Iterable

from safelight.document.layer import Layer


def is_grey(layers: Iterable[Layer]) -> bool:
    """Whether nothing that is shown of ``layers`` has or makes a colour.

    Reads every pixel of a grey picture once; of another one, those up to its first colour.
    """
    return all(_brings_no_colour(layer) for layer in layers if layer.shown)


def _brings_no_colour(layer: Layer) -> bool:
    held, pixels = layer.filter, layer.pixels
    if held is not None and not held.generates:
        if not held.keeps_grey:
            return False
        pixels = held.kept.raster if held.kept is not None else None
    if not all(effect.is_grey for effect in layer.effects):
        return False
    return (pixels is None or pixels.is_grey()) and is_grey(layer.layers)
