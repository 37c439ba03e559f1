"""Turn trained weights into the two ONNX files of a size, check them, and describe them.

    python -m models.style.export --weights OUT/fast/weights.npz --size fast

`fast_code.onnx` tells what is known of a picture, its tokens; `fast.onnx` gives a photograph the
style that tokens tell of. What is checked of the second, and what it states, is in
models/onnxfile.py: the tokens it is tried with are those of noise, edges and photographs, alone and
mixed. The first makes no picture; checked is that it gives PyTorch's numbers at every size. `--half
FOLDER` also makes the second in half precision there.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from models import cards, onnxfile, precision
from models.enlarge.export import samples
from models.style.network import BLOCKS, MULTIPLE, WIDTHS, Stylizer
from models.tiles import Network, state, write_sums
from models.training import load_all_weights

PLUGIN = Path(__file__).parents[2] / "plugins" / "style" / "safelight_style"
TILES = {"fast": 768, "quality": 640}  # interior of a tile in pixels: what suits the memory
CODE_TILE = 384  # pixels of the shorter side of a style picture, as the plugin describes it
EXACT = ("Sub", "Max", "Sqrt", "MatMul")
"""Operators on statistics, whose differences are small: in float32 at half precision too."""

FREE = {"style": {1: "tokens"}, "shares": {1: "tokens"}}

Given = Mapping[str, np.ndarray]  # own, style and shares, see Stylizer.forward


class Description(nn.Module):
    """The part of a network that tells what is known of a picture."""

    scale = 1

    def __init__(self, network: Stylizer):
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> Tensor:
        return self.network.describe(picture)


def reach(size: str) -> int:
    """Pixels around a tile that count, by the layers; tiles start on multiples of MULTIPLE."""
    pixels = 1  # the last convolution, at full size
    for blocks in BLOCKS[size]:
        pixels = pixels // 2 + 1  # bilinear enlargement, from half the size
        pixels += 1 + 2 * blocks
    for _ in BLOCKS[size]:
        pixels = 2 * (pixels + 2)  # two convolutions, and means of 2x2 before them
    return pixels + 1


def planes(picture: np.ndarray) -> Tensor:
    """(h, w, 3) float32 to (1, 3, h, w)."""
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)[None]))


def fitting(picture: np.ndarray, grid: int) -> np.ndarray:
    """The middle of a picture whose sides are multiples of `grid`."""
    sides = [length // grid * grid for length in picture.shape[:2]]
    y, x = ((length - side) // 2 for length, side in zip(picture.shape[:2], sides, strict=True))
    return picture[y : y + sides[0], x : x + sides[1]]


@torch.no_grad()
def trials(network: Stylizer, photographs: Mapping[str, np.ndarray]) -> list[Given]:
    """What the network is tried with beside the picture: own, style and shares, see `forward`.

    Two pictures' tokens in random shares, those of one picture, and a photograph in the style of
    two others by a half.
    """
    grid = MULTIPLE * network.cells
    side = max(2 * MULTIPLE, grid)
    pictures = [onnxfile.noise(side), onnxfile.hard_edges(3 * side), *photographs.values()]
    known = [network.describe(planes(fitting(p, grid))).numpy() for p in pictures]
    noise, edges, *real = known
    real = (real * 3)[:3] or [edges] * 3
    rng = np.random.default_rng(4)
    both = np.concatenate([noise, edges], 1)
    drawn = rng.exponential(size=both.shape[:2])
    own, first, second = real
    half = np.full(first.shape[:2], 0.25 / first.shape[1])
    mixed = np.concatenate([first, second, own.mean(1, keepdims=True)], 1)
    told = [
        (noise, both, drawn / drawn.sum()),
        (edges, first, np.full(first.shape[:2], 1 / first.shape[1])),
        (own, mixed, np.concatenate([half, half, [[0.5]]], 1)),
    ]
    return [
        {"own": known.mean(1), "style": style, "shares": shares.astype(np.float32)}
        for known, style, shares in told
    ]


@torch.no_grad()
def own_token(network: Stylizer, picture: np.ndarray) -> np.ndarray:
    """(1, known) of a picture (h, w, 3) float32 of any size; a small one is laid out repeatedly."""
    grid = MULTIPLE * network.cells
    counts = [-(-grid // length) for length in picture.shape[:2]]
    return network.describe(planes(fitting(np.tile(picture, (*counts, 1)), grid))).mean(1).numpy()


def described(size: str, tile: int) -> dict[str, str]:
    """The words of card.toml that the files of a size state."""
    words = cards.words(Path(__file__).parent)
    title = f"{words['title']}, {words['models'][size]['title']}"
    return cards.properties(words, title) | {"tile": str(tile)}


def load(weights: Path, size: str) -> Stylizer:
    """The network of a size. Raises SystemExit where weights are missing."""
    network = Stylizer(size).eval()
    load_all_weights(network, weights, f"the {size} network")
    return network


def export(weights: Path, folder: Path, size: str) -> onnxfile.Report:
    """Export, check, describe and place the file that makes pictures.

    Raises SystemExit where a check fails, and leaves what was there.
    """
    network, photographs = load(weights, size), samples()
    return onnxfile.export(
        network,
        folder / f"{size}.onnx",
        described(size, TILES[size]),
        multiple=MULTIPLE,
        reach=reach(size),
        photographs=photographs,
        arrays=onnxfile.Arrays(trials(network, photographs), FREE),
    )


def export_code(weights: Path, folder: Path, size: str) -> str:
    """Export, check and place the file that tells a picture's tokens; a sentence on what was found.

    Raises SystemExit where a check fails, and leaves what was there.
    """
    network = load(weights, size)
    description = Description(network).eval()
    target = folder / f"{size}_code.onnx"
    folder.mkdir(parents=True, exist_ok=True)
    partial = target.with_name("partial_" + target.name)
    multiple = MULTIPLE * network.cells
    stated = {"contract": onnxfile.CONTRACT, "scale": "1", "multiple": str(multiple)}
    stated |= {"reach": "0", "range": "0..1", "layout": "NCHW", "channels": "RGB"}
    stated |= {"tells": f"{network.cells**2} tokens"}
    stated["parameters"] = str(sum(p.numel() for p in network.encoder.parameters()))
    try:
        onnxfile.write(description, partial, multiple, result="tokens")
        state(partial, stated | described(size, CODE_TILE))
        difference = onnxfile.parity(description, Network(partial), "tokens")
        state(partial, {"difference": f"{difference:.1e}"})
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    write_sums(folder)
    return (
        f"{target.name}: {target.stat().st_size / 1e6:.2f} MB, differs from PyTorch by at most "
        f"{difference:.1e}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, required=True, help="weights.npz of a training")
    parser.add_argument("--size", choices=sorted(WIDTHS), required=True)
    parser.add_argument("--out", type=Path, default=PLUGIN, help="folder for the ONNX files")
    parser.add_argument("--half", type=Path, metavar="FOLDER", help="half precision too, there")
    given = parser.parse_args()
    print(export_code(given.weights, given.out, given.size))
    print(export(given.weights, given.out, given.size))
    if given.half:
        given.half.mkdir(parents=True, exist_ok=True)
        target = given.half / f"{given.size}_float16.onnx"
        network, photographs = load(given.weights, given.size), samples()
        told = trials(network, photographs)[-1]
        source = given.out / f"{given.size}.onnx"
        psnr, difference = precision.half(
            source,
            target,
            list(photographs.values()),
            lambda picture: told | {"own": own_token(network, picture)},
            EXACT,
        )
        print(f"{target.name}: at least {psnr:.1f} dB, at most {difference:.5f} from float32")


if __name__ == "__main__":
    main()
