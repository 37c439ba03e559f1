"""Typed text: a text that is being typed on the picture, its box, its marks and its caret."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from safelight.document import Document, Layer
from safelight.document.commands import text_commands
from safelight.document.contents.text import Text
from safelight.document.placement import Place
from safelight.gui.canvas.grips import paint_handles
from safelight.gui.canvas.marks import paint_outline
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.typesetter import LaidText
from safelight.gui.canvas.typing_field import TypingField
from safelight.gui.widgets import theme
from safelight.pixels import Outline

Point = tuple[float, float]


@dataclass(slots=True)
class TypedText:
    """A text that is being typed: its layer, the document before, the token of the one step that
    it is, where its points lie in the picture, and what a layer that is new has beside options:
    the width of its lines, or the shape ``along`` whose edge, its ``path``, it runs from ``start``.
    """

    layer: str
    above: str
    before: Document
    place: Place
    new: bool
    box: float = 0.0
    along: str = ""
    path: Outline = field(default_factory=Outline)
    start: float = 0.0
    token: str = ""


def layer_of(document: Document | None, identity: str) -> Layer | None:
    """The layer with that id; None where there is none, or no document."""
    layers = document.walk() if document is not None else ()
    return next((layer for layer in layers if layer.id == identity), None)


def letters_of(layer: Layer) -> str:
    """The letters of a layer that is a text."""
    return cast(Text, layer.content).wording.text


def text_at(document: Document | None, point: Point) -> Layer | None:
    """The uppermost text that is seen at a point of the picture."""
    if document is None:
        return None
    for layer in reversed(list(document.walk())):
        raster = layer.pixels
        if raster is None or not layer.shown or not text_commands.is_text(document, layer):
            continue
        x, y = document.frame.inverse.after(layer.place).inverse.at(*point)
        if 0 <= x <= raster.width and 0 <= y <= raster.height:
            return layer
    return None


def letter_at(text: LaidText, place: Place, point: Point, box: float) -> int | None:
    """The letter of a text, whose lines are broken at ``box``, at a point of the picture; None
    beside the text.
    """
    x, y = place.inverse.at(*point)
    bounds = text.outline.bounds()
    if bounds is None:
        return None
    left, top, right, bottom = bounds
    rim, right = text.wording.size / 2, max(right, box)
    beside = not (left - rim <= x <= right + rim and top - rim <= y <= bottom + rim)
    return None if beside else text.letter_at(x, y)


def paint_text_box(
    painter: QPainter, pose: Pose, text: LaidText, place: Place, width: float
) -> None:
    """The box that a text's lines are broken in, so ``width`` pixels wide, and its handle."""
    corners = [(0.0, 0.0), (width, 0.0), (width, text.height), (0.0, text.height)]
    path = QPainterPath()
    path.addPolygon(QPolygonF([pose.point(*place.at(*point)) for point in corners]))
    path.closeSubpath()
    paint_outline(painter, path, pose.ratio)
    handle = place.at(width, text.height / 2)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    paint_handles(painter, [pose.point(*handle)], pose.ratio)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)


def paint_typing(
    painter: QPainter, pose: Pose, text: LaidText, place: Place, field: TypingField, *, caret: bool
) -> None:
    """What is marked of a text that is typed, or about to be typed, and its caret."""
    marked = QColor(theme.ACCENT)
    marked.setAlpha(110)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(marked)
    first, last = field.marked
    if field.composed:
        first, last = field.textCursor().position(), field.caret
    for corners in text.marked(first, last):
        painter.drawPolygon(QPolygonF([pose.point(*place.at(*point)) for point in corners]))
    if caret:
        top, bottom = (pose.point(*place.at(*end)) for end in text.caret(field.caret))
        for colour, width in ((QColor(0, 0, 0, 200), 3.0), (QColor(255, 255, 255), 1.4)):
            painter.setPen(QPen(colour, width * pose.ratio))
            painter.drawLine(top, bottom)
