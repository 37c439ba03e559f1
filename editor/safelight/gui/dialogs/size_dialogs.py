"""Size dialogs: ask for a picture's or a canvas's size, in pixels, percent or as a print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_args

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from safelight.api import Value
from safelight.document import Command, Document, edits, geometry
from safelight.document.commands import reshape_commands
from safelight.document.placement import IDENTITY
from safelight.gui.controls.flag import FlagControl
from safelight.gui.controls.number_field import DecimalField
from safelight.gui.dialogs.colour_range_dialog import ColourRangeDialog
from safelight.gui.dialogs.command_dialog import CommandDialog
from safelight.gui.dialogs.saved_selection_dialog import SavedSelectionDialog
from safelight.gui.widgets.shown_text import plain, size
from safelight.gui.widgets.small_widgets import remark

_UNITS = {"px": "Pixels", "percent": "Percent", "cm": "Centimetres", "in": "Inches"}
_DECIMALS = {"px": 0, "percent": 2, "cm": 2, "in": 3}
_PRINTS = {"cm": 2.54, "in": 1.0}

_USUAL_DOTS = 300.0
"""Dots per inch of a print, where the picture says nothing of that."""

_WIDEST = 1e6


class Sides(QWidget):
    """Width and height in a unit, and dots per inch, of a document's picture.

    ``changed`` tells of any of them. ``linked`` says whether a side follows the other one.
    """

    changed = Signal()

    def __init__(self, document: Document, *, least: float) -> None:
        super().__init__()
        self._document = document
        self._least = least
        self._unit = "px"
        self._stated = "width"
        self.sizes = {"width": float(document.width), "height": float(document.height)}
        self.fields = {name: _field(name.capitalize()) for name in self.sizes}
        self.units = QComboBox()
        self.units.addItems(list(_UNITS.values()))
        self.units.setAccessibleName("Unit")
        self.linked = QCheckBox("Keep shape")
        self.linked.setChecked(True)
        self.dots = _field("Resolution")
        self.dots.setRange(1, 100_000)
        self.dots.setDecimals(1)
        self.dots.setSuffix(" dpi")
        self.dots.setValue(edits.dots_of(document) or _USUAL_DOTS)
        for part in (*self.fields.values(), self.units, self.dots):
            part.ensurePolished()  # so that a low screen squeezes none of them
            part.setMinimumHeight(part.sizeHint().height())
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.addRow("Width", _row(self.fields["width"], self.units))
        form.addRow("Height", _row(self.fields["height"], self.linked))
        form.addRow("Resolution", _row(self.dots))
        for name, field in self.fields.items():
            field.valueChanged.connect(lambda value, name=name: self._typed(name, value))
        self.units.currentIndexChanged.connect(lambda _: self.show_sizes())
        self.dots.valueChanged.connect(lambda _: self._dots_typed())
        self.linked.toggled.connect(lambda on: self._typed(self._stated) if on else None)
        self.show_sizes()

    @property
    def unit(self) -> str:
        """The id of the unit that is chosen."""
        return list(_UNITS)[self.units.currentIndex()]

    @property
    def whole(self) -> dict[str, float]:
        """The sides of the picture, in pixels."""
        return {"width": float(self._document.width), "height": float(self._document.height)}

    def show_sizes(self) -> None:
        """Show the sides in the unit that is chosen; they stay what they are."""
        self._unit = self.unit
        for name, field in self.fields.items():
            with QSignalBlocker(field):
                field.setDecimals(_DECIMALS[self._unit])
                field.setRange(self._least, _WIDEST)
                field.setValue(self.sizes[name] / self._pixel(name))
        self.changed.emit()

    def _pixel(self, name: str) -> float:
        """How many pixels one of the unit is along a side."""
        if self._unit in _PRINTS:
            return self.dots.value() / _PRINTS[self._unit]
        return self.whole[name] / 100 if self._unit == "percent" else 1.0

    def _typed(self, name: str, value: float | None = None) -> None:
        value = self.fields[name].value() if value is None else value
        self._stated = name
        self.sizes[name] = value * self._pixel(name)
        other = "height" if name == "width" else "width"
        if self.linked.isChecked() and not self.linked.isHidden():
            self.sizes[other] = self.whole[other] * self.sizes[name] / self.whole[name]
            with QSignalBlocker(self.fields[other]):
                self.fields[other].setValue(self.sizes[other] / self._pixel(other))
        self.changed.emit()

    def _dots_typed(self) -> None:
        """A print stays as large as it is, where that is what is stated; else pixels stay."""
        if self._unit in _PRINTS:
            for name, field in self.fields.items():
                self.sizes[name] = field.value() * self._pixel(name)
        self.changed.emit()

    def settings(self) -> dict[str, Value]:
        """What is stated: of sides that keep their shape the one that was typed."""
        found: dict[str, Value] = {name: field.value() for name, field in self.fields.items()}
        if self.linked.isChecked() and not self.linked.isHidden():
            found["height" if self._stated == "width" else "width"] = 0.0
        known = edits.dots_of(self._document)
        states = self._unit in _PRINTS or abs(self.dots.value() - (known or _USUAL_DOTS)) > 0.05
        return {**found, "unit": self._unit, "dpi": self.dots.value() if states else 0.0}


class ResizeDialog(CommandDialog):
    """Asks for the size of a picture: what it becomes stands below, or why it cannot."""

    document: Document

    def ask(self, layout: QVBoxLayout, told: Mapping[str, Value]) -> None:
        self.sides = Sides(self.document, least=0.0)
        layout.addWidget(self.sides)
        self.resamples = QCheckBox("Resample: make new pixels, not only another print")
        self.resamples.setChecked(True)
        layout.addWidget(self.resamples)
        for name in ("method", "linear"):
            self.add(name, layout, told)
        cast(FlagControl, self.controls["linear"]).box.setText("Average light, not encoded values")
        self.outcome = remark()
        layout.addWidget(self.outcome)
        self.sides.changed.connect(self._show)
        self.resamples.toggled.connect(self._switch)
        self._show()

    def _switch(self, on: bool) -> None:
        for part in (*self.sides.fields.values(), self.sides.units, self.sides.linked):
            part.setEnabled(on)
        for control in self.controls.values():
            control.dim(not on)
        if not on:
            self.sides.sizes = self.sides.whole
            self.sides.show_sizes()
        self._show()

    def say(self, trouble: str) -> None:
        """Nothing more: it stands there already."""

    def settings(self) -> dict[str, Value]:
        stated = self.sides.settings()
        if not self.resamples.isChecked():
            return {"dpi": self.sides.dots.value()}
        return {**stated, **super().settings()}

    def refusal(self, settings: Mapping[str, Value]) -> str:
        told: dict[str, Any] = dict(settings)
        try:
            if "width" in told:
                self._sides(told)
        except ValueError as error:
            return _sentence(error)
        return ""

    def _sides(self, told: Mapping[str, Any]) -> tuple[int, int]:
        if not (told["width"] or told["height"]):
            raise ValueError("a picture of 0 pixels cannot be; state a width or a height")
        dots = told["dpi"] or self.sides.dots.value()
        return edits.sides_of(self.document, told["width"], told["height"], str(told["unit"]), dots)

    def _show(self) -> None:
        told: dict[str, Any] = self.settings()
        trouble, made = self.refusal(told), (self.document.width, self.document.height)
        if not trouble and "width" in told:
            made = self._sides(told)
        words = f"{size(*made)}, {_printed(made, self.sides.dots.value())}"
        self.outcome.setText(plain(trouble or words))


class CanvasDialog(CommandDialog):
    """Asks for the size of the canvas, where the picture stays in it, and what is around it."""

    document: Document

    def ask(self, layout: QVBoxLayout, told: Mapping[str, Value]) -> None:
        self.sides = Sides(self.document, least=-_WIDEST)
        self.sides.linked.setChecked(False)
        self.sides.linked.hide()
        self.relative = QCheckBox("What is added, or taken where negative")
        self.anchors = QButtonGroup(self)
        grid = QGridLayout()
        grid.setSpacing(3)
        for index, name in enumerate(get_args(reshape_commands.Anchor)):
            button = QToolButton()
            button.setCheckable(True)
            button.setFixedSize(30, 26)
            button.setAccessibleName(f"The picture stays: {name.replace('_', ' ')}")
            button.setToolTip(f"The picture stays: {name.replace('_', ' ')}")
            button.setText("•")
            self.anchors.addButton(button, index)
            grid.addWidget(button, index // 3, index % 3)
        known = self.command.parameter("anchor")
        self.anchors.button(known.choices.index(told.get("anchor", known.default))).setChecked(True)
        beside = QHBoxLayout()
        beside.addWidget(remark("Where the picture stays"), 1)
        beside.addLayout(grid)
        layout.addWidget(self.sides)
        layout.addWidget(self.relative)
        layout.addLayout(beside)
        for name in ("fill", "colour"):
            self.add(name, layout, told)
        self.outcome = remark()
        layout.addWidget(self.outcome)
        self.sides.changed.connect(self._show)
        self.relative.toggled.connect(self._switch)
        self.controls["fill"].changed.connect(self._show)
        self._show()

    def _switch(self, on: bool) -> None:
        self.sides.sizes = dict.fromkeys(self.sides.sizes, 0.0) if on else self.sides.whole
        self.sides.show_sizes()

    def say(self, trouble: str) -> None:
        """Nothing more: it stands there already."""

    def settings(self) -> dict[str, Value]:
        anchor = self.command.parameter("anchor").choices[self.anchors.checkedId()]
        told = {"relative": self.relative.isChecked(), "anchor": anchor}
        sides = self.sides.settings()
        if not self.relative.isChecked():  # what stays needs no number, and suits other pictures
            whole = self.sides.whole
            sides |= {x: 0.0 for x in whole if abs(whole[x] - self.sides.sizes[x]) < 0.5}
        return {**sides, **told, **super().settings()}

    def refusal(self, settings: Mapping[str, Value]) -> str:
        told: dict[str, Any] = dict(settings)
        if not told["relative"] and min(self.sides.sizes.values()) <= 0:
            return "A canvas of 0 pixels holds nothing."
        try:
            self._sides(told)
        except ValueError as error:
            return _sentence(error)
        return ""

    def _sides(self, told: Mapping[str, Any]) -> tuple[int, int]:
        asked = told["width"], told["height"], told["unit"], told["relative"]
        made = reshape_commands.canvas_sides(self.document, *asked, self.sides.dots.value())
        geometry.framed(self.document, *made, IDENTITY)
        return made

    def _show(self) -> None:
        told: dict[str, Any] = self.settings()
        self.controls["colour"].dim(told["fill"] != "colour")
        trouble, made = self.refusal(told), (1, 1)
        if not trouble:
            made = self._sides(told)
        words = f"{size(*made)}, {_printed(made, self.sides.dots.value())}"
        self.outcome.setText(plain(trouble or words))


def _printed(sides: tuple[int, int], dots: float) -> str:
    """``printed 21.7 × 14.4 cm``."""
    wide, high = (side / dots * 2.54 for side in sides)
    return f"printed {wide:.1f} × {high:.1f} cm"


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _field(name: str) -> DecimalField:
    field = DecimalField()
    field.setRange(0, _WIDEST)
    field.setFixedWidth(120)
    field.setAlignment(Qt.AlignmentFlag.AlignRight)
    field.setAccessibleName(name)
    return field


def _row(*parts: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for part in parts:
        row.addWidget(part)
    row.addStretch(1)
    return row


_DIALOGS: dict[str, type[CommandDialog]] = {
    "resize": ResizeDialog,
    "canvas_size": CanvasDialog,
    "load_selection": SavedSelectionDialog,
    "select_colour": ColourRangeDialog,
    "remove_saved_selection": SavedSelectionDialog,
}
"""Who asks for a command's settings, where that is not a control for each."""


def dialog_of(command: Command) -> type[CommandDialog]:
    """Who asks for a command's settings."""
    return _DIALOGS.get(command.id, CommandDialog)
