"""Decoder main: the far side of opening, a confined process that turns files into arrays.

A module that is handed in by its name decodes: ``decode(format, file, size, limit, room)`` gives
arrays, and asks ``room(shape, dtype)`` for one to decode into where it can; ``told`` are settings,
where there are some. The file comes open or as bytes, never as a path; the arrays lie in blocks of
the host's, which this process lets go of before it says that it is done.
"""

from __future__ import annotations

import importlib
import io
import math
import os
import queue
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray

from safelight import api
from safelight.pixels import BENT, bent, borrow_kernels
from safelight.workers.wire import message_json, messages, protocol
from safelight.workers.wire.blocks import BorrowedBlock

_ALIGNED = 64
"""Bytes that an array's start in a shared block is a multiple of."""


class _Rooms:
    """The blocks that one file is decoded into."""

    def __init__(self, worker: _Decoder) -> None:
        self._worker = worker
        self._lent: list[tuple[int, NDArray[Any]]] = []

    def room(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """An array of a shape and dtype, not yet filled, in a block of shared memory of its own."""
        number, block = self._worker.lent(math.prod(shape) * np.dtype(dtype).itemsize)
        made = block.array(shape, dtype)
        self._lent.append((number, made))
        return made

    def placed(
        self, arrays: Sequence[NDArray[Any]]
    ) -> tuple[tuple[int, int, tuple[int, ...], str], ...]:
        """Where each array is: block, offset, shape and dtype. Those in no block are put in one."""
        places: dict[int, tuple[int, int, tuple[int, ...], str]] = {}
        loose: list[tuple[int, NDArray[Any]]] = []
        end = 0
        for index, array in enumerate(arrays):
            number = self._block_of(array)
            if number is None:
                loose.append((end, array))
                places[index] = (0, end, array.shape, array.dtype.name)
                end += -(-array.nbytes // _ALIGNED) * _ALIGNED
            else:
                places[index] = (number, 0, array.shape, array.dtype.name)
        number, block = self._worker.lent(end)
        memory = block.array((end,), np.uint8)
        for offset, array in loose:
            part = memory[offset : offset + array.nbytes].view(array.dtype).reshape(array.shape)
            np.copyto(part, array)
        return tuple((place[0] or number, *place[1:]) for _, place in sorted(places.items()))

    def _block_of(self, array: NDArray[Any]) -> int | None:
        """The block that an array fills from its beginning, as it lies in memory."""
        for number, made in self._lent:
            same = array.__array_interface__["data"][0] == made.__array_interface__["data"][0]
            if same and array.nbytes == made.nbytes and array.flags.c_contiguous:
                return number
        return None


class _Decoder:
    """Decodes one file after the other, until the host hangs up."""

    def __init__(self, channel: protocol.Channel, decoders: str) -> None:
        self._channel = channel
        self._decode = importlib.import_module(decoders).decode
        self._frames: queue.SimpleQueue[tuple[protocol.Frame, list[int]]] = queue.SimpleQueue()
        self._job = 0
        self._blocks: dict[int, BorrowedBlock] = {}

    def serve(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        ready = messages.Ready(protocol=protocol.VERSION, api=api.VERSION, pid=os.getpid())
        self._channel.send(message_json.said(ready))
        while True:
            frame, descriptors = self._frames.get()
            if frame["type"] == "file":
                frame, _ = self._frames.get()
            order = message_json.read(messages.DecodeFile, frame)
            self._job = order.job
            with self._file(order, descriptors) as file:
                answer = self._answer(order, file)
            self._say(answer)  # by now no array looks at a block any more

    def lent(self, size: int) -> tuple[int, BorrowedBlock]:
        """A block of the host's of at least that many bytes, and its number."""
        self._say(messages.RoomWanted(size=size))
        frame, _ = self._frames.get()
        given = message_json.read(messages.RoomGiven, frame)
        # Of one that the picture stays in nothing may be left here.
        block = self._blocks.pop(given.block) if given.kept else self._blocks[given.block]
        return given.block, block

    def _say(self, answer: messages.Answer) -> None:
        self._channel.send(message_json.said(answer, job=self._job))

    def _file(self, order: messages.DecodeFile, descriptors: list[int]) -> BinaryIO:
        """What the host has handed over: an open file, or a block of its bytes."""
        if order.file is None:
            # By this roundabout way it has a name, which tifffile asks for.
            return open("the picture", "rb", opener=lambda *_: descriptors[0])
        block = self._blocks.pop(order.file)
        return io.BytesIO(block.array((order.size,), np.uint8).tobytes())

    def _answer(self, order: messages.DecodeFile, file: BinaryIO) -> messages.Answer:
        rooms = _Rooms(self)
        try:
            file.seek(0)
            told = {} if order.told is None else {"told": order.told}
            arrays = self._decode(order.format, file, order.size, order.limit, rooms.room, **told)
            return messages.Decoded(arrays=rooms.placed(arrays))
        except MemoryError:
            return messages.Failed(kind="memory", reason="no memory left")
        except BaseException as error:
            reason = f"{type(error).__name__}: {error}"[:2000]
            return messages.Failed(reason=reason, details=traceback.format_exc()[-20000:])

    def _listen(self) -> None:
        while True:
            frame, descriptors = self._channel.heard()
            if frame["type"] == "block":
                self._blocks[frame["block"]] = BorrowedBlock(frame, descriptors)
            elif frame["type"] == "forget":
                self._blocks.pop(frame["block"], None)
            else:
                self._frames.put((frame, descriptors))


def main(arguments: Sequence[str]) -> None:
    """``arguments``: the socket's number, ``--decoders MODULE`` and perhaps ``--kernels FOLDER
    --own FOLDER``: where compiled kernels can be read, and where a copy of them can be written.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the host's business
    descriptor, last = int(arguments[0]), list(arguments[arguments.index("--decoders") :])
    told = dict(zip(last[::2], last[1::2], strict=True))
    if "--kernels" in told:
        folder, own = Path(told["--kernels"]), Path(told["--own"]) / "lent"
        bent.COMPILERS[:] = [partial(borrow_kernels, folder, own, [BENT])]
    if sys.platform != "win32":
        os.set_inheritable(descriptor, False)
    channel = protocol.Channel(socket.socket(fileno=descriptor), accepts_descriptors=True)
    _Decoder(channel, told["--decoders"]).serve()
