"""What was measured is shown; what selects is seen in red; what works on a mask asks for one."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage

from safelight.api import Region
from safelight.document import edits
from tests.gui.conftest import choose, drag, open_in, wake


@pytest.fixture
def workspace(offer, photo, qtbot):
    from safelight.gui.window import Window

    offer("safelight_seeing")
    return open_in(wake(Window(), qtbot), photo, qtbot)


def control(panel, name):
    return next(item for item in panel.controls if item.parameter.name == name)


def done(workspace, qtbot):
    session = workspace.session
    qtbot.waitUntil(lambda: session.job is None and not session.busy, timeout=30000)


def test_what_was_measured_is_shown_at_its_control_and_taken_by_a_click(workspace, qtbot):
    panel = choose(workspace.window(), "level_out")
    level, automatic = control(panel, "level"), control(panel, "automatic")
    qtbot.waitUntil(level.found.isVisible, timeout=30000)
    mean = workspace.session.document.layers[0].raster.to_array().mean() / 255
    assert level.found.text() == f"Measured: {mean:.2f}"
    assert not automatic.found.isVisible()
    level.found.click()
    assert panel.settings()["level"] == pytest.approx(mean, abs=0.006)
    automatic.set_value(False)
    automatic.changed.emit()
    qtbot.waitUntil(lambda: not level.found.isVisible(), timeout=30000)


def test_what_selects_is_tried_in_red_and_changes_no_pixel(workspace, qtbot):
    session = workspace.session
    panel = choose(workspace.window(), "bright")
    assert panel.apply.text() == "Select"
    qtbot.waitUntil(lambda: session.overlay and not session.overlay.running, timeout=30000)
    before = session.document
    assert before.selection is None
    workspace.canvas.show_mask_overlay = False
    panel.apply.click()
    done(workspace, qtbot)
    after = session.document
    bright = before.layers[0].raster.to_array().mean(axis=2) > 127.5
    assert np.array_equal(after.selection.to_array()[..., 0] > 0, bright)
    assert after.layers == before.layers
    assert workspace.canvas.show_mask_overlay
    assert session.history.steps[-1].label == "Bright"


def test_what_selects_nothing_says_so(workspace, qtbot):
    session = workspace.session
    session.jobs.apply(session.studio.filter("bright"), {"above": 1.0}, None)
    done(workspace, qtbot)
    assert session.document.selection is None
    assert "Nothing was found" in workspace.messages.label.text()


def test_what_works_on_a_mask_waits_until_something_is_selected(workspace, qtbot):
    session = workspace.session
    panel = choose(workspace.window(), "erase")
    assert not panel.apply.isEnabled()
    assert "brush" in panel.outcome.text()
    assert panel.outcome.isVisible()
    qtbot.wait(400)
    assert session.previews.run is None
    assert not workspace.messages.isVisible()
    session.do(edits.select_region(Region(100, 80, 60, 40)))
    assert panel.apply.isEnabled()
    assert not panel.outcome.isVisible()
    qtbot.waitUntil(lambda: session.overlay is not None, timeout=30000)
    panel.apply.click()
    done(workspace, qtbot)
    layer = session.document.layers[-1]
    assert layer.mask is session.document.selection
    assert layer.filter.masked


def frame(canvas, qtbot):
    """What is on the screen once it is as fine as it gets: (height, width) of 0xAARRGGBB."""
    canvas.grab().toImage()
    qtbot.waitUntil(lambda: canvas.finished, timeout=30000)
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
    return rows[:, : image.width()].copy()


def test_a_selection_is_an_outline_and_a_preview_is_judged_without_it(workspace, qtbot):
    session, canvas = workspace.session, workspace.canvas
    plain = frame(canvas, qtbot)
    session.do(edits.select_region(Region(100, 80, 60, 40)))
    outlined = frame(canvas, qtbot)
    changed = outlined != plain
    assert 0 < changed.sum() < 2 * (60 + 40) * canvas.view.zoom * canvas.devicePixelRatioF() + 9
    assert set((outlined[changed] & 255).tolist()) <= {0, 255}
    choose(workspace.window(), "erase")
    qtbot.waitUntil(lambda: canvas.scene.overlay is not None, timeout=30000)
    outside = ~frames_around(canvas, changed)
    assert np.array_equal(frame(canvas, qtbot)[outside], plain[outside])
    workspace.filters.tried.closed.emit()
    qtbot.waitUntil(lambda: np.array_equal(frame(canvas, qtbot), outlined), timeout=30000)


def frames_around(canvas, changed):
    """Where a preview may differ: what is selected, and the word that says it is one."""
    rows, columns = (np.flatnonzero(changed.any(axis=axis)) for axis in (1, 0))
    inside = np.zeros_like(changed)
    inside[rows[0] - 4 : rows[-1] + 5, columns[0] - 4 : columns[-1] + 5] = True  # and its frame
    inside[:60, :160] = True
    return inside


def test_the_red_of_a_mask_gives_way_to_the_preview_and_is_back_under_the_brush(workspace, qtbot):
    session, canvas = workspace.session, workspace.canvas
    session.do(edits.select_region(Region(100, 80, 60, 40)))
    canvas.take("brush")
    frame(canvas, qtbot)
    assert canvas.scene.tinted
    choose(workspace.window(), "erase")
    qtbot.waitUntil(lambda: canvas.scene.overlay is not None, timeout=30000)
    frame(canvas, qtbot)
    assert not canvas.scene.tinted
    canvas.tool.brush.press((10, 10), erase=False, line=False)
    canvas.grab().toImage()
    assert canvas.scene.tinted
    canvas.tool.brush.release()
    canvas.grab().toImage()
    assert not canvas.scene.tinted
    canvas.show_mask_overlay = True  # who asks for it has it
    canvas.grab().toImage()
    assert canvas.scene.tinted


def test_the_red_of_what_was_found_goes_when_something_is_tried_on_it(workspace, qtbot):
    session, canvas = workspace.session, workspace.canvas
    session.jobs.apply(session.studio.filter("bright"), {}, None)
    done(workspace, qtbot)
    assert canvas.show_mask_overlay
    choose(workspace.window(), "erase")
    qtbot.waitUntil(lambda: session.overlay is not None, timeout=30000)
    assert not canvas.show_mask_overlay


def erased(workspace, qtbot):
    """The session with a rectangle selected and a filter layer that works on it."""
    session = workspace.session
    session.do(edits.select_region(Region(100, 80, 60, 40)))
    erase = session.studio.filter("erase")
    session.jobs.apply(erase, erase.settings(), None)
    done(workspace, qtbot)
    return session


def test_an_enlarger_still_says_how_large_its_result_is(workspace):
    panel = choose(workspace.window(), "enlarge")
    assert panel.outcome.isVisible()
    assert panel.outcome.text().startswith("Result: ")


def test_a_brush_on_the_mask_makes_the_result_stale_and_a_refresh_heeds_it(workspace, qtbot):
    session = erased(workspace, qtbot)
    identity = session.active
    qtbot.waitUntil(lambda: workspace.filters.held is not None, timeout=10000)
    workspace.canvas.setFocus()
    qtbot.keyClick(workspace.canvas, Qt.Key.Key_B)
    middle = workspace.canvas.rect().center()
    drag(qtbot, workspace.canvas, middle + QPoint(60, 60), middle + QPoint(90, 60))
    assert session.document.layer(identity).mask.bounds() != Region(100, 80, 60, 40)
    qtbot.waitUntil(lambda: session.results.stale == {identity}, timeout=20000)
    workspace.filters.held.refresh.click()
    done(workspace, qtbot)
    qtbot.waitUntil(lambda: session.results.stale == frozenset(), timeout=20000)
    made = session.document.layer(identity)
    inside = made.mask.to_array()[..., 0] > 0
    kept = made.filter.kept.raster.to_array()
    before = session.document.layers[0].raster.to_array()
    assert np.array_equal(kept[~inside], before[~inside])
    assert (kept[inside][:, 2] == 255).all()


def test_growing_the_mask_of_such_a_layer_makes_it_stale(workspace, qtbot):
    session = erased(workspace, qtbot)
    session.do(edits.set_filter(session.active, grow=10.0))
    qtbot.waitUntil(lambda: session.results.stale == {session.active}, timeout=20000)
    session.jobs.refresh(session.active)
    done(workspace, qtbot)
    kept = session.layer.filter.kept.raster.to_array()
    assert kept[100, 95, 2] == 255
    assert kept[100, 85, 2] == session.document.layers[0].raster.to_array()[100, 85, 2]
