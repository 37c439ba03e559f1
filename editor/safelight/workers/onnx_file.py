"""ONNX file: what it says of itself, read without running it.

Files come from strangers: what is corrupt, hostile or absurd is refused here, in a sentence,
before a runtime sees it. The onnx package does the reading; it is imported when a file is read,
and that is never in the window's process.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safelight.workers.locked_network import key_id

LARGEST = 2 << 30
"""Bytes a file and its external data may have: protobuf itself ends at two gigabytes."""

LONGEST_SIDE = 1 << 16
"""The largest dimension an input or output may state."""

DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")
"""Where operators may come from; the runtime has all of them built in."""

_MOST_ELEMENTS = 1 << 31
_DEEPEST = 24
_PASSING = ("Identity", "Cast", "Transpose", "Reshape", "Squeeze", "Unsqueeze")
"""Operators that hand values on as they are."""


class OnnxError(Exception):
    """A file that is no network Safelight can use; the text is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Value:
    """An input or output: ``element`` as numpy calls it, "" when it is no tensor.

    ``dimensions`` are numbers, names for what is free, or None for what is not said; the whole
    is None when not even their count is said.
    """

    name: str
    element: str
    dimensions: tuple[int | str | None, ...] | None

    def text(self) -> str:
        """``image float32 1 × 3 × height × width``, for messages and model cards."""
        if self.dimensions is None:
            return f"{self.name} {self.element or 'no tensor'}"
        sides = ("?" if side is None else str(side) for side in self.dimensions)
        return f"{self.name} {self.element} {' × '.join(sides)}"


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """What a file says of itself. ``sha256`` and ``bytes`` are those of the file alone.

    ``inputs`` are what has to be given: initializers, which old files list too, are left out.
    ``operators`` counts the nodes by type, those inside other nodes included. ``last`` is the
    type of the node whose values come out first. ``ir`` and ``opset`` are the versions of the file
    format and of the operators.
    """

    producer: str
    ir: int
    opset: int
    metadata: Mapping[str, str]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    operators: Mapping[str, int]
    last: str
    parameters: int
    bytes: int
    sha256: str


def read_onnx(path: Path) -> OnnxFile:
    """Read a file and refuse what is corrupt, hostile or absurd.

    Raises OnnxError, whose text names the file.
    """
    content = _content(path)
    model = _model(path, content)
    graph = model.graph
    given = {item.name for item in graph.initializer}
    return OnnxFile(
        producer=f"{model.producer_name} {model.producer_version}".strip(),
        ir=model.ir_version,
        opset=next((item.version for item in model.opset_import if item.domain in DOMAINS[:2]), 0),
        metadata={item.key: item.value for item in model.metadata_props},
        inputs=tuple(_value(path, item) for item in graph.input if item.name not in given),
        outputs=tuple(_value(path, item) for item in graph.output),
        operators=Counter(node.op_type for node in _nodes(graph)),
        last=_last(graph),
        parameters=sum(math.prod(item.dims) for item in graph.initializer),
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def described(path: Path, properties: Mapping[str, str]) -> bytes:
    """The file with ``properties`` in its metadata and its external data taken in.

    Properties of the same names are replaced. Raises OnnxError.
    """
    from onnx import external_data_helper, helper

    model = _model(path, _content(path))
    try:
        external_data_helper.load_external_data_for_model(model, str(path.parent))
    except Exception as error:  # the package has no class of its own for it
        raise OnnxError(f"{path.name} has numbers in another file: {_line(error)}.") from None
    kept = {item.key: item.value for item in model.metadata_props}
    helper.set_model_props(model, kept | dict(properties))
    if model.ByteSize() > LARGEST - (1 << 20):
        raise OnnxError(f"{path.name} and its numbers have more than 2 GB.")
    return bytes(model.SerializeToString())


@dataclass(frozen=True, slots=True)
class Graph:
    """The ``operators`` of a network in their order: name, kind, and what their first result is
    called; ``kernels`` are the shapes (out, in, rows, columns) of its convolutions' weights, by the
    names of their results, and of those of what comes upon them and may be done with them.
    """

    operators: tuple[tuple[str, str, str], ...]
    kernels: Mapping[str, tuple[int, ...]]


def graph_of(content: bytes) -> Graph:
    """The graph of a network that a file's bytes hold. Raises OnnxError."""
    graph = _read(content).graph
    return Graph(
        tuple(
            (node.name, node.op_type, node.output[0] if node.output else "") for node in graph.node
        ),
        _kernels(graph),
    )


_UPON = ("Relu", "LeakyRelu", "Clip", "Sigmoid", "Tanh", "HardSigmoid", "Add", "Sum")
"""Operators that a runtime does together with the convolution before them."""


def _kernels(graph: Any) -> dict[str, tuple[int, ...]]:
    shapes = {x.name: tuple(x.dims) for x in graph.initializer if len(x.dims) == 4}
    found: dict[str, tuple[int, ...]] = {}
    for node in graph.node:
        if not node.output:
            continue
        if node.op_type in ("Conv", "ConvTranspose") and len(node.input) > 1:
            kernel = shapes.get(node.input[1])
        else:
            before = (name for name in node.input if name in found)
            kernel = found.get(next(before, "")) if node.op_type in _UPON else None
        if kernel is not None:
            found[node.output[0]] = kernel
    return found


def with_output(content: bytes, tensor: str) -> bytes:
    """The bytes of a network that gives one more result, the last: what is called ``tensor`` in it,
    be it one that the network gives anyway. Raises OnnxError where nothing is.
    """
    from onnx import helper

    model = _read(content)
    if not any(tensor in node.output for node in model.graph.node):
        raise OnnxError(f"nothing in it is called {tensor}")
    name = tensor
    given = {item.name for item in model.graph.output}
    if tensor in given:
        named = {each for node in model.graph.node for each in (*node.input, *node.output)}
        while name in named | given:
            name += "_"
        model.graph.node.append(helper.make_node("Identity", [tensor], [name]))
    model.graph.output.add().name = name
    return bytes(model.SerializeToString())


def _read(content: bytes) -> Any:
    import onnx

    try:
        return onnx.load_model_from_string(content)
    except Exception:  # protobuf's DecodeError, whose class differs between its versions
        raise OnnxError("it is no ONNX file, or a damaged one") from None


def _content(path: Path) -> bytes:
    """The file's bytes. Raises OnnxError for what is no ordinary file of a sensible size."""
    name = path.name
    try:
        if not path.is_file():
            raise OnnxError(f"{name} is not there, or is no ordinary file.")
        size = path.stat().st_size
        if size > LARGEST:
            raise OnnxError(f"{name} has {size / 1e9:.1f} GB, more than a network may have (2 GB).")
        if not size:
            raise OnnxError(f"{name} is empty.")
        with path.open("rb") as file:
            return file.read(LARGEST + 1)  # never more, even of a file that grows meanwhile
    except OSError as error:
        raise OnnxError(f"{name} cannot be read: {error.strerror}.") from None


def _model(path: Path, content: bytes) -> Any:
    """The file as the onnx package knows it, checked. Raises OnnxError."""
    import onnx

    _refuse_other_kinds(path.name, content)
    try:
        model = onnx.load_model_from_string(content)
    except Exception:  # protobuf's DecodeError, whose class differs between its versions
        raise OnnxError(f"{path.name} is no ONNX file, or a damaged one.") from None
    if not model.graph.node or not model.opset_import:
        raise OnnxError(f"{path.name} is no ONNX file: it holds no network.")
    _check_operators(path.name, model)
    for tensor in _tensors(path.name, model.graph):
        count = math.prod(tensor.dims)
        if any(side < 0 for side in tensor.dims) or count > _MOST_ELEMENTS:
            raise OnnxError(f"{path.name} has weights of absurd size.")
        if tensor.external_data or tensor.data_location == onnx.TensorProto.EXTERNAL:
            _check_external(path, tensor)
    return model


def _refuse_other_kinds(name: str, content: bytes) -> None:
    """Refuse files that are often taken for a network, by what they are; nothing is unpickled."""
    head = content[:512]
    if key_id(head):
        raise OnnxError(
            f"{name} is encrypted, with the key {key_id(head)}: a plugin that brings it can run it."
        )
    if head.startswith(b"version https://git-lfs"):
        raise OnnxError(
            f"{name} is a Git LFS pointer, not the network: fetch that with"
            f" git lfs pull --include {name!r}."
        )
    if head.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04")):
        kind = "a PyTorch checkpoint or another archive of Python's"
    elif head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= len(content) - 8:
        kind = "weights alone, in safetensors"
    else:
        return
    raise OnnxError(
        f"{name} is {kind}, not an ONNX file. With the network's own code, in PyTorch:"
        " torch.onnx.export(network.eval(), torch.zeros(1, 3, 64, 64), 'network.onnx')."
    )


def _check_operators(name: str, model: Any) -> None:
    """Refuse operators that need code from elsewhere, and weights that no runtime here reads."""
    # An operator that the file itself spells out as a function needs no foreign code.
    own = {(function.domain, function.name) for function in model.functions}
    graphs = [node for function in model.functions for node in function.node]
    for node in (*_nodes(model.graph), *graphs):
        if node.domain not in DOMAINS and (node.domain, node.op_type) not in own:
            raise OnnxError(
                f"{name} uses the operator {node.op_type} of {node.domain}, which needs code"
                " from elsewhere."
            )
    if model.graph.sparse_initializer:
        raise OnnxError(f"{name} has sparse weights, which no filter needs.")


def _check_external(path: Path, tensor: Any) -> None:
    """Refuse external data outside the network's folder, or that is not all there."""
    entries = {item.key: item.value for item in tensor.external_data}
    where = entries.get("location", "")
    shown = repr(where[:200])
    parts = where.replace("\\", "/").split("/")
    if not where or "\0" in where or os.path.isabs(where) or parts[0] == "" or ":" in parts[0]:
        raise OnnxError(f"{path.name} wants to read {shown}, which is not in its folder.")
    if ".." in parts:
        raise OnnxError(f"{path.name} wants to read {shown}, which leaves its folder.")
    place = path.parent
    for part in parts:
        place = place / part
        if place.is_symlink():
            raise OnnxError(f"{path.name} wants to read {shown}, which is a link.")
    if not place.is_file():
        raise OnnxError(f"{path.name} needs the file {where[:200]} beside it, which is missing.")
    offset, length = entries.get("offset", "0"), entries.get("length", "0")
    if not (offset.isdigit() and length.isdigit()) or len(offset + length) > 36:
        raise OnnxError(f"{path.name} says no sensible place for its numbers in {where[:200]}.")
    if int(offset) + int(length) > min(place.stat().st_size, LARGEST):
        raise OnnxError(f"{path.name} needs more of {where[:200]} than that file holds.")


def _nodes(graph: Any, depth: int = 0) -> Iterator[Any]:
    """Every node, those of the graphs inside nodes too."""
    for node in graph.node:
        yield node
        for inner in _inner_graphs(node):
            if depth < _DEEPEST:
                yield from _nodes(inner, depth + 1)


def _inner_graphs(node: Any) -> Iterator[Any]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _tensors(name: str, graph: Any, depth: int = 0) -> Iterator[Any]:
    """Every tensor with numbers of its own. Raises OnnxError where graphs are nested too deep."""
    if depth > _DEEPEST:
        raise OnnxError(f"{name} has graphs nested too deep.")
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
        for inner in _inner_graphs(node):
            yield from _tensors(name, inner, depth + 1)


def _value(path: Path, item: Any) -> Value:
    from onnx import helper

    if not item.type.HasField("tensor_type"):
        return Value(item.name, "", None)
    tensor = item.type.tensor_type
    try:
        element = str(helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    except (KeyError, ValueError):
        element = f"type {tensor.elem_type}"
    sides = None
    if tensor.HasField("shape"):
        sides = tuple(_side(side) for side in tensor.shape.dim)
    value = Value(item.name, element, sides)
    if any(isinstance(side, int) and side > LONGEST_SIDE for side in sides or ()):
        raise OnnxError(f"{path.name} has an input or output of absurd size: {value.text()[:200]}.")
    return value


def _side(side: Any) -> int | str | None:
    if side.HasField("dim_value"):
        return int(side.dim_value) if side.dim_value > 0 else None  # some write -1 for free
    return str(side.dim_param) or None


def _last(graph: Any) -> str:
    """The type of the node that makes the first output's values."""
    makers: dict[str, Any] = {name: node for node in graph.node for name in node.output}
    wanted = graph.output[0].name if graph.output else ""
    for _ in range(len(_PASSING)):
        node = makers.get(wanted)
        if node is None or node.op_type not in _PASSING:
            return str(node.op_type) if node is not None else ""
        wanted = node.input[0]
    return ""


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200].rstrip(".") if str(error).strip() else "?"
