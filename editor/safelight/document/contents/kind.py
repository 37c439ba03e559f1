"""Kind: who answers for a content of a layer, and the picture in which that is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.document.placement import IDENTITY, Place
from safelight.pixels import SRGB, Mesh, Profile, Raster, View, Warp, to_float


class Entry(Protocol):
    """What lies in a group, as far as the content of the group knows it: a layer with an id."""

    @property
    def id(self) -> str:
        """The id of the layer."""


Change: TypeAlias = Callable[[Raster], Raster]
"""Other pixels in place of a raster's."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is looked at: a size in pixels, a depth, the frame, a map into the plane, and the colour
    space that the pixels are in. ``linear``: what lies between pixels is averaged in linear light.
    ``draft``: it is made quickly, as ``Document.draft`` says.
    """

    width: int
    height: int
    depth: str
    frame: Place = IDENTITY
    profile: Profile = SRGB
    linear: bool = False
    draft: bool = False

    def fits(self, raster: Raster, place: Place) -> bool:
        """Whether a raster with that place has the picture's pixels already."""
        return place == self.frame and (raster.width, raster.height) == (self.width, self.height)

    def lies_in(self, raster: Raster, place: Place) -> bool:
        """Whether the picture's pixels are pixels of a raster with that place, all of them."""
        through = self._through(place)
        return through.exact and all(
            0 <= x <= raster.width and 0 <= y <= raster.height
            for x, y in through.corners(self.width, self.height)
        )

    def view(
        self, raster: Raster, place: Place, beyond: int = 0, warp: Warp | Mesh | None = None
    ) -> Raster:
        """A raster, out of shape where there is a warp, as the picture shows it; itself where it
        fits.
        """
        if warp is None and self.fits(raster, place):
            return raster
        seen = raster, self._through(place).matrix, self.width, self.height, beyond
        if self.draft:
            return View(*seen, method="bilinear", warp=warp)
        return View(*seen, light=self.profile if self.linear else None, warp=warp)

    def _through(self, place: Place) -> Place:
        """The map from the picture's pixels to those of a raster with that place."""
        return IDENTITY if place == self.frame else place.inverse.after(self.frame)


class Kind:
    """What the editor asks of a content; a kind overrides what is not so of it.

    ``name`` is what the kind is called in project files, ``icon`` what its row in the list of
    layers shows where there is no ``sample``. ``drawn`` tells that it is drawn from a description,
    which files of other programs do not hold.
    """

    name = ""
    icon = "filter"
    drawn = False

    def check(self, content: Any) -> None:
        """Raise ValueError for a content that no layer can hold."""

    def pixels(self, content: Any) -> Raster | None:
        """The pixels that it shows of its own; None where it has none."""
        return None

    def own(self, content: Any) -> Raster | None:
        """The pixels that it holds, which edits may replace; None where it holds none."""
        return None

    def warp(self, content: Any) -> Warp | Mesh | None:
        """The warp that its pixels are seen through; None where there is none."""
        return None

    def unwarped(self, content: Any) -> Raster | None:
        """The pixels that it holds as they are without a warp; None where it holds none."""
        return self.own(content)

    def sample(self, content: Any) -> Raster | None:
        """The pixels that a thumbnail of it is made of, the same object each time; None where its
        icon is shown instead.
        """
        return self.own(content)

    def rasters(self, content: Any) -> Iterator[Raster]:
        """Every raster that a content holds by itself, of the document's depth; not those of layers
        in it.
        """
        return iter(())

    def layers(self, content: Any) -> tuple[Entry, ...]:
        """The layers in it, bottom first."""
        return ()

    def with_layers(self, content: Any, layers: tuple[Entry, ...]) -> Any:
        """A content with other layers in it."""
        return content

    def changed(self, content: Any, change: Change) -> Any:
        """A content with ``change`` made to every raster of ``rasters``."""
        return content

    def fits(self, content: Any, place: Place, picture: Picture) -> bool:
        """Whether a content is as a picture shows it already, so that ``seen`` would change
        nothing.
        """
        return True

    def seen(self, content: Any, place: Place, picture: Picture) -> Any:
        """A content as a picture shows it: its rasters as large as the picture, and over it.

        ``place`` is the layer's. What has no pixels before it is looked at can become a raster of
        the picture's size, depth and colour space here.
        """
        return content

    def key(self, content: Any, masked: bool, layers: Callable[[Any], list[Any]]) -> list[Any]:
        """What others can see of it, as JSON; ``layers`` gives that of layers."""
        raise NotImplementedError

    def described(self, content: Any) -> str:
        """What a tooltip says of it; "" for nothing."""
        return ""

    def to_json(self, content: Any) -> Any:
        """The content as JSON, without its rasters, which only built-in kinds have."""
        raise NotImplementedError

    def from_json(self, data: Any) -> Any:
        """The inverse of ``to_json``. Raises ValueError, TypeError or KeyError for what is none."""
        raise NotImplementedError


def colour_in(profile: Profile, colour: str) -> NDArray[np.float32]:
    """A colour, ``#rrggbb`` in sRGB, as a pixel of a profile: float32 (1, 1, 3), 0 to 1."""
    numbers = np.frombuffer(bytes.fromhex(colour[1:]), np.uint8)
    return profile.from_srgb(to_float(numbers).reshape(1, 1, 3))
