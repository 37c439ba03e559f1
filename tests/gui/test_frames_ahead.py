"""Frames ahead: what is played was made ready on a thread, and shows the document as it is."""

import threading

import cv2
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from safelight.document import edits
from safelight.files.sequences import frame_readers
from safelight.files.sequences.frame_tiles import FrameStore
from safelight.gui.frames import frames_ahead
from tests.gui.conftest import open_in

COUNT = 12
SIDE = 120


def light(number):
    return 15 + 20 * number


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.png"
    first, *others = [
        Image.fromarray(np.full((SIDE, SIDE, 3), light(number), np.uint8))
        for number in range(COUNT)
    ]
    first.save(path, save_all=True, append_images=others, duration=40)
    return path


@pytest.fixture
def readers(monkeypatch):
    """The threads that frames were decoded on, with the number of each."""
    found = []
    read = FrameStore._read

    def told(self, number):
        found.append((number, threading.current_thread()))
        return read(self, number)

    monkeypatch.setattr(FrameStore, "_read", told)
    return found


@pytest.fixture
def film(window, clip, qtbot):
    """The clip in the window; nothing of it is made ready but what is asked for."""
    workspace = open_in(window, clip, qtbot)
    workspace.frames._resting.stop()
    workspace.frames._resting.setInterval(10**8)
    settled(workspace, qtbot)
    return workspace


def middle(workspace):
    """What the canvas shows in its middle: red, 0 to 255."""
    image = workspace.canvas.grab().toImage()
    return image.pixelColor(image.width() // 2, image.height() // 2).red()


def settled(workspace, qtbot):
    """Let the canvas paint until all of the frame is there."""

    def whole():
        workspace.canvas.grab()
        return workspace.canvas.finished

    qtbot.waitUntil(whole)


def test_no_frame_is_decoded_on_the_windows_thread(window, clip, qtbot, readers):
    workspace = open_in(window, clip, qtbot)
    session, strip = workspace.session, workspace.frames
    settled(workspace, qtbot)
    seen = []
    session.frame_changed.connect(
        lambda: seen.append((session.frame, strip.ahead.is_ready(session.frame)))
    )
    qtbot.mouseClick(strip.play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len({number for number, _ in seen}) > 3)
    played = list(seen)
    strip.pause()
    assert all(ready for _, ready in played)  # none is shown before it is there
    session.look_at_frame(COUNT - 1)
    settled(workspace, qtbot)
    assert middle(workspace) == light(COUNT - 1)
    assert readers
    assert threading.main_thread() not in {thread for _, thread in readers}


def test_frames_are_made_ready_within_the_bytes_there_are(film, qtbot, monkeypatch):
    monkeypatch.setattr(frames_ahead, "MOST", 3 * 4 * SIDE * SIDE)
    ahead = film.frames.ahead
    held = []
    for first in (1, 5, 2):
        ahead.prepare(range(first, COUNT), frames_ahead.MOST)
        qtbot.waitUntil(lambda first=first: ahead.is_ready(first + 2))
        held.append(ahead.held)
        assert not ahead.is_ready(first + 3)
    assert held == [frames_ahead.MOST] * 3
    ahead.forget()
    assert ahead.held == 0


def test_an_edit_leaves_nothing_of_what_was_ready(film, qtbot):
    session, strip = film.session, film.frames
    strip.ahead.prepare([4, 5])
    qtbot.waitUntil(lambda: strip.ahead.is_ready(5))
    shown = session.document_at(5)
    session.do(edits.add_fill_layer(colour="#102030"))
    assert not strip.ahead.is_ready(5)
    assert strip.ahead.picture(5, session.document_at(5)) is None
    session.look_at_frame(5)
    settled(film, qtbot)
    assert middle(film) == 0x10
    session.undo()
    assert session.document_at(5) is not shown
    settled(film, qtbot)
    assert middle(film) == light(5)


def test_another_zoom_is_made_ready_anew(film, qtbot):
    session, strip = film.session, film.frames
    strip.ahead.prepare([4])
    qtbot.waitUntil(lambda: strip.ahead.is_ready(4))
    film.canvas.zoom_to(0.4)
    strip.ahead.prepare([4])
    qtbot.waitUntil(lambda: strip.ahead.is_ready(4))
    session.look_at_frame(4)
    film.canvas.grab()
    assert film.canvas.finished  # all that the first paint looked for was there
    assert middle(film) == light(4)


def test_seeking_while_a_frame_is_decoded_shows_the_frame_that_was_sought(film, qtbot, monkeypatch):
    session, strip = film.session, film.frames
    begun, go_on = threading.Event(), threading.Event()
    read = FrameStore._read

    def slow(self, number):
        if number == 3:
            begun.set()
            assert go_on.wait(60)
        return read(self, number)

    monkeypatch.setattr(FrameStore, "_read", slow)
    strip.ahead.prepare([3, 4])
    qtbot.waitUntil(begun.is_set)
    session.look_at_frame(9)
    film.canvas.grab()
    assert not film.canvas.finished
    go_on.set()
    settled(film, qtbot)
    assert (session.frame, middle(film)) == (9, light(9))
    session.look_at_frame(3)
    settled(film, qtbot)
    assert middle(film) == light(3)


def test_where_each_frame_is_late_some_are_seen_all_the_same(film, qtbot, monkeypatch):
    session, strip = film.session, film.frames
    now = [100.0]
    monkeypatch.setattr("safelight.gui.frames.frame_strip.time.monotonic", lambda: now[0])
    strip.pause()
    qtbot.mouseClick(strip.play, Qt.MouseButton.LeftButton)
    seen = set()
    session.frame_changed.connect(lambda: seen.add(session.frame))

    def later():
        now[0] += 0.09  # more than two frames between two looks
        strip.show_ready()
        return len(seen) > 3

    qtbot.waitUntil(later)
    strip.pause()


def test_a_tab_that_is_closed_while_it_plays_leaves_nothing_behind(film, qtbot):
    ahead = film.frames.ahead
    qtbot.mouseClick(film.frames.play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ahead.held > 0)
    film.close_session()
    assert ahead.held == 0
    assert not film.frames.playing
    for _ in range(5):
        qtbot.wait(10)
    assert ahead.held == 0


def test_a_film_is_gone_through_at_its_place_and_sought_only_backwards(tmp_path):
    path = str(tmp_path / "film.avi")
    written = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    for number in range(COUNT):
        written.write(np.full((48, 64, 3), light(number), np.uint8))
    written.release()
    with open(path, "rb") as file:
        opened = frame_readers.OPENERS[frame_readers.FILM](file, 0, None)
        sought, capture = [], opened._film

        class Watched:
            def __getattr__(self, name):
                return getattr(capture, name)

            def set(self, what, number):
                sought.append(number)
                return capture.set(what, number)

        opened._film = Watched()
        for number in (0, 1, 4, 9, 2, 3):
            pixels = opened.read(number).pixels
            assert abs(int(pixels[20, 30, 0]) - light(number)) <= 3
        assert sought == [2]
