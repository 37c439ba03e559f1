"""The Info panel: numbers of the pixel under the pointer, of the picture and of the selection."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QColorDialog

from safelight.api import Region
from safelight.document import Document, FilterFailed, Layer, LiveFilter, edits
from safelight.gui.canvas.tools.colour_sampler import MOST
from safelight.gui.panels import Info
from safelight.gui.panels.swatches import kept_swatches
from safelight.pixels import Profile, Raster, known_profile
from safelight.pixels.known_profiles import adobe_rgb_profile
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


def test_it_tells_the_profile_and_that_there_is_none(panel):
    panel.show_picture(document())
    assert said(panel, "Profile") == "sRGB (untagged)"
    panel.show_picture(replace(document(), profile=known_profile("Display_P3")))
    assert said(panel, "Profile") == "Display P3"


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
    assert {said(panel, name) for name in panel.values} == {"–"}


class Failing:
    """Runs no filter."""

    def reach(self, filter, level):
        return 0

    def run(self, filter, image, region, canvas):
        raise FilterFailed("it is broken")

    def keeps_channels(self, filters):
        return False


def test_hidden_it_computes_nothing_and_a_filter_that_fails_is_left_out(panel, qtbot):
    broken = edits.add_layer(Layer("Broken", LiveFilter("some.filter"))).apply(document())
    panel.hide()
    panel.show_picture(broken, Failing())
    panel.show_pointer((20, 10))
    assert not panel._pointed._busy
    panel.show()
    qtbot.waitUntil(lambda: said(panel, "8-bit") == "255  127  0")


def test_in_the_window_it_is_told_of_the_canvas(window, opened, photo, qtbot):
    info = opened.panel(Info)
    opened.show_panel(Info)
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


def test_colours_are_told_as_other_programs_take_them(panel, qtbot):
    pixels = np.zeros((30, 40, 3), np.uint8)
    pixels[:, :20], pixels[:, 20:] = (255, 0, 0), (119, 119, 119)
    panel.show_picture(Document.from_raster(Raster.from_array(pixels)))
    panel.show_pointer((3, 4))
    qtbot.waitUntil(lambda: said(panel, "sRGB") == "#ff0000")
    assert said(panel, "Lab") == "54  81  70"  # with the white D50, as ICC profiles have it
    panel.show_pointer((33, 4))
    qtbot.waitUntil(lambda: said(panel, "sRGB") == "#777777")
    assert said(panel, "Lab") == "50  0  0"


def test_values_of_a_wide_profile_are_its_own_and_the_hexadecimal_ones_those_of_srgb(panel, qtbot):
    profile = Profile.from_icc(adobe_rgb_profile())
    pixels = np.full((30, 40, 3), (120, 160, 90), np.uint8)
    panel.show_picture(Document.from_raster(Raster.from_array(pixels), profile=profile))
    panel.show_pointer((3, 4))
    qtbot.waitUntil(lambda: said(panel, "8-bit") == "120  160  90")
    srgb = profile.to_srgb(pixels[:1, :1].astype(np.float32) / 255)[0, 0]
    assert said(panel, "sRGB") == "#" + "".join(f"{round(float(x) * 255):02x}" for x in srgb)


# -- the sampler -----------------------------------------------------------------------------------


@pytest.fixture
def sampler(opened):
    """The tool in hand, and the Info panel in front."""
    opened.show_panel(Info)
    opened.canvas.take("sampler")
    return opened.canvas.tool


def shown_samples(info):
    return [value.text() for number, _, value in info.samples.rows if not number.isHidden()]


def press(canvas, qtbot, x, y, keys=Qt.KeyboardModifier.NoModifier):
    at = canvas.widget_point(x, y).toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, keys, at)


def test_a_place_is_read_for_as_long_as_it_is_there(opened, sampler, photo, qtbot):
    info, canvas, session = opened.panel(Info), opened.canvas, opened.session
    sampler.set("mean", "1 × 1")
    press(canvas, qtbot, 200.5, 150.5)
    press(canvas, qtbot, 60.5, 40.5)
    shown = np.asarray(Image.open(photo))
    (first, second) = sampler.regions()
    wanted = ["  ".join(map(str, shown[r.y, r.x])) for r in (first, second)]
    qtbot.waitUntil(lambda: shown_samples(info) == wanted)
    layer = session.document.layers[0].id
    session.do(edits.set_pixels(layer, Raster.filled(400, 300, (10, 20, 30), "uint8")))
    qtbot.waitUntil(lambda: shown_samples(info) == ["10  20  30"] * 2)
    press(canvas, qtbot, 200.5, 150.5, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: shown_samples(info) == ["10  20  30"])
    assert sampler.regions() == (second,)
    sampler.clear()
    assert shown_samples(info) == []


def test_the_mean_of_a_larger_place_is_told(opened, sampler, photo, qtbot):
    info = opened.panel(Info)
    sampler.set("mean", "11 × 11")
    press(opened.canvas, qtbot, 200.5, 150.5)
    (place,) = sampler.regions()
    assert (place.width, place.height) == (11, 11)
    shown = np.asarray(Image.open(photo))[place.rows(), place.columns()].mean(axis=(0, 1))
    qtbot.waitUntil(lambda: len(shown_samples(info)) == 1)
    assert [int(x) for x in shown_samples(info)[0].split()] == pytest.approx(shown, abs=1)
    press(opened.canvas, qtbot, 60, 40)
    sampler.places = ((0.5, 0.5),)
    (corner,) = sampler.regions()
    assert (corner.x, corner.y, corner.width, corner.height) == (0, 0, 6, 6)


def test_a_place_stays_over_the_same_when_the_picture_is_cropped(opened, sampler, qtbot):
    sampler.set("mean", "1 × 1")
    press(opened.canvas, qtbot, 200.5, 150.5)
    (before,) = sampler.regions()
    opened.session.do(edits.crop(box=(50, 40, 300, 200)))
    (after,) = sampler.regions()
    assert (after.x, after.y) == (before.x - 50, before.y - 40)


def test_a_place_is_dragged_and_there_are_no_more_than_can_be_told(opened, sampler, qtbot):
    canvas = opened.canvas
    for number in range(MOST + 2):
        press(canvas, qtbot, 20 + 40 * number, 50)
    assert len(sampler.places) == MOST
    start, end = (canvas.widget_point(*at).toPoint() for at in ((100, 50), (150, 120)))
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(canvas, end)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end)
    assert len(sampler.places) == MOST
    assert any(abs(x - 150) < 2 and abs(y - 120) < 2 for x, y in sampler.places)


def test_a_sampled_colour_is_kept_as_a_swatch_for_every_dialog_of_colours(opened, sampler, qtbot):
    info = opened.panel(Info)
    layer = opened.session.document.layers[0].id
    opened.session.do(edits.set_pixels(layer, Raster.filled(400, 300, (10, 20, 30), "uint8")))
    press(opened.canvas, qtbot, 200.5, 150.5)
    qtbot.waitUntil(lambda: shown_samples(info) == ["10  20  30"])
    info.samples.rows[0][1].click()
    assert kept_swatches() == ["#0a141e"]
    assert QColorDialog.customColor(0).name() == "#0a141e"
    for number in range(20):
        info.swatches.keep(f"#0000{number:02x}")
    assert len(kept_swatches()) == len(info.swatches.chips) == 16
    assert kept_swatches()[0] == "#000013"
    info.swatches.chips[0].click()
    assert QApplication.clipboard().text() == "#000013"
    info.swatches.clear.click()
    assert kept_swatches() == info.swatches.chips == []
