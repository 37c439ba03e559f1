"""Colour range dialog: asks for a colour, which a click on the picture picks, how near."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtWidgets import QPushButton, QVBoxLayout

from safelight.api import Region, Value
from safelight.document.rendered.render import render_srgb
from safelight.gui.canvas.canvas import Canvas
from safelight.gui.canvas.tools.setting_picker import Picker
from safelight.gui.dialogs.command_dialog import CommandDialog

_AROUND = 1
"""Pixels around the one that is clicked whose mean is taken."""


class ColourRangeDialog(CommandDialog):
    """A control for each setting; the dialog goes aside while a colour is picked."""

    def ask(self, layout: QVBoxLayout, told: Mapping[str, Value]) -> None:
        super().ask(layout, told)
        self.pick = QPushButton("Pick from the picture")
        self.pick.setAutoDefault(False)
        self.pick.clicked.connect(self._begin)
        layout.insertWidget(layout.indexOf(self.controls["colour"]) + 1, self.pick)

    def _canvas(self) -> Canvas | None:
        """The canvas of the photograph in front."""
        front = getattr(self.parent(), "workspace", lambda: None)()
        canvas: Canvas | None = None if front is None else front.canvas
        return canvas

    def _begin(self) -> None:
        canvas = self._canvas()
        if canvas is not None and self.document is not None:
            self.hide()
            canvas.picker = Picker(canvas, "point", (0.5, 0.5), self._picked)
            canvas.setFocus()

    def _picked(self, place: tuple[float, ...] | None) -> None:
        canvas, document = self._canvas(), self.document
        if canvas is not None:
            canvas.picker = None
        if place is not None and document is not None:
            x = min(max(int(place[0] * document.width), 0), document.width - 1)
            y = min(max(int(place[1] * document.height), 0), document.height - 1)
            around = Region(x, y, 1, 1).grow(_AROUND, document.region)
            seen = render_srgb(document, around, lenient=True)[..., :3].mean(axis=(0, 1))
            red, green, blue = (int(part) for part in np.rint(np.clip(seen, 0, 1) * 255))
            self.controls["colour"].set_value(f"#{red:02x}{green:02x}{blue:02x}")
        self.open()
        self._tell()
