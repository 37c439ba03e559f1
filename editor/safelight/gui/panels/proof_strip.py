"""Proof strip: what several values of a parameter make of the picture; a click picks one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QHideEvent,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from safelight.api import Value
from safelight.gui.canvas.picture import chequerboard
from safelight.gui.controls import Control
from safelight.gui.panels.close_up import CloseUp
from safelight.gui.screen.display_transform import display
from safelight.gui.widgets import theme
from safelight.gui.widgets.icons import icon
from safelight.gui.widgets.shown_text import plain
from safelight.gui.widgets.small_widgets import remark

_COLUMNS = 3
"""Pictures beside one another."""

_EMPTY = 0.75
"""Height of a picture that is not there yet, in parts of its width."""

_HOVER = 250
"""Milliseconds that the mouse rests on a picture until it is shown larger."""

_FRAME = 3
"""Pixels around a picture for its frame."""

_ARROWS: dict[int, int] = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: -_COLUMNS,
    Qt.Key.Key_Down: _COLUMNS,
}


class Proof(QAbstractButton):
    """One picture with its value below it. Checked: the value is the one that is set.

    ``hovered`` tells that the mouse has come, or gone.
    """

    hovered = Signal(bool)

    def __init__(self, value: Value, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.value = value
        self.image: QImage | None = None
        self.progress = 0.0
        self.shape_of = _EMPTY
        self._shown: QPixmap | None = None
        self._shown_of = 0
        self.setText(words)
        self.setCheckable(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_image(self, image: QImage | None) -> None:
        """Show a picture; None: there is none yet."""
        self.image, self._shown, self.progress = image, None, 0.0
        if image is not None:
            self.shape_of = image.height() / image.width()
        self.updateGeometry()
        self.update()

    def show_progress(self, done: float) -> None:
        """Show how far it is, 0 to 1."""
        self.progress = done
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        across = max(width - 2 * _FRAME, 1)
        return round(across * self.shape_of) + 2 * _FRAME + self._line()

    def sizeHint(self) -> QSize:
        return QSize(80, self.heightForWidth(80))

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.heightForWidth(40))

    def enterEvent(self, event: QEnterEvent) -> None:
        self.hovered.emit(True)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit(False)
        super().leaveEvent(event)

    def nextCheckState(self) -> None:
        """A click sets the value; what is set is then shown as checked."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """All keys are the strip's."""
        event.ignore()

    def _line(self) -> int:
        return self.fontMetrics().height() + 6

    def paintEvent(self, event: QPaintEvent) -> None:
        frame = self.rect().adjusted(0, 0, 0, -self._line())
        room = frame.adjusted(_FRAME, _FRAME, -_FRAME, -_FRAME)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self.image is None:
                painter.fillRect(room, QColor(theme.CANVAS))
                bar = QRect(room.left(), room.bottom() - 2, round(room.width() * self.progress), 3)
                painter.fillRect(bar, QColor(theme.ACCENT))
            else:
                self._paint_image(painter, self.image, room)
            edge = self._edge()
            if edge is not None:
                painter.setPen(edge)
                painter.drawRoundedRect(frame.adjusted(1, 1, -1, -1), 3, 3)
            self._paint_words(painter)

    def _edge(self) -> QPen | None:
        if self.isChecked():
            return QPen(QColor(theme.ACCENT), 2)
        if self.hasFocus() or self.underMouse():
            return QPen(QColor(theme.TEXT if self.hasFocus() else theme.DIM), 1)
        return None

    def _paint_image(self, painter: QPainter, image: QImage, room: QRect) -> None:
        ratio = self.devicePixelRatioF()
        image = display().shown(image)
        size = image.size().scaled(room.size() * ratio, Qt.AspectRatioMode.KeepAspectRatio)
        fits = self._shown is not None and self._shown.size() == size
        if self._shown is None or not fits or self._shown_of != image.cacheKey():
            self._shown_of = image.cacheKey()
            smooth = Qt.TransformationMode.SmoothTransformation
            small = image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
            self._shown = QPixmap.fromImage(small)
            self._shown.setDevicePixelRatio(ratio)
        place = QRect(QPoint(), (self._shown.deviceIndependentSize()).toSize())
        place.moveCenter(room.center())
        if image.hasAlphaChannel():
            painter.drawTiledPixmap(place, QPixmap.fromImage(chequerboard()))
        painter.drawPixmap(place.topLeft(), self._shown)

    def _paint_words(self, painter: QPainter) -> None:
        line = self.rect().adjusted(0, self.height() - self._line(), 0, 0)
        words = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideMiddle, line.width()
        )
        painter.setPen(QColor(theme.TEXT if self.isChecked() else theme.DIM))
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, words)


class ProofStrip(QWidget):
    """Pictures beside one another below the control that asked for them.

    ``wanted`` asks for pictures of ``values``, ``stopped`` that none be made any more;
    ``room_changed`` tells that the strip needs another height. Which value is the control's is
    marked; a click on another, or the key of its number, or Return on it, sets it.
    """

    wanted = Signal()
    stopped = Signal()
    room_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.control: Control | None = None
        self.proofs: list[Proof] = []
        self._buttons: dict[Control, QToolButton] = {}
        self._near: Proof | None = None
        self.close_up = CloseUp(self)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_HOVER)
        self._rest.timeout.connect(self._show_larger)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(4)
        self._grid.setVerticalSpacing(4)
        for column in range(_COLUMNS):
            self._grid.setColumnStretch(column, 1)
        self.note = remark()
        self.stop = QPushButton("Stop")
        self.stop.setToolTip("Leave out the pictures that are not there yet")
        self.stop.clicked.connect(self._stop)
        self.more = QPushButton()
        self.more.clicked.connect(self._ask_for_more)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.note, 1)
        row.addWidget(self.stop)
        row.addWidget(self.more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(self._grid)
        layout.addLayout(row)
        self.hide()

    @property
    def values(self) -> tuple[Value, ...]:
        """The values that are shown."""
        return tuple(proof.value for proof in self.proofs)

    def offer(self, control: Control) -> None:
        """Give a control that has steps the button that shows them."""
        if not control.steps():
            return
        button = QToolButton()
        button.setObjectName("steps")
        button.setIcon(icon("steps"))
        button.setText(control.trying)
        button.setCheckable(True)
        button.setToolTip(f"{control.trying}: see several side by side, and click on the best")
        button.setAccessibleName(f"{control.trying}: {control.parameter.title}")
        button.toggled.connect(partial(self._toggled, control))
        self._buttons[control] = button
        control.add_tool(button)
        control.changed.connect(self.mark)

    def close_strip(self) -> None:
        """Away with it."""
        for button in self._buttons.values():
            button.setChecked(False)

    def show_image(self, index: int, image: QImage) -> None:
        """A picture has been made."""
        self.proofs[index].show_image(image)
        if self.proofs[index] is self._near:
            self._rest.start()
        for other in self.proofs:  # those to come will have the same shape
            if other.image is None:
                other.shape_of = image.height() / image.width()
                other.updateGeometry()

    def show_progress(self, index: int, done: float) -> None:
        """A picture is being made: ``done`` is 0 to 1."""
        self.proofs[index].show_progress(done)

    def show_waiting(self, waits: bool) -> None:
        """Say whether something else is let past first."""
        self._say("Waiting…" if waits else "Working…", running=True)

    def show_failed(self) -> None:
        """Show that no more pictures come; why is said where all errors are."""
        self._say("No picture could be made." if not self._has_images() else "", running=False)

    def show_finished(self) -> None:
        """All pictures are there."""
        self._say("", running=False)

    def begin(self) -> None:
        """The pictures will be made anew; those there are stay until then."""
        for proof in self.proofs:
            proof.show_progress(0.0)
        self.wanted.emit()

    def mark(self) -> None:
        """Mark the value that is set."""
        if self.control is not None:
            for proof in self.proofs:
                proof.setChecked(proof.value == self.control.value())
            self.more.setVisible(bool(self.control.steps(self.values)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        place = next((i for i, proof in enumerate(self.proofs) if proof.hasFocus()), None)
        digit = event.key() - Qt.Key.Key_1
        if 0 <= digit < len(self.proofs):
            self._choose(digit)
        elif event.key() == Qt.Key.Key_Escape:
            self.close_strip()
        elif place is None:
            super().keyPressEvent(event)
        elif event.key() in _ARROWS:
            place += _ARROWS[event.key()]
            proof = self.proofs[min(max(place, 0), len(self.proofs) - 1)]
            proof.setFocus()
            self._look_at(proof, True)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(place)
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._look_away()
        super().hideEvent(event)

    def _look_at(self, proof: Proof, on: bool) -> None:
        """The mouse, or an arrow key, has come to a picture or left it."""
        self._look_away()
        if on:
            self._near = proof
            self._rest.start()

    def _look_away(self) -> None:
        self._rest.stop()
        self._near = None
        self.close_up.hide()

    def _show_larger(self) -> None:
        near, control = self._near, self.control
        if near is None or near.image is None or control is None:
            return
        key = self.proofs.index(near) + 1
        words = f"{control.parameter.title}: {near.text()}   (click, or press {key})"
        self.close_up.show_beside(self, near.image, words)

    def _choose(self, index: int) -> None:
        self._look_away()
        self.proofs[index].setFocus()
        if self.control is not None:
            self.control.choose(self.proofs[index].value)

    def _toggled(self, control: Control, on: bool) -> None:
        if not on:
            if control is self.control:
                self.control = None
                self.hide()
                self.stopped.emit()
                self.room_changed.emit()
            return
        for other, button in self._buttons.items():
            if other is not control:
                button.setChecked(False)
        self.control = control
        self.more.setText(control.more)
        self.show()
        self._lay(control.steps())
        self.proofs[0].setFocus()
        self.room_changed.emit()

    def _ask_for_more(self) -> None:
        if self.control is not None:
            self._lay(self.control.steps(self.values))
            self.proofs[0].setFocus()

    def _lay(self, values: Sequence[Value]) -> None:
        """Show other values, none of which has a picture yet."""
        control = self.control
        assert control is not None
        self._look_away()
        for proof in self.proofs:
            self._grid.removeWidget(proof)
            proof.deleteLater()
        self.proofs = []
        for index, value in enumerate(values):
            words = plain(control.in_words(value))
            proof = Proof(value, words)
            proof.setAccessibleName(f"{control.parameter.title} {words}")
            proof.clicked.connect(partial(self._choose, index))
            proof.hovered.connect(partial(self._look_at, proof))
            self._grid.addWidget(proof, index // _COLUMNS, index % _COLUMNS)
            proof.show()
            self.proofs.append(proof)
        chain = [self._buttons[control], *self.proofs, self.stop, self.more]
        for one, following in pairwise(chain):
            QWidget.setTabOrder(one, following)
        self.mark()
        self.wanted.emit()

    def _stop(self) -> None:
        self.stopped.emit()
        self._say("Stopped." if not self._has_images() else "", running=False)

    def _has_images(self) -> bool:
        return any(proof.image is not None for proof in self.proofs)

    def _say(self, words: str, *, running: bool) -> None:
        self.note.setText(words)
        self.stop.setVisible(running)
        if not running:
            for proof in self.proofs:
                proof.show_progress(0.0)
