"""Frame strip: a sequence is gone through and played, below the picture."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from safelight.document import Document, Edit
from safelight.document.commands.command import DECLARED
from safelight.document.commands.keyframe_commands import move_keyframe
from safelight.document.commands.sequence_commands import (
    delete_frames,
    duplicate_frames,
    frame_duration,
    in_and_out,
    move_frames,
    numbers_told,
    reverse_frames,
)
from safelight.document.frames import frames
from safelight.document.frames.onion_skin import onion_skin
from safelight.gui.frames.frame_list import FrameList
from safelight.gui.frames.frame_ruler import FrameRuler
from safelight.gui.session import Session
from safelight.gui.widgets.icons import icon

_SHARE = 0.3
"""Opacity of the frames that are seen through."""

_LEAST = 10
"""Milliseconds between two pictures at the least."""


class FrameStrip(QFrame):
    """Shown while the photograph is a sequence: its pictures by a slider, step by step, played.

    It is played at the speed that the file says, from in to out: what takes longer to draw leaves
    pictures out. ``onion_changed`` tells that neighbours are to be seen through, or no more.
    """

    onion_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("frames")
        self._session: Session | None = None
        self.play = self._button("play", "Play", "Play or pause the sequence", self._toggle)
        self.play.setCheckable(True)
        self.back = self._button("back", "Previous frame", "The frame before", lambda: self._go(-1))
        self.on = self._button("on", "Next frame", "The next frame", lambda: self._go(1))
        self.slider = FrameRuler()
        self.slider.setAccessibleName("Frame")
        self.slider.valueChanged.connect(self._slid)
        self.slider.key_moved.connect(self._move_key)
        self.told = QLabel()
        self.told.setTextFormat(Qt.TextFormat.PlainText)
        self.told.setMinimumWidth(130)
        self.first = self._button("in", "In", "Play and export from this frame", self._set_in)
        self.last = self._button("out", "Out", "Play and export up to this frame", self._set_out)
        tip = "Onion skin: the frames before and after are seen through; nothing is changed"
        self.onion = self._button("onion", "Onion skin", tip, self.onion_changed.emit)
        self.onion.setCheckable(True)
        tip = "Show the frames, to be chosen, dragged, timed and deleted"
        self.lists = self._button("film", "Frames", tip, self._show_list)
        self.lists.setCheckable(True)
        self.list = FrameList()
        self.list.hide()
        self.list.wanted.connect(self._slid)
        self.list.moved.connect(self._move)
        self.list.deleted.connect(self._delete)
        self.list.asked.connect(self._ask)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 12, 4)
        column.setSpacing(2)
        row = QHBoxLayout()
        row.setSpacing(6)
        for part in (self.play, self.back, self.on, self.first, self.last):
            row.addWidget(part)
        row.addWidget(self.slider, 1)
        row.addWidget(self.told)
        row.addWidget(self.onion)
        row.addWidget(self.lists)
        column.addLayout(row)
        column.addWidget(self.list)
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
        session.active_changed.connect(self.show_sequence)
        self.show_sequence()

    @property
    def playing(self) -> bool:
        """Whether the sequence is being played."""
        return self._timer.isActive()

    def pause(self) -> None:
        """Play no longer."""
        played = self.playing
        self._timer.stop()
        self.list.resting = False
        self.play.setChecked(False)
        self.play.setIcon(icon("play"))
        if played and self._session is not None and not self._session.closed:
            self._session.frame_changed.emit()  # which panels wait for while it is played

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
        document, bounds = session.history.document, frames.bounds(session.history.document)
        tracks = document.layer(session.active).keyframes if self._knows(session) else ()
        keys = sorted({key.frame for track in tracks for key in track.keys if key.frame < count})
        self.slider.show_marks(keys, None if bounds == (0, count - 1) else bounds)
        if not self.list.isHidden():
            self.list.show_frames(document, session.frame)
        duration = frames.durations(document)[session.frame]
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

    def seen_through(self, document: Document) -> Document:
        """A document as it is looked at: with the frames beside its own where that is wanted."""
        return onion_skin(document, _SHARE) if self.onion.isChecked() else document

    def _knows(self, session: Session) -> bool:
        """Whether the document has the layer that is active; it may be told only now."""
        return any(layer.id == session.active for layer in session.history.document.walk())

    def _do(self, edit: Edit) -> None:
        if self._session is not None:
            self.pause()
            self._session.do(edit)

    def _set_in(self) -> None:
        self._bound(lambda frame, bounds: (frame, max(bounds[1], frame)))

    def _set_out(self) -> None:
        self._bound(lambda frame, bounds: (min(bounds[0], frame), frame))

    def _bound(self, change: Callable[[int, tuple[int, int]], tuple[int, int]]) -> None:
        """Have another in or out; the same again takes it away."""
        session = self._session
        if session is None:
            return
        document = session.history.document
        before, count = frames.bounds(document), frames.length(document)
        after = change(session.frame, before)
        if after == before:
            first_one = session.frame == before[0]
            after = (0, before[1]) if first_one else (before[0], count - 1)
        self._do(in_and_out(first=after[0] + 1, last=after[1] + 1))

    def _show_list(self) -> None:
        self.list.setVisible(self.lists.isChecked())
        self.show_sequence()

    def _move(self, rows: list[int], place: int) -> None:
        self._do(move_frames(frames=numbers_told(rows), to=place + 1))
        self.list.clearSelection()

    def _delete(self, rows: list[int]) -> None:
        self._do(delete_frames(frames=numbers_told(rows)))
        self.list.clearSelection()

    def _move_key(self, frame: int, to: int) -> None:
        if self._session is not None:
            self._do(move_keyframe(layer=self._session.active, frame=frame + 1, to=to + 1))

    def _ask(self, point: QPoint) -> QMenu:
        """The menu of the frames that are chosen."""
        told = numbers_told(self.list.chosen())
        menu = QMenu(self)
        menu.setAccessibleName("Frames")
        for text, work in (
            ("D&uration…", lambda: self._ask_duration(told)),
            ("Du&plicate", lambda: self._do(duplicate_frames(frames=told))),
            ("&Reverse", lambda: self._do(reverse_frames(frames=told))),
            ("&Delete", lambda: self._delete(self.list.chosen())),
        ):
            menu.addAction(text).triggered.connect(work)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(point)
        return menu

    def _ask_duration(self, told: str) -> None:
        session = self._session
        if session is None:
            return
        from safelight.gui.dialogs.command_dialog import CommandDialog

        now = frames.durations(session.history.document)[session.frame]
        dialog = CommandDialog(
            DECLARED["frame_duration"], {"frames": told}, {"duration": now}, self.window()
        )
        dialog.chosen.connect(
            lambda chosen: self._do(frame_duration(frames=told, duration=chosen["duration"]))
        )
        dialog.open()

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
        self.list.resting = True
        first, last = frames.bounds(self._session.history.document)
        if not first <= self._session.frame < last:
            self._session.look_at_frame(first)
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
        first, last = frames.bounds(session.history.document)

        def following(number: int) -> int:
            return number + 1 if first <= number < last else first

        number = following(session.frame)
        late = time.monotonic() - self._due
        while late > durations[number] / 1000:  # what cannot be drawn in time is left out
            late -= durations[number] / 1000
            self._due += durations[number] / 1000
            number = following(number)
        session.look_at_frame(number)
        self._wait()
