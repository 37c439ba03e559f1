"""Check promises: a filter is tried in this process, to see whether it keeps them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight import api
from safelight.api import promises
from safelight.api.bound_filter import Bound, Broken
from safelight.api.filter_job import each_with
from safelight.workers.far.dry_run import beside
from safelight.workers.far.inference import Inference
from safelight.workers.far.network_contract import Contract


class LocalJob(api.Job):
    """Runs the networks beside a filter's module. ``fractions`` is the progress it was told."""

    def __init__(self, filter: Callable[..., Any], inference: Inference) -> None:
        source = sys.modules[filter.__module__].__file__
        self._folder = Path(source or "").parent
        self._inference = inference
        self._picture = not api.registered(filter).declaration.selects
        self.fractions: list[float] = []

    def run(self, model: str, image: api.Image, **inputs: Any) -> api.Image:
        path = beside(self._folder, model)
        return self._inference.run(path, image, inputs, "cpu", picture=self._picture)

    def run_each(
        self, model: str, images: Sequence[api.Image], **inputs: Sequence[Any]
    ) -> list[api.Image]:
        path, named = beside(self._folder, model), each_with(images, inputs)
        return self._inference.run_each(path, images, named, "cpu", picture=self._picture)

    def step(
        self, model: str, image: api.Image, before: Mapping[str, api.Image], **inputs: Any
    ) -> tuple[api.Image, dict[str, api.Image]]:
        return self._inference.step(beside(self._folder, model), image, before, inputs, "cpu")

    def describe(self, model: str, image: api.Image | None, **inputs: Any) -> NDArray[np.float32]:
        return self._inference.describe(beside(self._folder, model), image, inputs, "cpu")

    def describe_each(
        self, model: str, images: Sequence[api.Image | None], **inputs: Sequence[Any]
    ) -> list[NDArray[np.float32]]:
        path, named = beside(self._folder, model), each_with(images, inputs)
        return self._inference.describe_each(path, images, named, "cpu")

    def progress(self, fraction: float, words: str = "") -> None:
        self.fractions.append(fraction)

    def check(self) -> None:
        pass

    def contract(self, model: str) -> Contract:
        """What a network's file says of itself: its reach, its multiple, its scale."""
        return self._inference.contract(beside(self._folder, model))


def complaint(promise: str, filter: Callable[..., Any], inference: Inference) -> str:
    """What is wrong, in a sentence, when a filter does not keep a promise; "" when it does.

    It is tried with its defaults and with each parameter at its ends, one at a time.
    """
    job = LocalJob(filter, inference)
    declaration = api.registered(filter).declaration
    usual = declaration.settings()
    for settings in promises.settings_to_try(declaration):
        bound = Bound(filter, job, settings)
        try:
            promises.PROMISES[promise].check(bound)
        except Broken as fault:
            text = promises.sentence(bound, fault)
        except Exception as error:
            text = f"{declaration.name} fails: {type(error).__name__}: {error}"
        else:
            continue
        changed = [f"{key}={value}" for key, value in settings.items() if value != usual[key]]
        return f"{text} (with {', '.join(changed)})" if changed else text
    return ""
