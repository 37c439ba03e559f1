"""Compare window: two photographs side by side, looked at alike, and marked where they are seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from safelight.actions.opened_file import opened_file
from safelight.document import Document, Live, whole
from safelight.files.codecs.plugin_codec import Importers
from safelight.gui.canvas.canvas import Canvas
from safelight.gui.canvas.picture import Picture
from safelight.gui.folder.folder_rows import FolderRow, FolderRows
from safelight.gui.folder.linked_views import Link
from safelight.gui.folder.strip_view import Mark, mark_of
from safelight.gui.threads.background import Background
from safelight.gui.widgets.shown_text import plain
from safelight.gui.widgets.small_widgets import remark
from safelight.pixels import Profile, Raster, make_levels

Find = Callable[[Path], Document | None]
"""Gives the document of a photograph that is open, as it is now."""

_HINT = "Arrows: another one at the side that is framed; 0–5, 6–9 and X mark it; Tab changes sides."


def picture_of(
    path: Path, document: Document | None, importers: Importers, live: Live | None
) -> tuple[Raster, Profile]:
    """All that a photograph shows, and its profile; ``document``: as it is open now. Runs on a
    thread. Raises what opening and rendering do.
    """
    if document is not None:
        raster, profile = whole(document, live), document.profile
    else:
        with opened_file(path, importers=importers) as (history, _):
            shown = history.document
            # A project's file is let go of: nothing may be left that is read from it.
            raster = Raster.from_array(whole(shown, live).to_array())
            profile = shown.profile
    make_levels(raster)
    return raster, profile


class Side(QFrame):
    """One photograph: its picture, and below it its name and its marks."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.path: Path | None = None
        self.canvas = Canvas()
        self.canvas.setAccessibleName(title)
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setMinimumWidth(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(2, 2, 2, 2)
        column.setSpacing(4)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.words)
        self.setObjectName("side")

    def show_row(self, row: FolderRow | None) -> None:
        """Show what is known of the photograph."""
        if row is not None:
            marks = row.marks
            parts = [row.photograph.path.name, "★" * marks.stars]
            parts += [marks.label, "rejected" if marks.rejected else ""]
            self.words.setText(plain("   ".join(filter(None, parts))))

    def show_active(self, on: bool) -> None:
        """Frame the side that keys are for."""
        self.setProperty("active", on)
        self.style().unpolish(self)
        self.style().polish(self)


class CompareWindow(QDialog):
    """Two photographs of ``rows``. ``marked`` has the path of one and its ``Mark``; ``find`` gives
    documents that are open.
    """

    marked = Signal(object, object)

    def __init__(
        self,
        rows: FolderRows,
        paths: tuple[Path, Path],
        parent: QWidget,
        *,
        find: Find,
        importers: Importers,
        live: Live | None,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Compare")
        self._rows, self._find, self._importers, self._live = rows, find, importers, live
        self.sides = Side("Left photograph"), Side("Right photograph")
        self.active = 1
        self.link = Link(self.sides[0].canvas, self.sides[1].canvas)
        self.linked = QCheckBox("Zoom and move both")
        self.linked.setChecked(True)
        self.linked.toggled.connect(lambda on: setattr(self.link, "on", on))
        self.words = remark(_HINT)
        self.words.setWordWrap(False)
        self.words.setMinimumWidth(1)
        self._lay_out()
        for number, side in enumerate(self.sides):
            side.canvas.installEventFilter(self)
            self.put(number, paths[number])
        rows.dataChanged.connect(lambda *_: self._show_rows())
        rows.modelReset.connect(self._show_rows)
        self._activate(self.active)

    def _lay_out(self) -> None:
        pictures = QHBoxLayout()
        pictures.setSpacing(2)
        for side in self.sides:
            pictures.addWidget(side, 1)
        bar = QHBoxLayout()
        bar.setSpacing(8)
        bar.addWidget(self.linked)
        for words, run in (
            ("Fit", lambda: self._both(lambda canvas: canvas.fit())),
            ("100 %", lambda: self._both(lambda canvas: canvas.full_size())),
            ("Swap", self.swap),
        ):
            bar.addWidget(_button(words, run))
        bar.addWidget(self.words, 1)
        bar.addWidget(_button("Close", self.close))
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 8)
        column.setSpacing(6)
        column.addLayout(pictures, 1)
        column.addLayout(bar)
        room = self.screen().availableGeometry().size() - QSize(16, 48)
        self.resize(QSize(1400, 900).boundedTo(room))

    # -- pictures ------------------------------------------------------------------------------

    def put(self, number: int, path: Path) -> None:
        """Show a photograph at a side, 0 or 1; what cannot be shown is said there."""
        side = self.sides[number]
        side.path = path
        row = self._rows.row(path)
        side.words.setText(plain(path.name))
        side.show_row(row)
        document, importers, live = self._find(path), self._importers, self._live

        def done(made: tuple[Raster, Profile]) -> None:
            if side.path == path:
                picture = Picture(*made)
                side.canvas.show_picture(picture, picture)
                side.canvas.fit()

        def failed(error: Exception) -> None:
            if side.path == path:
                side.words.setText(plain(str(error)))

        Background(self, lambda: picture_of(path, document, importers, live), done, failed)

    def step(self, by: int) -> None:
        """Show the next photograph, or the one before, at the active side."""
        side, other = self.sides[self.active], self.sides[1 - self.active]
        place = self._rows.place(side.path) if side.path is not None else -1
        rows = self._rows.rows
        while 0 <= (place := place + by) < len(rows):
            path = rows[place].photograph.path
            if path != other.path:
                self.put(self.active, path)
                return

    def swap(self) -> None:
        """Change sides."""
        paths = [side.path for side in self.sides]
        for number, path in enumerate(reversed(paths)):
            if path is not None:
                self.put(number, path)

    def _both(self, run: Callable[[Canvas], object]) -> None:
        for side in self.sides[: 1 if self.link.on else 2]:
            run(side.canvas)

    def _show_rows(self) -> None:
        for side in self.sides:
            if side.path is not None:
                side.show_row(self._rows.row(side.path))

    def _activate(self, number: int) -> None:
        self.active = number
        for index, side in enumerate(self.sides):
            side.show_active(index == number)

    # -- keys ----------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A press or the keyboard makes a side the active one; keys are for that."""
        for number, side in enumerate(self.sides):
            if watched is side.canvas and event.type() in _CHOOSES:
                self._activate(number)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        mark, key = mark_of(event), Qt.Key(event.key())
        plain_key = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if mark is not None:
            self._mark(mark)
        elif plain_key and key in _STEPS:
            self.step(_STEPS[key])
        elif plain_key and key == Qt.Key.Key_Tab:
            self.sides[1 - self.active].canvas.setFocus()
        else:
            return False
        return True

    def _mark(self, mark: Mark) -> None:
        path = self.sides[self.active].path
        if path is not None:
            self.marked.emit(path, mark)


_CHOOSES = QEvent.Type.FocusIn, QEvent.Type.MouseButtonPress

_STEPS = {
    **dict.fromkeys((Qt.Key.Key_Left, Qt.Key.Key_PageUp), -1),
    **dict.fromkeys((Qt.Key.Key_Right, Qt.Key.Key_PageDown), 1),
}


def _button(words: str, run: Callable[[], object]) -> QPushButton:
    made = QPushButton(words)
    made.setAutoDefault(False)
    made.clicked.connect(lambda _=False: run())
    return made
