"""Inference: one class in front of ONNX Runtime. Imported by worker processes alone.

Telemetry is switched off before the runtime is imported (it is on by default since 1.29). A
device is what a live session really uses, proven by one small result compared with the CPU:
``get_available_providers()`` lists CUDA on machines that have none.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Cancelled, Image
from safelight.workers.far.further_pictures import GUIDES, MASKS, Further
from safelight.workers.far.tensors import (
    BEYOND,
    CHANNELS,
    CHROMA_REACH,
    FITS,
    GRAIN_REACH,
    LAYOUTS,
    RANGES,
    RESULTS,
    RETURN_REACH,
    SPREAD,
    Format,
    each_resized,
    folded,
    windows,
)
from safelight.workers.network_file import NetworkChanged, network_content
from safelight.workers.pieces import WHOLE

_CUDA, _CPU = "CUDAExecutionProvider", "CPUExecutionProvider"

_FIELD = 8  # places a side, of what a generator is tried with
_TOLERANCE = 2 / 255
"""How far a device's result may lie from the CPU's before it is not trusted."""

_KINDS = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(bool)": "bool",
}
"""What the runtime calls the elements of an input, as numpy calls them."""


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
    input's sides, ``least`` the shortest side it takes, ``tile`` the piece size in input pixels
    that suits it. ``generates``: it takes no picture, but numbers alone. ``size`` is the (height,
    width) of a network that takes no other, else None; larger pictures are then cut into such
    windows here, smaller ones filled up, or resized whole, as ``fit`` says. ``crop`` is how many
    pixels its result lacks at each edge of ``scale`` times its input. ``beyond`` says what becomes
    of light below 0 and above 1 (``safelight.workers.far.tensors.BEYOND``). ``further`` are the
    inputs that are pictures as well: a mask, a second picture. ``carries`` names the inputs that
    carry something from one frame to the next, and how many times smaller than the frame each is.
    """

    title: str
    scale: int
    reach: int
    multiple: int
    tile: int
    licence: str
    training_data: str
    sha256: str
    format: Format = Format()
    least: int = 1
    size: tuple[int, int] | None = None
    generates: bool = False
    beyond: str = "returned"
    fit: str = "windows"
    crop: int = 0
    further: Further = Further()
    carries: Mapping[str, int] = field(default_factory=dict)

    @property
    def margin(self) -> int:
        """Pixels around its input that it is given besides, because its result lacks them."""
        return -(-self.crop // self.scale)

    @classmethod
    def read(cls, properties: Mapping[str, str], name: str, sha256: str) -> Contract:
        """The contract in a file's properties. Raises ModelError when it has none."""

        def number(key: str, default: int | None = None) -> int:
            """A length or count; a default stands for what files of old do not say."""
            text = properties.get(f"safelight.{key}", "" if default is None else str(default))
            if not text.isdigit() or int(text) > 1 << 20:
                raise ModelError(f"{name} does not say its {key} (metadata safelight.{key})")
            return int(text)

        if properties.get("safelight.contract") != "1":
            raise ModelError(f"{name} does not explain itself (metadata safelight.contract)")

        def word(key: str, known: Collection[str], default: str = "") -> str:
            text = properties.get(f"safelight.{key}", default or next(iter(known)))
            if text not in known:
                *most, last = known
                raise ModelError(f"{name} has the {key} {text}, not {', '.join(most)} or {last}")
            return text

        def said(key: str) -> str:
            return properties.get(f"safelight.{key}", "")

        scale, reach = max(number("scale", 1), 1), number("reach")
        channels, values = word("channels", CHANNELS), word("range", RANGES)
        format = Format(
            word("layout", LAYOUTS),
            channels,
            values,
            word("result", RESULTS, channels),
            word("result_range", (*RANGES, SPREAD), values),
        )
        if format.result in ("Y", "ab") and scale > 1:
            reach = max(reach, CHROMA_REACH)  # of the colours, which the host resizes
        beyond = word("beyond", BEYOND)
        if beyond == "returned" and scale > 1:
            reach = max(reach, RETURN_REACH)
        elif beyond == "returned" and reach:
            reach += GRAIN_REACH
        height, width = number("height", 0), number("width", 0)
        fit, crop, tile = word("fit", FITS), number("crop", 0), max(number("tile", 448), 16)
        if fit != "windows":
            if not (height and width):
                raise ModelError(f"{name} is shown pictures whole, but does not say their size")
            # With a mask it is shown what is selected, and as much around it as it says.
            reach, tile = (reach if said("mask") else WHOLE), WHOLE
        elif height and 2 * -(-crop // scale) >= min(height, width):
            raise ModelError(f"{name} says that its result lacks more than there is")
        return cls(
            title=properties.get("safelight.title", name),
            scale=scale,
            reach=reach,
            multiple=max(number("multiple", 1), 1),
            tile=tile,
            licence=properties.get("safelight.licence", ""),
            training_data=properties.get("safelight.training_data", ""),
            sha256=sha256,
            format=format,
            least=max(number("least", 1), 1),
            size=(height, width) if height and width else None,
            generates=word("input", ("picture", "numbers")) == "numbers",
            beyond=beyond,
            fit=fit,
            crop=crop,
            further=Further(
                said("mask"), word("mask_range", MASKS), said("guide"), word("guide_fit", GUIDES)
            ),
            carries=_carries(said("carries"), name),
        )


def _carries(text: str, name: str) -> dict[str, int]:
    """What ``previous:1,memory:2`` says: names and sizes. Raises ModelError."""
    found: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        key, _, size = part.strip().partition(":")
        if not key or not size.isdigit() or not 1 <= int(size) <= 16:
            raise ModelError(f"{name} does not say what it carries (metadata safelight.carries)")
        found[key] = int(size)
    return found


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
        shown, beyond = _shown(image, contract)
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
        shown, beyond = _shown(image, contract)
        filled = _filled(shown, contract)
        feeds = _feeds(session, filled, inputs, contract)
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
            image, _ = _shown(image, contract)
        plain = replace(contract, further=Further())  # each as the graph has it
        answer = self._call(session, _feeds(session, image, inputs, plain), path.name)[0]
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
        filled = _filled(image, contract)
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
        result = self._call(session, _feeds(session, image, inputs, contract), name)[0]
        try:
            return contract.format.planes(result)
        except (ValueError, AttributeError):
            raise ModelError(f"{name} gave a result of shape {np.shape(result)}") from None

    def _call(self, session: Any, feeds: dict[str, Any], name: str) -> Any:
        runtime = _runtime()
        options = runtime.RunOptions()
        with self._lock:
            self._options = options
        try:
            return session.run(None, feeds, options)
        except Exception as error:  # ONNX Runtime's own classes all derive from it
            if options.terminate:
                raise Cancelled from None
            if _is_out_of_memory(error):
                raise OutOfMemory(f"{name}: {_first_line(error)}") from None
            raise ModelError(f"{name} failed: {_first_line(error)}") from None
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
        return [_CUDA, _CPU] if device == "cuda" else [_CPU]

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
        margin = contract.margin if contract.size else 0
        sides = [side - 2 * margin for side in contract.size or (48, 48)]
        sample = np.random.default_rng(7).random((*sides, 3), np.float32)
        further = {contract.further.mask: sample[..., 0], contract.further.guide: sample}
        further = {key: further[key] for key in contract.further.names}
        stack, rest = contract.further.stacked(sample, further)
        image = None if contract.generates else _filled(stack, contract)
        feeds = _feeds(session, image, _others(session, contract) | rest, contract)
        feeds |= _nothing_carried(session, contract, sample.shape)
        try:
            there = self._call(session, feeds, path.name)[0]
            here = self._call(self._session(path, "cpu"), feeds, path.name)[0]
        except (ModelError, OutOfMemory) as error:
            return Device("cpu", label, f"a trial on CUDA failed: {error}")
        difference = float(np.abs(there - here).max())
        if not difference <= _TOLERANCE:
            return Device("cpu", label, f"CUDA's trial result is off by {difference:.3g}")
        return Device("cuda", _cuda_label())


def loaded(
    content: bytes, providers: Sequence[str] = (_CPU,), threads: int = 0, *, log: str = ""
) -> Any:
    """A session of the runtime's; it refuses numbers that lie in other files. How long each
    operator takes is written to a file whose name begins with ``log``, if any.

    Raises ModelError and OutOfMemory, with the first line of what the runtime says.
    """
    runtime = _runtime()
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    if log:
        options.enable_profiling = True
        options.profile_file_prefix = log
    try:
        return runtime.InferenceSession(content, options, providers=list(providers))
    except Exception as error:  # ONNX Runtime's own classes all derive from it
        kind = OutOfMemory if _is_out_of_memory(error) else ModelError
        raise kind(_first_line(error)) from None


def _shown(image: Image, contract: Contract) -> tuple[Image, Image | None]:
    """The image as the network knows images, and the light that is kept from it, if any is."""
    if contract.beyond == "known":
        return image, None
    grain = contract.beyond == "returned" and contract.scale == 1 and contract.reach > 0
    return folded(image, grain=grain)


def _filled(image: Image, contract: Contract) -> Image:
    """The image with its last rows and columns repeated up to sizes that the network takes."""
    margin = contract.margin
    sides = tuple(side + 2 * margin for side in image.shape[:2])
    if contract.size is not None:
        wanted = contract.size
    else:
        tall, wide = (
            -(-max(side, contract.least) // contract.multiple) * contract.multiple for side in sides
        )
        wanted = (tall, wide)
    extra = [
        (margin, margin + max(goal - side, 0)) for goal, side in zip(wanted, sides, strict=True)
    ]
    if not any(after for _, after in extra):
        return image
    return np.pad(image, (*extra, (0, 0)), mode="edge")


def _feeds(
    session: Any, image: Image | None, inputs: Mapping[str, Any], contract: Contract
) -> dict[str, Any]:
    """What a graph is given: the image, if there is one, with what lies on it, and the further
    inputs, each in its own kind of number.
    """
    kinds = {item.name: _KINDS.get(item.type, "float32") for item in session.get_inputs()}
    feeds: dict[str, Any] = {}
    further = contract.further
    if image is not None:
        given = {*inputs, *further.names, *contract.carries}
        free = [key for key in kinds if key not in given]
        main = "image" if "image" in free else next(iter(free), "")
        feeds[main] = contract.format.tensor(image[..., :3], kinds.get(main, "float32"))
        sides = {item.name: item.shape for item in session.get_inputs()}
        if all(name in sides for name in further.names):
            feeds |= further.tensors(
                image, inputs, contract.format, sides, kinds, contract.multiple
            )
    for key, value in inputs.items():
        if key not in feeds:
            feeds[key] = np.asarray(value, kinds.get(key, "float32"))
    return feeds


def _others(session: Any, contract: Contract) -> dict[str, Any]:
    """Something for the inputs beside the picture, such as a noise level or a style."""
    shapes = {
        item.name: item.shape
        for item in session.get_inputs()
        if item.name not in {*contract.further.names, *contract.carries}
    }
    if contract.generates:
        return {
            name: np.full([side if isinstance(side, int) else _FIELD for side in shape], 0.5)
            for name, shape in shapes.items()
        }
    if "image" not in shapes:
        shapes = {name: shape for name, shape in shapes.items() if len(shape) < 3}
    return {
        name: np.full([side if isinstance(side, int) else 1 for side in shape], 0.5)
        for name, shape in shapes.items()
        if name != "image"
    }


def _nothing_carried(
    session: Any, contract: Contract, shape: tuple[int, ...]
) -> dict[str, NDArray[np.float32]]:
    """Zeros for what a network carries, for a frame of that shape."""
    channels = {item.name: item.shape[1] for item in session.get_inputs() if len(item.shape) == 4}
    return {
        name: np.zeros((1, channels[name], shape[0] // size, shape[1] // size), np.float32)
        for name, size in contract.carries.items()
        if isinstance(channels.get(name), int)
    }


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
