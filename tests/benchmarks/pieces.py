"""The tiled job: enlarge a picture in a worker, and tell the memory of both processes.

    python pieces.py FACTOR SIDE

The counterpart of ``whole_picture.py``: says ``ready`` after a job on 64 x 64 pixels; then, for
each line on standard input, enlarges SIDE x SIDE pixels and answers with a line of JSON: memory in
bytes of the worker and of the editor's process, before the picture is there and at its peak.
"""

import json
import os
import sys
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np

from safelight.actions import Document, JobFinished, Studio
from safelight.pixels import Raster


def memory(pid):
    """Resident memory of a process now and at its peak, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if "kB" in line}
    return {"resident": found["VmRSS"], "peak": found["VmHWM"]}


def enlarge(studio, factor, side):
    """A job over a picture made for it; both are gone afterwards."""
    pixels = np.random.default_rng(7).integers(0, 256, (side, side, 3), np.uint8)
    document = Document.from_raster(Raster.from_array(pixels))
    filter = studio.filter("enlarge")
    outcome = studio.start(filter, {"factor": factor}, document).wait()
    if not isinstance(outcome, JobFinished):
        sys.exit(f"enlarging failed: {getattr(outcome, 'message', outcome)}")


def main(factor, side):
    """Serve until standard input ends."""
    with Studio("cpu") as studio:
        enlarge(studio, factor, 64)
        pool = studio._pools.of(studio.filter("enlarge").plugin)
        with pool.worker() as worker:  # idle: the one that has done the job
            pid = worker.pid
        answer = {"worker": memory(pid), "editor": memory("self")}
        print(json.dumps({"ready": True} | answer), flush=True)
        for _ in sys.stdin:
            enlarge(studio, factor, side)
            answer = {"worker": memory(pid), "editor": memory("self")}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
