"""Outline: contours of straight lines and cubic curves, kept as they are however large drawn.

What is drawn are polygons: curves are cut into lines as short as the size at which they are seen
asks for, and a stroke is what those lines cover when they are as wide as a pen.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.pixels.lanczos import Matrix

Join: TypeAlias = Literal["miter", "round"]
"""What the corners of a stroke are: pointed, or round."""

Points: TypeAlias = NDArray[np.float64]

BEGIN, LINE, CURVE, CLOSE = range(4)
"""What an outline is made of: a contour begins at a point, a straight line leads to one, a cubic
curve has two control points and an end, and a contour is closed.
"""

MOST_POINTS = 4_000_000
"""Points that an outline has at the most."""

FARTHEST = 1e6
"""Pixels from (0, 0) at which a point lies at the most."""

_TAKEN = np.array([1, 1, 3, 0])
"""Points that each part has."""

_ERROR = 0.05
"""Pixels by which a line is beside the curve that it stands for, at the most."""

_MOST_LINES = 256
"""Lines that one curve is cut into at the most."""

_MITER = 4.0
"""Widths of a stroke that a corner is long at the most; a sharper one is cut off."""


@dataclass(frozen=True, slots=True)
class Outline:
    """Contours, as bytes, so that it is a value: ``parts`` has a byte for each part, ``points``
    float32 x and y, little-endian, of all points in their order.

    Raises ValueError for what makes no contours.
    """

    parts: bytes = b""
    points: bytes = b""

    def __post_init__(self) -> None:
        parts = self._parts()
        if len(parts) and (parts.max() > CLOSE or parts[0] != BEGIN):
            raise ValueError("an outline begins with a point, and has lines, curves and ends")
        if (parts[1:][parts[:-1] == CLOSE] != BEGIN).any():
            raise ValueError("where a contour of an outline is closed, another one begins")
        count = int(_TAKEN[parts].sum())
        if count > MOST_POINTS:
            raise ValueError(f"an outline has {MOST_POINTS:,} points at most, not {count:,}")
        if len(self.points) != 8 * count:
            raise ValueError("an outline has other points than its parts need")
        held = self._points()
        if not (np.abs(held) <= FARTHEST).all():  # which what is no number is not either
            raise ValueError("a point of an outline lies too far away")

    @classmethod
    def of(cls, parts: Iterable[tuple[int, Sequence[tuple[float, float]]]]) -> Outline:
        """An outline of parts, each with its points."""
        told = list(parts)
        points = np.array([point for _, some in told for point in some], "<f4")
        return cls(bytes(part for part, _ in told), points.tobytes())

    @classmethod
    def polygon(cls, points: Sequence[tuple[float, float]], *, closed: bool = True) -> Outline:
        """Straight lines from each point to the next, and from the last to the first if closed."""
        lines: list[tuple[int, Sequence[tuple[float, float]]]] = [
            (LINE if place else BEGIN, (point,)) for place, point in enumerate(points)
        ]
        return cls.of(lines + ([(CLOSE, ())] if closed else []))

    def _parts(self) -> NDArray[np.uint8]:
        return np.frombuffer(self.parts, np.uint8)

    def _points(self) -> NDArray[np.float32]:
        return np.frombuffer(self.points, "<f4").reshape(-1, 2)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.parts

    def digest(self) -> bytes:
        """A digest of the outline's content: 16 bytes (BLAKE2b)."""
        head = f"{len(self.parts)} ".encode()
        return hashlib.blake2b(head + self.parts + self.points, digest_size=16).digest()

    def bounds(self) -> tuple[float, float, float, float] | None:
        """Left, top, right and bottom of all that it goes around; None where that is nothing.

        Of a curve the points that lead it count too, so that it may be smaller.
        """
        held = self._points()
        if not len(held):
            return None
        (left, top), (right, bottom) = held.min(axis=0), held.max(axis=0)
        return float(left), float(top), float(right), float(bottom)

    def flattened(self, scale: float = 1.0) -> Polygons:
        """The contours as straight lines, for whom sees them ``scale`` times as large."""
        parts, held = self._parts(), self._points().astype(np.float64)
        if not len(parts):
            return Polygons.none()
        contour = np.cumsum(parts == BEGIN) - 1
        closed = np.zeros(contour[-1] + 1, bool)
        closed[contour[parts == CLOSE]] = True
        kept = parts != CLOSE
        parts, contour = parts[kept], contour[kept]
        last = np.cumsum(_TAKEN[parts]) - 1
        curved = np.flatnonzero(parts == CURVE)
        ends = last[curved]
        control = np.stack([held[ends - 3], held[ends - 2], held[ends - 1], held[ends]])
        count = np.ones(len(parts), np.intp)
        count[curved] = _cuts(control, scale)
        made = np.repeat(held[last], count, axis=0)
        if len(curved):
            start = (np.cumsum(count) - count)[curved]
            which = np.repeat(np.arange(len(curved)), count[curved])
            within = np.arange(len(which)) - np.repeat(
                np.cumsum(count[curved]) - count[curved], count[curved]
            )
            share = ((within + 1) / count[curved][which])[:, None]
            made[start[which] + within] = _cubic(control[:, which], share)
        lengths = np.bincount(contour, count, len(closed)).astype(np.intp)
        return Polygons(made, np.cumsum(lengths) - lengths, closed)


def _cuts(control: Points, scale: float) -> NDArray[np.intp]:
    """How many lines each curve (4, count, 2) is cut into (Wang 1984)."""
    if not control.shape[1]:
        return np.zeros(0, np.intp)
    bend = np.abs(control[:-2] - 2 * control[1:-1] + control[2:]).max(axis=(0, 2))
    count = np.sqrt(0.75 * bend * math.sqrt(2) * scale / _ERROR)
    made: NDArray[np.intp] = np.clip(np.ceil(count), 1, _MOST_LINES).astype(np.intp)
    return made


def _cubic(control: Points, share: Points) -> Points:
    a, b, c, d = control
    rest = 1 - share
    made: Points = rest**3 * a + 3 * rest**2 * share * b + 3 * rest * share**2 * c + share**3 * d
    return made


@dataclass(frozen=True, slots=True)
class Polygons:
    """Contours of straight lines: all their ``points`` (count, 2), where each one ``starts`` among
    them, and whether each is ``closed``, which only a stroke asks.
    """

    points: Points
    starts: NDArray[np.intp]
    closed: NDArray[np.bool_]

    @classmethod
    def none(cls) -> Polygons:
        """No contour at all."""
        return cls(np.zeros((0, 2)), np.zeros(0, np.intp), np.zeros(0, bool))

    @property
    def lengths(self) -> NDArray[np.intp]:
        """How many points each contour has: int64 (contours,)."""
        return np.diff(self.starts, append=len(self.points))

    def boxes(self) -> Points:
        """Left, top, right and bottom of each contour: (count, 4)."""
        if not len(self.starts):
            return np.zeros((0, 4))
        least = np.minimum.reduceat(self.points, self.starts)
        most = np.maximum.reduceat(self.points, self.starts)
        return np.concatenate([least, most], axis=1)

    def chosen(self, which: NDArray[np.intp]) -> Polygons:
        """Some of the contours, by their indices, int64 (count,)."""
        lengths = self.lengths[which]
        starts = np.cumsum(lengths) - lengths
        taken = np.repeat(self.starts[which] - starts, lengths) + np.arange(lengths.sum())
        return Polygons(self.points[taken], starts, self.closed[which])

    def through(self, matrix: Matrix) -> Polygons:
        """The contours mapped; of a perspective what lies before its horizon alone."""
        a, b, c, d, e, f, g, h, i = matrix
        x, y = self.points[:, 0], self.points[:, 1]
        if g == h == 0:
            mapped = np.stack([(a * x + b * y + c) / i, (d * x + e * y + f) / i], axis=1)
            return Polygons(mapped, self.starts, self.closed)
        far = g * x + h * y + i
        all_points = np.stack([a * x + b * y + c, d * x + e * y + f, far], axis=1)
        parts = np.split(all_points, self.starts[1:]) if len(self.starts) else []
        cut = [_before_horizon(part) for part in parts]
        made = [part[:, :2] / part[:, 2:] for part in cut if len(part) > 1]
        kept = np.array([len(part) > 1 for part in cut], bool)
        return _joined(made, self.closed[kept] if len(cut) else self.closed)

    def stroked(self, width: float, join: Join, scale: float = 1.0) -> Polygons:
        """What a pen of a ``width`` covers that goes along the lines, as closed contours which all
        go around in one way; the ends of what is open are cut off straight.

        Each line is a rectangle, and each corner fills the gap that is left outside.
        """
        a, b, before = self._lines()
        if not len(a):
            return Polygons.none()
        way = b - a
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        side = np.stack([-way[:, 1], way[:, 0]], axis=1) * (width / 2)
        lines = np.stack([a + side, b + side, b - side, a - side], axis=1)
        pieces = [lines.reshape(-1, 2)]
        sizes = [np.full(len(a), 4, np.intp)]
        turned = np.flatnonzero(before >= 0)
        first = before[turned]
        cross = way[first, 0] * way[turned, 1] - way[first, 1] * way[turned, 0]
        along = np.clip((way[first] * way[turned]).sum(axis=1), -1, 1)
        sign = np.where(cross > 0, -1.0, 1.0)[:, None]
        corner = a[turned]
        one, other = corner + sign * side[first], corner + sign * side[turned]
        tip = (side[first] + side[turned]) * sign / np.maximum(1 + along, 1e-9)[:, None]
        longer = np.sqrt(2 / np.maximum(1 + along, 1e-9))
        radius, error = width / 2, _ERROR / max(scale, 1e-9)
        pointed = longer <= _MITER if join == "miter" else radius * (longer - 1) <= error
        blunt = ~pointed
        flip = (cross > 0)[:, None, None]
        kites = np.stack([corner, one, corner + tip, other], axis=1)
        kites = np.where(flip, kites[:, ::-1], kites)[pointed]
        pieces.append(kites.reshape(-1, 2))
        sizes.append(np.full(len(kites), 4, np.intp))
        if join == "miter":
            cut = np.stack([corner, one, other], axis=1)
            cut = np.where(flip, cut[:, ::-1], cut)[blunt]
            pieces.append(cut.reshape(-1, 2))
            sizes.append(np.full(len(cut), 3, np.intp))
        else:
            count = _round(radius, error)
            turn = -2 * np.pi * np.arange(count) / count
            disc = radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
            discs = corner[blunt][:, None] + disc[None]
            pieces.append(discs.reshape(-1, 2))
            sizes.append(np.full(len(discs), count, np.intp))
        lengths = np.concatenate(sizes)
        starts = np.cumsum(lengths) - lengths
        return Polygons(np.concatenate(pieces), starts, np.ones(len(starts), bool))

    def _lines(self) -> tuple[Points, Points, NDArray[np.intp]]:
        """Each line's two ends, and the index of the line before it in its contour; -1 for none.

        Lines of no length are left out.
        """
        contour = np.repeat(np.arange(len(self.starts)), self.lengths)
        following = np.arange(1, len(self.points) + 1)
        ends = self.starts + self.lengths - 1
        following[ends] = self.starts
        there = np.ones(len(self.points), bool)
        there[ends] = self.closed
        ahead = self.points[following] if len(self.points) else self.points
        there &= (np.abs(ahead - self.points) > 1e-9).any(axis=1)
        kept = np.flatnonzero(there)
        of = contour[kept]
        before = np.arange(len(kept)) - 1
        new = np.ones(len(kept), bool)
        new[1:] = of[1:] != of[:-1]
        firsts = np.flatnonzero(new)
        lasts = np.append(firsts[1:], len(kept)) - 1
        before[firsts] = np.where(self.closed[of[firsts]], lasts, -1) if len(kept) else before
        before[before == np.arange(len(kept))] = -1
        return self.points[kept], ahead[kept], before


def _round(radius: float, error: float) -> int:
    """How many corners a disc has."""
    if radius <= error:
        return 6
    return min(max(math.ceil(math.pi / math.acos(1 - error / radius)), 8), 128)


_NEAREST = 1e-4
"""How near the horizon, in a perspective's own measure, what is seen ends."""


def _before_horizon(points: Points) -> Points:
    """What of a closed contour (count, 3), x and y as many times as far as the third says, lies
    before the horizon (Sutherland and Hodgman 1974).
    """
    far = points[:, 2]
    limit = _NEAREST * max(float(np.abs(far).max()), 1e-12)
    inside = far > limit
    if inside.all():
        return points
    if not inside.any():
        return points[:0]
    made: list[Points] = []
    for place in range(len(points)):
        here, there = points[place - 1], points[place]
        if inside[place - 1] != inside[place]:
            made.append(here + (there - here) * (limit - here[2]) / (there[2] - here[2]))
        if inside[place]:
            made.append(there)
    return np.array(made)


def _joined(parts: list[Points], closed: NDArray[np.bool_]) -> Polygons:
    if not parts:
        return Polygons.none()
    lengths = np.array([len(part) for part in parts])
    return Polygons(np.concatenate(parts), np.cumsum(lengths) - lengths, closed)
