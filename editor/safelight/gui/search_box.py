"""Search box: the field at the top right that leads to the search of all that can be asked for."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt
from PySide6.QtGui import QAction, QColor, QKeySequence, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QMenuBar, QPushButton

from safelight.gui.widgets import theme

_WORDS, _SHORT = "Search: a tool, a filter, a word …", "Search"
_WIDEST, _NARROWEST = 300, 112
_HEIGHT, _EDGE = 26, 10
_AROUND = 25
"""Pixels that a menu has beside its title."""


class SearchBox(QPushButton):
    """Looks like a field and is a button; as wide as the menus beside it leave room for."""

    def __init__(self, bar: QMenuBar, search: QAction) -> None:
        super().__init__(bar)
        self._bar = bar
        self._search = search
        self._wide = _NARROWEST
        bar.installEventFilter(self)
        self.setObjectName("search")
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Search")
        self.setToolTip("Find a tool, a filter or anything else by a word")
        self.clicked.connect(search.trigger)
        search.changed.connect(self.update)  # its keys can be others

    def sizeHint(self) -> QSize:
        return QSize(self._wide, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(_NARROWEST, _HEIGHT)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The bar gets another width: it is to find the box as wide as it will be."""
        if isinstance(event, QResizeEvent) and event.type() == QEvent.Type.Resize:
            self._fit(event.size().width())
        return super().eventFilter(watched, event)

    def _fit(self, width: int) -> None:
        titles = (action.text().replace("&", "") for action in self._bar.actions())
        metrics = self._bar.fontMetrics()
        taken = sum(metrics.horizontalAdvance(title) + _AROUND for title in titles)
        self._wide = min(max(width - taken - 2 * _EDGE, _NARROWEST), _WIDEST)
        self.setFixedWidth(self._wide)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        with QPainter(self) as painter:
            inside = self.rect().adjusted(_EDGE, 0, -_EDGE, 0)
            metrics = self.fontMetrics()
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.setPen(QColor(theme.DIM))
            keys = self._search.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            painter.drawText(inside, middle | Qt.AlignmentFlag.AlignRight, keys)
            room = inside.width() - metrics.horizontalAdvance(keys) - _EDGE
            words = _WORDS if metrics.horizontalAdvance(_WORDS) <= room else _SHORT
            place = QRect(inside.left(), inside.top(), room, inside.height())
            painter.drawText(place, middle | Qt.AlignmentFlag.AlignLeft, words)
