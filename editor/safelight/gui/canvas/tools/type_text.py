"""Type text: a click or a dragged box begins words, which are typed on the picture and set
there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, cast
from uuid import uuid4

from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtGui import QPainter, QPainterPath, QRegion
from PySide6.QtWidgets import QWidget

from safelight.api import HexColour, Value
from safelight.document import Document, Edit, Layer, edits
from safelight.document.commands import text_commands
from safelight.document.commands.shape_commands import StrokeWidth
from safelight.document.commands.text_commands import LetterSpacing, LineSpacing, Size
from safelight.document.contents.shape import Shape
from safelight.document.contents.text import (
    MOST_LETTERS,
    Align,
    Direction,
    Text,
    TextError,
    Weight,
    Wording,
)
from safelight.document.placement import Place
from safelight.gui.canvas.grips import GRIP
from safelight.gui.canvas.marks import paint_outline
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.shape_edges import EdgeLight, way_of
from safelight.gui.canvas.snap_lines import Snapping
from safelight.gui.canvas.tools.tool import Pointer, Step, Tool, reason
from safelight.gui.canvas.typed_text import (
    Point,
    TypedText,
    layer_of,
    letter_at,
    letters_of,
    paint_text_box,
    paint_typing,
    text_at,
)
from safelight.gui.canvas.typesetter import LaidText, begin, is_missing, laid_text
from safelight.gui.canvas.typing_field import TypingField
from safelight.gui.canvas.viewport import Viewport
from safelight.gui.controls.control import Control
from safelight.gui.controls.font_choice import FontControl

_SHORTEST = 6.0
"""Widget pixels that a drag has to go to be a box."""

_STEP = 2.0
"""Seconds within which changes of one option are one step of the history."""

_BLINK = 530
"""Milliseconds that the caret is seen, and is not."""

_LINES = 16
"""Lines of the letters that are offered first in a picture's height."""


class TextTool(Tool):
    """A click begins a text, a drag one in a box; a click into a text goes on with that."""

    id = "text"
    title = "Text"
    icon = "M 3 5 L 3 3 L 13 3 L 13 5 M 8 3 L 8 13 M 6 13 L 10 13"
    shortcut = "T"
    hint = (
        "Click and type, drag a box for lines, or click a shape's edge to write along it; Esc ends"
    )
    steps = (Step("Edit text", "", "edit"),)
    rare = ("direction", "letter_spacing", "line_spacing")
    own_controls: ClassVar[Mapping[str, type[Control]]] = {"family": FontControl}

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        begin()
        self._typed: TypedText | None = None
        self._field: TypingField | None = None
        self._start: Pointer | None = None
        self._from: Point = (0.0, 0.0)
        self._end: Point = (0.0, 0.0)
        self._snapping = Snapping(surface)
        self._edge = EdgeLight(surface)
        self._marks = self._pulls = False
        self._known: Layer | None = None
        self._trouble = ""
        self._token = "", "", 0.0
        self._column: float | None = None
        self._sized = self._seen = False
        self._blink = QTimer(surface)
        self._blink.setInterval(_BLINK)
        self._blink.timeout.connect(self._blinked)

    def options(
        self,
        *,
        family: Annotated[str, "The font; nothing: the usual one"] = "",
        size: Size = 64.0,
        weight: Weight = "regular",
        italic: bool = False,
        fill: HexColour = "#ffffff",
        align: Annotated[Align, "Where lines begin and end"] = "left",
        line_spacing: LineSpacing = 1.0,
        letter_spacing: LetterSpacing = 0.0,
        stroke_width: StrokeWidth = 0.0,
        stroke: HexColour = "#000000",
        direction: Annotated[Direction, "Which way lines are written"] = "automatic",
    ) -> None:
        """What words look like."""

    @property
    def note(self) -> str:
        if self._trouble:
            return self._trouble
        if is_missing(str(self._values["family"])):
            return f"{self._values['family']} is not here: its letters stay until you choose a font"
        found = self._text
        return f"Changes {found.name}" if found is not None else "Writes a new layer"

    @property
    def word(self) -> str:  # type: ignore[override]
        return self._trouble

    def suit(self, width: int, height: int) -> None:
        """Offer letters that can be read in the whole picture."""
        if not self._sized:
            self._values["size"] = float(min(max(round(height / _LINES), 8), 2000))

    # -- what is there -------------------------------------------------------------------------

    @property
    def _text(self) -> Layer | None:
        """The layer that is typed, or else the active one, where it is a text to be changed."""
        identity = self.surface.active if self._typed is None else self._typed.layer
        found = layer_of(self.surface.document, identity)
        return found if found is not None and text_commands.is_text(_ANY, found) else None

    def _laid(self) -> tuple[LaidText, Place] | None:
        """The text that is typed, or the active one, laid out, and where its points are in the
        picture; None where there is none, and where it cannot be laid out.
        """
        found = self._text
        try:
            if self._typed is not None:
                place = self._typed.place if found is None else way_of(self.surface.document, found)
                return laid_text(self._wording()), place
            if found is not None:
                return laid_text(cast(Text, found.content).wording), way_of(
                    self.surface.document, found
                )
        except TextError:
            return None
        return None

    def _wording(self) -> Wording:
        """What is typed, as the options set it. Raises TextError."""
        typed, found, given = self._typed, self._text, dict(self._values)
        assert typed is not None
        assert self._field is not None
        for name in ("fill", "stroke", "stroke_width"):
            del given[name]
        along: dict[str, Any] = {"path": typed.path, "start": typed.start}
        if found is not None:
            held = cast(Text, found.content).wording
            along = {"path": held.path, "start": held.start}
        told: dict[str, Any] = {**given, **along}
        return Wording(self._field.words, box=typed.box, **told)

    def follow(self) -> None:
        """Have the options of the active text; end where what is typed is gone."""
        typed, found = self._typed, self._text
        if typed is not None:
            gone = found is None and not (typed.new and not self._words.strip())
            if gone or (
                found is not None and not self._trouble and letters_of(found) != self._words
            ):
                self._end_typing()
            return
        if found is not None and found is not self._known:
            content = cast(Text, found.content)
            told: dict[str, Value] = {
                name: getattr(content if hasattr(content, name) else content.wording, name)
                for name in self._values
            }
            if told != self._values:
                self._values |= told
                self.changed()
        self._known = found

    @property
    def _words(self) -> str:
        return "" if self._field is None else self._field.words

    def take_up(self) -> None:
        self._known = None
        self.follow()

    def carry(self, way: Place) -> None:
        self.finish()

    def set(self, name: str, value: Value) -> None:
        super().set(name, value)
        self._sized = self._sized or name == "size"
        found = self._text
        if self._typed is not None:
            self._write()
        elif found is not None:
            option, token, since = self._token
            now = time.monotonic()
            if option != f"{found.id} {name}" or now - since > _STEP:
                token = uuid4().hex
            self._token = f"{found.id} {name}", token, now
            words = cast(Text, found.content).wording
            self._change(found.id, words.text, words.box, token)

    def _change(self, layer: str, text: str, box: float, token: str) -> None:
        told: dict[str, Any] = {**self._values, "text": text, "box": round(box, 1)}
        self.surface.do(text_commands.set_text(layer=layer, token=token, **told))

    # -- typing --------------------------------------------------------------------------------

    def edit(self, point: Point | None = None) -> None:
        """Type in the text at a point of the picture, there; or at the end of the active one."""
        self.surface.take(self.id)
        found = self._text if point is None else text_at(self.surface.document, point)
        if found is None:
            return
        self._go_on(found)
        laid = self._laid()
        if point is None:
            self._typing.go(1 << 30)
        elif laid is not None:
            self._typing.go(laid[0].letter_at(*laid[1].inverse.at(*point)))

    @property
    def _typing(self) -> TypingField:
        """The field that takes what is typed."""
        if self._field is None:
            self._field = TypingField(self.surface, MOST_LETTERS)
            self._field.typed.connect(self._write)
            self._field.moved.connect(self._moved)
            self._field.left.connect(self.finish)
            self._field.going.connect(self._go)
            self._field.refused.connect(self._refuse)
        return self._field

    def _begin(self, at: Point, box: float, along: tuple[Layer, float] | None = None) -> None:
        """Begin words of their own, in lines, or ``along`` a shape's edge from so many percent of
        it on.
        """
        document = self.surface.document
        if document is None:
            return
        place = Place.offset(*at)
        typed = TypedText(uuid4().hex, self.surface.active, document, place, True, box)
        if along is not None:
            shape, typed.start = along
            typed.along, typed.path = shape.id, cast(Shape, shape.content).outline
            typed.place = way_of(document, shape)
        self._typed = typed
        self._start_typing("")
        laid = self._laid()
        if (
            laid is not None and not box and along is None
        ):  # the middle of the line is where the click was
            high = laid[0].height / 2
            self._typed.place = Place.offset(at[0], at[1] - high)
        self._moved()

    def _go_on(self, layer: Layer) -> None:
        """Go on with a text that there is."""
        document = self.surface.document
        if document is None:
            return
        self.surface.activation_wanted.emit(layer.id)
        self._known = None
        self.follow()
        words = cast(Text, layer.content).wording
        place = way_of(self.surface.document, layer)
        self._typed = TypedText(layer.id, "", document, place, False, words.box)
        self._start_typing(words.text)

    def _start_typing(self, text: str) -> None:
        assert self._typed is not None
        self._typed.token = uuid4().hex
        self._trouble, self._column, self._seen = "", None, True
        self.surface.setFocusProxy(self._typing)
        self._typing.begin(text)
        self._blink.start()
        self.changed()

    def finish(self) -> None:
        """End typing; a text without letters goes."""
        typed, words = self._typed, self._words
        if typed is None:
            return
        found = self._text
        self._end_typing()
        if found is not None and not typed.new and not words.strip():
            self.surface.do(edits.delete_layer(found.id, token=typed.token))

    put_away = settle = finish

    def _end_typing(self) -> None:
        self._typed, self._trouble, self._known = None, "", None
        self._blink.stop()
        self.surface.setFocusProxy(cast(QWidget, None))
        if self._field is not None:
            focused = self._field.hasFocus()
            self._field.hide()
            if focused:
                self.surface.setFocus()
        self.follow()
        self.changed()

    def _write(self) -> None:
        """Have what is typed in the document."""
        typed = self._typed
        if typed is None:
            return
        text = self._words
        try:
            wording = self._wording()
            if text.strip():
                laid_text(wording)
        except TextError as error:
            self._trouble = reason(error)
            self.changed()
            return
        self._trouble = ""
        self.surface.do(self._edit(typed, text).upon(typed.before, typed.token))
        self._moved()
        self.changed()

    def _edit(self, typed: TypedText, text: str) -> Edit:
        told: dict[str, Any] = {**self._values, "text": text, "box": round(typed.box, 1)}
        if not typed.new:
            return text_commands.set_text(layer=typed.layer, **told)
        if not text.strip():
            return Edit(text_commands.add_text.title, lambda document: document)
        x, y = (round(at, 1) for at in typed.place.at(0, 0))
        if typed.along:
            told |= {"along": typed.along, "start": round(typed.start, 1)}
        above = typed.above
        return text_commands.add_text(layer=above, x=x, y=y, made=typed.layer, **told)

    def _moved(self) -> None:
        """The caret is elsewhere: the field goes there, so that what an input method shows does."""
        laid, field = self._laid(), self._field
        self._seen = True
        if self._typed is not None and field is not None and laid is not None:
            top, bottom = (
                self.surface.widget_point(*laid[1].at(*end)) for end in laid[0].caret(field.caret)
            )
            high = max(round(math.hypot((bottom - top).x(), (bottom - top).y())), 2)
            field.setGeometry(round(top.x()), round(top.y()), 2, high)
            self._blink.start()
        self.surface.update()

    def _blinked(self) -> None:
        self._seen = not self._seen
        self.surface.update()

    def _go(self, way: str, marks: bool) -> None:
        """Go by lines: up, down, to the beginning or to the end of one."""
        laid, field = self._laid(), self._field
        if laid is None or field is None:
            return
        text, caret = laid[0], field.caret
        if way in ("home", "end"):
            field.go(text.ends_of_line(caret)[way == "end"], marks=marks)
            return
        letter, column = text.beside(caret, 1 if way == "down" else -1, self._column)
        field.go(letter, marks=marks)
        self._column = column

    def _refuse(self, count: int) -> None:
        self._trouble = f"A text has {MOST_LETTERS:,} letters at the most: {count:,} are too many"
        self.changed()

    # -- what a hand does ----------------------------------------------------------------------

    def _inside(self, point: Point) -> int | None:
        """The letter of the text that is typed at a point of the picture; None beside it."""
        laid = self._laid()
        if self._typed is None or laid is None:
            return None
        return letter_at(*laid, point, self._typed.box) if self._words.strip() else None

    def _handle(self) -> Point | None:
        """Where the width of lines is pulled, in the picture."""
        laid = self._laid()
        if laid is None or not laid[0].wording.box or not laid[0].wording.path.empty:
            return None
        return laid[1].at(laid[0].wording.box, laid[0].height / 2)

    def _on_handle(self, at: QPointF) -> bool:
        handle = self._handle()
        if handle is None:
            return False
        way = self.surface.widget_point(*handle) - at
        return math.hypot(way.x(), way.y()) <= GRIP

    def press(self, pointer: Pointer) -> None:
        self._column = None
        self._pulls = self._on_handle(pointer.at)
        letter = None if self._pulls else self._inside(pointer.point)
        self._marks = letter is not None
        if letter is not None:
            self._typing.setFocus()
            self._typing.go(letter, marks=pointer.shift)
            return
        if not self._pulls:
            self.finish()
        found = self._text if self._pulls else None
        self._snapping.begin(self.surface.document, () if found is None else {found.id})
        self._start = pointer
        self._from = self._end = self._snapping.point(pointer.point, free=pointer.control)

    def move(self, pointer: Pointer) -> None:
        if self._marks:
            letter = self._inside(pointer.point)
            if letter is not None:
                self._typing.go(letter, marks=True)
        elif self._start is not None:
            self._end = self._snapping.point(pointer.point, free=pointer.control)
            self.surface.update()

    def release(self, pointer: Pointer) -> None:
        self.move(pointer)
        start, self._start = self._start, None
        pulls, self._pulls = self._pulls, False
        self._snapping.end()
        if self._marks or start is None:
            self._marks = False
            return
        if pulls:
            self._pull(self._end)
            return
        (x, y), (far_x, far_y) = self._from, self._end
        if (pointer.at - start.at).manhattanLength() >= _SHORTEST:
            self._begin((min(x, far_x), min(y, far_y)), max(abs(far_x - x), 1.0))
        elif text_at(self.surface.document, pointer.point) is not None:
            self.edit(start.point)
        else:
            self._begin(start.point, 0.0, self._edge.at(start.point))

    def hover(self, at: QPointF | None) -> None:
        """See the shape's edge along which a click would write."""
        point = None if at is None else self.surface.picture_point(at)
        idle = self._start is None and self.surface.heeds(self)
        free = point is not None and text_at(self.surface.document, point) is None
        self._edge.look(point if idle and free else None)

    def _pull(self, point: Point) -> None:
        """Have lines end at a point."""
        laid, found = self._laid(), self._text
        if laid is None:
            return
        box = max(laid[1].inverse.at(*point)[0], 1.0)
        if self._typed is not None:
            self._typed.box = box
            self._write()
        elif found is not None:
            self._change(found.id, laid[0].wording.text, box, uuid4().hex)

    def cancel(self) -> None:
        self._start, self._marks, self._pulls = None, False, False
        self._snapping.end()

    def double_click(self, pointer: Pointer) -> bool:
        if self._typed is not None and self._inside(pointer.point) is not None:
            self._typing.mark_word()
        return True

    # -- what is seen --------------------------------------------------------------------------

    def cursor(self, at: QPointF) -> Qt.CursorShape:
        return Qt.CursorShape.SizeHorCursor if self._on_handle(at) else Qt.CursorShape.IBeamCursor

    def still(self) -> QRegion | None:
        idle = self._start is None and self._edge.shape is None and self._laid() is None
        return QRegion() if idle else None

    def paint(self, painter: QPainter, pose: Pose) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._snapping.paint(painter, pose)
        self._edge.paint(painter, pose)
        if self._start is not None and not self._pulls:
            first, last = pose.point(*self._from), pose.point(*self._end)
            box = QPainterPath()
            box.addRect(min(first.x(), last.x()), min(first.y(), last.y()),
                        abs(last.x() - first.x()), abs(last.y() - first.y()))  # fmt: skip
            paint_outline(painter, box, pose.ratio)
        laid = self._laid()
        if laid is None:
            return
        text, place = laid
        box_width = text.wording.box
        if self._pulls:
            box_width = max(place.inverse.at(*self._end)[0], 1.0)
        if box_width and text.wording.path.empty:
            paint_text_box(painter, pose, text, place, box_width)
        if self._typed is not None and self._field is not None:
            paint_typing(painter, pose, text, place, self._field, caret=self._seen)


_ANY = cast(Document, None)
"""Stands for the document of a condition that asks of a layer alone."""
