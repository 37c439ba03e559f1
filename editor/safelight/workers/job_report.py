"""Job report: what the listener of a job is told of the pieces that are being made."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.workers.glimpses import GLIMPSE_PAUSE, short
from safelight.workers.job_events import JobGlimpse, JobProgress, Listener
from safelight.workers.pieces import Piece
from safelight.workers.remaining_time import Pace
from safelight.workers.wire.replies import visible

_PAUSE = 0.05
"""Seconds between two events about one piece's progress: nobody reads faster."""


class JobReport:
    """Says how far a job is, in words and glimpses, and not more often than somebody can look.

    ``tell`` hears the events. ``pixels`` says how many pixels the job makes in all.
    """

    def __init__(self, tell: Listener, pixels: Callable[[], int]) -> None:
        self._tell = tell
        self._pixels = pixels
        self._pace = Pace(time.monotonic())
        self._finished = 0
        self._spoken = self._glimpsed = 0.0

    def finished(self, piece: Piece) -> None:
        """Say that a piece is done."""
        self._finished += piece.keep.width * piece.keep.height
        self._tell_done(0, "")

    def progress(self, piece: Piece | None, fraction: float, words: str) -> None:
        """Pass on what the worker says of ``piece``, or of what comes before all pieces (None)."""
        now = time.monotonic()
        if now < self._spoken + _PAUSE:
            return
        self._spoken = now
        words, fraction = visible(short(words)), min(max(fraction, 0.0), 1.0)
        if piece is not None:
            self._tell_done(fraction * piece.keep.width * piece.keep.height, words)
        elif words:
            self._tell(JobProgress(0.0, None, words))

    def glimpse(
        self, place: Region, pixels: NDArray[np.uint8], mask: NDArray[np.float32] | None
    ) -> None:
        """Pass on what a piece looks like so far: uint8 (height, width, 3), for ``place`` of the
        result. ``mask``, float32 (rows, columns) of any size, 0 to 1, says where it will show.
        """
        now = time.monotonic()
        if now < self._glimpsed + GLIMPSE_PAUSE / 2:
            return
        self._glimpsed = now
        if mask is not None:
            tall, wide = pixels.shape[:2]
            rows = (np.arange(tall) * mask.shape[0]) // tall
            columns = (np.arange(wide) * mask.shape[1]) // wide
            alpha = np.rint(mask[rows][:, columns, np.newaxis] * 255).astype(np.uint8)
            pixels = np.concatenate([pixels, alpha], axis=2)
        self._tell(JobGlimpse(place, pixels))

    def _tell_done(self, further: float, words: str) -> None:
        """Tell how far the job is, with so many pixels more than those of finished pieces."""
        done = min((self._finished + further) / self._pixels(), 1.0)
        self._tell(JobProgress(done, self._pace.remaining(done, time.monotonic()), words))
