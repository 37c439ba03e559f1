"""Keyframe buttons: the diamond beside what can move along a sequence."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from safelight.document import Layer
from safelight.document.commands.keyframe_commands import (
    keyframe_interpolation,
    remove_keyframe,
    set_keyframe,
    stop_keyframes,
)
from safelight.document.frames import frames
from safelight.document.frames.keyframes import SETTING, Interpolation, Keyframe
from safelight.document.frames.layer_keyframes import track_of, value_of
from safelight.gui.controls import Control
from safelight.gui.session import Session
from safelight.gui.widgets import theme
from safelight.gui.widgets.shown_text import plain, tooltip

_WAYS: tuple[tuple[Interpolation, str], ...] = (
    ("linear", "&Linear to the next"),
    ("ease", "&Ease to the next"),
    ("hold", "&Hold until the next"),
)


def diamond(middle: QPointF, half: float) -> QPolygonF:
    """The sign of a keyframe."""
    ways = ((0, -half), (half, 0), (0, half), (-half, 0))
    return QPolygonF([middle + QPointF(x, y) for x, y in ways])


def mask_property(layer: Layer) -> str:
    """What of a layer's mask moves: the handles of its gradient, or else its place."""
    return "mask_place" if layer.mask_gradient is None else "mask_gradient"


class KeyframeButton(QToolButton):
    """Sets a keyframe of a layer's property at the frame that is looked at, or takes it away.

    It is there while the photograph is a sequence: full where there is a keyframe, in colour where
    the property moves. Its menu has the ways to the next keyframe.
    """

    def __init__(
        self,
        session: Session,
        title: str,
        name: Callable[[Layer], str],
        layer: Callable[[], Layer | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._title, self._name, self._layer = session, title, name, layer
        self._state = ""
        self.has_room = True
        self.setAutoRaise(True)
        self.setFixedSize(18, 18)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(f"Keyframe of {plain(title)}")
        self.clicked.connect(self._clicked)
        for signal in (session.history_changed, session.frame_changed, session.active_changed):
            signal.connect(self.show_state)
        self.show_state()

    def show_state(self) -> None:
        """Show whether there is a keyframe at the frame that is looked at."""
        session = self._session
        sequence = not session.closed and frames.length(session.history.document) > 1
        layer = self._layer() if sequence else None
        has = layer is None or value_of(layer, self._name(layer)) is not None
        self.setVisible(sequence and has and self.has_room)
        if layer is None or not has:
            self.setEnabled(False)
            return
        track, key = track_of(layer, self._name(layer)), self._key()
        self.setEnabled(not layer.locked)
        state = "" if track is None else "moves" if key is None else "key"
        if state != self._state:
            self._state = state
            self.update()
        does = "Remove the keyframe" if state == "key" else "Set a keyframe"
        words = f"{does} of {plain(self._title)} at this frame"
        self.setToolTip(tooltip(f"{words}; a right click has the way to the next", lines=True))

    def _key(self) -> Keyframe | None:
        layer = self._layer()
        track = None if layer is None else track_of(layer, self._name(layer))
        return None if track is None else track.key(self._session.frame)

    def _clicked(self) -> None:
        layer = self._layer()
        if layer is None:
            return
        name, frame = self._name(layer), self._session.frame + 1
        if self._key() is not None:
            self._session.do(remove_keyframe(layer=layer.id, name=name, frame=frame))
        else:
            told = json.dumps({name: None})
            self._session.do(set_keyframe(layer=layer.id, frame=frame, values=told))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.menu_of_ways()
        if menu is not None:
            menu.popup(event.globalPos())

    def menu_of_ways(self) -> QMenu | None:
        """What can be done with the keyframe before or at this frame; None where nothing moves."""
        layer = self._layer()
        track = None if layer is None else track_of(layer, self._name(layer))
        if layer is None or track is None:
            return None
        frame = self._session.frame
        earlier = [key for key in track.keys if key.frame <= frame]
        key = earlier[-1] if earlier else track.keys[0]
        menu = QMenu(self)
        menu.setAccessibleName("Keyframe")
        told = {"layer": layer.id, "name": track.name}
        for way, text in _WAYS:
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(key.interpolation == way)
            edit = keyframe_interpolation(**told, frame=key.frame + 1, interpolation=way)
            action.triggered.connect(partial(self._session.do, edit))
        menu.addSeparator()
        stop = stop_keyframes(**told, frame=frame + 1)
        menu.addAction("&Remove all keyframes").triggered.connect(partial(self._session.do, stop))
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(theme.ACCENT if self._state else theme.DIM)
        if not self.isEnabled():
            colour = QColor(theme.OFF)
        painter.setPen(QPen(colour, 1.3))
        if self._state == "key":
            painter.setBrush(colour)
        painter.drawPolygon(diamond(QPointF(self.rect().center()) + QPointF(0.5, 0.5), 4.5))
        painter.end()


def offer_keyframes(
    control: Control, session: Session, name: str, layer: Callable[[], Layer | None]
) -> None:
    """Put a diamond behind what a control sets: a layer's property by its ``name``."""
    title = plain(control.parameter.title)
    button = KeyframeButton(session, title, lambda _: name, layer, control)
    control.head.addWidget(button)


def offer_settings(
    controls: list[Control], session: Session, layer: Callable[[], Layer | None]
) -> None:
    """Put a diamond behind each control of a filter's settings."""
    for control in controls:
        offer_keyframes(control, session, f"{SETTING}{control.parameter.name}", layer)


def offer_for_layer(session: Session, parent: QWidget) -> tuple[KeyframeButton, KeyframeButton]:
    """The diamonds of the active layer's opacity and of its mask."""

    def layer() -> Layer | None:
        return session.layer

    return (
        KeyframeButton(session, "Opacity", lambda _: "opacity", layer, parent),
        KeyframeButton(session, "Mask", mask_property, layer, parent),
    )
