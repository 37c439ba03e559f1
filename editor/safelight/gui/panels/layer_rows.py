"""Layer rows: a row for every layer of a document, the topmost first, and how it is painted."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSignalBlocker,
    QSize,
    Qt,
)
from PySide6.QtGui import (
    QBrush,
    QColor,
    QImage,
    QPainter,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from safelight.document import Document, Layer, Synthetic, walk
from safelight.gui.adjust.adjust_sections import ROWS
from safelight.gui.canvas.picture import chequerboard
from safelight.gui.panels.thumbnails import Thumbnails
from safelight.gui.screen.display_transform import display
from safelight.gui.widgets import theme
from safelight.gui.widgets.icons import paint_icon
from safelight.gui.widgets.shown_text import plain, tooltip

ID = Qt.ItemDataRole.UserRole
AnyIndex = QModelIndex | QPersistentModelIndex
_ROW, _SHORT_ROW = 40, 28
"""Pixels that a row is high, where the list has its tab, and where it is a short one."""

_FLAGS = (
    Qt.ItemFlag.ItemIsEnabled
    | Qt.ItemFlag.ItemIsSelectable
    | Qt.ItemFlag.ItemIsEditable
    | Qt.ItemFlag.ItemIsDragEnabled
)
_FLAGS_OF_GROUPS = _FLAGS | Qt.ItemFlag.ItemIsDropEnabled
EYE = 26
_KIND = "adjustment"
_MADE: dict[Synthetic, str] = {
    "partly": "Made in part by a generator; exports say so",
    "wholly": "Made by a generator; exports say so",
}


class LayerRows(QTreeWidget):
    """Rows for the layers of a document, with their small pictures, which ``thumbnails`` makes.

    ``stale`` are the ids of filter layers whose result is no longer of what lies below them,
    ``failed`` those of layers that cannot be computed, with the reasons.
    """

    def __init__(self, thumbnails: Thumbnails) -> None:
        super().__init__()
        self.thumbnails = thumbnails
        self.shown: Document | None = None
        self.stale: frozenset[str] = frozenset()
        self.failed: Mapping[str, str] = {}
        self._known: dict[str, Layer] = {}
        self._rows: dict[str, QTreeWidgetItem] = {}
        self.row_height = _ROW
        self.setHeaderHidden(True)
        self.setIndentation(16)
        self.setRootIsDecorated(True)
        self.setUniformRowHeights(True)
        self.setItemDelegate(_Row(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        thumbnails.changed.connect(self.viewport().update)

    def be_short(self, rows: int) -> None:
        """Have low rows, and room for so many of them; 0: high ones, and all the room there is."""
        self.row_height = _SHORT_ROW if rows else _ROW
        frame = 2 * self.frameWidth() + 2
        if rows:
            self.setFixedHeight(rows * self.row_height + frame)
        else:
            self.setMinimumHeight(2 * self.row_height + frame)
            self.setMaximumHeight((1 << 24) - 1)
        self.scheduleDelayedItemsLayout()

    def show_layers(
        self, document: Document, active: str, stale: frozenset[str], failed: Mapping[str, str]
    ) -> None:
        """Show a document's layers; groups stay folded as they are.

        Rows of layers that have not changed are left alone, so that one layer of thousands can be
        changed, and a click does not take away the row it was on.
        """
        other = {layer_id for layer_id, _ in failed.items() ^ self.failed.items()}
        self.stale, self.failed = stale, failed
        before = self.shown.layers if self.shown is not None else ()
        self.shown = document
        chosen = self.chosen()
        with QSignalBlocker(self):
            if before is not document.layers:
                folded = {
                    layer.id
                    for layer in self._known.values()
                    if layer.layers and not self._rows[layer.id].isExpanded()
                }
                self._known = {layer.id: layer for layer in document.walk()}
                self._renew(self.invisibleRootItem(), before, document.layers, folded)
            for layer_id in other & self._known.keys():
                self._describe(self._known[layer_id])
            current = self._rows.get(active)
            others = before is not document.layers or current is not self.currentItem()
            if current is not None and current is not self.currentItem():
                self.setCurrentItem(current)
            # Rows that were moved are other rows, and another active layer is chosen alone.
            kept = chosen if active in chosen else {active}
            if others and kept & self._rows.keys() != self.chosen():
                for identity, item in self._rows.items():
                    item.setSelected(identity in kept)
        self.viewport().update()

    def _renew(
        self,
        parent: QTreeWidgetItem,
        before: tuple[Layer, ...],
        layers: tuple[Layer, ...],
        folded: set[str],
    ) -> None:
        """Have the rows in ``parent``, which show ``before``, show ``layers``."""
        most = min(len(before), len(layers))
        start = next((n for n in range(most) if not _same_row(before[n], layers[n])), most)
        most -= start
        same = (_same_row(before[-n], layers[-n]) for n in range(1, most + 1))
        end = next((n for n, found in enumerate(same) if not found), most)
        kept = [*zip(before[:start], layers[:start], strict=True)]
        kept += zip(before[len(before) - end :], layers[len(layers) - end :], strict=True)
        # The topmost layer has the first row.
        going, top = before[start : len(before) - end], end
        for layer in reversed(going):
            self._forget(layer, parent.takeChild(top))
        for row, layer in enumerate(reversed(layers[start : len(layers) - end])):
            self._add(parent, top + row, layer, folded)
        for old, new in kept:
            if old is not new:
                self._describe(new)
                self._renew(self._rows[new.id], old.layers, new.layers, folded)

    def _forget(self, layer: Layer, item: QTreeWidgetItem | None) -> None:
        """A row is gone, with those in it; what it showed may have another one already."""
        if item is None:
            return
        if self._rows.get(layer.id) is item:
            del self._rows[layer.id]
        for row, inner in enumerate(reversed(layer.layers)):
            self._forget(inner, item.child(row))

    def _describe(self, layer: Layer) -> None:
        item = self._rows[layer.id]
        if self.state() != QAbstractItemView.State.EditingState:
            item.setText(0, plain(layer.name))
        item.setToolTip(0, _described(layer, self.failed.get(layer.id, "")))

    def _add(self, parent: QTreeWidgetItem, row: int, layer: Layer, folded: set[str]) -> None:
        item = self._rows[layer.id] = QTreeWidgetItem([plain(layer.name)])
        item.setData(0, ID, layer.id)
        item.setFlags(_FLAGS_OF_GROUPS if layer.is_group else _FLAGS)
        item.setToolTip(0, _described(layer, self.failed.get(layer.id, "")))
        parent.insertChild(row, item)
        for inside, inner in enumerate(reversed(layer.layers)):
            self._add(item, inside, inner, folded)
        if layer.layers:
            item.setExpanded(layer.id not in folded)

    def item(self, layer_id: str) -> QTreeWidgetItem:
        """The row of a layer. Raises KeyError."""
        return self._rows[layer_id]

    def layer_at(self, index: AnyIndex) -> Layer | None:
        """The layer of a row."""
        return self._known.get(index.data(ID))

    def chosen(self) -> set[str]:
        """The ids of the layers whose rows are chosen."""
        return {item.data(0, ID) for item in self.selectedItems()}

    def eye(self, index: AnyIndex) -> QRect:
        """Where a row's eye is."""
        row = self.visualRect(index)
        return QRect(row.left(), row.top(), EYE, row.height())

    def badge(self, index: AnyIndex) -> QRect:
        """Where a row's stale badge is."""
        row = self.visualRect(index)
        return QRect(row.right() - 46, row.center().y() - 8, 40, 18)


class _Row(QStyledItemDelegate):
    """Paints a row: eye, pictures, name, marks."""

    def __init__(self, tree: LayerRows) -> None:
        super().__init__(tree)
        self._tree = tree

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(80, self._tree.row_height)

    @property
    def _thumb(self) -> int:
        """The side of a small picture."""
        return self._tree.row_height - 10

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: AnyIndex
    ) -> None:
        layer = self._tree.layer_at(index)
        left = self._text_left(option.rect, layer) if layer else option.rect.left()
        editor.setGeometry(option.rect.adjusted(left - 6 - option.rect.left(), 2, 0, -2))

    def _text_left(self, row: QRect, layer: Layer) -> int:
        left = row.left() + EYE + 2 + (12 if layer.clipped else 0) + self._thumb + 8
        return left + (self._thumb + 6 if layer.mask is not None else 0)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        layer = self._tree.layer_at(index)
        if layer is None:
            return
        row = option.rect
        painter.save()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if chosen or hovered:
            whole = QRect(0, row.top(), self._tree.viewport().width(), row.height())
            painter.fillRect(whole, QColor(theme.RAISED if chosen else "#2d2d2d"))
        if chosen:
            painter.fillRect(QRect(0, row.top(), 2, row.height()), QColor(theme.ACCENT))
        tint = theme.TEXT if layer.visible else theme.OFF
        middle = row.top() + row.height() // 2
        eye = QRect(row.left() + 5, middle - 8, 16, 16)
        paint_icon(painter, "eye" if layer.visible else "shut", eye, tint)
        left = row.left() + EYE + 2
        if layer.clipped:
            paint_icon(painter, "clip", QRect(left - 3, middle - 7, 14, 14), theme.DIM)
            left += 12
        thumb = self._thumb
        self._paint_picture(painter, layer, QRect(left, middle - thumb // 2, thumb, thumb))
        if layer.mask is not None:
            box = QRect(left + thumb + 6, middle - thumb // 2, thumb, thumb)
            _paint_thumbnail(painter, box, self._tree.thumbnails.of(layer.mask))
        right = row.right() - 6
        failed = layer.id in self._tree.failed
        if failed or layer.id in self._tree.stale:
            badge = self._tree.badge(index)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.FAILED if failed else theme.ACCENT_DARK))
            painter.drawRoundedRect(badge, 4, 4)
            painter.setPen(QColor(theme.TEXT))
            font = painter.font()
            font.setPixelSize(11)
            painter.setFont(font)
            painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, "Failed" if failed else "Stale")
            right = badge.left() - 6
        if layer.locked:
            paint_icon(painter, "lock", QRect(right - 14, middle - 7, 14, 14), theme.DIM)
            right -= 20
        if _made(layer):
            paint_icon(painter, "stars", QRect(right - 14, middle - 7, 14, 14), theme.DIM)
            right -= 20
        font = option.font
        font.setPixelSize(13)
        painter.setFont(font)
        if layer.opacity < 1:
            said = f"{round(layer.opacity * 100)} %"
            room = QRect(right - 44, row.top(), 44, row.height())
            painter.setPen(QColor(theme.DIM))
            painter.drawText(
                room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, said
            )
            right -= 48
        text = QRect(self._text_left(row, layer), row.top(), 0, row.height())
        text.setRight(right)
        painter.setPen(QColor(tint))
        name = painter.fontMetrics().elidedText(
            plain(layer.name), Qt.TextElideMode.ElideRight, max(text.width(), 10)
        )
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        self._paint_kind(painter, layer, text, painter.fontMetrics().horizontalAdvance(name))
        painter.restore()

    def _paint_kind(self, painter: QPainter, layer: Layer, room: QRect, taken: int) -> None:
        """Say of what sections of *Adjust* have made, which are called alike, that it is a layer,
        where there is room for that.
        """
        wide = painter.fontMetrics().horizontalAdvance(_KIND)
        if layer.filter is None or layer.filter.id not in ROWS or room.width() - taken < wide + 10:
            return
        painter.setPen(QColor(theme.OFF))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, _KIND)

    def _paint_picture(self, painter: QPainter, layer: Layer, box: QRect) -> None:
        sample = layer.kind.sample(layer.content)
        if sample is not None:
            image, document = self._tree.thumbnails.of(sample), self._tree.shown
            if image is not None:
                image = display().shown(image, document.profile if document else None)
            _paint_thumbnail(painter, box, image)
            return
        painter.fillRect(box, QColor("#1d1d1d"))
        paint_icon(painter, layer.kind.icon, box.adjusted(*_inset(box)), theme.DIM)


def _inset(box: QRect) -> tuple[int, int, int, int]:
    """What is left around an icon in a box."""
    edge = round(box.width() * 0.23)
    return edge, edge, -edge, -edge


def _paint_thumbnail(painter: QPainter, box: QRect, image: QImage | None) -> None:
    painter.fillRect(box, QColor("#1d1d1d"))
    if image is None:
        return
    size = image.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
    corner = QPoint(
        box.left() + (box.width() - size.width()) // 2,
        box.top() + (box.height() - size.height()) // 2,
    )
    shown = QRect(corner, size)
    painter.fillRect(shown, QBrush(chequerboard()))  # dark words would be lost on the panel's dark
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(shown, image)


def _same_row(one: Layer, other: Layer) -> bool:
    """Whether the row of one layer can show the other."""
    return one.id == other.id and one.is_group == other.is_group


def _made(layer: Layer) -> Synthetic:
    """How much of a layer's pixels a generator has made; of a group, whether any in it are."""
    if any(inner.made for inner in walk(layer.layers)):
        return "partly"
    return layer.made


def _described(layer: Layer, failure: str = "") -> str:
    """What a row's tooltip says, a line each."""
    lines = [layer.name]
    lines += [line for line in (layer.kind.described(layer.content),) if line]
    if _made(layer):
        lines.append(_MADE[_made(layer)])
    if failure:
        lines.append(f"It could not be computed: {failure}. Click Failed to try again.")
    return "\n".join(map(tooltip, lines))
