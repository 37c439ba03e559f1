"""Network sessions: networks that are loaded for a device, which one small result has proven.

A device is what a live session really uses, compared with the CPU: ``get_available_providers()``
lists CUDA on machines that have none.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from safelight.api import Cancelled
from safelight.workers.far.devices import (
    Device,
    DeviceError,
    cpu_label,
    cuda_label,
    has_nvidia_device,
)
from safelight.workers.far.network_contract import Contract, ModelError
from safelight.workers.far.network_feeds import feeds_of, filled_up, nothing_carried, plain_inputs
from safelight.workers.far.onnx_runtime import (
    CPU,
    CUDA,
    OutOfMemory,
    first_line,
    is_out_of_memory,
    load_runtime,
    loaded,
    silence,
)
from safelight.workers.network_file import NetworkChanged, network_content

_TOLERANCE = 2 / 255
"""How far a device's result may lie from the CPU's before it is not trusted."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A network under examination: ``run`` takes the graph's inputs, gives all of its outputs.

    It raises ModelError, with the runtime's first line, for inputs the graph does not take.
    """

    run: Callable[[dict[str, Any]], list[Any]]


class NetworkSessions:
    """Sessions of ONNX Runtime, kept once made, and one run in progress at a time.

    ``wanted`` is "auto", "cpu" or "cuda". ``terminate`` may be called from another thread and ends
    the run in progress within milliseconds.
    """

    def __init__(self) -> None:
        self._sessions: dict[tuple[str, str, int], Any] = {}
        self._contracts: dict[str, Contract] = {}
        self._digests: dict[str, str] = {}
        self._device: Device | None = None
        self._options: Any = None
        self._stopped = False
        self._lock = threading.Lock()

    def contract(self, path: Path, threads: int = 0) -> Contract:
        """What the file says of itself, read by a session that will run it with so many
        ``threads``. Raises ModelError for a missing or damaged one.
        """
        key = str(path)
        if key not in self._contracts:
            session = self.session(path, "cpu", threads)
            properties = session.get_modelmeta().custom_metadata_map
            self._contracts[key] = Contract.read(properties, path.name, self._digests[key])
        return self._contracts[key]

    def device(self, wanted: str, path: Path) -> Device:
        """The device a live session uses for the model at ``path``.

        Raises DeviceError when "cuda" is wanted and not to be had.
        """
        if wanted == "cpu":
            return Device("cpu", cpu_label(), "the CPU was asked for")
        if self._device is None:
            self._device = self._prove(path)
        if wanted == "cuda" and self._device.name != "cuda":
            raise DeviceError(f"CUDA cannot be used: {self._device.reason}")
        return self._device

    def trial(self, path: Path) -> Trial:
        """A session of its own for a file that need not explain itself, on the CPU.

        Raises ModelError and OutOfMemory.
        """
        session = self.load(str(path), "cpu")
        return Trial(lambda feeds: self.call(session, feeds, path.name))

    def terminate(self) -> None:
        """End the run in progress; it raises Cancelled."""
        with self._lock:
            self._stopped = True
            if self._options is not None:
                self._options.terminate = True

    def begin(self) -> None:
        """Forget that an earlier run was ended."""
        self._stopped = False

    def check_wanted(self) -> None:
        """Raise Cancelled where ``terminate`` was called since ``begin``."""
        if self._stopped:  # it may have been said between two runs
            raise Cancelled

    def call(self, session: Any, feeds: dict[str, Any], name: str) -> Any:
        """All outputs of a session for its inputs by name; ``name`` is the network's file. Raises
        Cancelled, OutOfMemory and ModelError.
        """
        runtime = load_runtime()
        options = runtime.RunOptions()
        with self._lock:
            self._options = options
        try:
            return session.run(None, feeds, options)
        except Exception as error:  # ONNX Runtime's own classes all derive from it
            if options.terminate:
                raise Cancelled from None
            if is_out_of_memory(error):
                raise OutOfMemory(f"{name}: {first_line(error)}") from None
            raise ModelError(f"{name} failed: {first_line(error)}") from None
        finally:
            with self._lock:
                self._options = None

    def session(self, path: Path, device: str, threads: int = 0) -> Any:
        """The session for a network on "cpu" or "cuda", with so many threads of a CPU, 0 for all.
        Raises ModelError and OutOfMemory.
        """
        key = (str(path), device, threads if device == "cpu" else 0)
        if key not in self._sessions:
            self._sessions[key] = self.load(*key)
        return self._sessions[key]

    @staticmethod
    def providers(device: str) -> list[str]:
        """ONNX Runtime's execution providers for "cpu" or "cuda", the wanted one first."""
        return [CUDA, CPU] if device == "cuda" else [CPU]

    def content_of(self, path: Path) -> bytes:
        """The bytes of a network, which are those that it had when it was first read. Raises
        ModelError.
        """
        if not path.is_file():
            raise ModelError(f"the network {path.name} is missing")
        try:
            content, digest = network_content(path)
        except NetworkChanged as error:
            raise ModelError(f"{path.name} {error}") from None
        except OSError as error:
            raise ModelError(f"{path.name} cannot be read: {error.strerror}") from None
        if self._digests.setdefault(str(path), digest) != digest:
            raise ModelError(f"{path.name} was changed while it was in use")
        return content

    def load(self, file: str, device: str, threads: int = 0) -> Any:
        """A new session, as ``session`` has it."""
        path = Path(file)
        content = self.content_of(path)
        try:
            return loaded(content, self.providers(device), threads)
        except OutOfMemory as error:
            raise OutOfMemory(f"{path.name}: {error}") from None
        except ModelError as error:
            raise ModelError(f"{path.name} is no usable network: {error}") from None

    def _prove(self, path: Path) -> Device:
        """Trust CUDA when a session says it uses it and one small result agrees with the CPU's."""
        runtime = load_runtime()
        label = cpu_label()
        if CUDA not in runtime.get_available_providers():
            return Device("cpu", label, "this ONNX Runtime was built without CUDA")
        if sys.platform == "linux" and not has_nvidia_device():
            return Device("cpu", label, "this machine has no NVIDIA device")
        with silence():
            runtime.preload_dlls()
        try:
            session = self.session(path, "cuda")
        except (ModelError, OutOfMemory) as error:
            return Device("cpu", label, str(error))
        if session.get_providers()[0] != CUDA:
            return Device("cpu", label, "the CUDA 13 and cuDNN 9 libraries are not installed")
        contract = self.contract(path)
        margin = contract.margin if contract.size else 0
        sides = [side - 2 * margin for side in contract.size or (48, 48)]
        sample = np.random.default_rng(7).random((*sides, 3), np.float32)
        further = {contract.further.mask: sample[..., 0], contract.further.guide: sample}
        further = {key: further[key] for key in contract.further.names}
        stack, rest = contract.further.stacked(sample, further)
        image = None if contract.generates else filled_up(stack, contract)
        feeds = feeds_of(session, image, plain_inputs(session, contract) | rest, contract)
        feeds |= nothing_carried(session, contract, sample.shape)
        try:
            there = self.call(session, feeds, path.name)[0]
            here = self.call(self.session(path, "cpu"), feeds, path.name)[0]
        except (ModelError, OutOfMemory) as error:
            return Device("cpu", label, f"a trial on CUDA failed: {error}")
        difference = float(np.abs(there - here).max())
        if not difference <= _TOLERANCE:
            return Device("cpu", label, f"CUDA's trial result is off by {difference:.3g}")
        return Device("cuda", cuda_label())
