"""Worker pictures: the pictures and layers that a filter's settings name, lent to a worker.

A worker learns neither paths nor names: it is handed pixels, like the picture itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from safelight.api import Declaration, Region, Value
from safelight.document import Document, Layer, around_region
from safelight.document.contents.embedded_picture import named
from safelight.pixels import seen
from safelight.workers.wire.blocks import Block
from safelight.workers.wire.messages import Place
from safelight.workers.worker_process import WorkerProcess

Pixels = NDArray[np.float32]
Read = Callable[[str], Pixels]


class NoImage(Exception):
    """A picture or a layer cannot be had; the message goes on after the filter's name."""


def no_pictures(path: str) -> Pixels:
    """What stands for the reader of picture files, float32 (height, width, 3), where there is
    nobody to read them. Raises NoImage.
    """
    raise NoImage(f"cannot have the picture {named(path)}: nothing reads pictures here")


def with_ids(
    declaration: Declaration, settings: Mapping[str, Value], document: Document
) -> dict[str, Value]:
    """Settings with the id of a layer in place of its name, as far as there is one such layer."""
    found = dict(settings)
    for name, text in declaration.images(settings).items():
        if declaration.parameter(name).kind == "layer":
            layers = _layers(document, text)
            found[name] = layers[0].id if len(layers) == 1 else text
    return found


def plain(declaration: Declaration, settings: Mapping[str, Value]) -> dict[str, Value]:
    """The settings that a worker is told: all but those that name pixels."""
    named = declaration.images(settings)
    return {name: value for name, value in settings.items() if name not in named}


@dataclass
class Images:
    """The pictures and layers of one run, lent to a worker block by block.

    ``names`` are the parameters that have one. ``read`` gives a picture file's pixels: float32
    (height, width, 3), sRGB-encoded; it raises NoImage.
    """

    declaration: Declaration
    settings: Mapping[str, Value]
    document: Document
    read: Read = no_pictures
    _layers: dict[str, str] = field(default_factory=dict)
    _pictures: dict[str, Pixels] = field(default_factory=dict)
    _lent: dict[str, tuple[Block, Pixels]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The parameters that name pixels."""
        return list(self.declaration.images(self.settings))

    def find(self) -> None:
        """Read the pictures and look for the layers. Raises NoImage, and MemoryError."""
        for name, text in self.declaration.images(self.settings).items():
            if self.declaration.parameter(name).kind == "picture":
                self._pictures[name] = self.read(text)
            else:
                self._layers[name] = _one(_layers(self.document, text), text).id

    def lend(
        self, worker: WorkerProcess, window: Region, reach: int = 0
    ) -> tuple[dict[str, Place], list[Block]]:
        """What a message says of them, and the blocks to give back when its piece is done.

        A picture is lent once, for all pieces; of a layer comes what lies at ``window``,
        as a filter that looks ``reach`` pixels around its own may see it.
        """
        places, blocks = {}, []
        for name, pixels in self._pictures.items():
            if name not in self._lent:
                self._lent[name] = filled(worker, pixels), pixels
            places[name] = _place(*self._lent[name])
        for name, layer_id in self._layers.items():
            picture, place = around_region(self.document, window)
            raster = picture.layer(layer_id).raster
            part = seen(raster.read(place), place, raster.region, reach, raster.read)[..., :3]
            pixels = self.document.profile.to_srgb(part)
            blocks.append(filled(worker, pixels))
            places[name] = _place(blocks[-1], pixels)
        return places, blocks

    def take_back(self, worker: WorkerProcess) -> None:
        """The run is over: nothing is lent any more."""
        for block, _ in self._lent.values():
            worker.give_back(block)
        self._lent.clear()


def _layers(document: Document, text: str) -> list[Layer]:
    """The layers with pixels that have that id; else those that have that name."""
    layers = [layer for layer in document.walk() if layer.holds_pixels]
    return [x for x in layers if x.id == text] or [x for x in layers if x.name == text]


def _one(layers: list[Layer], text: str) -> Layer:
    if not layers:
        raise NoImage(f"needs the layer {text!r}: the picture has no such layer with pixels")
    if len(layers) > 1:
        raise NoImage(f"cannot tell which layer is meant: {len(layers)} are called {text!r}")
    return layers[0]


def filled(worker: WorkerProcess, pixels: Pixels) -> Block:
    """A block that holds ``pixels``, float32 (height, width, channels), for a worker to read."""
    block = worker.block(pixels.size * 4, writable=False)
    np.copyto(block.array(pixels.shape), pixels)
    return block


def _place(block: Block, pixels: Pixels) -> Place:
    return Place(block.id, pixels.shape)
