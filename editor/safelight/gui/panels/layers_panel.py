"""Layers panel: the document's layers, the topmost first, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from PySide6.QtCore import (
    QItemSelectionModel,
    QSignalBlocker,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from safelight.document import Document, Edit, Layer, edits
from safelight.gui.controls.number import Slider
from safelight.gui.deeds.command_deeds import told_others
from safelight.gui.deeds.deed import Deeds
from safelight.gui.panels.blend_modes import ModeBox
from safelight.gui.panels.layer_rows import EYE, ID, LayerRows
from safelight.gui.panels.layer_search import LayerSearch
from safelight.gui.panels.panel import Panel
from safelight.gui.panels.thumbnails import Thumbnails
from safelight.gui.threads.garbage_collection import destroy
from safelight.gui.widgets.deed_button import DeedButton
from safelight.gui.widgets.shown_text import plain

if TYPE_CHECKING:
    from safelight.gui.canvas import Canvas
    from safelight.gui.frames.keyframe_buttons import KeyframeButton
    from safelight.gui.session import Session


_CONTROL = Qt.KeyboardModifier.ControlModifier
_DRAGGING = QAbstractItemView.State.DraggingState
_TAKES_AWAY = "bin"


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
        from safelight.gui.frames.keyframe_buttons import offer_for_layer

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


class LayerTree(LayerRows):
    """The list itself: rows that are chosen, dragged, renamed in place."""

    def __init__(self, panel: LayersPanel) -> None:
        super().__init__(panel.thumbnails)
        self.panel = panel
        self.setAccessibleName("Layers")
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.currentItemChanged.connect(self._current_changed)
        self.itemSelectionChanged.connect(self._choice_changed)
        self.itemChanged.connect(self._renamed)

    def edit_name(self) -> None:
        """Let the active layer's name be typed."""
        item = self.currentItem()
        if item is not None:
            self.editItem(item, 0)

    # -- what the user does ----------------------------------------------------------------------

    def _current_changed(self, current: QTreeWidgetItem | None) -> None:
        if current is not None:
            self.panel.activated.emit(current.data(0, ID))

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
        layer = document.layer(item.data(0, ID))
        if name and name != layer.name:
            # Later: the list must not change while it takes the text over.
            edit = edits.rename_layer(layer.id, name)
            QTimer.singleShot(0, self, lambda: self.panel.edit_wanted.emit(edit))
        elif not name:
            with QSignalBlocker(self):
                item.setText(0, plain(layer.name))

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
        left = self.visualRect(index).left() + EYE
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
        across = point.x() - self.visualRect(index).left() - EYE
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
            identity, where = moved.data(0, ID), self.dropIndicatorPosition()
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
        other = target.data(0, ID)
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


def _word(text: str) -> QLabel:
    """What is written before a field."""
    label = QLabel(text)
    label.setObjectName("dim")
    return label


def group_of(document: Document, layer_id: str) -> str | None:
    """The id of the group a layer lies in; None outside all."""
    for layer in document.walk():
        if any(inner.id == layer_id for inner in layer.layers):
            return layer.id
    return None
