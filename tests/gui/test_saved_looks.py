"""Looks saved from the window: asked for by size, written, or refused in a sentence."""

import pytest
from PySide6.QtWidgets import QFileDialog

from safelight.api.cube_table import read_cube
from safelight.document import edits


@pytest.fixture
def target(monkeypatch, tmp_path):
    """Where the dialog for a look's name is answered with."""
    path = tmp_path / "evening.cube"
    typed = str(path.with_suffix(""))  # the ending comes by itself
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (typed, ""))
    return path


def said(opened):
    return " ".join(message.text for message in opened.messages.open)


@pytest.mark.parametrize("side", [33, 65])
def test_the_adjustments_of_a_photograph_are_saved_as_a_look(opened, window, qtbot, target, side):
    save = window.deeds[f"save look {side}"]
    assert not save.isEnabled()
    layer = opened.session.document.layers[0].id
    opened.session.do(edits.add_fill_layer(layer=layer, colour="#204060"))
    opened.session.do(edits.set_opacity(opened.session.active, 0.5))
    save = window.deeds[f"save look {side}"]
    assert save.isEnabled()
    save.trigger()
    qtbot.waitUntil(lambda: "Saved the look as" in opened.line.text(), timeout=60000)
    (lattice,) = read_cube(target).stages
    assert lattice.points.shape == (side, side, side, 3)
    assert lattice.points[-1, -1, -1] == pytest.approx([(1 + c / 255) / 2 for c in (32, 64, 96)])


def test_what_no_table_can_hold_is_said_and_named(opened, window, qtbot, target):
    layer = opened.session.document.layers[0].id
    opened.session.do(edits.duplicate_layer(layer))
    window.deeds["save look 33"].trigger()
    qtbot.waitUntil(lambda: "which has pixels of its own" in said(opened), timeout=60000)
    assert "No look was saved. No table of colours can hold “" in said(opened)
    assert not target.exists()
