"""Installation: one install, from a source to a plugin in the store, off the window's thread."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack

from PySide6.QtCore import QObject, Signal

from safelight.actions import Studio
from safelight.actions.plugins.installation_offer import Offer
from safelight.actions.plugins.installer import Installer
from safelight.actions.plugins.pip import Stopped
from safelight.actions.plugins.plugin_store import Installed, Offered
from safelight.gui.threads.background import Background, Mailbox


class Installation(QObject):
    """Looks up ``source`` and, when told to, installs what it offered.

    ``told`` says what is being done. Then comes one of ``offered`` (an Offer), ``newest`` (an
    Offer of what is there already, for an ``upgrade``), ``failed`` (a sentence) and ``stopped``;
    after ``install`` one of ``installed`` (an Installed), ``failed`` and ``stopped``. What was
    staged is gone when it ends, however it ends.
    """

    told = Signal(str)
    offered = Signal(object)
    newest = Signal(object)
    installed = Signal(object)
    failed = Signal(str)
    stopped = Signal()

    def __init__(
        self,
        studio: Studio,
        source: str,
        parent: QObject,
        *,
        reserved: Iterable[Offered],
        upgrade: bool = False,
    ) -> None:
        super().__init__(parent)
        self._studio = studio
        self._upgrade = upgrade
        self._stack = ExitStack()
        self._mailbox = Mailbox(self, self.told.emit)
        self._installer = Installer(
            studio.store, source, reserved=reserved, told=self._mailbox.post
        )
        self._offer: Offer | None = None
        self._stopped = False

    def look_up(self) -> None:
        """Find out what would be added."""
        Background(self, self._prepare, self._prepared, self._end)

    def install(self) -> None:
        """Install what was offered."""
        offer, self._offer = self._offer, None
        assert offer is not None
        Background(self, lambda: self._install(offer), self.installed.emit, self._end)

    def stop(self) -> None:
        """Give up; nothing has changed."""
        self._stopped = True
        self._installer.cancel()
        if self._offer is not None:
            self._offer = None
            Background(self, self._stack.close, lambda _: self.stopped.emit(), self._end)

    def _prepare(self) -> Offer:
        try:
            staging = self._stack.enter_context(self._studio.store.staging())
            offer = self._installer.prepare(staging, upgrade=self._upgrade)
            if self._stopped:
                raise Stopped("It was cancelled; nothing was changed.")
            return offer
        except BaseException:
            self._stack.close()
            raise

    def _prepared(self, offer: Offer) -> None:
        self._offer = offer
        if self._stopped:  # meanwhile
            self.stop()
        elif self._upgrade and offer.version == offer.replaces:
            self.newest.emit(offer)
            self.stop()
        else:
            self.offered.emit(offer)

    def _install(self, offer: Offer) -> Installed:
        with self._stack:
            return self._installer.install(offer)

    def _end(self, error: Exception) -> None:
        if isinstance(error, Stopped):
            self.stopped.emit()
        else:
            self.failed.emit(str(error))
