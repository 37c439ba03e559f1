"""Installed filters: those of a photograph's layers, as the installed plugins have them."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Signal

from safelight import actions
from safelight.api import Declaration, ParameterError
from safelight.document import Layer, LiveFilter
from safelight.gui.edited_photograph import Edited
from safelight.gui.message_source import MessageSource
from safelight.gui.threads.background import Background


class Installed(MessageSource):
    """What the installed plugins say of filter layers. ``answered``: one has been asked."""

    answered = Signal()

    def __init__(self, edited: Edited) -> None:
        super().__init__(edited)
        self._edited = edited

    def current(self, held: LiveFilter) -> tuple[LiveFilter | None, str]:
        """A layer's filter as the installed plugin takes it; None, and why, where it does not.

        A plugin that has to be asked first is, on a thread; then ``answered`` comes.
        """
        studio = self._edited.studio
        if studio is None:
            return held, ""
        live = studio.live
        if not live.knows(held):

            def answered(_: object) -> None:
                self.answered.emit()

            Background(self, lambda: live.current(held), answered, answered)
            return None, f"{held.plugin} brings the settings of {held.version} up to date."
        try:
            return live.current(held), ""
        except KeyError:
            return held, ""
        except ParameterError as error:
            return None, actions.unfit(held, error)

    @staticmethod
    def _plugins(studio: actions.Studio) -> Collection[str]:
        """The names of those that are installed; none where they cannot be asked."""
        try:
            return studio.offers().plugins
        except actions.WorkerDied:
            return ()

    def declaration(self, layer: Layer) -> Declaration | None:
        """The installed filter of a layer; None, and a sentence, when it is not there."""
        studio, held = self._edited.studio, layer.filter
        if studio is None or held is None:
            return None
        try:
            return studio.filter(held.id)
        except (actions.UnknownFilter, actions.WorkerDied):
            self.complained.emit(
                "filter",
                f"{layer.name} needs the filter {held.title or held.id}, which is not installed:"
                f" {held.remedy(self._plugins(studio), ' to change it')}."
                " What it has made of the picture is kept.",
                "",
            )
            return None
