"""Neighbourhood: nine thumbs, the current one in the middle, to go to one of the others."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEasingCurve, QPropertyAnimation, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from safelight.gui.controls.thumb import Thumb
from safelight.gui.screen.display_transform import display
from safelight.gui.widgets import theme
from safelight.gui.widgets.keys import ARROWS

_COLUMNS = 3
MIDDLE = 4
"""The place of the current one."""

_GAP = 2
_LARGEST = 360
"""Pixels that the grid is wide at most."""

_GLIDE = 180
"""Milliseconds in which what was clicked comes into the middle."""

_WAYS = ("up left", "up", "up right", "left", "", "right", "down left", "down", "down right")


class Neighbourhood(QWidget):
    """A square grid. ``taken`` has the place, 0 to 8 by rows, of a neighbour that was clicked, or
    on which Return was pressed. Arrows move the focus.
    """

    taken = Signal(int)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.thumbs = [Thumb(parent=self) for _ in range(_COLUMNS * _COLUMNS)]
        self.thumbs[MIDDLE].marked = True
        self._at = MIDDLE
        for place, thumb in enumerate(self.thumbs):
            way = _WAYS[place]
            thumb.setAccessibleName(f"{title}, one step {way}" if way else f"{title}, current")
            thumb.setToolTip("Go there" if way else "The current one")
            thumb.clicked.connect(partial(self.take, place))
            thumb.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.thumbs[MIDDLE].setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._gliding = _Gliding(self)
        self._glide = QPropertyAnimation(self._gliding, b"geometry", self)
        self._glide.setDuration(_GLIDE)
        self._glide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._glide.finished.connect(self._gliding.hide)

    def take(self, place: int) -> None:
        """Go to a neighbour: it glides into the middle."""
        self._focus(MIDDLE)
        if place == MIDDLE:
            return
        image = self.thumbs[place].image
        if image is not None and not self.thumbs[place].waiting:
            self._gliding.image = image
            self._glide.stop()
            self._glide.setStartValue(self.thumbs[place].geometry())
            self._glide.setEndValue(self.thumbs[MIDDLE].geometry())
            self._gliding.setGeometry(self.thumbs[place].geometry())
            self._gliding.show()
            self._gliding.raise_()
            self._glide.start()
        self.taken.emit(place)

    def fade(self) -> None:
        """The neighbours shown are no longer those of what is in the middle."""
        for place, thumb in enumerate(self.thumbs):
            if place != MIDDLE:
                thumb.show_waiting()

    def sizeHint(self) -> QSize:
        return QSize(240, 240)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 120)

    def resizeEvent(self, event: QResizeEvent) -> None:
        side = min(self.width(), _LARGEST)
        self.setFixedHeight(side)
        cell = (side - _GAP * (_COLUMNS - 1)) // _COLUMNS
        left = (self.width() - cell * _COLUMNS - _GAP * (_COLUMNS - 1)) // 2
        for place, thumb in enumerate(self.thumbs):
            row, column = divmod(place, _COLUMNS)
            x, y = left + column * (cell + _GAP), row * (cell + _GAP)
            thumb.setGeometry(QRect(x, y, cell, cell))
        self._gliding.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ARROWS:
            row, column = divmod(self._at, _COLUMNS)
            right, down = ARROWS[event.key()]
            row = min(max(row + down, 0), _COLUMNS - 1)
            column = min(max(column + right, 0), _COLUMNS - 1)
            self._focus(row * _COLUMNS + column)
        else:
            super().keyPressEvent(event)

    def _focus(self, place: int) -> None:
        """Have Tab reach one of the nine thumbs: the one that the arrows were at."""
        self.thumbs[self._at].setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.thumbs[place].setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._at = place
        self.thumbs[place].setFocus()


class _Gliding(QWidget):
    """What comes into the middle, above the others."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.image: QImage | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            box = self.rect().adjusted(2, 2, -2, -2)
            painter.fillRect(box, QColor(theme.CANVAS))
            if self.image is not None:
                painter.drawImage(box, display().shown(self.image))
