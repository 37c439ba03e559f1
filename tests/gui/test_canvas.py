"""The canvas: pixels are shown as they are, and hands move them as expected."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from safelight.document import Document
from safelight.files.adobe_rgb import adobe_rgb_profile
from safelight.gui.canvas import Canvas
from safelight.gui.canvas.picture import Picture, make_levels
from safelight.pixels import Profile, Raster
from tests.gui.conftest import drag, photograph, wheel


@pytest.fixture
def canvas(qtbot):
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(600, 500)
    canvas.show()
    return canvas


def show(canvas, pixels, before=None, profile=None):
    pictures = []
    for array in (pixels, pixels if before is None else before):
        raster = Raster.from_array(array.copy())
        make_levels(raster)
        pictures.append(Picture(raster, profile))
    canvas.show_picture(*pictures)


def shot(canvas):
    """What is on the screen once every tile is there: (height, width, 3)."""
    image = canvas.grabbed()
    while canvas._tiles.incomplete:
        image = canvas.grabbed()
    image = image.convertToFormat(image.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def test_at_one_hundred_percent_every_pixel_is_itself(canvas):
    pixels = photograph(300, 400)
    show(canvas, pixels)
    canvas.zoom_to(1.0)
    assert np.array_equal(shot(canvas)[100:400, 100:500], pixels)


def test_at_one_hundred_percent_a_large_picture_is_itself_too(canvas):
    pixels = photograph(1200, 1400)
    show(canvas, pixels)
    canvas.zoom_to(1.0)
    assert np.array_equal(shot(canvas), pixels[350:850, 400:1000])


def test_above_two_hundred_percent_pixels_are_squares(canvas):
    pixels = photograph(100, 100)
    show(canvas, pixels)
    canvas.zoom_to(4.0)
    seen = shot(canvas)
    expected = np.repeat(np.repeat(pixels, 4, 0), 4, 1)
    assert np.array_equal(seen[50:450, 100:500], expected)


def test_reduced_it_is_the_mean_of_what_it_covers(canvas):
    pixels = photograph(1600, 2000)
    show(canvas, pixels)
    canvas.zoom_to(0.25)
    seen = shot(canvas).astype(int)
    means = pixels.reshape(400, 4, 500, 4, 3).mean(axis=(1, 3))
    # Two roundings to 8 bits on the way down.
    assert np.abs(seen[50:450, 50:550][..., :2] - means[..., :2]).max() <= 2


@pytest.mark.parametrize("zoom", [0.11, 0.37, 0.73, 1.3, 2.6])
def test_no_seam_shows_between_tiles(canvas, zoom):
    show(canvas, np.full((1500, 1500, 3), 200, np.uint8))
    canvas.zoom_to(zoom)
    middle = shot(canvas)[200:300, 250:350]
    assert (middle == 200).all()


def test_colours_of_a_wide_profile_are_converted_for_the_screen(canvas):
    icc = adobe_rgb_profile()
    pixels = np.full((50, 60, 3), (120, 160, 90), np.uint8)
    expected = Profile.from_icc(icc).to_srgb(pixels.astype(np.float32) / 255)[0, 0] * 255
    show(canvas, pixels, profile=Profile.from_icc(icc))
    canvas.zoom_to(1.0)
    assert np.abs(shot(canvas)[250, 300] - expected).max() <= 1.5


def test_transparent_parts_show_a_chequerboard(canvas):
    pixels = np.zeros((200, 200, 4), np.uint8)
    pixels[:100] = (255, 0, 0, 255)
    show(canvas, pixels)
    canvas.zoom_to(1.0)
    seen = shot(canvas)
    assert (seen[200, 300] == (255, 0, 0)).all()
    lower = seen[260:340, 210:390].reshape(-1, 3)
    assert {tuple(colour) for colour in lower.tolist()} == {(0x5C,) * 3, (0x73,) * 3}


def test_the_wheel_zooms_at_the_pointer(canvas, qtbot):
    show(canvas, photograph(2000, 3000))
    at = QPoint(140, 390)
    before = canvas.picture_point(at.toPointF())
    zoom = canvas.view.zoom
    wheel(canvas, at, 6)
    assert canvas.view.zoom == pytest.approx(zoom * 4)
    assert canvas.picture_point(at.toPointF()) == pytest.approx(before, abs=0.01)


def test_a_drag_moves_the_picture_with_the_hand(canvas, qtbot):
    show(canvas, photograph(2000, 3000))
    canvas.zoom_to(1.0)
    before = canvas.picture_point(QPoint(100, 100).toPointF())
    drag(qtbot, canvas, QPoint(100, 100), QPoint(180, 60))
    assert canvas.picture_point(QPoint(180, 60).toPointF()) == pytest.approx(before, abs=0.01)


def test_keys_move_and_zoom(canvas, qtbot):
    show(canvas, photograph(2000, 3000))
    canvas.zoom_to(1.0)
    x = canvas.view.x
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.view.x > x
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.view.zoom == 1.5
    qtbot.keyClick(canvas, Qt.Key.Key_Minus)
    assert canvas.view.zoom == 1.0


def test_a_double_click_goes_between_whole_and_one_hundred_percent(canvas, qtbot):
    show(canvas, photograph(2000, 3000))
    fitted = canvas.view.zoom
    assert fitted < 1
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, 250))
    assert canvas.view.zoom == 1.0
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, 250))
    assert canvas.view.zoom == pytest.approx(fitted)


def test_the_split_line_is_dragged_and_parts_before_from_after(canvas, qtbot):
    after = np.full((300, 400, 3), 200, np.uint8)
    show(canvas, after, before=after // 4)
    canvas.zoom_to(1.0)
    canvas.set_split(True)
    drag(qtbot, canvas, QPoint(300, 250), QPoint(220, 250))
    assert canvas.split == pytest.approx(220 / 600, abs=0.01)
    seen = shot(canvas)
    assert (seen[350, 150] == 50).all()
    assert (seen[350, 400] == 200).all()


def test_before_of_another_size_lies_where_it_was(canvas):
    pixels = photograph(150, 200)
    large = np.repeat(np.repeat(pixels, 2, 0), 2, 1)
    show(canvas, large, before=pixels)
    canvas.zoom_to(1.0)
    now = shot(canvas)
    canvas.show_before(True)
    then = shot(canvas)
    inside = np.s_[150:350, 150:450]
    assert np.abs(now[inside][..., :2].astype(int) - then[inside][..., :2]).max() <= 3


def test_a_picture_of_another_size_keeps_what_is_looked_at(canvas):
    pixels = photograph(600, 800)
    show(canvas, pixels)
    canvas.zoom_to(2.0)
    drag_to = canvas.view
    show(canvas, np.repeat(np.repeat(pixels, 2, 0), 2, 1))
    assert canvas.view.zoom == pytest.approx(drag_to.zoom / 2)
    assert (canvas.view.x, canvas.view.y) == pytest.approx((drag_to.x * 2, drag_to.y * 2))


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_documents_of_every_depth_are_shown(canvas, depth):
    from safelight.pixels import from_float, to_float

    pixels = photograph(300, 400)
    document = Document.from_raster(Raster.from_array(from_float(to_float(pixels), depth)))
    make_levels(document.layers[0].raster)
    picture = Picture(document)
    canvas.show_picture(picture, picture)
    canvas.zoom_to(1.0)
    assert np.array_equal(shot(canvas)[100:400, 100:500], pixels)


def test_what_is_not_ready_is_shown_coarsely_first_and_sharp_soon(canvas, qtbot, monkeypatch):
    from safelight.gui.canvas import canvas as module

    pixels = photograph(1200, 1400)
    show(canvas, pixels)
    canvas.zoom_to(1.0)
    sharp = shot(canvas)
    monkeypatch.setattr(module, "_FRAME", -1.0)
    show(canvas, pixels)
    first = canvas.grabbed()
    assert canvas._tiles.incomplete
    colour = first.pixelColor(300, 250)
    wanted = sharp[250, 300].astype(int)
    assert abs(colour.red() - wanted[0]) < 8
    assert abs(colour.green() - wanted[1]) < 8
    monkeypatch.setattr(module, "_FRAME", 0.008)
    qtbot.waitUntil(lambda: not canvas._tiles.incomplete, timeout=5000)
    assert np.array_equal(shot(canvas), sharp)
