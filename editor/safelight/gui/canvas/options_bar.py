"""Options bar: the options of the tool in hand, and on what it works, above the picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from safelight.gui.canvas.canvas import Canvas
from safelight.gui.canvas.overflow_button import Overflow
from safelight.gui.canvas.tools.tool import Step, Tool
from safelight.gui.controls import Control, control_for
from safelight.gui.controls.control import Title
from safelight.gui.controls.number import NumberControl
from safelight.gui.controls.number_field import WholeField
from safelight.gui.threads.garbage_collection import destroy
from safelight.gui.widgets import icons
from safelight.gui.widgets.shown_text import plain, tooltip


class OptionsBar(QFrame):
    """The title of the tool in hand and its options; ``controls`` and ``buttons`` are by name.
    ``more`` has those there is no room for.

    It is always there and always as high, so that the picture stays where it is when another tool
    is taken.
    """

    def __init__(self, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._canvas = canvas
        self._tool: Tool | None = None
        self._seen: set[str] = set()
        self.controls: dict[str, Control] = {}
        self.buttons: dict[str, QPushButton] = {}
        self.title = QLabel()
        self.target = Title("")
        self.target.setMinimumWidth(0)
        self.target.setObjectName("dim")
        self.target.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 5, 12, 5)
        self._row.setSpacing(12)
        self._row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self._row.addWidget(self.title)
        self._row.addWidget(self.target, 1)
        self.more = Overflow()
        self.more.closed.connect(self._put_back)
        self._row.addWidget(self.more)
        self._ends = QHBoxLayout()
        self._ends.setSpacing(6)
        self._row.addLayout(self._ends)
        field = WholeField(self)  # what is highest of all that can be in it
        field.hide()
        field.ensurePolished()
        self._height = field.sizeHint().height() + 10
        self.setFixedHeight(self._height)
        destroy(field)
        canvas.tool_changed.connect(self._show_tool)
        self._show_tool()

    def minimumSizeHint(self) -> QSize:
        """The least size, with which no tool makes the window wider than it is."""
        return QSize(120, self._height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out words where the window is small: the fields are enough, and nothing
        overlaps.
        """
        self._make_room(event.size().width())
        super().resizeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A key of the tool's is that too where a list or a button of the bar has the keyboard."""
        typed = isinstance(QApplication.focusWidget(), (QLineEdit, QAbstractSpinBox))
        if typed or self._tool is None or self._tool.step_of(event) is None:
            super().keyPressEvent(event)
        else:
            self._canvas.setFocus()
            self._tool.key(event)

    def _make_room(self, width: int) -> None:
        """Leave out what there is no room for: rare options, sliders, then names that nobody needs,
        then options, the last ones first; then the tool's name, and of the buttons all but the
        last one, which ends what it does. Options and buttons that are left out are behind
        ``more``.
        """
        self.more.shut()
        self.more.offer(())
        sliders = [
            control.slider
            for control in self.controls.values()
            if isinstance(control, NumberControl) and control.has_range
        ]
        offered = self._offered()
        for name, part in {**self.controls, **self.buttons}.items():
            part.setVisible(name in offered)
        names: list[QWidget] = [item.title for item in self.controls.values() if item.tells_itself]
        names = [self.title, *names] if names else []
        for part in (*sliders, *names, self.title):
            part.setVisible(True)
        groups, ends = self._groups(), self._at_the_end()
        rare = {self.controls[name] for name in (self._tool.rare if self._tool else ())}
        seldom = [group for group in groups if group[0] in rare]
        last_first: list[Sequence[QWidget]] = [*seldom[::-1], sliders, names, *groups[::-1]]
        last_first += [[self.title], *([button] for button in ends[:-1])]
        parts = [*(part for group in groups for part in group), *ends]
        offers = {part for part in parts if not part.isHidden()}
        for some in last_first:
            if self._needed() <= width:
                return
            for part in some:
                part.setVisible(False)
            self.more.offer([part for part in parts if part in offers and part.isHidden()])

    def _groups(self) -> list[list[QWidget]]:
        """The buttons behind the title, and each option with the buttons that belong to it."""
        groups: list[list[QWidget]] = [[button] for button in self._behind("title")]
        for name, control in self.controls.items():
            groups.append([control, *self._behind(name)])
        return groups

    def _behind(self, name: str) -> list[QPushButton]:
        return [self.buttons[step.method] for step in self._steps if step.after == name]

    def _at_the_end(self) -> list[QPushButton]:
        return [self.buttons[step.method] for step in self._steps if not step.after]

    def _lay_out(self) -> None:
        """Have every option and button at its place in the bar."""
        for place, part in enumerate((part for group in self._groups() for part in group), 1):
            self._row.insertWidget(place, part)
        for place, button in enumerate(self._at_the_end()):
            self._ends.insertWidget(place, button)

    def _put_back(self) -> None:
        self._lay_out()
        self._make_room(self.width())
        if not self.more.isHidden():
            self.more.setFocus()

    def _offered(self) -> set[str]:
        """The options and the buttons, by their names, that are of use now."""
        tool = self._tool
        return {name for name in (*self.controls, *self.buttons) if tool and tool.offers(name)}

    @property
    def _steps(self) -> tuple[Step, ...]:
        return self._tool.buttons if self._tool is not None else ()

    def _needed(self) -> int:
        """The width of all that is visible now; Qt would tell the bar of it only later."""
        for control in self.controls.values():
            control.body.activate()
            control.updateGeometry()
        return self._row.sizeHint().width()

    def _show_tool(self) -> None:
        tool = self._canvas.tool
        if tool is not self._tool:
            self.more.shut()
            self._tool = tool
            self._fill(tool)
        self.target.setText(plain(tool.note))
        if self._offered() != self._seen:
            self._seen = self._offered()
            self._make_room(self.width())
        for name, control in self.controls.items():
            # It would jump to the nearest position under the hand.
            held = isinstance(control, NumberControl) and control.slider.isSliderDown()
            if not held and control.value() != tool.values[name]:
                control.set_value(tool.values[name])

    def _fill(self, tool: Tool) -> None:
        self.more.offer(())
        for part in (*self.controls.values(), *self.buttons.values()):
            part.hide()  # first, so that the keyboard goes on from there
            self._row.removeWidget(part)
            self._ends.removeWidget(part)
            destroy(part)
        self.controls, self.buttons = {}, {}
        self.title.setText(tool.title)
        for parameter in tool.parameters():
            made = tool.own_controls.get(parameter.name, control_for)
            control = made(parameter)
            control.lie_in_a_row()
            control.set_value(tool.values[parameter.name])
            control.changed.connect(_setter(tool, control))
            self.controls[parameter.name] = control
        for step in tool.buttons:
            self._button(tool, step)
        self._lay_out()
        if self._at_the_end():
            self._at_the_end()[-1].setDefault(True)
        for part in self.findChildren(QWidget):
            part.ensurePolished()  # it is as large as the style says only then
        self._seen = self._offered()
        self._make_room(self.width())

    def _button(self, tool: Tool, step: Step) -> None:
        keys = QKeySequence(step.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
        button = QPushButton("" if step.icon else step.title)
        if step.icon:
            button.setIcon(icons.icon(step.icon))
        button.setAccessibleName(step.title)
        self.buttons[step.method] = button
        button.setToolTip(tooltip(f"{step.title} ({keys})" if keys else step.title))
        button.setObjectName("words")
        button.setAutoDefault(False)

        def run() -> None:
            self.more.shut()
            self._canvas.setFocus()
            getattr(tool, step.method)()

        button.clicked.connect(run)


def _setter(tool: Tool, control: Control) -> Callable[[], None]:
    return lambda: tool.set(control.parameter.name, control.value())
