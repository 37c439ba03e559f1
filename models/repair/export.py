"""Turn trained weights into the ONNX files that the plugin ships, check them, and describe them.

    python -m models.repair.export --model fill --weights OUT/fill/weights.npz
    python -m models.repair.export --model detect --weights OUT/detect/weights.npz

The detector is a picture in, a picture out (one channel for each kind of damage), and is checked
and cut into tiles like every other (models/onnxfile.py). The filling network has three inputs more,
mask, guess and noise, and the plugin places its windows itself, where something is missing; what is
checked here is that the file gives PyTorch's numbers at every size, that it leaves what is not
masked bit by bit as it was, and that noise changes nothing but the hole. Both get a half-precision
version where it holds (`--half FOLDER`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from models import cards, onnxfile, precision
from models.enlarge.export import samples
from models.repair.detector import Detector
from models.repair.filling_network import FillerFile, measured_reach, trials
from models.repair.network import LATENTS, MULTIPLE, NOISE_STRIDE, WIDTHS, Filler
from models.tiles import state, write_sums
from models.training import load_all_weights

PLUGIN = Path(__file__).parents[2] / "plugins" / "repair" / "safelight_repair"
TILE = 640  # pixels of the detector's pieces
FIRST_REACH = 24  # pixels: the first halo that is tried for the detector
WINDOW = 256  # pixels of the filling network's windows


def export_detector(weights: Path, folder: Path) -> onnxfile.Report:
    """Export, check and place the detector. Raises SystemExit where a check fails."""
    network = Detector()
    load_all_weights(network, weights, "the detector")
    return onnxfile.export(
        network,
        folder / "detect.onnx",
        described("detect") | {"tile": str(TILE)},
        multiple=network.multiple,
        reach=FIRST_REACH,
        exact=False,
        photographs=samples(),
    )


def export_filler(weights: Path, folder: Path, size: str) -> str:
    """Export, check and place the filling network; a sentence on what was found.

    Raises SystemExit where a check fails, and leaves what was there.
    """
    network = Filler(size).eval()
    load_all_weights(network, weights, f"the {size} network")
    target = folder / "fill.onnx"
    folder.mkdir(parents=True, exist_ok=True)
    partial = target.with_name("partial_" + target.name)
    stated = {
        "contract": onnxfile.CONTRACT,
        "scale": "1",
        "multiple": str(MULTIPLE),
        "reach": "0",  # of the pieces that the host cuts: the plugin sees to its own windows
        "tile": str(WINDOW),
        "range": "0..1",
        "layout": "NCHW",
        "channels": "RGB",
        "noise": f"{sum(LATENTS)} channels, a place for {NOISE_STRIDE} pixels",
        "parameters": str(network.shipped_parameters()),
    }
    try:
        write(network, partial)
        state(partial, stated | described("fill"))
        found = FillerFile(partial)
        difference = parity(network, found)
        view = measured_reach(found)
        state(partial, {"view": str(view), "difference": f"{difference:.1e}"})
        if partial.stat().st_size > onnxfile.LARGEST_FILE:
            raise SystemExit(f"{target.name} is larger than {onnxfile.LARGEST_FILE / 1e6:.0f} MB.")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    write_sums(folder)
    return (
        f"{target.name}: {target.stat().st_size / 1e6:.2f} MB, differs from PyTorch by at most "
        f"{difference:.1e}; what is further than {view} pixels away does not show"
    )


def described(model: str) -> dict[str, str]:
    """The words of card.toml that the files state."""
    words = cards.words(Path(__file__).parent)
    return cards.properties(words, f"{words['title']}, {words['models'][model]['title']}")


def write(network: Filler, path: Path) -> None:
    """Write the filling network with free height and width, weights inside the file."""
    height, width = torch.export.Dim("height", min=1), torch.export.Dim("width", min=1)
    sides = {2: MULTIPLE * height, 3: MULTIPLE * width}
    places = {2: MULTIPLE // NOISE_STRIDE * height, 3: MULTIPLE // NOISE_STRIDE * width}
    tall, wide = 3 * MULTIPLE, 5 * MULTIPLE  # not square: the two sides cannot be confused
    example = (
        torch.rand(1, 3, tall, wide),
        torch.zeros(1, 1, tall, wide),
        torch.zeros(1, 1, tall, wide),
        torch.randn(1, sum(LATENTS), tall // NOISE_STRIDE, wide // NOISE_STRIDE),
    )
    program = torch.onnx.export(
        network,
        example,
        dynamo=True,
        verbose=False,
        opset_version=onnxfile.OPSET,
        external_data=False,
        input_names=["image", "mask", "guess", "noise"],
        output_names=["result"],
        dynamic_shapes=(sides, sides, sides, places),
    )
    assert program is not None  # it is None only from the exporter of old
    program.save(str(path), external_data=False)
    stored = onnx.load(str(path))
    onnxfile.strip(stored)
    onnx.save(stored, str(path))


def parity(network: Filler, found: FillerFile) -> float:
    """Largest difference from PyTorch over `filling.trials`, in units of the range.

    Raises SystemExit for more than is allowed, for values that are not finite, for a pixel outside
    the mask that is not the very one that went in, and for noise that does not change the hole.
    """
    worst = 0.0
    for name, (image, mask, guess, noise) in trials().items():
        planes = (torch.from_numpy(part) for part in (image, mask, guess, noise))
        with torch.no_grad():
            expected = network(*planes).numpy()
        result = found.run(image, mask, guess, noise)
        if not np.isfinite(result).all():
            raise SystemExit(f"{name} gave values that are not finite.")
        whole = np.broadcast_to(mask == 0, image.shape)
        if not np.array_equal(result[whole], image[whole]):
            raise SystemExit(f"{name}: pixels outside the mask were changed.")
        range_ = max(1.0, float(np.abs(expected).max()))
        worst = max(worst, float(np.abs(result - expected).max()) / range_)
    if worst > onnxfile.LARGEST_DIFFERENCE:
        raise SystemExit(f"ONNX Runtime and PyTorch differ by {worst:.1e}.")
    return worst


def half(source: Path, target: Path) -> tuple[float, float]:
    """Write the filling network in half precision; (least dB, largest difference) from float32.

    Over `filling.trials`. Raises SystemExit where that is too far, and leaves no file.
    """
    stored = convert_float_to_float16(
        onnx.load(str(source)),
        keep_io_types=True,
        op_block_list=[*DEFAULT_OP_BLOCK_LIST, *precision.SENSITIVE, "Exp"],
    )
    once = {node.output[0]: node for node in stored.graph.node}  # it may write a cast twice
    del stored.graph.node[:]
    stored.graph.node.extend(once.values())
    ordered = OnnxModel(stored)
    ordered.topological_sort()  # the converter appends its casts
    ordered.save_model_to_file(str(target))
    state(target, {"precision": "float16"})
    plain, small = FillerFile(source), FillerFile(target)
    least, largest = float("inf"), 0.0
    for given in trials().values():
        error = np.abs(plain.run(*given) - small.run(*given))
        largest = max(largest, float(error.max()))
        square = float(np.mean(np.square(error, dtype=np.float64)))
        least = min(least, -10 * np.log10(square) if square else float("inf"))
    if least < precision.LEAST_AGREEMENT or largest > precision.LARGEST_DIFFERENCE:
        target.unlink()
        raise SystemExit(f"{target.name}: {least:.1f} dB, {largest:.4f} from float32: too far.")
    return least, largest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=("fill", "detect"), required=True)
    parser.add_argument("--weights", type=Path, required=True, help="weights.npz of a training")
    parser.add_argument("--size", choices=sorted(WIDTHS), default="small", help="of the filler")
    parser.add_argument("--out", type=Path, default=PLUGIN, help="folder for the ONNX file")
    parser.add_argument("--half", type=Path, help="folder for a version in half precision")
    given = parser.parse_args()
    if given.model == "detect":
        print(export_detector(given.weights, given.out))
    else:
        print(export_filler(given.weights, given.out, given.size))
    if given.half:
        given.half.mkdir(parents=True, exist_ok=True)
        source, target = (
            folder / f"{given.model}{end}.onnx"
            for folder, end in ((given.out, ""), (given.half, "_float16"))
        )
        if given.model == "detect":
            psnr, difference = precision.half(source, target, list(samples().values()))
        else:
            psnr, difference = half(source, target)
        print(f"{target.name}: at least {psnr:.1f} dB, at most {difference:.5f} from float32")


if __name__ == "__main__":
    main()
