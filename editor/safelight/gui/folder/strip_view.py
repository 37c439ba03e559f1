"""Strip view: the photographs of a folder side by side, with stars and labels."""

from __future__ import annotations

from typing import Literal, TypeAlias

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from safelight.files.metadata.picture_marks import LABELS
from safelight.gui.folder.folder_rows import ROW, FolderRow
from safelight.gui.widgets import theme
from safelight.gui.widgets.picture_row import PictureRow
from safelight.gui.widgets.shown_text import plain

PICTURE = QSize(112, 72)
"""The room of a small picture, in widget pixels."""

CELL = QSize(PICTURE.width() + 10, PICTURE.height() + 28)

COLOURS = dict(zip(LABELS, ("#d04a42", "#d8b43a", "#4d9e54", "#4678c8", "#8d5cb4"), strict=True))
"""The colours of labels; what other programs call otherwise is grey."""

_OTHER = "#8a8a8a"

_STARS = {getattr(Qt.Key, f"Key_{number}"): number for number in range(6)}
_LABELS = {getattr(Qt.Key, f"Key_{number + 6}"): LABELS[number] for number in range(4)}
_STEPS = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End)
_ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_COMPARES = Qt.Key.Key_C
_TAKEN = (*_STEPS, *_ARROWS, *_ENTERS, _COMPARES)
_PLAIN = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
"""Modifiers with which a digit is still that digit: on a French keyboard it needs Shift."""

Mark: TypeAlias = tuple[Literal["stars", "label", "reject"], object]
"""What a key asks for: so many stars, a label, or that a photograph is rejected."""


def mark_of(event: QKeyEvent) -> Mark | None:
    """The mark that a key stands for."""
    key = Qt.Key(event.key())
    if event.modifiers() & ~_PLAIN:
        return None
    if key in _STARS:
        return "stars", _STARS[key]
    if key in _LABELS:
        return "label", _LABELS[key]
    return ("reject", None) if key == Qt.Key.Key_X else None


class StripView(PictureRow):
    """The strip. ``wanted`` has the place of a photograph that is to be opened, ``stepped`` by how
    many to go on, ``marked`` a ``Mark`` for those that are chosen, ``asked`` the point of the
    screen at which a menu is wanted; ``seen`` tells that others can be seen, ``compared``
    that the chosen are to be compared.
    """

    wanted = Signal(int)
    stepped = Signal(int)
    marked = Signal(object)
    asked = Signal(object)
    seen = Signal()
    compared = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Photographs of the folder", CELL, parent)
        self.setLayoutMode(QListView.LayoutMode.SinglePass)
        self.setMouseTracking(True)
        self.setItemDelegate(_Painter(self))
        self.horizontalScrollBar().valueChanged.connect(lambda _: self.seen.emit())

    def places(self) -> tuple[int, int]:
        """The first and the last place that can be seen; (0, −1) where there is nothing."""
        count = self.model().rowCount() if self.model() is not None else 0
        if not count:
            return 0, -1
        middle = CELL.height() // 2
        first = self.indexAt(QPoint(2, middle))
        last = self.indexAt(QPoint(self.viewport().width() - 2, middle))
        return max(first.row(), 0), last.row() if last.isValid() else count - 1

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            key = Qt.Key(event.key())
            bare = not event.modifiers() & ~_PLAIN
            if mark_of(event) is not None or (bare and key in _TAKEN):
                event.accept()  # it is for the strip, not for a menu
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, mark = Qt.Key(event.key()), mark_of(event)
        bare = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        if mark is not None:
            self.marked.emit(mark)
        elif bare and key in _STEPS:
            self.stepped.emit(_STEPS[key])
        elif bare and key == _COMPARES:
            self.compared.emit()
        elif bare and key in _ENTERS:
            self.wanted.emit(self.currentIndex().row())
        else:
            super().keyPressEvent(event)
            if bare and key in _ARROWS:
                self.wanted.emit(self.currentIndex().row())

    def keyboardSearch(self, search: str) -> None:
        """Letters are keys of the window, not the beginnings of names."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        at = self.indexAt(event.position().toPoint())
        bare = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if event.button() == Qt.MouseButton.LeftButton and bare and at.isValid():
            self.wanted.emit(at.row())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.selectionModel() is not None and self.selectionModel().hasSelection():
            self.asked.emit(event.globalPos())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A wheel goes along the strip, whichever way it turns."""
        bar, pixels, angle = self.horizontalScrollBar(), event.pixelDelta(), event.angleDelta()
        if not pixels.isNull():
            bar.setValue(bar.value() - (pixels.x() or pixels.y()))
        else:
            bar.setValue(bar.value() - (angle.x() or angle.y()) * 2 * CELL.width() // 120)
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.seen.emit()


class _Painter(QStyledItemDelegate):
    """Paints one photograph of the strip: the picture, and below it its stars and its name."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return CELL

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row: FolderRow = index.data(ROW)
        picture: QPixmap | None = index.data(Qt.ItemDataRole.DecorationRole)
        box: QRect = option.rect.adjusted(2, 2, -2, -2)
        state: QStyle.StateFlag = option.state
        view = self.parent()
        current = isinstance(view, StripView) and view.currentIndex() == index
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, QColor(theme.ACCENT_DARK if current else theme.LINE))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(box, QColor(theme.RAISED))
        room = QRect(box.left() + 3, box.top() + 3, PICTURE.width(), PICTURE.height())
        painter.setOpacity(0.3 if row.marks.rejected else 1.0)
        if picture is not None:
            sides = picture.deviceIndependentSize().toSize()
            place = QRect(room.topLeft(), sides)
            place.moveCenter(room.center())
            painter.drawPixmap(place.topLeft(), picture)
        else:
            painter.fillRect(room.adjusted(14, 8, -14, -8), QColor(theme.RAISED))
            painter.setPen(QColor(theme.DIM))
            said = _in_place_of_a_picture(row)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, said)
        painter.setOpacity(1.0)
        if row.marks.rejected:
            _cross(painter, room)
        if current:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.ACCENT), 1))
            painter.drawRect(box.adjusted(0, 0, -1, -1))
        self._write(painter, row, QRect(room.left(), room.bottom() + 2, room.width(), 18))
        painter.restore()

    def _write(self, painter: QPainter, row: FolderRow, line: QRect) -> None:
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        if row.marks.label:
            dot = QRect(line.left() + 1, line.center().y() - 4, 9, 9)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(COLOURS.get(row.marks.label, _OTHER)))
            painter.drawRoundedRect(dot, 2, 2)
            line = line.adjusted(14, 0, 0, 0)
        if row.marks.stars:
            stars = "★" * row.marks.stars
            painter.setPen(QColor(theme.ACCENT))
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, stars)
            line = line.adjusted(painter.fontMetrics().horizontalAdvance(stars) + 4, 0, 0, 0)
        painter.setPen(QColor(theme.DIM))
        name = plain(row.photograph.path.name)
        shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, shown)


def _in_place_of_a_picture(row: FolderRow) -> str:
    if row.trouble:
        return "Cannot be\nshown"
    if row.blank:
        return row.photograph.path.suffix.removeprefix(".").lower()[:12]
    return "…"


def _cross(painter: QPainter, room: QRect) -> None:
    box = QRect(room.right() - 17, room.top() + 3, 14, 14)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.FAILED))
    painter.drawEllipse(box)
    painter.setPen(QPen(QColor("#ffffff"), 1.6))
    inner = box.adjusted(4, 4, -4, -4)
    painter.drawLine(inner.topLeft(), inner.bottomRight())
    painter.drawLine(inner.topRight(), inner.bottomLeft())
