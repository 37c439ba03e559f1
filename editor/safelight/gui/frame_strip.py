"""Frame strip: a sequence is gone through and played, below the picture."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSlider,
    QStyle,
    QToolButton,
    QWidget,
)

from safelight.document import frames
from safelight.gui.icons import icon
from safelight.gui.session import Session

_LEAST = 10
"""Milliseconds between two pictures at the least."""


class _Slider(QSlider):
    """A slider whose handle goes to where it is clicked."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            handle = self.style().pixelMetric(QStyle.PixelMetric.PM_SliderLength, None, self)
            place = round(event.position().x() - handle / 2)
            span = max(self.width() - handle, 1)
            self.setValue(
                QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), place, span)
            )
        super().mousePressEvent(event)


class FrameStrip(QFrame):
    """Shown while the photograph is a sequence: its pictures by a slider, step by step, played.

    It is played at the speed that the file says: what takes longer to draw leaves pictures out.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("frames")
        self._session: Session | None = None
        self.play = self._button("play", "Play", "Play or pause the sequence", self._toggle)
        self.play.setCheckable(True)
        self.back = self._button("back", "Previous frame", "The frame before", lambda: self._go(-1))
        self.on = self._button("on", "Next frame", "The next frame", lambda: self._go(1))
        self.slider = _Slider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Frame")
        self.slider.valueChanged.connect(self._slid)
        self.told = QLabel()
        self.told.setTextFormat(Qt.TextFormat.PlainText)
        self.told.setMinimumWidth(130)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 12, 4)
        row.setSpacing(6)
        for part in (self.play, self.back, self.on):
            row.addWidget(part)
        row.addWidget(self.slider, 1)
        row.addWidget(self.told)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._next)
        self._due = 0.0
        self.hide()

    def attach(self, session: Session) -> None:
        """Show the sequence of a session, if its document has one."""
        self._session = session
        session.history_changed.connect(self.show_sequence)
        session.frame_changed.connect(self.show_sequence)
        self.show_sequence()

    @property
    def playing(self) -> bool:
        """Whether the sequence is being played."""
        return self._timer.isActive()

    def pause(self) -> None:
        """Play no longer."""
        self._timer.stop()
        self.play.setChecked(False)
        self.play.setIcon(icon("play"))

    def show_sequence(self) -> None:
        """Show which frame is looked at, and of how many."""
        session = self._session
        if session is None or session.closed:
            return
        count = frames.length(session.history.document)
        self.setVisible(count > 1)
        if count < 2:
            self.pause()
            return
        if session.frame >= count:
            session.look_at_frame(count - 1)
            return
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, count - 1)
            self.slider.setValue(session.frame)
        duration = frames.durations(session.history.document)[session.frame]
        self.told.setText(f"{session.frame + 1:,} of {count:,} · {duration:,} ms")

    def _button(self, name: str, title: str, tip: str, done: Callable[[], object]) -> QToolButton:
        made = QToolButton()
        made.setIcon(icon(name))
        made.setAccessibleName(title)
        made.setToolTip(tip)
        made.setAutoRaise(True)
        made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        made.clicked.connect(lambda: done())
        return made

    def _slid(self, number: int) -> None:
        self.pause()
        if self._session is not None:
            self._session.look_at_frame(number)

    def _go(self, step: int) -> None:
        if self._session is not None:
            self.pause()
            self._session.look_at_frame(self._session.frame + step)

    def _toggle(self) -> None:
        if self.playing or self._session is None:
            self.pause()
            return
        self.play.setChecked(True)
        self.play.setIcon(icon("pause"))
        if self._session.frame == frames.length(self._session.history.document) - 1:
            self._session.look_at_frame(0)
        self._due = time.monotonic()
        self._wait()

    def _wait(self) -> None:
        """Have the next picture come when the one that is seen has been for long enough."""
        assert self._session is not None
        duration = frames.durations(self._session.history.document)[self._session.frame]
        self._due += duration / 1000
        self._timer.start(max(round(1000 * (self._due - time.monotonic())), _LEAST))

    def _next(self) -> None:
        session = self._session
        if session is None or session.closed or not self.isVisible():
            self.pause()
            return
        durations = frames.durations(session.history.document)
        number = (session.frame + 1) % len(durations)
        late = time.monotonic() - self._due
        while late > durations[number] / 1000:  # what cannot be drawn in time is left out
            late -= durations[number] / 1000
            self._due += durations[number] / 1000
            number = (number + 1) % len(durations)
        session.look_at_frame(number)
        self._wait()
