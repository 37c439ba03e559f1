"""Table file: a look-up table or a colour profile, chosen as a file and kept in the setting."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton, QWidget

from safelight.api import Parameter, Value
from safelight.api.colour_profile import IccError, icc_bytes
from safelight.api.cube_table import cube_title
from safelight.gui.controls.control import Control
from safelight.gui.threads.background import Background
from safelight.gui.widgets.shown_text import plain
from safelight.gui.widgets.small_widgets import remark, small_button
from safelight.pixels import profile_name


class _Kept(Control):
    """A field for a file of which the setting keeps what is in it.

    The file is read on a thread; one that holds no such thing is a sentence below, and what was
    chosen stays. A subclass says how files end, what they are called, what no file means, and what
    ``in_words`` calls a value.
    """

    endings: tuple[str, ...]
    files: str
    nothing: str
    clears: str

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self.setAcceptDrops(True)
        self.clear = small_button("Clear", self.clears)
        self.clear.clicked.connect(self.reset)
        self.browse = QPushButton("Browse…")
        self.browse.setAutoDefault(False)
        self.browse.setAccessibleName(f"Browse for {plain(parameter.title)}")
        self.browse.clicked.connect(self._choose)
        self.head.addWidget(self.clear)
        self.head.addWidget(self.browse)
        self.name: QLabel = remark()
        self.trouble = remark()
        self.trouble.hide()
        self.body.addWidget(self.name)
        self.body.addWidget(self.trouble)
        self._value = ""
        self._folder = ""
        self._wanted = ""
        self.set_value(parameter.default)

    def value(self) -> Value:
        return self._value

    def set_value(self, value: Value) -> None:
        self._value, self._wanted = str(value), ""
        self.name.setText(plain(self.in_words(value)))
        self.clear.setEnabled(bool(self._value))
        self.trouble.hide()

    def read(self, path: str) -> None:
        """Take the table in a file, once it is read."""
        if not path:
            return
        self._folder, self._wanted = str(Path(path).parent), path
        self.name.setText(f"Reading {plain(Path(path).name)}…")
        Background(
            self, partial(self.parameter.parse, path), partial(self._take, path),
            partial(self._refuse, path),
        )  # fmt: skip

    def _take(self, path: str, value: Value) -> None:
        if path == self._wanted:  # and no other was chosen meanwhile
            self.set_value(self._value)
            self.choose(value)

    def _refuse(self, path: str, error: Exception) -> None:
        if path == self._wanted:
            self.set_value(self._value)
            reason = str(error).removeprefix(f"{self.parameter.name}: {path} ")
            self.trouble.setText(plain(f"{Path(path).name} {reason}."))
            self.trouble.show()

    def _choose(self) -> None:
        shown = " ".join(f"*{case}" for end in self.endings for case in (end, end.upper()))
        name, _ = QFileDialog.getOpenFileName(
            self, plain(self.parameter.title), self._folder, f"{self.files} ({shown})"
        )
        self.read(name)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _file(event.mimeData(), self.endings):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.read(_file(event.mimeData(), self.endings))
        event.acceptProposedAction()


class LutControl(_Kept):
    """A field for a .cube file, which is browsed for or dropped there."""

    endings = (".cube",)
    files, nothing, clears = "Look-up tables", "None: the picture as it is", "No look again"

    def in_words(self, value: Value) -> str:
        return cube_title(str(value)) if value else self.nothing


class IccControl(_Kept):
    """A field for an .icc file, which is browsed for or dropped there."""

    endings = (".icc", ".icm")
    files, nothing, clears = "Colour profiles", "No file", "No file again"

    def in_words(self, value: Value) -> str:
        try:
            return profile_name(icc_bytes(str(value))) if value else self.nothing
        except IccError as error:
            return f"The profile {error}"


def _file(data: QMimeData, endings: tuple[str, ...]) -> str:
    """The first file of what is dragged that ends so; "" when there is none."""
    files = (url.toLocalFile() for url in data.urls() if url.isLocalFile())
    return next((name for name in files if name.lower().endswith(endings)), "")
