"""The proof strip: values of a parameter beside one another, computed after what the user does."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from safelight import actions
from safelight.api import Region
from safelight.document import edits
from safelight.gui.canvas.mask_tint import OPACITY, RED
from safelight.gui.previews import proofs as proofs_module
from safelight.gui.previews.computed_area import what_matters
from safelight.gui.previews.job_run import Run
from safelight.gui.window import Window
from safelight.pixels import Raster
from tests.gui.conftest import choose, open_in, wake
from tests.plugins import safelight_seeds

LEFT = Qt.MouseButton.LeftButton
WHOLE = Region(0, 0, 400, 300)
LIMIT = 60000
"""Milliseconds to wait for pictures, which another process makes."""


@pytest.fixture
def workspace(offer, photo, qtbot):
    offer("safelight_seeds", "safelight_seeing", "safelight_faults")
    return open_in(wake(Window(), qtbot), photo, qtbot)


@pytest.fixture
def runs(monkeypatch):
    """Every run of a job for a proof, and whether something of the user's ran at that time."""
    started = []

    def start(session, *arguments):
        run = Run(session, *arguments)
        started.append((run, session.previews.run is not None or session.job is not None))
        return run

    monkeypatch.setattr(proofs_module, "Run", start)
    return started


def tried(workspace, name, *, preview=False, **settings):
    panel = choose(workspace.window(), name)
    panel.preview.setChecked(preview)
    panel.set_settings(panel.declaration.settings(settings))
    return panel


def held(workspace, qtbot, name, **settings):
    session = workspace.session
    declaration = session.studio.filter(name)
    session.jobs.apply(declaration, declaration.settings(settings), None)
    qtbot.waitUntil(
        lambda: workspace.filters.held is not None and session.job is None and not session.busy,
        timeout=LIMIT,
    )
    return workspace.filters.held


def control(panel, name):
    return next(item for item in panel.controls if item.parameter.name == name)


def open_strip(panel, qtbot, name="seed"):
    """Click on the button that offers a parameter's strip."""
    button = panel.proofs._buttons[control(panel, name)]
    qtbot.mouseClick(button, LEFT)
    return panel.proofs


def complete(strip, qtbot):
    qtbot.waitUntil(lambda: all(proof.image is not None for proof in strip.proofs), timeout=LIMIT)


def mean(proof):
    """The mean colour of a picture, 0 to 1."""
    image = proof.image.convertToFormat(proof.image.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    pixels = rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3)
    return pixels.mean(axis=(0, 1)) / 255


def expected(workspace, seed):
    """The mean colour of the whole picture with a tint of one half."""
    pixels = workspace.session.document.layers[0].raster.to_array()
    return pixels.mean(axis=(0, 1)) / 255 / 2 + safelight_seeds.tint(seed) / 2


@pytest.mark.parametrize("name", ["cheap_tint", "costly_tint"])
def test_variations_are_the_results_of_three_seeds_and_a_click_takes_one(workspace, qtbot, name):
    panel = tried(workspace, name)
    strip = open_strip(panel, qtbot)
    complete(strip, qtbot)
    assert strip.values == (7, 8, 9)
    assert [proof.isChecked() for proof in strip.proofs] == [True, False, False]
    for proof in strip.proofs:
        assert mean(proof) == pytest.approx(expected(workspace, proof.value), abs=0.01)
    with qtbot.waitSignal(panel.preview_wanted):
        qtbot.mouseClick(strip.proofs[2], LEFT)
    assert panel.settings()["seed"] == 9
    assert [proof.isChecked() for proof in strip.proofs] == [False, False, True]


def test_more_shows_three_other_seeds(workspace, qtbot):
    strip = open_strip(tried(workspace, "cheap_tint"), qtbot)
    qtbot.mouseClick(strip.more, LEFT)
    complete(strip, qtbot)
    assert strip.values == (10, 11, 12)
    assert mean(strip.proofs[0]) == pytest.approx(expected(workspace, 10), abs=0.01)
    assert not any(proof.isChecked() for proof in strip.proofs)


def test_a_layer_shows_its_variations_with_its_amount_and_a_key_changes_it(workspace, qtbot):
    panel = held(workspace, qtbot, "costly_tint")
    session = workspace.session
    session.do(edits.set_opacity(session.active, 0.5))
    strip = open_strip(panel, qtbot)
    complete(strip, qtbot)
    photograph = session.document.layers[0].raster.to_array().mean(axis=(0, 1)) / 255
    for proof in strip.proofs:
        half = (photograph + expected(workspace, proof.value)) / 2
        assert mean(proof) == pytest.approx(half, abs=0.01)
    steps = len(session.history.steps)
    qtbot.keyClick(strip.proofs[0], Qt.Key.Key_2)
    assert session.layer.filter.settings["seed"] == 8
    assert len(session.history.steps) == steps + 1
    assert strip.proofs[1].isChecked()
    session.undo()
    assert strip.proofs[0].isChecked()


def test_arrow_keys_go_along_the_strip_and_return_chooses_without_applying(workspace, qtbot):
    panel = tried(workspace, "cheap_tint")
    strip = open_strip(panel, qtbot)
    qtbot.waitUntil(strip.proofs[0].hasFocus)
    qtbot.keyClick(strip.proofs[0], Qt.Key.Key_Right)
    qtbot.waitUntil(strip.proofs[1].hasFocus)
    assert panel.settings()["seed"] == 7
    with qtbot.assertNotEmitted(panel.apply_wanted):
        qtbot.keyClick(strip.proofs[1], Qt.Key.Key_Return)
    assert panel.settings()["seed"] == 8
    with qtbot.assertNotEmitted(panel.closed):
        qtbot.keyClick(strip.proofs[1], Qt.Key.Key_Escape)
    assert strip.isHidden()


def test_no_picture_is_computed_while_the_preview_runs(workspace, qtbot, runs):
    panel = tried(workspace, "costly_tint", preview=True, pause=1.0)
    qtbot.waitUntil(lambda: workspace.session.previews.run is not None, timeout=LIMIT)
    strip = open_strip(panel, qtbot)
    assert strip.note.text() == "Waiting…"
    complete(strip, qtbot)
    assert [beside for _, beside in runs] == [False] * 3


def test_a_preview_interrupts_the_strip_which_then_goes_on_with_the_new_settings(
    workspace, qtbot, runs
):
    panel = tried(workspace, "costly_tint", pause=20.0)
    strip = open_strip(panel, qtbot)
    qtbot.waitUntil(lambda: len(runs) == 1, timeout=LIMIT)
    panel.preview.setChecked(True)
    panel.set_settings(panel.settings() | {"pause": 0.0, "amount": 1.0})
    complete(strip, qtbot)
    assert isinstance(runs[0][0].job.wait(180), actions.JobCancelled)
    assert not any(beside for _, beside in runs)
    for proof in strip.proofs:
        colour = safelight_seeds.tint(proof.value)
        qtbot.waitUntil(lambda p=proof, c=colour: abs(mean(p) - c).max() < 0.01, timeout=LIMIT)


def test_a_strip_that_is_closed_computes_nothing_more(workspace, qtbot, runs):
    panel = tried(workspace, "costly_tint", pause=20.0)
    open_strip(panel, qtbot)
    qtbot.waitUntil(lambda: len(runs) == 1, timeout=LIMIT)
    workspace.filters.close_tried()
    assert isinstance(runs[0][0].job.wait(180), actions.JobCancelled)
    qtbot.wait(200)
    assert len(runs) == 1


def test_stop_leaves_out_the_pictures_that_are_not_there_and_they_can_still_be_chosen(
    workspace, qtbot, runs
):
    panel = tried(workspace, "costly_tint", pause=20.0)
    strip = open_strip(panel, qtbot)
    qtbot.waitUntil(lambda: len(runs) == 1, timeout=LIMIT)
    qtbot.mouseClick(strip.stop, LEFT)
    assert isinstance(runs[0][0].job.wait(180), actions.JobCancelled)
    assert strip.stop.isHidden()
    qtbot.mouseClick(strip.proofs[1], LEFT)
    assert panel.settings()["seed"] == 8


def test_a_filter_that_fails_is_said_once(workspace, qtbot, runs):
    panel = tried(workspace, "fussy")
    said = []
    workspace.session.said.connect(lambda words, _: said.append(words))
    strip = open_strip(panel, qtbot)
    qtbot.waitUntil(lambda: bool(said) and strip.stop.isHidden(), timeout=LIMIT)
    qtbot.wait(200)
    assert len(said) == 1
    assert said[0].startswith("Fussy (safelight-seeds)")
    assert "seed 7 is not to its taste" in said[0]
    assert strip.note.text() == "No picture could be made."
    assert len(runs) == 1


def test_a_selection_decides_which_part_is_shown(workspace, qtbot, runs):
    session = workspace.session
    session.do(edits.select_region(Region(40, 200, 60, 40), "replace"))
    strip = open_strip(tried(workspace, "costly_tint", amount=1.0), qtbot)
    complete(strip, qtbot)
    region = what_matters(session.document.selection, WHOLE, WHOLE)
    assert region.width < 200
    outside = session.document.layers[0].raster.to_array()[region.rows(), region.columns()] / 255
    inside = Region(40, 200, 60, 40).move(-region.x, -region.y)
    outside[inside.rows(), inside.columns()] = safelight_seeds.tint(9)
    assert mean(strip.proofs[2]) == pytest.approx(outside.mean(axis=(0, 1)), abs=0.01)


def test_another_setting_or_an_edit_makes_the_pictures_anew_and_the_value_itself_does_not(
    workspace, qtbot
):
    panel = tried(workspace, "cheap_tint")
    strip = open_strip(panel, qtbot)
    complete(strip, qtbot)
    before = [proof.image for proof in strip.proofs]
    qtbot.mouseClick(strip.proofs[1], LEFT)
    qtbot.wait(800)
    assert all(proof.image is image for proof, image in zip(strip.proofs, before, strict=True))
    session = workspace.session
    black = Raster.filled(400, 300, (0, 0, 0), "uint8")
    session.do(edits.set_pixels(session.document.layers[0].id, black))
    half = safelight_seeds.tint(9) / 2
    qtbot.waitUntil(lambda: abs(mean(strip.proofs[2]) - half).max() < 0.01, timeout=LIMIT)


def test_steps_of_a_number_become_finer_around_the_one_that_is_chosen(workspace, qtbot):
    panel = tried(workspace, "cheap_tint")
    strip = open_strip(panel, qtbot, "amount")
    complete(strip, qtbot)
    assert [proof.text() for proof in strip.proofs] == ["0.00", "0.25", "0.50", "0.75", "1.00"]
    assert mean(strip.proofs[4]) == pytest.approx(safelight_seeds.tint(7), abs=0.01)
    qtbot.mouseClick(strip.proofs[3], LEFT)
    assert panel.settings()["amount"] == 0.75
    qtbot.mouseClick(strip.more, LEFT)
    assert strip.values == pytest.approx((0.5, 0.62, 0.75, 0.88, 1.0))
    assert strip.proofs[2].isChecked()


def test_one_strip_at_a_time(workspace, qtbot):
    panel = tried(workspace, "costly_tint")
    strip = open_strip(panel, qtbot)
    open_strip(panel, qtbot, "hue")
    assert not strip._buttons[control(panel, "seed")].isChecked()
    assert len(strip.proofs) == 6
    assert strip.proofs[0].text() == "As the seed says"
    assert strip.more.isVisible()
    complete(strip, qtbot)


def test_a_filter_that_works_on_a_mask_shows_all_of_it(workspace, qtbot):
    session = workspace.session
    session.do(edits.select_region(Region(40, 200, 60, 40), "replace"))
    strip = open_strip(tried(workspace, "erase"), qtbot, "context")
    complete(strip, qtbot)
    region = what_matters(session.document.selection, WHOLE, WHOLE)
    around = session.document.layers[0].raster.to_array()[region.rows(), region.columns()] / 255
    inside = Region(40, 200, 60, 40).move(-region.x, -region.y)
    around[inside.rows(), inside.columns()] = 40 / 1024, 60 / 1024, 1.0
    assert strip.values[0] == 0
    assert mean(strip.proofs[0]) == pytest.approx(around.mean(axis=(0, 1)), abs=0.01)


def test_steps_of_what_selects_show_the_selection_in_red(workspace, qtbot):
    strip = open_strip(tried(workspace, "bright"), qtbot, "above")
    complete(strip, qtbot)
    photograph = workspace.session.document.layers[0].raster.to_array().mean(axis=(0, 1)) / 255
    all_of_it, nothing = strip.proofs[0], strip.proofs[-1]
    assert mean(nothing) == pytest.approx(photograph, abs=0.01)
    red = np.array(RED) / 255
    assert mean(all_of_it) == pytest.approx(photograph * (1 - OPACITY) + red * OPACITY, abs=0.01)
    assert workspace.session.document.selection is None


def test_steps_of_an_enlarger_show_what_it_makes(workspace, qtbot):
    strip = open_strip(tried(workspace, "repeat"), qtbot, "gain")
    complete(strip, qtbot)
    photograph = workspace.session.document.layers[0].raster.to_array().mean(axis=(0, 1)) / 255
    for proof in strip.proofs:
        assert mean(proof) == pytest.approx(photograph * proof.value, abs=0.01)
    assert (workspace.session.document.width, workspace.session.document.height) == (400, 300)


def test_what_matters_is_what_a_mask_shows_with_some_of_what_surrounds_it():
    whole, seen = Region(0, 0, 4000, 3000), Region(100, 100, 900, 600)
    mask = Raster.filled(4000, 3000, (0,), "uint8")
    assert what_matters(None, seen, whole) == seen
    assert what_matters(mask, seen, whole) == seen
    scratch = Region(3900, 10, 3, 400)
    marked = mask.replaced(scratch, np.full((400, 3, 1), 255, np.uint8))
    part = what_matters(marked, seen, whole)
    assert part.intersect(scratch) == scratch
    assert part.intersect(whole) == part
    assert part.width * 1.5 >= part.height - 2
    assert part.height < 800
    assert what_matters(None, Region(0, 0, 3000, 100), whole).width == 150
