"""What the tests of models/ share."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before anything can import onnxruntime
if "PYTEST_XDIST_WORKER" in os.environ:
    # One of several processes, one for each processor: threads of theirs would only wait.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_configure(config):
    # The editor's settings, which say so too, are not read here.
    config.addinivalue_line("markers", "attack: samples what `make attack` has all of")
