"""Selecting by a press, by strokes and by a dialog: one step, however often it is made anew."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QFileDialog

from safelight.document import DECLARED, edits
from safelight.gui.dialogs.colour_range_dialog import ColourRangeDialog
from safelight.gui.dialogs.command_dialog import CommandDialog
from safelight.gui.dialogs.saved_selection_dialog import SavedSelectionDialog
from safelight.gui.window import Window
from tests.gui.conftest import open_in, wake

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
ALT = Qt.KeyboardModifier.AltModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def opened(qtbot, tmp_path):
    pixels = np.full((240, 320, 3), (70, 120, 90), np.uint8)
    pixels[60:180, 40:140] = (180, 90, 60)
    pixels[60:180, 140:160] = (196, 106, 76)
    pixels[60:180, 220:280] = (180, 90, 60)
    pixels = pixels + np.random.default_rng(1).integers(-3, 4, pixels.shape)
    path = tmp_path / "fields.png"
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    found = open_in(wake(Window(), qtbot), path, qtbot)
    found.canvas.zoom_to(1.0)
    return found


def at(canvas, point):
    return QPoint(*map(round, canvas.widget_point(*point).toTuple()))


def area(opened, expected, tolerance=0.03):
    selection = opened.session.document.selection
    found = 0 if selection is None else selection.to_array().sum() / 255
    return not opened.session.busy and abs(found - expected) <= tolerance * expected


def test_a_wands_options_change_what_it_has_selected_in_the_same_step(opened, qtbot):
    canvas = opened.canvas
    canvas.take("wand")
    canvas.tool.set("tolerance", 10)
    qtbot.mouseClick(canvas, LEFT, NONE, at(canvas, (80, 100)))
    qtbot.waitUntil(lambda: area(opened, 12_000))
    canvas.tool.set("tolerance", 30)
    qtbot.waitUntil(lambda: area(opened, 14_400))
    canvas.tool.set("contiguous", False)
    qtbot.waitUntil(lambda: area(opened, 21_600))
    steps = opened.session.history.steps
    assert len(steps) == 2
    assert dict(steps[1].record.settings)["tolerance"] == 30
    canvas.tool.set("mode", "subtract")
    canvas.tool.set("contiguous", True)
    qtbot.mouseClick(canvas, LEFT, NONE, at(canvas, (250, 100)))
    qtbot.waitUntil(lambda: area(opened, 14_400))
    assert len(opened.session.history.steps) == 3


@pytest.mark.parametrize("behind", [ALT, CONTROL, NONE])
def test_strokes_over_a_subject_and_behind_it_are_one_step(opened, qtbot, behind):
    canvas = opened.canvas
    canvas.take("subject")
    canvas.tool.set("size", 16)

    def stroke(start, end, keys=NONE):
        qtbot.mousePress(canvas, LEFT, keys, at(canvas, start))
        qtbot.mouseMove(canvas, at(canvas, end))
        qtbot.mouseRelease(canvas, LEFT, keys, at(canvas, end))

    stroke((60, 80), (130, 160))
    qtbot.waitUntil(lambda: opened.session.document.selection is not None)
    qtbot.waitUntil(lambda: area(opened, 12_000))
    stroke((150, 70), (150, 170))
    qtbot.waitUntil(lambda: area(opened, 14_400))
    canvas.tool.set("mode", "new" if behind else "subtract")
    stroke((150, 70), (150, 170), behind)
    qtbot.waitUntil(lambda: area(opened, 12_000))
    canvas.tool.set("mode", "new")
    assert len(opened.session.history.steps) == 2
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    stroke((250, 80), (250, 160))
    qtbot.waitUntil(lambda: area(opened, 7_200, 0.05))
    assert len(opened.session.history.steps) == 3


def test_the_keys_of_a_brushs_size_change_that_of_the_tool_in_hand(opened, qtbot):
    canvas = opened.canvas
    canvas.take("subject")
    canvas.tool.set("size", 100)
    before = canvas.tools["brush"].brush.size
    opened.window().deeds["tool brush smaller"].trigger()
    assert canvas.tool.values["size"] < 100
    opened.window().deeds["tool brush larger"].trigger()
    assert canvas.tool.values["size"] == 100
    assert canvas.tools["brush"].brush.size == before


def test_a_dialogs_settings_are_seen_before_they_are_chosen_and_cancel_takes_them_back(
    opened, qtbot
):
    def asked():
        opened.window().deeds["select_colour"].trigger()
        return next(
            x
            for x in QApplication.topLevelWidgets()
            if isinstance(x, CommandDialog) and x.isVisible()
        )

    dialog = asked()
    dialog.controls["softness"].set_value(0.0)
    dialog.controls["colour"].set_value("#46785a")
    dialog.controls["colour"].changed.emit()
    qtbot.waitUntil(lambda: area(opened, 320 * 240 - 21_600, 0.05))
    dialog.reject()
    qtbot.waitUntil(lambda: opened.session.document.selection is None)
    dialog = asked()
    dialog.controls["softness"].set_value(0.0)
    dialog.controls["colour"].set_value("#46785a")
    dialog.accept()
    qtbot.waitUntil(lambda: area(opened, 320 * 240 - 21_600, 0.05))
    assert len(opened.session.history.steps) == 2


def test_what_is_selected_goes_into_a_png_and_comes_back(
    opened, window, tmp_path, qtbot, monkeypatch
):
    path = tmp_path / "mask.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(path), ""))
    session = opened.session
    session.do(edits.select_ellipse(box=(40, 30, 100, 80)))
    qtbot.waitUntil(lambda: session.document.selection is not None and session.idle)
    before = session.document.selection.to_array()
    window = opened.window()
    window.deeds["save selection file"].trigger()
    qtbot.waitUntil(path.exists)
    session.do(edits.deselect())
    window.deeds["load selection file"].trigger()
    qtbot.waitUntil(lambda: session.document.selection is not None, timeout=60000)
    assert np.array_equal(session.document.selection.to_array(), before)


def test_a_saved_selection_is_chosen_from_a_list(opened, qtbot):
    session = opened.session
    for name, x in (("Left", 10), ("Right", 200)):
        session.do(edits.select_box(box=(x, 30, 100, 80)))
        session.do(DECLARED["save_selection"](name=name))
    window = opened.window()
    window.deeds["load_selection"].trigger()
    dialog = next(x for x in window.findChildren(SavedSelectionDialog) if x.isVisible())
    assert [dialog.names.itemText(k) for k in range(2)] == ["Right", "Left"]
    dialog.names.setCurrentIndex(1)
    dialog.accept()
    qtbot.waitUntil(lambda: session.history.steps[-1].label == "Load selection Left")
    assert session.document.selection.bounds().x == 10


def test_a_click_on_the_picture_picks_the_colour_of_a_range(opened, qtbot):
    window, canvas = opened.window(), opened.canvas
    window.deeds["select_colour"].trigger()
    dialog = next(x for x in window.findChildren(ColourRangeDialog) if x.isVisible())
    dialog.pick.click()
    assert not dialog.isVisible()
    place = canvas.view.to_widget(90, 120, (canvas.width(), canvas.height()))
    qtbot.mouseClick(canvas, LEFT, NONE, QPoint(*(round(value) for value in place)))
    assert dialog.isVisible()
    assert canvas.picker is None
    colour = dialog.controls["colour"].value()
    assert [int(colour[k : k + 2], 16) for k in (1, 3, 5)] == pytest.approx([180, 90, 60], abs=4)
    dialog.accept()
    session = opened.session
    qtbot.waitUntil(lambda: session.document.selection is not None and session.idle)
    mask = session.document.selection.to_array()[..., 0]
    assert (mask[120, 90], mask[20, 20]) == (255, 0)
