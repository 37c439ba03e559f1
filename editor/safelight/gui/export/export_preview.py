"""Export preview: what a file will look like, pixel for pixel, and how large it will be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from safelight import actions
from safelight.document import Document, Live, Metadata
from safelight.files.codecs.photograph import Photograph
from safelight.files.codecs.plugin_codec import Exporters
from safelight.gui.screen.display_transform import display, tagged
from safelight.gui.threads.background import Background, Mailbox
from safelight.gui.widgets.shown_text import file_size, plain
from safelight.gui.widgets.small_widgets import remark
from safelight.gui.widgets.theme import CANVAS
from safelight.pixels import SRGB, ColourError, Profile, to_float

_CALM = 200
"""Milliseconds without a change after which the picture is encoded."""

_ZOOMS = (1, 2, 4, 8)
"""Pixels of the screen along one of the picture."""


class Given(Exception):
    """Ends work for a picture when another one is wanted, or none."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A picture before and after it was encoded, of which ``place`` is there; and the file's
    bytes, once they are known.
    """

    before: Photograph
    after: Photograph
    place: QRect
    bytes: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """What is encoded with other settings of the format, and that as it can be seen; ``key`` tells
    of which document and how.
    """

    key: object
    content: Photograph
    seen: Photograph


class ExportPreview(QWidget):
    """Shows an export at 100 %; a drag moves, the wheel zooms, a button held shows the original.

    ``settled`` tells that the size of the file is known, or why there is nothing to see.
    """

    settled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = _View()
        self.words = remark()
        self.words.setWordWrap(False)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.original = QPushButton("Original")
        self.original.setToolTip("Hold to see the picture before it is compressed")
        self.original.setAutoDefault(False)
        self.bytes: int | None = None
        self._ended = self._held = False
        self._stop = threading.Event()
        self._wanted: tuple[Document, actions.ExportOptions, Live | None] | None = None
        self._kept: _Kept | None = None
        self._exporters: Exporters = tuple
        self._mail = Mailbox(self, self._hear)
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(_CALM)
        self._calm.timeout.connect(self._begin)
        self._running = False
        self.original.pressed.connect(lambda: self.view.show_before(True))
        self.original.released.connect(lambda: self.view.show_before(False))
        below = QHBoxLayout()
        below.addWidget(self.words, 1)
        below.addWidget(self.original)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.view, 1)
        layout.addLayout(below)

    def show_export(
        self,
        document: Document,
        options: actions.ExportOptions,
        live: Live | None,
        exporters: Exporters = tuple,
    ) -> None:
        """Encode the picture, soon, and show what comes of it; what was under way is given up.

        ``exporters`` are formats of plugins; of one that its plugin does not open, the size is
        told, and what is shown is the picture before.
        """
        self._exporters = exporters
        self._wanted = document, options, live
        self._stop.set()
        self.bytes = None
        self.words.setText("Encoding…")
        if not self._ended:
            self._calm.start()

    def show_nothing(self, why: str) -> None:
        """Show a sentence instead."""
        self._wanted = None
        self._stop.set()
        self.bytes = None
        self.view.show_seen(None)
        self.words.setText(plain(why))

    def hold(self, on: bool) -> None:
        """Encode nothing while the file itself is written, and then what is wanted still."""
        self._held = on
        if on:
            self._stop.set()
            self._calm.stop()
        elif self._wanted is not None and self.bytes is None and not self._ended:
            self._calm.start()

    def end(self) -> None:
        """Encode no more."""
        self._ended = True
        self._stop.set()
        self._calm.stop()
        self._mail.close()

    def _begin(self) -> None:
        if self._wanted is None or self._running or self._held or self._ended:
            return  # what runs begins anew when it has stopped
        document, options, live = self._wanted
        self._stop = stop = threading.Event()
        self._running = True
        middle, room = self.view.middle, self.view.room()
        kept, post, exporters = self._kept, self._mail.post, self._exporters

        def work() -> None:
            _encode(document, options, live, exporters, kept, middle, room, stop, post)

        Background(self, work, lambda _: self._ended_well(), self._failed)

    def _ended_well(self) -> None:
        self._running = False
        if self._stop.is_set():
            self._calm.start()

    def _failed(self, error: Exception) -> None:
        self._running = False
        if self._stop.is_set() or isinstance(error, Given):
            if not self._ended:
                self._calm.start()
            return
        self.view.show_seen(None)
        self.words.setText(plain(str(error)))
        self.settled.emit()

    def _hear(self, letter: object) -> None:
        if isinstance(letter, _Kept):
            self._kept = letter
            return
        if self._stop.is_set() or not isinstance(letter, _Seen):
            return
        self.view.show_seen(letter)
        height, width = letter.before.pixels.shape[:2]
        if letter.bytes is not None:
            self.bytes = letter.bytes
            self.words.setText(plain(f"{file_size(letter.bytes)}, {width} × {height} px"))
            self.settled.emit()


def _encode(
    document: Document,
    options: actions.ExportOptions,
    live: Live | None,
    exporters: Exporters,
    kept: _Kept | None,
    middle: tuple[float, float],
    room: tuple[int, int],
    stop: threading.Event,
    post: Callable[[object], None],
) -> None:
    """Post what is seen as soon as it is encoded, then all of the picture and its bytes."""

    def hear(_: float) -> None:
        if stop.is_set():
            raise Given

    key = document, replace(options, settings={}, quality=None, kilobytes=0, lossless=False)
    if kept is None or kept.key != key:
        content = actions.content_of(document, options, live=live, hear=hear, exporters=exporters)
        kept = _Kept(key, content, _visible(content))
        post(kept)
    content, before = kept.content, kept.seen
    height, width = content.pixels.shape[:2]
    whole = QRect(0, 0, width, height)
    if not options.kilobytes and width * height > 4 * room[0] * room[1]:
        part = _around(whole, middle, room)
        rows = slice(part.top(), part.top() + part.height())
        pixels = content.pixels[rows, part.left() : part.left() + part.width()]
        some = replace(content, pixels=np.ascontiguousarray(pixels), metadata=Metadata(), notes=[])
        data = actions.encoded(some, options, hear, exporters)
        after = actions.seen_in(data, options, exporters)
        if after is not None:
            post(_Seen(before, _visible(after), part))
    data = actions.encoded(replace(content, notes=[]), options, hear, exporters)
    hear(1.0)
    after = actions.seen_in(data, options, exporters)
    post(_Seen(before, before if after is None else _visible(after), whole, len(data)))


def _around(whole: QRect, middle: tuple[float, float], room: tuple[int, int]) -> QRect:
    """The part of a picture of that size whose middle, in fractions, comes near to that; it
    begins where blocks of 16 pixels do.
    """
    sides = min(room[0], whole.width()), min(room[1], whole.height())
    corner = [
        max(min(round(at * length - side / 2), length - side), 0) // 16 * 16
        for at, length, side in zip(middle, (whole.width(), whole.height()), sides, strict=True)
    ]
    return QRect(corner[0], corner[1], *sides)


class _View(QWidget):
    """A part of a picture, pixel for pixel of the screen, or larger."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 90)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setAccessibleName("Preview of the file at 100 %")
        self.middle = 0.5, 0.5
        self.zoom = 1
        self.image: QImage | None = None
        self._seen: _Seen | None = None
        self._before = False
        self._from: QPoint | None = None

    def room(self) -> tuple[int, int]:
        """Pixels of the picture that are seen at once, across and down."""
        ratio = self.devicePixelRatioF() / self.zoom
        return max(round(self.width() * ratio), 1), max(round(self.height() * ratio), 1)

    def show_seen(self, seen: _Seen | None) -> None:
        """Show a picture; None for none."""
        self._seen = seen
        self._renew()

    def show_before(self, on: bool) -> None:
        """Show the picture as it was before it was encoded."""
        self._before = on
        self._renew()

    def _renew(self) -> None:
        seen, self.image = self._seen, None
        if seen is not None:
            height, width = seen.before.pixels.shape[:2]
            part = _around(QRect(0, 0, width, height), self.middle, self.room())
            if self._before or not seen.place.contains(part):
                self.image = _image(seen.before, part)
            else:
                self.image = _image(seen.after, part.translated(-seen.place.topLeft()))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(CANVAS))
        if self.image is not None:
            scale = self.zoom / self.devicePixelRatioF()
            wide, high = self.image.width() * scale, self.image.height() * scale
            left, top = max((self.width() - wide) / 2, 0), max((self.height() - high) / 2, 0)
            painter.translate(left, top)
            painter.scale(scale, scale)
            painter.drawImage(0, 0, display().shown(self.image))
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._renew()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._from = event.position().toPoint()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._from = None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from is None or self._seen is None:
            return
        here = event.position().toPoint()
        moved, self._from = here - self._from, here
        height, width = self._seen.before.pixels.shape[:2]
        ratio = self.devicePixelRatioF() / self.zoom
        x, y = self.middle
        self.middle = (
            min(max(x - moved.x() * ratio / width, 0.0), 1.0),
            min(max(y - moved.y() * ratio / height, 0.0), 1.0),
        )
        self._renew()

    def wheelEvent(self, event: QWheelEvent) -> None:
        step = 1 if event.angleDelta().y() > 0 else -1
        place = min(max(_ZOOMS.index(self.zoom) + step, 0), len(_ZOOMS) - 1)
        self.zoom = _ZOOMS[place]
        self._renew()


def _image(photograph: Photograph, part: QRect) -> QImage:
    """A part of what a file holds, over white, in the file's profile: for ``Display.shown``."""
    rows = slice(part.top(), part.top() + part.height())
    pixels = photograph.pixels[rows, part.left() : part.left() + part.width()]
    colour: NDArray[Any] = pixels[..., :1] if photograph.space == "grey" else pixels[..., :3]
    if colour.shape[2] == 1:
        colour = np.repeat(colour, 3, axis=2)
    if photograph.alpha:
        cover = to_float(np.ascontiguousarray(pixels[..., -1:]))
        colour = to_float(np.ascontiguousarray(colour)) * cover + (1 - cover)
    return tagged(np.ascontiguousarray(colour), _profile(photograph) or SRGB)


def _visible(photograph: Photograph) -> Photograph:
    """A picture in a profile that an image can have: CMYK, and what tables say, become sRGB."""
    if photograph.space != "cmyk" and _profile(photograph) is not None:
        return photograph
    pixels, profile = actions.rgb_of(photograph)
    return replace(photograph, pixels=pixels, space="rgb", icc=profile.icc)


def _profile(photograph: Photograph) -> Profile | None:
    """The profile that its numbers are in; None for one that is no primaries and curves."""
    if photograph.icc is None:
        return SRGB
    try:
        make = Profile.from_grey if photograph.space == "grey" else Profile.from_icc
        return make(photograph.icc)
    except ColourError:
        return None
