"""Format calls: plugins read and write files, in workers: bytes go in, pixels come out.

The worker sees the bytes of one file or the pixels of one picture, never a path. It says how
large what it has made is, and only when that makes sense does the host lend a block for it.
A conversation that goes wrong ends its worker, so nothing of it is left over.
"""

from __future__ import annotations

import contextlib
import errno
import io
import math
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.api import Format, Photograph, Settings
from safelight.api.imported_photograph import MOST_BESIDE
from safelight.pixels import DEPTHS
from safelight.workers.conversation import Conversation, Failure
from safelight.workers.watchdog import PATIENCE
from safelight.workers.wire import messages
from safelight.workers.wire.blocks import Block
from safelight.workers.wire.messages import Place
from safelight.workers.wire.replies import sentence, whole
from safelight.workers.worker_pool import Pool
from safelight.workers.worker_process import WorkerDied, WorkerProcess

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
    hear: Callable[[float], object] = lambda fraction: None,
) -> Photograph:
    """What is in a file of ``size`` bytes, by an importer of a plugin that ``pool`` runs.

    The pixels are (height, width, 1 to 4) of uint8, uint16 or float32, at most ``limit``. They are
    as the file has them: float32 may hold NaN and infinity. ``hear`` is told how far it is, 0 to 1,
    and may raise something to end it.
    Raises FormatFailed, TooManyPixels, OSError from reading and MemoryError.
    """
    with _loan(pool, format, patience, hear) as loan:
        source = loan.lend(size, writable=False)
        if file.readinto(source.array((size,), np.uint8)) != size:  # type: ignore[arg-type]
            raise OSError(errno.EIO, "it changed while it was read")
        question = messages.Decode(format=format.id, input=Place(source.id, (size,), "uint8"))
        made = loan.talk.ask(question, messages.PictureMade)
        shape, dtype = loan.checked(made)
        height, width, _ = shape
        if limit is not None and width * height > limit:
            raise TooManyPixels(width, height)
        # Copies, because the worker can still write to the blocks.
        pixels = loan.collect(shape, dtype).copy()
        try:
            length = whole(sum(made.beside["parts"]), 0, MOST_BESIDE)
            held = loan.collect((length,), "uint8").tobytes() if length else b""
            return Photograph.put_together(pixels, held, made.beside)
        except (LookupError, TypeError, ValueError, AttributeError):
            raise Failure("returned a photograph that makes no sense") from None


def encode(
    pool: Pool,
    format: Format,
    pixels: NDArray[Any],
    stream: BinaryIO,
    patience: float = PATIENCE,
    settings: Settings | None = None,
    hear: Callable[[float], object] = lambda fraction: None,
) -> None:
    """Write the file that a plugin's exporter makes of ``pixels`` to ``stream``.

    ``pixels`` is (height, width, 3 or 4) of a depth the format has, ``settings`` are its options.
    ``hear`` is told how far it is, 0 to 1, and may raise something to end it. Raises FormatFailed,
    OSError from writing and MemoryError.
    """
    with _loan(pool, format, patience, hear) as loan:
        source = loan.lend(pixels.nbytes, writable=False)
        np.copyto(source.array(pixels.shape, pixels.dtype), pixels)
        place = Place(source.id, pixels.shape, pixels.dtype.name)
        question = messages.Encode(format=format.id, input=place, settings=settings or {})
        made = loan.talk.ask(question, messages.FileMade)
        try:
            length = whole(made.size, 1, _SWELLING * pixels.nbytes + _SMALL_FILE)
        except ValueError:
            raise Failure("returned a file of a size that makes no sense") from None
        stream.write(loan.collect((length,), "uint8").data)


class _Loan:
    """What is said about one file, and the blocks that are lent for it."""

    def __init__(
        self, worker: WorkerProcess, patience: float, hear: Callable[[float], object]
    ) -> None:
        def told(message: messages.Progress | messages.Glimpsed) -> None:
            if isinstance(message, messages.Progress):
                hear(min(max(message.fraction, 0.0), 1.0))

        self.talk = Conversation(worker, patience, told=told)
        self._worker = worker
        self._blocks: list[Block] = []

    def lend(self, size: int, *, writable: bool) -> Block:
        """A block of ``size`` bytes."""
        block = self._worker.block(size, writable=writable)
        self._blocks.append(block)
        return block

    def checked(self, made: messages.PictureMade) -> tuple[tuple[int, int, int], str]:
        """The shape and dtype of the pixels it says it has made. Raises Failure."""
        try:
            height, width, channels = made.shape
            sides = whole(height, 1, _LONGEST_SIDE), whole(width, 1, _LONGEST_SIDE)
            if made.dtype not in DEPTHS:
                raise ValueError(made.dtype)
            return (*sides, whole(channels, 1, 4)), made.dtype
        except ValueError:
            raise Failure(
                f"returned {made.dtype} of shape {list(made.shape)}; expected (height, width,"
                f" 1 to 4) of {', '.join(DEPTHS)}"
            ) from None

    def collect(self, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
        """The pixels that a plugin's format made, of the shape and dtype that it stated, in shared
        memory.
        """
        size = math.prod(shape) * np.dtype(dtype).itemsize
        target = self.lend(size, writable=True)
        self.talk.ask(messages.Collect(output=Place(target.id, shape, dtype)), messages.Done)
        return target.array(shape, dtype)

    def settle(self) -> None:
        """Give the blocks back to the system: they are as large as the picture."""
        for block in self._blocks:
            self._worker.discard(block)


@contextlib.contextmanager
def _loan(
    pool: Pool, format: Format, patience: float, hear: Callable[[float], object]
) -> Iterator[_Loan]:
    """A worker and what it is lent. Raises FormatFailed for whatever it does not do."""
    try:
        with pool.worker() as worker:
            loan = _Loan(worker, patience, hear)
            try:
                yield loan
                loan.settle()
            except BaseException as fault:  # Ctrl+C too: the worker is still at it
                if isinstance(fault, Failure) and fault.kind == "refused":
                    loan.settle()  # it has said why, and waits for the next file
                else:
                    worker.kill()
                raise
    except (Failure, WorkerDied) as fault:
        words = sentence(str(fault)).removesuffix(".")
        raise FormatFailed(f"{format.title} ({format.plugin or 'no plugin'}) {words}") from None
