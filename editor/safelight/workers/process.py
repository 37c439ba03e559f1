"""The far side: a process that loads plugins, runs their filters and converts their formats.

Started as ``python -m safelight.workers.process``; it talks through one socket and ends when
that closes. Whatever a plugin does here, the photograph is on the other side.
"""

from __future__ import annotations

import importlib.abc
import importlib.metadata
import os
import queue
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight import api
from safelight.api.table import packed
from safelight.pixels import DEPTHS, is_finite
from safelight.workers import protocol
from safelight.workers.blocks import BorrowedBlock
from safelight.workers.edition import OtherEdition, check_edition
from safelight.workers.inference import (
    DeviceError,
    Inference,
    ModelError,
    OutOfMemory,
    runtime_version,
)
from safelight.workers.offering import hooks_of
from safelight.workers.rehearsal import Given, beside, call, rehearse
from safelight.workers.sandbox import limit_resources, yield_to_the_window
from safelight.workers.trial import complaint

_STEP = 1e-3
"""The least that progress rises by for the host to be told."""


class Plugins:
    """What the installed plugins offer, by id. A broken plugin is a line in ``failures``."""

    def __init__(self, library: str = "") -> None:
        self.filters: dict[str, api.Registered] = {}
        self.declarations: list[api.Declaration] = []
        self.folders: dict[str, Path] = {}
        self.formats: dict[str, api.RegisteredFormat] = {}
        self.failures: list[dict[str, str]] = []
        for point in _entry_points(library):
            name = point.dist.name if point.dist else point.name
            try:
                self._load(point, name)
            except OtherEdition as error:
                self.failures.append({"plugin": name, "reason": str(error)})
            except BaseException as error:  # SystemExit too: the others are not to blame
                reason = f"{type(error).__name__}: {error}"
                self.failures.append({"plugin": name, "reason": reason[:2000]})

    def missing(self, identity: str) -> str:
        """Why what has that id cannot run."""
        reasons = [f"{item['plugin']} cannot be loaded: {item['reason']}" for item in self.failures]
        return "; ".join([f"{identity} is not installed", *reasons])

    def _load(self, point: importlib.metadata.EntryPoint, name: str) -> None:
        check_edition((point.dist.requires if point.dist else None) or ())
        offered = hooks_of(point.load(), name)
        version = point.dist.version if point.dist else ""
        origin = {"plugin": name, "version": version}
        filters = [api.registered(function) for function in offered.filters]
        formats = [api.registered_format(function, "importer") for function in offered.importers]
        formats += [api.registered_format(function, "exporter") for function in offered.exporters]
        declarations = [
            api.Declaration.from_json(entry.declaration.to_json() | origin) for entry in filters
        ]
        self._refuse_twins(
            [item.id for item in declarations] + [item.format.id for item in formats]
        )
        for entry, declaration in zip(filters, declarations, strict=True):
            source = sys.modules[entry.function.__module__].__file__
            self.filters[declaration.id] = entry
            self.folders[declaration.id] = Path(source).parent if source else Path()
            self.declarations.append(declaration)
        for item in formats:
            own = replace(item.format, plugin=name, version=version)
            self.formats[own.id] = replace(item, format=own)

    def _refuse_twins(self, ids: Sequence[str]) -> None:
        taken = {*self.filters, *self.formats}
        for identity in ids:
            if identity in taken:
                raise ValueError(f"there are two things called {identity}")
            taken.add(identity)


def _entry_points(library: str) -> list[importlib.metadata.EntryPoint]:
    """What plugins say they offer: all that can be imported, or those in ``library`` alone."""
    if not library:
        return list(importlib.metadata.entry_points(group=api.PROJECT))
    found = importlib.metadata.distributions(path=[library])
    return [point for item in found for point in item.entry_points if point.group == api.PROJECT]


class _Job(api.Job):
    """What a running filter sees: its networks, its progress, whether it is still wanted."""

    def __init__(
        self, worker: Worker, message: protocol.Message, folder: Path, *, picture: bool = True
    ) -> None:
        self._picture = picture
        self._worker = worker
        self._message = message
        self._folder = folder
        self._told = -1.0

    def run(self, model: str, image: api.Image, **inputs: Any) -> api.Image:
        self.check()
        wanted = self._message["device"]
        path, inference = beside(self._folder, model), self._worker.inference
        return inference.run(path, image, inputs, wanted, picture=self._picture)

    def describe(self, model: str, image: api.Image | None, **inputs: Any) -> NDArray[np.float32]:
        self.check()
        message, inference = self._message, self._worker.inference
        path, threads = beside(self._folder, model), message.get("threads", 0)
        return inference.describe(path, image, inputs, message["device"], threads)

    def progress(self, fraction: float) -> None:
        self.check()
        fraction = min(max(float(fraction), 0.0), 1.0)
        if fraction >= self._told + _STEP:
            self._told = fraction
            self._worker.reply(self._message, "progress", fraction=fraction)

    def check(self) -> None:
        if self._message["job"] in self._worker.cancelled:
            raise api.Cancelled


class Worker:
    """Answers the host's messages, one at a time; cancelling is heard at any time."""

    def __init__(self, channel: protocol.Channel, library: str = "") -> None:
        self.inference = Inference()
        self._library = library
        self.cancelled: set[int] = set()
        self._channel = channel
        self._plugins: Plugins | None = None
        self._blocks: dict[int, BorrowedBlock] = {}
        self._made: list[NDArray[Any]] = []
        self._messages: queue.SimpleQueue[protocol.Message] = queue.SimpleQueue()
        self._answers = {
            "describe": self._describe,
            "plan": self._plan,
            "prepare": self._prepare,
            "find": self._find_settings,
            "upgrade": self._upgrade,
            "table": self._table,
            "run in turn": self._run_in_turn,
            "run": self._run,
            "promise": self._promise,
            "device": self._device,
            "decode": self._decode,
            "encode": self._encode,
            "collect": self._collect,
            "networks": self._networks,
        }

    def serve(self) -> None:
        """Answer until the host hangs up."""
        threading.Thread(target=self._listen, daemon=True).start()
        self._channel.send(
            {"type": "ready", "protocol": protocol.VERSION, "api": api.VERSION, "pid": os.getpid()}
        )
        while True:
            self._answer(self._messages.get())

    def reply(self, message: protocol.Message, answer: str, **values: Any) -> None:
        """Answer a message: the job and piece it was about, and ``values``."""
        about = {key: message[key] for key in ("job", "piece") if key in message}
        try:
            self._channel.send({"type": answer} | about | values)
        except OSError:
            os._exit(0)  # nobody listens any more

    @property
    def plugins(self) -> Plugins:
        """The plugins, loaded when first asked for."""
        if self._plugins is None:
            self._plugins = Plugins(self._library)
        return self._plugins

    def _listen(self) -> None:
        while True:
            message, descriptors = self._channel.heard()
            if message["type"] == "block":
                self._blocks[message["block"]] = BorrowedBlock(message, descriptors)
            elif message["type"] == "forget":
                self._blocks.pop(message["block"], None)
            elif message["type"] == "cancel":
                self.cancelled.add(message["job"])
                self.inference.terminate()
            else:
                self._messages.put(message)

    def _answer(self, message: protocol.Message) -> None:
        try:
            self._answers[message["type"]](message)
        except api.Cancelled:
            self.reply(message, "cancelled")
        except (MemoryError, OutOfMemory) as error:
            text = str(error) or "no memory left"
            self.reply(message, "failed", kind="memory", reason=text[:2000], details="")
        except (api.FormatError, api.TableError) as error:
            kind = "refused" if isinstance(error, api.FormatError) else "table"
            self.reply(message, "failed", kind=kind, reason=str(error)[:2000], details="")
        except (ModelError, DeviceError) as error:
            kind = "model" if isinstance(error, ModelError) else "device"
            self.reply(message, "failed", kind=kind, reason=str(error)[:2000], details="")
        except BaseException as error:  # SystemExit too: a plugin may call sys.exit()
            reason = f"{type(error).__name__}: {error}"[:2000]
            details = traceback.format_exc()[-20000:]
            self.reply(message, "failed", kind="raised", reason=reason, details=details)

    def _describe(self, message: protocol.Message) -> None:
        plugins = self.plugins
        filters = [declaration.to_json() for declaration in plugins.declarations]
        formats = [item.format.to_json() for item in plugins.formats.values()]
        self.reply(
            message, "described", filters=filters, formats=formats, failures=plugins.failures
        )

    def _networks(self, message: protocol.Message) -> None:
        """Say what network files say of themselves. No plugin is loaded for it."""
        facts = [self._network(Path(file)) for file in message["files"]]
        self.reply(message, "networks", facts=facts)

    def _network(self, file: Path) -> dict[str, str]:
        try:
            contract = self.inference.contract(file)
        except (ModelError, OutOfMemory) as error:
            return {"fault": str(error)[:300]}
        licence, data = contract.licence[:2000], contract.training_data[:2000]
        return {"licence": licence, "training_data": data}

    def _filter(self, message: protocol.Message) -> tuple[api.Registered, Path]:
        identity = message["filter"]
        if identity not in self.plugins.filters:
            raise LookupError(self.plugins.missing(identity))
        return self.plugins.filters[identity], self.plugins.folders[identity]

    def _plan(self, message: protocol.Message) -> None:
        entry, folder = self._filter(message)
        job = _Job(self, message, folder)
        contract = self.inference.contract
        settings, images = _settings(entry, message), list(message.get("images", ()))
        canvas = api.Region(*message["canvas"]) if "canvas" in message else None
        plan, models = rehearse(entry, folder, settings, contract, job, images, canvas)
        device = None
        for name in models:
            device = self.inference.device(message["device"], beside(folder, name))
        self.reply(
            message,
            "planned",
            reach=plan.reach,
            multiple=plan.multiple,
            scale=plan.scale,
            tile=plan.tile,
            device=device.label if device else "",
            device_name=device.name if device else "cpu",
            models={name: contract.sha256 for name, contract in models.items()},
        )

    def _upgrade(self, message: protocol.Message) -> None:
        """Bring the settings of a saved layer up to date."""
        entry, _ = self._filter(message)
        try:
            settings = entry.upgraded(message["settings"], message["version"])
        except api.ParameterError as error:
            self.reply(message, "failed", kind="settings", reason=str(error)[:2000], details="")
            return
        self.reply(message, "upgraded", settings=settings)

    def _prepare(self, message: protocol.Message) -> None:
        entry, folder = self._filter(message)
        job = _Job(self, message, folder)
        job.check()
        source = api.Source(tuple(tuple(table) for table in message["quantisation"]))
        whole, settings = self._image(message["input"]), _settings(entry, message)
        try:
            values = entry.prepared(whole, settings, source, job)
        except api.Unfit as error:
            self.reply(message, "failed", kind="unfit", reason=str(error)[:2000], details="")
            return
        self.reply(message, "prepared", values=values)

    def _find_settings(self, message: protocol.Message) -> None:
        """Have a filter find settings for a picture, of which it sees the thumbnail."""
        entry, folder = self._filter(message)
        job = _Job(self, message, folder)
        job.check()
        thumbnail = self._image(message["input"])
        values = entry.found(thumbnail, _settings(entry, message), job)
        self.reply(message, "found", values=values)

    def _table(self, message: protocol.Message) -> None:
        """Make a tone's table for some settings, and say how many samples it has."""
        entry, _ = self._filter(message)
        table = packed(entry.table(_settings(entry, message)))
        self._hold(message, table.samples, stages=table.stages)

    def _run(self, message: protocol.Message) -> None:
        entry, folder = self._filter(message)
        job = _Job(self, message, folder, picture=not entry.declaration.selects)
        job.check()
        image = self._image(message["input"]) if "input" in message else None
        output = self._blocks[message["output"]["block"]].array(tuple(message["output"]["shape"]))
        region = api.Region(*message["region"])
        given = Given(
            region,
            {name: self._image(place) for name, place in message.get("images", {}).items()},
            self._image(message["mask"]) if "mask" in message else None,
            message.get("prepared", {}),
            api.Region(*message["canvas"]) if "canvas" in message else None,
        )
        pixels = self._called(entry, image, message, job, given)
        x, y, width, height = message["keep"]
        scale = message["scale"]
        rows = slice(y * scale, (y + height) * scale)
        columns = slice(x * scale, (x + width) * scale)
        np.copyto(output, pixels[rows, columns], casting="unsafe")
        self.reply(message, "done")

    def _called(
        self,
        entry: api.Registered,
        image: api.Image | None,
        message: protocol.Message,
        job: _Job,
        given: Given,
    ) -> NDArray[Any]:
        """What a filter makes of ``image``, of the size that it should have."""
        result = call(entry, image, _settings(entry, message), job, given)
        region = given.region
        expected = entry.expected(region.height, region.width, message["scale"])
        pixels = np.asarray(result)
        if pixels.shape != expected or pixels.dtype.kind not in "fiu":
            raise ValueError(
                f"it returned {pixels.dtype} of shape {pixels.shape}; expected float32 {expected}"
            )
        return pixels

    def _run_in_turn(self, message: protocol.Message) -> None:
        """Run cheap filters, each on what the one before it made."""
        image = self._image(message["input"])
        given = Given(api.Region(*message["region"]), canvas=api.Region(*message["canvas"]))
        output = self._blocks[message["output"]["block"]].array(tuple(message["output"]["shape"]))
        for step in message["steps"]:
            own = message | step
            entry, folder = self._filter(own)
            job = _Job(self, own, folder)
            job.check()
            image = self._called(entry, image, own, job, given).astype(np.float32)
            if not is_finite(image):
                raise ValueError("it returned pixels that are no numbers")
            image.flags.writeable = False
        np.copyto(output, image)
        self.reply(message, "done")

    def _format(self, message: protocol.Message) -> Callable[..., Any]:
        identity = message["format"]
        if identity not in self.plugins.formats:
            raise LookupError(self.plugins.missing(identity))
        return self.plugins.formats[identity].function

    def _decode(self, message: protocol.Message) -> None:
        """Turn a file's bytes into pixels, and say how many: the host lends a block for them."""
        function, lent = self._format(message), message["input"]
        data = self._blocks[lent["block"]].array(tuple(lent["shape"]), np.uint8).tobytes()
        found = function(data)
        if not isinstance(found, api.Photograph):
            found = api.Photograph(np.asarray(found))
        pixels = found.pixels
        if pixels.ndim != 3 or pixels.dtype.name not in DEPTHS:
            raise ValueError(
                f"it returned {pixels.dtype} of shape {pixels.shape}; expected"
                f" (height, width, 1 to 4) of {', '.join(DEPTHS)}"
            )
        held, facts = found.beside()
        self._hold(message, pixels, beside=facts)
        if held:
            self._made.append(np.frombuffer(held, np.uint8))

    def _encode(self, message: protocol.Message) -> None:
        """Turn pixels into a file's bytes, and say how many."""
        function, lent = self._format(message), message["input"]
        pixels = self._blocks[lent["block"]].array(tuple(lent["shape"]), lent["dtype"])
        pixels.flags.writeable = False
        data = function(pixels)
        if not isinstance(data, (bytes, bytearray, memoryview)) or not data:
            raise ValueError(f"it returned {type(data).__name__}; expected the file as bytes")
        self._hold(message, np.frombuffer(data, np.uint8))

    def _hold(self, message: protocol.Message, made: NDArray[Any], **values: Any) -> None:
        self._made = [made]
        self.reply(message, "made", shape=list(made.shape), dtype=made.dtype.name, **values)

    def _collect(self, message: protocol.Message) -> None:
        """Copy what was made into the block that the host lends for it."""
        made = self._made.pop(0)
        lent = message["output"]
        output = self._blocks[lent["block"]].array(tuple(lent["shape"]), lent["dtype"])
        np.copyto(output, made)
        self.reply(message, "done")

    def _image(self, place: protocol.Message) -> api.Image:
        """The pixels that lie in a block, read-only."""
        image = self._blocks[place["block"]].array(tuple(place["shape"]))
        image.flags.writeable = False
        return image

    def _promise(self, message: protocol.Message) -> None:
        entry, _ = self._filter(message)
        text = complaint(message["promise"], entry.function, self.inference)
        self.reply(message, "promised", complaint=text[:2000])

    def _device(self, message: protocol.Message) -> None:
        models = sorted(
            {path for folder in self.plugins.folders.values() for path in folder.glob("*.onnx")},
            key=lambda path: path.stat().st_size,
        )
        if not models:
            self.reply(message, "device", label="CPU", name="cpu", reason="no network is installed")
            return
        device = self.inference.device(message["device"], models[0])
        self.reply(
            message,
            "device",
            label=device.label,
            name=device.name,
            reason=device.reason,
            runtime=runtime_version(),
            model=models[0].name,
        )


def _settings(entry: api.Registered, message: protocol.Message) -> api.Settings:
    """The settings as the filter takes them: a message has lists where a filter has tuples."""
    return entry.declaration.settings(message["settings"])


class _WithoutWindow(importlib.abc.MetaPathFinder):
    """Says in words why a stranger's plugin finds no Qt."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.split(".")[0] in ("PySide6", "shiboken6"):
            raise ImportError("a plugin has no window: it runs in a process of its own, without Qt")


def main(arguments: list[str]) -> None:
    """Serve a host. ``arguments``: its socket, the memory limit, folders with further plugins;
    or ``--only`` and the one folder whose plugin is loaded.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the host's business
    if sys.platform == "win32":
        connection = socket.fromshare(sys.stdin.buffer.read(int(arguments[0])))
    else:
        connection = socket.socket(fileno=int(arguments[0]))
        os.set_inheritable(connection.fileno(), False)
    channel = protocol.Channel(connection, accepts_descriptors=True)
    if arguments[2:3] == ["--only"]:
        sys.meta_path.insert(0, _WithoutWindow())  # confined and limited already
        Worker(channel, arguments[3]).serve()
    limit_resources(int(arguments[1]))
    yield_to_the_window()
    sys.path.extend(arguments[2:])  # at the end: a plugin must not shadow the editor
    Worker(channel).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
