"""Smallest network: the smallest network that is worth running, as the bytes of an ONNX file.

A plugin author who starts from a template should start with a network that runs, and needs no
PyTorch for it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_PREFIX = "safelight."

_IR_VERSION, _OPSET = 8, 17
"""Of 2022, so that every ONNX Runtime that Safelight accepts can read the file."""


def residual_network(weights: NDArray[np.float32], properties: Mapping[str, str]) -> bytes:
    """An ONNX file: ``result = image + convolution(image)``, for pictures of any size.

    ``weights`` is float32 (3, 3, 3, 3): result channel, image channel, row, column. Beyond its
    edge the picture is continued with its edge pixels. ``properties`` are metadata properties;
    ``contract`` makes those that the host reads. ``image`` and ``result`` are (1, 3, height,
    width), float32. Raises ValueError for weights of another shape or that are not finite.
    """
    from onnx import TensorProto, helper, numpy_helper  # not sooner: it takes half a second

    weights = np.ascontiguousarray(weights, np.float32)
    if weights.shape != (3, 3, 3, 3) or not np.isfinite(weights).all():
        raise ValueError(f"weights are finite and (3, 3, 3, 3); these are {weights.shape}")
    shape: list[str | int | None] = [1, 3, "height", "width"]
    graph = helper.make_graph(
        [
            helper.make_node("Pad", ["image", "pads"], ["padded"], mode="edge"),
            helper.make_node("Conv", ["padded", "weights"], ["change"]),
            helper.make_node("Add", ["image", "change"], ["result"]),
        ],
        "residual",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("result", TensorProto.FLOAT, shape)],
        [
            numpy_helper.from_array(np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64), "pads"),
            numpy_helper.from_array(weights, "weights"),
        ],
    )
    model = helper.make_model(
        graph,
        producer_name="safelight",
        ir_version=_IR_VERSION,
        opset_imports=[helper.make_opsetid("", _OPSET)],
    )
    helper.set_model_props(model, dict(properties))
    data: bytes = model.SerializeToString()
    return data


def contract(*, title: str, licence: str, training_data: str, reach: int) -> dict[str, str]:
    """The metadata properties by which a network of the picture's own size explains itself.

    ``reach`` is how many pixels around its own a result pixel depends on.
    """
    properties = {
        "contract": "1",
        "scale": "1",
        "reach": str(reach),
        "multiple": "1",
        "range": "0..1",
        "layout": "NCHW",
        "channels": "RGB",
        "tile": "448",
        "title": title,
        "version": "0.1.0",
        "licence": licence,
        "training_data": training_data,
    }
    return {f"{_PREFIX}{name}": text for name, text in properties.items()}


def stated(data: bytes, *, of_pictures: bool = True) -> dict[str, str]:
    """What an ONNX file says of itself: the properties of the contract, without their prefix.

    Raises ValueError, with a sentence, for what is no ONNX file or says nothing of itself; and,
    ``of_pictures``, for what takes more than a picture, or makes one of another size.
    """
    from onnx import load_model_from_string

    try:
        model = load_model_from_string(data)
    except Exception:  # protobuf's own, whose class differs between its versions
        raise ValueError("it is no ONNX file") from None
    said = {item.key: item.value for item in model.metadata_props}
    found = {
        key.removeprefix(_PREFIX): text for key, text in said.items() if key.startswith(_PREFIX)
    }
    if "contract" not in found:
        raise ValueError("it does not explain itself: `safelight models add` takes it")
    if not of_pictures:
        return found
    if [item.name for item in model.graph.input] != ["image"]:
        raise ValueError("it takes more than a picture")
    if found.get("scale", "1") != "1":
        raise ValueError("it makes a picture of another size")
    return found


def sharpening() -> NDArray[np.float32]:
    """Weights (3, 3, 3, 3) that add to every pixel how far it stands out from its neighbours.

    Each channel's nine sum to 0, so that an even colour stays what it is.
    """
    weights = np.zeros((3, 3, 3, 3), np.float32)
    for channel in range(3):
        weights[channel, channel] = -np.array([[1, 2, 1], [2, 0, 2], [1, 2, 1]]) / 16
        weights[channel, channel, 1, 1] = 12 / 16
    return weights
