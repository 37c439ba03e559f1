"""Liquify: strokes that push a layer's pixels along, swell or shrink them, or bring them back.

What they change is a mesh through which the pixels are seen; the pixels stay as they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal, TypeAlias

import numpy as np

from safelight.api import Fraction, Region
from safelight.document.commands.command import EditError, Settings, command
from safelight.document.contents.warped import unwarped_place, warped
from safelight.document.document import Document
from safelight.document.edits import stroke_of, unlocked
from safelight.document.layer import Layer
from safelight.document.placement import Place
from safelight.document.strokes.stroke import Points, Radius, Stroke
from safelight.document.strokes.stroke_by_pieces import StrokeByPieces
from safelight.pixels import Raster
from safelight.pixels.dab import Point
from safelight.pixels.mesh import Mesh

Mode: TypeAlias = Literal["push", "grow", "shrink", "restore"]

SPACING = 0.05
"""Diameters between two dabs."""

_RATE = 0.1
"""How much larger or smaller one dab makes what is in its middle, at full strength."""

_LONGEST = 0.5
"""Radii that one dab pushes at most: further, the mesh would fold over itself."""

_SMALLEST = 1.5
"""Steps of the mesh that a brush's radius has at the least, so that the mesh can follow it."""


@dataclass(slots=True)
class Liquifying(StrokeByPieces):
    """A stroke that changes a layer's mesh.

    ``strength`` is 0 to 1: how far what is under the brush's middle goes with it.
    """

    mode: Mode = "push"
    strength: float = 0.5
    _raster: Raster = field(init=False)
    _plane: Place = field(init=False)
    _through: Place = field(init=False)
    _mesh: Mesh = field(init=False)
    _shown: Mesh = field(init=False)
    _last: Point | None = field(default=None, init=False)

    def begin(self, document: Document) -> None:
        """Begin on a document, with no piece laid. Raises EditError for a layer that cannot be
        drawn out of shape, KeyError where there is no such layer.
        """
        StrokeByPieces.begin(self, document)
        self._last = None
        layer = unlocked(document, self.asked)
        self._raster, self._plane, self._mesh = _mesh_of(layer)
        self._shown = self._mesh
        self._through = self._plane.inverse.after(document.frame)

    def _lay_piece(self, piece: Stroke) -> None:
        """Change the mesh by the dabs of a piece."""
        through = self._through
        for (x, y, width, strength), _ in piece.segments():
            point: Point = (*through.at(x, y), width, strength)
            last, self._last = self._last or point, point
            radius = max(piece.radius * through.scale * width, _SMALLEST * self._mesh.step)
            way = point[0] - last[0], point[1] - last[1]
            self._mesh = dabbed(
                self._mesh, self.mode, (point[0], point[1]), way, radius, self.strength * strength
            )

    def _made(self) -> Document:
        """The document with the layer seen through the mesh as it is now."""
        if self._mesh is not self._shown:
            self._shown = self._mesh
            content, place = warped(self._raster, self._plane, self._mesh)
            layer = replace(self.document.layer(self.asked), content=content, place=place)
            self.document = self.document.with_layer(layer)
        return self.document


def dabbed(
    mesh: Mesh,
    mode: Mode,
    middle: tuple[float, float],
    way: tuple[float, float],
    radius: float,
    strength: float,
) -> Mesh:
    """A mesh after one dab of a brush, all in pixels of its raster: pushed a ``way`` to where the
    brush is now, larger or smaller, or nearer to rest.
    """
    if mode == "push" and way == (0, 0):
        return mesh
    step = mesh.step
    around = Region(
        math.floor((middle[0] - radius) / step),
        math.floor((middle[1] - radius) / step),
        math.ceil(2 * radius / step) + 2,
        math.ceil(2 * radius / step) + 2,
    ).intersect(mesh.field.region)
    if around.empty:
        return mesh
    x = np.arange(around.x, around.right) * step
    y = np.arange(around.y, around.bottom) * step
    x, y = np.meshgrid(x, y)
    off_x, off_y = x - middle[0], y - middle[1]
    share = np.maximum(1 - (off_x**2 + off_y**2) / radius**2, 0) ** 2 * strength
    if mode == "restore":
        made = mesh.moved(x, y) * (1 - share)[..., None]
    else:
        if mode == "push":
            length = max(math.hypot(*way), 1e-9)
            short = min(1.0, _LONGEST * radius / length)
            back_x, back_y = (-part * short * share for part in way)
        else:
            rate = share * (-_RATE if mode == "grow" else _RATE)
            back_x, back_y = off_x * rate, off_y * rate
        made = mesh.moved(x + back_x, y + back_y)
        made += np.stack([back_x, back_y], axis=-1)
    before = mesh.field.read(around)
    stored = before.copy()
    stored[..., :2] = np.where(share[..., None] > 0, made, before[..., :2])
    if np.array_equal(stored, before):
        return mesh
    return Mesh(mesh.size, step, mesh.field.replaced(around, stored))


def _mesh_of(layer: Layer) -> tuple[Raster, Place, Mesh]:
    """A layer's pixels, the place that they have in shape, and the mesh that they are seen
    through. Raises EditError where there are none.
    """
    raster, warp = layer.kind.unwarped(layer.content), layer.kind.warp(layer.content)
    if raster is None:
        raise EditError(f"{layer.name} holds no pixels that could be drawn out of shape")
    if isinstance(warp, Mesh):
        return raster, unwarped_place(warp, layer.place), warp
    if warp is not None:
        raise EditError(f"{layer.name} is warped by a grid; merge it down before")
    return raster, layer.place, Mesh.at_rest(raster.width, raster.height)


def _words(given: Settings) -> str:
    return f"Liquify: {given['mode']}"


@command("Liquify", id="liquify", words=_words)
def liquify(
    document: Document,
    *,
    layer: str = "",
    mode: Annotated[
        Mode, "Push pixels along, make them larger or smaller, or bring them back"
    ] = "push",
    points: Points = "",
    radius: Radius = 50.0,
    strength: Annotated[Fraction, "How far what is under the brush goes"] = 0.5,
) -> Document:
    """Draw a layer out of shape with a round brush; its own pixels stay as they are, and what was
    drawn can be drawn further, brought back with the brush or removed.
    """
    made = Liquifying(layer, mode, strength)
    made.begin(document)
    made.add(stroke_of(points, radius, 0.0, spacing=SPACING))
    return made.finished_on(document)
