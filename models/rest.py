"""Write what a training has of a network and the shipped file has not: nothing is kept twice.

    python -m models.rest --weights OUT/fill/weights.npz \\
        --shipped plugins/repair/safelight_repair/fill.onnx --out models/repair/weights/fill.npz

An exported file holds what runs: not what training alone needs, and some arrays merged or turned.
`--init` takes the rest like a whole file: `training.stored_weights` reads both.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np

from models.training import REST_OF, ROOT, stored_weights


def keep_rest(weights: Path, shipped: Path, out: Path) -> list[str]:
    """Write to `out` the arrays of `weights` that `shipped` does not hold under their names.

    `shipped` lies in the checkout. Returns the names of those that were written.
    """
    given, there = stored_weights(weights), stored_weights(shipped)
    rest = {
        name: array
        for name, array in given.items()
        if name not in there or not np.array_equal(array, there[name])
    }
    digest = hashlib.sha256(shipped.read_bytes()).hexdigest()
    place = shipped.resolve().relative_to(ROOT).as_posix()
    partial = out.with_name("partial_" + out.name)
    np.savez(partial, **{REST_OF: np.array([place, digest])}, **rest)
    partial.replace(out)
    return list(rest)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--weights", type=Path, required=True, help="weights.npz of a training")
    parser.add_argument(
        "--shipped", type=Path, required=True, help="what was exported of it, .onnx"
    )
    parser.add_argument("--out", type=Path, required=True, help="the file to write, .npz")
    given = parser.parse_args()
    rest = keep_rest(given.weights, given.shipped, given.out)
    print(f"{given.out}: {len(rest)} arrays, {given.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
