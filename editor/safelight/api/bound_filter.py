"""Bound filter: a filter with its settings and its job, as a function of a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from safelight.api.filter import registered
from safelight.api.filter_job import Cancelled, Job, each_with
from safelight.api.image import Image
from safelight.api.network_chain import Chain
from safelight.api.prepare import Unfit
from safelight.api.region import Region
from safelight.api.trial_pictures import ellipse, frozen, photograph, thumbnail

Filter = Callable[..., Image]

TOLERANCE = 1 / 1000
"""How much pieces may differ from the whole: a quarter of one step of eight bits."""


class Broken(Exception):
    """A promise that is not kept; the message goes on after the filter's name."""


class Unusable(Broken):
    """The filter cannot even be called as it should be, so nothing else can be checked."""


class Bound:
    """A filter with its settings and its job: a function of a picture and where it lies.

    ``tolerance`` is the largest difference between pieces and the whole (black to white is 1). A
    picture or a layer among the settings is an image, or a function that makes it of the image.
    Raises TypeError where a job is missing, ParameterError for settings that are not legal.
    """

    def __init__(
        self,
        filter: Filter,
        job: Any,
        settings: Mapping[str, Any],
        tolerance: float = TOLERANCE,
    ) -> None:
        self.entry, self._job, self.tolerance = registered(filter), job, tolerance
        if "job" in self.entry.wants and job is None:
            name = filter.__name__
            raise TypeError(f"{name} asks for a job: pass job=job({name}), of the fixture job")
        declaration = self.entry.declaration
        self._images = {item.name: None for item in declaration.parameters if item.is_image}
        self._images |= {name: settings[name] for name in self._images if name in settings}
        plain = {name: value for name, value in settings.items() if name not in self._images}
        self.settings = declaration.settings(plain)
        self.scale = self.entry.declaration.factor(self.settings)

    def __call__(
        self,
        image: Image,
        region: Region | None = None,
        job: Any = None,
        whole: Image | None = None,
    ) -> Any:
        """What the filter returns for ``image``, unchecked; for a piece of ``whole``, if given.

        What asks for a mask is given an ellipse in the middle. A filter of sequences is given a
        first frame, and what it carries on is left out.
        """
        canvas = (image if whole is None else whole).shape
        offered = {
            "job": job or self._job,
            "region": region or Region(0, 0, image.shape[1], image.shape[0]),
            "canvas": Region(0, 0, canvas[1], canvas[0]),
            "mask": frozen(ellipse(*image.shape[:2])),
            "prepared": self._prepared(image if whole is None else whole, job),
            "before": None,
        }
        made = {
            name: item(image) if callable(item) else item for name, item in self._images.items()
        }
        result = self.entry.call(image, self.settings | made, offered)
        if self.entry.declaration.recurrent and isinstance(result, tuple) and result:
            return result[0]
        return result

    def _prepared(self, whole: Image, job: Any) -> dict[str, Any]:
        prepares = self.entry.declaration.prepares
        view = thumbnail(whole) if "thumbnail" in prepares else whole
        try:
            return self.entry.prepared(frozen(view), self.settings, job=job or self._job)
        except Unfit:
            return {}

    def result(
        self, image: Image, region: Region | None = None, whole: Image | None = None
    ) -> Image:
        """The result for a read-only copy of ``image``; a selector's as (height, width, 1).

        Raises Broken when it has not the form it should have.
        """
        result = self.pixels(self(frozen(image), region, whole=whole), image)
        return result[..., None] if self.entry.declaration.selects else result

    def pixels(self, result: Any, image: Image) -> Image:
        """``result`` itself, when it has the form that the result for ``image`` should have."""
        expected = self.entry.expected(image.shape[0], image.shape[1], self.scale)
        if not isinstance(result, np.ndarray) or result.dtype != np.float32:
            kind = getattr(result, "dtype", type(result).__name__)
            raise Unusable(f"returns {kind} instead of float32")
        if result.shape != expected:
            raise Unusable(f"returns an array of shape {result.shape} instead of {expected}")
        return result

    def watched(self) -> Watched:
        """What the filter asks of its job, in a run over a photograph of 64 x 64 pixels."""
        image = frozen(photograph(64, 64))
        watched = Watched(self._job, image)
        self(image, job=watched)
        return watched

    def cancelled_at(self, call: int) -> Cancelling:
        """Run the filter with a job that is cancelled at that call; the job that it saw."""
        job = Cancelling(self._job, call)
        try:
            self(frozen(photograph(64, 64)), job=job)
        except Cancelled:
            job.heard = True
        return job

    def cut(self) -> tuple[int, int]:
        """How many pixels it looks at around each, its own and its networks', seen in a run; and
        what the place and size of a piece are multiples of.
        """
        if self.entry.declaration.generates:
            return 0, 1  # its networks look at no picture
        chain = self.watched().chain
        return self.entry.reach_of(self.settings) + chain.reach, chain.multiple


class Watched(Job):
    """A job that notes which networks run over ``image``, and on what."""

    def __init__(self, job: Any, image: Image) -> None:
        self._job = job
        self.chain = Chain(image)
        self.calls = 0
        self.networks: dict[str, Any] = {}

    def run(self, model: str, image: Image, **inputs: Any) -> Any:
        self.calls += 1
        contract = self.networks[model] = self._job.contract(model)
        result = self._job.run(model, image, **inputs)
        self.chain.add(contract, image, inputs.values(), result)
        return result

    def run_each(self, model: str, images: Sequence[Image], **inputs: Sequence[Any]) -> list[Image]:
        self.calls += 1
        contract = self.networks[model] = self._job.contract(model)
        named = each_with(images, inputs)
        results: list[Image] = self._job.run_each(model, images, **inputs)
        for image, given, result in zip(images, named, results, strict=True):
            self.chain.add(contract, image, given.values(), result)
        return results

    def step(self, model: str, image: Image, before: Mapping[str, Image], **inputs: Any) -> Any:
        self.calls += 1
        contract = self.networks[model] = self._job.contract(model)
        result, carried = self._job.step(model, image, before, **inputs)
        self.chain.add(contract, image, inputs.values(), result)
        return result, carried

    def describe(self, model: str, image: Image | None, **inputs: Any) -> Any:
        self.calls += 1
        self.networks[model] = self._job.contract(model)
        return self._job.describe(model, image, **inputs)

    def progress(self, fraction: float, words: str = "") -> None:
        self.calls += 1
        self._job.progress(fraction)

    def preview(self, image: Image) -> None:
        self.calls += 1

    def check(self) -> None:
        self.calls += 1
        self._job.check()


class Cancelling(Job):
    """A job that the user cancels: from call number ``call`` on, 1 being the first."""

    def __init__(self, job: Any, call: int) -> None:
        self._job, self._left = job, call
        self.heard = False

    def run(self, model: str, image: Image, **inputs: Any) -> Any:
        self.check()
        return self._job.run(model, image, **inputs)

    def step(self, model: str, image: Image, before: Mapping[str, Image], **inputs: Any) -> Any:
        self.check()
        return self._job.step(model, image, before, **inputs)

    def describe(self, model: str, image: Image | None, **inputs: Any) -> Any:
        self.check()
        return self._job.describe(model, image, **inputs)

    def progress(self, fraction: float, words: str = "") -> None:
        self.check()

    def preview(self, image: Image) -> None:
        self.check()

    def check(self) -> None:
        self._left -= 1
        if self._left <= 0:
            raise Cancelled
