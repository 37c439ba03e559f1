"""Kept directions: those of a panel's network are read when it is shown, kept, and shared."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from safelight.actions.latent_directions import (
    Directions,
    kept_at,
    network_identity,
    read_directions,
    write_directions,
)
from safelight.gui.controls.direction_sliders import DirectionSliders
from safelight.gui.panels.settings_panel import FilterSettings
from safelight.gui.session import Session
from safelight.gui.threads.background import Background
from safelight.gui.threads.ordered_writes import OrderedWrites

_writes = OrderedWrites()
"""Of all panels: one that is opened anew reads what another keeps."""


class KeptDirections(QObject):
    """Stands between one panel's directions and the files that they are in."""

    def __init__(self, panel: FilterSettings, session: Session, sliders: DirectionSliders) -> None:
        super().__init__(panel)
        self._panel, self._session = panel, session
        self._network = ""
        self._sliders = sliders
        self._sliders.setEnabled(False)
        self._sliders.kept.connect(self._keep)
        self._sliders.saving.connect(self._save)
        self._sliders.opening.connect(self._open)
        Background(self, self._read, self._show, self._failed)

    def _read(self) -> Directions:
        """The directions kept of the panel's network; reads files."""
        studio, declaration = self._session.studio, self._panel.declaration
        plugins = () if studio is None else studio.store.installed()
        network, size = network_identity(declaration, plugins), self._sliders.directions.size
        path = kept_at(network)
        _writes.settled(path)
        return read_directions(path, network, size) if path.exists() else Directions(network, size)

    def _show(self, found: Directions) -> None:
        self._network = found.network
        self._sliders.setEnabled(True)
        self._sliders.show_directions(found)

    def _failed(self, error: Exception) -> None:
        self._sliders.show_trouble(f"Directions cannot be used: {error}")

    def _keep(self) -> None:
        found = self._sliders.directions
        path = kept_at(self._network)
        number = _writes.ask(path)

        def write() -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_directions(found, path, overwrite=True)

        Background(self, lambda: _writes.write(path, number, write), lambda _: None, self._not_kept)

    def _not_kept(self, error: Exception) -> None:
        self._sliders.show_trouble(f"The directions were not kept. {error}")

    def _save(self, path: Path, replaces: bool) -> None:
        found = self._sliders.directions

        def write() -> None:
            write_directions(found, path, overwrite=replaces)

        Background(self, write, lambda _: self._sliders.show_trouble(""), self._not_kept)

    def _open(self, path: Path) -> None:
        size = self._sliders.directions.size

        def read() -> Directions:
            return read_directions(path, self._network, size)

        def refused(error: Exception) -> None:
            self._sliders.show_trouble(str(error))

        Background(self, read, self._sliders.add_from, refused)
