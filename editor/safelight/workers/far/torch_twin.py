"""Torch twin: an ONNX graph run by PyTorch, where that is installed, for the sake of its gradients.

PyTorch is needed to train networks, not to run them: where it is not at hand nothing here is used.
A twin is believed once it has given what the runtime gave.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOT_AT_HAND = "PyTorch is not installed beside it"

_STEPS = "its network has no gradient there: what it makes changes in steps, or not at all"

_AS_GOOD = 2e-3
"""How far the twin's pixel may lie from the runtime's, of 1."""

Operator = Callable[[Any, list[Any], dict[str, Any]], Any]
"""From torch, inputs (None for one left out) and attributes to a result, or several."""


class NoTwin(Exception):
    """Why there is no gradient: a clause that goes on after "as"."""


def at_hand() -> bool:
    """Whether PyTorch can be imported in this process; it is not imported by asking."""
    try:
        return importlib.util.find_spec("torch") is not None
    except (ImportError, ValueError):
        return False


def input_gradient(
    content: bytes, feeds: Mapping[str, Any], made: Any, pixel: tuple[int, int]
) -> NDArray[np.float32]:
    """How strongly each pixel of a network's first input decides a pixel (row, column) of its
    first result: float32 (height, width), the root of the sum of squares of the derivatives of the
    result's channels by the input's.

    ``content`` is the ONNX file, ``feeds`` are its inputs by name, of which the first is a picture
    (1, channels, height, width), ``made`` is what the runtime made of them, (1, channels, height,
    width). Raises NoTwin.
    """
    if not at_hand():
        raise NoTwin(NOT_AT_HAND)
    import torch

    graph, opset = _graph(content)
    name = next(iter(feeds))
    # From a copy: what the runtime was given may be read-only.
    given = {key: torch.from_numpy(np.array(value)) for key, value in feeds.items()}
    if given[name].ndim != 4 or np.ndim(made) != 4:
        raise NoTwin("the network takes or makes something else than a picture")
    given[name].requires_grad_(True)
    row, column = pixel
    with torch.enable_grad():
        result = _run(torch, graph, given, opset)
        seen = result[0, :, row, column]
        wanted = np.asarray(made)[0, :, row, column]
        if result.shape != np.shape(made) or not np.allclose(
            seen.detach().numpy(), wanted, atol=_AS_GOOD
        ):
            raise NoTwin("its twin in PyTorch does not give what the network gives")
        square = torch.zeros(given[name].shape[2:])
        for channel in range(seen.numel()):
            more = channel + 1 < seen.numel()
            try:
                (slope,) = torch.autograd.grad(seen[channel], given[name], retain_graph=more)
            except RuntimeError:  # a comparison, whole numbers, or nothing of the input is in it
                raise NoTwin(_STEPS) from None
            square += (slope[0] ** 2).sum(0)
    if not bool(square.any()):
        raise NoTwin(_STEPS)
    return np.asarray(square.sqrt().numpy(), np.float32)


def _graph(content: bytes) -> tuple[Any, int]:
    import onnx

    try:
        model = onnx.load_model_from_string(content)
    except Exception:  # protobuf's DecodeError, whose class differs between its versions
        raise NoTwin("its file cannot be read") from None
    opset = next((item.version for item in model.opset_import if not item.domain), 0)
    unknown = sorted({node.op_type for node in model.graph.node} - set(_OPERATORS))
    if unknown:
        raise NoTwin(f"the operator {unknown[0]} has no twin in PyTorch here")
    return model.graph, opset


def _run(torch: Any, graph: Any, given: Mapping[str, Any], opset: int) -> Any:
    """The first result of a graph. Raises NoTwin."""
    from onnx import helper, numpy_helper

    values: dict[str, Any] = {
        item.name: torch.from_numpy(numpy_helper.to_array(item).copy())
        for item in graph.initializer
    }
    values |= given
    try:
        for node in graph.node:
            attributes = {item.name: helper.get_attribute_value(item) for item in node.attribute}
            attributes |= {"opset": opset, "results": len(node.output)}
            inputs = [values[name] if name else None for name in node.input]
            made = _OPERATORS[node.op_type](torch, inputs, attributes)
            results = made if isinstance(made, (tuple, list)) else (made,)
            values |= dict(zip(node.output, results, strict=False))
        return values[graph.output[0].name]
    except NoTwin:
        raise
    except Exception as error:  # a stranger's graph may be anything
        kind = type(error).__name__
        raise NoTwin(f"its twin in PyTorch cannot be run ({kind})") from None


def _ends(torch: Any, image: Any, attributes: dict[str, Any], value: float = 0.0) -> Any:
    """An image (n, channels, rows, columns) filled up as ``pads`` says: top, left, bottom and
    right.
    """
    if attributes.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        raise NoTwin("a convolution fills up its input in a way that has no twin here")
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    return torch.nn.functional.pad(image, (left, right, top, bottom), value=value)


def _convolution(torch: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    image, kernel, *bias = inputs
    return torch.nn.functional.conv2d(
        _ends(torch, image, attributes),
        kernel,
        bias[0] if bias else None,
        stride=tuple(attributes.get("strides", (1, 1))),
        dilation=tuple(attributes.get("dilations", (1, 1))),
        groups=attributes.get("group", 1),
    )


def _transposed(torch: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    image, kernel, *bias = inputs
    pads = tuple(attributes.get("pads", (0, 0, 0, 0)))
    if pads[:2] != pads[2:] or "output_shape" in attributes:
        raise NoTwin("a transposed convolution is cut in a way that has no twin here")
    return torch.nn.functional.conv_transpose2d(
        image,
        kernel,
        bias[0] if bias else None,
        stride=tuple(attributes.get("strides", (1, 1))),
        padding=pads[:2],
        output_padding=tuple(attributes.get("output_padding", (0, 0))),
        groups=attributes.get("group", 1),
        dilation=tuple(attributes.get("dilations", (1, 1))),
    )


def _to_space(torch: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    image, size = inputs[0], attributes["blocksize"]
    if attributes.get("mode", b"DCR") == b"CRD":
        return torch.nn.functional.pixel_shuffle(image, size)
    count, channels, height, width = image.shape
    blocks = image.view(count, size, size, channels // size**2, height, width)
    blocks = blocks.permute(0, 3, 4, 1, 5, 2)
    return blocks.reshape(count, channels // size**2, height * size, width * size)


def _resized(torch: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    image, _, scales, sides = (*inputs, None, None, None)[:4]
    mode = attributes.get("mode", b"nearest").decode()
    if sides is not None:
        goal = tuple(int(side) for side in sides[-2:])
    else:
        each = zip(image.shape[2:], scales[-2:], strict=True)
        goal = tuple(int(side * float(by)) for side, by in each)
    where = attributes.get("coordinate_transformation_mode", b"half_pixel").decode()
    named = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic"}[mode]
    corners = {} if mode == "nearest" else {"align_corners": where == "align_corners"}
    return torch.nn.functional.interpolate(image, size=goal, mode=named, **corners)


def _reshaped(torch: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    value, sides = inputs[0], [int(side) for side in inputs[1]]
    if not attributes.get("allowzero", 0):
        sides = [value.shape[n] if side == 0 else side for n, side in enumerate(sides)]
    return value.reshape(sides)


def _shape(torch: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    sides = list(inputs[0].shape)[attributes.get("start", 0) : attributes.get("end")]
    return torch.tensor(sides, dtype=torch.int64)


def _converted(torch: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    from onnx import helper

    kind = str(np.dtype(helper.tensor_dtype_to_np_dtype(attributes["to"])))
    return inputs[0].to(getattr(torch, kind))


def _axes(inputs: list[Any], attributes: dict[str, Any]) -> list[int]:
    """Axes, an attribute in earlier versions of ONNX and an input in later ones."""
    if len(inputs) > 1 and inputs[1] is not None:
        return [int(axis) for axis in inputs[1]]
    return list(attributes.get("axes", ()))


def _unsqueezed(torch: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    value = inputs[0]
    axes = _axes(inputs, attributes)
    for axis in sorted(axis % (value.ndim + len(axes)) for axis in axes):
        value = value.unsqueeze(axis)
    return value


def _squeezed(torch: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    value = inputs[0]
    axes = _axes(inputs, attributes) or [n for n, side in enumerate(value.shape) if side == 1]
    for axis in sorted((axis % value.ndim for axis in axes), reverse=True):
        value = value.squeeze(axis)
    return value


def _mean(torch: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    axes = _axes(inputs, attributes) or list(range(inputs[0].ndim))
    return inputs[0].mean(axes, keepdim=bool(attributes.get("keepdims", 1)))


def _sliced(torch: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    value, starts, ends, axes, steps = (*inputs, None, None)[:5]
    where = range(len(starts)) if axes is None else [int(axis) for axis in axes]
    place = [slice(None)] * value.ndim
    for n, axis in enumerate(where):
        step = 1 if steps is None else int(steps[n])
        if step < 1:
            raise NoTwin("a part is taken backwards, which has no twin here")
        place[axis] = slice(int(starts[n]), int(ends[n]), step)
    return value[tuple(place)]


def _split(torch: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    axis = attributes.get("axis", 0)
    if len(inputs) > 1 and inputs[1] is not None:
        return torch.split(inputs[0], [int(part) for part in inputs[1]], axis)
    return torch.chunk(inputs[0], attributes.get("num_outputs", attributes["results"]), axis)


def _padded(torch: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    image, pads, value, axes = (*inputs, None, None, None)[:4]
    if image.ndim != 4 or axes is not None:
        raise NoTwin("something else than a picture is filled up")
    ends = [int(end) for end in pads]
    if any(ends[0:2]) or any(ends[4:6]):
        raise NoTwin("channels are filled up")
    mode = {b"constant": "constant", b"reflect": "reflect", b"edge": "replicate"}[
        attributes.get("mode", b"constant")
    ]
    filling = {"value": 0.0 if value is None else float(value)} if mode == "constant" else {}
    return torch.nn.functional.pad(image, (ends[3], ends[7], ends[2], ends[6]), mode, **filling)


def _product(torch: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    one, other, *added = inputs
    one = one.T if attributes.get("transA") else one
    other = other.T if attributes.get("transB") else other
    made = attributes.get("alpha", 1.0) * (one @ other)
    return made + attributes.get("beta", 1.0) * added[0] if added else made


def _constant(torch: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    from onnx import numpy_helper

    if "value" in attributes:
        return torch.from_numpy(numpy_helper.to_array(attributes["value"]).copy())
    found = next(attributes[key] for key in attributes if key.startswith("value_"))
    return torch.tensor(found)


def _pooled(torch: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    if attributes.get("ceil_mode") or any(attributes.get("pads", ())):
        raise NoTwin("a mean is taken over an edge, which has no twin here")
    size = tuple(attributes["kernel_shape"])
    steps = tuple(attributes.get("strides", (1, 1)))
    return torch.nn.functional.avg_pool2d(inputs[0], size, steps)


def _clipped(torch: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
    value, low, high = (*inputs, None, None)[:3]
    return torch.clamp(value, attributes.get("min", low), attributes.get("max", high))


def _plain(does: Callable[..., Any]) -> Operator:
    """An operator that needs torch's function of its inputs alone."""
    return lambda torch, inputs, attributes: does(torch, *inputs)


_OPERATORS: dict[str, Operator] = {
    "Conv": _convolution,
    "ConvTranspose": _transposed,
    "DepthToSpace": _to_space,
    "Resize": _resized,
    "Reshape": _reshaped,
    "Shape": _shape,
    "Cast": _converted,
    "Unsqueeze": _unsqueezed,
    "Squeeze": _squeezed,
    "ReduceMean": _mean,
    "Slice": _sliced,
    "Split": _split,
    "Pad": _padded,
    "Gemm": _product,
    "Constant": _constant,
    "AveragePool": _pooled,
    "Clip": _clipped,
    "LeakyRelu": lambda torch, x, a: torch.nn.functional.leaky_relu(x[0], a.get("alpha", 0.01)),
    "Concat": lambda torch, x, a: torch.cat(x, a["axis"]),
    "Softmax": lambda torch, x, a: torch.softmax(x[0], a.get("axis", -1)),
    "Gather": lambda torch, x, a: torch.index_select(
        x[0], a.get("axis", 0), x[1].reshape(-1)
    ).reshape(*x[0].shape[: a.get("axis", 0)], *x[1].shape, *x[0].shape[a.get("axis", 0) + 1 :]),
    "Transpose": lambda torch, x, a: x[0].permute(*a.get("perm", range(x[0].ndim)[::-1])),
    "Expand": _plain(
        lambda torch, x, sides: x * torch.ones([int(s) for s in sides], dtype=x.dtype)
    ),
    "Relu": _plain(lambda torch, x: torch.relu(x)),
    "PRelu": _plain(lambda torch, x, slope: torch.where(x < 0, slope * x, x)),
    "Sigmoid": _plain(lambda torch, x: torch.sigmoid(x)),
    "Tanh": _plain(lambda torch, x: torch.tanh(x)),
    "Identity": _plain(lambda torch, x: x),
    "Neg": _plain(lambda torch, x: -x),
    "Abs": _plain(lambda torch, x: torch.abs(x)),
    "Sqrt": _plain(lambda torch, x: torch.sqrt(x)),
    "Exp": _plain(lambda torch, x: torch.exp(x)),
    "Log": _plain(lambda torch, x: torch.log(x)),
    "Add": _plain(lambda torch, x, y: x + y),
    "Sub": _plain(lambda torch, x, y: x - y),
    "Mul": _plain(lambda torch, x, y: x * y),
    "Div": _plain(
        lambda torch, x, y: (
            x / y if x.is_floating_point() else torch.div(x, y, rounding_mode="trunc")
        )
    ),
    "Pow": _plain(lambda torch, x, y: torch.pow(x, y)),
    "Greater": _plain(lambda torch, x, y: x > y),
    "Less": _plain(lambda torch, x, y: x < y),
    "LessOrEqual": _plain(lambda torch, x, y: x <= y),
    "Where": _plain(lambda torch, when, x, y: torch.where(when, x, y)),
    "Max": _plain(lambda torch, x, *more: _each(torch.maximum, x, more)),
    "Min": _plain(lambda torch, x, *more: _each(torch.minimum, x, more)),
    "MatMul": _plain(lambda torch, x, y: x @ y),
}
"""Operators by their names in ONNX; of a graph with any other there is no twin."""


def _each(does: Callable[[Any, Any], Any], first: Any, more: tuple[Any, ...]) -> Any:
    for other in more:
        first = does(first, other)
    return first
