"""Stroke: a path of a round brush or eraser over a mask, and the mask it leaves.

A stroke is what infinitely many dabs along its path make: each pixel takes the strength of the
dab nearest to it. So there is no spacing to see, and a stroke painted piece by piece is the same
as one painted at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Number, Region
from safelight.pixels import TILE, Raster, dab, from_float, solid
from safelight.pixels.dab import RIM, SMALLEST, Line, Point

_ROUNDING = 0.01
"""Pixels that the core of a brush is taken to be smaller, so that rounding never matters."""

_STANDING = 1e-3
"""Pixels over which a brush has not moved: it has at most been pressed harder."""

Points: TypeAlias = Annotated[str, "x,y,pressure;x,y,pressure in pixels of the picture"]
"""A stroke's points as a recipe holds them."""

Radius: TypeAlias = Annotated[float, Number(0.01, unit="px")]

_Segment = tuple[Point, Point]


@dataclass(frozen=True, slots=True)
class Stroke:
    """The path of a brush, in pixels of level 0.

    ``points`` are (x, y, pressure) in the order they were touched: (0, 0) is the top-left corner
    of the picture, pressure 0 to 1 scales the radius. ``radius`` is in pixels. ``hardness`` is the
    share of the radius that counts fully, 0 to 1; from there to the rim the brush fades. ``erase``
    takes away what a brush adds. It ``goes_on`` where a stroke has been painted already that ends
    at its first point, pressed as it is all along. Raises ValueError for numbers that make no
    stroke.
    """

    points: tuple[Point, ...]
    radius: float
    hardness: float = 1.0
    erase: bool = False
    goes_on: bool = False

    def __post_init__(self) -> None:
        if not self.points:
            raise ValueError("a stroke has one point at least")
        if not all(math.isfinite(number) for point in self.points for number in point):
            raise ValueError("a stroke's points are finite numbers")
        if not (math.isfinite(self.radius) and self.radius > 0):
            raise ValueError(f"a brush's radius is above 0, not {self.radius}")
        if not 0 <= self.hardness <= 1:
            raise ValueError(f"hardness is 0 to 1, not {self.hardness}")

    @property
    def region(self) -> Region:
        """The rectangle that all of it lies in; it may leave the picture."""
        return _around([(point, point) for point in self.points], self.radius)

    @property
    def written(self) -> str:
        """Its points as text, six digits each: ``x,y,pressure;x,y,pressure``."""
        return ";".join(f"{x:.6g},{y:.6g},{pressure:.6g}" for x, y, pressure in self.points)

    def segments(self) -> list[_Segment]:
        """Its straight parts; of a single point one that is as long as nothing."""
        return list(zip(self.points, self.points[1:] or self.points, strict=False))


def painted(mask: Raster, stroke: Stroke) -> Raster:
    """``mask`` (one channel) with a stroke over it; the same object where that changes nothing.

    Painting twice over a place is painting it once: a brush leaves the larger of what was there
    and its own strength, an eraser the smaller. Only tiles the stroke meets are made anew.
    """
    tiles: dict[Region, NDArray[Any]] = {}
    for tile, place, segments in _pieces(mask, stroke):
        before = mask.read(tile)
        if place == tile and any(_covers(item, place, stroke) for item in segments):
            after = _solid(before, 0.0 if stroke.erase else 1.0)
        else:
            after = np.array(before)
            if not _lay(after[..., 0], tile, place, segments, stroke):
                continue
            if stroke.erase and not after.any():
                after = _solid(before, 0.0)
        if after is not before and not np.array_equal(before, after):
            tiles[tile] = after
    return mask.with_tiles(tiles, stroke.region.intersect(mask.region))


def _lay(
    pixels: NDArray[Any], tile: Region, place: Region, segments: list[_Segment], stroke: Stroke
) -> bool:
    """Paint on the pixels (height, width) of a tile what of it lies at ``place``; whether that
    changes any.
    """
    lines = [_course(segment) for segment in segments]
    brush = dab.Round(stroke.radius, stroke.hardness, stroke.erase)
    return dab.draw(pixels, tile, place, lines, brush)


def _solid(tile: NDArray[Any], value: float) -> NDArray[Any]:
    """A tile like another one that is ``value``, 0 to 1, everywhere."""
    pixel = from_float(np.full((1, 1, 1), value, np.float32), tile.dtype.name)
    return solid(tile.shape, float(pixel[0, 0, 0]), tile.dtype.name)


def _covers(segment: _Segment, place: Region, stroke: Stroke) -> bool:
    """Whether all of a place is sure to lie where one part of the stroke counts fully.

    Where the brush is pressed least it is as large as anywhere; the core of a straight part is
    convex, so that it holds what its corners are in.
    """
    line = _course(segment)
    radius = max(stroke.radius * min(point[2] for point in segment), SMALLEST)
    core = radius + RIM / 2 - max(radius * (1 - stroke.hardness), RIM) - _ROUNDING
    for right in (place.x, place.right):
        for down in (place.y, place.bottom):
            if line.distance(right, down) > core:
                return False
    return True


def _pieces(mask: Raster, stroke: Stroke) -> Iterator[tuple[Region, Region, list[_Segment]]]:
    """Each tile that the stroke can meet, what of it, and the parts of the stroke that do."""
    met: dict[tuple[int, int], list[_Segment]] = {}
    # What lies behind the start of a part is as near to the end of the part before, and has been
    # painted with that, unless the brush is pressed harder now.
    evenly = len({pressure for *_, pressure in stroke.points}) == 1
    for number, segment in enumerate(stroke.segments()):
        follows = evenly and (number > 0 or stroke.goes_on)
        inside = _around([segment], stroke.radius).intersect(mask.region)
        if inside.empty:
            continue
        for row in range(inside.y // TILE, (inside.bottom - 1) // TILE + 1):
            for column in range(inside.x // TILE, (inside.right - 1) // TILE + 1):
                if follows and _lies_behind(segment, row, column):
                    continue
                if _meets(segment, row, column, stroke.radius):
                    met.setdefault((row, column), []).append(segment)
    for (row, column), segments in sorted(met.items()):
        tile = Region(column * TILE, row * TILE, TILE, TILE).intersect(mask.region)
        place = _around(segments, stroke.radius).intersect(tile)
        if not place.empty:
            yield tile, place, segments


def _around(segments: list[_Segment], radius: float) -> Region:
    """The whole pixels that a brush of that radius can change along some segments."""
    edge = max(radius, SMALLEST) + RIM
    points = [point for segment in segments for point in segment]
    left, right = (pick(point[0] for point in points) for pick in (min, max))
    top, bottom = (pick(point[1] for point in points) for pick in (min, max))
    x, y = math.floor(left - edge), math.floor(top - edge)
    return Region(x, y, math.ceil(right + edge) - x, math.ceil(bottom + edge) - y)


def _meets(segment: _Segment, row: int, column: int, radius: float) -> bool:
    """Whether a segment comes as near to a tile as the circle around the tile and the brush."""
    distance = _course(segment).distance((column + 0.5) * TILE, (row + 0.5) * TILE)
    return distance <= TILE * math.sqrt(0.5) + max(radius, SMALLEST) + RIM


def _lies_behind(segment: _Segment, row: int, column: int) -> bool:
    """Whether of a whole tile the start is the nearest point of a segment."""
    line = _course(segment)
    (x, y, _), (dx, dy, _) = line.start, line.way
    farthest_x, farthest_y = (column + (dx > 0)) * TILE, (row + (dy > 0)) * TILE
    return (farthest_x - x) * dx + (farthest_y - y) * dy < 0


def _course(segment: _Segment) -> Line:
    """A segment as a line; one on which the brush has not moved is as long as nothing."""
    (x, y, pressure), end = segment
    dx, dy, more = end[0] - x, end[1] - y, end[2] - pressure
    length = dx * dx + dy * dy
    if length < _STANDING**2:
        return Line((x, y, max(pressure, end[2])), (0.0, 0.0, 0.0), 0.0)
    return Line((x, y, pressure), (dx, dy, more), length)
