"""Export depth: the list of bits that a format's channels can have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QComboBox

DEPTHS = {"uint8": "8-bit", "uint16": "16-bit", "float32": "32-bit float"}
_BITS = {"uint8": 8, "uint16": 16, "float32": 32}


class DepthChoice(QComboBox):
    """A depth to choose: bits of a channel, or "same" for that which each photograph has."""

    def show_depths(self, depths: Sequence[str], had: str) -> None:
        """Offer those of a format. ``had`` is that of the photograph, "" for several of them."""
        wanted: Any = self.currentData()
        self.clear()
        if not had and len(depths) > 1:
            self.addItem("As opened", "same")
        for depth in depths:
            text = DEPTHS[depth]
            self.addItem(f"{text} (as opened)" if depth == had else text, _BITS[depth])
        self.setEnabled(self.count() > 1)
        best = depths.index(had) if had in depths else len(depths) - 1 if had else 0
        known = self.findData(wanted)
        self.setCurrentIndex(best if wanted is None or known < 0 else known)
