"""The navigator: what is marked is what the canvas shows, and hands on it move the view."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from safelight.document import Document, edits
from safelight.gui.canvas import Canvas
from safelight.gui.canvas.picture import Picture
from safelight.gui.panels.navigator_panel import Navigator
from safelight.pixels import Raster, make_levels
from tests.gui.conftest import drag, photograph, wheel

WIDTH, HEIGHT = 2000, 1000


@pytest.fixture
def document():
    raster = Raster.from_array(photograph(HEIGHT, WIDTH))
    make_levels(raster)
    return Document.from_raster(raster)


@pytest.fixture
def panel(qtbot, document):
    """A navigator in which a picture pixel is an eighth of the widget's, from (8, y) on."""
    panel = Navigator()
    qtbot.addWidget(panel)
    panel.resize(266, 200)
    panel.show()
    panel.show_picture(document)
    qtbot.waitUntil(lambda: panel.map._image is not None)
    return panel


@pytest.fixture
def joined(panel, document, qtbot):
    """A canvas that is bound to the navigator as a window binds it."""
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(500, 400)
    canvas.show()
    panel.centre_wanted.connect(canvas.centre_on)
    panel.zoom_wanted.connect(canvas.zoom_to)
    canvas.view_changed.connect(lambda: panel.show_view(canvas.corners(), canvas.view.zoom))
    picture = Picture(document)
    canvas.show_picture(picture, picture)
    canvas.zoom_to(1.0)
    return canvas


def on_map(panel, x, y):
    """Where a point of the picture is on the map."""
    area = panel.map._area()
    return QPoint(
        round(area.left() + x * area.width() / WIDTH),
        round(area.top() + y * area.height() / HEIGHT),
    )


def seen(panel):
    image = panel.map.grab().toImage()
    image = image.convertToFormat(image.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).astype(int)


def test_the_small_picture_is_the_picture(panel):
    pixels = photograph(HEIGHT, WIDTH)
    for x, y in ((200, 150), (1000, 500), (1900, 900)):
        at = on_map(panel, x, y)
        assert np.abs(seen(panel)[at.y(), at.x()][:2] - pixels[y, x, :2]).max() < 8


def test_what_is_not_seen_is_darker(panel, joined):
    bright = seen(panel)
    inside, outside = on_map(panel, 1000, 500), on_map(panel, 1500, 500)
    joined.fit()
    whole = seen(panel)
    assert (bright[inside.y(), inside.x()] == whole[inside.y(), inside.x()]).all()
    assert bright[outside.y(), outside.x()].sum() < 0.75 * whole[outside.y(), outside.x()].sum()


def test_a_turned_view_is_marked_as_it_lies(panel, joined):
    joined.rotate_to(45)
    bright = seen(panel)
    panel.show_view((), 1.0)
    whole = seen(panel)

    def is_marked(x, y):
        at = on_map(panel, x, y)
        return (bright[at.y(), at.x()] == whole[at.y(), at.x()]).all()

    assert is_marked(1000, 500)
    assert is_marked(1000, 270)  # the diagonal stands upright now
    assert not is_marked(1230, 320)


def test_a_click_brings_a_point_to_the_middle(panel, joined, qtbot):
    for x, y in ((1400, 600), (1420, 560)):  # the second inside what is seen already
        qtbot.mouseClick(panel.map, Qt.MouseButton.LeftButton, pos=on_map(panel, x, y))
        assert (joined.view.x, joined.view.y) == pytest.approx((x, y), abs=5)


def test_a_drag_takes_what_is_seen_with_it(panel, joined, qtbot):
    drag(qtbot, panel.map, on_map(panel, 1160, 600), on_map(panel, 1560, 500))
    assert (joined.view.x, joined.view.y) == pytest.approx((1400, 400), abs=10)


def test_nobody_is_sent_outside_the_picture(panel, qtbot):
    wanted = []
    panel.centre_wanted.connect(lambda x, y: wanted.append((x, y)))
    drag(qtbot, panel.map, on_map(panel, 100, 100), QPoint(-50, -50))
    assert wanted[-1] == (0, 0)


def test_the_wheel_zooms_as_it_does_on_the_canvas(panel, joined):
    wheel(panel.map, on_map(panel, 1000, 500), 3)
    assert joined.view.zoom == pytest.approx(2)
    wheel(panel.map, on_map(panel, 1000, 500), -6)
    assert joined.view.zoom == pytest.approx(0.5)


def test_the_slider_zooms_and_follows(panel, joined, qtbot):
    place = panel.slider.value()
    qtbot.keyClick(panel.slider, Qt.Key.Key_Right)
    assert joined.view.zoom > 1
    assert panel.slider.value() > place
    joined.zoom_to(0.25)
    assert panel.slider.value() < place
    assert panel.percentage.text() == "25 %"
    qtbot.mouseClick(panel.percentage, Qt.MouseButton.LeftButton)
    assert joined.view.zoom == 1


def test_a_view_that_is_shown_wants_nothing_itself(panel, qtbot):
    with qtbot.assertNotEmitted(panel.zoom_wanted), qtbot.assertNotEmitted(panel.centre_wanted):
        panel.show_view([(0, 0), (10, 0), (10, 10), (0, 10)], 7.3)


def test_the_slider_sticks_to_one_hundred_percent(panel, joined):
    place = panel.slider.value()
    panel.slider.setSliderDown(True)
    panel.slider.setValue(place + 9)
    assert joined.view.zoom == 1
    panel.slider.setValue(place + 40)
    assert joined.view.zoom > 1.2


def test_without_a_picture_nothing_is_wanted(panel, qtbot):
    panel.show_picture(None)
    with qtbot.assertNotEmitted(panel.zoom_wanted), qtbot.assertNotEmitted(panel.centre_wanted):
        qtbot.mouseClick(panel.map, Qt.MouseButton.LeftButton, pos=QPoint(100, 60))
        wheel(panel.map, QPoint(100, 60), 1)
    assert not panel.slider.isEnabled()


def test_a_picture_that_gets_another_shape_is_shown_so_before_it_is_rendered(
    panel, document, qtbot, monkeypatch
):
    from threading import Event

    from safelight.gui.panels import navigator_panel

    drawn, go_on = navigator_panel._look, Event()

    def held(*given):
        go_on.wait(180)
        return drawn(*given)

    panel._glimpse._work = held
    shaped = edits.perspective(vertical=40, horizontal=20).apply(document)
    shaped = edits.crop((0, 0, 1000, 1000)).apply(shaped)
    try:
        panel.show_picture(shaped)
        area = panel.map._area().toRect()
        assert area.width() == pytest.approx(area.height(), abs=1)  # the new shape
        early = panel.map.grab(area).toImage()
    finally:
        go_on.set()
    qtbot.waitUntil(lambda: panel.map._drawn == panel.map._frame, timeout=60000)
    late = panel.map.grab(area).toImage()
    colours = [
        np.array([[image.pixelColor(x, y).getRgb()[:3] for x in range(4, 140, 8)]
                  for y in range(4, 140, 8)], float)
        for image in (early, late)
    ]  # fmt: skip
    assert np.abs(colours[0] - colours[1]).mean() < 12
    assert np.ptp(colours[1]) > 100
