"""Inference: one class that runs networks on a device. Imported by worker processes alone.

A device is what a live session really uses, proven by one small result compared with the CPU:
``get_available_providers()`` lists CUDA on machines that have none.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Cancelled, Image
from safelight.workers.far.further_pictures import Further
from safelight.workers.far.network_batches import (
    MOST_NUMBERS,
    Feeds,
    along,
    apart,
    batches,
    together,
)
from safelight.workers.far.network_contract import Contract, ModelError
from safelight.workers.far.network_feeds import (
    feeds_of,
    filled_up,
    nothing_carried,
    plain_inputs,
    shown_to,
)
from safelight.workers.far.network_results import as_planes, cut_back, resized_back
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


_Given: TypeAlias = tuple[Image, Mapping[str, Any]]
"""An image, with what lies on it, and its further inputs."""


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
    ends the run in progress within milliseconds. ``batches``: several pictures go into one run
    where the network takes several.
    """

    batches = True

    def __init__(self) -> None:
        self._sessions: dict[tuple[str, str, int], Any] = {}
        self._contracts: dict[str, Contract] = {}
        self._digests: dict[str, str] = {}
        self._alone: set[int] = set()
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
            session = self._session(path, "cpu", threads)
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
        threads: int = 0,
        *,
        picture: bool = True,
    ) -> Image:
        """The network's result for ``image`` (height, width, 3), ``scale`` times as large.

        All else is as for ``run_each``.
        """
        return self.run_each(path, [image], [inputs], wanted, threads, picture=picture)[0]

    def run_each(
        self,
        path: Path,
        images: Sequence[Image],
        inputs: Sequence[Mapping[str, Any]],
        wanted: str,
        threads: int = 0,
        *,
        picture: bool = True,
    ) -> list[Image]:
        """The network's result for each of ``images`` (height, width, 3), ``scale`` times as large:
        in one run where the network takes several and they are equally large.

        Light below 0 and above 1 is kept from a network that does not know it, and returned to
        its result if that is a ``picture``. Of ``inputs``, those of each image, a mask is float32
        (height, width), 0 to 1, a second picture float32 (height, width, 3), as the contract says.
        ``threads`` are those of a CPU that it may use, 0 for all: the result is the same.
        Raises ModelError, OutOfMemory, DeviceError, or Cancelled after ``terminate``.
        """
        contract = self.contract(path)
        device = self.device(wanted, path)
        self._stopped = False
        shown = [shown_to(image, contract) for image in images]
        session = self._session(path, device.name, threads)
        try:
            given = [
                contract.further.stacked(image, named)
                for (image, _), named in zip(shown, inputs, strict=True)
            ]
        except ValueError as error:
            raise ModelError(f"{path.name} {error}") from None
        found = self._results(session, given, contract, path.name)
        if contract.beyond == "cut" or not picture:
            return found
        return [
            made if beyond is None else contract.format.returned(made, image, beyond)
            for made, (image, beyond) in zip(found, shown, strict=True)
        ]

    def step(
        self,
        path: Path,
        image: Image,
        before: Mapping[str, Image],
        inputs: Mapping[str, Any],
        wanted: str,
        threads: int = 0,
    ) -> tuple[Image, dict[str, Image]]:
        """The result of a recurrent network for ``image`` (height, width, 3), and what it carries
        on, by name: ``before`` are arrays (height / size, width / size, channels) float32.

        ``threads`` as for ``run_each``. Light that it does not know is kept from it, and returned
        to its result. Raises as ``run`` does; ModelError for a network that carries something else.
        """
        contract = self.contract(path)
        if set(before) != set(contract.carries):
            names = ", ".join(contract.carries) or "nothing"
            raise ModelError(f"{path.name} carries {names}, not {', '.join(before)}")
        session = self._session(path, self.device(wanted, path).name, threads)
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
        its ``inputs`` alone. All else is as for ``describe_each``.
        """
        return self.describe_each(path, [image], [inputs], wanted, threads)[0]

    def describe_each(
        self,
        path: Path,
        images: Sequence[Image | None],
        inputs: Sequence[Mapping[str, Any]],
        wanted: str,
        threads: int = 0,
    ) -> list[NDArray[np.float32]]:
        """The first output, as it is, for each of ``images`` (height, width, 3) or for its
        ``inputs`` alone: in one run where the network takes several. Light that it does not know is
        kept from it, as by ``run``.

        ``threads`` are those of a CPU that it may use, 0 for all. Raises as ``run_each`` does;
        ModelError for an image whose sides it does not take.
        """
        contract = self.contract(path)
        session = self._session(path, self.device(wanted, path).name, threads)
        self._stopped = False
        plain = replace(contract, further=Further())  # each as the graph has it
        feeds = [
            feeds_of(session, None if image is None else shown_to(image, contract)[0], named, plain)
            for image, named in zip(images, inputs, strict=True)
        ]
        answers = self._calls(session, feeds, contract, path.name)
        return [np.asarray(answer, np.float32) for answer in answers]

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

    def _results(
        self, session: Any, given: Sequence[_Given], contract: Contract, name: str
    ) -> list[Image]:
        """What the network makes of each image, in as many windows as it needs.

        Here and below an image is (height, width, 3 or more): further channels are what lies on
        it, as ``Further.stacked`` has it.
        """
        if contract.fit != "windows":
            return self._whole(session, given, contract, name)
        if contract.size is None:
            return self._some(session, given, contract, name)
        tall, wide = (side - 2 * contract.margin for side in contract.size)
        if all(image.shape[0] <= tall and image.shape[1] <= wide for image, _ in given):
            return self._some(session, given, contract, name)
        return [self._in_windows(session, each, contract, name) for each in given]

    def _in_windows(self, session: Any, given: _Given, contract: Contract, name: str) -> Image:
        """What a network of one size makes of an image, window by window."""
        assert contract.size is not None
        (image, inputs), scale = given, contract.scale
        height, width = image.shape[:2]
        tall, wide = (side - 2 * contract.margin for side in contract.size)
        result = np.empty((height * scale, width * scale, 3), np.float32)
        # Half a window of reach would leave nothing to keep.
        overlaps = [min(contract.reach, side // 4) for side in (tall, wide)]
        for top, first, last in windows(height, tall, overlaps[0]):
            row = windows(width, wide, overlaps[1])
            parts = [image[top : top + tall, left : left + wide] for left, _, _ in row]
            found = self._some(session, [(part, inputs) for part in parts], contract, name)
            for (left, start, end), made in zip(row, found, strict=True):
                result[first * scale : last * scale, start * scale : end * scale] = made[
                    (first - top) * scale : (last - top) * scale,
                    (start - left) * scale : (end - left) * scale,
                ]
        return result

    def _some(
        self, session: Any, given: Sequence[_Given], contract: Contract, name: str
    ) -> list[Image]:
        """Each filled up to the sizes the network takes, run, and cut back."""
        filled = [filled_up(image, contract) for image, _ in given]
        found = self._planes(
            session,
            [(image, inputs) for image, (_, inputs) in zip(filled, given, strict=True)],
            contract,
            name,
        )
        return [
            cut_back(planes, whole, image.shape[:2], contract, name)
            for planes, whole, (image, _) in zip(found, filled, given, strict=True)
        ]

    def _whole(
        self, session: Any, given: Sequence[_Given], contract: Contract, name: str
    ) -> list[Image]:
        """Each whole image made as large as the network takes it, run, and its result resized."""
        assert contract.size is not None
        side = contract.size[::-1]
        small = [(each_resized(image, side), inputs) for image, inputs in given]
        found = self._planes(session, small, contract, name)
        return [
            resized_back(planes, shown[..., :3], image[..., :3], contract)
            for planes, (shown, _), (image, _) in zip(found, small, given, strict=True)
        ]

    def _planes(
        self, session: Any, given: Sequence[_Given], contract: Contract, name: str
    ) -> list[NDArray[np.float32]]:
        """What comes out for each image of a size that the network takes."""
        feeds = [feeds_of(session, image, inputs, contract) for image, inputs in given]
        return [
            as_planes(result, contract, name)
            for result in self._calls(session, feeds, contract, name)
        ]

    def _calls(
        self, session: Any, feeds: Sequence[Feeds], contract: Contract, name: str
    ) -> list[Any]:
        """The first output for each of ``feeds``, in as few runs as the network and the memory
        allow: no more pixels are in one run than in a piece that suits the network.
        """
        joined: tuple[str, ...] = ()
        if len(feeds) > 1 and self.batches and id(session) not in self._alone:
            joined = along(session, feeds[0], contract.further.names)
        most, made = min(3 * contract.tile**2, MOST_NUMBERS), list[Any]()
        for numbers in batches(feeds, joined, most):
            parts = None
            if len(numbers) > 1:
                parts = self._at_once(session, [feeds[number] for number in numbers], joined, name)
            for place, number in enumerate(numbers):
                if parts is None:
                    self._check_wanted()
                    made.append(self._call(session, feeds[number], name)[0])
                else:
                    made.append(parts[place])
        return made

    def _at_once(
        self, session: Any, feeds: Sequence[Feeds], joined: Sequence[str], name: str
    ) -> list[Any] | None:
        """The first outputs of one run for all of ``feeds``; None where that is too much, and of a
        network that says that it takes several and does not, which is not asked again.
        """
        self._check_wanted()
        try:
            result = self._call(session, together(feeds, joined), name)[0]
        except OutOfMemory:
            return None
        except ModelError:
            result = None
        parts = None if result is None else apart(result, len(feeds))
        if parts is None:
            self._alone.add(id(session))
        return parts

    def _check_wanted(self) -> None:
        if self._stopped:  # it may have been said between two runs
            raise Cancelled

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
