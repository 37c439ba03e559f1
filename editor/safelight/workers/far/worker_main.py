"""Worker main: the far side, which loads plugins, runs their filters and converts formats.

``far.confined_main`` starts it; it talks through one socket and ends when that closes. Whatever a
plugin does here, the photograph is on the other side.
"""

from __future__ import annotations

import importlib.abc
import importlib.metadata
import json
import os
import queue
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight import api
from safelight.api.tone_table import packed
from safelight.pixels import DEPTHS, is_finite
from safelight.workers.far import torch_twin
from safelight.workers.far.check_promises import complaint
from safelight.workers.far.devices import DeviceError
from safelight.workers.far.dry_run import FETCHED, Given, beside, call, frame_and_carried, rehearse
from safelight.workers.far.inference import Inference
from safelight.workers.far.loaded_plugins import Plugins
from safelight.workers.far.network_contract import ModelError
from safelight.workers.far.network_watch import ROUNDS, NetworkWatch
from safelight.workers.far.onnx_runtime import OutOfMemory, runtime_version
from safelight.workers.far.worker_job import WorkerJob
from safelight.workers.network_file import KEYS, RECORDED
from safelight.workers.wire import message_json, messages, protocol
from safelight.workers.wire.blocks import BorrowedBlock
from safelight.workers.wire.messages import Place


class Worker:
    """Answers the host's messages, one at a time; cancelling is heard at any time."""

    def __init__(self, channel: protocol.Channel, library: str = "") -> None:
        self.inference = Inference()
        self._library = library
        self.cancelled: set[int] = set()
        self.ran: dict[str, str] = {}
        self.failed_drafts: set[str] = set()
        self._channel = channel
        self._plugins: Plugins | None = None
        self._blocks: dict[int, BorrowedBlock] = {}
        self._made: list[NDArray[Any]] = []
        self._frames: queue.SimpleQueue[protocol.Frame] = queue.SimpleQueue()
        answers: dict[type[messages.Question], Callable[[Any], messages.Answer]] = {
            messages.Describe: self._describe,
            messages.MakePlan: self._plan,
            messages.Prepare: self._prepare,
            messages.FindSettings: self._find_settings,
            messages.Upgrade: self._upgrade,
            messages.MakeTable: self._table,
            messages.RunInTurn: self._run_in_turn,
            messages.Run: self._run,
            messages.Watch: self._watch,
            messages.Promise: self._promise,
            messages.FindDevice: self._find_device,
            messages.Decode: self._decode,
            messages.Encode: self._encode,
            messages.Collect: self._collect,
            messages.ReadNetworks: self._read_networks,
        }
        self._answers = {message_json.word(kind): (kind, does) for kind, does in answers.items()}

    def serve(self) -> None:
        """Answer until the host hangs up."""
        threading.Thread(target=self._listen, daemon=True).start()
        ready = messages.Ready(protocol=protocol.VERSION, api=api.VERSION, pid=os.getpid())
        self._channel.send(message_json.said(ready))
        while True:
            self._answer(self._frames.get())

    def reply(self, question: messages.Question, answer: messages.Answer, **further: Any) -> None:
        """Answer a question, with the job and the piece that it was about."""
        piece = {"piece": question.piece} if isinstance(question, messages.Run) else {}
        about: dict[str, Any] = piece | further
        try:
            self._channel.send(message_json.said(answer, job=question.job, **about))
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
            frame, descriptors = self._channel.heard()
            if frame["type"] == "block":
                self._blocks[frame["block"]] = BorrowedBlock(frame, descriptors)
            elif frame["type"] == "forget":
                self._blocks.pop(frame["block"], None)
            elif frame["type"] == "keys":
                KEYS.update({name: bytes.fromhex(key) for name, key in frame["keys"].items()})
            elif frame["type"] == message_json.word(messages.Cancel):
                self.cancelled.add(frame["job"])
                self.inference.terminate()
            else:
                self._frames.put(frame)

    def _answer(self, frame: protocol.Frame) -> None:
        kind, does = self._answers[frame["type"]]
        question = message_json.read(kind, frame)
        self.ran = {}
        answer = _answered(does, question)
        # A plan runs them on grey.
        told = bool(self.ran) and not isinstance(question, messages.MakePlan)
        self.reply(question, answer, **({"networks": self.ran} if told else {}))

    def _describe(self, question: messages.Describe) -> messages.Answer:
        plugins = self.plugins
        return messages.Described(
            filters=tuple(declaration.to_json() for declaration in plugins.declarations),
            formats=tuple(item.format.to_json() for item in plugins.formats.values()),
            failures=tuple(plugins.failures),
        )

    def _read_networks(self, question: messages.ReadNetworks) -> messages.Answer:
        """Say what network files say of themselves. No plugin is loaded for it."""
        return messages.NetworksRead(facts=tuple(self._network(Path(x)) for x in question.files))

    def _network(self, file: Path) -> dict[str, str]:
        try:
            contract = self.inference.contract(file)
        except (ModelError, OutOfMemory) as error:
            return {"fault": str(error)[:300]}
        licence, data = contract.licence[:2000], contract.training_data[:2000]
        return {"licence": licence, "training_data": data}

    def _filter(self, identity: str) -> tuple[api.Registered, Path]:
        if identity not in self.plugins.filters:
            raise LookupError(self.plugins.missing(identity))
        return self.plugins.filters[identity], self.plugins.folders[identity]

    def _plan(self, question: messages.MakePlan) -> messages.Answer:
        entry, folder = self._filter(question.filter)
        drafts = entry.declaration.drafts
        job = WorkerJob(
            self, question, folder, question.device, threads=question.threads, drafts=drafts
        )
        contract = partial(self.inference.contract, threads=question.threads)
        settings, images = _settings(entry, question.settings), list(question.images)
        plan, models = rehearse(entry, folder, settings, contract, job, images, question.canvas)
        device = None
        for name in models:
            device = self.inference.device(question.device, beside(folder, name))
        return messages.Planned(
            reach=plan.reach,
            multiple=plan.multiple,
            scale=plan.scale,
            tile=plan.tile,
            in_steps=plan.in_steps,
            device=device.label if device else "",
            device_name=device.name if device else "cpu",
            runtime=f"ONNX Runtime {runtime_version()}" if models else "",
            models={name: contract.sha256 for name, contract in models.items()},
            drafted=any(job.draft_of(name) is not None for name in models),
        )

    def _upgrade(self, question: messages.Upgrade) -> messages.Answer:
        """Bring the settings of a saved layer up to date."""
        entry, _ = self._filter(question.filter)
        return messages.Upgraded(settings=entry.upgraded(question.settings, question.version))

    def _prepare(self, question: messages.Prepare) -> messages.Answer:
        entry, folder = self._filter(question.filter)
        job = WorkerJob(self, question, folder, question.device, threads=question.threads)
        job.check()
        whole, settings = self._image(question.input), _settings(entry, question.settings)
        source = api.Source(question.quantisation)
        return messages.Prepared(values=entry.prepared(whole, settings, source, job))

    def _find_settings(self, question: messages.FindSettings) -> messages.Answer:
        """Have a filter find settings for a picture, of which it sees the thumbnail."""
        entry, folder = self._filter(question.filter)
        job = WorkerJob(self, question, folder, question.device)
        job.check()
        settings = _settings(entry, question.settings)
        return messages.SettingsFound(
            values=entry.found(self._image(question.input), settings, job)
        )

    def _table(self, question: messages.MakeTable) -> messages.Answer:
        """Make a tone's table for some settings, and say how many samples it has."""
        entry, _ = self._filter(question.filter)
        table = packed(entry.table(_settings(entry, question.settings)))
        self._made = [table.samples]
        return messages.TableMade(samples=table.samples.size, stages=tuple(table.stages))

    def _run(self, question: messages.Run) -> messages.Answer:
        entry, folder = self._filter(question.filter)
        job = WorkerJob(
            self,
            question,
            folder,
            question.device,
            threads=question.threads,
            picture=not entry.declaration.selects,
            drafts=entry.declaration.drafts,
        )
        job.check()
        image = self._image(question.input) if question.input else None
        given = Given(
            question.region,
            {name: self._image(place) for name, place in question.images.items()},
            self._image(question.mask) if question.mask else None,
            question.prepared,
            question.canvas,
            None
            if question.before is None
            else {name: self._image(place) for name, place in question.before.items()},
        )
        settings, scale = _settings(entry, question.settings), question.scale
        pixels, carried = self._called(entry, image, settings, job, given, scale)
        x, y, width, height = question.keep
        rows = slice(y * scale, (y + height) * scale)
        columns = slice(x * scale, (x + width) * scale)
        np.copyto(self.array(question.output), pixels[rows, columns], casting="unsafe")
        for name, place in question.carried.items():
            size, target = entry.declaration.carries[name].size, self.array(place)
            part = carried[name][y // size :, x // size :][: len(target), : target.shape[1]]
            np.copyto(target, part, casting="unsafe")
        return messages.Done()

    def _called(
        self,
        entry: api.Registered,
        image: api.Image | None,
        settings: api.Settings,
        job: WorkerJob,
        given: Given,
        scale: int = 1,
    ) -> tuple[NDArray[Any], dict[str, NDArray[Any]]]:
        """What a filter makes of ``image``, of the size that it should have, and what it carries on
        to the next frame.
        """
        result, carried = call(entry, image, settings, job, given), dict[str, NDArray[Any]]()
        if entry.declaration.recurrent:
            sides = given.region.height, given.region.width
            result, carried = frame_and_carried(entry, result, *sides)
        pixels = np.asarray(result)
        expected = entry.expected(given.region.height, given.region.width, scale)
        if pixels.shape != expected or pixels.dtype.kind not in "fiu":
            raise ValueError(
                f"it returned {pixels.dtype} of shape {pixels.shape}; expected float32 {expected}"
            )
        return pixels, carried

    def _watch(self, question: messages.Watch) -> messages.Answer:
        """Run a filter with its networks watched."""
        entry, folder = self._filter(question.filter)
        given = Given(
            question.region,
            {name: self._image(place) for name, place in question.images.items()},
            None,
            question.prepared,
            question.region,
        )
        image, settings = self._image(question.input), _settings(entry, question.settings)
        if question.point and not torch_twin.at_hand():
            return messages.Watched(costs=(), untold=torch_twin.NOT_AT_HAND)
        sides = (image.shape[0], image.shape[1]) if question.point else None
        usual, watch = self.inference, NetworkWatch(question.network, question.tensor, sides)
        self.inference = watch
        try:
            job = WorkerJob(self, question, folder, question.device)
            for _ in range(1 if question.point else ROUNDS):
                job.check()
                self._called(entry, image, settings, job, given, question.scale)
            if question.point:
                watch.values = watch.gradient((question.point[0], question.point[1]))
            costs = () if question.point else watch.told()
        except torch_twin.NoTwin as reason:
            return messages.Watched(costs=(), untold=str(reason))
        finally:
            self.inference = usual
            watch.close()
        if watch.values is None:
            return messages.Watched(costs=costs)
        self._made = [watch.values]
        return messages.Watched(costs=costs, shape=watch.values.shape)

    def _run_in_turn(self, question: messages.RunInTurn) -> messages.Answer:
        """Run cheap filters, each on what the one before it made."""
        image = self._image(question.input)
        given = Given(question.region, canvas=question.canvas)
        for number, step in enumerate(question.steps):
            if number and not is_finite(image):
                raise ValueError("it returned pixels that are no numbers")
            entry, folder = self._filter(step.filter)
            job = WorkerJob(self, question, folder, question.device)
            job.check()
            made, _ = self._called(entry, image, _settings(entry, step.settings), job, given)
            image = made.astype(np.float32)
            image.flags.writeable = False
        np.copyto(self.array(question.output), image)
        return messages.Done()

    def _format(self, question: messages.Decode | messages.Encode) -> Callable[..., Any]:
        """The function of the format that a question is about, given its job if it wants one."""
        identity = question.format
        if identity not in self.plugins.formats:
            raise LookupError(self.plugins.missing(identity))
        item = self.plugins.formats[identity]
        if not item.wants_job:
            return item.function
        job = WorkerJob(self, question, self.plugins.format_folders[identity], "cpu")
        return partial(item.function, job=job)

    def _decode(self, question: messages.Decode) -> messages.Answer:
        """Turn a file's bytes into pixels, and say how many: the host lends a block for them."""
        found = self._format(question)(self.array(question.input).tobytes())
        if not isinstance(found, api.Photograph):
            found = api.Photograph(np.asarray(found))
        pixels = found.pixels
        if pixels.ndim != 3 or pixels.dtype.name not in DEPTHS:
            raise ValueError(
                f"it returned {pixels.dtype} of shape {pixels.shape}; expected"
                f" (height, width, 1 to 4) of {', '.join(DEPTHS)}"
            )
        held, facts = found.beside()
        self._made = [pixels, *([np.frombuffer(held, np.uint8)] if held else [])]
        return messages.PictureMade(shape=pixels.shape, dtype=pixels.dtype.name, beside=facts)

    def _encode(self, question: messages.Encode) -> messages.Answer:
        """Turn pixels into a file's bytes, and say how many."""
        pixels = self.array(question.input)
        pixels.flags.writeable = False
        data = self._format(question)(pixels, **question.settings)
        if not isinstance(data, (bytes, bytearray, memoryview)) or not data:
            raise ValueError(f"it returned {type(data).__name__}; expected the file as bytes")
        self._made = [np.frombuffer(data, np.uint8)]
        return messages.FileMade(size=self._made[0].size)

    def _collect(self, question: messages.Collect) -> messages.Answer:
        """Copy what was made into the block that the host lends for it."""
        np.copyto(self.array(question.output), self._made.pop(0))
        return messages.Done()

    def array(self, place: Place) -> NDArray[Any]:
        """The array that lies in a block, of any shape and dtype."""
        return self._blocks[place.block].array(place.shape, place.dtype)

    def _image(self, place: Place) -> api.Image:
        """The pixels that lie in a block, read-only."""
        image = self.array(place)
        image.flags.writeable = False
        return image

    def _promise(self, question: messages.Promise) -> messages.Answer:
        entry, _ = self._filter(question.filter)
        text = complaint(question.promise, entry.function, self.inference)
        return messages.Promised(complaint=text[:2000])

    def _find_device(self, question: messages.FindDevice) -> messages.Answer:
        models = sorted(
            {path for folder in self.plugins.folders.values() for path in folder.glob("*.onnx")},
            key=lambda path: path.stat().st_size,
        )
        if not models:
            return messages.DeviceFound(label="CPU", name="cpu", reason="no network is installed")
        device = self.inference.device(question.device, models[0])
        return messages.DeviceFound(
            label=device.label,
            name=device.name,
            reason=device.reason,
            runtime=runtime_version(),
            model=models[0].name,
        )


def _answered(
    does: Callable[[Any], messages.Answer], question: messages.Question
) -> messages.Answer:
    """What ``does`` answers, or why it cannot."""
    details = ""
    try:
        return does(question)
    except api.Cancelled:
        return messages.Cancelled()
    except (MemoryError, OutOfMemory) as error:
        kind, reason = "memory", str(error) or "no memory left"
    except api.FormatError as error:
        kind, reason = "refused", str(error)
    except api.TableError as error:
        kind, reason = "table", str(error)
    except api.ParameterError as error:
        kind, reason = "settings", str(error)
    except api.Unfit as error:
        kind, reason = "unfit", str(error)
    except ModelError as error:
        kind, reason = "model", str(error)
    except DeviceError as error:
        kind, reason = "device", str(error)
    except BaseException as error:  # SystemExit too: a plugin may call sys.exit()
        kind, reason = "raised", f"{type(error).__name__}: {error}"
        details = traceback.format_exc()[-20000:]
    return messages.Failed(kind=kind, reason=reason[:2000], details=details)


def _settings(entry: api.Registered, told: api.Settings) -> api.Settings:
    """The settings as the filter takes them: a message has lists where a filter has tuples."""
    return entry.declaration.settings(told)


class _WithoutWindow(importlib.abc.MetaPathFinder):
    """Says in words why a stranger's plugin finds no Qt."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.split(".")[0] in ("PySide6", "shiboken6"):
            raise ImportError("a plugin has no window: it runs in a process of its own, without Qt")


def main(arguments: list[str]) -> None:
    """Serve a host, confined and limited already. ``arguments``: the host's socket, then ``--only``
    and the one folder whose plugin is loaded, with the networks fetched for it and the hashes of
    its networks as JSON, or ``--built-in``.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the host's business
    if sys.platform == "win32":
        connection = socket.fromshare(sys.stdin.buffer.read(int(arguments[0])))
    else:
        connection = socket.socket(fileno=int(arguments[0]))
        os.set_inheritable(connection.fileno(), False)
    channel = protocol.Channel(connection, accepts_descriptors=True)
    library = arguments[2] if arguments[1] == "--only" else ""
    if library:
        FETCHED.update(json.loads(arguments[3]))
        RECORDED.update(json.loads(arguments[4]))
        sys.meta_path.insert(0, _WithoutWindow())
    Worker(channel, library).serve()
