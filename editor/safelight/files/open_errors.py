"""Open errors: why a file cannot be opened, in a sentence that says what to do instead."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from safelight.files.codecs.photograph import DamagedError, Limit, TooLargeError
from safelight.files.sentences import CLOSE

LIMIT_VARIABLE = "SAFELIGHT_PIXEL_LIMIT"
"""The environment variable that sets the pixel limit."""


class OpenError(Exception):
    """A file cannot be opened. The text is for the user: the file's name and what to do."""


@contextlib.contextmanager
def in_words(name: str, limit: Limit) -> Iterator[None]:
    """What goes wrong while a file is read, as an OpenError about the file called ``name``."""
    try:
        yield
    except TooLargeError as error:
        raise OpenError(_too_large(name, error, limit or 0)) from error
    except DamagedError as error:
        raise OpenError(f"{name} {error}.") from error
    except MemoryError as error:
        raise OpenError(f"{name} cannot be opened: there is not enough memory; {CLOSE}.") from error
    except OSError as error:
        raise OpenError(f"{name} cannot be read: {error.strerror or error}.") from error


_HURT = ("is damaged", "ends early", "is cut off")
"""How the reasons begin that another copy of a file need not have."""

_OF_A_KIND = "Safelight cannot open"
"""What the reasons say of files that are whole, and of a kind of their format that is not known."""

_SAVE_OTHERWISE = "Save it as TIFF or PNG of 8 or 16 bits with a program that opens it."


@contextlib.contextmanager
def saying_what_to_do() -> Iterator[None]:
    """What is to be done about a file that is hurt, as a sentence behind the one that says so."""
    try:
        yield
    except OpenError as error:
        cause = error.__cause__
        if isinstance(cause, DamagedError) and str(cause).startswith(_HURT):
            raise OpenError(f"{error} Another copy of the file may be whole.") from cause
        if isinstance(cause, DamagedError) and _OF_A_KIND in str(cause) and ";" not in str(cause):
            raise OpenError(f"{error} {_SAVE_OTHERWISE}") from cause
        raise


def _too_large(name: str, error: TooLargeError, limit: int) -> str:
    pixels = error.width * error.height
    return (
        f"{name} has {error.width} x {error.height} pixels ({_mega(pixels)} megapixels), more than"
        f" the limit of {_mega(limit)} megapixels. If you trust the file, raise the limit:"
        f" --pixel-limit {pixels} on the command line, or {LIMIT_VARIABLE}={pixels} in the"
        " environment."
    )


def _mega(pixels: int) -> str:
    return f"{pixels / 1e6:.3g}" if pixels < 1e8 else f"{pixels / 1e6:.0f}"
