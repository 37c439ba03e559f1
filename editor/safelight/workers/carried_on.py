"""Carried on: what a filter of sequences is given of the frame before, and gives to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from safelight.api import Carried, Region
from safelight.pixels import is_finite
from safelight.workers.conversation import Failure
from safelight.workers.wire.blocks import Block
from safelight.workers.wire.messages import Place
from safelight.workers.wire.replies import NO_NUMBERS
from safelight.workers.worker_pictures import filled
from safelight.workers.worker_process import WorkerProcess


class Cuttable(Protocol):
    """Something of a whole frame, (rows, columns, channels): an array, or what is computed where it
    is cut.
    """

    def __getitem__(self, place: tuple[slice, slice], /) -> NDArray[np.float32]: ...


Arrays = Mapping[str, Cuttable]


class CarriedOn:
    """Arrays of a whole frame, which lies at ``region``: cut for its pieces, and put together.

    ``before``, None for a first frame, are those carried to it, float32 (height / size, width /
    size, channels) as ``carries`` has the sizes; what stands there besides is as large as the
    frame. ``made`` are those that it carries on.
    """

    def __init__(
        self, carries: Mapping[str, Carried], region: Region, before: Arrays | None
    ) -> None:
        self._carries = carries
        self._region = region
        self._before = before if carries else None
        self.made = {
            name: np.zeros(kind.shape(region.height, region.width), np.float32)
            for name, kind in carries.items()
        }

    def given(
        self, worker: WorkerProcess, window: Region
    ) -> tuple[dict[str, Place] | None, list[Block]]:
        """What a piece is given, None for a first frame, and the blocks that it lies in."""
        if self._before is None:
            return None, []
        places, blocks = {}, list[Block]()
        for name, array in self._before.items():
            size = self._carries[name].size if name in self._carries else 1
            part = np.ascontiguousarray(array[self._at(window, size)])
            blocks.append(filled(worker, part))
            places[name] = Place(blocks[-1].id, part.shape)
        return places, blocks

    def room(
        self, worker: WorkerProcess, keep: Region
    ) -> tuple[dict[str, Place], dict[str, Block]]:
        """Where what a piece carries on is to go, and the blocks for it."""
        places, blocks = {}, {}
        for name, kind in self._carries.items():
            rows, columns = self._at(keep, kind.size)
            shape = rows.stop - rows.start, columns.stop - columns.start, kind.channels
            blocks[name] = worker.block(4 * shape[0] * shape[1] * shape[2], writable=True)
            places[name] = Place(blocks[name].id, shape)
        return places, blocks

    def take(self, keep: Region, blocks: Mapping[str, Block]) -> None:
        """Put what a piece carries on where it belongs. Raises Failure for what is no number."""
        for name, block in blocks.items():
            kind = self._carries[name]
            rows, columns = self._at(keep, kind.size)
            shape = rows.stop - rows.start, columns.stop - columns.start, kind.channels
            part = block.array(shape).copy()  # the worker can still write to the block
            if not is_finite(part):
                raise Failure(NO_NUMBERS)
            self.made[name][rows, columns] = part

    def _at(self, place: Region, size: int) -> tuple[slice, slice]:
        """The rows and columns of a place in an array that is ``size`` times smaller."""
        x, y = place.x - self._region.x, place.y - self._region.y
        rows = slice(y // size, -(-(y + place.height) // size))
        return rows, slice(x // size, -(-(x + place.width) // size))
