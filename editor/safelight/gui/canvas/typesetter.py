"""Typesetter: words laid out by Qt, as outlines, and where their letters are.

A text is laid out once at a size of its own, without hints, and made as large as it is wanted, so
that it is the same at every size. Run as a module it sets what it is told on its standard input:
whoever has no window asks such a process.
"""

from __future__ import annotations

import bisect
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import (
    QFont,
    QFontDatabase,
    QFontMetricsF,
    QGlyphRun,
    QGuiApplication,
    QPainterPath,
    QRawFont,
    QTextLayout,
    QTextLine,
    QTextOption,
)

from safelight.document.contents.outlined import outline_text
from safelight.document.contents.text import TYPESETTERS, TextError, Weight, Wording
from safelight.pixels import Outline
from safelight.pixels.outline import BEGIN, CLOSE, MOST_POINTS

_EM = 512
"""Pixels at which words are laid out."""

_WEIGHTS: dict[Weight, QFont.Weight] = {
    "thin": QFont.Weight.Thin,
    "light": QFont.Weight.Light,
    "regular": QFont.Weight.Normal,
    "medium": QFont.Weight.Medium,
    "semibold": QFont.Weight.DemiBold,
    "bold": QFont.Weight.Bold,
    "black": QFont.Weight.Black,
}

_ABSOLUTE = Qt.AlignmentFlag.AlignAbsolute

_ALIGNMENTS = {
    "left": Qt.AlignmentFlag.AlignLeft | _ABSOLUTE,
    "centre": Qt.AlignmentFlag.AlignHCenter | _ABSOLUTE,
    "right": Qt.AlignmentFlag.AlignRight | _ABSOLUTE,
    "justify": Qt.AlignmentFlag.AlignJustify,
}

_DIRECTIONS = {
    "automatic": Qt.LayoutDirection.LayoutDirectionAuto,
    "left_to_right": Qt.LayoutDirection.LeftToRight,
    "right_to_left": Qt.LayoutDirection.RightToLeft,
}

_FARTHEST = 1e7
"""A width that no line reaches, as Qt measures."""


def is_missing(family: str) -> bool:
    """Whether there is no font of that name here."""
    return bool(family) and not QFontDatabase.hasFamily(family)


def font_of(wording: Wording) -> QFont:
    """The font of words, at the size at which they are laid out. Raises TextError where it is
    missing or cannot be read.
    """
    if is_missing(wording.family):
        raise TextError(f"the font {wording.family} is not on this computer; choose another one")
    font = QFont(wording.family) if wording.family else QFont("sans-serif")
    font.setPixelSize(_EM)
    font.setWeight(_WEIGHTS[wording.weight])
    font.setItalic(wording.italic)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setStyleStrategy(QFont.StyleStrategy.ForceOutline)
    if wording.letter_spacing:
        spacing = wording.letter_spacing / 100 * _EM
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, spacing)
    if not QRawFont.fromFont(font).isValid():
        raise TextError(f"the font {wording.family} cannot be read; choose another one")
    return font


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a text: that of Qt, in its paragraph, which begins at a letter of the text; its
    top, in the pixels of the layout.
    """

    line: QTextLine
    first: int
    top: float

    @property
    def start(self) -> int:
        return self.first + self.line.textStart()

    @property
    def end(self) -> int:
        return self.start + self.line.textLength()


class LaidText:
    """Words laid out. Letters are counted as Qt counts them, in units of UTF-16; places are in the
    pixels of the text, from its point (0, 0) on. Raises TextError for words that cannot be set.
    """

    def __init__(self, wording: Wording) -> None:
        self.wording = wording
        self._font = font_of(wording)
        self._scale = wording.size / _EM
        metrics = QFontMetricsF(self._font)
        self._ascent = metrics.ascent()
        self._high = metrics.ascent() + metrics.descent()
        self._step = (self._high + metrics.leading()) * wording.line_spacing
        self._layouts: list[QTextLayout] = []
        self._lines: list[_Line] = []
        self._bends = None if wording.path.empty else _Bend(wording, self._scale)
        text = wording.text if self._bends is None else wording.text.replace("\n", " ")
        first = 0
        for paragraph in text.split("\n"):
            self._lay_out(paragraph, first)
            first += _units(paragraph) + 1
        if self._bends is not None:
            self._bends.align(self._lines[0].line.naturalTextWidth(), wording.align)

    def _lay_out(self, paragraph: str, first: int) -> None:
        wording = self.wording
        layout = QTextLayout(paragraph, self._font)
        option = QTextOption(_ALIGNMENTS[wording.align])
        option.setTextDirection(_DIRECTIONS[wording.direction])
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        wide = wording.box / self._scale if wording.box and self._bends is None else 0.0
        if not wide:  # what is aligned without a box is so about its point, below
            option.setAlignment(_ALIGNMENTS["left"])
            option.setWrapMode(QTextOption.WrapMode.NoWrap)
        layout.setTextOption(option)
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(wide, 1.0) if wide else _FARTHEST)
            top = len(self._lines) * self._step
            x = 0.0
            if not wide and self._bends is None:
                share = {"centre": 0.5, "right": 1.0}.get(wording.align, 0.0)
                x = -share * line.naturalTextWidth()
            line.setPosition(QPointF(x, top + self._ascent - line.ascent()))
            self._lines.append(_Line(line, first, top))
        layout.endLayout()
        if not wide:
            self._narrow(layout)
        self._layouts.append(layout)

    def _narrow(self, layout: QTextLayout) -> None:
        """Have lines without a box no wider than they are, so that those that are written from
        right to left do not begin at the far end of theirs.
        """
        natural = [layout.lineAt(i).naturalTextWidth() for i in range(layout.lineCount())]
        places = [layout.lineAt(i).position() for i in range(layout.lineCount())]
        layout.beginLayout()
        for wide, place in zip(natural, places, strict=True):
            line = layout.createLine()
            line.setLineWidth(math.ceil(wide) + 1)
            line.setPosition(place)
        layout.endLayout()

    @cached_property
    def outline(self) -> Outline:
        """The outline of all letters. Raises TextError where that is too large."""
        pieces: list[tuple[bytes, NDArray[np.float64]]] = []
        known: list[tuple[QRawFont, dict[int, tuple[bytes, NDArray[np.float64]]]]] = []
        count = 0
        for run in self._runs():
            font = run.rawFont()
            glyphs = next((held for other, held in known if other == font), None)
            if glyphs is None:
                glyphs = {}
                known.append((font, glyphs))
            for index, place in zip(run.glyphIndexes(), run.positions(), strict=True):
                if index not in glyphs:
                    glyphs[index] = _glyph(font.pathForGlyph(index))
                parts, points = glyphs[index]
                if parts:
                    where = self._put(font, index, points, place)
                    if where is not None:
                        pieces.append((parts, where))
                        count += len(points)
                if count > MOST_POINTS:
                    raise TextError("a text with so many letters of this font is too large")
        if not pieces:
            return Outline()
        points = np.concatenate([points for _, points in pieces]) * self._scale
        return Outline(b"".join(parts for parts, _ in pieces), points.astype("<f4").tobytes())

    def _runs(self) -> Iterator[QGlyphRun]:
        for layout in self._layouts:
            yield from layout.glyphRuns()

    def _put(
        self, font: QRawFont, index: int, points: NDArray[np.float64], place: QPointF
    ) -> NDArray[np.float64] | None:
        """A letter's points where it lies, along the path where there is one; None beyond that."""
        if self._bends is None:
            return points + (place.x(), place.y())
        wide = font.advancesForGlyphIndexes([index])[0].x()
        return self._bends.put(points, place.x(), place.y() - self._ascent, wide)

    # -- where letters are ---------------------------------------------------------------------

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    @property
    def height(self) -> float:
        """Pixels from the top of the first line to the bottom of the last."""
        return ((len(self._lines) - 1) * self._step + self._high) * self._scale

    @property
    def ascent(self) -> float:
        """Pixels from the top of a line to what its letters stand on."""
        return self._ascent * self._scale

    def line_of(self, letter: int) -> int:
        """The line in which a letter is, or before which something would be typed."""
        starts = [line.start for line in self._lines]
        return max(bisect.bisect_right(starts, letter) - 1, 0)

    def caret(self, letter: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """The top and the bottom of what marks the place before a letter."""
        held = self._lines[self.line_of(letter)]
        x = self._x(held, letter)
        top, bottom = (x, held.top), (x, held.top + self._high)
        return self._shown(top), self._shown(bottom)

    def _x(self, held: _Line, letter: int) -> float:
        within = min(max(letter - held.first, 0), held.line.textStart() + held.line.textLength())
        # PySide's declaration leaves out that the place comes back too.
        found: Any = held.line.cursorToX(within)
        return float(found[0])

    def _shown(self, point: tuple[float, float]) -> tuple[float, float]:
        """A point of the layout in the text's pixels, along its path where there is one."""
        if self._bends is not None:
            x, y = self._bends.point(point[0], point[1] - self._ascent)
            return x * self._scale, y * self._scale
        return point[0] * self._scale, point[1] * self._scale

    def letter_at(self, x: float, y: float) -> int:
        """Before which letter a place is, in the text's pixels."""
        x, y = x / self._scale, y / self._scale
        if self._bends is not None:
            x, y = self._bends.along(x, y), 0.0
        place = min(max(int(y // max(self._step, 1e-6)), 0), len(self._lines) - 1)
        held = self._lines[place]
        return held.first + held.line.xToCursor(x)

    def marked(self, first: int, last: int) -> list[list[tuple[float, float]]]:
        """What is seen behind the letters from one to another: four corners for each line."""
        made = []
        for held in self._lines:
            start, end = max(first, held.start), min(last, held.end)
            if start >= end:
                continue
            near, far = sorted((self._x(held, start), self._x(held, end)))
            count = 24 if self._bends is not None else 2
            steps = [near + (far - near) * step / (count - 1) for step in range(count)]
            for left, right in pairwise(steps):
                corners = [(left, 0.0), (right, 0.0), (right, self._high), (left, self._high)]
                made.append([self._shown((cx, held.top + cy)) for cx, cy in corners])
        return made

    def beside(self, letter: int, lines: int, x: float | None = None) -> tuple[int, float]:
        """The letter so many lines further down or up, nearest to where that one is or to ``x`` of
        the layout; and that ``x``, to go on from.
        """
        here = self.line_of(letter)
        x = self._x(self._lines[here], letter) if x is None else x
        there = here + lines
        if there < 0:
            return 0, x
        if there >= len(self._lines):
            return self._lines[-1].end, x
        held = self._lines[there]
        return held.first + held.line.xToCursor(x), x

    def ends_of_line(self, letter: int) -> tuple[int, int]:
        """Where the line of a letter begins and ends."""
        place = self.line_of(letter)
        held = self._lines[place]
        wrapped = place + 1 < len(self._lines) and self._lines[place + 1].first == held.first
        return held.start, held.end - 1 if wrapped and held.end > held.start else held.end


class _Bend:
    """A path along which words run, in the pixels of the layout."""

    def __init__(self, wording: Wording, scale: float) -> None:
        flat = wording.path.flattened(max(1.0, wording.size / 50))
        length = flat.lengths[0]
        points = flat.points[:length]
        if flat.closed[0]:
            points = np.concatenate([points, points[:1]])
        steps = np.hypot(*np.diff(points, axis=0).T)
        kept = np.append(True, steps > 1e-9)
        self._closed = bool(flat.closed[0])
        self._points = points[kept] / scale
        self._ends = np.append(0.0, np.cumsum(steps[steps > 1e-9])) / scale
        self._start = wording.start / 100 * self._ends[-1]

    def align(self, wide: float, align: str) -> None:
        """Have words of a width end at the start, or lie about it, rather than begin there."""
        self._start -= {"centre": 0.5, "right": 1.0}.get(align, 0.0) * wide

    def _at(self, along: float) -> tuple[float, float, float, float] | None:
        """The point so far along the path, and its way; None beyond an open one's ends."""
        total = float(self._ends[-1])
        if len(self._points) < 2:
            return None
        if self._closed:
            along %= total
        elif not 0 <= along <= total:
            return None
        place = min(int(np.searchsorted(self._ends, along, "right")) - 1, len(self._ends) - 2)
        (x, y), (far_x, far_y) = self._points[place], self._points[place + 1]
        length = self._ends[place + 1] - self._ends[place]
        way_x, way_y = (far_x - x) / length, (far_y - y) / length
        beyond = along - self._ends[place]
        return x + way_x * beyond, y + way_y * beyond, way_x, way_y

    def put(
        self, points: NDArray[np.float64], x: float, y: float, wide: float
    ) -> NDArray[np.float64] | None:
        """A letter's points, which begins at ``x``, turned about the middle of its width."""
        found = self._at(self._start + x + wide / 2)
        if found is None:
            return None
        at_x, at_y, way_x, way_y = found
        across, down = points[:, 0] - wide / 2, points[:, 1] + y
        return np.stack(
            [at_x + across * way_x - down * way_y, at_y + across * way_y + down * way_x], axis=1
        )

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a point so far along the words, and so far below what they stand on, is."""
        total = float(self._ends[-1])
        along = self._start + x
        found = self._at(along if self._closed else min(max(along, 0.0), total))
        if found is None:
            return x, y
        at_x, at_y, way_x, way_y = found
        return at_x - y * way_y, at_y + y * way_x

    def along(self, x: float, y: float) -> float:
        """How far along the words the nearest point of the path is."""
        away = np.hypot(self._points[:, 0] - x, self._points[:, 1] - y)
        found = float(self._ends[int(away.argmin())]) - self._start
        return float(found % self._ends[-1]) if self._closed else found


def _glyph(path: QPainterPath) -> tuple[bytes, NDArray[np.float64]]:
    """A letter's contours, each of them closed: its parts, and their points (count, 2)."""
    parts, points = bytearray(), []
    kinds = QPainterPath.ElementType
    for place in range(path.elementCount()):
        element = path.elementAt(place)
        kind = element.type
        if kind == kinds.MoveToElement:
            parts += bytes([CLOSE, BEGIN]) if parts else bytes([BEGIN])
        elif kind != kinds.CurveToDataElement:
            parts.append(int(kind.value))
        points.append((element.x, element.y))
    if parts:
        parts.append(CLOSE)
    return bytes(parts), np.array(points, np.float64).reshape(-1, 2)


def _units(text: str) -> int:
    """Letters as Qt counts them."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@lru_cache(8)
def laid_text(wording: Wording) -> LaidText:
    """Words laid out; those that were asked for last are ready. Raises TextError."""
    return LaidText(wording)


@lru_cache(32)
def typeset(wording: Wording) -> Outline:
    """The outline of words. Raises TextError."""
    return laid_text(wording).outline


def begin() -> None:
    """Have words laid out here, in the window's process."""
    TYPESETTERS[:] = [typeset]


def main() -> int:
    """Lay out the words, as JSON on the standard input; tell their outline, or why not, as JSON."""
    application = QGuiApplication([])
    try:
        wording = Wording.from_json(json.load(sys.stdin))
        answer = {"outline": outline_text(typeset(wording))}
    except (ValueError, TypeError) as error:
        answer = {"error": str(error)}
    json.dump(answer, sys.stdout)
    del application
    return 0


if __name__ == "__main__":
    sys.exit(main())
