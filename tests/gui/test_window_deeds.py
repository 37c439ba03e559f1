"""The window: opening, filtering, undoing, closing, as a person does it."""

import functools
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QScreen
from PySide6.QtWidgets import QApplication, QLabel

from safelight import actions, gui
from safelight.document import DECLARED, Document, Layer, whole
from safelight.files.exports.openraster_export import export_openraster
from safelight.gui import welcome
from safelight.gui.deeds import command_deeds
from safelight.gui.deeds.filter_deeds import of_recent
from safelight.gui.open_and_save import samples_and_recent_files
from safelight.gui.panels import HistoryList
from safelight.gui.window import Window
from safelight.pixels import Raster
from tests.gui.conftest import answer, choose, open_in, photograph, settle, wake
from tests.plugins.installed_module import install


def pixels_of(workspace):
    session = workspace.session
    return whole(session.document, session.studio.live).to_array()


def apply(window, name, qtbot, settings=None):
    """Open a filter's panel, set it, click Apply, wait for the end."""
    panel = choose(window, name)
    if settings:
        panel.set_settings(panel.settings() | settings)
    qtbot.mouseClick(panel.apply, Qt.MouseButton.LeftButton)
    session = window.workspace().session
    qtbot.waitUntil(lambda: session.job is None and not session.busy, timeout=60000)


def painted(canvas, qtbot):
    """The canvas as it is when nothing is missing any more."""
    canvas.repaint()
    qtbot.waitUntil(lambda: canvas.finished, timeout=20000)
    return canvas.grab().toImage()


def test_an_empty_window_offers_samples_and_one_click_opens_one(window, qtbot):
    if not samples_and_recent_files.sample_photographs():
        pytest.skip("no samples here")
    qtbot.waitUntil(lambda: bool(window.welcome.samples), timeout=10000)
    assert window.welcome.isVisible()
    qtbot.mouseClick(window.welcome.samples[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.workspace() is not None, timeout=20000)
    assert not window.welcome.isVisible()


def test_samples_are_decoded_once_nothing_is_open_nor_about_to_be(photo, qtbot, monkeypatch):
    asked = []
    monkeypatch.setattr(welcome, "_thumbnails", lambda: asked.append(1) or [])
    window = Window()
    window.take(photo)
    wake(window, qtbot)
    qtbot.waitUntil(lambda: window.tabs.count() == 1)
    assert not asked
    window.close_tab(0)
    qtbot.waitUntil(lambda: bool(asked))
    window.show_state()
    open_in(window, photo, qtbot)
    window.close_tab(0)
    assert asked == [1]


@pytest.mark.parametrize(("width", "rows"), [(640, 2), (1280, 1)])
def test_nothing_moves_when_samples_come_and_all_are_in_sight(qtbot, monkeypatch, width, rows):
    image = QImage(372, 248, QImage.Format.Format_RGB32)
    monkeypatch.setattr(welcome, "_thumbnails", lambda: [(Path("a-hill.jpg"), image)] * 4)
    page = welcome.Welcome()
    qtbot.addWidget(page)
    page.resize(width, 700)
    page.show()
    QApplication.processEvents()
    before = page.open.geometry()
    page.show_samples()
    qtbot.waitUntil(lambda: len(page.samples) == 4)
    QApplication.processEvents()
    assert page.open.geometry() == before
    assert len({sample.y() for sample in page.samples}) == rows
    assert all(sample.visibleRegion().boundingRect() == sample.rect() for sample in page.samples)


def test_a_photograph_that_cannot_be_opened_leaves_samples_to_try(tmp_path, qtbot, monkeypatch):
    asked = []
    monkeypatch.setattr(welcome, "_thumbnails", lambda: asked.append(1) or [])
    window = Window()
    window.take(tmp_path / "missing.png")
    assert window.welcome.title.text() == "Opening…"
    wake(window, qtbot)
    qtbot.waitUntil(lambda: bool(asked))
    assert window.welcome.title.text() == "Open a photograph"


def test_an_opened_photograph_is_shown_and_described(opened, window):
    assert window.windowTitle() == "photo.png — Safelight"
    assert window.status.size_label.text() == "400 × 300 px (0.1 MP)"
    assert window.status.depth_label.text() == "8-bit"
    assert window.status.profile.text() == "sRGB (untagged)"
    assert window.sight.zoom.currentText() == "100 %"
    assert np.array_equal(pixels_of(opened), photograph(300, 400))


def test_a_file_dropped_on_the_window_is_opened(window, photo, qtbot):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(photo)), QUrl("https://example.org/a.jpg")])
    hand = (data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, *hand)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, *hand))
    qtbot.waitUntil(lambda: window.tabs.count() == 1, timeout=20000)
    qtbot.wait(100)
    assert window.tabs.count() == 1


def test_recent_files_are_remembered_and_missing_ones_forgotten(window, tmp_path, qtbot):
    paths = []
    for number in range(3):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(photograph(20, 30)).save(paths[-1])
        open_in(window, paths[-1], qtbot)
    assert samples_and_recent_files.recent_files() == paths[::-1]
    paths[1].unlink()
    assert samples_and_recent_files.recent_files() == [paths[2], paths[0]]
    window.deeds.replace("recent", of_recent(window.context))
    (menu,) = [x.menu() for x in window.menus.of["File"].actions() if x.text() == "Open &recent"]
    assert [action.text() for action in menu.actions()[:2]] == ["2.png", "0.png"]


def test_several_photographs_are_tabs(window, photo, qtbot):
    open_in(window, photo, qtbot)
    open_in(window, photo, qtbot)
    assert window.tabs.count() == 2
    window.close_tab(0)
    assert window.tabs.count() == 1
    window.close_tab(0)
    assert window.welcome.isVisible()


def test_a_file_that_is_no_picture_is_a_sentence(opened, window, tmp_path, qtbot):
    path = tmp_path / "letter.jpg"
    path.write_text("Dear Sir or Madam")
    window.open(path)
    qtbot.waitUntil(window.messages.isVisible, timeout=20000)
    assert "letter.jpg" in window.messages.label.text()
    assert window.messages.label.textFormat() == Qt.TextFormat.PlainText
    assert not opened.messages.isVisible()  # it is not about the photograph in front


def test_the_menu_lists_the_filters_by_category(opened, window):
    categories = {
        menu.text().replace("&", ""): menu.menu() for menu in window.menus.of["Filters"].actions()
    }
    assert {"Blur", "Colour", "Size"} <= set(categories)
    assert [action.text() for action in categories["Size"].actions()] == ["Enlarge…"]
    categories["Size"].actions()[0].trigger()
    assert opened.filters.tried.declaration.name == "enlarge"


def test_a_preview_appears_and_leaves_the_document_alone(opened, window, qtbot):
    before = opened.session.document
    choose(window, "enlarge")
    session = opened.session
    qtbot.waitUntil(
        lambda: session.overlay is not None and session.previews.run is None, timeout=30000
    )
    ((place, picture),) = session.overlay.pieces
    assert (picture.width, picture.height) == (800, 600)
    assert not session.overlay.running
    assert session.document is before
    opened.filters.close_tried()
    assert session.overlay is None


def test_a_cheap_filter_is_tried_on_all_that_is_seen(opened, window, qtbot):
    before = opened.session.document
    centre = QPoint(opened.canvas.width() // 2, opened.canvas.height() // 2)
    panel = choose(window, "warmth")
    panel.set_settings({"amount": 1.0})
    qtbot.waitUntil(lambda: opened.session.previews.trial is not None, timeout=30000)
    qtbot.waitUntil(
        lambda: painted(opened.canvas, qtbot).pixelColor(centre).blue() == 0, timeout=30000
    )
    assert opened.session.document is before
    opened.filters.close_tried()
    assert painted(opened.canvas, qtbot).pixelColor(centre).blue() > 50


def test_an_applied_filter_stays_editable(opened, window, qtbot):
    apply(window, "warmth", qtbot, {"amount": 1.0})
    session, panel = opened.session, opened.filters.held
    assert session.layer.filter.settings["amount"] == 1.0
    assert panel.declaration.name == "warmth"
    slider = panel.controls[0].slider
    slider.sliderPressed.emit()
    for amount in (0.25, 0.1, -0.2):
        slider.setValue(panel.controls[0]._position(amount))
    slider.sliderReleased.emit()
    assert session.layer.filter.settings["amount"] == pytest.approx(-0.2, abs=0.01)
    assert [step.label for step in session.history.steps] == [
        "Open",
        "Warmth",
        "Warmth: Amount",
    ]
    session.undo()
    assert session.layer.filter.settings["amount"] == 1.0
    assert opened.filters.held.controls[0].value() == 1.0


def test_the_strip_changes_how_a_filter_shows_and_runs_nothing(opened, window, qtbot):
    apply(window, "warmth", qtbot, {"amount": 1.0})
    before = pixels_of(opened)
    strip = opened.filters.held.strip
    opened.layers.opacity.setValue(0)
    assert opened.session.layer.opacity == 0
    assert not np.array_equal(pixels_of(opened), before)
    qtbot.mouseClick(strip.channels.buttons[1], Qt.MouseButton.LeftButton)
    assert opened.session.layer.filter.channels == "luminance"
    assert opened.session.job is None


def test_apply_undo_redo_and_jump(opened, window, qtbot):
    before = pixels_of(opened)
    apply(window, "warmth", qtbot, {"amount": 1.0})
    after = pixels_of(opened)
    assert (after[..., 2] == 0).all()
    assert opened.title == "photo.png *"
    assert opened.panel(HistoryList).list.count() == 2
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert np.array_equal(pixels_of(opened), before)
    assert opened.title == "photo.png"
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window, Qt.Key.Key_Z, both)
    assert np.array_equal(pixels_of(opened), after)
    history = opened.panel(HistoryList)
    opened.show_panel(HistoryList)
    item = history.list.visualItemRect(history.list.item(0))
    qtbot.mouseClick(history.list.viewport(), Qt.MouseButton.LeftButton, pos=item.center())
    assert np.array_equal(pixels_of(opened), before)


def test_enlarging_changes_size_and_status_and_can_be_undone(opened, window, qtbot):
    apply(window, "enlarge", qtbot, {"factor": 2})
    assert window.status.size_label.text() == "800 × 600 px (0.5 MP)"
    said = opened.line.text()
    assert re.match(r"Shrunk back to the size it had, the picture matches .* \d\d\.\d dB: ", said)
    assert opened.line.isVisible()
    assert not opened.messages.isVisible()
    opened.session.undo()
    assert window.status.size_label.text() == "400 × 300 px (0.1 MP)"


def test_the_before_key_shows_the_photograph_as_it_was(opened, window, qtbot):
    apply(window, "warmth", qtbot, {"amount": 1.0})
    centre = QPoint(opened.canvas.width() // 2, opened.canvas.height() // 2)
    after = painted(opened.canvas, qtbot).pixelColor(centre)
    qtbot.keyPress(opened.canvas, Qt.Key.Key_Backslash)
    held = painted(opened.canvas, qtbot).pixelColor(centre)
    qtbot.keyRelease(opened.canvas, Qt.Key.Key_Backslash)
    again = painted(opened.canvas, qtbot).pixelColor(centre)
    assert after == again
    assert after.blue() == 0
    assert held.blue() > 50


def test_while_a_job_runs_another_has_to_wait_and_says_why(opened, window, qtbot, tmp_path):
    large = tmp_path / "large.png"
    Image.fromarray(photograph(1500, 1500)).save(large)
    workspace = open_in(window, large, qtbot)
    panel = choose(window, "enlarge")
    panel.set_settings(panel.declaration.settings({"factor": 4}))
    qtbot.mouseClick(panel.apply, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.session.job is not None, timeout=5000)
    assert workspace.strip.isVisible()
    panel = choose(window, "warmth")
    assert not panel.apply.isEnabled()
    assert "Enlarge is running" in panel.apply.toolTip()
    qtbot.mouseClick(workspace.strip.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.session.job is None, timeout=20000)
    assert not workspace.strip.isVisible()
    assert workspace.session.history.position == 0


def test_closing_with_edits_asks_first(opened, window, qtbot):
    apply(window, "warmth", qtbot)
    answer("Cancel")
    window.close_tab(0)
    assert window.tabs.count() == 1
    answer("Close anyway")
    window.close_tab(0)
    assert window.tabs.count() == 0


def test_the_command_search_finds_filters_and_actions(opened, window, qtbot):
    window.deeds["search"].trigger()
    dialog = QApplication.activeModalWidget()
    qtbot.keyClicks(dialog.line, "enlarge")
    assert dialog.list.count() == 1
    qtbot.keyClick(dialog.line, Qt.Key.Key_Return)
    assert opened.filters.tried.declaration.name == "enlarge"


def test_a_search_that_finds_nothing_says_so_and_runs_nothing(opened, window, qtbot):
    window.deeds["search"].trigger()
    dialog = QApplication.activeModalWidget()
    qtbot.keyClicks(dialog.line, "marmalade")
    assert [dialog.list.item(0).text()] == ["Nothing is called that."]
    qtbot.keyClick(dialog.line, Qt.Key.Key_Return)
    assert dialog.isVisible()
    qtbot.keyClick(dialog.line, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_a_filter_that_crashes_is_a_message_and_the_window_lives(
    tmp_path, photo, qtbot, monkeypatch
):
    folder = install(tmp_path, "safelight_faults")
    studio = functools.partial(actions.Studio, plugin_folders=[folder])
    monkeypatch.setattr(actions, "Studio", studio)
    window = wake(Window(), qtbot)
    workspace = open_in(window, photo, qtbot)
    before = pixels_of(workspace)
    panel = choose(window, "abort")
    panel.preview.setChecked(False)
    apply(window, "abort", qtbot)
    assert workspace.messages.isVisible()
    text = workspace.messages.label.text()
    assert text == "Abort (safelight-faults) crashed (SIGABRT)."
    assert np.array_equal(pixels_of(workspace), before)
    choose(window, "warmth")
    assert not workspace.messages.isVisible()
    apply(window, "warmth", qtbot, {"amount": 1.0})
    assert (pixels_of(workspace)[..., 2] == 0).all()


def test_a_display_is_looked_for_before_qt_is_asked(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert "no display" in gui.why_no_window()
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(gui, "_missing_library", lambda path: "")
    assert gui.why_no_window() == ""


@pytest.mark.parametrize(
    ("library", "package"),
    [("libxcb-cursor.so.0", "libxcb-cursor0"), ("libEGL.so.1", "libegl1")],
)
def test_a_library_that_qt_lacks_is_named_with_its_package(monkeypatch, library, package):
    def refuse(path):
        raise OSError(f"{library}: cannot open shared object file: No such file or directory")

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    monkeypatch.setattr(gui.ctypes, "CDLL", refuse)
    assert library in gui.why_no_window()
    assert gui.why_no_window().endswith(f"apt install {package}")


def test_a_plugin_named_at_the_start_is_offered_as_soon_as_the_filters_are_there(qtbot, tmp_path):
    window = Window()
    window.take(tmp_path / "candlelight.whl")
    assert window.installing.dialog is None
    wake(window, qtbot)
    dialog = window.installing.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: "There is no file candlelight.whl" in shown(dialog), timeout=30_000)
    dialog.close()


def shown(dialog):
    return " ".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


def test_keys_that_are_pressed_before_the_plugins_are_known_are_heard_then(qtbot):
    window = Window()
    qtbot.addWidget(window, before_close_func=settle)
    window.show()
    window.activateWindow()
    qtbot.keyClick(
        window, "P", Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert not window.ready
    assert window.installing.dialog is None
    qtbot.waitUntil(lambda: window.installing.dialog is not None)
    assert window.ready


def test_python_changes_threads_often_enough_for_painting(window):
    assert sys.getswitchinterval() < 0.001


def test_openraster_opens_with_its_layers(window, qtbot, tmp_path):
    path = tmp_path / "layers.ora"
    layers = (
        Layer("Ground", Raster.from_array(photograph(30, 40))),
        Layer("Top", Raster.from_array(photograph(30, 40)), opacity=0.5),
    )
    export_openraster(Document(40, 30, "uint8", layers), path)
    workspace = open_in(window, path, qtbot)
    assert [layer.name for layer in workspace.session.document.layers] == ["Ground", "Top"]


def test_a_window_is_no_larger_than_the_screen_it_opens_on(qtbot, monkeypatch):
    monkeypatch.setattr(QScreen, "availableSize", lambda _: QSize(1366, 740))
    window = Window()
    qtbot.addWidget(window)
    assert window.width() == 1280
    assert window.height() <= 740 - 28  # a title bar has to be seen, too


def test_effects_begin_as_large_beside_a_large_picture_as_beside_a_small_one():
    def begun(width, height):
        document = Document.from_raster(Raster.filled(width, height, (9, 9, 9), "uint8"))
        return command_deeds.suiting(DECLARED["drop_shadow"], document)

    assert begun(1600, 1200) == {}
    assert begun(6400, 4800) == {"size": 80.0, "distance": 60.0}
    assert begun(400, 300) == {}
    large = Document.from_raster(Raster.filled(6400, 4800, (9, 9, 9), "uint8"))
    assert command_deeds.suiting(DECLARED["grow_selection"], large) == {}
