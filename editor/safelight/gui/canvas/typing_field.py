"""Typing field: takes what is typed on the canvas: keys, an input method, the clipboard, undo.

It is as narrow as a caret and shows nothing: the canvas shows the letters where they are.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QMimeData, QRect, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

_MOVES = {
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
    Qt.Key.Key_Home: "home",
    Qt.Key.Key_End: "end",
}


class TypingField(QPlainTextEdit):
    """The text that is typed. ``typed`` tells of other words, ``moved`` of another caret, ``left``
    that it is finished; ``going`` of a key that goes by lines (up, down, home, end), and whether it
    marks what it goes over. ``longest`` is how many letters it takes; ``refused`` tells how many
    were too many.
    """

    typed = Signal()
    moved = Signal()
    left = Signal()
    going = Signal(str, bool)
    refused = Signal(int)

    def __init__(self, parent: QWidget, longest: int) -> None:
        super().__init__(parent)
        self.longest = longest
        self.composed = ""
        """What an input method is about to type."""
        self.setObjectName("typing")
        self.setAccessibleName("Text on the picture")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setStyleSheet("background: transparent; color: transparent; border: none; padding: 0;")
        self.viewport().setAutoFillBackground(False)
        self.setCursorWidth(0)
        self.textChanged.connect(self.typed)
        self.cursorPositionChanged.connect(self.moved)
        self.selectionChanged.connect(self.moved)
        self.hide()

    @property
    def words(self) -> str:
        """All that is typed, with what is about to be."""
        text = self.toPlainText()
        if not self.composed:
            return text
        units = text.encode("utf-16-le", "surrogatepass")
        at = 2 * self.textCursor().position()
        composed = self.composed.encode("utf-16-le", "surrogatepass")
        return (units[:at] + composed + units[at:]).decode("utf-16-le", "surrogatepass")

    @property
    def caret(self) -> int:
        """Where the next letter is typed, behind what is about to be typed; in units of UTF-16."""
        return self.textCursor().position() + len(self.composed.encode("utf-16-le")) // 2

    @property
    def marked(self) -> tuple[int, int]:
        """The places between which letters are marked."""
        cursor = self.textCursor()
        return cursor.selectionStart(), cursor.selectionEnd()

    def begin(self, text: str) -> None:
        """Take the keyboard, with a text that there is."""
        with QSignalBlocker(self):
            self.composed = ""
            self.setPlainText(text)
            self.document().clearUndoRedoStacks()
        self.show()
        self.setFocus()

    def go(self, letter: int, *, marks: bool = False) -> None:
        """Have the caret before a letter."""
        cursor = self.textCursor()
        end = self.document().characterCount() - 1
        mode = QTextCursor.MoveMode.KeepAnchor if marks else QTextCursor.MoveMode.MoveAnchor
        cursor.setPosition(min(max(letter, 0), end), mode)
        self.setTextCursor(cursor)

    def mark_word(self) -> None:
        """Mark the word at the caret."""
        cursor = self.textCursor()
        cursor.select(QTextCursor.SelectionType.WordUnderCursor)
        self.setTextCursor(cursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that go by lines are for whoever laid the lines out; all others as in any field."""
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        move = _MOVES.get(Qt.Key(event.key()))
        returns = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape or (control and returns):
            self.left.emit()
        elif move is not None and not control:
            self.going.emit(move, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            super().keyPressEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Take words without their looks, and no more than there may be."""
        if not source.hasText():
            return
        room = self.longest - len(self.toPlainText()) + len(self.textCursor().selectedText())
        if len(source.text()) > room:
            self.refused.emit(len(source.text()))
            return
        self.textCursor().insertText(source.text())

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Show what an input method is about to type as if it were typed."""
        self.composed = ""
        super().inputMethodEvent(event)
        if event.preeditString() != self.composed:
            self.composed = event.preeditString()
        self.typed.emit()

    def inputMethodQuery(self, query: Qt.InputMethodQuery) -> Any:  # type: ignore[override]
        """An input method's list is at the caret, which is where this field is."""
        if query == Qt.InputMethodQuery.ImCursorRectangle:
            return QRect(0, 0, 1, self.height())
        return super().inputMethodQuery(query)
