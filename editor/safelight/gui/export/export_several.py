"""Export several: which of the open photographs, into which folder, under which names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QMessageBox,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from safelight import actions
from safelight.gui.widgets.question_box import ask
from safelight.gui.widgets.shown_text import plain, tooltip
from safelight.gui.widgets.small_widgets import remark

_EXISTING = {"Ask": "ask", "Add a number": "number", "Replace it": "replace", "Skip it": "skip"}

_HELP = "\n".join(
    [
        *(f"{{{field}}}: {words}" for field, words in actions.FIELDS.items()),
        "A date can have a format, as in {taken:YYYYMMDD-hhmmss}:",
        f"{actions.FORMAT}.",
        f"Where nobody knows when a photograph was taken, {{taken}} is “{actions.UNDATED}”.",
    ]
)
"""What a pattern of names is made of."""

_MOST_ROWS = 5
"""Photographs that the list shows without scrolling."""

_MOST_NAMES = 6
"""Files that a question lists; of more it says how many."""


class Ticked(QListWidget):
    """Photographs, each with a tick. ``changed`` tells that others are ticked."""

    changed = Signal()

    def __init__(
        self, items: Sequence[actions.BatchItem], first: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._first = first
        self.setAccessibleName("Photographs to export")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        for place, item in enumerate(items):
            line = QListWidgetItem(plain(item.name))
            line.setToolTip(tooltip(str(item.source or item.name)))
            line.setFlags(line.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            on = place == first
            line.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            self.addItem(line)
        self.setCurrentRow(first)
        self.itemChanged.connect(lambda _: self.changed.emit())

    def sizeHint(self) -> QSize:
        rows = min(max(self.count(), 2), _MOST_ROWS)
        height = rows * max(self.sizeHintForRow(0), 1) + 2 * self.frameWidth() + 4
        return QSize(super().sizeHint().width(), height)

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def places(self) -> list[int]:
        """Which are ticked, counted from 0."""
        rows = range(self.count())
        return [row for row in rows if self.item(row).checkState() == Qt.CheckState.Checked]

    def tick_all(self) -> None:
        """Have all ticked; where they are, only the one that was at first."""
        every = range(self.count())
        self.tick([self._first] if len(self.places()) == self.count() else every)

    def tick(self, places: Sequence[int]) -> None:
        """Have these ticked and no others."""
        with QSignalBlocker(self):
            for row in range(self.count()):
                on = row in places
                state = Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
                self.item(row).setCheckState(state)
        self.viewport().update()
        self.changed.emit()


class IntoFolder(QWidget):
    """A folder, a pattern of names and what is done about files that are there already: one of
    ``ways``, by their words.

    ``changed`` tells that something of it is another.
    """

    changed = Signal()

    def __init__(
        self,
        folder: Path,
        parent: QWidget | None = None,
        *,
        ways: Mapping[str, str] = MappingProxyType(_EXISTING),
    ) -> None:
        super().__init__(parent)
        self.folder = QLineEdit(str(folder))
        self.folder.setAccessibleName("Folder")
        self.browse = QPushButton("Browse…")
        self.browse.setAutoDefault(False)
        self.browse.clicked.connect(self._browse)
        self.pattern = QLineEdit("{name}-edited")
        self.pattern.setAccessibleName("Names")
        self.pattern.setMinimumWidth(120)
        self.pattern.setToolTip(_HELP)
        self.insert = QPushButton("Insert")
        self.insert.setAutoDefault(False)
        self.insert.setToolTip(
            "Put something into the name that differs from photograph to photograph"
        )
        menu = QMenu(self.insert)
        for field, words in actions.FIELDS.items():
            text = f"{{{field}}}"
            menu.addAction(f"{words}  {text}").triggered.connect(partial(self._put, text))
        self.insert.setMenu(menu)
        self.existing = QComboBox()
        self.existing.setAccessibleName("Where a file exists already")
        for words, value in ways.items():
            self.existing.addItem(words, value)
        self.example = remark()
        self.example.setWordWrap(False)
        self.example.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        names = QHBoxLayout()
        names.addWidget(self.pattern, 1)
        names.addWidget(self.insert)
        names.addWidget(QLabel("If a file exists"))
        names.addWidget(self.existing)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(6)
        grid.addWidget(QLabel("Folder"), 0, 0)
        grid.addWidget(self.folder, 0, 1)
        grid.addWidget(self.browse, 0, 2)
        grid.addWidget(QLabel("Names"), 1, 0)
        grid.addLayout(names, 1, 1, 1, 2)
        grid.addWidget(self.example, 2, 1, 1, 2)
        self.folder.textChanged.connect(lambda _: self.changed.emit())
        self.pattern.textChanged.connect(lambda _: self.changed.emit())
        self.existing.currentIndexChanged.connect(lambda _: self.changed.emit())

    def target(self) -> Path:
        """The folder that is written to."""
        return Path(self.folder.text()).expanduser()

    def paths(
        self,
        items: Sequence[actions.BatchItem],
        suffix: str,
        options: actions.ExportOptions,
        spared: Sequence[Path],
        *,
        replace: bool | None = None,
    ) -> tuple[Path, ...]:
        """The file of each photograph; ``replace`` says whether one that is there is replaced, as
        chosen where it is None. Raises ExportError for a pattern that cannot be.
        """
        existing = self.existing.currentData()
        keeps = existing == "number" if replace is None else not replace
        return actions.destinations(
            items,
            self.target(),
            self.pattern.text(),
            suffix,
            options,
            when=datetime.now(),
            replace=not keeps,
            spared=() if existing == "skip" else spared,
        )

    def show_names(self, paths: Sequence[Path], why_not: str = "") -> None:
        """Show the names that come of the pattern, or why none do."""
        names = [plain(path.name) for path in paths]
        self.example.setText(plain(why_not) or ", ".join(names))
        self.example.setToolTip(tooltip("\n".join(names), lines=True))

    def settle(
        self,
        paths: Sequence[Path],
        numbered: Sequence[Path],
        export: Callable[[Sequence[Path], bool, Sequence[int]], object],
    ) -> str:
        """Have files exported once it is known what becomes of those that are there already.

        ``export`` is given the files, ``numbered`` ones where that is chosen, whether they replace
        others, and the rows that are skipped. Returns why nothing is exported; "" where it is, or
        where it is asked about first.
        """
        folder, existing = self.target(), self.existing.currentData()
        if not folder.is_dir():
            return f"There is no folder {folder}; choose one that exists."
        there = [path for path in paths if path.exists()]
        if existing == "ask" and there:
            number, replace = partial(export, numbered, False, ()), partial(export, paths, True, ())
            ask_about(self, there, number, replace)
            return ""
        skipped = [row for row, path in enumerate(paths) if path in there and existing == "skip"]
        if len(skipped) == len(paths):
            return "All these files exist already, so that there is nothing to export."
        export(paths, existing == "replace", skipped)
        return ""

    def _put(self, field: str) -> None:
        self.pattern.insert(field)
        self.pattern.setFocus()

    def _browse(self) -> None:
        found = QFileDialog.getExistingDirectory(self, "Export to", self.folder.text())
        if found:
            self.folder.setText(found)


def ask_about(
    parent: QWidget,
    there: Sequence[Path],
    number: Callable[[], object],
    replace: Callable[[], object],
) -> QMessageBox:
    """Ask whether files that exist are to be replaced, or the new ones have numbers; or neither."""
    names = [plain(path.name, longest=80) for path in there[:_MOST_NAMES]]
    more = len(there) - len(names)
    count = "One of these files exists" if len(there) == 1 else f"{len(there)} of these files exist"
    details = "\n".join([*names, *([f"and {more} more"] if more else [])])
    return ask(parent, f"{count} already.", details, ("Add a number", number), ("Replace", replace))
