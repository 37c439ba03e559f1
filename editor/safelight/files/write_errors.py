"""Write errors: why a file cannot be written, in a sentence that says what to do instead."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator

_LONGEST_NAME = 255
"""Bytes of a file's name, on all common file systems."""


class WriteError(Exception):
    """A file could not be written. The text is one sentence for the person at the screen."""


class FileExists(WriteError):
    """The target exists and overwriting was not allowed."""


_REASONS = {
    errno.ENOSPC: "the disk is full; free some space or save elsewhere",
    errno.EROFS: "the disk is read-only; save elsewhere",
    errno.EACCES: "you have no permission to write there; save elsewhere",
    errno.EPERM: "you have no permission to write there; save elsewhere",
    errno.EIO: "the disk reported an error; save elsewhere and check the disk",
    errno.ENOENT: "the folder does not exist; choose one that does",
    errno.ENOTDIR: "part of its path is a file, not a folder; choose another folder",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.EFBIG: "the file would be larger than allowed there; save elsewhere",
    errno.ELOOP: "its links lead in a circle; choose another folder",
    errno.EMFILE: "too many files are open; close some of them",
}
if hasattr(errno, "EDQUOT"):
    _REASONS[errno.EDQUOT] = "your disk quota is used up; free some space or save elsewhere"


def plain_name(path: str | os.PathLike[str]) -> str:
    """A file's name for a message: no control characters, no text direction overrides."""
    name = os.path.basename(os.fspath(path)) or os.fspath(path)
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name
    )


@contextlib.contextmanager
def refusal_in_words(name: str) -> Iterator[None]:
    """What the system refuses, as a sentence about the file called ``name``."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        reason = _REASONS.get(error.errno, f"the system says: {error.strerror}")
        if error.errno == errno.ENAMETOOLONG and len(os.fsencode(name)) <= _LONGEST_NAME:
            reason = "its path is too long; choose a folder nearer to the top"
        raise WriteError(f"{name} was not saved: {reason}.") from error


def exists_already(name: str) -> FileExists:
    """The error for a file called ``name`` that exists and must not be replaced."""
    return FileExists(f"{name} exists already; choose another name or allow overwriting.")
