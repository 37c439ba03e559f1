"""Laid pixels: what a stroke lays where it goes: a colour, a copy, a touch, and what is seen there.

All pixels are float32 (height, width, 4), straight alpha, in the document's colour space, 0 to 1
nominally.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.commands.command import EditError
from safelight.document.contents.kind import colour_in
from safelight.document.document import Document
from safelight.document.rendered.gradients import Gradient
from safelight.document.rendered.live import LayerFailed, Live
from safelight.document.rendered.render import render
from safelight.pixels import Profile, to_float

LAYER = "Retouch"
"""Name of the layer that strokes are laid on, unless they go on one that is named."""

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Of red, green and blue (ITU-R BT.709)."""

_WIDEST = 20.0
"""Standard deviation in pixels that a brush blurs with at most."""

_Pixels: TypeAlias = NDArray[np.float32]
"""(height, width, 4), straight alpha, in the document's colour space, 0 to 1 nominally."""

Effect: TypeAlias = Literal["dodge", "burn", "saturate", "desaturate", "blur", "sharpen"]

Range: TypeAlias = Literal["shadows", "midtones", "highlights"]

OPPOSITE: dict[str, str] = {
    one: other
    for pair in (("dodge", "burn"), ("saturate", "desaturate"), ("blur", "sharpen"))
    for one, other in (pair, pair[::-1])
}
"""The effect that takes back what another one does."""


@dataclass(frozen=True, slots=True)
class Paint:
    """A stroke of one ``colour``, ``#rrggbb`` in sRGB."""

    colour: str = "#000000"

    def laid(self, seen: Seen, region: Region) -> _Pixels:
        pixels = np.ones((region.height, region.width, 4), np.float32)
        pixels[..., :3] = colour_in(seen.document.profile, self.colour)
        return pixels


@dataclass(frozen=True, slots=True)
class Ramp:
    """A stroke that goes from one ``colour`` at a gradient's first handle ``to_colour``, or "" for
    nothing, at its second one; between them in the document's colour space as it is stored.
    """

    gradient: Gradient
    colour: str = "#000000"
    to_colour: str = "#ffffff"

    def laid(self, seen: Seen, region: Region) -> _Pixels:
        pixels = np.ones((region.height, region.width, 4), np.float32)
        share = self.gradient.at(region)[..., None]
        first = np.asarray(colour_in(seen.document.profile, self.colour), np.float32)
        if not self.to_colour:
            pixels[..., :3], pixels[..., 3:] = first, share
            return pixels
        last = np.asarray(colour_in(seen.document.profile, self.to_colour), np.float32)
        pixels[..., :3] = last + (first - last) * share
        return pixels


@dataclass(frozen=True, slots=True)
class Clone:
    """What is seen ``x`` pixels to the right and ``y`` below, or negative; ``heals`` brings it to
    the light of where it is laid.
    """

    x: int
    y: int
    heals: bool = False

    def laid(self, seen: Seen, region: Region) -> _Pixels:
        return (seen.source or seen).at(region.move(self.x, self.y))


class Changes:
    """What is made of the pixels that are there: it leaves no others, and their alpha stays."""

    __slots__ = ()

    def laid(self, seen: Seen, region: Region) -> _Pixels:
        """The pixels (height, width, 4) that are laid at a region."""
        raise NotImplementedError

    def scaled(self, factor: float) -> Changes:
        """The stroke on pixels of which there are ``factor`` times as many along each side."""
        return self


@dataclass(frozen=True, slots=True)
class Touch(Changes):
    """What is seen there, but lighter, darker, with more or less colour, blurred or sharpened.

    ``strength`` is 0 to 1. ``radius`` is the brush's, in pixels, of which a blur is a tenth.
    """

    effect: Effect
    strength: float = 0.5
    range: Range = "midtones"
    radius: float = 20.0

    def scaled(self, factor: float) -> Touch:
        """The brush with a radius ``factor`` times as long."""
        return replace(self, radius=self.radius * factor)

    def laid(self, seen: Seen, region: Region) -> _Pixels:
        if self.effect in ("blur", "sharpen"):
            return self._focused(seen, region)
        pixels = seen.at(region).copy()
        colour = pixels[..., :3]
        if self.effect in ("dodge", "burn"):
            colour[:] = self._lit(colour)
        else:
            grey = (colour @ _LUMA)[..., None]
            more = 1 + self.strength if self.effect == "saturate" else 1 - self.strength
            colour[:] = grey + (colour - grey) * np.float32(more)
        return pixels

    def _lit(self, colour: NDArray[np.float32]) -> NDArray[np.float32]:
        """The three curves of GIMP's dodge and burn (docs.gimp.org, Dodge/Burn), of 0 to 1; what
        lies beyond that keeps its distance.
        """
        inside = np.clip(colour, 0, 1)
        sign = 1 if self.effect == "dodge" else -1
        third = np.float32(self.strength / 3)
        if self.range == "highlights":
            made = inside * (1 + sign * third)
        elif self.range == "midtones":
            more = 1 + self.strength
            made = inside ** np.float32(1 / more if sign > 0 else more)
        elif sign > 0:
            made = third + inside - third * inside
        else:
            made = np.maximum(inside - third, 0) / (1 - third)
        result: NDArray[np.float32] = made + (colour - inside)
        return result

    def _focused(self, seen: Seen, region: Region) -> _Pixels:
        own = seen.at(region)
        soft = _softened(seen, region, min(max(self.radius / 10, 1.0), _WIDEST))
        if self.effect == "blur":
            return own + (soft - own) * np.float32(self.strength)
        pixels = own + (own - soft) * np.float32(self.strength)
        pixels[..., 3] = own[..., 3]
        return pixels


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen before a stroke: ``document`` up to the layer that the stroke is laid on, and
    ``below``, the same without that layer. ``source`` is what clones are taken from, where that is
    another layer or another document; ``profile`` that of the colours, where not the document's.
    """

    document: Document
    below: Document
    live: Live | None = None
    source: Seen | None = None
    profile: Profile | None = None

    def at(self, region: Region) -> _Pixels:
        """The picture at ``region``, which may leave it: it is transparent there.

        Raises EditError where a layer can be neither computed nor shown.
        """
        pixels = np.zeros((region.height, region.width, 4), np.float32)
        inside = region.intersect(self.document.region)
        if inside.empty:
            return pixels
        try:
            found = to_float(render(self._shown(inside), inside, self.live))
        except LayerFailed as error:
            raise EditError(
                f"what {error.name} shows is not known here; merge it down before, or"
                " take from one layer"
            ) from None
        if self.profile not in (None, self.document.profile):
            assert self.profile is not None
            colours = self.profile.from_srgb(self.document.profile.to_srgb(found[..., :3]))
            found = np.concatenate([colours, found[..., 3:]], axis=2)
        place = inside.move(-region.x, -region.y)
        met = pixels[place.rows(), place.columns()]
        met[..., : found.shape[2]] = found
        if found.shape[2] == 3:
            met[..., 3] = 1
        return pixels

    def _shown(self, region: Region) -> Document:
        """What is to be rendered at ``region``: a layer that has nothing there costs nothing."""
        own = self.document.layers[-1]
        empty = own.name == LAYER and own.raster.channels == 4 and self.below.layers
        if empty and not any(tile.any() for tile in own.raster.tiles_at(region)):
            return self.below
        return self.document


class Lays(Protocol):
    """What a stroke lays."""

    def laid(self, seen: Seen, region: Region) -> _Pixels:
        """The pixels that are laid at a region, which may leave the picture."""


def reduced(values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Means over squares of ``size`` pixels of (height, width, channels) float32, of any range;
    those at the edges of what there is of them. The result is (height / size, width / size,
    channels), rounded up.
    """
    if size == 1:
        return values
    height, width = values.shape[:2]
    missing = (0, -height % size), (0, -width % size), (0, 0)
    padded = np.pad(values, missing, mode="edge")
    rows, columns = padded.shape[0] // size, padded.shape[1] // size
    means: NDArray[np.float32] = padded.reshape(rows, size, columns, size, -1).mean(axis=(1, 3))
    return means


def enlarged(values: NDArray[np.float32], size: int, grid: Region, region: Region) -> NDArray[Any]:
    """``values``, means over squares of ``size`` pixels of ``grid``, (rows, columns, channels)
    float32 of any range, at the pixels of ``region``: (height, width, channels), linear between the
    squares' middles.
    """
    if size == 1:
        place = region.move(-grid.x, -grid.y)
        return values[place.rows(), place.columns()]
    for axis, start, count in (
        (0, region.y - grid.y, region.height),
        (1, region.x - grid.x, region.width),
    ):
        last = values.shape[axis] - 1
        at = np.clip((np.arange(start, start + count) + 0.5) / size - 0.5, 0, last)
        low = np.minimum(at.astype(int), max(last - 1, 0))
        far = (at - low).astype(np.float32).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        near, next_ = (np.take(values, np.minimum(low + k, last), axis) for k in (0, 1))
        values = near + (next_ - near) * far
    return values


def on_grid(region: Region, size: int, within: Region) -> Region:
    """The smallest part of ``within`` with ``region`` that begins on a grid of ``size`` pixels."""
    left, top = (at // size * size for at in (region.x, region.y))
    right, bottom = (-(-at // size) * size for at in (region.right, region.bottom))
    return Region(left, top, right - left, bottom - top).intersect(within)


def _softened(seen: Seen, region: Region, deviation: float) -> _Pixels:
    """What is seen, under a Gaussian of that standard deviation in pixels, cut off at three of it;
    at the edge the picture goes on as it ends. A wide one is found of a smaller picture.
    """
    size = 1 << max(math.floor(math.log2(deviation)) - 1, 0)
    half = math.ceil(3 * deviation)
    grid = on_grid(region.grow(half + size, seen.document.region), size, seen.document.region)
    small = reduced(seen.at(grid), size)
    taps = np.arange(-(half // size), half // size + 1)
    bell = np.exp(-0.5 * (taps * size / deviation) ** 2)
    bell = (bell / bell.sum()).astype(np.float32)
    for axis in (0, 1):
        sides = [(len(taps) // 2,) * 2 if axis == k else (0, 0) for k in range(3)]
        padded, total, side = np.pad(small, sides, "edge"), np.zeros_like(small), small.shape[axis]
        for at, weight in enumerate(bell):
            shifted = slice(at, at + side)
            total += weight * (padded[shifted] if axis == 0 else padded[:, shifted])
        small = total
    return enlarged(small, size, grid, region)
