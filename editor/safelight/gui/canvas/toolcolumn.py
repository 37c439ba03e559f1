"""Tool column: a button for each tool, at the left of the canvas."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from safelight.gui.canvas.canvas import Canvas
from safelight.gui.canvas.tools.tool import Tool
from safelight.gui.deeds.deed import Deeds
from safelight.gui.icons import icon
from safelight.gui.text import tooltip


class ToolColumn(QFrame):
    """Shows which tool of the canvas is in hand, and takes another. ``buttons`` are by id."""

    def __init__(self, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._canvas = canvas
        self.buttons: dict[str, QToolButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 6, 4, 6)
        column.setSpacing(3)
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
            column.addWidget(button)
        column.addStretch(1)
        canvas.tool_changed.connect(self._show)
        self._show()

    def offer(self, deeds: Deeds) -> None:
        """Tell of each tool the keys it has now."""
        keys = {deed.id: deeds.keys(deed) for deed in deeds if deed.id.startswith("tool ")}
        for name, button in self.buttons.items():
            tool = self._canvas.tools[name]
            button.setToolTip(_told(tool, keys.get(f"tool {name}", tool.shortcut)))

    def _take(self, name: str) -> None:
        self._canvas.take(name)
        self._show()
        self._canvas.setFocus()

    def _show(self) -> None:
        for name, button in self.buttons.items():
            button.setChecked(name == self._canvas.tool.id)


def _told(tool: Tool, keys: str) -> str:
    return tooltip(f"{tool.title}{f' ({keys})' if keys else ''}\n{tool.hint}", lines=True)
