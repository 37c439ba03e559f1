"""Filter job: ``Job``, what a filter may ask of the host while it runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api.image import Image


class Cancelled(BaseException):
    """The user does not want the result any more.

    A BaseException, so that ``except Exception`` in a filter does not swallow it.
    """


class Job(ABC):
    """One run of one filter. A filter that names ``job`` in its signature receives it.

    The host cuts the picture into pieces and calls the filter once for each, so ``image`` is
    one piece with as many pixels around it as the filter's networks look at.
    """

    @abstractmethod
    def run(self, model: str, image: Image, **inputs: Any) -> Image:
        """Run a network on ``image`` and return its result: (height * scale, width * scale, 3).

        ``model`` is an ONNX file beside the filter's module, or, as ``PACKAGE:FILE``, beside that
        of another package that the plugin depends on. ``inputs`` are further inputs of the graph by
        name: numbers, or arrays in the graph's own layout. One that the file calls its mask
        (`safelight.mask`) is float32 (height, width) as large as the image, 0 to 1, such as the
        filter's own ``mask``; one that it calls its second picture (`safelight.guide`) is float32
        (height, width, 3) of any size. Both become what the network takes as the image does, in
        windows, resized or filled up. Device choice, fall back to the CPU and cancelling are the
        host's. A network is shown light from 0 to 1; what lies beyond the host adds to its result
        again, unless its file says otherwise (`safelight.beyond`) or the filter is a selector.
        Which networks a filter runs may depend on its settings, never on the pixels: the host
        rehearses the filter once, to learn how many pixels its networks look at.
        """

    def run_each(self, model: str, images: Sequence[Image], **inputs: Sequence[Any]) -> list[Image]:
        """Run a network on each of ``images`` and return the results, in their order.

        The results are those of ``run``, (height * scale, width * scale, 3): of turns of a piece,
        of parts of it, of several pictures. ``inputs`` are those of ``run``, each a sequence with
        one for each image: ``job.run_each("fill.onnx", parts, mask=masks)``. Images of one size go
        through the network in one run where its file leaves the first dimension free, as many as
        make up a piece that suits it, through others one after another. What is given by name goes
        along if its first dimension is free under the same name, or it is a mask or a second
        picture; all else has to be the same for the images of one run. Raises ValueError for inputs
        that are not as many as the images.
        """
        given = zip(images, each_with(images, inputs), strict=True)
        return [self.run(model, image, **named) for image, named in given]

    def describe(self, model: str, image: Image | None, **inputs: Any) -> NDArray[np.float32]:
        """Run a network that tells something of ``image``; returns its first output, of any shape.

        For what is no picture: statistics, a style code, a histogram. The image, float32 (height,
        width, 3), is given as it is, not filled up: its sides are what the network takes. With None
        for an image a network that takes no picture, such as a generator's, is given its ``inputs``
        alone. All else is as for ``run``.
        """
        raise NotImplementedError(f"{type(self).__name__} runs no network that describes")

    def describe_each(
        self, model: str, images: Sequence[Image | None], **inputs: Sequence[Any]
    ) -> list[NDArray[np.float32]]:
        """Run a network that tells something of each of ``images``, as ``run_each`` does.

        Each image is float32 (height, width, 3) of sides that the network takes; the results are
        what ``describe`` returns for each, float32 of any shape. With None for each image a network
        is given its ``inputs`` alone, each a sequence with one for each image.
        """
        given = zip(images, each_with(images, inputs), strict=True)
        return [self.describe(model, image, **named) for image, named in given]

    def step(
        self, model: str, image: Image, before: Mapping[str, Image], **inputs: Any
    ) -> tuple[Image, dict[str, Image]]:
        """Run a recurrent network on a frame; returns its result and what it carries on.

        Each array of ``before``, float32 (height / size, width / size, channels), is an input of
        that name, (1, channels, height / size, width / size); the file says so
        (``safelight.carries``: ``previous:1,memory:2``, names and sizes). What it carries on are
        its outputs ``next_NAME``, of those that it has. All else is as for ``run``.
        """
        raise NotImplementedError(f"{type(self).__name__} runs no recurrent network")

    @abstractmethod
    def progress(self, fraction: float, words: str = "") -> None:
        """Say how far this piece is (0 to 1) and, in a few ``words``, what is being done.

        The user sees both: ``job.progress(step / 20, f"Step {step} of 20")``. Of words the first
        line counts, and of that 80 characters. A filter that says how far it is runs as a job, and
        its result is kept; one that does not, and runs no network, is run anew whenever it is
        drawn. Raises Cancelled when the user has cancelled.
        """

    def preview(self, image: Image) -> None:
        """Show what there is so far of this piece, while the filter goes on.

        ``image`` is float32 (height, width, 3), or (height, width) of a selector, sRGB-encoded, of
        any size: it stands for all of the piece and is shown with 256 pixels on its longer side, at
        most five times a second. What is shown is never kept. Raises Cancelled when the user has
        cancelled, and ValueError for another shape.
        """
        self.check()

    @abstractmethod
    def check(self) -> None:
        """Raise Cancelled when the user has cancelled; call it inside long loops."""


def each_with(
    images: Sequence[Image | None], inputs: Mapping[str, Sequence[Any]]
) -> list[dict[str, Any]]:
    """The inputs of each image by name, of ``inputs`` that are a sequence each: one for each of
    ``images``, (height, width, 3). Raises ValueError where they are not as many.
    """
    for name, values in inputs.items():
        if len(values) != len(images):
            raise ValueError(f"{name} is {len(values)} inputs for {len(images)} images")
    return [{name: values[n] for name, values in inputs.items()} for n in range(len(images))]
