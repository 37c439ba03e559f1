"""Inference: one class in front of ONNX Runtime. Imported by worker processes alone.

Telemetry is switched off before the runtime is imported (it is on by default since 1.29). A
device is what a live session really uses, proven by one small result compared with the CPU:
``get_available_providers()`` lists CUDA on machines that have none.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Cancelled, Image

_CUDA, _CPU = "CUDAExecutionProvider", "CPUExecutionProvider"

_TOLERANCE = 2 / 255
"""How far a device's result may lie from the CPU's before it is not trusted."""


class ModelError(Exception):
    """A network that cannot be used; the message says which and why."""


class OutOfMemory(Exception):
    """The device has no room for this piece."""


class DeviceError(Exception):
    """The device that was asked for cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What a model file says of itself in its metadata properties (``safelight.*``).

    ``reach`` in input pixels, ``scale`` output pixels per input pixel, ``multiple`` of the
    input's sides, ``tile`` the piece size in input pixels that suits it.
    """

    title: str
    scale: int
    reach: int
    multiple: int
    tile: int
    licence: str
    training_data: str
    sha256: str

    @classmethod
    def read(cls, properties: Mapping[str, str], name: str, sha256: str) -> Contract:
        """The contract in a file's properties. Raises ModelError when it has none."""

        def number(key: str, default: int | None = None) -> int:
            text = properties.get(f"safelight.{key}", "" if default is None else str(default))
            if not text.isdigit() or int(text) > 1 << 20:
                raise ModelError(f"{name} does not say its {key} (metadata safelight.{key})")
            return int(text)

        if properties.get("safelight.contract") != "1":
            raise ModelError(f"{name} does not explain itself (metadata safelight.contract)")
        if properties.get("safelight.layout", "NCHW") != "NCHW":
            raise ModelError(f"{name} has the layout {properties['safelight.layout']}, not NCHW")
        return cls(
            title=properties.get("safelight.title", name),
            scale=max(number("scale", 1), 1),
            reach=number("reach"),
            multiple=max(number("multiple", 1), 1),
            tile=max(number("tile", 448), 16),
            licence=properties.get("safelight.licence", ""),
            training_data=properties.get("safelight.training_data", ""),
            sha256=sha256,
        )


@dataclass(frozen=True, slots=True)
class Device:
    """Where networks run: ``name`` is "cuda" or "cpu"; ``reason`` says why not the better one."""

    name: str
    label: str
    reason: str = ""


class Inference:
    """Runs networks. One per worker process; sessions are kept once made.

    ``device`` is "auto", "cpu" or "cuda". ``terminate`` may be called from another thread and
    ends the run in progress within milliseconds.
    """

    def __init__(self) -> None:
        self._sessions: dict[tuple[str, str], Any] = {}
        self._contracts: dict[str, Contract] = {}
        self._device: Device | None = None
        self._options: Any = None
        self._lock = threading.Lock()

    def contract(self, path: Path) -> Contract:
        """What the file says of itself. Raises ModelError for a missing or damaged one."""
        key = str(path)
        if key not in self._contracts:
            session = self._session(path, "cpu")
            properties = session.get_modelmeta().custom_metadata_map
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            self._contracts[key] = Contract.read(properties, path.name, digest)
        return self._contracts[key]

    def device(self, wanted: str, path: Path) -> Device:
        """The device a live session uses for the model at ``path``.

        Raises DeviceError when "cuda" is wanted and not to be had.
        """
        if wanted == "cpu":
            return Device("cpu", _cpu_label(), "the CPU was asked for")
        if self._device is None:
            self._device = self._prove(path)
        if wanted == "cuda" and self._device.name != "cuda":
            raise DeviceError(f"CUDA cannot be used: {self._device.reason}")
        return self._device

    def run(self, path: Path, image: Image, inputs: Mapping[str, Any], wanted: str) -> Image:
        """The network's result for ``image`` (height, width, 3), ``scale`` times as large.

        Raises ModelError, OutOfMemory, DeviceError, or Cancelled after ``terminate``.
        """
        contract = self.contract(path)
        device = self.device(wanted, path)
        feeds = self._feeds(path, image, inputs, contract)
        result: NDArray[np.float32] = self._call(self._session(path, device.name), feeds, path.name)
        height, width = (side * contract.scale for side in image.shape[:2])
        if result.ndim != 4 or result.shape[1] != 3 or min(result.shape[2:]) < 1:
            raise ModelError(f"{path.name} gave a result of shape {result.shape}")
        return result[0, :, :height, :width].transpose(1, 2, 0)

    def terminate(self) -> None:
        """End the run in progress; it raises Cancelled."""
        with self._lock:
            if self._options is not None:
                self._options.terminate = True

    def _call(self, session: Any, feeds: dict[str, Any], name: str) -> Any:
        runtime = _runtime()
        options = runtime.RunOptions()
        with self._lock:
            self._options = options
        try:
            return session.run(None, feeds, options)[0]
        except Exception as error:  # ONNX Runtime's own classes all derive from it
            if options.terminate:
                raise Cancelled from None
            if _is_out_of_memory(error):
                raise OutOfMemory(f"{name}: {_first_line(error)}") from None
            raise ModelError(f"{name} failed: {_first_line(error)}") from None
        finally:
            with self._lock:
                self._options = None

    @staticmethod
    def _feeds(
        path: Path, image: Image, inputs: Mapping[str, Any], contract: Contract
    ) -> dict[str, Any]:
        height, width = image.shape[:2]
        extra = [(0, -side % contract.multiple) for side in (height, width)]
        if any(after for _, after in extra):
            image = np.pad(image, (*extra, (0, 0)), mode="edge")
        planes = np.ascontiguousarray(image.transpose(2, 0, 1)[np.newaxis], np.float32)
        feeds: dict[str, Any] = {"image": planes}
        for name, value in inputs.items():
            feeds[name] = np.asarray(value, np.float32)
        return feeds

    def _session(self, path: Path, device: str) -> Any:
        key = (str(path), device)
        if key not in self._sessions:
            self._sessions[key] = self._load(path, device)
        return self._sessions[key]

    @staticmethod
    def _load(path: Path, device: str) -> Any:
        if not path.is_file():
            raise ModelError(f"the network {path.name} is missing")
        runtime = _runtime()
        options = runtime.SessionOptions()
        options.log_severity_level = 4
        providers = [_CUDA, _CPU] if device == "cuda" else [_CPU]
        try:
            # From bytes: the runtime then refuses tensors stored in other files.
            return runtime.InferenceSession(path.read_bytes(), options, providers=providers)
        except Exception as error:
            if _is_out_of_memory(error):
                raise OutOfMemory(f"{path.name}: {_first_line(error)}") from None
            raise ModelError(f"{path.name} is no usable network: {_first_line(error)}") from None

    def _prove(self, path: Path) -> Device:
        """Trust CUDA when a session says it uses it and one small result agrees with the CPU's."""
        runtime = _runtime()
        label = _cpu_label()
        if _CUDA not in runtime.get_available_providers():
            return Device("cpu", label, "this ONNX Runtime was built without CUDA")
        if sys.platform == "linux" and not _has_nvidia_device():
            return Device("cpu", label, "this machine has no NVIDIA device")
        with _silence():
            runtime.preload_dlls()
        try:
            session = self._session(path, "cuda")
        except (ModelError, OutOfMemory) as error:
            return Device("cpu", label, str(error))
        if session.get_providers()[0] != _CUDA:
            return Device("cpu", label, "the CUDA 13 and cuDNN 9 libraries are not installed")
        contract = self.contract(path)
        side = -(-48 // contract.multiple) * contract.multiple
        sample = np.random.default_rng(7).random((side, side, 3), np.float32)
        feeds = self._feeds(path, sample, {}, contract)
        try:
            there = self._call(session, feeds, path.name)
            here = self._call(self._session(path, "cpu"), feeds, path.name)
        except (ModelError, OutOfMemory) as error:
            return Device("cpu", label, f"a trial on CUDA failed: {error}")
        difference = float(np.abs(there - here).max())
        if not difference <= _TOLERANCE:
            return Device("cpu", label, f"CUDA's trial result is off by {difference:.3g}")
        return Device("cuda", _cuda_label())


def runtime_version() -> str:
    """The version of ONNX Runtime."""
    return str(_runtime().__version__)


def _runtime() -> Any:
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
def _silence() -> Iterator[None]:
    """``preload_dlls`` prints what it misses; Safelight says it in a sentence of its own."""
    with open(os.devnull, "r+") as nowhere, contextlib.redirect_stdout(nowhere):
        yield


def _is_out_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    signs = ("failed to allocate", "bad_alloc", "bad allocation", "out of memory", "alloc_failed")
    return any(sign in text for sign in signs)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:300]


def _has_nvidia_device() -> bool:
    return any(Path(name).exists() for name in ("/dev/nvidiactl", "/dev/dxg"))


def _cpu_label() -> str:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"CPU · {count} core{'' if count == 1 else 's'}"


def _cuda_label() -> str:
    for file in Path("/proc/driver/nvidia/gpus").glob("*/information"):
        for line in file.read_text(errors="replace").splitlines():
            if line.startswith("Model:"):
                return f"CUDA · {line.split(':', 1)[1].strip()}"
    return "CUDA"
