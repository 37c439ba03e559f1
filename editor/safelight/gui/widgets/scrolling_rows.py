"""Scrolling rows: an area of a dialog in which the wheel scrolls, whatever it passes over."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFrame,
    QScrollArea,
    QScrollBar,
    QWidget,
)


class ScrollingRows(QScrollArea):
    """An area whose rows can be scrolled upwards and downwards; no list, number or slider in it is
    changed by the wheel, which would choose something unseen. With ``fits`` it is always as wide as
    its rows need.
    """

    def __init__(
        self, inside: QWidget, parent: QWidget | None = None, *, fits: bool = False
    ) -> None:
        super().__init__(parent)
        self._fits = fits
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._watch()
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and _turns(watched):
            QApplication.sendEvent(self.verticalScrollBar(), event)
            return True
        if event.type() == QEvent.Type.LayoutRequest and watched is self.widget():
            self._watch()  # rows may have come
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        inside = self.widget()
        if self._fits and inside is not None:
            bar = self.verticalScrollBar().sizeHint().width()
            self.setMinimumWidth(inside.minimumSizeHint().width() + bar)

    def _watch(self) -> None:
        inside = self.widget()
        for field in filter(_turns, inside.findChildren(QWidget) if inside else ()):
            field.installEventFilter(self)


def _turns(field: QObject) -> bool:
    """Whether the wheel would change what is chosen in a field."""
    chosen = isinstance(field, QComboBox | QAbstractSpinBox | QAbstractSlider)
    return chosen and not isinstance(field, QScrollBar)
