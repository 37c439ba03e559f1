"""Plugins dialog: the list of plugins, what the chosen one is, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from safelight.actions import Studio
from safelight.actions.plugins.pip import Stopped
from safelight.actions.plugins.plugin_list import Listed, completed, listed
from safelight.actions.plugins.plugin_store import Installed
from safelight.actions.plugins.plugin_updates import Update, UpdateCheck
from safelight.gui.notices import MessageBar
from safelight.gui.plugins.index_page import IndexPage
from safelight.gui.plugins.install_page import InstallPage
from safelight.gui.plugins.plugin_shelf import Shelf
from safelight.gui.plugins.plugin_text import Facts
from safelight.gui.threads.background import Background, Mailbox
from safelight.gui.widgets.shown_text import plain, tooltip
from safelight.workers.confinement.sandbox import Protection, available

_SAFE = (
    "Safelight was started in safe mode: only built-in plugins run. Start it without --safe-mode"
    " to use the others."
)


class PluginsDialog(QDialog):
    """Shows the plugins of a studio, which tells whoever listens when they have changed."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Plugins")
        self.setAcceptDrops(True)
        self.resize(940, 620)
        self.studio = studio
        self._protection = Protection(files=False, network=False)
        self._updates: dict[str, Update] = {}
        self._round = 0
        self._check: UpdateCheck | None = None
        self._waiting = ""
        self._loaded = False
        self._mailbox = Mailbox(self, self._told)
        self.shelf = Shelf()
        self.facts = Facts("About the plugin")
        self.message = MessageBar()
        self.note = QLabel(_SAFE)
        self.note.setWordWrap(True)
        self.note.setVisible(studio.safe)
        self.page = InstallPage(studio)
        self.index = IndexPage()
        self.find_button = _button("Find…", self.browse)
        self.install = _button("Install…", self.ask_to_install)
        self.check = _button("Check for updates", self._check_or_stop)
        self.switch = _button("Disable", self._switch)
        self.update_button = _button("Update…", self._update)
        self.go_back = _button("Go back", self._go_back)
        self.uninstall = _button("Uninstall…", self._ask_to_uninstall)
        self.close_button = _button("Close", self.reject)
        self._lay_out()
        self.shelf.chosen.connect(self._show_chosen)
        self.page.left.connect(self._show_list)
        self.index.left.connect(self._show_list)
        self.index.chosen.connect(self.install_from)
        self.page.installed.connect(self._installed)
        self._show_chosen()
        self._load()

    def ask_to_install(self) -> None:
        """The page that asks what to install."""
        self._pages.setCurrentWidget(self.page)
        self.page.ask()

    def browse(self) -> None:
        """The page of an index of plugins."""
        self._pages.setCurrentWidget(self.index)
        self.index.begin({item.name: item.version for item in self.shelf.installed()})

    def install_from(self, source: str) -> None:
        """Look up a source that was dropped, and offer it; once what there is is known."""
        if not self._loaded:
            self._waiting = source
        elif not self.page.busy:
            self._pages.setCurrentWidget(self.page)
            self.page.start(source)

    # -- making --------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.shelf.setMinimumWidth(170)
        self.facts.setMinimumSize(280, 150)
        self.splitter.addWidget(self.shelf)
        self.splitter.addWidget(self._chosen_side())
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(12)
        self.splitter.setSizes([300, 600])
        self.splitter.setStretchFactor(1, 1)
        below = QHBoxLayout()
        below.addWidget(self.find_button)
        below.addWidget(self.install)
        below.addWidget(self.check)
        below.addStretch(1)
        below.addWidget(self.close_button)
        overview = QWidget()
        column = QVBoxLayout(overview)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.note)
        column.addWidget(self.message)
        column.addWidget(self.splitter, 1)
        column.addLayout(below)
        self._pages = QStackedWidget()
        self._pages.addWidget(overview)
        self._pages.addWidget(self.page)
        self._pages.addWidget(self.index)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.addWidget(self._pages)

    def _chosen_side(self) -> QWidget:
        """What the chosen plugin is, and below it what can be done with it."""
        side = QFrame()
        side.setObjectName("panel")
        buttons = QHBoxLayout()
        buttons.setContentsMargins(14, 0, 14, 12)
        for button in (self.switch, self.update_button, self.go_back, self.uninstall):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.facts, 1)
        column.addLayout(buttons)
        return side

    # -- showing -------------------------------------------------------------------------------

    def _load(self, chosen: str = "", said: str = "") -> None:
        """Read what there is, on a thread; then choose a plugin and say a sentence."""
        studio = self.studio
        self._round += 1
        current = self._round

        def read() -> tuple[Sequence[Listed], Protection]:
            studio.look_again()
            return listed(studio.offers()), available()

        def show(found: tuple[Sequence[Listed], Protection]) -> None:
            entries, self._protection = found
            self.shelf.show_plugins(entries, self._updates)
            self.shelf.choose(chosen)
            if said:
                self.message.say(said)
            self._start(entries)
            Background(self, lambda: completed(entries), complete, self._say)

        def complete(entries: Sequence[Listed]) -> None:
            if current == self._round:
                self.shelf.show_plugins(entries, self._updates)

        Background(self, read, show, self._say)

    def _start(self, entries: Sequence[Listed]) -> None:
        """What there is is known now: offer what has been waiting for that."""
        self._loaded = True
        own = [item.plugin for item in entries if item.built_in]
        self.page.reserved = [item for plugin in own for item in plugin.offered]
        source, self._waiting = self._waiting, ""
        if source:
            self.install_from(source)

    def _show_chosen(self) -> None:
        entry = self.shelf.current()
        mine = entry is not None and not entry.built_in
        for button in (self.switch, self.update_button, self.uninstall):
            button.setVisible(mine)
        self.go_back.setVisible(mine and entry is not None and bool(entry.earlier))
        if entry is None:
            self.facts.clear()
            return
        plugin = entry.plugin
        update = self._updates.get(plugin.name)
        self.switch.setText("Disable" if plugin.enabled else "Enable")
        self.switch.setEnabled(not plugin.fault)
        self.go_back.setToolTip(tooltip(f"To version {entry.earlier}"))
        self.facts.show_plugin(entry, self._protection, update)

    def _show_list(self) -> None:
        self._pages.setCurrentIndex(0)
        self.shelf.list.setFocus()

    def _say(self, error: Exception) -> None:
        self.message.say(str(error))

    def _set_busy(self, on: bool) -> None:
        for button in (self.switch, self.update_button, self.go_back, self.uninstall, self.install):
            button.setEnabled(not on)

    # -- doing ---------------------------------------------------------------------------------

    def _change(self, name: str, work: Callable[[], object], said: str) -> None:
        """Change the store on a thread, a plugin's workers ended before."""
        studio = self.studio
        self._set_busy(True)

        def change() -> None:
            studio.release(name)
            work()

        def done(_: Any) -> None:
            self._set_busy(False)
            self._updates.pop(name, None)
            self._load(name, said)

        def failed(error: Exception) -> None:
            self._set_busy(False)
            self._load(name, str(error))

        Background(self, change, done, failed)

    def _chosen(self) -> Installed:
        entry = self.shelf.current()
        assert entry is not None
        return entry.plugin

    def _switch(self) -> None:
        plugin, store = self._chosen(), self.studio.store
        on = not plugin.enabled
        said = f"{plugin.name} is {'enabled' if on else 'disabled'}."
        self._change(plugin.name, lambda: store.set_enabled(plugin.name, on), said)

    def _go_back(self) -> None:
        entry, store = self.shelf.current(), self.studio.store
        assert entry is not None
        name = entry.plugin.name
        self._change(name, lambda: store.undo(name), f"{name} is {entry.earlier} again.")

    def _update(self) -> None:
        self._pages.setCurrentWidget(self.page)
        self.page.update_plugin(self._chosen())

    def _ask_to_uninstall(self) -> None:
        plugin, store = self._chosen(), self.studio.store
        box = QMessageBox(self)
        box.setWindowTitle("Plugins")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(plain(f"Uninstall {plugin.name} {plugin.version}?"))
        box.setInformativeText(
            "What its filters have made of your pictures is kept. A job of it that runs is stopped."
        )
        uninstall = box.addButton("Uninstall", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton("Keep", QMessageBox.ButtonRole.RejectRole))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def answered() -> None:
            if box.clickedButton() is uninstall:
                name = plugin.name
                self._change(name, lambda: store.uninstall(name), f"{name} is uninstalled.")

        box.finished.connect(answered)
        box.open()

    def _installed(self, plugin: Installed) -> None:
        self._updates.pop(plugin.name, None)
        self._show_list()
        off = "" if plugin.enabled else " It is still disabled."
        self._load(plugin.name, f"{plugin.name} {plugin.version} is installed.{off}")

    # -- updates -------------------------------------------------------------------------------

    def _check_or_stop(self) -> None:
        if self._check is not None:
            self._check.cancel()
            self.check.setEnabled(False)
            return
        studio, reserved = self.studio, self.page.reserved
        self._check = check = UpdateCheck(
            studio.store, self.shelf.installed(), reserved=reserved, told=self._mailbox.post
        )
        self.check.setText("Stop checking")
        Background(self, check.run, self._checked, self._not_checked)

    def _told(self, text: str) -> None:
        if self._check is not None:
            self.message.say(f"{text} …")

    def _checked(self, found: Sequence[Update]) -> None:
        self._end_check()
        self._updates = {item.plugin: item for item in found}
        entry = self.shelf.current()
        chosen = entry.plugin.name if entry is not None else ""
        self._load(chosen, _summed_up(found))

    def _not_checked(self, error: Exception) -> None:
        self._end_check()
        self.message.say("Checking was stopped." if isinstance(error, Stopped) else str(error))

    def _end_check(self) -> None:
        self._check = None
        self.check.setText("Check for updates")
        self.check.setEnabled(True)

    # -- dropping and closing ------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if len(_dropped(event)) == 1 and not self.page.busy:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.install_from(str(_dropped(event)[0]))
        event.acceptProposedAction()

    def reject(self) -> None:
        """Escape: one step back, and out of the list."""
        if self._pages.currentWidget() is self.page:
            self.page.leave()
        elif self._pages.currentWidget() is self.index:
            self._show_list()
        else:
            self._stop()
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._pages.setCurrentIndex(0)
        super().closeEvent(event)

    def _stop(self) -> None:
        self.page.stop()
        if self._check is not None:
            self._check.cancel()


def _summed_up(found: Sequence[Update]) -> str:
    """What looking for updates found, in a sentence or two."""
    if not found:
        return "There is nothing to check: no plugin is installed beside the built-in ones."
    newer = [f"{item.plugin} {item.version}" for item in found if item.version]
    unknown = [item.plugin for item in found if item.fault]
    parts = [f"There is something newer: {', '.join(newer)}."] if newer else []
    if unknown:
        parts.append(f"Could not be checked (each says why): {', '.join(unknown)}.")
    return " ".join(parts) or "All installed plugins are the newest there are."


def _dropped(event: QDropEvent) -> list[Path]:
    urls = event.mimeData().urls()
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]


def _button(text: str, run: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _=False: run())
    return button
