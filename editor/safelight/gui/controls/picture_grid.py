"""Picture grid: pictures as squares, one of which is chosen."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QListView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from safelight.gui.screen.display_transform import display
from safelight.gui.widgets import theme
from safelight.gui.widgets.icons import paint_icon
from safelight.gui.widgets.shown_text import plain, tooltip

_SIDE = 56
"""Pixels a tile takes at least; as many as fit share the width out."""

_FEWEST = 3
"""Tiles beside one another in the narrowest panel."""

_ROWS = 2.6
"""Rows that are seen of many: the cut one shows that there are more."""

_ALL_ROWS = 3
"""Rows that are all shown."""

_GAP = 3.0
_ROUND = 4.0
_ROLE = Qt.ItemDataRole.UserRole
_LINEAR: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_TAKES = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
_REMOVES = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


@dataclass(frozen=True, slots=True)
class Tile:
    """One square: the image of its key, or a ``sign``: "none" or "plus"."""

    key: str
    title: str
    hint: str = ""
    sign: str = ""
    removable: bool = False


class Tiles(QListWidget):
    """A grid of tiles; what does not fit is scrolled to.

    ``image_of`` has the image of a tile's key, None while there is none.
    ``taken`` has the key of one that was clicked, or on which Space or Return was pressed,
    ``removing`` that of a removable one on which Delete was. ``height_changed``: it has more rows,
    or fewer.
    """

    height_changed = Signal()
    taken = Signal(str)
    removing = Signal(str)

    def __init__(
        self,
        title: str,
        image_of: Callable[[str], QImage | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.image_of = image_of
        self.chosen = ""
        self.setObjectName("tiles")
        self.setAccessibleName(title)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setAcceptDrops(False)  # the control has what is dropped
        self.viewport().setAcceptDrops(False)
        self.setItemDelegate(_Painter(self))
        self.clicked.connect(lambda index: self.taken.emit(_tile(index).key))

    def show_tiles(self, tiles: Sequence[Tile]) -> None:
        """Show the given tiles; the tile that the keys were at, and the place scrolled to, stay."""
        at = self.currentItem().data(_ROLE).key if self.currentItem() else ""
        scrolled = self.verticalScrollBar().value()
        self.clear()
        for tile in tiles:
            item = QListWidgetItem(plain(tile.title))
            item.setToolTip(tooltip(tile.hint or tile.title, lines=True))
            item.setData(_ROLE, tile)
            self.addItem(item)
        keys = self.keys()
        self.setCurrentRow(keys.index(at) if at in keys else max(self.row_of(self.chosen), 0))
        self._lay()
        self.verticalScrollBar().setValue(scrolled)

    def keys(self) -> list[str]:
        """The keys of all tiles, in their order."""
        return [self.item(row).data(_ROLE).key for row in range(self.count())]

    def row_of(self, key: str) -> int:
        """The place of a tile; -1 where there is none."""
        keys = self.keys()
        return keys.index(key) if key in keys else -1

    def choose(self, key: str) -> None:
        """Frame another one, and bring it into view."""
        self.chosen = key
        row = self.row_of(key)
        if row >= 0:
            self.setCurrentRow(row)
            self.scrollToItem(self.item(row))
        self.viewport().update()

    def tile_at(self, place: QPoint) -> Tile | None:
        """The tile at a place of the viewport."""
        item = self.itemAt(place)
        return item.data(_ROLE) if item is not None else None

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(_FEWEST * 40, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._lay()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """What needs no scrolling here lets the panel scroll."""
        if self.verticalScrollBar().maximum() == 0:
            event.ignore()
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row, key = self.currentRow(), event.key()
        if key in _LINEAR:
            self.setCurrentRow(min(max(row + _LINEAR[key], 0), self.count() - 1))
        elif key in _TAKES and row >= 0:
            self.taken.emit(self.item(row).data(_ROLE).key)
        elif key in _REMOVES and row >= 0 and self.item(row).data(_ROLE).removable:
            self.removing.emit(self.item(row).data(_ROLE).key)
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.viewport().update()

    def _lay(self) -> None:
        """Share the width out among as many tiles as fit, and take the height of their rows."""
        frame = self.height() - self.contentsRect().height()
        whole = self.contentsRect().width() - 1  # a row that fills it to the pixel is broken up
        columns = max(whole // _SIDE, _FEWEST)
        rows = math.ceil(self.count() / columns)
        if rows > _ALL_ROWS:
            whole -= self.verticalScrollBar().sizeHint().width()
            columns = max(whole // _SIDE, _FEWEST)
            rows = math.ceil(self.count() / columns)
        side = max(whole // columns, 1)
        policy = Qt.ScrollBarPolicy
        # Left to itself, the bar comes for a moment and takes the room of the last column.
        scrolls = rows > _ALL_ROWS
        bar = policy.ScrollBarAlwaysOn if scrolls else policy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(bar)
        self.setGridSize(QSize(side, side))
        shown = _ROWS if scrolls else rows
        height = round(shown * side) + frame
        if height != self.height():
            self.setFixedHeight(height)
            self.height_changed.emit()


class _Painter(QStyledItemDelegate):
    """Paints a tile: its picture, and what frames it."""

    def __init__(self, tiles: Tiles) -> None:
        super().__init__(tiles)
        self._tiles = tiles

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return self._tiles.gridSize()

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        tile, state = _tile(index), option.state
        box = QRectF(option.rect).adjusted(_GAP, _GAP, -_GAP, -_GAP)
        painter.save()
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        if not state & QStyle.StateFlag.State_Enabled:
            painter.setOpacity(0.35)
        self._paint_inside(painter, tile, box)
        if tile.key == self._tiles.chosen:
            _frame(painter, box.adjusted(-_GAP, -_GAP, _GAP, _GAP), theme.ACCENT, 2)
        if self._tiles.hasFocus() and index == self._tiles.currentIndex():
            _frame(painter, box, theme.TEXT, 1)
        elif state & QStyle.StateFlag.State_MouseOver:
            _frame(painter, box, theme.DIM, 1)
        painter.restore()

    def _paint_inside(self, painter: QPainter, tile: Tile, box: QRectF) -> None:
        shape = QPainterPath()
        shape.addRoundedRect(box, _ROUND, _ROUND)
        painter.fillPath(shape, QColor(theme.CANVAS))
        image = None if tile.sign else self._tiles.image_of(tile.key)
        if image is not None:
            painter.save()
            painter.setClipPath(shape)
            painter.drawImage(box, display().shown(image))
            painter.restore()
        elif tile.sign:
            painter.setPen(QPen(QColor(theme.LINE), 1))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), _ROUND, _ROUND)
            if tile.sign == "plus":
                side = min(box.width(), 20.0)
                sign = QRectF(0, 0, side, side)
                sign.moveCenter(box.center())
                paint_icon(painter, "plus", sign.toRect(), theme.TEXT)
            else:
                painter.setPen(QColor(theme.DIM))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, plain(tile.title))


def _frame(painter: QPainter, box: QRectF, tint: str, width: float) -> None:
    """A line along the inside of a box."""
    painter.setPen(QPen(QColor(tint), width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    half = width / 2
    painter.drawRoundedRect(box.adjusted(half, half, -half, -half), _ROUND, _ROUND)


def _tile(index: QModelIndex | QPersistentModelIndex) -> Tile:
    tile = index.data(_ROLE)
    assert isinstance(tile, Tile)
    return tile
