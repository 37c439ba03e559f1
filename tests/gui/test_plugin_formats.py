"""The window opens and exports what plugins bring, also a file dropped before they are known."""

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog

from safelight.api import to_linear
from safelight.gui.export.export_dialog import ExportDialog
from safelight.gui.window import Window
from tests.gui.conftest import open_in, settle

LIGHT = np.linspace(0, 3, 40 * 30 * 3, dtype="<f4").reshape(30, 40, 3)


@pytest.fixture
def light(tmp_path):
    path = tmp_path / "light.pfm"
    path.write_bytes(b"PF\n40 30\n-1.0\n" + LIGHT[::-1].tobytes())
    return path


def pixels_of(workspace):
    return workspace.session.document.layers[0].raster.to_array()


def expect_light(pixels):
    # A power and its inverse in float32.
    assert to_linear(pixels) == pytest.approx(LIGHT, rel=4e-6, abs=1e-9)


def test_a_float_map_that_is_dropped_before_the_plugins_are_known_opens(qtbot, light):
    window = Window()
    qtbot.addWidget(window, before_close_func=settle)
    window.resize(900, 600)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(light))])
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(event)
    assert window.studio is None
    window.show()
    qtbot.waitUntil(lambda: window.tabs.count() == 1, timeout=60000)
    expect_light(pixels_of(window.workspace()))
    qtbot.waitUntil(lambda: bool(window.status.device.text()), timeout=60000)


def test_the_open_dialog_shows_files_of_plugins(window, monkeypatch):
    asked = []
    monkeypatch.setattr(
        QFileDialog, "getOpenFileNames", lambda *words: asked.append(words[-1]) or ([], "")
    )
    window.deeds["open"].trigger()
    assert "*.pfm" in asked[0]
    assert "*.PFM" in asked[0]


def test_it_is_exported_from_the_window(window, light, qtbot, tmp_path):
    workspace = open_in(window, light, qtbot)
    window.deeds["export"].trigger()
    dialog = QApplication.activeModalWidget() or window.findChild(ExportDialog)
    assert dialog.format.currentText() == "Portable FloatMap"
    with qtbot.waitSignal(dialog.accepted, timeout=30000):
        qtbot.mouseClick(dialog.export, Qt.MouseButton.LeftButton)
    written = (tmp_path / "light-edited.pfm").read_bytes()
    back = np.frombuffer(written, "<f4", LIGHT.size, len(b"PF\n40 30\n-1.0\n"))
    assert back.reshape(LIGHT.shape)[::-1] == pytest.approx(LIGHT, rel=4e-6, abs=1e-9)
    assert not workspace.session.files.unsaved
