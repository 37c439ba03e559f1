"""Batch window: a recipe done to many files: which, to which, into which folder, and how far."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from safelight.actions import ExportError, Studio, exported_formats
from safelight.actions.batch.batch_sources import openable_endings, pictures_in
from safelight.actions.batch.run_batch import Order, Report, ordered
from safelight.actions.recipes.process_file import Opening
from safelight.api import ParameterError
from safelight.gui.batch.batch_thread import RunningBatch
from safelight.gui.batch.file_rows import FileRows
from safelight.gui.batch.proof_dialog import ProofDialog
from safelight.gui.batch.recipe_choice import RecipeChoice
from safelight.gui.export.export_several import IntoFolder
from safelight.gui.threads.background import Background
from safelight.gui.widgets.shown_text import duration, plain
from safelight.gui.widgets.small_widgets import remark

_WAYS = {"Leave it": "leave", "Replace it": "replace"}

_EVERY = 1000
"""Milliseconds after which the remaining time is told anew."""

_MOST_EXAMPLES = 3

_EMPTY = "Add files or folders, or drop them on the list."


class BatchWindow(QDialog):
    """A window of its own: the photographs that are open can be worked on meanwhile.

    ``opened`` gives the files of the photographs that are open.
    """

    def __init__(
        self,
        studio: Studio,
        parent: QWidget,
        *,
        folder: Path,
        opened: Callable[[], Sequence[Path]] = tuple,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Batch")
        self._studio, self._opened = studio, opened
        self._endings = openable_endings(studio)
        self.running: RunningBatch | None = None
        self.recipe = RecipeChoice(studio.filter)
        self.rows = FileRows()
        self.into = IntoFolder(folder, ways=_WAYS)
        self.format = QComboBox()
        self.format.setAccessibleName("Format")
        self.format.addItem("As the recipe says", "")
        for codec in exported_formats():
            self.format.addItem(codec.name, codec.name)
        self.sidecar = QCheckBox("With .xmp sidecars")
        self.sidecar.setToolTip(
            "Read each picture's sidecar, if there is one, and write one beside what comes of it"
        )
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Files done")
        self.words = remark()
        self.add_files = _button("Add files…", self._ask_for_files)
        self.add_folder = _button("Add folder…", self._ask_for_folder)
        self.add_open = _button("Add open ones", lambda: self.take(self._opened()))
        self.remove = _button("Remove", self.rows.remove)
        self.proof = _button("Proof…", self._prove)
        self.resume = _button("Resume", lambda: self.begin(resume=True))
        self.stop = _button("Stop", self._stop)
        self.start = _button("Start", self.begin)
        self.add_open.setToolTip("The files of the photographs that are open, as they were saved")
        self.proof.setToolTip("Do the first file, and see it before and after")
        self.resume.setToolTip(
            "Go on where a batch into this folder was stopped or killed; what is done is left alone"
        )
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY)
        self._timer.timeout.connect(self._show_progress)
        self.recipe.changed.connect(self._renew_names)
        self.into.changed.connect(self._renew)
        self.format.currentIndexChanged.connect(lambda _: self._renew())
        self.sidecar.toggled.connect(lambda _: self._renew())
        self.rows.edited.connect(self._renew)
        self.rows.itemSelectionChanged.connect(self._show_state)
        self.rows.dropped.connect(self.take)
        self._renew_names()

    def _lay_out(self) -> None:
        which = QVBoxLayout()
        which.addWidget(QLabel("Recipe"))
        which.addWidget(self.recipe, 1)
        adding = QHBoxLayout()
        adding.setSpacing(8)
        for part in (self.add_files, self.add_folder, self.add_open, self.remove):
            adding.addWidget(part)
        adding.addStretch(1)
        files = QVBoxLayout()
        files.setSpacing(8)
        files.addLayout(adding)
        files.addWidget(self.rows, 1)
        upper = QGridLayout()
        upper.setHorizontalSpacing(18)
        upper.addLayout(which, 0, 0)
        upper.addLayout(files, 0, 1)
        upper.setColumnStretch(0, 2)
        upper.setColumnStretch(1, 5)
        where = QHBoxLayout()
        where.setSpacing(18)
        where.addWidget(self.into, 1)
        kind = QVBoxLayout()
        kind.addWidget(QLabel("Format"))
        kind.addWidget(self.format)
        kind.addWidget(self.sidecar)
        kind.addStretch(1)
        where.addLayout(kind)
        buttons = QHBoxLayout()
        buttons.addWidget(self.words, 1)
        for part in (self.proof, self.resume, self.stop, self.start):
            buttons.addWidget(part)
        buttons.addWidget(_button("Close", self.close))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(12)
        layout.addLayout(upper, 1)
        layout.addLayout(where)
        layout.addWidget(self.bar)
        layout.addLayout(buttons)
        room = self.screen().availableGeometry().size() - QSize(16, 48)
        self.resize(QSize(1080, 640).boundedTo(room))

    # -- what is to be done --------------------------------------------------------------------

    def take(self, paths: Iterable[Path]) -> None:
        """Add files, and the pictures of folders; a recipe among them is chosen."""
        given, endings = list(paths), self._endings
        recipes = [path for path in given if path.suffix.casefold() == ".json"]
        if recipes:
            self.recipe.choose(recipes[-1])

        def listed() -> list[Path]:
            found: list[Path] = []
            for path in given:
                if path.is_dir():
                    found += pictures_in(path, endings)
                elif path not in recipes:
                    found.append(path)
            return found

        def failed(error: Exception) -> None:
            self.words.setText(plain(f"The files cannot be listed: {error}."))

        Background(self, listed, self.rows.add, failed)

    def order(self) -> Order:
        """What is to be done. Raises ExportError and ParameterError where it cannot be said."""
        recipe = self.recipe.answered()
        if recipe is None:
            raise ExportError(self.recipe.trouble)
        format = self.format.currentData()
        try:
            return ordered(
                recipe,
                self.into.target().absolute(),
                self._studio,
                pattern=self.into.pattern.text(),
                said={"format": format} if format else {},
                overwrite=self.into.existing.currentData() == "replace",
                opening=Opening(sidecar=self.sidecar.isChecked()),
            )
        except ValueError as error:
            raise ExportError(f"The names cannot be: {error}.") from None

    def _renew_names(self) -> None:
        """Have names as the recipe says, when another one is chosen."""
        recipe = self.recipe.recipe
        if recipe is not None and self.sender() is not self.recipe.questions:
            export = recipe.export
            said = export.options.format if export is not None else ""
            words = f"As the recipe says ({said})" if said else "Each file's own"
            self.format.setItemText(0, words)
            if getattr(self, "_named_by", None) != self.recipe.path:
                self._named_by = self.recipe.path
                pattern = export.pattern if export is not None else "{name}-edited"
                self.into.pattern.setText(pattern)
        self._renew()

    def _renew(self) -> None:
        """Show the names that will come, or why none do."""
        names, trouble = [], ""
        try:
            order = self.order()
            for number, path in enumerate(self.rows.paths[:_MOST_EXAMPLES], 1):
                if order.named_beforehand:
                    names.append(order.path_of(path, number, None))
        except (ExportError, ParameterError) as error:
            trouble = str(error)
        self.into.show_names(names, trouble)
        self._possible = not trouble
        self._show_state()

    # -- doing it ------------------------------------------------------------------------------

    def begin(self, *, resume: bool = False) -> None:
        """Have the batch done; ``resume``: go on where it was stopped."""
        try:
            order = self.order()
        except (ExportError, ParameterError) as error:
            self.words.setText(plain(str(error)))
            return
        sources = self.rows.paths
        self.rows.fixed = True
        self.rows.begin()
        self.running = RunningBatch(order, sources, self._studio, self, resume=resume)
        self.running.begun.connect(self.rows.show_begun)
        self.running.reported.connect(self._report)
        self.running.ended.connect(self._end)
        self._timer.start()
        self._show_progress()
        self._show_state()

    def _prove(self) -> None:
        try:
            order = self.order()
        except (ExportError, ParameterError) as error:
            self.words.setText(plain(str(error)))
            return
        dialog = ProofDialog(order, self.rows.paths[0], self._studio, self)
        dialog.accepted.connect(self.begin)
        dialog.open()

    def _report(self, report: Report) -> None:
        self.rows.show_report(report)
        self._show_progress()

    def _stop(self) -> None:
        if self.running is not None:
            self.running.stop()
            self.rows.end()
            self._show_progress()
            self._show_state()

    def _end(self, why: str) -> None:
        running = self.running
        if running is None:
            return
        self.running = None
        self._timer.stop()
        self.rows.fixed = False
        self.rows.end()
        self.words.setText(plain(f"{_count(running)}. {why}" if why else f"{_count(running)}."))
        self.words.setToolTip("")
        running.deleteLater()
        self._show_state()

    def _show_progress(self) -> None:
        running = self.running
        if running is None:
            return
        self.bar.setRange(0, max(running.count, 1))
        self.bar.setValue(running.done)
        left = running.seconds_left()
        words = _count(running)
        if running.stopped:
            words += ", stopping…"
        elif left is not None and running.done < running.count:
            words += f", {duration(left)} left"
        self.words.setText(words)

    def _show_state(self) -> None:
        free = self.running is None
        ready = free and self._possible and bool(self.rows.paths)
        for part in (self.start, self.resume, self.proof):
            part.setEnabled(ready)
        self.stop.setEnabled(not free and self.running is not None and not self.running.stopped)
        for widget in (self.recipe, self.into, self.format, self.add_files, self.add_folder):
            widget.setEnabled(free)
        self.add_open.setEnabled(free and bool(self._opened()))
        self.remove.setEnabled(free and bool(self.rows.selectedItems()))
        self.bar.setVisible(not free)
        if free and not self.rows.paths:
            self.words.setText(_EMPTY)
        elif self.words.text() == _EMPTY:
            self.words.clear()

    def _ask_for_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Add files", self.into.folder.text())
        self.take(map(Path, names))

    def _ask_for_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Add folder", self.into.folder.text())
        if name:
            self.take([Path(name)])

    # -- closing -------------------------------------------------------------------------------

    def reject(self) -> None:
        self.close()  # Escape asks too

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.running is not None and not self.running.stopped and not self._may_stop():
            event.ignore()
            return
        if self.running is not None:
            self.running.stop()
        event.accept()

    def _may_stop(self) -> bool:
        """Ask whether what runs is to be stopped."""
        assert self.running is not None
        box = QMessageBox(self)
        box.setWindowTitle("Batch")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"The batch is not finished: {_count(self.running)}.")
        box.setInformativeText("What is done stays, and Resume goes on with the rest later.")
        stop = box.addButton("Stop and close", QMessageBox.ButtonRole.DestructiveRole)
        box.setEscapeButton(box.addButton("Go on", QMessageBox.ButtonRole.RejectRole))
        box.exec()
        box.deleteLater()
        return box.clickedButton() is stop


def _count(running: RunningBatch) -> str:
    words = f"{running.done} of {running.count} done"
    return f"{words}, {running.failed} of them failed" if running.failed else words


def _button(words: str, clicked: Callable[[], object]) -> QPushButton:
    button = QPushButton(words)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _=False: clicked())
    return button
