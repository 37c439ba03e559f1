"""Pixel origin: which pixels of a picture decided a pixel of the result.

By the gradients of the filter's network where a PyTorch twin of it is at hand (saliency: Simonyan,
Vedaldi and Zisserman, "Deep inside convolutional networks", 2014), else by covering: parts of the
picture are covered, one after the other, by what lies around them, and the result's pixel is seen
to change or not (occlusion: Zeiler and Fergus, "Visualizing and understanding convolutional
networks", 2014). Of a filter that runs several networks, or one several times, by covering alone:
between them stands the filter's own arithmetic, of which nothing tells a derivative.

Copies of the place lie beside one another in one picture, as far apart as the filter says that it
sees, so that many are tried at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from safelight.actions.inspection.network_cost import network_gradient
from safelight.actions.inspection.tried_filter import TriedFilter
from safelight.pixels.opencv import opencv

BLOCKS = 9
"""Parts of the place along each side that are covered one by one, at most."""

_FEWEST = 3
_BUDGET = 4_000_000
"""Pixels of the copies with covered parts, all together, as far as ``_FEWEST`` parts allow."""

_SHEET = 1024
"""Pixels along a side of a picture of copies, about."""

_WHOLE_SIDE = 192
"""Pixels around the point that are looked at of a filter that sees the whole picture."""

_BEYOND = 8
"""Pixels further than a filter says that it sees, which are looked at as well."""

_LEAST = 1e-3
"""Of the strongest change: what counts as none."""

_NOTHING = 1e-5
"""A change, of 1, that is rounding."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the result's pixel at ``point`` (x, y of the picture that is tried) comes from.

    ``map``, float32 (height, width) of that picture, is how far the pixel changes where a part is
    covered, the most is 1. ``reach`` is how many pixels away, each way, something still changed it;
    ``declared`` how many the filter says, None where it sees all. ``tried`` counts the covers.
    With ``gradients`` the map is how strongly each pixel decides, by the network's gradients;
    ``untold`` says why there are none, a clause.
    """

    point: tuple[int, int]
    map: NDArray[np.float32]
    reach: int
    declared: int | None
    tried: int
    gradients: bool = False
    untold: str = ""


def pixel_origin(
    tried: TriedFilter, point: tuple[int, int], told: Callable[[float], object] = lambda done: None
) -> Origin:
    """Where the pixel of the result above ``point`` (x, y of ``tried.picture``) comes from;
    ``told`` hears how far it is, 0 to 1. Raises FilterFailed and Stopped.
    """
    declared = None if tried.sees_all else tried.plan.reach
    radius = _WHOLE_SIDE // 2 if declared is None else declared + _BEYOND
    place = _Place(tried, point, radius)
    slopes, untold = network_gradient(tried, point)
    blocks = place.blocks() if slopes is None else []
    parts = len(blocks) / (len(blocks) + len(place.distances))
    changes = place.changes(blocks, lambda done: told(done * parts))
    strongest = max(changes, default=0.0)
    found = np.zeros(tried.picture.shape[:2], np.float32)
    if slopes is not None:
        found = slopes / (slopes.max() or np.float32(1))
    elif strongest > _NOTHING:
        for (rows, columns), change in zip(blocks, changes, strict=True):
            found[place.top + rows.start : place.top + rows.stop][
                :, place.left + columns.start : place.left + columns.stop
            ] = change / strongest
    kept = [distance - 1 for distance in place.distances]
    beyond = place.changes(kept, lambda done: told(parts + done * (1 - parts)))
    # With gradients nothing was covered alone: what all covers together change is the most.
    strongest = max(strongest, *beyond) if slopes is not None else strongest
    least = max(_LEAST * strongest, _NOTHING)
    felt = [far for far, change in zip(place.distances, beyond, strict=True) if change > least]
    return Origin(
        *(point, found, max(felt, default=0), declared, len(blocks) + len(beyond)),
        gradients=slopes is not None,
        untold=untold,
    )


Cover = tuple[slice, slice]


class _Place:
    """The picture around a point, and what becomes of the point's pixel where parts are covered."""

    def __init__(self, tried: TriedFilter, point: tuple[int, int], radius: int) -> None:
        x, y = point
        grid = tried.plan.multiple
        height, width = tried.picture.shape[:2]
        self.tried = tried
        self.left = max(x - radius, 0) // grid * grid
        self.top = max(y - radius, 0) // grid * grid
        right, bottom = min(x + radius + 1, width), min(y + radius + 1, height)
        self.piece = tried.picture[self.top : bottom, self.left : right]
        # What lies beside such a piece is no part of the picture, and would be seen.
        room = x - self.left, y - self.top, right - x - 1, bottom - y - 1
        self._at_edge = min(room) < radius
        self.at = x - self.left, y - self.top
        cv2 = opencv()
        side = 2 * max(radius // 2, 2) + 1
        self._calm = cv2.blur(self.piece, (side, side), borderType=cv2.BORDER_REFLECT)
        far = max(*self.at, self.piece.shape[1] - self.at[0], self.piece.shape[0] - self.at[1])
        step = max(far // 24, 1)
        self.distances = tuple(range(step, far + step, step))
        self._usual: list[NDArray[np.float32]] = []

    def blocks(self) -> list[Cover]:
        """The parts that are covered one by one, which are the whole place."""
        height, width = self.piece.shape[:2]
        count = min(max(math.isqrt(_BUDGET // (height * width)), _FEWEST), BLOCKS)
        rows, columns = (_parts(side, count) for side in (height, width))
        return [(row, column) for row in rows for column in columns]

    def changes(
        self, covers: Sequence[Cover | int], told: Callable[[float], object]
    ) -> list[float]:
        """How far the pixel changes with each cover: a part, or all that is further away than so
        many pixels.
        """
        found = self._pixels([self._covered(cover) for cover in covers], told)
        if not self._usual:
            self._usual = self._sheet([self.piece])
        # Each beside one in the same place: a filter may do something else in another.
        return [
            float(np.abs(pixel - self._usual[number % len(self._usual)]).max())
            for number, pixel in enumerate(found)
        ]

    def _covered(self, cover: Cover | int) -> NDArray[np.float32]:
        if isinstance(cover, int):
            covered = self._other(self.piece)
            x, y = self.at
            rows = slice(max(y - cover, 0), y + cover + 1)
            columns = slice(max(x - cover, 0), x + cover + 1)
            covered[rows, columns] = self.piece[rows, columns]
            return covered
        covered = self.piece.copy()
        covered[cover] = self._other(self.piece)[cover]
        return covered

    def _other(self, piece: NDArray[np.float32]) -> NDArray[np.float32]:
        """What covers: the calm light of the place, a little lighter or darker, so that an even
        place is another one too.
        """
        step = np.where(self._calm > 0.5, np.float32(-0.1), np.float32(0.1))
        return np.asarray(self._calm + step, np.float32)

    def _pixels(
        self, pieces: list[NDArray[np.float32]], told: Callable[[float], object]
    ) -> list[NDArray[np.float32]]:
        """The point's pixels in the results of pictures of the place."""
        across, down = self._layout()
        found = []
        for first in range(0, len(pieces), across * down):
            some = pieces[first : first + across * down]
            told(first / len(pieces))
            found += self._sheet(some)[: len(some)]
        return found

    def _layout(self) -> tuple[int, int]:
        """How many copies lie beside and below one another in a picture."""
        if self._at_edge or self.tried.sees_all:
            return 1, 1
        tall, wide = self._cell()
        return max(_SHEET // wide, 1), max(_SHEET // tall, 1)

    def _cell(self) -> tuple[int, int]:
        """Rows and columns that a copy takes: a multiple of what the filter's networks take."""
        grid = self.tried.plan.multiple
        height, width = self.piece.shape[:2]
        return -(-height // grid) * grid, -(-width // grid) * grid

    def _sheet(self, pieces: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """The point's pixels in the result of one picture of copies: of ``pieces``, and of the
        place as it is wherever there is room for more.
        """
        (tall, wide), (across, down) = self._cell(), self._layout()
        height, width = self.piece.shape[:2]
        sheet = np.empty((down * tall, across * wide, 3), np.float32)
        corners = [(row * tall, column * wide) for row in range(down) for column in range(across)]
        for number, (top, left) in enumerate(corners):
            piece = pieces[number] if number < len(pieces) else self.piece
            ends = ((0, tall - height), (0, wide - width), (0, 0))
            sheet[top : top + tall, left : left + wide] = np.pad(piece, ends, mode="edge")
        result = self.tried.made(sheet)
        (x, y), scale = self.at, self.tried.scale
        places = [((top + y) * scale, (left + x) * scale) for top, left in corners]
        return [result[top : top + scale, left : left + scale] for top, left in places]


def _parts(side: int, count: int) -> list[slice]:
    edges = np.linspace(0, side, min(count, side) + 1).round().astype(int)
    return [slice(int(a), int(b)) for a, b in zip(edges[:-1], edges[1:], strict=True)]
