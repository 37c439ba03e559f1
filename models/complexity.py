"""What happens inside a network: how much it computes, and how large its numbers grow."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the import: it reports usage by default

import numpy as np
import onnx
import onnxruntime

SIDE = 64  # input pixels of the picture that is counted on


def multiply_adds(path: Path, others: Mapping[str, np.ndarray] | None = None) -> float:
    """Multiply-adds per input pixel of the convolutions and matrix products of a file.

    `others` are what a network needs beside `image`, by name, of a picture of SIDE squared pixels.

    Counted on a run of SIDE squared pixels, from the true shapes of everything inside. In a network
    of convolutions and window attention the number is the same for every size.
    """
    stored = onnx.load(str(path))
    graph = stored.graph
    shapes = {weights.name: tuple(weights.dims) for weights in graph.initializer}
    given = {"image": np.zeros((1, 3, SIDE, SIDE), np.float32)} | dict(others or {})
    shapes |= {name: np.shape(result) for name, result in inside(stored, given).items()}
    total = 0
    for node in graph.node:
        if node.op_type == "Conv":
            # Every result is a sum over the inputs of its group and the kernel: (out, in, h, w).
            total += math.prod(shapes[node.output[0]]) * math.prod(shapes[node.input[1]][1:])
        elif node.op_type in ("MatMul", "Gemm"):
            transposed = any(a.name == "transA" and a.i for a in node.attribute)
            inner = shapes[node.input[0]][-2 if transposed else -1]
            total += math.prod(shapes[node.output[0]]) * inner
    return total / SIDE**2


def largest_activation(
    path: Path, pictures: Iterable[np.ndarray], others: Mapping[str, np.ndarray] | None = None
) -> float:
    """The largest magnitude of any result inside a network, over pictures (h, w, 3) float32.

    `others` are what a network needs beside `image`, by name.
    """
    stored = onnx.load(str(path))
    largest = 0.0
    for picture in pictures:
        given = {"image": np.ascontiguousarray(picture.transpose(2, 0, 1)[None])}
        given |= dict(others or {})
        for result in inside(stored, given).values():
            if result.dtype == np.float32 and result.size:
                largest = max(largest, float(np.abs(result).max()))
    return largest


def inside(stored: onnx.ModelProto, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every result inside a network for these inputs, and the inputs, by name."""
    names = [name for node in stored.graph.node for name in node.output if name]
    watched = onnx.ModelProto()
    watched.CopyFrom(stored)
    del watched.graph.output[:]
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        watched.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return dict(zip(names, session.run(names, given), strict=True)) | given
