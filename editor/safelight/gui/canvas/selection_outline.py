"""Selection outline: the edge of what is selected, as a dashed line one screen pixel wide."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage

from safelight.api import Region
from safelight.gui.canvas.pose import Pose, nearest
from safelight.pixels import Raster

_QUICK = 2_000_000
"""Pixels of a selection whose zoom levels are made within a frame."""

_HALF = 128
"""The level of a selection, of 255, from which on a pixel counts as selected."""

_DASH = 4
"""Length of a dash in widget pixels."""

_BLACK, _WHITE = np.uint32(0xFF000000), np.uint32(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a selection lies in the frame that is painted, all in physical pixels of the screen.

    ``left``, ``top``: its corner. ``zoom``: physical pixels a pixel of its zoom level ``level``.
    ``area``: what of the frame is looked at. ``thick``: the line's width.
    """

    level: int
    left: float
    top: float
    zoom: float
    area: QRect
    thick: int

    @classmethod
    def through(cls, pose: Pose) -> Seen:
        """Where the picture of a pose lies."""
        level = max(0, math.floor(math.log2(1 / pose.zoom)))
        left, top = pose.in_frame(0, 0)
        width, height = (side * pose.zoom for side in pose.size)
        whole = QRect(
            QPoint(math.floor(left) - 1, math.floor(top) - 1),
            QPoint(math.ceil(left + width), math.ceil(top + height)),
        )
        area = pose.clip().intersected(whole)
        return cls(level, left, top, pose.zoom * 2**level, area, max(1, round(pose.ratio)))


def outline_takes_time(selection: Raster, level: int) -> bool:
    """Whether ``level`` of a selection is to be made on a thread before it is outlined."""
    return level > 0 and not (
        selection.has_level(level) or selection.width * selection.height <= _QUICK
    )


def outline(selection: Raster, seen: Seen) -> QImage:
    """A transparent image of ``seen.area`` with the edge of what is at least half selected.

    The line lies on the outermost pixels inside, dashed in black and white, so that it is seen on
    everything. What lies beyond the picture is not selected: a selection that reaches its border
    is closed there.
    """
    thick, area = seen.thick, seen.area
    inside = _inside(selection.level(seen.level), seen, area.adjusted(-thick, -thick, thick, thick))
    core = inside
    for _ in range(thick):
        beside = core[1:-1, :-2] & core[1:-1, 2:]
        core = core[1:-1, 1:-1] & core[:-2, 1:-1] & core[2:, 1:-1] & beside
    rows, columns = np.nonzero(inside[thick:-thick, thick:-thick] & ~core)
    line = np.zeros((max(area.height(), 1), max(area.width(), 1)), np.uint32)
    # Counted from the picture's corner: dashes move with the picture, and stay while it does.
    x, y = area.x() - nearest(seen.left), area.y() - nearest(seen.top)
    dash = (rows + y + columns + x) // (_DASH * thick) % 2
    line[rows, columns] = np.where(dash, _WHITE, _BLACK)
    height, width = line.shape
    kind = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(line.data, width, height, 4 * width, kind).copy()


def _inside(selection: Raster, seen: Seen, area: QRect) -> NDArray[np.bool_]:
    """Whether what lies under each pixel of an area of the frame is selected (height, width)."""
    columns = _under(area.x(), area.width(), seen.left, seen.zoom)
    rows = _under(area.y(), area.height(), seen.top, seen.zoom)
    across, down = (_within(columns, selection.width), _within(rows, selection.height))
    found = np.zeros((len(rows), len(columns)), np.bool_)
    if across.stop > across.start and down.stop > down.start:
        columns, rows = columns[across], rows[down]
        left, top = int(columns[0]), int(rows[0])
        held = selection.read(
            Region(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)
        )
        selected = held[..., 0] >= _HALF
        found[down, across] = selected[rows - top].take(columns - left, axis=1)
    return found


def _under(start: int, count: int, corner: float, zoom: float) -> NDArray[np.intp]:
    """The selection's pixels, along one axis, under the middles of so many screen pixels."""
    middles = np.arange(start, start + count, dtype=np.float64) + 0.5
    found: NDArray[np.intp] = np.floor((middles - corner) / zoom).astype(np.intp)
    return found


def _within(places: NDArray[np.intp], size: int) -> slice:
    """Which of ascending places are 0 to ``size`` - 1."""
    return slice(*(int(edge) for edge in np.searchsorted(places, (0, size))))
