"""Stepping: a filter of sequences goes through frames outside the editor, as it does in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from models.plugincode import ROOT, editor
from models.tiles import Network

api = editor("api")
carrying = editor("actions.sequences.frame_carrier")

Outcome = tuple[np.ndarray, dict[str, np.ndarray]]


class Job:
    """What a filter asks to run its networks: in one run over the whole frame."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._networks: dict[str, Network] = {}

    def _network(self, model: str) -> Network:
        if model not in self._networks:
            package, _, name = model.rpartition(":")
            plugin = package.removeprefix("safelight_")
            folder = ROOT / "plugins" / plugin / package if package else self._folder
            self._networks[model] = Network(folder / name)
        return self._networks[model]

    def run(self, model: str, image: np.ndarray, **inputs: float) -> np.ndarray:
        """As ``api.Job.run``."""
        return self._network(model).whole(image, **inputs)

    def step(
        self, model: str, image: np.ndarray, before: Mapping[str, np.ndarray], **inputs: float
    ) -> Outcome:
        """As ``api.Job.step``, for sides on the network's grid."""
        network = self._network(model)
        feeds = {
            name: np.ascontiguousarray(array.transpose(2, 0, 1)[None], np.float32)
            for name, array in {"image": image, **before}.items()
        }
        feeds |= {name: np.array(value, np.float32) for name, value in inputs.items()}
        names = [item.name for item in network.session.get_outputs()]
        made = dict(zip(names, network.session.run(names, feeds), strict=True))
        found = {name: array[0].transpose(1, 2, 0) for name, array in made.items()}
        carried = {
            name.removeprefix("next_"): array
            for name, array in found.items()
            if name.startswith("next_")
        }
        return found["result"], carried


@dataclass(frozen=True)
class GoneThrough:
    """What a filter made of frames, (height, width, 3) float32 each."""

    frames: list[np.ndarray]


def gone_through(
    filter: Callable[..., Any],
    frames: Sequence[np.ndarray],
    job: Job | None,
    settings: Mapping[str, Any],
) -> GoneThrough:
    """A filter's results for frames (height, width, 3) float32 in order, what is carried moved as
    the editor moves it. What is measured beforehand is told by the settings.
    """
    try:
        declaration = api.registered(filter).declaration
        wants = declaration.prepares
    except TypeError:
        declaration, wants = SimpleNamespace(carries=filter.carries), ()  # type: ignore[attr-defined]
    carrier, made = carrying.FrameCarrier(declaration), []
    for frame in frames:
        before = carrier.before(frame)
        if before is not None:
            before = {name: np.asarray(array) for name, array in before.items()}
        given = {} if job is None else {"job": job}
        if wants:
            given["prepared"] = {}
        if filter.__name__ == "steady_light":
            given.pop("job")
        result, carried = filter(frame, before, **given, **settings)
        carrier.keep(carried)
        made.append(result)
    return GoneThrough(made)
