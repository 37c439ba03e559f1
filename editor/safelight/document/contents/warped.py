"""Warped: pixels of a layer that are seen out of shape; the pixels themselves stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from safelight.document.contents.kind import Change, Kind, Picture
from safelight.document.placement import Place
from safelight.pixels import Mesh, Raster, View, Warp

MOST_REACH = 100_000
"""Pixels of a side of what a warp makes at the most."""


@dataclass(frozen=True, slots=True)
class Warped:
    """Pixels and the warp that they are seen through. ``shown`` are the same pixels warped, as
    large as they are then; its first pixel is the point ``corner`` of the warped plane, which is
    the place of a layer without a warp.
    """

    raster: Raster
    warp: Warp | Mesh
    shown: View = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        left, top, right, bottom = self.warp.bounds
        width, height = right - left, bottom - top
        if max(width, height) > MOST_REACH:
            raise ValueError(f"it would be {width:,} × {height:,} pixels large")
        through = Place.offset(left, top).matrix
        shown = View(self.raster, through, max(width, 1), max(height, 1), warp=self.warp)
        object.__setattr__(self, "shown", shown)

    @property
    def corner(self) -> tuple[int, int]:
        """Left and upper edge of what is shown, in pixels of the raster."""
        return self.warp.bounds[:2]


class WarpedKind(Kind):
    """Answers for pixels that are warped."""

    name = "warped"

    def check(self, content: Warped) -> None:
        if content.raster.channels == 1:
            raise ValueError("a layer's pixels have 3 or 4 channels")

    def pixels(self, content: Warped) -> Raster:
        return content.shown

    def sample(self, content: Warped) -> Raster:
        return content.raster  # in shape: its zoom levels are there already

    def warp(self, content: Warped) -> Warp | Mesh:
        return content.warp

    def unwarped(self, content: Warped) -> Raster:
        return content.raster

    def rasters(self, content: Warped) -> Iterator[Raster]:
        yield content.raster

    def changed(self, content: Warped, change: Change) -> Warped:
        return Warped(change(content.raster), content.warp)

    def fits(self, content: Warped, place: Place, picture: Picture) -> bool:
        return False

    def seen(self, content: Warped, place: Place, picture: Picture) -> Raster:
        plane = unwarped_place(content.warp, place)
        return picture.view(content.raster, plane, warp=content.warp)

    def key(self, content: Warped, masked: bool, layers: Callable[[Any], list[Any]]) -> list[Any]:
        return ["warped", content.raster.digest().hex(), *content.warp.told]

    def described(self, content: Warped) -> str:
        return _WORDS[type(content.warp)]


_WORDS: dict[type, str] = {Warp: "Warped by a grid", Mesh: "Liquified"}


def unwarped_place(warp: Warp | Mesh | None, place: Place) -> Place:
    """The place of a layer whose pixels are seen through a warp, as it is without that."""
    if warp is None:
        return place
    left, top = warp.bounds[:2]
    return place.after(Place.offset(-left, -top))


def warped(raster: Raster, place: Place, warp: Warp | Mesh) -> tuple[Any, Place]:
    """What a layer holds of which pixels are warped, and its place, where ``place`` is that without
    a warp; the pixels themselves where the warp leaves all as it is.
    """
    if warp.is_rest:
        return raster, place
    made = Warped(raster, warp)
    return made, place.after(Place.offset(*made.corner))
