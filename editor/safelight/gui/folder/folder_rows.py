"""Folder rows: the photographs of a folder as a model of Qt's, of which a filter lets some through.

Of ten thousand photographs it holds facts, and pictures of those alone that were seen last.
"""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QImage, QPixmap

from safelight.actions.folder.folder_glances import Seen
from safelight.actions.folder.folder_photographs import FolderPhotograph
from safelight.files.glance import Glance
from safelight.files.metadata.picture_marks import Marks
from safelight.gui.widgets.shown_text import file_size, plain, size, tooltip

MOST_PICTURES = 400
"""Small pictures that are held, of 180 kB each at most."""

_NOWHERE = QModelIndex()

ROW = Qt.ItemDataRole.UserRole
"""The role that gives a ``FolderRow``."""


@dataclass(slots=True)
class FolderRow:
    """What is known of a photograph of the folder. ``known``: its marks and facts are; ``trouble``
    is why it cannot be shown, ``blank`` tells that it shows nothing; ``writing`` counts marks that
    are on their way to the disk.
    """

    photograph: FolderPhotograph
    marks: Marks = Marks()
    camera: str = ""
    width: int = 0
    height: int = 0
    known: bool = False
    trouble: str = ""
    blank: bool = False
    writing: int = 0

    @property
    def words(self) -> str:
        """What is to be said of it, for those who do not see it."""
        marks = self.marks
        said = [self.photograph.path.name]
        if marks.stars:
            said.append(f"{marks.stars} star{'' if marks.stars == 1 else 's'}")
        said += [f"{marks.label} label"] if marks.label else []
        said += ["rejected"] if marks.rejected else []
        return plain(", ".join(said))

    @property
    def tip(self) -> str:
        """More than that."""
        lines = [self.words]
        facts = [size(self.width, self.height)] if self.width else []
        facts += [file_size(self.photograph.size), self.camera]
        lines.append(" · ".join(filter(None, facts)))
        return tooltip("\n".join([*lines, self.trouble]).rstrip(), lines=True)


@dataclass(frozen=True, slots=True)
class FolderFilter:
    """Which photographs are shown: of at ``least`` so many stars, with a ``label`` ("" = any),
    taken with a ``camera`` ("" = any); rejected ones with the others, not at all, or alone.
    """

    least: int = 0
    label: str = ""
    rejects: Literal["shown", "hidden", "alone"] = "shown"
    camera: str = ""

    @property
    def open(self) -> bool:
        """Whether the filter lets everything through."""
        return self == FolderFilter()

    def lets(self, row: FolderRow) -> bool:
        """Whether the filter lets a photograph of which all is known through; others wait, unless
        it is ``open``.
        """
        marks = row.marks
        return (
            row.known
            and marks.stars >= self.least
            and (not self.label or marks.label == self.label)
            and (self.rejects == "shown" or marks.rejected == (self.rejects == "alone"))
            and (not self.camera or row.camera == self.camera)
        )


class FolderRows(QAbstractListModel):
    """The photographs that a filter lets through. ``learnt`` tells that more is known of some."""

    learnt = Signal()

    def __init__(self, shown: QSize, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._size = shown
        self._ratio = 1.0
        self._all: dict[Path, FolderRow] = {}
        self._rows: list[FolderRow] = []
        self._place: dict[Path, int] = {}
        self._pictures: OrderedDict[Path, QPixmap] = OrderedDict()
        self.filter = FolderFilter()

    # -- for Qt --------------------------------------------------------------------------------

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        """How many are let through."""
        return 0 if parent.isValid() else len(self._rows)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """What is shown of one, or said of it."""
        if not 0 <= index.row() < len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return plain(row.photograph.path.name)
        if role == Qt.ItemDataRole.DecorationRole:
            return self.picture(row.photograph.path)
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.tip
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return row.words
        return None

    # -- what there is -------------------------------------------------------------------------

    @property
    def rows(self) -> Sequence[FolderRow]:
        """The photographs that are let through, in their order."""
        return self._rows

    @property
    def count(self) -> int:
        """How many there are, whatever the filter."""
        return len(self._all)

    @property
    def pictures(self) -> int:
        """How many small pictures are held."""
        return len(self._pictures)

    def row(self, path: Path) -> FolderRow | None:
        """What is known of a photograph."""
        return self._all.get(path)

    def place(self, path: Path) -> int:
        """Where a photograph is among those that are let through; −1 where it is not."""
        return self._place.get(path, -1)

    def unknown(self) -> list[FolderPhotograph]:
        """The photographs of which nothing is known yet."""
        return [row.photograph for row in self._all.values() if not row.known]

    def cameras(self) -> list[str]:
        """The cameras that are known, by name."""
        return sorted({row.camera for row in self._all.values()} - {""}, key=str.casefold)

    def labels(self) -> set[str]:
        """The labels that are known."""
        return {row.marks.label for row in self._all.values()} - {""}

    def unseen(self, first: int, last: int) -> list[FolderPhotograph]:
        """The photographs between two places, the last one included, of which something is not
        known yet, or that show something and have no picture.
        """
        rows, held = self._rows[max(first, 0) : max(last + 1, 0)], self._pictures
        return [
            row.photograph
            for row in rows
            if not row.known or not (row.blank or row.photograph.path in held)
        ]

    def picture(self, path: Path) -> QPixmap | None:
        """The small picture of one, if it is held."""
        found = self._pictures.get(path)
        if found is not None:
            self._pictures.move_to_end(path)
        return found

    # -- what comes ----------------------------------------------------------------------------

    def have(self, photographs: Iterable[FolderPhotograph], known: Mapping[Path, Glance]) -> None:
        """Have these photographs and no others; of those that have not changed all stays known.
        ``known`` are facts from before; without sidecars, marks are among them.
        """
        before, self._all = self._all, {}
        for photograph in photographs:
            path = photograph.path
            row = before.get(path)
            if row is None:
                row = FolderRow(photograph)
                self._remember(row, known)
            elif row.photograph != photograph:
                changed = row.photograph.stamp != photograph.stamp
                row = replace(row, photograph=photograph)
                row.known = row.known and bool(row.writing)
                if changed:
                    row.trouble, row.blank = "", False
                    self._pictures.pop(path, None)
                    self._remember(row, known)
            self._all[path] = row
        for path in self._pictures.keys() - self._all.keys():
            del self._pictures[path]
        self.sift()

    @staticmethod
    def _remember(row: FolderRow, known: Mapping[Path, Glance]) -> None:
        """Have a row say what was known of its photograph before."""
        glance = known.get(row.photograph.path)
        if glance is not None:
            _learn(row, glance)
            row.known = not row.photograph.sidecars
            if row.known:
                row.marks = Marks(glance.rating or 0, glance.label)

    def empty(self) -> None:
        """Have none."""
        self._all = {}
        self._pictures.clear()
        self.sift()

    def sift(self) -> None:
        """Let those through that the filter lets through now."""
        found = self.filter
        rows = list(self._all.values())
        if not found.open:
            rows = list(filter(found.lets, rows))
        if len(rows) == len(self._rows) and all(map(operator.is_, rows, self._rows)):
            return
        self.beginResetModel()
        self._rows = rows
        self._place = {row.photograph.path: index for index, row in enumerate(rows)}
        self.endResetModel()

    def learn(self, seen: Seen, ratio: float = 1.0) -> None:
        """Take in what came of looking at a photograph; its picture for a screen of so many
        physical pixels for each.
        """
        path = seen.photograph.path
        row = self._all.get(path)
        if row is None or row.photograph != seen.photograph:
            return
        if seen.glance is not None:
            _learn(row, seen.glance)
            if seen.pictured:
                self._keep(path, seen.glance, ratio)
        row.trouble, row.blank = seen.trouble, seen.glance is None
        if not row.writing:
            row.marks = seen.marks
        row.known = True
        self.changed([path])
        self.learnt.emit()

    def changed(self, paths: Collection[Path]) -> None:
        """Have those shown anew."""
        for path in paths:
            if (place := self.place(path)) >= 0:
                index = self.index(place)
                self.dataChanged.emit(index, index)

    def _keep(self, path: Path, glance: Glance, ratio: float) -> None:
        height, width, _ = glance.pixels.shape
        image = QImage(
            glance.pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888
        )
        image = image.scaled(
            self._size * ratio,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        image.setDevicePixelRatio(ratio)
        self._pictures[path] = QPixmap.fromImage(image)
        self._pictures.move_to_end(path)
        while len(self._pictures) > MOST_PICTURES:
            self._pictures.popitem(last=False)


def _learn(row: FolderRow, glance: Glance) -> None:
    row.camera, row.width, row.height = glance.camera, glance.width, glance.height
