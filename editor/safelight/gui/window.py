"""Window: menus, tabs, status line. Light: pixels come with the first photograph."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt, QTimer, Slot
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QIcon,
    QKeyEvent,
    QKeySequence,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QMessageBox,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from safelight.gui.arriving import kind_of
from safelight.gui.background import Background, Mailbox
from safelight.gui.garbage import destroy, give_back, keep_for_good
from safelight.gui.icons import icon
from safelight.gui.keys import latin_combinations
from safelight.gui.messages import Above, Line, Messages
from safelight.gui.reloading import Reloader
from safelight.gui.samples import forget_files, recent_files, remember_file
from safelight.gui.text import plain, size, tooltip
from safelight.gui.turns import Turns
from safelight.gui.welcome import Welcome

if TYPE_CHECKING:
    from safelight.actions import Left, Opened, Studio
    from safelight.actions.offers import Offers
    from safelight.api import Declaration
    from safelight.document import Edit
    from safelight.files import Importer
    from safelight.gui.firstlook import FirstLook
    from safelight.gui.loaded import Loaded
    from safelight.gui.plugindialog import PluginsDialog
    from safelight.gui.session import Session
    from safelight.gui.workspace import Workspace

_DEPTHS = {"uint8": "8-bit", "uint16": "16-bit", "float32": "32-bit float"}


_HEIGHT = 64
"""Pixels above the status line at which the window's own messages end: a job's strip is below."""

_REST = (1500, 4500, 9000)
"""Milliseconds after a photograph was closed, and after each other, at which memory is given back:
threads end first, which on a busy machine takes its time.
"""

_FIRST, _FARTHEST = 8, 256
"""Pixels by which a selection is grown, shrunk or feathered: offered at first, and at most."""


class Window(QMainWindow):
    """The main window."""

    def __init__(self, device: str = "auto", *, safe: bool = False) -> None:
        super().__init__()
        self.setWindowTitle("Safelight")
        self.setAcceptDrops(True)
        self.resize(1280, 820)
        self.setMinimumSize(640, 420)
        self.studio: Studio | None = None
        self.offers: Offers | None = None
        self.plugins: PluginsDialog | None = None
        self.ready = False
        self._to_take: list[Path] = []
        self._woke = threading.Event()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._give_back)
        self._rests: list[int] = []
        self._device = device
        self._safe = safe
        self._awake = False
        self._opening = 0
        self._arriving: list[Workspace] = []
        self._exporting: set[Session] = set()
        self._waiting: list[Path] = []
        self._actions: list[QAction] = []
        self._needs_picture: list[QAction] = []
        self._marks: list[tuple[QAction, str]] = []
        self._tools: dict[str, QAction] = {}
        self._modified_by: dict[str, int] = {}
        self.welcome = Welcome()
        self.welcome.open_wanted.connect(self.ask_and_open)
        self.welcome.new_wanted.connect(self.ask_and_generate)
        self.welcome.chosen.connect(self.open)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setMovable(True)
        self.tabs.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.tabs.currentChanged.connect(lambda _: self._show_state())
        # Where pages lie that are in a tab: what is made in it need not be moved, which costs more
        # the more is inside.
        pages = self.tabs.findChild(QStackedWidget)
        assert isinstance(pages, QStackedWidget)
        self._workshop = pages
        self._pages = QStackedWidget()
        self._pages.addWidget(self.welcome)
        self._pages.addWidget(self.tabs)
        self.messages = Messages()
        self.line = Line()
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Above(self._pages, self.messages, self.line, at_bottom=_HEIGHT), 1)
        column.addWidget(self._make_status())
        self.setCentralWidget(middle)
        self._make_menus()
        self._show_state()
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_moved)

    # -- waking up -----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._awake:  # the window is on the screen: now the rest
            self._awake = True
            QTimer.singleShot(0, self._wake)

    def _wake(self) -> None:
        device, safe = self._device, self._safe

        def load() -> tuple[Studio, Offers | None, str]:
            import safelight.gui.workspace  # noqa: F401 - so that opening need not
            from safelight import actions

            studio = actions.Studio(device, safe=safe)
            try:
                offers = studio.offers()
            except actions.WorkerDied as error:
                return studio, None, f"The filters cannot be listed: the worker {error}."
            lines = [f"{item.plugin} cannot be loaded: {item.reason}" for item in offers.broken]
            return studio, offers, "\n".join(lines)

        Background(self, load, self._woken, self._not_woken)
        self.welcome.wake()
        self._fill_recent()

    def _woken(self, loaded: tuple[Studio, Offers | None, str]) -> None:
        self.studio, self.offers, note = loaded
        self.studio.hear_offers(Mailbox(self, self._listed).post)
        self._woke.set()
        for workspace in self.workspaces():
            workspace.set_back_end(self.studio, self.filters)
        if note:
            self.say(note)
        self._fill_tools()
        self._fill_filters()
        self._show_plugins.setEnabled(True)
        studio = self.studio
        Background(self, studio.device, self._show_device, self._no_device)
        self._reloader = Reloader(studio, self)
        self._reloader.reloaded.connect(self._notice)
        self._reloader.failed.connect(self.say)
        self.offer_recovery()
        keep_for_good()
        self.ready = True
        waiting, self._to_take = self._to_take, []
        for path in waiting:
            self.take(path)

    @property
    def filters(self) -> Sequence[Declaration]:
        """The filters that are installed; none before it is known which."""
        return self.offers.filters if self.offers is not None else ()

    def _notice(self, sentence: str) -> None:
        self.notice.setText(plain(sentence))
        self.notice.show()
        self.notice.setToolTip(tooltip(sentence))

    def _not_woken(self, error: Exception) -> None:
        self.ready = True
        self._woke.set()
        self.say(f"The filters cannot be loaded: {error}")

    def _show_device(self, device: Any) -> None:
        self.device.setText(device.label)
        reason = f"Networks run here because {device.reason}." if device.reason else ""
        self.device.setToolTip(tooltip(reason or "Proven by a live session"))

    def _no_device(self, error: Exception) -> None:
        self.device.setText("No device")
        self.device.setToolTip(tooltip(f"The worker {error}"))

    # -- what is open --------------------------------------------------------------------------

    def workspaces(self) -> list[Workspace]:
        """The open photographs, in the order of their tabs."""
        tabs: list[Any] = [self.tabs.widget(index) for index in range(self.tabs.count())]
        return [tab for tab in tabs if hasattr(tab, "session")]

    def workspace(self) -> Workspace | None:
        """The photograph in front; None where there is only a first look at one."""
        current: Any = self.tabs.currentWidget()
        return current if hasattr(current, "session") else None

    def ask_and_open(self) -> None:
        """The Open dialog."""
        from safelight import actions

        ours = (ending for codec in actions.CODECS for ending in codec.suffixes)
        endings = " ".join(f"*{ending}" for ending in (*ours, ".safelight"))
        theirs = self.offers.importers if self.offers is not None else ()
        endings += "".join(f" *{end}" for x in theirs for end in x.suffixes)
        endings += " " + endings.upper()
        recent = recent_files()
        folder = str(recent[0].parent) if recent else str(Path.home())
        names, _ = QFileDialog.getOpenFileNames(
            self, "Open photographs", folder, f"Photographs and projects ({endings});;All files (*)"
        )
        for name in names:
            self.open(Path(name))

    def ask_and_generate(self) -> None:
        """Ask for a generator and a size, and make a picture of that alone."""
        from safelight.gui.newdialog import NewDialog

        generators = self.offers.generators if self.offers is not None else ()
        if not generators:
            self.say("No generator is installed.")
            return
        dialog = NewDialog(generators, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._generate(dialog.declaration, *dialog.sides))
        dialog.open()

    def _generate(self, declaration: Declaration, width: int, height: int) -> None:
        from safelight.actions import History
        from safelight.actions.generating import to_be_generated
        from safelight.gui.loaded import Loaded

        document = to_be_generated(declaration, width, height)
        self._add(
            Loaded(History.start(document, "New")),
            None,
            done=lambda workspace: workspace.session.jobs.refresh(document.layers[0].id),
        )

    def open(self, path: Path) -> None:
        """Open a photograph in a tab of its own, on a thread."""
        self._opening += 1
        self._show_state()
        look: FirstLook | None = None
        # Before that its code is loaded, on the thread that opens.
        workspace = self._begin_workspace() if self._woke.is_set() else None

        def show(opened: Opened) -> None:
            nonlocal look
            from safelight.gui.firstlook import FirstLook

            look = FirstLook(opened)
            self.tabs.addTab(look, "")
            self._furnish_tab(look, path)
            self.tabs.setTabText(self.tabs.indexOf(look), plain(look.title).replace("&", "&&"))

        def load() -> Loaded:
            from safelight.gui.loaded import open_for_the_screen

            return open_for_the_screen(path, self._importers, post.post)

        def done(loaded: Loaded) -> None:
            self._opening -= 1
            post.close()
            remember_file(path)
            self._fill_recent()
            if look is None or self._is_there(look):
                self._add(loaded, path, look, workspace)
            elif workspace is not None:
                self._give_up(workspace)

        def failed(error: Exception) -> None:
            self._opening -= 1
            post.close()
            if workspace is not None:
                self._give_up(workspace)
            if look is not None and self._is_there(look):
                self.tabs.removeTab(self.tabs.indexOf(look))
            self._show_state()
            self.say(str(error))

        post = Mailbox(self, show)
        Background(self, load, done, failed)

    def _is_there(self, look: FirstLook) -> bool:
        """Whether a first look is still in its tab; one that was closed may be deleted already."""
        return any(self.tabs.widget(index) is look for index in range(self.tabs.count()))

    def _importers(self) -> Sequence[Importer]:
        """The formats of plugins; asked on a thread, it waits until the back end is there."""
        self._woke.wait()
        studio = self.studio
        return studio.importers() if studio is not None else ()

    def say(self, text: str, details: str = "") -> None:
        """A message of the window's own: about none of the photographs that are open."""
        self.messages.say(text, details)

    def _begin_workspace(self) -> Workspace:
        """A workspace that is being put together, out of sight and in turns."""
        from safelight.gui.workspace import Workspace

        workspace = Workspace(self._workshop)
        workspace.hide()
        workspace.turns.add(workspace.furnish())
        return workspace

    def _give_up(self, workspace: Workspace) -> None:
        """Let go of a workspace that comes into no tab."""
        workspace.turns.stop()
        destroy(workspace)

    def _add(
        self,
        loaded: Loaded,
        path: Path | None,
        instead: FirstLook | None = None,
        workspace: Workspace | None = None,
        done: Callable[[Workspace], object] = lambda _: None,
    ) -> None:
        """Show what was opened in a tab, that of the first look at it if there was one.

        That takes some turns of the event loop; ``done`` is called after the last.
        """
        workspace = workspace or self._begin_workspace()
        workspace.turns.add(self._arrive(workspace, loaded, path, instead, done))

    def _arrive(
        self,
        workspace: Workspace,
        loaded: Loaded,
        path: Path | None,
        instead: FirstLook | None,
        done: Callable[[Workspace], object],
    ) -> Iterator[None]:
        """The steps from a workspace that is put together to one that is in its tab."""
        self._arriving.append(workspace)
        try:
            workspace.take(loaded, path)
            yield
            studio, offers = self.studio, self.offers
            if studio is not None:
                workspace.set_back_end(studio, self.filters)
            yield
        finally:
            self._arriving.remove(workspace)
        if instead is not None and not self._is_there(instead):
            workspace.close_session()
            self._give_up(workspace)
            return
        index, in_front = self.tabs.count(), True
        if instead is not None:
            index, in_front = self.tabs.indexOf(instead), self.tabs.currentWidget() is instead
        self.tabs.insertTab(index, workspace, "")
        workspace.changed.connect(self._show_state)
        if self.studio is not studio and self.studio is not None:
            workspace.set_back_end(self.studio, self.filters)
        elif self.offers is not offers:
            workspace.show_filters(self.filters)
        if instead is not None:
            workspace.canvas.look_as(instead.canvas)
        self._furnish_tab(workspace, path, in_front=in_front)
        if instead is not None:
            self.tabs.removeTab(self.tabs.indexOf(instead))
            destroy(instead)
            self._show_state()
        done(workspace)

    def _furnish_tab(
        self, workspace: Workspace | FirstLook, path: Path | None, *, in_front: bool = True
    ) -> None:
        """Give a tab its tooltip and the button that closes it."""
        index = self.tabs.indexOf(workspace)
        self.tabs.setTabToolTip(index, tooltip(str(path or "")))
        close = QToolButton()
        close.setObjectName("plain")
        close.setText("✕")
        close.setToolTip("Close this photograph")
        close.setAccessibleName("Close this photograph")
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(lambda: self.close_tab(self.tabs.indexOf(workspace)))
        self.tabs.tabBar().setTabButton(index, QTabBar.ButtonPosition.RightSide, close)
        if in_front:
            self.tabs.setCurrentIndex(index)
        self._show_state()
        if in_front:
            workspace.canvas.setFocus()

    def close_tab(self, index: int) -> None:
        """Close a photograph; asks when it has edits that are in no file."""
        workspace: Any = self.tabs.widget(index)
        if workspace is not None and not hasattr(workspace, "session"):
            self.tabs.removeTab(index)
            destroy(workspace)
            self._show_state()
            return
        if workspace is None or not self._may_close(
            [workspace], lambda: self.close_tab(self.tabs.indexOf(workspace))
        ):
            return
        workspace.close_session()
        self.tabs.removeTab(index)
        destroy(workspace)
        self._show_state()
        self.welcome.show_recent()
        self._rests = list(_REST)
        self._rest.start(self._rests.pop(0))

    def _give_back(self) -> None:
        """Return the memory of closed photographs, on a thread; with the last, the workers' too."""
        studio = self.studio if not self.tabs.count() else None

        if self._rests:
            studio = None  # workers rest once, when all else has
            self._rest.start(self._rests.pop(0))

        def work() -> None:
            give_back()
            if studio is not None:
                studio.rest()

        # A worker that cannot be started is told when it is wanted.
        Background(self, work, lambda _: None, lambda _: None)

    def _may_close(self, workspaces: Sequence[Workspace], again: Callable[[], object]) -> bool:
        """Whether these may close; ``again`` asks for it once more when one has been saved."""
        exporting = [item for item in workspaces if item.session in self._exporting]
        if exporting:
            exporting[0].line.mention("The export is not finished yet.")
            return False
        for item in workspaces:
            if item.session.files.being_saved is item.session.document:
                item.line.mention(f"{item.session.files.name} closes as soon as it is saved.")
                item.session.files.when_saved(again)
                return False
        to_save = [item for item in workspaces if item.session.files.unsaved]
        running = [item.session.files.name for item in workspaces if item.session.job is not None]
        if not to_save and not running:
            return True
        box = QMessageBox(self)
        box.setWindowTitle("Safelight")
        box.setTextFormat(Qt.TextFormat.PlainText)
        if to_save:
            box.setText(_one_a_line([unsaved_words(item.session) for item in to_save]))
            box.setInformativeText("They are lost when you close.")
        else:
            sentences = [f"A filter is still running on {plain(name)}." for name in running]
            box.setText(_one_a_line(sentences))
            box.setInformativeText("It is stopped when you close.")
        save = box.addButton("Save project", QMessageBox.ButtonRole.AcceptRole) if to_save else None
        close = box.addButton("Close anyway", QMessageBox.ButtonRole.DestructiveRole)
        cancel = box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        box.setEscapeButton(cancel)
        box.exec()
        clicked = box.clickedButton()
        box.deleteLater()
        if save is not None and clicked is save:
            self.tabs.setCurrentWidget(to_save[0])
            self.save(again)
        return clicked is close

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_close(self.workspaces(), self.close):
            event.ignore()
            return
        for workspace in (*self.workspaces(), *self._arriving):
            workspace.close_session()
        for turns in self._workshop.findChildren(Turns):
            turns.stop()
        if self.plugins is not None:
            self.plugins.close()
        if self.studio is not None:
            # Not on this thread: workers may take their time to end. The process waits for it.
            threading.Thread(target=self.studio.close, name="closing").start()
            self.studio = None
        event.accept()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowUnblocked:  # a dialog has closed
            self._focus_picture()
        return super().event(event)

    @Slot(QWidget, QWidget)
    def _focus_moved(self, old: QWidget | None, now: QWidget | None) -> None:
        """Where the keyboard was is gone: Qt moves it on to whatever comes next, a search field
        more often than not, which would swallow Ctrl+Z and the keys of tools.
        """
        here = old is not None and isValid(old) and old.isVisible() and old.isEnabled()
        if now is None or (old is not None and not here and now.window() is self):
            # Later, so that whoever hid it can still say where the keyboard goes.
            QTimer.singleShot(0, self, lambda: self._go_on_from(now))

    def _go_on_from(self, now: QWidget | None) -> None:
        if QApplication.focusWidget() is now and self.isActiveWindow():
            self._focus_picture()

    def _focus_picture(self) -> None:
        """Keys are for the photograph in front."""
        workspace = self.workspace()
        if workspace is not None:
            workspace.canvas.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A letter of another script, which nobody has taken, is the Latin one in its place."""
        focus = QApplication.focusWidget()
        types = focus is not None and focus.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
        for wanted in () if types else latin_combinations(event):
            for action in self._actions:
                if action.isEnabled() and QKeySequence(wanted) in action.shortcuts():
                    action.trigger()
                    return
        super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self.take(Path(url.toLocalFile()))
        event.acceptProposedAction()

    def take(self, path: Path) -> None:
        """Open a photograph; a plugin or a network is offered, as soon as the filters are there."""
        kind = kind_of(path)
        if kind == "photograph":
            self.open(path)
        elif not self.ready:
            self._to_take.append(path)
        elif kind == "network":
            self.add_network(path)
        else:
            self.show_plugins(str(path))

    def ask_and_add_network(self) -> None:
        """Choose a network of the user's own, to make a filter of it."""
        name, _ = QFileDialog.getOpenFileName(
            self, "Add a network", str(Path.home()), "Networks (*.onnx *.ONNX)"
        )
        if name:
            self.add_network(Path(name))

    def add_network(self, path: Path) -> None:
        """Show what a network is and makes of the picture, and make a filter of it if wanted."""
        studio, workspace = self.studio, self.workspace()
        if studio is None:
            self.say("The filters are not loaded yet: try again in a moment.")
            return
        from safelight.gui.networkdialog import NetworkDialog

        document = workspace.session.document if workspace is not None else None
        dialog = NetworkDialog(studio, path, document, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    # -- what can be asked for -----------------------------------------------------------------

    def _make_menus(self) -> None:
        file = self._menu("&File")
        self._new = self._action(file, "&New from generator…", self.ask_and_generate, "Ctrl+N")
        self._new.setToolTip("A picture that a generator makes from nothing")
        self._action(file, "&Open…", self.ask_and_open, QKeySequence.StandardKey.Open)
        self._recent = QMenu("Open &recent", self)
        file.addMenu(self._recent)
        self._recent.aboutToShow.connect(self._fill_recent)
        file.addSeparator()
        self._save = self._action(file, "&Save project", self.save, QKeySequence.StandardKey.Save)
        self._save_as = self._action(file, "Save project &as…", self.save_as, "Ctrl+Shift+S")
        self._export = self._action(file, "&Export…", self.export, "Ctrl+Shift+E")
        self._action(file, "Add a net&work…", self.ask_and_add_network, "")
        file.addSeparator()
        close = self._action(file, "&Close", self._close_front, QKeySequence.StandardKey.Close)
        self._action(file, "&Quit", self.close, "Ctrl+Q")
        edit = self._menu("&Edit")
        self._undo = self._action(edit, "&Undo", self._do_undo, "Ctrl+Z")
        self._redo = self._action(edit, "&Redo", self._do_redo, "Ctrl+Shift+Z")
        self._make_layer_menu(self._menu("&Layer"))
        self._make_select_menu(self._menu("&Select"))
        self._tool_menu = self._menu("T&ools")
        view = self._menu("&View")
        larger = self._canvas_action(view, "Zoom &in", "zoom_in", "Ctrl++")
        larger.setShortcuts([QKeySequence("Ctrl++"), QKeySequence("Ctrl+=")])
        self._canvas_action(view, "Zoom &out", "zoom_out", "Ctrl+-")
        self._canvas_action(view, "&Fit in window", "fit", "Ctrl+0")
        full = self._action(view, "&100 %", self._full_size, "Ctrl+1")
        view.addSeparator()
        self._canvas_action(view, "Rotate view &right", "rotate_right", "Ctrl+]")
        self._canvas_action(view, "Rotate view &left", "rotate_left", "Ctrl+[")
        # No digit: a German keyboard has = above 0, and on a French one digits need Shift.
        self._canvas_action(view, "Le&vel view", "reset_rotation", "Ctrl+Shift+R")
        view.addSeparator()
        self._toggle(view, "Pixel &grid", "show_grid", "Ctrl+'")
        self._toggle(view, "R&ulers", "show_rulers", "Ctrl+R")
        self._toggle(view, "Gui&des", "show_guides", "Ctrl+;")
        self._canvas_action(view, "Clear guides", "clear_guides", "")
        mask = self._toggle(view, "&Mask overlay", "show_mask_overlay", "Q")
        mask.setToolTip("What is selected, or a filter layer's mask, in red over the picture")
        view.addSeparator()
        self._split = self._action(view, "Before and after, &split", self._do_split, "Ctrl+B")
        self._split.setCheckable(True)
        before = self._action(view, "Show &before (hold \\)", self._do_before, "")
        before.setCheckable(True)
        self._before = before
        self._filter_menu = self._menu("Fil&ters")
        self._show_plugins = QAction("&Plugins…", self)
        self._show_plugins.setShortcut("Ctrl+Shift+P")
        self._show_plugins.triggered.connect(lambda _=False: self.show_plugins())
        self._show_plugins.setEnabled(False)
        self._actions.append(self._show_plugins)
        help = self._menu("&Help")
        self._action(help, "&Search commands…", self.search, "Ctrl+K")
        self._action(help, "&Keyboard shortcuts", self._show_shortcuts, "F1")
        self._action(help, "&About Safelight", self._show_about, "")
        self._needs_picture += [
            self._save,
            self._save_as,
            self._export,
            close,
            full,
            self._split,
            before,
        ]
        self._fill_filters()

    def _make_layer_menu(self, menu: QMenu) -> None:
        self._layer_action(menu, "&New layer", "add_layer", "Ctrl+Shift+N")
        self._layer_action(menu, "&Duplicate layer", "duplicate", "Ctrl+J")
        self._layer_action(menu, "De&lete layer", "delete", "")
        menu.addSeparator()
        self._layer_action(menu, "&Group layer", "group", "Ctrl+G")
        self._layer_action(menu, "&Ungroup", "ungroup", "Ctrl+Shift+G")
        self._layer_action(menu, "&Merge down", "merge_down", "Ctrl+E")
        self._layer_action(menu, "&Flatten", "flatten", "")
        menu.addSeparator()
        self._layer_action(menu, "Add or remove mas&k", "toggle_mask", "")
        self._layer_action(menu, "&Invert mask", "invert_mask", "")
        self._layer_action(menu, "&Clip to layer below", "toggle_clip", "Ctrl+Alt+G")

    def _layer_action(self, menu: QMenu, text: str, method: str, shortcut: str) -> None:
        def run() -> None:
            workspace = self.workspace()
            if workspace is not None and not workspace.session.locked:
                getattr(workspace.layers, method)()

        self._needs_picture.append(self._action(menu, text, run, shortcut))

    def _make_select_menu(self, menu: QMenu) -> None:
        self._needs_picture += [
            self._action(menu, "&All", lambda: self._select("select_all"), "Ctrl+A"),
            self._action(menu, "&Deselect", lambda: self._select("deselect"), "Ctrl+D"),
            self._action(menu, "&Invert", lambda: self._select("invert_selection"), "Ctrl+Shift+I"),
            self._action(menu, "&Grow…", lambda: self._ask_to_modify("Grow"), ""),
            self._action(menu, "Shrin&k…", lambda: self._ask_to_modify("Shrink"), ""),
            self._action(menu, "&Feather…", lambda: self._ask_to_modify("Feather"), "Shift+F6"),
        ]

    def _fill_tools(self) -> None:
        """Offer every tool of the list, and what has a key of its own; once pixels have come."""
        if self._tools:
            return
        from safelight.gui.canvas.tools import TOOLS

        for tool in TOOLS:
            if tool.chosen:
                action = self._action(
                    self._tool_menu, tool.title, partial(self._take_tool, tool.id), tool.shortcut
                )
                action.setCheckable(True)
                action.setToolTip(tooltip(tool.hint))
                self._tools[tool.id] = action
                self._needs_picture.append(action)
        self._tool_menu.addSeparator()
        for tool in TOOLS:
            for step in tool.steps:
                run = partial(self._step_tool, tool.id, step.method)
                self._needs_picture.append(
                    self._action(self._tool_menu, step.title, run, step.shortcut)
                )
        self._show_state()

    def _take_tool(self, name: str) -> None:
        """Take a tool in hand, or put it away where it is in hand, on every photograph."""
        front = self.workspace()
        if front is not None:
            name = "hand" if front.canvas.tool.id == name else name
            for workspace in self.workspaces():
                workspace.canvas.take(name)
            self._show_state()

    def _step_tool(self, name: str, method: str) -> None:
        workspace = self.workspace()
        if workspace is not None:
            getattr(workspace.canvas.tools[name], method)()

    def _select(self, name: str) -> None:
        from safelight.document import edits  # not sooner: it brings numpy with it

        self._do(getattr(edits, name)())

    def _ask_to_modify(self, verb: str) -> None:
        """Ask by how many pixels to grow, shrink or feather the selection, and do it."""
        workspace = self.workspace()
        if workspace is None:
            return
        if workspace.session.document.selection is None:
            workspace.messages.say(f"{verb} selection: nothing is selected.", about="selection")
            return
        from safelight.gui.pixelsdialog import PixelsDialog

        question = "Radius in pixels" if verb == "Feather" else f"{verb} by, in pixels"
        dialog = PixelsDialog(f"{verb} selection", question, verb, _FARTHEST, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def chosen(pixels: int) -> None:
            from safelight.document import DECLARED

            self._modified_by[verb] = pixels
            self._do(DECLARED[f"{verb.lower()}_selection"](pixels))

        dialog.chosen.connect(chosen)
        dialog.ask(self._modified_by.get(verb, _FIRST))

    def _do(self, edit: Edit) -> None:
        workspace = self.workspace()
        if workspace is not None:
            workspace.session.do(edit)

    def _menu(self, title: str) -> QMenu:
        menu = QMenu(title, self)
        menu.setToolTipsVisible(True)
        self.menuBar().addMenu(menu)
        return menu

    def _action(self, menu: QMenu, text: str, run: Callable[[], object], shortcut: Any) -> QAction:
        action = QAction(text, self)
        if shortcut:
            action.setShortcut(shortcut)
        action.triggered.connect(lambda _=False: run())
        menu.addAction(action)
        self._actions.append(action)
        return action

    def _canvas_action(self, menu: QMenu, text: str, method: str, shortcut: str) -> QAction:
        def run() -> None:
            workspace = self.workspace()
            if workspace is not None:
                getattr(workspace.canvas, method)()

        action = self._action(menu, text, run, shortcut)
        self._needs_picture.append(action)
        return action

    def _toggle(self, menu: QMenu, text: str, name: str, shortcut: str) -> QAction:
        """An action that switches a mark of every canvas on or off."""

        def run() -> None:
            for workspace in self.workspaces():
                setattr(workspace.canvas, name, action.isChecked())

        action = self._action(menu, text, run, shortcut)
        action.setCheckable(True)
        self._needs_picture.append(action)
        self._marks.append((action, name))
        return action

    def _fill_recent(self) -> None:
        self._recent.clear()
        for path in recent_files():
            action = self._recent.addAction(plain(path.name).replace("&", "&&"))
            action.setToolTip(tooltip(str(path)))
            action.triggered.connect(lambda _=False, path=path: self.open(path))
        if self._recent.isEmpty():
            self._recent.addAction("No recent files").setEnabled(False)
            return
        self._recent.addSeparator()
        self._recent.addAction("Clear").triggered.connect(lambda _=False: forget_files())

    def _fill_filters(self) -> None:
        self._filter_menu.clear()
        self._filter_actions: list[tuple[QAction, Declaration]] = []
        category, menu = None, self._filter_menu
        for item in self.filters:
            if item.category != category:
                category = item.category
                menu = self._filter_menu.addMenu(plain(category).replace("&", "&&"))
                menu.setToolTipsVisible(True)
            action = menu.addAction(plain(item.title).replace("&", "&&") + "…")
            action.setToolTip(tooltip(item.description))
            action.triggered.connect(lambda _=False, item=item: self.open_filter(item))
            action.setEnabled(self.workspace() is not None)
            self._filter_actions.append((action, item))
        generators = self.offers is not None and bool(self.offers.generators)
        self._new.setEnabled(generators)
        self.welcome.new.setVisible(generators)
        if not self.filters:
            text = "No filters are installed" if self.ready else "Looking for filters…"
            self._filter_menu.addAction(text).setEnabled(False)
        self._filter_menu.addSeparator()
        self._filter_menu.addAction(self._show_plugins)

    def show_plugins(self, source: str = "") -> None:
        """The Plugins dialog; ``source`` is what to offer to install there."""
        from safelight.gui.plugindialog import PluginsDialog

        if self.studio is None:
            return
        if self.plugins is None:
            self.plugins = PluginsDialog(self.studio, self)
            self.plugins.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.plugins.finished.connect(self._forget_plugins)
        self.plugins.show()
        self.plugins.activateWindow()
        if source:
            self.plugins.install_from(source)

    def _forget_plugins(self) -> None:
        self._focus_picture()
        self.plugins = None

    def _listed(self, offers: Offers) -> None:
        """Show what the plugins offer now."""
        self.offers = offers
        self._fill_filters()
        for workspace in self.workspaces():
            workspace.show_filters(self.filters)
        self._reloader.start()

    def open_filter(self, declaration: Declaration) -> None:
        """Show a filter's settings beside the photograph in front."""
        workspace = self.workspace()
        if workspace is not None:
            workspace.filters.choose(declaration)

    def search(self) -> None:
        """The command search."""
        from safelight.gui.search import Command, CommandSearch

        commands = [
            Command(f"{item.title}…", f"Filters, {item.category}", "", action.trigger)
            for action, item in self._filter_actions
            if action.isEnabled()
        ]
        for action in self._actions:
            if action.isEnabled():
                parents = [o for o in action.associatedObjects() if isinstance(o, QMenu)]
                place = parents[0].title().replace("&", "") if parents else ""
                name = action.text().replace("&", "")
                shortcut = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
                commands.append(Command(name, place, shortcut, action.trigger))
        dialog = CommandSearch(commands, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        top = self.mapToGlobal(self.rect().center())
        dialog.move(top.x() - dialog.width() // 2, self.mapToGlobal(self.rect().topLeft()).y() + 70)
        dialog.open()

    def save(self, done: Callable[[], object] | None = None) -> None:
        """Save the project in front; asks where when it has no file yet. ``done`` is called when
        it is in the file.
        """
        workspace = self.workspace()
        if workspace is None:
            return
        if workspace.session.files.project is None:
            self.save_as(done)
        else:
            workspace.session.files.save(done=done)

    def save_as(self, done: Callable[[], object] | None = None) -> None:
        """Save the project in front under a name to be chosen."""
        workspace = self.workspace()
        if workspace is None:
            return
        session = workspace.session
        near = session.files.path or Path.home() / "Untitled"
        own = session.files.project.path if session.files.project is not None else None
        path = self._ask_for_name(near.with_suffix(".safelight"), own)
        if path is not None:
            overwrite = path != own and os.path.lexists(path)
            session.files.save(path, lambda: self._saved(path, done), overwrite=overwrite)

    def _ask_for_name(self, proposed: Path, own: Path | None) -> Path | None:
        """Where a project is to be written; what is there and not its ``own`` may be replaced."""
        while True:
            # The dialog would ask about the name as it is typed, which is not what is written.
            name, _ = QFileDialog.getSaveFileName(
                self,
                "Save project",
                str(proposed),
                "Safelight projects (*.safelight)",
                "",
                QFileDialog.Option.DontConfirmOverwrite,
            )
            if not name:
                return None
            path = _as_project(Path(name))
            if path == own or not os.path.lexists(path):
                return path
            answer = self._ask_to_replace(path)
            if answer != "Another name":
                return path if answer == "Replace" else None
            proposed = path

    def _ask_to_replace(self, path: Path) -> str:
        """What to do about a file that is there: "Replace", "Another name" or "Cancel"."""
        box = QMessageBox(self)
        box.setWindowTitle("Save project")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"{plain(path.name)} exists already.")
        box.setInformativeText("What is in it is lost when you replace it.")
        box.addButton("Replace", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton("Another name", QMessageBox.ButtonRole.ActionRole)
        cancel = box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        box.setEscapeButton(cancel)
        box.exec()
        box.deleteLater()
        return (box.clickedButton() or cancel).text()

    def _saved(self, path: Path, done: Callable[[], object] | None) -> None:
        remember_file(path)
        self._fill_recent()
        self._show_state()
        if done is not None:
            done()

    def offer_recovery(self) -> None:
        """Ask what to do with what killed processes have left."""
        from safelight import actions

        folder = actions.state_folder() / "recovery"
        Background(
            self,
            lambda: actions.left_behind(folder),
            lambda found: self._ask_to_recover(found) if found else None,
            lambda error: self.say(f"What was left cannot be looked through: {error}"),
        )

    def _ask_to_recover(self, found: Sequence[Left]) -> None:
        from safelight import actions

        names = ", ".join(left.name for left in found)
        box = QMessageBox(self)
        box.setWindowTitle("Safelight")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(plain(f"Safelight ended without closing {names}."))
        box.setInformativeText("The edits up to a few seconds before are still there.")
        recover = box.addButton("Recover", QMessageBox.ButtonRole.AcceptRole)
        discard = box.addButton("Discard", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton("Later", QMessageBox.ButtonRole.RejectRole)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def answered() -> None:
            if box.clickedButton() is recover:
                for left in found:
                    self._recover(left)
            elif box.clickedButton() is discard:
                for left in found:
                    actions.remove(left.path)

        box.finished.connect(answered)
        box.open()

    def _recover(self, left: Left) -> None:
        def load() -> Loaded:
            from safelight.gui.loaded import recover_for_the_screen

            return recover_for_the_screen(left)

        Background(
            self, load, lambda loaded: self._add(loaded, left.original), lambda e: self.say(str(e))
        )

    def export(self) -> None:
        """The Export dialog for the photograph in front."""
        from safelight.gui.export_dialog import ExportDialog

        workspace = self.workspace()
        if workspace is None:
            return
        session = workspace.session
        document = session.document
        formats = self.offers.exporters if self.offers is not None else ()
        dialog = ExportDialog(
            document, session.files.path, self, studio=self.studio, formats=formats
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def ran(running: bool) -> None:
            if running:
                self._exporting.add(session)
            else:
                self._exporting.discard(session)

        def done() -> None:
            exported = dialog.exported
            assert exported is not None
            session.files.mark_exported(document, exported.path)
            from safelight.gui.text import file_size

            workspace.line.mention(f"Exported to {exported.path} ({file_size(exported.bytes)}).")
            if exported.notes:
                workspace.messages.say("\n".join(exported.notes), about="export")
            else:
                workspace.messages.settle("export")

        dialog.ran.connect(ran)
        dialog.accepted.connect(done)
        dialog.open()

    def _close_front(self) -> None:
        self.close_tab(self.tabs.currentIndex())

    def _do_undo(self) -> None:
        workspace = self.workspace()
        if workspace is not None:
            workspace.session.undo()

    def _do_redo(self) -> None:
        workspace = self.workspace()
        if workspace is not None:
            workspace.session.redo()

    def _full_size(self) -> None:
        workspace = self.workspace()
        if workspace is not None:
            workspace.canvas.full_size()

    def _do_split(self) -> None:
        workspace = self.workspace()
        if workspace is not None:
            workspace.canvas.set_split(self._split.isChecked())

    def _do_before(self) -> None:
        workspace = self.workspace()
        if workspace is not None:
            workspace.canvas.show_before(self._before.isChecked())

    def _show_shortcuts(self) -> None:
        native = QKeySequence.SequenceFormat.NativeText
        lines = [
            f"{action.shortcut().toString(native)}   {action.text().replace('&', '')}"
            for action in self._actions
            if not action.shortcut().isEmpty()
        ]
        lines += [
            "\\ (held)   The picture as it was",
            "Wheel   Zoom at the pointer",
            "Drag   Move the picture (anywhere, with Space held)",
            "Arrows   Move the picture",
            "Double click   Whole picture, or 100 %",
            "Brush, Alt held   Erase (an eraser: paint)",
            "Brush, Shift and click   A straight line from the last stroke",
            "Return, Escape   Apply or leave a filter",
        ]
        self._tell("Keyboard shortcuts", "\n".join(lines))

    def _show_about(self) -> None:
        from safelight import __version__

        self._tell(
            "About Safelight",
            f"Safelight {__version__}\n\nA photo editor whose filters are neural networks that"
            " anyone can add.\nNothing you open leaves this computer.\n\nApache License 2.0",
        )

    def _tell(self, title: str, text: str) -> None:
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle(title)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(text)
        box.open()

    # -- status --------------------------------------------------------------------------------

    def _make_status(self) -> QFrame:
        frame = QFrame()
        frame.setObjectName("status")
        row = QHBoxLayout(frame)
        row.setContentsMargins(12, 4, 12, 5)
        row.setSpacing(18)
        self.zoom, self.size_label, self.depth_label, self.profile = (QLabel() for _ in range(4))
        self.device = QLabel("")
        for label in (self.zoom, self.size_label, self.depth_label, self.profile):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setObjectName("dim")
            row.addWidget(label)
        self.zoom.setMinimumWidth(52)
        self.hint = QLabel("")
        self.notice = QLabel("")
        for label in (self.hint, self.notice):
            # A long sentence does not make the window wider: its end is in the tooltip.
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            label.setObjectName("dim")
            label.setTextFormat(Qt.TextFormat.PlainText)
            row.addWidget(label, 1)
        self.notice.hide()  # until there is one, all room is the hint's
        self.device.setTextFormat(Qt.TextFormat.PlainText)
        self.device.setObjectName("dim")
        row.addWidget(self.device)
        return frame

    def _show_state(self) -> None:
        """Bring title, status line and actions in line with the photograph in front."""
        workspace = self.workspace()
        self._pages.setCurrentIndex(1 if self.tabs.count() else 0)
        for action in self._needs_picture:
            action.setEnabled(workspace is not None)
        for action, _ in self._filter_actions:
            action.setEnabled(workspace is not None)
        if workspace is None:
            self._show_nothing()
            return
        session, document = workspace.session, workspace.session.document
        for action, ready, word in (
            (self._undo, session.history.can_undo, "Undo"),
            (self._redo, session.history.can_redo, "Redo"),
        ):
            action.setEnabled(ready and not session.locked)
            action.setText(f"&{word}")
        for action, name in self._marks:
            action.setChecked(getattr(workspace.canvas, name))
        for name, action in self._tools.items():
            action.setChecked(workspace.canvas.tool.id == name)
        self.hint.setText(workspace.canvas.tool.hint)
        self.hint.setToolTip(tooltip(workspace.canvas.tool.hint))
        self._split.setChecked(workspace.canvas.split is not None)
        self._before.setChecked(workspace.canvas.showing_before)
        self.zoom.setText(f"{workspace.canvas.view.zoom * 100:.3g} %")
        self.size_label.setText(size(document.width, document.height))
        self.depth_label.setText(_DEPTHS[document.depth])
        self.profile.setText(plain(document.profile.name))
        for item in self.workspaces():
            index, text = self.tabs.indexOf(item), plain(item.title).replace("&", "&&")
            if self.tabs.tabText(index) != text:
                self.tabs.setTabText(index, text)
            self._mark(index, item)
        self.setWindowTitle(f"{plain(workspace.title)} — Safelight")

    def _mark(self, index: int, workspace: Workspace) -> None:
        """Show on the tab of a photograph that is not in front that there is something to read."""
        waiting = workspace.messages.open if index != self.tabs.currentIndex() else ()
        if self.tabs.tabIcon(index).isNull() == bool(waiting):
            self.tabs.setTabIcon(index, icon("notice") if waiting else QIcon())
        lines = [str(workspace.session.files.path or ""), *(message.text for message in waiting)]
        tip = plain("\n".join(line for line in lines if line), lines=True)
        if self.tabs.tabToolTip(index) != tip:
            self.tabs.setTabToolTip(index, tip)

    def _show_nothing(self) -> None:
        for label in (self.zoom, self.depth_label, self.profile, self.hint):
            label.setText("")
        self.size_label.setText("Opening…" if self._opening or self._arriving else "")
        self._undo.setEnabled(False)
        self._redo.setEnabled(False)
        self.setWindowTitle("Safelight")


def _as_project(path: Path) -> Path:
    """The name under which a project is written: without the suffix it could not be opened."""
    from safelight import actions

    return path if actions.is_project(path) else path.with_name(f"{path.name}.safelight")


def unsaved_words(session: Session) -> str:
    """What of a photograph is in no project, and where it was exported to."""
    name = plain(session.files.name)
    if session.files.exported is None:
        where = "in no file" if session.files.project is None else "not in its project"
        return f"{name} has edits that are {where}."
    document, path = session.files.exported
    state = (
        "was exported to" if document is session.document else "has been edited since it went to"
    )
    lost = "its layers and its history are in no project"
    if session.files.project is not None:
        lost = "its last edits are not in its project"
    return f"{name} {state} {plain(str(path))}, but {lost}."


_MOST_LINES = 6
"""Photographs that a question lists; of more it says how many."""


def _one_a_line(sentences: Sequence[str]) -> str:
    shown = list(sentences[:_MOST_LINES])
    if len(sentences) > _MOST_LINES:
        shown.append(f"And {len(sentences) - _MOST_LINES} more.")
    return "\n".join(shown)
