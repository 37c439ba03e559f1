"""Panning: what is kept on the screen and moved is what painting all of it again would give."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from safelight.api import Region
from safelight.document import Document, edits
from safelight.document.guides import Guide
from safelight.gui.canvas import Canvas
from safelight.gui.canvas.overlay import Overlay
from safelight.gui.canvas.picture import Picture
from safelight.gui.canvas.tools import TOOLS
from safelight.pixels import Raster, make_levels
from tests.gui.conftest import drag, photograph

WIDTH, HEIGHT = 320, 241
WALK = ((-16, -8), (5, 0), (0, 7), (-3, 11), (40, -60), (-250, 3), (-6, 12), (0.5, 0), (0.5, 2))
"""Pixels of the screen by which the view is moved; the last ones are not whole."""


class Watched(Canvas):
    """A canvas that counts the widget pixels it paints."""

    painted = 0

    def paintEvent(self, event):
        self.painted += sum(part.width() * part.height() for part in event.region())
        super().paintEvent(event)


def in_a_window():
    window = QWidget()
    window.resize(WIDTH + 20, HEIGHT + 20)
    canvas = Watched(window)
    canvas.setGeometry(10, 10, WIDTH, HEIGHT)
    window.show()
    canvas.around = window  # it lives as long as the canvas
    return canvas


@pytest.fixture
def canvas(qtbot):
    canvas = in_a_window()
    qtbot.addWidget(canvas.around)
    return canvas


def show(canvas, *, alpha=False, selected=False):
    pixels = photograph(700, 900)
    if alpha:
        shade = np.linspace(0, 255, 900, dtype=np.uint8)[None, :, None].repeat(700, 0)
        pixels = np.concatenate([pixels, shade], axis=2)
    document = Document.from_raster(Raster.from_array(pixels))
    if selected:
        y, x = np.mgrid[:700, :900]
        mask = np.where((x - 430) ** 2 + 2 * (y - 360) ** 2 < 130**2, 255, 0).astype(np.uint8)
        selection = Raster.from_array(mask[..., None])
        document = edits.select(selection).apply(document)
    make_levels(document.layers[0].raster)
    canvas.show_picture(Picture(document), Picture(document), document)
    canvas.show_document(document, document.layers[0].id, None, "")
    canvas.show_selection(document.picture.selection)
    canvas.show_mask(document.picture.selection)


def rows(image):
    image = image.convertToFormat(image.Format.Format_RGB888)
    found = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return found[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def settle(canvas):
    QApplication.processEvents()
    while not canvas.finished:
        QTest.qWait(2)
    QApplication.processEvents()


def on_screen(canvas):
    """What the window shows where the canvas is."""
    return cut(canvas, canvas.window().backingStore().paintDevice())


def cut(canvas, image):
    """What of an image of the window is the canvas: (height, width, 3)."""
    ratio = canvas.devicePixelRatioF()
    at, size = canvas.pos() * ratio, canvas.size() * ratio
    return rows(image.copy(at.x(), at.y(), size.width(), size.height()))


def differs(canvas, seen, zoom):
    """Where what is seen is not what painting all of it again gives: (row, column, channel).

    Where Qt resamples, it adds up steps of 1/65,536 pixel from where it begins to paint: along a
    tile that comes to 1/128 pixel, and to two levels of 255 where black meets white.
    """
    afresh = cut(canvas, canvas.window().grab().toImage()).astype(int)
    exact = zoom >= 2 and zoom == int(zoom) or zoom in (1.0, 0.5)
    return np.argwhere(abs(seen - afresh) > (0 if exact else 2))


def walk(canvas, zooms=(1.0, 2.0, 1.5, 0.4)):
    """Move the view about; gives the most widget pixels that a step by whole ones painted."""
    most = 0
    for zoom in zooms:
        canvas.zoom_to(zoom)
        canvas.centre_on(450, 350)
        settle(canvas)
        for step in WALK:
            canvas.painted = 0
            canvas.look(canvas.view.moved(*step))
            settle(canvas)
            seen = on_screen(canvas)
            ways = [far / canvas.devicePixelRatioF() for far in step]
            if all(way.is_integer() for way in ways):
                most = max(most, canvas.painted)
            off = differs(canvas, seen, zoom)
            assert not len(off), (
                zoom,
                step,
                len(off),
                off[0],
                off[-1],
                abs(seen - cut(canvas, canvas.window().grab().toImage()).astype(int)).max(),
            )
        # Two steps between two frames.
        canvas.look(canvas.view.moved(9, -4))
        canvas.look(canvas.view.moved(-2, 31))
        settle(canvas)
        assert not len(differs(canvas, on_screen(canvas), zoom))
    return most


STRIP = 250 * HEIGHT + 3 * WIDTH
"""Widget pixels that come into view in the longest step by whole pixels."""


@pytest.mark.parametrize("alpha", [False, True])
def test_a_picture_that_is_moved_is_painted_where_it_comes_into_view(canvas, alpha):
    show(canvas, alpha=alpha)
    assert walk(canvas) <= STRIP


def test_an_outline_moves_with_the_picture(canvas):
    show(canvas, selected=True)
    assert walk(canvas) <= STRIP


def test_a_mask_in_red_moves_with_the_picture(canvas):
    show(canvas, selected=True)
    canvas.show_mask_overlay = True
    assert walk(canvas) <= STRIP


def test_lines_between_pixels_move_with_the_picture(canvas):
    show(canvas)
    walk(canvas, (16.0, 9.3))


def test_rulers_and_words_stay_and_guides_move(canvas):
    show(canvas)
    canvas.show_rulers = True
    canvas.guides = (Guide("x", 433.5), Guide("y", 350))
    overlay = Overlay(Region(300, 250, 200, 150), 1.0)
    part = Raster.from_array(255 - photograph(150, 200))
    overlay.complete(Picture(part))
    canvas.show_overlay(overlay)
    walk(canvas)


def test_what_lies_over_the_canvas_stays(canvas):
    show(canvas)
    message = QLabel("A message", canvas.window(), autoFillBackground=True)
    message.setGeometry(60, 40, 120, 30)
    message.show()
    walk(canvas, (1.0,))
    own = QLabel("A field", canvas)
    own.show()
    walk(canvas, (1.0,))


@pytest.mark.parametrize("kind", TOOLS, ids=lambda kind: kind.id)
def test_what_a_tool_shows_is_where_it_belongs(canvas, kind, qtbot):
    show(canvas)
    canvas.zoom_to(1.0)
    settle(canvas)
    if canvas.tools[kind.id].chosen:
        canvas.take(kind.id)
    drag(qtbot, canvas, QPoint(60, 50), QPoint(210, 160))
    qtbot.mouseMove(canvas, QPoint(120, 90))
    walk(canvas, (1.0,))


_LARGER = """
from PySide6.QtWidgets import QApplication
application = QApplication([])
from tests.gui.test_scroll import STRIP, in_a_window, show, walk
canvas = in_a_window()
assert canvas.devicePixelRatioF() == 1.5
show(canvas, selected=True)
canvas.show_rulers = True
assert walk(canvas, (1.0, 2.0)) <= STRIP
"""


def test_where_a_widgets_pixel_is_more_than_one_of_the_screens_it_is_the_same():
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": "1.5"}
    words = [sys.executable, "-c", _LARGER]
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
