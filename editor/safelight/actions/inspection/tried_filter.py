"""Tried filter: a filter run over made pictures, with what it has measured of the real one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from safelight.actions.plugin_jobs import Studio
from safelight.actions.stop import Stop
from safelight.api import Declaration, Prepared, Region, Value
from safelight.document import Document, FilterFailed, render_srgb
from safelight.pixels import Raster
from safelight.workers.filter_measurements import Preparations
from safelight.workers.job_events import JobEvent, JobPrepared
from safelight.workers.pieces import WHOLE, Plan

Picture = NDArray[np.float32]

LARGEST = 384
"""Pixels that the sides of the part that is looked at have at most."""

_WHOLE_LARGEST = 512
"""Pixels of the largest picture for a filter that sees it whole; larger pictures are reduced."""


class NotInspected(Exception):
    """Why a filter cannot be inspected: a sentence."""


def can_be_tried(declaration: Declaration) -> bool:
    """Whether a filter makes a picture of a picture, and of nothing else."""
    return declaration.kind == "filter"


class _Settled(Preparations):
    """What was measured of the real picture, whatever the pictures that are tried."""

    def __init__(self, values: Prepared) -> None:
        super().__init__()
        self._values = values

    def get(
        self,
        declaration: Declaration,
        settings: Mapping[str, Value],
        document: Document,
        measure: Callable[[], Prepared],
    ) -> Prepared:
        return self._values


@dataclass
class TriedFilter:
    """A filter of a document, and what it makes of pictures that are like a part of that.

    ``picture`` is the part that is looked at, float32 (height, width, 3), sRGB-encoded, at
    ``place`` of the document; ``scale`` result pixels are made of each of its pixels; ``plan`` says
    how the host cuts for it, ``prepared`` what the filter measured of the whole document.
    """

    studio: Studio
    declaration: Declaration
    settings: Mapping[str, object]
    document: Document
    picture: Picture
    place: Region
    scale: int
    plan: Plan
    prepared: Prepared
    stop: Stop

    @classmethod
    def of(
        cls,
        studio: Studio,
        declaration: Declaration,
        settings: Mapping[str, object],
        document: Document,
        point: tuple[int, int] | None = None,
        *,
        layer_id: str | None = None,
        stop: Stop | None = None,
    ) -> TriedFilter:
        """What a filter does around ``point`` (x, y) of a document, its middle if none is told;
        with ``layer_id`` of what lies below that layer. Raises NotInspected, FilterFailed, Stopped.
        """
        if not can_be_tried(declaration):
            raise NotInspected(
                f"{declaration.title} cannot be inspected: only filters that make a picture of a"
                " picture can be."
            )
        stop = stop or Stop()
        below = document if layer_id is None else document.below(layer_id)
        x, y = point or (below.width // 2, below.height // 2)
        if not (0 <= x < below.width and 0 <= y < below.height):
            raise NotInspected(f"{x}, {y} is not in the picture.")
        heard: list[JobEvent] = []
        corner = Region(x, y, 1, 1)
        job = studio.start(declaration, settings, below, region=corner, listener=heard.append)
        stop.finished(job)
        measured = [event.values for event in heard if isinstance(event, JobPrepared)]
        plan = job.parts[0].plan
        place = _around(x, y, below, plan)
        return cls(
            studio,
            declaration,
            settings,
            below,
            np.ascontiguousarray(render_srgb(below, place, studio.live)[..., :3]),
            place,
            plan.scale,
            plan,
            measured[-1] if measured else {},
            stop,
        )

    @property
    def sees_all(self) -> bool:
        """Whether each pixel of the result depends on the whole picture, by what it declares."""
        return self.plan.reach >= WHOLE

    def made(self, picture: Picture) -> Picture:
        """What the filter makes of a picture (height, width, 3): float32, ``scale`` times as large
        each way. Raises FilterFailed and Stopped.
        """
        self.stop.check()
        job = self.studio.start(
            self.declaration,
            self.settings,
            Document.from_raster(Raster.from_array(np.ascontiguousarray(picture, np.float32))),
            prepared=_Settled(self.prepared),
        )
        outcome = self.stop.finished(job)
        result = np.asarray(outcome.raster.to_array()[..., :3], np.float32)
        if result.shape[0] != picture.shape[0] * self.scale:
            raise FilterFailed(f"{self.declaration.title} made a picture of another size.")
        return result


def _around(x: int, y: int, document: Document, plan: Plan) -> Region:
    """The part around a point that is looked at; its sides are on the filter's grid."""
    longest = _WHOLE_LARGEST if plan.reach >= WHOLE else LARGEST
    sides = []
    for at, whole in ((x, document.width), (y, document.height)):
        side = min(longest, whole)
        side = max(side // plan.multiple * plan.multiple, 1) if side > plan.multiple else side
        start = min(max(at - side // 2, 0), whole - side)
        sides.append((start, side))
    (left, width), (top, height) = sides
    return Region(left, top, width, height)
