"""Palette: a few colours, picked one by one or from the photograph."""

from __future__ import annotations

from functools import partial
from typing import cast

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QColorDialog,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)

from safelight.api import Parameter, Value
from safelight.api.compound_values import MOST_COLOURS
from safelight.gui.controls.control import Control
from safelight.gui.screen.display_transform import display
from safelight.gui.widgets import theme
from safelight.gui.widgets.icons import icon
from safelight.gui.widgets.shown_text import plain
from safelight.gui.widgets.small_widgets import remark, small_button

_SIDE = 24
"""Pixels that a swatch is wide and high."""

_NARROWEST = 14
"""Pixels that it is wide at least: eight fit the narrowest panel."""

_GAP = 4
_REMOVES = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class PaletteControl(Control):
    """Swatches to change, add and remove, and a button that takes those of the photograph.

    ``photograph_wanted`` asks for the colours of the photograph, for ``take_colours``.
    """

    photograph_wanted = Signal()

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self._value: tuple[str, ...] = ()
        self.swatches: list[Swatch] = []
        self.add = QToolButton()
        self.add.setIcon(icon("plus"))
        self.add.setFixedSize(_SIDE, _SIDE)
        self.add.setObjectName("swatch")
        self.add.setToolTip("Add a colour")
        self.add.setAccessibleName(f"Add a colour to {plain(parameter.title)}")
        self.add.clicked.connect(self._add)
        self.none = remark("None: its own colours")
        self.none.setWordWrap(False)
        self._row = QHBoxLayout()
        self._row.setSpacing(_GAP)
        self._row.addWidget(self.add)
        self._row.addWidget(self.none)
        self._row.addStretch(1)
        self.body.addLayout(self._row)
        self.from_photograph = QPushButton("From photograph")
        self.from_photograph.setAutoDefault(False)
        self.from_photograph.setToolTip("Take the colours that most of the picture has")
        self.from_photograph.clicked.connect(self._ask)
        self.clear = small_button("Clear", "No colours again")
        self.clear.clicked.connect(self.reset)
        self.head.addWidget(self.clear)
        self.body.addWidget(self.from_photograph, 0, Qt.AlignmentFlag.AlignLeft)
        self.trouble = remark()
        self.trouble.hide()
        self.body.addWidget(self.trouble)
        self.set_value(parameter.default)

    def value(self) -> Value:
        return self._value

    def set_value(self, value: Value) -> None:
        self._value = cast(tuple[str, ...], value)
        self.trouble.hide()
        while len(self.swatches) > len(self._value):
            swatch = self.swatches.pop()
            self._row.removeWidget(swatch)
            swatch.deleteLater()
        while len(self.swatches) < len(self._value):
            self.swatches.append(self._swatch(len(self.swatches)))
        for swatch, colour in zip(self.swatches, self._value, strict=True):
            swatch.show_colour(colour)
        self.none.setVisible(not self._value)
        self.clear.setEnabled(bool(self._value))
        self.add.setVisible(len(self._value) < MOST_COLOURS)

    def take_colours(self, colours: tuple[str, ...]) -> None:
        """Take the colours of the photograph."""
        self.from_photograph.setEnabled(True)
        if colours:
            self.choose(colours)
        else:
            self.show_trouble("There is no picture to take colours from.")

    def show_trouble(self, words: str) -> None:
        """Say why there are no colours to be had."""
        self.from_photograph.setEnabled(True)
        self.trouble.setText(plain(words))
        self.trouble.show()

    def _ask(self) -> None:
        self.from_photograph.setEnabled(False)
        self.photograph_wanted.emit()

    def _swatch(self, place: int) -> Swatch:
        swatch = Swatch()
        swatch.clicked.connect(partial(self._change, place))
        swatch.removing.connect(partial(self._remove, place))
        swatch.customContextMenuRequested.connect(partial(self._show_menu, place))
        self._row.insertWidget(place, swatch)
        return swatch

    def _add(self) -> None:
        self._pick(len(self._value), self._value[-1] if self._value else "#808080")

    def _change(self, place: int) -> None:
        self._pick(place, self._value[place])

    def _pick(self, place: int, colour: str) -> None:
        """Choose the colour at a place, a new one's too."""
        chosen = QColorDialog.getColor(QColor(colour), self, plain(self.parameter.title))
        if chosen.isValid():
            self.choose((*self._value[:place], chosen.name(), *self._value[place + 1 :]))

    def _remove(self, place: int) -> None:
        self.choose((*self._value[:place], *self._value[place + 1 :]))
        if self.swatches:
            self.swatches[min(place, len(self.swatches) - 1)].setFocus()
        else:
            self.add.setFocus()

    def _show_menu(self, place: int, where: QPoint) -> None:
        menu = QMenu(self)
        menu.addAction("Change…", partial(self._change, place))
        menu.addAction("Remove", partial(self._remove, place))
        menu.exec(self.swatches[place].mapToGlobal(where))
        menu.deleteLater()


class Swatch(QAbstractButton):
    """One colour. ``removing``: Delete was pressed on it."""

    removing = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = QColor()
        self.setFixedHeight(_SIDE)
        self.setMinimumWidth(_NARROWEST)
        self.setMaximumWidth(_SIDE)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_colour(self, colour: str) -> None:
        """Show another colour."""
        self._colour = QColor(colour)
        self.setAccessibleName(f"Colour {colour}")
        self.setToolTip(f"{colour}: click to change, Delete to remove")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_SIDE, _SIDE)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _REMOVES:
            self.removing.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setOpacity(1.0 if self.isEnabled() else 0.35)
            edge = theme.ACCENT if self.hasFocus() else theme.TEXT if self.underMouse() else "#555"
            painter.setPen(QPen(QColor(edge), 1))
            painter.setBrush(display().colour(self._colour))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
