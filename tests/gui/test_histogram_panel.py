"""The histogram: what is counted, what is marked, and that the window does not wait for it."""

import threading

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt

from safelight.document import Document, edits
from safelight.gui.canvas.clipping import HIGHLIGHTS, SHADOWS, marks
from safelight.gui.panels import histogram_panel as module
from safelight.gui.panels.document_glimpse import small
from safelight.gui.panels.histogram_panel import Histogram, tones
from safelight.gui.panels.waveform import COLUMNS, LEVELS, waveform
from safelight.pixels import Profile, Raster
from safelight.pixels.known_profiles import adobe_rgb_profile
from tests.gui.conftest import open_in, photograph


@pytest.fixture
def panel(qtbot):
    panel = Histogram()
    qtbot.addWidget(panel)
    panel.resize(290, 130)
    panel.show()
    return panel


def document(pixels, **more):
    return Document.from_raster(Raster.from_array(pixels.copy()), **more)


def seen(panel):
    image = panel.grab().toImage().convertToFormat(panel.grab().toImage().Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).astype(int)


def test_it_is_drawn_anew_only_where_it_would_look_otherwise(panel, monkeypatch):
    drawn, paint = [], panel._paint
    monkeypatch.setattr(panel, "_paint", lambda painter: (drawn.append(1), paint(painter)))
    panel._show(tones(photograph(30, 40).astype(np.float32) / 255))
    first = seen(panel)
    for _ in range(3):
        panel.repaint()
    assert (seen(panel) == first).all()
    assert len(drawn) == 1
    panel._show(tones(photograph(20, 50).astype(np.float32) / 255))
    panel.repaint()
    panel.go_on()
    panel.repaint()
    panel.resize(280, 120)
    panel.repaint()
    assert len(drawn) == 4
    assert (seen(panel)[:100, :100] != first[:100, :100]).any()


def test_every_pixel_is_counted_once_in_each_channel():
    found = tones(photograph(300, 400).astype(np.float32) / 255)
    assert (found.counts.sum(axis=1) == 300 * 400).all()
    assert found.counts[0, 0] == np.count_nonzero(photograph(300, 400)[..., 0] == 0)


def test_grey_is_as_bright_as_it_is():
    found = tones(np.full((10, 10, 3), 100 / 255, np.float32))
    assert (found.counts[:, 100] == 100).all()


def test_clipping_is_told_by_channel_and_of_any():
    pixels = np.full((10, 10, 3), 0.5, np.float32)
    pixels[0, :, 0] = 1.2  # beyond the range, as wide-gamut light is
    pixels[1, :, 1] = 1
    pixels[2, :5] = -0.1
    found = tones(pixels)
    assert found.highlights == pytest.approx((0.1, 0.1, 0, 0.2))
    assert found.shadows == pytest.approx((0.05, 0.05, 0.05, 0.05))


def test_what_is_transparent_does_not_count():
    pixels = np.zeros((10, 10, 4), np.float32)
    pixels[:3] = (0.5, 0.5, 0.5, 1)
    found = tones(pixels)
    assert found.counts[0].sum() == 30
    assert found.shadows == (0, 0, 0, 0)


def test_an_empty_picture_has_no_tones():
    assert tones(np.zeros((4, 4, 4), np.float32)).counts.sum() == 0


def test_a_large_picture_is_looked_at_from_a_coarse_level():
    found = small(document(photograph(1500, 2001)), 1_000_000)
    assert found.shape == (750, 1001, 3)


def test_tones_are_those_of_the_screen_not_of_the_file():
    profile = Profile.from_icc(adobe_rgb_profile())
    pixels = np.full((20, 20, 3), (120, 160, 90), np.uint8)
    wanted = profile.to_srgb(pixels.astype(np.float32) / 255)[0, 0] * 255
    found = tones(small(document(pixels, profile=profile), 1000))
    assert [int(row.argmax()) for row in found.counts[:3]] == [round(float(x)) for x in wanted]


def test_a_picture_is_counted_on_a_thread(panel, qtbot, monkeypatch):
    threads = []

    def look(document, live):
        threads.append(threading.current_thread())
        return tones(small(document, 1_000_000, live))

    monkeypatch.setattr(module, "_look", look)
    panel.show_picture(document(photograph(300, 400)))
    qtbot.waitUntil(lambda: panel.tones is not None)
    assert threads
    assert threading.main_thread() not in threads


def test_of_many_pictures_in_a_row_the_last_is_shown_and_most_are_left_out(
    panel, qtbot, monkeypatch
):
    looked = []

    def look(document, live):
        looked.append(document)
        return tones(small(document, 1_000_000, live))

    monkeypatch.setattr(module, "_look", look)
    pictures = [document(np.full((20, 20, 3), tone, np.uint8)) for tone in range(50, 90)]
    for picture in pictures:
        panel.show_picture(picture)
    qtbot.waitUntil(lambda: panel.tones is not None and panel.tones.counts[0, 89] == 400)
    assert len(looked) < 5


def test_a_hidden_panel_counts_nothing_until_it_is_shown(qtbot):
    panel = Histogram()
    qtbot.addWidget(panel)
    panel.show_picture(document(photograph(30, 40)))
    qtbot.wait(200)
    assert panel.tones is None
    panel.show()
    qtbot.waitUntil(lambda: panel.tones is not None)


def test_without_a_picture_it_says_so(panel, qtbot):
    empty = seen(panel)
    panel.show_picture(document(photograph(300, 400)))
    qtbot.waitUntil(lambda: panel.tones is not None)
    assert not np.array_equal(seen(panel), empty)
    panel.show_picture(None)
    assert panel.tones is None
    assert np.array_equal(seen(panel), empty)


def test_channels_add_up_where_they_overlap(panel, qtbot):
    pixels = np.random.default_rng(1).integers(40, 120, (200, 200, 3), np.uint8)
    pixels[..., 0] += 60
    panel.show_picture(document(pixels))
    qtbot.waitUntil(lambda: panel.tones is not None)
    row = seen(panel)[115, 11:279]
    red, all_three = row[150 * 268 // 255], row[110 * 268 // 255]
    assert red[0] > red[1] + 50
    assert min(all_three) > 120


def test_a_click_and_the_space_bar_go_on_to_the_logarithmic_scale_and_the_waveform(panel, qtbot):
    panel.show_picture(document(photograph(300, 400)))
    qtbot.waitUntil(lambda: panel.tones is not None)
    looks = [seen(panel)]
    for shown in ("logarithmic", "waveform"):
        qtbot.mouseClick(panel, Qt.MouseButton.LeftButton, pos=QPoint(100, 60))
        assert panel.shown == shown
        qtbot.waitUntil(lambda: panel.shown != "waveform" or panel.tones.columns is not None)
        looks.append(seen(panel))
    assert not any(np.array_equal(looks[i], looks[j]) for i, j in ((0, 1), (0, 2), (1, 2)))
    qtbot.keyClick(panel, Qt.Key.Key_Space)
    assert panel.shown == "linear"
    assert np.array_equal(seen(panel), looks[0])


def test_the_waveform_has_each_tone_in_the_column_where_it_is():
    pixels = np.zeros((40, 512, 3), np.float32)
    pixels[:, 256:] = (1.0, 0.5, 0.0)
    pixels[:10, 256:, 0] = 1.7  # beyond the range: the last tone
    shares = waveform(pixels)
    assert shares.shape == (LEVELS, COLUMNS, 3)
    assert np.allclose(shares.sum(axis=0), 1)
    assert (shares[-1, :128] == 1).all()
    assert (shares[0, 128:, 0] == 1).all()
    assert (shares[LEVELS - 1 - 64, 128:, 1] == 1).all()
    alpha = np.concatenate((pixels, np.zeros((40, 512, 1), np.float32)), axis=2)
    assert waveform(alpha).sum() == 0


def test_the_waveform_is_counted_only_while_it_is_shown(panel, qtbot, monkeypatch):
    counted = []
    monkeypatch.setattr(module, "waveform", lambda pixels: counted.append(1) or waveform(pixels))
    panel.show_picture(document(photograph(30, 40)))
    qtbot.waitUntil(lambda: panel.tones is not None)
    panel.go_on()
    assert not counted
    panel.go_on()
    qtbot.waitUntil(lambda: panel.tones.columns is not None)
    first = panel.tones
    panel.show_picture(document(photograph(40, 30)))
    qtbot.waitUntil(lambda: panel.tones is not first)
    assert len(counted) == 2
    assert panel.tones.columns is not None
    panel.go_on()
    panel.show_picture(document(photograph(20, 30)))
    qtbot.waitUntil(lambda: panel.tones.columns is None)
    assert len(counted) == 2


def test_a_ramp_is_a_rising_line_in_the_waveform(panel, qtbot):
    ramp = np.repeat(np.linspace(0, 255, 400).astype(np.uint8)[None, :, None], 3, axis=2)
    panel.show_picture(document(np.repeat(ramp, 300, axis=0)))
    qtbot.waitUntil(lambda: panel.tones is not None)
    panel.go_on()
    panel.go_on()
    qtbot.waitUntil(lambda: panel.tones.columns is not None)
    look = seen(panel).sum(axis=2)
    inside = look[12:-12, 14:-14]
    rows = inside.argmax(axis=0)
    assert rows[40] > rows[len(rows) // 2] > rows[-40]  # beside the marks of clipping
    middle = inside[:, inside.shape[1] // 2]
    assert middle.max() > 2 * np.median(middle)


def test_clipped_highlights_light_a_corner_and_are_told(panel, qtbot):
    pixels = np.full((100, 100, 3), 120, np.uint8)
    pixels[:5, :, 0] = 255
    panel.show_picture(document(pixels))
    qtbot.waitUntil(lambda: panel.tones is not None)
    corner = seen(panel)[14, 272]
    assert corner[0] > corner[2] + 100
    assert "Highlights: 5.00 % of the picture is clipped (red 5.00 %)." in panel.toolTip()
    assert "Shadows: nothing is clipped." in panel.toolTip()


def test_what_is_clipped_is_marked_on_the_picture_by_a_click_on_a_corner(window, tmp_path, qtbot):
    pixels = np.full((200, 300, 3), 128, np.uint8)
    pixels[:50, :60] = (255, 140, 120)
    pixels[150:, 240:] = (0, 30, 20)
    path = tmp_path / "clipped.png"
    Image.fromarray(pixels).save(path)
    workspace = open_in(window, path, qtbot)
    workspace.show_panel(Histogram)
    panel, canvas = workspace.panel(Histogram), workspace.canvas

    def frame():
        qtbot.waitUntil(lambda: canvas.grab().toImage() and canvas.finished, timeout=30000)
        return canvas.grab().toImage()

    def colour(x, y):
        place = canvas.view.to_widget(x, y, canvas.room())
        return frame().pixelColor(*map(round, place)).getRgb()[:3]

    plain = [colour(20, 20), colour(280, 180), colour(150, 100)]
    qtbot.mouseClick(panel, Qt.MouseButton.LeftButton, pos=QPoint(panel.width() - 16, 14))
    assert canvas.show_clipping
    assert window.deeds["clipping"].isChecked()
    assert panel.shown == "linear"
    qtbot.waitUntil(lambda: colour(20, 20) == (230, 50, 30), timeout=30000)
    assert colour(280, 180) == (44, 92, 255)
    assert colour(150, 100) == plain[2]
    canvas.show_before(True)
    assert colour(20, 20) == plain[0]
    canvas.show_before(False)
    qtbot.mouseClick(panel, Qt.MouseButton.LeftButton, pos=QPoint(16, 14))
    assert [colour(20, 20), colour(280, 180), colour(150, 100)] == plain


def test_marks_of_clipping_follow_what_is_done_to_the_picture(window, tmp_path, qtbot):
    path = tmp_path / "light.png"
    Image.fromarray(np.full((200, 300, 3), 200, np.uint8)).save(path)
    workspace = open_in(window, path, qtbot)
    canvas, session = workspace.canvas, workspace.session
    canvas.show_clipping = True
    qtbot.waitUntil(lambda: canvas.grab().toImage() and canvas.finished, timeout=30000)
    place = [round(side / 2) for side in canvas.room()]
    assert canvas.grab().toImage().pixelColor(*place).red() == 200
    layer = session.document.layers[0].id
    white = Raster.filled(300, 200, (255, 255, 255), "uint8")
    session.do(edits.set_pixels(layer, white))
    red = (230, 50, 30)
    qtbot.waitUntil(
        lambda: canvas.grab().toImage().pixelColor(*place).getRgb()[:3] == red, timeout=30000
    )


def test_clipping_is_marked_in_any_channel_and_never_where_nothing_is_seen():
    pixels = np.full((1, 5, 4), 0.5, np.float32)
    pixels[..., 3] = 1
    pixels[0, 1, 0], pixels[0, 2, 2] = 1.3, -0.2
    pixels[0, 3] = (0, 0.5, 1, 1)
    pixels[0, 4] = (1, 1, 1, 0)
    assert marks(pixels)[0].tolist() == [0, HIGHLIGHTS, SHADOWS, HIGHLIGHTS, 0]
