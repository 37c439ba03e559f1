"""Histogram panel: how the picture's tones are spread, and what of it is clipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QShowEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from safelight.document import Document, Live
from safelight.gui.panels.document_glimpse import Glimpse, small
from safelight.gui.panels.panel import Panel
from safelight.gui.panels.waveform import paint_waveform, waveform
from safelight.gui.widgets import theme

if TYPE_CHECKING:
    from safelight.gui.canvas import Canvas
    from safelight.gui.session import Session

_PIXELS = 1_000_000
"""Most pixels that are counted."""

_FEW = 250_000
"""Most pixels that are counted for a shape behind something else."""

_LIT = 0.0002
"""The part of the picture from which on clipping is marked."""

_NAMES = ("red", "green", "blue")
_COLOURS = (QColor(124, 18, 16), QColor(16, 104, 26), QColor(22, 40, 120))
"""Where all three overlap they add up to a grey that is darker than a photograph's white."""

Shown: TypeAlias = Literal["linear", "logarithmic", "waveform"]
_ORDER: tuple[Shown, ...] = ("linear", "logarithmic", "waveform")
_NEXT: dict[Shown, str] = {
    "linear": "a logarithmic scale",
    "logarithmic": "the waveform: tones from left to right",
    "waveform": "the histogram on a linear scale",
}

LUMINANCE = (0.2126, 0.7152, 0.0722)
_MARGIN = 10
_MARK = 9.0


@dataclass(frozen=True, slots=True, eq=False)
class Tones:
    """``counts``: (4, 256) pixels of each value: red, green, blue, luminance, sRGB-encoded.

    ``shadows`` and ``highlights``: the part of the picture, 0 to 1, that is at an end of the
    range or beyond: in red, green, blue, in any of them. ``columns`` are what ``waveform`` gives,
    None where that was not asked for: it takes longer than all the rest.
    """

    counts: NDArray[np.int64]
    shadows: tuple[float, ...]
    highlights: tuple[float, ...]
    columns: NDArray[np.float32] | None


def tones(pixels: NDArray[np.float32], *, spread: bool = False) -> Tones:
    """Count the tones of an image (height, width, 3 or 4), sRGB-encoded.

    Transparent pixels do not count. ``spread`` asks for the ``columns``.
    """
    channels = _channels(pixels)
    low = [channel < 0.5 / 255 for channel in channels[:3]]
    high = [channel >= 254.5 / 255 for channel in channels[:3]]
    counts = np.stack([_count(channel) for channel in channels])
    return Tones(counts, _parts(low), _parts(high), waveform(pixels) if spread else None)


def counts(document: Document, live: Live | None) -> NDArray[np.int64]:
    """How many pixels of a small picture of a document have each value: (4, 256) for red, green,
    blue and luminance, sRGB-encoded. For a thread.
    """
    return np.stack([_count(channel) for channel in _channels(small(document, _FEW, live))])


def _channels(pixels: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Red, green, blue and luminance of what is not transparent."""
    flat = pixels.reshape(-1, pixels.shape[2])
    if flat.shape[1] == 4:
        flat = flat[flat[:, 3] >= 0.5]
    channels = [np.ascontiguousarray(flat[:, channel]) for channel in range(3)]
    light = sum(part * channel for part, channel in zip(LUMINANCE, channels, strict=True))
    return [*channels, np.asarray(light)]


def shape(counts: NDArray[Any]) -> NDArray[np.float64]:
    """How high a histogram (channels, values) is drawn: 0 to 1.

    What is clipped stands in one value, often high above the rest: it may be cut off, and so may
    the tip of a lone peak, that the rest can be read.
    """
    heights = counts.astype(float)
    inner = heights[:, 1:-1]
    top = max(float(np.quantile(inner, 0.985)), float(inner.max()) / 1.6)
    return np.minimum(heights / max(top, float(heights.max()) / 20, 1e-9), 1)


def _count(values: NDArray[np.float32]) -> NDArray[np.int64]:
    bins = (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)
    return np.bincount(bins, minlength=256)


def _parts(clipped: list[NDArray[np.bool_]]) -> tuple[float, ...]:
    red, green, blue = clipped
    total = max(red.size, 1)
    return tuple(np.count_nonzero(one) / total for one in (*clipped, red | green | blue))


class Histogram(Panel):
    """Red, green, blue and luminance of a picture; a click goes on from a linear scale to a
    logarithmic one, and from that to the waveform.

    A click on one of the upper corners, which light up where something is clipped, marks on the
    picture what is.
    """

    title = "Histogram"
    tab = ""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Histogram")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.shown: Shown = "linear"
        self._canvas: Canvas | None = None
        self.tones: Tones | None = None
        self._drawn = QPixmap()
        self._drawn_for: tuple[object, ...] = ()
        self._glimpse = Glimpse(self, self._look, self._show)
        self._tell()

    def sizeHint(self) -> QSize:
        return QSize(240, 120)

    def minimumSizeHint(self) -> QSize:
        return QSize(140, 40)

    def attach(self, session: Session, canvas: Canvas) -> None:
        self._canvas = canvas
        canvas.guides_changed.connect(self.update)

    def show_picture(self, document: Document | None, live: Live | None = None) -> None:
        """Show a document's tones as soon as they are counted; ``live`` runs its cheap filters."""
        self._glimpse.look(document, live)

    def go_on(self) -> None:
        """Show the next of ``_ORDER``."""
        self.shown = _ORDER[(_ORDER.index(self.shown) + 1) % len(_ORDER)]
        self._tell()
        self.update()
        if self.shown == "waveform" and self.tones is not None and self.tones.columns is None:
            self._glimpse.again()

    def _look(self, document: Document, live: Live | None) -> Tones:
        """Count what is shown; on a thread."""
        return (_look_across if self.shown == "waveform" else _look)(document, live)

    def _show(self, found: Tones | None) -> None:
        self.tones = found
        self._tell()
        self.update()

    def _tell(self) -> None:
        text = f"Click for {_NEXT[self.shown]}, on a corner to see on the picture what is clipped."
        if self.tones is not None:
            shadows, highlights = self.tones.shadows, self.tones.highlights
            text = f"{_told('Shadows', shadows)}\n{_told('Highlights', highlights)}\n{text}"
        self.setToolTip(text)
        self.setAccessibleDescription(text)

    # -- events --------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """What was not counted while hidden is counted now."""
        self._glimpse.wake()
        super().showEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self._canvas is not None and self._in_corner(event.position()):
            self._canvas.show_clipping = not self._canvas.show_clipping
        else:
            self.go_on()

    def _in_corner(self, at: QPointF) -> bool:
        """Whether a point is on one of the marks of clipping, or so near that it is meant."""
        across = min(at.x(), self.width() - at.x())
        return across < _MARGIN + 4 + 2 * _MARK and at.y() < 8 + 4 + 2 * _MARK

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.go_on()
        else:
            super().keyPressEvent(event)

    # -- painting ------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what was drawn, as long as it would be drawn so again: outlines take 5 ms."""
        scale = self.devicePixelRatioF()
        marked = self._canvas is not None and self._canvas.show_clipping
        looks = self.size(), scale, self.font(), self.hasFocus(), marked
        if (self.tones, self.shown, *looks) != self._drawn_for:
            self._drawn_for = self.tones, self.shown, *looks
            self._drawn = QPixmap(self.size() * scale)
            self._drawn.setDevicePixelRatio(scale)
            self._drawn.fill(Qt.GlobalColor.transparent)
            with QPainter(self._drawn) as painter:
                painter.setFont(self.font())
                self._paint(painter)
        with QPainter(self) as painter:
            painter.drawPixmap(0, 0, self._drawn)

    def _paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(_MARGIN, 8, -_MARGIN, -8)
        painter.setPen(QPen(QColor(theme.ACCENT if self.hasFocus() else "#303030"), 1))
        painter.setBrush(QColor("#1b1b1b"))
        painter.drawRoundedRect(area.adjusted(-0.5, -0.5, 0.5, 0.5), 4, 4)
        painter.setPen(QPen(QColor("#2a2a2a"), 1))
        for quarter in (1, 2, 3):
            x = round(area.left() + area.width() * quarter / 4) + 0.5
            painter.drawLine(QPointF(x, area.top() + 1), QPointF(x, area.bottom() - 1))
        if self.tones is None:
            painter.setPen(QColor(theme.OFF))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "No picture")
            return
        if self.shown == "waveform":
            if self.tones.columns is not None:
                paint_waveform(painter, area.adjusted(1, 1, -1, -1), self.tones.columns)
        else:
            self._paint_tones(painter, area.adjusted(1, 3, -1, -1), self.tones.counts)
        self._paint_mark(painter, area.topLeft() + QPointF(4, 4), self.tones.shadows, 1)
        self._paint_mark(painter, area.topRight() + QPointF(-4, 4), self.tones.highlights, -1)
        if self.shown == "logarithmic":
            font = painter.font()
            font.setPixelSize(10)
            painter.setFont(font)
            painter.setPen(QColor(theme.DIM))
            top = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
            painter.drawText(area.adjusted(0, 3, 0, 0), top, "log")

    def _paint_tones(self, painter: QPainter, area: QRectF, counts: NDArray[np.int64]) -> None:
        heights = shape(np.log1p(counts) if self.shown == "logarithmic" else counts) * area.height()
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Plus)
        for colour, line in zip(_COLOURS, heights[:3], strict=True):
            outline = _outline(area, line)
            outline.append(area.bottomRight())
            outline.append(area.bottomLeft())
            painter.setBrush(colour)
            painter.drawPolygon(outline)
        painter.restore()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(226, 226, 226, 190), 1.2))
        painter.drawPolyline(_outline(area, heights[3]))

    def _paint_mark(
        self, painter: QPainter, tip: QPointF, parts: tuple[float, ...], way: int
    ) -> None:
        """A corner that lights up in the colour of what is clipped."""
        path = QPainterPath(tip)
        path.lineTo(tip + QPointF(way * _MARK, 0))
        path.lineTo(tip + QPointF(0, _MARK))
        path.closeSubpath()
        lit = [235 if part >= _LIT else 60 for part in parts[:3]]
        clipped = parts[3] >= _LIT
        marked = self._canvas is not None and self._canvas.show_clipping
        rim = theme.ACCENT if marked else "#101010" if clipped else "#484848"
        painter.setPen(QPen(QColor(rim), 2 if marked else 1))
        painter.setBrush(QColor(*lit) if clipped else Qt.BrushStyle.NoBrush)
        painter.drawPath(path)


def _look(document: Document, live: Live | None) -> Tones:
    return tones(small(document, _PIXELS, live))


def _look_across(document: Document, live: Live | None) -> Tones:
    return tones(small(document, _PIXELS, live), spread=True)


def _outline(area: QRectF, heights: NDArray[np.float64]) -> QPolygonF:
    step = area.width() / (len(heights) - 1)
    return QPolygonF(
        [
            QPointF(area.left() + index * step, area.bottom() - height)
            for index, height in enumerate(heights.tolist())
        ]
    )


def _told(what: str, parts: tuple[float, ...]) -> str:
    """How much is clipped, in a sentence."""
    if not parts[3]:
        return f"{what}: nothing is clipped."
    each = ", ".join(
        f"{name} {_percent(part)}" for name, part in zip(_NAMES, parts, strict=False) if part
    )
    return f"{what}: {_percent(parts[3])} of the picture is clipped ({each})."


def _percent(part: float) -> str:
    return f"{part * 100:.2f} %" if part >= 0.0001 else "< 0.01 %"
