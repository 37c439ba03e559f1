"""Turn trained weights into the ONNX file that the plugin ships, and describe it.

python -m models.auto.export --weights OUT/auto/weights.npz
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from models import cards, onnxfile
from models.auto.network import SIDE, AutoLight
from models.plugincode import ROOT
from models.tiles import state, write_sums
from models.training import load_all_weights

PLUGIN = ROOT / "plugins" / "adjust" / "safelight_adjust"
SIZES = ((48, 48), (48, 32), (27, 48), (1, 1), (7, 300))
LARGEST_DIFFERENCE = 1e-3  # ONNX Runtime against PyTorch, of what a value can be at most


def export(weights: Path, folder: Path) -> str:
    """Write the file, check it against PyTorch at several sizes, and say how far it is from it."""
    network = AutoLight().eval()
    load_all_weights(network, weights, "network of Auto light")
    said = cards.words(Path(__file__).parent)
    stated = {"contract": onnxfile.CONTRACT, "scale": "1", "multiple": "1", "reach": "0"}
    stated |= {"range": "0..1", "layout": "NCHW", "channels": "RGB", "tile": str(SIDE)}
    stated |= cards.properties(said, said["models"]["auto"]["title"])
    stated["parameters"] = str(sum(p.numel() for p in network.parameters()))
    target, partial = folder / "auto.onnx", folder / "partial_auto.onnx"
    try:
        onnxfile.write(network, partial, result="values")
        state(partial, stated)
        session = onnxruntime.InferenceSession(str(partial), providers=["CPUExecutionProvider"])
        worst = 0.0
        for high, wide in SIZES:
            image = np.random.default_rng(high).random((1, 3, high, wide)).astype(np.float32)
            (found,) = session.run(None, {"image": image})
            with torch.no_grad():
                expected = network(torch.from_numpy(image))
            off = (torch.from_numpy(found) - expected).abs() / network.most
            worst = max(worst, float(off.max()))
        if worst > LARGEST_DIFFERENCE:
            raise SystemExit(f"ONNX Runtime differs from PyTorch by {worst:.1e}.")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    write_sums(folder)
    return f"{target}: {target.stat().st_size / 1e6:.2f} MB, differs by at most {worst:.1e}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, required=True, help="weights.npz of a training")
    parser.add_argument("--out", type=Path, default=PLUGIN, help="folder for the ONNX file")
    given = parser.parse_args()
    print(export(given.weights, given.out))


if __name__ == "__main__":
    main()
