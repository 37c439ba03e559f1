"""Formats: files that plugins read and write, in their workers: bytes go in and pixels come out.

The worker sees the bytes of one file or the pixels of one picture, never a path. It says how
large what it has made is, and only when that makes sense does the host lend a block for it.
A conversation that goes wrong ends its worker, so nothing of it is left over.
"""

from __future__ import annotations

import contextlib
import errno
import io
import itertools
import math
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.api import Format, Photograph
from safelight.api.photograph import MOST_BESIDE
from safelight.pixels import DEPTHS
from safelight.workers.blocks import Block
from safelight.workers.patience import PATIENCE
from safelight.workers.pool import Pool, WorkerDied, WorkerProcess, WorkerSilent
from safelight.workers.protocol import Message
from safelight.workers.replies import sentence, told, whole

_LONGEST_SIDE = 1 << 31
_SWELLING = 16
_SMALL_FILE = 64 << 20
"""A file is at most as large as sixteen times its pixels and this many bytes."""


class FormatFailed(Exception):
    """A conversion failed: a sentence, without a full stop, that names format, plugin, reason."""


class TooManyPixels(Exception):
    """An importer found more pixels than the limit; nothing has been copied."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__(f"{width} x {height}")
        self.width = width
        self.height = height


def decode(
    pool: Pool,
    format: Format,
    file: io.BufferedReader,
    size: int,
    limit: int | None,
    patience: float = PATIENCE,
) -> Photograph:
    """What is in a file of ``size`` bytes, by an importer of a plugin that ``pool`` runs.

    The pixels are (height, width, 1 to 4) of uint8, uint16 or float32, at most ``limit``. They are
    as the file has them: float32 may hold NaN and infinity.
    Raises FormatFailed, TooManyPixels, OSError from reading and MemoryError.
    """
    with _talk(pool, format, patience) as talk:
        source = talk.lend(size, writable=False)
        if file.readinto(source.array((size,), np.uint8)) != size:  # type: ignore[arg-type]
            raise OSError(errno.EIO, "it changed while it was read")
        lent = {"block": source.id, "shape": [size]}
        made = talk.ask("made", {"type": "decode", "input": lent})
        shape, dtype = talk.checked(made)
        height, width, _ = shape
        if limit is not None and width * height > limit:
            raise TooManyPixels(width, height)
        # Copies, because the worker can still write to the blocks.
        pixels = talk.collect(shape, dtype).copy()
        try:
            facts = made["beside"]
            length = whole(sum(facts["parts"]), 0, MOST_BESIDE)
            held = talk.collect((length,), "uint8").tobytes() if length else b""
            return Photograph.put_together(pixels, held, facts)
        except (LookupError, TypeError, ValueError, AttributeError):
            raise talk.failure("returned a photograph that makes no sense") from None


def encode(
    pool: Pool,
    format: Format,
    pixels: NDArray[Any],
    stream: BinaryIO,
    patience: float = PATIENCE,
) -> None:
    """Write the file that a plugin's exporter makes of ``pixels`` to ``stream``.

    ``pixels`` is (height, width, 3 or 4) of a depth the format has. Raises FormatFailed, OSError
    from writing and MemoryError.
    """
    with _talk(pool, format, patience) as talk:
        source = talk.lend(pixels.nbytes, writable=False)
        np.copyto(source.array(pixels.shape, pixels.dtype), pixels)
        lent = {"block": source.id, "shape": list(pixels.shape), "dtype": pixels.dtype.name}
        made = talk.ask("made", {"type": "encode", "input": lent})
        try:
            (length,) = made["shape"]
            length = whole(length, 1, _SWELLING * pixels.nbytes + _SMALL_FILE)
        except (KeyError, TypeError, ValueError):
            raise talk.failure("returned a file of a size that makes no sense") from None
        stream.write(talk.collect((length,), "uint8").data)


class _Talk:
    """What is said about one file, and the blocks that are lent for it."""

    _ids = itertools.count(1)

    def __init__(self, worker: WorkerProcess, format: Format, patience: float) -> None:
        self._id = next(_Talk._ids)
        self._worker = worker
        self._format = format
        self._patience = patience
        self._blocks: list[Block] = []
        self.refused = False
        """Whether the plugin has said why it does not take the file, and waits for the next one."""

    def lend(self, size: int, *, writable: bool) -> Block:
        block = self._worker.block(size, writable=writable)
        self._blocks.append(block)
        return block

    def ask(self, expected: str, question: Message) -> Message:
        """The answer, of type ``expected``. Raises FormatFailed and WorkerDied."""
        self._worker.send({"job": self._id, "format": self._format.id} | question)
        try:
            reply = self._worker.answer(self._patience)
        except WorkerSilent:
            raise self.failure(f"did not answer for {self._patience:g} s and was stopped") from None
        if reply.get("job") == self._id and reply["type"] == "failed":
            self.refused = reply.get("kind") == "refused"
            raise self.failure(told(reply)[0])
        if reply.get("job") != self._id or reply["type"] != expected:
            raise self.failure("sent an answer that makes no sense and was stopped")
        return reply

    def checked(self, made: Message) -> tuple[tuple[int, int, int], str]:
        """The shape and dtype of the pixels it says it has made. Raises FormatFailed."""
        shape, dtype = made.get("shape"), made.get("dtype")
        try:
            height, width, channels = shape  # type: ignore[misc]
            sides = whole(height, 1, _LONGEST_SIDE), whole(width, 1, _LONGEST_SIDE)
            if dtype not in DEPTHS:
                raise ValueError(dtype)
            return (*sides, whole(channels, 1, 4)), str(dtype)
        except (TypeError, ValueError):
            raise self.failure(
                f"returned {dtype} of shape {shape}; expected (height, width, 1 to 4) of"
                f" {', '.join(DEPTHS)}"
            ) from None

    def collect(self, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
        """What was made, in shared memory."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        target = self.lend(size, writable=True)
        lent = {"block": target.id, "shape": list(shape), "dtype": dtype}
        self.ask("done", {"type": "collect", "output": lent})
        return target.array(shape, dtype)

    def failure(self, reason: str) -> FormatFailed:
        """What to raise, for a reason."""
        return _failure(self._format, reason)

    def settle(self) -> None:
        """Give the blocks back to the system: they are as large as the picture."""
        for block in self._blocks:
            self._worker.discard(block)


@contextlib.contextmanager
def _talk(pool: Pool, format: Format, patience: float) -> Iterator[_Talk]:
    try:
        with pool.worker() as worker:
            talk = _Talk(worker, format, patience)
            try:
                yield talk
                talk.settle()
            except BaseException:  # Ctrl+C too: the worker is still at it
                if talk.refused:
                    talk.settle()
                else:
                    worker.kill()
                raise
    except WorkerDied as death:
        raise _failure(format, str(death)) from None


def _failure(format: Format, reason: str) -> FormatFailed:
    words = sentence(reason).removesuffix(".")
    return FormatFailed(f"{format.title} ({format.plugin or 'no plugin'}) {words}")
