"""Colour profile: a colour profile, of the text that a setting holds, and of its file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

LARGEST_FILE = 16_000_000
"""Bytes of a profile that is taken: a printer's with fine tables has a few millions."""

_BEGINNING = "data:application/vnd.iccprofile;base64,"
_LONGEST_TEXT = len(_BEGINNING) + 4 * (LARGEST_FILE // 3 + 1)


class IccError(ValueError):
    """What is no profile: a clause that goes on after the file's name."""


def read_icc(path: str | os.PathLike[str]) -> bytes:
    """The profile in a file. Raises IccError; no more than ``LARGEST_FILE`` bytes are read."""
    try:
        with open(path, "rb", opener=_opened) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise IccError("is no file")
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise IccError(f"cannot be read: {error.strerror or error}") from None
    except IccError:
        raise
    except ValueError:
        raise IccError("cannot be read: its name is none") from None
    if len(data) > LARGEST_FILE:
        raise IccError(f"is larger than {LARGEST_FILE // 1_000_000} MB: no profile is")
    if not _is_icc(data):
        raise IccError("is no colour profile")
    return data


def icc_text(icc: bytes) -> str:
    """A profile as a setting holds it."""
    import base64  # here, because all plugins load this module

    return _BEGINNING + base64.b64encode(icc).decode("ascii")


def is_icc_text(text: str) -> bool:
    """Whether a text looks like a profile; ``icc_bytes`` finds out whether it is one."""
    return text.startswith(_BEGINNING) and len(text) <= _LONGEST_TEXT


def icc_bytes(text: str) -> bytes:
    """The profile that an ``api.Icc`` holds. Raises IccError: a text may be a stranger's."""
    import base64

    try:
        if not is_icc_text(text):
            raise ValueError
        found = base64.b64decode(text.removeprefix(_BEGINNING), validate=True)
    except ValueError:
        found = b""
    if not _is_icc(found):
        raise IccError("is damaged: its text is no colour profile")
    return found


def _is_icc(data: bytes) -> bool:
    """Whether bytes begin as a profile does (ICC.1:2022, 7.2)."""
    return len(data) >= 132 and data[36:40] == b"acsp"


def _opened(path: str, flags: int) -> int:
    """Open a file without waiting for who writes into a pipe."""
    return os.open(Path(path), flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
