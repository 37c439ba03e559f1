"""Adjust section box: a section of *Adjust*, with its title, its rows and its further filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from safelight.api import Declaration, Value
from safelight.gui.adjust.adjust_row_box import RowBox
from safelight.gui.adjust.adjust_sections import ROWS, Section, offered
from safelight.gui.open_and_save.samples_and_recent_files import settings as remembered
from safelight.gui.widgets.icons import icon
from safelight.gui.widgets.shown_text import plain, tooltip

_SIDES = 14
"""Pixels beside the words of a button without a box."""

UNFOLDED = "unfolded"
"""Under which the sections are remembered that are unfolded."""

_RIGHT, _DOWN = "M 6 4 L 10 8 L 6 12", "M 4 6 L 8 10 L 12 6"
"""The arrows of a section that is folded, and of one that is unfolded."""


@dataclass(frozen=True, slots=True)
class Finder:
    """A filter that finds settings of several, and these, as ``sections.Auto`` tells of them."""

    filter: Declaration
    rows: tuple[tuple[Declaration, Mapping[str, str]], ...]

    def settings(self, found: Mapping[str, Value]) -> list[tuple[Declaration, dict[str, Value]]]:
        """What was found, for each filter; what changes nothing is left out."""
        made = []
        for item, told in self.rows:
            begins = ROWS[item.id][1].begins(item)
            settings = begins | {name: found[of] for name, of in told.items()}
            if settings != begins:
                made.append((item, settings))
        return made


class SectionBox(QWidget):
    """A section: its title, what can be asked of it, and its rows, which are made when unfolded.

    ``moved`` has a row and the control in it, ``point_wanted`` a row and whether points of its
    curve are to be set on the picture, ``chosen`` a filter; ``auto_wanted``, ``grey_wanted`` and
    ``reset_wanted`` are clicks in its title; ``folded`` tells that a click has folded or unfolded
    it, or its further filters, ``made`` that it has its rows.
    """

    moved = Signal(object, object)
    point_wanted = Signal(object, bool)
    chosen = Signal(object)
    auto_wanted = Signal()
    grey_wanted = Signal(bool)
    reset_wanted = Signal()
    folded = Signal()
    made = Signal()

    def __init__(
        self, section: Section, filters: Sequence[Declaration], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.section = section
        known = {item.id: item for item in filters}
        self.declarations = [known[row.filter] for row in section.rows if row.filter in known]
        self._rows = [row for row in section.rows if row.filter in known]
        self._more = offered(section, filters)
        self._first = [known[name] for name in section.first if name in known]
        self.finder = finder_of(section, known)
        self._shown: Mapping[str, Mapping[str, Value]] = {}
        self.rows: list[RowBox] = []
        self.body: QWidget | None = None
        self._links: dict[str, QPushButton] = {}
        self._inside: QWidget | None = None  # where those are that nobody has asked for yet
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        line = QFrame(self)
        line.setObjectName("line")
        self._column = column
        column.addWidget(line)
        self._show_folded(False)

    @property
    def empty(self) -> bool:
        """Whether nothing of it is installed."""
        return not self._rows and not self._more

    @property
    def unfolded(self) -> bool:
        """Whether the section's rows are shown."""
        return self.title.isChecked()

    def unfold(self, on: bool = True) -> None:
        """Show the section's rows, or its title alone."""
        self.title.setChecked(on)
        if on and self.body is None:
            self.body = self._body()
            self._column.insertWidget(1, self.body)
            self.show_settings(self._shown)
            self.made.emit()
        if self.body is not None:
            self.body.setVisible(on)
        self._show_folded(on)

    def show_settings(self, layers: Mapping[str, Mapping[str, Value]]) -> None:
        """Show the settings of the layers that there are, by their filters."""
        self._shown = layers
        own = [layers[row.filter] for row in self._rows if row.filter in layers]
        self.reset.setEnabled(bool(own))
        self.mark.setVisible(bool(own))
        if self.section.grey:
            self.grey.setText(
                "Grey ✓" if any(x.get(self.section.grey) for x in own) else "Pick grey"
            )
        for box in self.rows:
            box.show_settings(layers.get(box.row.filter))

    def _head(self) -> QWidget:
        head = _Head(self)
        self.title = QPushButton(head)
        head.clicked.connect(self.title.click)
        self.title.setObjectName("section")
        self.title.setText(plain(self.section.title))
        self.title.setCheckable(True)
        self.title.setAccessibleName(plain(self.section.title))
        self.title.setAccessibleDescription("A section of Adjust; unfolds and folds it")
        self.title.clicked.connect(self._toggled)
        self.mark = QLabel("●", head)
        self.mark.setObjectName("mark")
        self.mark.setToolTip("A layer holds what is set here")
        self.mark.setFixedWidth(10)
        self.mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
        room = self.mark.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self.mark.setSizePolicy(room)
        self.mark.hide()
        self.auto = _quiet(
            head, "Auto", "Settings that suit the picture; they can be changed afterwards"
        )
        self.auto.clicked.connect(self.auto_wanted)
        self.grey = _quiet(head, "Pick grey", "Pick a place of the picture that should be grey")
        self.grey.setCheckable(True)
        self.grey.setAccessibleName("Pick grey")
        self.grey.clicked.connect(self.grey_wanted)
        self.reset = _quiet(head, "Reset", "Take away what is set here")
        self.reset.clicked.connect(self.reset_wanted)
        self.reset.setEnabled(False)
        self.more = _quiet(head, "More", f"{len(self._more)} further filters")
        self.more.setCheckable(True)
        self._firsts = [self._link(item, head, chip=True) for item in self._first]
        self._arrow = QLabel(head)
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 0, 6, 0)
        row.setSpacing(0)
        row.addWidget(self.mark)
        row.addWidget(self.title)
        row.addStretch(1)
        for button in (self.auto, self.grey, self.reset, self.more):
            row.addWidget(button)
        chips = QHBoxLayout()
        chips.setSpacing(4)
        for chip in self._firsts:
            chips.addWidget(chip)
        row.addLayout(chips)
        row.addWidget(self._arrow)
        return head

    def _show_folded(self, on: bool) -> None:
        self._arrow.setPixmap(icon(_DOWN if on else _RIGHT).pixmap(QSize(14, 14)))
        has_auto = self.finder is not None or any(item.auto for item in self.declarations)
        self.auto.setVisible(on and has_auto)
        self.grey.setVisible(on and bool(self.section.grey))
        self.reset.setVisible(on and bool(self._rows))
        self.more.setVisible(on and bool(self._rows and self._more))
        for button in self._firsts:
            button.setVisible(not on)

    def _toggled(self) -> None:
        self.unfold(self.title.isChecked())
        self.folded.emit()

    def _body(self) -> QWidget:
        body = QWidget(self)
        column = QVBoxLayout(body)
        column.setContentsMargins(10, 0, 8, 8)
        column.setSpacing(0)
        for row, declaration in zip(self._rows, self.declarations, strict=True):
            box = RowBox(row, declaration, body)
            box.moved.connect(partial(self.moved.emit, box))
            box.point_wanted.connect(partial(self.point_wanted.emit, box))
            self.rows.append(box)
            column.addWidget(box)
        if self._more:
            self._add_links(body, column)
        return body

    def _add_links(self, body: QWidget, column: QBoxLayout) -> None:
        """Add the other filters, two beside one another; where there are sliders, those that are
        seen while it is folded, too, come first, and the others are behind a word, and made when
        that is clicked.
        """
        first = [item for item in self._more if self._rows and item in self._first]
        if first:
            seen = QWidget(body)
            self._fill(seen, first)
            column.addWidget(seen)
        self._inside = inside = QWidget(body)
        self._behind = [item for item in self._more if item not in first]
        column.addWidget(inside)
        self.more.toggled.connect(self._show_more)
        self.more.clicked.connect(self.folded)
        self._show_more(not self._rows or self.more.isChecked())

    def _show_more(self, on: bool) -> None:
        if self._inside is not None:
            if on:
                self._make_links()
            self._inside.setVisible(on)

    def _make_links(self) -> None:
        if self._inside is not None and self._behind:
            before: QWidget | None = self._inside  # Tab goes on to them from what is above them
            while before is not None and before.focusPolicy() == Qt.FocusPolicy.NoFocus:
                before = before.previousInFocusChain()
            self._fill(self._inside, self._behind)
            for item in self._behind:
                QWidget.setTabOrder(before or self, self._links[item.id])
                before = self._links[item.id]
            self._behind = []

    @property
    def links(self) -> dict[str, QPushButton]:
        """The words for further filters, by their ids; none as long as it was never unfolded."""
        self._make_links()
        return self._links

    def _fill(self, inside: QWidget, items: Sequence[Declaration]) -> None:
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 2, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(1)
        for number, item in enumerate(items):
            button = self._links[item.id] = self._link(item, inside)
            grid.addWidget(button, number // 2, number % 2)
        for place in (0, 1):
            grid.setColumnStretch(place, 1)

    def _link(self, item: Declaration, parent: QWidget, *, chip: bool = False) -> QPushButton:
        """A button that opens a filter; in the line of a title it has a border, as it would be read
        there as what the section is set to.
        """
        about = f"{item.description.split(chr(10) * 2)[0]}\n{item.plugin} {item.version}"
        button = Entry(item.title, parent)
        button.setToolTip(tooltip(about, lines=True))
        if chip:
            button.setObjectName("chip")
        else:
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        button.clicked.connect(partial(self.chosen.emit, item))
        return button


class Entry(QPushButton):
    """A filter's title that can be clicked; it ends in "…" where there is no room for all of it."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = plain(title)
        self.setObjectName("entry")
        self.setAutoDefault(False)
        self.setAccessibleName(self.words)
        self.setText(self.words.replace("&", "&&"))

    def sizeHint(self) -> QSize:
        wide = self.fontMetrics().horizontalAdvance(self.words) + _SIDES
        return QSize(wide, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        least = self.sizeHint()
        return least if self.objectName() == "chip" else QSize(40, least.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = event.size().width() - _SIDES + 2
        short = self.fontMetrics().elidedText(self.words, Qt.TextElideMode.ElideRight, room)
        self.setText(short.replace("&", "&&"))


class _Head(QWidget):
    """The line of a section's title, all of which can be clicked."""

    clicked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedHeight(30)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()


class _Quiet(QToolButton):
    """A word that can be clicked, without a box, and no wider than it has to be."""

    def sizeHint(self) -> QSize:
        wide = self.fontMetrics().horizontalAdvance(self.text()) + _SIDES - 4
        return QSize(wide, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


def finder_of(section: Section, known: Mapping[str, Declaration]) -> Finder | None:
    """What finds settings for several rows, where all that this takes is installed."""
    auto = section.auto
    if auto is None or any(name not in known for name in (auto.filter, *auto.rows)):
        return None
    rows = tuple((known[name], told) for name, told in auto.rows.items())
    return Finder(known[auto.filter], rows) if known[auto.filter].auto else None


def _quiet(parent: QWidget, words: str, hint: str) -> QToolButton:
    button = _Quiet(parent)
    button.setObjectName("quiet")
    button.setText(words)
    button.setToolTip(hint)
    return button


def is_unfolded(section: Section) -> bool:
    stored = remembered().value(f"{UNFOLDED}/{section.title}", None)
    return section.unfolded if stored is None else str(stored).lower() == "true"
