"""Viewport: a widget over a picture: where each of its pixels is seen, and how that is changed.

What a tool is given: maps between the widget and the picture, the document, and a way to edit it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from safelight.api import Region
from safelight.document.guides import Guide
from safelight.document.placement import IDENTITY
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.rulers import THICK
from safelight.gui.canvas.view_geometry import View
from safelight.gui.widgets.keys import HeldKeys

if TYPE_CHECKING:
    from safelight.document import Document, Edit, Stroke

_STEP = 15.0
"""Degrees by which the view is turned by key."""


class Viewport(QWidget):
    """A picture of ``picture_size`` pixels seen through ``view``.

    ``fits`` tells that the whole picture is to be seen, also when the widget gets another size.
    ``document`` is what is edited, ``active`` the id of its active layer, ``chosen`` gives the ids
    of it and those chosen beside it, ``painted_on`` is that of the layer whose mask a brush is for
    (None: the selection). ``shown_from`` leads from the points
    of what is seen to those of the document's picture; a tool may show more than that.
    ``tools`` are those that a hand can take, by id.
    ``strokes`` are those after which something is not done yet.
    ``lines`` tells what is shown above the picture: the pixel grid, the rulers, the guides, the
    mask, what is clipped; and whether a hand snaps to lines.
    """

    view_changed = Signal()
    edit_wanted = Signal(object)
    """An Edit that a tool asks for; those of one gesture have the same token."""
    filter_wanted = Signal(str, object)
    """A filter by its id, and the Stroke where a tool wants it applied."""
    activation_wanted = Signal(str)
    """Another layer, by its id, is to be the active one."""
    tool_changed = Signal()
    """Another tool is in hand, or it has other options."""
    guides_changed = Signal()
    """Other guides, or other lines above the picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = View()
        self.fits = True
        self.picture_size = (1, 1)
        self.document: Document | None = None
        self.active = ""
        self.chosen: Callable[[], Sequence[str]] = tuple
        self.painted_on: str | None = None
        self.shown_from = IDENTITY
        self.target = ""
        self.lines = {"grid": True, "rulers": False, "guides": True}
        self.lines |= {"mask": False, "mask_alone": False, "clipping": False, "snaps": True}
        self.held = HeldKeys(self)
        self.tools: dict[str, Any] = {}
        self.strokes: tuple[Stroke, ...] = ()

    # -- for tools -----------------------------------------------------------------------------

    def do(self, edit: Edit) -> None:
        """Ask for an edit of the document."""
        self.edit_wanted.emit(edit)

    def apply(self, identity: str, stroke: Stroke) -> None:
        """Ask for a filter, as its settings begin, where a stroke has been."""
        self.filter_wanted.emit(identity, stroke)

    def show_strokes(self, strokes: tuple[Stroke, ...]) -> None:
        """Show where what brushes have asked for is still to be done."""
        if strokes != self.strokes:
            self.strokes = strokes
            self.update()

    def take(self, name: str) -> None:
        """Take the tool of that id in hand."""

    def leave(self) -> None:
        """Put the tool in hand away, and take the one that was there before it."""

    def heeds(self, tool: object) -> bool:
        """Whether a press comes to this tool now, or it has the one under way."""
        return True

    @property
    def guides(self) -> tuple[Guide, ...]:
        """The guides, in pixels of what is seen."""
        return ()

    def show_lines(self, name: str, on: bool) -> None:
        """Show, or hide, one of ``lines`` above the picture."""
        if on != self.lines[name]:
            self.lines[name] = on
            self.guides_changed.emit()
            self.update()

    # -- where it is ---------------------------------------------------------------------------

    def fit(self) -> None:
        """Show the whole picture."""
        self.fits = True
        self.look(self.fitted(), fits=True)

    def fill(self) -> None:
        """Have the middle of the picture fill the widget."""
        self.look(View.filled(self.picture_size, self.room(), self.view.angle))

    def full_size(self) -> None:
        """Show a pixel of the picture on a pixel of the screen."""
        self.zoom_to(1.0)

    def zoom_to(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom to ``zoom`` (1 = one picture pixel on one screen pixel) around a widget point."""
        self.look(self.view.zoomed(zoom, *self._physical(at), self.room()))

    def look_closer(self, at: QPointF) -> None:
        """Go from the whole picture to 100 % at a widget point, or back."""
        if self.fits and self.view.zoom < 1:
            self.zoom_to(1.0, at)
        else:
            self.fit()

    def rotate_to(self, angle: float, at: QPointF | None = None) -> None:
        """Show the picture turned to ``angle`` (degrees, clockwise) around a widget point.

        That is how it is looked at; the picture itself stays as it is.
        """
        self.look(self.view.turned(angle, *self._physical(at), self.room()), fits=self.fits)

    def rotate_by(self, degrees: float) -> None:
        """Turn further, to the next multiple of ``degrees``."""
        steps = self.view.angle / degrees
        self.rotate_to(degrees * (math.floor(steps + 1e-6) + 1))

    def rotate_right(self) -> None:
        """Turn the view a step clockwise."""
        self.rotate_by(_STEP)

    def rotate_left(self) -> None:
        """Turn the view a step counter-clockwise."""
        self.rotate_by(-_STEP)

    def reset_rotation(self) -> None:
        """Show the picture level again."""
        self.rotate_to(0.0)
        if self.fits:
            self.fit()

    def centre_on(self, x: float, y: float) -> None:
        """Bring a point of the picture to the middle."""
        self.look(replace(self.view, x=x, y=y))

    def zoom_in(self) -> None:
        """Zoom one step larger."""
        self.zoom_to(self.view.larger_step())

    def zoom_out(self) -> None:
        """Zoom one step smaller."""
        self.zoom_to(self.view.smaller_step())

    def look(self, view: View, *, fits: bool = False, free: bool = False) -> None:
        """Look at the picture that way, as far as it is not lost from sight; ``free``: exactly."""
        self.fits = fits
        if not free:
            view = view.kept_in(self.picture_size, self.room())
        if view != self.view:
            before, self.view = self.view, view
            self.view_changed.emit()
            self.show_moved(before)

    def show_moved(self, before: View) -> None:
        """Show the picture through the view there is now, after ``before``."""
        self.update()

    def visible(self) -> Region:
        """The part of the document's picture that can be seen, in its pixels."""
        whole = Region(0, 0, *self.picture_size)
        if self.shown_from != IDENTITY and self.document is not None:
            whole = self.document.region
        return _around([self.shown_from.at(*point) for point in self.corners()]).intersect(whole)

    @property
    def level(self) -> int:
        """The coarsest zoom level of the picture that has a pixel for each of the screen's."""
        return max(math.floor(-math.log2(self.view.zoom * self.devicePixelRatioF())), 0)

    def corners(self) -> list[tuple[float, float]]:
        """The picture's points under the widget's corners, clockwise from the top left."""
        room = width, height = self.room()
        places = ((0, 0), (width, 0), (width, height), (0, height))
        return [self.view.to_picture(x, y, room) for x, y in places]

    def picture_point(self, at: QPointF) -> tuple[float, float]:
        """The picture's point under a widget point."""
        return self.view.to_picture(*self._physical(at), self.room())

    def widget_point(self, x: float, y: float) -> QPointF:
        """The widget's point over the picture's point (x, y)."""
        return QPointF(*self.pose().on_widget(x, y)) / self.devicePixelRatioF()

    def pose(self) -> Pose:
        """How the picture lies on the widget, for painting."""
        return Pose(self.view, self.picture_size, self.room(), self.devicePixelRatioF())

    def room(self) -> tuple[float, float]:
        """The widget's width and height in physical pixels."""
        ratio = self.devicePixelRatioF()
        return self.width() * ratio, self.height() * ratio

    def fitted(self) -> View:
        """The view of the whole picture, clear of the rulers; its middle stays the widget's."""
        width, height = self.room()
        hidden = 2 * THICK * self.devicePixelRatioF() if self.lines["rulers"] else 0
        return View.fitted(self.picture_size, (width - hidden, height - hidden), self.view.angle)

    def look_as(self, other: Viewport) -> None:
        """Look at the picture as another viewport looks at one of the same size."""
        if not other.fits:
            self.view, self.fits = other.view, False
            self.view_changed.emit()
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        pixels = event.pixelDelta()
        zooms = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier) or pixels.isNull()
        if not zooms:  # a trackpad: two fingers move
            ratio = self.devicePixelRatioF()
            self.look(self.view.moved(pixels.x() * ratio, pixels.y() * ratio))
        else:
            factor = math.exp2(event.angleDelta().y() / 120 / 3)
            self.zoom_to(self.view.zoom * factor, event.position())
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.look(self.fitted() if self.fits else self.view, fits=self.fits)
        super().resizeEvent(event)

    def _physical(self, at: QPointF | None) -> tuple[float, float]:
        """A widget point in physical pixels; that in the middle for None."""
        point = at if at is not None else QPointF(self.width() / 2, self.height() / 2)
        ratio = self.devicePixelRatioF()
        return point.x() * ratio, point.y() * ratio


def _around(points: list[tuple[float, float]]) -> Region:
    """The whole pixels that hold some points."""
    left, top = (math.floor(min(point[axis] for point in points)) for axis in (0, 1))
    right, bottom = (math.ceil(max(point[axis] for point in points)) for axis in (0, 1))
    return Region(left, top, right - left, bottom - top)
