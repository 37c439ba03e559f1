"""Tray: a picture chosen among thumbnails, and kept in the document."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from safelight.actions.picture_settings import kept_copy
from safelight.actions.tray_library import TrayPicture
from safelight.api import Parameter, Value
from safelight.document.contents.embedded_picture import is_embedded, named
from safelight.gui.controls.control import Control, Title
from safelight.gui.controls.picture_grid import Tile, Tiles
from safelight.gui.controls.tray_pictures import Added, add, shelf
from safelight.gui.threads.background import Background
from safelight.gui.widgets.shown_text import plain, tooltip
from safelight.gui.widgets.small_widgets import remark

_ADD = "\0add"
"""The key of the tile that adds; no file's path has a NUL."""

_TRIED = 6
"""Pictures that are tried beside one another."""

_EMPTY = "Choose or drop a picture"


class TrayControl(Control):
    """A tray of thumbnails, to which pictures can be dropped.

    The value is the picture itself as text (``document.embedded_picture``). A path that was set
    from elsewhere becomes one as soon as the file has been read. ``room_changed`` tells that
    another height is needed, ``unfolded`` that the user wants to see more of it.
    """

    room_changed = Signal()
    unfolded = Signal()
    trying = "Try several"

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self.setAcceptDrops(True)
        self._value = ""
        self._copied: tuple[str, str] | None = None
        self._tools: list[QToolButton] = []
        self.tiles = Tiles(parameter.title, shelf().image)
        self.caption = Title("")
        self.caption.setObjectName("dim")
        self.trouble = remark()
        self.trouble.hide()
        for widget in (self.tiles, self.caption, self.trouble):
            self.body.addWidget(widget)
        self.fold: QToolButton | None = None
        self._folded = False
        if parameter.tray == "folded":
            self._add_fold()
        self.tiles.height_changed.connect(self.room_changed)
        self.tiles.taken.connect(self._taken)
        self.tiles.removing.connect(self._remove)
        self.tiles.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tiles.customContextMenuRequested.connect(self._show_menu)
        shelf().changed.connect(self._show)
        shelf().image_made.connect(self.tiles.viewport().update)
        shelf().load()
        self.set_value(parameter.default)

    def value(self) -> Value:
        if self._copied is not None and self._copied[0] == self._value:
            return self._copied[1]
        return self._value

    def set_value(self, value: Value) -> None:
        if value in (self._value, self.value()) and self._value:
            return
        self._value = str(value)
        self.trouble.hide()
        if self._value and not is_embedded(self._value):
            self._copy(self._value)
        self._unfold(bool(self._value))
        self._show()

    def add_tool(self, button: QToolButton) -> None:
        """There is nothing to try where nothing is chosen from."""
        super().add_tool(button)
        self._tools.append(button)
        button.setVisible(not self.tiles.isHidden())

    def in_words(self, value: Value) -> str:
        return plain(_title(str(value))) if value else "None"

    def steps(self, shown: Sequence[Value] = ()) -> tuple[Value, ...]:
        """The first pictures; after ``shown``, the next ones, and then the first again."""
        texts: list[Value] = [picture.text for picture in shelf().pictures]
        if not texts:  # they are being read
            return ("",)
        if shown and len(texts) <= _TRIED:
            return ()
        start = texts.index(shown[-1]) + 1 if shown and shown[-1] in texts else 0
        return tuple(texts[start : start + _TRIED] or texts[:_TRIED])

    # -- what is shown -------------------------------------------------------------------------

    def _show(self) -> None:
        value = str(self.value())
        pictures = shelf().pictures
        known = any(picture.text == value for picture in pictures)
        tiles = [_tile(picture) for picture in pictures]
        none = Tile("", "None", "No picture", sign="none")
        plus = Tile(_ADD, "Add", "Add pictures from files…", sign="plus")
        hint = f"{_title(value)}\nIn this document"
        strange = [Tile(value, _title(value), hint)] if value and not known else []
        self.tiles.chosen = value
        self.tiles.show_tiles([*strange, none, *tiles, plus])
        self.tiles.choose(value)
        self._say(self._caption())

    def _caption(self) -> str:
        """The title and the artist of what is chosen."""
        value = str(self.value())
        if not value:
            return _EMPTY
        chosen = next((picture for picture in shelf().pictures if picture.text == value), None)
        if chosen is None:
            return f"{_title(value)} · in this document"
        return " · ".join(filter(None, (chosen.title, chosen.artist)))

    def _say(self, words: str) -> None:
        self.caption.setText(plain(words))
        self.caption.setToolTip(tooltip(words))

    def _complain(self, words: str) -> None:
        self.trouble.setText(plain(words))
        self.trouble.show()

    def _add_fold(self) -> None:
        self.fold = QToolButton()
        self.fold.setObjectName("words")
        self.fold.clicked.connect(self._fold_clicked)
        self.head.addWidget(self.fold)
        self._set_folded(True)

    def _unfold(self, on: bool) -> None:
        """Open a folded tray; one that the user has opened stays so."""
        if self.fold is not None and (on or self._folded):
            self._set_folded(not on)

    def _set_folded(self, folded: bool) -> None:
        if self.fold is None:
            return
        self._folded = folded
        self.fold.setText("+ Add" if folded else "Remove")
        what = "Choose a picture" if folded else "No picture, and fold the tray"
        self.fold.setToolTip(what)
        self.fold.setAccessibleName(f"{self.fold.text()} {plain(self.parameter.title)}")
        for widget in (self.tiles, self.caption, *self._tools):
            widget.setVisible(not folded)
        self.room_changed.emit()

    def _fold_clicked(self) -> None:
        if self._folded:
            self._set_folded(False)
            self.tiles.setFocus()
            self.unfolded.emit()
        else:
            self._set_folded(True)
            self.trouble.hide()
            self.choose("")

    # -- choosing, adding, removing ------------------------------------------------------------

    def _taken(self, key: str) -> None:
        if key == _ADD:
            self._browse()
        else:
            self.choose(key)

    def _browse(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, f"Add to {self.parameter.title}")
        self._add([Path(name) for name in names])

    def _add(self, paths: Sequence[Path]) -> None:
        if not paths:
            return
        self._unfold(True)
        self.trouble.hide()
        self._say(f"Adding {paths[0].name}…" if len(paths) == 1 else f"Adding {len(paths)} files…")
        Background(self, partial(add, paths), self._added, self._failed)

    def _added(self, added: Added) -> None:
        shelf().show_pictures(added.pictures)
        self._show()
        if added.new:
            self.choose(added.new[0].text)
        if added.troubles:
            self._complain("\n".join(added.troubles))

    def _failed(self, error: Exception) -> None:
        self._show()
        self._complain(str(error))

    def _remove(self, key: str) -> None:
        picture = next((item for item in shelf().pictures if item.text == key), None)
        if picture is None:
            return
        try:
            shelf().remove(picture)
        except OSError as error:
            self._complain(f"{picture.title} cannot be removed: {error.strerror}.")

    def _show_menu(self, place: QPoint) -> None:
        tile = self.tiles.tile_at(place)
        if tile is None or not tile.removable:
            return
        menu = QMenu(self)
        menu.addAction("Remove from tray", partial(self._remove, tile.key))
        menu.exec(self.tiles.viewport().mapToGlobal(place))
        menu.deleteLater()

    def _copy(self, path: str) -> None:
        """Read a file that was set by its path, for the document to keep."""

        def done(text: str) -> None:
            self._copied = path, text
            if path == self._value:
                self._show()

        Background(
            self, partial(kept_copy, path), done, lambda error: self._complain_of(path, error)
        )

    def _complain_of(self, path: str, error: Exception) -> None:
        if path == self._value:
            self._complain(str(error))

    # -- dropping ------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _files(event.mimeData()):
            event.acceptProposedAction()
            self._mark_drop(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._mark_drop(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._mark_drop(False)
        self._add(_files(event.mimeData()))
        event.acceptProposedAction()

    def _mark_drop(self, on: bool) -> None:
        """Show, while files are held over the tray, that they can be let go."""
        self._say("Drop to add" if on else self._caption())
        self.tiles.setProperty("dropping", on)
        self.tiles.style().unpolish(self.tiles)
        self.tiles.style().polish(self.tiles)


def _tile(picture: TrayPicture) -> Tile:
    hint = "\n".join(filter(None, (picture.title, picture.credit())))
    return Tile(picture.text, picture.title, hint, removable=picture.own is not None)


def _title(text: str) -> str:
    """What to call a picture, embedded or a file."""
    return named(text) if is_embedded(text) else Path(text).name


def _files(data: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
