"""Decoding: strangers' picture files, turned into arrays in a confined process.

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
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.places import cache_folder
from safelight.workers.blocks import Block
from safelight.workers.environment import DecoderEnvironment
from safelight.workers.patience import PATIENCE
from safelight.workers.pool import Pool, WorkerDied, WorkerProcess, WorkerSilent
from safelight.workers.protocol import Message
from safelight.workers.replies import sentence, told, whole

_DTYPES = ("uint8", "uint16", "float32")
_MOST_BLOCKS = 64
_COPIED = 256 << 20
"""Bytes up to which an array is copied out of a block that is used again and again: the first touch
of shared memory costs more than a copy. Larger ones stay where they are, in a block of their own.
"""

_SPARE = 20.0
"""Seconds without a file after which such blocks are given back."""

_MOST_ARRAYS = 100_000
_LONGEST_SIDE = 1 << 34


_MODULE = "safelight.files.codecs.parcel"
"""What decodes, by its name: only the far side imports it."""


class DecoderFailed(Exception):
    """A file could not be decoded: a sentence without a full stop that says why."""


class Decoders:
    """The processes that decode. ``module`` names what they decode with (``workers.decoder``).

    ``limit`` is how many files may be decoded at once, ``memory_limit`` what each process may
    allocate in bytes, beside the blocks that it is lent (0 = half of the machine's).
    """

    def __init__(
        self,
        module: str,
        scratch: Path,
        *,
        limit: int = 2,
        memory_limit: int = 0,
        patience: float = PATIENCE,
    ) -> None:
        environment = DecoderEnvironment(module, scratch)
        self.pool = Pool(limit=limit, memory_limit=memory_limit, environment=environment)
        self._patience = patience
        self._resting: threading.Timer | None = None
        self._timing = threading.Lock()

    def decode(
        self,
        format: str,
        file: BinaryIO,
        size: int,
        limit: int | None,
        most: int,
        told: Mapping[str, Any] | None = None,
    ) -> list[NDArray[Any]]:
        """What the module makes of a file of ``size`` bytes: read-only arrays of uint8, uint16 or
        float32, of at most ``most`` bytes together. ``told`` are settings for it, JSON-ready.

        Raises DecoderFailed and MemoryError.
        """
        try:
            with self.pool.worker() as worker:
                try:
                    order = {"format": format, "size": size, "limit": limit}
                    order |= {"told": dict(told)} if told else {}
                    return _decoded(worker, order, file, most, self._patience)
                except BaseException:  # Ctrl+C too: the worker is still at it
                    worker.kill()
                    raise
        except WorkerDied as death:
            raise DecoderFailed(_plain(f"what decodes it {death}")) from None
        finally:
            self._rest_later()

    def _rest_later(self) -> None:
        """Have the memory given back that is kept for the next file, should none come soon."""
        with self._timing:
            if self._resting is not None:
                self._resting.cancel()
            self._resting = threading.Timer(_SPARE, self.pool.unburden)
            self._resting.daemon = True
            self._resting.start()


_shared: Decoders | None = None
_sharing = threading.Lock()


def shared() -> Decoders:
    """The decoders of this process, which end with it. None is started before it is needed."""
    global _shared
    with _sharing:
        if _shared is None:
            _shared = Decoders(_MODULE, cache_folder() / "decoding")
            atexit.register(_shared.pool.close)
        return _shared


def _decoded(
    worker: WorkerProcess,
    order: Message,
    file: BinaryIO,
    most: int,
    patience: float,
) -> list[NDArray[Any]]:
    handed = _hand_over(worker, file, order["size"])
    worker.send(order | {"type": "decode", "file": handed and handed.id})
    blocks: dict[int, Block] = {}
    left = most
    try:
        while True:
            try:
                reply = worker.answer(patience)
            except WorkerSilent:
                raise DecoderFailed(
                    f"what decodes it did not answer for {patience:g} s and was stopped"
                ) from None
            if reply["type"] == "room" and len(blocks) < _MOST_BLOCKS:
                wanted = _whole(reply.get("size"), 0, left)
                left -= wanted
                block = _lent(worker, wanted)
                blocks[block.id] = block
                worker.send({"type": "room", "block": block.id, "kept": block.kept})
            elif reply["type"] == "failed":
                if reply.get("kind") == "memory":
                    raise MemoryError
                raise DecoderFailed(_plain(f"what decodes it {told(reply)[0]}"))
            elif reply["type"] == "decoded":
                return _collected(blocks, reply)
            else:
                raise _nonsense()
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


def _collected(blocks: dict[int, Block], reply: Message) -> list[NDArray[Any]]:
    """The arrays, where the worker says that they are. Raises DecoderFailed."""
    for block in blocks.values():
        if block.kept:
            block.settle()
    places = reply.get("arrays")
    if not isinstance(places, list) or len(places) > _MOST_ARRAYS:
        raise _nonsense()
    arrays = []
    for place in places:
        try:
            number, offset, shape, dtype = place
            block = blocks[number]
            sides = tuple(_whole(side, 0, _LONGEST_SIDE) for side in shape)
            if dtype not in _DTYPES or len(sides) > 3:
                raise ValueError(dtype)
            count = math.prod(sides) * np.dtype(dtype).itemsize
            start = _whole(offset, 0, block.size)
            memory = block.array((start + count,), np.uint8)
            array = memory[start:].view(dtype).reshape(sides)
            arrays.append(array if block.kept else _copied(array))
        except (KeyError, TypeError, ValueError):
            raise _nonsense() from None
    return arrays


def _copied(array: NDArray[Any]) -> NDArray[Any]:
    """The array as it is now, whoever else may still write to its memory."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def _whole(value: object, low: int, high: int) -> int:
    try:
        return whole(value, low, high)
    except ValueError:
        raise _nonsense() from None


def _nonsense() -> DecoderFailed:
    return DecoderFailed("what decodes it sent an answer that makes no sense and was stopped")


def _plain(text: str) -> str:
    return sentence(text).removesuffix(".")
