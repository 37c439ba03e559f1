"""Coarse to fine: a filter tried at the size that is seen, while its settings move.

First coarsely, so that the whole view follows the hand, then with a pixel for each of the screen's.
A first look is always finished, and is with the drafts of networks; what was set meanwhile is
tried next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from safelight.api import Region
from safelight.gui.edited_photograph import Edited
from safelight.gui.previews.job_run import Task
from safelight.gui.previews.scaled_document import Seen, Smaller, coarse_level, with_mask
from safelight.gui.threads.background import Background


class _Look(NamedTuple):
    """What is to be tried: on which part, at which zoom level in the end."""

    task: Task
    region: Region
    level: int


class Looking:
    """The looks of one session, one at a time.

    ``look`` has a filter run over what is seen, the last argument says whether with drafts;
    ``occupied`` tells that a job keeps it from that.
    """

    def __init__(
        self,
        session: Edited,
        look: Callable[[Task, Region, Seen, bool], object],
        occupied: Callable[[], bool],
    ) -> None:
        self._session = session
        self._show = look
        self._occupied = occupied
        self._smaller = Smaller()
        self._look: _Look | None = None
        self._next: _Look | None = None
        self._first = False
        self._round = 0

    def start(self, task: Task, region: Region, level: int) -> None:
        """Try this next: at once, unless a first look has to be finished."""
        self._next = _Look(task, region, level)
        if not self._first:
            self._begin()

    def stop(self) -> None:
        """Try nothing any more."""
        self._round += 1
        self._look = self._next = None
        self._first = False
        self._smaller.forget()

    def ended(self, well: bool, drafted: bool) -> None:
        """A preview is over, maybe with drafts: look closer, or at what comes next."""
        look, first = self._look, self._first
        self._first = False
        if self._next is not None:
            self._begin()
        elif look is not None and first and well and (drafted or _coarse(look) > look.level):
            self._see(look, look.level)
        else:
            self._look = None

    def _begin(self) -> None:
        look, self._next = self._next, None
        assert look is not None
        self._look, self._first = look, True
        self._see(look, _coarse(look))

    def _see(self, look: _Look, level: int) -> None:
        self._round += 1
        session, current, first = self._session, self._round, self._first
        studio, document = session.studio, session.document
        layer = look.task.layer
        if studio is None or layer is None:
            return

        def work() -> Seen:
            below = look.task.document(document).below(layer.id)
            shown = layer.seen(document.looked_at)
            return with_mask(self._smaller.of(below, level, studio.live), shown)

        def show(seen: Seen) -> None:
            if current != self._round:
                return
            if self._occupied():
                self.stop()
            else:
                self._show(look.task, look.region, seen, first)

        Background(session, work, show, lambda error: self._failed(look, error))

    def _failed(self, look: _Look, error: Exception) -> None:
        self.stop()
        title = look.task.declaration.title
        self._session.said.emit(f"{title} cannot be tried: {error}", "")


def _coarse(look: _Look) -> int:
    """The zoom level of the first look."""
    return coarse_level(look.region, look.level)
