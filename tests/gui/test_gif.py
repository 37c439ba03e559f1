"""A GIF opens in the window, with a note of the pictures that it holds besides."""

from PySide6.QtWidgets import QFileDialog

from tests.files.test_gif import gif_file
from tests.gui.conftest import open_in


def test_a_gif_is_offered_and_opens_with_a_note(window, qtbot, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(
        QFileDialog, "getOpenFileNames", lambda *words: asked.append(words[-1]) or ([], "")
    )
    window.deeds["open"].trigger()
    assert "*.gif" in asked[0]
    path = tmp_path / "moving.gif"
    path.write_bytes(gif_file("red", "lime", clear=[(2, 1)]))
    workspace = open_in(window, path, qtbot)
    document = workspace.session.document
    assert (document.width, document.height, document.has_alpha) == (7, 5, True)
    said = "The file holds 2 pictures; the first one was opened."
    qtbot.waitUntil(lambda: said in [x.text for x in workspace.messages.open], timeout=30000)
