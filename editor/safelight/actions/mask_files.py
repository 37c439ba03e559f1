"""Mask files: a selection as a grey picture in a file, and back. White is selected."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from safelight.actions.open_confined import open_picture
from safelight.document import Document
from safelight.files import OpenError
from safelight.pixels import Raster, from_float, to_float

_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


def read_mask(path: str | Path, document: Document, *, fitted: bool = False) -> Raster:
    """The selection in a picture file: its luminance, less where it is transparent.

    It has one channel and the document's size; one of another size is stretched to that where it
    is ``fitted``. Raises OpenError for a file that cannot be opened, or that has another size.
    """
    found = open_picture(path).document
    sides = document.width, document.height
    if not fitted and (found.width, found.height) != sides:
        raise OpenError(
            f"{Path(path).name} is {found.width} × {found.height} px; as a mask it needs the size"
            f" of the picture, {document.width} × {document.height} px."
        )
    pixels = to_float(found.layers[0].raster.to_array())
    grey = pixels[..., :3] @ _LUMINANCE
    if pixels.shape[2] == 4:
        grey *= pixels[..., 3]
    if grey.shape[::-1] != sides:
        stretched = Image.fromarray(grey).resize(sides, Image.Resampling.BILINEAR)
        grey = np.asarray(stretched, np.float32)
    return Raster.from_array(from_float(grey[..., None], "uint8"))


def shown_mask(document: Document) -> Document:
    """A document that shows another's selection as a grey picture; black where there is none."""
    selection = document.picture.selection
    if selection is None:
        selection = Raster.filled(document.width, document.height, (0,), "uint8")
    pixels = selection.to_array()
    grey = np.repeat(from_float(to_float(pixels), "uint8"), 3, axis=2)
    shown = Document.from_raster(Raster.from_array(grey), name=document.name)
    return replace(shown, metadata=document.metadata)
