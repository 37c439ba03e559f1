"""Settings panel: one filter's panel, generated from what it declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from safelight.api import Declaration, ParameterError, Prepared, Value
from safelight.document import Layer, LiveFilter
from safelight.gui.controls import (
    Control,
    LayerControl,
    PaletteControl,
    PlaceControl,
    TrayControl,
    control_for,
)
from safelight.gui.panels.latent_controls import Latents
from safelight.gui.panels.proof_strip import ProofStrip
from safelight.gui.panels.result_choice_row import FilterStrip
from safelight.gui.widgets.shown_text import plain, size, tooltip
from safelight.gui.widgets.small_widgets import remark

_PAUSE = 150
"""Milliseconds after the last change before a preview starts."""

_MOMENT = 20
"""Milliseconds after the last change before a preview starts of a filter that is tried at the size
that is seen: the preview follows the hand."""

_STALE = "Stale: something it was computed from has changed."
_SELECT_FIRST = (
    "Select first what it is to work on: paint over it with the brush (B), or use a selection."
)
_WAITS = "Not computed yet for what is shown: it takes a moment."


class FilterSettings(QWidget):
    """The controls of one filter: one that is being tried, or one that a layer holds.

    ``preview_wanted`` comes shortly after a change, ``apply_wanted`` and ``closed`` at a click or
    by Return and Escape. ``zoom_wanted`` asks to see the result pixel for pixel. With a ``layer``
    there is nothing to apply: ``edited`` tells each change at once, with the control's token, and
    ``refresh_wanted`` asks to compute the layer anew. ``picking`` asks to pick a "point" or a
    "rectangle" in the picture, for ``picked``, and tells the one there is; "" asks for nothing any
    more. ``auto_wanted`` asks for settings that the filter finds. ``room_wanted`` tells that there
    is more to see than there was. ``settled`` comes whenever other settings are shown,
    ``colours_wanted`` asks for the photograph's colours for a palette.
    """

    edited = Signal(str, str)
    refresh_wanted = Signal()
    preview_wanted = Signal()
    zoom_wanted = Signal(float)
    apply_wanted = Signal()
    closed = Signal()
    auto_wanted = Signal()
    room_wanted = Signal()
    picking = Signal(str, object)
    settled = Signal()
    colours_wanted = Signal(PaletteControl)

    def __init__(
        self,
        declaration: Declaration,
        picture: tuple[int, int],
        layer: Layer | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.declaration = declaration
        self.layer = layer
        self._picture = picture
        self.strip: FilterStrip | None = None
        self._needs_selection = False
        self._seen = False
        self.proofs = ProofStrip()
        self.proofs.room_changed.connect(self._show_proofs)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_MOMENT if declaration.zoomable else _PAUSE)
        self._pause.timeout.connect(self._ask_for_preview)
        self.controls: list[Control] = [control_for(item) for item in declaration.parameters]
        self.latents = Latents(self.controls)
        layout = self._column = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 8, 8)
        layout.setSpacing(7)
        layout.addLayout(self._head())
        layout.addWidget(self._scroller(), 1)
        self._settle()
        if layer is not None:
            self._finish_for_layer(layout, layer)
            return
        self.outcome = _words("")
        self.outcome.setVisible(False)
        layout.addWidget(self.outcome)
        self.preview = QCheckBox("Preview")
        self.preview.setChecked(True)
        self.preview.setToolTip("Try the settings on the part of the picture you see")
        self.preview.toggled.connect(lambda _: self._pause.start())
        self.preview_note = QLabel("")
        self.preview_note.setObjectName("dim")
        close_up = QPushButton("100 %")
        close_up.setToolTip("Show the result pixel for pixel")
        close_up.clicked.connect(self._ask_for_full_size)
        row = QHBoxLayout()
        row.addWidget(self.preview)
        row.addWidget(self.preview_note, 1)
        row.addWidget(close_up)
        layout.addLayout(row)
        layout.addLayout(self._buttons())
        self._changed()

    def settings(self) -> dict[str, Value]:
        """The settings shown, complete and legal."""
        return {control.parameter.name: control.value() for control in self.controls}

    def show_layer(
        self,
        layer: Layer,
        current: LiveFilter | None = None,
        trouble: str = "",
        *,
        stale: bool,
        busy: bool,
    ) -> None:
        """Show what the layer is now; a stale one can be refreshed.

        ``current`` is its filter as the installed plugin takes it. Where it does not, ``trouble``
        says why: then the controls show what is known, and a click takes that.
        """
        held = layer.filter
        if held is None or self.strip is None:
            return
        self.layer = layer
        settings = held.settings if current is None else current.settings
        self.trouble.setText(trouble)
        self.trouble.setVisible(bool(trouble))
        self.take.setVisible(bool(trouble))
        for control in self.controls:
            parameter = control.parameter
            try:
                value = parameter.check(settings.get(parameter.name, parameter.default))
            except ParameterError:  # what does not fit is said above
                continue
            if parameter.name in settings and control.value() != value:
                control.set_value(value)
        self._settle()
        self.proofs.mark()
        self.strip.show_layer(layer)
        self.title.setText(plain(layer.name))
        self.refresh.setVisible(held.kept is not None or stale)
        self.refresh.setEnabled(stale and not busy)
        self.stale_note.setText(_STALE if held.kept is not None else _WAITS)
        self.stale_note.setVisible(stale)
        self.automatic.setVisible(held.kept is not None or stale)

    def set_settings(self, settings: Mapping[str, Value]) -> None:
        """Show other settings."""
        for control in self.controls:
            control.set_value(settings[control.parameter.name])
        self.proofs.mark()
        self._changed()

    def show_measured(self, prepared: Prepared) -> None:
        """Show at each control what the filter has measured for it."""
        found = self.declaration.measured(prepared)
        for control in self.controls:
            control.show_found(found.get(control.parameter.name))

    def reset(self) -> None:
        """Every parameter back to its default."""
        for control in self.controls:
            control.set_value(control.parameter.default)
        self._settle()
        self.proofs.mark()
        if self.layer is None:
            self._changed()
        else:
            self.edited.emit("Reset", "")

    def set_picture(self, picture: tuple[int, int]) -> None:
        """Tell the size of the picture, for what an enlarger makes of it."""
        self._picture = picture
        if self.layer is None:
            self._show_outcome()

    def set_layers(self, layers: Iterable[tuple[str, str]]) -> None:
        """Tell which layers hold pixels: the id and the name of each."""
        layers = list(layers)
        for control in self.controls:
            if isinstance(control, LayerControl):
                control.set_layers(layers)

    def picked(self, value: Value) -> None:
        """Take what was picked in the picture."""
        for control in self._places():
            if control.pick.isChecked():
                control.picked(value)

    def stop_picking(self) -> None:
        """Nothing is to be picked any more."""
        for control in self._places():
            control.pick.setChecked(False)

    def _places(self) -> list[PlaceControl]:
        return [control for control in self.controls if isinstance(control, PlaceControl)]

    def _picks(self, picker: PlaceControl, kind: str) -> None:
        """Have one control pick at a time: the others' buttons come up first."""
        if kind:
            for control in self._places():
                if control is not picker:
                    control.pick.setChecked(False)
        self.picking.emit(kind, picker.value() if kind else None)

    def set_busy(self, reason: str) -> None:
        """Say why the filter cannot be applied now; "" when it can."""
        if self.layer is not None:
            return
        reason = reason or (_SELECT_FIRST if self._needs_selection else "")
        self.apply.setEnabled(not reason)
        self.apply.setToolTip(reason or "Return")

    def needs_selection(self, on: bool) -> None:
        """Say that something must be selected first, for a filter that works on what is."""
        if self._needs_selection and not on:
            self._pause.start()
        self._needs_selection = on
        self._show_outcome()

    def _head(self) -> QHBoxLayout:
        back = QToolButton()
        back.setObjectName("plain")
        back.setText("‹")
        back.setToolTip("Back to Adjust (Escape)")
        back.setAccessibleName("Back to Adjust")
        back.clicked.connect(self.closed)
        title = self.title = QLabel(plain(self.declaration.title))
        title.setTextFormat(Qt.TextFormat.PlainText)
        title.setObjectName("title")
        title.setWordWrap(True)
        plugin = f"{self.declaration.plugin} {self.declaration.version}".strip()
        title.setToolTip(tooltip(f"{self.declaration.id}\n{plugin}", lines=True))
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(back)
        row.addWidget(title, 1)
        return row

    def _scroller(self) -> QScrollArea:
        inside = QWidget()
        inside.setObjectName("transparent")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 4, 6, 4)
        column.setSpacing(12)
        if self.declaration.description:
            column.addWidget(_about(self.declaration))  # it gives way to the controls
        for control in self.controls:
            control.wanted.connect(partial(self._make_count, control))
            if self.layer is None:
                control.changed.connect(self._changed)
            else:
                control.changed.connect(partial(self._tell, control))
            if isinstance(control, PlaceControl):
                control.picking.connect(partial(self._picks, control))
            if isinstance(control, PaletteControl):
                control.photograph_wanted.connect(partial(self.colours_wanted.emit, control))
            if isinstance(control, TrayControl):
                control.room_changed.connect(self.room_wanted)
                control.unfolded.connect(partial(self._bring_into_view, control))
            column.addWidget(control)
            self.proofs.offer(control)
        column.addWidget(self.proofs)
        for field in inside.findChildren(QWidget):
            if isinstance(field, (QAbstractSpinBox, QComboBox)):
                field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                field.installEventFilter(self)
        if self.layer is not None:
            self.strip = FilterStrip()
            column.addWidget(self.strip)
        column.addStretch(1)
        scroller = QScrollArea()
        scroller.setWidget(inside)
        scroller.setWidgetResizable(True)
        scroller.setFrameShape(QFrame.Shape.NoFrame)
        scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroller.viewport().setAutoFillBackground(False)
        self._rows, self._area = column, scroller
        return scroller

    def _show_proofs(self) -> None:
        """Put the proof strip below the control it is about, where it can be seen."""
        if self.proofs.control is not None:
            self._rows.removeWidget(self.proofs)
            self._rows.insertWidget(self._rows.indexOf(self.proofs.control) + 1, self.proofs)
            QTimer.singleShot(30, self._scroll_to_proofs)
        self.room_wanted.emit()

    def _bring_into_view(self, control: Control) -> None:
        """Scroll to a control, once it has the height that it will have."""
        QTimer.singleShot(30, control, lambda: self._area.ensureWidgetVisible(control, 0, 8))

    def _scroll_to_proofs(self) -> None:
        if self.proofs.control is not None:
            self._area.ensureWidgetVisible(self.proofs.control)
        self._area.ensureWidgetVisible(self.proofs, 0, 8)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.latents.lightbox is not None and not self._seen:
            # Once it has the height that it will have.
            QTimer.singleShot(30, self, self._show_lightbox)
        self._seen = True

    def _show_lightbox(self) -> None:
        self.room_wanted.emit()
        QTimer.singleShot(30, self, self._scroll_to_lightbox)

    def _scroll_to_lightbox(self) -> None:
        if self.latents.lightbox is not None:
            self._area.verticalScrollBar().setValue(self.latents.lightbox.y())

    def _finish_for_layer(self, layout: QVBoxLayout, layer: Layer) -> None:
        self.trouble = _words("")
        self.take = QPushButton("Use what is shown")
        self.take.setToolTip("Go on with the settings that are known, and forget the others")
        self.take.clicked.connect(lambda: self.edited.emit("Settings", ""))
        layout.addWidget(self.trouble)
        layout.addWidget(self.take)
        self.stale_note = _words(_STALE)
        self.refresh = QPushButton("Refresh")
        self.refresh.setToolTip("Compute the layer anew")
        self.refresh.clicked.connect(self.refresh_wanted)
        self.automatic = QCheckBox("Refresh automatically")
        self.automatic.setToolTip("Compute it anew a moment after each change")
        self.automatic.setChecked(self.declaration.generates)
        reset = QPushButton("Reset")
        reset.setToolTip("All settings back to their defaults")
        reset.clicked.connect(self.reset)
        reset.setEnabled(bool(self.controls))
        row = QHBoxLayout()
        row.addWidget(reset)
        self._add_auto(row)
        row.addStretch(1)
        row.addWidget(self.refresh)
        layout.addWidget(self.stale_note)
        layout.addWidget(self.automatic)
        layout.addLayout(row)
        self.show_layer(layer, stale=False, busy=False)

    def _settle(self) -> None:
        """Show what follows from the settings: controls that do not count are dimmed."""
        settings = self.settings()
        for control in self.controls:
            if control.parameter.unless:
                control.dim(settings[control.parameter.unless] is True)
        self.latents.show()
        self.settled.emit()

    def _make_count(self, control: Control) -> None:
        """Turn the flag off for which a control does not count."""
        for other in self.controls:
            if other.parameter.name == control.parameter.unless:
                other.choose(False)

    def _tell(self, control: Control) -> None:
        self._settle()
        self.edited.emit(f"{self.declaration.title}: {control.parameter.title}", control.token)

    def _add_auto(self, row: QHBoxLayout) -> None:
        """The button that has the filter find its settings, for one that can."""
        self.auto = QPushButton("Auto")
        self.auto.setToolTip("Settings that suit the picture; they can be changed afterwards")
        self.auto.clicked.connect(self.auto_wanted)
        self.auto.setVisible(self.declaration.auto)
        row.addWidget(self.auto)

    def take_found(self, settings: Mapping[str, Value]) -> None:
        """Show the settings that the filter has found."""
        if self.layer is None:
            self.set_settings(settings)
            return
        for control in self.controls:
            control.set_value(settings[control.parameter.name])
        self._settle()
        self.edited.emit("Auto", "")

    def _buttons(self) -> QHBoxLayout:
        reset = QPushButton("Reset")
        reset.setToolTip("All settings back to their defaults")
        reset.clicked.connect(self.reset)
        reset.setEnabled(bool(self.controls))
        cancel = QPushButton("Cancel")
        cancel.setToolTip("Escape")
        cancel.clicked.connect(self.closed)
        self.apply = QPushButton("Select" if self.declaration.selects else "Apply")
        self.apply.setDefault(True)
        self.apply.setToolTip("Return")
        self.apply.clicked.connect(self.apply_wanted)
        row = QHBoxLayout()
        row.setSpacing(6)  # three buttons in the narrowest panel
        row.addWidget(reset)
        self._add_auto(row)
        row.addStretch(1)
        row.addWidget(cancel)
        row.addWidget(self.apply)
        return row

    def _changed(self) -> None:
        self._settle()
        self._show_outcome()
        if not (self.declaration.zoomable and self._pause.isActive()):
            self._pause.start()

    def _ask_for_preview(self) -> None:
        self.preview_wanted.emit()

    def _ask_for_full_size(self) -> None:
        self.zoom_wanted.emit(float(self.declaration.factor(self.settings())))

    def _show_outcome(self) -> None:
        factor = self.declaration.factor(self.settings())
        self.outcome.setVisible(factor != 1 or self._needs_selection)
        if self._needs_selection:
            self.outcome.setText(_SELECT_FIRST)
            return
        width, height = self._picture
        self.outcome.setText(f"Result: {size(width * factor, height * factor)}")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The wheel scrolls the panel; it must not change what it happens to pass over."""
        if event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.layer is None:
            if self.apply.isEnabled():
                self.apply_wanted.emit()
        elif event.key() == Qt.Key.Key_Escape:
            if any(control.pick.isChecked() for control in self._places()):
                self.stop_picking()
            else:
                self.closed.emit()
        else:
            super().keyPressEvent(event)


def _about(declaration: Declaration) -> QLabel:
    """What a filter does, in its first paragraph; the rest, its formula and source, is a tip."""
    first = _words(declaration.description.split("\n\n")[0])
    first.setToolTip(tooltip(declaration.description, lines=True))
    return first


def _words(text: str) -> QLabel:
    return remark(" ".join(text.split()))
