"""Back end: the window's one ``Studio``, started on a thread, and what is installed, once that is
known.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QObject, Signal

from safelight.gui import after_paint
from safelight.gui.background import Background, Mailbox
from safelight.gui.garbage_collection import keep_for_good
from safelight.gui.reload_plugins import Reloader

if TYPE_CHECKING:
    from safelight.actions import Studio
    from safelight.actions.plugin_offers import Offers
    from safelight.api import Declaration
    from safelight.files import Importer

    Woken: TypeAlias = tuple[Studio, Offers | None, str]


class BackEnd(QObject):
    """What a window needs of other processes; it loads on a thread, once the window is seen.

    ``offers`` is what is installed. ``woken`` tells that all is there, or that it cannot be (then
    ``studio`` is None), ``listed`` that other things are installed, ``said`` has a sentence about
    what failed, ``noticed`` one about a plugin that was loaded afresh, ``proven`` the device that
    networks run on, or why there is none.
    """

    woken = Signal()
    listed = Signal()
    said = Signal(str)
    noticed = Signal(str)
    proven = Signal(object)

    def __init__(self, device: str, parent: QObject, *, safe: bool = False) -> None:
        super().__init__(parent)
        self.studio: Studio | None = None
        self.offers: Offers | None = None
        self.ready = False
        self._device = device
        self._safe = safe
        self._loaded = threading.Event()
        self._reloader: Reloader | None = None

    @property
    def filters(self) -> Sequence[Declaration]:
        """The filters that are installed; none before it is known which."""
        return self.offers.filters if self.offers is not None else ()

    @property
    def loaded(self) -> bool:
        """Whether the code of workspaces is there, so that one can be made without a stop."""
        return self._loaded.is_set()

    def wake(self) -> None:
        """Load all that is needed once the window is on the screen."""
        device, safe = self._device, self._safe

        def load() -> Woken:
            studio = after_paint.studio_for(device, safe=safe)
            from safelight.workers.worker_process import WorkerDied

            try:
                offers = studio.offers()
            except WorkerDied as error:
                return studio, None, f"The filters cannot be listed: the worker {error}."
            lines = [f"{item.plugin} cannot be loaded: {item.reason}" for item in offers.broken]
            return studio, offers, "\n".join(lines)

        Background(self, load, self._woken, self._not_woken)

    def _woken(self, found: Woken) -> None:
        self.studio, self.offers, note = found
        studio = self.studio
        studio.hear_offers(Mailbox(self, self._list).post)
        self._loaded.set()
        if note:
            self.said.emit(note)
        Background(self, studio.device, self.proven.emit, self.proven.emit)
        self._reloader = Reloader(studio, self)
        self._reloader.reloaded.connect(self.noticed)
        self._reloader.failed.connect(self.said)
        self._end()
        keep_for_good()

    def _not_woken(self, error: Exception) -> None:
        self._loaded.set()
        self.said.emit(f"The filters cannot be loaded: {error}")
        self._end()

    def _end(self) -> None:
        self.ready = True
        self.woken.emit()

    def _list(self, offers: Offers) -> None:
        self.offers = offers
        self.listed.emit()
        if self._reloader is not None:
            self._reloader.start()

    def importers(self) -> Sequence[Importer]:
        """The formats of plugins; asked on a thread, it waits until the back end is there."""
        self._loaded.wait()
        studio = self.studio
        return studio.importers() if studio is not None else ()

    def close(self) -> None:
        """End the workers, on a thread: they may take their time. The process waits for it."""
        if self.studio is not None:
            threading.Thread(target=self.studio.close, name="closing").start()
            self.studio = None
