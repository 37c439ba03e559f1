"""Lightbox: what a generator makes, chosen by eye among the neighbours of what there is.

As on a darkroom's lightbox: prints beside one another, and one goes on from the best.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from safelight.actions.lightbox_codes import FAR, NEAR, Code, current, mixed, neighbours
from safelight.api import Parameter, Value
from safelight.gui.controls.control import Control
from safelight.gui.controls.direction_sliders import DirectionSliders
from safelight.gui.controls.neighbourhood import MIDDLE, Neighbourhood
from safelight.gui.controls.number import Slider
from safelight.gui.controls.thumb import Thumb
from safelight.gui.widgets.shown_text import plain
from safelight.gui.widgets.small_widgets import remark, small_button

_STEPS = {"Near": NEAR, "Far": FAR}
_FINE = 100
"""Positions of the slider from A to B."""

_REMEMBERED = 100
"""Codes that Back goes back through at most."""

_SLOT = 44
"""Pixels that A and B are wide and high."""


class LightboxControl(Control):
    """Nine thumbnails, the current one and its neighbours, and a slider from A to B.

    ``slots`` are A and B, with the codes in them, () for none. ``seed`` says what the seed is:
    where nothing is chosen, its code is in the middle. ``shown`` tells that pictures of other codes
    are to be shown (``wanted_pictures``). ``locking`` tells that a region shall keep what it shows
    now, or no longer. ``directions`` has sliders along what was found from examples.
    """

    shown = Signal()
    locking = Signal(bool)

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self.seed: Callable[[], int] = lambda: 0
        self._value: Code = ()
        self._earlier: list[Code] = []
        self._shuffle = 0
        self.grid = Neighbourhood(parameter.title)
        self.grid.taken.connect(self._go)
        self.body.addWidget(self.grid)
        self.trouble = remark()
        self.trouble.hide()
        self.body.addWidget(self.trouble)
        self._add_head()
        self.body.addLayout(self._steps_row())
        self.body.addLayout(self._slots_row())
        self.directions = DirectionSliders(parameter.size)
        self.directions.current = self.current
        self.directions.held.connect(self._hold_slider)
        self.directions.going.connect(self._follow)
        self.body.addWidget(self.directions)
        self.set_value(parameter.default)

    # -- the value -----------------------------------------------------------------------------

    def value(self) -> Value:
        return self._value

    def set_value(self, value: Value) -> None:
        code = cast(Code, value)
        if code != self._value:
            self._value, self._shuffle = code, 0
        self._show_state()
        self.shown.emit()

    def in_words(self, value: Value) -> str:
        return "Chosen" if value else "What the seed says"

    def current(self) -> Code:
        """The code in the middle."""
        return current(self._value, self.seed(), self.parameter.size)

    def move_to(self, code: Code) -> None:
        """Make another code the current one; Back leads back."""
        if code == self._value:
            return
        self._remember()
        self.choose(code)

    def wanted_pictures(self) -> list[tuple[Thumb, Code]]:
        """Where which code is to be shown, the most urgent first."""
        found = [(self.grid.thumbs[MIDDLE], self.current())]
        if not self._held:  # while the slider is dragged, only the middle can follow
            others = [thumb for place, thumb in enumerate(self.grid.thumbs) if place != MIDDLE]
            found += zip(others, self._neighbours(), strict=True)
        return found + [(thumb, code) for thumb, code in self.slots.items() if code]

    def show_trouble(self, words: str) -> None:
        """Say why there are no pictures; "" when there are."""
        self.trouble.setText(plain(words))
        self.trouble.setVisible(bool(words))

    def show_locked(self, on: bool | None) -> None:
        """Show whether a region keeps what it shows; None where that cannot be."""
        self.lock.setVisible(on is not None)
        with QSignalBlocker(self.lock):
            self.lock.setChecked(bool(on))

    def hold(self, on: bool) -> None:
        super().hold(on)
        if not on:
            self.shown.emit()

    # -- going on ------------------------------------------------------------------------------

    def _neighbours(self) -> Sequence[Code]:
        step = next(item for name, item in _STEPS.items() if self.paces[name].isChecked())
        return neighbours(self.current(), step, self._shuffle)

    def _go(self, place: int) -> None:
        self.move_to(self._neighbours()[place - (place > MIDDLE)])

    def _remember(self) -> None:
        self._earlier = [*self._earlier, self._value][-_REMEMBERED:]

    def _go_back(self) -> None:
        if self._earlier:
            code = self._earlier.pop()
            self.choose(code)
            self._show_state()

    def _show_others(self) -> None:
        self._shuffle += 1
        self.shown.emit()

    # -- from A to B ---------------------------------------------------------------------------

    def _take_into(self, slot: Thumb) -> None:
        self.slots[slot] = self.current()
        self._show_state()
        self.shown.emit()

    def _hold_slider(self, on: bool) -> None:
        if on:
            self._remember()
        self.hold(on)

    def _slide(self, position: int) -> None:
        a, b = self.slots.values()
        self._follow(mixed(a, b, position / _FINE))

    def _follow(self, code: Code) -> None:
        """Show the code that a slider leads to."""
        if not self._held:  # by a key
            self._remember()
        else:
            self.grid.fade()
        self._value = code
        self._show_state()
        self.changed.emit()
        self.shown.emit()

    # -- what there is -------------------------------------------------------------------------

    def _show_state(self) -> None:
        self.directions.follow()
        self.back.setEnabled(bool(self._earlier))
        a, b = self.slots.values()
        self.slider.setEnabled(bool(a and b))
        ends = {a: 0, b: _FINE}
        if self._value and self._value in ends:
            with QSignalBlocker(self.slider):
                self.slider.setValue(ends[self._value])
        for slot, code in self.slots.items():
            name = slot.text()
            hint = f"{name}: click to put the current one here"
            slot.setToolTip(f"{hint} instead" if code else hint)

    def _add_head(self) -> None:
        self.back = small_button("Back", "To the one before")
        self.back.clicked.connect(self._go_back)
        self.shuffle = small_button("Shuffle", "Other neighbours of the current one")
        self.shuffle.clicked.connect(self._show_others)
        for button in (self.back, self.shuffle):
            self.head.addWidget(button)

    def _steps_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        self._group = QButtonGroup(self)
        self.paces: dict[str, QPushButton] = {}
        for name, how in (("Near", "little"), ("Far", "much")):
            button = small_button(name, f"Neighbours that differ {how}")
            button.setCheckable(True)
            self._group.addButton(button)
            self.paces[name] = button
            row.addWidget(button)
        self.paces["Near"].setChecked(True)
        self._group.buttonClicked.connect(lambda _: self.shown.emit())
        self.lock = small_button("Lock region", "Keep a rectangle of the picture as it is now")
        self.lock.setCheckable(True)
        self.lock.toggled.connect(self.locking)
        self.lock.hide()
        row.addStretch(1)
        row.addWidget(self.lock)
        return row

    def _slots_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.slots: dict[Thumb, Code] = {}
        for name in ("A", "B"):
            slot = Thumb(name)
            slot.setFixedSize(_SLOT, _SLOT)
            slot.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            slot.setAccessibleName(f"{name}: the current one is kept here")
            slot.clicked.connect(lambda _=False, slot=slot: self._take_into(slot))
            self.slots[slot] = ()
            row.addWidget(slot)
        self.slider = Slider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _FINE)
        self.slider.setPageStep(_FINE // 10)
        self.slider.setAccessibleName("From A to B")
        self.slider.setToolTip("From A to B, once both are there")
        self.slider.valueChanged.connect(self._slide)
        self.slider.sliderPressed.connect(lambda: self._hold_slider(True))
        self.slider.sliderReleased.connect(lambda: self._hold_slider(False))
        row.insertWidget(1, self.slider, 1)
        return row
