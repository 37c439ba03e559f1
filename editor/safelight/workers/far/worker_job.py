"""Worker's job: what a running filter sees of the process that it runs in."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from safelight import api
from safelight.api.filter_job import each_with
from safelight.pixels import is_finite
from safelight.workers.far.dry_run import beside
from safelight.workers.far.further_pictures import Further, laid_over
from safelight.workers.far.inference import Inference
from safelight.workers.far.network_contract import ModelError
from safelight.workers.far.onnx_runtime import OutOfMemory
from safelight.workers.glimpses import GLIMPSE_PAUSE, glimpse, short
from safelight.workers.wire import messages

T = TypeVar("T")

_STEP = 1e-3
"""The least that progress rises by for the host to be told."""

_WORDS_PAUSE = 0.1
"""Seconds between words that are told although progress has not risen."""


class Answering(Protocol):
    """The process that answers a question: its networks, what is cancelled, its way to the host.

    ``ran`` are the SHA-256 hashes of the networks that were run for the question, by name;
    ``failed_drafts`` names the drafts that cannot be used.
    """

    inference: Inference
    cancelled: set[int]
    ran: dict[str, str]
    failed_drafts: set[str]

    def reply(self, question: messages.Question, answer: messages.Answer) -> None:
        """Tell the host something about a question."""

    def array(self, place: messages.Place) -> NDArray[Any]:
        """The array that lies in a block, of any shape and dtype."""


class WorkerJob(api.Job):
    """What a running filter sees: its networks, its progress, whether it is still wanted.

    ``drafts`` names the networks' drafts, which stand in for them where the question says so.
    """

    def __init__(
        self,
        worker: Answering,
        question: messages.Question,
        folder: Path,
        device: str,
        *,
        threads: int = 0,
        picture: bool = True,
        drafts: Mapping[str, str] | None = None,
    ) -> None:
        self._picture = picture
        self._worker = worker
        self._question = question
        self._device = device
        self._threads = threads
        self._folder = folder
        self._drafts = drafts or {}
        self._told, self._words = -1.0, ""
        self._spoken = self._shown = -1.0

    def run(self, model: str, image: api.Image, **inputs: Any) -> api.Image:
        inference = self._worker.inference

        def ran(path: Path) -> api.Image:
            named = self._laid_over(inference.contract(path).further, image, inputs)
            return inference.run(
                path, image, named, self._device, self._threads, picture=self._picture
            )

        return self._with_network(model, ran)

    def run_each(
        self, model: str, images: Sequence[api.Image], **inputs: Sequence[Any]
    ) -> list[api.Image]:
        inference = self._worker.inference

        def ran(path: Path) -> list[api.Image]:
            further = inference.contract(path).further
            named = [
                self._laid_over(further, image, each)
                for image, each in zip(images, each_with(images, inputs), strict=True)
            ]
            return inference.run_each(
                path, images, named, self._device, self._threads, picture=self._picture
            )

        return self._with_network(model, ran)

    def draft_of(self, model: str) -> Path | None:
        """The file of the draft that can stand in for a network; None where there is none, or none
        that takes and gives the same, or on a device that needs none.
        """
        name = self._drafts.get(model)
        if name is None or name in self._worker.failed_drafts:
            return None
        inference = self._worker.inference
        try:
            path = beside(self._folder, name)
            known = inference.contract(beside(self._folder, model), self._threads)
            usable = inference.contract(path, self._threads).stands_in_for(known)
            quick = inference.device(self._device, path).name == "cpu"
        except (ModelError, OutOfMemory):
            usable = quick = False
        if not usable:
            self._worker.failed_drafts.add(name)
        return path if usable and quick else None

    def _with_network(self, model: str, does: Callable[[Path], T]) -> T:
        """What is done with a network's file, or with that of its draft where drafts may stand in
        and that does well. The host is told the file.
        """
        self.check()
        drafting = isinstance(self._question, messages.Run) and self._question.draft
        draft = self.draft_of(model) if drafting else None
        if draft is not None:
            name = self._drafts[model]
            try:
                made = does(self._noted(name, draft))
                several: list[Any] = made if isinstance(made, list) else [made]
                if all(is_finite(one) for one in several):
                    return made
            except (ModelError, OutOfMemory):
                self.check()
            self._worker.failed_drafts.add(name)
        return does(self._noted(model, beside(self._folder, model)))

    def _noted(self, name: str, path: Path) -> Path:
        """The file of a network that is run now, which the host is told."""
        self._worker.ran[name] = self._worker.inference.contract(path).sha256
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
        path = self._noted(model, beside(self._folder, model))
        inference = self._worker.inference
        return inference.step(path, image, before, inputs, self._device, self._threads)

    def describe(self, model: str, image: api.Image | None, **inputs: Any) -> NDArray[np.float32]:
        inference = self._worker.inference
        return self._with_network(
            model,
            lambda path: inference.describe(path, image, inputs, self._device, self._threads),
        )

    def describe_each(
        self, model: str, images: Sequence[api.Image | None], **inputs: Sequence[Any]
    ) -> list[NDArray[np.float32]]:
        inference = self._worker.inference
        named = each_with(images, inputs)
        return self._with_network(
            model,
            lambda path: inference.describe_each(path, images, named, self._device, self._threads),
        )

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
