"""Probed properties: what was found out about a network, and how each property is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

KEYS = (
    *("layout", "channels", "range", "result", "result_range", "reach", "multiple", "least"),
    *("fit", "mask", "mask_range", "guide", "guide_fit"),
)
"""What can be said instead of probed, as the metadata properties are called."""

MULTIPLES = (1, 2, 4, 8, 16, 32, 64)
"""Numbers of pixels that the sides of a picture may have to be a multiple of."""

GIVEN, STATED, READ, PROBED, ASSUMED, ASKED = (
    "given",
    "stated by the file",
    "read from the graph",
    "probed",
    "assumed",
    "asked",
)
"""How a property is known. What is *asked* two runs did not tell apart, or not clearly: a person
has to choose by what they make of a picture; until then the likelier is assumed."""


@dataclass(slots=True)
class Probed:
    """What was found: the contract's ``properties`` without prefix, and ``how`` each was.

    ``size`` is the (height, width) of a network that takes no other. ``notes`` are sentences a
    user should read; ``extras`` the further inputs, each a number, with their ranks, ``kinds`` what
    numpy calls those. ``asks`` has the values to choose from of what has to be asked, the likelier
    first.
    """

    properties: dict[str, str] = field(default_factory=dict)
    how: dict[str, str] = field(default_factory=dict)
    asks: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    extras: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    size: tuple[int, int] | None = None

    def set(self, key: str, value: object, how: str) -> None:
        """Note a decision, unless it has been made already."""
        if key not in self.properties:
            self.properties[key] = str(value)
            self.how[key] = how


def sentences(found: Probed) -> Iterator[tuple[str, str, str]]:
    """What was found as (property, value, how), in the order a reader wants it."""
    order = ("scale", *KEYS, "crop", "height", "width", "tile")
    for key in order:
        if key in found.properties:
            yield key, found.properties[key], found.how[key]
