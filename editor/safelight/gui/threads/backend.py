"""Back end: the window's one ``Studio``, started on a thread, and what is installed, once that is
known.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QObject, Signal

from safelight.gui.plugins.reload_plugins import Reloader
from safelight.gui.threads import after_paint
from safelight.gui.threads.background import Background, Mailbox
from safelight.gui.threads.event_loop_turns import Turns
from safelight.gui.threads.garbage_collection import keep_for_good

if TYPE_CHECKING:
    from safelight.actions import Studio
    from safelight.actions.plugin_offers import Offers
    from safelight.api import Declaration
    from safelight.files import Importer

    Woken: TypeAlias = tuple[Studio, Offers | None, str]


class BackEnd(QObject):
    """What a window needs of other processes, and the code of workspaces; both come once the window
    is seen: what imports Qt in turns of the window's thread, all else on another.

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
        self._turns = Turns(self)
        self._found: Woken | None = None
        self._imported = self._closed = False
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
        Background(self, after_paint.load_below, self._begin, self._not_woken)

    def _begin(self, _: None) -> None:
        """Have the studio begin on a thread, and the code of workspaces loaded meanwhile."""
        device, safe = self._device, self._safe

        def begin() -> Woken:
            from safelight.actions import Studio
            from safelight.workers.worker_process import WorkerDied

            studio = Studio(device, safe=safe)
            try:
                offers = studio.offers()
            except WorkerDied as error:
                return studio, None, f"The filters cannot be listed: the worker {error}."
            lines = [f"{item.plugin} cannot be loaded: {item.reason}" for item in offers.broken]
            return studio, offers, "\n".join(lines)

        Background(self, begin, self._know, self._not_woken)
        self._turns.add(self._importing())

    def _importing(self) -> Iterator[None]:
        try:
            yield from after_paint.loading_workspaces()
        except Exception as error:
            self._not_woken(error)
            return
        self._imported = True
        self._wake_up()

    def _know(self, found: Woken) -> None:
        """Take what has begun; a window that has closed meanwhile has no use for it."""
        self._found = found
        if self._closed:
            self.close()
        else:
            self._wake_up()

    def _wake_up(self) -> None:
        if self._found is None or not self._imported:
            return
        studio, self.offers, note = self._found
        self.studio, self._found = studio, None
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
        if self.ready:
            return
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
        self._closed = True
        self._turns.stop()
        studio = self.studio if self._found is None else self._found[0]
        self.studio = self._found = None
        if studio is not None:
            threading.Thread(target=studio.close, name="closing").start()
