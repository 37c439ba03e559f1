"""Tool: what a hand does on the canvas: what a press, a movement and a key mean, what is shown."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QCursor, QKeyEvent, QKeySequence, QPainter, QRegion

from safelight.api import Parameter, Value
from safelight.api.parameters import parameter_of
from safelight.document.placement import Place
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.viewport import Viewport
from safelight.gui.widgets.keys import latin_key

if TYPE_CHECKING:
    from safelight.document import Document, Edit
    from safelight.gui.controls.control import Control


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the pointer is: ``at`` on the widget, ``point`` in the picture (in its pixels).

    ``pressure`` is a pen's, 0 to 1, ``tilt`` how flat it is held, 0 upright to 1; a mouse has the
    most of both. ``rubber`` tells that it is the pen's other end.
    """

    at: QPointF
    point: tuple[float, float]
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    pressure: float = 1.0
    tilt: float = 1.0
    rubber: bool = False

    @property
    def shift(self) -> bool:
        """Whether Shift is down."""
        return bool(self.keys & Qt.KeyboardModifier.ShiftModifier)

    @property
    def alt(self) -> bool:
        """Whether Alt is down."""
        return bool(self.keys & Qt.KeyboardModifier.AltModifier)

    @property
    def control(self) -> bool:
        """Whether Ctrl, on a Mac Command, is down."""
        return bool(self.keys & Qt.KeyboardModifier.ControlModifier)

    def way_from(self, start: tuple[float, float]) -> tuple[float, float]:
        """How far the pointer has come from a point of the picture; with Shift along one axis."""
        x, y = (self.point[axis] - start[axis] for axis in (0, 1))
        return straight(x, y) if self.shift else (x, y)


def straight(x: float, y: float) -> tuple[float, float]:
    """A way along one axis alone, the one along which it goes further."""
    return (x, 0.0) if abs(x) >= abs(y) else (0.0, y)


def reason(error: Exception) -> str:
    """An error's message as a sentence begins."""
    return f"{error}"[:1].upper() + f"{error}"[1:]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a tool does at a word; its ``method`` does it.

    Of a tool's ``steps`` the keys work whatever is in hand, and the letter after & is underlined in
    the menu. A button is behind the option that it comes ``after``, or behind the tool's "title",
    or at the end of the bar; with an ``icon``, a drawing, it shows that instead of its title.
    """

    title: str
    shortcut: str
    method: str
    after: str = ""
    icon: str = ""


def parameters_of(function: Callable[..., object], skip: int = 0) -> tuple[Parameter, ...]:
    """The options that a function's signature declares, without the first ones."""
    hints = typing.get_type_hints(function, include_extras=True)
    arguments = list(inspect.signature(function).parameters.values())[skip:]
    return tuple(parameter_of(x.name, hints[x.name], x.default) for x in arguments)


class Tool:
    """One tool on one canvas.

    A subclass says what it is (``id``, ``title``, ``icon``, ``shortcut``, ``hint``) and overrides
    what it needs; ``options`` declares by its signature, as a filter does, what the bar above the
    canvas shows. ``surface`` is the canvas, of which a tool knows what a Viewport has.

    ``icon`` is an icon's name, or its drawing (``icons.drawn``). ``group`` is the id of one of
    ``tool_groups.GROUPS``, with whose tools it shares a button and a key; "" for one of its own.
    ``shortcut`` is a key that is the tool's alone. ``steps`` are in the menu;
    ``buttons`` are in the bar, of those at its end the one that is wanted most often last, and
    their keys work while the tool is in hand, as do those of its ``keys``, which have no button.

    ``own_controls`` are those of options that others than their kinds' suit, by the options' names.
    ``rare`` names options that leave the bar first where there is no room.

    ``hold``: the key that takes the tool in hand for as long as it is down. ``chosen``: whether it
    is in the column, or always there, where it ``takes`` a press. ``first``: it comes before the
    tools that are always there. ``tints``: what it paints on is seen in
    red. ``pressure``: a pen comes as a
    pen. ``repeats``: a double click is two presses. ``moves``: whatever it paints lies on the
    picture and moves with that. ``kernels`` names the compiled ones with which what it does is
    faster.
    """

    id: ClassVar[str] = ""
    title: ClassVar[str] = ""
    icon: ClassVar[str] = ""
    shortcut: ClassVar[str] = ""
    group: ClassVar[str] = ""
    hint: ClassVar[str] = ""
    hold: ClassVar[Qt.Key | None] = None
    steps: ClassVar[tuple[Step, ...]] = ()
    buttons: ClassVar[tuple[Step, ...]] = ()
    keys: ClassVar[tuple[Step, ...]] = ()
    rare: ClassVar[tuple[str, ...]] = ()
    own_controls: ClassVar[Mapping[str, type[Control]]] = {}
    chosen: ClassVar[bool] = True
    first: ClassVar[bool] = False
    tints: ClassVar[bool] = False
    pressure: ClassVar[bool] = False
    repeats: ClassVar[bool] = False
    turns: ClassVar[bool] = False
    moves: ClassVar[bool] = False
    kernels: ClassVar[tuple[str, ...]] = ()
    word = ""
    """What is said on the canvas while the tool is in hand."""

    def __init__(self, surface: Viewport) -> None:
        self.surface = surface
        self._values = {item.name: item.default for item in self.parameters()}

    # -- options -------------------------------------------------------------------------------

    def options(self) -> None:
        """Declare the tool's options: keyword arguments with a type and a default."""

    @classmethod
    @functools.cache  # each canvas has every tool
    def parameters(cls) -> tuple[Parameter, ...]:
        """The options that the signature of ``options`` declares."""
        return parameters_of(cls.options, 1)

    @property
    def values(self) -> Mapping[str, Value]:
        """The options' values by name."""
        return self._values

    def set(self, name: str, value: Value) -> None:
        """Give an option another value."""
        self._values[name] = value
        self.changed()

    def changed(self) -> None:
        """Tell that an option, or what the tool shows, is another."""
        self.surface.update()
        self.surface.tool_changed.emit()

    def offers(self, name: str) -> bool:
        """Whether there is a use now for the option of that name, or the button of that method."""
        return True

    @property
    def note(self) -> str:
        """A sentence beside the options: on what the tool works."""
        return ""

    def suit(self, width: int, height: int) -> None:
        """Be of use on a picture of that size."""

    def carry(self, way: Place) -> None:
        """Have what the tool marks stay over the same, where ``way`` leads from the points of the
        picture there was to those of the one there is.
        """

    def follow(self) -> None:
        """Know that the document, or the active layer, may be another one, while in the hand."""

    # -- in and out of the hand ----------------------------------------------------------------

    def take_up(self) -> None:
        """Come into the hand."""

    def put_away(self) -> None:
        """Leave the hand: another tool is in it now."""

    def settle(self) -> None:
        """Make an edit of what is under way: the document is about to be saved, exported, or
        changed by other means.
        """
        edit = self.under_way()
        if edit is not None:
            self.surface.do(edit)

    def under_way(self) -> Edit | None:
        """The edit that settling makes; None where there is nothing to settle."""
        return None

    @property
    def painting(self) -> bool:
        """Whether a stroke is under way."""
        return False

    @property
    def pending(self) -> bool:
        """Whether there is anything to settle."""
        return self.under_way() is not None

    def shows(self, document: Document) -> Document:
        """What is seen while the tool is in hand: ``document``, or one of the same plane whose
        frame shows another part of it. Points of the picture are then that one's.
        """
        return document

    # -- what a hand does ----------------------------------------------------------------------

    def takes(self, at: QPointF) -> bool:
        """Whether a press at a widget point is for this tool."""
        return self.chosen

    def grips(self, at: QPointF) -> bool:
        """Whether a press at a widget point is for this tool though a guide lies there."""
        return False

    def press(self, pointer: Pointer) -> None:
        """Begin: the left button, or a pen, has come down."""

    def move(self, pointer: Pointer) -> None:
        """Go on: the pointer has moved since it came down."""

    def release(self, pointer: Pointer) -> None:
        """End: the button or the pen has come up."""

    def double_click(self, pointer: Pointer) -> bool:
        """Do what a double click means; False to have it zoom."""
        return False

    def cancel(self) -> None:
        """Let go of what is under way, as if it had not begun."""

    def hover(self, at: QPointF | None) -> None:
        """Know that the pointer is at a widget point; None = it has left."""

    def holds(self, key: int, keys: Qt.KeyboardModifier) -> bool:
        """Whether a key that comes down takes the tool in hand while it is down."""
        return key == self.hold and not keys & ~Qt.KeyboardModifier.ShiftModifier

    def key(self, event: QKeyEvent) -> bool:
        """Do what a key means, the tool's own first; False for a key that means nothing to the
        tool.
        """
        step = self.step_of(event)
        if step is not None:
            getattr(self, step.method)()
        return step is not None

    def step_of(self, event: QKeyEvent) -> Step | None:
        """What a key is for, of the buttons that are of use now and of the tool's keys."""
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return None
        code = Qt.Key.Key_Return if event.key() == Qt.Key.Key_Enter else latin_key(event)
        for step in (*self.buttons, *self.keys):
            if QKeySequence(step.shortcut) == QKeySequence(code) and self.offers(step.method):
                return step
        return None

    def key_up(self, event: QKeyEvent) -> bool:
        """Know that a key that was not held for the canvas has come up; False for any other."""
        return False

    def held_changed(self) -> None:
        """Look which of the keys that the canvas knows are held."""

    # -- what is seen --------------------------------------------------------------------------

    def cursor(self, at: QPointF) -> Qt.CursorShape | QCursor:
        """The cursor at a widget point, where a press would be for this tool."""
        return Qt.CursorShape.ArrowCursor

    def still(self) -> QRegion | None:
        """What of the widget the tool paints on that does not move when the picture is moved, in
        widget pixels; None where that is not known, and all has to be painted again.
        """
        kind = type(self)
        paints = kind.paint is not Tool.paint or kind.paint_above is not Tool.paint_above
        return QRegion() if self.moves or not paints else None

    def paint(self, painter: QPainter, pose: Pose) -> None:
        """Paint on the picture, in the frame in which it lies level, in physical pixels."""

    def paint_above(self, painter: QPainter, pose: Pose) -> None:
        """Paint on the widget, above everything, in physical pixels."""
