"""Rulers, guides and the pixel grid: what lies above the picture to measure it."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from safelight.document.guides import Guide
from safelight.gui.canvas import Canvas
from safelight.gui.canvas.rulers import THICK, axis_along_top, paint_rulers, steps
from safelight.gui.canvas.view_geometry import View
from tests.gui.conftest import drag, photograph
from tests.gui.test_canvas import shot, show


@pytest.fixture
def canvas(qtbot):
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(600, 500)
    canvas.show()
    return canvas


@pytest.fixture
def ruled(canvas):
    """A picture of 400 x 300 at 100 %, from (100, 100) on, under rulers."""
    show(canvas, photograph(300, 400))
    canvas.zoom_to(1.0)
    canvas.show_rulers = True
    return canvas


@pytest.mark.parametrize("scale", [0.01, 0.033, 0.25, 0.5, 1, 1.7, 3, 8, 32])
def test_rulers_count_in_steps_of_one_two_and_five(scale):
    number, tick = steps(scale)
    assert str(number).strip("0") in ("1", "2", "5")
    assert number % tick == 0
    assert number * scale >= 64
    assert tick * scale >= 5 or tick == number


@pytest.mark.parametrize(("angle", "axis"), [(0, 0), (40, 0), (50, 1), (-90, 1), (180, 0)])
def test_the_upper_ruler_measures_what_lies_along_it(angle, axis):
    assert axis_along_top(View(angle=angle)) == axis


def test_rulers_hide_nothing_but_the_edge(ruled):
    above = shot(ruled)
    ruled.show_rulers = False
    below = shot(ruled)
    assert np.array_equal(above[THICK:, THICK:], below[THICK:, THICK:])
    assert not np.array_equal(above[:THICK], below[:THICK])


def test_a_fitted_picture_keeps_clear_of_the_rulers(canvas):
    show(canvas, photograph(3000, 3000))
    canvas.show_rulers = True
    left, top = canvas.view.to_widget(0, 0, (600, 500))
    assert min(left, top) >= THICK
    assert canvas.fits


def test_ticks_stand_where_the_pixels_are(ruled, qtbot):
    ruled.grab()
    ruled._point_at(None)
    line = shot(ruled)[2, THICK:]  # where only numbered ticks and digits reach
    number, _ = steps(1.0)
    for value in range(0, 401, number):
        assert line[100 + value - THICK][0] > 100, value


@pytest.mark.parametrize("ratio", [1, 2])
def test_numbers_are_as_far_apart_on_any_screen(qapp, ratio):
    width = 800 * ratio
    image = QImage(width, 400 * ratio, QImage.Format.Format_RGB888)
    painter = QPainter(image)
    paint_rulers(painter, View(0.5 * ratio), (100, 100), (width, 400 * ratio), ratio, None)
    painter.end()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(400 * ratio, -1)
    line = rows[ratio, THICK * 3 * ratio : 3 * width : 3]  # above the digits
    assert np.count_nonzero(np.diff((line > 90).astype(int)) == 1) == 7  # from −600 to 600


def test_the_pointer_is_marked_on_both_rulers(ruled, qtbot):
    qtbot.mouseMove(ruled, QPoint(333, 222))
    ruled._point_at(QPointF(333, 222))  # no pointer moves where there is no screen
    seen = shot(ruled)
    assert seen[3, 333][0] > seen[3, 333][2] + 50
    assert seen[222, 3][0] > seen[222, 3][2] + 50
    QApplication.sendEvent(ruled, QEvent(QEvent.Type.Leave))
    seen = shot(ruled)
    assert seen[3, 333][0] < seen[3, 333][2] + 50


def test_guides_are_pulled_out_of_the_rulers(ruled, qtbot):
    with qtbot.waitSignal(ruled.guides_changed):
        drag(qtbot, ruled, QPoint(300, 8), QPoint(300, 150))
    assert ruled.guides == (Guide("y", 50.0),)
    drag(qtbot, ruled, QPoint(8, 300), QPoint(260, 300))
    assert ruled.guides == (Guide("x", 160.0), Guide("y", 50.0))
    assert ruled.view.x == 200  # the picture stayed


def test_a_guide_is_moved_and_taken_back(ruled, qtbot):
    ruled.guides = [Guide("x", 160)]
    drag(qtbot, ruled, QPoint(261, 300), QPoint(411, 300))
    assert ruled.guides == (Guide("x", 311.0),)
    drag(qtbot, ruled, QPoint(411, 300), QPoint(8, 300))
    assert ruled.guides == ()


def test_a_guide_that_is_let_go_outside_is_gone(ruled, qtbot):
    ruled.guides = [Guide("y", 100)]
    drag(qtbot, ruled, QPoint(300, 200), QPoint(300, -20))
    assert ruled.guides == ()


def test_escape_leaves_a_guide_where_it_was(ruled, qtbot):
    ruled.guides = [Guide("y", 100)]
    qtbot.mousePress(ruled, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    qtbot.mouseMove(ruled, QPoint(300, 250))
    qtbot.keyClick(ruled, Qt.Key.Key_Escape)
    qtbot.mouseRelease(ruled, Qt.MouseButton.LeftButton, pos=QPoint(300, 250))
    assert ruled.guides == (Guide("y", 100),)


def test_guides_stick_to_edges_and_middle(ruled, qtbot):
    drag(qtbot, ruled, QPoint(8, 300), QPoint(304, 300))
    drag(qtbot, ruled, QPoint(8, 300), QPoint(503, 300))
    assert ruled.guides == (Guide("x", 200.0), Guide("x", 400.0))


def test_guides_that_are_hidden_are_left_alone(ruled, qtbot):
    ruled.guides = [Guide("x", 160)]
    ruled.show_guides = False
    drag(qtbot, ruled, QPoint(260, 300), QPoint(300, 300))
    assert ruled.guides == (Guide("x", 160),)
    drag(qtbot, ruled, QPoint(300, 8), QPoint(300, 150))
    assert ruled.show_guides
    assert len(ruled.guides) == 2


def test_on_a_picture_turned_by_a_quarter_the_rulers_have_changed_places(ruled, qtbot):
    ruled.rotate_to(90)
    drag(qtbot, ruled, QPoint(300, 8), QPoint(300, 150))
    assert ruled.guides == (Guide("x", 100.0),)


def test_guides_are_painted_where_they_are(ruled):
    plain = shot(ruled)
    ruled.guides = [Guide("x", 160), Guide("y", 60)]
    changed = (shot(ruled) != plain).any(axis=2)
    assert changed[150, 260]
    assert changed[160, 150]
    assert not changed[150, 150]


def test_guides_grow_with_the_picture(ruled):
    ruled.guides = [Guide("x", 160)]
    show(ruled, photograph(600, 800))
    assert ruled.guides == (Guide("x", 320),)


def test_the_grid_parts_large_pixels_and_can_be_switched_off(canvas):
    pixels = np.full((40, 40, 3), 120, np.uint8)
    show(canvas, pixels)
    canvas.zoom_to(8.0)
    seen = shot(canvas)
    inside = seen[90:410, 140:460].reshape(40, 8, 40, 8, 3)
    assert (inside[:, 1:, :, 1:] == 120).all()
    assert (inside[:, 1:, :, 0] != 120).all()
    canvas.show_grid = False
    assert (shot(canvas)[90:410, 140:460] == 120).all()


def test_there_is_no_grid_below_eight_hundred_percent(canvas):
    show(canvas, np.full((40, 40, 3), 120, np.uint8))
    canvas.zoom_to(6.0)
    assert (shot(canvas)[130:370, 180:420] == 120).all()
