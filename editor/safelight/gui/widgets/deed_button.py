"""Deed button: a button for one of some deeds, the first that is possible."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QWidget

from safelight.gui.deeds.deed import untitled


class DeedButton(QToolButton):
    """Shows the icon, the tooltip and the state of the action that a click asks for.

    Of several actions (a mask is added, or taken away) it is the first that is possible.
    """

    def __init__(self, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("plain")
        self._choices = list(actions)
        for action in actions:
            action.enabledChanged.connect(self._show)
        self._show()

    def _show(self) -> None:
        possible = (action for action in self._choices if action.isEnabled())
        action = next(possible, self._choices[0])
        if action is not self.defaultAction():
            self.setDefaultAction(action)
            self.setAccessibleName(untitled(action.text()))
