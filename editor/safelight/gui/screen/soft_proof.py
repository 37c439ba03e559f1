"""Soft proof: the screen, and the print, whose colours the window shows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QFileDialog, QMainWindow

from safelight.gui.open_and_save.samples_and_recent_files import settings
from safelight.gui.threads.background import Background
from safelight.gui.widgets.shown_text import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QScreen

    from safelight.actions.screen_colours import Proof
    from safelight.api import Value
    from safelight.gui.dialogs.command_dialog import CommandDialog
    from safelight.gui.notices import Messages

_USED, _FILE = "screen/monitor", "screen/file"


class Proofing(QObject):
    """What colours are shown on. Remembers whether the monitor's profile counts, and which file is
    taken instead of the one that the system has.

    ``print`` is the print that was set up last; it is shown while ``proofs``.
    """

    def __init__(
        self, window: QMainWindow, messages: Messages, changed: Callable[[], object]
    ) -> None:
        super().__init__(window)
        self._window, self._messages, self._changed = window, messages, changed
        self._screen: QScreen | None = None
        self.print: Proof | None = None
        self.proofs = self.marks = False
        self.dialog: CommandDialog | None = None

    def wake(self) -> None:
        """Pixels have come: show them on the screen that the window is on, and follow it."""
        from safelight.gui.screen.display_transform import display

        display().failed.connect(self._say)
        display().changed.connect(_paint_again)
        handle = self._window.windowHandle()
        if handle is not None:
            handle.screenChanged.connect(self._move)
        self.show_state()

    # -- the monitor ---------------------------------------------------------------------------

    @property
    def uses_monitor(self) -> bool:
        """Whether a profile of the monitor counts."""
        return str(settings().value(_USED, True)).lower() == "true"

    def use_monitor(self, on: bool) -> None:
        """Have the monitor's profile count, or take the monitor for sRGB."""
        settings().setValue(_USED, on)
        self.show_state()

    def choose_monitor(self) -> None:
        """Ask for a profile of the monitor in place of the system's."""
        name, _ = QFileDialog.getOpenFileName(
            self._window,
            "Profile of the monitor",
            str(Path(str(settings().value(_FILE, ""))).parent),
            "Colour profiles (*.icc *.ICC *.icm *.ICM)",
        )
        if name:
            self.take_monitor(name)

    def take_monitor(self, path: str) -> None:
        """Take the profile in a file for the monitor's; "" for the one that the system has."""
        from safelight.api.colour_profile import IccError, read_icc
        from safelight.gui.screen.monitor_profile import is_of_a_screen

        if path:
            try:
                icc = read_icc(path)
            except IccError as error:
                self._say(f"{Path(path).name} {error}")
                return
            if not is_of_a_screen(icc):
                self._say(f"{Path(path).name} is the profile of no screen: it is not for RGB")
                return
        settings().setValue(_FILE, path)
        self.use_monitor(True)

    @property
    def monitor_file(self) -> str:
        """The file that is taken instead of the system's profile; "" for none."""
        return str(settings().value(_FILE, "") or "")

    def _monitor(self) -> bytes | None:
        from safelight.api.colour_profile import IccError, read_icc
        from safelight.gui.screen import monitor_profile

        if not self.uses_monitor:
            return None
        if self.monitor_file:
            try:
                return read_icc(self.monitor_file)
            except IccError:
                pass  # it is gone: the system's, then
        return monitor_profile.monitor_profile(self._window.screen())

    def _move(self, screen: QScreen) -> None:
        if screen is not self._screen:
            self.show_state()

    # -- the print -----------------------------------------------------------------------------

    def ask(self) -> None:
        """Ask for the print that is to be looked at."""
        from safelight.api import Icc
        from safelight.api.parameters import parameter_of
        from safelight.document.commands.command import Command
        from safelight.gui.dialogs.command_dialog import CommandDialog
        from safelight.pixels import Intent

        told = self.print
        hints = {
            "profile": (Annotated[Icc, "Of a printer, its ink and its paper"], ""),
            "intent": (Intent, "relative"),
            "black_point": (Annotated[bool, "The darkest becomes the darkest of the print"], True),
            "paper_white": (Annotated[bool, "Show the colour of the paper, and its black"], False),
        }
        asked = Command(
            "proof",
            "&Soft proof",
            lambda document: document,
            tuple(parameter_of(name, *hint) for name, hint in hints.items()),
            "Show on the screen how the picture will look printed. The picture stays as it is.",
        )
        known: dict[str, Value] = {}
        if told is not None:
            known = dict(self._last)
        self.dialog = CommandDialog(asked, {}, known, self._window)
        self.dialog.chosen.connect(self.take)
        self.dialog.open()

    _last: Mapping[str, Value] = {}

    def take(self, chosen: Mapping[str, Value]) -> None:
        """Show the print that was chosen, once it is known that it can be."""
        from safelight.actions.screen_colours import Proof, check_proof
        from safelight.api.colour_profile import IccError, icc_bytes

        if not chosen["profile"]:
            self._say("Choose the .icc file of a printer first: nothing is proofed without it")
            return
        try:
            icc = icc_bytes(str(chosen["profile"]))
        except IccError as error:
            self._say(f"The profile {error}")
            return
        intent, black_point = str(chosen["intent"]), bool(chosen["black_point"])
        proof = Proof(icc, intent, black_point, bool(chosen["paper_white"]))  # type: ignore[arg-type]

        def done(_: object) -> None:
            self.print, self.proofs, self._last = proof, True, dict(chosen)
            self.show_state()

        Background(
            self, lambda: check_proof(proof), done,
            lambda error: self._say(f"{proof.name} cannot be proofed: {error}"),
        )  # fmt: skip

    def switch(self) -> None:
        """Show the print, or the picture as it is; ask which print where none is set up."""
        if self.print is None:
            self.ask()
            return
        self.proofs = not self.proofs
        self.show_state()

    def mark(self) -> None:
        """Mark what the print does not have, or not."""
        self.marks = not self.marks
        if self.marks and not self.proofs:
            self.switch()
        self.show_state()

    # -- what is shown -------------------------------------------------------------------------

    def show_state(self) -> None:
        """Have all canvases show what is chosen."""
        from safelight.actions.screen_colours import Screen
        from safelight.gui.screen.display_transform import display

        self._screen = self._window.screen()
        proof = self.print if self.proofs else None
        display().show_on(Screen(self._monitor(), proof), self.marks and proof is not None)
        self._changed()

    def words(self) -> str:
        """What the status line says of it; "" where nothing is proofed."""
        if not self.proofs or self.print is None:
            return ""
        return f"Proof: {self.print.name}"

    def _say(self, reason: str) -> None:
        self._messages.say(plain(f"{reason}.").replace("..", "."))


def _paint_again() -> None:
    """Have all windows painted: each small picture comes to the screen as the canvas does."""
    for window in QApplication.topLevelWidgets():
        window.update()
