"""Panel tabs: the tabs of the sidebar: an icon above each word; in a low window the words alone."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QTabBar, QWidget

from safelight.gui.widgets import theme
from safelight.gui.widgets.icons import paint_icon

_ICON = 16
_HIGH, _FLAT = 43, 30
"""Pixels that the tabs are high, with icons and without."""

_BESIDE = 8
"""Pixels beside a word, on both sides together."""

_LINE = 2


class PanelTabs(QTabBar):
    """A tab for each panel; all of them are seen, each as wide as its word at least."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panels")
        self.setAccessibleName("Panels")
        self.setExpanding(True)
        self.setDrawBase(False)
        self.setUsesScrollButtons(False)
        self.setMouseTracking(True)
        self._flat = False
        self.setFixedHeight(_HIGH)

    def add(self, word: str, icon: str) -> None:
        """Add a tab; ``icon`` as in ``icons.paint_icon``."""
        self.setTabData(self.addTab(word), icon)

    def lie_flat(self, on: bool) -> None:
        """Have no icons, where there is no height for them."""
        if on != self._flat:
            self._flat = on
            self.setFixedHeight(_FLAT if on else _HIGH)

    def tabSizeHint(self, index: int) -> QSize:
        words = self.fontMetrics().horizontalAdvance(self.tabText(index))
        return QSize(words + _BESIDE, _FLAT if self._flat else _HIGH)

    def minimumTabSizeHint(self, index: int) -> QSize:
        return self.tabSizeHint(index)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(theme.PANEL))
            under = self.tabAt(self.mapFromGlobal(self.cursor().pos()))
            for index in range(self.count()):
                seen = index == self.currentIndex()
                tint = theme.TEXT if seen or index == under else theme.DIM
                self._paint_tab(painter, index, theme.ACCENT if seen else "", tint)

    def _paint_tab(self, painter: QPainter, index: int, line: str, tint: str) -> None:
        box = self.tabRect(index)
        if line:
            if self.hasFocus():
                painter.fillRect(box, QColor(theme.RAISED))
            below = QRect(box.left(), box.bottom() + 1 - _LINE, box.width(), _LINE)
            painter.fillRect(below, QColor(line))
        words = QRect(box)
        if not self._flat:
            corner = QPoint(box.center().x() - _ICON // 2 + 1, box.top() + 6)
            paint_icon(painter, self.tabData(index), QRect(corner, QSize(_ICON, _ICON)), tint)
            words.setTop(corner.y() + _ICON)
        painter.setPen(QColor(tint))
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, self.tabText(index))
