"""Recipes in the window: steps are saved as one, and one is done to the photograph in front."""

import json

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QFileDialog

from safelight.actions.recipes import read_recipe
from safelight.document import edits
from tests.gui.conftest import answer, choose, open_in


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
        "safelight.gui.save_and_run_recipes.plain", lambda text, **_: said.append(text) or text
    )
    answer(button)
    window.deeds["save steps"].trigger()
    assert said == ["Step 2, Paint, holds pixels, which a recipe cannot hold."]
    if button == "Cancel":
        assert not named.exists()
    else:
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
