"""Frame strip: a sequence is gone through and played, below the picture."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent
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
from safelight.gui.frames.frames_ahead import FramesAhead
from safelight.gui.frames.play_clock import PlayClock
from safelight.gui.session import Session
from safelight.gui.widgets.icons import icon

_SHARE = 0.3
"""Opacity of the frames that are seen through."""

_THROUGH = 100
"""Documents of which it is remembered how they look with the frames beside them."""

_LEAST = 5
"""Milliseconds between two looks at the clock at the least."""

_SECONDS = 2.0
"""How much of a film is made ready ahead while it is played: as long as a machine may stand still
or another program be in the way.
"""

_RESTING = 64 << 20
"""Bytes of frames that stay ready while nothing is played."""

_LEFT_OUT = 0.5
"""Seconds of a film that are left out at once at the most, however long a frame has taken."""

_BESIDE = (1, 2, 3, -1)
"""Frames that are made ready while nothing is played, in the direction in which one went last."""

_RESTED = 120
"""Milliseconds without another frame after which those beside it are made ready."""

_SCRUBBED = 15
"""Milliseconds between two looks whether the frame that the handle has come to is there."""


class FrameStrip(QFrame):
    """Shown while the photograph is a sequence: its pictures by a slider, step by step, played.

    It is played at the speed that the file says, from in to out: frames are made ready ahead
    (``ahead``), and those that would be late are left out. ``onion_changed`` tells that neighbours
    are to be seen through, or no more.
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
        self._timer.timeout.connect(self._show_due)
        self.ahead: FramesAhead | None = None
        self.settled: Callable[[], bool] = lambda: True
        self._clock: PlayClock | None = None
        self._way = 1
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(_RESTED)
        self._resting.timeout.connect(self._prepare_beside)
        self._wanted: int | None = None
        self._scrubbing = QTimer(self)
        self._scrubbing.setInterval(_SCRUBBED)
        self._scrubbing.timeout.connect(self._scrub)
        self._through: dict[int, tuple[Document, Document]] = {}
        self.hide()

    def attach(
        self, session: Session, ahead: FramesAhead, settled: Callable[[], bool] = lambda: True
    ) -> None:
        """Show the sequence of a session, if its document has one. ``ahead`` makes its frames
        ready, ``settled`` tells whether the canvas has all of the one that is looked at.
        """
        self._session, self.ahead, self.settled = session, ahead, settled
        session.history_changed.connect(self._forget)
        session.frame_changed.connect(self._resting.start)
        session.history_changed.connect(self.show_sequence)
        session.frame_changed.connect(self.show_sequence)
        session.active_changed.connect(self.show_sequence)
        self.show_sequence()

    @property
    def playing(self) -> bool:
        """Whether the sequence is being played."""
        return self._clock is not None

    def pause(self) -> None:
        """Play no longer."""
        played, self._clock = self.playing, None
        self._timer.stop()
        if played:
            self._resting.start()
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
        if not self.onion.isChecked():
            return document
        known = self._through.get(id(document))
        if known is None or known[0] is not document:
            known = document, onion_skin(document, _SHARE)
            self._through[id(document)] = known
            if len(self._through) > _THROUGH:
                del self._through[next(iter(self._through))]
        return known[1]

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
        """Go where the handle is. While it is dragged the next frame comes when the one before is
        there: else none would be seen before the hand rests.
        """
        self.pause()
        self._wanted = number
        if self.slider.isSliderDown() and not self.settled():
            self._scrubbing.start()
        else:
            self._scrub(at_once=True)

    def _scrub(self, *, at_once: bool = False) -> None:
        number, session = self._wanted, self._session
        if number is None or session is None or session.closed:
            self._scrubbing.stop()
        elif at_once or self.settled() or not self.slider.isSliderDown():
            self._scrubbing.stop()
            self._wanted = None
            self._look(number)

    def _go(self, step: int) -> None:
        if self._session is not None:
            self.pause()
            self._look(self._session.frame + step)

    def _look(self, number: int) -> None:
        session = self._session
        if session is not None:
            self._way = 1 if number >= session.frame else -1
            session.look_at_frame(number)

    def hideEvent(self, event: QHideEvent) -> None:
        """Of what is not seen nothing is kept ready."""
        super().hideEvent(event)
        self.pause()
        if self.ahead is not None:
            self.ahead.forget()

    # -- playing, and what is made ready for it ------------------------------------------------

    def show_otherwise(self) -> None:
        """Another part of the picture is seen: what is made ready has to be of that."""
        if self.playing:
            self._prepare()
        else:
            self._resting.start()

    def show_ready(self) -> None:
        """A frame is ready: it is shown if it is due."""
        if self.playing:
            self._show_due()

    def end(self) -> None:
        """Play no longer, and let go of what was made ready."""
        self.pause()
        self._scrubbing.stop()
        self._resting.stop()
        self._through.clear()
        if self.ahead is not None:
            self.ahead.close()

    def _forget(self) -> None:
        """The document is another one."""
        self._through.clear()
        if self.ahead is not None:
            self.ahead.forget()
        self._resting.start()

    def _toggle(self) -> None:
        session = self._session
        if self.playing or session is None:
            self.pause()
            return
        self.play.setChecked(True)
        self.play.setIcon(icon("pause"))
        self.list.resting = True
        self._resting.stop()
        first, last = frames.bounds(session.history.document)
        if not first <= session.frame < last:
            self._look(first)
        self._begin()

    def _begin(self) -> None:
        """Play from the frame that is looked at."""
        session = self._session
        assert session is not None
        document, now = session.history.document, time.monotonic()
        durations, bounds = frames.durations(document), frames.bounds(document)
        self._clock = PlayClock(durations, bounds, session.frame, now)
        self._show_due()

    def _show_due(self) -> None:
        """Show the newest frame that is ready of those that are due, and look again when the next
        one is.
        """
        session, clock = self._session, self._clock
        if clock is None:
            return
        if session is None or session.closed or not self.isVisible():
            self.pause()
            return
        document = session.history.document
        if clock.durations is not frames.durations(document) or clock.bounds != frames.bounds(
            document
        ):
            self._begin()
            return
        now = time.monotonic()
        due = clock.due(now)
        if self._makes_ready:
            found = (number for number in clock.since(session.frame) if self._is_ready(number))
            number = next(found, session.frame)
        else:
            number = due if self.settled() else session.frame
        moved = number != session.frame
        session.look_at_frame(number)
        if self._clock is clock:
            if moved or self.ahead is None or self.ahead.under_way is None:
                self._prepare()
            self._timer.start(max(math.ceil(1000 * (clock.end - time.monotonic())), _LEAST))

    @property
    def _makes_ready(self) -> bool:
        """Whether the look of frames is known before they are looked at."""
        session = self._session
        return self.ahead is not None and session is not None and self.ahead.can(session.frame)

    def _is_ready(self, number: int) -> bool:
        return self.ahead is not None and self.ahead.is_ready(number)

    def _prepare(self) -> None:
        """Have those frames made ready that will be in time."""
        clock, ahead = self._clock, self.ahead
        if clock is None or ahead is None:
            return
        now = time.monotonic()
        begun = ahead.under_way
        numbers = [] if begun is None else [begun]
        first = now + min(ahead.pace, _LEFT_OUT)
        for number, when in clock.coming():
            if when > now + _SECONDS:
                break
            if number != begun and (when > first or ahead.is_ready(number)):
                numbers.append(number)
        ahead.prepare(numbers or [clock.following(clock.number)])

    def _prepare_beside(self) -> None:
        """Have the frames beside the one that is looked at made ready, once that is there."""
        session, ahead = self._session, self.ahead
        if self.playing or session is None or session.closed or ahead is None:
            return
        if not self.isVisible():
            return
        if not self.settled():
            self._resting.start()
            return
        count = frames.length(session.history.document)
        beside = [session.frame + self._way * step for step in _BESIDE]
        ahead.prepare((number for number in beside if 0 <= number < count), _RESTING)
