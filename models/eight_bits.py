"""Networks of convolutions in eight bits: taught so in PyTorch, written as a graph of QDQ nodes.

A network is stated once, as steps on what `Steps` gives: quantise, convolve, add, shuffle. `Taught`
takes the steps in PyTorch, every tensor between two convolutions rounded to 256 values and every
kernel to 255 per channel of results, with gradients that pass straight through (Jacob et al.,
"Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
2018). `Written` takes the same steps and leaves an ONNX graph whose convolutions a runtime does in
whole numbers.

Activations are ReLU: that is the lower end of what eight bits can say, so it takes no time.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from models import onnxfile

LEVELS = 255  # steps of an activation in eight bits
KERNEL = 127  # steps of a kernel on either side of zero
SHARES = np.linspace(0.3, 1.0, 29)  # of the widest range, that are tried for the narrower one
SPARE = 1.25  # times the range in which the values seen are off by least: others will come
COUNTED = 4096  # bins of a tensor's values
SMALLEST = 1e-8  # of a scale
INPUTS, OUTPUTS = (
    4,
    16,
)  # a convolution of other multiples takes a runtime up to eight times as long

V = TypeVar("V")


class Steps(Protocol[V]):
    """What a network in eight bits is made of; each value that it gives has a name of its own.

    `V` is a tensor (n, channels, h, w), or what stands for it in a graph.
    """

    def quantise(self, name: str, x: V) -> V: ...
    def convolve(self, name: str, x: V, relu: bool = False, stride: int = 1) -> V: ...
    def add(self, name: str, a: V, b: V) -> V: ...
    def shuffle(self, x: V, factor: int) -> V: ...


class Range(nn.Module):
    """The values that one tensor has in eight bits: `low` to `high`, zero among them."""

    low: Tensor
    high: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("low", torch.zeros(()))
        self.register_buffer("high", torch.ones(()))
        self.seen: np.ndarray | None = None
        self.widest = (0.0, 0.0)

    def scale_and_zero(self) -> tuple[float, int]:
        """The width of a step, and which of the 256 is zero."""
        low, high = min(float(self.low), 0.0), max(float(self.high), 0.0)
        scale = float(np.float32(max((high - low) / LEVELS, SMALLEST)))
        return scale, int(np.clip(round(-low / scale), 0, LEVELS))

    def forward(self, x: Tensor) -> Tensor:
        scale, zero = self.scale_and_zero()
        return torch.fake_quantize_per_tensor_affine(x, scale, zero, 0, LEVELS)

    def watch(self, x: Tensor) -> None:
        """Count the values of a tensor, for `settle`."""
        low, high = float(x.min()), float(x.max())
        self.widest = min(self.widest[0], low), max(self.widest[1], high)
        kept = x.detach().flatten()
        kept = kept[:: max(1, len(kept) // COUNTED)].numpy()
        self.seen = kept if self.seen is None else np.concatenate([self.seen, kept])

    def settle(self) -> None:
        """Take the range, of those tried, in which the values seen are off by least, squared, and
        SPARE times as much where that is less than was seen.
        """
        assert self.seen is not None
        best = float("inf")
        for share in SHARES:
            low, high = (end * share for end in self.widest)
            scale = max((high - low) / LEVELS, SMALLEST)
            zero = np.clip(np.round(-low / scale), 0, LEVELS)
            levels = np.clip(np.round(self.seen / scale) + zero, 0, LEVELS)
            error = float(np.mean(((levels - zero) * scale - self.seen) ** 2))
            if error < best:
                best = error
                spare = min(SPARE, 1 / share)
                self.low.fill_(low * spare)
                self.high.fill_(high * spare)
        self.seen = None


class EightBits(nn.Module):
    """A network's convolutions and the ranges of all between them, by the names of the steps.

    `quantising` is off while a network is taught in float32 and while its ranges are looked for.
    """

    def __init__(self, convolutions: dict[str, nn.Conv2d], others: Iterable[str]) -> None:
        super().__init__()
        self.convolutions = nn.ModuleDict(convolutions)
        self.ranges = nn.ModuleDict({name: Range() for name in (*convolutions, *others)})
        self.quantising = self.watching = False

    @contextmanager
    def watched(self) -> Any:
        """Within it values are counted; afterwards ranges are those of what was seen."""
        self.quantising, self.watching = False, True
        try:
            yield
        finally:
            self.watching = False
        for one in self.ranges.values():
            one.settle()  # type: ignore[operator]
        self.quantising = True


class Taught:
    """The steps in PyTorch."""

    def __init__(self, held: EightBits) -> None:
        self._held = held

    def quantise(self, name: str, x: Tensor) -> Tensor:
        """A tensor as eight bits have it."""
        one = self._held.ranges[name]
        if self._held.watching:
            one.watch(x)  # type: ignore[operator]
        made: Tensor = one(x) if self._held.quantising else x
        return made

    def convolve(self, name: str, x: Tensor, relu: bool = False, stride: int = 1) -> Tensor:
        """A convolution of what is in eight bits, and its result in eight bits."""
        layer: Any = self._held.convolutions[name]
        kernel = layer.weight
        if self._held.quantising:
            scales = kernel_scales(kernel.detach())
            zeros = torch.zeros(len(scales), dtype=torch.int32)
            kernel = torch.fake_quantize_per_channel_affine(
                kernel, scales, zeros, 0, -KERNEL, KERNEL
            )
        made = F.conv2d(x, kernel, layer.bias, stride, layer.padding)
        return self.quantise(name, made.relu() if relu else made)

    def add(self, name: str, a: Tensor, b: Tensor) -> Tensor:
        """A sum, in eight bits."""
        return self.quantise(name, a + b)

    def shuffle(self, x: Tensor, factor: int) -> Tensor:
        """Channels beside each other as pixels beside each other."""
        return F.pixel_shuffle(x, factor)


def kernel_scales(kernel: Tensor) -> Tensor:
    """The width of a step for each channel of results of a kernel (outputs, inputs, h, w)."""
    return (kernel.abs().amax((1, 2, 3)) / KERNEL).clamp(min=SMALLEST)


@dataclass(frozen=True)
class Eight:
    """A tensor of a graph: the name of its eight bits, of a step's width and of zero."""

    name: str
    scale: str
    zero: str
    width: float


class Written:
    """The steps as nodes of a graph."""

    def __init__(self, held: EightBits) -> None:
        self._held = held
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: Any) -> str:
        """A constant of the graph, by its name."""
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, kind: str, given: Iterable[str], made: str, **attributes: Any) -> str:
        """A node of the graph with one result, by its name."""
        self.nodes.append(helper.make_node(kind, list(given), [made], name=made, **attributes))
        return made

    def number(self, x: Eight) -> str:
        """A tensor as float32."""
        made = f"{x.name}_number_{len(self.nodes)}"
        return self.node("DequantizeLinear", (x.name, x.scale, x.zero), made)

    def quantised(self, name: str, x: str) -> Eight:
        """What is float32 in the graph, in eight bits."""
        one: Any = self._held.ranges[name]
        width, zero = one.scale_and_zero()
        scale = self.constant(f"{name}_scale", np.float32(width))
        middle = self.constant(f"{name}_zero", np.uint8(zero))
        made = self.node("QuantizeLinear", (x, scale, middle), f"{name}_eight")
        return Eight(made, scale, middle, width)

    def quantise(self, name: str, x: Any) -> Any:
        return self.quantised(name, x)

    def convolve(self, name: str, x: Any, relu: bool = False, stride: int = 1) -> Any:
        layer: Any = self._held.convolutions[name]
        kernel = layer.weight.detach()
        outputs, inputs = kernel.shape[:2]
        more_inputs, more_outputs = -inputs % INPUTS, -outputs % OUTPUTS
        kernel = F.pad(kernel, (0, 0, 0, 0, 0, more_inputs, 0, more_outputs))
        scales = kernel_scales(kernel)
        whole = (kernel / scales[:, None, None, None]).round().clamp(-KERNEL, KERNEL)
        given = [
            self.number(self._widened(x, more_inputs) if more_inputs else x),
            self._parameter(f"{name}_kernel", whole.numpy().astype(np.int8), scales.numpy()),
        ]
        if layer.bias is not None:
            steps = x.width * scales.double()
            bias = F.pad(layer.bias.detach().double(), (0, more_outputs)) / steps
            whole = bias.round().numpy().astype(np.int32)
            given.append(self._parameter(f"{name}_bias", whole, steps.float().numpy()))
        (side, _), (pad, _) = layer.kernel_size, layer.padding
        made = self.node(
            "Conv", given, name, kernel_shape=[side] * 2, pads=[pad] * 4, strides=[stride] * 2
        )
        result = self.quantised(name, self.node("Relu", (made,), f"{name}_relu") if relu else made)
        return self._narrowed(result, outputs) if more_outputs else result

    def _parameter(self, name: str, whole: np.ndarray, scales: np.ndarray) -> str:
        """Whole numbers of a convolution, and how wide a step is for each result, as float32."""
        given = (
            self.constant(name, whole),
            self.constant(f"{name}_scale", scales),
            self.constant(f"{name}_zero", np.zeros(len(scales), whole.dtype)),
        )
        return self.node("DequantizeLinear", given, f"{name}_number", axis=0)

    def _widened(self, x: Eight, more: int) -> Eight:
        """A tensor with further channels of zeros."""
        name = f"{x.name}_wider_{len(self.nodes)}"
        sides = self.constant(f"{name}_sides", np.int64([0, 0, 0, 0, 0, more, 0, 0]))
        return replace(x, name=self.node("Pad", (x.name, sides, x.zero), name))

    def _narrowed(self, x: Eight, channels: int) -> Eight:
        """The first channels of a tensor."""
        name = f"{x.name}_narrower"
        ends = [
            self.constant(f"{name}_{end}", np.int64([value]))
            for end, value in (("first", 0), ("last", channels), ("axis", 1))
        ]
        return replace(x, name=self.node("Slice", (x.name, *ends), name))

    def add(self, name: str, a: Any, b: Any) -> Any:
        return self.quantised(name, self.node("Add", (self.number(a), self.number(b)), name))

    def shuffle(self, x: Any, factor: int) -> Any:
        made = self.node(
            *("DepthToSpace", (x.name,), f"{x.name}_{len(self.nodes)}"),
            blocksize=factor,
            mode="CRD",
        )
        return Eight(made, x.scale, x.zero, x.width)

    def model(self, result: str, scale: int, multiple: int, numbers: Iterable[str] = ()) -> Any:
        """The graph as a file: `image` in, and numbers that need not be given; `result` out."""
        sides = ("height", "width")
        made = tuple(name if scale == 1 else f"{scale}*{name}" for name in sides)
        float_ = TensorProto.FLOAT
        graph = helper.make_graph(
            [*self.nodes, helper.make_node("Identity", [result], ["result"])],
            "draft",
            [
                helper.make_tensor_value_info("image", float_, [1, 3, *sides]),
                *(helper.make_tensor_value_info(name, float_, []) for name in numbers),
            ],
            [helper.make_tensor_value_info("result", float_, [1, 3, *made])],
            self.constants,
        )
        opset = [helper.make_opsetid("", max(onnxfile.OPSET, 18))]
        stored = helper.make_model(graph, opset_imports=opset, ir_version=10)
        onnxfile.strip(stored)
        return stored
