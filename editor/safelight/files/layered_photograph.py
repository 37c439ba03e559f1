"""Layered photograph: the layers that a file holds, made into those of a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document import Document, Group, Layer, Synthetic, render
from safelight.document.contents.content import Fill
from safelight.document.layer import DEEPEST, nesting
from safelight.document.placement import Place
from safelight.files.codecs.photograph import (
    DamagedError,
    Photograph,
    PhotographLayer,
    PhotographMask,
)
from safelight.files.colours.file_colours import as_rgb, becomes_wide
from safelight.files.untrusted_reader import Reading, known_of
from safelight.pixels import SRGB, Profile, Raster, deeper, from_float, to_float

_ALIKE = 4 / 255
"""Mean difference from the file's own picture that is no reason for a note."""

_FAR, _FEW = 24 / 255, 1 / 300
"""Nor is a difference of more than the first, in a smaller share of the picture than the second."""

_DIFFERENT = (
    "It looks different from how the program that saved it drew it: layers are blended in ways that"
    " Safelight does not have."
)
_ON_TOP = (
    "What its layers make here looks different from how the program that saved it drew it. The"
    " picture as it was drawn is the layer Merged picture; hide that one and show the group Layers"
    " to work on its layers."
)


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
            held = "uint16" if becomes_wide(found) else "uint8"
            self._depth = deeper(self._depth, deeper(held, found.pixels.dtype.name))
        self._profile: Profile | None = None
        self._of_layers: dict[str, list[str]] = {}
        """Notes that layers have, and the names of these."""

    def document(self, name: str) -> Document:
        layers = self._layers(self._photograph.layers or ())
        if not layers:
            raise DamagedError("has no layers that Safelight can show")
        document = Document(
            *(self._width, self._height, self._depth, tuple(layers)),
            profile=self._profile or SRGB,
            metadata=self._photograph.metadata,
            name=name,
            grey=self._is_grey(),
        )
        if self._photograph.pixels.shape[2]:
            document = self._as_drawn(document)
        self._notes[:] = dict.fromkeys([*self._notes, *self._told()])
        return document

    def _is_grey(self) -> bool:
        """Whether the file has a single channel of colour in all its layers."""
        layers = self._photograph.layers or ()
        found = [photograph.space for photograph in _photographs(layers)]
        return bool(found) and set(found) == {"grey"} and not any(_fills(layers))

    def _as_drawn(self, document: Document) -> Document:
        """The document; where it looks different from the file's own picture, that lies above all
        its layers, which are hidden.
        """
        drawn = replace(self._photograph, notes=[])
        pixels, profile, made = self._read(drawn)
        pixels = self._alike_in_kind(pixels, profile)
        raster = Raster.from_array(np.ascontiguousarray(pixels))
        if _alike(document, raster):
            return document
        if nesting(document.layers) >= DEEPEST:
            self._notes.append(_DIFFERENT)
            return document
        self._notes.append(_ON_TOP)
        hidden = Layer("Layers", Group(document.layers), visible=False)
        return replace(document, layers=(hidden, Layer("Merged picture", raster, synthetic=made)))

    def _told(self) -> Iterator[str]:
        """What there is to say of layers; what is to be said of several is said once."""
        for note, names in self._of_layers.items():
            yield f"{names[0]}: {note}" if len(names) == 1 else note

    def _layers(self, found: Sequence[PhotographLayer]) -> list[Layer]:
        layers: list[Layer] = []
        for item in found:
            if item.fill:
                layer = Layer(item.name, Fill(self._in_srgb(item.fill)))
            elif item.photograph is None:
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
        if item.role == "clipped":
            layer = replace(layer, clipped=bool(layers))
        if item.mask is not None:
            layer = _with_mask(layer, item.mask)
        layers.append(layer)

    def _layer(self, item: PhotographLayer, photograph: Photograph) -> Layer:
        """Pixels as a layer, with all that lies beyond the picture.

        Every layer is brought into the depth of the finest and the profile of the first.
        """
        photograph = replace(photograph, notes=list(photograph.notes))
        pixels, profile, made = self._read(photograph)
        for note in photograph.notes:
            self._of_layers.setdefault(note, []).append(item.name)
        self._profile = self._profile or profile
        if not self._is_own(profile):
            self._notes.append(
                f"{item.name} was converted into the colour profile of the first layer."
            )
        pixels = self._alike_in_kind(pixels, profile)
        raster = Raster.from_array(np.ascontiguousarray(pixels))
        return Layer(item.name, raster, place=Place.offset(item.x, item.y), synthetic=made)

    def _is_own(self, profile: Profile) -> bool:
        own = self._profile or SRGB
        return profile == own or (profile.is_srgb and own.is_srgb)

    def _alike_in_kind(self, pixels: NDArray[Any], profile: Profile) -> NDArray[Any]:
        """Pixels in the depth and the colours of the document."""
        if not self._is_own(profile):
            own = self._profile or SRGB
            return from_float(own.from_srgb(profile.to_srgb(to_float(pixels))), self._depth)
        if pixels.dtype.name != self._depth:
            return from_float(to_float(pixels), self._depth)
        return pixels

    def _in_srgb(self, fill: str) -> str:
        """A colour in the file's numbers as sRGB has it, in which all fills are."""
        numbers = [int(fill[at : at + 2], 16) for at in (1, 3, 5)]
        whole = replace(self._photograph, alpha=False, space="rgb", notes=[])
        whole.pixels = np.array([[numbers]], np.uint8)
        pixels, profile, _ = self._read(whole)
        made = from_float(profile.to_srgb(to_float(pixels)), "uint8")[0, 0]
        return "#" + "".join(f"{int(each):02x}" for each in made[:3])

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


def _fills(layers: Sequence[PhotographLayer]) -> Iterator[str]:
    for layer in layers:
        yield layer.fill
        yield from _fills(layer.layers)


def _lifted(title: str, layers: list[Layer]) -> Layer:
    """A group of these layers; a mask over all of them becomes its own."""
    if len(layers) == 1 and layers[0].mask is not None and layers[0].layers:
        return replace(layers[0], name=title)
    return Layer(title, Group(tuple(layers)))


def _with_mask(layer: Layer, mask: PhotographMask) -> Layer:
    raster = Raster.from_array(np.ascontiguousarray(mask.pixels))
    place = Place.offset(mask.x, mask.y)
    return replace(layer, mask=raster, mask_place=place, mask_beyond=mask.beyond)


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
    difference = np.abs(planes[0] - planes[1])
    few = float((difference.max(axis=2) > _FAR).mean()) <= _FEW
    return few and float(difference.mean()) <= _ALIKE
