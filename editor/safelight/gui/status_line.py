"""Status line: what is known of the photograph in front, what its tool does, what came to pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from safelight.gui.widgets.shown_text import plain, size, tooltip

if TYPE_CHECKING:
    from safelight.gui.workspace import Workspace

_UNTAGGED = "The file names no colour profile, so its colours are taken as sRGB"

_DEPTHS = {"uint8": "8-bit", "uint16": "16-bit", "float32": "32-bit float"}


class StatusLine(QFrame):
    """Size, depth and profile at the left, a hint in the middle, the device at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 5)
        row.setSpacing(18)
        self.size_label, self.depth_label, self.profile = (QLabel() for _ in range(3))
        self.device = QLabel("")
        for label in (self.size_label, self.depth_label, self.profile):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setObjectName("dim")
            row.addWidget(label)
        self.proof = QLabel("")
        self.proof.setTextFormat(Qt.TextFormat.PlainText)
        self.proof.hide()
        row.addWidget(self.proof)
        self.hint = QLabel("")
        self.notice = QLabel("")
        for label in (self.hint, self.notice):
            # A long sentence does not make the window wider: its end is in the tooltip.
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            label.setObjectName("dim")
            label.setTextFormat(Qt.TextFormat.PlainText)
            row.addWidget(label, 1)
        self.notice.hide()  # until there is one, all room is the hint's
        self.device.setTextFormat(Qt.TextFormat.PlainText)
        self.device.setObjectName("dim")
        row.addWidget(self.device)

    def show_workspace(self, workspace: Workspace) -> None:
        """Show what is known of a photograph, and what the tool in hand does."""
        canvas, document = workspace.canvas, workspace.session.document
        self.hint.setText(canvas.tool.hint)
        self.hint.setToolTip(tooltip(canvas.tool.hint))
        self.size_label.setText(size(document.width, document.height))
        self.depth_label.setText(_DEPTHS[document.depth])
        self.profile.setText(plain(document.profile.title))
        self.profile.setToolTip("" if document.profile.icc is not None else tooltip(_UNTAGGED))

    def show_proof(self, words: str) -> None:
        """Show what print is looked at; "" for none."""
        self.proof.setText(plain(words))
        self.proof.setVisible(bool(words))
        self.proof.setToolTip(tooltip("Colours are shown as they will look printed"))

    def show_nothing(self, *, opening: bool) -> None:
        """Show that nothing is open, or that it is being opened."""
        for label in (self.depth_label, self.profile, self.hint):
            label.setText("")
        self.size_label.setText("Opening…" if opening else "")

    def show_notice(self, sentence: str) -> None:
        """Show what came to pass with a plugin."""
        self.notice.setText(plain(sentence))
        self.notice.show()
        self.notice.setToolTip(tooltip(sentence))

    def show_device(self, device: Any) -> None:
        """Show where networks run and why; or nowhere, where ``device`` is an error."""
        if isinstance(device, Exception):
            self.device.setText("No device")
            self.device.setToolTip(tooltip(f"The worker {device}"))
            return
        self.device.setText(device.label)
        reason = f"Networks run here because {device.reason}." if device.reason else ""
        self.device.setToolTip(tooltip(reason or "Proven by a live session"))
