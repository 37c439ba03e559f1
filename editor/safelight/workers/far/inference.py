"""Inference: one class that runs networks on a device. Imported by worker processes alone.

A device is what a live session really uses, proven by one small result compared with the CPU:
``get_available_providers()`` lists CUDA on machines that have none.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Cancelled, Image
from safelight.workers.far.further_pictures import Further
from safelight.workers.far.network_contract import Contract, ModelError
from safelight.workers.far.network_feeds import (
    feeds_of,
    filled_up,
    nothing_carried,
    plain_inputs,
    shown_to,
)
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
from safelight.workers.far.tensors import each_resized, windows
from safelight.workers.network_file import NetworkChanged, network_content

_TOLERANCE = 2 / 255
"""How far a device's result may lie from the CPU's before it is not trusted."""


class DeviceError(Exception):
    """The device that was asked for cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Device:
    """Where networks run: ``name`` is "cuda" or "cpu"; ``reason`` says why not the better one."""

    name: str
    label: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """A network under examination: ``run`` takes the graph's inputs, gives all of its outputs.

    It raises ModelError, with the runtime's first line, for inputs the graph does not take.
    """

    run: Callable[[dict[str, Any]], list[Any]]


class Inference:
    """Runs networks. One per worker process; sessions are kept once made.

    ``device`` is "auto", "cpu" or "cuda". ``terminate`` may be called from another thread and
    ends the run in progress within milliseconds.
    """

    def __init__(self) -> None:
        self._sessions: dict[tuple[str, str, int], Any] = {}
        self._contracts: dict[str, Contract] = {}
        self._digests: dict[str, str] = {}
        self._device: Device | None = None
        self._options: Any = None
        self._stopped = False
        self._lock = threading.Lock()

    def contract(self, path: Path) -> Contract:
        """What the file says of itself. Raises ModelError for a missing or damaged one."""
        key = str(path)
        if key not in self._contracts:
            session = self._session(path, "cpu")
            properties = session.get_modelmeta().custom_metadata_map
            self._contracts[key] = Contract.read(properties, path.name, self._digests[key])
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

    def run(
        self,
        path: Path,
        image: Image,
        inputs: Mapping[str, Any],
        wanted: str,
        *,
        picture: bool = True,
    ) -> Image:
        """The network's result for ``image`` (height, width, 3), ``scale`` times as large.

        Light below 0 and above 1 is kept from a network that does not know it, and returned to
        its result if that is a ``picture``. Of ``inputs`` a mask is float32 (height, width), 0 to
        1, a second picture float32 (height, width, 3), as the contract says. Raises ModelError,
        OutOfMemory, DeviceError, or Cancelled after ``terminate``.
        """
        contract = self.contract(path)
        device = self.device(wanted, path)
        self._stopped = False
        shown, beyond = shown_to(image, contract)
        session = self._session(path, device.name)
        try:
            stack, rest = contract.further.stacked(shown, inputs)
        except ValueError as error:
            raise ModelError(f"{path.name} {error}") from None
        made = self._result(session, stack, rest, contract, path.name)
        if beyond is None or contract.beyond == "cut" or not picture:
            return made
        return contract.format.returned(made, shown, beyond)

    def step(
        self,
        path: Path,
        image: Image,
        before: Mapping[str, Image],
        inputs: Mapping[str, Any],
        wanted: str,
    ) -> tuple[Image, dict[str, Image]]:
        """The result of a recurrent network for ``image`` (height, width, 3), and what it carries
        on, by name: ``before`` are arrays (height / size, width / size, channels) float32.

        Light that it does not know is kept from it, and returned to its result. Raises as ``run``
        does; ModelError for a network that carries something else.
        """
        contract = self.contract(path)
        if set(before) != set(contract.carries):
            names = ", ".join(contract.carries) or "nothing"
            raise ModelError(f"{path.name} carries {names}, not {', '.join(before)}")
        session = self._session(path, self.device(wanted, path).name)
        self._stopped = False
        shown, beyond = shown_to(image, contract)
        filled = filled_up(shown, contract)
        feeds = feeds_of(session, filled, inputs, contract)
        for name, size in contract.carries.items():
            extra = [
                (0, -(-goal // size) - side)
                for goal, side in zip(filled.shape[:2], before[name].shape[:2], strict=True)
            ]
            whole = np.pad(before[name], (*extra, (0, 0)), mode="edge")
            feeds[name] = np.ascontiguousarray(whole.transpose(2, 0, 1)[None], np.float32)
        outputs = [item.name for item in session.get_outputs()]
        answers = self._call(session, feeds, path.name)
        try:
            planes = contract.format.planes(answers[0])[: image.shape[0], : image.shape[1]]
            made = np.asarray(contract.format.picture(planes, shown))
        except (ValueError, AttributeError):
            raise ModelError(f"{path.name} gave a result of another shape") from None
        found = dict(zip(outputs, answers, strict=True))
        carried = {
            name: np.asarray(found[f"next_{name}"], np.float32)[0].transpose(1, 2, 0)[
                : before[name].shape[0], : before[name].shape[1]
            ]
            for name in contract.carries
            if f"next_{name}" in found
        }
        if beyond is not None and contract.beyond != "cut":
            made = contract.format.returned(made, shown, beyond)
        return made, carried

    def describe(
        self,
        path: Path,
        image: Image | None,
        inputs: Mapping[str, Any],
        wanted: str,
        threads: int = 0,
    ) -> NDArray[np.float32]:
        """The first output, as it is, of a network that is given ``image`` (height, width, 3), or
        its ``inputs`` alone. Light that it does not know is kept from it, as by ``run``.

        ``threads`` are those of a CPU that it may use, 0 for all. Raises as ``run`` does;
        ModelError for an image whose sides it does not take.
        """
        contract = self.contract(path)
        session = self._session(path, self.device(wanted, path).name, threads)
        self._stopped = False
        if image is not None:
            image, _ = shown_to(image, contract)
        plain = replace(contract, further=Further())  # each as the graph has it
        answer = self._call(session, feeds_of(session, image, inputs, plain), path.name)[0]
        return np.asarray(answer, np.float32)

    def trial(self, path: Path) -> Trial:
        """A session of its own for a file that need not explain itself, on the CPU.

        Raises ModelError and OutOfMemory.
        """
        session = self._load(str(path), "cpu")
        return Trial(lambda feeds: self._call(session, feeds, path.name))

    def terminate(self) -> None:
        """End the run in progress; it raises Cancelled."""
        with self._lock:
            self._stopped = True
            if self._options is not None:
                self._options.terminate = True

    def _result(
        self,
        session: Any,
        image: Image,
        inputs: Mapping[str, Any],
        contract: Contract,
        name: str,
    ) -> Image:
        """What the network makes of ``image``, in as many windows as it needs.

        Here and below an image is (height, width, 3 or more): further channels are what lies on
        it, as ``Further.stacked`` has it.
        """
        if contract.fit != "windows":
            return self._whole(session, image, inputs, contract, name)
        if contract.size is None:
            return self._one(session, image, inputs, contract, name)
        height, width = image.shape[:2]
        scale = contract.scale
        tall, wide = (side - 2 * contract.margin for side in contract.size)
        if (height, width) == (tall, wide):
            return self._one(session, image, inputs, contract, name)
        result = np.empty((height * scale, width * scale, 3), np.float32)
        # Half a window of reach would leave nothing to keep.
        overlaps = [min(contract.reach, side // 4) for side in (tall, wide)]
        for top, first, last in windows(height, tall, overlaps[0]):
            for left, start, end in windows(width, wide, overlaps[1]):
                if self._stopped:  # it may have been said between two windows
                    raise Cancelled
                part = image[top : top + tall, left : left + wide]
                made = self._one(session, part, inputs, contract, name)
                result[first * scale : last * scale, start * scale : end * scale] = made[
                    (first - top) * scale : (last - top) * scale,
                    (start - left) * scale : (end - left) * scale,
                ]
        return result

    def _one(
        self,
        session: Any,
        image: Image,
        inputs: Mapping[str, Any],
        contract: Contract,
        name: str,
    ) -> Image:
        """One run: filled up to the sizes the network takes, and cut back."""
        filled = filled_up(image, contract)
        planes = self._planes(session, filled, inputs, contract, name)
        scale, margin, crop = contract.scale, contract.margin, contract.crop
        if list(planes.shape[:2]) != [side * scale - 2 * crop for side in filled.shape[:2]]:
            raise ModelError(f"{name} gave a result of shape {planes.shape}")
        height, width = image.shape[:2]
        # Of the margin's pixels the result has what the network did not take away.
        first, tall, wide = margin * scale - crop, height * scale, width * scale
        planes = planes[first : first + tall, first : first + wide]
        shown = filled[margin : margin + height, margin : margin + width, :3]
        return np.asarray(contract.format.picture(planes, shown))

    def _whole(
        self,
        session: Any,
        image: Image,
        inputs: Mapping[str, Any],
        contract: Contract,
        name: str,
    ) -> Image:
        """One run on the whole image, made as large as the network takes it."""
        assert contract.size is not None
        small = each_resized(image, contract.size[::-1])
        planes = self._planes(session, small, inputs, contract, name)
        small, image = small[..., :3], image[..., :3]
        size = image.shape[1] * contract.scale, image.shape[0] * contract.scale
        if contract.fit == "change":
            made = contract.format.picture(planes, small)
            before = each_resized(small, (made.shape[1], made.shape[0]))
            sharp = each_resized(image, size)
            return np.asarray(sharp + each_resized(made - before, size), np.float32)
        return np.asarray(contract.format.picture(each_resized(planes, size), image), np.float32)

    def _planes(
        self,
        session: Any,
        image: Image,
        inputs: Mapping[str, Any],
        contract: Contract,
        name: str,
    ) -> NDArray[np.float32]:
        """What comes out for an image of a size that the network takes."""
        result = self._call(session, feeds_of(session, image, inputs, contract), name)[0]
        try:
            return contract.format.planes(result)
        except (ValueError, AttributeError):
            raise ModelError(f"{name} gave a result of shape {np.shape(result)}") from None

    def _call(self, session: Any, feeds: dict[str, Any], name: str) -> Any:
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

    def _session(self, path: Path, device: str, threads: int = 0) -> Any:
        key = (str(path), device, threads if device == "cpu" else 0)
        if key not in self._sessions:
            self._sessions[key] = self._load(*key)
        return self._sessions[key]

    @staticmethod
    def _providers(device: str) -> list[str]:
        return [CUDA, CPU] if device == "cuda" else [CPU]

    def _content(self, path: Path) -> bytes:
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

    def _load(self, file: str, device: str, threads: int = 0) -> Any:
        path = Path(file)
        content = self._content(path)
        try:
            return loaded(content, self._providers(device), threads)
        except OutOfMemory as error:
            raise OutOfMemory(f"{path.name}: {error}") from None
        except ModelError as error:
            raise ModelError(f"{path.name} is no usable network: {error}") from None

    def _prove(self, path: Path) -> Device:
        """Trust CUDA when a session says it uses it and one small result agrees with the CPU's."""
        runtime = load_runtime()
        label = _cpu_label()
        if CUDA not in runtime.get_available_providers():
            return Device("cpu", label, "this ONNX Runtime was built without CUDA")
        if sys.platform == "linux" and not _has_nvidia_device():
            return Device("cpu", label, "this machine has no NVIDIA device")
        with silence():
            runtime.preload_dlls()
        try:
            session = self._session(path, "cuda")
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
            there = self._call(session, feeds, path.name)[0]
            here = self._call(self._session(path, "cpu"), feeds, path.name)[0]
        except (ModelError, OutOfMemory) as error:
            return Device("cpu", label, f"a trial on CUDA failed: {error}")
        difference = float(np.abs(there - here).max())
        if not difference <= _TOLERANCE:
            return Device("cpu", label, f"CUDA's trial result is off by {difference:.3g}")
        return Device("cuda", _cuda_label())


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
