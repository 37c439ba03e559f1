"""Brush bar: size and hardness of the brush, and what it paints on, above the picture."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from safelight.gui.canvas import Canvas
from safelight.gui.canvas.brush import LARGEST, SMALLEST
from safelight.gui.controls.field import WholeField
from safelight.gui.controls.number import Slider
from safelight.gui.text import plain

_POSITIONS = 200
"""Positions of the size's slider, of which each is as many per cent larger than the last."""


_NARROW = 480
"""Width in widget pixels below which there is no room for sliders beside the fields."""


class BrushBar(QFrame):
    """Seen while a canvas has the brush or the eraser in hand."""

    def __init__(self, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._canvas = canvas
        self._layer = ""
        self.title = QLabel()
        self.size_slider, self.size_field = _number("Size", SMALLEST, LARGEST, "px", _POSITIONS)
        self.hardness_slider, self.hardness_field = _number("Hardness", 0, 100, "%", 100)
        self.target = QLabel()
        self.target.setTextFormat(Qt.TextFormat.PlainText)
        self.target.setObjectName("dim")
        self.target.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 5, 12, 5)
        row.setSpacing(8)
        row.addWidget(self.title)
        for name, *widgets in (
            ("Size", self.size_slider, self.size_field),
            ("Hardness", self.hardness_slider, self.hardness_field),
        ):
            row.addSpacing(10)
            row.addWidget(QLabel(name))
            for widget in widgets:
                widget.setToolTip(_HINTS[name])
                row.addWidget(widget)
        row.addSpacing(10)
        row.addWidget(self.target, 1)
        self.size_slider.valueChanged.connect(lambda place: self._set_size(_size(place)))
        self.size_field.valueChanged.connect(self._set_size)
        self.hardness_slider.valueChanged.connect(self._set_hardness)
        self.hardness_field.valueChanged.connect(self._set_hardness)
        canvas.tool_changed.connect(self._show_tool)
        self._show_tool()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a small window the fields are enough, and nothing overlaps."""
        for slider in (self.size_slider, self.hardness_slider):
            slider.setVisible(event.size().width() >= _NARROW)
        super().resizeEvent(event)

    def show_target(self, layer: str) -> None:
        """Say that it paints on a layer's mask; "" = on the selection."""
        self._layer = layer
        self._tell_target()

    def _tell_target(self) -> None:
        verb = "Erases from" if self._canvas.erasing else "Paints on"
        self.target.setText(
            plain(f"{verb} the mask of {self._layer}" if self._layer else f"{verb} the selection")
        )

    def _show_tool(self) -> None:
        canvas, brush = self._canvas, self._canvas.brush
        self.setVisible(canvas.painting)
        self.title.setText("Eraser" if canvas.erasing else "Brush")
        self._tell_target()
        shown = (
            (self.size_slider, _place(brush.size)),
            (self.size_field, brush.size),
            (self.hardness_slider, round(brush.hardness * 100)),
            (self.hardness_field, round(brush.hardness * 100)),
        )
        for widget, value in shown:
            if isinstance(widget, Slider) and widget.isSliderDown():
                continue  # it would jump to the nearest position under the hand
            with QSignalBlocker(widget):
                widget.setValue(value)

    def _set_size(self, size: int) -> None:
        self._canvas.brush.resize(size)
        self._canvas.show_brush()

    def _set_hardness(self, percent: int) -> None:
        self._canvas.brush.hardness = percent / 100
        self._canvas.show_brush()


_HINTS = {
    "Size": "Diameter in pixels of the picture; [ and ] change it",
    "Hardness": "How much of it does not fade towards the rim; { and } change it",
}


def _number(name: str, low: int, high: int, unit: str, positions: int) -> tuple[Slider, WholeField]:
    slider = Slider(Qt.Orientation.Horizontal)
    slider.setRange(0, positions)
    slider.setMinimumWidth(40)
    slider.setMaximumWidth(140)
    field = WholeField()
    field.setRange(low, high)
    field.setSuffix(f" {unit}")
    field.setKeyboardTracking(False)
    field.setFixedWidth(76)
    field.setAlignment(Qt.AlignmentFlag.AlignRight)
    for widget in (slider, field):
        widget.setAccessibleName(name)
    return slider, field


def _size(place: int) -> int:
    """The size at a position of the slider: small sizes have as much room as large ones."""
    times: float = (LARGEST / SMALLEST) ** (place / _POSITIONS)
    return round(SMALLEST * times)


def _place(size: int) -> int:
    return round(math.log(max(size, SMALLEST) / SMALLEST, LARGEST / SMALLEST) * _POSITIONS)
