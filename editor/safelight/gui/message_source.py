"""Message source: ``MessageSource``, what has sentences for the user, its own or another's."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class MessageSource(QObject):
    """Has words for the user, and knows nothing of where they are shown.

    ``said`` has a sentence that stays until it is answered, and details. ``complained``
    has what such a sentence is about before them: once that is ``settled`` it is moot. What is
    ``mentioned`` goes by itself.
    """

    said = Signal(str, str)
    complained = Signal(str, str, str)
    settled = Signal(str)
    mentioned = Signal(str)

    def repeat(self, other: MessageSource) -> None:
        """Say from now on what another source says."""
        other.said.connect(self.said)
        other.complained.connect(self.complained)
        other.settled.connect(self.settled)
        other.mentioned.connect(self.mentioned)
