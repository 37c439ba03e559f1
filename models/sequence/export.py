"""Turn trained weights into the ONNX file that the plugin ships, and check it.

    python -m models.sequence.export --weights plugins/clean/safelight_clean/denoise.onnx
    python -m models.sequence.export --weights OUT/sequence/weights.npz

The file takes the mean of a frame and those before it as `image`, how much of the noise is left in
it as `left`, the frame as `newest`, the result for the frame before as `previous` and what was
remembered then as `memory`, both moved to the frame, and `level` as Denoise does; it gives `result`
and `next_memory`. The weights are those of a training, or those of Denoise that it begins with.
Before it has its place ONNX Runtime has given what PyTorch gives, frame after frame, and a frame in
tiles what it gives whole.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from models import cards, onnxfile
from models.clean.network import AUTO, SIZES
from models.sequence.network import ADDED, MEMORY, Remembering, build
from models.tiles import Network, cuts, state, write_sums
from models.training import load_weights

PLUGIN = Path(__file__).parents[2] / "plugins" / "sequence" / "safelight_sequence"
TILE = 448  # interior of a tile in pixels, as Denoise has it
FRAMES = 4  # that both run through, each with what the one before has left
SIDES = ((64, 88), (8, 8), (200, 136))


def export(weights: Path, folder: Path, size: str = "small") -> Path:
    """Export, check and place the file. Raises SystemExit where a check fails."""
    words = cards.words(Path(__file__).parent)
    torch.manual_seed(0)  # of what is left as it begins
    network = build(size)
    begin(network, weights, size)
    network.eval()
    target = folder / "denoise_sequence.onnx"
    partial = folder / "partial_denoise_sequence.onnx"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        write(network, partial)
        stated = cards.properties(words, words["models"]["denoise"]["title"])
        stated |= {
            "contract": onnxfile.CONTRACT,
            "scale": "1",
            "multiple": str(network.multiple),
            "reach": str(network.reach),
            "tile": str(TILE),
            "range": "0..1",
            "layout": "NCHW",
            "channels": "RGB",
            "carries": "left:1,newest:1,previous:1,memory:2",
            "parameters": str(sum(p.numel() for p in network.parameters())),
        }
        state(partial, stated)
        session = Network(partial).session
        difference = max(parity(network, session, *sides) for sides in SIDES)
        if difference > onnxfile.LARGEST_DIFFERENCE:
            raise SystemExit(f"ONNX Runtime differs from PyTorch by {difference:.1e}.")
        seam = seams(session, network)
        if seam > onnxfile.EXACT_SEAM:
            raise SystemExit(f"A halo of {network.reach} pixels still leaves a seam: {seam:.1e}.")
        state(partial, {"difference": f"{difference:.1e}", "seam": f"noise {seam:.1e}"})
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    write_sums(folder)
    print(f"{target.name}: differs from PyTorch by {difference:.1e}, seam {seam:.1e}")
    return target


def begin(network: Remembering, weights: Path, size: str) -> None:
    """Take the weights of a training, or those of Denoise, which know nothing of a memory.

    Raises SystemExit where others are missing.
    """
    lacking = load_weights(network, weights)
    if set(lacking) not in (set(), {f"{name}.weight" for name in ADDED}):
        raise SystemExit(f"{weights} lacks {', '.join(lacking)}: none of the {size} network.")


def write(network: Remembering, path: Path) -> None:
    """The graph, with free height and width and a level that need not be given."""
    m = network.multiple
    height, width = torch.export.Dim("height", min=1), torch.export.Dim("width", min=1)
    frame = {2: m * height, 3: m * width}
    half = {2: m // 2 * height, 3: m // 2 * width}
    example = (
        torch.rand(1, 3, 3 * m, 4 * m),
        torch.rand(1, 1, 3 * m, 4 * m),
        torch.rand(1, 3, 3 * m, 4 * m),
        torch.rand(1, 3, 3 * m, 4 * m),
        torch.rand(1, MEMORY, 3 * m // 2, 4 * m // 2),
        torch.tensor(AUTO),
    )
    program = torch.onnx.export(
        network,
        example,
        dynamo=True,
        verbose=False,
        opset_version=onnxfile.OPSET,
        external_data=False,
        input_names=["image", "left", "newest", "previous", "memory", "level"],
        output_names=["result", "next_memory"],
        dynamic_shapes=(frame, frame, frame, frame, half, {}),
    )
    assert program is not None
    stored = program.model_proto
    onnxfile.strip(stored)
    stored.graph.initializer.append(onnx.numpy_helper.from_array(np.float32(AUTO), "level"))
    onnx.save(stored, str(path))


NAMES = ("image", "left", "newest", "previous", "memory")


def feeds(arrays: Sequence[np.ndarray], level: float) -> dict:
    """What a session is given: arrays (channels, h, w) float32 as ``NAMES`` has them."""
    given = {name: value[None] for name, value in zip(NAMES, arrays, strict=True)}
    return given | {"level": np.array(level, np.float32)}


def parity(network: nn.Module, session: object, height: int, width: int) -> float:
    """The largest difference over a few frames, in units of the full range."""
    rng = np.random.default_rng(5)
    found, previous, memory = 0.0, None, np.zeros((MEMORY, height // 2, width // 2), np.float32)
    for level in (0.1, AUTO, 0.02, 0.3)[:FRAMES]:
        frame, mean = (rng.random((3, height, width), np.float32) for _ in range(2))
        left = rng.random((1, height, width), np.float32)
        arrays = mean, left, frame, frame if previous is None else previous, memory
        with torch.no_grad():
            tensors: list[Tensor] = [torch.from_numpy(x)[None] for x in arrays]
            wanted = network(*tensors, torch.tensor(level))
        given = session.run(None, feeds(arrays, level))  # type: ignore[attr-defined]
        for mine, theirs in zip(wanted, given, strict=True):
            found = max(found, float(np.abs(mine.numpy() - theirs).max()))
        previous, memory = given[0][0], given[1][0]
    return found


def seams(session: object, network: Remembering) -> float:
    """The largest difference between a frame in four tiles and the whole, memory too."""
    side, rng = onnxfile.SEAM_SIDE, np.random.default_rng(6)
    channels = (3, 1, 3, 3)
    full = [rng.random((count, side, side), np.float32) for count in channels]
    memory = rng.random((MEMORY, side // 2, side // 2), np.float32)
    run = session.run  # type: ignore[attr-defined]
    whole = run(None, feeds([*full, memory], 0.1))
    found = 0.0
    lines = list(cuts(side, side // 2, network.reach, network.multiple))
    for top, bottom, y, end_y in lines:
        for left, right, x, end_x in lines:
            half = np.s_[:, y // 2 : end_y // 2, x // 2 : end_x // 2]
            part = np.s_[:, y:end_y, x:end_x]
            made = run(None, feeds([*(array[part] for array in full), memory[half]], 0.1))
            for n, s in ((0, 1), (1, 2)):
                inner = made[n][0][
                    :, (top - y) // s : (bottom - y) // s, (left - x) // s : (right - x) // s
                ]
                wanted = whole[n][0][:, top // s : bottom // s, left // s : right // s]
                found = max(found, float(np.abs(inner - wanted).max()))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, required=True, help="weights.npz of a training")
    parser.add_argument("--size", choices=sorted(SIZES), default="small", help="of the network")
    parser.add_argument("--out", type=Path, default=PLUGIN, help="folder for the ONNX file")
    given = parser.parse_args()
    export(given.weights, given.out, given.size)


if __name__ == "__main__":
    main()
