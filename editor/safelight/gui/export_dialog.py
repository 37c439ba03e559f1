"""Export: format, quality, depth, metadata and a name; an existing file is replaced only by a
button that says so."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from safelight import actions
from safelight.gui.background import Background
from safelight.gui.text import plain, size

_DEPTHS = {"uint8": "8-bit", "uint16": "16-bit", "float32": "32-bit float"}
_HOLDS = {
    "JPEG": {"8-bit": 8},
    "PNG": {"8-bit": 8, "16-bit": 16},
    "TIFF": {"8-bit": 8, "16-bit": 16, "32-bit float": 32},
    "WebP": {"8-bit": 8},
}
_METADATA = {
    "Everything": "all",
    "Copyright only": "copyright",
    "Nothing": "none",
}
_QUALITY = {"JPEG": 92, "WebP": 90}


class ExportDialog(QDialog):
    """Asks how, and exports. ``exported`` is what was written, once it is accepted."""

    def __init__(
        self,
        document: actions.Document,
        source: Path | None,
        parent: QWidget | None = None,
        *,
        studio: actions.Studio | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self.setMinimumWidth(480)
        self.exported: actions.Exported | None = None
        self._document = document
        self._live = studio.live if studio is not None else None
        self.format = QComboBox()
        self.format.addItems(list(actions.FORMATS))
        self.quality = QSlider(Qt.Orientation.Horizontal)
        self.quality.setRange(1, 100)
        self.number = QSpinBox()
        self.number.setRange(1, 100)
        self.number.setFixedWidth(60)
        self.lossless = QCheckBox("Lossless")
        self.bits = QComboBox()
        self.metadata = QComboBox()
        self.metadata.addItems(list(_METADATA))
        self.metadata.setToolTip("The colour profile always comes along: the colours need it")
        self.path = QLineEdit(str(_proposal(document, source)))
        self.note = QLabel()
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.hide()
        self.export = QPushButton("Export")
        self.export.setDefault(True)
        self._lay_out()
        self._connect()
        self._path_changed()

    def options(self) -> actions.ExportOptions:
        """What is chosen."""
        name = self.format.currentText()
        lossy = name in _QUALITY and not (name == "WebP" and self.lossless.isChecked())
        return actions.ExportOptions(
            format=name,
            quality=self.quality.value() if lossy else None,
            lossless=name == "WebP" and self.lossless.isChecked(),
            depth=self.bits.currentData(),
            metadata=_METADATA[self.metadata.currentText()],  # type: ignore[arg-type]
        )

    def _lay_out(self) -> None:
        document = self._document
        facts = f"{size(document.width, document.height)}, {_DEPTHS[document.depth]}"
        about = QLabel(plain(f"{facts}, {document.profile.name}"))
        about.setTextFormat(Qt.TextFormat.PlainText)
        about.setObjectName("dim")
        quality = QHBoxLayout()
        quality.addWidget(self.quality, 1)
        quality.addWidget(self.number)
        self._quality_row = QWidget()
        self._quality_row.setLayout(quality)
        quality.setContentsMargins(0, 0, 0, 0)
        browse = QPushButton("Browse…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        where = QHBoxLayout()
        where.addWidget(self.path, 1)
        where.addWidget(browse)
        self._form = QFormLayout()
        self._form.setVerticalSpacing(10)
        self._form.setHorizontalSpacing(16)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.addRow("Picture", about)
        self._form.addRow("Format", self.format)
        self._form.addRow("Quality", self._quality_row)
        self._form.addRow("", self.lossless)
        self._form.addRow("Depth", self.bits)
        self._form.addRow("Metadata", self.metadata)
        self._form.addRow("File", where)
        cancel = QPushButton("Cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addWidget(self.busy, 1)
        buttons.addStretch(0)
        buttons.addWidget(cancel)
        buttons.addWidget(self.export)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(14)
        layout.addLayout(self._form)
        layout.addWidget(self.note)
        layout.addStretch(1)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self.format.currentTextChanged.connect(self._format_chosen)
        self.quality.valueChanged.connect(self.number.setValue)
        self.number.valueChanged.connect(self.quality.setValue)
        self.lossless.toggled.connect(lambda _: self._show_rows())
        self.path.textChanged.connect(lambda _: self._path_changed())
        self.export.clicked.connect(self._start)

    def _format_chosen(self, name: str) -> None:
        """Give the file the format's ending, and offer what the format can hold."""
        path = Path(self.path.text())
        if path.suffix.lower() not in actions.FORMATS[name]:
            self.path.setText(str(path.with_suffix(actions.FORMATS[name][0])))
        self._show_rows()

    def _path_changed(self) -> None:
        """Take the format from a typed ending, and say when the file exists already."""
        path = Path(self.path.text())
        for name, endings in actions.FORMATS.items():
            if path.suffix.lower() in endings and name != self.format.currentText():
                with QSignalBlocker(self.format):
                    self.format.setCurrentText(name)
        self._show_rows()
        exists = path.is_file()
        self.export.setText("Replace" if exists else "Export")
        self.export.setEnabled(bool(path.name))
        self.note.setText(f"{plain(path.name)} exists already." if exists else "")

    def _show_rows(self) -> None:
        name = self.format.currentText()
        if name in _QUALITY and getattr(self, "_quality_of", "") != name:
            self._quality_of = name
            self.quality.setValue(_QUALITY[name])
            self.number.setValue(_QUALITY[name])
        lossless = name == "WebP" and self.lossless.isChecked()
        self._form.setRowVisible(self._quality_row, name in _QUALITY and not lossless)
        self._form.setRowVisible(self.lossless, name == "WebP")
        wanted: Any = self.bits.currentData()
        same = _DEPTHS[self._document.depth]
        self.bits.clear()
        for text, bits in _HOLDS[name].items():
            self.bits.addItem(f"{text} (as opened)" if text == same else text, bits)
        self.bits.setEnabled(self.bits.count() > 1)
        held = list(_HOLDS[name])
        best = held.index(same) if same in held else len(held) - 1
        known = self.bits.findData(wanted)
        self.bits.setCurrentIndex(best if wanted is None or known < 0 else known)

    def _browse(self) -> None:
        endings = " ".join(f"*{end}" for ends in actions.FORMATS.values() for end in ends)
        # The dialog's own question is left out: the button says Replace, and the label why.
        chosen, _ = QFileDialog.getSaveFileName(
            self,
            "Export to",
            self.path.text(),
            f"Pictures ({endings})",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if chosen:
            self.path.setText(chosen)

    def _start(self) -> None:
        path = Path(self.path.text()).expanduser()
        replace = self.export.text() == "Replace"
        try:
            options = self.options()
        except actions.ExportError as error:
            self._failed(error)
            return
        self._set_busy(True)
        document = self._document
        Background(
            self,
            lambda: actions.export(document, path, options, overwrite=replace, live=self._live),
            self._done,
            self._failed,
        )

    def _done(self, exported: actions.Exported) -> None:
        self._set_busy(False)
        self.exported = exported
        self.accept()

    def _failed(self, error: Exception) -> None:
        self._set_busy(False)
        self._path_changed()
        self.note.setText(plain(str(error)))

    def _set_busy(self, on: bool) -> None:
        self.busy.setVisible(on)
        self.export.setEnabled(not on)

    def reject(self) -> None:
        if not self.busy.isVisible():  # an export under way is finished first
            super().reject()


def _proposal(document: actions.Document, source: Path | None) -> Path:
    """A new name beside the source: ``photo-edited.jpg``, or ``-2`` and so on where taken."""
    folder = source.parent if source is not None else Path.home()
    if not os.access(folder, os.W_OK):
        folder = Path.home()
    old = source or Path(document.name)
    known = [end for ends in actions.FORMATS.values() for end in ends]
    ending = old.suffix if old.suffix.lower() in known else ".jpg"
    if document.has_alpha and ending.lower() in actions.FORMATS["JPEG"]:
        ending = ".png"
    number, path = 1, folder / f"{old.stem}-edited{ending}"
    while path.exists():
        number += 1
        path = folder / f"{old.stem}-edited-{number}{ending}"
    return path
