"""An evening's five jobs, done by hand in the window: as recipes on the command line each gives the
same pixels as the project that was saved.
"""

import json

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog

from safelight.actions import Project
from safelight.cli.main import main
from safelight.gui.dialogs.size_dialogs import ResizeDialog
from tests.gui.conftest import PATIENCE, choose
from tests.gui.test_brush import stroke
from tests.gui.test_crop import on_screen, pull
from tests.gui.test_perspective import wall

LIGHT, WHITE, CURVES = (f"safelight_adjust.{x}" for x in ("light", "white_balance", "curves"))
CTRL, RETURN = Qt.KeyboardModifier.ControlModifier, Qt.Key.Key_Return


def horizon_and_crop(opened, qtbot):
    canvas = opened.canvas
    canvas.take("crop")
    crop = canvas.tools["crop"]
    pull(qtbot, crop, on_screen(crop, 0.1, 0.6), (300, -14), CTRL)
    opened.options.controls["ratio"].choose("4:5")
    pull(qtbot, crop, on_screen(crop, 0.5, 0.5), (-9, 4))
    qtbot.keyClick(canvas, RETURN)


def exposure_white_balance_and_curve(opened, qtbot):
    page = opened.filters.home
    page.row_of(LIGHT).controls["exposure"].field.setValue(0.6)
    page.row_of(WHITE).controls["temperature"].field.setValue(5200)
    curves = page.row_of(CURVES)
    curves.curve("rgb").add_point(0.25, 0.2)
    curves.curve("rgb").add_point(0.7, 0.78)


def black_and_white_with_a_brushed_mask(opened, qtbot):
    canvas, session = opened.canvas, opened.session
    panel = choose(opened.window(), "black_and_white")
    next(x for x in panel.controls if x.parameter.name == "greens").field.setValue(75)
    before = len(session.history.steps)
    panel.apply.click()
    qtbot.waitUntil(lambda: session.layer.name == "Black and white", timeout=PATIENCE)
    canvas.take("eraser")
    canvas.zoom_to(0.737)  # what is under the hand are no whole pixels
    canvas.tools["eraser"].brush.resize(60)
    stroke(canvas, qtbot, (60, 80), (200, 120), (330, 90))
    qtbot.keyClick(canvas, Qt.Key.Key_BracketLeft)
    stroke(canvas, qtbot, (80, 220), (300, 200))
    canvas.take("brush")  # what went too far comes back
    stroke(canvas, qtbot, (200, 110))
    assert len(session.history.steps) == before + 4


def perspective_of_a_building(opened, qtbot):
    opened.canvas.take("perspective")
    tool = opened.canvas.tools["perspective"]
    wall(qtbot, tool)
    opened.options.controls["keep"].choose("picture")
    qtbot.keyClick(opened.canvas, RETURN)


def resize_for_the_web(opened, qtbot):
    window = opened.window()
    window.deeds["resize"].trigger()
    dialog = next(x for x in window.findChildren(ResizeDialog) if x.isVisible())
    dialog.sides.fields["width"].setValue(150)
    dialog.confirm.click()
    qtbot.waitUntil(lambda: opened.session.document.width == 150, timeout=PATIENCE)


JOBS = [
    horizon_and_crop,
    exposure_white_balance_and_curve,
    black_and_white_with_a_brushed_mask,
    perspective_of_a_building,
    resize_for_the_web,
]


def evening(opened, qtbot):
    """All of them on one photograph, the size last."""
    for job in (*JOBS[1:3], JOBS[0], JOBS[4]):
        job(opened, qtbot)


@pytest.mark.parametrize("job", [*JOBS, evening], ids=lambda job: job.__name__)
def test_a_job_done_by_hand_is_a_recipe_that_gives_the_same_pixels(
    opened, photo, qtbot, tmp_path, monkeypatch, job
):
    session, steps = opened.session, tmp_path / "steps.json"
    job(opened, qtbot)
    qtbot.waitUntil(lambda: session.idle, timeout=PATIENCE)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(steps), ""))
    # A step that no recipe can hold would be asked about.
    monkeypatch.setattr(
        "safelight.gui.batch.save_and_run_recipes._may_leave_out",
        lambda window, lost, some: pytest.fail(str(lost)),
    )
    opened.window().deeds["save steps"].trigger()
    dialog = QApplication.activeModalWidget()
    dialog.file.setChecked(True)
    dialog.accept()
    qtbot.waitUntil(steps.exists, timeout=PATIENCE)
    qtbot.waitUntil(lambda: "Saved" in opened.line.text(), timeout=PATIENCE)
    assert len(json.loads(steps.read_text())["steps"]) == len(session.history.steps) - 1

    project, by_hand = tmp_path / "kept.safelight", tmp_path / "by_hand.png"
    Project.create(project, session.history).close()
    assert main(["export", str(project), str(by_hand)]) == 0
    assert main(["run", str(steps), str(photo), "--output-dir", str(tmp_path / "out")]) == 0
    made = np.asarray(Image.open(tmp_path / "out" / "photo.png"))
    expected = np.asarray(Image.open(by_hand))
    assert made.shape == expected.shape
    assert np.array_equal(made, expected)
    assert not np.array_equal(made, np.asarray(Image.open(photo)))
