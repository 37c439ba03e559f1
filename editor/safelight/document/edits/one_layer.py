"""One layer: how an edit finds it, changes it, and refuses to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Annotated, TypeAlias

from safelight.api import Region
from safelight.document.commands.command import Edit, EditError, allowed, layer_named
from safelight.document.document import Document
from safelight.document.layer import Layer, walk
from safelight.document.rendered.live import Live
from safelight.pixels import Raster

SQUARE = 512
"""Pixels of the sides of the parts of a picture that are selected, or changed, at a time: what is
all one costs nearly nothing, and stands between them; a band of a large picture is never that.
"""


def squares(region: Region) -> Iterator[Region]:
    """The parts of a region of a picture: squares at the most, row by row."""
    for y in range(region.y // SQUARE * SQUARE, region.bottom, SQUARE):
        for x in range(region.x // SQUARE * SQUARE, region.right, SQUARE):
            yield Region(x, y, SQUARE, SQUARE).intersect(region)


Layers: TypeAlias = Annotated[str, "Further layers: a list of their ids or names as JSON"]


def named_layers(text: str) -> list[str]:
    """The ids or names in a list as JSON; none in "". Raises EditError for anything else."""
    try:
        found = json.loads(text or "[]")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(item, str) and item for item in found):
        raise EditError("several layers are a list of their names as JSON")
    return found


def several(document: Document, layer: str, also: str) -> tuple[Layer, ...]:
    """A layer and others that are named beside it, each once, bottom first; without those that lie
    in another one of them. Raises EditError and KeyError.
    """
    known = {item.id for item in document.walk()}
    names = [layer, *named_layers(also)]
    wanted = {name if name in known else layer_named(document, name).id for name in names}
    within = {
        inner.id for item in document.walk() if item.id in wanted for inner in walk(item.layers)
    }
    return tuple(item for item in document.walk() if item.id in wanted - within)


def each_changed(
    document: Document,
    layer: str,
    also: str,
    change: Callable[[Layer], Layer],
    *,
    locked: bool = False,
) -> Document:
    """The document with a layer, and others that are named beside it, changed; ``locked`` says that
    locked ones may be changed so. Raises EditError and KeyError.
    """
    for item in several(document, layer, also):
        found = item if locked else unlocked(document, item.id)
        document = document.with_layer(change(found))
    return document


def rendering_edit(label: str, renders: Callable[[Document, Live | None], Document]) -> Edit:
    """An edit that renders pixels, and is made on a thread where there is one."""
    return Edit(label, lambda document: renders(document, None), renders=renders)


def changed_layer(
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


def check_size(raster: Raster, document: Document, what: str) -> None:
    """Raise EditError for a raster that cannot lie on the picture pixel by pixel."""
    if (raster.width, raster.height) != (document.width, document.height):
        raise EditError(
            f"{what} is {raster.width} x {raster.height},"
            f" the document {document.width} x {document.height}"
        )
