"""Blend modes: the list of blend modes, in families as photographers know them."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QWidget

from safelight.pixels import MODES

_FIRST_OF_FAMILY = ("darken", "lighten", "overlay", "difference", "hue")
_NARROWEST = 84
"""Pixels that the list is wide at least."""


class ModeBox(QComboBox):
    """A blend mode to choose. ``chosen`` has its id."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        for mode, title in MODES.items():
            if mode in _FIRST_OF_FAMILY:
                self.insertSeparator(self.count())
            self.addItem(title, mode)
        self.setAccessibleName("Blend mode")
        self.setToolTip("How the layer mixes with what is below")
        self.setMaxVisibleItems(len(MODES) + len(_FIRST_OF_FAMILY))
        self.currentIndexChanged.connect(lambda index: self.chosen.emit(self.itemData(index)))

    def show_mode(self, mode: str) -> None:
        """Show a mode, without telling that it was chosen."""
        with QSignalBlocker(self):
            self.setCurrentIndex(self.findData(mode))

    def minimumSizeHint(self) -> QSize:
        """Long names give way in a narrow panel."""
        return QSize(_NARROWEST, super().minimumSizeHint().height())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolling a panel must not change a picture."""
        event.ignore()
