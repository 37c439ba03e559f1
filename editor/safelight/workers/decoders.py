"""Decoders: strangers' picture files, turned into arrays in a confined process.

The process gets an open file or its bytes, never a path, and gives blocks that nobody can write
to afterwards. It is kept for the next file. What goes wrong in it ends it and is a sentence.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import math
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.folders import cache_folder
from safelight.workers.conversation import Conversation, Failure
from safelight.workers.plugin_environment import DecoderEnvironment
from safelight.workers.watchdog import PATIENCE
from safelight.workers.wire import messages
from safelight.workers.wire.blocks import Block
from safelight.workers.wire.replies import sentence, whole
from safelight.workers.worker_pool import Pool
from safelight.workers.worker_process import WorkerDied, WorkerProcess

_DTYPES = ("uint8", "uint16", "float32")
_MOST_BLOCKS = 64
_COPIED = 32 << 20
"""Bytes up to which an array is copied out of a block that is used again and again: the first touch
of shared memory costs more than a copy. Larger ones, as large as a camera's photographs, stay where
they are, in a block of their own: there is no second copy of them, and nothing to touch twice.
"""

_SPARE = 8.0
"""Seconds without a file after which the processes end, and such blocks with them: 36 MB each that
are not missed, for another one starts in a quarter of a second.
"""

_AWAITED = 60.0
"""Seconds after which a process ends that was begun for a file that has not come."""

_MOST_ARRAYS = 100_000
_LONGEST_SIDE = 1 << 34


_MODULE = "safelight.files.codecs.photograph_parcel"
"""What decodes, by its name: only the far side imports it."""


class DecoderFailed(Exception):
    """A file could not be decoded: a sentence without a full stop that says why."""


class Decoders:
    """The processes that decode, with ``module`` (``workers.far.decoder_main`` imports it).

    ``limit`` is how many files may be decoded at once, ``memory_limit`` what each process may
    allocate in bytes, beside the blocks that it is lent (0 = half of the machine's). ``kernels``
    is a folder of compiled kernels that they may use.
    """

    def __init__(
        self,
        module: str,
        scratch: Path,
        *,
        limit: int = 2,
        memory_limit: int = 0,
        patience: float = PATIENCE,
        kernels: Path | None = None,
    ) -> None:
        environment = DecoderEnvironment(module, scratch, kernels)
        self.pool = Pool(limit=limit, memory_limit=memory_limit, environment=environment)
        self._patience = patience

    def begin(self) -> None:
        """Have a process start for a file that may come soon. Waits for nothing, raises WorkerDied
        where none can be started.
        """
        self.pool.begin()
        self.pool.rest_after(_AWAITED)

    def decode(
        self,
        format: str,
        file: BinaryIO,
        size: int,
        limit: int | None,
        most: int,
        told: Mapping[str, Any] | None = None,
    ) -> list[NDArray[Any]]:
        """What the module makes of a file of ``size`` bytes: read-only arrays of any shape, of
        uint8, uint16 or float32, of at most ``most`` bytes together. ``told`` are settings for it,
        JSON-ready.

        Raises DecoderFailed and MemoryError.
        """
        try:
            with self.pool.worker() as worker:
                try:
                    order = messages.DecodeFile(
                        format=format, size=size, limit=limit, told=told or None
                    )
                    return _decoded(worker, order, file, most, self._patience)
                except BaseException:  # Ctrl+C too: the worker is still at it
                    worker.kill()
                    raise
        except (Failure, WorkerDied) as fault:
            if isinstance(fault, Failure) and fault.kind == "memory":
                raise MemoryError from None
            raise DecoderFailed(_plain(f"what decodes it {fault}")) from None
        finally:
            self.pool.rest_after(_SPARE)


_shared: Decoders | None = None
_sharing = threading.Lock()


def shared() -> Decoders:
    """The decoders of this process, which end with it. None is started before it is needed."""
    global _shared
    with _sharing:
        if _shared is None:
            _shared = Decoders(
                _MODULE, cache_folder() / "decoding", kernels=cache_folder() / "kernels"
            )
            atexit.register(_shared.pool.close)
        return _shared


def _decoded(
    worker: WorkerProcess,
    order: messages.DecodeFile,
    file: BinaryIO,
    most: int,
    patience: float,
) -> list[NDArray[Any]]:
    talk = Conversation(worker, patience)
    handed = _hand_over(worker, file, order.size)
    blocks: dict[int, Block] = {}
    left = most
    try:
        question: messages.Question = replace(order, file=handed.id if handed else None)
        while True:
            talk.say(question)
            answer = talk.hear_either(messages.RoomWanted, messages.Decoded)
            if isinstance(answer, messages.Decoded):
                return _collected(blocks, answer, talk)
            try:
                wanted = whole(answer.size, 0, left if len(blocks) < _MOST_BLOCKS else -1)
            except ValueError:
                raise talk.nonsense() from None
            left -= wanted
            block = _lent(worker, wanted)
            blocks[block.id] = block
            question = messages.RoomGiven(block=block.id, kept=block.kept)
    finally:
        for block in [*blocks.values(), *([handed] if handed else [])]:
            if block.kept or block is handed:
                with contextlib.suppress(WorkerDied):
                    worker.discard(block)
            else:
                worker.give_back(block)


def _lent(worker: WorkerProcess, size: int) -> Block:
    """A block for the worker to decode into."""
    if size <= _COPIED:
        return worker.block(size, writable=True)
    block = Block(size, writable=True, kept=True)
    worker.lend(block)
    return block


def _hand_over(worker: WorkerProcess, file: BinaryIO, size: int) -> Block | None:
    """Give the file itself where the system can, else a block of its bytes."""
    if sys.platform != "win32":
        with contextlib.suppress(io.UnsupportedOperation, AttributeError):
            worker.lend_file(file.fileno())
            return None
    block = Block(size, writable=False)
    file.seek(0)
    file.readinto(block.array((size,), np.uint8))  # type: ignore[attr-defined]
    worker.lend(block)
    return block


def _collected(
    blocks: dict[int, Block], decoded: messages.Decoded, talk: Conversation
) -> list[NDArray[Any]]:
    """The arrays, where the worker says that they are. Raises Failure."""
    for block in blocks.values():
        if block.kept:
            block.settle()
    arrays = []
    try:
        whole(len(decoded.arrays), 0, _MOST_ARRAYS)
        for number, offset, shape, dtype in decoded.arrays:
            block = blocks[number]
            sides = tuple(whole(side, 0, _LONGEST_SIDE) for side in shape)
            if dtype not in _DTYPES or len(sides) > 3:
                raise ValueError(dtype)
            count = math.prod(sides) * np.dtype(dtype).itemsize
            start = whole(offset, 0, block.size)
            memory = block.array((start + count,), np.uint8)
            array = memory[start:].view(dtype).reshape(sides)
            arrays.append(array if block.kept else _copied(array))
    except (KeyError, TypeError, ValueError):
        raise talk.nonsense() from None
    return arrays


def _copied(array: NDArray[Any]) -> NDArray[Any]:
    """The array as it is now, whoever else may still write to its memory."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def _plain(text: str) -> str:
    return sentence(text).removesuffix(".")
