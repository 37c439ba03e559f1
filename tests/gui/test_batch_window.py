"""The batch window: files, a recipe and its questions, a proof, a stop, and going on."""

import json
import threading
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication

from safelight.actions.batch import run_batch
from safelight.cli.main import main
from safelight.gui.batch.batch_window import BatchWindow
from safelight.gui.batch.proof_dialog import ProofDialog
from tests.gui.conftest import answer, open_in, photograph
from tests.gui.test_nothing_is_cut import cut

RECIPE = {
    "version": 2,
    "open": {"strength": {"title": "Strength", "default": 20.0}},
    "steps": [
        {"filter": "safelight_adjust.grain", "settings": {"amount": {"open": "strength"}}},
        {"command": "flip", "settings": {"axis": "horizontal"}},
    ],
    "export": {"pattern": "{name}-{number}", "format": "JPEG", "settings": {"quality": 80.0}},
}


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(4):
        Image.fromarray(photograph(40 + number, 60)).save(folder / f"{number}.png")
    (folder / "notes.txt").write_text("no picture")
    return sorted(folder.glob("*.png"))


@pytest.fixture
def batch(window, qtbot, tmp_path):
    window.deeds["batch"].trigger()
    (made,) = window.context.closing.windows
    assert isinstance(made, BatchWindow)
    made.into.folder.setText(str(tmp_path / "out"))
    yield made
    if made in window.context.closing.windows:
        if made.running is not None:
            made.running.stop()
            qtbot.waitUntil(lambda: made.running is None)
        made.close()


def take(batch, qtbot, *paths, count):
    batch.take(paths)
    qtbot.waitUntil(lambda: len(batch.rows.paths) == count)


def ended(batch, qtbot):
    qtbot.waitUntil(lambda: batch.running is None)


def written(folder):
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def test_files_are_what_the_command_line_writes_and_each_has_a_row(
    batch, qtbot, tmp_path, pictures
):
    recipe = tmp_path / "r.json"
    recipe.write_text(json.dumps(RECIPE))
    broken = pictures[0].with_name("5.png")
    broken.write_bytes(b"no picture")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in (recipe, pictures[0].parent)])
    actions, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    at = QPointF(9, 9), actions, data, button, Qt.KeyboardModifier.NoModifier
    batch.rows.dropEvent(QDropEvent(*at))
    qtbot.waitUntil(lambda: len(batch.rows.paths) == 5)
    strength = batch.recipe.questions.controls["strength"]
    assert strength.parameter.maximum == 100  # as the filter says
    strength.choose(35.0)
    assert batch.into.example.text() == "0-0001.jpg, 1-0002.jpg, 2-0003.jpg"
    batch.sidecar.setChecked(True)
    batch.start.click()
    assert not batch.recipe.isEnabled()
    ended(batch, qtbot)
    states = [batch.rows.shown(path) for path in (*pictures, broken)]
    assert [state for state, _, _ in states] == ["Done"] * 4 + ["Failed"]
    assert [what for _, _, what in states[:4]] == [f"{n}-000{n + 1}.jpg" for n in range(4)]
    assert "5.png" in states[4][2]
    assert all(float(seconds) >= 0 for _, seconds, _ in states)
    assert batch.words.text() == "5 of 5 done, 1 of them failed."
    words = ["--output-dir", str(tmp_path / "cli"), "--answer", "strength=35", "--jobs", "2"]
    words.append("--sidecar")
    assert main(["run", str(recipe), *map(str, pictures), *words]) == 0
    assert written(tmp_path / "out") == written(tmp_path / "cli")
    assert len(written(tmp_path / "out")) == 8


def test_a_batch_stops_at_once_asks_before_it_closes_and_goes_on(
    window, batch, qtbot, tmp_path, pictures, monkeypatch
):
    """Two files are held half-way; what is done is not done again."""
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    held, real = threading.Event(), run_batch.process_file

    def slow(recipe, studio, source, *words, stop, **others):
        if source.stem in "23":
            held.set()
            while not stop.wait(0.01):
                pass
        return real(recipe, studio, source, *words, stop=stop, **others)

    monkeypatch.setattr(run_batch, "process_file", slow)
    take(batch, qtbot, *pictures, count=4)
    batch.recipe.choose(batch.recipe.list.itemData(batch.recipe.list.findText("Web export")))
    batch.start.click()
    qtbot.waitUntil(lambda: held.is_set() and batch.running.done == 2)
    assert " left" in batch.words.text()
    open_in(window, pictures[0], qtbot)  # the window is free meanwhile
    answer("Go on")
    window.close()
    assert batch.isVisible()
    assert window.isVisible()
    batch.stop.click()
    assert batch.rows.shown(pictures[2])[0] == "Stopped"
    ended(batch, qtbot)
    out = written(tmp_path / "out")
    assert sorted(out) == ["0-web.jpg", "1-web.jpg"]
    monkeypatch.setattr(run_batch, "process_file", real)
    batch.resume.click()
    ended(batch, qtbot)
    states = [batch.rows.shown(path)[0] for path in pictures]
    assert states == ["Done before", "Done before", "Done", "Done"]
    assert len(written(tmp_path / "out")) == 4
    assert written(tmp_path / "out").items() >= out.items()


def test_a_proof_shows_the_first_file_as_it_would_be_written_and_writes_nothing(
    batch, qtbot, tmp_path, pictures
):
    take(batch, qtbot, pictures[0], count=1)
    batch.recipe.choose(batch.recipe.list.itemData(batch.recipe.list.findText("Black and white")))
    batch.proof.click()
    proof = QApplication.activeModalWidget()
    assert isinstance(proof, ProofDialog)
    qtbot.waitUntil(proof.start.isEnabled)
    before, after = proof.before.image, proof.after.image
    colour, grey = before.pixelColor(50, 30), after.pixelColor(50, 30)
    assert max(colour.getRgb()[:3]) - min(colour.getRgb()[:3]) > 40
    assert max(grey.getRgb()[:3]) - min(grey.getRgb()[:3]) < 20
    assert "60 × 40 px" in proof.words[1].text()
    assert not cut(proof)
    assert not (tmp_path / "out").exists()
    proof.start.click()
    ended(batch, qtbot)
    assert list(written(tmp_path / "out")) == ["0-bw.png"]


def test_what_cannot_be_is_said_and_every_part_of_the_window_is_whole(
    batch, qtbot, tmp_path, pictures
):
    assert not batch.start.isEnabled()
    take(batch, qtbot, *pictures, count=4)
    assert batch.start.isEnabled()
    batch.into.pattern.setText("{nonsense}")
    assert not batch.start.isEnabled()
    assert "nonsense" in batch.into.example.text()
    newer = tmp_path / "newer.json"
    newer.write_text(json.dumps({"version": 99, "steps": []}))
    batch.recipe.choose(newer)
    assert "version 99" in batch.recipe.about.text()
    for name in ("Old print", "Copyright", "Film look"):
        batch.recipe.choose(batch.recipe.list.itemData(batch.recipe.list.findText(name)))
        batch.resize(900, 560)
        qtbot.wait(30)
        assert not cut(batch), name
    batch.rows.topLevelItem(0).setSelected(True)
    batch.remove.click()
    assert batch.rows.paths == pictures[1:]
    there = tmp_path / "file"
    there.write_text("in the way")
    batch.into.folder.setText(str(there / "sub"))
    batch.start.click()
    ended(batch, qtbot)
    assert "cannot be made" in batch.words.text()
