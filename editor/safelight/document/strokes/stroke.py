"""Stroke: a path of a round brush or eraser over a mask, and the mask it leaves.

Without a spacing a stroke is what infinitely many dabs along its path make: each pixel takes the
strength of the dab nearest to it, and there is no spacing to see. With one, or where a dab brings
pixels only a part of the way, dabs lie apart from each other. Either way a stroke painted piece by
piece is the same as one painted at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Fraction, Number, Region
from safelight.pixels import TILE, Raster, dab, from_float, solid
from safelight.pixels.dab import RIM, SMALLEST, Line, Point

_ROUNDING = 0.01
"""Pixels that the core of a brush is taken to be smaller, so that rounding never matters."""

_STANDING = 1e-3
"""Pixels over which a brush has not moved: it has at most been pressed harder."""

_APART = 0.1
"""Share of the diameter between two dabs that bring pixels only a part of the way."""

_NEAREST = 0.5
"""Pixels that dabs lie apart at least."""

Points: TypeAlias = Annotated[str, "x,y,width;x,y,width in pixels of the picture, width 0 to 1"]
"""A stroke's points as a recipe holds them."""

Radius: TypeAlias = Annotated[float, Number(0.01, unit="px")]

Flow: TypeAlias = Annotated[Fraction, "How far one touch brings a pixel to what the stroke leaves"]

Spacing: TypeAlias = Annotated[
    float,
    Number(0, 10, slider=(0, 3)),
    "From one dab to the next, in diameters of the brush; 0 leaves no gaps",
]

_Segment = tuple[Point, Point]


@dataclass(frozen=True, slots=True)
class Stroke:
    """The path of a brush, in pixels of level 0.

    ``points`` are (x, y, width), or (x, y, width, strength), in the order they were touched: (0, 0)
    is the top-left corner of the picture, the width 0 to 1 scales the radius and the strength 0 to
    1 what is left. ``radius`` is in pixels. ``hardness`` is the share of the radius that counts
    fully, 0 to 1; from there to the rim the brush fades. ``erase`` takes away what a brush adds.
    It ``goes_on`` where a stroke has been painted already that ends at its first point, as wide and
    as strong as it is all along. ``opacity``, 0 to 1, is what it leaves at most, ``flow``, above 0
    to 1, how far one dab brings a pixel there. ``spacing`` is the way from one dab to the next in
    diameters, 0 for none that is seen; ``ahead`` the pixels to go to the first dab. A ``pencil``
    takes each pixel wholly or not at all. Raises ValueError for numbers that make no stroke.
    """

    points: tuple[tuple[float, ...], ...]
    radius: float
    hardness: float = 1.0
    erase: bool = False
    goes_on: bool = False
    opacity: float = 1.0
    flow: float = 1.0
    spacing: float = 0.0
    pencil: bool = False
    ahead: float = 0.0

    def __post_init__(self) -> None:
        if not self.points:
            raise ValueError("a stroke has one point at least")
        if not all(len(point) in (3, 4) for point in self.points):
            raise ValueError("a stroke's points are x, y, width and strength")
        if not all(math.isfinite(number) for point in self.points for number in point):
            raise ValueError("a stroke's points are finite numbers")
        if not (math.isfinite(self.radius) and self.radius > 0):
            raise ValueError(f"a brush's radius is above 0, not {self.radius}")
        if not 0 <= self.hardness <= 1:
            raise ValueError(f"hardness is 0 to 1, not {self.hardness}")
        if not (0 <= self.opacity <= 1 and 0 < self.flow <= 1):
            raise ValueError(f"opacity and flow are 0 to 1, not {self.opacity} and {self.flow}")
        if not (math.isfinite(self.spacing) and self.spacing >= 0):
            raise ValueError(f"spacing is 0 or more, not {self.spacing}")

    @property
    def region(self) -> Region:
        """The rectangle that all of it lies in; it may leave the picture."""
        return _around(self._lines(), self.radius)

    @property
    def written(self) -> str:
        """The stroke's points as text, six digits each: ``x,y,width;x,y,width,strength``."""
        return ";".join(_written(point) for point in self.points)

    @property
    def in_dabs(self) -> bool:
        """Whether dabs lie apart from each other."""
        return self.spacing > 0 or self.flow < 1

    @property
    def left(self) -> float:
        """The pixels to go, behind its end, to the next dab."""
        *_, (_, left) = self._walk()
        return left

    def segments(self) -> list[_Segment]:
        """What is painted: its straight parts, of a single point one that is as long as nothing; or
        else its dabs, each as long as nothing.
        """
        if self.in_dabs:
            return [(dab, dab) for dab, _ in self._walk() if dab is not None]
        return self._lines()

    def _lines(self) -> list[_Segment]:
        points = [_whole(point) for point in self.points]
        return list(zip(points, points[1:] or points, strict=False))

    def _walk(self) -> Iterator[tuple[Point | None, float]]:
        """Each dab, and at the end None; with the pixels to go to the next dab."""
        ahead = self.ahead
        for start, end in self._lines():
            length = math.hypot(end[0] - start[0], end[1] - start[1])
            while ahead <= length:
                at = ahead / length if length else 0.0
                dab = _between(start, end, at)
                yield dab, ahead
                ahead += max((self.spacing or _APART) * 2 * self.radius * dab[2], _NEAREST)
            ahead -= length
        yield None, ahead


def _whole(point: tuple[float, ...]) -> Point:
    x, y, width, strength = point if len(point) == 4 else (*point, 1.0)
    return x, y, width, strength


def _between(start: Point, end: Point, at: float) -> Point:
    x, y, width, strength = (a + (b - a) * at for a, b in zip(start, end, strict=True))
    return x, y, width, strength


def _written(point: tuple[float, ...]) -> str:
    told = point[:3] if _whole(point)[3] == 1 else point
    return ",".join(f"{number:.6g}" for number in told)


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
    brush = dab.Round(
        stroke.radius, stroke.hardness, stroke.erase, stroke.opacity, stroke.flow, stroke.pencil
    )
    if not stroke.in_dabs:
        return dab.draw(pixels, tile, place, [_course(segment) for segment in segments], brush)
    changed = False
    for segment in segments:  # each where it is, which for a small brush is a small part
        own = _around([segment], stroke.radius).intersect(tile)
        if not own.empty:
            changed |= dab.draw(pixels, tile, own, [_course(segment)], brush)
    return changed


def _solid(tile: NDArray[Any], value: float) -> NDArray[Any]:
    """A tile like another one that is ``value``, 0 to 1, everywhere."""
    pixel = from_float(np.full((1, 1, 1), value, np.float32), tile.dtype.name)
    return solid(tile.shape, float(pixel[0, 0, 0]), tile.dtype.name)


def _covers(segment: _Segment, place: Region, stroke: Stroke) -> bool:
    """Whether all of a place is sure to lie where one part of the stroke counts fully.

    Where it leaves less than all there is none. Where the brush is pressed least it is as large as
    anywhere; the core of a straight part is convex, so that it holds what its corners are in.
    """
    if min(stroke.opacity, stroke.flow, *(point[3] for point in segment)) < 1:
        return False
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
    evenly = len({point[2:] for point in stroke.points}) == 1 and not stroke.in_dabs
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
    (x, y, *_), (dx, dy, *_) = line.start, line.way
    farthest_x, farthest_y = (column + (dx > 0)) * TILE, (row + (dy > 0)) * TILE
    return (farthest_x - x) * dx + (farthest_y - y) * dy < 0


def _course(segment: _Segment) -> Line:
    """A segment as a line; one on which the brush has not moved is as long as nothing."""
    start, end = segment
    x, y, width, strength = start
    dx, dy, more, stronger = (b - a for a, b in zip(start, end, strict=True))
    length = dx * dx + dy * dy
    if length < _STANDING**2:
        still = x, y, max(width, end[2]), max(strength, end[3])
        return Line(still, (0.0, 0.0, 0.0, 0.0), 0.0)
    return Line(start, (dx, dy, more, stronger), length)
