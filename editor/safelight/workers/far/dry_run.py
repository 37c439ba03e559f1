"""Dry run: a filter is run once on a small grey picture to learn how it wants to be cut.

The stand-in job runs no network. It reads what each model file says of itself and hands back
a grey picture of the right size, so a filter may run several networks, one after another or
side by side, and a plugin declares nothing twice.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight import api
from safelight.api.carried import INSIDE, MOTION
from safelight.api.network_chain import Chain
from safelight.workers.far.network_contract import Contract, ModelError
from safelight.workers.pieces import WHOLE, Plan

FETCHED: dict[str, str] = {}
"""Paths of the networks that were fetched for the plugin of this process, by its own names; "" for
one that is not there."""

_SIDE = 64
_TILE = 448  # pixels of a piece, where no network says what suits it


class _StandIn(api.Job):
    """A job that notes what would run; progress and cancelling are the real job's.

    A generator's networks are run: what it makes for all of a canvas it may remember for the
    pieces to come.
    """

    def __init__(
        self,
        job: api.Job,
        folder: Path,
        contract: Callable[[Path], Contract],
        generates: bool = False,
    ) -> None:
        self._job = job
        self._generates = generates
        self.folder = folder
        self._contract = contract
        self.image = np.full((_SIDE, _SIDE, 3), 0.5, np.float32)
        self.image.flags.writeable = False
        self.chain = Chain(self.image)
        self.tile: int | None = None
        self.models: dict[str, Contract] = {}
        self._runs = 0
        self.in_steps = False

    def run(self, model: str, image: api.Image, **inputs: Any) -> api.Image:
        contract = self._contract(beside(self.folder, model))
        self.models[model] = contract
        if self._generates:
            self.tile = max(self.tile or 0, contract.tile)
            return self._job.run(model, image, **inputs)
        zoom = max(image.shape[0] / _SIDE, 1e-3)
        self.tile = min(self.tile or contract.tile, max(int(contract.tile / zoom), 16))
        height, width = (side * contract.scale for side in image.shape[:2])
        # Each of a grey of its own: one that is mixed with another is seen to be changed.
        self._runs += 1
        result = np.full((height, width, 3), 0.5 + self._runs / 1000, np.float32)
        self.chain.add(contract, image, inputs.values(), result)
        return result

    def step(
        self, model: str, image: api.Image, before: Mapping[str, api.Image], **inputs: Any
    ) -> tuple[api.Image, dict[str, api.Image]]:
        return self.run(model, image, **inputs), dict(before)

    def describe(self, model: str, image: api.Image | None, **inputs: Any) -> NDArray[np.float32]:
        # It is run: only the network knows what its answer looks like.
        contract = self.models[model] = self._contract(beside(self.folder, model))
        if image is None:
            self.tile = max(self.tile or 0, contract.tile)
        return self._job.describe(model, image, **inputs)

    def progress(self, fraction: float, words: str = "") -> None:
        self.in_steps = True
        self._job.progress(fraction)  # what is said of a grey picture is nothing to read

    def preview(self, image: api.Image) -> None:
        self.in_steps = True
        self._job.check()

    def check(self) -> None:
        self._job.check()


def rehearse(
    filter: api.Registered,
    folder: Path,
    settings: api.Settings,
    contract: Callable[[Path], Contract],
    real: api.Job,
    images: Collection[str] = (),
    canvas: api.Region | None = None,
) -> tuple[Plan, dict[str, Contract]]:
    """How the filter wants to be cut for these settings, and the networks it will run.

    ``real`` is the job it is rehearsed for: progress is told to it, and it can be cancelled.
    ``images`` names the pictures and layers that it will be given; here they are grey too. It is
    told the real ``canvas``, but makes a corner of it alone. One that can do nothing with grey is
    called with nothing prepared.
    Raises what the filter raises, and ValueError when its result is not ``scale`` times as
    large as the image, as declared.
    """
    job = _StandIn(real, folder, contract, filter.declaration.generates)
    place = api.Region(canvas.x if canvas else 0, canvas.y if canvas else 0, _SIDE, _SIDE)
    try:
        prepared = filter.prepared(job.image, settings, job=job)
    except api.Unfit:  # as a picture of one grey may be
        prepared = {}
    given = Given(
        place,
        dict.fromkeys(images, job.image),
        np.ones((_SIDE, _SIDE), np.float32),
        prepared,
        canvas or place,
    )
    result = call(filter, job.image, settings, job, given)
    farthest, multiple = job.chain.reach, job.chain.multiple
    if filter.declaration.recurrent:
        frame_and_carried(filter, result, _SIDE, _SIDE)
        # A frame to which something was carried may run other networks than a first one.
        job.chain = Chain(job.image)
        result = call(filter, job.image, settings, job, replace(given, before=_carried(filter)))
        result, _ = frame_and_carried(filter, result, _SIDE, _SIDE)
        farthest = max(farthest, job.chain.reach)
        multiple = math.lcm(multiple, job.chain.multiple)
    scale = filter.declaration.factor(settings)
    expected = filter.expected(_SIDE, _SIDE, scale)
    if np.shape(result) != expected:
        raise ValueError(f"it returned a picture of shape {np.shape(result)}, not {expected}")
    if filter.declaration.generates:  # a piece of nothing has nothing around it
        return Plan(tile=job.tile or _TILE), job.models
    reach = filter.reach_of(settings) + farthest
    if reach >= WHOLE:
        longest = min(filter.whole or WHOLE, WHOLE)
        if canvas and max(canvas.width, canvas.height) > longest:
            raise api.Unfit(
                f"it sees the picture whole, and takes sides of up to {longest} pixels: make the"
                " picture smaller first"
            )
        return Plan(reach=WHOLE, scale=scale, tile=WHOLE), job.models
    # A long reach is paid for by every piece: without a network's own wish, larger pieces.
    tile = job.tile or min(max(_TILE, 2 * reach), 2048)
    sizes = [each.size for each in filter.declaration.carries.values()]
    multiple = math.lcm(multiple, *sizes)
    return Plan(reach, multiple, scale, tile, job.in_steps), job.models


@dataclass(frozen=True, slots=True)
class Given:
    """What a filter is handed with a piece: where it lies, and what else belongs to it.

    ``images`` are the pictures and layers that its settings name, ``mask`` what is selected of the
    piece, ``prepared`` what was measured of the whole picture. ``canvas`` is what all pieces of a
    generator fill, or the whole picture. ``before`` is what a frame is given of the one before.
    """

    region: api.Region
    images: Mapping[str, api.Image] = field(default_factory=dict)
    mask: api.Mask | None = None
    prepared: Mapping[str, Any] = field(default_factory=dict)
    canvas: api.Region | None = None
    before: api.Before | None = None


def _carried(filter: api.Registered) -> api.Before:
    """Something that was carried to a grey frame, which shows what the one before it shows."""
    arrays = {
        name: np.zeros(kind.shape(_SIDE, _SIDE), np.float32)
        for name, kind in filter.declaration.carries.items()
    }
    arrays[INSIDE] = np.ones((_SIDE, _SIDE, 1), np.float32)
    arrays[MOTION] = np.zeros((_SIDE, _SIDE, 2), np.float32)
    return arrays


def frame_and_carried(
    filter: api.Registered, result: Any, height: int, width: int
) -> tuple[Any, dict[str, NDArray[Any]]]:
    """What a filter of sequences gave for so many pixels, taken apart: the frame, and by name what
    it carries on, (rows, columns, channels), which is to be float32. Raises ValueError.
    """
    try:
        frame, carried = result
        found = {name: np.asarray(carried[name]) for name in filter.declaration.carries}
    except (TypeError, ValueError, KeyError):
        raise ValueError(
            "it returned no frame with a mapping of what it carries on:"
            f" {', '.join(filter.declaration.carries)}"
        ) from None
    for name, kind in filter.declaration.carries.items():
        if found[name].shape != kind.shape(height, width) or found[name].dtype.kind not in "fiu":
            raise ValueError(
                f"what it carries as {name} is {found[name].dtype} of shape {found[name].shape};"
                f" expected float32 {kind.shape(height, width)}"
            )
    return frame, found


def call(
    filter: api.Registered,
    image: api.Image | None,
    settings: api.Settings,
    job: api.Job,
    given: Given,
) -> Any:
    """Call a filter's function with what its signature asks for."""
    offered = {
        "job": job,
        "region": given.region,
        "mask": given.mask,
        "prepared": given.prepared,
        "canvas": given.canvas,
        "before": given.before,
    }
    named = [item.name for item in filter.declaration.parameters if item.is_image]
    values = dict(settings) | {name: given.images.get(name) for name in named}
    return filter.call(image, values, offered)


def beside(folder: Path, model: str) -> Path:
    """The file of a network: beside a filter's module, or beside another package's, or fetched for
    the plugin.

    Raises ModelError where there is no such package, and where it has not been fetched.
    """
    package, colon, name = model.rpartition(":")
    if not colon and FETCHED.get(name) == "":
        raise ModelError(
            f"the network {name} has not been fetched: “safelight plugins fetch” asks and does it"
        )
    if not colon:
        return Path(FETCHED[name]) if name in FETCHED else folder / name
    found = importlib.util.find_spec(package) if package.isidentifier() else None
    if found is None or not found.submodule_search_locations:
        raise ModelError(f"there is no package {package} with a network {name}")
    return Path(next(iter(found.submodule_search_locations))) / name
