"""How much memory a network needs at its most, in a process of its own.

python -m models.memory FILE [--side PIXELS] [--given ARRAYS.npz]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from models.tiles import Network

ROOT = Path(__file__).parents[1]


def peak(path: Path, given: Mapping[str, np.ndarray] | None = None) -> float:
    """MiB that one tile of the file's own size, with its reach, adds at most to an idle process.

    `given` is what the network takes beside the picture.
    """
    command = [sys.executable, "-m", "models.memory", str(path.resolve())]
    with tempfile.TemporaryDirectory() as folder:
        if given:
            arrays = Path(folder) / "given.npz"
            np.savez(arrays, **given)
            command += ["--given", str(arrays)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def used() -> float:
    """MiB of memory that this process has held at its most.

    Linux starts `getrusage` with the peak of the process that started this one, so there the peak
    of its own memory is read instead.
    """
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) / (1 << 10)
    unit = 1 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / (1 << 20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--side", type=int, help="pixels; without it a tile with its reach")
    parser.add_argument("--given", type=Path, help="further inputs of the network, .npz")
    given = parser.parse_args()
    others = dict(np.load(given.given, allow_pickle=False)) if given.given else {}
    before = used()
    network = Network(given.file)
    side = given.side or network.tile + 2 * network.reach
    network.whole(np.full((side, side, 3), 0.5, np.float32), **others)
    print(round(used() - before, 1))


if __name__ == "__main__":
    main()
