"""Photograph: what a picture file holds, as codecs give it and take it."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Source
from safelight.document import Metadata
from safelight.pixels import mended

Space = Literal["grey", "rgb", "cmyk"]

CHANNELS: dict[Space, int] = {"grey": 1, "rgb": 3, "cmyk": 4}
"""Colour channels of each space, without alpha."""


Room: TypeAlias = Callable[[tuple[int, ...], Any], NDArray[Any]]
"""Gives an array of a shape and dtype to decode into, as ``numpy.empty`` does."""


class DamagedError(Exception):
    """A file of a known format that cannot be decoded. The text continues "photo.jpg ..."."""


class OtherKindError(DamagedError):
    """A file that begins as another format's do. The text says what it is: "a film".

    ``format`` is the name of the codec that it is for, "" where there is none.
    """

    def __init__(self, text: str, format: str = "") -> None:
        super().__init__(text)
        self.format = format


def undecodable(error: Exception, *, cut_off: bool = True) -> DamagedError:
    """The sentence for what a decoder would not take, and why where that says anything of a file.

    ``cut_off``: the decoder cannot tell a file that ends early from a damaged one.
    """
    words = "is damaged or cut off and" if cut_off else "is damaged and"
    return DamagedError(f"{words} cannot be decoded{reason(error)}")


def reason(error: Exception) -> str:
    """Why a library would not decode a file, as " (...)"; "" where that says nothing of it."""
    text = " ".join(str(error).split())
    return (
        "" if not text or isinstance(error, _OF_PYTHON) or _OF_CODE.search(text) else f" ({text})"
    )


_OF_PYTHON = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, NameError, RecursionError),
    *(TypeError, UnicodeError, struct.error),
)
"""Errors that say what a line of a library could not do, and nothing of the file."""

_OF_CODE = re.compile(r"\bself\.|<\w+[.>:]|\w\(\)")
"""Words of such a line."""


class PartLost(Exception):
    """What stands beside a picture's pixels cannot be read; the text says why, as in "what reads it
    crashed"."""


@dataclass(slots=True)
class Photograph:
    """Pixels and metadata of one picture, as they stand in its file.

    ``pixels`` is (height, width, channels) of uint8, uint16 or float32: the colour channels of
    ``space`` and, when ``alpha`` is set, one more, not premultiplied. CMYK counts ink: full
    scale is full ink. ``metadata.exif`` is as it was read, orientation included. ``notes`` are
    sentences for the user. Of a file of layers the pixels are the picture as its program drew it,
    and have no channels where the file holds no such picture.
    """

    pixels: NDArray[Any]
    space: Space = "rgb"
    alpha: bool = False
    icc: bytes | None = None
    metadata: Metadata = field(default_factory=Metadata)
    notes: list[str] = field(default_factory=list)
    orientation: int | None = None
    """Where a file says it outside EXIF (TIFF tag 274); otherwise None."""
    source: Source = Source()
    layers: list[PhotographLayer] | None = None
    """Bottom first; None in a file that has no layers."""
    whole: tuple[int, int] | None = None
    """Width and height of the picture in its file, where ``pixels`` are a smaller copy of it."""


@dataclass(slots=True)
class PhotographMask:
    """What shows of a layer: (height, width, 1) at ``x``, ``y``, beyond which it is 0 or 1."""

    pixels: NDArray[Any]
    x: int = 0
    y: int = 0
    beyond: int = 0


@dataclass(slots=True)
class PhotographLayer:
    """A layer as it stands in a file: its own pixels at ``x``, ``y``, one colour all over the
    picture (``fill``, "#rrggbb" in the picture's own numbers), or a group of ``layers``.

    ``role`` "clipped" is clipped to the next layer below it that is not, "atop" to all that is
    below it in its group; of "inside" and "outside" only the transparency counts, which shows or
    hides all that is below it in its group.
    """

    name: str
    photograph: Photograph | None = None
    layers: list[PhotographLayer] = field(default_factory=list)
    x: int = 0
    y: int = 0
    opacity: float = 1.0
    mode: str = "normal"
    visible: bool = True
    locked: bool = False
    role: Literal["plain", "clipped", "atop", "inside", "outside"] = "plain"
    mask: PhotographMask | None = None
    fill: str = ""


def packed(pixels: NDArray[Any]) -> NDArray[Any]:
    """Pixels (height, width, channels), of any depth, side by side in memory, as coders of C want
    them.

    A view of a single pixel counts as contiguous to numpy whatever its strides are.
    """
    _, width, channels = pixels.shape
    size = pixels.itemsize
    natural = (width * channels * size, channels * size, size)
    return pixels if pixels.strides == natural else np.array(pixels, order="C")


def unpremultiplied(pixels: NDArray[Any]) -> NDArray[Any]:
    """Pixels (height, width, channels), of uint8, uint16 or float32, the last channel alpha: colour
    divided by alpha; where alpha is 0 the colour stays as it is.
    """
    result = np.array(pixels)
    full = 1.0 if pixels.dtype == np.float32 else float(np.iinfo(pixels.dtype).max)
    for top in range(0, len(result), 256):
        rows = result[top : top + 256]
        alpha = rows[..., -1:].astype(np.float64)
        colour = rows[..., :-1].astype(np.float64)
        divided = np.divide(colour * full, alpha, out=colour.copy(), where=alpha > 0)
        if pixels.dtype != np.float32:
            divided = np.rint(np.clip(divided, 0, full))
        rows[..., :-1] = divided.astype(pixels.dtype)
    return result


def with_numbers(pixels: NDArray[Any], notes: list[str]) -> NDArray[Any]:
    """Pixels (height, width, channels), of any depth, in which all is a number: what is none is
    made up from its neighbours, with a note.

    Raises DamagedError where nothing is a number.
    """
    whole, count = mended(pixels)
    if count == pixels.shape[0] * pixels.shape[1] and not np.isfinite(pixels).any():
        raise DamagedError("holds no pixel that is a number: all are NaN or infinite")
    if count:
        what = "1 pixel was no number" if count == 1 else f"{count} pixels were no numbers"
        verb = "was" if count == 1 else "were"
        notes.append(f"{what} (NaN, infinite, too large) and {verb} made up from the neighbours.")
    return whole


Limit = int | None
"""The most pixels a picture may have; None = no limit."""


BYTES_PER_PIXEL = 16
"""Bytes that a pixel of a picture may take for each that ``Limit`` allows: RGBA of float32."""


class TooLargeError(Exception):
    """A picture with more pixels than the limit, found out before anything was decoded."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__(f"{width} x {height}")
        self.width = width
        self.height = height


def check_size(width: int, height: int, limit: Limit) -> None:
    """Raises DamagedError for no pixels and TooLargeError for more than ``limit``."""
    if width <= 0 or height <= 0:
        raise DamagedError("is damaged: it says that it has no pixels")
    if limit is not None and width * height > limit:
        raise TooLargeError(width, height)


def check_bytes(count: int, limit: Limit, what: str) -> None:
    """Raises DamagedError where ``what`` decodes to more bytes than ``limit`` pixels may take."""
    if limit is not None and count > limit * BYTES_PER_PIXEL:
        raise DamagedError(
            f"is too large: {what} take {-(-count >> 20):,} MB, and the limit of {limit:,} pixels"
            f" allows {limit * BYTES_PER_PIXEL >> 20:,} MB"
        )


def check_packing(count: int, held: int, most: int) -> None:
    """Raises DamagedError where ``held`` bytes of a file, each of which becomes ``most`` at most,
    cannot become ``count`` bytes of pixels. A small picture need not account for itself.
    """
    if count > _ANY_SIZE and count > max(held, 1) * most:
        raise DamagedError(
            f"is damaged: {held:,} bytes of picture cannot become the {count:,} it states"
        )


_ANY_SIZE = 64 << 20
"""Bytes of decoded pixels that no file has to account for."""
