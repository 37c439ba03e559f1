"""Shape edges: what of a shape's edge lies at a point of the picture, and the edge as painted."""

from __future__ import annotations

from typing import cast

import numpy as np
from PySide6.QtGui import QPainter, QPainterPath

from safelight.document import Document, Layer
from safelight.document.contents.outlined import of_points
from safelight.document.contents.shape import Shape
from safelight.document.placement import Place
from safelight.gui.canvas.marks import paint_outline
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.viewport import Viewport
from safelight.pixels import Outline

_REACH = 6.0
"""Widget pixels from a shape's edge within which a pointer is on it."""


class EdgeLight:
    """Shows the ``shape`` on whose edge the pointer is."""

    def __init__(self, surface: Viewport) -> None:
        self._surface = surface
        self.shape: Layer | None = None

    def at(self, point: tuple[float, float]) -> tuple[Layer, float] | None:
        """The shape on whose edge a point of the picture is, and how far along, in percent."""
        reach = _REACH * self._surface.devicePixelRatioF() / self._surface.view.zoom
        return edge_at(self._surface.document, point, reach)

    def look(self, point: tuple[float, float] | None) -> None:
        """Show the shape on whose edge a point of the picture is; None for no point."""
        found = None if point is None else self.at(point)
        shape = None if found is None else found[0]
        if shape is not self.shape:
            self.shape = shape
            self._surface.update()

    def paint(self, painter: QPainter, pose: Pose) -> None:
        """Paint the edge that is shown, where the picture lies level."""
        document, shape = self._surface.document, self.shape
        if (
            shape is not None
            and document is not None
            and any(layer is shape for layer in document.walk())
        ):
            content = cast(Shape, shape.content)
            edge = path_of(content.outline, way_of(document, shape), pose)
            paint_outline(painter, edge, pose.ratio)


def edge_at(
    document: Document | None, point: tuple[float, float], reach: float
) -> tuple[Layer, float] | None:
    """The uppermost shape that is seen and whose edge passes a point, in pixels of the picture, no
    further off than ``reach``; and how far along the edge that is, in percent of it.
    """
    for layer in reversed(list(document.walk()) if document is not None else []):
        if layer.kind.name == "shape" and layer.shown:
            found = _along(cast(Shape, layer.content), way_of(document, layer), point)
            if found is not None and found[1] <= reach:
                return layer, found[0]
    return None


def way_of(document: Document | None, layer: Layer) -> Place:
    """The map from the points of what a layer draws to those of the picture."""
    assert document is not None
    return document.frame.inverse.after(of_points(layer.content, layer.place))


def _along(shape: Shape, way: Place, point: tuple[float, float]) -> tuple[float, float] | None:
    """How far along the first edge of a shape the nearest place is, in percent, and how far off, in
    pixels of the picture.
    """
    flat = shape.outline.flattened(max(way.scale, 1e-3)).through(way.matrix)
    if not flat.lengths.size:
        return None
    first = int(flat.starts[0])
    points = flat.points[first : first + int(flat.lengths[0])].astype(np.float64)
    if flat.closed[0]:
        points = np.concatenate([points, points[:1]])
    steps = np.diff(points, axis=0)
    long = np.hypot(steps[:, 0], steps[:, 1])
    if not long.sum() > 0:
        return None
    off = np.asarray(point) - points[:-1]
    share = np.clip((off * steps).sum(axis=1) / np.maximum(long, 1e-9) ** 2, 0, 1)
    away = off - share[:, None] * steps
    distances = np.hypot(away[:, 0], away[:, 1])
    nearest = int(distances.argmin())
    gone = long[:nearest].sum() + share[nearest] * long[nearest]
    return float(100 * gone / long.sum()), float(distances[nearest])


def path_of(outline: Outline, way: Place, pose: Pose) -> QPainterPath:
    """An outline on the widget, where ``way`` leads from its points to those of the picture."""
    flat = outline.flattened(max(way.scale * pose.zoom, 1e-3)).through(way.matrix)
    path = QPainterPath()
    for start, length, closed in zip(flat.starts, flat.lengths, flat.closed, strict=True):
        points = flat.points[start : start + length]
        path.moveTo(pose.point(*points[0]))
        for point in points[1:]:
            path.lineTo(pose.point(*point))
        if closed:
            path.closeSubpath()
    return path
