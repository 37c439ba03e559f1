"""Blocks: pixels in shared memory that the host makes and the worker only borrows.

On Linux a block is a memfd. An input block is sealed against writing, shrinking and growing
before the worker sees it, so a plugin can neither change the photograph's pixels nor truncate
them under the editor's feet (SIGBUS). ``multiprocessing.shared_memory`` allows both, and deletes
a block when a reader exits.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import mmap
import os
import secrets
import sys
import tempfile
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_F_ADD_SEALS = 1033
_SEAL, _SHRINK, _GROW, _WRITE, _FUTURE_WRITE = 0x1, 0x2, 0x4, 0x8, 0x10

_PAGE = mmap.PAGESIZE


class Block:
    """Shared memory of the host. ``writable`` says whether the worker may write to it.

    One that is ``kept`` is filled by the worker and then settled, to be kept without a copy.
    Raises MemoryError when the system has no room for ``size`` bytes.
    """

    _ids = itertools.count(1)

    def __init__(self, size: int, *, writable: bool, kept: bool = False) -> None:
        self.size = -(-max(size, 1) // _PAGE) * _PAGE
        self.writable = writable
        self.kept = kept
        self.id = next(Block._ids)
        self.tag = ""
        self.descriptor = -1
        try:
            self._memory = self._create()
        except OSError as error:
            raise MemoryError(f"no room for a block of {self.size} bytes: {error}") from None

    def _create(self) -> mmap.mmap:
        if sys.platform == "win32":
            self.tag = f"safelight-{secrets.token_hex(16)}"
            return mmap.mmap(-1, self.size, tagname=self.tag)
        if sys.platform == "linux":
            return self._create_sealed()
        with tempfile.TemporaryFile() as file:  # no name: nobody else can open it
            file.truncate(self.size)
            self.descriptor = os.dup(file.fileno())
        return mmap.mmap(self.descriptor, self.size)

    def _create_sealed(self) -> mmap.mmap:
        import fcntl

        self.descriptor = os.memfd_create("safelight", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.descriptor, self.size)
        memory = mmap.mmap(self.descriptor, self.size)  # ours stays writable after the seal
        seals = _SHRINK | _GROW | (0 if self.kept else _SEAL)
        seals |= 0 if self.writable else _FUTURE_WRITE
        fcntl.fcntl(self.descriptor, _F_ADD_SEALS, seals)
        return memory

    def array(self, shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> NDArray[Any]:
        """The block's start as an array of ``shape``, (height, width, 3) for example, and
        ``dtype``. Raises ValueError if that does not fit.
        """
        return _view(self._memory, self.size, shape, dtype)

    def announcement(self) -> dict[str, Any]:
        """The message that gives the block to a worker; its descriptor travels beside it."""
        return {
            "type": "block",
            "block": self.id,
            "size": self.size,
            "writable": self.writable,
            "tag": self.tag,
        }

    def settle(self) -> None:
        """Have nobody write to it from now on, the worker that was lent it included.

        Where somebody still could, it becomes a copy of what is in it now. No array may look at it.
        """
        if sys.platform == "linux" and self.kept:
            import fcntl

            self._memory.close()
            try:
                fcntl.fcntl(self.descriptor, _F_ADD_SEALS, _SEAL | _WRITE)
                self._memory = mmap.mmap(self.descriptor, self.size, access=mmap.ACCESS_READ)
                return
            except OSError:  # the worker has not let go of it
                self._memory = mmap.mmap(self.descriptor, self.size, access=mmap.ACCESS_READ)
        copy = mmap.mmap(-1, self.size)
        copy[:] = self._memory[:]
        self._memory = copy

    def close(self) -> None:
        """Give the memory back once the last array on it is gone."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
        with contextlib.suppress(BufferError):  # an array still looks at it: it goes with that
            self._memory.close()


class BorrowedBlock:
    """A block as the worker sees it: an input can be read, an output written."""

    def __init__(self, announcement: dict[str, Any], descriptors: list[int]) -> None:
        self.size = int(announcement["size"])
        if announcement["tag"]:
            self._memory = mmap.mmap(-1, self.size, tagname=announcement["tag"])  # type: ignore[call-arg,unused-ignore]
            return
        access = mmap.ACCESS_WRITE if announcement["writable"] else mmap.ACCESS_READ
        self._memory = mmap.mmap(descriptors[0], self.size, access=access)
        os.close(descriptors[0])

    def array(self, shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> NDArray[Any]:
        """The block's start as an array of ``shape``, (height, width, 3) for example, and
        ``dtype``; read-only when the block is an input. Raises ValueError if that does not fit.
        """
        return _view(self._memory, self.size, shape, dtype)


def _view(memory: mmap.mmap, size: int, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    kind, count = np.dtype(dtype), math.prod(shape)
    if min(shape) < 0 or count * kind.itemsize > size:
        raise ValueError(f"{shape} of {kind} does not fit a block of {size} bytes")
    return np.frombuffer(memory, kind, count).reshape(shape)
