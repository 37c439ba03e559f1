"""Encoded examples: photographs given to a panel of directions are encoded on a thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from safelight.actions.encoded_photographs import code_of, codes_of_files
from safelight.actions.lightbox_codes import Code
from safelight.actions.stop import Stop, Stopped
from safelight.gui.controls.code_change import ChangeControl, PhotographSliders
from safelight.gui.panels.settings_panel import FilterSettings
from safelight.gui.previews.kept_directions import KeptDirections
from safelight.gui.session import Session
from safelight.gui.threads.background import Background, Mailbox

_Codes = tuple[list[Code], list[str]]


class Encoding(QObject):
    """Stands between the directions of one panel and the filter's encoder; of a panel without a
    code that is changed it does nothing.
    """

    def __init__(self, panel: FilterSettings, session: Session) -> None:
        super().__init__(panel)
        self._panel, self._session = panel, session
        control = next((x for x in panel.controls if isinstance(x, ChangeControl)), None)
        if control is None:
            return
        self._sliders: PhotographSliders = control.directions
        self._stop = Stop()
        panel.destroyed.connect(self._stop.ask)
        self._mail = Mailbox(self, self._sliders.show_trouble)
        self._sliders.files_wanted.connect(self._encode_files)
        self._sliders.this_wanted.connect(self._encode_this)
        KeptDirections(panel, session, self._sliders)

    def _encode_files(self, paths: list[Path], without: bool) -> None:
        studio, declaration = self._session.studio, self._panel.declaration
        if studio is None:
            return
        stop, post = self._stop, self._mail.post

        def progress(done: int) -> None:
            if done < len(paths):
                post(f"Photograph {done + 1} of {len(paths)}…")

        progress(0)
        self._begin(lambda: codes_of_files(studio, declaration, paths, stop, progress), without)

    def _encode_this(self, without: bool) -> None:
        studio, declaration = self._session.studio, self._panel.declaration
        if studio is None:
            return
        document, layer = self._session.document, self._panel.layer
        below, stop = document if layer is None else document.below(layer.id), self._stop
        self._begin(lambda: ([code_of(studio, declaration, below, stop)], []), without)

    def _begin(self, work: Callable[[], _Codes], without: bool) -> None:
        """Have codes made of photographs, and put them among the examples."""
        self._allow(False)

        def take(found: _Codes) -> None:
            self._allow(True)
            codes, left_out = found
            for code in codes:
                self._sliders.add_example(code, without)
            self._sliders.show_trouble(" ".join(left_out))

        def complain(error: Exception) -> None:
            self._allow(True)
            self._sliders.show_trouble("" if isinstance(error, Stopped) else str(error))

        Background(self, work, take, complain)

    def _allow(self, on: bool) -> None:
        for button in (self._sliders.with_it, self._sliders.without, self._sliders.more):
            button.setEnabled(on)
