"""Turn trained weights into the ONNX file that the plugin ships, check it, and describe it.

    python -m models.enlarge.export --scale 4 --weights OUT/x4/weights.npz --metrics metrics.json

Without --weights it is the weights kept in this folder, those of the shipped files.

The file explains itself: reach, scale, range, layout, licence and training data travel in it as
metadata properties, so the editor can tile a model it has never seen. Nothing is written to its
final place before ONNX Runtime has given the same numbers as PyTorch on every size below and the
seam test has shown the reach to be enough.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import tomllib
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the import: it reports usage by default

import numpy as np
import onnx
import onnxruntime
import torch

from models.enlarge import network
from models.enlarge.train import load_weights

CONTRACT = "1"
OPSET = 18
TILE = 448  # interior of a tile in input pixels
SIZES = ((1, 1), (2, 3), (7, 5), (17, 31), (64, 64), (51, 77), (1, 400), (400, 1), (128, 96))
LARGEST_DIFFERENCE = 1e-4  # ONNX Runtime against PyTorch, in units of the full range
SEAM = 1e-5  # tiles against the whole picture
PLUGIN = Path(__file__).parents[2] / "plugins" / "enlarge" / "safelight_enlarge"
CARD = Path(__file__).with_name("card.toml")
WEIGHTS = Path(__file__).with_name("weights")


def to_onnx(model: network.Enlarge, path: Path) -> None:
    """Write the network with free height and width, weights inside the file."""
    example = torch.rand(1, 3, 40, 56)  # not square, so that the two sides cannot be confused
    program = torch.onnx.export(
        model.eval(),
        (example,),
        dynamo=True,
        verbose=False,
        opset_version=OPSET,
        external_data=False,
        input_names=["image"],
        output_names=["result"],
        dynamic_shapes={"image": {2: "height", 3: "width"}},
    )
    assert program is not None  # it is None only from the exporter of old
    program.save(str(path), external_data=False)
    stored = onnx.load(str(path))
    # Where in somebody's source tree each node was made is no business of the user's.
    for node in stored.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*stored.graph.value_info, *stored.graph.input, *stored.graph.output):
        del value.metadata_props[:]
    del stored.graph.metadata_props[:]
    stored.graph.doc_string = ""
    onnx.save(stored, str(path))


def session(path: Path) -> onnxruntime.InferenceSession:
    """The file in ONNX Runtime, on the CPU."""
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def run(model: onnxruntime.InferenceSession, image: np.ndarray) -> np.ndarray:
    """(1, 3, h, w) float32 to (1, 3, scale*h, scale*w) float32."""
    return model.run(["result"], {"image": image})[0]


def largest_difference(model: network.Enlarge, runtime: onnxruntime.InferenceSession) -> float:
    """Largest difference between PyTorch and ONNX Runtime over SIZES; fails above the limit."""
    rng = np.random.default_rng(0)
    worst = 0.0
    for height, width in SIZES:
        image = rng.random((1, 3, height, width), np.float32)
        with torch.no_grad():
            expected = model(torch.from_numpy(image)).numpy()
        result = run(runtime, image)
        if result.shape != expected.shape:
            raise SystemExit(f"{height}x{width} became {result.shape}, not {expected.shape}.")
        if not np.isfinite(result).all():
            raise SystemExit(f"{height}x{width} gave values that are not finite.")
        worst = max(worst, float(np.abs(result - expected).max()))
    if worst > LARGEST_DIFFERENCE:
        raise SystemExit(f"ONNX Runtime and PyTorch differ by {worst:.1e}.")
    return worst


def seam(runtime: onnxruntime.InferenceSession, scale: int, halo: int) -> float:
    """Largest difference between a picture enlarged in tiles with this halo and as a whole.

    Tiles are small and of noise, the hardest picture for a seam; at the border of the picture
    there is no halo, as in the editor.
    """
    rng = np.random.default_rng(1)
    tile, height, width = 32, 96, 112
    image = rng.random((1, 3, height, width), np.float32)
    whole = run(runtime, image)
    worst = 0.0
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            bottom, right = min(top + tile, height), min(left + tile, width)
            y, x = max(top - halo, 0), max(left - halo, 0)
            part = run(runtime, image[:, :, y : bottom + halo, x : right + halo])
            part = part[
                :,
                :,
                (top - y) * scale : (bottom - y) * scale,
                (left - x) * scale : (right - x) * scale,
            ]
            there = whole[:, :, top * scale : bottom * scale, left * scale : right * scale]
            worst = max(worst, float(np.abs(part - there).max()))
    return worst


def measured_reach(runtime: onnxruntime.InferenceSession, scale: int, upper: int) -> int:
    """The smallest halo that leaves no seam; fails where the network's own sum is not enough."""
    if seam(runtime, scale, upper) > SEAM:
        raise SystemExit(f"A halo of {upper} input pixels still leaves a seam.")
    halo = upper
    while halo > 0 and seam(runtime, scale, halo - 1) <= SEAM:
        halo -= 1
    return halo


def write_sums(folder: Path) -> None:
    """Write the hashes of a folder's networks, as sha256sum does: `safelight models verify`."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.glob("*.onnx"))
    ]
    (folder / "SHA256SUMS").write_text("".join(lines))


def export(scale: int, weights: Path, folder: Path, metrics: str) -> Path:
    """Export, check, describe and place one file; returns its path."""
    card = tomllib.loads(CARD.read_text())
    model = network.Enlarge(scale).eval()
    left = load_weights(model, weights)
    if left:
        raise SystemExit(f"{weights} lacks {', '.join(left)}: not weights for x{scale}.")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"enlarge_x{scale}.onnx"
    partial = folder / f"partial_enlarge_x{scale}.onnx"
    try:
        to_onnx(model, partial)
        onnx.checker.check_model(str(partial), full_check=True)
        runtime = session(partial)
        difference = largest_difference(model, runtime)
        measured = measured_reach(runtime, scale, network.reach())
        # What noise at these weights shows may be less than what another picture shows, so the
        # file states the sum over the layers, which no picture can exceed.
        reach = network.reach()
        stored = onnx.load(str(partial))
        properties = {
            "contract": CONTRACT,
            "scale": str(scale),
            "reach": str(reach),
            "multiple": "1",
            "range": "0..1",
            "layout": "NCHW",
            "channels": "RGB",
            "tile": str(TILE),
            "title": f"{card['title']} ×{scale}",
            "version": card["version"],
            "licence": card["licence"],
            "training_data": " ".join(card["training_data"].split()),
            "metrics": metrics,
        }
        onnx.helper.set_model_props(
            stored, {f"safelight.{name}": value for name, value in properties.items()}
        )
        stored.producer_name, stored.producer_version = "safelight models/enlarge", ""
        onnx.save(stored, str(partial))
        onnx.checker.check_model(str(partial), full_check=True)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    write_sums(folder)
    print(
        f"{target.name}: {target.stat().st_size / 1e6:.2f} MB, differs from PyTorch by at most "
        f"{difference:.1e} on {len(SIZES)} sizes; smallest halo without a seam {measured}, "
        f"stated reach {reach}"
    )
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=int, choices=(2, 3, 4), required=True)
    parser.add_argument("--weights", type=Path, help="weights.npz of a training")
    parser.add_argument("--out", type=Path, default=PLUGIN, help="folder for the ONNX file")
    parser.add_argument("--metrics", type=Path, help="JSON written by measure, stated in the file")
    given = parser.parse_args()
    metrics = "not measured"
    if given.metrics:
        metrics = json.loads(given.metrics.read_text())[f"x{given.scale}"]["summary"]
    weights = given.weights or WEIGHTS / f"x{given.scale}.npz"
    export(given.scale, weights, given.out, metrics)


if __name__ == "__main__":
    main()
