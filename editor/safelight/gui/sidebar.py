"""Sidebar: the column beside the canvas: histogram, tabs, and the layers below all of them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from safelight.gui.jobs.filter_stack import FilterStack
from safelight.gui.panel_tabs import PanelTabs
from safelight.gui.panels import LayersPanel, Panel

_ADJUST, _LAYERS = "Adjust", LayersPanel.title
"""The tab of the filters, and the one that has the layers alone."""

_NARROWEST = 296
"""Pixels in which a slider has room beside its name and its number."""

_TALL, _LOW = 560, 430
"""Heights from which on all is shown as it is best, and below which the layers have their tab
alone."""

_HISTOGRAM = {_TALL: 92, _LOW: 72, 0: 48}
"""Pixels that the histogram is high, from a height of the column on."""

_ROWS = {_TALL: 3, _LOW: 2, 0: 0}
"""Layers that are seen below the other tabs; none: no room for them."""


class Sidebar(QFrame):
    """The column beside the canvas. Its parts keep their heights: only another height of the window
    gives them others.

    ``turned`` tells that another tab is in front.
    """

    turned = Signal(str)

    def __init__(self, filters: FilterStack, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setMinimumWidth(_NARROWEST)
        self._filters = filters
        self._top: list[Panel] = []
        self.layers: LayersPanel | None = None
        self.tabs = PanelTabs()
        self.pages = QStackedWidget()
        # What is in front has the room there is: what another page needs makes nothing higher.
        self.pages.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self._insides: dict[str, QVBoxLayout] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.tabs)
        self._line = QFrame()
        self._line.setObjectName("line")
        self._column.addWidget(self._line)
        self._column.addWidget(self.pages, 1)
        self.tabs.add(_ADJUST, "filter")
        self.pages.addWidget(filters)
        self.tabs.currentChanged.connect(self._turn)
        filters.currentChanged.connect(self.give_room)

    def add(self, panel: Panel) -> None:
        """Put a panel where it belongs: above the tabs, in a tab, or below."""
        if isinstance(panel, LayersPanel):
            self.layers = panel
            self.tabs.add(_LAYERS, panel.icon)
            self.pages.addWidget(QWidget())
            self._below = QFrame()
            self._below.setObjectName("line")
            self._column.addWidget(self._below)
            self._column.addWidget(panel)
        elif not panel.tab:
            self._top.append(panel)
            self._column.insertWidget(len(self._top) - 1, panel)
        else:
            self._page(panel).addWidget(panel, panel.stretch)
        self.give_room()

    def _page(self, first: Panel) -> QVBoxLayout:
        """What is inside of a panel's tab, which scrolls where there is no room for it."""
        title = first.tab
        if title not in self._insides:
            inside = QWidget()
            inside.setObjectName("transparent")
            column = self._insides[title] = QVBoxLayout(inside)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            area = QScrollArea()
            area.setWidget(inside)
            area.setWidgetResizable(True)
            area.setFrameShape(QFrame.Shape.NoFrame)
            area.viewport().setAutoFillBackground(False)
            self.tabs.add(title, first.icon)
            self.pages.addWidget(area)
        return self._insides[title]

    @property
    def titles(self) -> list[str]:
        """What is on the tabs."""
        return [self.tabs.tabText(index) for index in range(self.tabs.count())]

    @property
    def title(self) -> str:
        """The tab in front."""
        return self.tabs.tabText(self.tabs.currentIndex())

    def show_tab(self, title: str) -> None:
        """Bring a tab to the front."""
        if title in self.titles:
            self.tabs.setCurrentIndex(self.titles.index(title))

    def show_adjust(self) -> None:
        """Bring what filters are set with to the front."""
        self.show_tab(_ADJUST)

    def _turn(self, index: int) -> None:
        self.pages.setCurrentIndex(index)
        self.give_room()
        self.turned.emit(self.title)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().height() != event.size().height():
            self.give_room()

    def give_room(self) -> None:
        """Share the height out."""
        height, alone = self.height(), self.title == _LAYERS
        filters = self._filters
        self.tabs.lie_flat(height < _LOW)
        roomy = height >= _LOW or self.title != _ADJUST or filters.currentWidget() is filters.home
        for panel in self._top:
            panel.setFixedHeight(_of(_HISTOGRAM, height))
            panel.setVisible(roomy)  # or a filter's settings would have none
        self.pages.setVisible(not alone)
        if self.layers is None:
            return
        tried = self._filters.tried
        lightbox = tried is not None and tried.latents.lightbox is not None
        rows = 0 if lightbox and self.title == _ADJUST else _of(_ROWS, height)
        self._below.setVisible(not alone and rows > 0)
        self.layers.setVisible(alone or rows > 0)
        self.layers.lie_short(0 if alone else rows)
        self._column.setStretchFactor(self.layers, 1 if alone else 0)


def _of(steps: dict[int, int], height: int) -> int:
    """What goes with the highest step that a height reaches."""
    return next(value for step, value in steps.items() if height >= step)
