"""Further pictures: what a network is given beside its picture: a mask, a second picture.

Which inputs they are, and what their numbers mean, stands in the file's metadata properties. A mask
and a guide that lies on the picture pixel by pixel go through windows, margins and other sizes
together with it, as further channels behind its three; a guide that is seen whole goes alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from safelight.api import Region
from safelight.workers.far.tensors import Format, each_resized, laid_out

MASKS: dict[str, tuple[int, int]] = {
    **{"0..1": (0, 1), "1..0": (1, 0), "0..255": (0, 255), "255..0": (255, 0)},
}
"""What a mask's number is where nothing is selected, and where something is."""

GUIDES = ("aligned", "whole")
"""How a second picture goes in: it lies on the picture, pixel by pixel, or is seen whole."""

_SELECTED = 1 / 255
"""From which share on a pixel counts as selected: networks know masks of two numbers."""

_LARGEST_GUIDE = 1024
"""Pixels of the longer side of a guide for a network that takes any size."""

Sides = Sequence[Any]
"""The dimensions of an input: a whole number where it takes no other."""


@dataclass(frozen=True, slots=True)
class Further:
    """The names of the inputs that are a mask and a second picture, "" where there is none.

    ``mask_range`` and ``guide_fit`` are of MASKS and GUIDES.
    """

    mask: str = ""
    mask_range: str = "0..1"
    guide: str = ""
    guide_fit: str = "aligned"

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs that are pictures."""
        return tuple(name for name in (self.mask, self.guide) if name)

    def stacked(
        self, image: NDArray[np.float32], inputs: Mapping[str, Any]
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """The image (height, width, 3) with all that lies on it as further channels, and the other
        inputs. Raises ValueError, a clause, for what is no mask or no picture.
        """
        rest, over = dict(inputs), [image]
        if self.mask in rest:
            mask = np.asarray(rest.pop(self.mask), np.float32)
            if mask.shape != image.shape[:2]:
                raise ValueError(f"is given a mask of {_shape(mask)}, not {_shape(image[..., 0])}")
            over.append(mask[..., np.newaxis])
        if self.guide in rest:
            guide = np.asarray(rest[self.guide], np.float32)
            if guide.ndim != 3 or guide.shape[2] != 3 or 0 in guide.shape:
                raise ValueError(f"is given a second picture of {_shape(guide)}")
            if self.guide_fit == "aligned":
                over.append(each_resized(rest.pop(self.guide), image.shape[1::-1]).clip(0, 1))
        return (np.concatenate(over, axis=2) if len(over) > 1 else image), rest

    def tensors(
        self,
        stack: NDArray[np.float32],
        rest: Mapping[str, Any],
        format: Format,
        sides: Mapping[str, Sides],
        kinds: Mapping[str, str],
        multiple: int = 1,
    ) -> Iterator[tuple[str, NDArray[Any]]]:
        """Names and tensors, of what lies on the image in ``stack``, float32 (height, width, 3 or
        more), and of a whole guide in ``rest``. ``sides`` and ``kinds`` are the dimensions and
        numpy's names, by input.
        """
        over = stack[..., 3:]
        if self.mask and over.shape[2] in (1, 4):
            plane, over = over[..., 0], over[..., 1:]
            values = np.where(plane > _SELECTED, *MASKS[self.mask_range][::-1])
            yield self.mask, _mask_tensor(values, format, sides[self.mask], kinds[self.mask])
        if over.shape[2] == 3:
            yield self.guide, format.tensor(np.ascontiguousarray(over), kinds[self.guide])
        elif self.guide in rest:
            guide = _sized(np.asarray(rest[self.guide]), format, sides[self.guide], multiple)
            yield self.guide, format.tensor(guide, kinds[self.guide])


def laid_over(picture: NDArray[np.float32], region: Region, canvas: Region) -> NDArray[np.float32]:
    """What of a picture (height, width, 3) lies at ``region`` where it covers all of ``canvas``."""
    tall, wide = picture.shape[:2]
    left, top = region.x - canvas.x, region.y - canvas.y
    across, down = wide / canvas.width, tall / canvas.height
    edges = left * across, top * down, (left + region.width) * across, (top + region.height) * down
    box = tuple(np.clip(edges, 0, (wide, tall, wide, tall)))
    planes = [
        PillowImage.fromarray(np.ascontiguousarray(picture[..., n])).resize(
            (region.width, region.height), PillowImage.Resampling.BICUBIC, box=box
        )
        for n in range(3)
    ]
    return np.stack([np.asarray(plane, np.float32) for plane in planes], axis=2)


def mask_axes(sides: Sides, layout: str) -> str | None:
    """The axes of a mask with these dimensions beside a picture of that layout; None for none."""
    return {len(layout): layout, len(layout) - 1: layout.replace("C", "")}.get(len(sides))


def _mask_tensor(values: NDArray[Any], format: Format, sides: Sides, kind: str) -> NDArray[Any]:
    axes = mask_axes(sides, format.layout) or format.layout
    count = sides[axes.index("C")] if "C" in axes else 1
    planes = np.repeat(values[..., np.newaxis], count if isinstance(count, int) else 1, axis=2)
    tensor = laid_out(planes, format.layout, kind)
    return tensor if "C" in axes else tensor.squeeze(format.layout.index("C"))


def _sized(
    guide: NDArray[np.float32], format: Format, sides: Sides, multiple: int
) -> NDArray[np.float32]:
    """A whole guide (height, width, 3) of a size that the network takes, 0 to 1."""
    tall, wide = guide.shape[:2]
    smaller = min(_LARGEST_GUIDE / max(tall, wide), 1.0)
    size = []
    for axis, side in (("W", wide), ("H", tall)):
        fixed = sides[format.layout.index(axis)] if len(sides) == len(format.layout) else None
        free = max(round(side * smaller / multiple), 1) * multiple
        size.append(fixed if isinstance(fixed, int) else free)
    return each_resized(guide, (size[0], size[1])).clip(0, 1)


def is_mask(name: str, element: str, sides: Sides, others: Collection[Sides]) -> bool:
    """Whether an input is a mask by its name, its kind, or because it has no colours where the
    inputs beside it have.
    """
    if element == "bool" or any(word in name.lower() for word in ("mask", "hole")):
        return True
    return not _coloured(sides) and any(_coloured(item) for item in others)


def _coloured(sides: Sides) -> bool:
    return 3 in (*sides[-3:-2], *sides[-1:])


def _shape(array: NDArray[Any]) -> str:
    return " × ".join(map(str, array.shape)) or "one number"
