"""Export of several: those that are ticked, by a pattern of names; what fails is told."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox

from safelight import actions
from safelight.document import Document
from safelight.gui.export import export_photograph
from safelight.gui.export.export_dialog import ExportDialog
from safelight.pixels import Raster
from tests.gui.conftest import open_in, photograph
from tests.gui.test_export_again import dialog_of
from tests.gui.test_nothing_is_cut import cut, settle

NAMES = "a.png", "b.png", "c.png"


@pytest.fixture
def make(qtbot, tmp_path):
    """A dialog with three photographs open, the second one in front."""

    def dialog(names=NAMES):
        items = [
            actions.BatchItem(
                name,
                Document.from_raster(Raster.from_array(photograph(60, 80 + 10 * place))),
                tmp_path / name,
            )
            for place, name in enumerate(names)
        ]
        front = items[min(1, len(items) - 1)]
        made = ExportDialog(front.document, front.source, items=items)
        qtbot.addWidget(made)
        made.show()
        return made

    return dialog


def hold(monkeypatch, place):
    """Have the export of one photograph wait, once it has begun."""
    held, begun, real = threading.Event(), threading.Event(), actions.export_each

    def slow(*given, hear, **told):
        def heard(number, done):
            if number == place and done > 0:
                begun.set()
                assert held.wait(120)
            hear(number, done)

        return real(*given, hear=heard, **told)

    monkeypatch.setattr(actions, "export_each", slow)
    return held, begun


def click(dialog, qtbot):
    qtbot.mouseClick(dialog.export, Qt.MouseButton.LeftButton)


def test_with_one_photograph_open_there_is_no_list(make):
    dialog = make(["a.png"])
    assert not dialog.ticked.isVisible()
    assert not dialog.into.isVisible()
    assert dialog.path.isVisible()


def test_the_one_in_front_is_ticked_and_has_a_name_of_its_own(make):
    dialog = make()
    assert dialog.ticked.isVisible()
    assert dialog.ticked.places() == [1]
    assert dialog.path.isVisible()
    dialog.ticked.tick([0, 1])
    assert not dialog.path.isVisible()
    assert dialog.into.example.text() == "a-edited.png, b-edited.png"
    assert dialog.export.text() == "Export 2"
    dialog.ticked.tick([0])  # not the one in front: its name is no proposal for another
    assert dialog.into.isVisible()
    dialog.ticked.tick([])
    assert not dialog.export.isEnabled()
    dialog.tick_all.click()
    assert dialog.ticked.places() == [0, 1, 2]
    dialog.tick_all.click()
    assert dialog.ticked.places() == [1]


def test_those_that_are_ticked_are_exported_alike(make, tmp_path, qtbot):
    dialog = make()
    dialog.ticked.tick([0, 2])
    dialog.format.setCurrentText("JPEG")
    dialog.finishes["resize"].choose("longest")
    dialog.finishes["size"].choose(50.0)
    dialog.into.pattern.setText("trip {number} of {name}")
    assert dialog.into.example.text() == "trip 1 of a.jpg, trip 2 of c.jpg"
    outcomes = []
    dialog.several.connect(outcomes.extend)
    with qtbot.waitSignal(dialog.accepted):
        click(dialog, qtbot)
    assert [x.place for x in outcomes] == [0, 2]
    assert sorted(x.name for x in tmp_path.iterdir()) == ["trip 1 of a.jpg", "trip 2 of c.jpg"]
    assert max(Image.open(tmp_path / "trip 2 of c.jpg").size) == 50


def test_each_keeps_its_depth_unless_another_is_chosen(make):
    dialog = make()
    dialog.ticked.tick([0, 1, 2])
    assert dialog.options().depth == "same"
    dialog.bits.setCurrentIndex(dialog.bits.findData(16))
    dialog.format.setCurrentText("TIFF")
    assert dialog.options().depth == 16
    dialog.ticked.tick([1])
    assert dialog.options().depth == 8


def test_a_pattern_that_cannot_be_is_said_and_nothing_is_exported(make):
    dialog = make()
    dialog.ticked.tick([0, 1])
    dialog.into.pattern.setText("{nme}")
    assert "has no {nme}" in dialog.into.example.text()
    assert not dialog.export.isEnabled()
    dialog.into.pattern.setText("")
    dialog.into.insert.menu().actions()[0].trigger()
    assert dialog.into.pattern.text() == "{name}"
    assert dialog.into.example.text() == "a.png, b.png"
    assert dialog.export.isEnabled()


def test_what_is_done_about_a_file_that_exists_is_asked(make, tmp_path, qtbot):
    (tmp_path / "a-edited.png").write_bytes(b"mine")
    dialog = make()
    dialog.ticked.tick([0, 1])
    click(dialog, qtbot)
    (box,) = dialog.findChildren(QMessageBox)
    assert "One of these files exists already" in box.text()
    assert "a-edited.png" in box.informativeText()
    with qtbot.waitSignal(box.finished):
        box.button(QMessageBox.StandardButton.Cancel).click()
    assert not dialog.busy.isVisible()
    assert (tmp_path / "a-edited.png").read_bytes() == b"mine"
    QApplication.processEvents()
    click(dialog, qtbot)
    box = dialog.findChildren(QMessageBox)[-1]
    with qtbot.waitSignal(dialog.accepted):
        box.defaultButton().click()
    assert (tmp_path / "a-edited.png").read_bytes() == b"mine"
    assert (tmp_path / "a-edited-2.png").is_file()


def test_files_that_exist_are_replaced_where_that_is_chosen(make, tmp_path, qtbot):
    (tmp_path / "a-edited.png").write_bytes(b"old")
    dialog = make()
    dialog.ticked.tick([0, 1])
    dialog.into.existing.setCurrentIndex(dialog.into.existing.findData("replace"))
    with qtbot.waitSignal(dialog.accepted):
        click(dialog, qtbot)
    assert sorted(x.name for x in tmp_path.iterdir()) == ["a-edited.png", "b-edited.png"]
    assert Image.open(tmp_path / "a-edited.png").size == (80, 60)


def test_a_cancel_in_the_middle_keeps_what_is_done_and_leaves_no_half(
    make, tmp_path, qtbot, monkeypatch
):
    held, begun = hold(monkeypatch, 1)
    dialog = make()
    dialog.ticked.tick([0, 1, 2])
    click(dialog, qtbot)
    qtbot.waitUntil(begun.is_set)
    qtbot.waitUntil(lambda: dialog.note.text().startswith("2 of 3: b.png"))
    assert dialog.running.each.isVisible()
    assert dialog.busy.value() >= 333
    dialog.reject()
    assert dialog.isVisible()
    with qtbot.waitSignal(dialog.several):
        held.set()
    assert dialog.isVisible()
    assert "1 of 3 photographs was written, nothing of the others" in dialog.note.text()
    assert [x.name for x in tmp_path.iterdir()] == ["a-edited.png"]
    assert dialog.ticked.places() == [1, 2]
    monkeypatch.undo()
    with qtbot.waitSignal(dialog.accepted):
        click(dialog, qtbot)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("room", [(1366, 720), (683, 340)])
def test_nothing_of_it_is_cut_off(make, qtbot, room):
    dialog = make()
    dialog.ticked.tick([0, 1, 2])
    dialog.resize(*room)
    settle(qtbot)
    assert dialog.size().toTuple() == room
    assert not cut(dialog)


@pytest.fixture
def trip(window, qtbot, tmp_path):
    """The window with two photographs open, in a folder each."""
    paths = [tmp_path / name / f"{name}.png" for name in ("one", "two")]
    for path in paths:
        path.parent.mkdir()
        Image.fromarray(photograph(60, 80)).save(path)
        open_in(window, path, qtbot)
    return paths


def several(window, folder):
    export_photograph.export(window.context)
    dialog = dialog_of()
    dialog.ticked.tick([0, 1])
    dialog.format.setCurrentText("JPEG")
    dialog.into.folder.setText(str(folder))
    dialog.into.pattern.setText("{name}")
    return dialog


def test_what_was_written_is_told_and_each_can_be_exported_again(window, trip, qtbot, tmp_path):
    (out := tmp_path / "out").mkdir()
    dialog = several(window, out)
    with qtbot.waitSignal(dialog.accepted):
        click(dialog, qtbot)
    front = window.workspace()
    assert f"2 of 2 photographs were exported to {out}" in front.line.text()
    assert not front.messages.open
    for workspace, name in zip(window.workspaces(), ("one", "two"), strict=True):
        assert workspace.session.files.exported[1] == out / f"{name}.jpg"
    assert not window.context.closing.exporting


def test_what_failed_is_told_until_it_is_answered(window, trip, qtbot, tmp_path):
    (out := tmp_path / "out").mkdir()
    dialog = several(window, out)
    dialog.into.existing.setCurrentIndex(dialog.into.existing.findData("replace"))
    (out / "two.jpg").mkdir()  # which no file can replace
    with qtbot.waitSignal(dialog.accepted):
        click(dialog, qtbot)
    message = window.workspace().messages.open[-1]
    assert f"1 of 2 photographs was exported to {out}" in message.text
    assert "two.png was not exported: " in message.text
    assert str(Path(out) / "one.jpg") in message.details


def test_files_that_exist_are_skipped_where_that_is_chosen(make, tmp_path, qtbot):
    (tmp_path / "a-edited.png").write_bytes(b"mine")
    dialog = make()
    dialog.ticked.tick([0, 1])
    dialog.into.existing.setCurrentIndex(dialog.into.existing.findData("skip"))
    told = []
    dialog.several.connect(told.extend)
    with qtbot.waitSignal(dialog.accepted):
        click(dialog, qtbot)
    assert (tmp_path / "a-edited.png").read_bytes() == b"mine"
    assert Image.open(tmp_path / "b-edited.png").size == (90, 60)
    assert [(item.place, item.skipped) for item in told] == [(1, False), (0, True)]


def test_where_all_files_exist_and_are_skipped_nothing_begins(make, tmp_path, qtbot):
    for name in ("a-edited.png", "b-edited.png"):
        (tmp_path / name).write_bytes(b"mine")
    dialog = make()
    dialog.ticked.tick([0, 1])
    dialog.into.existing.setCurrentIndex(dialog.into.existing.findData("skip"))
    click(dialog, qtbot)
    assert not dialog.busy.isVisible()
    assert "nothing to export" in dialog.note.text()


def test_the_help_of_names_tells_of_every_field(make):
    dialog = make()
    menu = " ".join(action.text() for action in dialog.into.insert.menu().actions())
    for field in actions.FIELDS:
        assert f"{{{field}}}" in dialog.into.pattern.toolTip()
        assert f"{{{field}}}" in menu
    assert "undated" in dialog.into.pattern.toolTip()


def test_a_name_is_made_of_when_the_photograph_was_taken(make):
    dialog = make()
    dialog.ticked.tick([0, 1])
    dialog.into.pattern.setText("{taken}-{name}")
    assert dialog.into.example.text() == "undated-a.png, undated-b.png"


def test_the_words_about_a_large_photograph_push_nothing_out_of_sight(qtbot, tmp_path):
    raster = Raster.from_array(photograph(30, 40))
    small = Document.from_raster(raster)
    large = replace(small, width=16534, height=13674)
    items = [actions.BatchItem(name, item, None) for name, item in (("a", large), ("b", small))]
    dialog = ExportDialog(large, None, items=items)
    qtbot.addWidget(dialog)
    dialog.resize(800, 420)
    dialog.show()
    settle(qtbot)
    inside = dialog._form.parentWidget()
    assert "16534 × 13674" in dialog.about.text()
    assert inside.width() <= inside.parentWidget().width()
