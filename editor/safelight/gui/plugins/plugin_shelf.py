"""Plugin shelf: the list of plugins, by where they are from, with a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from safelight.actions.plugins.plugin_list import Listed
from safelight.actions.plugins.plugin_store import Installed
from safelight.actions.plugins.plugin_updates import Update
from safelight.gui.widgets import theme
from safelight.gui.widgets.shown_text import plain, tooltip
from safelight.gui.widgets.small_widgets import heading, remark

_Index = QModelIndex | QPersistentModelIndex
_ENTRY, _REMARK = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1

_EMPTY = (
    "No plugin is installed beside the built-in ones. Choose Install, or drop a plugin here:"
    " a wheel, a zip or a folder."
)


class _TwoLines(QStyledItemDelegate):
    """Draws an item's remark below its text, quieter than that."""

    def __init__(self, view: QListWidget) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        size = super().sizeHint(option, index)
        if index.data(_REMARK) is not None:
            size.setHeight(size.height() + self._line())
        return size

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        remark = index.data(_REMARK)
        upper = QStyleOptionViewItem(option)
        self.initStyleOption(upper, index)
        if remark is not None:
            upper.displayAlignment = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        style = self._view.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, upper, painter, self._view)
        if remark is None:
            return
        inside = style.subElementRect(QStyle.SubElement.SE_ItemViewItemText, upper, self._view)
        inside.adjust(3, self._line(), -3, 0)
        brush = index.data(Qt.ItemDataRole.ForegroundRole)
        painter.setPen(brush.color() if brush is not None else QColor(theme.DIM))
        elided = self._view.fontMetrics().elidedText(
            remark, Qt.TextElideMode.ElideRight, inside.width()
        )
        painter.drawText(inside, Qt.AlignmentFlag.AlignTop, elided)

    def _line(self) -> int:
        return self._view.fontMetrics().height() + 2


class Shelf(QWidget):
    """The list. ``chosen`` says that another plugin is the current one, or none."""

    chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: Sequence[Listed] = ()
        self._updates: Mapping[str, Update] = {}
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search plugins")
        self.search.setAccessibleName("Search plugins")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _: self._fill())
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName("Plugins")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setItemDelegate(_TwoLines(self.list))
        self.list.currentItemChanged.connect(lambda *_: self.chosen.emit())
        self.note = remark("Looking for plugins…")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(self.note)
        layout.addWidget(self.list, 1)

    def show_plugins(self, entries: Sequence[Listed], updates: Mapping[str, Update]) -> None:
        """Show the given plugins; ``updates`` is what is known of newer versions, by plugin."""
        self._entries, self._updates = entries, updates
        self._fill()

    def current(self) -> Listed | None:
        """The plugin that is chosen."""
        item = self.list.currentItem()
        entry: Listed | None = item.data(_ENTRY) if item is not None else None
        return entry

    def installed(self) -> list[Installed]:
        """All that are not built in."""
        return [item.plugin for item in self._entries if not item.built_in]

    def choose(self, name: str) -> None:
        """Make a plugin the current one, if it is listed."""
        for row in range(self.list.count()):
            entry = self.list.item(row).data(_ENTRY)
            if entry is not None and entry.plugin.name == name:
                self.list.setCurrentRow(row)
                return

    def _fill(self) -> None:
        words = self.search.text().lower().split()
        found = [item for item in self._entries if _matches(item, words)]
        with QSignalBlocker(self.list):
            self._list(found)
        self._say(bool(words), bool(found))
        self.chosen.emit()

    def _list(self, found: Sequence[Listed]) -> None:
        before = self.current()
        self.list.clear()
        for title, built_in in (("Installed", False), ("Built in", True)):
            group = [item for item in found if item.built_in is built_in]
            if group:
                self._add_heading(title)
            for item in group:
                self._add(item)
        if before is not None:
            self.choose(before.plugin.name)
        if self.current() is None:
            self._choose_first()

    def _say(self, searching: bool, found: bool) -> None:
        empty = all(item.built_in for item in self._entries)
        self.note.setText("No plugin matches." if searching else _EMPTY)
        self.note.setVisible(not found if searching else empty)

    def _add_heading(self, title: str) -> None:
        self.list.addItem(heading(title, Qt.ItemFlag.NoItemFlags))

    def _add(self, entry: Listed) -> None:
        plugin = entry.plugin
        item = QListWidgetItem(plain(f"{plugin.name} {plugin.version}"))
        item.setData(_REMARK, plain(self._remark(entry)))
        item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, item.data(_REMARK))
        item.setData(_ENTRY, entry)
        item.setToolTip(tooltip(plugin.summary))
        if plugin.fault:
            item.setForeground(QBrush(QColor(theme.ACCENT)))
        elif not plugin.enabled:
            item.setForeground(QBrush(QColor(theme.OFF)))
        self.list.addItem(item)

    def _remark(self, entry: Listed) -> str:
        """The second line: what there is to know, or the filters."""
        plugin = entry.plugin
        if plugin.fault:
            return plugin.fault
        words = [] if plugin.enabled else ["Disabled"]
        update = self._updates.get(plugin.name)
        words += [f"{update.version} is available"] if update and update.version else []
        return ", ".join(words) or ", ".join(plugin.titles)

    def _choose_first(self) -> None:
        for row in range(self.list.count()):
            if self.list.item(row).data(_ENTRY) is not None:
                self.list.setCurrentRow(row)
                return

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Down goes from the search to the list."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Down
        ):
            self.list.setFocus()
            return True
        return super().eventFilter(watched, event)


def _matches(item: Listed, words: Sequence[str]) -> bool:
    plugin = item.plugin
    titles = " ".join(plugin.titles)
    text = f"{plugin.name} {plugin.summary} {titles}".lower()
    return all(word in text for word in words)
