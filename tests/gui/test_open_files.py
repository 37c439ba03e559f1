"""Opening files: one that takes a while says how far it is, and can be stopped."""

import threading

import numpy as np
import pytest

from safelight import actions
from safelight.document import Document, History
from safelight.gui.folder.open_ahead import Ahead
from safelight.gui.open_and_save import loaded_files, open_files
from safelight.gui.open_and_save.loaded_files import Loaded
from safelight.gui.threads.told_progress import ToldProgress
from safelight.pixels import Raster
from tests.gui.conftest import open_in, png


@pytest.fixture
def held(monkeypatch):
    """Have files stay half open until this is set."""
    event, real = threading.Event(), actions.open_picture

    def slow(path, *, hear, **told):
        hear(0.5)
        assert event.wait(120)
        hear(0.75)
        return real(path, hear=hear, **told)

    monkeypatch.setattr(actions, "open_picture", slow)
    yield event
    event.set()


def test_how_far_a_file_is_shows_until_it_is_open(window, photo, qtbot, held):
    strip = window.coming
    window.open(photo)
    qtbot.waitUntil(strip.isVisible)
    assert strip.title.text() == "Opening photo.png"
    assert strip.bar.value() == 500
    assert strip.left.text() == "50 %"
    held.set()
    qtbot.waitUntil(lambda: window.tabs.count() == 1)
    assert not strip.isVisible()
    assert not window.opening.coming


def test_a_file_that_is_stopped_comes_into_no_tab_and_a_line_says_so(window, photo, qtbot, held):
    ended = []
    window.opening.open(photo, ended.append)
    qtbot.waitUntil(window.coming.isVisible)
    window.coming.cancel.click()
    assert window.coming.left.text() == "Stopping…"
    held.set()
    qtbot.waitUntil(lambda: bool(ended))
    assert ended == [None]
    assert window.opening.count == 0
    assert window.tabs.count() == 0
    assert not window.coming.isVisible()
    assert window.line.text() == "photo.png was not opened: you stopped it."
    assert not window.messages.open


def test_of_several_the_first_is_shown_and_stopped_and_the_next_can_be_too(
    window, photo, qtbot, held, tmp_path
):
    other = tmp_path / "other.png"
    other.write_bytes(png(300, 400))
    window.open(photo)
    window.open(other)
    qtbot.waitUntil(lambda: len(window.opening.coming) == 2)
    qtbot.waitUntil(lambda: "1 more to do" in window.coming.title.text())
    assert window.coming.title.text().startswith("Opening photo.png")
    window.coming.cancel.click()
    assert not window.coming.cancel.isEnabled()
    first = window.opening.coming[0]
    del window.opening._coming[first]  # as if it had ended: the other is still held
    window.opening.further.emit()
    assert window.coming.title.text() == "Opening other.png"
    assert window.coming.cancel.isEnabled()
    window.opening._coming[first] = True
    held.set()
    qtbot.waitUntil(lambda: window.opening.count == 0 and window.tabs.count() == 1)
    assert window.workspace().title.startswith("other.png")


def opened_ahead(path, opens, monkeypatch):
    """A photograph is opened ahead, by a function in the place of the one that does."""
    monkeypatch.setattr(loaded_files, "open_for_the_screen", opens)
    monkeypatch.setattr(loaded_files, "draft_of", lambda path: None)

    class BackEnd:
        importers = ()

    ahead = Ahead(BackEnd())
    ahead.prepare(path, 12)
    return ahead


def test_a_file_that_opens_at_once_shows_no_progress(window, photo, qtbot, monkeypatch):
    shown = []
    monkeypatch.setattr(open_files, "_PAUSE", 3_600_000)
    monkeypatch.setattr(window.coming, "show_run", lambda run, waiting=0: shown.append(run))
    open_in(window, photo, qtbot)
    assert set(shown) <= {None}


def test_who_waits_for_what_is_opened_ahead_hears_how_far_it_is(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(png(30, 40))
    go_on = threading.Event()
    raster = Raster.from_array(np.zeros((3, 4, 3), np.uint8))
    loaded = Loaded(History.start(Document.from_raster(raster)))

    def slow(path, importers, *, developed, hear):
        hear(0.25)
        assert go_on.wait(120)
        return loaded

    ahead = opened_ahead(path, slow, monkeypatch)
    heard = []

    def hear(done):
        heard.append(done)
        go_on.set()

    assert ahead.take(path, hear) is loaded
    assert heard[0] == 0.25


def test_what_is_opened_ahead_goes_no_further_once_nobody_waits_for_it(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(png(30, 40))
    ended, forgotten, begun = threading.Event(), threading.Event(), threading.Event()

    def slow(path, importers, *, developed, hear):
        hear(0.25)
        begun.set()
        assert forgotten.wait(120)
        try:
            hear(0.5)
        except actions.Cancelled:
            ended.set()
            raise

    ahead = opened_ahead(path, slow, monkeypatch)
    assert begun.wait(120)
    ahead.forget()
    forgotten.set()
    assert ended.wait(120)


def test_nothing_is_heard_of_what_has_ended(qtbot, window):
    heard = []
    told = ToldProgress(window, "Opening", lambda: heard.append(1))
    told.hear(0.5)
    told.end()
    told.hear(0.75)
    qtbot.wait(20)
    assert heard == []
