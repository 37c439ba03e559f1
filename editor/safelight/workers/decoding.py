"""Decoding: strangers' picture files, turned into arrays in a confined process.

The process gets an open file or its bytes, never a path, and gives blocks that nobody can write
to afterwards. It is kept for the next file. What goes wrong in it ends it and is a sentence.
"""

from __future__ import annotations

import contextlib
import io
import math
import sys
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.workers.blocks import Block
from safelight.workers.environment import DecoderEnvironment
from safelight.workers.job import PATIENCE
from safelight.workers.pool import Pool, WorkerDied, WorkerProcess, WorkerSilent
from safelight.workers.protocol import Message
from safelight.workers.replies import sentence, told, whole

_DTYPES = ("uint8", "uint16", "float32")
_MOST_BLOCKS = 64
_MOST_ARRAYS = 100_000
_LONGEST_SIDE = 1 << 34


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

    def decode(
        self, format: str, file: BinaryIO, size: int, limit: int | None, most: int
    ) -> list[NDArray[Any]]:
        """What the module makes of a file of ``size`` bytes: read-only arrays of uint8, uint16 or
        float32, of at most ``most`` bytes together.

        Raises DecoderFailed and MemoryError.
        """
        try:
            with self.pool.worker() as worker:
                try:
                    return _decoded(worker, format, file, size, limit, most, self._patience)
                except BaseException:  # Ctrl+C too: the worker is still at it
                    worker.kill()
                    raise
        except WorkerDied as death:
            raise DecoderFailed(_plain(f"what decodes it {death}")) from None


def _decoded(
    worker: WorkerProcess,
    format: str,
    file: BinaryIO,
    size: int,
    limit: int | None,
    most: int,
    patience: float,
) -> list[NDArray[Any]]:
    _hand_over(worker, file, size)
    worker.send({"type": "decode", "format": format, "size": size, "limit": limit})
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
                block = Block(wanted, writable=True, kept=True)
                blocks[block.id] = block
                worker.lend(block)
            elif reply["type"] == "failed":
                if reply.get("kind") == "memory":
                    raise MemoryError
                raise DecoderFailed(_plain(f"what decodes it {told(reply)[0]}"))
            elif reply["type"] == "decoded":
                return _collected(blocks, reply)
            else:
                raise _nonsense()
    finally:
        for block in blocks.values():
            with contextlib.suppress(WorkerDied):
                worker.discard(block)


def _hand_over(worker: WorkerProcess, file: BinaryIO, size: int) -> None:
    """Give the file itself where the system can, else its bytes."""
    if sys.platform != "win32":
        with contextlib.suppress(io.UnsupportedOperation, AttributeError):
            worker.lend_file(file.fileno())
            return
    block = Block(size, writable=False)
    file.seek(0)
    file.readinto(block.array((size,), np.uint8))  # type: ignore[attr-defined]
    worker.lend(block)
    worker.discard(block)


def _collected(blocks: dict[int, Block], reply: Message) -> list[NDArray[Any]]:
    """The arrays, where the worker says that they are. Raises DecoderFailed."""
    for block in blocks.values():
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
            arrays.append(memory[start:].view(dtype).reshape(sides))
        except (KeyError, TypeError, ValueError):
            raise _nonsense() from None
    return arrays


def _whole(value: object, low: int, high: int) -> int:
    try:
        return whole(value, low, high)
    except ValueError:
        raise _nonsense() from None


def _nonsense() -> DecoderFailed:
    return DecoderFailed("what decodes it sent an answer that makes no sense and was stopped")


def _plain(text: str) -> str:
    return sentence(text).removesuffix(".")
