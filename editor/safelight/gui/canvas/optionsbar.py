"""Options bar: the options of the tool in hand, and on what it works, above the picture."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from safelight.gui.canvas.canvas import Canvas
from safelight.gui.canvas.tools.tool import Tool
from safelight.gui.controls import Control, control_for
from safelight.gui.controls.number import NumberControl
from safelight.gui.garbage import destroy
from safelight.gui.text import plain

_NARROW = 480
"""Width in widget pixels below which there is no room for sliders beside the fields."""


class OptionsBar(QFrame):
    """Seen while a canvas has a tool in hand that has options; ``controls`` are by their names."""

    def __init__(self, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._canvas = canvas
        self._tool: Tool | None = None
        self.controls: dict[str, Control] = {}
        self.title = QLabel()
        self.target = QLabel()
        self.target.setTextFormat(Qt.TextFormat.PlainText)
        self.target.setObjectName("dim")
        self.target.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 5, 12, 5)
        self._row.setSpacing(18)
        self._row.addWidget(self.title)
        self._row.addWidget(self.target, 1)
        canvas.tool_changed.connect(self._show_tool)
        self._show_tool()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a small window the fields are enough, and nothing overlaps."""
        self._make_room(event.size().width())
        super().resizeEvent(event)

    def _make_room(self, width: int) -> None:
        for control in self.controls.values():
            if isinstance(control, NumberControl):
                control.slider.setVisible(width >= _NARROW)

    def _show_tool(self) -> None:
        tool = self._canvas.tool
        if tool is not self._tool:
            self._tool = tool
            self._fill(tool)
        self.setVisible(bool(self.controls))
        self.target.setText(plain(tool.note))
        for name, control in self.controls.items():
            # It would jump to the nearest position under the hand.
            held = isinstance(control, NumberControl) and control.slider.isSliderDown()
            if not held and control.value() != tool.values[name]:
                control.set_value(tool.values[name])

    def _fill(self, tool: Tool) -> None:
        for control in self.controls.values():
            control.hide()  # first, so that the keyboard goes on from there
            self._row.removeWidget(control)
            destroy(control)
        self.controls = {}
        self.title.setText(tool.title)
        for index, parameter in enumerate(tool.parameters()):
            control = control_for(parameter)
            control.lie_in_a_row()
            control.set_value(tool.values[parameter.name])
            control.changed.connect(_setter(tool, control))
            self._row.insertWidget(1 + index, control)
            self.controls[parameter.name] = control
        self._make_room(self.width())


def _setter(tool: Tool, control: Control) -> Callable[[], None]:
    return lambda: tool.set(control.parameter.name, control.value())
