"""Direction sliders: sliders along directions of a code, found from examples by eye."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QInputDialog,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from safelight.actions.latent_directions import (
    ENDING,
    Direction,
    DirectionError,
    Directions,
    direction_between,
    main_directions,
    moved,
)
from safelight.actions.lightbox_codes import Code
from safelight.gui.controls.control import Title
from safelight.gui.controls.number import Slider
from safelight.gui.widgets.shown_text import plain, tooltip
from safelight.gui.widgets.small_widgets import remark, small_button

_FINE = 20
"""Positions of a slider for each length of a direction."""

FAR = 4
"""Lengths of a direction that a slider goes either way: codes are normal numbers, and beyond that
lies what a generator has hardly ever been trained with."""

_KIND = f"Directions (*{ENDING})"

Seen = Sequence[tuple[Code, NDArray[np.uint8]]]
"""Codes and what they make, uint8 (height, width, 3)."""


class DirectionSliders(QWidget):
    """Examples with and without something, the directions found, and a slider for each.

    ``current`` says which code is shown, ``seen`` which pictures have been. ``going`` wants another
    code to be shown; ``held`` tells that a slider is pressed, or no longer. ``kept`` tells that
    there are other directions than before, ``saving`` (over what is there, or not) and
    ``opening`` ask for files.
    """

    hints = (
        "The picture in the middle shows what is looked for",
        "The picture in the middle does not show it",
    )
    main = "Main directions of what was seen"

    going = Signal(tuple)
    held = Signal(bool)
    kept = Signal()
    saving = Signal(Path, bool)
    opening = Signal(Path)

    def __init__(self, size: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.current: Callable[[], Code] = tuple
        self.seen: Callable[[], Seen] = tuple
        self.directions = Directions("", size)
        self.sliders: dict[str, Slider] = {}
        self._examples: tuple[list[Code], list[Code]] = ([], [])
        self._base: Code = ()
        self._made: Code = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for row in self._head():
            column.addLayout(row)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(2)
        column.addLayout(self._rows)
        self.trouble = remark()
        self.trouble.hide()
        column.addWidget(self.trouble)
        self._show_examples()

    # -- finding -------------------------------------------------------------------------------

    def ask_for_example(self, without: bool) -> None:
        """Put what is shown among the examples."""
        self.add_example(self.current(), without)

    def add_example(self, code: Code, without: bool) -> None:
        """Put a code among the examples; what was among the others is there no more."""
        mine, others = self._examples[:: -1 if without else 1]
        if code in others:
            others.remove(code)
        if code not in mine:
            mine.append(code)
        self._show_examples()

    def find_between(self, name: str) -> None:
        """Find the direction between the examples, and have a slider for it."""

        def found() -> Directions:
            return self.directions.with_one(self.between(*self._examples, name))

        if self._try(found):
            self._examples = ([], [])
            self._show_examples()

    def find_main(self) -> None:
        """Find the directions along which the pictures seen differ most."""

        def found() -> Directions:
            made = self.directions
            for item in self.differing():
                made = made.with_one(item)
            return made

        self._try(found)

    def between(self, more: Sequence[Code], less: Sequence[Code], name: str) -> Direction:
        """The direction from one kind of example to the other. Raises DirectionError."""
        return direction_between(more, less, name)

    def differing(self) -> list[Direction]:
        """The directions along which what was seen differs most. Raises DirectionError."""
        seen = self.seen()
        return main_directions([code for code, _ in seen], [picture for _, picture in seen])

    def remove(self, name: str) -> None:
        """Remove one; the picture stays as it is."""
        self._change(self.directions.without(name))

    def show_directions(self, found: Directions) -> None:
        """Show other directions, as they were kept."""
        self.directions = found
        self._list()

    def add_from(self, found: Directions) -> None:
        """Add those of a file to those there are."""

        def all_of_them() -> Directions:
            made = self.directions
            for item in found.entries:
                made = made.with_one(item)
            return made

        self._try(all_of_them)

    def show_trouble(self, words: str) -> None:
        """Say what is wrong; "" when nothing is."""
        self.trouble.setText(plain(words))
        self.trouble.setVisible(bool(words))

    def _try(self, find: Callable[[], Directions]) -> bool:
        try:
            found = find()
        except DirectionError as error:
            self.show_trouble(str(error))
            return False
        self._change(found)
        return True

    def _change(self, found: Directions) -> None:
        self.show_trouble("")
        self.show_directions(found)
        self.kept.emit()

    # -- going ---------------------------------------------------------------------------------

    def follow(self) -> None:
        """Have all sliders in the middle again, where the code was changed by other means."""
        if self.current() == self._made:
            return
        self._base = self._made = ()
        self.put_sliders((0,) * len(self.sliders))

    def put_sliders(self, amounts: Sequence[float]) -> None:
        """Show how often each direction is added, without adding it."""
        for slider, amount in zip(self.sliders.values(), amounts, strict=True):
            with QSignalBlocker(slider):
                slider.setValue(round(amount * _FINE))

    def _slide(self) -> None:
        code = self._base = self._base or self.current()
        for item in self.directions.entries:
            code = moved(code, item, self.sliders[item.name].value() / _FINE)
        self._made = code
        self.going.emit(code)

    # -- what there is -------------------------------------------------------------------------

    def _head(self) -> tuple[QHBoxLayout, QHBoxLayout]:
        head, row = QHBoxLayout(), QHBoxLayout()
        row.setSpacing(4)
        head.addWidget(Title("Directions"))
        head.addStretch(1)
        self.with_it = small_button("With", self.hints[0])
        self.without = small_button("Without", self.hints[1])
        self.more = small_button("Find", "Find a direction; save directions, or open some")
        self.with_it.clicked.connect(lambda: self.ask_for_example(False))
        self.without.clicked.connect(lambda: self.ask_for_example(True))
        menu = QMenu(self.more)
        menu.addAction("From the examples…", self._ask_for_name)
        menu.addAction(self.main, self.find_main)
        menu.addAction("Forget the examples", self._forget)
        menu.addSeparator()
        menu.addAction("Open…", self._open)
        self.save_action = menu.addAction("Save…", self._save)
        self.more.setMenu(menu)
        head.addWidget(self.more)
        for button in (self.with_it, self.without):
            row.addWidget(button, 1)
        return head, row

    def _show_examples(self) -> None:
        for button, codes in zip((self.with_it, self.without), self._examples, strict=True):
            words = "Without" if button is self.without else "With"
            button.setText(f"{words} {len(codes)}" if codes else words)
        self.save_action.setEnabled(bool(self.directions.entries))

    def _forget(self) -> None:
        self._examples = ([], [])
        self._show_examples()

    def _ask_for_name(self) -> None:
        name, sure = QInputDialog.getText(self, "Find direction", "Name of the direction")
        if sure:
            self.find_between(name)

    def _open(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open directions", "", _KIND)
        if name:
            self.opening.emit(Path(name))

    def _save(self) -> None:
        near = str(Path.home() / f"mine{ENDING}")
        name, _ = QFileDialog.getSaveFileName(self, "Save directions", near, _KIND)
        if name:
            # Of a name that is given its ending here nobody was asked whether it may be replaced.
            whole = name.endswith(ENDING)
            self.saving.emit(Path(name if whole else name + ENDING), whole)

    def _list(self) -> None:
        while self._rows.count():
            item = self._rows.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.setParent(None)
                widget.deleteLater()
        self.sliders = {}
        self._base = self._made = ()
        for entry in self.directions.entries:
            self._rows.addWidget(self._line(entry))
        self.save_action.setEnabled(bool(self.directions.entries))

    def _line(self, entry: Direction) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        title = Title(entry.name)
        title.setFixedWidth(72)
        title.setToolTip(tooltip(entry.name))
        slider = Slider(Qt.Orientation.Horizontal)
        slider.setRange(-FAR * _FINE, FAR * _FINE)
        slider.setPageStep(_FINE)
        slider.origin = 0
        slider.setAccessibleName(plain(entry.name))
        slider.setToolTip(tooltip(f"Less or more of {entry.name}"))
        slider.valueChanged.connect(self._slide)
        slider.sliderPressed.connect(partial(self.held.emit, True))
        slider.sliderReleased.connect(partial(self.held.emit, False))
        title.doubled.connect(partial(slider.setValue, 0))
        remove = small_button("×", tooltip(f"Remove {entry.name}"))
        remove.setAccessibleName(f"Remove {plain(entry.name)}")
        remove.clicked.connect(partial(self.remove, entry.name))
        self.sliders[entry.name] = slider
        for widget, stretch in ((title, 0), (slider, 1), (remove, 0)):
            row.addWidget(widget, stretch)
        return line
