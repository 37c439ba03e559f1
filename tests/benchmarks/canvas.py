"""Canvas: a frame while panning against a bare repaint, a frame while zooming against the size.

Both sides paint 2560 × 1440 pixels. The bare widget draws one image of exactly its size and
nothing else: what a repaint costs at the least. Sixty frames are painted a second, each from what
changes to what is on the screen, as in use. A pan moves by 16 pixels a frame, so that new tiles
come into view; a zoom frame has tiles ready, as when zooming back and forth.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget

from safelight.document import Document
from safelight.gui.canvas import Canvas
from safelight.gui.canvas.picture import Picture
from safelight.pixels import Raster, make_levels
from tests.benchmarks.pairs import Row, alternate, touch

PAIRS = {"full": 5, "quick": 3, "tiny": 2}

_WIDGET = {"full": (2560, 1440), "quick": (1280, 720), "tiny": (320, 180)}
_SMALL = {"full": (6000, 4000), "quick": (3000, 2000), "tiny": (600, 400)}
_LARGE = {"full": (12000, 8334), "quick": (6000, 4167), "tiny": (1200, 834)}

_FRAMES = {"full": 100, "quick": 60, "tiny": 4}


class _Bare(QWidget):
    def __init__(self, width: int, height: int) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.resize(width, height)
        self._image = QImage(width, height, QImage.Format.Format_RGB32)
        self._image.fill(0x336699)

    def paintEvent(self, event) -> None:
        QPainter(self).drawImage(0, 0, self._image)


def measure(pairs: int, size: str = "full") -> list[Row]:
    """Four rows."""
    application = QApplication.instance() or QApplication([])
    count = _FRAMES[size]
    width, height = _WIDGET[size]
    touch(4 * _LARGE[size][0] * _LARGE[size][1])
    small, large = (_canvas(*_WIDGET[size], *shape[size]) for shape in (_SMALL, _LARGE))
    bare = _Bare(width, height)
    bare.show()
    application.processEvents()

    def pan(canvas: Canvas) -> float:
        canvas.zoom_to(1.0)
        step = max(min(width, height) // 90, 1)
        direction = 1
        frames = []
        for frame in range(count):
            if frame % 40 == 39:
                direction = -direction
            moved = canvas.view.moved(-step * direction, -step * direction // 2)
            frames.append(_frame(canvas, partial(canvas.look, moved)))
        return _p95(frames) * 1e3

    def zoom(canvas: Canvas) -> float:
        frames = []
        fit = min(width / canvas.picture_size[0], height / canvas.picture_size[1])
        for frame in range(count):
            frames.append(
                _frame(canvas, partial(canvas.zoom_to, fit * (1 + 0.3 * (frame % 30) / 30)))
            )
        return statistics.median(frames) * 1e3

    def bare_frames() -> float:
        return _p95([_frame(bare) for _ in range(count)]) * 1e3

    pan_ours, pan_bare = alternate(lambda: pan(small), bare_frames, pairs)
    large_ours, large_bare = alternate(lambda: pan(large), bare_frames, pairs)
    zoom_large, zoom_small = alternate(lambda: zoom(large), lambda: zoom(small), pairs)
    pictures = [_picture(_pixels(*_SMALL[size], seed)) for seed in (3, 4)]

    def undo() -> float:
        small.zoom_to(1.0)
        frames = []
        for frame in range(count):
            picture = pictures[frame % 2]
            frames.append(_frame(small, partial(small.show_picture, picture, pictures[0])))
        return statistics.median(frames) * 1e3

    def still() -> float:
        small.zoom_to(1.0)
        return statistics.median([_frame(small) for _ in range(count)]) * 1e3

    undo_ours, undo_still = alternate(undo, still, pairs)
    for widget in (bare, small, large):
        widget.close()
    return [
        Row(f"canvas: pan, {_megapixels(_SMALL[size])}, p95", "ms", pan_ours, pan_bare, goal=1.5),
        Row(
            f"canvas: pan, {_megapixels(_LARGE[size])}, p95", "ms", large_ours, large_bare, goal=1.5
        ),
        Row(
            f"canvas: zoom, {_megapixels(_LARGE[size])} / {_megapixels(_SMALL[size])}",
            "ms",
            zoom_large,
            zoom_small,
            goal=1.15,
        ),
        Row(
            f"canvas: undo and redo, {_megapixels(_SMALL[size])} / a frame",
            "ms",
            undo_ours,
            undo_still,
            goal=1.5,
        ),
    ]


def _canvas(width: int, height: int, across: int, down: int) -> Canvas:
    canvas = Canvas()
    canvas.resize(width, height)
    picture = _picture(_pixels(across, down, 3))
    canvas.show_picture(picture, picture)
    canvas.show()
    QApplication.processEvents()
    return canvas


def _frame(widget: QWidget, change: Callable[[], object] | None = None) -> float:
    """Seconds from a change, or from asking for all of the widget, until it is on the screen. Lets
    the rest of a sixtieth of a second go by, as a screen does.
    """
    start = time.perf_counter()
    (change or widget.update)()
    QApplication.sendPostedEvents()  # what has to be painted is painted by one of them
    end = time.perf_counter()
    while time.perf_counter() - start < 1 / 60:
        QApplication.processEvents()
        time.sleep(0.001)
    return end - start


def _pixels(across: int, down: int, seed: int) -> np.ndarray:
    tile = np.random.default_rng(seed).integers(0, 256, (512, 512, 3), np.uint8)
    return np.tile(tile, (-(-down // 512), -(-across // 512), 1))[:down, :across].copy()


def _picture(pixels: np.ndarray) -> Picture:
    document = Document.from_raster(Raster.from_array(pixels))
    make_levels(document.layers[0].raster)
    return Picture(document)


def _p95(frames: list[float]) -> float:
    return sorted(frames)[int(len(frames) * 0.95)]


def _megapixels(size: tuple[int, int]) -> str:
    return f"{size[0] * size[1] / 1e6:.3g} MP"
