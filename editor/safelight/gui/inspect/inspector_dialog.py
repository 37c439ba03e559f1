"""Inspector dialog: what a filter does at a place of a photograph, in maps, words and a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QCloseEvent, QImage, QMouseEvent, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QProgressBar,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from safelight.actions import Document, Studio
from safelight.actions.inspection.inspection import Inspection, inspect
from safelight.actions.inspection.inspection_report import (
    HEADS,
    ORIGIN,
    laid_over,
    maps_of,
    origin_map,
    rows_of,
    write_report,
)
from safelight.actions.inspection.network_cost import network_cost
from safelight.actions.inspection.pixel_origin import pixel_origin
from safelight.actions.inspection.tried_filter import NotInspected, TriedFilter
from safelight.actions.stop import Stop, Stopped
from safelight.api import Declaration
from safelight.document import FilterFailed
from safelight.files import WriteError
from safelight.gui.open_and_save.save_projects import ask_for_name
from safelight.gui.threads.background import Background, Mailbox
from safelight.gui.widgets.shown_text import plain
from safelight.gui.widgets.small_widgets import remark

_ROWS = 200
"""Operators in the table of a network."""

_VALUES = "What an operator holds"
_LEAST = 320
"""Pixels that the picture has on the screen at least, each way."""


class InspectorDialog(QDialog):
    """Finds out what a filter does with a ``document`` around ``point`` (x, y), of what lies below
    the layer with that id, and shows it. A click on the photograph asks where that pixel of the
    result comes from.
    """

    def __init__(
        self,
        studio: Studio,
        declaration: Declaration,
        settings: Mapping[str, object],
        document: Document,
        layer_id: str | None,
        point: tuple[int, int],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(plain(f"{declaration.title}: what it does"))
        self.resize(980, 640)
        self._studio, self._declaration, self._settings = studio, declaration, settings
        self._document, self._layer_id, self._point = document, layer_id, point
        self.found: Inspection | None = None
        self._maps: dict[str, NDArray[np.uint8]] = {}
        self._stop = Stop()
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.picture = _Picture()
        self.words = QTextBrowser()
        self.words.setOpenLinks(False)
        self.tables = QTabWidget()
        self.operators = QComboBox()
        self.operators.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.operators.setMinimumContentsLength(24)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.said = remark("Looking at a part of the photograph…")
        self.hint = remark("Click on the picture to ask where that pixel of the result comes from.")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.save = buttons.addButton("Save report…", QDialogButtonBox.ButtonRole.ActionRole)
        self.cancel = buttons.addButton("Stop", QDialogButtonBox.ButtonRole.ActionRole)
        for button in (self.save, self.cancel):
            button.setAutoDefault(False)
        self.save.setEnabled(False)
        self._lay_out(buttons)
        self.list.currentTextChanged.connect(self._show)
        self.picture.clicked.connect(self._ask_again)
        self.operators.activated.connect(self._ask_for_values)
        self.save.clicked.connect(self._save)
        self.cancel.clicked.connect(self._stop_it)
        buttons.rejected.connect(self.reject)
        self._mail = Mailbox(self, self._take)
        self._begin(self._inspected)

    def _lay_out(self, buttons: QDialogButtonBox) -> None:
        left, middle = QWidget(), QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.list, 1)
        column.addWidget(QLabel("Values of an operator:"))
        column.addWidget(self.operators)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.picture, 1)
        column.addWidget(self.hint)
        told = QTabWidget()
        told.addTab(self.words, "In words")
        told.addTab(self.tables, "Networks")
        split = QSplitter()
        for part in (left, middle, told):
            split.addWidget(part)
        split.setSizes([220, 400, 360])
        split.setChildrenCollapsible(False)
        row = QHBoxLayout()
        row.addWidget(self.said, 1)
        row.addWidget(self.bar)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.addWidget(split, 1)
        layout.addLayout(row)
        layout.addWidget(buttons)

    # -- on a thread -------------------------------------------------------------------------

    def _inspected(self) -> Inspection:
        tried = TriedFilter.of(
            self._studio,
            self._declaration,
            self._settings,
            self._document,
            self._point,
            layer_id=self._layer_id,
            stop=self._stop,
        )
        return inspect(tried, self._point, lambda done, words: self._mail.post((done, words)))

    # -- on the window's ---------------------------------------------------------------------

    def _begin(self, work: Callable[[], Any], then: Callable[[Any], None] | None = None) -> None:
        self._stop = Stop()
        if self.found is not None:
            self.found.tried.stop = self._stop
        self._busy(True)
        Background(self, work, then or self._ready, self._failed)

    def _busy(self, busy: bool) -> None:
        self.bar.setVisible(busy)
        self.cancel.setEnabled(busy)
        self.save.setEnabled(not busy and self.found is not None)
        self.picture.setEnabled(not busy and self.found is not None)
        self.operators.setEnabled(not busy and self.operators.count() > 1)

    def _take(self, letter: tuple[float, str]) -> None:
        done, words = letter
        self.bar.setValue(round(1000 * done))
        self.said.setText(plain(f"Finding out {words}…" if words else ""))

    def _ready(self, found: Inspection) -> None:
        self.found = found
        self._maps = maps_of(found)
        self.list.addItems(list(self._maps))
        self.list.setCurrentRow(0)
        self._fill_tables(found)
        self._tell(found)

    def _tell(self, found: Inspection) -> None:
        self.said.setText("")
        self.words.setPlainText(
            "\n\n".join(f"{plain(heading)}\n{plain(text)}" for heading, text in found.sentences())
        )
        self._busy(False)

    def _fill_tables(self, found: Inspection) -> None:
        self.tables.clear()
        self.operators.clear()
        self.operators.addItem("Choose an operator…")
        for network in found.networks:
            rows = list(rows_of(network, _ROWS))
            table = QTableWidget(len(rows), len(HEADS))
            table.setHorizontalHeaderLabels(HEADS)
            table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
            for row, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    table.setItem(row, column, QTableWidgetItem(plain(cell)))
            table.resizeColumnsToContents()
            self.tables.addTab(table, plain(network.name))
            for choice in network.choices:
                words = f"{network.name}: {choice.kind} {choice.name}"
                self.operators.addItem(plain(words), (network.name, choice.tensor))

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, Stopped | FilterFailed | NotInspected):
            raise error
        self.said.setText("Stopped." if isinstance(error, Stopped) else plain(str(error)))
        self._busy(False)

    def _show(self, name: str) -> None:
        if name in self._maps:
            self.picture.have(self._maps[name])

    def _ask_again(self, x: float, y: float) -> None:
        """Ask for the origin of another pixel: at so much of the picture's width and height."""
        found = self.found
        if found is None:
            return
        height, width = found.tried.picture.shape[:2]
        at = min(int(x * width), width - 1), min(int(y * height), height - 1)

        def then(origin: Any) -> None:
            found.origin = origin
            self._tell(found)
            self._look_at(ORIGIN, origin_map(found))

        words = "where a pixel comes from"
        self.bar.setRange(0, 1000)
        self._begin(
            lambda: pixel_origin(found.tried, at, lambda done: self._mail.post((done, words))), then
        )

    def _ask_for_values(self, row: int) -> None:
        """Ask for what the chosen operator holds."""
        found, chosen = self.found, self.operators.itemData(row)
        if found is None or chosen is None:
            return
        network, tensor = chosen

        def then(answer: Any) -> None:
            _, values = answer
            self._busy(False)
            if values is None:
                self.said.setText("What this operator holds is no picture.")
                return
            self.said.setText("")
            self._look_at(_VALUES, laid_over(found.tried.picture, values))

        self.said.setText("Running the network…")
        self.bar.setRange(0, 0)
        self._begin(lambda: network_cost(found.tried, network, tensor), then)

    def _look_at(self, name: str, made: NDArray[np.uint8]) -> None:
        """Have a map in the list, and show it."""
        if name not in self._maps:
            self.list.addItem(name)
        self._maps[name] = made
        self.list.setCurrentRow(list(self._maps).index(name))
        self.picture.have(made)

    def _save(self) -> None:
        proposed = Path(f"{self._declaration.name}.html")
        path = ask_for_name(self, "Save report", proposed, "HTML (*.html)", ".html")
        if path is None or self.found is None:
            return
        try:
            write_report(self.found, path, overwrite=True)
        except WriteError as error:
            self.said.setText(plain(str(error)))
        else:
            self.said.setText(plain(f"Saved {path.name}."))

    def _stop_it(self) -> None:
        self._stop.ask()

    def closeEvent(self, event: QCloseEvent) -> None:
        """End what is under way with it."""
        self._stop.ask()
        super().closeEvent(event)

    def reject(self) -> None:
        """Close the dialog."""
        self._stop.ask()
        super().reject()


class _Picture(QLabel):
    """A picture as large as there is room; ``clicked`` has the place, 0 to 1 each way."""

    clicked = Signal(float, float)

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(_LEAST, _LEAST)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._whole = QPixmap()

    def have(self, picture: NDArray[np.uint8]) -> None:
        """Show a picture, uint8 (height, width, 3)."""
        height, width, _ = picture.shape
        image = QImage(picture.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        self._whole = QPixmap.fromImage(image)
        self._fit()

    def resizeEvent(self, event: Any) -> None:
        """Fit the picture to the room again."""
        super().resizeEvent(event)
        self._fit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Say where it was clicked on."""
        shown = self.pixmap().deviceIndependentSize()
        corner = QPoint(
            round((self.width() - shown.width()) / 2), round((self.height() - shown.height()) / 2)
        )
        place = event.position().toPoint() - corner
        if 0 <= place.x() < shown.width() and 0 <= place.y() < shown.height():
            self.clicked.emit(place.x() / shown.width(), place.y() / shown.height())

    def _fit(self) -> None:
        if self._whole.isNull():
            return
        ratio = self.devicePixelRatioF()
        fitted = self._whole.scaled(
            self.size() * ratio,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        fitted.setDevicePixelRatio(ratio)
        self.setPixmap(fitted)
