"""The Info panel: numbers of the pixel under the pointer, of the picture and of the selection."""

import numpy as np
import pytest
from PIL import Image

from safelight.api import Region
from safelight.document import Document, FilterFailed, Layer, LiveFilter, edits
from safelight.gui.panels import Info
from safelight.pixels import Raster
from tests.gui.conftest import photograph


@pytest.fixture
def panel(qtbot):
    panel = Info()
    qtbot.addWidget(panel)
    panel.resize(240, 130)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def said(panel, name):
    return panel.values[name].text()


def document(depth="uint8", channels=3, full=255):
    pixels = np.zeros((30, 40, channels), depth)
    pixels[10, 20] = [full, full // 2 if full > 1 else 0.25, 0, full][:channels]
    return Document.from_raster(Raster.from_array(pixels))


def test_it_tells_the_pixel_under_the_pointer(panel, qtbot):
    panel.show_picture(document())
    panel.show_pointer((20.9, 10.0))
    qtbot.waitUntil(lambda: said(panel, "8-bit") == "255  127  0")
    assert said(panel, "16-bit") == "65535  32639  0"
    assert said(panel, "Position") == "20, 10 px"
    assert said(panel, "Picture") == "40 × 30 px (0.0 MP)"
    panel.show_pointer((40.0, 10.0))
    assert (said(panel, "Position"), said(panel, "8-bit")) == ("40, 10 px", "–")
    panel.show_pointer((20.0, 10.0))
    panel.show_pointer(None)
    assert (said(panel, "Position"), said(panel, "16-bit")) == ("–", "–")


@pytest.mark.parametrize(
    ("depth", "full", "eight", "sixteen"),
    [
        ("uint16", 65535, "255  127  0", "65535  32767  0"),
        ("float32", 2, "510  255  0", "131070  65535  0"),
    ],
)
def test_more_than_8_bit_is_told_in_full_and_light_beyond_white_too(
    depth, full, eight, sixteen, panel, qtbot
):
    panel.show_picture(document(depth, full=full))
    panel.show_pointer((20, 10))
    qtbot.waitUntil(lambda: said(panel, "8-bit") == eight)
    assert said(panel, "16-bit") == sixteen


def test_what_is_transparent_says_so(panel, qtbot):
    panel.show_picture(document(channels=4))
    panel.show_pointer((20, 10))
    qtbot.waitUntil(lambda: said(panel, "8-bit") == "255  127  0  α 100%")


def test_it_follows_edits_and_tells_the_selection(panel, qtbot):
    panel.show_picture(document())
    panel.show_pointer((3, 4))
    qtbot.waitUntil(lambda: said(panel, "8-bit") == "0  0  0")
    changed = edits.select_region(Region(2, 3, 5, 6)).apply(document(full=200))
    panel.show_picture(changed)
    qtbot.waitUntil(lambda: said(panel, "Selection") == "5 × 6 px at 2, 3")
    panel.show_pointer((20, 10))
    qtbot.waitUntil(lambda: said(panel, "8-bit") == "200  100  0")
    panel.show_picture(None)
    assert [said(panel, name) for name in panel.values] == ["–"] * 5


class Failing:
    """Runs no filter."""

    def reach(self, filter, level):
        return 0

    def run(self, filter, image, region, canvas):
        raise FilterFailed("it is broken")


def test_hidden_it_computes_nothing_and_a_filter_that_fails_is_left_out(panel, qtbot):
    broken = edits.add_layer(Layer("Broken", LiveFilter("some.filter"))).apply(document())
    panel.hide()
    panel.show_picture(broken, Failing())
    panel.show_pointer((20, 10))
    assert not panel._busy
    panel.show()
    qtbot.waitUntil(lambda: said(panel, "8-bit") == "255  127  0")


def test_in_the_window_it_is_told_of_the_canvas(window, opened, photo, qtbot):
    info = opened.panel(Info)
    opened.overview.setCurrentWidget(info)
    shown, canvas = np.asarray(Image.open(photo)), opened.canvas
    assert (shown == photograph(300, 400)).all()
    qtbot.waitUntil(lambda: said(info, "Picture") == "400 × 300 px (0.1 MP)")
    canvas.zoom_to(4.0)
    at = canvas.widget_point(200.5, 150.5).toPoint()
    qtbot.mouseMove(canvas, at)
    qtbot.waitUntil(lambda: said(info, "8-bit") != "–")
    x, y = map(int, said(info, "Position").removesuffix(" px").split(", "))
    assert abs(x - 200) <= 1
    qtbot.waitUntil(lambda: said(info, "8-bit") == "  ".join(map(str, shown[y, x])))
