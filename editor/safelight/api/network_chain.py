"""Network chain: how far one run's networks look, one after another or side by side."""

from __future__ import annotations

import math
from collections.abc import Collection
from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from safelight.api.image import Image


class Looks(Protocol):
    """What a network says of itself: how far it looks, and the grid it looks on."""

    @property
    def reach(self) -> int:
        """Pixels of its input around its own."""

    @property
    def multiple(self) -> int:
        """The number of pixels that the place and the size of its input are multiples of."""


class Chain:
    """Notes which networks a filter runs over ``image``, and on what.

    One that is given another's result adds its reach to the other's; of those that are given the
    same picture the furthest counts. What was made of several, or changed in place, cannot be told:
    it counts as made of all that ran before it, which is never too little. ``reach`` and
    ``multiple`` are in pixels of ``image``.
    """

    def __init__(self, image: Image) -> None:
        self.reach = 0
        self.multiple = 1
        self._height = image.shape[0]
        self._pictures: list[tuple[Image, Image, int]] = [(image, image.copy(), 0)]

    def add(self, network: Looks, image: Image, inputs: Collection[object], result: Image) -> None:
        """Note that the network made ``result`` of ``image`` and of further ``inputs``."""
        zoom = Fraction(image.shape[0], self._height) or Fraction(1)
        given = [image, *(item for item in inputs if isinstance(item, np.ndarray))]
        reach = max(map(self._reach_of, given)) + math.ceil(network.reach / zoom)
        self.reach = max(self.reach, reach)
        self.multiple = math.lcm(self.multiple, _on_the_picture(network.multiple, zoom))
        self._pictures.append((result, result.copy(), reach))

    def _reach_of(self, given: Any) -> int:
        """How far what a network is given looks already."""
        for picture, before, reach in self._pictures:
            if np.may_share_memory(given, picture):
                return reach if np.array_equal(picture, before, equal_nan=True) else self.reach
        return self.reach


def _on_the_picture(multiple: int, zoom: Fraction) -> int:
    """The grid of a network that is given the picture ``zoom`` times as large."""
    if zoom.numerator != 1 and zoom.denominator != 1:
        return multiple  # something of another size, such as the picture with a border
    return (multiple / zoom).numerator
