"""Train the VAE of shapes, find its directions and write what the template of an autoencoder has.

python -m models.shapes.train

It takes a minute or two of one core. The pictures are drawn; there is nothing else to have.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor

from models import onnxfile
from models.shapes.network import FOLDER, SIZE, Decoder, Encoder, drawing, loss
from models.tiles import state, write_sums

STEPS = 3600
BATCH = 64
RATE = 3e-3
NOISE = 0.03
WARM_UP = 0.6  # part of the steps until the divergence counts in full
LABELLED = 2000  # shapes whose amounts are known, that the directions are found with
LARGEST_DIFFERENCE = 1e-4  # ONNX Runtime against PyTorch, of codes and of values 0 to 1

shapes = drawing()


def pictures(amounts: np.ndarray) -> Tensor:
    """Shapes with amounts (n, 5), as (n, 3, 32, 32)."""
    return torch.from_numpy(shapes.drawn(amounts).transpose(0, 3, 1, 2).copy())


def trained(steps: int, seed: int = 0) -> tuple[Encoder, Decoder]:
    """Both halves, after so many steps."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    encoder, decoder = Encoder(), Decoder()
    learnt = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.Adam(learnt, RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps)
    for step in range(steps):
        image = pictures(rng.uniform(-1, 1, (BATCH, len(shapes.AMOUNTS))))
        share = min(step / (WARM_UP * steps), 1)
        optimizer.zero_grad()
        found = loss(encoder, decoder, image, NOISE, share)
        found.backward()
        optimizer.step()
        schedule.step()
        if step % 300 == 0:
            print(f"{step:5} {float(found):8.2f}", flush=True)
    return encoder.eval(), decoder.eval()


def even(encoder: Encoder, decoder: Decoder) -> None:
    """Have each number of the codes vary as a normal one does, and decode to the same pictures."""
    with torch.no_grad():
        mean, first = encoder.mean, decoder.begin[0]
        codes = encoder(pictures(shapes.chance(LABELLED, 2)))
        middle, spread = codes.mean(0), codes.std(0).clamp(min=1e-3)
        first.bias += first.weight @ middle
        first.weight *= spread
        mean.bias.sub_(middle).div_(spread)
        mean.weight.div_(spread[:, None])


def directions(codes: np.ndarray, amounts: np.ndarray) -> np.ndarray:
    """What leads from one code to that of a shape with 1 more of each amount: float32 (5, SIZE).

    By least squares of codes (n, SIZE) on amounts (n, 5): as long as amounts are independent of
    each other, those of two handfuls of examples come to the same.
    """
    with_one = np.concatenate([amounts, np.ones((len(amounts), 1))], 1)
    found, *_ = np.linalg.lstsq(with_one, codes, rcond=None)
    return np.asarray(found[:-1], np.float32)


def export(encoder: Encoder, decoder: Decoder, folder: Path) -> None:
    """Write both halves as ONNX files that explain themselves, checked against PyTorch."""
    trials = {
        "encoder": (encoder, "image", pictures(shapes.chance(1, 5)), "code"),
        "decoder": (decoder, "code", torch.randn(1, SIZE), "made"),
    }
    for name, (module, given, example, result) in trials.items():
        path = folder / f"{name}.onnx"
        onnx.save(onnxfile.translated(module, {given: example}, ({},), result), str(path))
        stated = {"contract": onnxfile.CONTRACT, "scale": "1", "multiple": "1", "reach": "0"}
        stated |= {"range": "0..1", "layout": "NCHW", "channels": "RGB", "tile": "32"}
        stated |= {
            "title": f"Shapes, {name}",
            "version": "1",
            "licence": "Apache-2.0",
            "training_data": "None: shapes that a script draws",
            "parameters": str(sum(item.numel() for item in module.parameters())),
        }
        state(path, stated)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        got = session.run(None, {given: example.numpy()})[0]
        with torch.no_grad():
            worst = float(np.abs(got - module(example).numpy()).max())
        if worst > LARGEST_DIFFERENCE:
            raise SystemExit(f"{name}: ONNX Runtime differs from PyTorch by {worst:.1e}.")
        print(f"{path}: {path.stat().st_size / 1e3:.0f} kB, differs by at most {worst:.1e}")
    write_sums(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder for the files")
    parser.add_argument("--steps", type=int, default=STEPS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    began = time.process_time()
    encoder, decoder = trained(given.steps)
    even(encoder, decoder)
    amounts = shapes.chance(LABELLED, 1)
    with torch.no_grad():
        codes = encoder(pictures(amounts)).numpy()
    found = directions(codes, amounts)
    export(encoder, decoder, given.out)
    named = dict(zip(shapes.AMOUNTS, found.round(4).tolist(), strict=True))
    (given.out / "directions.json").write_text(json.dumps(named, indent=1) + "\n")
    print(f"{time.process_time() - began:.0f} s of the processor")


if __name__ == "__main__":
    main()
