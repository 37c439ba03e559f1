"""Navigator panel: the whole picture, small, and what of it the canvas shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QShowEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from safelight.document import Document, Live
from safelight.document.placement import IDENTITY, Place
from safelight.gui.canvas.picture import chequerboard
from safelight.gui.canvas.view_geometry import LARGEST, SMALLEST
from safelight.gui.panels.document_glimpse import Glimpse, small_image
from safelight.gui.panels.panel import Panel
from safelight.gui.screen.display_transform import display
from safelight.gui.widgets import theme

if TYPE_CHECKING:
    from safelight.gui.canvas import Canvas
    from safelight.gui.session import Session


_PIXELS = 400_000
"""Most pixels that are rendered for the small picture."""

_SLIDER = 1000
_STICKS = 12
"""How near 100 % the slider goes there, of its thousand steps."""

_MARGIN = 8.0

Point = tuple[float, float]


class Navigator(Panel):
    """The picture, small, with the part that is seen; a click or a drag looks elsewhere.

    ``centre_wanted`` gives the point of the picture that is to be in the middle, in its pixels;
    ``zoom_wanted`` the zoom, 1 is 100 %.
    """

    title = "Navigator"
    tab = "Info"
    icon = "E 8 8 6 6 M 8 7.5 L 8 11.2 M 8 4.9 L 8 5"
    stretch = 0
    centre_wanted = Signal(float, float)
    zoom_wanted = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Navigator")
        self._zoom = 1.0
        self.map = _Map()
        self.map.centre_wanted.connect(self.centre_wanted)
        self.map.turned.connect(lambda turns: self.zoom_wanted.emit(_kept(turns, self._zoom)))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _SLIDER)
        self.slider.setPageStep(50)
        self.slider.setSingleStep(10)
        self.slider.setAccessibleName("Zoom")
        self.slider.valueChanged.connect(self._slid)
        self.percentage = QToolButton()
        self.percentage.setObjectName("plain")
        self.percentage.setToolTip("Show at 100 %")
        self.percentage.setFixedWidth(self.percentage.fontMetrics().horizontalAdvance("0") * 10)
        self.percentage.clicked.connect(lambda: self.zoom_wanted.emit(1.0))
        row = QHBoxLayout()
        row.setContentsMargins(10, 0, 6, 4)
        row.setSpacing(6)
        row.addWidget(self.slider, 1)
        row.addWidget(self.percentage)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.map, 1)
        layout.addLayout(row)
        self._glimpse = Glimpse(self, _look, self._take)
        self.show_view((), 1.0)
        self._enable(False)

    def attach(self, session: Session, canvas: Canvas) -> None:
        self.centre_wanted.connect(canvas.centre_on)
        self.zoom_wanted.connect(canvas.zoom_to)

    def show_picture(self, document: Document | None, live: Live | None = None) -> None:
        """Show a document, small, as soon as it is rendered; ``live`` runs its cheap filters."""
        if document is not None:
            self.map.set_shape(_shape(document))
        self._enable(document is not None)
        self._glimpse.look(document, live)

    def show_view(self, polygon: Sequence[Point], zoom: float) -> None:
        """Show what is seen: the points of the picture at the canvas's corners, and its zoom."""
        self._zoom = zoom
        self.map.show_view(polygon)
        with QSignalBlocker(self.slider):
            self.slider.setValue(_place(zoom))
        self.percentage.setText(f"{zoom * 100:.3g} %")

    def showEvent(self, event: QShowEvent) -> None:
        """What was not rendered while hidden is rendered now."""
        self._glimpse.wake()
        super().showEvent(event)

    def _take(self, seen: tuple[QImage, _Shape] | None) -> None:
        self.map.show_image(*(seen or (None, None)))

    def _enable(self, on: bool) -> None:
        self.slider.setEnabled(on)
        self.percentage.setEnabled(on)

    def _slid(self, place: int) -> None:
        sticks = self.slider.isSliderDown() and abs(place - _place(1.0)) <= _STICKS
        zoom = 1.0 if sticks else SMALLEST * (LARGEST / SMALLEST) ** (place / _SLIDER)
        self.zoom_wanted.emit(zoom)


@dataclass(frozen=True, slots=True)
class _Shape:
    """The size of a picture, and how its pixels lead into the plane."""

    width: int
    height: int
    frame: Place


class _Map(QWidget):
    """The small picture. ``turned`` gives turns of the wheel."""

    centre_wanted = Signal(float, float)
    turned = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("The whole picture")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._image: QImage | None = None
        self._scaled = QImage()
        self._scaled_of = 0
        self._size = (1, 1)
        self._frame = self._drawn = _Shape(1, 1, IDENTITY)
        self._polygon = QPolygonF()
        self._held: QPointF | None = None
        self._clicks = False
        self._board = QBrush(chequerboard())

    def sizeHint(self) -> QSize:
        return QSize(240, 150)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 130)

    def set_shape(self, shape: _Shape) -> None:
        """The size that points of the picture are measured in, and what of the plane it shows. An
        image of another shape is drawn as this one shows it.
        """
        self._frame, self._size = shape, (shape.width, shape.height)
        self.update()

    def show_image(self, image: QImage | None, shape: _Shape | None) -> None:
        """Show a picture, which was drawn of that shape; None: there is none."""
        self._image, self._scaled = image, QImage()
        self._drawn = shape or self._frame
        self.update()

    def show_view(self, polygon: Sequence[Point]) -> None:
        """Mark a part of the picture."""
        self._polygon = QPolygonF([QPointF(x, y) for x, y in polygon])
        self.update()

    # -- geometry ------------------------------------------------------------------------------

    def _area(self) -> QRectF:
        """Where the picture is on the widget."""
        room = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        scale = min(room.width() / self._size[0], room.height() / self._size[1])
        width, height = max(self._size[0] * scale, 1), max(self._size[1] * scale, 1)
        left, top = room.center().x() - width / 2, room.center().y() - height / 2
        return QRectF(round(left), round(top), round(width), round(height))

    def _to_picture(self, at: QPointF) -> QPointF:
        area = self._area()
        return QPointF(
            (at.x() - area.left()) * self._size[0] / area.width(),
            (at.y() - area.top()) * self._size[1] / area.height(),
        )

    def _marked(self) -> QPolygonF:
        """The part that is seen, on the widget."""
        area = self._area()
        across, down = area.width() / self._size[0], area.height() / self._size[1]
        return QPolygonF(
            [
                QPointF(area.left() + point.x() * across, area.top() + point.y() * down)
                for point in self._polygon.toList()
            ]
        )

    # -- mouse ---------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._image is None:
            return
        here = self._to_picture(event.position())
        inside = self._polygon.containsPoint(here, Qt.FillRule.WindingFill)
        # What is seen is taken by the point where it was gripped; elsewhere it comes at once.
        self._held = _middle(self._polygon) - here if inside else QPointF()
        self._clicks = inside
        if not inside:
            self._go(here)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is not None:
            self._clicks = False
            self._go(self._to_picture(event.position()) + self._held)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held is not None and self._clicks:
            self._go(self._to_picture(event.position()))
        self._held = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._image is not None:
            self.turned.emit(event.angleDelta().y() / 120)
        event.accept()

    def _go(self, point: QPointF) -> None:
        width, height = self._size
        self.centre_wanted.emit(min(max(point.x(), 0), width), min(max(point.y(), 0), height))

    # -- painting ------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        if self._image is None:
            painter.setPen(QColor(theme.OFF))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No picture")
            return
        area = self._area()
        if self._image.hasAlphaChannel():
            painter.fillRect(area, self._board)
        if self._drawn != self._frame:
            self._paint_reshaped(painter, area)
            self._paint_view(painter, area)
            return
        ratio = self.devicePixelRatioF()
        wanted = QSize(round(area.width() * ratio), round(area.height() * ratio))
        shown = display().shown(self._image)
        if self._scaled.size() != wanted or self._scaled_of != shown.cacheKey():
            self._scaled_of = shown.cacheKey()
            self._scaled = shown.scaled(
                wanted,
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        painter.drawImage(area, self._scaled)
        self._paint_view(painter, area)

    def _paint_reshaped(self, painter: QPainter, area: QRectF) -> None:
        """Draw an image of an earlier shape as the picture of now shows it, until there is one."""
        assert self._image is not None
        earlier, now = self._drawn, self._frame
        through = (
            Place.offset(area.left(), area.top())
            .after(Place.scaled(area.width() / now.width, area.height() / now.height))
            .after(now.frame.inverse.after(earlier.frame))
            .after(
                Place.scaled(
                    earlier.width / self._image.width(), earlier.height / self._image.height()
                )
            )
        )
        a, b, c, d, e, f, g, h, i = through.matrix
        painter.save()
        painter.fillRect(area, QColor(theme.PANEL))
        painter.setClipRect(area)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setTransform(QTransform(a, d, g, b, e, h, c, f, i), combine=True)
        painter.drawImage(0, 0, display().shown(self._image))
        painter.restore()

    def _paint_view(self, painter: QPainter, area: QRectF) -> None:
        marked = self._marked()
        corners = (area.topLeft(), area.topRight(), area.bottomLeft(), area.bottomRight())
        if marked.isEmpty() or all(
            marked.containsPoint(_towards(corner, area.center()), Qt.FillRule.WindingFill)
            for corner in corners
        ):
            return  # all of it is seen
        whole, seen = QPainterPath(), QPainterPath()
        whole.addRect(area)
        seen.addPolygon(marked)
        seen.closeSubpath()
        seen = seen.intersected(whole)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(whole.subtracted(seen), QColor(10, 10, 10, 115))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((QColor(0, 0, 0, 150), 3.0), (QColor(240, 240, 240), 1.2)):
            painter.setPen(QPen(colour, width, j=Qt.PenJoinStyle.MiterJoin))
            painter.drawPath(seen)


def _shape(document: Document) -> _Shape:
    return _Shape(document.width, document.height, document.frame)


def _look(document: Document, live: Live | None) -> tuple[QImage, _Shape]:
    # A draft, as while a hand moves something: nobody sees more here.
    return small_image(document.drafted(), _PIXELS, live), _shape(document)


def _place(zoom: float) -> int:
    """The slider's place of a zoom: as far from one doubling to the next everywhere."""
    return round(math.log(zoom / SMALLEST) / math.log(LARGEST / SMALLEST) * _SLIDER)


def _kept(turns: float, zoom: float) -> float:
    """The zoom after turns of the wheel: three double it, as they do above the canvas."""
    return min(max(zoom * math.exp2(turns / 3), SMALLEST), LARGEST)


def _middle(polygon: QPolygonF) -> QPointF:
    points = polygon.toList()
    count = len(points)
    return QPointF(sum(p.x() for p in points) / count, sum(p.y() for p in points) / count)


def _towards(point: QPointF, middle: QPointF) -> QPointF:
    """A point a little nearer to the middle: an edge belongs to what it bounds."""
    return point + (middle - point) * 0.01
