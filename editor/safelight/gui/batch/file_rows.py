"""File rows: the files of a batch, a row each: its name, what became of it, seconds and reason."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QColor, QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from safelight.actions.batch.run_batch import Report
from safelight.gui.widgets import theme
from safelight.gui.widgets.shown_text import plain, tooltip

_WORDS = {"done": "Done", "failed": "Failed", "there": "Done before"}

_NAME, _STATE, _SECONDS, _WHAT = range(4)


class FileRows(QTreeWidget):
    """Files that a batch is to do, each once. ``dropped`` has paths that were dropped; ``edited``
    tells that there are others. While ``fixed`` none come and none go.
    """

    dropped = Signal(object)
    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fixed = False
        self._rows: dict[Path, QTreeWidgetItem] = {}
        self.setAccessibleName("Files")
        self.setHeaderLabels(["File", "State", "Seconds", "Written as, or why not"])
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAcceptDrops(True)
        self.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self.header()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in ((_NAME, 240), (_STATE, 90), (_SECONDS, 70)):
            header.resizeSection(column, width)

    @property
    def paths(self) -> list[Path]:
        """The files, in their order."""
        return list(self._rows)

    def add(self, paths: Iterable[Path]) -> None:
        """Have these too, behind the others."""
        if self.fixed:
            return
        new = []
        for path in paths:
            if path not in self._rows:
                item = QTreeWidgetItem([plain(path.name), "", "", ""])
                item.setToolTip(_NAME, tooltip(str(path)))
                item.setTextAlignment(_SECONDS, Qt.AlignmentFlag.AlignRight)
                self._rows[path] = item
                new.append(item)
        self.addTopLevelItems(new)
        self.edited.emit()

    def remove(self) -> None:
        """Have what is chosen no more; the files themselves stay."""
        if self.fixed:
            return
        gone = set(map(id, self.selectedItems()))
        self._rows = {path: item for path, item in self._rows.items() if id(item) not in gone}
        for item in self.selectedItems():
            self.takeTopLevelItem(self.indexOfTopLevelItem(item))
        self.edited.emit()

    def begin(self) -> None:
        """Show that nothing of it is done yet."""
        for item in self._rows.values():
            self._say(item, "Waiting", "", "", "")

    def show_begun(self, source: Path) -> None:
        """Show that a file is being done."""
        item = self._rows[source]
        self._say(item, "Running", "", "", "")
        self.scrollToItem(item)

    def show_report(self, report: Report) -> None:
        """Show what became of a file."""
        item = self._rows[report.source]
        notes = report.processed.notes if report.processed is not None else ()
        written = report.target.name if report.target is not None else ""
        what = report.reason or " · ".join([written, *notes])
        seconds = "" if report.state == "there" else f"{report.seconds:.1f}"
        tip = report.reason or "\n".join([str(report.target or ""), *notes])
        self._say(item, _WORDS[report.state], seconds, what, tip)
        if report.state == "failed":
            item.setForeground(_STATE, QBrush(QColor(theme.ACCENT)))

    def end(self) -> None:
        """Show that what is not done is not done any more."""
        for item in self._rows.values():
            if item.text(_STATE) in ("Running", "Waiting"):
                self._say(item, "Stopped" if item.text(_STATE) == "Running" else "", "", "", "")

    def shown(self, path: Path) -> tuple[str, str, str]:
        """What is shown of a file: its state, its seconds, what it was written as or why not."""
        item = self._rows[path]
        return item.text(_STATE), item.text(_SECONDS), item.text(_WHAT)

    def _say(self, item: QTreeWidgetItem, state: str, seconds: str, what: str, tip: str) -> None:
        item.setText(_STATE, state)
        item.setForeground(_STATE, QBrush())
        item.setText(_SECONDS, seconds)
        item.setText(_WHAT, plain(what))
        item.setToolTip(_WHAT, tooltip(tip, lines=True))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if not self.fixed and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        urls = event.mimeData().urls()
        self.dropped.emit([Path(url.toLocalFile()) for url in urls if url.isLocalFile()])
        event.acceptProposedAction()
