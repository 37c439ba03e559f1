"""Frame carrier: what a filter of sequences carries on, moved to where the next frame has it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from safelight.actions.sequences import kept_frames
from safelight.actions.sequences.kept_frames import KeptFrames
from safelight.api import Declaration
from safelight.api.carried import INSIDE, MOTION
from safelight.pixels import motion
from safelight.workers.carried_on import Cuttable

CUT = 12.0
"""Levels of 255 by which two frames differ on average, motion and the strength of the light allowed
for, where they show other things. Noise of 50 levels, smoothed as it is here, makes 6 of it, motion
in seven clips up to 7, light of half to twice the strength up to 9; a cut makes 25 and more.
"""

_FLICKER = 2.0
"""How many times stronger or weaker the light of a frame is at most than that of the one before."""

_STEADY = 1.05
"""How many times stronger the light is from where on motion is found as if it had not changed."""


class FrameCarrier:
    """Carries for one filter through frames in order, each told once.

    Where the filter carries something of several frames, all that it carries is moved as the camera
    has moved; else as what is seen has.
    """

    def __init__(self, declaration: Declaration) -> None:
        self._carries = declaration.carries
        self._seen: NDArray[np.uint8] | None = None
        self._carried: Mapping[str, NDArray[np.float32]] | None = None
        self._kept = KeptFrames(declaration.carries)
        self._size = 0, 0

    def before(self, frame: NDArray[np.float32]) -> dict[str, Cuttable] | None:
        """What was carried to a frame (height, width, 3), sRGB-encoded, 0 to 1; None where it is
        the first, has another size or shows something else than the frame before.

        Arrays float32 (rows, columns, channels), or what gives them where it is cut.
        """
        now, before, held = motion.looked_at(frame), self._seen, self._carried
        height, width = frame.shape[:2]
        other, self._size = self._size != (height, width), (height, width)
        self._seen, self._carried = now, None
        if held is None or before is None or other:
            self._kept.begin(frame)
            return None
        places: dict[tuple[int, int], NDArray[np.float32]] = {}  # by size, each found once
        if self._kept.wanted:
            camera = self._kept.look(frame)
            if kept_frames.is_cut(now, before, camera):
                self._kept.begin(frame)
                return None
            flow = kept_frames.flow(camera, now.shape)
            given: dict[str, Cuttable] = self._kept.given(height, width)
        else:
            before = _lit_like(before, now)
            flow = motion.between(now, before)
            if self._is_cut(now, before, flow):
                return None
            where = motion.places(flow, height, width)
            inside = motion.inside(where, height, width).astype(np.float32)[..., None]
            given = {INSIDE: inside, MOTION: motion.offsets(where)}
            places[height, width] = where
        for name, kind in self._carries.items():
            if name in given:
                continue
            if kind.stays:
                given[name] = held[name]
                continue
            tall, wide, _ = kind.shape(height, width)
            if (tall, wide) not in places:
                places[tall, wide] = motion.places(flow, tall, wide)
            given[name] = motion.moved(held[name], places[tall, wide])
        return given

    def keep(self, carried: Mapping[str, NDArray[np.float32]]) -> None:
        """Carry on what a frame gave, float32 (rows, columns, channels) each."""
        self._carried = {name: carried[name] for name in self._carries if name not in self._kept}
        self._kept.keep(carried)
        for name, kind in self._carries.items():
            if kind.looked_at:
                self._seen = motion.looked_at(carried[name])

    def begin_anew(self) -> None:
        """Forget what was carried: the next frame is the first one."""
        self._seen = self._carried = None

    def _is_cut(
        self, now: NDArray[np.uint8], before: NDArray[np.uint8], flow: NDArray[np.float32]
    ) -> bool:
        where = motion.places(flow, *now.shape)
        moved = motion.moved(before.astype(np.float32)[..., None], where)[..., 0]
        # What is lighter or darker all over has flickered, and is no other picture.
        apart = now.astype(np.float32) - moved
        return bool(np.abs(apart - apart.mean()).mean() > CUT)


def _lit_like(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One ``motion.looked_at`` with the mean and the spread of the other, where the light has
    flickered: motion is found between frames whose light differs in its mean alone.
    """
    strength = float(now.std()) / max(float(before.std()), 1e-3)
    if 1 / _STEADY < strength < _STEADY:
        return before
    strength = min(max(strength, 1 / _FLICKER), _FLICKER)
    lit = (before - before.mean(dtype=np.float32)) * np.float32(strength)
    return np.asarray(np.clip(lit + now.mean(dtype=np.float32) + 0.5, 0, 255), np.uint8)
