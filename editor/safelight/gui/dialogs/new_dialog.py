"""New dialog: an empty page, or a picture that a generator makes, of a size to be said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from safelight.actions.new_documents import LONGEST
from safelight.api import Declaration, HexColour
from safelight.api.parameters import parameter_of
from safelight.gui.controls.number_field import WholeField
from safelight.gui.controls.text_and_colour import ColourControl
from safelight.gui.prints.papers import PAPERS, POSTERS
from safelight.gui.widgets.shown_text import plain, size
from safelight.gui.widgets.small_widgets import confirming_buttons, form, remark

SIDE = 2048
"""Pixels a side that are offered first."""

_PAGE = "Empty page"
_PAGE_WORDS = "One colour, to put pictures, words and shapes on."
_FREE = "Other size"
_INCH = 25.4
_SIZES = {**PAPERS, **POSTERS}
_GROUND = Annotated[HexColour, "Of the page"]


class NewDialog(QDialog):
    """Asks what a new picture is made of, and how large.

    What was said: ``declaration`` of the generator, None for a page of the colour ``ground``;
    ``sides`` in pixels and ``dpi``.
    """

    def __init__(self, generators: Sequence[Declaration], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New")
        self.setMinimumWidth(400)
        self._generators = list(generators)
        self._fitting = False
        self.list, self.paper, self.lies = QComboBox(), QComboBox(), QComboBox()
        self.list.addItems([_PAGE, *(plain(item.title) for item in generators)])
        self.list.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.paper.addItems([_FREE, *_SIZES])
        self.lies.addItems(["Portrait", "Landscape"])
        self.description = remark()
        self.outcome = remark()
        self.width_field = _field("Width", 1, LONGEST, SIDE, " px")
        self.height_field = _field("Height", 1, LONGEST, SIDE, " px")
        self.dots = _field("Resolution", 30, 1200, 300, " dpi")
        self.colour = ColourControl(parameter_of("colour", _GROUND, "#ffffff"))
        self.colour.title.hide()
        page = QHBoxLayout()
        page.addWidget(self.paper, 1)
        page.addWidget(self.lies)
        self.fields = form()
        self.fields.addRow("Made of", self.list)
        self.fields.addRow("", self.description)
        self.fields.addRow("Colour", self.colour)
        self.fields.addRow("Paper", page)
        self.fields.addRow("Resolution", self.dots)
        self.fields.addRow("Width", self.width_field)
        self.fields.addRow("Height", self.height_field)
        self.fields.addRow("", self.outcome)
        buttons, self.confirm = confirming_buttons(self, "Create")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(14)
        layout.addLayout(self.fields)
        layout.addWidget(buttons)
        self.list.currentIndexChanged.connect(self._show)
        for box in (self.paper, self.lies):
            box.currentIndexChanged.connect(self._fit_paper)
        for field, hear in (
            (self.width_field, self._typed),
            (self.height_field, self._typed),
            (self.dots, self._fit_paper),
        ):
            field.setKeyboardTracking(False)
            field.lineEdit().textEdited.connect(hear)
            field.valueChanged.connect(hear)
        self._fit_paper()

    @property
    def declaration(self) -> Declaration | None:
        """The generator; None where a page is asked for."""
        place = self.list.currentIndex() - 1
        return self._generators[place] if place >= 0 else None

    @property
    def sides(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width_field.typed(), self.height_field.typed()

    @property
    def dpi(self) -> float:
        """Pixels of an inch of paper."""
        return float(self.dots.typed())

    @property
    def ground(self) -> str:
        """The colour of the page, "#rrggbb"."""
        return str(self.colour.value())

    def _fit_paper(self) -> None:
        """Have as many pixels as the paper takes."""
        paper = _SIZES.get(self.paper.currentText())
        self.lies.setEnabled(paper is not None)
        if paper is not None and self.dots.hasAcceptableInput():
            wide, high = paper if self.lies.currentIndex() == 0 else paper[::-1]
            self._fitting = True
            for field, side in ((self.width_field, wide), (self.height_field, high)):
                field.setValue(min(round(side / _INCH * self.dpi), LONGEST))
            self._fitting = False
        self._check()

    def _typed(self) -> None:
        """Sides that are typed are those of no paper."""
        if self._fitting:
            return
        with QSignalBlocker(self.paper):
            self.paper.setCurrentIndex(0)
        self.lies.setEnabled(False)
        self._check()

    def _check(self) -> None:
        """Nothing is made of what cannot be a number of pixels."""
        fields = (self.width_field, self.height_field, self.dots)
        self.confirm.setEnabled(all(field.hasAcceptableInput() for field in fields))
        self._show()

    def _show(self) -> None:
        declaration = self.declaration
        self.fields.setRowVisible(self.colour, declaration is None)
        words = _PAGE_WORDS if declaration is None else declaration.description
        self.description.setText(plain(" ".join(words.split())))
        words = size(*self.sides)
        if self.dots.hasAcceptableInput():
            wide, high = (side / self.dpi * _INCH / 10 for side in self.sides)
            words += f", {wide:.1f} × {high:.1f} cm on paper"
        self.outcome.setText(words)


def _field(name: str, least: int, most: int, value: int, unit: str) -> WholeField:
    field = WholeField()
    field.setRange(least, most)
    field.setValue(value)
    field.setSuffix(unit)
    field.setFixedWidth(110)
    field.setAlignment(Qt.AlignmentFlag.AlignRight)
    field.setAccessibleName(name)
    return field
