"""Keys: what a key means by its place on the keyboard, and which keys are held down."""

from __future__ import annotations

import unicodedata

from PySide6.QtCore import QKeyCombination, QObject, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

_ROWS = {2: "1234567890-=", 16: "QWERTYUIOP[]", 30: "ASDFGHJKL;'`", 43: "\\ZXCVBNM,./"}
"""What an American keyboard has where, by the number of a row's first key (scan code set 1)."""

_LATIN = {first + i: ord(letter) for first, row in _ROWS.items() for i, letter in enumerate(row)}

_SHIFTED = {ord(low): ord(high) for low, high in zip("[]\\;'`,./-=", '{}|:"~<>?_+', strict=True)}

ARROWS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
"""Where the arrow keys point: to the right and down."""

_FURTHER = 10
"""How many times as far an arrow key goes with Shift."""


def arrow_way(event: QKeyEvent) -> tuple[int, int] | None:
    """How far an arrow key goes to the right and down: 1, with Shift 10; None for other keys."""
    way = ARROWS.get(event.key())
    if way is None or not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
        return way
    return way[0] * _FURTHER, way[1] * _FURTHER


def latin_key(event: QKeyEvent) -> int:
    """The key, and for a letter of another script the one an American keyboard has in its place.

    So Р and К of a Russian keyboard are H and R, as they are for every other program there; A and
    Q of a French one are what is written on them.
    """
    key = event.key()
    if not 0xFF < key < Qt.Key.Key_Escape or "LATIN" in unicodedata.name(chr(key), "LATIN"):
        return key
    first = 0 if QGuiApplication.platformName() == "windows" else 8  # X11 and Wayland add 8
    return _LATIN.get(event.nativeScanCode() - first, key)


def latin_combinations(event: QKeyEvent) -> list[QKeyCombination]:
    """The shortcuts for which a letter of another script can stand; none for any other key."""
    key = latin_key(event)
    if key == event.key():
        return []
    shift = Qt.KeyboardModifier.ShiftModifier
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.GroupSwitchModifier
    found = [QKeyCombination(modifiers, Qt.Key(key))]
    if modifiers & shift and key in _SHIFTED:
        found.append(QKeyCombination(modifiers & ~shift, Qt.Key(_SHIFTED[key])))
    return found


class HeldKeys(QObject):
    """What is done for as long as a key is down. ``changed`` tells that it has changed.

    A key that comes up is known by its place: with AltGr let go first, what came down as a
    backslash comes up as a ß. Where the keyboard goes to another widget, nothing is held any more:
    the key may come up there.
    """

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._down: dict[tuple[str, int], str] = {}
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self.let_go)

    def __contains__(self, what: str) -> bool:
        return what in self._down.values()

    def press(self, event: QKeyEvent, what: str) -> None:
        """A key has come down, which does ``what``; nothing new when it repeats itself."""
        if not event.isAutoRepeat() and _place(event) not in self._down:
            self._down[_place(event)] = what
            self.changed.emit()

    def release(self, event: QKeyEvent) -> bool:
        """Whether the key that comes up, or repeats itself, was one of these."""
        held = _place(event) in self._down
        if held and not event.isAutoRepeat():
            del self._down[_place(event)]
            self.changed.emit()
        return held

    @Slot()
    def let_go(self) -> None:
        """Know that no key is held any more."""
        if self._down:
            self._down.clear()
            self.changed.emit()


def _place(event: QKeyEvent) -> tuple[str, int]:
    """Where a key is on the keyboard; what it means, where the system does not tell that."""
    if event.nativeScanCode() > 1:
        return "place", event.nativeScanCode()
    if event.nativeScanCode() == 1:  # macOS, whose virtual keys are places
        return "virtual", event.nativeVirtualKey()
    return "key", event.key()
