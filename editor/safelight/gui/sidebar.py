"""Sidebar: the column of panels beside the canvas. A filter's settings get the room they need."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from safelight.gui.panels.settings import FilterSettings

_LEAST = 190
"""Pixels that the panel below keeps: a row of layers with what belongs to it."""


class Sidebar(QSplitter):
    """Panels, one above the other; the second of three is ``stack``.

    While a filter's settings are shown there, the panel below lends it what they need; the one
    above gives way to a lightbox where that is not enough. Whoever moves a border himself is left
    alone from then on.
    """

    def __init__(self, panels: Sequence[QWidget], stack: QStackedWidget) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self._stack = stack
        self._usual: list[int] | None = None
        self._moved = False
        for panel in panels:
            self.addWidget(panel)
        for index, stretch in enumerate((0, 1, 1)):
            self.setStretchFactor(index, stretch)
        self.setSizes([170, 330, 280])
        self.setChildrenCollapsible(False)
        self.setCollapsible(0, True)
        self.setMinimumWidth(230)
        stack.currentChanged.connect(self.give_room)
        self.splitterMoved.connect(self._leave_alone)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().height() != event.size().height():
            self.give_room()

    def _leave_alone(self) -> None:
        self._moved = True

    def give_room(self) -> None:
        """Share the height out anew: what is shown may need another."""
        if self._moved:
            return
        panel = self._stack.currentWidget()
        if isinstance(panel, FilterSettings):
            self._usual = self._usual or self.sizes()
            share = sum(self.sizes()) / max(sum(self._usual), 1)  # the window may have grown since
            top, middle, bottom = (round(size * share) for size in self._usual)
            lacking = panel.wanted_height(self._stack.width()) - middle
            if panel.latents.lightbox is not None and lacking > bottom - _LEAST:
                top, middle, lacking = 0, middle + top, lacking - top
            lent = max(0, min(lacking, bottom - _LEAST))
            self.setSizes([top, middle + lent, bottom - lent])
        elif self._usual is not None:
            self.setSizes(self._usual)
            self._usual = None
