"""Photograph arrivals: photographs on the way into their tabs, in turns of the event loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from safelight.gui.deeds.deed import Deeds
from safelight.gui.photograph_tabs import Tabs
from safelight.gui.threads.backend import BackEnd
from safelight.gui.threads.event_loop_turns import Turns
from safelight.gui.threads.garbage_collection import destroy, give_back

if TYPE_CHECKING:
    from safelight.gui.open_and_save.loaded_files import Loaded
    from safelight.gui.previews.first_look import FirstLook
    from safelight.gui.workspace import Workspace

_AFTERWARDS = 5000
"""Milliseconds after which what was needed to open a photograph is given back to the system."""


class Arrivals(QObject):
    """Makes workspaces of what was opened. ``changed`` tells that something has come into a tab,
    or reads differently there; ``moved`` that another part of a photograph is seen.
    """

    changed = Signal()
    moved = Signal()

    def __init__(self, tabs: Tabs, backend: BackEnd, deeds: Deeds) -> None:
        super().__init__(tabs)
        self._tabs = tabs
        self._backend = backend
        self._deeds = deeds
        self.coming: list[Workspace] = []  # what was opened, until it is in its tab
        self.under_way: list[Workspace] = []

    def begin(self) -> Workspace:
        """A workspace that is being put together, out of sight and in turns."""
        from safelight.gui.workspace import Workspace

        workspace = Workspace(self._tabs.workshop)
        workspace.hide()
        workspace.turns.add(workspace.furnish())
        return workspace

    def give_up(self, workspace: Workspace) -> None:
        """Let go of a workspace that comes into no tab."""
        workspace.turns.stop()
        if workspace in self.coming:
            self.coming.remove(workspace)
        destroy(workspace)

    def add(
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
        workspace = workspace or self.begin()
        self.coming.append(workspace)
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
        backend = self._backend
        self.under_way.append(workspace)
        try:
            workspace.take(loaded, path)
            yield
            if backend.studio is not None:
                yield from workspace.filters.home.filling(backend.filters)
            studio, offers = backend.studio, backend.offers
            if studio is not None:
                workspace.set_back_end(studio, backend.filters)
            yield
        finally:
            self.under_way.remove(workspace)
            self.coming.remove(workspace)
        if instead is not None and not self._tabs.holds(instead):
            workspace.close_session()
            self.give_up(workspace)
            return
        if backend.studio is not studio and backend.studio is not None:
            workspace.set_back_end(backend.studio, backend.filters)
        elif backend.offers is not offers:
            workspace.show_filters(backend.filters)
        self._put(workspace, path, instead)
        done(workspace)
        QTimer.singleShot(_AFTERWARDS, self, give_back)

    def _put(self, workspace: Workspace, path: Path | None, instead: FirstLook | None) -> None:
        """Have a workspace in a tab, in place of the first look."""
        tabs = self._tabs
        index, in_front = tabs.count(), True
        if instead is not None:
            index, in_front = tabs.indexOf(instead), tabs.currentWidget() is instead
        tabs.insertTab(index, workspace, "")
        workspace.changed.connect(self.changed)
        workspace.moved.connect(self.moved)
        workspace.offer(self._deeds)
        if instead is not None:
            workspace.canvas.look_as(instead.canvas)
            workspace.canvas.scene.take_over(instead.canvas.scene)
        tabs.furnish(workspace, path, in_front=in_front)
        if instead is not None:
            tabs.removeTab(tabs.indexOf(instead))
            destroy(instead)
        self.changed.emit()
        if in_front:
            workspace.canvas.setFocus()

    def stop(self) -> None:
        """Put nothing more together, and give up what is under way."""
        for workspace in self.under_way:
            workspace.close_session()
        for turns in self._tabs.workshop.findChildren(Turns):
            turns.stop()
