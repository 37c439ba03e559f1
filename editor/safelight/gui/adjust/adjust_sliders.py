"""Adjust sliders: what happens when something in the sections of *Adjust* is moved or clicked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from weakref import WeakSet

import numpy as np

from safelight.api import ParameterError, Region, Value
from safelight.document import Document, Layer, Live, render_srgb
from safelight.document.placement import IDENTITY
from safelight.files.sentences import listed
from safelight.gui.adjust.adjust_layers import Adjuster, layer_for
from safelight.gui.adjust.adjust_panel import AdjustPage
from safelight.gui.adjust.adjust_row_box import RowBox
from safelight.gui.adjust.adjust_section_box import Finder, SectionBox
from safelight.gui.adjust.adjust_sections import ROWS
from safelight.gui.adjust.curve_points import Mean, Pulling
from safelight.gui.canvas import Canvas
from safelight.gui.canvas.tools.setting_picker import Picker, Place, Puller
from safelight.gui.controls import Control
from safelight.gui.frames.keyframe_buttons import offer_settings
from safelight.gui.notices import Messages
from safelight.gui.session import Session
from safelight.gui.threads.background import Background

_AROUND = 2
"""Pixels to each side of the one that is picked, whose mean is what should be grey."""

_COLOURFUL = "What was picked is too colourful to become grey. Pick a place nearer to grey:"


class Sliders:
    """Joins the sections of one photograph to its document.

    ``moving`` tells that a layer is being made or changed from here, where its sliders are seen.
    """

    def __init__(
        self, page: AdjustPage, session: Session, canvas: Canvas, messages: Messages
    ) -> None:
        self._page = page
        self._session = session
        self._canvas = canvas
        self._messages = messages
        self._adjuster = Adjuster(session)
        self.moving = False
        self._keyed: WeakSet[RowBox] = WeakSet()
        page.moved.connect(self._moved)
        page.auto_wanted.connect(self._find)
        page.grey_wanted.connect(self._pick)
        page.point_wanted.connect(self._point)
        page.reset_wanted.connect(self._reset)
        page.made.connect(self.show)

    def show(self) -> None:
        """Show the settings of the layers that the sliders set now."""
        for row in self._page.rows:
            self._offer_keyframes(row)
        found = {name: self._held(name) for name in ROWS}
        self._page.show_settings({name: held for name, held in found.items() if held is not None})
        live = None if self._session.studio is None else self._session.studio.live
        for row in (row for row in self._page.rows if row.row.bends):
            row.look(self._below(row.declaration.id), live)

    def _offer_keyframes(self, row: RowBox) -> None:
        """Have a diamond behind each slider of a row, once."""
        if row not in self._keyed:
            self._keyed.add(row)
            session, filter = self._session, row.declaration.id

            def layer() -> Layer | None:
                return layer_for(session.document, session.active, filter)

            offer_settings(list(row.controls.values()), session, layer)

    def _held(self, filter: str) -> Mapping[str, Value] | None:
        """The settings of the layer that sliders set, as the installed plugin takes them."""
        session = self._session
        layer = layer_for(session.document, session.active, filter)
        if layer is None or layer.filter is None:
            return None
        current, _ = session.installed.current(layer.filter)
        return layer.filter.settings if current is None else current.settings

    def _set(self, row: RowBox, settings: Mapping[str, Value], what: str, token: str = "") -> None:
        label = f"{row.declaration.title}: {what}"
        edit = self._adjuster.change(row.declaration, settings, row.begins, label, token)
        if edit is not None:
            canvas, self.moving = self._canvas, True
            try:
                self._session.previews.adjust(edit, canvas.visible(), canvas.level)
            finally:
                self.moving = False
        self.show()

    def _moved(self, row: RowBox, control: Control) -> None:
        try:
            settings = row.settings(self._held(row.declaration.id))
        except ParameterError as error:
            self._messages.say(str(error), about="settings")
            return
        self._messages.settle("settings")
        self._set(row, settings, control.parameter.title, control.token)

    def _reset(self, box: SectionBox) -> None:
        names = tuple(item.id for item in box.declarations)
        edit = self._adjuster.removing(names, f"Reset {box.section.title}")
        if edit is not None:
            self._session.do(edit)

    def _below(self, filter: str) -> Document:
        """What the layer that sliders set is given; the picture, where there is none yet."""
        document = self._session.document
        layer = layer_for(document, self._session.active, filter)
        return document if layer is None else document.below(layer.id)

    def _find(self, box: SectionBox) -> None:
        """Have settings of a section found: by what finds them for several at once, or else by the
        first of its filters that can; and say which it was.
        """
        if box.finder is not None:
            self._find_several(box, box.finder)
            return
        studio = self._session.studio
        declaration = next((item for item in box.declarations if item.auto), None)
        row = None if declaration is None else self._page.row_of(declaration.id)
        if studio is None or declaration is None or row is None:
            return
        box.auto.setEnabled(False)

        def take(found: dict[str, Value]) -> None:
            box.auto.setEnabled(True)
            self._messages.settle("auto")
            self._set(row, found, "Auto")
            titles = (declaration.parameter(name).title for name in found if name in row.controls)
            self._mention(f"{declaration.title} measured the picture and set {listed(titles)}.")

        def complain(error: Exception) -> None:
            box.auto.setEnabled(True)
            self._messages.say(f"{error}".removesuffix(".") + ".", about="auto")

        work = partial(studio.found, declaration, row.begins, self._below(declaration.id))
        Background(box, work, take, complain)

    def _find_several(self, box: SectionBox, finder: Finder) -> None:
        """Have a filter find the settings of several, and lay these as one step."""
        studio, session = self._session.studio, self._session
        if studio is None:
            return
        box.auto.setEnabled(False)
        names = tuple(item.id for item, _ in finder.rows)
        ids = {layer.id for layer in self._adjuster.found(names)}
        lowest = next((layer.id for layer in session.document.walk() if layer.id in ids), "")
        below = session.document.below(lowest) if lowest else session.document

        def take(found: dict[str, Value]) -> None:
            box.auto.setEnabled(True)
            self._messages.settle("auto")
            settings = finder.settings(finder.filter.settings(found))
            if settings or self._adjuster.found(names):
                session.do(self._adjuster.laying(settings, names, f"{box.section.title}: Auto"))
            self.show()
            titles = [item.title for item, _ in settings]
            does = f"set {listed(titles)}" if titles else "leaves the picture as it is"
            self._mention(f"{finder.filter.title}, a network, {does}.")

        def complain(error: Exception) -> None:
            box.auto.setEnabled(True)
            self._messages.say(f"{error}".removesuffix(".") + ".", about="auto")

        work = partial(studio.found, finder.filter, finder.filter.settings(), below)
        Background(box, work, take, complain)

    def _mention(self, text: str) -> None:
        self._session.mentioned.emit(text)

    def _pick(self, box: SectionBox, on: bool) -> None:
        """Have a place of the picture clicked that should be grey, or no more."""
        canvas = self._canvas
        if not on:
            canvas.picker = None
            return

        def picked(place: tuple[float, ...] | None) -> None:
            canvas.picker = None
            box.grey.setChecked(False)
            if place is not None:
                self._take_grey(box, place)

        for row in self._page.rows:
            row.stop_pointing()
        self._hand_over(Picker(canvas, "point", (0.5, 0.5), picked))

    def _hand_over(self, picker: Picker) -> None:
        canvas = self._canvas
        if canvas.shown_from != IDENTITY:
            canvas.leave()
        canvas.picker = picker
        canvas.setFocus()

    def _point(self, row: RowBox, on: bool) -> None:
        """Have points of the curve that is shown set on the picture, or no more."""
        if not on:
            if isinstance(self._canvas.picker, Puller):
                self._canvas.picker = None
            return
        for box in self._page.boxes.values():
            if box.grey.isChecked():
                box.grey.click()
        hand = Pulling(row, partial(self._read, row), row.stop_pointing)
        self._hand_over(Puller(self._canvas, hand))

    def _read(self, row: RowBox, place: Place, take: Callable[[Mean], None]) -> None:
        """Read what enters the filter of a row at a place, on a thread."""
        live = None if self._session.studio is None else self._session.studio.live
        Background(
            row,
            partial(_mean, self._below(row.declaration.id), place, live),
            take,
            lambda error: self._messages.say(f"The tone cannot be read: {error}", about="auto"),
        )

    def _take_grey(self, box: SectionBox, place: tuple[float, ...]) -> None:
        row = self._page.row_of(box.declarations[0].id)
        studio = self._session.studio
        if row is None or studio is None:
            return
        below, declaration, begins = self._below(row.declaration.id), row.declaration, row.begins

        def look() -> dict[str, Value]:
            pixel = _mean(below, place, studio.live)[None, None]
            return studio.live.found(declaration, begins, pixel)

        def take(found: dict[str, Value]) -> None:
            self._messages.settle("auto")
            self._set(row, found, "Pick grey")
            known = [declaration.parameter(name) for name in row.row.parameters]
            at_ends = [x.title for x in known if found[x.name] in (x.minimum, x.maximum)]
            if at_ends:
                ended = " and ".join(at_ends)
                self._messages.say(f"{_COLOURFUL} {ended} can go no further.", about="auto")

        Background(
            box,
            look,
            take,
            lambda error: self._messages.say(f"The grey cannot be picked: {error}", about="auto"),
        )


def _mean(document: Document, place: Place, live: Live | None) -> Mean:
    """The mean colour around a place, in fractions of the picture, sRGB-encoded."""
    x = min(int(place[0] * document.width), document.width - 1)
    y = min(int(place[1] * document.height), document.height - 1)
    side = 2 * _AROUND + 1
    around = Region(x - _AROUND, y - _AROUND, side, side).intersect(document.region)
    pixels: Any = render_srgb(document, around, live, lenient=True)[..., :3]
    return np.asarray(pixels.reshape(-1, 3).mean(0), np.float32)
