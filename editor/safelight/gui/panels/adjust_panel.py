"""Adjust panel: what photographers reach for, section by section, with every filter behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QMouseEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from safelight.api import Declaration, Value
from safelight.document import Document, Live
from safelight.gui.canvas.tools.crop import Crop
from safelight.gui.controls import Control, control_for
from safelight.gui.controls.curve import CurveBox, CurveControl
from safelight.gui.controls.number import NumberControl
from safelight.gui.garbage_collection import destroy
from safelight.gui.icons import icon
from safelight.gui.panels.adjust_sections import ROWS, Row, Section, offered, sections
from safelight.gui.panels.document_glimpse import Glimpse
from safelight.gui.panels.histogram_panel import counts, shape
from safelight.gui.samples_and_recent_files import settings as remembered
from safelight.gui.shown_text import plain, tooltip
from safelight.gui.small_widgets import remark

_NAME = 84
"""Pixels of a slider's name: the sliders of all sections begin below one another."""

_SIDES = 14
"""Pixels beside the words of a button without a box."""

_TARGET = "E 8 8 4.5 4.5 M 8 1 L 8 6 M 8 10 L 8 15 M 1 8 L 6 8 M 10 8 L 15 8"
"""The icon of the button that sets points of a curve on the picture."""

_TINGES = ("#e0605a", "#5fb866", "#6b8cf0", "")
"""Colours of the histogram behind a curve, by the channel."""

_UNFOLDED = "unfolded"
"""Under which the sections are remembered that are unfolded."""


_RIGHT, _DOWN = "M 6 4 L 10 8 L 6 12", "M 4 6 L 8 10 L 12 6"
"""The arrows of a section that is folded, and of one that is unfolded."""


class RowBox(QWidget):
    """The sliders of one filter. ``moved`` has the control that was moved; ``point_wanted`` tells
    whether points of its curve are to be set on the picture.
    """

    moved = Signal(object)
    point_wanted = Signal(bool)

    def __init__(self, row: Row, declaration: Declaration, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row = row
        self.declaration = declaration
        self.controls: dict[str, Control] = {}
        self._begins = row.begins(declaration)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._choices = QButtonGroup(self)
        self.shown = ""
        self.point = QToolButton(self)
        self.point.setObjectName("steps")
        self.point.setIcon(icon(_TARGET))
        self.point.setIconSize(QSize(12, 12))
        self.point.setCheckable(True)
        self.point.setAccessibleName("Set points on the picture")
        self.point.setToolTip(
            "Press on the picture to set a point at that tone, and drag up or down to move it"
        )
        self.point.clicked.connect(self.point_wanted)
        self.point.setVisible(bool(row.bends))
        if row.one:
            column.addLayout(self._choice())
        for name, title in row.parameters.items():
            control = self._control(name, title)
            self.controls[name] = control
            column.addWidget(control)
        if row.one:
            self._show_one(next(iter(self.controls)))
        self._glimpse = Glimpse(self, counts, self._show_counts)
        self.show_settings(None)

    def settings(self, layer: Mapping[str, Value] | None) -> dict[str, Value]:
        """A layer's settings, or those of none yet, with what the sliders show."""
        shown = {name: control.value() for name, control in self.controls.items()}
        return {**self._begins, **(layer or {}), **shown}

    @property
    def begins(self) -> dict[str, Value]:
        """The settings at which nothing changes."""
        return self._begins

    def show_settings(self, layer: Mapping[str, Value] | None) -> None:
        """Show a layer's settings, or that there is no layer."""
        found = {**self._begins, **(layer or {})}
        for name, control in self.controls.items():
            value = control.parameter.check(found[name])
            if control.value() != value:
                control.set_value(value)

    def look(self, document: Document, live: Live | None) -> None:
        """Show behind each curve the tones that enter it: those of ``document``, once counted."""
        self._glimpse.look(document, live)

    def showEvent(self, event: QShowEvent) -> None:
        """What was not counted while hidden is counted now."""
        self._glimpse.wake()
        super().showEvent(event)

    def _show_counts(self, found: NDArray[np.int64] | None) -> None:
        for name, channels in self.row.bends.items():
            box = self.curve(name)
            if box is not None:
                heights = None if found is None else shape(found[list(channels)].sum(0)[None])[0]
                box.show_histogram(heights, _TINGES[channels[0]] if len(channels) == 1 else "")

    def _control(self, name: str, title: str) -> Control:
        parameter = self.declaration.parameter(name)
        parameter = replace(
            parameter,
            title=title or parameter.title,
            default=self._begins[name],
            ends=None,
            unit="",
        )
        control = control_for(parameter, self)
        control.changed.connect(partial(self.moved.emit, control))
        if isinstance(control, NumberControl):
            control.lie_in_a_line(_NAME)
            control.slider.track = self.row.tracks.get(name, ())
            control.field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            control.field.leaves_wheel = True  # what it happens to pass over must not change
        elif self.row.one:
            control.title.hide()
        return control

    def _choice(self) -> QHBoxLayout:
        """A button for each of the parameters, of which one is shown."""
        line = QHBoxLayout()
        line.setSpacing(1)  # all of them fit the narrowest panel
        for name, title in self.row.parameters.items():
            button = QToolButton(self)
            button.setObjectName("channel")
            parameter = self.declaration.parameter(name)
            button.setText(title or plain(parameter.title))
            button.setAccessibleName(plain(parameter.title))
            button.setToolTip(tooltip(parameter.help or parameter.title))
            button.setCheckable(True)
            button.setChecked(not self._choices.buttons())
            button.clicked.connect(partial(self._show_one, name))
            self._choices.addButton(button)
            line.addWidget(button)
        if self.row.bends:
            line.addWidget(self.point, 1, Qt.AlignmentFlag.AlignRight)
        else:
            line.addStretch(1)
        return line

    def curve(self, name: str) -> CurveBox | None:
        """The drawing of a parameter that is a curve."""
        control = self.controls.get(name)
        return control.box if isinstance(control, CurveControl) else None

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody sets points of a curve that cannot be seen."""
        if not event.spontaneous():
            self.stop_pointing()
        super().hideEvent(event)

    def stop_pointing(self) -> None:
        """Set no more points on the picture."""
        if self.point.isChecked():
            self.point.click()

    def _show_one(self, name: str) -> None:
        self.shown = name
        for other, control in self.controls.items():
            control.setVisible(other == name)


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
        self.finder = _finder(section, known)
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
        """Show its rows, or its title alone."""
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


class AdjustPage(QWidget):
    """All sections, below the button for the crop, above the one for the list of all filters.

    ``moved`` has a row and its control, ``point_wanted`` a row and whether to set points of its
    curve on the picture, ``chosen`` a filter, ``auto_wanted`` a row, ``grey_wanted`` a row and
    whether to pick, ``reset_wanted`` a section; ``crop_wanted`` and
    ``list_wanted`` are clicks on those buttons; ``made`` tells that there are further rows.
    """

    moved = Signal(object, object)
    point_wanted = Signal(object, bool)
    chosen = Signal(object)
    auto_wanted = Signal(object)
    grey_wanted = Signal(object, bool)
    reset_wanted = Signal(object)
    crop_wanted = Signal()
    list_wanted = Signal()
    made = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.boxes: dict[str, SectionBox] = {}
        self._filters: Sequence[Declaration] = ()
        self.area = QScrollArea(self)
        inside = QWidget()
        inside.setObjectName("transparent")
        self.area.setWidget(inside)
        self.crop = QPushButton("Crop and straighten", inside)
        self.crop.setIcon(icon(Crop.icon))
        self.crop.setIconSize(QSize(16, 16))
        self.crop.setToolTip("Take the crop tool in hand (C)")
        self.crop.setAutoDefault(False)
        self.crop.clicked.connect(self.crop_wanted)
        self.all = QPushButton("All filters…", inside)
        self.all.setToolTip("The list of every filter, with a search")
        self.all.setAutoDefault(False)
        self.all.clicked.connect(self.list_wanted)
        self.note = remark("Looking for filters…")
        self._inside = QVBoxLayout(inside)
        self._inside.setContentsMargins(0, 8, 0, 8)
        self._inside.setSpacing(0)
        self._inside.addLayout(_padded(self.crop, 6))
        self._sections = QVBoxLayout()
        self._sections.setSpacing(0)
        self._inside.addLayout(self._sections)
        self._inside.addLayout(_padded(self.note, 8))
        self._inside.addLayout(_padded(self.all, 8))
        self._inside.addStretch(1)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.viewport().setAutoFillBackground(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.area)

    def show_filters(self, filters: Sequence[Declaration]) -> None:
        """Have the sections of these filters; unfolded are those that were."""
        for _ in self.filling(filters):
            pass

    def filling(self, filters: Sequence[Declaration]) -> Iterator[None]:
        """The steps of ``show_filters``, each short enough for a turn of the event loop.

        They end where other filters have come meanwhile.
        """
        if tuple(filters) == tuple(self._filters) and self.boxes:
            return
        self._filters = filters
        self.note.setText("No filters are installed.")
        self.note.setVisible(not filters)
        for box in self.boxes.values():
            self._sections.removeWidget(box)
            destroy(box)
        self.boxes = {}
        for section in sections(filters):
            box = SectionBox(section, filters, self.area.widget())
            if box.empty:
                destroy(box)
                continue
            self.boxes[section.title] = box
            self._connect(box)
            self._sections.addWidget(box)
            yield
            if self._filters is not filters:
                return
            if _remembered(section):
                box.unfold()
                yield
                if self._filters is not filters:
                    return

    def _connect(self, box: SectionBox) -> None:
        box.moved.connect(self.moved)
        box.point_wanted.connect(self.point_wanted)
        box.chosen.connect(self.chosen)
        box.auto_wanted.connect(lambda: self.auto_wanted.emit(box))
        box.grey_wanted.connect(lambda on: self.grey_wanted.emit(box, on))
        box.reset_wanted.connect(lambda: self.reset_wanted.emit(box))
        box.folded.connect(lambda: self._fold(box))
        box.made.connect(self.made)

    def _fold(self, box: SectionBox) -> None:
        """A click has folded or unfolded something: all of what is unfolded is seen."""
        self._remember()
        if box.unfolded:
            self._bring_into_view(box)

    def _remember(self) -> None:
        """Sections are folded and unfolded as they were left, also at the next start."""
        for title, box in self.boxes.items():
            remembered().setValue(f"{_UNFOLDED}/{title}", box.unfolded)

    def show_settings(self, layers: Mapping[str, Mapping[str, Value]]) -> None:
        """Show the settings of the layers that the sliders set, by their filters."""
        for box in self.boxes.values():
            box.show_settings(layers)

    def box_of(self, filter: str) -> SectionBox | None:
        """The section that has sliders of a filter."""
        found = ROWS.get(filter)
        return None if found is None else self.boxes.get(found[0].title)

    @property
    def rows(self) -> list[RowBox]:
        """The rows of all sections that have been unfolded."""
        return [row for box in self.boxes.values() for row in box.rows]

    def row_of(self, filter: str) -> RowBox | None:
        """The sliders of a filter, in a section that is unfolded for them."""
        box = self.box_of(filter)
        if box is None:
            return None
        if box.body is None:
            box.unfold()
        return next((row for row in box.rows if row.row.filter == filter), None)

    def reveal(self, filter: str) -> bool:
        """Bring the sliders of a filter into view; whether there are any."""
        box = self.box_of(filter)
        if box is None:
            return False
        if not box.unfolded:
            box.unfold()
        self._bring_into_view(box)
        return True

    def _bring_into_view(self, box: SectionBox) -> None:
        """Scroll to a section, once it has its height: no further than it takes to see all of it,
        or its title and as much of the rest as there is room for.
        """
        QTimer.singleShot(0, box, lambda: self._scroll_to(box))

    def _scroll_to(self, box: SectionBox) -> None:
        bar, top = self.area.verticalScrollBar(), box.pos().y()
        bottom = top + box.height() - self.area.viewport().height()
        bar.setValue(min(max(bar.value(), bottom), top))


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


def _finder(section: Section, known: Mapping[str, Declaration]) -> Finder | None:
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


def _padded(widget: QWidget, below: int) -> QVBoxLayout:
    around = QVBoxLayout()
    around.setContentsMargins(10, 2, 10, below)
    around.addWidget(widget)
    return around


def _remembered(section: Section) -> bool:
    stored = remembered().value(f"{_UNFOLDED}/{section.title}", None)
    return section.unfolded if stored is None else str(stored).lower() == "true"
