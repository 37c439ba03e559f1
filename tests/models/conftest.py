"""What the tests of models/ share."""

import functools
import gc
import os
from pathlib import Path

import pytest

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before anything can import onnxruntime

# Where numba keeps what it compiles: where make has had the engine of pieces compiled already.
KERNELS = Path(__file__).parents[2] / "build" / "kernels" / "plugins"
os.environ["NUMBA_CACHE_DIR"] = str(KERNELS)
if "PYTEST_XDIST_WORKER" in os.environ:
    # One of several processes, one for each processor: threads of theirs would only wait.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# What PyTorch remembers of an operator's shapes, it compares with all that is known of free axes:
# that takes longer than finding them anew. Read when PyTorch is imported; the files are the same.
os.environ["TORCH_FAKE_TENSOR_DISPATCH_CACHE"] = "0"

# An exporter makes hundreds of thousands of objects, which mostly stay: the collector need not walk
# over them for every few hundred more.
gc.set_threshold(50_000, 20, 20)


def pytest_configure(config):
    # The editor's settings, which say so too, are not read here.
    config.addinivalue_line("markers", "attack: samples what `make attack` has all of")


@pytest.fixture(scope="session", autouse=True)
def _one_table_of_operators():
    """PyTorch's exporter makes its table of all operators anew for each file, in a second."""
    try:
        from torch.onnx._internal.exporter._registration import ONNXRegistry as table
    except ImportError:
        yield
        return
    make = table.from_torchlib.__func__
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "from_torchlib", classmethod(functools.cache(make)))
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_enlargement_is_worked_out_for_its_shape():
    """The exporter works out what a bilinear enlargement would do to know the shape of the result.

    That is a quarter of an export of free axes; the files are the same. Where there are numbers,
    they are worked out.
    """
    try:
        from torch._decomp import decompositions
        from torch._subclasses.fake_tensor import FakeTensor

        in_numbers = decompositions._upsample_linear
    except (ImportError, AttributeError):
        yield
        return

    def enlarged(picture, size, *how):
        if isinstance(picture, FakeTensor):
            return picture.new_empty((*picture.shape[:2], *size))
        return in_numbers(picture, size, *how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decompositions, "_upsample_linear", enlarged)
        yield
