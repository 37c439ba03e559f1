"""Network results: how what comes out of a network becomes a picture of the size that is wanted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Image
from safelight.workers.far.network_contract import Contract, ModelError
from safelight.workers.far.tensors import each_resized


def as_planes(result: Any, contract: Contract, name: str) -> NDArray[np.float32]:
    """A result as float32 (height, width, channels), 0 to 1. Raises ModelError for one of another
    shape.
    """
    try:
        return contract.format.planes(result)
    except (ValueError, AttributeError):
        raise ModelError(f"{name} gave a result of shape {np.shape(result)}") from None


def cut_back(
    planes: NDArray[np.float32],
    filled: Image,
    sides: tuple[int, ...],
    contract: Contract,
    name: str,
) -> Image:
    """The picture, float32 (height * scale, width * scale, 3), that ``planes`` are of an image with
    ``sides``, height and width, that was ``filled`` up. Raises ModelError for another size.
    """
    scale, margin, crop = contract.scale, contract.margin, contract.crop
    if list(planes.shape[:2]) != [side * scale - 2 * crop for side in filled.shape[:2]]:
        raise ModelError(f"{name} gave a result of shape {planes.shape}")
    height, width = sides
    # Of the margin's pixels the result has what the network did not take away.
    first, tall, wide = margin * scale - crop, height * scale, width * scale
    planes = planes[first : first + tall, first : first + wide]
    shown = filled[margin : margin + height, margin : margin + width, :3]
    return np.asarray(contract.format.picture(planes, shown))


def resized_back(
    planes: NDArray[np.float32], small: Image, image: Image, contract: Contract
) -> Image:
    """The picture, float32 (height * scale, width * scale, 3), of an ``image`` (height, width, 3)
    that ``planes`` are of it made ``small``.
    """
    size = image.shape[1] * contract.scale, image.shape[0] * contract.scale
    if contract.fit == "change":
        made = contract.format.picture(planes, small)
        before = each_resized(small, (made.shape[1], made.shape[0]))
        sharp = each_resized(image, size)
        return np.asarray(sharp + each_resized(made - before, size), np.float32)
    return np.asarray(contract.format.picture(each_resized(planes, size), image), np.float32)
