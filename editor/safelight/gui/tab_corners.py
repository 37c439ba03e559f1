"""Tab corners: beside the photographs' tabs: undo and redo at the left, zoom and export right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QAction, QKeySequence, QWheelEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QWidget

from safelight.gui.deeds.deed import Deeds, untitled
from safelight.gui.widgets.icons import icon
from safelight.gui.widgets.shown_text import tooltip
from safelight.gui.widgets.typed_number import typed_number

if TYPE_CHECKING:
    from safelight.gui.workspace import Workspace

_UNDO = (
    "M 6 2.5 L 2.8 5.7 L 6 8.9 M 2.8 5.7 L 9.8 5.7 C 12.2 5.7 13.6 7.3 13.6 9.4"
    " C 13.6 11.5 12.2 13.1 9.8 13.1 L 6.5 13.1"
)
_REDO = (
    "M 10 2.5 L 13.2 5.7 L 10 8.9 M 13.2 5.7 L 6.2 5.7 C 3.8 5.7 2.4 7.3 2.4 9.4"
    " C 2.4 11.5 3.8 13.1 6.2 13.1 L 9.5 13.1"
)
_OUT = "E 6.7 6.7 4.4 4.4 M 9.8 9.8 L 14 14 M 4.8 6.7 L 8.6 6.7"
_IN = _OUT + " M 6.7 4.8 L 6.7 8.6"
_EXPORT = "M 8 10 L 8 1.8 M 5 4.6 L 8 1.6 L 11 4.6 M 2.5 8.5 L 2.5 13.8 L 13.5 13.8 L 13.5 8.5"

_ZOOMS = (25, 50, 100, 200, 400)
"""Per cent that the list of zooms has, below what depends on the window."""

_BOX = 92
"""Pixels of a zoom's number with the arrow of its list."""


class Back(QWidget):
    """Undo and redo, at the left of the tabs."""

    def __init__(self, deeds: Deeds) -> None:
        super().__init__()
        self.undo = _Button(deeds["undo"], _UNDO)
        self.redo = _Button(deeds["redo"], _REDO)
        _lay_out(self, (self.undo, self.redo))


class Sight(QWidget):
    """How large the picture is seen, and the way to a file of it, at the right of the tabs."""

    def __init__(self, deeds: Deeds) -> None:
        super().__init__()
        self.zoom = ZoomBox(deeds)
        self.smaller = _Button(deeds["zoom out"], _OUT)
        self.larger = _Button(deeds["zoom in"], _IN)
        self.export = _Button(deeds["export"], _EXPORT, words="Export")
        _lay_out(self, (self.smaller, self.zoom, self.larger, self.export))
        self.show_workspace(None)

    def show_workspace(self, workspace: Workspace | None) -> None:
        """Show the zoom of the photograph in front."""
        self.zoom.show_workspace(workspace)


class ZoomBox(QComboBox):
    """The zoom in per cent: to be typed, or chosen, with what fits and fills the window first."""

    def __init__(self, deeds: Deeds) -> None:
        super().__init__()
        self._workspace: Workspace | None = None
        self._deeds = [deeds["fit"], deeds["fill"]]
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setCompleter(None)  # type: ignore[arg-type]  # Qt takes a null for none
        self.addItems([untitled(action.text()) for action in self._deeds])
        self.insertSeparator(self.count())
        for zoom in _ZOOMS:
            self.addItem(f"{zoom} %", zoom)
        self.setFixedWidth(_BOX)
        self.view().setMinimumWidth(self.fontMetrics().horizontalAdvance("Fit in window") + 40)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName("Zoom")
        self.setToolTip("How large the picture is seen; a number can be typed")
        self.activated.connect(self._choose)
        field = self.lineEdit()
        assert field is not None
        self._field = field
        field.returnPressed.connect(self._type)
        field.editingFinished.connect(self._show)

    def show_workspace(self, workspace: Workspace | None) -> None:
        """Show the zoom of a photograph, unless another one is being typed."""
        self._workspace = workspace
        self.setEnabled(workspace is not None)
        if not self._field.isModified() or not self._field.hasFocus():
            self._show()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel is for the picture."""
        event.ignore()

    def _show(self) -> None:
        workspace = self._workspace
        words = "" if workspace is None else f"{workspace.canvas.view.zoom * 100:.3g} %"
        with QSignalBlocker(self):
            self.setCurrentIndex(-1)
            self.setEditText(words)

    def _choose(self, index: int) -> None:
        """Zoom to what was chosen; Qt tells of a number that was typed, and is in the list, too."""
        workspace, zoom = self._workspace, self.itemData(index)
        if index < len(self._deeds):
            self._deeds[index].trigger()
        elif workspace is not None and zoom is not None:
            workspace.canvas.zoom_to(zoom / 100)
        self._done()

    def _type(self) -> None:
        """Zoom to what was typed; what is no number gives way to the zoom there is."""
        number = typed_number(self._field.text().replace("%", "").strip())
        if number is not None and number > 0 and self._workspace is not None:
            self._workspace.canvas.zoom_to(number / 100)
        self._done()

    def _done(self) -> None:
        self._field.setModified(False)
        self._show()
        if self._workspace is not None:
            self._workspace.canvas.setFocus()


class _Button(QToolButton):
    """Asks for a deed, by an icon, and by ``words`` beside it."""

    def __init__(self, action: QAction, drawing: str, words: str = "") -> None:
        super().__init__()
        self._action = action
        self.setObjectName("plain" if not words else "words")
        self.setIcon(icon(drawing))
        self.setIconSize(QSize(16, 16))
        if words:
            self.setText(f" {words}")  # apart from the icon
            self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(untitled(action.text()).rstrip("…"))
        self.clicked.connect(action.trigger)
        action.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        keys = self._action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        name = untitled(self._action.text()).rstrip("…")
        self.setToolTip(tooltip(f"{name} ({keys})" if keys else name))
        self.setEnabled(self._action.isEnabled())


def _lay_out(around: QWidget, parts: tuple[QWidget, ...]) -> None:
    row = QHBoxLayout(around)
    row.setContentsMargins(6, 2, 6, 8)
    row.setSpacing(2)
    for part in parts:
        row.addWidget(part)
