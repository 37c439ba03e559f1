"""Linked views: two pictures looked at alike: one has the zoom, place and turn of the other."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject

from safelight.gui.canvas.view_geometry import View
from safelight.gui.canvas.viewport import Viewport

Sides = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Offset:
    """How one picture is looked at differently from another: its zoom is ``zoom`` times as large,
    beside what its size asks for, and its middle lies ``across`` and ``down`` further, in parts of
    the picture.
    """

    zoom: float = 1.0
    across: float = 0.0
    down: float = 0.0

    @classmethod
    def between(cls, one: View, sides: Sides, other: View, others: Sides) -> Offset:
        """How ``other`` looks at a picture of the size ``others``, seen from ``one``."""
        return cls(
            other.zoom / one.zoom / _larger(sides, others),
            other.x / others[0] - one.x / sides[0],
            other.y / others[1] - one.y / sides[1],
        )

    def of(self, view: View, sides: Sides, others: Sides) -> View:
        """How the other picture is looked at when this one is by ``view``: what both show is seen
        as large, so a picture of half as many pixels a side is twice as near.
        """
        return View(
            view.zoom * _larger(sides, others) * self.zoom,
            (view.x / sides[0] + self.across) * others[0],
            (view.y / sides[1] + self.down) * others[1],
            view.angle,
        )

    def inverse(self) -> Offset:
        """The offset as seen from the other picture."""
        return Offset(1 / self.zoom, -self.across, -self.down)


def _larger(sides: Sides, others: Sides) -> float:
    return max(sides) / max(others)


class Link(QObject):
    """Has two viewports look alike while it is ``on``; what they looked at differently when it was
    switched on stays between them.
    """

    def __init__(self, one: Viewport, other: Viewport) -> None:
        super().__init__(one)
        self._both = one, other
        self._offset = Offset()
        self._following = False
        self._on = True
        one.view_changed.connect(lambda: self._follow(0))
        other.view_changed.connect(lambda: self._follow(1))

    @property
    def on(self) -> bool:
        """Whether one follows the other."""
        return self._on

    @on.setter
    def on(self, on: bool) -> None:
        if on and not self._on:
            one, other = self._both
            fitted = one.fits and other.fits
            self._offset = (
                Offset()
                if fitted
                else Offset.between(one.view, one.picture_size, other.view, other.picture_size)
            )
        self._on = on

    def _follow(self, which: int) -> None:
        if not self._on or self._following:
            return
        one, other = self._both[which], self._both[1 - which]
        if 1 in (max(one.picture_size), max(other.picture_size)):
            return  # there is no picture yet
        self._following = True
        try:
            if one.fits:
                self._offset = Offset()
                other.fit()
            else:
                offset = self._offset.inverse() if which else self._offset
                other.look(offset.of(one.view, one.picture_size, other.picture_size))
        finally:
            self._following = False
