"""Recipes in the window: steps are saved as one, and one is done to the photograph in front."""

import json

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication, QFileDialog

from safelight.actions.recipes import read_recipe
from safelight.document import edits
from tests.gui.conftest import answer, choose, open_in, photograph


@pytest.fixture
def named(monkeypatch, tmp_path):
    """What the dialogs for a recipe's name are answered with."""
    target = tmp_path / "steps.json"
    typed = str(target.with_suffix(""))  # the ending comes by itself
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (typed, ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(target), ""))
    return target


def finished(workspace, qtbot):
    session = workspace.session
    qtbot.waitUntil(lambda: not session.busy and session.job is None)


def test_steps_saved_as_a_recipe_are_done_to_another_photograph(opened, window, qtbot, named):
    save, session = window.deeds["save steps"], opened.session
    assert not save.isEnabled()
    session.do(edits.select_box(box=(10, 20, 30, 40)))
    panel = choose(window, "warmth")
    panel.set_settings(panel.settings() | {"amount": 1.0})
    panel.apply.click()
    qtbot.waitUntil(lambda: len(session.document.layers) == 2)
    session.do(edits.set_opacity(session.active, 0.5))
    save.trigger()
    dialog = QApplication.activeModalWidget()
    dialog.file.setChecked(True)
    dialog.accept()
    qtbot.waitUntil(lambda: "Saved 3 steps" in opened.line.text())
    assert [step.id.split(".")[-1] for step in read_recipe(named).steps] == [
        *("select", "warmth", "set_opacity")
    ]
    other = open_in(window, session.files.path, qtbot)
    window.deeds["run recipe"].trigger()
    qtbot.waitUntil(lambda: len(other.session.history.steps) == 4)
    assert [step.label for step in other.session.history.steps] == [
        *("Open", "Select", "Warmth", "Opacity")
    ]
    made = other.session.layer
    assert made.opacity == 0.5
    assert made.filter.settings["amount"] == 1.0
    assert np.array_equal(made.mask.to_array(), session.layer.mask.to_array())
    window.deeds["undo"].trigger()
    assert other.session.layer.opacity == 1.0


@pytest.mark.parametrize("button", ["Save without", "Cancel"])
def test_what_no_recipe_can_hold_is_named_before_it_is_left_out(
    opened, window, qtbot, named, monkeypatch, button
):
    session, said = opened.session, []
    raster = session.layer.raster
    session.do(edits.set_opacity(session.active, 0.5))
    session.do(edits.set_pixels(session.active, raster.filled_at(raster.region, 9), "Paint"))
    monkeypatch.setattr(
        "safelight.gui.batch.save_and_run_recipes.plain",
        lambda text, **_: said.append(text) or text,
    )
    answer(button)
    window.deeds["save steps"].trigger()
    assert said == ["Step 2, Paint, holds pixels, which a recipe cannot hold."]
    if button == "Cancel":
        assert QApplication.activeModalWidget() is None
        assert not named.exists()
    else:
        QApplication.activeModalWidget().file.setChecked(True)
        QApplication.activeModalWidget().accept()
        qtbot.waitUntil(named.exists)
        assert [x["command"] for x in json.loads(named.read_text())["steps"]] == ["set_opacity"]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"command": "fly"}, "Step 1, fly: there is no such command"),
        ({"command": "ungroup"}, "step 1, ungroup: Background is no group"),
    ],
)
def test_a_recipe_that_cannot_be_done_says_why_and_changes_nothing(
    opened, window, qtbot, named, step, said
):
    named.write_text(json.dumps({"version": 1, "steps": [step]}))
    before = opened.session.history
    window.deeds["run recipe"].trigger()
    qtbot.waitUntil(opened.messages.isVisible)
    assert opened.messages.label.text() == f"The recipe steps.json is not done: {said}."
    assert opened.session.history is before
    assert not opened.session.locked
    assert QApplication.activeModalWidget() is None


def test_a_recipe_of_ones_own_is_in_the_menu_with_keys_and_crops_the_same_part_of_any_picture(
    opened, window, qtbot, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    session = opened.session
    session.do(edits.crop(box=(100, 0, 200, 150)))  # of 400 x 300
    window.deeds["save steps"].trigger()
    dialog = QApplication.activeModalWidget()
    dialog.line.setText("Middle & half!")
    dialog.parts.setChecked(True)
    assert dialog.confirm.text() == "Save"
    dialog.accept()
    qtbot.waitUntil(lambda: any(deed.id == "recipe middle-half" for deed in window.deeds))
    (deed,) = [deed for deed in window.deeds if deed.id == "recipe middle-half"]
    assert (deed.title, deed.place) == ("Middle & half!", "Edit, Recipes")
    window.deeds.rekey(window.deeds.shortcuts.given(deed, "Ctrl+Alt+7"))
    other = tmp_path / "other.png"
    Image.fromarray(photograph(60, 80)).save(other)
    front = open_in(window, other, qtbot)
    action = window.deeds["recipe middle-half"]
    assert action.shortcut().toString() == "Ctrl+Alt+7"
    action.trigger()
    qtbot.waitUntil(lambda: front.session.document.width == 40)
    assert front.session.document.height == 30
    window.deeds["save steps"].trigger()
    dialog = QApplication.activeModalWidget()
    dialog.line.setText("middle half")
    assert dialog.confirm.text() == "Replace"
    dialog.reject()


def test_what_a_ready_recipe_leaves_open_is_asked_and_one_that_only_exports_is_for_batches(
    opened, window, qtbot
):
    assert not window.deeds["recipe web-export"].isEnabled()
    assert "Batch" in window.deeds["recipe web-export"].toolTip()
    window.deeds["recipe film"].trigger()
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is not None)
    dialog = QApplication.activeModalWidget()
    dialog.questions.controls["grain"].choose(61.0)
    dialog.confirm.click()
    qtbot.waitUntil(lambda: len(opened.session.history.steps) == 4)
    amounts = [
        layer.filter.settings.get("amount")
        for layer in opened.session.document.layers
        if layer.filter is not None
    ]
    assert 61.0 in amounts
