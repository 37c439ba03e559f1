"""Workspace: one open photograph: the canvas, and the filters, settings and history beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from safelight import actions
from safelight.actions.palette import colours_of
from safelight.api import Declaration, ParameterError, Prepared, Value
from safelight.document import Edit, History, LayerFailed, edits, geometry
from safelight.document.place import IDENTITY
from safelight.files.codecs.plugin import Importers
from safelight.gui.areas import middle
from safelight.gui.background import Background
from safelight.gui.canvas import Canvas
from safelight.gui.canvas.optionsbar import OptionsBar
from safelight.gui.canvas.picture import make_levels
from safelight.gui.canvas.toolcolumn import ToolColumn
from safelight.gui.canvas.tools.picker import Picker
from safelight.gui.controls import PaletteControl
from safelight.gui.garbage import destroy
from safelight.gui.jobstrip import JobStrip
from safelight.gui.keeping import wait_for_closed
from safelight.gui.leavingout import ask_without
from safelight.gui.messages import Above, Line, Messages
from safelight.gui.panels import PANELS, LayersPanel, Panel
from safelight.gui.panels.filters import FilterList
from safelight.gui.panels.settings import FilterSettings
from safelight.gui.proving import Proving
from safelight.gui.session import Session
from safelight.gui.sidebar import Sidebar
from safelight.gui.sketching import Sketching
from safelight.gui.turns import Turns
from safelight.pixels import Raster

_PREVIEW_PIXELS = 3_000_000
"""Most pixels of a result that a preview computes; a larger view is previewed in its middle."""


_LEAVES = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)
"""Keys that end what is typed into a field."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was opened: a history, sentences for the user, the project or the recovery it is in."""

    history: History
    notes: tuple[str, ...] = ()
    project: actions.Project | None = None
    recovery: actions.Recovery | None = None


def open_for_the_screen(
    path: Path, importers: Importers, first: Callable[[actions.Opened], None] | None = None
) -> Loaded:
    """Open a picture or a project and make its zoom levels; runs on a thread.

    ``importers`` gives the formats of plugins. ``first`` is given a picture to look at, its levels
    made, while the colours are converted exactly. Raises OpenError or ProjectError.
    """

    def look(opened: actions.Opened) -> None:
        make_levels(opened.document.layers[0].raster)
        if first is not None:
            first(opened)

    if actions.is_project(path):
        wait_for_closed()
        project, history = actions.Project.open(path, scratch=actions.cache_folder())
        try:
            _make_levels(history)
        except BaseException:
            project.close()
            raise
        return Loaded(history, project=project)
    opened = actions.open_picture(path, importers=importers, first=look)
    history = History.start(opened.document)
    _make_levels(history)
    return Loaded(history, opened.notes)


def recover_for_the_screen(left: actions.Left) -> Loaded:
    """Go on with what a killed process left; runs on a thread. Raises ProjectError."""
    recovery, history = actions.Recovery.taken(left, scratch=actions.cache_folder())
    _make_levels(history)
    return Loaded(history, recovery=recovery)


def _make_levels(history: History) -> None:
    for raster in history.document.rasters():
        make_levels(raster)


_P = TypeVar("_P", bound=Panel)


class Workspace(QWidget):
    """A session's widgets. ``changed`` tells that title, status or actions may read differently.

    It is put together in steps, so that no turn of the event loop has to do all: ``furnish``, while
    the photograph is still being read, and ``take`` what was opened. Only then it has a
    ``session``, and only then it is shown.
    """

    changed = Signal()
    session: Session

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.turns = Turns(self)
        self.panels: list[Panel] = []
        self.settings: FilterSettings | None = None
        self.held: FilterSettings | None = None
        self._selection: Raster | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(500)
        self._seen = QTimer(self)
        self._seen.setSingleShot(True)
        self._seen.setInterval(200)

    def take(self, loaded: Loaded, path: Path | None) -> None:
        """Have what was opened in the widgets, which are all there now."""
        self.session = Session(
            loaded.history, path, self, project=loaded.project, recovery=loaded.recovery
        )
        self._selection = loaded.history.document.selection
        self._connect()
        self._show_history()
        if loaded.notes:
            self.messages.say("\n".join(loaded.notes))

    def set_back_end(self, studio: actions.Studio, filters: Sequence[Declaration]) -> None:
        """The filters are known now, and jobs can run."""
        self.session.set_studio(studio)
        self.filters.show_filters(filters)
        self._show_active()
        missing = self._missing()
        if missing:
            self.messages.say("\n".join(missing))

    def show_filters(self, filters: Sequence[Declaration]) -> None:
        """The filters have changed: show those there are now, with their parameters of now."""
        shown, missing = self.filters, self._missing()
        before = {x.declaration.id: x.declaration for x in (self.settings, self.held) if x}
        shown.show_filters(filters)
        changed = {key for key, item in before.items() if shown.declaration(key) != item}
        if self.held is not None and self.held.declaration.id in changed:
            self.close_layer()
        if self.settings is not None:
            now = shown.declaration(self.settings.declaration.id)
            if now is None:
                self.close_filter()
            elif self.settings.declaration.id in changed:
                self.open_filter(now)
            else:
                self._seen.start()
        self.session.draw_afresh()
        news = [line for line in self._missing() if line not in missing]
        if news:
            self.messages.say("\n".join(news))

    def _missing(self) -> list[str]:
        """A sentence for each filter of the document that is not installed."""
        held = [layer.filter for layer in self.session.document.walk() if layer.filter]
        missing = {x.id: x for x in held if self.filters.declaration(x.id) is None}
        return [
            f"The filter {x.title or x.id} is not installed: install {x.plugin or x.id} to change"
            " it. What it has made is shown."
            for x in missing.values()
        ]

    @property
    def layers(self) -> LayersPanel:
        """The panel that menus and keys for layers go to."""
        return self.panel(LayersPanel)

    def panel(self, kind: type[_P]) -> _P:
        """The panel of a kind."""
        return next(panel for panel in self.panels if isinstance(panel, kind))

    @property
    def title(self) -> str:
        """The photograph's name, with a star when there are edits that are in no project."""
        return self.session.files.name + (" *" if self.session.files.unsaved else "")

    def open_filter(self, declaration: Declaration) -> None:
        """Show a filter's settings."""
        self.close_filter()
        self._leave_plane()
        document = self.session.document
        panel = FilterSettings(declaration, (document.width, document.height))
        panel.preview_wanted.connect(self._preview)
        panel.zoom_wanted.connect(self.canvas.zoom_to)
        panel.apply_wanted.connect(self._apply)
        panel.closed.connect(self.close_filter)
        panel.picking.connect(self._pick)
        panel.room_wanted.connect(self.sidebar.give_room)
        Proving(panel, self.session, self.canvas.visible)
        Sketching(panel, self.session)
        panel.colours_wanted.connect(self._find_colours)
        if self.held is not None:
            self.held.stop_picking()
            self.held.proofs.close_strip()
        self.settings = panel
        self._side.addWidget(panel)
        self._side.setCurrentWidget(panel)
        panel.set_layers(_with_pixels(document))
        self._show_job()
        self._show_picture()
        panel.apply.setFocus()

    def close_filter(self) -> None:
        """Back to the list of filters."""
        if self.settings is None:
            return
        panel, self.settings = self.settings, None
        panel.stop_picking()
        panel.proofs.close_strip()
        self.session.stop_preview()
        self._side.setCurrentWidget(self.held or self.filters)
        self._side.removeWidget(panel)
        destroy(panel)
        self._show_picture()
        self.canvas.setFocus()

    def close_layer(self) -> None:
        """From the settings of the active layer back to the list of filters."""
        if self.held is not None:
            panel, self.held = self.held, None
            focus = QApplication.focusWidget()
            leaves = focus is not None and panel.isAncestorOf(focus)
            panel.stop_picking()
            panel.proofs.close_strip()
            if self._side.currentWidget() is panel:
                self._side.setCurrentWidget(self.filters)
            self._side.removeWidget(panel)
            destroy(panel)
            if leaves:
                self.canvas.setFocus()

    def close_session(self) -> None:
        """Give up whatever runs."""
        self._seen.stop()
        for panel in (self.settings, self.held):
            if panel is not None:
                panel.proofs.close_strip()
        self.session.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The before key works wherever the focus is; a field that is done with gives it back."""
        fields = (QLineEdit, QAbstractSpinBox)
        if event.key() == Qt.Key.Key_Backslash:
            self.canvas.held.press(event, "before")
        elif event.key() in _LEAVES and isinstance(QApplication.focusWidget(), fields):
            self.canvas.setFocus()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not self.canvas.held.release(event):
            super().keyReleaseEvent(event)

    # -- making --------------------------------------------------------------------------------

    def furnish(self) -> Iterator[None]:
        """Make every widget where it belongs, the outer ones first, some with each step.

        Qt reads the style sheet anew for all that is inside of what it moves into another widget.
        """
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(6)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        layout.addWidget(self.splitter, 1)
        middle = QWidget()
        self.splitter.addWidget(middle)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.canvas = Canvas()
        yield
        self.column = ToolColumn(self.canvas)
        layout.insertWidget(0, self.column)
        yield
        self.messages, self.line = Messages(), Line()
        self.options = OptionsBar(self.canvas)
        column.addWidget(self.options)
        column.addWidget(Above(self.canvas, self.messages, self.line), 1)
        self.strip = JobStrip()
        column.addWidget(self.strip)
        yield
        panels = overview, top, bottom = _panel(), _panel(), _panel()
        self._side = QStackedWidget()
        self.sidebar = Sidebar(panels, self._side)
        self.splitter.addWidget(self.sidebar)
        self.overview, self.lists = _tabs(overview), _tabs(bottom)
        stacks = {"overview": self.overview, "lists": self.lists}
        for kind in PANELS:
            panel = kind()
            self.panels.append(panel)
            stacks[kind.stack].addTab(panel, kind.title)
            yield
        _fill(top, self._side)
        self.filters = FilterList()
        self._side.addWidget(self.filters)
        yield
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 0)
        self.splitter.setCollapsible(0, False)
        self.splitter.setCollapsible(1, True)
        self.splitter.setSizes([980, 290])

    def _connect(self) -> None:
        session = self.session
        session.history_changed.connect(self._show_history)
        session.active_changed.connect(self._show_layers)
        session.stale_changed.connect(self._show_layers)
        session.blocked.connect(self._ask_without)
        self._later.timeout.connect(self._refresh_if_stale)
        session.job_changed.connect(self._show_job)
        session.overlay_changed.connect(self._show_overlay)
        session.measured.connect(self._show_measured)
        session.selected.connect(self._show_selected)
        session.said.connect(self.messages.say)
        session.complained.connect(
            lambda about, text, details: self.messages.say(text, details, about)
        )
        session.settled.connect(self.messages.settle)
        session.mentioned.connect(self.line.mention)
        self.messages.changed.connect(self.changed)
        self.filters.chosen.connect(self.choose_filter)
        self.strip.cancelled.connect(session.cancel_job)
        self.canvas.view_changed.connect(self._view_changed)
        self.canvas.guides_changed.connect(self.changed)
        self.canvas.tool_changed.connect(self._tool_changed)
        self.canvas.before_changed.connect(self.changed)
        self.canvas.edit_wanted.connect(self._do)
        for panel in self.panels:
            panel.attach(session, self.canvas)
        self._seen.timeout.connect(self._preview)

    # -- showing -------------------------------------------------------------------------------

    def _show_history(self) -> None:
        history = self.session.history
        if self.settings is not None:
            self.settings.set_picture((history.document.width, history.document.height))
            self._show_obstacle()
        self._show_picture()
        self._show_layers()
        self.changed.emit()

    def _show_layers(self) -> None:
        session = self.session
        for panel in self.panels:
            panel.show_session(session)
        self._show_mask()
        self._show_active()
        if self.settings is not None:
            self.settings.set_layers(_with_pixels(session.document))
        if self.held and self.held.automatic.isChecked() and self._may_refresh():
            self._later.start()

    def _show_active(self) -> None:
        """Show the settings of the active layer, if it is a filter that is installed."""
        layer = self.session.layer
        if self.held is not None and (self.held.layer is None or self.held.layer.id != layer.id):
            self.close_layer()
        if layer.filter is None:
            return
        if self.held is None:
            declaration = self.filters.declaration(layer.filter.id)
            if declaration is None:
                return
            document = self.session.document
            panel = FilterSettings(declaration, (document.width, document.height), layer)
            panel.edited.connect(self._edit_filter)
            panel.refresh_wanted.connect(lambda: self._refresh(self.session.active))
            panel.closed.connect(self.close_layer)
            panel.picking.connect(self._pick)
            panel.room_wanted.connect(self.sidebar.give_room)
            Proving(panel, self.session, self.canvas.visible)
            Sketching(panel, self.session)
            panel.colours_wanted.connect(self._find_colours)
            if panel.strip is not None:
                panel.strip.edit_wanted.connect(self.session.do)
            self.held = panel
            self._side.addWidget(panel)
            if self.settings is None:
                self._side.setCurrentWidget(panel)
        current, trouble = self.session.current(layer.filter)
        self.held.show_layer(
            layer,
            current,
            trouble,
            stale=layer.id in self.session.stale,
            busy=self.session.job is not None,
        )
        self.held.set_layers(_with_pixels(self.session.document))

    def _edit_filter(self, label: str, token: str) -> None:
        if self.held is None or self.held.layer is None:
            return
        try:
            settings = self.held.settings()
        except ParameterError as error:
            self.messages.say(str(error), about="settings")
            return
        self.messages.settle("settings")
        identity = self.held.layer.id
        version = self.held.declaration.version
        edit = edits.set_filter(
            identity, settings=settings, version=version, label=label, token=token or None
        )
        self.session.adjust(edit, self.canvas.visible(), self.canvas.level)

    def _ask_without(
        self,
        label: str,
        failure: LayerFailed,
        again: Callable[[], object],
        without: Callable[[], object],
    ) -> None:
        ask_without(self, label, failure, again, without)

    def _refresh(self, layer_id: str) -> None:
        self.session.refresh(layer_id, self.canvas.visible())

    def _refresh_if_stale(self) -> None:
        if self._may_refresh() and self.session.job is None:
            self._refresh(self.session.active)

    def _may_refresh(self) -> bool:
        """Whether to compute the active layer anew unasked: not what someone has gone back to."""
        session = self.session
        return session.active in session.stale and not session.history.can_redo

    def _show_picture(self) -> None:
        session = self.session
        steps, document = session.history.steps, session.trial or session.document
        before = session.document if self.settings is not None else steps[0].document
        shown = self.canvas.tool.shows(document)
        before = geometry.framed_as(before, shown)
        self.canvas.show_picture(session.picture(shown), session.picture(before), document)
        self.canvas.show_selection(shown.picture.selection)
        live = session.studio.live if session.studio is not None else None
        for panel in self.panels:
            panel.show_picture(shown, live)
        self._show_view()

    def _show_view(self) -> None:
        for panel in self.panels:
            panel.show_view(self.canvas.corners(), self.canvas.view.zoom)

    def _show_mask(self) -> None:
        """Show on what a brush paints."""
        session = self.session
        document, painted_on = session.document, session.painted_on
        if document.selection is not self._selection:
            self._selection = document.selection
            self.messages.settle("selection")
            if self.settings is not None:  # what is tried would have it as its mask
                self._seen.start()
        layer = None if painted_on is None else document.layer(painted_on)
        if layer is None or layer.filter is None:
            self.canvas.show_mask(document.picture.selection)
        else:
            mask = layer.seen(document.looked_at).mask
            self.canvas.show_mask(mask, layer.filter.grow, layer.filter.feather)
        target = "" if layer is None else layer.name
        self.canvas.show_document(document, session.active, painted_on, target)

    def _show_job(self) -> None:
        run = self.session.job
        self.strip.show_run(run)
        self._show_active()
        self._show_obstacle()
        self.changed.emit()

    def _show_obstacle(self) -> None:
        """Say why the filter that is open cannot be applied now."""
        panel, run = self.settings, self.session.job
        if panel is not None:
            panel.needs_selection(panel.declaration.masked and self._selects_nothing())
            panel.set_busy(f"{run.declaration.title} is running; one at a time" if run else "")

    def _selects_nothing(self) -> bool:
        return self.session.document.selection is None

    def _show_measured(self, values: Prepared) -> None:
        panel = self.settings or self.held
        if panel is not None:
            panel.show_measured(values)

    def _show_selected(self) -> None:
        """What was selected is seen in red, to be corrected with the brush; or that it is none."""
        if self._selects_nothing():
            self.messages.say("Nothing was found, so nothing is selected.", about="selection")
        else:
            self.canvas.show_mask_overlay = True

    def _show_overlay(self) -> None:
        self._show_picture()
        whole = self.canvas.shown_from == IDENTITY
        self.canvas.show_overlay(self.session.overlay if whole else None)
        if self.settings is not None:
            run = self.session.preview
            note = "" if run is None else "Preview…" if not run.done else f"Preview {run.done:.0%}"
            self.settings.preview_note.setText(note)

    # -- doing ---------------------------------------------------------------------------------

    def _do(self, edit: Edit) -> None:
        """Make the edit that a tool asks for; of a stroke's many pieces none complains."""
        if edit.token is None or not self.session.locked:
            self.session.do(edit)

    def choose_filter(self, declaration: Declaration) -> None:
        """Something new begins: what was said of the last filter is over."""
        self._settle_filter()
        self.open_filter(declaration)

    def _tool_changed(self) -> None:
        """Another tool may show another part of the plane."""
        document = self.session.trial or self.session.document
        seen = self.canvas.scene.picture
        shown = self.canvas.tool.shows(document).looked_at
        if seen is not None and seen.document is not None and seen.document.looked_at != shown:
            self._show_overlay()
        self.changed.emit()

    def _leave_plane(self) -> None:
        """Show the picture alone: what is tried and picked is of that."""
        if self.canvas.shown_from != IDENTITY:
            self.canvas.leave()

    def _view_changed(self) -> None:
        self.session.look_at(self.canvas.visible())
        self._show_view()
        if self.settings is not None:
            self._seen.start()
        self.changed.emit()

    def _preview(self) -> None:
        if self.settings is None or self.session.job is not None:
            return
        if not self.settings.preview.isChecked():
            self.session.stop_preview()
            return
        declaration, settings = self.settings.declaration, self._settings()
        if declaration.masked and self._selects_nothing():
            self.session.stop_preview()
        elif settings is not None and declaration.zoomable:
            seen = self.canvas.visible(), self.canvas.level
            self.session.start_preview(declaration, settings, *seen)
        elif settings is not None:
            most = _PREVIEW_PIXELS // declaration.factor(settings) ** 2
            part, selection = self.canvas.visible(), self.session.document.picture.selection
            if declaration.generates and selection is not None:
                part = part.intersect(selection.bounds() or part)
            if part.empty:
                self.session.stop_preview()
            self.session.start_preview(declaration, settings, middle(part, most))

    def _pick(self, kind: Literal["", "point", "rectangle"], place: tuple[float, ...]) -> None:
        """A panel wants a place of the picture; "" = none any more."""
        if kind:
            self._leave_plane()
        self.canvas.picker = Picker(self.canvas, kind, place, self._picked) if kind else None
        if kind:
            self.canvas.setFocus()

    def _picked(self, place: tuple[float, ...] | None) -> None:
        panel = self.settings or self.held
        if panel is not None and place is not None:
            panel.picked(place)
        elif panel is not None:
            panel.stop_picking()

    def _find_colours(self, control: PaletteControl) -> None:
        """Find the colours of the picture; of a layer that is set, those of what lies below it."""
        session = self.session
        document, live = session.document, session.studio.live if session.studio else None
        if self.settings is None and self.held is not None and self.held.layer is not None:
            document = document.below(self.held.layer.id)
        Background(
            control,
            lambda: colours_of(document, live=live),
            control.take_colours,
            lambda error: control.show_trouble(str(error)),
        )

    def _settings(self) -> dict[str, Value] | None:
        """The settings shown; None, and a message, when they are not legal."""
        try:
            found = self.settings.settings() if self.settings is not None else None
        except ParameterError as error:
            self.messages.say(str(error), about="settings")
            return None
        self.messages.settle("settings")
        return found

    def _settle_filter(self) -> None:
        for about in ("filter", "settings"):
            self.messages.settle(about)

    def _apply(self) -> None:
        settings = self._settings()
        if self.settings is None or settings is None:
            return
        declaration = self.settings.declaration
        self._settle_filter()
        self.close_filter()
        self.session.apply(declaration, settings, self.canvas.visible())


def _with_pixels(document: actions.Document) -> list[tuple[str, str]]:
    """The layers that hold pixels, topmost first: the id and the name of each."""
    found = [(x.id, x.name) for x in document.walk() if x.holds_pixels]
    return found[::-1]


def _panel() -> QFrame:
    frame = QFrame()
    frame.setObjectName("panel")
    return frame


def _fill(panel: QFrame, inside: QWidget) -> None:
    layout = QVBoxLayout(panel)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(inside)


def _tabs(panel: QFrame) -> QTabWidget:
    """An empty stack of tabs in a panel."""
    tabs = QTabWidget()
    tabs.setDocumentMode(True)
    _fill(panel, tabs)
    return tabs
