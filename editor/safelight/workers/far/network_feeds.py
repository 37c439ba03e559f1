"""Network feeds: what a graph is given, made from a picture and what lies on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Image
from safelight.workers.far.network_contract import Contract
from safelight.workers.far.tensors import folded

_FIELD = 8  # places a side, of what a generator is tried with

_KINDS = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(bool)": "bool",
}
"""What the runtime calls the elements of an input, as numpy calls them."""


def shown_to(image: Image, contract: Contract) -> tuple[Image, Image | None]:
    """The image (height, width, 3) as the network knows images, and the light that is kept from
    it, as large, if any is. Values are sRGB-encoded, 0 to 1 in what the network is shown.
    """
    if contract.beyond == "known":
        return image, None
    grain = contract.beyond == "returned" and contract.scale == 1 and contract.reach > 0
    return folded(image, grain=grain)


def filled_up(image: Image, contract: Contract) -> Image:
    """The image (height, width, 3 or more), sRGB-encoded, with its last rows and columns repeated
    up to sizes that the network takes.
    """
    margin = contract.margin
    sides = tuple(side + 2 * margin for side in image.shape[:2])
    if contract.size is not None:
        wanted = contract.size
    else:
        tall, wide = (
            -(-max(side, contract.least) // contract.multiple) * contract.multiple for side in sides
        )
        wanted = (tall, wide)
    extra = [
        (margin, margin + max(goal - side, 0)) for goal, side in zip(wanted, sides, strict=True)
    ]
    if not any(after for _, after in extra):
        return image
    return np.pad(image, (*extra, (0, 0)), mode="edge")


def feeds_of(
    session: Any, image: Image | None, inputs: Mapping[str, Any], contract: Contract
) -> dict[str, Any]:
    """What a graph is given, by the names of its inputs: the image (height, width, 3 or more),
    sRGB-encoded, if there is one, with what lies on it, and the further inputs, each in its own
    kind of number.
    """
    kinds = {item.name: _KINDS.get(item.type, "float32") for item in session.get_inputs()}
    feeds: dict[str, Any] = {}
    further = contract.further
    if image is not None:
        given = {*inputs, *further.names, *contract.carries}
        free = [key for key in kinds if key not in given]
        main = "image" if "image" in free else next(iter(free), "")
        feeds[main] = contract.format.tensor(image[..., :3], kinds.get(main, "float32"))
        sides = {item.name: item.shape for item in session.get_inputs()}
        if all(name in sides for name in further.names):
            feeds |= further.tensors(
                image, inputs, contract.format, sides, kinds, contract.multiple
            )
    for key, value in inputs.items():
        if key not in feeds:
            feeds[key] = np.asarray(value, kinds.get(key, "float32"))
    return feeds


def plain_inputs(session: Any, contract: Contract) -> dict[str, Any]:
    """Something for the inputs beside the picture, such as a noise level or a style."""
    shapes = {
        item.name: item.shape
        for item in session.get_inputs()
        if item.name not in {*contract.further.names, *contract.carries}
    }
    if contract.generates:
        return {
            name: np.full([side if isinstance(side, int) else _FIELD for side in shape], 0.5)
            for name, shape in shapes.items()
        }
    if "image" not in shapes:
        shapes = {name: shape for name, shape in shapes.items() if len(shape) < 3}
    return {
        name: np.full([side if isinstance(side, int) else 1 for side in shape], 0.5)
        for name, shape in shapes.items()
        if name != "image"
    }


def nothing_carried(
    session: Any, contract: Contract, shape: tuple[int, ...]
) -> dict[str, NDArray[np.float32]]:
    """Zeros for what a network carries, for a frame of that ``shape``: by name, float32 of shape
    (1, channels, height, width), the sides those of the frame divided by the network's size.
    """
    channels = {item.name: item.shape[1] for item in session.get_inputs() if len(item.shape) == 4}
    return {
        name: np.zeros((1, channels[name], shape[0] // size, shape[1] // size), np.float32)
        for name, size in contract.carries.items()
        if isinstance(channels.get(name), int)
    }
