"""The window around the picture: hidden, on all of the screen, remembered, and never in motion."""

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from safelight.document import Edit
from safelight.gui.command_search import CommandSearch
from safelight.gui.open_and_save.samples_and_recent_files import settings
from safelight.gui.window import Window
from safelight.gui.window_state import forget_layout
from tests.gui.conftest import PATIENCE, choose, open_in, settle, wake

ESCAPE, TAB = Qt.Key.Key_Escape, Qt.Key.Key_Tab


def around(workspace):
    return [workspace.sidebar, workspace.column, workspace.options]


def test_tab_over_the_picture_hides_the_panels_and_brings_them_back(opened, qtbot):
    opened.canvas.setFocus()
    qtbot.keyClick(opened.canvas, TAB)
    assert not any(part.isVisible() for part in around(opened))
    assert opened.canvas.hasFocus()
    qtbot.keyClick(opened.canvas, TAB)
    assert all(part.isVisible() for part in around(opened))


def test_tab_in_a_field_goes_on_to_the_next_one(opened, qtbot):
    field = opened.filters.home.row_of("safelight_adjust.light").controls["contrast"].field
    field.setFocus()
    qtbot.keyClick(field, TAB)
    assert all(part.isVisible() for part in around(opened))
    assert not field.hasFocus()
    opened.filters.list_all()
    qtbot.keyClick(opened.filters.offered.search, TAB)
    assert all(part.isVisible() for part in around(opened))


def test_f_goes_from_the_window_to_the_picture_alone_and_back(window, opened):
    full, key = window.full_screen, window.deeds["full screen"]
    assert key.shortcut().toString() == "F"
    key.trigger()
    assert window.isFullScreen()
    assert all(part.isVisible() for part in around(opened))
    key.trigger()
    assert window.isFullScreen()
    assert not any(part.isVisible() for part in [*around(opened), window.status])
    assert window.menuBar().height() == 0
    key.trigger()
    assert full.stage == 0
    assert not window.isFullScreen()
    assert all(part.isVisible() for part in [*around(opened), window.status])


def test_escape_leaves_the_full_screen(window, opened, qtbot):
    for stage in (1, 2):
        for _ in range(stage):
            window.deeds["full screen"].trigger()
        opened.canvas.setFocus()
        qtbot.keyClick(opened.canvas, ESCAPE)
        assert not window.isFullScreen()
        assert all(part.isVisible() for part in around(opened))


def test_with_the_picture_alone_keys_still_ask_for_what_is_in_the_menus(window, opened, qtbot):
    for _ in range(2):
        window.deeds["full screen"].trigger()
    qtbot.keyClick(opened.canvas, Qt.Key.Key_B)
    assert opened.canvas.tool.id == "brush"


def test_the_next_start_begins_as_this_one_ended(window, opened, photo, qtbot):
    window.resize(1100, 700)
    opened.canvas.take("brush")
    opened.sidebar.show_tab("History")
    opened.splitter.setSizes([600, 340])
    width = opened.splitter.sizes()[1]
    settle(window)
    window.close()
    again = Window()
    assert (again.width(), again.height()) <= (1100, 700)
    assert int(settings().value("window/width")) == 1100
    workspace = open_in(wake(again, qtbot), photo, qtbot)
    assert workspace.canvas.tool.id == "brush"
    assert workspace.sidebar.title == "History"
    assert workspace.splitter.sizes()[1] == pytest.approx(width, abs=30)


def test_crop_is_not_in_hand_when_a_photograph_is_opened(window, opened, photo, qtbot):
    opened.canvas.take("crop")
    opened.remember()
    assert open_in(window, photo, qtbot).canvas.tool.id == "hand"
    forget_layout()


def test_what_was_remembered_may_be_nonsense(window, photo, qtbot):
    for key, value in (("tool", "trowel"), ("tab", "Nowhere"), ("panels", "x"), ("width", "-7")):
        settings().setValue(f"window/{key}", value)
    workspace = open_in(wake(Window(), qtbot), photo, qtbot)
    assert workspace.canvas.tool.id == "hand"
    assert workspace.sidebar.title == "Adjust"


def test_the_search_box_opens_the_search_over_itself(window, opened, qtbot):
    box = window.search_box
    assert box.isVisible()
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton)
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, CommandSearch)
    assert dialog.geometry().contains(box.mapToGlobal(box.rect().center()))
    for words, title in (
        ("bw", "Black and white"),
        ("upscale", "Enlarge"),
        ("brightness", "Brightness and contrast"),
    ):
        dialog.line.setText(words)
        assert title in dialog.list.item(0).text()
    dialog.reject()


def test_what_runs_moves_nothing(opened):
    class Running:
        title, done, said = "Something", 0.5, "50 %, about 3 s left"

    before = opened.canvas.geometry(), opened.sidebar.geometry()
    opened.strip.show_run(Running())
    QApplication.processEvents()
    assert opened.strip.isVisible()
    assert (opened.canvas.geometry(), opened.sidebar.geometry()) == before
    opened.strip.show_run(None)


def test_what_takes_its_time_is_said_to_be_under_way(opened, qtbot):
    session, strip, go_on = opened.session, opened.strip, threading.Event()

    def slow(document):
        go_on.wait(180)
        return document

    session.do(replace(Edit("Resize", slow), renders=lambda document, live: slow(document)))
    assert session.busy == "Resize"
    qtbot.waitUntil(strip.isVisible, timeout=PATIENCE)
    assert strip.title.text() == "Resize"
    assert not strip.cancel.isVisible()  # it cannot be stopped
    go_on.set()
    qtbot.waitUntil(lambda: not strip.isVisible(), timeout=PATIENCE)
    assert not session.busy


def test_a_tone_that_is_seen_is_applied_at_once(window, opened, qtbot, monkeypatch):
    session = opened.session
    panel = choose(window, "warmth")
    qtbot.waitUntil(lambda: session.previews.trial is not None, timeout=PATIENCE)
    shown = session.previews.trial
    monkeypatch.setattr(session.studio, "is_cheap", lambda *_: pytest.fail("asked again"))
    panel.apply.click()
    assert [layer.name for layer in session.document.layers] == ["Background", "Warmth"]
    assert session.document.layers[1].filter == shown.layers[1].filter
    assert session.previews.trial is None


def test_the_preview_is_seen_until_the_layer_is_there(window, opened, qtbot, monkeypatch):
    session, go_on = opened.session, threading.Event()
    panel = choose(window, "warmth")
    qtbot.waitUntil(lambda: session.previews.trial is not None, timeout=PATIENCE)
    session.previews._tried = None  # as where it is not known how it is applied
    known = session.studio.is_cheap
    monkeypatch.setattr(session.studio, "is_cheap", lambda *told: go_on.wait(180) and known(*told))
    panel.apply.click()
    assert session.busy
    assert opened.filters.tried is None
    assert session.previews.trial is not None
    go_on.set()
    qtbot.waitUntil(lambda: len(session.document.layers) == 2, timeout=PATIENCE)
    assert session.previews.trial is None


def test_apply_takes_what_the_preview_has_computed(window, opened, qtbot):
    session = opened.session
    panel = choose(window, "enlarge")
    qtbot.waitUntil(lambda: session.previews.exact(panel.declaration, panel.settings()) is not None)
    started = []
    session.jobs._start = lambda *given: started.append(given)
    qtbot.mouseClick(panel.apply, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: (session.document.width, session.document.height) == (800, 600))
    assert not started
    assert session.history.steps[-1].record.kind == "filter"


def test_apply_computes_anew_where_the_preview_is_of_something_else(window, opened, qtbot):
    session = opened.session
    panel = choose(window, "enlarge")
    declaration, given = panel.declaration, panel.settings()
    qtbot.waitUntil(lambda: session.previews.exact(declaration, given) is not None)
    assert session.previews.exact(declaration, {**given, "factor": 3}) is None
    from safelight.document import edits

    session.do(edits.flip())
    assert session.previews.exact(declaration, given) is None
