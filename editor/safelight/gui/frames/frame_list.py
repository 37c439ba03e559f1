"""Frame list: the frames of a sequence as small pictures, to be chosen, dragged and deleted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QPainter,
    QPen,
    QPixmap,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from safelight.document import Document
from safelight.document.frames import frames
from safelight.gui.threads.background import Background
from safelight.gui.widgets import theme
from safelight.gui.widgets.picture_row import PictureRow
from safelight.pixels import Profile, Raster, to_float

PICTURE = QSize(72, 48)
"""The room of a small picture, in widget pixels."""

CELL = QSize(PICTURE.width() + 8, PICTURE.height() + 20)

_MOST = 300
"""Small pictures that are kept: of ten thousand frames only those looked at last."""

_AT_ONCE = 4
"""Small pictures that are made before what is seen is looked at anew."""

_DELETES = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


_ROOT = QModelIndex()
"""The parent of all rows."""


def small_picture(raster: Raster, profile: Profile) -> NDArray[np.uint8]:
    """A picture as large as the list shows it: (height, width, 3) of uint8, sRGB, each pixel the
    mean of a block; what is transparent on black.
    """
    step = max(
        -(-raster.width // (2 * PICTURE.width())), -(-raster.height // (2 * PICTURE.height()))
    )
    pixels = to_float(raster.to_array()[: raster.height // step * step or None])
    pixels = pixels[:, : raster.width // step * step or None]
    height, width = max(len(pixels) // step, 1), max(pixels.shape[1] // step, 1)
    if step > 1 and min(pixels.shape[:2]) >= step:
        pixels = pixels.reshape(height, step, width, step, -1).mean((1, 3), np.float32)
    if pixels.shape[2] == 4:
        pixels = pixels[..., :3] * pixels[..., 3:]
    seen = profile.to_srgb(np.ascontiguousarray(pixels[..., :3], np.float32))
    return np.ascontiguousarray(np.clip(seen * 255 + 0.5, 0, 255), np.uint8)


class _Rows(QAbstractListModel):
    """So many frames."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.count = 0

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else self.count

    def show_count(self, count: int) -> None:
        """Have so many rows."""
        if count != self.count:
            self.beginResetModel()
            self.count = count
            self.endResetModel()

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        told = Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole
        return f"Frame {index.row() + 1:,}" if role in told else None

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        drags = Qt.ItemFlag.ItemIsDragEnabled
        return usual | drags if index.isValid() else Qt.ItemFlag.ItemIsDropEnabled

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction


class FrameList(PictureRow):
    """The frames of the longest sequence. ``wanted`` has one that is to be looked at, ``moved``
    those that were dragged and where the first of them is to be, ``deleted`` those that are to go,
    ``asked`` a point of the screen at which a menu is wanted.
    """

    wanted = Signal(int)
    moved = Signal(object, int)
    deleted = Signal(object)
    asked = Signal(QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Frames", CELL, parent)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.rows = _Rows(self)
        self.setModel(self.rows)
        self.setItemDelegate(_Painter(self))
        self.frame = 0
        self.inside = range(0)
        self.pictures: Sequence[Raster] = ()
        self.resting = False
        """Whether small pictures wait: while the sequence is played."""
        self._profile: Profile | None = None
        self._made: OrderedDict[Raster, QPixmap] = OrderedDict()
        self._making = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(60)
        self._soon.timeout.connect(self._make)
        self.horizontalScrollBar().valueChanged.connect(lambda _: self._soon.start())
        self.clicked.connect(lambda index: self.wanted.emit(index.row()))

    def show_frames(self, document: Document, frame: int) -> None:
        """Show the frames of a document, and which is looked at."""
        self.pictures, self._profile = frames.pictures(document), document.profile
        first, last = frames.bounds(document)
        self.inside = range(first, last + 1)
        self.rows.show_count(len(self.pictures))
        if frame != self.frame:
            self.frame = frame
            self.scrollTo(self.rows.index(frame))
        self.viewport().update()
        self._soon.start()

    def chosen(self) -> list[int]:
        """The frames that are chosen; the one that is looked at where none is."""
        found = sorted(index.row() for index in self.selectedIndexes())
        return found or [self.frame]

    def small(self, row: int) -> QPixmap | None:
        """The small picture of a frame; None where it is not made yet."""
        made = self._made.get(self.pictures[row]) if row < len(self.pictures) else None
        if made is not None:
            self._made.move_to_end(self.pictures[row])
        return made

    def seen(self) -> range:
        """The frames that can be seen."""
        left = self.horizontalScrollBar().value()
        first = max(left // CELL.width(), 0)
        last = (left + self.viewport().width()) // CELL.width() + 1
        return range(min(first, self.rows.count), min(last, self.rows.count))

    def _make(self) -> None:
        """Have small pictures made of what is seen, on a thread, a few at a time."""
        profile = self._profile
        if self._making or self.resting or profile is None or not self.isVisible():
            return
        seen = dict.fromkeys(self.pictures[row] for row in self.seen())
        wanted = [picture for picture in seen if picture not in self._made][:_AT_ONCE]
        if not wanted:
            return
        self._making = True

        def done(made: list[NDArray[np.uint8]]) -> None:
            self._making = False
            for picture, pixels in zip(wanted, made, strict=True):
                height, width = pixels.shape[:2]
                image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
                self._made[picture] = QPixmap.fromImage(image)
            while len(self._made) > _MOST:
                self._made.popitem(last=False)
            self.viewport().update()
            self._soon.start()

        def failed(error: Exception) -> None:
            self._making = False  # what cannot be read now is tried when others are looked at

        Background(self, lambda: [small_picture(x, profile) for x in wanted], done, failed)

    # -- what a hand does ----------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._soon.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._soon.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _DELETES:
            self.deleted.emit(self.chosen())
            return
        super().keyPressEvent(event)
        row = self.currentIndex().row()
        if row >= 0 and row != self.frame and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.wanted.emit(row)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.asked.emit(event.globalPos())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        event.setAccepted(event.source() is self)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Frames can be let go anywhere among the others."""
        super().dragMoveEvent(event)
        event.setAccepted(event.source() is self)

    def dropEvent(self, event: QDropEvent) -> None:
        """Frames were dragged: the document is changed, and the list shows it then."""
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        self.let_go(self.chosen(), event.position().x())

    def let_go(self, rows: list[int], x: float) -> None:
        """Frames are let go at a place of the list."""
        gap = round((self.horizontalScrollBar().value() + x) / CELL.width())
        place = gap - sum(row < gap for row in rows)
        if rows != list(range(place, place + len(rows))):
            self.moved.emit(rows, place)


class _Painter(QStyledItemDelegate):
    """Paints a frame: its picture and its number, dim beyond in and out."""

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
        view = self.parent()
        assert isinstance(view, FrameList)
        box: QRect = option.rect
        state: QStyle.StateFlag = option.state
        row = index.row()
        room = QRect(box.topLeft() + QPoint(4, 3), PICTURE)
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box.adjusted(1, 0, -1, 0), QColor(theme.ACCENT_DARK))
        painter.fillRect(room, QColor(theme.CANVAS))
        if row not in view.inside:
            painter.setOpacity(0.35)
        made = view.small(row)
        if made is not None:
            size = made.size().scaled(PICTURE, Qt.AspectRatioMode.KeepAspectRatio)
            place = QRect(QPoint(0, 0), size)
            place.moveCenter(room.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(place, made)
        painter.setPen(QColor(theme.TEXT if row == view.frame else theme.DIM))
        line = QRect(box.left(), room.bottom() + 1, box.width(), 16)
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, f"{row + 1:,}")
        if row == view.frame:
            painter.setPen(QPen(QColor(theme.ACCENT), 2))
            painter.drawRect(room.adjusted(-1, -1, 0, 0))
        painter.restore()
