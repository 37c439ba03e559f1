"""Subject: selects a subject that strokes go over, with the edge that the picture has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, cast

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPen, QRegion

from safelight.api import Number, Value
from safelight.document import Edit
from safelight.document.commands import cut_outs, selections
from safelight.document.placement import Place
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.tools.round_brush import SLIDER, RoundBrush, circle, paint_circle
from safelight.gui.canvas.tools.selection_tool import Mode, SelectionTool
from safelight.gui.canvas.tools.tool import Pointer, Step
from safelight.gui.canvas.tools.tried import Tried
from safelight.gui.canvas.viewport import Viewport

Point = tuple[float, float]

_COLOURS = {False: QColor(80, 220, 120, 150), True: QColor(240, 80, 70, 150)}
"""Of strokes over the subject, and over what is behind it."""


class Subject(SelectionTool):
    """Strokes over the subject, and with Alt over what is behind it, select the subject; each
    stroke more is told to what is selected, in one step of the history. Ctrl does as Alt, which
    some window managers keep for themselves, and so does *Subtract*, chosen after the first stroke.
    """

    id = "subject"
    title = "Stroke to select"
    icon = "M 2.5 12 C 5 4 8 15 11 8 M 10.5 3 L 13.5 6 M 13.5 3 L 10.5 6"
    group = "like"
    hint = "Paint over the subject, with Ctrl over what is behind it; Enter begins another subject"
    repeats = True
    buttons = (Step("Next subject", "Return", "finish"),)

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self.brush = RoundBrush()
        self.strokes: dict[bool, list[list[Point]]] = {False: [], True: []}
        """The strokes over the subject, and the strokes over what is behind it."""
        self._tried = Tried(surface)
        self._begun_how = "replace"
        self._pointer: QPointF | None = None
        self._path: list[Point] = []
        self._behind = False

    def options(
        self,
        *,
        mode: Annotated[Mode, "What becomes of the selection that there is"] = "new",
        size: Annotated[
            int,
            Number(*SLIDER, unit="px", logarithmic=True),
            "Diameter of a stroke in pixels of the picture",
        ] = 20,
    ) -> None:
        """What becomes of the selection, and how wide strokes are."""

    @property
    def values(self) -> Mapping[str, Value]:
        return {**super().values, "size": self.brush.size}

    def set(self, name: str, value: Value) -> None:
        if name == "size":
            self.brush.resize(cast(int, value))
            self.changed()
        else:
            super().set(name, value)

    def suit(self, width: int, height: int) -> None:
        self.brush.suit(width, height)

    def larger(self) -> None:
        """Make strokes a step wider."""
        self.brush.resize_by(1)
        self.changed()

    def smaller(self) -> None:
        """Make strokes a step narrower."""
        self.brush.resize_by(-1)
        self.changed()

    def key(self, event: QKeyEvent) -> bool:
        if event.key() != Qt.Key.Key_Control:
            return super().key(event)
        self.surface.held.press(event, "subtracts")
        return True

    def offers(self, name: str) -> bool:
        return name != "finish" or any(self.strokes.values())

    @property
    def painting(self) -> bool:
        return bool(self._path)

    # -- strokes -------------------------------------------------------------------------------

    def press(self, pointer: Pointer) -> None:
        # With a stroke there already, Alt is for what is behind; before the first it takes away.
        self._behind = self._is_behind(pointer.alt or pointer.control)
        self._path = [pointer.point]
        if not any(self.strokes.values()):
            self._begun_how = self.how(pointer)
        self.surface.update()

    def move(self, pointer: Pointer) -> None:
        if self._path:
            self._path.append(pointer.point)
            self.surface.update()

    def release(self, pointer: Pointer) -> None:
        path, self._path = self._path, []
        if not path:
            return
        first = not any(self.strokes.values())
        self.strokes[self._behind].append(path)
        self._tried.do(self._edit, anew=first)
        self.changed()

    def cancel(self) -> None:
        self._path = []
        self.surface.update()

    def _edit(self) -> Edit:
        mine, others = (
            "|".join(selections.path_told(stroke) for stroke in self.strokes[behind])
            for behind in (False, True)
        )
        return cut_outs.select_subject(
            inside=mine, outside=others, size=self.brush.size, how=self._begun_how
        )

    def finish(self) -> None:
        """Begin another subject with the next stroke; what is selected stays."""
        self.strokes = {False: [], True: []}
        self._tried.forget()
        self.changed()

    def put_away(self) -> None:
        self.finish()

    def carry(self, way: Place) -> None:
        self.finish()

    # -- what is seen --------------------------------------------------------------------------

    def hover(self, at: QPointF | None) -> None:
        self._pointer = at
        if self.surface.heeds(self):
            self.surface.update()

    @property
    def under_way_how(self) -> str | None:
        return "subtract" if self._is_behind("subtracts" in self.surface.held) else None

    def _is_behind(self, held: bool) -> bool:
        """Whether the next stroke is over what is behind the subject; ``held``: a key says so."""
        says = held or (self.values["mode"] == "subtract" and self._begun_how != "subtract")
        return says and bool(self.strokes[False])

    def still(self) -> QRegion | None:
        if self._path:
            return None
        if self._pointer is None or not self.surface.heeds(self):
            return QRegion()
        ratio = self.surface.devicePixelRatioF()
        covered = circle(self._pointer * ratio, self.brush.size / 2 * self.surface.view.zoom, ratio)
        area = QRectF(covered.topLeft() / ratio, covered.size() / ratio)
        return QRegion(area.toAlignedRect())

    def paint(self, painter: QPainter, pose: Pose) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        under_way = [(self._behind, self._path)] if self._path else []
        for behind, points in under_way:
            path = QPainterPath(pose.point(*points[0]))
            for point in points[1:] or [(points[0][0] + 0.01, points[0][1])]:
                path.lineTo(pose.point(*point))
            pen = QPen(_COLOURS[behind], self.brush.size * pose.view.zoom)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.strokePath(path, pen)

    def paint_above(self, painter: QPainter, pose: Pose) -> None:
        if self._pointer is not None and self.surface.heeds(self):
            radius = self.brush.size / 2 * pose.view.zoom
            at, behind = self._pointer * pose.ratio, self.under_way_how is not None
            paint_circle(painter, at, radius, 1.0, pose.ratio, erases=behind)
