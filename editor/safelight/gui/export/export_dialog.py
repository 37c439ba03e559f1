"""Export dialog: format, quality, depth, metadata and names; nothing is replaced unasked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from safelight import actions
from safelight.api import Format, Parameter, Value
from safelight.document import LayerFailed
from safelight.gui.controls import Control, control_for
from safelight.gui.controls.number_field import WholeField
from safelight.gui.export.export_depth import DEPTHS, DepthChoice
from safelight.gui.export.export_preset_list import PresetRow
from safelight.gui.export.export_preview import ExportPreview
from safelight.gui.export.export_profile import ProfileChoice
from safelight.gui.export.export_progress import Running
from safelight.gui.export.export_rows import beside, empty_form, plain_button, scrolling
from safelight.gui.export.export_several import IntoFolder, Ticked
from safelight.gui.export.export_targets import (
    OURS,
    asked_name,
    of_plugins,
    proposed_name,
)
from safelight.gui.export.export_words import said_cancelled, said_made, said_narrowed
from safelight.gui.jobs.left_out_layers import ask_without
from safelight.gui.threads.background import Background
from safelight.gui.widgets.shown_text import plain, size
from safelight.gui.widgets.small_widgets import remark, small_button

_METADATA = {
    "Everything": "all",
    "Without the location": "without location",
    "Copyright only": "copyright",
    "Nothing": "none",
}
_CONVERTING = ("intent", "black_point")
"""What counts where colours are converted to another profile."""


class ExportDialog(QDialog):
    """Asks how, and exports. ``exported`` is what was written, once it is accepted, and ``used``
    how.

    ``formats`` are those of plugins. ``ran`` tells whether an export is under way. ``items`` are
    all photographs that are open: where they are several, others can be exported too. ``several``
    gives what became of those: an ``Outcome`` each, of which ``place`` is that in ``items``.
    """

    ran = Signal(bool)
    several = Signal(object)

    def __init__(
        self,
        document: actions.Document,
        source: Path | None,
        parent: QWidget | None = None,
        *,
        studio: actions.Studio | None = None,
        formats: Sequence[Format] = (),
        items: Sequence[actions.BatchItem] = (),
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self.items = items or (actions.BatchItem(document.name, document, source),)
        self.exported: actions.Exported | None = None
        self.used = actions.ExportOptions()
        self._document = self._in_front = document
        self._studio = studio
        self._left_out: list[str] = []
        self._live = studio.live if studio is not None else None
        self._exporters = studio.exporters if studio is not None else tuple
        self._targets = OURS | of_plugins(formats)
        self.presets = PresetRow(self.options)
        self.preview = ExportPreview()
        self.profile = ProfileChoice()
        self.finishes: dict[str, Control] = {
            item.name: control_for(item, self)
            for item in actions.finishes()
            if item.name != "keep_profile"
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
        self.bits = DepthChoice()
        self.metadata = QComboBox()
        self.metadata.addItems(list(_METADATA))
        self.metadata.setToolTip(
            "The colour profile always comes along: the colours need it. So does the mark of a"
            " picture that a generator made."
        )
        self.narrowed = remark()
        self.mark = remark()
        proposal = proposed_name(document, source, self._targets)
        self.path = QLineEdit(str(proposal))
        self.into = IntoFolder(proposal.parent)
        first = next((x for x, item in enumerate(self.items) if item.document is document), 0)
        self.ticked = Ticked(self.items, first)
        self.note = QLabel()
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        self.running = Running()
        self.busy = self.running.busy
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
            profile=self.profile.icc() if self._targets[name].ours else None,
            keep_profile=self.profile.keeps(),
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
        self.profile.choose(options.profile, options.keep_profile)
        for option, control in self.finishes.items():
            control.choose(getattr(options, option))
        self._show_rows()

    # -- the preview ---------------------------------------------------------------------------

    def _show_preview(self) -> None:
        """Have what is chosen encoded, where that can be seen."""
        target = self._targets[self.format.currentText()]
        writes = {codec.name for codec in actions.exported_formats() if codec.write is not None}
        if target.ours and target.id not in writes:
            self.preview.show_nothing("There is no preview of this format.")
            return
        try:
            self.preview.show_export(self._seen(), self.options(), self._live, self._exporters)
        except actions.ExportError as error:
            self.preview.show_nothing(str(error))

    def _chosen(self) -> list[actions.BatchItem]:
        """The photographs that are ticked."""
        return [self.items[place] for place in self.ticked.places()]

    def _many(self) -> bool:
        """Whether others than the one in front are exported."""
        chosen = self.ticked.places()
        return len(chosen) != 1 or self.items[chosen[0]].document is not self._in_front

    def _seen(self) -> actions.Document:
        """The photograph that the preview shows."""
        row = self.ticked.currentRow()
        shown = self.items[row].document if 0 <= row < len(self.items) else self._in_front
        return self._document if shown is self._in_front else shown

    def _options(self, name: str) -> dict[str, Parameter]:
        """What an export to a format can be told, by name."""
        return {option.name: option for option in self._targets[name].options}

    def _asks_quality(self, name: str) -> bool:
        """Whether the quality counts as things are set."""
        option = self._options(name).get("quality")
        return option is not None and not (option.unless and self.lossless.isChecked())

    def _lay_out(self) -> None:
        self.about = remark()
        self.about.setWordWrap(False)
        self.about.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._quality_row = beside(self.quality, self.number)
        self._file = beside(QLabel("File"), self.path, plain_button("Browse…", self._browse))
        self._form = empty_form()
        self.tick_all = small_button("All", "Tick all photographs that are open, or only one again")
        self.tick_all.setVisible(len(self.items) > 1)
        open_ones = beside(self.ticked, self.tick_all)
        self._form.addRow("Picture", self.about)
        self._form.addRow("Open ones", open_ones)
        self._form.setRowVisible(open_ones, len(self.items) > 1)
        self._form.addRow("Preset", self.presets)
        self._form.addRow("Format", self.format)
        self._form.addRow("Quality", self._quality_row)
        self._form.addRow("", self.lossless)
        for control in self.controls.values():
            self._form.addRow("", control)
        self._form.addRow("Depth", self.bits)
        self._form.addRow("Profile", self.profile)
        self._form.addRow("", self.narrowed)
        for option in _CONVERTING:
            self._form.addRow("", self.finishes[option])
        self._form.addRow("Metadata", self.metadata)
        self._form.addRow("", self.mark)
        for option, control in self.finishes.items():
            if option not in _CONVERTING:
                self._form.addRow("", control)
        buttons = QHBoxLayout()
        buttons.addWidget(self.running, 1)
        buttons.addStretch(0)
        for button in (plain_button("Cancel", self.reject), self.export):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(14)
        upper = QHBoxLayout()
        upper.setSpacing(16)
        upper.addWidget(self.preview, 1)
        upper.addWidget(scrolling(self._form))
        layout.addLayout(upper, 1)
        for part in (self._file, self.into, self.note):
            layout.addWidget(part)
        layout.addLayout(buttons)
        room = self.screen().availableGeometry().size() - QSize(16, 48)
        self.resize(QSize(1000, 680).boundedTo(room))

    def _connect(self) -> None:
        self.format.currentTextChanged.connect(self._format_chosen)
        self.quality.valueChanged.connect(self.number.setValue)
        self.number.valueChanged.connect(self.quality.setValue)
        self.lossless.toggled.connect(lambda _: self._show_rows())
        self.path.textChanged.connect(lambda _: self._path_changed())
        self.into.changed.connect(self._path_changed)
        self.ticked.changed.connect(self._ticked)
        self.tick_all.clicked.connect(self.ticked.tick_all)
        self.ticked.currentRowChanged.connect(lambda _: self._show_preview())
        self.export.clicked.connect(self._start)
        self.presets.chosen.connect(self.choose)
        self.profile.chosen.connect(self._show_rows)
        for part in (self.presets, self.profile):
            part.refused.connect(lambda why: self.note.setText(plain(why)))
        self.running.said.connect(lambda words: self.note.setText(plain(words)))
        self.bits.activated.connect(lambda _: self._show_rows())
        self.metadata.activated.connect(lambda _: self._show_preview())
        self.quality.valueChanged.connect(lambda _: self._show_preview())
        for control in self.controls.values():
            control.changed.connect(self._show_preview)
        for control in self.finishes.values():
            control.changed.connect(self._show_rows)
        self.finished.connect(lambda _: self.preview.end())

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
        return path.with_name(path.name + self._suffix())

    def _ticked(self) -> None:
        """Others are to be exported: ask for a name, or for a pattern of names."""
        self.bits.clear()  # which are there may be other ones now
        self._path_changed()

    def _suffix(self) -> str:
        """The ending of the format that is chosen."""
        return self._targets[self.format.currentText()].suffixes[0]

    def _paths(self, replace: bool | None = None) -> tuple[Path, ...]:
        """The file of each photograph that is ticked. Raises ExportError."""
        spared = [item.source for item in self.items if item.source is not None]
        return self.into.paths(
            self._chosen(), self._suffix(), self.options(), spared, replace=replace
        )

    def _show_names(self) -> None:
        """Show the names that several photographs will have."""
        count = len(self.ticked.places())
        self.export.setText(f"Export {count}" if count else "Export")
        try:
            paths, why = self._paths(), ""
        except actions.ExportError as error:
            paths, why = (), str(error)
        self.into.show_names(paths, why)
        self.export.setEnabled(bool(paths))
        self.note.setText("" if count else "Tick the photographs that are to be exported.")

    def _path_changed(self) -> None:
        """Take the format from a typed ending, and say when the file exists already."""
        if self._many():
            self._show_rows()
            return
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
        name, many = self.format.currentText(), self._many()
        self._file.setVisible(not many)
        self.into.setVisible(many)
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
        for option in _CONVERTING:
            self._form.setRowVisible(self.finishes[option], ours and self.profile.icc() is not None)
        flat = not self._targets[name].layers  # layers stay as they are
        for option, shown in _applying(self.finishes, flat, ours and "quality" in options).items():
            self._form.setRowVisible(self.finishes[option], shown)
        signs = actions.can_sign(name) or self.finishes["credentials"].value() != "no"
        self._form.setRowVisible(self.finishes["credentials"], signs)
        self._show_about(ours)
        had = "" if many else self._document.depth
        self.bits.show_depths(self._targets[name].depths, had)
        self._show_narrowed()
        if many:
            self._show_names()
        self._show_preview()

    def _show_about(self, ours: bool) -> None:
        """Say what is exported, and what a generator has made of it."""
        chosen = self._chosen()
        document = self._document
        facts = f"{size(document.width, document.height)}, {DEPTHS[document.depth]}"
        many = f"{len(chosen)} photographs"
        self.about.setText(plain(many if self._many() else f"{facts}, {document.profile.name}"))
        marked = said_made([item.document for item in chosen], ours)
        self._form.setRowVisible(self.mark, bool(marked))
        self.mark.setText(marked)

    def _show_narrowed(self) -> None:
        """Say what becomes sRGB without having been asked for, and why."""
        documents = [x.document for x in self._chosen()] if self._many() else [self._document]
        try:
            options, ours = self.options(), self._targets[self.format.currentText()].ours
            words = said_narrowed(documents, options) if ours else ""
        except actions.ExportError:
            words = ""
        self._form.setRowVisible(self.narrowed, bool(words))
        self.narrowed.setText(words)

    def _browse(self) -> None:
        chosen = asked_name(self, self.path.text(), self._targets)
        if chosen:
            self.path.setText(chosen)

    def _start(self) -> None:
        if self._many():
            self._start_several()
            return
        path = self.target()
        overwrite = self.export.text() == "Replace"
        try:
            options = self.options()
        except actions.ExportError as error:
            self._failed(error)
            return
        self.used = options
        chosen = self._chosen()
        hear, document = self._begin(chosen), self._document
        origin = actions.Origin(chosen[0].source, chosen[0].steps)
        Background(
            self,
            lambda: actions.export(
                document,
                path,
                options,
                overwrite=overwrite,
                live=self._live,
                exporters=self._exporters,
                hear=lambda done: hear(0, done),
                origin=origin,
            ),
            self._done,
            self._failed,
        )

    def _start_several(self) -> None:
        """Export those that are ticked; ask first about files that exist, where that is chosen."""
        try:
            paths, numbered = self._paths(), self._paths(replace=False)
        except actions.ExportError as error:
            self._failed(error)
            return
        why = self.into.settle(paths, numbered, self._export_several)
        if why:
            self.note.setText(plain(why))

    def _export_several(
        self, paths: Sequence[Path], overwrite: bool, skipped: Sequence[int]
    ) -> None:
        """Export what is ticked to these files, but those of which the file is there already."""
        self.used = options = self.options()
        live, exporters = self._live, self._exporters
        rows = list(zip(self.ticked.places(), paths, strict=True))
        left = [actions.Outcome(*rows[row], skipped=True) for row in skipped]
        rows = [each for row, each in enumerate(rows) if row not in skipped]
        places, paths = [place for place, _ in rows], [path for _, path in rows]
        chosen = [self.items[place] for place in places]
        hear = self._begin(chosen)

        def work() -> tuple[actions.Outcome, ...]:
            return actions.export_each(
                *(chosen, paths, options),
                overwrite=overwrite,
                live=live,
                exporters=exporters,
                hear=hear,
            )

        def done(outcomes: Sequence[actions.Outcome]) -> None:
            self._set_busy(False)
            self.several.emit([*(replace(x, place=places[x.place]) for x in outcomes), *left])
            if len(outcomes) == len(places):
                self.accept()
                return
            written = [places[x.place] for x in outcomes if x.exported is not None]
            self.ticked.tick([place for place in places if place not in written])
            self.note.setText(said_cancelled(len(written), len(places)))

        Background(self, work, done, self._failed)

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

    def _begin(self, chosen: Sequence[actions.BatchItem]) -> Callable[[int, float], None]:
        """Show that these are being exported; returns what is told how far it is."""
        self._set_busy(True)
        return self.running.begin([item.name for item in chosen])

    def _set_busy(self, on: bool) -> None:
        if not on:
            self.running.end()
        self.export.setEnabled(not on)
        self.preview.hold(on)
        for part in (self.ticked, self.tick_all, self.into):
            part.setEnabled(not on)
        if not on:
            self.export.setFocus()
        self.ran.emit(on)

    def reject(self) -> None:
        if not self.busy.isVisible():
            super().reject()
            return
        self.running.cancel()  # what is under way ends where it can, and leaves nothing
        self.note.setText("Cancelling…")


def _applying(finishes: Mapping[str, Control], flat: bool, has_quality: bool) -> dict[str, bool]:
    """Which of the choices of size and sharpness mean something, by the others."""
    resizes = finishes["resize"].value() != "no"
    sharpens = flat and finishes["sharpen"].value() != "no"
    return {
        **dict.fromkeys(("size", "enlarge", "method"), resizes),
        "sharpen": flat,
        "sharpness": sharpens,
        "kilobytes": has_quality,
    }
