"""Layer search: a field over the list of layers, hidden until it is needed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QTreeWidget, QTreeWidgetItem


class LayerSearch(QLineEdit):
    """Shows the rows of a list alone whose names have all words in them, with their groups."""

    def __init__(self, tree: QTreeWidget) -> None:
        super().__init__()
        self._tree = tree
        self.setPlaceholderText("Find a layer")
        self.setAccessibleName("Find a layer")
        self.setClearButtonEnabled(True)
        self.textChanged.connect(self.apply)
        self.hide()

    def begin(self) -> None:
        """Be there, to be typed into."""
        self.show()
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()

    def leave(self) -> None:
        """Show every layer again, and be out of the way."""
        self.clear()
        self.hide()
        self._tree.setFocus()

    def apply(self) -> None:
        """Hide what is not looked for."""
        words = self.text().casefold().split()
        root = self._tree.invisibleRootItem()
        for row in range(root.childCount()):
            self._look(root.child(row), words)

    def _look(self, item: QTreeWidgetItem | None, words: list[str]) -> bool:
        """Whether a row, or one in it, is looked for; it is hidden where none is."""
        if item is None:
            return False
        inside = [self._look(item.child(row), words) for row in range(item.childCount())]
        name = item.text(0).casefold()
        found = all(word in name for word in words) or any(inside)
        if item.isHidden() == found:
            item.setHidden(not found)
        return found

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
            self._tree.setFocus()
        else:
            super().keyPressEvent(event)
