"""Curve points: a point of a curve, set by a press on the picture and pulled there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.gui.adjust.adjust_row_box import RowBox
from safelight.gui.canvas.tools.setting_picker import Place
from safelight.gui.controls.curve import CurveBox
from safelight.gui.panels.histogram_panel import LUMINANCE

Mean: TypeAlias = NDArray[np.float32]
"""The mean of red, green and blue around a place, sRGB-encoded."""

Read: TypeAlias = Callable[[Place, Callable[[Mean], None]], object]
"""Reads what enters the curves at a place of the picture, and calls back a moment later."""


class Pulling:
    """What the hand of a ``Puller`` does to the curve of ``row`` that is shown.

    The tone at the place is read on a thread: what is pulled before it is known counts too. A
    press and all that follows until the release is one step.
    """

    def __init__(self, row: RowBox, read: Read, left: Callable[[], object]) -> None:
        self._row = row
        self._read = read
        self.left = left
        self._press = 0
        self._down = False
        self._up = 0.0
        self._held: tuple[CurveBox, float, float] | None = None
        """The curve whose point is held, and where that point was."""

    def pressed(self, place: Place) -> None:
        """Set a point at the tone of a place, or take hold of the one that is there."""
        self._press += 1
        self._down, self._up = True, 0.0
        press = self._press

        def take(mean: Mean) -> None:
            if press == self._press:
                self._take_hold(mean)

        self._read(place, take)

    def pulled(self, up: float) -> None:
        """Move the point up from where it was, in parts of the drawing's height."""
        self._up = up
        if self._held is not None:
            box, x, y = self._held
            box.move_point(x, y + up)

    def released(self) -> None:
        """Let the point stay where it is."""
        self._down = False
        if self._held is not None:
            self._held[0].held.emit(False)
            self._held = None

    def cancelled(self) -> None:
        """Have the point where it was, and set none where its tone is not known yet."""
        if self._held is not None:
            self.pulled(0.0)
        else:
            self._press += 1
        self.released()

    def _take_hold(self, mean: Mean) -> None:
        name = self._row.shown
        box = self._row.curve(name)
        if box is None:
            return
        values = [*mean.tolist(), float(mean @ np.array(LUMINANCE))]
        channels = self._row.row.bends[name]
        tone = sum(values[channel] for channel in channels) / len(channels)
        box.held.emit(True)
        self._held = (box, *box.take_point(tone))
        self.pulled(self._up)
        if not self._down:
            self.released()
