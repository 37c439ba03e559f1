"""Folder strip: a folder's photographs below the one that is open, looked at as they are seen."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from PySide6.QtCore import (
    QEvent,
    QFileSystemWatcher,
    QItemSelection,
    QItemSelectionModel,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout

from safelight.actions.folder.folder_glances import Glances
from safelight.actions.folder.folder_photographs import PictureFolder, read_folder
from safelight.actions.folder.thumbnail_store import ThumbnailStore
from safelight.document import Live
from safelight.files.codecs.plugin_codec import Importers
from safelight.files.glance import Glance
from safelight.folders import cache_folder
from safelight.gui.folder.filter_bar import FilterBar, keeps_focus_away
from safelight.gui.folder.folder_marks import FolderMarks
from safelight.gui.folder.folder_rows import FolderFilter, FolderRow, FolderRows
from safelight.gui.folder.strip_view import PICTURE, Mark, StripView
from safelight.gui.threads.background import Background, Mailbox
from safelight.gui.widgets.shown_text import plain, tooltip

_CALM = 300
"""Milliseconds after something has happened in the folder after which it is read again."""

_SIFTED = 500
"""Milliseconds after which what was learnt is let through the filter."""

_AHEAD = 12
"""Photographs beyond the edge of what is seen that are looked at as well."""

_LONGEST_NAME = 30
"""Letters of a folder's name that are shown; all of it is in the tooltip."""

_SAID = 8000
"""Milliseconds for which it is said that something has ended."""

_WATCHED = 120
"""Most files that are watched one by one, for what is written into them in place."""


class FolderStrip(QFrame):
    """The photographs of a ``folder``, which is watched. ``wanted`` has the path of one that is to
    be opened, ``stepped`` by how many to go on, ``asked`` a point of the screen for a menu,
    ``said`` what has failed; ``shown`` tells that the folder has been read, ``closed`` that the
    strip is to go, ``compared`` that the chosen are to be compared.

    ``endings`` gives those of files that are opened, on a thread, as ``importers`` is asked.
    """

    wanted = Signal(object)
    stepped = Signal(int)
    asked = Signal(object)
    said = Signal(str)
    shown = Signal()
    closed = Signal()
    compared = Signal()

    def __init__(
        self,
        endings: Callable[[], Collection[str]],
        importers: Importers,
        live: Callable[[], Live | None] = lambda: None,
    ) -> None:
        super().__init__()
        self.setObjectName("status")
        self.folder: Path | None = None
        self._endings, self._importers, self._live = endings, importers, live
        self._progress = ""
        self._store: ThumbnailStore | None = None
        self._glances: Glances | None = None
        self._known: dict[Path, Glance] = {}
        self._asked_for = 0
        self._select: Path | None = None
        self._held: tuple[list[Path], Path | None] = [], None
        self._skipped = 0
        self._stopping: Callable[[], object] = lambda: None
        self._there = True
        self._surveyed = False
        self.rows = FolderRows(PICTURE, self)
        self.view = StripView()
        self.view.setModel(self.rows)
        self.bar = FilterBar(self.rows.cameras, self.rows.labels)
        keeps_focus_away(self.bar)
        self.marks = FolderMarks(self.rows, self)
        self.name, self.count = QLabel(), QLabel()
        self.compare = _button("Compare", "The chosen one and the next, or two that are chosen (C)")
        self.stop = _button("Stop", "Stop pasting: what is under way is left")
        self.stop.hide()
        self.close_button = _button("✕", "Close the strip")
        self._watcher = QFileSystemWatcher(self)
        self._calm, self._sifting = QTimer(self), QTimer(self)
        for timer, rest in ((self._calm, _CALM), (self._sifting, _SIFTED)):
            timer.setSingleShot(True)
            timer.setInterval(rest)
        self._mail = Mailbox(self, lambda seen: self.rows.learn(seen, self.devicePixelRatioF()))
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.count.setMinimumWidth(1)
        self.count.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.count.setObjectName("dim")
        head = QHBoxLayout()
        head.setContentsMargins(12, 2, 6, 0)
        head.setSpacing(8)
        head.addWidget(self.name)
        head.addWidget(self.count, 1)
        head.addWidget(self.stop)
        head.addWidget(self.bar)
        head.addWidget(self.compare)
        head.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.view)

    def _connect(self) -> None:
        self.view.wanted.connect(self._want)
        self.view.stepped.connect(self.stepped)
        self.view.marked.connect(self.mark)
        self.view.asked.connect(self.asked)
        self.view.seen.connect(self._look)
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._show_words())
        self.rows.modelAboutToBeReset.connect(self._remember_chosen)
        self.rows.modelReset.connect(self._choose_again)
        self.rows.learnt.connect(self._learnt)
        self.bar.changed.connect(self._filter)
        self.bar.asked.connect(self._survey)
        self.marks.said.connect(self.said)
        self.stop.clicked.connect(lambda: self._stopping())
        self.compare.clicked.connect(self.compared)
        self.view.compared.connect(self.compared)
        self.close_button.clicked.connect(self.closed)
        self._watcher.directoryChanged.connect(self._stir)
        self._watcher.fileChanged.connect(lambda _: self._calm.start())
        self._calm.timeout.connect(self.read_again)
        self._sifting.timeout.connect(self._sift)

    # -- folders -------------------------------------------------------------------------------

    def show_folder(self, folder: Path, select: Path | None = None) -> None:
        """Show the photographs of a folder, one of them chosen."""
        if folder != self.folder:
            self._watch(None)
            self.folder = folder
            self._known, self._surveyed = {}, False
            self.rows.empty()
            self.name.setText(plain(folder.name or str(folder), longest=_LONGEST_NAME))
            self.name.setToolTip(tooltip(str(folder)))
            self.count.setText("Looking…")
        self._select = select
        self.read_again()

    def read_again(self) -> None:
        """Read what is in the folder now, on a thread."""
        folder = self.folder
        if folder is None:
            return
        self._asked_for += 1
        number, store = self._asked_for, self._store

        def read() -> tuple[PictureFolder, dict[Path, Glance], ThumbnailStore]:
            found = read_folder(folder, self._endings())
            kept = store or ThumbnailStore(cache_folder() / "thumbnails.sqlite")
            stamps = ((item.path, item.stamp) for item in found.photographs)
            return found, kept.facts(stamps), kept

        def done(read: tuple[PictureFolder, dict[Path, Glance], ThumbnailStore]) -> None:
            if number == self._asked_for:
                self._show(*read)
            if read[2] is not self._store:
                read[2].close()

        def failed(error: Exception) -> None:
            if number == self._asked_for:
                self._there = False
                self.rows.empty()
                self.count.setText("Not there")
                self.said.emit(str(error))

        Background(self, read, done, failed)

    def _show(self, found: PictureFolder, known: dict[Path, Glance], store: ThumbnailStore) -> None:
        if self._store is None:
            self._store = store
            self._glances = Glances(self._mail.post, store, self._importers, self._live)
        self._known, self._there = known, True
        self._skipped = found.skipped
        self.rows.have(found.photographs, known)
        self._watch(self.folder)
        if self._select is not None:
            self.choose(self._select)
            self._select = None
        if not self.rows.filter.open:
            self._surveyed = False
            self._survey()
        self._show_words()
        QTimer.singleShot(0, self, self._look)
        self.shown.emit()

    def event(self, event: QEvent) -> bool:
        """Somebody comes back to the window: what was done elsewhere meanwhile is seen."""
        if event.type() == QEvent.Type.WindowActivate and self.folder is not None:
            self._calm.start()
        return super().event(event)

    def _stir(self, where: str) -> None:
        """Read again what has changed; the folder around is watched lest this one be renamed."""
        folder = self.folder
        if folder is not None and (where == str(folder) or folder.is_dir() != self._there):
            self._calm.start()

    def _watch(self, folder: Path | None) -> None:
        watched = [*self._watcher.directories(), *self._watcher.files()]
        wanted = {str(folder), str(folder.parent)} if folder is not None else set()
        gone = [path for path in watched if path not in wanted]
        if gone:
            self._watcher.removePaths(gone)
        if new := [path for path in wanted if path not in watched]:
            self._watcher.addPaths(new)

    def _look(self) -> None:
        """Look at what is seen, and at some beyond, and watch those files."""
        if self._glances is None:
            return
        first, last = self.view.places()
        seen = self.rows.unseen(first, last)
        beyond = self.rows.unseen(last + 1, last + _AHEAD)
        before = self.rows.unseen(first - _AHEAD, first - 1)
        self._glances.want([*seen, *beyond, *reversed(before)])
        rows = self.rows.rows[first : last + 1]
        files = [path for row in rows for path in (row.photograph.path, *row.photograph.sidecars)]
        now = {str(path) for path in files[:_WATCHED]}
        watched = set(self._watcher.files())
        if watched - now:
            self._watcher.removePaths(list(watched - now))
        if now - watched:
            self._watcher.addPaths(list(now - watched))

    def close_folder(self) -> None:
        """Let go of everything: nothing is looked at any more."""
        self._asked_for += 1
        self._watch(None)
        self.folder = None
        self.rows.empty()
        if self._glances is not None:
            self._glances.want(())
            self._glances.survey(())

    def end(self) -> None:
        """End the threads; marks that were asked for are written."""
        self.close_folder()
        if self._glances is not None:
            self._glances.close()
        if self._store is not None:
            self._store.close()
        self.marks.close()
        self._mail.close()

    # -- filter --------------------------------------------------------------------------------

    def _filter(self, filter: FolderFilter) -> None:
        self.rows.filter = filter
        self._survey()
        self._sift()

    def _survey(self) -> None:
        """Have looked at what nothing is known of: a filter has to know it."""
        if self._glances is not None and not self._surveyed:
            self._surveyed = True
            self._glances.survey(self.rows.unknown(), self._known)

    def _learnt(self) -> None:
        if not self.rows.filter.open and not self._sifting.isActive():
            self._sifting.start()

    def _sift(self) -> None:
        self.rows.sift()
        self._show_words()
        self._look()

    # -- what is chosen ------------------------------------------------------------------------

    @property
    def chosen(self) -> list[FolderRow]:
        """The photographs that are chosen, in their order."""
        places = sorted(index.row() for index in self.view.selectionModel().selectedIndexes())
        return [self.rows.rows[place] for place in places]

    @property
    def two(self) -> list[Path]:
        """The photographs to compare: the first two that are chosen, or one and the next."""
        paths = [row.photograph.path for row in self.chosen[:2]]
        beside = self.beside(paths[0], 1) if len(paths) == 1 else None
        return paths if beside is None else [*paths, beside]

    @property
    def current(self) -> Path | None:
        """The photograph that the keyboard is at."""
        place = self.view.currentIndex().row()
        return self.rows.rows[place].photograph.path if place >= 0 else None

    def choose(self, path: Path | None) -> None:
        """Choose one photograph alone; none where it is not let through."""
        place = -1 if path is None else self.rows.place(path)
        if place < 0:
            self.view.selectionModel().clear()
            return
        index = self.rows.index(place)
        if self.view.currentIndex() != index or len(self.chosen) != 1:
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self.view.selectionModel().setCurrentIndex(index, flags)
        self.view.scrollTo(index)

    def beside(self, path: Path | None, step: int) -> Path | None:
        """The photograph so many places further than another; None at the end. From one that is not
        let through it goes on from where the keyboard is.
        """
        place = -1 if path is None else self.rows.place(path)
        if place < 0:
            place = self.view.currentIndex().row()
            if place < 0:
                place = -1 if step > 0 else len(self.rows.rows)
        place += step
        rows = self.rows.rows
        return rows[place].photograph.path if 0 <= place < len(rows) else None

    def mark(self, asked: Mark) -> None:
        """Mark the chosen photographs."""
        if rows := self.chosen:
            self.marks.give(asked, rows)

    def mark_one(self, path: Path, asked: Mark) -> None:
        """Mark a photograph, chosen or not."""
        row = self.rows.row(path)
        if row is not None:
            self.marks.give(asked, [row])

    def _want(self, place: int) -> None:
        if 0 <= place < len(self.rows.rows):
            self.wanted.emit(self.rows.rows[place].photograph.path)

    def _remember_chosen(self) -> None:
        self._held = [row.photograph.path for row in self.chosen], self.current

    def _choose_again(self) -> None:
        paths, current = self._held
        chosen = QItemSelection()
        for path in paths:
            if (place := self.rows.place(path)) >= 0:
                index = self.rows.index(place)
                chosen.select(index, index)
        model = self.view.selectionModel()
        if current is not None and (place := self.rows.place(current)) >= 0:
            flags = QItemSelectionModel.SelectionFlag.NoUpdate
            model.setCurrentIndex(self.rows.index(place), flags)
        model.select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def show_progress(self, words: str, stop: Callable[[], object] | None = None) -> None:
        """Say how far something is that is done to photographs, and offer to ``stop`` it; what is
        said of its end goes by itself.
        """
        self._progress = words
        self._stopping = stop or (lambda: None)
        self.stop.setVisible(stop is not None)
        self._show_words()
        if stop is None:
            QTimer.singleShot(_SAID, self, lambda: self._forget(words))

    def _forget(self, words: str) -> None:
        if self._progress == words:
            self._progress = ""
            self._show_words()

    def _show_words(self) -> None:
        shown, count = len(self.rows.rows), self.rows.count
        words = f"{count} photograph{'' if count == 1 else 's'}"
        if not self.rows.filter.open:
            words = f"{shown} of {words}"
            waiting = len(self.rows.unknown())
            words += f", {waiting} not looked at yet" if waiting else ""
        chosen = len(self.view.selectionModel().selectedIndexes())
        words += f", {chosen} chosen" if chosen > 1 else ""
        words += f", {self._skipped} unreadable" if self._skipped else ""
        words += f" — {self._progress}" if self._progress else ""
        self.count.setText(words)
        self.count.setToolTip(words)
        self.compare.setEnabled(len(self.two) == 2)


def _button(words: str, tip: str) -> QToolButton:
    made = QToolButton()
    made.setObjectName("quiet")
    made.setText(words)
    made.setToolTip(tip)
    made.setAccessibleName(tip if words == "✕" else words)
    made.setFocusPolicy(made.focusPolicy().TabFocus)
    return made
