"""Network file: the smallest network that is worth running, as the bytes of an ONNX file.

A plugin author who starts from a template should start with a network that runs, and needs
neither PyTorch nor the onnx package for it. An ONNX file is a protocol buffer; the few kinds of
field that this one has are written here by hand. Field numbers are those of onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

_IR_VERSION, _OPSET = 8, 17
"""Of 2022, so that every ONNX Runtime that Safelight accepts can read the file."""

_FLOAT, _INT64 = 1, 7
"""TensorProto.DataType."""

_INTS, _STRING = 7, 3
"""AttributeProto.AttributeType."""


def residual_network(
    weights: NDArray[np.float32], properties: Mapping[str, str], *, producer: str = "safelight"
) -> bytes:
    """An ONNX file: ``result = image + convolution(image)``, for pictures of any size.

    ``weights`` is float32 (3, 3, 3, 3): result channel, image channel, row, column. Beyond its
    edge the picture is continued with its edge pixels. ``properties`` are metadata properties;
    ``contract`` makes those that the host reads. ``image`` and ``result`` are (1, 3, height,
    width), float32. Raises ValueError for weights of another shape or that are not finite.
    """
    weights = np.ascontiguousarray(weights, "<f4")
    if weights.shape != (3, 3, 3, 3) or not np.isfinite(weights).all():
        raise ValueError(f"weights are finite and (3, 3, 3, 3); these are {weights.shape}")
    pads = np.array([0, 0, 1, 1, 0, 0, 1, 1], "<i8")
    graph = b"".join(
        (
            _bytes(1, _node("Pad", ("image", "pads"), "padded", _text_attribute("mode", "edge"))),
            _bytes(
                1,
                _node("Conv", ("padded", "weights"), "change", _ints_attribute("pads", [0] * 4)),
            ),
            _bytes(1, _node("Add", ("image", "change"), "result")),
            _text(2, "residual"),
            _bytes(5, _tensor("pads", _INT64, pads)),
            _bytes(5, _tensor("weights", _FLOAT, weights)),
            _bytes(11, _picture("image")),
            _bytes(12, _picture("result")),
        )
    )
    return b"".join(
        (
            _number(1, _IR_VERSION),
            _text(2, producer),
            _bytes(7, graph),
            _bytes(8, _text(1, "") + _number(2, _OPSET)),
            *(_bytes(14, _text(1, key) + _text(2, text)) for key, text in properties.items()),
        )
    )


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
    return {f"safelight.{name}": text for name, text in properties.items()}


def sharpening() -> NDArray[np.float32]:
    """Weights (3, 3, 3, 3) that add to every pixel how far it stands out from its neighbours.

    Each channel's nine sum to 0, so that an even colour stays what it is.
    """
    weights = np.zeros((3, 3, 3, 3), np.float32)
    for channel in range(3):
        weights[channel, channel] = -np.array([[1, 2, 1], [2, 0, 2], [1, 2, 1]]) / 16
        weights[channel, channel, 1, 1] = 12 / 16
    return weights


def _node(operator: str, inputs: Iterable[str], output: str, *attributes: bytes) -> bytes:
    """A NodeProto. It is named after its output."""
    names = b"".join(_text(1, name) for name in inputs)
    listed = b"".join(_bytes(5, attribute) for attribute in attributes)
    return names + _text(2, output) + _text(3, output) + _text(4, operator) + listed


def _text_attribute(name: str, text: str) -> bytes:
    return _text(1, name) + _text(4, text) + _number(20, _STRING)


def _ints_attribute(name: str, numbers: Iterable[int]) -> bytes:
    return _text(1, name) + b"".join(_number(8, item) for item in numbers) + _number(20, _INTS)


def _tensor(name: str, kind: int, values: NDArray[np.generic]) -> bytes:
    """A TensorProto with its numbers as raw little-endian bytes."""
    sides = b"".join(_number(1, side) for side in values.shape)
    return sides + _number(2, kind) + _text(8, name) + _bytes(9, values.tobytes())


def _picture(name: str) -> bytes:
    """A ValueInfoProto: float32 (1, 3, height, width), the last two free."""
    sides = (_number(1, 1), _number(1, 3), _text(2, "height"), _text(2, "width"))
    shape = b"".join(_bytes(1, side) for side in sides)
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, _FLOAT) + _bytes(2, shape)))


def _number(field: int, value: int) -> bytes:
    """A field that holds a whole number of 0 or more."""
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    """A field that holds bytes: a text, numbers in a row, another message."""
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*encoded, value))
