"""Install page: name a plugin, see what installing it would add, say yes or no."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from safelight.actions import Studio
from safelight.actions.plugins.installation_offer import Offer
from safelight.actions.plugins.plugin_index import BUNDLE
from safelight.actions.plugins.plugin_store import Installed, Offered
from safelight.gui.notices import MessageBar
from safelight.gui.plugins.installation import Installation
from safelight.gui.plugins.plugin_text import Facts
from safelight.gui.widgets.shown_text import plain

_HINT = (
    "Give the name of a package on your index, or a Git address. Or choose a file or a folder, or"
    " drop it here. Nothing is added before you have seen what it is."
)


class _State(Enum):
    ASKING = auto()
    WORKING = auto()
    OFFERED = auto()


class InstallPage(QWidget):
    """``left`` says that the user wants back to the list, ``installed`` that a plugin was."""

    left = Signal()
    installed = Signal(object)

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reserved: Sequence[Offered] = ()
        self._studio = studio
        self._installation: Installation | None = None
        self._state = _State.ASKING
        self._upgrade = False
        self.title = QLabel()
        self.title.setObjectName("title")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        self.title.setMinimumWidth(1)
        self.hint = QLabel(_HINT)
        self.hint.setObjectName("dim")
        self.hint.setWordWrap(True)
        self.source = QLineEdit()
        self.source.setPlaceholderText("candlelight, or https://example.org/candlelight.git")
        self.source.setAccessibleName("Package, Git address, file or folder")
        self.source.textChanged.connect(lambda _: self._show_ready())
        self.file = _button("File…", "Choose a wheel, a zip or a bundle", self._choose_file)
        self.folder = _button("Folder…", "Choose a folder with sources", self._choose_folder)
        self.offer = Facts("What would be added")
        self.message = MessageBar()
        self.progress = QLabel()
        self.progress.setTextFormat(Qt.TextFormat.PlainText)
        self.progress.setWordWrap(True)
        self.progress.setMinimumWidth(1)
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress")
        self.look_up = _button("Look up", "Show what would be added", self._start)
        self.install = _button("Install", "Add what is shown", self._install)
        self.cancel = _button("Back", "", self.leave)
        self._lay_out()

    def ask(self) -> None:
        """Begin with an empty field."""
        self._begin("Install a plugin", upgrade=False)
        self.source.clear()
        self._show(_State.ASKING)

    def start(self, source: str) -> None:
        """Look up a source that has been dropped or chosen."""
        self._begin("Install a plugin", upgrade=False)
        self.source.setText(source)
        self._start()

    def update_plugin(self, plugin: Installed) -> None:
        """Look up what is newer where a plugin came from."""
        self._begin(f"Update {plugin.name}", upgrade=True)
        self.source.setText(plugin.source or plugin.name)
        self._start()

    @property
    def busy(self) -> bool:
        """Whether something is looked up, offered or installed."""
        return self._installation is not None

    def stop(self) -> None:
        """Give up whatever is under way; nothing has changed."""
        if self._installation is not None:
            self._show(_State.WORKING)
            self.progress.setText("Stopping…")
            self.cancel.setEnabled(False)
            self._installation.stop()

    def leave(self) -> None:
        """Go one step back: from what is under way to the field, from there to the list."""
        if self.busy:
            self.stop()
        else:
            self.left.emit()

    # -- making --------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._field = QWidget()
        row = QHBoxLayout(self._field)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.source, 1)
        row.addWidget(self.file)
        row.addWidget(self.folder)
        self._work = QWidget()
        work = QVBoxLayout(self._work)
        work.setContentsMargins(0, 0, 0, 0)
        work.addWidget(self.progress)
        work.addWidget(self.bar)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.cancel, self.look_up, self.install):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.title)
        column.addWidget(self.hint)
        column.addWidget(self._field)
        column.addWidget(self.message)
        column.addWidget(self.offer, 1)
        column.addWidget(self._work)
        column.addStretch(0)
        column.addLayout(buttons)

    # -- showing -------------------------------------------------------------------------------

    def _begin(self, title: str, *, upgrade: bool) -> None:
        self._upgrade = upgrade
        self.title.setText(plain(title))
        self.install.setText("Update" if upgrade else "Install")
        self.message.hide()

    def _show(self, state: _State) -> None:
        """Show what can be done now, and put the focus there."""
        self._state = state
        asking, offered = state is _State.ASKING, state is _State.OFFERED
        self.hint.setVisible(asking and not self._upgrade)
        self._field.setVisible(not offered and not self._upgrade)
        self._field.setEnabled(asking)
        self.offer.setVisible(offered)
        self._work.setVisible(state is _State.WORKING)
        self.look_up.setVisible(asking)
        self.look_up.setDefault(asking)
        self.look_up.setText("Try again" if self._upgrade else "Look up")
        self.install.setVisible(offered)
        self.cancel.setText("Back" if asking else "Cancel")
        self.cancel.setEnabled(True)
        self._show_ready()
        # Not on Install: what is offered wants to be read before a key says yes.
        focus: QWidget = self.offer if offered else self.cancel
        if asking:
            focus = self.look_up if self._upgrade else self.source
        focus.setFocus()

    def _show_ready(self) -> None:
        self.look_up.setEnabled(bool(self.source.text().strip()))

    # -- doing ---------------------------------------------------------------------------------

    def _start(self) -> None:
        source = self.source.text().strip()
        if self.busy or not source:
            return
        self.message.hide()
        installation = Installation(
            self._studio, source, self, reserved=self.reserved, upgrade=self._upgrade
        )
        installation.told.connect(self._told)
        installation.offered.connect(self._offered)
        installation.newest.connect(self._newest)
        installation.installed.connect(self._done)
        installation.failed.connect(self._failed)
        installation.stopped.connect(self._ended)
        self._installation = installation
        self.progress.setText("Starting…")
        self._show(_State.WORKING)
        installation.look_up()

    def _install(self) -> None:
        if self._installation is not None and self._state is _State.OFFERED:
            self._show(_State.WORKING)
            self._installation.install()

    def _told(self, text: str) -> None:
        if self.cancel.isEnabled():  # else it is being stopped
            self.progress.setText(plain(f"{text} …"))

    def _offered(self, offer: Offer) -> None:
        self.offer.show_offer(offer)
        if offer.grown:
            self.install.setText("Allow and update")
        if offer.question:
            self.install.setText("Trust the new key and install")
        self._show(_State.OFFERED)

    def _newest(self, offer: Offer) -> None:
        self.message.say(f"{offer.name} {offer.version} is the newest there is.")

    def _done(self, plugin: Installed) -> None:
        self._ended()
        self.installed.emit(plugin)

    def _failed(self, reason: str) -> None:
        self._ended()
        self.message.say(reason)

    def _ended(self) -> None:
        if self._installation is not None:
            self._installation.deleteLater()
            self._installation = None
        self._show(_State.ASKING)

    def _choose_file(self) -> None:
        endings = f"*.whl *.zip *{BUNDLE}"
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Choose a plugin", str(Path.home()), f"Plugins ({endings});;All files (*)"
        )
        if chosen:
            self.start(chosen)

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Choose a plugin's folder")
        if chosen:
            self.start(chosen)


def _button(text: str, tip: str, run: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _=False: run())
    return button
