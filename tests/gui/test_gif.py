"""A GIF opens in the window, with all the pictures that it holds."""

from PySide6.QtWidgets import QFileDialog

from safelight.document.frames import frames
from tests.files.test_gif import gif_file
from tests.gui.conftest import open_in


def test_a_gif_is_offered_and_opens_as_a_sequence(window, qtbot, monkeypatch, tmp_path):
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
    assert frames.length(document) == 2
