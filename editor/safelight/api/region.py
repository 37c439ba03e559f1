"""Region: a rectangle of a picture: where a piece of pixels lies, and at which zoom level."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle in pixels of zoom level ``level`` (0 = full size, 1 = half, 2 = quarter ...).

    ``x`` and ``y`` are the left and top edge counted from the top-left corner of the whole
    picture, so a filter that draws seeded grain can make it stay where it is. A filter with a reach
    is also given what a crop hides around the picture: that begins at negative numbers.
    """

    x: int
    y: int
    width: int
    height: int
    level: int = 0

    @property
    def right(self) -> int:
        """First column to the right of the rectangle."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row below the rectangle."""
        return self.y + self.height

    @property
    def empty(self) -> bool:
        """Whether the rectangle holds no pixel."""
        return self.width <= 0 or self.height <= 0

    def intersect(self, other: Region) -> Region:
        """The part both rectangles share; empty when they do not meet."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        width = min(self.right, other.right) - x
        height = min(self.bottom, other.bottom) - y
        return Region(x, y, max(width, 0), max(height, 0), self.level)

    def grow(self, margin: int, within: Region) -> Region:
        """The rectangle with ``margin`` pixels more on each side, kept inside ``within``."""
        grown = Region(
            self.x - margin,
            self.y - margin,
            self.width + 2 * margin,
            self.height + 2 * margin,
            self.level,
        )
        return grown.intersect(within)

    def scale(self, factor: int) -> Region:
        """The rectangle in a picture ``factor`` times as large."""
        return Region(
            self.x * factor, self.y * factor, self.width * factor, self.height * factor, self.level
        )

    def move(self, dx: int, dy: int) -> Region:
        """The rectangle shifted by (dx, dy)."""
        return Region(self.x + dx, self.y + dy, self.width, self.height, self.level)

    def rows(self) -> slice:
        """The rectangle's rows, to index an array (height, width, ...)."""
        return slice(self.y, self.bottom)

    def columns(self) -> slice:
        """The rectangle's columns, to index an array (height, width, ...)."""
        return slice(self.x, self.right)
