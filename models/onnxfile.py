"""A trained network as the ONNX file that a plugin ships: written, described, checked, placed.

The file explains itself: scale, reach, range, layout, licence and training data travel in it as
metadata properties, so the editor can tile a network it has never seen. Nothing reaches its final
place before ONNX Runtime has given the same numbers as PyTorch on every size and picture below and
a picture in tiles has come out as it does in one piece.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn

from models.tiles import Network, state, write_sums

Pictures = Mapping[str, np.ndarray]  # by name, (h, w, 3) float32
Numbers = Mapping[str, Sequence[float]]
"""Further inputs of a network, one number each, by name: the value of one that is not given, then
others to try the file with."""
Given = Mapping[str, np.ndarray | float]  # a value for each further input, by name

CONTRACT = "1"
OPSET = 18
LARGEST_FILE = 15_000_000  # bytes
LARGEST_DIFFERENCE = 1e-4  # ONNX Runtime against PyTorch, in units of the full range
EXACT_SEAM = 1e-5  # tiles against the whole picture, where the reach is the sum over the layers
VISIBLE_SEAM = 1 / 1024  # the same, where the reach is measured: a quarter of an 8-bit step
LARGEST_REACH = 144  # input pixels; a network that needs more is not cut into tiles
SEAM_SIDE = 320  # of the pictures cut in four; more than twice the largest reach
SIZES = ((1, 1), (2, 3), (7, 5), (1, 25), (25, 1))  # of noise, times the multiple


@dataclass(frozen=True)
class Arrays:
    """Inputs of a network beside the picture that are arrays, and must be given.

    `trials`: what the file is tried with, every input in each, float32; the first is also the
    example that it is exported with. `free`: axes of any length, as {input: {axis: name of the
    length}}; in the example they are longer than 1, and equal where the name is.
    """

    trials: Sequence[Mapping[str, np.ndarray]]
    free: Mapping[str, Mapping[int, str]] = field(default_factory=dict)

    def lengths(self) -> list[dict[int, torch.export.Dim]]:
        """The free axes of each input, as the exporter wants them."""
        names = {name for axes in self.free.values() for name in axes.values()}
        known = {name: torch.export.Dim(name, min=1) for name in names}
        return [
            {axis: known[name] for axis, name in self.free.get(input_, {}).items()}
            for input_ in self.trials[0]
        ]


@dataclass(frozen=True)
class Report:
    """What the checks found.

    `difference`: largest, from PyTorch. `reach`: what the file states, in input pixels. `seams`:
    largest difference between tiles with that reach and the whole, by kind of picture. All in
    units of the full range.
    """

    path: Path
    difference: float
    reach: int
    seams: dict[str, float]

    def __str__(self) -> str:
        seams = ", ".join(f"{kind} {value:.1e}" for kind, value in self.seams.items())
        return (
            f"{self.path.name}: {self.path.stat().st_size / 1e6:.2f} MB, differs from PyTorch by "
            f"at most {self.difference:.1e}; reach {self.reach}, seams: {seams}"
        )


def export(
    module: nn.Module,
    target: Path,
    properties: Mapping[str, str],
    *,
    multiple: int = 1,
    reach: int,
    exact: bool = True,
    photographs: Pictures | None = None,
    numbers: Numbers | None = None,
    arrays: Arrays | None = None,
) -> Report:
    """Write `module`, (1, 3, h, w) to (1, 3, scale*h, scale*w), check it, and put it at `target`.

    The module says its `scale`. `properties` are stated in the file beside what is found here.
    With `exact`, `reach` is the sum over the layers, and tiles must equal the whole; otherwise it
    is the first halo tried, in steps of `multiple`, and the smallest is stated that leaves no
    visible seam in noise, hard edges and `photographs` (name to (h, w, 3) float32, 0 to 1).
    `numbers` or `arrays` are what the module takes beside the picture, as keywords.

    Raises SystemExit, with a sentence, where a check fails, and leaves `target` as it was.
    """
    module = module.eval()
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name("partial_" + target.name)
    stated = {
        "contract": CONTRACT,
        "scale": str(module.scale),
        "multiple": str(multiple),
        "reach": str(reach),
    }
    stated |= {"range": "0..1", "layout": "NCHW", "channels": "RGB"} | dict(properties)
    stated["parameters"] = str(sum(p.numel() for p in module.parameters()))
    try:
        write(module, partial, multiple, numbers, arrays)
        state(partial, stated)
        network = Network(partial)
        tried = list(arrays.trials) if arrays else settings(numbers or {})
        difference = max(parity(module, network, **given) for given in tried)
        usual = arrays.trials[-1] if arrays else {}
        pictures = {"noise": noise(SEAM_SIDE), "edges": hard_edges(SEAM_SIDE)}
        pictures |= {n: p[:SEAM_SIDE, :SEAM_SIDE] for n, p in (photographs or {}).items()}
        wholes = {name: network.whole(picture, **usual) for name, picture in pictures.items()}
        if exact:
            seams = seams_of(network, pictures, wholes, reach, usual)
            if max(seams.values()) > EXACT_SEAM:
                raise SystemExit(f"A halo of {reach} input pixels still leaves a seam: {seams}.")
        else:
            reach, seams = smallest_reach(network, pictures, wholes, reach, usual)
        found = {
            "reach": str(reach),
            "seam": ", ".join(f"{kind} {value:.1e}" for kind, value in seams.items()),
            "difference": f"{difference:.1e}",
        }
        state(partial, found)
        if partial.stat().st_size > LARGEST_FILE:
            raise SystemExit(f"{target.name} is larger than {LARGEST_FILE / 1e6:.0f} MB.")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    write_sums(target.parent)
    return Report(target, difference, reach, seams)


def settings(numbers: Numbers) -> list[Given]:
    """What a file with such inputs is tried with: nothing given, then each input's other values."""
    return [{}, *({name: value} for name, values in numbers.items() for value in values[1:])]


def write(
    module: nn.Module,
    path: Path,
    multiple: int = 1,
    numbers: Numbers | None = None,
    arrays: Arrays | None = None,
    result: str = "result",
) -> None:
    """Write a network with free height and width, weights inside the file, nothing of the maker's.

    Height and width are multiples of `multiple`. Numbers become inputs that need not be given,
    arrays such that must be. An output of another name than `result` is no picture.
    """
    # Not square, so that the two sides cannot be confused.
    side = -(-12 // multiple) * multiple
    example = torch.rand(1, 3, 3 * side, 4 * side)
    height, width = torch.export.Dim("height", min=1), torch.export.Dim("width", min=1)
    sides = {2: multiple * height, 3: multiple * width} if multiple > 1 else {2: height, 3: width}
    usual = {name: values[0] for name, values in (numbers or {}).items()}
    given = usual | dict(arrays.trials[0] if arrays else {})
    inputs = {"image": example} | {name: torch.tensor(value) for name, value in given.items()}
    free = (sides, *({} for _ in usual), *(arrays.lengths() if arrays else ()))
    stored = translated(module, inputs, free, result)
    for name, number in usual.items():
        stored.graph.initializer.append(onnx.numpy_helper.from_array(np.float32(number), name))
    pictures = [(stored.graph.input[0], 1)]
    if result == "result":
        pictures.append((stored.graph.output[0], module.scale))
    for value, scale in pictures:
        for axis, side in ((2, "height"), (3, "width")):
            name = side if scale == 1 else f"{scale}*{side}"
            value.type.tensor_type.shape.dim[axis].dim_param = name
    onnx.save(stored, str(path))


def translated(
    module: nn.Module,
    inputs: Mapping[str, torch.Tensor],
    free: Sequence[Mapping[int, Any]],
    *results: str,
) -> onnx.ModelProto:
    """A module as a graph with an example of each of its inputs, each one's axes of any length, and
    the names of its results.

    Nothing of the maker's is in it.
    """
    program = torch.onnx.export(
        module,
        tuple(inputs.values()),
        dynamo=True,
        verbose=False,
        opset_version=OPSET,
        external_data=False,
        input_names=list(inputs),
        output_names=list(results),
        dynamic_shapes=tuple(free),
    )
    assert program is not None  # it is None only from the exporter of old
    stored = program.model_proto
    strip(stored)
    return stored


def strip(stored: onnx.ModelProto) -> None:
    """Remove where in somebody's source tree each part was made: no business of the user's."""
    del stored.graph.value_info[:]
    for node in stored.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*stored.graph.input, *stored.graph.output):
        del value.metadata_props[:]
    for weights in stored.graph.initializer:
        del weights.metadata_props[:]
        weights.doc_string = ""
    del stored.graph.metadata_props[:]
    stored.graph.doc_string = stored.doc_string = ""
    stored.producer_name, stored.producer_version = "safelight models", ""


def parity(
    module: nn.Module, network: Network, result: str = "result", **given: np.ndarray | float
) -> float:
    """Largest difference between PyTorch and the file over SIZES and the pictures of `trials`.

    `given` are further inputs of both; those left out, of neither. In units of the full range;
    where a result goes beyond it, of the result. Raises SystemExit for a wrong size, for values
    that are not finite, and for more than LARGEST_DIFFERENCE.
    """
    worst = 0.0
    for name, image in trials(network.multiple).items():
        planes = np.ascontiguousarray(image.transpose(2, 0, 1)[None])
        with torch.no_grad():
            tensors = {name: torch.tensor(value) for name, value in given.items()}
            expected = module(torch.from_numpy(planes), **tensors).numpy()
        feeds = {name: np.array(value, np.float32) for name, value in given.items()}
        found = network.session.run([result], {"image": planes} | feeds)[0]
        if found.shape != expected.shape:
            raise SystemExit(f"{name}: {planes.shape} became {found.shape}, not {expected.shape}.")
        if not np.isfinite(found).all():
            raise SystemExit(f"{name} gave values that are not finite.")
        range_ = max(1.0, float(np.abs(expected).max()))
        worst = max(worst, float(np.abs(found - expected).max()) / range_)
    if worst > LARGEST_DIFFERENCE:
        raise SystemExit(f"ONNX Runtime and PyTorch differ by {worst:.1e}.")
    return worst


def trials(multiple: int) -> dict[str, np.ndarray]:
    """The pictures that a file is tried on, by name: (h, w, 3) float32 on the grid of `multiple`.

    Noise of every size; black, white, a checkerboard, and values far outside 0 to 1.
    """
    rng = np.random.default_rng(0)
    pictures = {
        f"noise {h * multiple}x{w * multiple}": rng.random(
            (h * multiple, w * multiple, 3), np.float32
        )
        for h, w in SIZES
    }
    shape = (4 * max(multiple, 8), 5 * max(multiple, 8), 3)
    checks = np.indices(shape[:2]).sum(0) % 2
    return pictures | {
        "black": np.zeros(shape, np.float32),
        "white": np.ones(shape, np.float32),
        "checkerboard": np.repeat(checks[..., None], 3, 2).astype(np.float32),
        "out of range": rng.uniform(-2, 6, shape).astype(np.float32),
    }


def noise(side: int) -> np.ndarray:
    """White noise, the hardest picture for a seam: (side, side, 3) float32."""
    return np.random.default_rng(1).random((side, side, 3), np.float32)


def hard_edges(side: int) -> np.ndarray:
    """Fine stripes in patches of strong colours, (side, side, 3) float32.

    A patch is no multiple of a window, so edges fall everywhere in one.
    """
    rng = np.random.default_rng(2)
    patch, patches = 21, -(-side // 21)
    shade = rng.integers(0, 2, (patches, patches, 3)).astype(np.float32)
    large = shade.repeat(patch, 0).repeat(patch, 1)[:side, :side]
    y, x = np.indices((side, side))
    stripes = ((x // 2 + y // 3) % 2)[..., None] * (rng.random(3) > 0.3)
    return np.where(x[..., None] // 43 % 2, np.abs(large - stripes), large).astype(np.float32)


def seams_of(
    network: Network, pictures: Pictures, wholes: Pictures, reach: int, given: Given
) -> dict[str, float]:
    """Largest difference between each picture cut in four, with this reach, and in one piece.

    `wholes` are the network's results for each picture in one piece, `given` its further inputs.
    """
    seams = {}
    for name, picture in pictures.items():
        parts = network.in_tiles(picture, max(picture.shape[:2]) // 2, reach, **given)
        seams[name] = float(np.abs(parts - wholes[name]).max())
    return seams


def smallest_reach(
    network: Network, pictures: Pictures, wholes: Pictures, first: int, given: Given
) -> tuple[int, dict[str, float]]:
    """The smallest halo from `first` on, in steps of the multiple, that leaves no visible seam.

    Raises SystemExit when LARGEST_REACH does. Halos are on the grid, where one is at its least: a
    tile that starts off the grid sees more.
    """
    reach = -(-first // network.multiple) * network.multiple
    while max((seams := seams_of(network, pictures, wholes, reach, given)).values()) > VISIBLE_SEAM:
        reach += network.multiple
        if reach > LARGEST_REACH:
            raise SystemExit(f"A halo of {LARGEST_REACH} input pixels leaves a seam: {seams}.")
    return reach, seams
