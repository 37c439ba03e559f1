"""Layered: the layers of a photograph, as they stand in its file, as those of a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document import Document, Group, Layer, Synthetic, render
from safelight.document.place import Place
from safelight.files.codecs.photograph import DamagedError, Photograph, PhotographLayer
from safelight.files.colours import as_rgb
from safelight.files.strangers import Reading, known_of
from safelight.pixels import SRGB, Profile, Raster, deeper, from_float, to_float

_ALIKE = 4 / 255
"""Mean difference from the file's own picture that is no reason for a note."""


def document_of(photograph: Photograph, name: str, reading: Reading) -> Document:
    """The document that a photograph of layers is; adds to its notes. Raises DamagedError."""
    try:
        return _Building(photograph, reading).document(name)
    except (ValueError, OverflowError, RuntimeError) as error:
        raise DamagedError("is damaged: its layers make no picture") from error


class _Building:
    """One document being put together."""

    def __init__(self, photograph: Photograph, reading: Reading) -> None:
        self._reading = reading
        self._photograph = photograph
        self._notes = photograph.notes
        self._height, self._width = photograph.pixels.shape[:2]
        self._depth = "uint8"
        for found in _photographs(photograph.layers or ()):
            self._depth = deeper(self._depth, found.pixels.dtype.name)
        self._profile: Profile | None = None

    def document(self, name: str) -> Document:
        layers = self._layers(self._photograph.layers or ())
        if not layers:
            raise DamagedError("has no layers that Safelight can show")
        document = Document(
            *(self._width, self._height, self._depth, tuple(layers)),
            profile=self._profile or SRGB,
            metadata=self._photograph.metadata,
            name=name,
        )
        if self._photograph.pixels.shape[2]:
            seen, _, _ = self._read(replace(self._photograph, notes=[]))
            if not _alike(document, Raster.from_array(np.ascontiguousarray(seen))):
                self._notes.append(
                    "It looks different from how the program that saved it drew it: layers are"
                    " blended in ways that Safelight does not have."
                )
        self._notes[:] = dict.fromkeys(self._notes)
        return document

    def _layers(self, found: Sequence[PhotographLayer]) -> list[Layer]:
        layers: list[Layer] = []
        for item in found:
            if item.photograph is None:
                layer = _lifted(item.name, self._layers(item.layers))
            else:
                layer = self._layer(item, item.photograph)
            self._add(layers, item, layer)
        return layers

    def _add(self, layers: list[Layer], item: PhotographLayer, layer: Layer) -> None:
        """Put a layer on the others as the file says."""
        layer = replace(
            layer, opacity=item.opacity, mode=item.mode, visible=item.visible, locked=item.locked
        )
        if item.role in ("inside", "outside"):
            if layer.visible:
                outside = item.role == "outside"
                mask = _alpha(layer.raster, layer.opacity, outside)
                group = Layer("Masked", Group(tuple(layers)), mask=mask)
                layers[:] = [replace(group, mask_place=layer.place, mask_beyond=int(outside))]
            return
        if item.role == "atop":
            if not layers:
                layer = replace(layer, visible=False)  # atop of nothing there is nothing to see
            elif sum(not below.clipped for below in layers) > 1:
                layers[:] = [Layer("Below", Group(tuple(layers)))]
            layer = replace(layer, clipped=bool(layers))
        layers.append(layer)

    def _layer(self, item: PhotographLayer, photograph: Photograph) -> Layer:
        """Pixels as a layer, with all that lies beyond the picture.

        Every layer is brought into the depth of the finest and the profile of the first.
        """
        photograph = replace(photograph, notes=list(photograph.notes))
        pixels, profile, made = self._read(photograph)
        self._notes += [f"{item.name}: {note}" for note in photograph.notes]
        self._profile = self._profile or profile
        if profile != self._profile and not (profile.is_srgb and self._profile.is_srgb):
            floats = self._profile.from_srgb(profile.to_srgb(to_float(pixels)))
            pixels = from_float(floats, self._depth)
            self._notes.append(
                f"{item.name} was converted into the colour profile of the first layer."
            )
        elif pixels.dtype.name != self._depth:
            pixels = from_float(to_float(pixels), self._depth)
        raster = Raster.from_array(np.ascontiguousarray(pixels))
        return Layer(item.name, raster, place=Place.offset(item.x, item.y), synthetic=made)

    def _read(self, photograph: Photograph) -> tuple[NDArray[Any], Profile, Synthetic]:
        """The pixels as RGB, the profile they are in, and what a generator has made of them."""
        told = known_of(photograph, self._reading)
        pixels, profile = as_rgb(photograph, told.adobe_rgb, self._reading.converted)
        return pixels, profile, told.synthetic


def _photographs(layers: Sequence[PhotographLayer]) -> Iterator[Photograph]:
    for layer in layers:
        if layer.photograph is not None:
            yield layer.photograph
        yield from _photographs(layer.layers)


def _lifted(title: str, layers: list[Layer]) -> Layer:
    """A group of these layers; a mask over all of them becomes its own."""
    if len(layers) == 1 and layers[0].mask is not None and layers[0].layers:
        return replace(layers[0], name=title)
    return Layer(title, Group(tuple(layers)))


def _alpha(raster: Raster, opacity: float, inverted: bool) -> Raster:
    """How opaque a layer is, as a mask."""
    tiles = []
    for _, tile in raster.tiles():
        opaque = to_float(tile[..., 3:]) if tile.shape[2] == 4 else np.ones_like(tile[..., :1])
        share = np.asarray(opaque * np.float32(opacity), np.float32)
        tiles.append(from_float(1 - share if inverted else share, tile.dtype.name))
    return Raster.from_tiles(raster.width, raster.height, 1, raster.depth, tiles)


def _alike(document: Document, picture: Raster) -> bool:
    """Whether both look the same from afar, on black."""
    level = 0
    while max(document.width, document.height) >> level > 512:
        level += 1
    theirs = picture.level(level).to_array()
    ours = render(document, Region(0, 0, theirs.shape[1], theirs.shape[0], level))
    planes = []
    for pixels in (to_float(ours), to_float(theirs)):
        planes.append(pixels[..., :3] * pixels[..., 3:] if pixels.shape[2] == 4 else pixels)
    return float(np.abs(planes[0] - planes[1]).mean()) <= _ALIKE
