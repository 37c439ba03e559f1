"""Filter stack: the place of filters beside the canvas, and what their settings make happen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QApplication, QStackedWidget, QWidget

from safelight.api import Declaration, ParameterError, Prepared, Value
from safelight.document import Layer, Stroke, edits
from safelight.document.frames import frames
from safelight.document.placement import IDENTITY
from safelight.gui.adjust.adjust_panel import AdjustPage
from safelight.gui.adjust.adjust_sliders import Sliders
from safelight.gui.canvas import Canvas
from safelight.gui.canvas.tools.setting_picker import Picker
from safelight.gui.frames.keyframe_buttons import offer_settings
from safelight.gui.jobs.setting_proposals import Proposals
from safelight.gui.jobs.waiting_work import Work
from safelight.gui.notices import Messages
from safelight.gui.panels.filters_panel import FilterList
from safelight.gui.panels.settings_panel import FilterSettings
from safelight.gui.previews.computed_area import middle
from safelight.gui.previews.encoded_examples import Encoding
from safelight.gui.previews.lightbox_pictures import Sketching
from safelight.gui.previews.proof_updates import Proving
from safelight.gui.session import Session
from safelight.gui.threads.garbage_collection import destroy

_PREVIEW_PIXELS = 3_000_000
"""Most pixels of a result that a preview computes; a larger view is previewed in its middle."""

_PREVIEW_PAUSE, _REFRESH_PAUSE = 200, 500
"""Milliseconds after a change before a preview follows it, and a layer is computed anew."""


class FilterStack(QStackedWidget):
    """*Adjust*: its sections, the list of filters, or the settings of one.

    ``home`` has the sections, ``offered`` is the list. ``tried`` has the settings of a filter that
    is chosen and not applied yet, ``held`` those of the active layer; they are None where there is
    no such filter.
    ``changed`` tells that another filter is tried, ``room_wanted`` that what is shown needs another
    height.
    """

    changed = Signal()
    room_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tried: FilterSettings | None = None
        self.held: FilterSettings | None = None
        self.home = AdjustPage(self)
        self.home.chosen.connect(self.choose)
        self.home.list_wanted.connect(self.list_all)
        self.addWidget(self.home)
        self.offered = FilterList(self)
        self.offered.chosen.connect(self.choose)
        self.offered.closed.connect(self.show_home)
        self.addWidget(self.offered)
        self._later = _timer(self, _REFRESH_PAUSE)
        self._later.timeout.connect(self._refresh_if_stale)
        self._soon = _timer(self, _PREVIEW_PAUSE)
        self._soon.timeout.connect(self._preview)

    def attach(self, session: Session, canvas: Canvas, messages: Messages) -> None:
        """Have the photograph that filters are for, once, before any is shown."""
        self._session, self._canvas, self._messages = session, canvas, messages
        for computing in (session.previews, session.jobs):
            computing.measured.connect(self._show_measured)
        self.home.crop_wanted.connect(lambda: canvas.take("crop"))
        self.home.crop_wanted.connect(canvas.setFocus)  # to which the tool's keys come
        self.sliders = Sliders(self.home, session, canvas, messages)

    # -- what is shown -------------------------------------------------------------------------

    def choose(self, declaration: Declaration) -> None:
        """Something new begins: what was said of the last filter is over."""
        self._settle()
        self.open(declaration)

    def open(self, declaration: Declaration) -> None:
        """Show a filter's settings, where its result can be seen."""
        self.close_tried()
        self._leave_plane()
        _look_where_much_is_gathered(self._session, declaration)
        panel = self._panel(declaration)
        panel.preview_wanted.connect(self._preview)
        panel.zoom_wanted.connect(self._canvas.zoom_to)
        panel.apply_wanted.connect(self._apply)
        panel.closed.connect(self.close_tried)
        if self.held is not None:
            self.held.stop_picking()
            self.held.proofs.close_strip()
        self.tried = panel
        self.setCurrentWidget(panel)
        panel.set_layers(self._with_pixels())
        self.show_job()
        self.changed.emit()
        panel.apply.setFocus()

    def list_all(self) -> None:
        """Show the list of all filters, with the keyboard in its search."""
        self.close_tried()
        self.setCurrentWidget(self.offered)
        self.offered.search.setFocus()

    def show_home(self) -> None:
        """Show the sections."""
        self.setCurrentWidget(self.home)
        self._canvas.setFocus()

    def open_layer(self) -> None:
        """Show what the active layer is set with: sliders of a section, or its filter's panel."""
        self.show_active()
        layer = self._session.layer
        if self.tried is None and layer.filter is not None:
            if self.home.reveal(layer.filter.id):
                self.setCurrentWidget(self.home)
            elif self.held is not None:
                self.setCurrentWidget(self.held)

    def close_tried(self, *, stop: bool = True) -> None:
        """Back to what was there before: the active layer's settings, or the sections. ``stop``:
        its preview goes, too.
        """
        if self.tried is None:
            return
        if stop:
            self._session.previews.stop()
        panel, self.tried = self.tried, None
        self.setCurrentWidget(self._page())
        self._remove(panel)
        self.changed.emit()
        self._canvas.setFocus()

    def _page(self) -> QWidget:
        """What is shown where no filter is tried."""
        held = self.held
        in_sections = held is not None and self.home.box_of(held.declaration.id) is not None
        return self.home if held is None or in_sections else held

    def leave_held(self) -> None:
        """Go from the settings of the active layer to the sections; the settings are kept."""
        if self.held is not None:
            self.held.stop_picking()
        self.show_home()

    def close_held(self) -> None:
        """The active layer is another, or has no filter that is installed."""
        if self.held is None:
            return
        panel, self.held = self.held, None
        focus = QApplication.focusWidget()
        leaves = focus is not None and panel.isAncestorOf(focus)
        if self.currentWidget() is panel:
            self.setCurrentWidget(self.home)
        self._remove(panel)
        if leaves:
            self._canvas.setFocus()

    def close_session(self) -> None:
        """Ask for nothing more."""
        self._soon.stop()
        for panel in (self.tried, self.held):
            if panel is not None:
                panel.proofs.close_strip()

    def show_filters(self, filters: Sequence[Declaration]) -> None:
        """Show those filters that there are now, with their parameters of now."""
        before = {x.declaration.id: x.declaration for x in (self.tried, self.held) if x}
        self.offer(filters)
        changed = {key for key, item in before.items() if self.offered.declaration(key) != item}
        if self.held is not None and self.held.declaration.id in changed:
            self.close_held()
        if self.tried is None:
            return
        now = self.offered.declaration(self.tried.declaration.id)
        if now is None:
            self.close_tried()
        elif self.tried.declaration.id in changed:
            self.open(now)
        else:
            self._soon.start()

    def offer(self, filters: Sequence[Declaration]) -> None:
        """Have these filters, before any is shown."""
        self.offered.show_filters(filters)
        self.home.show_filters(filters)

    def missing(self) -> list[str]:
        """A sentence for each filter of the document that is not installed."""
        held = [layer.filter for layer in self._session.document.walk() if layer.filter]
        missing = {x.id: x for x in held if self.offered.declaration(x.id) is None}
        plugins = {item.plugin for item in self.offered.filters}
        return [
            f"The filter {x.title or x.id} is not installed: {x.remedy(plugins, ' to change it')}."
            " What it has made is shown."
            for x in missing.values()
        ]

    # -- what there is to show -----------------------------------------------------------------

    def show_document(self) -> None:
        """The document is another one."""
        if self.tried is not None:
            document = self._session.document
            self.tried.set_picture((document.width, document.height))
            self._show_obstacle()

    def show_layers(self) -> None:
        """The layers, or which of them is active, are others."""
        self.show_active()
        if self.tried is not None:
            self.tried.set_layers(self._with_pixels())
        held = self.held
        automatic = held and (held.automatic.isChecked() or self._page() is self.home)
        if automatic and self._may_refresh():
            self._later.start()

    def show_active(self) -> None:
        """Show the settings of the active layer, if it is a filter that is installed."""
        session = self._session
        layer = session.layer
        self.sliders.show()
        if self.held is not None and (self.held.layer is None or self.held.layer.id != layer.id):
            self.close_held()
        if layer.filter is None:
            return
        if self.held is None:
            declaration = self.offered.declaration(layer.filter.id)
            if declaration is None:
                return
            self.held = self._panel_of_layer(declaration, layer)
            if self.tried is None:
                self.setCurrentWidget(self._page())
                if not self.sliders.moving:
                    self.home.reveal(declaration.id)
        current, trouble = session.installed.current(layer.filter)
        self.held.show_layer(
            layer,
            current,
            trouble,
            stale=layer.id in session.results.stale,
            busy=session.job is not None,
        )
        self.held.set_layers(self._with_pixels())

    def show_job(self) -> None:
        """A job runs, or none any more."""
        self.show_active()
        self._show_obstacle()

    def show_preview(self) -> None:
        """The preview is another one, or further."""
        if self.tried is not None:
            run = self._session.previews.run
            note = "" if run is None else "Preview…" if not run.done else f"Preview {run.done:.0%}"
            self.tried.preview_note.setText(note)

    def preview_soon(self) -> None:
        """What would be previewed is another part, or another selection: in a moment."""
        if self.tried is not None:
            self._soon.start()

    def _show_obstacle(self) -> None:
        """Say why the filter that is open cannot be applied now."""
        panel, run = self.tried, self._session.job
        if panel is not None:
            panel.needs_selection(panel.declaration.masked and self._selects_nothing())
            panel.set_busy(f"{run.declaration.title} is running; one at a time" if run else "")

    def _show_measured(self, values: Prepared) -> None:
        panel = self.tried or self.held
        if panel is not None:
            panel.show_measured(values)

    # -- panels --------------------------------------------------------------------------------

    def _panel(self, declaration: Declaration, layer: Layer | None = None) -> FilterSettings:
        """The settings of a filter, as one of the stack."""
        document = self._session.document
        panel = FilterSettings(declaration, (document.width, document.height), layer)
        panel.picking.connect(self._pick)
        panel.room_wanted.connect(self.room_wanted)
        Proving(panel, self._session, self._canvas.visible)
        Sketching(panel, self._session)
        Encoding(panel, self._session)
        Proposals(panel, self._session, self._messages)
        self.addWidget(panel)
        return panel

    def _panel_of_layer(self, declaration: Declaration, layer: Layer) -> FilterSettings:
        panel = self._panel(declaration, layer)
        panel.edited.connect(self._edit)
        panel.refresh_wanted.connect(self._refresh)
        panel.closed.connect(self.leave_held)
        offer_settings(panel.controls, self._session, lambda: panel.layer)
        if panel.strip is not None:
            panel.strip.edit_wanted.connect(self._session.do)
            panel.strip.offer_keyframes(self._session)
        return panel

    def _remove(self, panel: FilterSettings) -> None:
        panel.stop_picking()
        panel.proofs.close_strip()
        self.removeWidget(panel)
        destroy(panel)

    def _with_pixels(self) -> list[tuple[str, str]]:
        """The layers that hold pixels, topmost first: the id and the name of each."""
        layers = self._session.document.walk()
        return [(layer.id, layer.name) for layer in layers if layer.holds_pixels][::-1]

    # -- what they want ------------------------------------------------------------------------

    def _edit(self, label: str, token: str) -> None:
        if self.held is None or self.held.layer is None:
            return
        settings = self._settings(self.held)
        if settings is None:
            return
        identity, version = self.held.layer.id, self.held.declaration.version
        edit = edits.set_filter(
            identity, settings=settings, version=version, label=label, token=token or None
        )
        self._session.previews.adjust(edit, self._canvas.visible(), self._canvas.level)

    def _refresh(self) -> None:
        self._session.jobs.refresh(self._session.active, self._canvas.visible())

    def _refresh_if_stale(self) -> None:
        if self._may_refresh() and self._session.job is None:
            self._refresh()

    def _may_refresh(self) -> bool:
        """Whether to compute the active layer anew unasked: not what someone has gone back to."""
        session = self._session
        return session.active in session.results.stale and not session.history.can_redo

    def _preview(self) -> None:
        session, canvas, panel = self._session, self._canvas, self.tried
        if panel is None or session.job is not None:
            return
        if not panel.preview.isChecked():
            session.previews.stop()
            return
        declaration, settings = panel.declaration, self._settings(panel)
        if declaration.masked and self._selects_nothing():
            session.previews.stop()
        elif settings is not None and declaration.zoomable:
            session.previews.start(declaration, settings, canvas.visible(), canvas.level)
        elif settings is not None:
            most = _PREVIEW_PIXELS // declaration.factor(settings) ** 2
            part, selection = canvas.visible(), session.document.picture.selection
            if declaration.generates and selection is not None:
                part = part.intersect(selection.bounds() or part)
            if part.empty:
                session.previews.stop()
            session.previews.start(declaration, settings, middle(part, most))

    def _selects_nothing(self) -> bool:
        return self._session.document.selection is None

    def _pick(self, kind: Literal["", "point", "rectangle"], place: tuple[float, ...]) -> None:
        """A panel wants a place of the picture; "" = none any more."""
        if kind:
            self._leave_plane()
        self._canvas.picker = Picker(self._canvas, kind, place, self._picked) if kind else None
        if kind:
            self._canvas.setFocus()

    def _leave_plane(self) -> None:
        """Show the picture alone: what is tried and picked is of that."""
        if self._canvas.shown_from != IDENTITY:
            self._canvas.leave()

    def _picked(self, place: tuple[float, ...] | None) -> None:
        panel = self.tried or self.held
        if panel is not None and place is not None:
            panel.picked(place)
        elif panel is not None:
            panel.stop_picking()

    def _settings(self, panel: FilterSettings) -> dict[str, Value] | None:
        """The settings shown; None, and a message, when they are not legal."""
        try:
            found = panel.settings()
        except ParameterError as error:
            self._messages.say(str(error), about="settings")
            return None
        self._messages.settle("settings")
        return found

    def apply_along(self, identity: str, stroke: Stroke) -> None:
        """Apply a filter, as its settings begin, where a stroke has been: it selects nothing. It
        waits for what is under way.
        """
        declaration, session = self.offered.declaration(identity), self._session
        if declaration is None:
            self._messages.say(
                f"The filter {identity} is not installed, so nothing was done: install its plugin"
                " with Filters › Plugins.",
                about="filter",
            )
        else:
            self._settle()
            self.close_tried()
            where = edits.along(session.document, stroke)

            def start() -> None:
                session.jobs.apply(
                    declaration, declaration.settings(), self._canvas.visible(), where
                )

            session.wait(Work(declaration.title, start, stroke, alone=True))

    def _settle(self) -> None:
        for about in ("filter", "settings"):
            self._messages.settle(about)

    def _apply(self) -> None:
        panel = self.tried
        settings = self._settings(panel) if panel is not None else None
        if panel is None or settings is None:
            return
        self._settle()
        # Applied first: of what is shown it is known how, and it is shown until the layer is there.
        self._session.jobs.apply(panel.declaration, settings, self._canvas.visible())
        if self.tried is panel:
            self.close_tried(stop=False)


def _look_where_much_is_gathered(session: Session, declaration: Declaration) -> None:
    """Leave a first frame, before which there is nothing to be gathered, for the last one."""
    last = frames.length(session.history.document) - 1
    if declaration.gathers and session.frame == 0 < last:
        session.look_at_frame(last)
        session.mentioned.emit(
            f"{declaration.title} gathers the pictures before: the last one shows most."
        )


def _timer(parent: QWidget, pause: int) -> QTimer:
    """A timer of ``pause`` milliseconds that runs out once."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(pause)
    return timer
