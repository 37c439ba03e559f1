"""Proof updates: the pictures that a panel's proof strip asks for, kept true."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from safelight.api import ParameterError, Region
from safelight.gui.panels.settings_panel import FilterSettings
from safelight.gui.previews.proofs import Proofs, Wanted
from safelight.gui.session import Session

_PAUSE = 300
"""Milliseconds after a change before pictures that it outdates are made anew."""


class Proving(QObject):
    """Stands between one panel's strip and its proofs, as long as the panel is there.

    ``seen`` tells what the user looks at.
    """

    def __init__(self, panel: FilterSettings, session: Session, seen: Callable[[], Region]) -> None:
        super().__init__(panel)
        self._panel = panel
        self._session = session
        self._seen = seen
        self._proofs = Proofs(session, self)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE)
        self._pause.timeout.connect(self._renew)
        panel.preview_wanted.connect(self._pause.start)
        session.history_changed.connect(self._pause.start)
        strip, proofs = panel.proofs, self._proofs
        strip.wanted.connect(self._start)
        strip.stopped.connect(self._stop)
        proofs.arrived.connect(strip.show_image)
        proofs.progressed.connect(strip.show_progress)
        proofs.waits.connect(strip.show_waiting)
        proofs.failed.connect(strip.show_failed)
        proofs.finished.connect(strip.show_finished)

    def _start(self) -> None:
        wanted = self._wanted()
        if wanted is not None:
            self._proofs.start(wanted)

    def _stop(self) -> None:
        self._pause.stop()
        self._proofs.stop()

    def _renew(self) -> None:
        """Make the pictures anew when the document or another setting has changed since."""
        wanted = self._wanted()
        if wanted is not None and self._proofs.outdated_by(wanted):
            self._panel.proofs.begin()

    def _wanted(self) -> Wanted | None:
        """What the open strip shows; None when there is none, or the settings are not legal."""
        panel, control = self._panel, self._panel.proofs.control
        if control is None:
            return None
        try:
            settings = panel.settings()
        except ParameterError as error:
            self._session.said.emit(str(error), "")
            return None
        layer = panel.layer.id if panel.layer is not None else None
        values = panel.proofs.values
        name = control.parameter.name
        return Wanted(panel.declaration, settings, name, values, layer, self._seen())
