"""Photograph tabs: one for each photograph that is open, or that is still read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QStackedWidget, QTabBar, QTabWidget, QToolButton, QWidget

from safelight.gui.widgets.icons import icon
from safelight.gui.widgets.shown_text import plain, tooltip

if TYPE_CHECKING:
    from safelight.gui.previews.first_look import FirstLook
    from safelight.gui.workspace import Workspace


_LETTERS = 14
"""Letters of a name that its tab shows at least, if it has so many; the rest is scrolled to."""


class _Bar(QTabBar):
    """Names of photographs, none so narrow that it could be any other's."""

    def minimumTabSizeHint(self, index: int) -> QSize:
        whole, least = self.tabSizeHint(index), super().minimumTabSizeHint(index)
        wanted = least.width() + _LETTERS * self.fontMetrics().averageCharWidth()
        return QSize(min(whole.width(), wanted), whole.height())


class Tabs(QTabWidget):
    """The open photographs. ``close_wanted`` gives the widget whose tab is to be closed."""

    close_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabBar(_Bar())
        self.setDocumentMode(True)
        self.setMovable(True)
        self.setElideMode(Qt.TextElideMode.ElideMiddle)
        # Where pages lie that are in a tab: what is made in it need not be moved, which costs more
        # the more is inside.
        pages = self.findChild(QStackedWidget)
        assert isinstance(pages, QStackedWidget)
        self.workshop: QStackedWidget = pages

    def workspaces(self) -> list[Workspace]:
        """The open photographs, in the order of their tabs."""
        tabs: list[Any] = [self.widget(index) for index in range(self.count())]
        return [tab for tab in tabs if hasattr(tab, "session")]

    def front(self) -> Workspace | None:
        """The photograph in front; None where there is only a first look at one."""
        current: Any = self.currentWidget()
        return current if hasattr(current, "session") else None

    def focus_front(self) -> None:
        """Give the keyboard to the photograph in front."""
        workspace = self.front()
        if workspace is not None:
            workspace.canvas.setFocus()

    def holds(self, page: QWidget) -> bool:
        """Whether a photograph is still in its tab; what was closed may be deleted already."""
        return any(self.widget(index) is page for index in range(self.count()))

    def furnish(
        self, page: Workspace | FirstLook, path: Path | None, *, in_front: bool = True
    ) -> None:
        """Give a tab its tooltip and the button that closes it, and show it."""
        index = self.indexOf(page)
        self.setTabToolTip(index, tooltip(str(path or "")))
        close = QToolButton()
        close.setObjectName("plain")
        close.setText("✕")
        close.setToolTip("Close this photograph")
        close.setAccessibleName("Close this photograph")
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(lambda: self.close_wanted.emit(page))
        self.tabBar().setTabButton(index, QTabBar.ButtonPosition.RightSide, close)
        if in_front:
            self.setCurrentIndex(index)

    def show_titles(self) -> None:
        """Show what each photograph is called now, and that one has something to say."""
        for item in self.workspaces():
            index, text = self.indexOf(item), labelled(item.title)
            if self.tabText(index) != text:
                self.setTabText(index, text)
            self._mark(index, item)

    def _mark(self, index: int, workspace: Workspace) -> None:
        """Show on the tab of a photograph that is not in front that there is something to read."""
        waiting = workspace.messages.open if index != self.currentIndex() else ()
        if self.tabIcon(index).isNull() == bool(waiting):
            self.setTabIcon(index, icon("notice") if waiting else QIcon())
        lines = [str(workspace.session.files.path or ""), *(message.text for message in waiting)]
        tip = plain("\n".join(line for line in lines if line), lines=True)
        if self.tabToolTip(index) != tip:
            self.setTabToolTip(index, tip)


def labelled(name: str) -> str:
    """A name as the text of a tab or a menu: no letter of it is underlined."""
    return plain(name).replace("&", "&&")
