"""Box change: how a box is moved, scaled and turned, in numbers that can be written down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from safelight.api import Region
from safelight.document import geometry
from safelight.document.placement import Place

ROUNDED = {"x": 2, "y": 2, "width": 3, "height": 3, "angle": 2}
"""Decimals of what a hand makes: what is seen is what is written down."""


@dataclass(frozen=True, slots=True)
class BoxChange:
    """What is done to a box: moved by pixels, scaled by percent, turned clockwise by degrees."""

    x: float = 0.0
    y: float = 0.0
    width: float = 100.0
    height: float = 100.0
    angle: float = 0.0

    def with_(self, **given: float) -> BoxChange:
        """The change with other numbers, rounded to what can be written down."""
        given = {name: round(value, ROUNDED[name]) + 0.0 for name, value in given.items()}
        if "angle" in given:
            given["angle"] = 180 - (180 - given["angle"]) % 360
        return replace(self, **given)

    @property
    def numbers(self) -> dict[str, Any]:
        """The change's numbers by name."""
        return {name: getattr(self, name) for name in ROUNDED}

    def place(self, box: Region) -> Place:
        """The map of a box. Raises ValueError for a size that no layer has."""
        return geometry.change_of(box, **self.numbers)
