"""ONNX Runtime, loaded in one place: with its telemetry off, its sessions, and its words.

Telemetry is switched off before the runtime is imported (it is on by default since 1.29).
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from safelight.workers.far.network_contract import ModelError

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


class OutOfMemory(Exception):
    """The device has no room for this piece."""


def loaded(
    content: bytes, providers: Sequence[str] = (CPU,), threads: int = 0, *, log: str = ""
) -> Any:
    """A session of the runtime's; it refuses numbers that lie in other files. How long each
    operator takes is written to a file whose name begins with ``log``, if any.

    Raises ModelError and OutOfMemory, with the first line of what the runtime says.
    """
    runtime = load_runtime()
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    # For each size a pattern takes as much memory again, which has to be touched first.
    options.enable_mem_pattern = CUDA in providers
    options.intra_op_num_threads = threads
    if log:
        options.enable_profiling = True
        options.profile_file_prefix = log
    try:
        return runtime.InferenceSession(content, options, providers=list(providers))
    except Exception as error:  # ONNX Runtime's own classes all derive from it
        kind = OutOfMemory if is_out_of_memory(error) else ModelError
        raise kind(first_line(error)) from None


def runtime_version() -> str:
    """The version of ONNX Runtime."""
    return str(load_runtime().__version__)


def load_runtime() -> Any:
    """The module ``onnxruntime``. Raises ModelError where it cannot be loaded or used."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import onnxruntime
        except ImportError as error:
            raise ModelError(f"ONNX Runtime cannot be loaded: {error}") from None
    if not hasattr(onnxruntime, "InferenceSession"):
        raise ModelError(
            "ONNX Runtime is broken: onnxruntime and onnxruntime-gpu were both installed;"
            " uninstall both, then install one"
        )
    return onnxruntime


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """``preload_dlls`` prints what it misses; Safelight says it in a sentence of its own."""
    with open(os.devnull, "r+") as nowhere, contextlib.redirect_stdout(nowhere):
        yield


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error of the runtime's says that there was no room."""
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    signs = ("failed to allocate", "bad_alloc", "bad allocation", "out of memory", "alloc_failed")
    return any(sign in text for sign in signs)


def first_line(error: Exception) -> str:
    """The first line of what an error says, or its class; 300 letters at most."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:300]
