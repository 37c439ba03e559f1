"""Live: who runs cheap filters while a picture is rendered, and what goes wrong with that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.contents.content import LiveFilter
from safelight.document.layer import Layer

Pixels = NDArray[np.float32]


class FilterFailed(Exception):
    """A cheap filter gave no result; the message is the reason, a clause with its subject:
    ``Gaussian blur (safelight-blur) crashed (SIGABRT)``.
    """


class LayerFailed(Exception):
    """A layer that is shown could not be computed, so there is no true picture of the document.

    The message is a sentence that names the layer and the ``reason``, a clause.
    """

    def __init__(self, layer: Layer, reason: str) -> None:
        super().__init__(f"{layer.name} could not be computed: {reason}.")
        self.layer_id = layer.id
        self.name = layer.name
        self.reason = reason


class Live(Protocol):
    """Runs cheap filters while a picture is rendered."""

    def reach(self, filter: LiveFilter, level: int) -> int | None:
        """Pixels of ``level`` around its own that count; None when the filter is not cheap,
        cannot run or is not there: what was kept of it is shown instead.
        """

    def run(self, filter: LiveFilter, image: Pixels, region: Region, canvas: Region) -> Pixels:
        """The filter's result for ``image`` (height, width, 3), sRGB-encoded, which lies at
        ``region`` of a picture that fills ``canvas``. Raises FilterFailed.
        """

    def in_turn(
        self, filters: Sequence[LiveFilter], image: Pixels, region: Region, canvas: Region
    ) -> Pixels:
        """The result of neighbouring filters, float32 (height, width, 3), sRGB-encoded, like the
        ``image``; each filter is given what the one before it made of all of ``region``. Raises
        FilterFailed where one of them fails, whichever it is.
        """

    def failure(self, filter: LiveFilter) -> str:
        """Why the filter cannot be computed, as a clause; "" where nothing is known against it."""

    def keeps_channels(self, filters: Sequence[LiveFilter]) -> bool:
        """Whether neighbouring filters at full size are tones that keep channels apart: of each
        pixel's result red depends on its red alone, and so on.
        """

    def scaled(self, filter: LiveFilter, factor: float) -> LiveFilter:
        """A filter with its lengths ``factor`` times as long, as far as is legal."""
