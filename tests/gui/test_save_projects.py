"""Projects in the window: saved, opened, recovered after a kill; selecting on the canvas."""

import hashlib
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from safelight import actions
from safelight.api import Region
from safelight.document import Document, History, edits, whole
from safelight.files.project import project_database
from safelight.gui.open_and_save import save_status as saving_module
from safelight.gui.open_and_save.loaded_files import open_for_the_screen
from safelight.gui.window import Window
from safelight.pixels import Raster
from tests.gui.conftest import answer, open_in, wake


@pytest.fixture
def named(monkeypatch, tmp_path):
    """What the Save dialog is answered with."""
    target = tmp_path / "night.safelight"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    return target


def half(workspace):
    session = workspace.session
    session.do(edits.set_opacity(session.active, 0.5))


def test_a_project_is_saved_and_opened_with_its_history(opened, window, qtbot, named):
    half(opened)
    window.save()
    session = opened.session
    qtbot.waitUntil(lambda: session.files.project is not None, timeout=20000)
    assert not session.files.unsaved
    assert opened.title == "night.safelight"
    window.close_tab(0)
    again = open_in(window, named, qtbot)
    assert [step.label for step in again.session.history.steps] == ["Open", "Opacity"]
    assert again.session.document.layers[0].opacity == 0.5
    again.session.undo()
    assert again.session.document.layers[0].opacity == 1


def test_saving_again_needs_no_dialog(opened, window, qtbot, named, monkeypatch):
    window.save()
    qtbot.waitUntil(lambda: opened.session.files.project is not None, timeout=20000)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: pytest.fail("it asked"))
    half(opened)
    assert opened.session.files.unsaved
    qtbot.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not opened.session.files.unsaved, timeout=20000)


def test_closing_offers_to_save_and_closes_when_it_is_saved(opened, window, qtbot, named):
    half(opened)
    answer("Save project")
    window.close_tab(0)
    qtbot.waitUntil(lambda: window.tabs.count() == 0, timeout=20000)
    assert open_in(window, named, qtbot).session.document.layers[0].opacity == 0.5


def test_closing_the_window_saves_what_is_asked_for_first(opened, window, qtbot, named):
    half(opened)
    answer("Save project")
    window.close()
    assert window.isVisible()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20000)
    assert named.exists()


def test_saving_while_the_recovery_file_is_written_waits_for_it(opened, window, qtbot, named):
    half(opened)
    opened.session.files.note()
    assert opened.session.files.running
    window.save()
    qtbot.waitUntil(lambda: opened.session.files.project is not None, timeout=20000)
    assert not opened.session.files.unsaved
    half(opened)
    opened.session.files.note()
    window.save()
    qtbot.waitUntil(lambda: not opened.session.files.unsaved, timeout=20000)
    assert not opened.session.files.running


def test_a_project_that_is_open_already_is_a_sentence(opened, window, qtbot, named):
    window.save()
    qtbot.waitUntil(lambda: opened.session.files.project is not None, timeout=20000)
    window.open(named)
    qtbot.waitUntil(lambda: window.messages.isVisible(), timeout=20000)
    assert "night.safelight is open already" in window.messages.label.text()
    assert window.tabs.count() == 1


def test_a_past_step_that_cannot_be_read_is_said_in_its_tab(window, qtbot, tmp_path):
    path, random = tmp_path / "hurt.safelight", np.random.default_rng(31)
    first, last = (random.integers(0, 256, (90, 120, 3), np.uint8) for _ in range(2))
    history = History.start(Document.from_raster(Raster.from_array(first), name="hurt"))
    history = history.do(
        edits.set_pixels(history.document.layers[0].id, Raster.from_array(last), "Paint")
    )
    actions.Project.create(path, history).close()
    (digest,) = history.steps[0].document.layers[0].raster.digests()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE tiles SET data = x'0100' WHERE hash = ?", (digest,))
    connection.commit()
    connection.close()
    workspace, said = open_in(window, path, qtbot), []
    workspace.session.said.connect(lambda message, _: said.append(message))
    workspace.session.undo()
    qtbot.waitUntil(lambda: said != [], timeout=20000)
    assert said == ["hurt.safelight cannot be read: a tile cannot be unpacked."]
    workspace.session.redo()
    assert np.array_equal(whole(workspace.session.document).to_array(), last)


def test_a_project_without_layers_is_a_sentence_whenever_it_is_opened(tmp_path):
    path = tmp_path / "bare.safelight"
    actions.Project.create(path, History.start(one_pixel())).close()
    connection = sqlite3.connect(path)
    (text,) = connection.execute("SELECT data FROM documents").fetchone()
    bare = json.dumps(json.loads(text) | {"layers": []})
    name = hashlib.sha256(bare.encode()).hexdigest()
    connection.execute("UPDATE documents SET hash = ?, data = ?", (name, bare))
    meta = project_database.read_meta(connection)
    steps = [{"label": "Open", "token": None, "document": name}]
    project_database.write_meta(
        connection, meta | {"history": json.dumps({"position": 0, "steps": steps})}
    )
    connection.commit()
    connection.close()
    for _ in range(2):
        with pytest.raises(actions.ProjectError, match="cannot be opened: it has no layers"):
            open_for_the_screen(path, tuple)


def one_pixel():
    return Document.from_raster(Raster.filled(1, 1, (1, 2, 3), "uint8"))


def test_a_filter_that_is_not_installed_is_named(window, qtbot, tmp_path):
    from safelight.document import Kept, Layer, LiveFilter

    pixels = Raster.from_array(np.full((60, 80, 3), 90, np.uint8))
    document = Document.from_raster(pixels, name="old")
    kept = Kept(Raster.from_array(np.full((60, 80, 3), 30, np.uint8)), "key")
    held = LiveFilter("gone.sparkle", "Sparkle", "safelight-gone", "1.0", kept=kept)
    history = History.start(document).do(edits.add_layer(Layer("Sparkle", held)))
    path = tmp_path / "old.safelight"
    actions.Project.create(path, history).close()
    workspace = open_in(window, path, qtbot)
    assert "Sparkle is not installed: install safelight-gone" in workspace.messages.label.text()
    assert (whole(workspace.session.document).to_array() == 30).all()


def test_a_generated_layer_whose_filter_its_plugin_has_no_more_keeps_its_picture(
    window, qtbot, tmp_path
):
    """To install the plugin that is installed would not bring the filter back."""
    from safelight.document import Kept, Layer, LiveFilter

    pixels = Raster.from_array(np.full((60, 80, 3), 90, np.uint8))
    kept = Kept(Raster.from_array(np.full((60, 80, 3), 30, np.uint8)), "key")
    held = LiveFilter(
        "safelight_generate.flowers", "Flowers", "safelight-generate", "0.1.0",
        {"seed": 7}, kept=kept, generates=True,
    )  # fmt: skip
    history = History.start(Document.from_raster(pixels, name="old"))
    history = history.do(edits.add_layer(Layer("Flowers", held)))
    path = tmp_path / "old.safelight"
    actions.Project.create(path, history).close()
    workspace = open_in(window, path, qtbot)
    said = workspace.messages.label.text()
    assert "Flowers is not installed: the installed safelight-generate has it no more" in said
    assert "What it has made is shown" in said
    assert (whole(workspace.session.document).to_array() == 30).all()


CHILD = """
import sys, time
from pathlib import Path
import numpy as np
from safelight import actions
from safelight.document import Document, History, edits
from safelight.pixels import Raster
pixels = Raster.from_array(np.full((60, 80, 3), 9, np.uint8))
history = History.start(Document.from_raster(pixels))
recovery = actions.Recovery(actions.state_folder() / "recovery",
    Path("otter.jpg"), "otter.jpg")
recovery.save(history.do(edits.set_opacity(history.document.layers[0].id, 0.25)))
print("saved", flush=True)
time.sleep(60)
"""


def test_after_a_kill_the_next_start_offers_what_was_left(qtbot, monkeypatch):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent
    )
    assert child.stdout.readline().strip() == "saved"
    folder = actions.state_folder() / "recovery"
    assert actions.left_behind(folder) == []  # its writer lives
    child.kill()
    child.wait()
    window = wake(Window(), qtbot)
    qtbot.waitUntil(
        lambda: isinstance(QApplication.activeModalWidget(), QMessageBox), timeout=20000
    )
    box = QApplication.activeModalWidget()
    assert "otter.jpg" in box.text()
    next(button for button in box.buttons() if button.text() == "Recover").click()
    qtbot.waitUntil(lambda: window.workspace() is not None, timeout=20000)
    session = window.workspace().session
    assert session.document.layers[0].opacity == 0.25
    assert session.files.unsaved
    session.files.mark_saved(session.document)
    window.close_tab(0)
    qtbot.waitUntil(lambda: actions.left_behind(folder) == [], timeout=20000)  # on a thread


def test_edits_are_noted_for_recovery_and_forgotten_when_saved(
    window, photo, qtbot, named, monkeypatch
):
    monkeypatch.setattr(saving_module, "AUTOSAVE", 50)
    workspace = open_in(window, photo, qtbot)
    session = workspace.session
    folder = actions.state_folder() / "recovery"
    half(workspace)
    qtbot.waitUntil(lambda: session.files._noted is session.document, timeout=20000)
    assert len(list(folder.glob("*.safelight"))) == 1
    window.save()
    qtbot.waitUntil(lambda: not session.files.unsaved, timeout=20000)
    assert list(folder.glob("*.safelight")) == []


def drag(canvas, qtbot, start, end, keys=Qt.KeyboardModifier.NoModifier):
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, keys, start)
    qtbot.mouseMove(canvas, end)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, keys, end)


def test_a_marquee_selects_and_becomes_a_filters_mask(opened, window, qtbot):
    canvas, session = opened.canvas, opened.session
    canvas.take("rectangle")
    middle = QPoint(canvas.width() // 2, canvas.height() // 2)
    drag(canvas, qtbot, middle, middle + QPoint(40, 30))
    box = Region(200, 150, 40, 30)
    expected = np.zeros((300, 400, 1), np.uint8)
    expected[box.rows(), box.columns()] = 255
    assert np.array_equal(session.document.selection.to_array(), expected)
    drag(
        *(canvas, qtbot, middle, middle + QPoint(10, 30)),
        Qt.KeyboardModifier.AltModifier,
    )
    expected[150:180, 200:210] = 0
    assert np.array_equal(session.document.selection.to_array(), expected)
    declaration = session.studio.filter("warmth")
    session.jobs.apply(declaration, declaration.settings({"amount": 1.0}), None)
    qtbot.waitUntil(lambda: len(session.document.layers) == 2, timeout=30000)
    assert np.array_equal(session.layer.mask.to_array(), expected)
    shown = whole(session.document, session.studio.live).to_array()
    before = session.document.layers[0].raster.to_array()
    outside = expected[..., 0] == 0
    assert np.array_equal(shown[outside], before[outside])
    assert (shown[~outside][:, 2] == 0).all()
