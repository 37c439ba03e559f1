"""Twist: turning by two fingers, without the wavering that every pinch has."""

from __future__ import annotations

import math

_PLAY = 8.0
"""Degrees that fingers may turn before the picture does: nobody zooms without turning a little."""

_HOLD = 3.0
"""Degrees around a quarter turn in which the picture stays level."""


class Twist:
    """One gesture, which began with the picture at ``angle`` (degrees, clockwise)."""

    def __init__(self, angle: float) -> None:
        self._angle = self._start = angle
        self._free = False

    def turn(self, degrees: float) -> float:
        """The fingers have turned so much further: the angle that the picture has now."""
        self._angle += degrees
        if not self._free:
            turned = self._angle - self._start
            if abs(turned) < _PLAY:
                return self._start
            self._free = True
            self._angle -= math.copysign(_PLAY, turned)  # it starts from where it is
        level = 90.0 * round(self._angle / 90)
        return level if abs(self._angle - level) < _HOLD else self._angle
