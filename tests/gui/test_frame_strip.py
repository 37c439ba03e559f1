"""Frame strip: a sequence opens in the window, is gone through, played, edited and exported."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog

from safelight.document import edits, frames
from safelight.document.frames import Frames
from safelight.gui import open_and_export_frames
from tests.gui.conftest import open_in

LIGHT = (40, 80, 120, 160, 200)


@pytest.fixture
def lapse(tmp_path):
    path = tmp_path / "lapse.gif"
    first, *others = [Image.fromarray(np.full((60, 80, 3), light, np.uint8)) for light in LIGHT]
    first.save(path, save_all=True, append_images=others, duration=30)
    return path


def seen(workspace):
    """What the canvas is given to show, in the middle."""
    document = workspace.canvas.scene.picture.document
    (layer,) = document.picture.layers[:1]
    return int(layer.raster.to_array()[30, 40, 0])


def test_a_sequence_is_gone_through_and_edited_as_one(window, lapse, qtbot):
    workspace = open_in(window, lapse, qtbot)
    session, strip = workspace.session, workspace.frames
    assert strip.isVisibleTo(workspace)
    assert strip.told.text() == "1 of 5 · 30 ms"
    qtbot.mouseClick(strip.on, Qt.MouseButton.LeftButton)
    assert (session.frame, seen(workspace)) == (1, 80)
    end = QPoint(strip.slider.width() - 3, strip.slider.height() // 2)
    qtbot.mouseClick(strip.slider, Qt.MouseButton.LeftButton, pos=end)
    assert (session.frame, seen(workspace)) == (4, 200)
    assert not session.files.unsaved  # to look is no edit
    assert not session.history.can_undo
    session.do(edits.add_fill_layer(colour="#102030"))
    assert session.frame == 4
    assert frames.length(session.history.document) == 5
    session.look_at_frame(2)
    assert seen(workspace) == 120
    session.undo()
    assert session.frame == 2


def test_a_sequence_is_played_to_where_it_is_paused(window, lapse, qtbot):
    workspace = open_in(window, lapse, qtbot)
    strip = workspace.frames
    visited = set()
    workspace.session.frame_changed.connect(lambda: visited.add(workspace.session.frame))
    qtbot.mouseClick(strip.play, Qt.MouseButton.LeftButton)
    assert strip.playing
    qtbot.waitUntil(lambda: {0} < visited, timeout=20000)  # round to the beginning
    qtbot.mouseClick(strip.play, Qt.MouseButton.LeftButton)
    assert not strip.playing
    workspace.session.look_at_frame(0)


def test_a_photograph_has_no_frame_strip(opened):
    assert not opened.frames.isVisibleTo(opened)


def test_a_folder_opens_as_a_sequence_and_is_exported_as_a_film(
    window, tmp_path, qtbot, monkeypatch
):
    folder = tmp_path / "burst"
    folder.mkdir()
    for number, light in enumerate(LIGHT):
        Image.fromarray(np.full((60, 80, 3), light, np.uint8)).save(folder / f"{number}.png")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    open_and_export_frames.open_pictures(window.context)
    qtbot.waitUntil(lambda: window.tabs.count() > 0, timeout=30000)
    workspace = window.workspace()
    assert isinstance(workspace.session.layer.content, Frames)
    target = tmp_path / "film.gif"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), "GIF (*.gif)"))
    open_and_export_frames.export_frames(window.context)
    qtbot.waitUntil(lambda: target.exists() and workspace.session.writing is None, timeout=30000)
    with Image.open(target) as image:
        assert image.n_frames == 5
        image.seek(3)
        assert abs(int(np.asarray(image.convert("RGB"))[30, 40, 0]) - 160) <= 2
