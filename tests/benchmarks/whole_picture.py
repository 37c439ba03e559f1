"""The bare network: run a model on a whole picture as one tensor, as often as asked.

    python whole_picture.py MODEL SIDE

First says ``ready`` with its memory after a run on 64 x 64 pixels; then, for each line on standard
input, makes one run on SIDE x SIDE pixels and answers with a line of JSON: the run's seconds, and
the process's memory in bytes before it and at its peak. Needs nothing of the editor; the runtime's
options are its own defaults, as in the editor's workers.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime


def memory():
    """Resident memory now and at its peak, in bytes; zeros where the system does not say."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    found = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if "kB" in line}
    return {"resident": found.get("VmRSS", 0), "peak": found.get("VmHWM", 0)}


def main(model, side):
    """Serve until standard input ends."""
    if hasattr(os, "nice"):
        os.nice(5)  # as the editor's workers are, so that a busy machine treats both alike
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    generator = np.random.default_rng(7)
    name = session.get_inputs()[0].name
    session.run(None, {name: generator.random((1, 3, 64, 64), np.float32)})
    print(json.dumps({"ready": True} | memory()), flush=True)
    picture = None
    for _ in sys.stdin:
        if picture is None:
            picture = generator.random((1, 3, side, side), np.float32)
        start = time.perf_counter()
        result = session.run(None, {name: picture})[0]
        seconds = time.perf_counter() - start
        answer = {"seconds": seconds, "shape": result.shape} | memory()
        del result
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
