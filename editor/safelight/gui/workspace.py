"""Workspace: one open photograph: the canvas, and the filters, settings and history beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent, QMargins, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from safelight import actions
from safelight.api import Declaration
from safelight.document import Document, Edit, LayerFailed, geometry, kernels
from safelight.document.frames.frame_documents import FrameDocuments
from safelight.document.placement import IDENTITY
from safelight.gui.canvas import Canvas
from safelight.gui.canvas.options_bar import OptionsBar
from safelight.gui.canvas.picture import Picture
from safelight.gui.canvas.tile_store import Wanted
from safelight.gui.canvas.tool_column import ToolColumn
from safelight.gui.deeds.deed import Deeds
from safelight.gui.frames.frame_strip import FrameStrip
from safelight.gui.frames.frames_ahead import FramesAhead
from safelight.gui.jobs.filter_stack import FilterStack
from safelight.gui.jobs.job_strip import JobStrip
from safelight.gui.jobs.left_out_layers import ask_without
from safelight.gui.notices import Above, Line, Messages
from safelight.gui.open_and_save.loaded_files import Loaded
from safelight.gui.panels import PANELS, LayersPanel, Panel
from safelight.gui.screen.display_transform import display
from safelight.gui.session import Session
from safelight.gui.sidebar import Sidebar
from safelight.gui.threads.event_loop_turns import Turns
from safelight.gui.window_state import (
    last_tab,
    last_tool,
    last_width,
    latest_tools,
    remember_around,
    remember_work,
)
from safelight.pixels import RESAMPLE, Raster

_SIZES = [980, 300]
"""Widths of canvas and sidebar at first, in widget pixels; they share what there is so."""

_REST = 200
"""Milliseconds without another change by a tool after which what it shows is made sharp."""

_LEAVES = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)
"""Keys that end what is typed into a field."""


_P = TypeVar("_P", bound=Panel)


class Workspace(QWidget):
    """A session's widgets. ``changed`` tells that title, status or actions may read differently,
    ``moved`` that another part of the picture is seen.

    It is put together in steps, so that no turn of the event loop has to do all: ``furnish``, while
    the photograph is still being read, and ``take`` what was opened. Only then it has a
    ``session``, and only then it is shown.
    """

    changed = Signal()
    moved = Signal()
    session: Session

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.turns = Turns(self)
        self.panels_hidden = False
        self.panels: list[Panel] = []
        self._selection: Raster | None = None
        self._first = FrameDocuments()
        self._foreseen = True
        """Whether what will be seen of another frame is known."""
        self._reddened = False  # by what selected, not by the user
        self._resting = QTimer(self)  # runs from what a tool has changed until the hand has rested
        self._resting.setSingleShot(True)
        self._resting.setInterval(_REST)
        self._resting.timeout.connect(self._show_picture)

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
        self.filters.offer(filters)
        self.filters.show_active()
        missing = self.filters.missing()
        if missing:
            self.messages.say("\n".join(missing))

    def show_filters(self, filters: Sequence[Declaration]) -> None:
        """The filters have changed: show those there are now, with their parameters of now."""
        missing = self.filters.missing()
        self.filters.show_filters(filters)
        self.session.draw_afresh()
        news = [line for line in self.filters.missing() if line not in missing]
        if news:
            self.messages.say("\n".join(news))

    @property
    def layers(self) -> LayersPanel:
        """The panel that menus and keys for layers go to."""
        return self.panel(LayersPanel)

    def offer(self, deeds: Deeds) -> None:
        """Tell the tools and the panels what can be asked for."""
        self.column.offer(deeds)
        for panel in self.panels:
            panel.offer(deeds)

    def show_panel(self, kind: type[Panel]) -> None:
        """Bring a panel's tab to the front, at a width at which it can be seen."""
        self.sidebar.show_tab(kind.tab)
        self._unfold()

    def _unfold(self) -> None:
        if not self.sidebar.width():
            self.splitter.setSizes(_SIZES)

    def show_adjust(self) -> None:
        """Bring the sections of *Adjust* to the front."""
        self.sidebar.show_adjust()
        self._unfold()
        self.filters.show_home()

    def panel(self, kind: type[_P]) -> _P:
        """The panel of a kind."""
        return next(panel for panel in self.panels if isinstance(panel, kind))

    @property
    def title(self) -> str:
        """The photograph's name, with a star when there are edits that are in no project."""
        return self.session.files.name + (" *" if self.session.files.unsaved else "")

    @property
    def around(self) -> QMargins:
        """What lies around the picture, in widget pixels."""
        corner = self.canvas.mapTo(self, QPoint())
        right = self.width() - corner.x() - self.canvas.width()
        below = self.height() - corner.y() - self.canvas.height()
        return QMargins(corner.x(), corner.y(), right, below)

    def close_session(self) -> None:
        """Give up whatever runs."""
        self._resting.stop()
        self.frames.end()
        self.filters.close_session()
        self.session.close()

    def hide_panels(self, on: bool) -> None:
        """Show the picture alone, or what is around it again."""
        self.panels_hidden = on
        for part in (self.column, self.options, self.sidebar):
            part.setVisible(not on)
        if on:
            self.canvas.setFocus()
            self.line.mention("Tab shows the panels again.")
        self.changed.emit()

    def remember(self) -> None:
        """Have the next photograph begin with the tool, the tab and the panels' width of this."""
        latest = list(self.column.latest.values())
        remember_work(self.canvas.tool.id, latest, self.sidebar.title, self.splitter.sizes())
        remember_around(self.around)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Tab over the picture hides the panels; elsewhere it goes on to the next field."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
            if event.key() == Qt.Key.Key_Tab and plain:
                self.hide_panels(not self.panels_hidden)
                return True
        return super().eventFilter(watched, event)

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
        self.strip = JobStrip()
        column.addWidget(Above(self.canvas, self.messages, self.line, strip=self.strip), 1)
        self.frames = FrameStrip()
        column.addWidget(self.frames)
        yield
        self.filters = FilterStack()
        yield
        self.sidebar = Sidebar(self.filters)
        self.splitter.addWidget(self.sidebar)
        for kind in PANELS:
            panel = kind()
            self.panels.append(panel)
            self.sidebar.add(panel)
            yield
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 0)
        self.splitter.setCollapsible(0, False)
        self.splitter.setCollapsible(1, True)
        self._begin_as_left()

    def _begin_as_left(self) -> None:
        """Have the tool, the tab and the panels' width that the last photograph had."""
        width = last_width()
        self.splitter.setSizes(_SIZES if width is None else [sum(_SIZES) - width, width])
        tool = last_tool([tool.id for tool in self.canvas.tools.values() if tool.chosen])
        self.column.bring_forward(latest_tools())
        if tool:
            self.canvas.take(tool)
        self.sidebar.show_tab(last_tab())

    def _connect(self) -> None:
        session = self.session
        session.history_changed.connect(self._show_history)
        session.frame_changed.connect(self._show_frame)
        self._ahead = FramesAhead(
            self,
            self._seen_at,
            session.picture_of,
            self._needed,
            self._view_now,
            self.canvas.scene.tiles,
            self.frames.show_ready,
        )
        self.frames.attach(session, self._ahead, lambda: self.canvas.finished)
        self.frames.onion_changed.connect(self._show_picture)
        for other in (session.active_changed, session.results.changed):
            other.connect(self._show_layers)
            other.connect(self.changed)
        session.blocked.connect(self._ask_without)
        session.job_changed.connect(self._show_job)
        session.overlay_changed.connect(self._show_overlay)
        session.jobs.selected.connect(self._show_selected)
        session.said.connect(self.messages.say)
        session.complained.connect(
            lambda about, text, details: self.messages.say(text, details, about)
        )
        session.settled.connect(self.messages.settle)
        session.mentioned.connect(self.line.mention)
        self.messages.changed.connect(self.changed)
        self.filters.changed.connect(self._show_picture)
        self.filters.room_wanted.connect(self.sidebar.give_room)
        self.filters.changed.connect(self._show_tried)
        self.strip.cancelled.connect(session.cancel)
        self.canvas.view_changed.connect(self._view_changed)
        self.canvas.guides_changed.connect(self.changed)
        self.canvas.tool_changed.connect(self._tool_changed)
        self.canvas.before_changed.connect(self.changed)
        self.canvas.edit_wanted.connect(self._do)
        self.canvas.activation_wanted.connect(session.activate)
        self.canvas.filter_wanted.connect(self.filters.apply_along)
        for panel in self.panels:
            panel.attach(session, self.canvas)
            self.canvas.pointed.connect(panel.show_pointer)
        self.canvas.installEventFilter(self)
        self.layers.clicked.connect(self._open_layer)
        self.filters.attach(session, self.canvas, self.messages)

    # -- showing -------------------------------------------------------------------------------

    def _show_history(self) -> None:
        self._resting.stop()
        self.filters.show_document()
        self._show_picture()
        self._show_layers()
        self.changed.emit()

    def _show_layers(self) -> None:
        session = self.session
        for panel in self.panels:
            panel.show_session(session)
        self._show_mask()
        self.filters.show_layers()

    def _ask_without(
        self,
        label: str,
        failure: LayerFailed,
        again: Callable[[], object],
        without: Callable[[], object],
    ) -> None:
        ask_without(self, label, failure, again, without)

    def _show_picture(self) -> None:
        session = self.session
        steps, document = session.history.steps, session.previews.trial or session.document
        first = self._first.at(steps[0].document, session.frame)
        before = session.document if self.filters.tried is not None else first
        seen = self.frames.seen_through(document)
        shown = self.canvas.tool.shows(seen)
        self._foreseen = shown is seen and session.previews.trial is None
        if self._resting.isActive():
            shown = _drafted(shown)
        before = geometry.framed_as(before, shown)
        pictures = [
            session.picture(each, self._ahead.picture(session.frame, each))
            for each in (shown, before)
        ]
        self.canvas.scene.tiles.looks_ahead = not self.frames.playing
        self.canvas.show_picture(pictures[0], pictures[1], document)
        self.canvas.show_selection(shown.picture.selection)
        live = session.studio.live if session.studio is not None else None
        for panel in self.panels:
            panel.show_picture(shown, live)
        self._show_view()

    def _seen_at(self, number: int) -> list[Document]:
        """What will be seen of a frame: the document, and what it is compared with where that is
        seen too. Nothing where a tool or a trial shows something else of each.
        """
        session, canvas = self.session, self.canvas
        if not self._foreseen:
            return []
        found = [self.frames.seen_through(session.document_at(number))]
        if canvas.split is not None or canvas.showing_before:
            first = self._first.at(session.history.steps[0].document, number)
            before = geometry.framed_as(first, found[0])
            found += [] if before.looks_like(found[0]) else [before]
        return found

    def _needed(self, picture: Picture) -> list[Wanted]:
        return self.canvas.scene.needed(picture, self.canvas.pose())

    def _view_now(self) -> tuple[object, ...]:
        """The view and the colours, of which the tiles of a picture are that are seen."""
        return self.canvas.pose(), display().look(self.session.document.profile)

    def _show_frame(self) -> None:
        """Another frame is looked at: what moves has other values there, and a result may be of
        another one.
        """
        if self.session.job is None:
            self._show_picture()
        else:
            self._show_overlay()  # a job shows its result over the frame that it is of
        if self.frames.playing:
            return
        self.filters.preview_soon()
        layers = list(self.session.history.document.walk())
        if any(layer.filter is not None and layer.filter.kept is not None for layer in layers):
            self.session.results.find()
        if any(layer.keyframes for layer in layers):
            self._show_layers()

    def _open_layer(self, anywhere: bool) -> None:
        """Show what the active layer is set with; ``anywhere``: whatever tab is in front."""
        if anywhere and self.session.layer.filter is not None:
            self.sidebar.show_adjust()
        self.filters.open_layer()

    def _show_tried(self) -> None:
        """What is tried is seen, whatever tab was in front, and some deeds are about it."""
        if self.filters.tried is not None:
            self.sidebar.show_adjust()
        self.changed.emit()

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
            self.filters.preview_soon()  # what is tried would have it as its mask
        layer = None if painted_on is None else document.layer(painted_on)
        if layer is None:
            self.canvas.show_mask(document.picture.selection)
        else:
            mask, held = layer.seen(document.looked_at).mask, layer.filter
            rim = (0.0, 0.0) if held is None else (held.grow, held.feather)
            self.canvas.show_mask(mask, *rim)
        target = "" if layer is None else layer.name
        self.canvas.show_document(document, session.active, painted_on, target)

    def show_progress(self) -> None:
        """Show how far the job, or the recipe, is that runs, or that something is being done."""
        session = self.session
        run = session.under_way
        if run is None and session.busy:
            self.strip.show_work(session.busy)
        else:
            self.strip.show_run(run, len(session.waiting))
        self.canvas.show_strokes(session.waiting.strokes)

    def _show_job(self) -> None:
        self.show_progress()
        self.filters.show_job()
        self.changed.emit()

    def _show_selected(self) -> None:
        """What was selected is seen in red, to be corrected with the brush; or that it is none."""
        if self.session.document.selection is None:
            self.messages.say("Nothing was found, so nothing is selected.", about="selection")
        else:
            self.canvas.show_mask_overlay = self._reddened = True

    def _show_overlay(self) -> None:
        self._show_picture()
        if self._reddened and self.session.overlay is not None:
            # What was found has been seen; what comes of it is to be judged without the red.
            self.canvas.show_mask_overlay = self._reddened = False
        whole = self.canvas.shown_from == IDENTITY
        self.canvas.show_overlay(self.session.overlay if whole else None)
        self.filters.show_preview()

    # -- doing ---------------------------------------------------------------------------------

    def _do(self, edit: Edit) -> None:
        """Make the edit that a tool asks for; of a stroke's many pieces none complains, and of what
        is being dragged the newest comes after what is being made.
        """
        if edit.token is None or not self.session.locked or self.session.follows(edit):
            self.session.do(edit)

    def _tool_changed(self) -> None:
        """Show what another tool shows, which may be another part of the plane, with its kernels.
        What it shows anew is a draft until the hand rests.
        """
        self.session.compile(self.canvas.tool.kernels)
        document = self.session.previews.trial or self.session.document
        seen = self.canvas.scene.picture
        shown = self.canvas.tool.shows(document)
        known = None if seen is None else seen.document
        if known is not None and not known.looks_like(shown.drafted(known.draft)):
            self._resting.start()
            self._show_overlay()
        self.changed.emit()

    def _view_changed(self) -> None:
        self.session.jobs.look_at(self.canvas.visible())
        self.frames.show_otherwise()
        self._show_view()
        self.filters.preview_soon()
        self.moved.emit()


def _drafted(document: Document) -> Document:
    """A document with its resampled pixels made quickly; itself where it has none."""
    draft = document.drafted()
    return draft if RESAMPLE in kernels(draft, smaller=True) else document
