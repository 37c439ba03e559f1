"""Worker's job: what a running filter sees of the process that it runs in."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from safelight import api
from safelight.api.filter_job import each_with
from safelight.workers.far.dry_run import beside
from safelight.workers.far.further_pictures import Further, laid_over
from safelight.workers.far.inference import Inference
from safelight.workers.glimpses import GLIMPSE_PAUSE, glimpse, short
from safelight.workers.wire import messages

_STEP = 1e-3
"""The least that progress rises by for the host to be told."""

_WORDS_PAUSE = 0.1
"""Seconds between words that are told although progress has not risen."""


class Answering(Protocol):
    """The process that answers a question: its networks, what is cancelled, its way to the host.

    ``ran`` are the SHA-256 hashes of the networks that were run for the question, by name.
    """

    inference: Inference
    cancelled: set[int]
    ran: dict[str, str]

    def reply(self, question: messages.Question, answer: messages.Answer) -> None:
        """Tell the host something about a question."""

    def array(self, place: messages.Place) -> NDArray[Any]:
        """The array that lies in a block, of any shape and dtype."""


class WorkerJob(api.Job):
    """What a running filter sees: its networks, its progress, whether it is still wanted."""

    def __init__(
        self,
        worker: Answering,
        question: messages.Question,
        folder: Path,
        device: str,
        *,
        threads: int = 0,
        picture: bool = True,
    ) -> None:
        self._picture = picture
        self._worker = worker
        self._question = question
        self._device = device
        self._threads = threads
        self._folder = folder
        self._told, self._words = -1.0, ""
        self._spoken = self._shown = -1.0

    def run(self, model: str, image: api.Image, **inputs: Any) -> api.Image:
        self.check()
        path, inference = self._network(model), self._worker.inference
        inputs = self._laid_over(inference.contract(path).further, image, inputs)
        return inference.run(
            path, image, inputs, self._device, self._threads, picture=self._picture
        )

    def run_each(
        self, model: str, images: Sequence[api.Image], **inputs: Sequence[Any]
    ) -> list[api.Image]:
        self.check()
        path, inference = self._network(model), self._worker.inference
        further = inference.contract(path).further
        named = [
            self._laid_over(further, image, each)
            for image, each in zip(images, each_with(images, inputs), strict=True)
        ]
        return inference.run_each(
            path, images, named, self._device, self._threads, picture=self._picture
        )

    def _network(self, model: str) -> Path:
        """The file of a network that is run now, which the host is told."""
        path = beside(self._folder, model)
        self._worker.ran[model] = self._worker.inference.contract(path).sha256
        return path

    def _laid_over(
        self, further: Further, image: api.Image, inputs: dict[str, Any]
    ) -> dict[str, Any]:
        """``inputs`` with a second picture of another size laid over the whole picture."""
        guide, question = np.asarray(inputs.get(further.guide, 0.0)), self._question
        if further.guide_fit != "aligned" or guide.ndim != 3 or guide.shape == image.shape:
            return inputs
        if not isinstance(question, messages.Run) or question.canvas is None:
            return inputs
        region, canvas = question.region, question.canvas
        if image.shape[:2] != (region.height, region.width) or not question.input:
            return inputs
        return inputs | {further.guide: laid_over(guide, region, canvas)}

    def step(
        self, model: str, image: api.Image, before: Mapping[str, api.Image], **inputs: Any
    ) -> tuple[api.Image, dict[str, api.Image]]:
        self.check()
        path, inference = self._network(model), self._worker.inference
        return inference.step(path, image, before, inputs, self._device, self._threads)

    def describe(self, model: str, image: api.Image | None, **inputs: Any) -> NDArray[np.float32]:
        self.check()
        path, inference = self._network(model), self._worker.inference
        return inference.describe(path, image, inputs, self._device, self._threads)

    def describe_each(
        self, model: str, images: Sequence[api.Image | None], **inputs: Sequence[Any]
    ) -> list[NDArray[np.float32]]:
        self.check()
        path, inference = self._network(model), self._worker.inference
        named = each_with(images, inputs)
        return inference.describe_each(path, images, named, self._device, self._threads)

    def progress(self, fraction: float, words: str = "") -> None:
        self.check()
        fraction = min(max(float(fraction), 0.0), 1.0)
        words, now = short(str(words)), time.monotonic()
        news = words != self._words and now >= self._spoken + _WORDS_PAUSE
        if fraction >= self._told + _STEP or news:
            self._told, self._words, self._spoken = fraction, words, now
            self._worker.reply(self._question, messages.Progress(fraction=fraction, words=words))

    def preview(self, image: api.Image) -> None:
        self.check()
        shown = np.asarray(image, np.float32)
        if shown.ndim not in (2, 3) or shown.shape[2:] not in ((), (3,)) or 0 in shown.shape:
            raise ValueError(f"a preview is (height, width, 3), not {shown.shape}")
        question, now = self._question, time.monotonic()
        if not isinstance(question, messages.Run) or question.glimpse is None:
            return
        if now >= self._shown + GLIMPSE_PAUSE:
            self._shown = now
            part = glimpse(shown, question.region, question.keep)
            self._worker.array(replace(question.glimpse, shape=part.shape))[:] = part
            self._worker.reply(question, messages.Glimpsed(shape=part.shape))

    def check(self) -> None:
        if self._question.job in self._worker.cancelled:
            raise api.Cancelled
