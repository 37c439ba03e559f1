"""Open files: photographs, projects, what a killed process left, what is generated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox

from safelight.gui.open_and_save.develop_raw import Asking
from safelight.gui.open_and_save.photograph_arrivals import Arrivals
from safelight.gui.open_and_save.samples_and_recent_files import recent_files, remember_file
from safelight.gui.photograph_tabs import Tabs, labelled
from safelight.gui.threads.after_paint import load_decoder
from safelight.gui.threads.backend import BackEnd
from safelight.gui.threads.background import Background, Mailbox
from safelight.gui.threads.told_progress import ToldProgress
from safelight.gui.widgets.shown_text import plain
from safelight.gui.window_state import last_around

FILMS = (".webm", ".mkv", ".mp4", ".mov", ".m4v", ".avi")
"""What the names of films end in; which of them open, their coders say."""

_PAUSE = 400
"""Milliseconds that opening a file takes at least of which is shown how far it is."""

if TYPE_CHECKING:
    from safelight.actions import Left, Opened
    from safelight.gui.dialogs.new_dialog import NewDialog
    from safelight.gui.folder.open_ahead import Ahead
    from safelight.gui.open_and_save.loaded_files import Loaded
    from safelight.gui.open_and_save.raw_draft import Draft, Wanted
    from safelight.gui.previews.first_look import FirstLook
    from safelight.gui.workspace import Workspace


class Opening(QObject):
    """Opens in tabs, on threads; ``count`` files are on their way.

    ``changed`` tells that others are, ``opened`` that one has been, ``said`` why one has not.
    ``further`` tells that more of one is there, ``stopped`` which the user wanted no more.
    """

    changed = Signal()
    opened = Signal()
    said = Signal(str)
    further = Signal()
    stopped = Signal(str)

    def __init__(self, tabs: Tabs, backend: BackEnd, arrivals: Arrivals) -> None:
        super().__init__(tabs)
        self._tabs = tabs
        self._backend = backend
        self._arrivals = arrivals
        self.count = 0
        self._coming: dict[ToldProgress, bool] = {}  # and whether it takes a while
        self.ahead: Ahead | None = None
        self.asking = Asking(tabs.window)

    def ask(self) -> None:
        """The Open dialog."""
        load_decoder()  # while the user looks for a file
        endings, folder = self.known_endings(), self.last_folder()
        names, _ = QFileDialog.getOpenFileNames(
            self._tabs.window(),
            "Open photographs",
            folder,
            f"Photographs and projects ({endings});;All files (*)",
        )
        for name in names:
            self.open(Path(name))

    def known_endings(self) -> str:
        """What the names of photographs and projects end in, as a file dialog is told it."""
        from safelight import actions

        ours = (ending for codec in actions.CODECS for ending in codec.suffixes)
        endings = " ".join(f"*{ending}" for ending in (*ours, *FILMS, ".safelight"))
        offers = self._backend.offers
        theirs = offers.importers if offers is not None else ()
        endings += "".join(f" *{end}" for x in theirs for end in x.suffixes)
        return f"{endings} {endings.upper()}"

    def last_folder(self) -> str:
        """The folder of the file that was opened last, else the user's own."""
        recent = recent_files()
        return str(recent[0].parent) if recent else str(Path.home())

    def show(self, loaded: Loaded) -> None:
        """Show what comes from no file in a tab of its own."""
        self._arrivals.add(loaded, None)

    @property
    def coming(self) -> Sequence[ToldProgress]:
        """Files that take a while and say how far they are, in the order in which they were asked
        for.
        """
        return [one for one, takes_a_while in self._coming.items() if one.said and takes_a_while]

    def cancel(self) -> None:
        """Open the first of those that are coming no further."""
        for one in self.coming[:1]:
            one.cancel()

    def open(
        self, path: Path, ended: Callable[[Workspace | None], object] = lambda _: None
    ) -> None:
        """Open a photograph in a tab of its own, on a thread; ``ended`` is given its workspace once
        it is in that, or None where it does not come.
        """
        self.count += 1
        self.changed.emit()
        look: FirstLook | None = None
        seen_in = self._tabs.window()
        seen = seen_in.size() * seen_in.devicePixelRatioF()
        room = seen.width(), seen.height()
        # Before that its code is still being loaded, in turns.
        workspace = self._arrivals.begin() if self._backend.loaded else None

        def show(opened: Opened) -> None:
            nonlocal look
            look = self._look(opened, path)

        def load() -> Loaded | Draft:
            from safelight.gui.open_and_save.loaded_files import draft_of, open_for_the_screen

            hear = coming.hear
            there = self.ahead.take(path, hear) if self.ahead is not None else None
            if there is not None:
                return there
            draft = draft_of(path)
            if draft is not None:
                return draft
            importers = self._backend.importers
            return open_for_the_screen(path, importers, post.post, room=room, hear=hear)

        def develop(wanted: Wanted | None) -> None:
            if wanted is None:
                self._end(post, coming)
                if workspace is not None:
                    self._arrivals.give_up(workspace)
                self.changed.emit()
                ended(None)
                return

            def developed() -> Loaded:
                from safelight.gui.open_and_save.loaded_files import open_for_the_screen

                return open_for_the_screen(path, self._backend.importers, post.post, wanted)

            Background(self, developed, done, failed)

        def done(loaded: Loaded | Draft) -> None:
            from safelight.gui.open_and_save.loaded_files import Loaded

            if not isinstance(loaded, Loaded):
                self.asking.ask(loaded, path.name, develop)
                return
            self._end(post, coming)
            remember_file(path)
            self.opened.emit()
            if look is None or self._tabs.holds(look):
                self._arrivals.add(loaded, path, look, workspace, ended)
                return
            if workspace is not None:
                self._arrivals.give_up(workspace)
            ended(None)

        def failed(error: Exception) -> None:
            self._end(post, coming)
            self._not_opened(error, path, workspace, look)
            ended(None)

        post = Mailbox(self, show)
        coming = ToldProgress(self, f"Opening {path.name}", self.further.emit)
        self._coming[coming] = False
        QTimer.singleShot(_PAUSE, self, lambda: self._takes_a_while(coming))
        Background(self, load, done, failed)

    def _takes_a_while(self, coming: ToldProgress) -> None:
        if coming in self._coming:
            self._coming[coming] = True
            self.further.emit()

    def _end(self, post: Mailbox, coming: ToldProgress) -> None:
        self.count -= 1
        post.close()
        coming.end()
        del self._coming[coming]
        self.further.emit()

    def _not_opened(
        self,
        error: Exception,
        path: Path,
        workspace: Workspace | None,
        look: FirstLook | None,
    ) -> None:
        from safelight.actions import Cancelled

        if workspace is not None:
            self._arrivals.give_up(workspace)
        if look is not None and self._tabs.holds(look):
            self._tabs.removeTab(self._tabs.indexOf(look))
        self.changed.emit()
        if isinstance(error, Cancelled):
            self.stopped.emit(f"{path.name} was not opened: you stopped it.")
        else:
            self.said.emit(str(error))

    def _look(self, opened: Opened, path: Path) -> FirstLook:
        """A first look, in its tab, where the photograph will be."""
        from safelight.gui.previews.first_look import FirstLook

        front = self._tabs.front()
        look = FirstLook(opened, last_around() if front is None else front.around)
        self._tabs.addTab(look, "")
        self._tabs.furnish(look, path)
        self.changed.emit()
        look.canvas.setFocus()
        self._tabs.setTabText(self._tabs.indexOf(look), labelled(look.title))
        return look

    # -- what begins with no file --------------------------------------------------------------

    def ask_for_new(self) -> None:
        """Ask for a page or a generator and a size, and make a picture of that alone."""
        from safelight.gui.dialogs.new_dialog import NewDialog

        offers = self._backend.offers
        dialog = NewDialog(() if offers is None else offers.generators, self._tabs.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._begin(dialog))
        dialog.open()

    def _begin(self, dialog: NewDialog) -> None:
        from safelight.actions import History
        from safelight.actions.new_documents import empty_page, to_be_generated
        from safelight.gui.open_and_save.loaded_files import Loaded

        declaration, sides = dialog.declaration, dialog.sides
        if declaration is None:
            document = empty_page(*sides, dialog.ground, dialog.dpi)
            self._arrivals.add(Loaded(History.start(document, "New")), None)
            return
        document = to_be_generated(declaration, *sides, dialog.dpi)
        self._arrivals.add(
            Loaded(History.start(document, "New")),
            None,
            done=lambda workspace: workspace.session.jobs.refresh(document.layers[0].id),
        )

    # -- what a killed process left ------------------------------------------------------------

    def offer_recovery(self) -> None:
        """Ask what to do with what killed processes have left."""
        from safelight import actions

        folder = actions.state_folder() / "recovery"
        Background(
            self,
            lambda: actions.left_behind(folder),
            lambda found: self._ask_to_recover(found) if found else None,
            lambda error: self.said.emit(f"What was left cannot be looked through: {error}"),
        )

    def _ask_to_recover(self, found: Sequence[Left]) -> None:
        from safelight import actions

        names = ", ".join(left.name for left in found)
        box = QMessageBox(self._tabs.window())
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
            from safelight.gui.open_and_save.loaded_files import recover_for_the_screen

            return recover_for_the_screen(left)

        Background(
            self,
            load,
            lambda loaded: self._arrivals.add(loaded, left.original),
            lambda error: self.said.emit(str(error)),
        )
