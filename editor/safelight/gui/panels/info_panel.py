"""Info panel: colours of the picture in numbers, and how large picture and selection are."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from safelight.api import Region
from safelight.document import Document, Live, render
from safelight.gui.panels.document_glimpse import Glimpse
from safelight.gui.panels.latest_task import Latest
from safelight.gui.panels.panel import Panel
from safelight.gui.panels.swatches import Samples, Swatches
from safelight.gui.widgets.shown_text import plain, size
from safelight.pixels import lab

if TYPE_CHECKING:
    from safelight.gui.canvas import Canvas
    from safelight.gui.canvas.tools.colour_sampler import Sampler
    from safelight.gui.session import Session

_OF_PICTURE, _OF_POINTER = ("Picture", "Profile", "Selection"), ("8-bit", "16-bit", "sRGB", "Lab")
_NONE = "–"


class Info(Panel):
    """Numbers of the pixel under the pointer and of the sampler's places, in the picture's own
    colour space where nothing else is said; of what is hidden nothing is computed.
    """

    title = "Info"
    tab = "Info"
    icon = "E 8 8 6 6 M 8 7.5 L 8 11.2 M 8 4.9 L 8 5"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._live: Live | None = None
        self._at: tuple[int, int] | None = None
        self._sampler: Sampler | None = None
        self._pointed, self._sampled = Latest(self), Latest(self)
        self._selection = Glimpse(self, _selected, self._show_selected)
        grid = QGridLayout(self)
        grid.setContentsMargins(10, 8, 10, 8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        self.values: dict[str, QLabel] = {}
        rows = ("Position", *_OF_POINTER, *_OF_PICTURE)
        for row, name in enumerate(rows):
            heading, value = QLabel(name), QLabel(_NONE)
            heading.setObjectName("dim")
            value.setTextFormat(Qt.TextFormat.PlainText)
            value.setAccessibleName(name)
            value.setMinimumWidth(40)  # numbers that change make no panel wider
            grid.addWidget(heading, row, 0)
            grid.addWidget(value, row, 1)
            self.values[name] = value
        self.samples, self.swatches = Samples(), Swatches()
        self.samples.kept.connect(self.swatches.keep)
        grid.addWidget(self.samples, len(rows), 0, 1, 2)
        grid.addWidget(self.swatches, len(rows) + 1, 0, 1, 2)
        grid.setRowStretch(len(rows) + 2, 1)

    def attach(self, session: Session, canvas: Canvas) -> None:
        self._sampler = cast("Sampler", canvas.tools["sampler"])
        canvas.tool_changed.connect(self._look_at_samples)

    def show_picture(self, document: Document | None, live: Live | None = None) -> None:
        self._document, self._live = document, live
        self._say("Picture", _NONE if document is None else size(document.width, document.height))
        self._say("Profile", _NONE if document is None else plain(document.profile.title))
        self._selection.look(document)
        self._look()
        self._look_at_samples()

    def show_pointer(self, at: tuple[float, float] | None) -> None:
        self._at = None if at is None else (floor(at[0]), floor(at[1]))
        self._look()

    def showEvent(self, event: QShowEvent) -> None:
        """What was not looked at while hidden is looked at now."""
        self._selection.wake()
        self.swatches.show_kept()
        super().showEvent(event)
        self._look()
        self._look_at_samples()

    # -- the pixel under the pointer -----------------------------------------------------------

    def _look(self) -> None:
        """Have the pixel under the pointer computed, if there is one and it can be seen."""
        document, at = self._document, self._at
        if document is None or at is None or not self.isVisible():
            self._pointed.forget()
            self._say("Position", _NONE)
            self._show_values(None)
            return
        x, y = at
        self._say("Position", f"{x}, {y} px")
        if 0 <= x < document.width and 0 <= y < document.height:
            places = _Places(document, self._live, (Region(x, y, 1, 1),))
            self._pointed.ask(places.colours, lambda found: self._found(at, found))
        else:
            self._pointed.forget()
            self._show_values(None)

    def _found(self, at: tuple[int, int], found: list[Colour] | None) -> None:
        if found is None or self._at == at:
            self._show_values(found[0] if found else None)

    def _show_values(self, colour: Colour | None) -> None:
        told = (_NONE,) * len(_OF_POINTER) if colour is None else colour.told()
        for name, text in zip(_OF_POINTER, told, strict=True):
            self._say(name, text)

    # -- the sampler's places ------------------------------------------------------------------

    def _look_at_samples(self) -> None:
        regions = () if self._sampler is None else self._sampler.regions()
        if self._document is None or not regions:
            self._sampled.forget()
            self.samples.show_colours([])
        elif self.isVisible():
            places = _Places(self._document, self._live, regions)
            self._sampled.ask(places.colours, self._show_samples)

    def _show_samples(self, found: list[Colour] | None) -> None:
        self.samples.show_colours([(colour.told()[0], colour.hex) for colour in found or ()])

    def _show_selected(self, selected: Region | None) -> None:
        text = _NONE
        if selected is not None:
            text = f"{selected.width} × {selected.height} px at {selected.x}, {selected.y}"
        self._say("Selection", text)

    def _say(self, name: str, text: str) -> None:
        if self.values[name].text() != text:
            self.values[name].setText(text)


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour: ``own`` (3,) or, with alpha, (4,), in the document's profile, ``srgb`` (3,) in
    sRGB; both encoded, 0 to 1, unclipped.
    """

    own: NDArray[np.float32]
    srgb: NDArray[np.float32]

    @property
    def hex(self) -> str:
        """The colour as other programs take it, #rrggbb, of sRGB and clipped."""
        parts = (np.clip(self.srgb, 0, 1) * 255 + 0.5).astype(int).tolist()
        return "#{:02x}{:02x}{:02x}".format(*parts)

    def told(self) -> tuple[str, ...]:
        """The colour in words: 8-bit, 16-bit, as hexadecimal sRGB, and in CIELAB."""
        light, a, b = lab(self.srgb).tolist()
        minus = f"{light:.0f}  {a:.0f}  {b:.0f}".replace("-0", "0").replace("-", "\N{MINUS SIGN}")
        return _told(self.own, 255), _told(self.own, 65535), self.hex, minus


@dataclass(frozen=True, slots=True)
class _Places:
    """Parts of a document whose colours are asked for."""

    document: Document
    live: Live | None
    regions: tuple[Region, ...]

    def colours(self) -> list[Colour]:
        """The mean colour of each part; of one that lies beyond the picture, nothing."""
        found = []
        for region in self.regions:
            if region.empty:
                continue
            pixels = render(self.document, region, self.live, "float32", lenient=True)
            own = np.asarray(pixels, np.float32).mean(axis=(0, 1), dtype=np.float64)
            own = own.astype(np.float32)
            srgb = self.document.profile.to_srgb(own[None, None, :3])[0, 0]
            found.append(Colour(own, srgb))
        return found


def _selected(document: Document, live: Live | None) -> Region | None:
    """The smallest rectangle around what is selected; None where everything is, or nothing."""
    selection = document.picture.selection
    return None if selection is None else selection.bounds()


def _told(pixel: NDArray[np.float32], full: int) -> str:
    """Red, green, blue of ``full`` scale, unclipped, and the alpha in percent."""
    colours = "  ".join(f"{value * full:.0f}" for value in pixel[:3].tolist())
    return colours if len(pixel) == 3 else f"{colours}  α {pixel[3]:.0%}"
