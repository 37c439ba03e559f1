"""Terminal: the only way from the command line to standard output and standard error.

What is printed may be a stranger's: a file's name, a layer's, a plugin's, what a picture says of
itself. A terminal obeys some characters instead of showing them, so here they are shown.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import unicodedata
from collections.abc import Callable
from typing import Any, TextIO

FAILED = 1

_JOINERS = "\u200c\u200d"  # Persian and many emoji are not written without them
_PLAINER = {"×": "x", "…": "...", "—": "-", "–": "-", "✗": "x", "━": "-", "·": "."}
"""What stands for a sign of ours where the output's encoding lacks it."""


class OutputLost(Exception):
    """What was asked for cannot be told. ``left`` when nobody reads any more: `… | head`."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"the output cannot be written: {error.strerror or error}")
        self.left = error.errno == errno.EPIPE


def visible(text: str) -> str:
    r"""Text on one line: what would move the cursor, end the line or turn the direction of writing
    is an escape like \x1b, \n or \u202e, and so is a byte of a name that is no text.
    """
    return "".join(letter if _harmless(letter) else _escaped(letter) for letter in text)


def _harmless(letter: str) -> bool:
    return letter.isprintable() or unicodedata.category(letter) == "Zs" or letter in _JOINERS


def _escaped(letter: str) -> str:
    if "\udc80" <= letter <= "\udcff":  # a byte, as os.fsdecode keeps it
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode("ascii")


def tell(*lines: str, done: bool = False) -> None:
    """Print lines to standard output; a line break within one is shown.

    ``done`` when the lines are about something that has been done, which is as well without them.
    Raises OutputLost where nothing can be printed, unless it is ``done``.
    """
    _tell("".join(f"{visible(line)}\n" for line in lines), _plainer, done)


def tell_json(data: Any, *, done: bool = False) -> None:
    """Print data as JSON, which has escapes of its own for what is shown. Otherwise as ``tell``."""
    text = json.dumps(data, indent=2, ensure_ascii=False)
    text = "".join(x if _harmless(x) or x == "\n" else _json_escaped(x) for x in text)
    _tell(f"{text}\n", _json_escaped, done)


def complain(error: object, status: int = FAILED) -> int:
    """Say what went wrong, on standard error, as one line; gives the status."""
    note(f"safelight: {error}")
    return status


def note(*lines: str) -> None:
    """Print lines to standard error; where that cannot be, there is nobody to tell."""
    draw(sys.stderr, "".join(f"{visible(line)}\n" for line in lines))


def draw(stream: TextIO | None, text: str) -> None:
    """Print text that is fit for a terminal; where that cannot be, there is nobody to see it."""
    try:
        _put(stream, text, _plainer)
    except OSError:
        _silence(stream)


def open_missing() -> None:
    """Open the standard streams that were closed (`>&-`), to nothing.

    Otherwise the next file that is opened would be taken for standard output by whoever prints.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            with contextlib.suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one


def finish() -> None:
    """Leave nothing for Python to print at its end, where a failure would change the status."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            _silence(stream)


def _tell(text: str, escaped: Callable[[str], str], done: bool) -> None:
    try:
        _put(sys.stdout, text, escaped)
    except OSError as error:
        _silence(sys.stdout)
        if not done:
            raise OutputLost(error) from None


def _put(stream: TextIO | None, text: str, escaped: Callable[[str], str]) -> None:
    if stream is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    try:
        stream.write(text)
    except UnicodeEncodeError:
        known = stream.encoding or "ascii"
        stream.write("".join(x if _encodable(x, known) else escaped(x) for x in text))
    stream.flush()


def _encodable(letter: str, encoding: str) -> bool:
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _plainer(letter: str) -> str:
    return _PLAINER.get(letter) or _escaped(letter)


def _json_escaped(letter: str) -> str:
    return json.dumps(letter)[1:-1]


def _silence(stream: TextIO | None) -> None:
    """Let what is still to be printed go nowhere."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, stream.fileno())  # type: ignore[union-attr]
        finally:
            os.close(null)
        stream.flush()  # type: ignore[union-attr]
