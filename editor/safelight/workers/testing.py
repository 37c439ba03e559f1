"""A job for the tests of plugins: it runs networks in the test's own process, on the CPU.

Registered with pytest, so a plugin's tests just name the fixture::

    def test_it_runs(job):
        result = my_filter(image, job(my_filter), strength=0.5)
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from safelight import api
from safelight.workers.inference import Contract, Inference


class LocalJob(api.Job):
    """Runs the networks beside a filter's module. ``fractions`` is the progress it was told."""

    def __init__(self, filter: Callable[..., Any], inference: Inference) -> None:
        source = sys.modules[filter.__module__].__file__
        self._folder = Path(source or "").parent
        self._inference = inference
        self.fractions: list[float] = []

    def run(self, model: str, image: api.Image, **inputs: Any) -> api.Image:
        return self._inference.run(self._folder / model, image, inputs, "cpu")

    def progress(self, fraction: float) -> None:
        self.fractions.append(fraction)

    def check(self) -> None:
        pass

    def contract(self, model: str) -> Contract:
        """What that network's file says of itself: its reach, its multiple, its scale."""
        return self._inference.contract(self._folder / model)


@pytest.fixture(scope="session")
def job() -> Callable[[Callable[..., Any]], LocalJob]:
    """Makes a job for a filter: ``job(enlarge)``."""
    inference = Inference()
    return lambda filter: LocalJob(filter, inference)
