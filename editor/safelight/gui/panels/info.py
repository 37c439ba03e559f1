"""Info: the pixel under the pointer in numbers, and how large picture and selection are."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from safelight.api import Region
from safelight.document import Document, Live, render
from safelight.gui.background import Background
from safelight.gui.panels.glimpse import Glimpse
from safelight.gui.panels.panel import Panel
from safelight.gui.text import size

_ROWS = ("Position", "8-bit", "16-bit", "Picture", "Selection")
_NONE = "–"


class Info(Panel):
    """Numbers of the picture in its own colour space; of what is hidden nothing is computed."""

    title = "Info"
    stack = "overview"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._live: Live | None = None
        self._at: tuple[int, int] | None = None
        self._wanted: _Place | None = None
        self._busy = False
        self._selection = Glimpse(self, _selected, self._show_selected)
        grid = QGridLayout(self)
        grid.setContentsMargins(10, 8, 10, 8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        self.values: dict[str, QLabel] = {}
        for row, name in enumerate(_ROWS):
            heading, value = QLabel(name), QLabel(_NONE)
            heading.setObjectName("dim")
            value.setTextFormat(Qt.TextFormat.PlainText)
            value.setAccessibleName(name)
            value.setMinimumWidth(40)  # numbers that change make no panel wider
            grid.addWidget(heading, row, 0)
            grid.addWidget(value, row, 1)
            self.values[name] = value
        grid.setRowStretch(len(_ROWS), 1)

    def show_picture(self, document: Document | None, live: Live | None = None) -> None:
        self._document, self._live = document, live
        self._say("Picture", _NONE if document is None else size(document.width, document.height))
        self._selection.look(document)
        self._look()

    def show_pointer(self, at: tuple[float, float] | None) -> None:
        self._at = None if at is None else (floor(at[0]), floor(at[1]))
        self._look()

    def showEvent(self, event: QShowEvent) -> None:
        """What was not looked at while hidden is looked at now."""
        self._selection.wake()
        self._look()
        super().showEvent(event)

    def _look(self) -> None:
        """Have the pixel under the pointer computed, if there is one and it can be seen."""
        document, at = self._document, self._at
        self._wanted = None
        if document is None or at is None or not self.isVisible():
            self._say("Position", _NONE)
            self._show_values(None)
            return
        x, y = at
        self._say("Position", f"{x}, {y} px")
        if 0 <= x < document.width and 0 <= y < document.height:
            self._wanted = _Place(document, self._live, Region(x, y, 1, 1))
            self._next()
        else:
            self._show_values(None)

    def _next(self) -> None:
        """On a thread, for filters may be slow: of the places in between the last alone."""
        place, busy = self._wanted, self._busy
        if place is not None and not busy:
            self._busy, self._wanted = True, None
            Background(self, place.pixel, lambda pixel: self._found(place, pixel), self._failed)

    def _found(self, place: _Place, pixel: NDArray[np.float32]) -> None:
        self._busy = False
        if self._at == (place.region.x, place.region.y):
            self._show_values(pixel)
        self._next()

    def _failed(self, error: Exception) -> None:
        """What cannot be rendered is said by the canvas; here there are no numbers of it."""
        self._busy = False
        self._show_values(None)
        self._next()

    def _show_values(self, pixel: NDArray[np.float32] | None) -> None:
        for name, full in (("8-bit", 255), ("16-bit", 65535)):
            self._say(name, _NONE if pixel is None else _told(pixel, full))

    def _show_selected(self, selected: Region | None) -> None:
        text = _NONE
        if selected is not None:
            text = f"{selected.width} × {selected.height} px at {selected.x}, {selected.y}"
        self._say("Selection", text)

    def _say(self, name: str, text: str) -> None:
        if self.values[name].text() != text:
            self.values[name].setText(text)


@dataclass(frozen=True, slots=True)
class _Place:
    """A pixel of a document: ``region`` is one wide and one high."""

    document: Document
    live: Live | None
    region: Region

    def pixel(self) -> NDArray[np.float32]:
        """Its value: (3,) or, with alpha, (4,), in the document's profile, unclipped."""
        found = render(self.document, self.region, self.live, "float32", lenient=True)
        return np.asarray(found[0, 0], np.float32)


def _selected(document: Document, live: Live | None) -> Region | None:
    """The smallest rectangle around what is selected; None where everything is, or nothing."""
    selection = document.picture.selection
    return None if selection is None else selection.bounds()


def _told(pixel: NDArray[np.float32], full: int) -> str:
    """Red, green, blue of ``full`` scale, unclipped, and the alpha in percent."""
    colours = "  ".join(f"{value * full:.0f}" for value in pixel[:3].tolist())
    return colours if len(pixel) == 3 else f"{colours}  α {pixel[3]:.0%}"
