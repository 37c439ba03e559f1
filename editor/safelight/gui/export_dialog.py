"""Export: format, quality, depth, metadata and a name; an existing file is replaced only by a
button that says so."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from safelight import actions
from safelight.api import Format, Parameter, Value
from safelight.document import LayerFailed
from safelight.gui.background import Background, Mailbox
from safelight.gui.controls import Control, control_for
from safelight.gui.controls.field import WholeField
from safelight.gui.exportpreview import ExportPreview
from safelight.gui.leavingout import ask_without
from safelight.gui.text import plain, size
from safelight.pixels import ColourError, known_profile, profile_name

_DEPTHS = {"uint8": "8-bit", "uint16": "16-bit", "float32": "32-bit float"}
_BITS = {"uint8": 8, "uint16": 16, "float32": 32}
_METADATA = {
    "Everything": "all",
    "Without the location": "without location",
    "Copyright only": "copyright",
    "Nothing": "none",
}
_MADE = {"partly": "a generator made part of it", "wholly": "a generator made it"}


@dataclass(frozen=True, slots=True)
class _Target:
    """A format to choose: what the export calls it, its suffixes, its depths."""

    id: str
    suffixes: tuple[str, ...]
    depths: tuple[str, ...]
    alpha: bool
    ours: bool = True
    options: tuple[Parameter, ...] = ()


_OURS = {
    codec.name: _Target(
        codec.name, codec.suffixes, codec.depths, codec.alpha, options=codec.options
    )
    for codec in actions.exported_formats()
}


class ExportDialog(QDialog):
    """Asks how, and exports. ``exported`` is what was written, once it is accepted, and ``used``
    how.

    ``formats`` are those of plugins. ``ran`` tells whether an export is under way.
    """

    ran = Signal(bool)

    def __init__(
        self,
        document: actions.Document,
        source: Path | None,
        parent: QWidget | None = None,
        *,
        studio: actions.Studio | None = None,
        formats: Sequence[Format] = (),
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self.exported: actions.Exported | None = None
        self.used = actions.ExportOptions()
        self._document = document
        self._studio = studio
        self._left_out: list[str] = []
        self._live = studio.live if studio is not None else None
        self._exporters = studio.exporters if studio is not None else tuple
        self._targets = _OURS | _theirs(formats)
        self._presets = actions.Presets()
        self._cancelled = threading.Event()
        self._progress = Mailbox(self, lambda done: self.busy.setValue(round(1000 * done)))
        self.preset = QComboBox()
        self.preset.setAccessibleName("Preset")
        self.preset.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.keep = QPushButton("Save…")
        self.keep.setToolTip("Save what is chosen as a preset")
        self.forget = QPushButton("Remove")
        self.preview = ExportPreview()
        self.profile = QComboBox()
        self.profile.addItem("As the picture has it", None)
        for known in ("sRGB", "Display_P3", "Adobe_RGB"):
            self.profile.addItem(known.replace("_", " "), known_profile(known).icc)
        self.profile.addItem("From a file…", "file")
        self.finishes: dict[str, Control] = {
            item.name: control_for(item, self) for item in actions.finishes()
        }
        self.format = QComboBox()
        self.format.addItems(list(self._targets))
        self.quality = QSlider(Qt.Orientation.Horizontal)
        self.quality.setRange(1, 100)
        self.number = WholeField()
        self.number.setRange(1, 100)
        self.number.setFixedWidth(60)
        self.number.setKeyboardTracking(False)
        self.lossless = QCheckBox("Lossless")
        self.controls: dict[tuple[str, str], Control] = {
            (name, option.name): control_for(option, self)
            for name, target in self._targets.items()
            for option in target.options
            if option.name not in ("quality", "lossless")
        }
        self.bits = QComboBox()
        self.metadata = QComboBox()
        self.metadata.addItems(list(_METADATA))
        self.metadata.setToolTip(
            "The colour profile always comes along: the colours need it. So does the mark of a"
            " picture that a generator made."
        )
        self._made = _MADE.get(actions.declared(document), "")
        self.mark = QLabel()
        self.mark.setObjectName("dim")
        self.mark.setTextFormat(Qt.TextFormat.PlainText)
        self.path = QLineEdit(str(_proposal(document, source, self._targets)))
        self.note = QLabel()
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        self.busy = QProgressBar()
        self.busy.setRange(0, 1000)
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
        settings: dict[str, Value] = {
            option: control.value() for (of, option), control in self.controls.items() if of == name
        }
        if "lossless" in self._options(name):
            settings["lossless"] = self.lossless.isChecked()
        if self._asks_quality(name):
            settings["quality"] = self.quality.value()
        return actions.ExportOptions(
            format=self._targets[name].id,
            settings=settings,
            depth=self.bits.currentData(),
            metadata=_METADATA[self.metadata.currentText()],  # type: ignore[arg-type]
            profile=self._chosen_profile() if self._targets[name].ours else None,
            **{name: control.value() for name, control in self.finishes.items()},  # type: ignore[arg-type]
        )

    def choose(self, options: actions.ExportOptions) -> None:
        """Show a way to export, a preset's or that of the last time."""
        ids = [target.id for target in self._targets.values()]
        if options.format in ids:
            self.format.setCurrentIndex(ids.index(options.format))
        name = self.format.currentText()
        for (of, option), control in self.controls.items():
            if of == name and option in options.settings:
                control.choose(options.settings[option])
        for option, default in ((x, y.default) for x, y in self._options(name).items()):
            value: Any = options.settings.get(option, default)
            if option == "quality":
                self.quality.setValue(round(value))
            elif option == "lossless":
                self.lossless.setChecked(bool(value))
        depth = self.bits.findData(options.depth)
        if depth >= 0:
            self.bits.setCurrentIndex(depth)
        self.metadata.setCurrentIndex(list(_METADATA.values()).index(options.metadata))
        self._choose_profile(options.profile)
        for option, control in self.finishes.items():
            control.choose(getattr(options, option))
        self._show_rows()

    def _choose_profile(self, icc: bytes | None) -> None:
        index = next((x for x in range(self.profile.count()) if self._icc(x) == icc), -1)
        if index < 0 and icc is not None:
            index = self.profile.count() - 1
            self.profile.insertItem(index, plain(profile_name(icc)), icc)
        with QSignalBlocker(self.profile):
            self.profile.setCurrentIndex(index)
        self._profile_before = index

    def _chosen_profile(self) -> bytes | None:
        found = self._icc(self.profile.currentIndex())
        return found if isinstance(found, bytes) else None

    def _icc(self, index: int) -> object:
        """The profile of a line of the list; its bytes come back as Qt's own."""
        data = self.profile.itemData(index)
        return bytes(data.data()) if isinstance(data, QByteArray) else data

    def _profile_chosen(self) -> None:
        if self.profile.currentData() != "file":
            self._profile_before = self.profile.currentIndex()
            self._show_preview()
            return
        self.profile.setCurrentIndex(self._profile_before)
        path, _ = QFileDialog.getOpenFileName(self, "Profile", "", "Profiles (*.icc *.icm)")
        if not path:
            return
        try:
            icc = Path(path).read_bytes()
            profile_name(icc)
        except (OSError, ColourError) as error:
            self.note.setText(plain(f"{Path(path).name} is no profile: {error}."))
            return
        self._choose_profile(icc)
        self._show_preview()

    # -- presets -------------------------------------------------------------------------------

    def _list_presets(self, shown: str = "") -> None:
        with QSignalBlocker(self.preset):
            self.preset.clear()
            self.preset.addItem("As chosen below", "")
            for name in self._presets.all():
                self.preset.addItem(plain(name), name)
            self.preset.setCurrentIndex(max(self.preset.findData(shown), 0))
        self.forget.setEnabled(self.preset.currentData() in self._presets.saved())

    def _preset_chosen(self) -> None:
        found = self._presets.all().get(self.preset.currentData())
        self.forget.setEnabled(self.preset.currentData() in self._presets.saved())
        if found is not None:
            self.choose(found)

    def _keep_preset(self) -> None:
        name, sure = QInputDialog.getText(self, "Save preset", "Name of the preset")
        if sure:
            self.keep_preset(name)

    def keep_preset(self, name: str) -> None:
        """Save what is chosen under a name, or say why that cannot be."""
        try:
            self._presets.save(name, self.options())
        except actions.ExportError as error:
            self.note.setText(plain(str(error)))
            return
        self._list_presets(name.strip())

    def _forget_preset(self) -> None:
        with contextlib.suppress(actions.ExportError):
            self._presets.remove(self.preset.currentData())
        self._list_presets()

    # -- the preview ---------------------------------------------------------------------------

    def _show_preview(self) -> None:
        """Have what is chosen encoded, where that can be seen."""
        target = self._targets[self.format.currentText()]
        writes = {codec.name for codec in actions.exported_formats() if codec.write is not None}
        if target.id not in writes:
            self.preview.show_nothing("There is no preview of this format.")
            return
        try:
            self.preview.show_export(self._document, self.options(), self._live)
        except actions.ExportError as error:
            self.preview.show_nothing(str(error))

    def _options(self, name: str) -> dict[str, Parameter]:
        """What an export to a format can be told, by name."""
        return {option.name: option for option in self._targets[name].options}

    def _asks_quality(self, name: str) -> bool:
        """Whether the quality counts as things are set."""
        option = self._options(name).get("quality")
        return option is not None and not (option.unless and self.lossless.isChecked())

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
        presets = QHBoxLayout()
        presets.setContentsMargins(0, 0, 0, 0)
        presets.setSpacing(8)
        for button in (self.keep, self.forget):
            button.setAutoDefault(False)
            presets.addWidget(button)
        self._form.addRow("Picture", about)
        presets.addStretch(1)
        self._form.addRow("Preset", self.preset)
        self._form.addRow("", presets)
        self._form.addRow("Format", self.format)
        self._form.addRow("Quality", self._quality_row)
        self._form.addRow("", self.lossless)
        for control in self.controls.values():
            self._form.addRow("", control)
        self._form.addRow("Depth", self.bits)
        self._form.addRow("Profile", self.profile)
        self._form.addRow("Metadata", self.metadata)
        self._form.addRow("", self.mark)
        for control in self.finishes.values():
            self._form.addRow("", control)
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
        inside = QWidget()
        inside.setLayout(self._form)
        self._form.setContentsMargins(0, 0, 8, 0)
        area = QScrollArea()
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # The preset's row alone may be wide; all others fit where it does.
        area.setMinimumWidth(
            inside.minimumSizeHint().width() + area.verticalScrollBar().sizeHint().width()
        )
        upper = QHBoxLayout()
        upper.setSpacing(16)
        upper.addWidget(self.preview, 1)
        upper.addWidget(area)
        name = QHBoxLayout()
        name.addWidget(QLabel("File"))
        name.addLayout(where, 1)
        layout.addLayout(upper, 1)
        layout.addLayout(name)
        layout.addWidget(self.note)
        layout.addLayout(buttons)
        room = self.screen().availableGeometry().size() - QSize(16, 48)
        self.resize(QSize(1000, 680).boundedTo(room))

    def _connect(self) -> None:
        self.format.currentTextChanged.connect(self._format_chosen)
        self.quality.valueChanged.connect(self.number.setValue)
        self.number.valueChanged.connect(self.quality.setValue)
        self.lossless.toggled.connect(lambda _: self._show_rows())
        self.path.textChanged.connect(lambda _: self._path_changed())
        self.export.clicked.connect(self._start)
        self.preset.activated.connect(lambda _: self._preset_chosen())
        self.keep.clicked.connect(self._keep_preset)
        self.forget.clicked.connect(self._forget_preset)
        self.profile.currentIndexChanged.connect(lambda _: self._profile_chosen())
        self._profile_before = 0
        for box in (self.bits, self.metadata):
            box.activated.connect(lambda _: self._show_preview())
        self.quality.valueChanged.connect(lambda _: self._show_preview())
        for control in self.controls.values():
            control.changed.connect(self._show_preview)
        for control in self.finishes.values():
            control.changed.connect(self._show_rows)
        self.finished.connect(lambda _: self.preview.end())
        self._list_presets()

    def _format_chosen(self, name: str) -> None:
        """Give the file the format's ending, and offer what the format can hold."""
        path = Path(self.path.text())
        if path.suffix.lower() not in self._targets[name].suffixes:
            bare = path.with_suffix("") if self._known(path.suffix) else path
            self.path.setText(f"{bare}{self._targets[name].suffixes[0]}")
        self._show_rows()

    def _known(self, suffix: str) -> list[str]:
        """The formats of which a file's ending tells."""
        return [name for name, target in self._targets.items() if suffix.lower() in target.suffixes]

    def target(self) -> Path:
        """The file that is written: the name that was typed, with the format's ending."""
        path = Path(self.path.text()).expanduser()
        if not path.name or path.is_dir() or self._known(path.suffix):
            return path
        return path.with_name(path.name + self._targets[self.format.currentText()].suffixes[0])

    def _path_changed(self) -> None:
        """Take the format from a typed ending, and say when the file exists already."""
        fitting = self._known(Path(self.path.text()).suffix)
        if fitting and self.format.currentText() not in fitting:
            with QSignalBlocker(self.format):
                self.format.setCurrentText(fitting[0])
        self._show_rows()
        path = self.target()
        exists = path.is_file()
        self.export.setText("Replace" if exists else "Export")
        self.export.setEnabled(bool(path.name))
        self.note.setText(f"{plain(path.name)} exists already." if exists else "")

    def _show_rows(self) -> None:
        name = self.format.currentText()
        options = self._options(name)
        if "quality" in options and getattr(self, "_quality_of", "") != name:
            self._quality_of, usual = name, options["quality"].default
            assert isinstance(usual, int | float)
            self.quality.setValue(round(usual))
            self.number.setValue(round(usual))
        self._form.setRowVisible(self._quality_row, self._asks_quality(name))
        self._form.setRowVisible(self.lossless, "lossless" in options)
        for (of, _), control in self.controls.items():
            self._form.setRowVisible(control, of == name)
        ours = self._targets[name].ours
        self._form.setRowVisible(self.metadata, ours)
        self._form.setRowVisible(self.profile, ours)
        resizes = self.finishes["resize"].value() != "no"
        for option in ("size", "enlarge", "method"):
            self._form.setRowVisible(self.finishes[option], resizes)
        sharpens = self.finishes["sharpen"].value() != "no"
        self._form.setRowVisible(self.finishes["sharpness"], sharpens)
        self._form.setRowVisible(self.finishes["kilobytes"], ours and "quality" in options)
        self._form.setRowVisible(self.mark, bool(self._made))
        verb = "The file will say" if ours else "This format cannot say"
        self.mark.setText(f"{verb} that {self._made}.")
        wanted: Any = self.bits.currentData()
        same = _DEPTHS[self._document.depth]
        self.bits.clear()
        held = [_DEPTHS[depth] for depth in self._targets[name].depths]
        for depth in self._targets[name].depths:
            text = _DEPTHS[depth]
            self.bits.addItem(f"{text} (as opened)" if text == same else text, _BITS[depth])
        self.bits.setEnabled(self.bits.count() > 1)
        best = held.index(same) if same in held else len(held) - 1
        known = self.bits.findData(wanted)
        self.bits.setCurrentIndex(best if wanted is None or known < 0 else known)
        self._show_preview()

    def _browse(self) -> None:
        endings = " ".join(f"*{end}" for x in self._targets.values() for end in x.suffixes)
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
        path = self.target()
        overwrite = self.export.text() == "Replace"
        try:
            options = self.options()
        except actions.ExportError as error:
            self._failed(error)
            return
        self.used = options
        self._set_busy(True)
        self._cancelled = cancelled = threading.Event()
        post = self._progress.post

        def hear(done: float) -> None:
            if cancelled.is_set():
                raise _Cancelled("Cancelled: nothing was written.")
            post(done)

        document = self._document
        Background(
            self,
            lambda: actions.export(
                document,
                path,
                options,
                overwrite=overwrite,
                live=self._live,
                exporters=self._exporters,
                hear=hear,
            ),
            self._done,
            self._failed,
        )

    def _done(self, exported: actions.Exported) -> None:
        self._set_busy(False)
        self.exported = replace(exported, notes=(*self._left_out, *exported.notes))
        self.accept()

    def _failed(self, error: Exception) -> None:
        self._set_busy(False)
        self._path_changed()
        self.note.setText(plain(str(error)))
        if isinstance(error, LayerFailed):
            self._ask(error)

    def _ask(self, failure: LayerFailed) -> None:
        """A layer is missing: compute it again, or export without it, or neither."""

        def again() -> None:
            held = self._document.layer(failure.layer_id).filter
            if self._studio is not None and held is not None:
                self._studio.try_again(held)
            self._start()

        def without() -> None:
            self._document = self._document.without([failure.layer_id])
            self._left_out.append(f"{failure.name} was left out. {failure}")
            self._start()

        ask_without(self, "Export", failure, again, without)

    def _set_busy(self, on: bool) -> None:
        self.busy.setVisible(on)
        self.export.setEnabled(not on)
        self.ran.emit(on)

    def reject(self) -> None:
        if not self.busy.isVisible():
            super().reject()
            return
        self._cancelled.set()  # what is under way ends where it can, and leaves nothing
        self.note.setText("Cancelling…")


class _Cancelled(Exception):
    """The user wants the export no more."""


def _theirs(formats: Sequence[Format]) -> dict[str, _Target]:
    """What plugins export, by title; a title that is taken names its plugin."""
    found: dict[str, _Target] = {}
    for item in formats:
        if not item.reads:
            taken = item.title in _OURS or item.title in found
            name = f"{item.title} ({item.plugin})" if taken else item.title
            found[name] = _Target(item.id, item.suffixes, item.depths, item.alpha, ours=False)
    return found


def _proposal(
    document: actions.Document, source: Path | None, targets: Mapping[str, _Target]
) -> Path:
    """A new name beside the source: ``photo-edited.jpg``, or ``-2`` and so on where taken."""
    folder = source.parent if source is not None else Path.home()
    if not os.access(folder, os.W_OK):
        folder = Path.home()
    old = source or Path(document.name)
    fitting = [item for item in targets.values() if old.suffix.lower() in item.suffixes]
    ending = old.suffix if fitting else ".jpg"
    if document.has_alpha and not (fitting and fitting[0].alpha):
        ending = ".png"
    number, path = 1, folder / f"{old.stem}-edited{ending}"
    while path.exists():
        number += 1
        path = folder / f"{old.stem}-edited-{number}{ending}"
    return path
