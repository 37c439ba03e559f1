"""Layers panel: the document's layers, the topmost first, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSignalBlocker,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from safelight.document import Document, Edit, Layer, Synthetic, edits, walk
from safelight.gui import theme
from safelight.gui.controls.number import Slider
from safelight.gui.deed_button import DeedButton
from safelight.gui.deeds.command_deeds import told_others
from safelight.gui.deeds.deed import Deeds
from safelight.gui.display_transform import display
from safelight.gui.garbage_collection import destroy
from safelight.gui.icons import paint_icon
from safelight.gui.panels.adjust_sections import ROWS
from safelight.gui.panels.blend_modes import ModeBox
from safelight.gui.panels.layer_search import LayerSearch
from safelight.gui.panels.panel import Panel
from safelight.gui.panels.thumbnails import Thumbnails
from safelight.gui.shown_text import plain, tooltip

if TYPE_CHECKING:
    from safelight.gui.canvas import Canvas
    from safelight.gui.keyframe_buttons import KeyframeButton
    from safelight.gui.session import Session


_ID = Qt.ItemDataRole.UserRole
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
_EYE = 26
_CONTROL = Qt.KeyboardModifier.ControlModifier
_DRAGGING = QAbstractItemView.State.DraggingState
_TAKES_AWAY = "bin"
_KIND = "adjustment"
_MADE: dict[Synthetic, str] = {
    "partly": "Made in part by a generator; exports say so",
    "wholly": "Made by a generator; exports say so",
}


class LayersPanel(Panel):
    """The layers of a document. ``edit_wanted`` has an Edit, ``activated`` a layer's id,
    ``refresh_wanted`` the id of a stale filter layer, ``again_wanted`` that of one that failed.
    ``clicked`` tells that the active layer's row was clicked, and whether on its small picture.
    """

    title = "Layers"
    tab = "Layers"
    icon = (
        "M 8 1.8 L 14.4 5.2 L 8 8.6 L 1.6 5.2 Z M 1.6 8.2 L 8 11.6 L 14.4 8.2"
        " M 1.6 11 L 8 14.4 L 14.4 11"
    )
    edit_wanted = Signal(object)
    activated = Signal(str)
    refresh_wanted = Signal(str)
    again_wanted = Signal(str)
    clicked = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._active = ""
        self._token = ""
        self.thumbnails = Thumbnails(self)
        self.mode = ModeBox()
        self.mode.chosen.connect(
            lambda mode: self._edit(lambda active: edits.set_mode(active, mode, also=self.others))
        )
        self.opacity = Slider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setAccessibleName("Opacity")
        self.opacity.sliderPressed.connect(self._new_token)
        self.opacity.sliderReleased.connect(self._new_token)
        self.opacity.valueChanged.connect(self._set_opacity)
        self.percent = QLabel("100 %")
        self.percent.setMinimumWidth(38)
        self.percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.buttons: dict[str, DeedButton] = {}
        self._keys: Sequence[KeyframeButton] = ()
        self._deeds: Deeds | None = None
        self.tree = LayerTree(self)
        self.search = LayerSearch(self.tree)
        self._note = QLabel("No layer")
        self._rows = 0
        layout = self._column = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        self._head = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._head.setSpacing(6)
        self._switches = QHBoxLayout()
        self._switches.setSpacing(5)
        self._switches.addWidget(_word("Blend"))
        self._switches.addWidget(self.mode, 1)
        self._below = QHBoxLayout()
        self._below.setSpacing(2)
        second = self._second = QHBoxLayout()
        second.setSpacing(5)
        second.addWidget(_word("Opacity"))
        second.addWidget(self.opacity, 1)
        second.addWidget(self.percent)
        self._head.addLayout(self._switches, 1)
        self._head.addLayout(second, 1)
        layout.addLayout(self._head)
        layout.addWidget(self.search)
        layout.addWidget(self.tree, 1)
        layout.addLayout(self._below)

    def lie_short(self, rows: int) -> None:
        """Be a short list of so many rows, with amount and mode in one line; 0: all there is."""
        if rows == self._rows:
            return
        self._rows = rows
        sideways, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._head.setDirection(sideways if rows else down)
        self._column.setContentsMargins(8, 6 if rows else 8, 8, 6 if rows else 8)
        self._show_buttons()
        self.tree.be_short(rows)

    def _show_buttons(self) -> None:
        for button in self.buttons.values():
            button.setHidden(bool(self._rows))
        for key in self._keys:
            key.has_room = not self._rows
            key.show_state()

    def offer(self, deeds: Deeds) -> None:
        """Make a button of every deed that has one: what switches lies above the list, what takes
        away lies apart from what adds.
        """
        self._deeds = deeds
        for button in self.buttons.values():
            destroy(button)
        found = deeds.buttons()
        self.buttons = {name: DeedButton(actions) for name, actions in found.items()}
        for name, button in self.buttons.items():
            if button.isCheckable():
                self._switches.addWidget(button)
            elif name != _TAKES_AWAY:
                self._below.addWidget(button)
        if _TAKES_AWAY in self.buttons:
            self._below.addStretch(1)
            self._below.addWidget(self.buttons[_TAKES_AWAY])
        self._show_buttons()

    def attach(self, session: Session, canvas: Canvas) -> None:
        self.again_wanted.connect(session.results.try_again)
        self.edit_wanted.connect(session.do)
        self.activated.connect(session.activate)
        self.refresh_wanted.connect(lambda layer: session.jobs.refresh(layer, canvas.visible()))
        session.chosen = canvas.chosen = self.chosen
        self.tree.itemSelectionChanged.connect(canvas.tool_changed)
        from safelight.gui.keyframe_buttons import offer_for_layer

        self._keys = offer_for_layer(session, self)
        for button in self._keys:
            self._second.addWidget(button)
        self._show_buttons()
        session.job_changed.connect(lambda: self.setEnabled(not session.locked))

    def show_session(self, session: Session) -> None:
        self.show_document(
            session.document, session.active, session.results.stale, session.results.failed
        )

    def show_document(
        self,
        document: Document,
        active: str | None,
        stale: frozenset[str] = frozenset(),
        failed: Mapping[str, str] | None = None,
    ) -> None:
        """Show a document's layers; ``active`` is the id of one, ``stale`` of filter layers,
        ``failed`` of those that cannot be computed, with the reasons.
        """
        self._document, self._active = document, active or ""
        self.tree.show_layers(document, self._active, stale, failed or {})
        self.search.apply()
        layer = self.layer
        with QSignalBlocker(self.opacity):
            for widget in (self.mode, self.opacity):
                widget.setEnabled(layer is not None and not layer.locked)
            if layer is not None:
                self.mode.show_mode(layer.mode)
                self.opacity.setValue(round(layer.opacity * 100))
                self.percent.setText(f"{round(layer.opacity * 100)} %")

    @property
    def active(self) -> str:
        """The id of the active layer; "" where there is none."""
        return self._active

    def chosen(self) -> list[str]:
        """The ids of the layers that are chosen, bottom first; the active one is among them."""
        found = self.tree.chosen() | {self._active}
        return (
            [layer.id for layer in self._document.walk() if layer.id in found]
            if (self._document is not None)
            else []
        )

    @property
    def others(self) -> str:
        """The layers that are chosen beside the active one, as commands are told them."""
        return told_others(self.chosen(), self._active)

    @property
    def document(self) -> Document | None:
        """The document shown."""
        return self._document

    @property
    def layer(self) -> Layer | None:
        """The active layer."""
        try:
            return self._document.layer(self._active) if self._document else None
        except KeyError:
            return None

    # -- edits ---------------------------------------------------------------------------------

    def _edit(self, make: Callable[[str], Edit]) -> None:
        if self.layer is not None:
            self.edit_wanted.emit(make(self._active))

    def _new_token(self) -> None:
        self._token = uuid4().hex

    def _set_opacity(self, value: int) -> None:
        if not self.opacity.isSliderDown():
            self._new_token()
        self.percent.setText(f"{value} %")
        token = self._token
        self._edit(
            lambda active: edits.set_opacity(active, value / 100, also=self.others, token=token)
        )

    def shift(self, step: int) -> None:
        """The active layer ``step`` places up or down among its siblings."""
        document, layer, place = self._document, self.layer, self.place_after(step)
        if document is not None and layer is not None and place is not None:
            parent = group_of(document, layer.id)
            self.edit_wanted.emit(edits.move_layer(layer.id, parent or "", place, also=self.others))

    def place_after(self, step: int) -> int | None:
        """The place, from below among those that stay, of the chosen layers ``step`` places up or
        down; None where there is none.
        """
        document, layer = self._document, self.layer
        if document is None or layer is None:
            return None
        siblings, chosen = document.siblings(layer.id), set(self.chosen())
        lowest = next(i for i, item in enumerate(siblings) if item.id in chosen)
        rest = sum(item.id not in chosen for item in siblings)
        return lowest + step if 0 <= lowest + step <= rest else None

    def menu(self) -> QMenu:
        """What can be done with the active layer."""
        menu = QMenu(self)
        for section in self._deeds.of_layers() if self._deeds is not None else ():
            if not menu.isEmpty():
                menu.addSeparator()
            menu.addActions(section)
        return menu

    def ask(self, name: str) -> None:
        """Ask for the deed with that id, if it is possible."""
        if self._deeds is not None:
            self._deeds[name].trigger()


class LayerTree(QTreeWidget):
    """The list itself: rows that are painted, dragged, renamed in place."""

    def __init__(self, panel: LayersPanel) -> None:
        super().__init__()
        self.panel = panel
        self.stale: frozenset[str] = frozenset()
        self.failed: Mapping[str, str] = {}
        self._layers: tuple[Layer, ...] = ()
        self._known: dict[str, Layer] = {}
        self._rows: dict[str, QTreeWidgetItem] = {}
        self.row_height = _ROW
        self.setAccessibleName("Layers")
        self.setHeaderHidden(True)
        self.setIndentation(16)
        self.setRootIsDecorated(True)
        self.setUniformRowHeights(True)
        self.setItemDelegate(_Row(self))
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.currentItemChanged.connect(self._current_changed)
        self.itemSelectionChanged.connect(self._choice_changed)
        self.itemChanged.connect(self._renamed)
        self.panel.thumbnails.changed.connect(self.viewport().update)

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
        before, self._layers = self._layers, document.layers
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
        item.setData(0, _ID, layer.id)
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
        return self._known.get(index.data(_ID))

    def edit_name(self) -> None:
        """Let the active layer's name be typed."""
        item = self.currentItem()
        if item is not None:
            self.editItem(item, 0)

    # -- what the user does ----------------------------------------------------------------------

    def _current_changed(self, current: QTreeWidgetItem | None) -> None:
        if current is not None:
            self.panel.activated.emit(current.data(0, _ID))

    def chosen(self) -> set[str]:
        """The ids of the layers whose rows are chosen."""
        return {item.data(0, _ID) for item in self.selectedItems()}

    def _choice_changed(self) -> None:
        """The active layer is one of those that are chosen."""
        chosen, current = self.selectedItems(), self.currentItem()
        if chosen and current is not None and not current.isSelected():
            model, item = self.selectionModel(), self.indexFromItem(chosen[-1])
            model.setCurrentIndex(item, QItemSelectionModel.SelectionFlag.NoUpdate)

    def _renamed(self, item: QTreeWidgetItem) -> None:
        document, name = self.panel.document, item.text(0).strip()
        if document is None:
            return
        layer = document.layer(item.data(0, _ID))
        if name and name != layer.name:
            # Later: the list must not change while it takes the text over.
            edit = edits.rename_layer(layer.id, name)
            QTimer.singleShot(0, self, lambda: self.panel.edit_wanted.emit(edit))
        elif not name:
            with QSignalBlocker(self):
                item.setText(0, plain(layer.name))

    def eye(self, index: AnyIndex) -> QRect:
        """Where a row's eye is."""
        row = self.visualRect(index)
        return QRect(row.left(), row.top(), _EYE, row.height())

    def badge(self, index: AnyIndex) -> QRect:
        """Where a row's stale badge is."""
        row = self.visualRect(index)
        return QRect(row.right() - 46, row.center().y() - 8, 40, 18)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        layer = self.layer_at(index)
        point = event.position().toPoint()
        if layer is not None and event.button() == Qt.MouseButton.LeftButton:
            if self.eye(index).contains(point):
                chosen = self.panel.chosen()
                also = told_others(chosen, layer.id) if layer.id in chosen else ""
                shown = not layer.visible
                self.panel.edit_wanted.emit(edits.set_visible(layer.id, shown, also=also))
                return
            if layer.id in self.failed and self.badge(index).contains(point):
                self.panel.again_wanted.emit(layer.id)
                return
            if layer.id in self.stale and self.badge(index).contains(point):
                self.panel.refresh_wanted.emit(layer.id)
                return
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on a row asks for what its layer is set with; what was dragged is no click."""
        point, dragged = event.position().toPoint(), self.state() == _DRAGGING
        super().mouseReleaseEvent(event)
        index = self.indexAt(point)
        layer = self.layer_at(index)
        if layer is None or dragged or event.button() != Qt.MouseButton.LeftButton:
            return
        if event.modifiers() & (_CONTROL | Qt.KeyboardModifier.ShiftModifier):
            return  # it was chosen beside others
        left = self.visualRect(index).left() + _EYE
        if layer.id == self.panel.active and point.x() >= left:
            self.panel.clicked.emit(point.x() < left + self.row_height)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A double click on a name edits it; on a small picture of what was developed from a raw
        file, develops that again, and on that of a text, types in that.
        """
        point = event.position().toPoint()
        index = self.indexAt(point)
        layer = self.layer_at(index)
        if layer is None or self.eye(index).contains(point):
            return
        across = point.x() - self.visualRect(index).left() - _EYE
        if layer.developed is not None and across < self.row_height:
            self.panel.ask("develop again")
        elif layer.kind.name == "text" and across < self.row_height:
            self.panel.ask("tool text edit")
        else:
            self.edit_name()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, control = event.key(), event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if key == Qt.Key.Key_F2:
            self.edit_name()
        elif control and key == Qt.Key.Key_F:
            self.panel.search.begin()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.panel.ask("delete_layer")
        elif control and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.panel.shift(1 if key == Qt.Key.Key_Up else -1)
        elif key == Qt.Key.Key_Space and self.panel.layer is not None:
            layer, others = self.panel.layer, self.panel.others
            shown = not layer.visible
            self.panel.edit_wanted.emit(edits.set_visible(layer.id, shown, also=others))
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.panel.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def dropEvent(self, event: QDropEvent) -> None:
        """Make an edit of what was dropped, after which the rows are shown anew: Qt moves no
        row.
        """
        item, moved = self.itemAt(event.position().toPoint()), self.currentItem()
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        if moved is not None:
            identity, where = moved.data(0, _ID), self.dropIndicatorPosition()
            QTimer.singleShot(0, self, lambda: self.drop(identity, item, where))

    def drop(
        self,
        layer_id: str,
        target: QTreeWidgetItem | None,
        where: QAbstractItemView.DropIndicatorPosition,
    ) -> None:
        """Ask for a layer to be moved above, below or into what a row stands for."""
        document = self.panel.document
        if document is None:
            return
        chosen = self.panel.chosen()
        moved = set(chosen) if layer_id in chosen else {layer_id}
        also = told_others(sorted(moved), layer_id)
        if target is None:  # below all rows: to the bottom
            self.panel.edit_wanted.emit(edits.move_layer(layer_id, "", 0, also=also))
            return
        other = target.data(0, _ID)
        if other in moved:
            return
        into = where == QAbstractItemView.DropIndicatorPosition.OnItem
        if into and document.layer(other).is_group:
            count = len(document.layer(other).layers)
            self.panel.edit_wanted.emit(edits.move_layer(layer_id, other, count, also=also))
            return
        rest = [layer.id for layer in document.siblings(other) if layer.id not in moved]
        place = rest.index(other)
        if where != QAbstractItemView.DropIndicatorPosition.BelowItem:
            place += 1
        self.panel.edit_wanted.emit(
            edits.move_layer(layer_id, group_of(document, other) or "", place, also=also)
        )


class _Row(QStyledItemDelegate):
    """Paints a row: eye, pictures, name, marks."""

    def __init__(self, tree: LayerTree) -> None:
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
        left = row.left() + _EYE + 2 + (12 if layer.clipped else 0) + self._thumb + 8
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
        left = row.left() + _EYE + 2
        if layer.clipped:
            paint_icon(painter, "clip", QRect(left - 3, middle - 7, 14, 14), theme.DIM)
            left += 12
        thumb = self._thumb
        self._paint_picture(painter, layer, QRect(left, middle - thumb // 2, thumb, thumb))
        if layer.mask is not None:
            box = QRect(left + thumb + 6, middle - thumb // 2, thumb, thumb)
            _paint_thumbnail(painter, box, self._tree.panel.thumbnails.of(layer.mask))
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
            image, document = self._tree.panel.thumbnails.of(sample), self._tree.panel.document
            if image is not None:
                image = display().shown(image, document.profile if document else None)
            _paint_thumbnail(painter, box, image)
            return
        painter.fillRect(box, QColor("#1d1d1d"))
        paint_icon(painter, layer.kind.icon, box.adjusted(*_inset(box)), theme.DIM)


def _word(text: str) -> QLabel:
    """What is written before a field."""
    label = QLabel(text)
    label.setObjectName("dim")
    return label


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
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QRect(corner, size), image)


def _same_row(one: Layer, other: Layer) -> bool:
    """Whether the row of one layer can show the other."""
    return one.id == other.id and one.is_group == other.is_group


def group_of(document: Document, layer_id: str) -> str | None:
    """The id of the group a layer lies in; None outside all."""
    for layer in document.walk():
        if any(inner.id == layer_id for inner in layer.layers):
            return layer.id
    return None


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
