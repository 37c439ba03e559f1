"""Tool column: a button for each group of tools, at the left of the canvas."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPoint, QSize, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPolygonF,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QFrame, QGridLayout, QMenu, QToolButton, QWidget

from safelight.gui.canvas.canvas import Canvas
from safelight.gui.canvas.tools.tool import Tool
from safelight.gui.canvas.tools.tool_groups import Group, in_groups
from safelight.gui.deeds.deed import Deeds
from safelight.gui.threads.garbage_collection import destroy
from safelight.gui.widgets import theme
from safelight.gui.widgets.icons import icon
from safelight.gui.widgets.shown_text import plain, tooltip

_GAP, _SIDE = 2, 33
"""Pixels between two buttons, and from the top of one to that of the next."""

_HOLD = 350
"""Milliseconds after which a button that is held shows the other tools of its group."""

_CORNER = 6
"""Side in pixels of the triangle that tells of other tools; a press on it, or 3 pixels beside it,
shows them at once.
"""


class ToolColumn(QFrame):
    """Shows which tool of the canvas is in hand, and takes another.

    ``buttons`` are by the groups' ids, a tool's own where it is alone; each shows the tool of its
    group that was used last, of which ``latest`` has the id. ``by_key`` has the id of the one that
    the group's key takes: the last one used of those that have no keys of their own, if there are
    any, so that a key goes on meaning what it did when another has taken a neighbour.
    """

    def __init__(self, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._canvas = canvas
        self._keys: dict[str, str] = {}
        self.buttons: dict[str, GroupButton] = {}
        self.latest: dict[str, str] = {}
        self.by_key: dict[str, str] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(4, 6, 4, 6)
        self._grid.setSpacing(_GAP)
        self._rows = 0
        for group, kinds in in_groups(type(tool) for tool in canvas.tools.values()).items():
            self.latest[group.id] = self.by_key[group.id] = kinds[0].id
            button = self.buttons[group.id] = GroupButton(self, group, kinds)
            button.show_tool(kinds[0], "")
        self._lay_out(len(self.buttons))
        canvas.tool_changed.connect(self._show)
        self._show()

    def offer(self, deeds: Deeds) -> None:
        """Tell of each tool the keys it has now."""
        self._keys = {deed.id: deeds.keys(deed) for deed in deeds if deed.id.startswith("tool")}
        self._show()
        for button in self.buttons.values():
            self._show_button(button)

    def keys(self, tool: type[Tool], group: Group) -> str:
        """The keys of a tool; of one that has none of its own those of its group."""
        known = self._keys.get(f"tool {tool.id}", tool.shortcut)
        return known or self._keys.get(f"tools {group.id}", group.key)

    def bring_forward(self, names: Iterable[str]) -> None:
        """Have the tools of those ids be the ones of their groups that were used last."""
        for button in self.buttons.values():
            for kind in button.kinds:
                if kind.id in names:
                    self._use(button, kind)
            self._show_button(button)

    def minimumSizeHint(self) -> QSize:
        """The least size: the column gets broader rather than make a window higher."""
        return QSize(super().minimumSizeHint().width(), 3 * _SIDE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.isVisible():
            self._lay_out(max((event.size().height() - 12) // _SIDE, 1))

    def showEvent(self, event: QShowEvent) -> None:
        """What is around it has yet to be laid out: its height is not that which it will have, and
        a canvas beside two columns would be laid out again beside one.
        """
        super().showEvent(event)
        QTimer.singleShot(0, self, lambda: self._lay_out(max((self.height() - 12) // _SIDE, 1)))

    def _lay_out(self, most: int) -> None:
        """Have at most so many buttons below one another, and as few columns as that needs."""
        columns = -(-len(self.buttons) // most)
        rows = -(-len(self.buttons) // columns)
        if rows == self._rows:
            return
        self._grid.setRowStretch(self._rows, 0)
        self._rows = rows
        for place, button in enumerate(self.buttons.values()):
            self._grid.addWidget(button, place % rows, place // rows)
        self._grid.setRowStretch(rows, 1)

    def take(self, name: str) -> None:
        """Take the tool of that id in hand; the keyboard goes back to the picture."""
        self._canvas.take(name)
        self._show()
        self._canvas.setFocus()

    def _show(self) -> None:
        taken = self._canvas.tool.id
        for button in self.buttons.values():
            held = next((kind for kind in button.kinds if kind.id == taken), None)
            if held is not None and self.latest[button.tools.id] != taken:
                self._use(button, held)
                self._show_button(button)
            button.setChecked(held is not None)

    def _use(self, button: GroupButton, kind: type[Tool]) -> None:
        self.latest[button.tools.id] = kind.id
        if not self._keys.get(f"tool {kind.id}", kind.shortcut):
            self.by_key[button.tools.id] = kind.id

    def _show_button(self, button: GroupButton) -> None:
        tool = type(self._canvas.tools[self.latest[button.tools.id]])
        button.show_tool(tool, self.keys(tool, button.tools))


class GroupButton(QToolButton):
    """A button for the tool of a group that was used last; held, or with the right button, it shows
    ``kinds``, all of its group ``tools``, beside it.
    """

    def __init__(self, column: ToolColumn, group: Group, kinds: tuple[type[Tool], ...]) -> None:
        super().__init__()
        self._column = column
        self.tools, self.kinds = group, kinds
        self.setObjectName("tool")
        self.setIconSize(QSize(18, 18))
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._menu: QMenu | None = None
        self._holding = QTimer(self)
        self._holding.setSingleShot(True)
        self._holding.setInterval(_HOLD)
        self._holding.timeout.connect(self.open)
        self.clicked.connect(lambda: column.take(column.latest[group.id]))

    @property
    def several(self) -> bool:
        """Whether there is more than one tool to choose."""
        return len(self.kinds) > 1

    def show_tool(self, tool: type[Tool], keys: str) -> None:
        """Be the button of one of the group's tools."""
        self.setIcon(icon(tool.icon))
        words = f"{tool.title}{f' ({keys})' if keys else ''}\n{tool.hint}"
        if self.several:
            others = ", ".join(kind.title for kind in self.kinds if kind is not tool)
            words += f"\nHold, or the right button: {others}"
        self.setToolTip(tooltip(words, lines=True))
        self.setAccessibleName(tool.title)

    def open(self) -> QMenu | None:
        """Show all tools of the group beside the button; None where there is one alone."""
        self._holding.stop()
        self.setDown(False)
        if not self.several:
            return None
        if self._menu is not None:
            destroy(self._menu)
        menu = self._menu = QMenu(self)
        for kind in self.kinds:
            keys = self._column.keys(kind, self.tools)
            line = menu.addAction(icon(kind.icon), f"{plain(kind.title)}\t{keys}")
            line.setData(kind.id)
            line.setCheckable(True)
            line.setChecked(kind.id == self._column.latest[self.tools.id])
            line.triggered.connect(lambda _=False, name=kind.id: self._column.take(name))
        menu.popup(self.mapToGlobal(QPoint(self.width() + _GAP, 0)))
        return menu

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() != Qt.MouseButton.LeftButton or not self.several:
            return
        at = event.position()
        if max(self.width() - at.x(), self.height() - at.y()) <= 3 + _CORNER + 3:
            self.open()
        else:
            self._holding.start()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._holding.stop()
        super().mouseReleaseEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The right button, or the keyboard's key for a menu."""
        self.open()
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The button, and in its corner a triangle where there are other tools behind it."""
        super().paintEvent(event)
        if not self.several:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.DIM))
        right, bottom = self.width() - 3, self.height() - 3
        painter.drawPolygon(
            QPolygonF(
                [
                    QPoint(right, bottom - _CORNER),
                    QPoint(right, bottom),
                    QPoint(right - _CORNER, bottom),
                ]
            )
        )
