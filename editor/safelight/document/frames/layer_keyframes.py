"""Layer keyframes: what of a layer moves along a sequence, and the layer as it is at a frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from safelight.api import Value
from safelight.document.frames.keyframes import (
    HANDLES,
    OF_FILTER,
    OF_LAYER,
    SETTING,
    Track,
    place_of,
)
from safelight.document.layer import Layer
from safelight.document.rendered.gradients import Gradient


def value_of(layer: Layer, name: str) -> Value | None:
    """What a property of a layer is now; None where the layer has no such property."""
    held = layer.filter
    if name == "opacity":
        return layer.opacity
    if name == "mask_place":
        return None if layer.mask is None else layer.mask_place.matrix
    if name == "mask_gradient":
        laid = layer.mask_gradient
        return None if laid is None else tuple(getattr(laid.gradient, item) for item in HANDLES)
    if held is None:
        return None
    if name.startswith(SETTING):
        return held.settings.get(name.removeprefix(SETTING))
    return getattr(held, name) if name in OF_LAYER else None


def with_values(layer: Layer, values: Mapping[str, Value]) -> Layer:
    """A layer whose properties have other values. Raises ValueError for what none can have."""
    changes: dict[str, Any] = {}
    for name, value in values.items():
        if name == "opacity":
            changes["opacity"] = min(max(float(value), 0.0), 1.0)  # type: ignore[arg-type]
        elif name == "mask_place" and isinstance(value, tuple):
            changes["mask_place"] = place_of(value)
        elif name == "mask_gradient" and isinstance(value, tuple):
            laid = layer.mask_gradient
            assert laid is not None
            handles = {item: float(x) for item, x in zip(HANDLES, value, strict=True)}  # type: ignore[arg-type]
            laid = laid.with_gradient(Gradient(laid.gradient.shape, **handles))
            changes |= {"mask": laid.made, "mask_gradient": laid}
    held = layer.filter
    settings = {x.removeprefix(SETTING): v for x, v in values.items() if x.startswith(SETTING)}
    strip: dict[str, Any] = {x: values[x] for x in OF_FILTER if x in values}
    if held is not None and (settings or strip):
        changes["content"] = replace(held, settings={**held.settings, **settings}, **strip)
    return replace(layer, **changes) if changes else layer


def evaluated(layer: Layer, frame: int) -> Layer:
    """A layer as its keyframes have it at a frame; itself where that is what it is."""
    if not layer.keyframes:
        return layer
    changed = {}
    for track in layer.keyframes:
        now = value_of(layer, track.name)
        if now is not None and (value := track.at(frame)) != now:
            changed[track.name] = value
    return with_values(layer, changed)


def track_of(layer: Layer, name: str) -> Track | None:
    """The keyframes of a property of a layer; None where it does not move."""
    return next((track for track in layer.keyframes if track.name == name), None)


def with_track(layer: Layer, name: str, track: Track | None) -> Layer:
    """A layer whose property has other keyframes, or none."""
    if track_of(layer, name) is None:
        return layer if track is None else replace(layer, keyframes=(*layer.keyframes, track))
    found = (track if each.name == name else each for each in layer.keyframes)
    return replace(layer, keyframes=tuple(each for each in found if each is not None))
