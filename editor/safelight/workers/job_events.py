"""Job events: what a job tells its listener while it runs, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Prepared, Region
from safelight.pixels import Raster


@dataclass(frozen=True, slots=True)
class JobProgress:
    """``done`` is 0 to 1; ``remaining`` seconds, None while unknown. ``words``: what the filter
    says it is doing, one line that can be shown, or "".
    """

    done: float
    remaining: float | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class JobGlimpse:
    """What a filter shows of a piece before that is done, to be seen and not to be kept.

    ``region`` is its place in the result; ``pixels`` 8 bits, sRGB-encoded, (height, width, 3), or
    (height, width, 4) where a mask says what of it counts: fewer than ``region`` has.
    """

    region: Region
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class JobPrepared:
    """What the filter has measured of the whole picture: numbers, texts and lists, by name."""

    values: Prepared


@dataclass(frozen=True, slots=True)
class JobPiece:
    """A finished piece: its place in the result, its pixels in the document's depth and profile.

    Of a selection: 8-bit, with one channel.
    """

    region: Region
    pixels: NDArray[Any]


@dataclass(frozen=True, slots=True)
class JobFinished:
    """The whole result: of the picture, or of each pixel layer by its id when it changes size.

    ``shrinks_back``: of an enlarged one, how well it is the original once it is reduced again, in
    dB (see ``workers.fidelity``); None for others and for pictures of a few pixels.
    """

    raster: Raster
    layers: Mapping[str, Raster] = field(default_factory=dict)
    shrinks_back: float | None = None


@dataclass(frozen=True, slots=True)
class JobFailed:
    """The job failed: one sentence that names the filter, its plugin and the reason."""

    message: str
    details: str = ""


@dataclass(frozen=True, slots=True)
class JobCancelled:
    """The job was cancelled; nothing was changed."""


JobEvent: TypeAlias = (
    JobProgress | JobPrepared | JobGlimpse | JobPiece | JobFinished | JobFailed | JobCancelled
)
Listener: TypeAlias = Callable[[JobEvent], None]
