"""Setting proposals: settings and colours that are found in the photograph for a filter's panel."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from safelight.actions.dominant_colours import colours_of
from safelight.api import ParameterError, Value
from safelight.document import Document
from safelight.gui.controls import PaletteControl
from safelight.gui.notices import Messages
from safelight.gui.panels.settings_panel import FilterSettings
from safelight.gui.session import Session
from safelight.gui.threads.background import Background


class Proposals(QObject):
    """Finds, on a thread, what a panel asks for, and has the panel take it."""

    def __init__(self, panel: FilterSettings, session: Session, messages: Messages) -> None:
        super().__init__(panel)
        self._panel = panel
        self._session = session
        self._messages = messages
        panel.colours_wanted.connect(self._find_colours)
        panel.auto_wanted.connect(self._find_settings)

    def _below(self) -> Document:
        """The picture; of a layer that is set, what lies below it."""
        document, layer = self._session.document, self._panel.layer
        return document if layer is None else document.below(layer.id)

    def _find_settings(self) -> None:
        """Have a filter find settings for what it is given."""
        studio, panel = self._session.studio, self._panel
        try:
            settings = panel.settings()
        except ParameterError as error:
            self._messages.say(str(error), about="settings")
            return
        if studio is None:
            return
        panel.auto.setEnabled(False)

        def take(found: dict[str, Value]) -> None:
            panel.auto.setEnabled(True)
            self._messages.settle("auto")
            panel.take_found(found)

        def complain(error: Exception) -> None:
            panel.auto.setEnabled(True)
            self._messages.say(f"{error}".removesuffix(".") + ".", about="auto")

        work = partial(studio.found, panel.declaration, settings, self._below())
        Background(panel, work, take, complain)

    def _find_colours(self, control: PaletteControl) -> None:
        """Find the colours of the picture."""
        session = self._session
        document, live = self._below(), session.studio.live if session.studio else None
        Background(
            control,
            lambda: colours_of(document, live=live),
            control.take_colours,
            lambda error: control.show_trouble(str(error)),
        )
