"""Turn trained weights into what the plugin ships: two networks, and tables of integers.

    python -m models.codec.export --weights OUT/weights.npz --photos FOLDER

`encoder.onnx` and `decoder.onnx` hold weights in half precision, which become float32 as a file is
loaded; `entropy.npz` what the coder knows before the first number (`safelight_codec.entropy`):
weights of magnitudes as whole numbers, and first frequencies, counted in photographs that the
network was trained with. Nothing reaches its final place before ONNX Runtime gives PyTorch's
numbers on every size, tiles give the whole, and what is written is read again.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models import cards, onnxfile
from models.codec.network import BLOCK, CHANNELS, LEAST, STEPS, Codec, sources
from models.pictures import Pictures
from models.plugincode import ROOT, plugin_package
from models.tiles import state, write_sums
from models.training import load_all_weights

PLUGIN = ROOT / "plugins" / "codec" / "safelight_codec"
LARGEST_DIFFERENCE = 1e-4  # ONNX Runtime against PyTorch: of a latent's largest value; of the range
SIZES = ((1, 1), (2, 3), (7, 1), (5, 9))  # blocks
SMALLEST = 64  # numbers in a tensor of weights that is stored in half precision
SIDE, MOST = 256, 96  # pixels of a crop that is counted, and of how many photographs
DOUBT = 24.0  # times that something is thought to have been seen before it is counted
PER_OCTAVE = 3  # bins of an expected magnitude from one to its double


class Encoding(nn.Module):
    """The encoder of one picture, whose quality is one number."""

    def __init__(self, codec: Codec):
        super().__init__()
        self.encoder = codec.encoder

    def forward(self, image: Tensor, quality: Tensor) -> Tensor:
        return self.encoder(image, quality)


class Decoding(nn.Module):
    """The decoder of one picture, whose quality is one number."""

    def __init__(self, codec: Codec):
        super().__init__()
        self.decoder = codec.decoder

    def forward(self, latents: Tensor, quality: Tensor) -> Tensor:
        return self.decoder(latents, quality)


def halved(module: nn.Module) -> None:
    """Round weights to half precision, in which they are stored."""
    for value in module.parameters():
        if value.numel() >= SMALLEST:
            value.data = value.data.half().float()


def stored_in_half(graph: onnx.GraphProto) -> None:
    """Store tensors of weights in half precision, each followed by a cast to float32."""
    casts = []
    for tensor in graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < SMALLEST:
            continue
        name = tensor.name
        tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), name + "_half"))
        casts.append(onnx.helper.make_node("Cast", [name + "_half"], [name], to=1))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def write(module: nn.Module, path: Path, given: Mapping[str, Tensor], grid: int, out: str) -> None:
    """Write a network whose first input's height and width are multiples of `grid`."""
    sides = {
        2: grid * torch.export.Dim("height", min=1),
        3: grid * torch.export.Dim("width", min=1),
    }
    stored = onnxfile.translated(module, given, (sides if grid > 1 else {
        2: torch.export.Dim("height", min=1), 3: torch.export.Dim("width", min=1)
    }, {}), out)  # fmt: skip
    stored_in_half(stored.graph)
    onnx.save(stored, str(path))


def parity(session: onnxruntime.InferenceSession, module: nn.Module, name: str) -> float:
    """Largest difference of a file from PyTorch over sizes and qualities, of the largest value.

    Raises SystemExit where that is too far.
    """
    worst, rng = 0.0, np.random.default_rng(4)
    for (high, wide), quality in zip(SIZES, (0.0, 3.0, 1.5, 2.0625), strict=True):
        if name == "image":
            given = rng.random((1, 3, BLOCK * high, BLOCK * wide)).astype(np.float32)
        else:
            given = np.rint(rng.laplace(0, 1, (1, CHANNELS, high, wide))).astype(np.float32)
        told = np.array([quality], np.float32)
        (found,) = session.run(None, {name: given, "quality": told})
        with torch.no_grad():
            expected = module(torch.from_numpy(given), torch.from_numpy(told)).numpy()
        if found.shape != expected.shape or not np.isfinite(found).all():
            raise SystemExit(f"{given.shape} became {found.shape}, not {expected.shape}.")
        size = max(1.0, float(np.abs(expected).max()))
        worst = max(worst, float(np.abs(found - expected).max()) / size)
    if worst > LARGEST_DIFFERENCE:
        raise SystemExit(f"ONNX Runtime and PyTorch differ by {worst:.1e}.")
    return worst


def seam(session: onnxruntime.InferenceSession, name: str, reach: int) -> float:
    """Largest difference between four parts, each with `reach` blocks around it, and the whole."""
    rng, side = np.random.default_rng(6), 2 * (reach + 4)
    size = BLOCK if name == "image" else 1
    shape = (1, 3 if size > 1 else CHANNELS, side * size, side * size)
    given = rng.random(shape).astype(np.float32) if size > 1 else rng.laplace(0, 1, shape).round()
    told = np.array([2.0], np.float32)
    given = given.astype(np.float32)
    (whole,) = session.run(None, {name: given, "quality": told})
    back = 1 if size > 1 else BLOCK
    half, worst = side // 2, 0.0
    for top in (0, half):
        for left in (0, half):
            y, x = (max(start - reach, 0) for start in (top, left))
            end_y, end_x = (min(start + half + reach, side) for start in (top, left))
            part = np.ascontiguousarray(
                given[..., y * size : end_y * size, x * size : end_x * size]
            )
            (found,) = session.run(None, {name: part, "quality": told})
            inner = found[
                ...,
                (top - y) * back : (top - y + half) * back,
                (left - x) * back : (left - x + half) * back,
            ]
            there = whole[..., top * back : (top + half) * back, left * back : (left + half) * back]
            worst = max(worst, float(np.abs(inner - there).max()))
    if worst > LARGEST_DIFFERENCE * max(1.0, float(np.abs(whole).max())):
        raise SystemExit(f"Parts of {name} differ from the whole by {worst:.1e}.")
    return worst


def tables(codec: Codec, pictures: Pictures) -> dict[str, np.ndarray]:
    """What the coder knows before the first number, without the network's identity."""
    entropy = plugin_package("codec", "entropy")
    plugin = plugin_package("codec", "__init__")
    prior, unit = codec.prior, entropy.UNIT

    def whole(values: Tensor) -> np.ndarray:
        return np.rint(values.detach().double().numpy() * unit).astype(np.int32)

    weights, found = whole(F.softplus(prior.behind)), sources()
    kept = (found >= 0) & (weights > 0)
    starts = np.concatenate([[0], kept.sum(1).cumsum()]).astype(np.int32)
    expected = np.arange(1 << 14) / 256
    bins = np.rint(PER_OCTAVE * np.log2(np.maximum(expected, LEAST) / LEAST))
    made = {
        "above": whole(F.softplus(prior.above)),
        "starts": starts,
        "sources": found[kept].astype(np.int32),
        "weights": weights[kept],
        "total": whole(F.softplus(prior.total)),
        "least": whole(F.softplus(prior.least) + LEAST),
        "bins": bins.clip(0, entropy.BINS - 1).astype(np.uint8),
        "zero": np.full((CHANNELS, entropy.BINS), 1 << 15, np.uint16),
        "more": np.full((12, entropy.BINS, 14), 1 << 15, np.uint16),
    }
    known = entropy.Tables(**made, identity=b"")
    counts = np.zeros((2, CHANNELS, entropy.BINS))
    grows = np.zeros((2, 12, entropy.BINS, 14))
    kinds = np.array([entropy._class(channel) for channel in range(CHANNELS)])
    for latents, quality in coded(codec, pictures, plugin.rounded):
        rest, bin_ = entropy.visited(latents, known, known.least_at(quality * 16, 16))
        size = np.abs(rest.reshape(-1, CHANNELS).astype(np.int64)).ravel()
        where = bin_.reshape(-1, CHANNELS).ravel()
        channel = np.tile(np.arange(CHANNELS), size.size // CHANNELS)
        for flag in (0, 1):
            chosen = (size > 0) == bool(flag)
            counts[flag] += np.bincount(
                channel[chosen] * entropy.BINS + where[chosen], minlength=counts[0].size
            ).reshape(counts[0].shape)
        kind = kinds[channel]
        for step in range(14):
            for flag in (0, 1):
                chosen = (size > step + 1) if flag else (size == step + 1)
                grows[flag, ..., step] += np.bincount(
                    kind[chosen] * entropy.BINS + where[chosen], minlength=12 * entropy.BINS
                ).reshape(12, entropy.BINS)
    made["zero"] = frequencies(counts, 1)
    made["more"] = frequencies(grows, 1)
    return made


def frequencies(counts: np.ndarray, axis: int) -> np.ndarray:
    """How often the second of two was seen, in 65536ths, of counts (2, ...); what was seen seldom
    is thought to be as it is over all of `axis`.
    """
    pooled = counts.sum(axis, keepdims=True)
    usual = (pooled[1] + 1) / (pooled[0] + pooled[1] + 2)
    share = (counts[1] + DOUBT * usual) / (counts[0] + counts[1] + DOUBT)
    return np.rint(share * 65536).clip(32, 65504).astype(np.uint16)


def coded(codec: Codec, pictures: Pictures, rounding) -> Iterator[tuple[np.ndarray, int]]:
    """The numbers (rows, columns, 192) of photographs that are trained with, and their quality."""
    large = [picture for picture, _ in pictures.train]
    for number in range(MOST):
        picture = large[number * len(large) // MOST][:SIDE, :SIDE]
        height, width = (side // BLOCK * BLOCK for side in picture.shape[:2])
        crop = np.array(picture[:height, :width], np.float32) / 255
        image = torch.from_numpy(np.ascontiguousarray(crop.transpose(2, 0, 1)))[None]
        for quality in range(len(STEPS)):
            with torch.no_grad():
                found = codec.encoder(image, torch.tensor([float(quality)]))
            yield rounding(found[0].permute(1, 2, 0).numpy()), quality


def identity(made: Mapping[str, np.ndarray], decoder: Path) -> np.ndarray:
    """Eight bytes of a hash of the tables and of the decoder's weights."""
    digest = hashlib.sha256()
    for name in sorted(made):
        digest.update(name.encode() + np.ascontiguousarray(made[name]).tobytes())
    for tensor in onnx.load(str(decoder)).graph.initializer:
        digest.update(np.ascontiguousarray(onnx.numpy_helper.to_array(tensor)).tobytes())
    return np.frombuffer(digest.digest()[:8], np.uint8)


def export(weights: Path, photos: Path, cache: Path, folder: Path) -> list[str]:
    """Write, check and place everything; sentences on it. Raises SystemExit where a check fails."""
    codec = Codec().eval()
    load_all_weights(codec, weights, "the codec")
    halved(codec.encoder)
    halved(codec.decoder)
    said, words = cards.words(Path(__file__).parent), []
    folder.mkdir(parents=True, exist_ok=True)
    quality = torch.tensor([1.0])
    image, latents = torch.rand(1, 3, 3 * BLOCK, 4 * BLOCK), torch.zeros(1, CHANNELS, 3, 4)
    for name, module, given, grid, out in (
        ("encoder", Encoding(codec), {"image": image}, BLOCK, "latents"),
        ("decoder", Decoding(codec), {"latents": latents}, 1, "image"),
    ):
        target, partial = folder / f"{name}.onnx", folder / f"partial_{name}.onnx"
        try:
            write(module.eval(), partial, given | {"quality": quality}, grid, out)
            session = onnxruntime.InferenceSession(str(partial), providers=["CPUExecutionProvider"])
            difference = parity(session, module, next(iter(given)))
            reach = codec.encoder.reach // BLOCK if grid > 1 else codec.decoder.reach
            apart = seam(session, next(iter(given)), reach)
            stated = {"contract": onnxfile.CONTRACT, "scale": "1", "layout": "NCHW"}
            stated |= {"range": "0..1", "channels": "RGB", "tile": "768", "multiple": str(grid)}
            stated |= {"reach": str(reach * BLOCK), "difference": f"{difference:.1e}"}
            stated |= {"seam": f"noise {apart:.1e}"} | ({} if grid > 1 else {"input": "numbers"})
            stated |= cards.properties(said, said["models"][name]["title"])
            stated["parameters"] = str(sum(p.numel() for p in module.parameters()))
            state(partial, stated)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        size = target.stat().st_size / 1e6
        words.append(
            f"{target.name}: {size:.2f} MB, differs by {difference:.1e}, parts by {apart:.1e}"
        )
    made = tables(codec, Pictures(photos, 1, cache, (1.0, 0.5)))
    held = made | {"identity": identity(made, folder / "decoder.onnx")}
    np.savez_compressed(folder / "entropy.npz", **held)
    write_sums(folder)
    words.append(f"entropy.npz: {(folder / 'entropy.npz').stat().st_size / 1e6:.2f} MB")
    return words


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, required=True, help="weights.npz of a training")
    parser.add_argument(
        "--photos", type=Path, required=True, help="folder that it was trained with"
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder of packed pictures")
    parser.add_argument("--out", type=Path, default=PLUGIN, help="folder for the files")
    given = parser.parse_args()
    print(*export(given.weights, given.photos, given.cache, given.out), sep="\n")


if __name__ == "__main__":
    main()
