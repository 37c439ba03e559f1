"""Result choice row: the row of a filter layer for lightness, colour and fine texture.

It is made of the controls that parameters have. Moving any of them runs no filter.
"""

from __future__ import annotations

from functools import partial
from typing import cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from safelight.api import Parameter
from safelight.document import Layer, edits
from safelight.document.contents.content import FEATHER, GROW
from safelight.gui.controls import Control, control_for
from safelight.gui.frames.keyframe_buttons import offer_keyframes
from safelight.gui.session import Session

_CHANNELS = Parameter(
    *("channels", "choice", "all", "Apply to"),
    help="All of the result, its lightness only, or its colour only",
    choices=("all", "luminance", "colour"),
)
_TEXTURE = Parameter(
    *("texture", "integer", 0, "Keep fine texture"),
    help="How much of the finest detail stays as it was below",
    minimum=0,
    maximum=100,
    unit=" %",
)


_GROW = Parameter(
    *("grow", "number", 0.0, "Grow mask"),
    help="How far beyond its mask the filter works; within it when negative",
    minimum=GROW[0],
    maximum=GROW[1],
    slider=(-64, 256),
    step=1,
    unit="px",
)
_FEATHER = Parameter(
    *("feather", "number", 0.0, "Feather mask"),
    help="Radius over which the mask's edge fades",
    minimum=FEATHER[0],
    maximum=FEATHER[1],
    slider=(0, 256),
    step=1,
    unit="px",
)


class FilterStrip(QWidget):
    """Channels, texture and mask of a filter layer; its amount and blend mode are among the layers.

    ``edit_wanted`` has an Edit.
    """

    edit_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer: Layer | None = None
        self.channels, self.texture = (control_for(item) for item in (_CHANNELS, _TEXTURE))
        self.grow, self.feather = control_for(_GROW), control_for(_FEATHER)
        self.mask_note = QLabel()
        self.mask_note.setObjectName("dim")
        self.remove_mask = QPushButton("Remove mask")
        self.remove_mask.setToolTip("Take the mask away: the filter then works everywhere")
        self.remove_mask.clicked.connect(self._remove_mask)
        line = QFrame()
        line.setObjectName("line")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(14)
        column.addWidget(line)
        for control in (self.channels, self.texture):
            control.changed.connect(partial(self._changed, control))
            column.addWidget(control)
        column.addLayout(_row(self.mask_note, self.remove_mask))
        for control in (self.grow, self.feather):
            control.changed.connect(partial(self._changed, control))
            column.addWidget(control)

    def offer_keyframes(self, session: Session) -> None:
        """Have a diamond behind each of what can move along a sequence."""
        for name, control in (
            ("texture", self.texture),
            ("grow", self.grow),
            ("feather", self.feather),
        ):
            offer_keyframes(control, session, name, lambda: self._layer)

    def show_layer(self, layer: Layer) -> None:
        """Show what a filter layer is now."""
        self._layer = layer
        held = layer.filter
        if held is None:
            return
        _show(self.channels, held.channels)
        _show(self.texture, round(held.texture * 100))
        for control in (self.channels, self.texture):  # of what lies below, which it does not see
            control.setVisible(not held.generates)
        self.mask_note.setText("No mask" if layer.mask is None else "Masked")
        _show(self.grow, held.grow)
        _show(self.feather, held.feather)
        for widget in (self.remove_mask, self.grow, self.feather):
            widget.setVisible(layer.mask is not None)
        self.setEnabled(not layer.locked)

    def _changed(self, control: Control) -> None:
        if self._layer is None:
            return
        identity, value, token = self._layer.id, control.value(), control.token
        if control is self.channels:
            edit = edits.filter_channels(identity, value)
        elif control is self.grow:
            edit = edits.filter_grow(identity, value, token=token)
        elif control is self.feather:
            edit = edits.filter_feather(identity, value, token=token)
        else:
            edit = edits.filter_texture(identity, cast(int, value) / 100, token=token)
        self.edit_wanted.emit(edit)

    def _remove_mask(self) -> None:
        if self._layer is not None:
            self.edit_wanted.emit(edits.remove_mask(self._layer.id))


def _show(control: Control, value: float | str) -> None:
    if control.value() != value:
        control.set_value(value)


def _row(first: QWidget, second: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addWidget(first)
    row.addStretch(1)
    row.addWidget(second)
    return row
