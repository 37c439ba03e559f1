"""Turn trained weights into the ONNX file of Continue, and check it.

    python -m models.sequence.export_predictor --weights OUT/continue/weights.npz

The file takes the mean of two frames, moved, as `image`, each of them as `first` and `second`, what
motion_paths.py tells of them as `hints`, and what was remembered as `hidden` and `cell`; it gives
`result`, `next_hidden` and `next_cell`. Before it has its place ONNX Runtime has given what PyTorch
gives, step after step, and a frame in tiles what it gives whole.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch

from models import cards, onnxfile
from models.sequence.export import PLUGIN
from models.sequence.predictor import HIDDEN, HINTS, MULTIPLE, REACH, Predictor
from models.tiles import Network, cuts, state, write_sums
from models.training import load_all_weights

TILE = 640  # interior of a tile in pixels: a step takes little memory
STEPS = 3
SIDES = ((64, 88), (4, 4), (200, 136))
FULL = {"image": 3, "first": 3, "second": 3, "hints": HINTS}
QUARTER = {"hidden": HIDDEN, "cell": HIDDEN}
OUTPUTS = ["result", "next_hidden", "next_cell"]


def export(weights: Path, folder: Path) -> Path:
    """Export, check and place the file. Raises SystemExit where a check fails."""
    words = cards.words(Path(__file__).parent)
    network = Predictor()
    load_all_weights(network, weights, "the network of Continue")
    network.eval()
    target, partial = folder / "continue.onnx", folder / "partial_continue.onnx"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        write(network, partial)
        stated = cards.properties(words, words["models"]["continue"]["title"])
        stated |= {
            "contract": onnxfile.CONTRACT,
            "scale": "1",
            "multiple": str(MULTIPLE),
            "reach": str(REACH),
            "tile": str(TILE),
            "range": "0..1",
            "layout": "NCHW",
            "channels": "RGB",
            "carries": "first:1,second:1,hints:1,hidden:4,cell:4",
            "parameters": str(sum(p.numel() for p in network.parameters())),
        }
        state(partial, stated)
        session = Network(partial).session
        difference = max(parity(network, session, *sides) for sides in SIDES)
        if difference > onnxfile.LARGEST_DIFFERENCE:
            raise SystemExit(f"ONNX Runtime differs from PyTorch by {difference:.1e}.")
        seam = seams(session)
        if seam > onnxfile.EXACT_SEAM:
            raise SystemExit(f"A halo of {REACH} pixels still leaves a seam: {seam:.1e}.")
        state(partial, {"difference": f"{difference:.1e}", "seam": f"noise {seam:.1e}"})
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    write_sums(folder)
    print(f"{target.name}: differs from PyTorch by {difference:.1e}, seam {seam:.1e}")
    return target


def drawn(rng: np.random.Generator, height: int, width: int) -> dict[str, np.ndarray]:
    """What a step may be given, by name, each (1, channels, h, w) float32."""
    full = {name: rng.random((1, n, height, width), np.float32) for name, n in FULL.items()}
    return full | {
        name: rng.standard_normal((1, n, height // 4, width // 4), np.float32) / 4
        for name, n in QUARTER.items()
    }


def write(network: Predictor, path: Path) -> None:
    """The graph, with free height and width."""
    m = MULTIPLE
    height, width = torch.export.Dim("height", min=1), torch.export.Dim("width", min=1)
    full, quarter = {2: m * height, 3: m * width}, {2: height, 3: width}
    example = drawn(np.random.default_rng(0), 12 * m, 16 * m)
    program = torch.onnx.export(
        network,
        tuple(torch.from_numpy(each) for each in example.values()),
        dynamo=True,
        verbose=False,
        opset_version=onnxfile.OPSET,
        external_data=False,
        input_names=list(example),
        output_names=OUTPUTS,
        dynamic_shapes=tuple(full if name in FULL else quarter for name in example),
    )
    assert program is not None
    stored = program.model_proto
    onnxfile.strip(stored)
    onnx.save(stored, str(path))


def parity(network: Predictor, session: object, height: int, width: int) -> float:
    """The largest difference over a few steps, in units of the full range."""
    rng, found = np.random.default_rng(5), 0.0
    given = drawn(rng, height, width)
    for _ in range(STEPS):
        with torch.no_grad():
            wanted = network(*(torch.from_numpy(each) for each in given.values()))
        made = session.run(OUTPUTS, given)  # type: ignore[attr-defined]
        for mine, theirs in zip(wanted, made, strict=True):
            found = max(found, float(np.abs(mine.numpy() - theirs).max()))
        given = drawn(rng, height, width) | {"hidden": made[1], "cell": made[2]}
    return found


def seams(session: object) -> float:
    """The largest difference between a frame in four tiles and the whole, what it remembers too."""
    side, run = onnxfile.SEAM_SIDE, session.run  # type: ignore[attr-defined]
    given = drawn(np.random.default_rng(6), side, side)
    whole, found = run(OUTPUTS, given), 0.0
    lines = list(cuts(side, side // 2, REACH, MULTIPLE))
    for top, bottom, y, end_y in lines:
        for left, right, x, end_x in lines:
            part = {
                name: each[..., y // s : end_y // s, x // s : end_x // s]
                for name, each in given.items()
                for s in (1 if name in FULL else 4,)
            }
            for made, wanted, s in zip(run(OUTPUTS, part), whole, (1, 4, 4), strict=True):
                inner = made[
                    ..., (top - y) // s : (bottom - y) // s, (left - x) // s : (right - x) // s
                ]
                there = wanted[..., top // s : bottom // s, left // s : right // s]
                found = max(found, float(np.abs(inner - there).max()))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, required=True, help="weights.npz of a training")
    parser.add_argument("--out", type=Path, default=PLUGIN, help="folder for the ONNX file")
    given = parser.parse_args()
    export(given.weights, given.out)


if __name__ == "__main__":
    main()
