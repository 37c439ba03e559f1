"""Brush: paints what is selected, or the active layer's mask; its eraser takes it away."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import ClassVar, cast

from PySide6.QtCore import QCoreApplication, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QPainter, QRegion

from safelight.api import Parameter, Value
from safelight.document import edits
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.rulers import THICK
from safelight.gui.canvas.tools.round_brush import (
    Hardness,
    Percent,
    RoundBrush,
    Size,
    Touch,
    circle,
    dynamics,
    paint_circle,
)
from safelight.gui.canvas.tools.tool import Pointer, Step, Tool, parameters_of
from safelight.gui.canvas.viewport import Viewport
from safelight.pixels import DAB

_LEAVES_OUT = Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents
"""Of movements that wait while the window is busy Qt tells the last one alone; of a stroke, whose
points all count, it must not.
"""

_FLUSH = 12
"""Milliseconds in which the movements of a brush are gathered into one edit."""


class Brush(Tool):
    """Paints on the mask; with Alt it erases."""

    id = "brush"
    title = "Brush"
    icon = "brush"
    shortcut = "B"
    hint = "Paint what is selected, or the active layer's mask; Alt erases, Shift draws a line"
    steps: ClassVar[tuple[Step, ...]] = (
        Step("&Larger brush", "]", "larger"),
        Step("&Smaller brush", "[", "smaller"),
        Step("&Harder brush", "}", "harder"),
        Step("S&ofter brush", "{", "softer"),
    )
    first = pressure = repeats = True
    kernels = (DAB,)
    rare = tuple(dynamics.__kwdefaults__ or ())
    erases = False
    verb = "Paints on"

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self.brush = RoundBrush()
        self._other_way = False
        self._pointer: QPointF | None = None
        self._flush = QTimer(surface)
        self._flush.setSingleShot(True)
        self._flush.setInterval(_FLUSH)
        self._flush.timeout.connect(self._paint_on)

    def options(
        self,
        *,
        size: Size = 20,
        hardness: Hardness = 75,
        opacity: Percent = 100,
    ) -> None:
        """Size, hardness and opacity; the first two are the same for all brushes."""

    @classmethod
    @functools.cache
    def parameters(cls) -> tuple[Parameter, ...]:
        """The tool's own parameters, and behind them the dynamics that all brushes have."""
        more = parameters_of(dynamics) if cls.rare else ()
        return (*parameters_of(cls.options, 1), *more)

    @property
    def values(self) -> Mapping[str, Value]:
        brush = self.brush
        own = {"size": brush.size, "hardness": round(brush.hardness * 100), **brush.dynamics}
        return {**self._values, **own}

    def set(self, name: str, value: Value) -> None:
        if name == "size":
            self.brush.resize(cast(int, value))
        elif name == "hardness":
            self.brush.hardness = cast(int, value) / 100
        elif name in self.brush.dynamics:
            self.brush.dynamics[name] = value
        else:
            self._values[name] = value
        self.changed()

    @property
    def note(self) -> str:
        target = self.surface.target
        document, on = self.surface.document, self._painted_on()
        if not target and on is not None and document is not None:
            target = document.layer(on).name
        return f"{self.verb} the mask of {target}" if target else f"{self.verb} the selection"

    def suit(self, width: int, height: int) -> None:
        self.brush.suit(width, height)

    def larger(self) -> None:
        """Make the brush a step larger."""
        self.brush.resize_by(1)
        self.changed()

    def smaller(self) -> None:
        """Make the brush a step smaller."""
        self.brush.resize_by(-1)
        self.changed()

    def harder(self) -> None:
        """Make the brush a step harder."""
        self.brush.harden_by(1)
        self.changed()

    def softer(self) -> None:
        """Make the brush a step softer."""
        self.brush.harden_by(-1)
        self.changed()

    # -- strokes -------------------------------------------------------------------------------

    @property
    def tints(self) -> bool:  # type: ignore[override]
        """What is selected is seen in red; the mask of a layer is judged by what the layer does."""
        return self.surface.painted_on is None

    @property
    def painting(self) -> bool:
        return self.brush.pressed

    @property
    def erasing(self) -> bool:
        """Whether the stroke, or else the next one, erases; Alt turns it into the other."""
        return self.brush.erases if self.brush.pressed else self.erases != self._other_way

    def takes(self, at: QPointF) -> bool:
        return not (self.surface.lines["rulers"] and min(at.x(), at.y()) < THICK)

    def press(self, pointer: Pointer) -> None:
        self._other_way = pointer.alt
        erase = pointer.rubber or self.erasing
        self.begin(pointer, erase=erase)
        self._paint_on()

    def _hardness(self) -> float:
        """Hardness of the stroke, 0 to 1."""
        return self.brush.hardness

    def begin(self, pointer: Pointer, *, erase: bool) -> None:
        """Begin a stroke, of whose points Qt leaves none out until it ends."""
        QCoreApplication.setAttribute(_LEAVES_OUT, False)
        touch = Touch(pointer.pressure, pointer.tilt)
        self.brush.press(pointer.point, touch, erase=erase, line=pointer.shift)

    def end(self) -> None:
        """End the stroke."""
        QCoreApplication.setAttribute(_LEAVES_OUT, True)
        self.brush.release()

    def move(self, pointer: Pointer) -> None:
        touch = Touch(pointer.pressure, pointer.tilt)
        moved = self.brush.move(pointer.point, touch, self.surface.view.zoom)
        if moved and not self._flush.isActive():
            self._flush.start()

    def release(self, pointer: Pointer) -> None:
        if pointer.pressure:  # a pen that comes up presses no more
            self.move(pointer)
        self.cancel()

    def cancel(self) -> None:
        """End the stroke: what is painted stays."""
        self._flush.stop()
        if self.brush.pressed:
            self.brush.arrive()
            self._paint_on()
            self.end()

    def _paint_on(self) -> None:
        """Paint what the hand has done since the last time."""
        stroke = self.brush.take(opacity=cast(int, self._values["opacity"]) / 100)
        if stroke is not None:
            painted_on, brush = self._painted_on(), self.brush
            self.surface.do(edits.paint_mask(painted_on, stroke, brush.token, brush.path))

    def _painted_on(self) -> str | None:
        """The layer whose mask is painted on; None = the selection.

        Where nothing is selected there is nothing to erase from but the active filter layer, which
        gets a mask by that.
        """
        surface, document = self.surface, self.surface.document
        if surface.painted_on is not None or not self.erasing or document is None:
            return surface.painted_on
        if document.selection is not None:
            return None
        layer = document.layer(surface.active)
        return layer.id if layer.filter is not None else None

    # -- keys ----------------------------------------------------------------------------------

    def key(self, event: QKeyEvent) -> bool:
        if event.key() != Qt.Key.Key_Alt:
            return False
        self.surface.held.press(event, "other way")
        return True

    def key_up(self, event: QKeyEvent) -> bool:
        found = event.key() == Qt.Key.Key_Alt and self._other_way  # it came down elsewhere
        if found:
            self.held_changed()
        return found

    def held_changed(self) -> None:
        other_way = "other way" in self.surface.held
        if other_way != self._other_way:
            self._other_way = other_way
            self.surface.update()

    # -- the circle ----------------------------------------------------------------------------

    def hover(self, at: QPointF | None) -> None:
        before, self._pointer = self._pointer, at
        if self.surface.heeds(self):
            for place in (before, at):
                if place is not None:
                    self.surface.update(self._circle(place))

    def still(self) -> QRegion | None:
        if self._pointer is None or not self.surface.heeds(self):
            return QRegion()
        return QRegion(self._circle(self._pointer))

    def _circle(self, at: QPointF) -> QRect:
        """What of the widget the circle at a widget point covers."""
        ratio = self.surface.devicePixelRatioF()
        covered = circle(at * ratio, self.brush.size / 2 * self.surface.view.zoom, ratio)
        return QRectF(covered.topLeft() / ratio, covered.size() / ratio).toAlignedRect()

    def cursor(self, at: QPointF) -> Qt.CursorShape:
        return Qt.CursorShape.BlankCursor

    def paint_above(self, painter: QPainter, pose: Pose) -> None:
        if self._pointer is not None and self.surface.heeds(self):
            radius = self.brush.size / 2 * pose.view.zoom
            at, hardness = self._pointer * pose.ratio, self._hardness()
            paint_circle(painter, at, radius, hardness, pose.ratio, erases=self.erasing)


class Eraser(Brush):
    """Erases from the mask; with Alt it paints. As large and as hard as the brush."""

    id = "eraser"
    title = "Eraser"
    icon = "eraser"
    shortcut = "E"
    hint = "Erase from what is selected, or from the active layer's mask; Alt paints"
    steps = ()
    erases = True
    verb = "Erases from"
