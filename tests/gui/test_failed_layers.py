"""Layers that could not be computed: marked, said, and never missing from what is kept unasked."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from safelight import actions
from safelight.document import LiveFilter, edits
from safelight.document.layer import Layer
from safelight.gui.export.export_dialog import ExportDialog
from safelight.workers.live_filters import LiveFilters
from safelight.workers.worker_process import WorkerDied

LONG = 60000
REASON = "was ended by the system (SIGKILL), most likely because memory ran out"


@pytest.fixture
def weak(monkeypatch):
    """Workers that die of every cheap filter, as long as there is something in the list."""
    weakness = [True]
    run = LiveFilters._run

    def dying(self, worker, *rest):
        if weakness:
            worker.kill()
            raise WorkerDied(REASON)
        return run(self, worker, *rest)

    monkeypatch.setattr(LiveFilters, "_run", dying)
    return weakness


@pytest.fixture
def failed(weak, opened, qtbot):
    """The session of a photograph with a blur that could not be computed."""
    session = opened.session
    session.jobs.apply(session.studio.filter("blur"), {"radius": 4.0, "linear_light": True}, None)
    qtbot.waitUntil(lambda: session.active in session.results.failed, timeout=LONG)
    return session


def question(parent, qtbot):
    """The box that asks, once it does."""
    boxes = []

    def asks():
        boxes[:] = [box for box in parent.findChildren(QMessageBox) if box.isVisible()]
        return bool(boxes)

    qtbot.waitUntil(asks, timeout=LONG)
    return boxes[0]


def press(box, text):
    next(button for button in box.buttons() if button.text().replace("&", "") == text).click()


def shown(session):
    return session.document.layers[0].raster.to_array()


def test_a_layer_that_failed_is_marked_and_said_with_the_reason(failed, opened, qtbot):
    assert opened.messages.isVisible()
    said = opened.messages.label.text()
    assert said.startswith("Gaussian blur could not be computed, so the picture is shown without")
    assert REASON in said
    assert REASON in opened.layers.tree.item(failed.active).toolTip(0)
    menu = opened.layers.menu()
    assert "Try again" in [action.text().replace("&", "") for action in menu.actions()]


def test_a_click_on_failed_tries_it_again(failed, opened, weak, qtbot):
    tree = opened.layers.tree
    index = tree.indexFromItem(tree.item(failed.active))
    weak.clear()
    runs = failed.studio.live.runs
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=tree.badge(index).center())
    qtbot.waitUntil(lambda: failed.studio.live.runs > runs, timeout=LONG)
    qtbot.waitUntil(lambda: failed.results.failed == {} == tree.failed, timeout=LONG)


def test_flattening_asks_before_it_leaves_a_layer_out(failed, opened, weak, qtbot):
    before = failed.document
    failed.do(edits.flatten())
    box = question(opened, qtbot)
    assert box.text().startswith("Gaussian blur could not be computed: Gaussian blur (")
    assert REASON in box.text()
    press(box, "Cancel")
    qtbot.waitUntil(lambda: not failed.busy, timeout=LONG)
    assert failed.document is before
    failed.do(edits.flatten())
    press(question(opened, qtbot), "Flatten without it")
    qtbot.waitUntil(lambda: len(failed.document.layers) == 1, timeout=LONG)
    np.testing.assert_array_equal(shown(failed), before.layers[0].raster.to_array())
    failed.undo()
    weak.clear()
    failed.do(edits.merge_down(before.layers[1].id))
    press(question(opened, qtbot), "Try again")
    qtbot.waitUntil(lambda: len(failed.document.layers) == 1, timeout=LONG)
    assert (shown(failed) != before.layers[0].raster.to_array()).any()


def test_an_export_asks_before_it_leaves_a_layer_out(failed, window, weak, qtbot, tmp_path):
    target = tmp_path / "out.png"
    dialog = ExportDialog(failed.document, failed.files.path, window, studio=failed.studio)
    qtbot.addWidget(dialog)
    dialog.path.setText(str(target))
    dialog.show()
    dialog.export.click()
    box = question(dialog, qtbot)
    assert REASON in box.text()
    press(box, "Cancel")
    assert not target.exists()
    assert "Gaussian blur could not be computed" in dialog.note.text()
    dialog.export.click()
    with qtbot.waitSignal(dialog.accepted, timeout=LONG):
        press(question(dialog, qtbot), "Export without it")
    assert dialog.exported.notes[0].startswith("Gaussian blur was left out.")
    bare = actions.open_picture(target).document.layers[0].raster.to_array()
    np.testing.assert_array_equal(bare, failed.document.layers[0].raster.to_array())
    weak.clear()
    dialog = ExportDialog(failed.document, failed.files.path, window, studio=failed.studio)
    qtbot.addWidget(dialog)
    dialog.path.setText(str(tmp_path / "again.png"))
    dialog.show()
    dialog.export.click()
    with qtbot.waitSignal(dialog.accepted, timeout=LONG):
        press(question(dialog, qtbot), "Try again")
    soft = actions.open_picture(tmp_path / "again.png").document.layers[0].raster.to_array()
    assert (soft != bare).any()


def test_a_layer_whose_plugin_is_not_installed_is_marked_too(opened, qtbot):
    session = opened.session
    held = LiveFilter("safelight_nowhere.glow", "Glow", "safelight-nowhere", "1")
    session.do(edits.add_layer(Layer("My glow", held, id="glow")))
    qtbot.waitUntil(lambda: "glow" in session.results.failed, timeout=LONG)
    assert "Glow is not installed; install safelight-nowhere" in opened.messages.label.text()
    session.results.try_again("glow")
    qtbot.waitUntil(lambda: "glow" in session.results.failed, timeout=LONG)
