"""Filter bar: by which stars, label, rejects and camera the photographs of a folder are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from safelight.files.metadata.picture_marks import LABELS, MOST_STARS
from safelight.gui.folder.folder_rows import FolderFilter
from safelight.gui.photograph_tabs import labelled
from safelight.gui.widgets.shown_text import plain

_REJECTS = {
    "shown": "Rejected ones &too",
    "hidden": "&Without rejected ones",
    "alone": "&Rejected ones alone",
}


class FilterBar(QWidget):
    """Stars to click on, and a menu of the rest. ``changed`` has the filter that is wanted.

    ``cameras`` and ``labels`` give those that are known when the menu opens, ``asked`` tells that
    it has: all are of interest then.
    """

    changed = Signal(object)
    asked = Signal()

    def __init__(
        self,
        cameras: Callable[[], list[str]],
        labels: Callable[[], set[str]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.filter = FolderFilter()
        self._cameras, self._labels = cameras, labels
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.stars: list[QToolButton] = []
        for number in range(1, MOST_STARS + 1):
            star = QToolButton()
            star.setObjectName("star")
            star.setText("★")
            star.setCheckable(True)
            words = f"At least {number} star{'' if number == 1 else 's'}"
            star.setToolTip(f"{words}; again for all")
            star.setAccessibleName(words)
            star.clicked.connect(lambda _=False, number=number: self._least(number))
            self.stars.append(star)
            row.addWidget(star)
        row.addSpacing(6)
        self.more = QToolButton()
        self.more.setObjectName("dropdown")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setToolTip(
            "Show the photographs of a label or a camera, with or without rejected ones"
        )
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill)
        self.more.setMenu(self.menu)
        row.addWidget(self.more)
        self._show()

    def use(self, filter: FolderFilter) -> None:
        """Have another filter."""
        if filter != self.filter:
            self.filter = filter
            self._show()
            self.changed.emit(filter)

    def _least(self, number: int) -> None:
        self.use(replace(self.filter, least=0 if self.filter.least == number else number))
        self._show()  # the button has switched itself

    def _show(self) -> None:
        found = self.filter
        for number, star in enumerate(self.stars, 1):
            star.setChecked(number <= found.least)
        words = [found.label, found.camera]
        words += {"shown": [], "hidden": ["no rejects"], "alone": ["rejects"]}[found.rejects]
        said = ", ".join(filter(None, words))
        self.more.setText(labelled(plain(f"Filter: {said}" if said else "Filter", longest=40)))
        self.more.setAccessibleName("Filter")

    def _fill(self) -> None:
        self.asked.emit()
        self.menu.clear()
        found = self.filter
        known = [*LABELS, *sorted(self._labels() - set(LABELS))]
        self._part("Any label", known, found.label, lambda x: replace(found, label=x))
        self.menu.addSeparator()
        group = QActionGroup(self.menu)
        for value, words in _REJECTS.items():
            self._line(group, words, found.rejects == value, replace(found, rejects=value))  # type: ignore[arg-type]
        self.menu.addSeparator()
        self._part("Any camera", self._cameras(), found.camera, lambda x: replace(found, camera=x))
        self.menu.addSeparator()
        clear = self.menu.addAction("&Show all")
        clear.setEnabled(not found.open)
        clear.triggered.connect(lambda: self.use(FolderFilter()))

    def _part(
        self, every: str, names: list[str], chosen: str, made: Callable[[str], FolderFilter]
    ) -> None:
        group = QActionGroup(self.menu)
        self._line(group, every, not chosen, made(""))
        for name in names:
            self._line(group, labelled(name), name == chosen, made(name))

    def _line(self, group: QActionGroup, words: str, on: bool, made: FolderFilter) -> None:
        line = QAction(words, self.menu)
        line.setCheckable(True)
        line.setChecked(on)
        group.addAction(line)
        self.menu.addAction(line)
        line.triggered.connect(lambda: self.use(made))


def keeps_focus_away(bar: FilterBar) -> None:
    """Have clicks on the bar leave the keyboard where it is."""
    for button in (*bar.stars, bar.more):
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
