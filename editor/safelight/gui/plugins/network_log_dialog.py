"""Network log dialog: which network saw which document, when; exported, and deleted on request."""

from __future__ import annotations

import datetime
from pathlib import Path

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from safelight.actions.network_log import Entry, NetworkLog, verdict
from safelight.files import WriteError
from safelight.gui.open_and_save.save_projects import ask_for_name
from safelight.gui.widgets.question_box import ask
from safelight.gui.widgets.shown_text import plain, size, tooltip
from safelight.gui.widgets.small_widgets import remark

_SHOWN = 2000
"""Entries that are listed, the newest."""

_COLUMNS = ("When", "Document", "Network", "Filter", "Plugin")
_NAME = "networks-log.jsonl"


class NetworkLogDialog(QDialog):
    """The entries of a log, the newest first, and whether they are as they were written."""

    def __init__(self, log: NetworkLog, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("What networks saw")
        self.resize(860, 520)
        self._log = log
        self._entries: tuple[Entry, ...] = ()
        self.line = QLineEdit()
        self.line.setPlaceholderText("Search documents, networks, filters and plugins")
        self.line.setClearButtonEnabled(True)
        self.list = QTreeWidget()
        self.list.setHeaderLabels(_COLUMNS)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setAlternatingRowColors(True)
        header = self.list.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setStretchLastSection(False)
        self.said = remark()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.export = buttons.addButton("Export…", QDialogButtonBox.ButtonRole.ActionRole)
        self.delete = buttons.addButton("Delete…", QDialogButtonBox.ButtonRole.DestructiveRole)
        for button in (self.export, self.delete):
            button.setAutoDefault(False)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(10)
        layout.addWidget(
            remark("It stays on this computer. Opening a picture shows it to no network.")
        )
        layout.addWidget(self.line)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.said)
        layout.addWidget(buttons)
        self.line.textChanged.connect(self._fill)
        self.export.clicked.connect(self._export)
        self.delete.clicked.connect(self._ask_to_delete)
        buttons.rejected.connect(self.reject)
        self._look()

    def _look(self) -> None:
        try:
            self._entries = self._log.entries()
        except OSError as error:
            self._entries = ()
            self.said.setText(plain(f"The log cannot be read: {error.strerror}."))
        else:
            self.said.setText(plain(verdict(self._entries)))
        for button in (self.export, self.delete):
            button.setEnabled(bool(self._entries))
        self._fill()

    def _fill(self) -> None:
        """List the newest entries that have the words of the field in them."""
        words = self.line.text().casefold().split()
        self.list.clear()
        rows = []
        for item in reversed(self._entries):
            told = (item.document, item.network, item.filter, f"{item.plugin} {item.version}")
            said = " ".join((item.time, *told)).casefold()
            if all(word in said for word in words):
                row = QTreeWidgetItem([_local(item.time), *(plain(text) for text in told)])
                if not item.intact:
                    row.setText(0, "Changed")
                for column in range(len(_COLUMNS)):
                    row.setToolTip(column, tooltip(_details(item), lines=True))
                rows.append(row)
            if len(rows) == _SHOWN:
                break
        self.list.addTopLevelItems(rows)

    def _export(self) -> None:
        path = ask_for_name(self, "Export the log", Path(_NAME), "JSON lines (*.jsonl)", ".jsonl")
        if path is None:
            return
        try:
            self._log.export(path, overwrite=True)  # what is there may be replaced
        except (WriteError, OSError) as error:
            self.said.setText(plain(str(error)))
        else:
            many = len(self._entries)
            self.said.setText(plain(f"{many:,} entries are in {path.name}."))

    def _ask_to_delete(self) -> None:
        ask(
            self,
            "Delete the log of what networks saw?",
            "It cannot be brought back. Export it first to keep it.",
            ("Export…", self._export),
            ("Delete", self._delete),
        )

    def _delete(self) -> None:
        try:
            self._log.delete()
        except WriteError as error:
            self.said.setText(plain(str(error)))
        else:
            self._look()


def _local(time: str) -> str:
    """A time of the log as clocks show it here; as it is where it is none."""
    try:
        found = datetime.datetime.fromisoformat(time)
    except ValueError:
        return plain(time)
    return found.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _details(item: Entry) -> str:
    lines = [f"Number {item.number}, {size(item.width, item.height)}"]
    if item.part:
        x, y, width, height = item.part
        lines.append(f"Of it {size(width, height)} from {x}, {y}")
    lines.append(f"SHA-256 {item.sha256}")
    lines += [item.remark] if item.remark else []
    lines += [] if item.intact else ["Its seal does not fit: something was changed here."]
    return "\n".join(lines)
