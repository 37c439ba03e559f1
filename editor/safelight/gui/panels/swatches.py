"""Swatches: colours read from the picture, and those that are kept to be used again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QColorDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from safelight.gui.open_and_save.samples_and_recent_files import settings
from safelight.gui.screen.display_transform import display
from safelight.gui.widgets.small_widgets import remark, small_button

MOST = 16
"""Swatches that are kept: as many as a dialog for colours has room for."""

_KEY = "swatches"
_SIDE = 20
_COLOUR = "safelightColour"
"""The property of a chip that holds its colour, #rrggbb."""


def kept_swatches() -> list[str]:
    """The colours that are kept, #rrggbb, the newest first."""
    stored = settings().value(_KEY, [])
    names = stored if isinstance(stored, list) else [stored]
    found = [QColor(str(name)) for name in names if name]
    return [colour.name() for colour in found if colour.isValid()][:MOST]


class Samples(QWidget):
    """The colours at the sampler's places, numbered as on the picture. ``kept`` gives one."""

    kept = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 8, 0, 0)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(2, 1)
        self.rows: list[tuple[QLabel, QPushButton, QLabel]] = []
        self._hexes: list[str] = []
        display().changed.connect(self._paint_again)
        self.hide()

    def show_colours(self, colours: Sequence[tuple[str, str]]) -> None:
        """Show colours, each its values in words and #rrggbb."""
        self._hexes = [found for _, found in colours]
        while len(self.rows) < len(colours):
            self._add_row()
        for index, row in enumerate(self.rows):
            for part in row:
                part.setVisible(index < len(colours))
            if index < len(colours):
                words, found = colours[index]
                _, chip, value = row
                _paint(chip, found)
                chip.setToolTip(f"{found}: a click keeps it as a swatch")
                chip.setAccessibleName(f"Keep {found}")
                value.setText(words)
        self.setVisible(bool(colours))

    def _paint_again(self) -> None:
        _paint_again(self)

    def _add_row(self) -> None:
        index = len(self.rows)
        number, chip, value = QLabel(f"{index + 1}"), QPushButton(), QLabel()
        number.setObjectName("dim")
        chip.setFixedSize(_SIDE, _SIDE)
        chip.setAutoDefault(False)
        chip.clicked.connect(lambda: self.kept.emit(self._hexes[index]))
        value.setTextFormat(Qt.TextFormat.PlainText)
        self.rows.append((number, chip, value))
        for column, part in enumerate(self.rows[-1]):
            self._grid.addWidget(part, index, column)


class Swatches(QWidget):
    """The colours that are kept, which every dialog for a colour offers too.

    A click copies one as text; its menu takes it away.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips: list[QToolButton] = []
        display().changed.connect(self._paint_again)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(4)
        head = QHBoxLayout()
        title = QLabel("Swatches")
        title.setObjectName("dim")
        self.clear = small_button("Clear", "Keep no colours any more")
        self.clear.clicked.connect(lambda: self._take([]))
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(self.clear)
        column.addLayout(head)
        self._grid = QGridLayout()
        self._grid.setSpacing(3)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignLeft)
        column.addLayout(self._grid)
        self.hint = remark("A click on a sampled colour keeps it here.")
        column.addWidget(self.hint)
        self.show_kept()

    def keep(self, colour: str) -> None:
        """Keep a colour, #rrggbb, before the others; the last goes where there are too many."""
        self._take([colour, *(x for x in kept_swatches() if x != colour)][:MOST])

    def _take(self, colours: Sequence[str]) -> None:
        settings().setValue(_KEY, list(colours))
        self.show_kept()

    def show_kept(self) -> None:
        """Show what is kept, by whichever window."""
        colours = kept_swatches()
        for index in range(MOST):
            there = index < len(colours)
            QColorDialog.setCustomColor(index, QColor(colours[index] if there else "#ffffff"))
        if [chip.accessibleName() for chip in self.chips] == [f"Copy {x}" for x in colours]:
            return
        for chip in self.chips:
            self._grid.removeWidget(chip)
            chip.deleteLater()
        self.chips = [self._chip(colour) for colour in colours]
        for index, chip in enumerate(self.chips):
            self._grid.addWidget(chip, index // 8, index % 8)
        self.clear.setVisible(bool(colours))
        self.hint.setVisible(not colours)

    def _paint_again(self) -> None:
        _paint_again(self)

    def _chip(self, colour: str) -> QToolButton:
        chip = QToolButton()
        chip.setFixedSize(_SIDE, _SIDE)
        _paint(chip, colour)
        chip.setToolTip(f"{colour}: a click copies it")
        chip.setAccessibleName(f"Copy {colour}")
        chip.clicked.connect(partial(QApplication.clipboard().setText, colour))
        chip.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        chip.customContextMenuRequested.connect(lambda at: self._ask(chip, colour, at))
        return chip

    def _ask(self, chip: QToolButton, colour: str, at: object) -> None:
        menu = QMenu(chip)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        others = [x for x in kept_swatches() if x != colour]
        menu.addAction("Remove swatch", lambda: self._take(others))
        menu.popup(chip.mapToGlobal(at))  # type: ignore[call-overload]


def _paint(chip: QWidget, colour: str) -> None:
    """Show a colour, as the canvas does on this screen."""
    chip.setProperty(_COLOUR, colour)
    seen = display().colour(QColor(colour)).name()
    chip.setStyleSheet(f"background: {seen}; border: 1px solid #101010; border-radius: 3px;")


def _paint_again(parent: QWidget) -> None:
    """Show all colours in a widget as the screen has them now."""
    for chip in parent.findChildren(QAbstractButton):
        if chip.property(_COLOUR):
            _paint(chip, str(chip.property(_COLOUR)))
