"""Folder marks: stars, labels and rejects on their way into sidecars, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from safelight.actions.folder.folder_photographs import FolderError, mark
from safelight.actions.open_confined import look_at
from safelight.files import OpenError, WriteError, is_project
from safelight.files.metadata.picture_marks import REJECTED, Marks
from safelight.gui.folder.folder_rows import FolderRow, FolderRows
from safelight.gui.folder.strip_view import Mark
from safelight.gui.threads.background import Mailbox


def marked(rows: Sequence[FolderRow], asked: Mark) -> dict[Path, Marks]:
    """What the marks of photographs become; a label or a reject that all have is taken off."""
    kind, value = asked
    if kind == "label":
        takes_off = all(row.marks.label == value for row in rows)
    else:
        takes_off = all(row.marks.rejected for row in rows)
    made = {}
    for row in rows:
        if kind == "stars":
            new = replace(row.marks, rating=int(str(value)))
        elif kind == "label":
            new = replace(row.marks, label="" if takes_off else str(value))
        else:
            new = replace(row.marks, rating=0 if takes_off else REJECTED)
        made[row.photograph.path] = new
    return made


class FolderMarks(QObject):
    """Writes marks of photographs, in the order in which they were asked for, and shows them at
    once. ``said`` tells why some could not be written: those are shown as they were.
    """

    said = Signal(str)

    def __init__(self, rows: FolderRows, parent: QObject) -> None:
        super().__init__(parent)
        self._rows = rows
        # Unlike a daemon's, its work is finished before the process ends.
        self._thread = ThreadPoolExecutor(1, "marks")
        self._mail = Mailbox(self, self._take)

    def give(self, asked: Mark, rows: Sequence[FolderRow]) -> None:
        """Mark photographs as is asked."""
        before = {row.photograph.path: row.marks for row in rows}
        wanted = marked(rows, asked)
        for row in rows:
            row.marks = wanted[row.photograph.path]
            row.writing += 1
        self._rows.changed(wanted)
        bare = {row.photograph.path for row in rows if not row.photograph.sidecars}
        self._thread.submit(self._write, wanted, before, bare, self._mail.post)

    def close(self) -> None:
        """Finish what was asked for, and take no more. Does not wait."""
        self._thread.shutdown(wait=False)

    @staticmethod
    def _write(
        wanted: dict[Path, Marks],
        before: dict[Path, Marks],
        bare: set[Path],
        post: Callable[[object], object],
    ) -> None:
        failed: dict[Path, str] = {}
        for path, marks in wanted.items():
            if marks == before[path]:
                continue
            try:
                mark(path, marks, _own_packet(path) if path in bare else None)
            except (FolderError, WriteError) as error:
                failed[path] = str(error)
            except Exception as error:  # the others are still to be written
                failed[path] = f"{path.name} was not marked: {error}."
        post((wanted, before, failed))

    def _take(self, letter: tuple[dict[Path, Marks], dict[Path, Marks], dict[Path, str]]) -> None:
        wanted, before, failed = letter
        for path in wanted:
            row = self._rows.row(path)
            if row is None:
                continue
            row.writing = max(row.writing - 1, 0)
            if path in failed and row.marks == wanted[path]:
                row.marks = before[path]
        self._rows.changed(wanted)
        self._rows.learnt.emit()
        if failed:
            first = next(iter(failed.values()))
            more = len(failed) - 1
            self.said.emit(f"{first} So were {more} more not." if more else first)


def _own_packet(path: Path) -> bytes | None:
    """The XMP in a photograph, with which a sidecar of it begins."""
    if is_project(path):
        return None
    try:
        seen = look_at(path)
    except OpenError:
        return None
    return None if seen is None else seen.packet
