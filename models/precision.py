"""Smaller variants of an exported network: half precision and eight bits, kept where they hold.

Both start from the float32 ONNX file and keep its inputs, outputs and properties. Half precision is
for accelerators; it is refused when it differs visibly from float32. Eight bits (weights int8 per
channel, activations uint8, as QDQ nodes) are for the CPU; they are kept only where they are clearly
faster and lose next to nothing on photographs. Integers on the CPU are fast as u8s8 with the first
and last convolution, which are the most sensitive, left in float.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from models import complexity, measurement, resample
from models.tiles import Network, state

LEAST_AGREEMENT = 50.0  # dB, of half precision with float32, on every picture
LARGEST_DIFFERENCE = 2 / 255  # the same, at any pixel
LARGEST_ACTIVATION = 4000.0  # anywhere inside; half precision ends at 65504, sums reach further
SENSITIVE = (
    "LayerNormalization",
    "InstanceNormalization",
    "Softmax",
    "ReduceMean",
    "Pow",
    "Resize",
)
LEAST_SPEED_UP = 1.3  # of eight bits over float32
LARGEST_LOSS = 0.05  # dB of Y-PSNR on photographs, of eight bits against float32
PERCENTILE = 99.99  # of the activations that calibration covers; the rest is clipped
ROUNDS = 9  # of timing, all files in turn in each
TIMED_SIDE = 192  # input pixels of the picture that is timed

Beside = Callable[[np.ndarray], Mapping[str, np.ndarray]]
"""What a network takes beside a picture (h, w, 3) float32, by name."""


def nothing(_: np.ndarray) -> Mapping[str, np.ndarray]:
    """Beside a picture: nothing."""
    return {}


@dataclass(frozen=True)
class Trade:
    """What a variant gains and loses: times as fast, by the time of the cores, and dB of Y-PSNR.

    `count`: on how many photographs it was lost.
    """

    speed_up: float
    loss: float
    count: int

    def worth_it(self) -> bool:
        """Whether the variant is kept."""
        return self.speed_up >= LEAST_SPEED_UP and self.loss <= LARGEST_LOSS

    def __str__(self) -> str:
        return (
            f"{self.speed_up:.2f} times as fast, {self.loss:.3f} dB lost on {self.count} "
            f"photographs; kept from {LEAST_SPEED_UP} times and up to {LARGEST_LOSS} dB"
        )


def half(
    source: Path,
    target: Path,
    photographs: Sequence[np.ndarray],
    given: Beside = nothing,
    exact: Sequence[str] = (),
) -> tuple[float, float]:
    """Write `source` in half precision to `target` and compare the two.

    Normalisation, softmax and the interpolation stay in float32, operators called in `exact`,
    inputs and outputs too, and all that does not depend on the picture: it is small, and often
    statistics, whose differences count. `given` says what the network takes beside it. Returns
    the least PSNR in dB and the largest difference over `photographs`, (h, w, 3) float32 on the
    grid of the multiple, and black, white, noise and a checkerboard. Raises SystemExit, with a
    sentence, where that is too far, and leaves no file. The CPU computes half precision in float32
    and never overflows, so that numbers inside stay small is looked at in the float32 file.
    """
    pictures = [*photographs, *extremes()]
    largest = max(complexity.largest_activation(source, [p], given(p)) for p in pictures)
    if largest > LARGEST_ACTIVATION:
        raise SystemExit(f"{source.name} reaches {largest:.0f} inside: too much for float16.")
    halved(source, target, exact, beside_the_picture(onnx.load(str(source)).graph))
    psnr, difference = agreement(Network(source), Network(target), pictures, given)
    if psnr < LEAST_AGREEMENT or difference > LARGEST_DIFFERENCE:
        target.unlink()
        raise SystemExit(f"{target.name}: {psnr:.1f} dB, {difference:.4f} from float32: too far.")
    return psnr, difference


def halved(source: Path, target: Path, exact: Sequence[str], kept: Sequence[str]) -> None:
    """Write a file in half precision, unchecked.

    What is sensitive, operators called in `exact` and nodes called in `kept` stay in float32.
    """
    stored = convert_float_to_float16(
        onnx.load(str(source)),
        keep_io_types=True,
        op_block_list=[*DEFAULT_OP_BLOCK_LIST, *SENSITIVE, *exact],
        node_block_list=list(kept),
    )
    once = {node.output[0]: node for node in stored.graph.node}  # it may write a cast twice
    del stored.graph.node[:]
    stored.graph.node.extend(once.values())
    ordered = OnnxModel(stored)
    ordered.topological_sort()  # the converter appends its casts
    ordered.save_model_to_file(str(target))
    state(target, {"precision": "float16"})


def behind(graph: onnx.GraphProto, operators: Sequence[str]) -> list[str]:
    """The names of those nodes, and of all on which they depend."""
    needed, names = set(), []
    for node in reversed(graph.node):
        if node.op_type in operators or not needed.isdisjoint(node.output):
            names.append(node.name)
            needed.update(node.input)
    return names


def beside_the_picture(graph: onnx.GraphProto) -> list[str]:
    """The names of the nodes whose results do not depend on the input `image`."""
    depend, names = {"image"}, []
    for node in graph.node:
        if depend.isdisjoint(node.input):
            names.append(node.name)
        else:
            depend.update(node.output)
    return names


def extremes(side: int = 64) -> list[np.ndarray]:
    """Black, white, noise and a checkerboard, (side, side, 3) float32."""
    checks = np.indices((side, side)).sum(0)[..., None] % 2
    flat = np.zeros((side, side, 3), np.float32)
    rng = np.random.default_rng(3)
    return [flat, flat + 1, rng.random((side, side, 3), np.float32), flat + np.float32(checks)]


def agreement(
    a: Network,
    b: Network,
    pictures: Sequence[np.ndarray],
    given: Beside = nothing,
) -> tuple[float, float]:
    """(least PSNR in dB, largest difference in units of the range) of two networks' results.

    0 and infinite where a result is not finite.
    """
    worst, largest = float("inf"), 0.0
    for picture in pictures:
        beside = given(picture)
        error = np.abs(a(picture, **beside) - b(picture, **beside))
        if not np.isfinite(error).all():
            return 0.0, float("inf")
        largest = max(largest, float(error.max()))
        square = float(np.mean(np.square(error, dtype=np.float64)))
        worst = min(worst, -10 * np.log10(square) if square else float("inf"))
    return worst, largest


class Tiles(CalibrationDataReader):  # type: ignore[misc]
    """Photographs as calibration reads them, one at a time; None at the end."""

    def __init__(self, photographs: Sequence[np.ndarray]):
        self._left: Iterator[np.ndarray] = iter(photographs)

    def get_next(self) -> Mapping[str, np.ndarray] | None:
        picture = next(self._left, None)
        if picture is None:
            return None
        return {"image": np.ascontiguousarray(picture.transpose(2, 0, 1)[None])}


def eight_bit(
    source: Path,
    target: Path,
    calibration: Sequence[np.ndarray],
    held_out: Sequence[np.ndarray],
) -> Trade:
    """Write `source` with eight-bit convolutions to `target`; measure what that gains and loses.

    `calibration`: small pictures, (h, w, 3) float32, all of one size on the grid of the multiple,
    whose activations set the ranges. `held_out`: originals, (h, w, 3) uint8, to lose on. The file
    is left whatever the trade; the caller keeps it or not.
    """
    graph = onnx.load(str(source)).graph
    convolutions = [node.name for node in graph.node if node.op_type == "Conv"]
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(target),
            Tiles(calibration),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=[convolutions[0], convolutions[-1]],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.Percentile,
            extra_options={"CalibPercentile": PERCENTILE},
        )
    properties = Network(source).properties
    state(target, properties | {"precision": "int8 convolutions"})
    plain, quantised = Network(source), Network(target)
    before, after = speeds([plain, quantised])
    loss = psnr(plain, held_out) - psnr(quantised, held_out)
    return Trade(before.processor / after.processor, loss, len(held_out))


@dataclass(frozen=True)
class Speed:
    """Medians per megapixel of result: seconds that passed, and seconds of all cores together."""

    passed: float
    processor: float


def speeds(
    networks: Sequence[Network],
    rounds: int = ROUNDS,
    given: Sequence[Mapping[str, np.ndarray]] | None = None,
) -> list[Speed]:
    """How fast each network is; `given` is what each takes beside the picture.

    All take turns in every round, so that a machine that is busy is busy for all of them. What
    passes is then still too long; the time of the cores is not, since they do not wait actively.
    """
    side = TIMED_SIDE
    picture = np.random.default_rng(0).random((side, side, 3), np.float32)
    others = given or [{}] * len(networks)
    times = np.empty((rounds + 1, len(networks), 2))
    for row in times:
        for n, (network, beside) in enumerate(zip(networks, others, strict=True)):
            start = time.perf_counter(), time.process_time()
            network.whole(picture, **beside)
            row[n] = time.perf_counter() - start[0], time.process_time() - start[1]
            row[n] /= (side * network.scale) ** 2 / 1e6
    medians = np.median(times[1:], axis=0)  # the first round warms up
    return [Speed(float(passed), float(processor)) for passed, processor in medians]


def psnr(network: Network, originals: Sequence[np.ndarray]) -> float:
    """Mean Y-PSNR in dB of originals, (h, w, 3) uint8, reduced by bicubic and enlarged again."""
    scale = network.scale
    scores = []
    for original in originals:
        height, width = (side - side % scale for side in original.shape[:2])
        original = original[:height, :width]
        small = resample.resize(original, 1 / scale).astype(np.float32) / 255
        result = np.rint(network(small).clip(0, 1) * 255).astype(np.uint8)
        scores.append(measurement.psnr(result, original, scale))
    return float(np.mean(scores))
