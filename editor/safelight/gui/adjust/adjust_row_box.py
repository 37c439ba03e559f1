"""Adjust row box: one row of a section of *Adjust*: a filter's control, its name and its curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from safelight.api import Declaration, Value
from safelight.document import Document, Live
from safelight.gui.adjust.adjust_sections import Row
from safelight.gui.controls import Control, control_for
from safelight.gui.controls.curve import CurveBox, CurveControl
from safelight.gui.controls.number import NumberControl
from safelight.gui.panels.document_glimpse import Glimpse
from safelight.gui.panels.histogram_panel import counts, shape
from safelight.gui.widgets.icons import icon
from safelight.gui.widgets.shown_text import plain, tooltip

_NAME = 84
"""Pixels of a slider's name: the sliders of all sections begin below one another."""

_TARGET = "E 8 8 4.5 4.5 M 8 1 L 8 6 M 8 10 L 8 15 M 1 8 L 6 8 M 10 8 L 15 8"
"""The icon of the button that sets points of a curve on the picture."""

_TINGES = ("#e0605a", "#5fb866", "#6b8cf0", "")
"""Colours of the histogram behind a curve, by the channel."""


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
