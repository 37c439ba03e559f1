"""What counts as saved, and what closing and quitting leave: in files, in threads, in questions."""

import threading

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from safelight import actions
from safelight.document import Document, History, edits
from safelight.files.project import project_writer
from safelight.gui.open_and_save.document_files import wait_for_closed
from safelight.pixels import Raster
from tests.gui.conftest import open_in, photograph

LIMIT = 30000


def half(workspace):
    session = workspace.session
    session.do(edits.set_opacity(session.active, 0.5))


def recovery_files():
    return sorted((actions.state_folder() / "recovery").glob("*"))


def hidden(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


@pytest.fixture
def questions(monkeypatch):
    """Questions are answered by the words put in here; what they said is in ``asked``."""

    class Questions:
        def __init__(self):
            self.answers, self.asked = [], []

        def exec(self, box):
            self.asked.append(f"{box.text()}\n{box.informativeText()}")
            wanted = self.answers.pop(0)
            next(b for b in box.buttons() if b.text() == wanted).click()

    found = Questions()
    monkeypatch.setattr(QMessageBox, "exec", lambda box: found.exec(box))
    return found


@pytest.fixture
def held(monkeypatch):
    """The writing of tiles, held at the first one until ``go`` is set; ``there`` when it is."""

    class Held:
        def __init__(self):
            self.there, self.go = threading.Event(), threading.Event()

    found, packed = Held(), project_writer.packed

    def waiting(tile):
        found.there.set()
        assert found.go.wait(180)
        return packed(tile)

    monkeypatch.setattr(project_writer, "packed", waiting)
    yield found
    found.go.set()


def export(window, qtbot, path):
    window.deeds["export"].trigger()
    dialog = QApplication.activeModalWidget()
    dialog.path.setText(str(path))
    dialog.export.click()
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None, timeout=LIMIT)


def test_an_export_does_not_count_as_saving(opened, window, qtbot, tmp_path, questions):
    half(opened)
    target = tmp_path / "flat.png"
    export(window, qtbot, target)
    assert target.exists()
    assert opened.session.files.unsaved
    assert opened.title.endswith("*")
    assert window.tabs.tabText(0).endswith("*")
    opened.session.files.note()
    qtbot.waitUntil(lambda: not opened.session.files.running, timeout=LIMIT)
    assert len(recovery_files()) == 1
    questions.answers = ["Cancel", "Cancel", "Close anyway"]
    window.close_tab(0)
    assert window.close() is False
    assert [opened] == window.workspaces()
    window.close_tab(0)
    assert len(questions.asked) == 3
    for text in questions.asked:
        assert f"was exported to {target}" in text
        assert "its layers and its history are in no project" in text


def test_what_is_edited_after_an_export_is_said_to_be(opened, window, qtbot, tmp_path, questions):
    half(opened)
    export(window, qtbot, tmp_path / "flat.png")
    opened.session.do(edits.set_opacity(opened.session.active, 0.25))
    questions.answers = ["Cancel"]
    window.close_tab(0)
    assert "has been edited since it went to" in questions.asked[0]


def test_what_was_never_edited_closes_without_a_question(
    opened, window, qtbot, tmp_path, questions
):
    export(window, qtbot, tmp_path / "flat.png")
    window.close_tab(0)
    assert window.tabs.count() == 0
    assert questions.asked == []


def test_quitting_names_every_photograph_that_is_in_no_project(window, tmp_path, qtbot, questions):
    for name in ("one", "two", "three"):
        path = tmp_path / f"{name}.png"
        Image.fromarray(photograph(30, 40)).save(path)
        workspace = open_in(window, path, qtbot)
        if name != "two":
            half(workspace)
    questions.answers = ["Cancel"]
    assert window.close() is False
    text = questions.asked[0]
    assert "one.png has edits that are in no file." in text
    assert "three.png has edits that are in no file." in text
    assert "two.png" not in text


@pytest.fixture
def typed(monkeypatch):
    """Names that are typed into the Save dialog, one after the other."""
    names = []
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_: (str(names.pop(0)) if names else "", "")
    )
    return names


@pytest.mark.parametrize("name", ["trip", "trip.safelight", "Trip.v2", "trip.jpg"])
def test_what_is_saved_can_be_opened(opened, window, qtbot, tmp_path, typed, name):
    half(opened)
    typed.append(tmp_path / name)
    window.deeds["save as"].trigger()
    qtbot.waitUntil(lambda: not opened.session.files.unsaved, timeout=LIMIT)
    written = opened.session.files.path
    assert actions.is_project(written)
    assert written.name.startswith(name)
    window.close_tab(0)
    assert open_in(window, written, qtbot).session.document.layers[0].opacity == 0.5


def test_a_name_without_its_suffix_overwrites_nothing_unasked(
    opened, window, qtbot, tmp_path, typed, questions
):
    there = tmp_path / "trip.safelight"
    there.write_bytes(b"mine")
    half(opened)
    typed[:] = [tmp_path / "trip"]
    questions.answers = ["Cancel"]
    window.deeds["save as"].trigger()
    assert "trip.safelight exists already" in questions.asked[0]
    assert there.read_bytes() == b"mine"
    assert opened.session.files.unsaved
    typed[:] = [tmp_path / "trip", tmp_path / "other"]
    questions.answers = ["Another name"]
    window.deeds["save as"].trigger()
    qtbot.waitUntil(lambda: not opened.session.files.unsaved, timeout=LIMIT)
    assert opened.session.files.path == tmp_path / "other.safelight"
    assert there.read_bytes() == b"mine"
    typed[:] = [tmp_path / "trip"]
    questions.answers = ["Replace"]
    window.deeds["save as"].trigger()
    qtbot.waitUntil(lambda: opened.session.files.path == there, timeout=LIMIT)
    assert there.read_bytes() != b"mine"


def test_a_project_that_appears_after_the_question_is_not_replaced(
    opened, window, qtbot, tmp_path, typed, monkeypatch
):
    there = tmp_path / "trip.safelight"
    half(opened)
    typed[:] = [tmp_path / "trip"]
    save = opened.session.files.save

    def late(*words, **options):
        there.write_bytes(b"mine")
        save(*words, **options)

    monkeypatch.setattr(opened.session.files, "save", late)
    window.deeds["save as"].trigger()
    qtbot.waitUntil(opened.messages.isVisible, timeout=LIMIT)
    assert "trip.safelight exists already" in opened.messages.label.text()
    assert there.read_bytes() == b"mine"


def test_saving_a_project_onto_itself_asks_nothing(opened, window, qtbot, tmp_path, typed):
    typed[:] = [tmp_path / "trip"] * 2
    window.deeds["save as"].trigger()
    qtbot.waitUntil(lambda: opened.session.files.project is not None, timeout=LIMIT)
    half(opened)
    window.deeds["save as"].trigger()
    qtbot.waitUntil(lambda: not opened.session.files.unsaved, timeout=LIMIT)


def test_close_anyway_ends_a_running_autosave_and_leaves_no_file(
    opened, window, qtbot, held, questions
):
    half(opened)
    opened.session.files.note()
    assert held.there.wait(180)
    questions.answers = ["Close anyway"]
    window.close_tab(0)  # returns although the autosave is still held
    assert window.tabs.count() == 0
    held.go.set()
    wait_for_closed()
    assert recovery_files() == []


def test_an_autosave_that_nobody_wants_stops_at_the_next_tile(tmp_path, monkeypatch):
    noise = np.random.default_rng(3).integers(0, 255, (2048, 2048, 3), np.uint8)
    history = History.start(Document.from_raster(Raster.from_array(noise)))
    recovery, packed, count = actions.Recovery(tmp_path, None, "x"), project_writer.packed, []

    def counting(tile):
        count.append(tile)
        recovery.give_up()
        return packed(tile)

    monkeypatch.setattr(project_writer, "packed", counting)
    with pytest.raises(actions.ProjectError):
        recovery.save(history)
    assert len(count) <= 16  # what was under way; there are 64
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(actions.ProjectError):
        recovery.save(history)
    recovery.discard()
    assert list(tmp_path.iterdir()) == []


def test_quitting_while_autosaves_run_leaves_no_recovery_file(
    window, tmp_path, qtbot, held, questions
):
    for name in ("one", "two"):
        path = tmp_path / f"{name}.png"
        Image.fromarray(photograph(30, 40)).save(path)
        workspace = open_in(window, path, qtbot)
        half(workspace)
        workspace.session.files.note()
    assert held.there.wait(180)
    questions.answers = ["Close anyway"]
    assert window.close()
    held.go.set()
    wait_for_closed()
    assert recovery_files() == []
    assert hidden(tmp_path) == []


def test_a_save_that_was_asked_for_is_finished_before_its_photograph_closes(
    opened, window, qtbot, tmp_path, typed, held, questions
):
    half(opened)
    typed[:] = [tmp_path / "trip"]
    window.save()
    assert held.there.wait(180)
    window.close_tab(0)
    assert window.tabs.count() == 1
    assert "closes as soon as it is saved" in opened.line.text()
    held.go.set()
    qtbot.waitUntil(lambda: window.tabs.count() == 0, timeout=LIMIT)
    wait_for_closed()
    assert questions.asked == []
    assert hidden(tmp_path) == []
    again = open_in(window, tmp_path / "trip.safelight", qtbot)
    assert again.session.document.layers[0].opacity == 0.5


def test_a_save_is_finished_even_when_later_edits_are_given_up(
    opened, window, qtbot, tmp_path, typed, held, questions
):
    half(opened)
    opened.session.files.note()
    assert held.there.wait(180)
    typed[:] = [tmp_path / "trip"]
    window.save()  # waits for the autosave
    opened.session.do(edits.set_opacity(opened.session.active, 0.25))
    questions.answers = ["Close anyway"]
    window.close_tab(0)
    assert window.tabs.count() == 0
    held.go.set()
    wait_for_closed()
    assert recovery_files() == []
    assert hidden(tmp_path) == []
    again = open_in(window, tmp_path / "trip.safelight", qtbot)
    assert again.session.document.layers[0].opacity == 0.5


def test_a_save_that_fails_keeps_its_photograph_open(
    opened, window, qtbot, tmp_path, typed, held, monkeypatch
):
    half(opened)
    typed[:] = [tmp_path / "nowhere" / "trip"]
    window.save()
    window.close_tab(0)
    held.go.set()
    qtbot.waitUntil(opened.messages.isVisible, timeout=LIMIT)
    assert "does not exist" in opened.messages.label.text()
    assert window.workspaces() == [opened]
    typed[:] = [tmp_path / "trip"]
    window.save()
    qtbot.waitUntil(lambda: not opened.session.files.unsaved, timeout=LIMIT)
    assert not opened.messages.isVisible()  # moot: it is saved
    assert window.workspaces() == [opened]


def test_nothing_closes_while_it_is_exported(opened, window, qtbot, tmp_path, monkeypatch):
    go = threading.Event()
    export_to = actions.export
    monkeypatch.setattr(actions, "export", lambda *w, **o: go.wait(180) and export_to(*w, **o))
    half(opened)
    window.deeds["export"].trigger()
    dialog = QApplication.activeModalWidget()
    dialog.path.setText(str(tmp_path / "flat.png"))
    dialog.export.click()
    window.close_tab(0)
    assert window.close() is False
    assert window.workspaces() == [opened]
    assert "export is not finished" in opened.line.text()
    go.set()
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None, timeout=LIMIT)
    assert (tmp_path / "flat.png").exists()


def test_a_photograph_closes_while_a_job_runs_and_the_next_one_is_served(
    opened, window, photo, qtbot, questions
):
    session = opened.session
    enlarge = session.studio.filter("enlarge")
    session.jobs.apply(enlarge, enlarge.settings({"factor": 4}), None)
    assert session.job is not None
    questions.answers = ["Close anyway"]
    window.close_tab(0)
    assert window.tabs.count() == 0
    assert "still running" in questions.asked[0]
    again = open_in(window, photo, qtbot)
    warmth = again.session.studio.filter("warmth")
    again.session.jobs.apply(warmth, warmth.settings({"amount": 1.0}), None)
    qtbot.waitUntil(lambda: len(again.session.document.layers) == 2, timeout=LIMIT)


def test_a_name_without_a_suffix_is_looked_for_as_it_is_exported(opened, window, qtbot, tmp_path):
    there = tmp_path / "trip.png"
    there.write_bytes(b"mine")
    window.deeds["export"].trigger()
    dialog = QApplication.activeModalWidget()
    dialog.format.setCurrentText("PNG")
    dialog.path.setText(str(tmp_path / "trip"))
    assert dialog.export.text() == "Replace"
    assert dialog.note.text() == "trip.png exists already."
    dialog.path.setText(str(tmp_path / "trip.v2"))
    assert dialog.export.text() == "Export"
    dialog.export.click()
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None, timeout=LIMIT)
    assert there.read_bytes() == b"mine"
    assert Image.open(tmp_path / "trip.v2.png").size == (400, 300)
