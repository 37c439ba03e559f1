"""Raw draft: a raw file as it would look with some settings, small enough to follow a slider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Value
from safelight.files.codecs import lens_correction
from safelight.files.codecs.raw_colours import drafted, metered
from safelight.files.codecs.raw_sketch import Sketch

_PICKED = 2
"""Pixels around a place that are averaged with it."""

_TURNS: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    3: lambda pixels: pixels[::-1, ::-1],
    6: lambda pixels: pixels.swapaxes(0, 1)[:, ::-1],
    8: lambda pixels: pixels.swapaxes(0, 1)[::-1],
}
"""How a sensor's picture is set upright, by EXIF's orientation; cameras mirror none."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a raw file is to be developed, and whether the project keeps it."""

    settings: Mapping[str, Value]
    keep: bool = False


class Draft:
    """Drafts of one raw file, made from its sketch."""

    def __init__(self, sketch: Sketch) -> None:
        self.sketch = sketch
        self._plain: NDArray[np.float32] = sketch.light.astype(np.float32) / np.float32(65535)
        self._lens: lens_correction.Known | None = None
        self._corrected: tuple[tuple[bool, bool, bool], NDArray[np.float32]] | None = None

    def know_lens(self, found: lens_correction.Known | None) -> None:
        """Take what undoes the lens's faults."""
        self._lens, self._corrected = found, None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a draft, upright."""
        high, wide = self._plain.shape[:2]
        return (high, wide) if self.sketch.orientation >= 5 else (wide, high)

    def pixels(self, settings: Mapping[str, Any]) -> NDArray[np.uint8]:
        """(height, width, 3), upright, sRGB."""
        made = drafted(self._light(settings), self.sketch.sensor, settings)
        return np.ascontiguousarray(self._upright(made))

    def exposure(self, settings: Mapping[str, Any]) -> float:
        """Stops that make the picture neither dark nor bright, the other settings as they are."""
        return metered(self._light(settings), self.sketch.sensor, settings)

    def neutral(
        self, x: float, y: float, settings: Mapping[str, Any]
    ) -> tuple[float, float] | None:
        """Kelvin and tint that make the place at (x, y), fractions of the picture, grey; None
        where it is too dark or saturated to tell.
        """
        light = self._upright(self._light(settings))
        high, wide = light.shape[:2]
        row, column = min(int(y * high), high - 1), min(int(x * wide), wide - 1)
        rows = slice(max(row - _PICKED, 0), row + _PICKED + 1)
        part = light[rows, max(column - _PICKED, 0) : column + _PICKED + 1]
        seen = part.reshape(-1, part.shape[-1]).mean(axis=0)
        if seen.min() < 0.0005 or part.max() > 0.98:
            return None
        green = float(seen[min(1, len(seen) - 1)])
        return self.sketch.sensor.light_of(tuple(green / float(number) for number in seen))

    def _light(self, settings: Mapping[str, Any]) -> NDArray[np.float32]:
        wanted = (
            bool(settings["distortion"]),
            bool(settings["vignetting"]),
            bool(settings["fringes"]),
        )
        if self._lens is None or not any(wanted):
            return self._plain
        if self._corrected is None or self._corrected[0] != wanted:
            correction = self._lens.correction(*wanted)
            made: NDArray[np.float32] = lens_correction.corrected(self._plain, correction)
            self._corrected = wanted, made
        return self._corrected[1]

    def _upright(self, pixels: NDArray[Any]) -> NDArray[Any]:
        turn = _TURNS.get(self.sketch.orientation)
        return pixels if turn is None else turn(pixels)
