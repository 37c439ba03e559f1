"""Tool column: a button for each tool, at the left of the canvas."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QToolButton, QWidget

from safelight.gui.canvas.canvas import Canvas
from safelight.gui.canvas.tools.tool import Tool
from safelight.gui.deeds.deed import Deeds
from safelight.gui.icons import icon
from safelight.gui.shown_text import tooltip

_GAP, _SIDE = 3, 36
"""Pixels between two buttons, and from the top of one to that of the next."""


class ToolColumn(QFrame):
    """Shows which tool of the canvas is in hand, and takes another. ``buttons`` are by id."""

    def __init__(self, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._canvas = canvas
        self.buttons: dict[str, QToolButton] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(4, 6, 4, 6)
        self._grid.setSpacing(_GAP)
        self._rows = 0
        for tool in canvas.tools.values():
            if not tool.chosen:
                continue
            button = QToolButton()
            button.setObjectName("tool")
            button.setIcon(icon(tool.icon))
            button.setIconSize(QSize(18, 18))
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setToolTip(_told(tool, tool.shortcut))
            button.setAccessibleName(tool.title)
            button.clicked.connect(lambda _=False, name=tool.id: self._take(name))
            self.buttons[tool.id] = button
        self._lay_out(len(self.buttons))
        canvas.tool_changed.connect(self._show)
        self._show()

    def offer(self, deeds: Deeds) -> None:
        """Tell of each tool the keys it has now."""
        keys = {deed.id: deeds.keys(deed) for deed in deeds if deed.id.startswith("tool ")}
        for name, button in self.buttons.items():
            tool = self._canvas.tools[name]
            button.setToolTip(_told(tool, keys.get(f"tool {name}", tool.shortcut)))

    def minimumSizeHint(self) -> QSize:
        """It gets broader rather than making a window higher."""
        return QSize(super().minimumSizeHint().width(), 3 * _SIDE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out(max((event.size().height() - 12) // _SIDE, 1))

    def _lay_out(self, most: int) -> None:
        """Have at most so many buttons below one another, and as few columns as that needs."""
        columns = -(-len(self.buttons) // most)
        rows = -(-len(self.buttons) // columns)
        if rows == self._rows:
            return
        self._grid.setRowStretch(self._rows, 0)
        self._rows = rows
        for place, button in enumerate(self.buttons.values()):
            self._grid.addWidget(button, place % rows, place // rows)
        self._grid.setRowStretch(rows, 1)

    def _take(self, name: str) -> None:
        self._canvas.take(name)
        self._show()
        self._canvas.setFocus()

    def _show(self) -> None:
        for name, button in self.buttons.items():
            button.setChecked(name == self._canvas.tool.id)


def _told(tool: Tool, keys: str) -> str:
    return tooltip(f"{tool.title}{f' ({keys})' if keys else ''}\n{tool.hint}", lines=True)
