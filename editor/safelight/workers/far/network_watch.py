"""Network watch: what each operator of a filter's networks costs, and what one of them holds.

A session is made anew for it, which writes down how long each operator takes on this machine; the
graph is otherwise the one that pictures go through, with all that the runtime makes of it.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.workers.far.inference import Inference
from safelight.workers.far.network_contract import ModelError
from safelight.workers.far.onnx_runtime import loaded
from safelight.workers.far.torch_twin import NoTwin, input_gradient
from safelight.workers.onnx_file import Graph, OnnxError, graph_of, with_output

ROUNDS = 2
"""How often a filter is to be run: in the first round memory is taken up, the last one counts."""

MOST_OPERATORS = 20_000
"""Operators of a network that are timed one by one."""

_MOST_TOLD = 400
"""Operators that are told one by one: the costliest."""

_MOST_CHOSEN = 2000
"""Operators whose values can be asked for: the first of a network."""

_KERNEL = "_kernel_time"


class NetworkWatch(Inference):
    """Runs networks as ``Inference`` does, and times each operator. Close it.

    Of the operator of ``network`` that makes ``tensor``, the values are kept: ``values`` is the
    root of their mean square over the channels, float32 (height, width), None where there are none
    of (1, channels, height, width). With a ``size``, (height, width) of a picture, what networks
    are given for it is kept for ``gradient``.
    """

    batches = False  # what an operator holds is told of one picture

    def __init__(
        self, network: str = "", tensor: str = "", size: tuple[int, int] | None = None
    ) -> None:
        super().__init__()
        self._network, self._tensor, self._size = network, tensor, size
        self._contents: dict[int, bytes] = {}
        self._seen: list[tuple[bytes, dict[str, Any], Any]] = []
        self._folder = tempfile.TemporaryDirectory(prefix="watch-")
        self._watched: list[tuple[str, int, Graph, Any]] = []
        self.values: NDArray[np.float32] | None = None

    def close(self) -> None:
        """Let go of what was written down."""
        self._folder.cleanup()

    def told(self) -> tuple[dict[str, Any], ...]:
        """Of each network that ran: its ``name``, its ``operators`` with their cost, ``rest`` =
        seconds of those that are not listed, the ``memory`` in bytes that it held at most, and the
        ``choices`` of tensors. Nothing can be run afterwards.
        """
        return tuple(
            _told(name, size, graph, json.loads(Path(session.end_profiling()).read_text("utf-8")))
            for name, size, graph, session in self._watched
        )

    def load(self, file: str, device: str, threads: int = 0) -> Any:
        path = Path(file)
        content = self.content_of(path)
        try:
            graph = graph_of(content)
            count = len(graph.operators)
            if count > MOST_OPERATORS:
                raise ModelError(
                    f"{path.name} has {count:,} operators; of more than {MOST_OPERATORS:,} not"
                    " each is timed"
                )
            if self._tensor and path.name == self._network:
                content = with_output(content, self._tensor)
        except OnnxError as error:
            raise ModelError(f"{path.name}: {error}") from None
        if self._size is not None:
            session = loaded(content, self.providers(device), threads)
            self._contents[id(session)] = content
            return session
        session = loaded(content, self.providers(device), threads, log=f"{self._folder.name}/run")
        self._watched.append((path.name, len(content), graph, session))
        return session

    def call(self, session: Any, feeds: dict[str, Any], name: str) -> Any:
        made = super().call(session, feeds, name)
        if self._tensor and name == self._network:
            self.values = _mean_square(made[-1])
        if self._size is not None and _holds(feeds, self._size):
            self._seen.append((self._contents[id(session)], feeds, made[0]))
        return made

    def gradient(self, point: tuple[int, int]) -> NDArray[np.float32]:
        """How strongly each pixel of the picture decides the result's above ``point`` (x, y):
        float32 of its size. Raises NoTwin.
        """
        if self._size is None or len(self._seen) != 1:
            many = "more than one run of a network" if self._seen else "no network of all of it"
            raise NoTwin(f"it takes {many} to make the picture")
        (content, feeds, made), (x, y) = self._seen[0], point
        sides = np.shape(made)
        scale = sides[2] // next(iter(feeds.values())).shape[2] if len(sides) == 4 else 0
        if not scale or sides[1] > MOST_CHANNELS:
            raise NoTwin("its network makes something else than a picture")
        middle = (y * scale + scale // 2, x * scale + scale // 2)
        height, width = self._size
        return input_gradient(content, feeds, made, middle)[:height, :width]


MOST_CHANNELS = 4
"""Channels of a result that is taken for a picture."""


def _holds(feeds: Mapping[str, Any], size: tuple[int, int]) -> bool:
    """Whether a network is given all of a picture (height, width), filled up or not."""
    sides: tuple[int, ...] = np.shape(next(iter(feeds.values()), np.float32(0)))
    return len(sides) == 4 and sides[0] == 1 and sides[2] >= size[0] and sides[3] >= size[1]


def _mean_square(values: Any) -> NDArray[np.float32] | None:
    found = np.asarray(values)
    if found.ndim != 4 or found.shape[0] != 1 or found.dtype.kind != "f" or 0 in found.shape:
        return None
    return np.asarray(np.sqrt(np.square(found[0].astype(np.float32)).mean(0)), np.float32)


def _told(
    name: str, size: int, graph: Graph, events: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    runs: dict[str, list[Mapping[str, Any]]] = {}
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith(_KERNEL):
            runs.setdefault(event["name"].removesuffix(_KERNEL), []).append(event)
    operators = [_operator(each, found, graph.kernels) for each, found in runs.items()]
    operators.sort(key=lambda item: -item["seconds"])
    memory = [int(x["args"].get("mem_bytes_in_use", 0)) for found in runs.values() for x in found]
    return {
        "name": name,
        "bytes": size,
        "count": len(operators),
        "seconds": sum(item["seconds"] for item in operators),
        "multiply_adds": sum(item["multiply_adds"] for item in operators),
        "memory": max(memory, default=0),
        "operators": operators[:_MOST_TOLD],
        "rest": sum(item["seconds"] for item in operators[_MOST_TOLD:]),
        "choices": [
            {"name": each[:120], "kind": kind, "tensor": tensor[:200]}
            for each, kind, tensor in graph.operators[:_MOST_CHOSEN]
            if tensor
        ],
    }


def _operator(
    name: str, events: Sequence[Mapping[str, Any]], kernels: Mapping[str, tuple[int, ...]]
) -> dict[str, Any]:
    """What is told of an operator; of its runs, those of the last round count."""
    counted = events[len(events) * (ROUNDS - 1) // ROUNDS :]
    facts = counted[-1]["args"]
    kind = str(facts.get("op_name", ""))[:60]
    given, made = _shapes(facts.get("input_type_shape")), _shapes(facts.get("output_type_shape"))
    parameters = int(facts.get("parameter_size", 0)) // 4
    shape = list(made[0]) if made else []
    own = kernels.get(name.removesuffix(_BLOCKED)) if name.endswith(_BLOCKED) else None
    if own is not None and kind == "Conv" and len(given) > 1 and _fills(given[1], own):
        parameters = math.prod(own) + (own[0] if len(given) > 2 else 0)
        shape[1:2] = [own[0]]
    return {
        "name": name[:120],
        "kind": kind,
        "runs": len(counted),
        "seconds": sum(event["dur"] for event in counted) / 1e6,
        "bytes": int(facts.get("output_size", 0)),
        "parameters": parameters,
        "shape": shape,
        "multiply_adds": len(counted)
        * multiply_adds(
            str(facts.get("op_name", "")), given, made, kernels.values() if own is None else [own]
        ),
    }


_BLOCKED = "_nchwc"
"""What the runtime puts after a result's name, for a convolution whose channels it fills up."""


def _unfilled(weights: tuple[int, ...], kernels: Collection[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape in the file of ``weights`` whose channels may be filled up; where several could be
    meant, or none, the shape as it is.
    """
    if weights in kernels:
        return weights
    fitting = {shape for shape in kernels if _fills(weights, shape)}
    return fitting.pop() if len(fitting) == 1 else weights


def _fills(weights: tuple[int, ...], own: tuple[int, ...]) -> bool:
    """Whether ``weights`` may be those of shape ``own`` whose channels were filled up."""
    return own[2:] == weights[2:] and all(
        0 <= filled - there < _VECTOR for filled, there in zip(weights, own, strict=True)
    )


_VECTOR = 16
"""Channels that the runtime computes at once, at most."""


def _shapes(told: Any) -> list[tuple[int, ...]]:
    return [tuple(shape) for item in told or () for shape in item.values()]


def multiply_adds(
    kind: str,
    given: Sequence[tuple[int, ...]],
    made: Sequence[tuple[int, ...]],
    kernels: Collection[tuple[int, ...]] = (),
) -> int:
    """How many products an operator of a ``kind`` sums for one run, from the shapes of what it is
    ``given``, weights among them, and of what it has ``made``; 0 for kinds that multiply nothing.

    ``kernels`` are the shapes of convolutions in the file: the runtime fills channels up to what
    its vectors hold, and what it multiplies with nothing is not counted.
    """
    if len(given) < 2 or not made:
        return 0
    if kind in ("Conv", "FusedConv", "QLinearConv", "ConvInteger"):
        weights = given[3] if kind == "QLinearConv" and len(given) > 3 else given[1]
        own = _unfilled(weights, kernels)
        places = math.prod(made[0]) // max(weights[0], 1)
        return places * math.prod(own)
    if kind == "ConvTranspose":
        return math.prod(given[0]) * math.prod(given[1][1:])
    if kind in ("MatMul", "FusedMatMul", "Gemm", "FusedGemm", "MatMulInteger") and given[0]:
        return math.prod(made[0]) * given[0][-1]
    return 0
