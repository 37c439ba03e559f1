"""Gestures: two fingers on a trackpad or a screen, which zoom, move and turn the view."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QNativeGestureEvent
from PySide6.QtWidgets import QPinchGesture

from safelight.gui.canvas.twist import Twist
from safelight.gui.canvas.viewport import Viewport


class Gestures:
    """Two fingers over a viewport; ``begun`` is called when they come down on a screen."""

    def __init__(self, surface: Viewport, begun: Callable[[], object]) -> None:
        self._surface = surface
        self._begun = begun
        self._twist: Twist | None = None
        self._turned = 0.0
        self._pinched = (1.0, 0.0, QPointF())

    def trackpad(self, event: QNativeGestureEvent) -> bool:
        """Do what two fingers on a trackpad do; False for what they do not."""
        surface = self._surface
        kind, value, at = event.gestureType(), event.value(), event.position()
        if kind == Qt.NativeGestureType.ZoomNativeGesture:
            surface.zoom_to(surface.view.zoom * max(1 + value, 0.1), at)
        elif kind == Qt.NativeGestureType.RotateNativeGesture:
            self._turn(value, at)
        elif kind == Qt.NativeGestureType.SmartZoomNativeGesture:
            surface.look_closer(at)
        elif kind == Qt.NativeGestureType.PanNativeGesture:
            way = event.delta() * surface.devicePixelRatioF()
            surface.look(surface.view.moved(way.x(), way.y()))
        elif kind in (
            Qt.NativeGestureType.BeginNativeGesture,
            Qt.NativeGestureType.EndNativeGesture,
        ):
            self._twist = None
        else:
            return False
        event.accept()
        return True

    def pinch(self, pinch: QPinchGesture) -> None:
        """Do what two fingers on a screen do."""
        surface = self._surface
        now = pinch.scaleFactor(), pinch.rotationAngle(), pinch.centerPoint()
        if pinch.state() == Qt.GestureState.GestureStarted:
            self._begun()  # the first finger came as a mouse and has begun something
            self._twist = None
            self._pinched = (1.0, *now[1:])
        last, self._pinched = self._pinched, now
        if now == last:
            return  # Qt may tell of one movement twice
        way = (now[2] - last[2]) * surface.devicePixelRatioF()
        if not way.isNull():
            surface.look(surface.view.moved(way.x(), way.y()))
        at = QPointF(surface.mapFromGlobal(now[2]))
        surface.zoom_to(surface.view.zoom * now[0], at)
        self._turn(now[1] - last[1], at)
        if pinch.state() in (Qt.GestureState.GestureFinished, Qt.GestureState.GestureCanceled):
            self._twist = None

    def _turn(self, degrees: float, at: QPointF) -> None:
        view = self._surface.view
        if self._twist is None or view.angle != self._turned:  # it was turned by other means
            self._twist = Twist(view.angle)
        self._surface.rotate_to(self._twist.turn(degrees), at)
        self._turned = self._surface.view.angle
