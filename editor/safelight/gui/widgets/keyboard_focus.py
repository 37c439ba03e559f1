"""Keyboard focus: where it goes when its widget is gone; shortcuts in letters of other scripts."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QKeyCombination, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QWidget,
)
from shiboken6 import isValid

from safelight.gui.deeds.deed import Deeds
from safelight.gui.widgets.keys import latin_combinations


class Keyboard(QObject):
    """Gives a window's keyboard to the photograph in front where nothing else is to have it."""

    def __init__(self, window: QWidget, focus_picture: Callable[[], object]) -> None:
        super().__init__(window)
        self._window = window
        self._focus_picture = focus_picture
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_moved)

    @Slot(QWidget, QWidget)
    def _focus_moved(self, old: QWidget | None, now: QWidget | None) -> None:
        """Where the keyboard was is gone: Qt moves it on to whatever comes next, a search field
        more often than not, which would swallow Ctrl+Z and the keys of tools.
        """
        here = old is not None and isValid(old) and old.isVisible() and old.isEnabled()
        if now is None or (old is not None and not here and now.window() is self._window):
            # Later, so that whoever hid it can still say where the keyboard goes.
            QTimer.singleShot(0, self, lambda: self._go_on_from(now))

    def _go_on_from(self, now: QWidget | None) -> None:
        if QApplication.focusWidget() is now and self._window.isActiveWindow():
            self._focus_picture()


def turns_pages(event: QKeyEvent) -> bool:
    """Whether a key turns the pages of the list, the text or the slider that has the keyboard, and
    so is for that and for no menu.
    """
    focus = QApplication.focusWidget()
    pages = event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
    plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    turns = (QAbstractScrollArea, QAbstractSlider, QAbstractSpinBox)
    return pages and plain and isinstance(focus, turns)


def in_latin(event: QKeyEvent, deeds: Deeds) -> bool:
    """Do the deed for which a letter of another script stands by its place; False for none."""
    focus = QApplication.focusWidget()
    if focus is not None and focus.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled):
        return False
    return any(do_keys(wanted, deeds) for wanted in latin_combinations(event))


def do_keys(keys: QKeyCombination, deeds: Deeds) -> bool:
    """Do the deed that has these keys, if it is possible now; False for none."""
    for action in deeds.actions:
        if action.isEnabled() and QKeySequence(keys) in action.shortcuts():
            action.trigger()
            return True
    return False
