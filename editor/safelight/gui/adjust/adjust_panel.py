"""Adjust panel: what photographers reach for, section by section, with every filter behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

from safelight.api import Declaration, Value
from safelight.gui.adjust.adjust_row_box import RowBox
from safelight.gui.adjust.adjust_section_box import UNFOLDED, SectionBox, is_unfolded
from safelight.gui.adjust.adjust_sections import ROWS, sections
from safelight.gui.canvas.tools.crop import Crop
from safelight.gui.open_and_save.samples_and_recent_files import settings as remembered
from safelight.gui.threads.garbage_collection import destroy
from safelight.gui.widgets.icons import icon
from safelight.gui.widgets.small_widgets import remark


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
            if is_unfolded(section):
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
            remembered().setValue(f"{UNFOLDED}/{title}", box.unfolded)

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


def _padded(widget: QWidget, below: int) -> QVBoxLayout:
    around = QVBoxLayout()
    around.setContentsMargins(10, 2, 10, below)
    around.addWidget(widget)
    return around
