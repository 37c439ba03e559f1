"""Code change: sliders along directions of a photograph's own code, found from photographs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from safelight.actions.latent_directions import (
    Direction,
    amounts_of,
    measured_direction,
    principal_directions,
)
from safelight.actions.lightbox_codes import Code
from safelight.api import Parameter, Value
from safelight.gui.controls.control import Control
from safelight.gui.controls.direction_sliders import FAR, DirectionSliders


class PhotographSliders(DirectionSliders):
    """Photographs with and without something, the directions found, and a slider for each.

    ``files_wanted`` has photographs that show what is looked for, or do not (True),
    ``this_wanted`` asks for the one that is worked on. ``codes`` are those of all that were given.
    """

    files_wanted = Signal(list, bool)
    this_wanted = Signal(bool)

    hints = (
        "Choose photographs that show what is looked for: two or more",
        "Choose photographs that do not show it: two or more",
    )
    main = "Main directions of the photographs"

    def __init__(self, size: int, parent: QWidget | None = None) -> None:
        super().__init__(size, parent)
        self.codes: dict[Code, None] = {}
        menu = self.more.menu()
        before = menu.actions()[0]
        for words, without in (("With", False), ("Without", True)):
            action = menu.addAction(f"This photograph is one {words.lower()} it")
            action.triggered.connect(
                lambda _=False, without=without: self.this_wanted.emit(without)
            )
            menu.insertAction(before, action)
        menu.insertSeparator(before)

    def ask_for_example(self, without: bool) -> None:
        """Have photographs chosen, which are then encoded."""
        title = "Photographs without" if without else "Photographs with"
        names, _ = QFileDialog.getOpenFileNames(self, title)
        if names:
            self.files_wanted.emit([Path(name) for name in names], without)

    def add_example(self, code: Code, without: bool) -> None:
        self.codes[code] = None
        super().add_example(code, without)

    def between(self, more: Sequence[Code], less: Sequence[Code], name: str) -> Direction:
        return measured_direction(more, less, name)

    def differing(self) -> list[Direction]:
        return principal_directions(list(self.codes))

    def follow(self) -> None:
        """Show how often each direction was added, where nothing else was."""
        if self.current() == self._made:
            return
        self._base = self._made = ()
        amounts = amounts_of(self.current(), self.directions.entries)
        if amounts is None or max(map(abs, amounts)) > FAR:
            self.put_sliders((0,) * len(self.sliders))
            return
        self._base = (0.0,) * self.directions.size
        self.put_sliders(amounts)

    def _list(self) -> None:
        super()._list()
        self.follow()


class ChangeControl(Control):
    """Sliders that change a photograph along directions found from other photographs.

    The value is what is added to the photograph's own code, () for nothing.
    """

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self._value: Code = ()
        self.directions = PhotographSliders(parameter.size)
        self.directions.current = self._current
        self.directions.held.connect(self.hold)
        self.directions.going.connect(self._follow)
        self.body.addWidget(self.directions)
        self.set_value(parameter.default)

    def value(self) -> Value:
        return self._value

    def set_value(self, value: Value) -> None:
        self._value = cast(Code, value)
        self.directions.follow()

    def in_words(self, value: Value) -> str:
        return "Changed" if value else "As it is"

    def show_found(self, value: Value | None) -> None:
        """The photograph's own code is no change of it: there is nothing to take."""

    def _current(self) -> Code:
        return self._value or (0.0,) * self.parameter.size

    def _follow(self, code: Code) -> None:
        self._value = code if any(code) else ()
        self.changed.emit()
