"""The screen: what is drawn is computed by the monitor's profile and by that of a print."""

import ctypes
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from safelight.actions.screen_colours import OUT_OF_GAMUT, Proof, Screen, sketched
from safelight.api.colour_profile import icc_text
from safelight.document import Document
from safelight.gui.canvas import Canvas
from safelight.gui.canvas.picture import Picture
from safelight.gui.open_and_save.samples_and_recent_files import settings
from safelight.gui.screen import monitor_profile as module
from safelight.gui.screen.display_transform import _MARK, Display, Look, display
from safelight.pixels import SRGB, TONE, Raster, from_float, fused, known_profile, to_float
from tests import pictures

PRESS = pictures.press_profile()
RED_IS_BLUE = pictures.swapped_profile()
"""Of a monitor whose first channel shines blue, and whose last one red."""


@pytest.fixture
def shown():
    """The display of the process, given back as it was."""
    yield display()
    display().show_on(Screen())


@pytest.fixture
def canvas(qtbot, shown):
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(300, 240)
    canvas.show()
    qtbot.waitExposed(canvas)
    return canvas


def show(canvas, pixels, profile=SRGB):
    document = Document.from_raster(Raster.from_array(pixels), profile=profile)
    picture = Picture(document)
    canvas.show_picture(picture, picture)
    canvas.zoom_to(1.0)
    return document


def drawn(canvas, qtbot):
    """The colour in the middle, once all is as fine as it gets."""
    seen = []

    def settled():
        image = canvas.grab().toImage()
        colour = image.pixelColor(image.width() // 2, image.height() // 2)
        seen[:] = [colour.red(), colour.green(), colour.blue()]
        return canvas.finished and not display()._making

    qtbot.waitUntil(settled)
    return np.array(seen)


def one(colour, depth="uint8"):
    return np.full((120, 160, 3), colour, depth)


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_a_monitor_that_swaps_channels_is_given_them_swapped(canvas, shown, qtbot, depth):
    scale = {"uint8": 1, "uint16": 257, "float32": 1 / 255}[depth]
    show(canvas, (one((200, 100, 40), "float64") * scale).astype(depth))
    assert drawn(canvas, qtbot).tolist() == [200, 100, 40]
    shown.show_on(Screen(RED_IS_BLUE))
    assert drawn(canvas, qtbot) == pytest.approx([40, 100, 200], abs=1)
    shown.show_on(Screen())
    assert drawn(canvas, qtbot).tolist() == [200, 100, 40]


def test_a_wide_picture_comes_to_a_wide_monitor_as_it_is(canvas, shown, qtbot):
    wide = known_profile("Adobe_RGB")
    shown.show_on(Screen(wide.icc))
    show(canvas, one((30, 250, 60)), wide)
    assert drawn(canvas, qtbot) == pytest.approx([30, 250, 60], abs=1)


def test_a_monitor_of_tables_is_shown_what_they_say(canvas, shown, qtbot):
    tables, wide = pictures.press_profile(b"RGB "), known_profile("Adobe_RGB")
    pixels = one((200, 120, 90))
    show(canvas, pixels, wide)
    shown.show_on(Screen(tables))
    exact = Screen(tables).seen(pixels[:1, :1] / np.float32(255), wide)[0, 0] * 255
    assert np.abs(exact - [200, 120, 90]).max() > 5
    assert drawn(canvas, qtbot) == pytest.approx(exact, abs=2.5)
    assert canvas.scene.picture._takes_time(0)  # no frame waits for lattices


@pytest.mark.parametrize("monitor", [None, RED_IS_BLUE], ids=["sRGB", "swapped"])
def test_a_print_is_seen_as_both_conversions_make_it(canvas, shown, qtbot, monitor):
    pixels = one((40, 180, 90))
    show(canvas, pixels)
    screen = Screen(monitor, Proof(PRESS, paper_white=True))
    shown.show_on(screen)
    exact = screen.seen(pixels[:1, :1] / np.float32(255), SRGB)[0, 0] * 255
    assert drawn(canvas, qtbot) == pytest.approx(np.clip(exact, 0, 255), abs=1)


def test_what_the_print_has_not_is_marked_and_nothing_else(canvas, shown, qtbot):
    wide = known_profile("ProPhoto_RGB")
    shown.show_on(Screen(None, Proof(PRESS)), gamut=True)
    show(canvas, one((0, 255, 0)), wide)
    assert tuple(drawn(canvas, qtbot)) == _MARK
    show(canvas, one((120, 120, 120)), wide)
    assert tuple(drawn(canvas, qtbot)) != _MARK
    shown.show_on(Screen(None, Proof(PRESS)))
    show(canvas, one((0, 255, 0)), wide)
    assert tuple(drawn(canvas, qtbot)) != _MARK


def test_a_print_is_seen_coarsely_until_it_is_exact(canvas, shown, qtbot, monkeypatch):
    held, exactly = threading.Event(), Look._exactly

    def late(look, colour):
        assert held.wait(180)
        return exactly(look, colour)

    monkeypatch.setattr(Look, "_exactly", late)
    pixels = one((40, 180, 90))
    screen = Screen(None, Proof(PRESS, paper_white=True))
    exact = screen.seen(pixels[:1, :1] / np.float32(255), SRGB)[0, 0] * 255
    show(canvas, pixels)
    shown.show_on(screen)

    def coarse():
        image = canvas.grab().toImage()
        colour = image.pixelColor(image.width() // 2, image.height() // 2)
        return np.abs([colour.red(), colour.green(), colour.blue()] - exact).max() < 6

    try:
        qtbot.waitUntil(coarse)
        assert not canvas.finished
    finally:
        held.set()
    assert drawn(canvas, qtbot) == pytest.approx(exact, abs=1)


def test_what_is_shown_by_tables_is_compiled_for_them(monkeypatch, qtbot):
    asked = []
    monkeypatch.setattr(fused, "kernels_ready", lambda _: False)
    monkeypatch.setattr(fused, "prepare_kernels", lambda _, names: asked.append(names))
    fresh = Display()
    fresh.look(SRGB)
    assert asked == []
    fresh.show_on(Screen(None, Proof(PRESS)))
    with qtbot.waitSignal(fresh.changed, timeout=60_000):
        fresh.look(SRGB)
    qtbot.waitUntil(lambda: asked == [[TONE]], timeout=60_000)


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [3, 4])
def test_rows_of_any_depth_come_to_the_screen_as_all_of_them_do(depth, channels):
    pixels = pictures.noise(70, 150, channels, depth)
    if channels == 4:
        pixels[::2, :, 3] = 1 if depth == "float32" else np.iinfo(depth).max
    before = pixels.copy()
    screen = Screen(None, Proof(PRESS))
    look = Look(SRGB, screen, None, sketched(screen, SRGB), True)
    image = look.image(pixels)
    assert (pixels == before).all()
    whole = to_float(pixels)
    seen = from_float(look.sketch.seen.apply(whole), "uint8")
    seen[look.sketch.missing.apply(whole)[..., 0] > OUT_OF_GAMUT] = _MARK
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    found = np.asarray(image.constBits()).reshape(*pixels.shape[:2], 4)
    solid = found[..., 3] == 255
    assert solid.any()
    assert (found[solid][:, :3] == seen[solid]).all()
    if channels == 4:
        assert (found[..., 3] == from_float(whole[..., 3], "uint8")).all()


def test_a_profile_that_cannot_be_used_is_told_and_colours_stay(canvas, shown, qtbot):
    show(canvas, one((200, 100, 40)))
    with qtbot.waitSignal(shown.failed) as told:
        shown.show_on(Screen(pictures.table_profile()))
        canvas.grab().toImage()
    assert "cannot be converted" in told.args[0]
    assert drawn(canvas, qtbot).tolist() == [200, 100, 40]


# -- the window ------------------------------------------------------------------------------


@pytest.fixture
def window_with(opened, shown):
    yield opened
    settings().remove("screen")


def test_the_menu_switches_the_monitors_profile_and_remembers_it(
    window_with, window, qtbot, monkeypatch, shown
):
    monkeypatch.setattr(module, "monitor_profile", lambda _: RED_IS_BLUE)
    action = window.deeds["monitor"]
    assert action.isChecked()
    window.proofing.show_state()
    assert shown.screen == Screen(RED_IS_BLUE)
    action.trigger()
    assert shown.screen == Screen()
    assert not window.proofing.uses_monitor
    window.deeds["monitor"].trigger()
    assert shown.screen.monitor == RED_IS_BLUE


def test_a_file_counts_instead_of_the_systems_profile(
    window_with, window, tmp_path, monkeypatch, shown
):
    monkeypatch.setattr(module, "monitor_profile", lambda _: RED_IS_BLUE)
    icc = tmp_path / "mine.icc"
    icc.write_bytes(pictures.display_p3_profile())
    window.proofing.take_monitor(str(icc))
    assert shown.screen.monitor == pictures.display_p3_profile()
    bad = tmp_path / "bad.icc"
    bad.write_bytes(b"hello")
    window.proofing.take_monitor(str(bad))
    assert "bad.icc is no colour profile" in window.messages.label.text()
    assert window.proofing.monitor_file == str(icc)
    window.deeds["monitor system"].trigger()
    assert shown.screen.monitor == RED_IS_BLUE


def test_a_print_is_set_up_once_and_switched_then(window_with, window, qtbot, shown):
    status = window.status
    window.deeds["proof"].trigger()
    dialog = window.proofing.dialog
    dialog.controls["profile"].set_value(icc_text(PRESS))
    dialog.controls["paper_white"].set_value(True)
    qtbot.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: shown.screen.proof == Proof(PRESS, paper_white=True))
    assert window.deeds["proof"].isChecked()
    assert status.proof.text() == "Proof: Test profile"
    window.deeds["gamut"].trigger()
    assert shown.gamut
    window.deeds["proof"].trigger()
    assert shown.screen.proof is None
    assert not shown.gamut
    assert not status.proof.isVisible()
    window.deeds["proof"].trigger()
    assert shown.screen.proof is not None


def test_a_print_of_nothing_is_told_what_is_missing(window_with, window, qtbot, shown):
    window.proofing.take({"profile": "", "intent": "relative"})
    assert "Choose the .icc file of a printer first" in window.messages.label.text()
    one_way = icc_text(pictures.table_profile(b"CMYK"))
    chosen = {"intent": "relative", "black_point": True, "paper_white": False}
    window.proofing.take({"profile": one_way, **chosen})
    qtbot.waitUntil(lambda: "cannot be proofed" in window.messages.label.text())
    assert shown.screen == Screen()


_PROBE = """
import sys
from PySide6.QtGui import QGuiApplication
from safelight.gui.screen.monitor_profile import monitor_profile
app = QGuiApplication(["probe"])
found = monitor_profile(app.primaryScreen())
sys.stdout.write(found.hex() if found else "none")
"""


@pytest.mark.skipif(not os.environ.get("SAFELIGHT_TEST_X11"), reason="needs an X server of its own")
@pytest.mark.skipif(sys.platform != "linux", reason="X11 is Linux's")
def test_the_profile_of_an_x11_screen_is_that_of_its_root_window():
    env = os.environ | {"DISPLAY": os.environ["SAFELIGHT_TEST_X11"], "QT_QPA_PLATFORM": "xcb"}

    def probe():
        words = [sys.executable, "-c", _PROBE]
        return subprocess.run(words, env=env, capture_output=True, text=True).stdout

    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XDefaultRootWindow.restype = x11.XInternAtom.restype = ctypes.c_ulong
    server = ctypes.c_void_p(x11.XOpenDisplay(env["DISPLAY"].encode()))
    root = ctypes.c_ulong(x11.XDefaultRootWindow(server))
    atom = ctypes.c_ulong(x11.XInternAtom(server, b"_ICC_PROFILE", 0))
    try:
        x11.XDeleteProperty(server, root, atom)
        x11.XSync(server, 0)
        assert probe() == "none"
        told = RED_IS_BLUE, len(RED_IS_BLUE)
        x11.XChangeProperty(server, root, atom, ctypes.c_ulong(6), 8, 0, *told)  # a CARDINAL
        x11.XSync(server, 0)
        assert probe() == RED_IS_BLUE.hex()
    finally:
        x11.XDeleteProperty(server, root, atom)
        x11.XCloseDisplay(server)
