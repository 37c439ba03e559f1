"""Trial: an edit that is seen while a dialog asks for its settings, as one step of the history."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from PySide6.QtCore import QTimer

if TYPE_CHECKING:
    from safelight.document import Edit
    from safelight.gui.session import Session

_PAUSE = 150
"""Milliseconds without another setting after which the edit is made."""


class Trial:
    """Makes an edit of a session's document with one setting after another, or none in the end."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._before, self._token = session.document, uuid4().hex
        self._edit: Edit | None = None
        self._timer = QTimer(session)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE)
        self._timer.timeout.connect(self._make)

    def soon(self, edit: Edit) -> None:
        """Make an edit when no other one comes."""
        self._edit = edit
        self._timer.start()

    def end(self, edit: Edit) -> None:
        """Make an edit that stays."""
        self._timer.deleteLater()
        self._edit = edit
        self._make()

    def give_up(self) -> None:
        """Leave the document as it was."""
        self._timer.deleteLater()
        self._edit = None
        if self._session.busy:
            self._session.when_done(self._take_back)
        else:
            self._take_back()

    def _take_back(self) -> None:
        history = self._session.history
        if history.steps[history.position].token == self._token:
            self._session.undo()

    def _make(self) -> None:
        if self._edit is not None and not self._session.closed:
            self._session.do(self._edit.upon(self._before, self._token))
