"""Contact sheet dialog: which pictures go on one page, and how they lie on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from safelight.actions.contact_sheet import MOST, PAPERS, Sheet, contact_sheet, of_files
from safelight.actions.folder.folder_photographs import read_folder
from safelight.actions.stop import Stop, Stopped
from safelight.document import Document, EditError
from safelight.gui.controls.number_field import DecimalField, WholeField
from safelight.gui.deed_context import DeedContext
from safelight.gui.threads.background import Background, Mailbox
from safelight.gui.widgets.shown_text import plain
from safelight.gui.widgets.small_widgets import form, remark

if TYPE_CHECKING:
    from safelight.gui.open_and_save.loaded_files import Loaded

_WORDS = {"a5": "A5", "a4": "A4", "a3": "A3", "letter": "Letter", "square": "Square, 20 cm"}


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures to choose: those that are open, by their names, or files."""

    title: str
    documents: tuple[Document, ...] = ()
    paths: tuple[Path, ...] = ()

    @property
    def count(self) -> int:
        """How many pictures these are."""
        return len(self.documents) + len(self.paths)


class ContactSheetDialog(QDialog):
    """Asks which pictures go on a page, and makes it on a thread; ``made`` has what comes of it."""

    made = Signal(object)

    def __init__(self, context: DeedContext, offered: Sequence[Pictures]) -> None:
        super().__init__(context.window)
        self.setWindowTitle("Contact sheet")
        self.setMinimumWidth(440)
        self._context = context
        self._offered = list(offered)
        self._stop = Stop()
        self._mail = Mailbox(self, self._hear)
        self.which = QComboBox()
        self.which.setAccessibleName("Pictures")
        self.which.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.folder = QPushButton("Folder…")
        self.folder.setAutoDefault(False)
        self.paper, self.lies = QComboBox(), QComboBox()
        for name in PAPERS:
            self.paper.addItem(_WORDS[name], name)
        self.paper.setCurrentIndex(list(PAPERS).index("a4"))
        self.lies.addItems(["Portrait", "Landscape"])
        self.columns, self.dots = _whole("Columns", 0, 100, 0), _whole("Resolution", 30, 1200, 300)
        self.columns.setSpecialValueText("As fits best")
        self.dots.setSuffix(" dpi")
        self.margin = DecimalField()
        self.margin.setRange(0, 50)
        self.margin.setDecimals(1)
        self.margin.setValue(6)
        self.margin.setSuffix(" mm")
        self.margin.setAccessibleName("Margin")
        self.names = QCheckBox("Names below the pictures")
        self.names.setChecked(True)
        self.outcome = remark()
        self.busy = QProgressBar()
        self.busy.setTextVisible(False)
        self.busy.hide()
        self._lay_out()
        self.folder.clicked.connect(self._ask_for_folder)
        for box in (self.which, self.paper, self.lies):
            box.currentIndexChanged.connect(lambda _: self._show())
        for field in (self.columns, self.dots, self.margin):
            field.valueChanged.connect(lambda _: self._show())
        self.names.toggled.connect(lambda _: self._show())
        self._list()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.which, 1)
        row.addWidget(self.folder)
        page = QHBoxLayout()
        page.addWidget(self.paper, 1)
        page.addWidget(self.lies, 1)
        fields = form()
        fields.addRow("Pictures", row)
        fields.addRow("Paper", page)
        fields.addRow("Columns", self.columns)
        fields.addRow("Margin", self.margin)
        fields.addRow("Resolution", self.dots)
        fields.addRow("", self.names)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.confirm = buttons.addButton("Create", QDialogButtonBox.ButtonRole.ActionRole)
        self.confirm.setDefault(True)
        self.confirm.clicked.connect(self._make)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(12)
        layout.addLayout(fields)
        layout.addWidget(self.outcome)
        layout.addWidget(self.busy)
        layout.addWidget(buttons)

    # -- what is asked for ---------------------------------------------------------------------

    @property
    def pictures(self) -> Pictures | None:
        """The pictures that are chosen; None where there are none to choose."""
        place = self.which.currentIndex()
        return self._offered[place] if 0 <= place < len(self._offered) else None

    def sheet(self) -> Sheet:
        """What the page is like."""
        return Sheet(
            self.paper.currentData(),
            self.lies.currentIndex() == 1,
            self.columns.value(),
            self.margin.value(),
            float(self.dots.value()),
            self.names.isChecked(),
        )

    def offer(self, pictures: Pictures) -> None:
        """Have other pictures to choose, which are chosen."""
        self._offered.append(pictures)
        self._list(len(self._offered) - 1)

    def _list(self, chosen: int = 0) -> None:
        self.which.clear()
        for each in self._offered:
            noun = "picture" if each.count == 1 else "pictures"
            self.which.addItem(plain(f"{each.title}: {each.count} {noun}"))
        if self._offered:
            self.which.setCurrentIndex(chosen)
        self._show()

    def _ask_for_folder(self) -> None:
        start = self._context.opening.last_folder()
        name = QFileDialog.getExistingDirectory(self, "Pictures of a folder", start)
        if not name:
            return
        folder, endings = Path(name), self._context.folder.endings

        def read() -> Pictures:
            found = read_folder(folder, endings())
            paths = tuple(each.path for each in found.photographs)
            return Pictures(f"Folder {folder.name}", paths=paths)

        Background(self, read, self.offer, lambda error: self.outcome.setText(plain(str(error))))

    def _show(self) -> None:
        """Say what comes of it, or why nothing does."""
        chosen = self.pictures
        self.confirm.setEnabled(False)
        if chosen is None or not chosen.count:
            words = (
                "No picture is open: choose a folder." if chosen is None else "No picture there."
            )
            self.outcome.setText(words)
            return
        if chosen.count > MOST:
            self.outcome.setText(f"A page holds {MOST} pictures at the most.")
            return
        sheet = self.sheet()
        try:
            cells = sheet.cells(chosen.count)
        except EditError as error:
            self.outcome.setText(plain(f"{str(error).capitalize()}."))
            return
        self.confirm.setEnabled(True)
        across = len({cell[0] for cell in cells})
        wide, high = sheet.size
        self.outcome.setText(
            f"{wide} × {high} px, {across} in a row. It opens in a tab of its own, each picture a "
            "layer."
        )

    # -- making it -----------------------------------------------------------------------------

    def _make(self) -> None:
        chosen, studio = self.pictures, self._context.backend.studio
        if chosen is None or studio is None:
            return
        sheet, stop, post = self.sheet(), self._stop, self._mail.post
        importers, live = self._context.backend.importers, studio.live
        left_out: list[str] = []
        self._run(chosen.count)

        def named() -> Iterator[tuple[str, Document]]:
            for each in chosen.documents:
                yield each.name, each
            yield from of_files(list(chosen.paths), left_out, importers=importers)

        def counted() -> Iterator[tuple[str, Document]]:
            for place, each in enumerate(named()):
                stop.check()
                post(place)
                yield each

        def work() -> Loaded:
            from safelight.document import History
            from safelight.gui.open_and_save.loaded_files import Loaded

            page = contact_sheet(counted(), chosen.count, sheet, live)
            stop.check()
            if len(left_out) == chosen.count:
                raise EditError(left_out[0])
            return Loaded(History.start(page, "Contact sheet"), tuple(left_out))

        def done(loaded: Loaded) -> None:
            self.made.emit(loaded)
            self.accept()

        Background(self, work, done, self._fail)

    def _run(self, count: int) -> None:
        self.busy.setRange(0, count)
        self.busy.setValue(0)
        self.busy.show()
        self.confirm.setEnabled(False)
        self._enable(False)

    def _enable(self, on: bool) -> None:
        fields: tuple[QWidget, ...] = (self.columns, self.margin, self.dots, self.names)
        for part in (self.which, self.folder, self.paper, self.lies, *fields):
            part.setEnabled(on)

    def _hear(self, place: int) -> None:
        self.busy.setValue(place)
        self.outcome.setText(f"Picture {place + 1} of {self.busy.maximum()}")

    def _fail(self, error: Exception) -> None:
        if isinstance(error, Stopped):
            return
        self.busy.hide()
        self._enable(True)
        self._show()
        self.outcome.setText(plain(f"{str(error).rstrip('.')}."))

    def reject(self) -> None:
        """Close, and stop what is being made: nothing of it is left."""
        self._stop.ask()
        super().reject()


def ask_for_contact_sheet(context: DeedContext) -> ContactSheetDialog:
    """Ask which pictures go on a page; it opens in a tab of its own."""
    front, strip = context.front, context.folder.strip
    if front is not None:
        front.canvas.tool.settle()
    offered = []
    chosen = [] if strip is None else [row.photograph.path for row in strip.chosen]
    if len(chosen) > 1:
        offered.append(Pictures("Chosen in the folder", paths=tuple(chosen)))
    there = tuple(each.session.document for each in context.tabs.workspaces())
    if there:
        offered.append(Pictures("Open photographs", there))
    if strip is not None and strip.folder is not None:
        every = tuple(row.photograph.path for row in strip.rows.rows)
        offered.append(Pictures(f"Folder {strip.folder.name}", paths=every))
    dialog = ContactSheetDialog(context, offered)
    dialog.made.connect(context.opening.show)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog


def _whole(name: str, least: int, most: int, value: int) -> WholeField:
    field = WholeField()
    field.setRange(least, most)
    field.setValue(value)
    field.setAccessibleName(name)
    return field
