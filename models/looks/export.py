"""Turn trained weights into the ONNX file that the plugin ships, and describe it.

python -m models.looks.export --weights OUT/looks/weights.npz
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from models import cards, onnxfile
from models.looks.network import LATENT, SIDE, Looks, ToGrid
from models.plugincode import ROOT
from models.tiles import state, write_sums
from models.training import load_all_weights

PLUGIN = ROOT / "plugins" / "looks" / "safelight_looks"
LARGEST_DIFFERENCE = 1e-4  # ONNX Runtime against PyTorch, of factors and offsets of colours 0 to 1
TRIALS = 10


def trial(seed: int) -> dict[str, torch.Tensor]:
    """What the file is tried with: noise for maps, and a change of the code."""
    generator = torch.Generator().manual_seed(seed)
    image, detail = (torch.rand(1, 3, SIDE, SIDE, generator=generator) for _ in range(2))
    return {
        "image": image,
        "detail": 0.3 * detail,
        "change": torch.randn(1, LATENT, generator=generator),
    }


def export(looks: Looks, folder: Path) -> str:
    """Write the file, check it against PyTorch, and say how far it is from it."""
    module = ToGrid(looks).eval()
    said = cards.words(Path(__file__).parent)
    stated = {"contract": onnxfile.CONTRACT, "scale": "1", "multiple": "1", "reach": "0"}
    stated |= {"range": "0..1", "layout": "NCHW", "channels": "RGB", "tile": str(SIDE)}
    stated |= cards.properties(said, said["models"]["looks"]["title"])
    stated["parameters"] = str(sum(p.numel() for p in module.parameters()))
    target, partial = folder / "looks.onnx", folder / "partial_looks.onnx"
    try:
        stored = onnxfile.translated(module, trial(0), ({}, {}, {}), "grid", "code")
        onnx.save(stored, str(partial))
        state(partial, stated)
        session = onnxruntime.InferenceSession(str(partial), providers=["CPUExecutionProvider"])
        worst = 0.0
        for seed in range(TRIALS):
            given = trial(seed)
            found = session.run(None, {name: value.numpy() for name, value in given.items()})
            with torch.no_grad():
                expected = module(*given.values())
            worst = max(
                float(np.abs(got - wanted.numpy()).max())
                for got, wanted in zip(found, expected, strict=True)
            )
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
    looks = Looks().eval()
    load_all_weights(looks, given.weights, "network of Change look")
    print(export(looks, given.out))


if __name__ == "__main__":
    main()
