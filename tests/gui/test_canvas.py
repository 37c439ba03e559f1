"""The canvas: pixels are shown as they are, and hands move them as expected."""

import math
import threading

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QNativeGestureEvent, QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from safelight.api import Region
from safelight.document import Document, geometry
from safelight.document.guides import Guide
from safelight.document.placement import Place
from safelight.gui.canvas import Canvas
from safelight.gui.canvas.picture import Picture
from safelight.pixels import Profile, Raster, View, make_levels
from safelight.pixels.known_profiles import adobe_rgb_profile
from tests import pictures
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
    image = canvas.grab().toImage()
    while canvas.scene.tiles.incomplete:
        image = canvas.grab().toImage()
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


@pytest.mark.parametrize("kind", ["wide", "grey"])
def test_colours_of_a_profile_are_converted_for_the_screen(canvas, kind):
    if kind == "wide":
        profile, colour = Profile.from_icc(adobe_rgb_profile()), (120, 160, 90)
    else:
        profile, colour = Profile.from_grey(pictures.grey_profile(1.0)), (90, 90, 90)
    pixels = np.full((50, 60, 3), colour, np.uint8)
    expected = profile.to_srgb(pixels.astype(np.float32) / 255)[0, 0] * 255
    show(canvas, pixels, profile=profile)
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
    from safelight.gui.canvas import scene as module

    pixels = photograph(1200, 1400)
    show(canvas, pixels)
    canvas.zoom_to(1.0)
    sharp = shot(canvas)
    monkeypatch.setattr(module, "FRAME", -1.0)
    show(canvas, pixels)
    first = canvas.grab().toImage()
    assert canvas.scene.tiles.incomplete
    colour = first.pixelColor(300, 250)
    wanted = sharp[250, 300].astype(int)
    assert abs(colour.red() - wanted[0]) < 8
    assert abs(colour.green() - wanted[1]) < 8
    monkeypatch.setattr(module, "FRAME", 0.008)
    qtbot.waitUntil(lambda: not canvas.scene.tiles.incomplete, timeout=5000)
    assert np.array_equal(shot(canvas), sharp)


def test_a_quarter_turn_shows_every_pixel_as_it_is(canvas):
    pixels = photograph(300, 400)
    show(canvas, pixels)
    canvas.zoom_to(1.0)
    for times, angle in enumerate((90, 180, 270), 1):
        canvas.rotate_to(angle)
        seen = shot(canvas)
        turned = np.rot90(pixels, -times)
        rows, columns = turned.shape[:2]
        top, left = (500 - rows) // 2, (600 - columns) // 2
        seen[455:, :200] = 0  # the word that says how it is turned
        turned = turned.copy()
        turned[max(455 - top, 0) :, : max(200 - left, 0)] = 0
        assert np.array_equal(seen[top : top + rows, left : left + columns], turned), angle


@pytest.mark.parametrize("zoom", [0.11, 0.37, 1.0, 1.3, 2.0, 3.0])
@pytest.mark.parametrize("angle", [7, 45, 133])
def test_no_seam_shows_between_tiles_of_a_turned_picture(canvas, zoom, angle):
    show(canvas, np.full((1500, 1500, 3), 200, np.uint8))
    canvas.zoom_to(zoom)
    canvas.rotate_to(angle)
    assert (shot(canvas)[200:300, 250:350] == 200).all()


def test_a_turned_picture_has_its_pixels_where_the_view_says(canvas):
    pixels = np.zeros((600, 800, 3), np.uint8)
    pixels[100:140, 600:640] = (250, 20, 10)
    show(canvas, pixels)
    canvas.rotate_to(33)
    canvas.zoom_to(0.5)
    seen = shot(canvas)
    x, y = canvas.view.to_widget(620, 120, (600, 500))
    assert (seen[round(y), round(x)] == (250, 20, 10)).all()
    inside, outside = (
        canvas.view.to_widget(606, 106, (600, 500)),
        canvas.view.to_widget(594, 94, (600, 500)),
    )
    assert seen[round(inside[1]), round(inside[0])][0] > 200
    assert seen[round(outside[1]), round(outside[0])][0] < 50


def test_the_split_line_stands_upright_on_a_turned_picture(canvas):
    after = np.full((1000, 1000, 3), 200, np.uint8)
    show(canvas, after, before=after // 4)
    canvas.zoom_to(1.0)
    canvas.rotate_to(30)
    canvas.set_split(True)
    seen = shot(canvas)
    for row in (150, 350):
        assert (seen[row, 280] == 50).all()
        assert (seen[row, 320] == 200).all()


def test_resetting_the_rotation_brings_everything_back(canvas):
    show(canvas, photograph(900, 1400))
    level = shot(canvas)
    canvas.rotate_to(77.5)
    assert not np.array_equal(shot(canvas), level)
    canvas.reset_rotation()
    assert np.array_equal(shot(canvas), level)


def test_r_and_a_drag_turn_the_picture_around_the_middle(canvas, qtbot):
    show(canvas, photograph(900, 1400))
    middle = canvas.picture_point(QPoint(300, 250).toPointF())
    qtbot.keyPress(canvas, Qt.Key.Key_R)
    drag(qtbot, canvas, QPoint(500, 250), QPoint(300, 450))
    qtbot.keyRelease(canvas, Qt.Key.Key_R)
    assert canvas.view.angle == pytest.approx(90)
    assert canvas.picture_point(QPoint(300, 250).toPointF()) == pytest.approx(middle)
    drag(qtbot, canvas, QPoint(300, 250), QPoint(340, 270))
    assert canvas.view.angle == pytest.approx(90)


def test_with_shift_the_turn_goes_in_steps_of_fifteen_degrees(canvas, qtbot):
    show(canvas, photograph(900, 1400))
    qtbot.keyPress(canvas, Qt.Key.Key_R)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(500, 250))
    move = QMouseEvent(
        QMouseEvent.Type.MouseMove,
        QPointF(480, 350),
        QPointF(480, 350),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.ShiftModifier,
    )
    QApplication.sendEvent(canvas, move)
    assert canvas.view.angle == 30
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(480, 350))
    qtbot.keyRelease(canvas, Qt.Key.Key_R)


def test_turning_by_steps_goes_to_the_next_multiple(canvas):
    show(canvas, photograph(900, 1400))
    canvas.rotate_to(20)
    canvas.rotate_by(15)
    assert canvas.view.angle == 30
    canvas.rotate_by(-15)
    assert canvas.view.angle == 15


def native(canvas, kind, value, at=None):
    """A trackpad's gesture."""
    device = QPointingDevice.primaryPointingDevice()
    place = QPointF(at or QPoint(200, 200))
    event = QNativeGestureEvent(kind, device, 2, place, place, place, value, QPointF(12, -7))
    QApplication.sendEvent(canvas, event)


def test_a_pinch_on_a_trackpad_zooms_at_the_fingers(canvas):
    show(canvas, photograph(2000, 3000))
    canvas.rotate_to(20)
    zoom, at = canvas.view.zoom, QPoint(220, 240)
    under = canvas.picture_point(at.toPointF())
    native(canvas, Qt.NativeGestureType.ZoomNativeGesture, 0.5, at)
    assert canvas.view.zoom == pytest.approx(zoom * 1.5)
    native(canvas, Qt.NativeGestureType.ZoomNativeGesture, 3.0, at)
    assert canvas.picture_point(at.toPointF()) == pytest.approx(under)


def test_a_double_tap_on_a_trackpad_looks_closer(canvas):
    show(canvas, photograph(2000, 3000))
    native(canvas, Qt.NativeGestureType.SmartZoomNativeGesture, 0)
    assert canvas.view.zoom == 1
    native(canvas, Qt.NativeGestureType.SmartZoomNativeGesture, 0)
    assert canvas.fits


def test_fingers_turn_the_picture_once_they_mean_it(canvas):
    show(canvas, photograph(2000, 3000))
    native(canvas, Qt.NativeGestureType.BeginNativeGesture, 0)
    for _ in range(7):
        native(canvas, Qt.NativeGestureType.RotateNativeGesture, 1)
    assert canvas.view.angle == 0
    for _ in range(11):
        native(canvas, Qt.NativeGestureType.RotateNativeGesture, 1)
    assert canvas.view.angle == pytest.approx(10)
    native(canvas, Qt.NativeGestureType.RotateNativeGesture, -8)
    assert canvas.view.angle == 0  # level again within a few degrees
    native(canvas, Qt.NativeGestureType.EndNativeGesture, 0)


def pinch(canvas, middle, degrees, factor):
    """Two fingers on a screen, 100 apart, that turn and part in ten steps."""
    device = QTest.createTouchDevice()

    def away(part):
        turn, reach = math.radians(degrees * part), 50 + 50 * (factor - 1) * part
        return QPointF(math.cos(turn) * reach, math.sin(turn) * reach).toPoint()

    touch = QTest.touchEvent(canvas, device)
    touch.press(0, middle - away(0), canvas).press(1, middle + away(0), canvas).commit()
    for step in range(1, 11):
        touch = QTest.touchEvent(canvas, device)
        touch.move(0, middle - away(step / 10), canvas)
        touch.move(1, middle + away(step / 10), canvas).commit()
    touch = QTest.touchEvent(canvas, device)
    touch.release(0, middle - away(1), canvas).release(1, middle + away(1), canvas).commit()


def test_two_fingers_on_a_screen_pinch_and_turn(canvas):
    show(canvas, photograph(2000, 3000))
    zoom = canvas.view.zoom
    pinch(canvas, QPoint(300, 250), 40, 2)
    assert canvas.view.zoom == pytest.approx(zoom * 2, rel=0.15)
    assert 25 < canvas.view.angle < 40


def test_a_pinch_that_begins_on_a_guide_leaves_it_alone(canvas):
    show(canvas, photograph(300, 400))
    canvas.zoom_to(1.0)
    canvas.guides = [Guide("x", 150)]  # where the first finger comes down
    pinch(canvas, QPoint(300, 250), 0, 1.5)
    assert canvas.guides == (Guide("x", 150),)
    assert canvas.view.zoom == pytest.approx(1.5, rel=0.15)


def test_levels_of_many_tiles_are_never_made_on_the_windows_thread(canvas, qtbot, monkeypatch):
    threads = []
    halved = Raster._halved

    def noted(raster):
        threads.append(threading.current_thread() is threading.main_thread())
        return halved(raster)

    monkeypatch.setattr(Raster, "_halved", noted)
    pixels = photograph(2400, 2600)
    picture = Picture(Raster.from_array(pixels))
    selection = Raster.from_array(pixels[..., :1].copy())
    canvas.show_picture(picture, picture)
    canvas.show_selection(selection)
    shot(canvas)

    def shown():
        canvas.grab().toImage()
        return canvas.finished

    qtbot.waitUntil(shown, timeout=60000)
    canvas.show_mask(selection)
    canvas.show_mask_overlay = True
    qtbot.waitUntil(lambda: canvas.grab().toImage() and canvas.finished, timeout=60000)
    assert threads
    assert not any(threads)
    assert abs(int(shot(canvas).mean()) - int(pixels.mean())) < 60


def test_levels_of_a_large_selection_are_made_on_a_thread_and_then_it_is_outlined(
    canvas, qtbot, monkeypatch
):
    threads = []
    level = Raster.level

    def noted(raster, wanted):
        if raster.channels == 1 and not raster.has_level(wanted):
            threads.append(threading.current_thread() is threading.main_thread())
        return level(raster, wanted)

    monkeypatch.setattr(Raster, "level", noted)
    picture = Picture(Raster.filled(6000, 4000, (200, 200, 200), "uint8"))
    first, second = (
        Raster.filled(6000, 4000, (0,), "uint8").filled_at(Region(9, 9, side, side), 255)
        for side in (1000, 3000)
    )
    canvas.show_picture(picture, picture)
    qtbot.waitUntil(lambda: canvas.grab().toImage() and canvas.finished, timeout=60000)
    plain = shot(canvas).copy()
    for selection in (first, second):  # the second while the levels of the first are made
        canvas.show_selection(selection)
        canvas.grab().toImage()
    qtbot.waitUntil(lambda: canvas.grab().toImage() and canvas.finished, timeout=60000)
    assert threads
    assert not any(threads)
    changed = (shot(canvas) != plain).any(axis=2)
    rows, columns = np.nonzero(changed)
    side = 3000 * canvas.view.zoom
    assert rows.max() - rows.min() == pytest.approx(side, abs=3)
    assert columns.max() - columns.min() == pytest.approx(side, abs=3)
    assert changed.sum() < 5 * side  # a line, no veil


def test_what_is_resampled_is_so_on_a_thread_and_what_there_was_is_shown_until_it_is(
    canvas, qtbot, monkeypatch
):
    threads, go_on = [], threading.Event()
    resampled = View._resampled

    def noted(*given):
        threads.append(threading.current_thread() is threading.main_thread())
        go_on.wait(180)
        return resampled(*given)

    document = Document.from_raster(Raster.from_array(np.full((300, 400, 3), 200, np.uint8)))
    make_levels(document.layers[0].raster)
    monkeypatch.setattr(View, "_resampled", noted)
    moved = geometry.moved(document, document.layers[0], Place.offset(3, 1))
    canvas.show_picture(Picture(document), Picture(document))
    canvas.zoom_to(0.5)
    middle = QPoint(300, 250)
    assert canvas.grab().toImage().pixelColor(middle).red() == 200
    picture = Picture(moved)
    canvas.show_picture(picture, picture)
    qtbot.waitUntil(lambda: (canvas.grab().toImage(), bool(threads))[1])
    assert canvas.grab().toImage().pixelColor(middle).red() == 200
    assert not canvas.finished
    go_on.set()
    qtbot.waitUntil(lambda: (canvas.grab().toImage(), canvas.finished)[1])
    assert canvas.grab().toImage().pixelColor(middle).red() == 200
    assert not any(threads)
