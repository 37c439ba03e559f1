"""The log of what networks saw is listed, searched, exported and deleted in a dialog."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox

from safelight.actions.network_log import NetworkLog
from safelight.gui.plugins.network_log_dialog import NetworkLogDialog
from safelight.workers.network_sight import Sight

SIGHT = Sight("", 30, 20, "safelight_clean.denoise", "safelight-clean", "1.0")


@pytest.fixture
def log(tmp_path):
    log = NetworkLog(tmp_path / "log.jsonl")
    for name in ("<b>cat</b>.jpg", "dog.jpg", "cat and dog.jpg"):
        log.note(replace(SIGHT, document=name), "denoise.onnx", "0" * 64)
    return log


@pytest.fixture
def dialog(log, qtbot):
    made = NetworkLogDialog(log)
    qtbot.addWidget(made)
    made.show()
    return made


def documents(dialog):
    tree = dialog.list
    return [tree.topLevelItem(row).text(1) for row in range(tree.topLevelItemCount())]


def test_the_newest_comes_first_and_words_find(dialog):
    assert documents(dialog) == ["cat and dog.jpg", "dog.jpg", "<b>cat</b>.jpg"]
    assert "3 entries; none has been changed" in dialog.said.text()
    dialog.line.setText("DOG denoise")
    assert documents(dialog) == ["cat and dog.jpg", "dog.jpg"]


def test_what_was_changed_shows(log, qtbot):
    log.path.write_text(log.path.read_text().replace("dog.jpg", "hen.jpg", 1))
    dialog = NetworkLogDialog(log)
    qtbot.addWidget(dialog)
    assert dialog.list.topLevelItem(1).text(0) == "Changed"
    assert "at number 2 something was changed" in dialog.said.text()


def test_it_is_exported_and_deleted_when_asked_twice(dialog, log, tmp_path, monkeypatch, qtbot):
    target = tmp_path / "out.jsonl"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    qtbot.mouseClick(dialog.export, Qt.MouseButton.LeftButton)
    assert target.read_bytes() == log.path.read_bytes()
    assert dialog.said.text() == "3 entries are in out.jsonl."
    qtbot.mouseClick(dialog.delete, Qt.MouseButton.LeftButton)
    box = dialog.findChild(QMessageBox)
    assert len(log.entries()) == 3
    button = next(item for item in box.buttons() if item.text() == "Delete")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert log.entries() == ()
    assert documents(dialog) == []
    assert not dialog.delete.isEnabled()
