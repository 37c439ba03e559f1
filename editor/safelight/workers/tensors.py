"""Tensors: how a picture becomes what a network wants, and how its result becomes a picture.

Networks made elsewhere differ in the order of their axes, in the order of the colours and in
what white is. All of it is said by three words that stand in the file's metadata properties.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

LAYOUTS = ("NCHW", "NHWC", "CHW", "HWC")
"""Orders of a tensor's axes; N is 1."""

CHANNELS = ("RGB", "BGR", "Y")
"""What the channels are. Y is luma alone: the colours are kept and resized by the host."""

RANGES = {"0..1": (1.0, 0.0), "0..255": (255.0, 0.0), "-1..1": (2.0, -1.0)}
"""Factor and summand that turn 0 to 1 into what the network calls black to white."""

CHROMA_REACH = 4
"""Pixels around its own that a resized colour depends on: bicubic looks at two, and spares."""

_TO_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Full-range BT.601, the luma of JPEG and of nearly every network that takes luma alone."""


@dataclass(frozen=True, slots=True)
class Format:
    """The picture as a network knows it: ``layout``, ``channels`` and ``values`` (the range)."""

    layout: str = "NCHW"
    channels: str = "RGB"
    values: str = "0..1"

    @property
    def count(self) -> int:
        """How many channels: 1 or 3."""
        return 1 if self.channels == "Y" else 3

    def tensor(self, image: NDArray[np.float32], kind: str = "float32") -> NDArray[Any]:
        """(height, width, 3) float32, 0 to 1, as the network's input of numpy type ``kind``."""
        if self.channels == "Y":
            planes = (image @ _TO_LUMA)[..., np.newaxis]
        else:
            planes = image[..., ::-1] if self.channels == "BGR" else image
        factor, summand = RANGES[self.values]
        if (factor, summand) != (1.0, 0.0):
            planes = planes * np.float32(factor) + np.float32(summand)
        if np.dtype(kind).kind == "u":  # wraps round outside, where a float does not
            planes = np.clip(np.rint(planes), 0, np.iinfo(kind).max)
        if "HWC" not in self.layout:
            planes = planes.transpose(2, 0, 1)
        if self.layout.startswith("N"):
            planes = planes[np.newaxis]
        return np.ascontiguousarray(planes, kind)

    def planes(self, result: NDArray[Any]) -> NDArray[np.float32]:
        """The network's result as (height, width, 3 or 1) float32, 0 to 1, in RGB order.

        Raises ValueError for a result that is not shaped as the layout and channels say.
        """
        if result.ndim != len(self.layout) or (result.ndim == 4 and result.shape[0] != 1):
            raise ValueError(result.shape)
        planes = result[0] if result.ndim == 4 else result
        if "HWC" not in self.layout:
            planes = planes.transpose(1, 2, 0)
        if planes.shape[2] != self.count or 0 in planes.shape:
            raise ValueError(result.shape)
        planes = planes.astype(np.float32, copy=False)
        factor, summand = RANGES[self.values]
        if (factor, summand) != (1.0, 0.0):
            planes = (planes - np.float32(summand)) / np.float32(factor)
        return planes[..., ::-1] if self.channels == "BGR" else planes

    def picture(self, planes: NDArray[np.float32], image: NDArray[np.float32]) -> Any:
        """``planes`` as (height, width, 3); with luma alone in the colours of ``image``.

        ``image`` is what went in; its colours are resized to the result, bicubic.
        """
        if self.channels != "Y":
            return planes
        luma = image @ _TO_LUMA
        size = planes.shape[1], planes.shape[0]
        blue, red = (_resized(image[..., index] - luma, size) for index in (2, 0))
        # Colour differences, so that green follows from luma = 0.299 R + 0.587 G + 0.114 B.
        green = -(_TO_LUMA[0] * red + _TO_LUMA[2] * blue) / _TO_LUMA[1]
        return np.stack([red, green, blue], axis=2) + planes


def _resized(plane: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    if plane.shape == size[::-1]:
        return plane
    image = PillowImage.fromarray(np.ascontiguousarray(plane))
    return np.asarray(image.resize(size, PillowImage.Resampling.BICUBIC), np.float32)


def windows(length: int, window: int, overlap: int) -> list[tuple[int, int, int]]:
    """Cut a line of ``length`` into windows of one fixed size: (start, keep from, keep to) each.

    The keeps cover the line once; each is ``overlap`` away from its window's ends, except at the
    line's own. A line shorter than the window is one window that the caller fills up.
    """
    found: list[tuple[int, int, int]] = []
    start = kept = 0
    while start + window < length:
        found.append((start, kept, start + window - overlap))
        kept = start + window - overlap
        start = kept - overlap
    return [*found, (max(min(start, length - window), 0), kept, length)]
