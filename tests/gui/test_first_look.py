"""A first look: a large photograph as a smaller copy, one with a profile of tables coarsely; edited
once all of it is there and its colours are exact.
"""

import gc
import threading
import weakref

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QImage

from safelight.actions.open_confined import Confined
from safelight.document import Document, whole
from safelight.files import open_picture
from safelight.files.colours import file_colours
from safelight.gui.canvas import Canvas, scene
from safelight.gui.canvas.picture import Picture, SmallerCopy
from safelight.gui.canvas.tool_column import ToolColumn
from safelight.pixels import SRGB, Raster
from tests import pictures
from tests.gui.conftest import open_in

NEEDS_PICTURE = "save", "export", "close", "zoom in", "select_all", "tool brush"


@pytest.fixture
def inks(tmp_path):
    path = tmp_path / "ink.tif"
    ink, icc = pictures.noise(1000, 600, 4, "uint16"), pictures.printer_profile()
    path.write_bytes(pictures.tiff_file(ink, photometric="separated", iccprofile=icc))
    return path


@pytest.fixture
def held(monkeypatch):
    """Keeps exact conversions waiting until it is set."""
    event, convert = threading.Event(), Confined.converted

    def wait(confined, colour, transform, exact):
        if exact:
            event.wait()
        return convert(confined, colour, transform, exact)

    monkeypatch.setattr(Confined, "converted", wait)
    yield event
    event.set()


@pytest.fixture
def grainy(tmp_path):
    """A JPEG of more than a megabyte that lies on its side."""
    path = tmp_path / "grain.jpg"
    exif = pictures.exif_block(orientation=6)
    path.write_bytes(pictures.jpeg_file(pictures.noise(1200, 800), quality=98, exif=exif))
    return path


@pytest.fixture
def undecoded(monkeypatch):
    """Keeps whole pictures from being decoded until it is set."""
    event, decode = threading.Event(), Confined.decode

    def wait(confined, *given, **told):
        event.wait()
        return decode(confined, *given, **told)

    monkeypatch.setattr(Confined, "decode", wait)
    yield event
    event.set()


def pixels_of(workspace):
    return whole(workspace.session.document).to_array()


def test_it_is_seen_coarse_at_once_and_edited_and_exported_exact(window, inks, held, qtbot):
    assert open_in(window, inks, qtbot) is None  # nothing can be edited or exported yet
    look = window.tabs.currentWidget()
    assert not any(window.deeds[name].isEnabled() for name in NEEDS_PICTURE)
    assert window.tabs.tabText(0) == "ink.tif"
    look.canvas.repaint()
    qtbot.waitUntil(lambda: look.canvas.finished, timeout=20000)
    middle = (
        look.canvas.grab().toImage().pixelColor(look.canvas.width() // 2, look.canvas.height() // 2)
    )
    assert middle.value() > 0
    look.canvas.zoom_to(2.0)
    held.set()
    qtbot.waitUntil(lambda: window.workspace() is not None, timeout=60000)
    workspace = window.workspace()
    assert window.tabs.count() == 1
    assert workspace.canvas.view.zoom == 2.0
    assert all(window.deeds[name].isEnabled() for name in NEEDS_PICTURE)
    exact = open_picture(inks)
    np.testing.assert_array_equal(pixels_of(workspace), whole(exact.document).to_array())
    assert len(workspace.session.history.steps) == 1
    assert not workspace.session.files.unsaved


def test_closed_before_it_is_exact_it_stays_closed(window, inks, held, photo, qtbot):
    open_in(window, inks, qtbot)
    window.close_tab(0)
    assert window.tabs.count() == 0
    held.set()
    qtbot.waitUntil(lambda: window.opening.count == 0, timeout=60000)
    assert window.tabs.count() == 0
    assert window.welcome.isVisible()


def test_another_photograph_is_worked_on_meanwhile(window, inks, held, photo, qtbot):
    open_in(window, inks, qtbot)
    workspace = open_in(window, photo, qtbot)
    held.set()
    qtbot.waitUntil(lambda: len(window.workspaces()) == 2, timeout=60000)
    assert window.workspace() is workspace  # what is in front stays there
    assert [window.tabs.tabText(index) for index in (0, 1)] == ["ink.tif", "photo.png"]


def test_what_cannot_be_converted_after_all_leaves_no_tab(window, inks, held, qtbot, monkeypatch):
    open_in(window, inks, qtbot)

    def fail(*_, **__):
        raise MemoryError

    said = []
    monkeypatch.setattr(window, "say", said.append)
    monkeypatch.setattr(file_colours, "_with_alpha", fail)
    held.set()
    qtbot.waitUntil(lambda: bool(said), timeout=60000)
    assert "not enough memory" in said[0]
    assert window.tabs.count() == 0


def test_a_smaller_copy_is_painted_before_the_whole_is_decoded_and_only_looked_at(
    window, grainy, undecoded, qtbot
):
    assert open_in(window, grainy, qtbot) is None
    canvas = window.tabs.currentWidget().canvas
    qtbot.waitUntil(lambda: canvas.finished, timeout=20000)
    assert canvas.picture_size == (800, 1200)  # as large as the whole, and upright
    assert not any(window.deeds[name].isEnabled() for name in NEEDS_PICTURE)
    assert window.workspaces() == []
    canvas.zoom_to(1.0, QPointF(40, 50))
    view, copy, raster = canvas.view, shown(canvas), weakref.ref(canvas.scene.picture.source)
    where = place_in(window, canvas)
    canvas = None
    undecoded.set()
    qtbot.waitUntil(lambda: window.workspace() is not None, timeout=60000)
    workspace = window.workspace()
    assert window.tabs.count() == 1
    assert workspace.canvas.view == view
    moved = np.subtract(place_in(window, workspace.canvas), where)
    assert np.abs(moved).max() <= 16  # as fonts have it
    exact = open_picture(grainy)
    np.testing.assert_array_equal(pixels_of(workspace), whole(exact.document).to_array())
    (layer,) = workspace.session.document.layers
    assert (layer.raster.width, layer.raster.height) == (800, 1200)
    assert [len(workspace.session.history.steps), workspace.session.files.unsaved] == [1, False]
    qtbot.waitUntil(lambda: workspace.canvas.finished, timeout=20000)
    assert np.abs(shown(workspace.canvas) - copy).max() < 12  # the same place, as light
    qtbot.waitUntil(lambda: gc.collect() >= 0 and raster() is None)  # the copy is let go of


def place_in(window, canvas):
    """Where the edges of a canvas are: left, top, right, bottom."""
    corner = canvas.mapTo(window, QPoint())
    return corner.x(), corner.y(), corner.x() + canvas.width(), corner.y() + canvas.height()


def shown(canvas):
    """What the middle of a canvas shows, averaged over 64 x 64 pixels."""
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    y, x = image.height() // 2 - 64, image.width() // 2 - 64
    middle = pixels[y : y + 128, x : x + 128, :3].astype(np.float32)
    return middle.reshape(2, 64, 2, 64, 3).mean((1, 3))


def test_nothing_coarser_is_seen_when_the_whole_takes_its_place(qtbot, monkeypatch):
    monkeypatch.setattr(scene, "FRAME", 0.0)  # a tile a frame
    whole_raster = Raster.from_array(pictures.noise(2400, 1600))
    half = whole_raster.level(1)
    look, canvas = Canvas(), Canvas()
    for shows in (look, canvas):
        qtbot.addWidget(shows)
        shows.resize(900, 700)
    copy = SmallerCopy(half, SRGB, (2400, 1600))
    look.show_picture(copy, copy)
    look.zoom_to(0.5)
    seen = look.grab().toImage()
    while not look.finished:
        seen = look.grab().toImage()
    picture = Picture(Document.from_raster(whole_raster))
    canvas.show_picture(picture, picture)
    canvas.look_as(look)
    canvas.scene.take_over(look.scene)
    assert canvas.grab().toImage() == seen
    assert not canvas.finished
    while not canvas.finished:
        assert canvas.grab().toImage() == seen
    assert not copy.is_ready(canvas.scene.tiles)  # the copy is let go of


def test_tools_stand_below_one_another_until_the_height_of_the_window_is_known(qtbot):
    canvas = Canvas()
    column = ToolColumn(canvas)
    for widget in (canvas, column):
        qtbot.addWidget(widget)
    column.resize(60, 200)
    column.show()
    at_once = column.minimumSizeHint().width()
    column.resize(60, 1200)
    qtbot.wait(1)
    assert column.minimumSizeHint().width() == at_once  # the canvas beside it keeps its width
    column.resize(60, 200)
    assert column.minimumSizeHint().width() > at_once
