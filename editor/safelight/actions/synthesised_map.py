"""Synthesised map: which pixels of what a document shows were synthesised, and by which step.

It is an indexed PNG: 0, grey, is as it was taken; each step has a number and a colour from 1 on.
A step made a pixel that is another without that step's layer; of several, the uppermost counts.
"""

from __future__ import annotations

import colorsys
import io
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from safelight.api import Region
from safelight.document import Document, Layer, Live, render, walk
from safelight.files import atomic_write

_MOST = 255
_BAND = 256
"""Rows that are compared at once."""


@dataclass(frozen=True, slots=True)
class SynthesisedMap:
    """``steps`` are of uint8 (height, width): 0 where nothing was synthesised, else the number of
    the layer among ``names``, from 1.
    """

    steps: NDArray[np.uint8]
    names: tuple[str, ...]

    def write(self, path: Path, *, overwrite: bool = False) -> None:
        """Write the map as a PNG, whatever the name ends in. Raises FileExists, WriteError."""
        picture = Image.fromarray(self.steps)
        palette: list[tuple[int, ...]] = [(128, 128, 128)]
        for number in range(len(self.names)):
            colour = colorsys.hsv_to_rgb(number * 0.381966 % 1, 0.85, 1)
            palette.append(tuple(round(255 * part) for part in colour))
        picture.putpalette([part for colour in palette for part in colour])
        held = io.BytesIO()
        picture.save(held, "PNG")
        atomic_write(path, lambda file: file.write(held.getvalue()), overwrite=overwrite)


def synthesised_map(
    document: Document, live: Live | None = None, invents: Collection[str] = ()
) -> SynthesisedMap:
    """Where and by which of its layers what a document shows was synthesised; ``invents`` are the
    ids of filters that put there what never was. Raises LayerFailed.
    """
    steps = np.zeros((document.height, document.width), np.uint8)
    made = [layer for layer in walk(document.layers) if _synthesises(layer, invents)][:_MOST]
    for number, layer in enumerate(made, 1):
        other = document.without([layer.id])
        for top in range(0, document.height, _BAND):
            height = min(_BAND, document.height - top)
            band = Region(0, top, document.width, height)
            differs = _shown(document, band, live) != _shown(other, band, live)
            steps[top : top + height][differs.any(axis=2)] = number
    return SynthesisedMap(steps, tuple(layer.name for layer in made))


def _shown(document: Document, band: Region, live: Live | None) -> NDArray[np.float32]:
    """(height, width, 4): where a layer is all there is, its alpha tells."""
    pixels = render(document, band, live, "float32")
    if pixels.shape[2] == 4:
        return pixels
    alpha = np.ones((*pixels.shape[:2], 1), np.float32)
    return np.concatenate([pixels, alpha], axis=2)


def _synthesises(layer: Layer, invents: Collection[str]) -> bool:
    held = layer.filter
    invented = held is not None and held.kept is not None and held.id in invents
    return layer.visible and (invented or bool(layer.made))
