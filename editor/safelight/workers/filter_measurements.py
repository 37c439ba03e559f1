"""Filter measurements: what filters measure of whole pictures, kept while one is tried."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Declaration, Prepared, Region, Value
from safelight.api.prepare import THUMBNAIL
from safelight.document import Document, Layer, Live, render, render_srgb
from safelight.pixels import seen

KEPT = 8
"""Measurements that are kept; each is small."""

_RIM = 63
"""Pixels around what is not transparent that are made up for a measurement."""

_BAND = 512
"""Rows of a picture with transparent parts that are rendered at a time."""


@dataclass(frozen=True, slots=True)
class _Measurement:
    """What was found, and what it was found of."""

    filter: str
    version: str
    settings: Mapping[str, Value]
    layers: tuple[Layer, ...]
    values: Prepared

    def fits(self, declaration: Declaration, settings: Mapping[str, Value], of: Document) -> bool:
        return (
            (self.filter, self.version) == (declaration.id, declaration.version)
            and self.settings == _asked(declaration, settings)
            and self.layers == of.picture.layers
        )


class Preparations:
    """The last few measurements, for all jobs of a session. May be used by several threads."""

    def __init__(self) -> None:
        self._found: list[_Measurement] = []
        self._lock = threading.Lock()

    def get(
        self,
        declaration: Declaration,
        settings: Mapping[str, Value],
        document: Document,
        measure: Callable[[], Prepared],
    ) -> Prepared:
        """What is known of ``document``, or what ``measure`` finds now."""
        with self._lock:
            known = [item for item in self._found if item.fits(declaration, settings, document)]
        if known:
            return known[0].values
        values = measure()
        asked = _asked(declaration, settings)
        layers = document.picture.layers
        made = _Measurement(declaration.id, declaration.version, asked, layers, values)
        with self._lock:
            self._found = [made, *self._found[: KEPT - 1]]
        return values

    def forget(self) -> None:
        """Filters have changed: what they measure may be something else."""
        with self._lock:
            self._found.clear()


def view(
    declaration: Declaration, document: Document, live: Live | None, *, lenient: bool = False
) -> NDArray[np.float32]:
    """The whole picture as ``prepare`` wants to see it: (height, width, 3), sRGB-encoded.

    What transparent pixels hide is made up from what is around them, or 0.
    ``lenient`` and errors are those of ``document.render``.
    """
    small = "thumbnail" in declaration.prepares
    return thumbnail(document, live, THUMBNAIL if small else None, lenient=lenient)


def thumbnail(
    document: Document, live: Live | None, most: int | None = THUMBNAIL, *, lenient: bool = False
) -> NDArray[np.float32]:
    """The whole picture at the zoom level at which no side is longer than ``most`` pixels:
    (height, width, 3), sRGB-encoded, what transparent pixels hide made up; None is full size.
    """
    width, height, level = document.width, document.height, 0
    while most is not None and max(width, height) > most:
        width, height, level = (width + 1) // 2, (height + 1) // 2, level + 1
    whole = Region(0, 0, width, height, level)
    if not document.has_alpha:
        return render_srgb(document, whole, live, lenient=lenient)[..., :3]

    def rendered(place: Region) -> NDArray[Any]:
        return render(document, place, live, "float32", lenient=lenient)

    picture = np.empty((height, width, 3), np.float32)
    for y in range(0, height, _BAND):
        band = Region(0, y, width, _BAND, level).intersect(whole)
        pixels = seen(rendered(band), band, whole, _RIM, rendered)[..., :3]
        picture[band.rows()] = document.profile.to_srgb(pixels)
    return picture


def _asked(declaration: Declaration, settings: Mapping[str, Value]) -> dict[str, Value]:
    """The settings that it depends on."""
    return {name: settings[name] for name in declaration.prepares if name in settings}
