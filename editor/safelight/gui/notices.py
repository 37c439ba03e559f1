"""Notices: what failed stays until it is answered, what succeeded is a line that goes by itself.

They lie above what they are about and take no room from it: nothing moves when one comes.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from safelight.gui.widgets.shown_text import plain


class MessageBar(QFrame):
    """Says one thing until it is closed or the next is said. Always plain text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message")
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setWordWrap(True)
        self.label.setMinimumWidth(1)  # a long name must not widen the window
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setMaximumHeight(180)
        self.details.hide()
        self.more = QPushButton("Details")
        self.more.setCheckable(True)
        self.more.toggled.connect(self.details.setVisible)
        close = QToolButton()
        close.setObjectName("plain")
        close.setText("✕")
        close.setToolTip("Close this message")
        close.setAccessibleName("Close this message")
        close.clicked.connect(self.close_one)
        self.count = QLabel()
        self.count.setObjectName("dim")
        self.count.hide()
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.label, 1)
        row.addWidget(self.count, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 7, 8, 7)
        column.addLayout(row)
        column.addWidget(self.details)
        self.hide()

    def say(self, text: str, details: str = "") -> None:
        """Show a sentence; ``details`` (a traceback, say) on demand."""
        self.label.setText(plain(text, lines=True))
        self.details.setPlainText(details)
        self.more.setChecked(False)
        self.more.setVisible(bool(details))
        self.show()

    def close_one(self) -> None:
        """What is said has been read."""
        self.hide()


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence, what is to be known beyond it, and what it is about ("" = nothing else)."""

    text: str
    details: str = ""
    about: str = ""


class Messages(MessageBar):
    """Messages of which each stays until it is closed or moot; the last one is shown.

    ``changed`` tells that there are others now.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.open: tuple[Message, ...] = ()

    def say(self, text: str, details: str = "", about: str = "") -> None:
        """Say something that stays; what was said about the same is moot."""
        said = Message(text, details, about)
        self._show_all(
            *(x for x in self.open if x != said and not (about and x.about == about)), said
        )

    def settle(self, about: str) -> None:
        """What was said about that is moot."""
        kept = [message for message in self.open if message.about != about]
        if len(kept) < len(self.open):
            self._show_all(*kept)

    def close_one(self) -> None:
        """The message that is shown has been answered: show the one before it."""
        self._show_all(*self.open[:-1])

    def _show_all(self, *messages: Message) -> None:
        self.open = messages
        self.count.setText(f"{len(messages)} messages")
        self.count.setVisible(len(messages) > 1)
        if messages:
            super().say(messages[-1].text, messages[-1].details)
        else:
            self.hide()
        self.changed.emit()


_SHORTEST, _EACH = 4000, 45
"""Milliseconds for which a line is seen, and for each of its letters."""


class Line(QLabel):
    """Mentions something for a while. The time does not run while nobody can see it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("mention")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        # The picture below it is still to be clicked on.
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._time = QTimer(self)
        self._time.setSingleShot(True)
        self._time.timeout.connect(self.hide)
        self.hide()

    def mention(self, text: str) -> None:
        """Show a sentence instead of the one before it."""
        self.setText(plain(text))
        self.show()
        self._run()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._run()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._time.stop()

    def _run(self) -> None:
        if self.isVisible():
            self._time.start(_SHORTEST + _EACH * len(self.text()))


_WIDEST = 760
"""Pixels of a message's width, so that a sentence stays easy to read."""

_AROUND, _BUTTONS = 40, 230
"""Pixels that a line and a message need beside their words."""

_EDGE = 10
"""Pixels between a message and the edge."""


class Above(QWidget):
    """A widget with messages above it, at its top, and a line at its bottom.

    A ``strip`` lies at the very bottom, below the line: what comes and goes moves nothing.
    ``at_bottom`` puts the messages at the bottom too, that many pixels above the edge, and below
    them the strip: what lies still lower is another's.
    """

    def __init__(
        self,
        below: QWidget,
        messages: Messages,
        line: Line,
        *,
        strip: QWidget | None = None,
        at_bottom: int = 0,
    ) -> None:
        super().__init__()
        self._below, self._messages, self._line = below, messages, line
        self._strip = strip
        self._at_bottom = at_bottom
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(below)
        for item in (line, messages, *([strip] if strip is not None else [])):
            item.setParent(self)
            item.installEventFilter(self)
            item.hide()

    def minimumSizeHint(self) -> QSize:
        return self._below.minimumSizeHint().expandedTo(self._below.minimumSize())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A message that comes or grows takes its place; one that goes gives the focus back."""
        moves = [QEvent.Type.Show, QEvent.Type.LayoutRequest]
        if watched is self._strip:
            moves.append(QEvent.Type.Hide)
        if event.type() in moves:
            self._place()
        elif event.type() == QEvent.Type.Hide and watched is self._messages:
            focus = QApplication.focusWidget()
            if focus is not None and self._messages.isAncestorOf(focus):
                self._below.setFocus()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        most = min(self.width() - 2 * _EDGE, _WIDEST)
        lowest = self.height() - _EDGE
        highest = self.height() - self._at_bottom
        if self._strip is not None and not self._strip.isHidden():
            height = self._strip.sizeHint().height()
            lowest = min(lowest, highest) - height
            self._strip.setGeometry((self.width() - most) // 2, lowest, most, height)
            self._strip.raise_()
            lowest -= _EDGE
            highest = lowest
        for item, label in ((self._messages, self._messages.label), (self._line, self._line)):
            lines = label.text().splitlines() or [""]
            across = max(label.fontMetrics().horizontalAdvance(line) for line in lines)
            across += _AROUND if item is self._line else _BUTTONS
            if item is self._messages and self._messages.more.isChecked():
                across = most
            width = min(across, most)
            height = min(item.heightForWidth(width), self.height() - 2 * _EDGE)
            top = max(lowest - height, _EDGE)
            if item is self._messages:
                top = max(highest - height, _EDGE) if self._at_bottom else _EDGE
            item.setGeometry((self.width() - width) // 2, top, width, height)
            item.raise_()
