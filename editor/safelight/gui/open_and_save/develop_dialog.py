"""Develop dialog: how a raw file is developed, with a draft that follows every control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from safelight import actions
from safelight.api import Value
from safelight.files.codecs import lens_correction, raw
from safelight.files.codecs.raw_colours import PRESETS
from safelight.gui.controls import Control, control_for
from safelight.gui.open_and_save.raw_draft import Draft
from safelight.gui.screen.display_transform import display
from safelight.gui.threads.background import Background
from safelight.gui.widgets.scrolling_rows import ScrollingRows
from safelight.gui.widgets.shown_text import plain, size
from safelight.gui.widgets.small_widgets import remark

_SECTIONS = (
    ("Light", ("white_balance", "temperature", "tint", "exposure", "tone", "highlights")),
    ("Lens", ("distortion", "vignetting", "fringes")),
    ("Detail", ("demosaic", "false_colours", "noise", "early_noise")),
)
_COLUMN = 320
_USUAL = QSize(1180, 680)
_LENS = ("distortion", "vignetting", "fringes")


class DraftView(QWidget):
    """The draft, as large as there is room. ``picked`` gives a place, as fractions of it."""

    picked = Signal(float, float)

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(320, 240)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Draft of the picture")
        self._image: QImage | None = None
        self._shown: QPixmap | None = None
        self._shown_of = 0
        self.picking = False

    def show_pixels(self, pixels: np.ndarray[Any, Any]) -> None:
        """Show (height, width, 3) of uint8."""
        high, wide = pixels.shape[:2]
        image = QImage(pixels.data, wide, high, 3 * wide, QImage.Format.Format_RGB888)
        self._image, self._shown = image.copy(), None
        self.update()

    def set_picking(self, on: bool) -> None:
        """Have a click pick a place, or not."""
        self.picking = on
        self.setCursor(Qt.CursorShape.CrossCursor if on else Qt.CursorShape.ArrowCursor)

    def place(self) -> QRect:
        """Where the picture is."""
        if self._image is None:
            return QRect()
        fitted = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        corner = QPoint(
            (self.width() - fitted.width()) // 2, (self.height() - fitted.height()) // 2
        )
        return QRect(corner, fitted)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image is None:
            return
        place, ratio = self.place(), self.devicePixelRatioF()
        image = display().shown(self._image)
        if self._shown is None or self._shown_of != image.cacheKey():
            self._shown_of = image.cacheKey()
            smooth = Qt.TransformationMode.SmoothTransformation
            wanted = place.size() * ratio
            scaled = image.scaled(wanted, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
            self._shown = QPixmap.fromImage(scaled)
            self._shown.setDevicePixelRatio(ratio)
        painter = QPainter(self)
        painter.drawPixmap(place.topLeft(), self._shown)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._shown = None
        super().resizeEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place, at = self.place(), event.position()
        inside = QPointF(at.x() - place.left(), at.y() - place.top())
        if self.picking and event.button() == Qt.MouseButton.LeftButton and place.width():
            x, y = inside.x() / place.width(), inside.y() / place.height()
            if 0 <= x < 1 and 0 <= y < 1:
                self.picked.emit(x, y)


class DevelopDialog(QDialog):
    """Asks how a raw file is developed. ``controls`` are by the settings' names.

    ``chosen`` is what was chosen once it is accepted; ``keep`` says that the project keeps the raw
    file, ``silent`` that nobody wants to be asked for this camera again. ``again``: a layer is
    developed anew, and ``warning`` is what should be known before. ``others`` are raw files of the
    same camera that wait; ``all`` says that they are developed alike.
    """

    def __init__(
        self,
        draft: Draft,
        name: str,
        settings: Mapping[str, Value],
        parent: QWidget | None = None,
        *,
        again: bool = False,
        keep: bool = False,
        warning: str = "",
        others: int = 0,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"{'Develop again' if again else 'Develop'}: {plain(name)}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.draft = draft
        self._sensor = draft.sketch.sensor
        self.chosen: dict[str, Value] = {}
        self.view = DraftView()
        self.view.picked.connect(self._pick)
        self.controls: dict[str, Control] = {}
        self._moving = False
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self.show_draft)
        self.picker = QToolButton()
        self.picker.setText("Pick grey")
        self.picker.setCheckable(True)
        self.picker.setToolTip("Click in the picture on what should be grey")
        self.picker.toggled.connect(self.view.set_picking)
        self.auto = QToolButton()
        self.auto.setText("Auto")
        self.auto.setToolTip("Find the exposure that makes the picture neither dark nor bright")
        self.auto.clicked.connect(self._meter)
        self.trouble = remark()
        self.lens = remark("Looking for the lens…")
        self.keep = QCheckBox("Keep the raw file in the project")
        self.keep.setToolTip(
            "The project grows by the file, and can be developed again where the file is not"
        )
        self.keep.setChecked(keep)
        self.silent = QCheckBox("Do not ask for this camera again")
        self.silent.setToolTip(
            "Its files are developed with the settings of the last one; File, Ask how to develop,"
            " asks again"
        )
        self.silent.setVisible(not again)
        self.all = QCheckBox(f"Develop the {others} others of this camera alike")
        self.all.setVisible(others > 0)
        self._build(again, warning)
        self.set_settings(settings)
        self.resize(self._fitting())
        self.confirm.setFocus()
        if self._sensor.colours != 3:
            self.controls["highlights"].setEnabled(False)
        Background(self, lambda: actions.known_lens(draft.sketch), self._know, self._unknown)

    # -- what is seen --------------------------------------------------------------------------

    def _build(self, again: bool, warning: str) -> None:
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 10, 0)
        column.setSpacing(10)
        if warning:
            column.addWidget(remark(warning))
        for title, names in _SECTIONS:
            words = QLabel(title.upper())
            words.setObjectName("dim")
            column.addWidget(words)
            if title == "Lens":
                column.addWidget(self.lens)
            for name in names:
                column.addWidget(self._control(name))
        column.addStretch(1)
        self.controls["white_balance"].add_tool(self.picker)
        self.controls["exposure"].add_tool(self.auto)
        body = QWidget()
        body.setLayout(column)
        area = ScrollingRows(body)
        area.setFixedWidth(_COLUMN)
        sketch = self.draft.sketch
        turned = sketch.orientation >= 5
        sides = (sketch.height, sketch.width) if turned else (sketch.width, sketch.height)
        about = [size(*sides), sketch.camera, sketch.shot.lens]
        facts = remark("  ·  ".join(plain(part) for part in about if part))
        left = QVBoxLayout()
        left.addWidget(self.view, 1)
        left.addWidget(facts)
        left.addWidget(self.trouble)
        self.trouble.hide()
        above = QHBoxLayout()
        above.setSpacing(14)
        above.addLayout(left, 1)
        above.addWidget(area)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.confirm = buttons.addButton(
            "Develop" if again else "Open", QDialogButtonBox.ButtonRole.AcceptRole
        )
        cancel = buttons.button(QDialogButtonBox.StandardButton.Cancel)
        reset = buttons.addButton("Reset", QDialogButtonBox.ButtonRole.ResetRole)
        reset.setToolTip("All settings as they are when a raw file is first opened")
        for button in (cancel, reset):
            button.setAutoDefault(False)  # Enter opens, wherever the hand is
        reset.clicked.connect(lambda: self.set_settings({}))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        below = QHBoxLayout()
        below.setSpacing(16)
        for box in (self.keep, self.silent, self.all):
            below.addWidget(box)
        below.addStretch(1)
        below.addWidget(buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 12)
        layout.setSpacing(12)
        layout.addLayout(above, 1)
        layout.addLayout(below)
        self.confirm.setDefault(True)  # which a dialog only remembers of a button that is in it

    def _control(self, name: str) -> Control:
        parameter = next(item for item in raw.CODEC.opening if item.name == name)
        if name == "demosaic":
            offered = tuple(x for x in parameter.choices if x in self.draft.sketch.demosaics)
            parameter = replace(parameter, choices=offered or parameter.choices[:1])
        control = control_for(parameter, self)
        control.changed.connect(lambda: self._changed(name))
        self.controls[name] = control
        return control

    def _fitting(self) -> QSize:
        screen = self.screen().availableSize() if self.screen() is not None else _USUAL
        return _USUAL.boundedTo(QSize(screen.width() - 40, screen.height() - 60))

    # -- settings ------------------------------------------------------------------------------

    def settings(self) -> dict[str, Value]:
        """What the controls show."""
        return {name: control.value() for name, control in self.controls.items()}

    def set_settings(self, settings: Mapping[str, Value]) -> None:
        """Show settings, those that are not given at their defaults."""
        for name, control in self.controls.items():
            value = settings.get(name, control.parameter.default)
            choices = control.parameter.choices
            control.set_value(value if not choices or value in choices else choices[0])
        self._show_light()
        self._later.start()

    def _show_light(self) -> None:
        """Have temperature and tint say what the white balance is that is chosen."""
        white = str(self.controls["white_balance"].value())
        if white == "custom":
            return
        light = PRESETS.get(white) or self._sensor.light_of(self._sensor.as_shot)
        for name, number in zip(("temperature", "tint"), light, strict=True):
            control = self.controls[name]
            low, high = control.parameter.minimum, control.parameter.maximum
            control.set_value(min(max(float(round(number)), low or number), high or number))

    def _changed(self, name: str) -> None:
        if name in ("temperature", "tint"):
            self.controls["white_balance"].set_value("custom")
        elif name == "white_balance":
            self._show_light()
        self._later.start()

    def _pick(self, x: float, y: float) -> None:
        light = self.draft.neutral(x, y, self.settings())
        self.trouble.setVisible(light is None)
        if light is None:
            self.trouble.setText("This place is too dark or too bright to tell the light by.")
            return
        self.controls["white_balance"].set_value("custom")
        for name, number in zip(("temperature", "tint"), light, strict=True):
            self.controls[name].set_value(float(round(number, 1)))
        self.picker.setChecked(False)
        self._later.start()

    def _meter(self) -> None:
        self.controls["exposure"].choose(self.draft.exposure(self.settings()))

    def show_draft(self) -> None:
        """Draw the draft with the settings as they are."""
        self._later.stop()
        self.view.show_pixels(self.draft.pixels(self.settings()))

    # -- lens ----------------------------------------------------------------------------------

    def _know(self, found: lens_correction.Known | None) -> None:
        if found is None:
            self._unknown(None)
            return
        self.draft.know_lens(found)
        self.lens.setText(plain(f"Lensfun knows the {found.name}."))
        for name, part in zip(_LENS, (found.straight, found.gain, found.clean), strict=True):
            self.controls[name].setEnabled(part is not None)
        self._later.start()

    def _unknown(self, _: Exception | None) -> None:
        shot = self.draft.sketch.shot
        told = "The file names no lens, so that none can be corrected."
        self.lens.setText(plain(f"Lensfun does not know the {shot.lens}." if shot.lens else told))
        for name in _LENS:
            self.controls[name].setEnabled(False)

    def accept(self) -> None:
        """Take what is chosen."""
        self.chosen = self.settings()
        for name in _LENS:
            if not self.controls[name].isEnabled():
                self.chosen[name] = False
        super().accept()
