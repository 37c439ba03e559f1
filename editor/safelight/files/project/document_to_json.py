"""Document to JSON: a document as the text that a project holds of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from safelight.api import Value
from safelight.document import Developed, Document, Layer, LiveFilter
from safelight.document.frames.frames_content import KIND, Frames
from safelight.document.layer import DEEPEST, MOST_LAYERS
from safelight.document.placement import IDENTITY, Place
from safelight.document.rendered.gradients import MaskGradient
from safelight.files.project.project_fields import (
    GRADIENT,
    LONGEST_SETTING,
    LONGEST_TEXT,
    DataError,
    KeepBytes,
    resolution,
    told_aside,
    told_number,
)
from safelight.pixels import Mesh, Raster, Warp

Keep = Callable[[Raster], str]


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document with its row's name, and the rasters and blobs, by name, that the row names."""

    document: Document
    name: str
    rasters: Mapping[str, Raster]
    blobs: frozenset[str]


def to_json(document: Document, keep: Keep, keep_bytes: KeepBytes) -> str:
    """A document as text. ``keep`` stores a raster, ``keep_bytes`` bytes; each gives a name.

    Raises DataError for a document that ``from_json`` would refuse.
    """

    def bytes_or_none(data: bytes | None) -> str | None:
        return None if data is None else keep_bytes(data)

    if not document.layers:
        raise DataError("it has no layers")
    metadata = document.metadata
    dpi = resolution(metadata.dpi)
    data = {
        "width": document.width,
        "height": document.height,
        "depth": document.depth,
        "name": document.name,
        "profile": bytes_or_none(document.profile.icc),
        "grey_profile": bytes_or_none(document.profile.grey),
        "exif": bytes_or_none(metadata.exif),
        "xmp": bytes_or_none(metadata.xmp),
        "iptc": bytes_or_none(metadata.iptc),
        "dpi": list(dpi) if dpi else None,
        "quantisation": document.source.quantisation,
        "grey": document.grey,
        "selection": keep(document.selection) if document.selection else None,
        "layers": [_layer_to_json(layer, keep, keep_bytes, 0) for layer in document.layers],
    }
    # What is where it is by itself is not told, so that a plain document is told as it ever was.
    data |= _told_place("frame", document.frame)
    data |= _told_place("selection_place", document.selection_place)
    data |= {"selection_beyond": 1} if document.selection_beyond else {}
    data |= {"linear": True} if document.linear else {}
    data |= {"texts": metadata.texts} if metadata.texts else {}
    data |= {"guides": document.guides} if document.guides else {}
    if document.saved:
        data["saved"] = [
            {"name": item.name, "mask": keep(item.mask), "beyond": item.beyond}
            | _told_place("place", item.place)
            for item in document.saved
        ]
    if sum(1 for _ in document.walk()) > MOST_LAYERS:
        raise DataError(f"there are more than {MOST_LAYERS} layers")
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    if len(text) > LONGEST_TEXT:
        raise DataError("its layers' names and settings are far too long")
    return text


def _layer_to_json(layer: Layer, keep: Keep, keep_bytes: KeepBytes, depth: int) -> dict[str, Any]:
    if depth > DEEPEST:
        raise DataError(f"groups lie more than {DEEPEST} deep")
    held: Any
    if layer.holds_pixels:
        held = keep(layer.raster)
    elif layer.is_group:
        held = [_layer_to_json(item, keep, keep_bytes, depth + 1) for item in layer.layers]
    elif layer.filter is not None:
        held = _filter_to_json(layer.filter, keep, keep_bytes)
    elif (warp := layer.kind.warp(layer.content)) is not None:
        own = layer.kind.unwarped(layer.content)
        held = {"pixels": own and keep(own), **_warp_to_json(warp, keep)}
    elif layer.kind is KIND:
        held = _frames_to_json(layer.content, keep)
    else:
        held = told_aside(layer.kind.to_json(layer.content), keep_bytes)
    places = _told_place("place", layer.place) | _told_place("mask_place", layer.mask_place)
    places |= {"mask_beyond": 1} if layer.mask_beyond else {}
    if layer.mask_gradient is not None:
        places["mask_gradient"] = _gradient_to_json(layer.mask_gradient, keep)
    if layer.developed is not None:
        places["developed"] = _developed_to_json(layer.developed, keep_bytes)
    if layer.keyframes:
        places["keyframes"] = {
            track.name: [
                [key.frame, told_number(key.value), key.interpolation] for key in track.keys
            ]
            for track in layer.keyframes
        }
    if layer.effects:
        places["effects"] = [effect.to_json() for effect in layer.effects]
    return places | {
        layer.kind.name: held,
        "id": layer.id,
        "name": layer.name,
        "opacity": layer.opacity,
        "mode": layer.mode,
        "visible": layer.visible,
        "locked": layer.locked,
        "clipped": layer.clipped,
        "mask": keep(layer.mask) if layer.mask else None,
        "synthetic": layer.synthetic,
    }


def _frames_to_json(held: Frames, keep: Keep) -> dict[str, Any]:
    """A sequence. ``order`` names the pictures that the project keeps by their places in
    ``pictures``, those of a film that it names by −1 and further down.
    """
    film = None if held.film is None or held.film.kept else held.film
    named = {} if film is None else {id(each): -1 - at for at, each in enumerate(film.pictures)}
    own = dict.fromkeys(each for each in held.pictures if id(each) not in named)
    pictures = {picture: number for number, picture in enumerate(own)}
    told: dict[str, Any] = {
        "pictures": [keep(picture) for picture in pictures],
        "order": [
            named[id(each)] if id(each) in named else pictures[each] for each in held.pictures
        ],
        "durations": list(held.durations),
        "shown": held.shown,
    }
    if held.bounds:
        told["bounds"] = list(held.bounds)
    if film is not None and len(own) < len(held.pictures):
        first = held.picture
        told["film"] = {
            "files": [list(file) for file in film.files],
            "count": len(film.pictures),
            "shape": [first.height, first.width, first.channels],
            "depth": first.depth,
        }
    return told


def _gradient_to_json(held: MaskGradient, keep: Keep) -> dict[str, Any]:
    numbers = {name: getattr(held.gradient, name) for name in GRADIENT}
    return numbers | {
        "shape": held.gradient.shape,
        "inverted": held.inverted,
        "how": held.how,
        "base": None if held.base is None else keep(held.base),
    }


def _developed_to_json(held: Developed, keep_bytes: KeepBytes) -> dict[str, Any]:
    return {
        "path": held.path,
        "sha256": held.sha256,
        "camera": held.camera,
        "settings": {name: told_number(value) for name, value in held.settings.items()},
        "pixels": held.pixels,
        "file": None if held.file is None else keep_bytes(held.file),
    }


def _told_place(name: str, place: Place) -> dict[str, Any]:
    return {} if place == IDENTITY else {name: list(place.matrix)}


def _filter_to_json(held: LiveFilter, keep: Keep, keep_bytes: KeepBytes) -> dict[str, Any]:
    kept = held.kept

    def setting(value: Value) -> Any:
        if isinstance(value, str) and len(value) > LONGEST_SETTING:
            return {"text": keep_bytes(value.encode("utf-8", "surrogatepass"))}
        return told_number(value)

    return {
        "id": held.id,
        "title": held.title,
        "plugin": held.plugin,
        "version": held.version,
        "settings": {name: setting(value) for name, value in held.settings.items()},
        "channels": held.channels,
        "texture": held.texture,
        "masked": held.masked,
        "generates": held.generates,
        "keeps_grey": held.keeps_grey,
        "grow": held.grow,
        "feather": held.feather,
        "kept": kept
        and {
            "raster": keep(kept.raster),
            "key": kept.key,
            "models": dict(kept.models),
            "synthetic": kept.synthetic,
        }
        | _told_place("place", kept.place)
        | ({"frame": kept.frame} if kept.frame else {})
        | ({"made_with": dict(kept.made_with)} if kept.made_with else {}),
    }


def _warp_to_json(warp: Warp | Mesh, keep: Keep) -> dict[str, Any]:
    if isinstance(warp, Warp):
        return {"box": warp.box, "points": warp.points}
    return {"step": warp.step, "mesh": keep(warp.field)}
