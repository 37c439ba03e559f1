"""Network on trial: runs a network as far as it is known, with a chart and all it takes beside."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.workers.far.further_pictures import Further, mask_axes
from safelight.workers.far.probe.probe_charts import middle
from safelight.workers.far.probe.probed_properties import Probed
from safelight.workers.far.tensors import Format, unpacked
from safelight.workers.onnx_file import OnnxError, OnnxFile, Value

Run = Callable[[dict[str, Any]], list[Any]]
"""Runs a network: takes its inputs by name, gives its outputs in order."""

WHOLE_NUMBERS = ("uint8", "int32", "int64")
"""Kinds of numbers in which a picture can only be 0 to 255."""


class Trial:
    """A network and what is known of it so far; each step of the probing adds to that.

    ``main`` is the input that takes the picture, of numbers called ``kind``; ``pictures`` are all
    inputs that take one, by name, and ``extras`` the numbers that the others are given. A chart of
    ``base`` (height, width) pixels becomes ``scale`` times as large; a result lacks ``crop`` of its
    pixels at each edge, which ``margin`` pixels more of the picture make up for. ``cost`` is the
    seconds that a pixel takes. ``guide`` is the second picture where it is not the first again.
    Nothing is tried after ``until``, on the monotonic clock.
    """

    def __init__(
        self, file: OnnxFile, name: str, run: Run, found: Probed, until: float = math.inf
    ) -> None:
        self.file = file
        self.name = name
        self.run = run
        self.found = found
        self.until = until
        self.main = file.inputs[0] if file.inputs else Value("", "", None)
        self.extras: dict[str, Any] = {}
        self.pictures: dict[str, Value] = {}
        self.guide: NDArray[np.float32] | None = None
        self.kind = "float32"
        self.base = (0, 0)
        self.scale = 1
        self.crop = self.margin = 0
        self.cost = 0.0

    def late(self) -> bool:
        """Whether the time is over in which more is tried."""
        return time.monotonic() > self.until

    def refusal(self, reason: str) -> OnnxError:
        """The error that says why this network is no filter; ``reason`` goes on from its name."""
        return OnnxError(f"{self.name} {reason}.")

    def format(
        self, values: str = "", made: str = "", *, taken: str = "", result: str = ""
    ) -> Format:
        """How pictures go through, as far as it is known or is being tried."""
        known = self.found.properties
        return Format(
            known["layout"],
            taken or known["channels"],
            values or known.get("range", "0..1"),
            result or known["result"],
            made or known.get("result_range", "0..1"),
        )

    def raw(self, format: Format, image: NDArray[np.float32]) -> NDArray[Any]:
        """The first output for ``image`` (height, width, 3), with the edges that a network crops.

        Raises OnnxError where the network fails.
        """
        margin, scale = self.margin, self.scale
        if not margin:
            return self.fed(format, image)
        height, width = image.shape[:2]
        multiple = int(self.found.properties.get("multiple", 1))
        ends = ((margin, margin + -(side + 2 * margin) % multiple) for side in (height, width))
        result = self.fed(format, np.pad(image, (*ends, (0, 0)), mode="edge"))
        first = margin * scale - self.crop
        planes = unpacked(result, format.layout)
        planes = planes[first : first + height * scale, first : first + width * scale]
        planes = planes if "HWC" in format.layout else planes.transpose(2, 0, 1)
        return planes[np.newaxis] if format.layout.startswith("N") else planes

    def fed(self, format: Format, image: NDArray[np.float32]) -> NDArray[Any]:
        """The first output for ``image`` (height, width, 3), as the network gives it.

        Raises OnnxError where the network fails.
        """
        feeds = {self.main.name: format.tensor(image, self.kind), **self.extras}
        feeds |= self.beside(format, image)
        return np.asarray(self.run(feeds)[0])

    def planes(self, format: Format, image: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """The result for ``image`` (height, width, 3), as (height, width, channels).

        None where numbers of it are not finite or it has no such shape.
        """
        try:
            planes = format.planes(self.raw(format, image))
        except ValueError:
            return None
        return planes if np.isfinite(planes).all() else None

    def tried(self, image: NDArray[np.float32]) -> NDArray[Any]:
        """The first output for ``image`` (height, width, 3) in the likeliest range, to be compared.

        Raises OnnxError where the network fails.
        """
        values = "0..255" if self.kind in WHOLE_NUMBERS else "0..1"
        return self.raw(self.format(values), image)

    def beside(self, format: Format, image: NDArray[np.float32]) -> dict[str, Any]:
        """Tensors of a mask and a second picture for ``image`` (height, width, 3), by input."""
        known = self.found.properties
        mask, guide = known.get("mask", ""), known.get("guide", "")
        if not mask and not guide:
            return {}
        for name in filter(None, (mask, guide)):
            if mask_axes(self.sides(name), format.layout) is None:
                raise self.refusal(f"takes {self.pictures[name].text()}, which is no picture")
        usual = "0..255" if mask and self.pictures[mask].element == "uint8" else "0..1"
        further = Further(
            *(mask, known.get("mask_range", usual)),
            *(guide, "whole" if self.guide is not None else known.get("guide_fit", "aligned")),
        )
        # As one picture twice: what is found out of ranges and orders holds for both.
        second = image if self.guide is None else self.guide
        given = {mask: middle(image), guide: second}
        stack, rest = further.stacked(image, {name: given[name] for name in further.names})
        sides = {name: self.sides(name) for name in further.names}
        kinds = {name: self.pictures[name].element for name in further.names}
        step = int(known.get("multiple", 1))
        return dict(further.tensors(stack, rest, format, sides, kinds, step))

    def sides(self, name: str) -> tuple[int | str | None, ...]:
        """The dimensions of an input, four where it does not say how many."""
        sides = self.pictures[name].dimensions
        return (None,) * 4 if sides is None else sides
