"""Window: what a person sees when Safelight starts; it puts its parts together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QKeyCombination, QSize, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QPaintEvent,
)
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from safelight.gui.batch.save_and_run_recipes import of_recipes
from safelight.gui.deed_context import DeedContext
from safelight.gui.deeds.command_deeds import of_commands
from safelight.gui.deeds.deed import Deeds
from safelight.gui.deeds.filter_deeds import of_filters, of_recent
from safelight.gui.deeds.shortcuts import Shortcuts
from safelight.gui.deeds.tool_deeds import of_panels, of_tools
from safelight.gui.deeds.window_deeds import of_layers, of_window
from safelight.gui.folder.compare_photographs import compare
from safelight.gui.folder.folder_deeds import of_folder, show_menu
from safelight.gui.folder.folder_place import FolderPlace
from safelight.gui.fullscreen import FullScreen
from safelight.gui.jobs.job_strip import JobStrip
from safelight.gui.menus import Menus
from safelight.gui.notices import Above, Line, Messages
from safelight.gui.open_and_save import exchange_pictures, save_projects
from safelight.gui.open_and_save.close_photographs import Closing
from safelight.gui.open_and_save.dropped_paths import kind_of
from safelight.gui.open_and_save.open_files import Opening
from safelight.gui.open_and_save.photograph_arrivals import Arrivals
from safelight.gui.photograph_tabs import Tabs
from safelight.gui.plugins.install_plugins import Installing
from safelight.gui.screen.soft_proof import Proofing
from safelight.gui.search_box import SearchBox
from safelight.gui.status_line import StatusLine
from safelight.gui.tab_corners import Back, Sight
from safelight.gui.threads.after_paint import load_decoder
from safelight.gui.threads.backend import BackEnd
from safelight.gui.welcome import Welcome
from safelight.gui.widgets.keyboard_focus import Keyboard, do_keys, in_latin, turns_pages
from safelight.gui.widgets.shown_text import plain
from safelight.gui.window_state import remember_window, restore_window

if TYPE_CHECKING:
    from safelight.actions import Studio
    from safelight.actions.plugin_offers import Offers
    from safelight.api import Declaration
    from safelight.gui.session import Session
    from safelight.gui.workspace import Workspace

_SIZE = QSize(1280, 820)
"""How large a window is at first, in widget pixels, where the screen has room for that."""

_SMALLEST = QSize(640, 330)
"""The least that all is usable in: half of 1366×768, with borders, where pixels count twice."""

_BORDERS = QSize(8, 40)
"""Room on the screen for what the system draws around a window."""

_HEIGHT = 64
"""Pixels above the status line at which the window's own messages end: a job's strip is below."""


class Window(QMainWindow):
    """The main window. Light: pixels come with the first photograph.

    ``deeds`` has all that can be asked for; ``context`` is what those act on.
    """

    def __init__(self, device: str = "auto", *, safe: bool = False) -> None:
        super().__init__()
        self.setWindowTitle("Safelight")
        self.setAcceptDrops(True)
        self.setMinimumSize(_SMALLEST)
        restore_window(self, _SIZE, self.screen().availableSize() - _BORDERS)
        self._awake = False
        self._to_take: list[Path] = []
        self._to_do: list[QKeyCombination] = []
        self.welcome, self.tabs, self.status = Welcome(), Tabs(), StatusLine()
        self.messages, self.line, self.coming = Messages(), Line(), JobStrip()
        self._pages = QStackedWidget()
        self._lay_out()
        self.deeds = Deeds(self, Shortcuts.kept())
        self.backend = BackEnd(device, self, safe=safe)
        self.arrivals = Arrivals(self.tabs, self.backend, self.deeds)
        self.opening = Opening(self.tabs, self.backend, self.arrivals)
        self.closing = Closing(self.tabs, self.backend, lambda again: self.save(again))
        self.installing = Installing(self.tabs, self.backend, self.messages)
        self.folder = FolderPlace(
            self.tabs, self.backend, self.opening, self.closing, self.messages
        )
        self._column.insertWidget(1, self.folder.holder)
        self.proofing = Proofing(self, self.messages, self.show_state)
        self.context = DeedContext(
            self,
            self.tabs,
            self.backend,
            self.opening,
            self.closing,
            self.installing,
            self.messages,
            self.deeds,
            self.proofing,
            self.folder,
            self.show_state,
        )
        self.menus = Menus(self.menuBar(), self.deeds)
        self._connect()
        self.full_screen = FullScreen(self, self.workspaces, self._around)
        self.deeds.replace("window", of_window(self.context, self.full_screen))
        self.deeds.replace("folder", of_folder(self.context))
        self.back, self.sight = Back(self.deeds), Sight(self.deeds)
        self.tabs.setCornerWidget(self.back, Qt.Corner.TopLeftCorner)
        self.tabs.setCornerWidget(self.sight, Qt.Corner.TopRightCorner)
        self._add_search()
        self.welcome.show_recent()
        self._show_recent()
        self._show_filters()
        self.show_state()
        Keyboard(self, self.tabs.focus_front)

    def _lay_out(self) -> None:
        self._pages.addWidget(self.welcome)
        self._pages.addWidget(self.tabs)
        middle = QWidget()
        column = self._column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        above = Above(self._pages, self.messages, self.line, strip=self.coming, at_bottom=_HEIGHT)
        column.addWidget(above, 1)
        column.addWidget(self.status)
        self.setCentralWidget(middle)

    def _around(self) -> tuple[QWidget, ...]:
        """What lies around the photographs."""
        shown = self.folder.folder is not None
        strip = (self.folder.holder,) if shown else ()
        return self.tabs.tabBar(), self.back, self.sight, self.status, *strip

    def _add_search(self) -> None:
        """Put the search at the end of the menus."""
        action = self.deeds["search"]
        self.search_box = SearchBox(self.menuBar(), action)
        self.menuBar().setCornerWidget(self.search_box)

    def _connect(self) -> None:
        """Have each part hear of what it has to show or to do."""
        self.welcome.open_wanted.connect(self.opening.ask)
        self.welcome.new_wanted.connect(self.opening.ask_for_new)
        self.welcome.chosen.connect(self.open)
        self.tabs.currentChanged.connect(lambda _: self.show_state())
        self.tabs.close_wanted.connect(self.closing.close)
        for changed in (self.arrivals.changed, self.opening.changed, self.closing.closed):
            changed.connect(self.show_state)
        self.arrivals.moved.connect(self._show_view)
        self.closing.closed.connect(self.welcome.show_recent)
        self.opening.opened.connect(self._show_recent)
        self.opening.said.connect(self.say)
        self.opening.further.connect(self._show_coming)
        self.opening.stopped.connect(self.line.mention)
        self.coming.cancelled.connect(self.opening.cancel)
        self.folder.changed.connect(self.show_state)
        self.folder.compared.connect(lambda: compare(self.context))
        self.folder.asked.connect(lambda point: show_menu(self.context, point))
        self.deeds.rekeyed.connect(self._offer)
        self.backend.said.connect(self.say)
        self.backend.noticed.connect(self.status.show_notice)
        self.backend.proven.connect(self.status.show_device)
        self.backend.woken.connect(self._woken)
        self.backend.listed.connect(self._listed)

    # -- waking up -----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._awake:  # the window is on the screen: now the rest
            self._awake = True
            QTimer.singleShot(0, self._wake)

    def _wake(self) -> None:
        self.backend.wake()
        self._show_samples()

    def _offer(self) -> None:
        """Tell every photograph what can be asked for, and by which keys."""
        for workspace in self.workspaces():
            workspace.offer(self.deeds)

    def _woken(self) -> None:
        """Offer what needs pixels, now that they have come, and what plugins bring."""
        self.proofing.wake()
        self.deeds.replace("commands", of_commands(self._session, self, self._settle))
        self.deeds.replace("layers", of_layers(self.context))
        self.deeds.replace("tools", of_tools(self.context))
        self.deeds.replace("recipes", of_recipes(self.context))
        self.deeds.replace("panels", of_panels(self.context))
        self._show_filters()
        for workspace in self.workspaces():
            if self.studio is not None:
                workspace.set_back_end(self.studio, self.filters)
        self._offer()
        self.show_state()
        self.opening.offer_recovery()
        waiting, self._to_take = self._to_take, []
        for path in waiting:
            self.take(path)
        pressed, self._to_do = self._to_do, []
        for keys in pressed:
            do_keys(keys, self.deeds)

    def _listed(self) -> None:
        """Show what the plugins offer now."""
        self._show_filters()
        for workspace in self.workspaces():
            workspace.show_filters(self.filters)

    def _show_filters(self) -> None:
        self.deeds.replace("filters", of_filters(self.context))

    def _show_recent(self) -> None:
        self.deeds.replace("recent", of_recent(self.context))

    def _show_samples(self) -> None:
        """Offer samples once nothing is open, nor about to be: they take a while to decode."""
        if self._awake and not self._opening and not self.tabs.count():
            self.welcome.show_samples()

    # -- what there is -------------------------------------------------------------------------

    @property
    def studio(self) -> Studio | None:
        """What runs filters; None before it is there."""
        return self.backend.studio

    @property
    def offers(self) -> Offers | None:
        """What is installed; None before it is known."""
        return self.backend.offers

    @property
    def filters(self) -> Sequence[Declaration]:
        """The filters that are installed."""
        return self.backend.filters

    @property
    def ready(self) -> bool:
        """Whether all is loaded that is needed to work."""
        return self.backend.ready

    def workspaces(self) -> list[Workspace]:
        """The open photographs, in the order of their tabs."""
        return self.tabs.workspaces()

    def workspace(self) -> Workspace | None:
        """The photograph in front; None where there is only a first look at one."""
        return self.tabs.front()

    @property
    def _opening(self) -> bool:
        """Whether a photograph is on its way into a tab."""
        return bool(self.opening.count or self.arrivals.coming)

    def _session(self) -> Session | None:
        front = self.tabs.front()
        return None if front is None else front.session

    def _settle(self) -> None:
        front = self.tabs.front()
        if front is not None:
            front.canvas.tool.settle()

    # -- what can be asked for -----------------------------------------------------------------

    def open(self, path: Path) -> None:
        """Open a photograph in a tab of its own, on a thread."""
        self.opening.open(path)

    def take(self, path: Path) -> None:
        """Open a photograph or a folder; a plugin or a network is offered, as soon as the filters
        are there.
        """
        kind = kind_of(path)
        if kind == "photograph":
            self.open(path)
        elif kind == "folder":
            self.folder.show(path)
        elif not self.ready:
            self._to_take.append(path)
        elif kind == "network":
            self.installing.add_network(path)
        else:
            self.installing.show_plugins(str(path))

    def save(self, done: Callable[[], object] | None = None) -> None:
        """Save the project in front; ``done`` is called when it is in its file."""
        save_projects.save(self.context, done)

    def close_tab(self, index: int) -> None:
        """Close a photograph; asks when it has edits that are in no file."""
        self.closing.close(self.tabs.widget(index))

    def open_filter(self, declaration: Declaration) -> None:
        """Show a filter's settings beside the photograph in front."""
        self.deeds[f"filter {declaration.id}"].trigger()

    def say(self, text: str, details: str = "") -> None:
        """A message of the window's own: about none of the photographs that are open."""
        self.messages.say(text, details)

    # -- what happens to the window ------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        may_close = self.closing.may_close(self.workspaces(), self.close)
        if not may_close or not self.closing.close_windows():
            event.ignore()
            return
        self._remember()
        for workspace in self.workspaces():
            workspace.close_session()
        self.arrivals.stop()
        self.folder.end()
        if self.installing.dialog is not None:
            self.installing.dialog.close()
        self.backend.close()
        event.accept()

    def _remember(self) -> None:
        """Have the next start begin as this one ends."""
        self.full_screen.leave()
        remember_window(self)
        front = self.workspace()
        if front is not None:
            front.remember()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowUnblocked:  # a dialog has closed
            self.tabs.focus_front()
        elif event.type() == QEvent.Type.ShortcutOverride:  # keys may ask for what has just come
            self.deeds.catch_up()
            if isinstance(event, QKeyEvent) and turns_pages(event):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A letter of another script, which nobody has taken, is the Latin one in its place.

        Escape, where nobody has a use for it, leaves the full screen. Keys of what is not there
        yet, because the window has only just been painted, wait for that.
        """
        leaves = event.key() == Qt.Key.Key_Escape and self.full_screen.leave()
        if not leaves and not in_latin(event, self.deeds):
            if not self.ready:
                self._to_do.append(event.keyCombination())
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            if self.ready:
                load_decoder()  # while the file is still held

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        pictures = [path for path in paths if kind_of(path) == "photograph"]
        at = event.position().toPoint()
        asked = exchange_pictures.ask_where(self.context, pictures, at, self.mapToGlobal(at))
        for path in paths:
            if asked is None or path not in pictures:
                self.take(path)
        event.acceptProposedAction()

    def _show_view(self) -> None:
        """Show what of the photograph in front is seen; no deed depends on that."""
        front = self.workspace()
        if front is not None:
            self.status.show_workspace(front)
            self.sight.show_workspace(front)

    def _show_coming(self) -> None:
        """Show how far the file is that is being opened, where it says so, and how many wait."""
        coming = self.opening.coming
        self.coming.show_run(coming[0] if coming else None, max(len(coming) - 1, 0))

    def show_state(self) -> None:
        """Bring title, status line and deeds in line with the photograph in front."""
        front = self.workspace()
        self._pages.setCurrentIndex(1 if self.tabs.count() else 0)
        self.deeds.show_state()
        self.sight.show_workspace(front)
        if front is None:
            self.status.show_nothing(opening=self._opening)
            self.welcome.show_opening(self._opening)
            self.setWindowTitle("Safelight")
            self._show_samples()
            return
        self.status.show_workspace(front)
        self.status.show_proof(self.proofing.words())
        self.tabs.show_titles()
        self.setWindowTitle(f"{plain(front.title)} — Safelight")
