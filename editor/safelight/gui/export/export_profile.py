"""Export profile: the colour profile that an export converts to, well-known or from a file."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QWidget

from safelight import actions
from safelight.gui.widgets.shown_text import plain
from safelight.pixels import profile_name

_OWN = "own"


class ProfileChoice(QComboBox):
    """A profile to choose. ``chosen`` tells that another one is, ``refused`` why a file is none."""

    chosen = Signal()
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.addItem("As it suits the file", None)
        self.addItem("As the picture has it", _OWN)
        self.setItemData(
            *(0, "As the picture has it, or sRGB where 8 bits are too few for that"),
            Qt.ItemDataRole.ToolTipRole,
        )
        for known in actions.PROFILES:
            self.addItem(known.replace("_", " "), actions.profile_in(known))
        self.addItem("From a file…", "file")
        self._before = 0
        self.currentIndexChanged.connect(lambda _: self._changed())

    def icc(self) -> bytes | None:
        """The profile; None for that of the document."""
        found = self._held(self.currentIndex())
        return found if isinstance(found, bytes) else None

    def keeps(self) -> bool:
        """Whether the document's own is chosen whatever the file."""
        return bool(self.currentData() == _OWN)

    def choose(self, icc: bytes | None, keeps: bool = False) -> None:
        """Show a profile as chosen, one more line where it is none of the list."""
        wanted = _OWN if icc is None and keeps else icc
        index = next((x for x in range(self.count()) if self._held(x) == wanted), -1)
        if index < 0 and icc is not None:
            index = self.count() - 1
            self.insertItem(index, plain(profile_name(icc)), icc)
        with QSignalBlocker(self):
            self.setCurrentIndex(index)
        self._before = index

    def _held(self, index: int) -> object:
        """The profile of a line of the list; its bytes come back as Qt's own."""
        data = self.itemData(index)
        return bytes(data.data()) if isinstance(data, QByteArray) else data

    def _changed(self) -> None:
        if self.currentData() != "file":
            self._before = self.currentIndex()
            self.chosen.emit()
            return
        self.setCurrentIndex(self._before)
        path, _ = QFileDialog.getOpenFileName(self, "Profile", "", "Profiles (*.icc *.icm)")
        if not path:
            return
        try:
            icc = actions.profile_of(path)
        except actions.ExportError as error:
            self.refused.emit(str(error))
            return
        self.choose(icc)
        self.chosen.emit()
