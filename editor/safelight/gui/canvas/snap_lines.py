"""Snap lines: what a hand moves comes to rest on edges, middles and guides that are near."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal, TypeAlias

from PySide6.QtGui import QColor, QPainter

from safelight.api import Region
from safelight.document import Document, Layer, geometry
from safelight.document.guides import Guide
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.tools.move_guides import paint_guides
from safelight.gui.canvas.viewport import Viewport

_REACH = 7.0
"""Widget pixels within which something snaps."""

_COLOUR = QColor(255, 92, 190, 235)

_MOST_LAYERS = 200
"""Layers to whose edges something snaps, the uppermost ones."""

Axis: TypeAlias = Literal["x", "y"]
AXES: tuple[Axis, Axis] = ("x", "y")

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels of what is seen."""


class Snapping:
    """What one gesture snaps to, from ``begin`` to ``end``: edges and middles of the picture and of
    its layers, and the guides. ``shown`` are the lines that it has snapped to just now.
    """

    def __init__(self, surface: Viewport) -> None:
        self._surface = surface
        self._begun = False
        self._document: Document | None = None
        self._without: frozenset[str] = frozenset()
        self._places: dict[str, list[float]] | None = None
        self.shown: tuple[Guide, ...] = ()

    def begin(self, document: Document | None, without: Collection[str] = ()) -> None:
        """Snap to what there is in a document, as it is seen, but for some layers, by their ids,
        and what is in them.
        """
        self._begun, self._document, self._places = True, document, None
        self._without = frozenset(without)

    def end(self) -> None:
        """Snap no more, and show no line."""
        self._begun, self._document, self._places, self.shown = False, None, None, ()
        self._surface.update()

    # -- what is near --------------------------------------------------------------------------

    def way(self, box: Box, way: tuple[float, float], *, free: bool = False) -> tuple[float, float]:
        """The way that a box is moved, so that one of its edges or its middle lies on a line that
        is near; ``free``: the way itself.
        """
        ends = (box[0], (box[0] + box[2]) / 2, box[2]), (box[1], (box[1] + box[3]) / 2, box[3])
        found = [
            self._near(axis, [end + way[k] for end in ends[k]], free=free)
            for k, axis in enumerate(AXES)
        ]
        self._show(found)
        x, y = (
            step + (0.0 if near is None else near[1]) for step, near in zip(way, found, strict=True)
        )
        return x, y

    def point(
        self, point: tuple[float, float], *, free: bool = False, axes: Iterable[Axis] = AXES
    ) -> tuple[float, float]:
        """A point, or what of it lies along some axes, on the lines that are near."""
        wanted = set(axes)
        found = [
            self._near(axis, [point[k]], free=free or axis not in wanted)
            for k, axis in enumerate(AXES)
        ]
        self._show(found)
        x, y = (
            at + (0.0 if near is None else near[1]) for at, near in zip(point, found, strict=True)
        )
        return x, y

    def _near(self, axis: Axis, ends: list[float], *, free: bool) -> tuple[float, float] | None:
        """The line that is nearest to one of some ends, and how far off it that is; None for none
        that is near.
        """
        if free or not self._begun or not self._surface.lines["snaps"]:
            return None
        if self._places is None:
            self._places = self._found()
        zoom = self._surface.view.zoom / self._surface.devicePixelRatioF()
        near = [
            (abs(place - end), place, place - end) for place in self._places[axis] for end in ends
        ]
        distance, place, off = min(near, default=(float("inf"), 0.0, 0.0))
        return (place, off) if distance * zoom <= _REACH else None

    def _show(self, found: list[tuple[float, float] | None]) -> None:
        shown = tuple(
            Guide(axis, near[0]) for axis, near in zip(AXES, found, strict=True) if near is not None
        )
        if shown != self.shown:
            self.shown = shown
            self._surface.update()

    def _found(self) -> dict[str, list[float]]:
        """Where there is something to snap to, along each axis."""
        width, height = self._surface.picture_size
        boxes = [Region(0, 0, width, height)]
        document = self._document
        if document is not None:
            boxes += _boxes(document, self._without)
        places: dict[str, set[float]] = {"x": set(), "y": set()}
        for box in boxes:
            places["x"] |= {box.x, box.x + box.width / 2, box.right}
            places["y"] |= {box.y, box.y + box.height / 2, box.bottom}
        if self._surface.lines["guides"]:
            for guide in self._surface.guides:
                places[guide.axis].add(guide.at)
        return {axis: sorted(map(float, found)) for axis, found in places.items()}

    # -- what is seen --------------------------------------------------------------------------

    def paint(self, painter: QPainter, pose: Pose) -> None:
        """Paint the lines that something has snapped to, where the picture lies level."""
        if self.shown:
            corner, zoom = pose.in_frame(0, 0), pose.view.zoom
            paint_guides(painter, self.shown, corner, zoom, pose.clip(), pose.ratio, _COLOUR)


def _boxes(document: Document, without: Collection[str]) -> list[Region]:
    """What the layers show that have a shape of their own, in pixels of a document's picture."""
    found: list[Region] = []

    def look(layers: tuple[Layer, ...]) -> None:
        for layer in reversed(layers):
            if len(found) == _MOST_LAYERS:
                return
            if not layer.shown or layer.id in without:
                continue
            if layer.is_group:
                look(layer.layers)
            elif layer.pixels is not None:
                box = geometry.box_of(document, layer)
                if box is not None:
                    found.append(box)

    look(document.layers)
    return found
