"""Canvas: shows a picture, before and after, and a preview above it, and has one tool in hand.

A plain widget painted with QPainter: a third of the cost of a graphics scene, and a thirtieth of
OpenGL where that is done in software.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPointingDevice,
    QTabletEvent,
)
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QSizePolicy, QWidget

from safelight.document.geometry import carried
from safelight.document.guides import Guide
from safelight.document.placement import IDENTITY, Place
from safelight.gui.canvas.gestures import Gestures
from safelight.gui.canvas.marks import paint_focus
from safelight.gui.canvas.overlay import Overlay
from safelight.gui.canvas.picture import Picture
from safelight.gui.canvas.pose import shift
from safelight.gui.canvas.scene import Scene
from safelight.gui.canvas.scroll import edge, scrolled, still_parts
from safelight.gui.canvas.tools import TOOLS
from safelight.gui.canvas.tools.brush import Brush
from safelight.gui.canvas.tools.move_guides import Guides
from safelight.gui.canvas.tools.setting_picker import Picker
from safelight.gui.canvas.tools.split_line import Split
from safelight.gui.canvas.tools.tool import Pointer, Tool
from safelight.gui.canvas.view_geometry import View
from safelight.gui.canvas.viewport import Viewport
from safelight.gui.screen.display_transform import display
from safelight.gui.widgets.keys import ARROWS, latin_key

if TYPE_CHECKING:
    from safelight.document import Document

_LEFT = Qt.MouseButton.LeftButton

_FLAT = 60.0
"""Degrees from upright at which a pen counts as lying flat: tablets tell no more."""


def _line(name: str, doc: str) -> property:
    """Whether lines above the picture are shown, as something that can be switched."""

    def get(canvas: Canvas) -> bool:
        return canvas.lines[name]

    def set_(canvas: Canvas, on: bool) -> None:
        canvas.show_lines(name, on)
        if name == "rulers" and canvas.fits:
            canvas.fit()

    return property(get, set_, doc=doc)


class Canvas(Viewport):
    """The picture on the screen.

    Keys: arrows move, + and - zoom. The wheel zooms at the pointer; two fingers pinch and turn.
    All else a hand does is a tool's: of the key that is held, of what is to be picked, of the
    tools that are always there, or of the one in hand; ``tools`` has them all by id.
    """

    before_changed = Signal()
    pointed = Signal(object)
    """The pointer is over a point of the picture, which may lie beyond it: (x, y); None = gone."""

    show_grid = _line("grid", "Whether lines part the picture's pixels where those are large.")
    show_rulers = _line("rulers", "Whether there are rulers at the top and the left.")
    show_guides = _line("guides", "Whether guides are shown.")
    show_snapping = _line("snaps", "Whether what is moved snaps to edges, middles and guides.")
    show_clipping = _line("clipping", "Whether what is clipped is seen in red and in blue.")
    show_mask_overlay = _line("mask", "Whether the mask is seen in red though nothing paints.")
    show_mask_alone = _line("mask_alone", "Whether the mask is seen alone, white, grey and black.")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        self.setMouseTracking(True)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Picture")
        self.scene = Scene(self)
        self.tools = {kind.id: kind(self) for kind in TOOLS}
        self.split_line = cast(Split, self.tools["split"])
        self.guide_lines = cast(Guides, self.tools["guides"])
        brushes = [tool for tool in self.tools.values() if isinstance(tool, Brush)]
        for tool in brushes[1:]:
            tool.brush = brushes[0].brush
        self._tool: Tool = self.tools["hand"]
        self._earlier = self._tool.id
        self.show_selection = self.scene.show_selection
        self.show_mask = self.scene.show_mask
        self._picker: Picker | None = None
        self._active: Tool | None = None
        self._button = Qt.MouseButton.NoButton
        self._gestures = Gestures(self, self.stop)
        self._last = QPointF()
        self._before_stays = False
        self._by_key = False
        self.held.changed.connect(self._held_changed)
        display().changed.connect(self._show_otherwise)

    # -- what is shown -------------------------------------------------------------------------

    def show_picture(
        self, picture: Picture, before: Picture, document: Document | None = None
    ) -> None:
        """Show ``picture``; ``before`` is what the before key and the split line compare with.

        ``document`` is what is edited, where that is not what the picture is of.
        """
        old = self.scene.picture
        self.scene.picture, self.scene.before = picture, before
        self.picture_size = picture.width, picture.height
        self.shown_from = IDENTITY
        if picture.document is not None and document is not None:
            self.shown_from = carried(picture.document, document)
        for tool in self.tools.values():
            tool.suit(picture.width, picture.height)
        if old is not None and old is not picture:
            picture.follow(old, self.scene.tiles)
            _follow(self, _way(old, picture))
        elif old is None:
            self.view = self.fitted()
            self.view_changed.emit()
        self.update()

    def show_document(
        self, document: Document, active: str, painted_on: str | None, target: str
    ) -> None:
        """Let tools know the document, its active layer, and the layer (id and name) that a brush
        paints on.
        """
        selects = self.document is not None and self.document.selection is not None
        before = self.active, self.painted_on, self.target, selects
        told, self.document = (active, painted_on, target), document
        self.guide_lines.show(document.guides)
        if before != (*told, document.selection is not None):
            self.active, self.painted_on, self.target = told
            self.tool_changed.emit()
        self._tool.follow()

    def show_overlay(self, overlay: Overlay | None) -> None:
        """Put pieces above the picture, or take them away."""
        self.scene.overlay = overlay
        self.update()

    def _show_otherwise(self) -> None:
        """Colours come to the screen in another way."""
        overlay = self.scene.overlay
        for shown in (overlay, overlay and overlay.under, overlay and overlay.glimpse):
            if shown:
                shown.draw_afresh()
        self.update()

    @property
    def split(self) -> float | None:
        """Where the split line is, as a fraction of the width; None where there is none."""
        return self.split_line.at

    def set_split(self, on: bool) -> None:
        """Show a line with the picture as it was on its left."""
        self.split_line.at = 0.5 if on else None
        self.update()

    @property
    def showing_before(self) -> bool:
        """Whether the picture is shown as it was."""
        return self.scene.shows_before

    def show_before(self, on: bool) -> None:
        """Show the picture as it was, until it is told otherwise."""
        self._before_stays = on
        self._held_changed()

    @property
    def guides(self) -> tuple[Guide, ...]:
        """The guides, in picture pixels; ``guides_changed`` tells of others, and of hiding."""
        return self.guide_lines.lines

    @guides.setter
    def guides(self, guides: Iterable[Guide]) -> None:
        self.guide_lines.lines = tuple(guides)

    # -- tools ---------------------------------------------------------------------------------

    @property
    def tool(self) -> Tool:
        """The tool in hand."""
        return self._tool

    def take(self, name: str) -> None:
        """Take the tool of that id in hand; the one before is put away."""
        if self._tool.id != name:
            self.stop()
            before, self._tool = self._tool, self.tools[name]
            self._earlier = before.id
            before.put_away()
            self._tool.take_up()
            self._show_cursor()
            self.update()
            self.tool_changed.emit()

    def leave(self) -> None:
        self.take(self._earlier if self._earlier != self._tool.id else "hand")

    @property
    def picker(self) -> Picker | None:
        """What the next press or drag picks, instead of all else it would do."""
        return self._picker

    @picker.setter
    def picker(self, picker: Picker | None) -> None:
        if self._active is self._picker:
            self._active = None
        self._picker = picker
        self._show_cursor()
        self.update()

    def stop(self) -> None:
        """Let go of whatever is dragged."""
        active, self._active = self._active, None
        if active is not None:
            active.cancel()

    def heeds(self, tool: object) -> bool:
        if self._active is not None:
            return self._active is tool
        return self._picker is None and self._held_tool() is None and self._tool is tool

    def _held_tool(self) -> Tool | None:
        """The tool that a key held has taken in hand; turning comes before moving."""
        held = [tool for tool in self.tools.values() if tool.hold and tool.id in self.held]
        return held[-1] if held else None

    def _tool_at(self, at: QPointF) -> Tool:
        """The tool that a press at a widget point is for."""
        first = self._active or self._held_tool() or self._picker
        if first is not None:
            return first
        if self._tool.grips(at) and not self.guide_lines.in_ruler(at):
            return self._tool
        always = [tool for tool in self.tools.values() if not tool.chosen]
        order = [self._tool, *always] if self._tool.first else [*always, self._tool]
        hand: Tool = self.tools["hand"]
        return next((tool for tool in order if tool.takes(at)), hand)

    def _shown_tools(self) -> list[Tool]:
        """The tools that may show something, in the order in which they are painted."""
        tools = [self._picker, *(tool for tool in self.tools.values() if not tool.chosen)]
        return [*(tool for tool in tools if tool is not None), self._tool]

    def _pointer(self, event: QMouseEvent | QTabletEvent) -> Pointer:
        at = event.position()
        return Pointer(at, self.picture_point(at), event.modifiers())

    # -- painting ------------------------------------------------------------------------------

    def show_moved(self, before: View) -> None:
        """Keep what is painted where the picture has only moved, and paint the rest."""
        way = shift(before, self.view, self.room())
        still = still_parts(self.scene, self._shown_tools())
        if still is not None and self._by_key and self.hasFocus():
            still += edge(self.rect())
        if way is None or still is None or not scrolled(self, way, still):
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        pose = self.pose()
        self.split_line.hidden = self.showing_before
        # Ended even if an error keeps this call alive: Qt crashes on a painter that outlives it.
        with QPainter(self) as painter:
            tools = self._shown_tools()
            self.scene.paint(painter, event.region(), pose, self.lines, self.split, tools)
            if self._by_key and self.hasFocus():
                paint_focus(painter, *pose.room, pose.ratio)
        if self.scene.incomplete:
            QTimer.singleShot(0, self.update)

    @property
    def finished(self) -> bool:
        """Whether the last frame showed everything as fine as it gets."""
        return self.scene.finished

    # -- mouse and pen -------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        button = event.button()
        if self._active is not None or button not in (_LEFT, Qt.MouseButton.MiddleButton):
            return
        at = self._last = event.position()
        self._active = self._tool_at(at) if button == _LEFT else self.tools["hand"]
        self._button = button
        self._active.press(self._pointer(event))
        self._point_at(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._active is not None:
            self._active.move(self._pointer(event))
        self._last = event.position()
        self._point_at(self._last)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._active is not None and event.button() == self._button:
            active, pointer = self._active, self._pointer(event)
            active.release(pointer)
            self._active = None
        self._show_cursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Between the whole picture and 100 % at the pointer, where the tool has nothing better."""
        tool = self._tool_at(event.position())
        if tool.repeats:
            self.mousePressEvent(event)  # a second dab, near the first
        elif not tool.double_click(self._pointer(event)):
            self.look_closer(event.position())

    def tabletEvent(self, event: QTabletEvent) -> None:
        """A pen comes to a tool that knows its pressure, and to any other as a mouse."""
        kind, left = event.type(), event.button() == _LEFT
        starts = kind == QEvent.Type.TabletPress and left and self._active is None
        tool = self._tool_at(event.position())
        if not tool.pressure or not (starts or self._active is tool):
            event.ignore()  # it comes again, as a mouse
            return
        rubber = event.pointerType() == QPointingDevice.PointerType.Eraser
        tilt = min(math.hypot(event.xTilt(), event.yTilt()) / _FLAT, 1.0)
        plain = self._pointer(event)
        pointer = replace(plain, pressure=event.pressure(), tilt=tilt, rubber=rubber)
        if starts:
            self._active, self._button = tool, _LEFT
            tool.press(pointer)
        elif kind == QEvent.Type.TabletMove:
            tool.move(pointer)
        elif kind == QEvent.Type.TabletRelease and left:
            tool.release(pointer)
            self._active = None
        self._point_at(event.position())
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Show nothing any more that tools show at the pointer, which has left."""
        self._point_at(None)
        super().leaveEvent(event)

    def _point_at(self, at: QPointF | None) -> None:
        for tool in self._shown_tools():
            tool.hover(at)
        self.pointed.emit(None if at is None else self.picture_point(at))
        if at is not None:
            self._last = at
            self._show_cursor()

    def _show_cursor(self) -> None:
        self.setCursor(self._tool_at(self._last).cursor(self._last))

    def event(self, event: QEvent) -> bool:
        """Fingers on a trackpad come as native gestures, those on a screen as a pinch; a key of the
        tool in hand is that before it is a shortcut of the window's.
        """
        if event.type() == QEvent.Type.ShortcutOverride:
            assert isinstance(event, QKeyEvent)
            if self._tool.step_of(event) is not None:
                event.accept()
                return True
        if event.type() == QEvent.Type.NativeGesture:
            assert isinstance(event, QNativeGestureEvent)
            return self._gestures.trackpad(event)
        if event.type() == QEvent.Type.Gesture:
            assert isinstance(event, QGestureEvent)
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                self._gestures.pinch(pinch)
                event.accept(pinch)
                return True
        return super().event(event)

    # -- keys ----------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = latin_key(event)
        tools = [self._active, *self._shown_tools()]
        holds = (t for t in self.tools.values() if t.holds(key, event.modifiers()))
        if any(tool is not None and tool.key(event) for tool in tools):
            self._show_cursor()
        elif (held := next(holds, None)) is not None:
            self.held.press(event, held.id)
        elif key in ARROWS:
            right, down = ARROWS[key]
            self.look(self.view.moved(-right * self.room()[0] / 8, -down * self.room()[1] / 8))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_in()
        elif key == Qt.Key.Key_Minus:
            self.zoom_out()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not self.held.release(event) and not self._tool.key_up(event):
            super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keyboard is when it came here by keyboard."""
        by_key = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self._by_key = event.reason() in by_key
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A key held while the focus goes is released elsewhere."""
        self.held.let_go()
        self._tool.held_changed()
        super().focusOutEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """A key is released elsewhere, too, where the whole window loses the keyboard."""
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.held.let_go()
        super().changeEvent(event)

    def _held_changed(self) -> None:
        """A key has come down or up that does something while it is down."""
        self._tool.held_changed()
        self._show_cursor()
        on = self._before_stays or "before" in self.held
        if on != self.scene.shows_before:
            self.scene.shows_before = on
            self.update()
            self.before_changed.emit()


def _way(old: Picture, new: Picture) -> Place:
    """The map from the points of one picture to those of the next that shows the same."""
    if old.document is not None and new.document is not None:
        return carried(old.document, new.document)
    ratio = new.width / old.width
    return Place.scaled(ratio, ratio)


def _follow(canvas: Canvas, way: Place) -> None:
    """Keep what was in the middle there, as large as it was; or show all, where all was
    seen.
    """
    if way == IDENTITY:
        return
    for tool in canvas.tools.values():
        tool.carry(way)
    if canvas.fits:
        canvas.view = canvas.fitted()
    else:
        x, y = way.at(canvas.view.x, canvas.view.y)
        canvas.view = replace(canvas.view, zoom=canvas.view.zoom / way.scale, x=x, y=y)
    canvas.view_changed.emit()
