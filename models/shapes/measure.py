"""Measure what the directions of the VAE of shapes move: a matrix of amounts by directions.

    python -m models.shapes.measure

Shapes that were not trained with are encoded, moved along each direction and decoded; what is
decoded for the move is added to the picture, as the template's filter does. What amounts the result
has is found without the network: by drawing shapes until one fits.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime

from models.shapes.network import FOLDER, drawing

COUNT = 100
STEP = 0.5  # of an amount, either way
_ROUNDS, _SMALL = 25, 0.02

shapes = drawing()


def fitted(pictures: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The amounts (n, 5) of the shapes that are nearest to pictures (n, 32, 32, 3): by Levenberg
    and Marquardt's method from ``start`` on.
    """
    found, price = np.array(start, np.float64), np.full(len(start), 1e-2)
    off = shapes.drawn(found) - pictures
    for _ in range(_ROUNDS):
        slopes = []
        for which in range(found.shape[1]):
            ahead, behind = found.copy(), found.copy()
            ahead[:, which] += _SMALL
            behind[:, which] -= _SMALL
            ahead, behind = bounded(ahead), bounded(behind)
            run = (ahead - behind)[:, which, None, None, None]
            slopes.append((shapes.drawn(ahead) - shapes.drawn(behind)) / run)
        each = np.stack(slopes, -1).reshape(len(found), -1, found.shape[1]).astype(np.float64)
        square = np.einsum("npi,npj->nij", each, each)
        square += (
            price[:, None, None]
            * np.eye(found.shape[1])
            * np.einsum("nii->n", square)[:, None, None]
            / found.shape[1]
        )
        right = np.einsum("npi,np->ni", each, off.reshape(len(off), -1))
        tried = bounded(found - np.linalg.solve(square, right[..., None])[..., 0])
        made = shapes.drawn(tried) - pictures
        better = (made**2).sum((1, 2, 3)) < (off**2).sum((1, 2, 3))
        found[better], off[better] = tried[better], made[better]
        price = np.where(better, price / 3, price * 4)
    return found


def bounded(amounts: np.ndarray) -> np.ndarray:
    """Amounts within what can be drawn."""
    return np.asarray(amounts.clip(-1.45, 1.45))


def matrix(folder: Path, vectors: np.ndarray, count: int = COUNT) -> np.ndarray:
    """What a step along each of ``vectors`` (5, SIZE) moves each amount, in parts of the step:
    (picture, amount, direction), of shapes that were not trained with.
    """
    encoder, decoder = (
        onnxruntime.InferenceSession(
            str(folder / f"{name}.onnx"), providers=["CPUExecutionProvider"]
        )
        for name in ("encoder", "decoder")
    )
    # Half of what there is, so that a step leads to what there is as well.
    amounts = 0.5 * shapes.chance(count, 99)
    images = shapes.drawn(amounts)
    moved = np.zeros((count, len(shapes.AMOUNTS), len(vectors)))
    for row, image in enumerate(images):
        (code,) = encoder.run(None, {"image": image.transpose(2, 0, 1)[None]})
        (own,) = decoder.run(None, {"code": code})
        results = []
        for vector in vectors:
            for sign in (-STEP, STEP):
                (made,) = decoder.run(None, {"code": code + np.float32(sign) * vector[None]})
                results.append(image + (made - own)[0].transpose(1, 2, 0))
        starts = amounts[row] + np.repeat(np.eye(len(vectors)), 2, 0) * np.tile(
            [[-STEP], [STEP]], (len(vectors), 1)
        )
        found = fitted(np.stack(results), starts).reshape(len(vectors), 2, -1)
        moved[row] = ((found[:, 1] - found[:, 0]) / (2 * STEP)).T
    return moved


def table(moved: np.ndarray) -> list[str]:
    """The medians of what was moved (picture, amount, direction), and between what eight in ten of
    the pictures lie, as lines of Markdown.
    """
    names = [name.capitalize() for name in shapes.AMOUNTS]
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for row, name in enumerate(names):
        cells = []
        for column in range(len(names)):
            low, middle, high = np.quantile(moved[:, row, column], [0.1, 0.5, 0.9])
            cells.append(f"{middle:+.2f} ({low:+.2f} to {high:+.2f})")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where networks and table are")
    given = parser.parse_args()
    told = json.loads((given.folder / "directions.json").read_text())
    vectors = np.array([told[name] for name in shapes.AMOUNTS], np.float32)
    text = "\n".join(table(matrix(given.folder, vectors)))
    (given.folder / "matrix.md").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
