"""Shortcuts dialog: the keys of everything that can be asked for, which can be given others."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from safelight.gui.deeds.deed import Deed, Deeds
from safelight.gui.deeds.shortcuts import Shortcuts
from safelight.gui.widgets.fuzzy_search import found
from safelight.gui.widgets.shown_text import plain, tooltip
from safelight.gui.widgets.small_widgets import remark, small_button

HANDS = (
    ("\\ (held)", "The picture as it was"),
    ("Space (held)", "Move the picture with any tool"),
    ("R (held)", "Turn the view"),
    ("Wheel", "Zoom at the pointer"),
    ("Arrows", "Move the picture"),
    ("Double click", "Whole picture, or 100 %"),
    ("Brush, Alt held", "Erase (an eraser: paint)"),
    ("Brush, Shift and click", "A straight line from the last stroke"),
    ("Return, Escape", "Apply or leave a filter"),
)
"""What hands do that no menu has, and that stays as it is."""

FIXED = {
    **{"\\": "shows the picture as it was", "Space": "moves the picture", "R": "turns the view"},
    **{"Return": "applies", "Enter": "applies", "Esc": "leaves", "Tab": "goes on"},
    **dict.fromkeys(("Left", "Right", "Up", "Down"), "moves the picture"),
}
"""Keys that have a meaning of their own on the canvas and in fields."""

_BY_MOUSE = "Mouse and held keys"


class ShortcutsDialog(QDialog):
    """Shows every deed with its keys; those of the chosen one can be others, at once."""

    def __init__(self, deeds: Deeds, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.resize(600, 560)
        self._deeds = deeds
        self.line = QLineEdit()
        self.line.setPlaceholderText("Search commands and filters")
        self.line.setClearButtonEnabled(True)
        self.list = QTreeWidget()
        self.list.setHeaderLabels(["Command", "Keys"])
        self.list.setRootIsDecorated(True)
        self.list.setUniformRowHeights(True)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.keys = QKeySequenceEdit()
        self.keys.setMaximumSequenceLength(1)
        self.keys.setAccessibleName("New keys")
        self.assign = QPushButton("Assign")
        self.assign.setAutoDefault(False)
        self.remove = small_button("No keys", "Leave the command without keys")
        self.restore = small_button("Usual keys", "Give the command the keys it came with")
        self.outcome = remark()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.restore_all = buttons.addButton("Restore all", QDialogButtonBox.ButtonRole.ResetRole)
        buttons.rejected.connect(self.reject)
        self.restore_all.setAutoDefault(False)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        self.restore_all.clicked.connect(lambda: self._take(Shortcuts()))
        row = QHBoxLayout()
        for part in (self.keys, self.assign, self.remove, self.restore):
            row.addWidget(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(10)
        layout.addWidget(self.line)
        layout.addWidget(self.list, 1)
        layout.addLayout(row)
        layout.addWidget(self.outcome)
        layout.addWidget(buttons)
        self.line.textChanged.connect(self._fill)
        self.list.currentItemChanged.connect(lambda *_: self._choose())
        self.keys.keySequenceChanged.connect(lambda _: self._look())
        self.assign.clicked.connect(self._assign)
        self.remove.clicked.connect(lambda: self._give(""))
        self.restore.clicked.connect(self._restore)
        self._fill()

    @property
    def chosen(self) -> Deed | None:
        """The deed of the row that is chosen."""
        item = self.list.currentItem()
        deed: Deed | None = None if item is None else item.data(0, Qt.ItemDataRole.UserRole)
        return deed

    def _remappable(self) -> list[Deed]:
        return [deed for deed in self._deeds if not deed.passing]

    def _fill(self) -> None:
        """List what the words in the field find, by menu; all of it where there are none."""
        before, words = self.chosen, self.line.text()
        self.list.clear()
        by_menu: dict[str, QTreeWidgetItem] = {}
        for deed in found(words, ((x, x.title, x.place, x.tip) for x in self._remappable())):
            if deed.menu not in by_menu:
                by_menu[deed.menu] = QTreeWidgetItem(self.list, [plain(deed.menu)])
            row = QTreeWidgetItem(by_menu[deed.menu], [plain(deed.title), self._written(deed)])
            row.setData(0, Qt.ItemDataRole.UserRole, deed)
            row.setToolTip(0, tooltip(deed.place))
            if before is not None and deed.id == before.id:
                self.list.setCurrentItem(row)
        if not words:
            hands = QTreeWidgetItem(self.list, [_BY_MOUSE])
            for keys, text in HANDS:
                QTreeWidgetItem(hands, [text, keys])
        self.list.expandAll()
        self._choose()

    def _written(self, deed: Deed) -> str:
        text = QKeySequence.SequenceFormat.NativeText
        keys = self._deeds.shortcuts.of(deed)
        return ", ".join(QKeySequence(key).toString(text) for key in keys)

    def _choose(self) -> None:
        self.keys.clear()
        self._look()

    def _look(self) -> None:
        """Say what giving the keys in the field to the chosen deed would do."""
        deed, keys = self.chosen, self.keys.keySequence().toString()
        for part in (self.keys, self.remove, self.restore):
            part.setEnabled(deed is not None)
        self.assign.setEnabled(False)
        if deed is None:
            self.outcome.setText("Choose a command to give it other keys.")
            return
        holder = self._deeds.shortcuts.holder(keys, self._remappable())
        if not keys:
            self.outcome.setText(
                plain(f"Click into the field and press the keys for {deed.title}.")
            )
        elif keys in FIXED:
            self.outcome.setText(f"{keys} {FIXED[keys]}, and stays so.")
        elif holder is None:
            self.outcome.setText(plain(f"{keys} is free."))
            self.assign.setEnabled(True)
        elif holder.id == deed.id:
            self.outcome.setText(plain(f"{keys} is for {deed.title} already."))
        else:
            text = f"{keys} is for {holder.title}, which would have none."
            self.outcome.setText(plain(text))
            self.assign.setEnabled(True)

    def _assign(self) -> None:
        self._give(self.keys.keySequence().toString())

    def _give(self, keys: str) -> None:
        if self.chosen is not None:
            self._take(self._deeds.shortcuts.given(self.chosen, keys))

    def _restore(self) -> None:
        if self.chosen is not None:
            self._take(self._deeds.shortcuts.restored(self.chosen))

    def _take(self, shortcuts: Shortcuts) -> None:
        self._deeds.rekey(shortcuts)
        shortcuts.keep()
        self._fill()
