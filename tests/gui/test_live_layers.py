"""Costly filters as layers: kept, stale, refreshed; a picture that grows keeps its layers."""

import numpy as np
from PIL import Image

from safelight.document import Layer, edits, whole
from safelight.pixels import Raster
from tests.gui.conftest import open_in, photograph

FAR = {"radius": 60.0, "linear_light": True}
"""Settings of a blur that looks so far that it is a job."""


def settled(session, qtbot):
    qtbot.waitUntil(lambda: session.job is None and not session.busy, timeout=60000)


def blurred(opened, qtbot):
    """The session with a far blur as a layer on top."""
    session = opened.session
    session.jobs.apply(session.studio.filter("blur"), FAR, None)
    settled(session, qtbot)
    return session


def test_a_costly_filter_becomes_a_layer_with_its_result(opened, qtbot):
    session = blurred(opened, qtbot)
    assert [layer.name for layer in session.document.layers] == ["Background", "Gaussian blur"]
    assert session.layer.filter.kept is not None
    assert len(session.history.steps) == 2
    background = session.document.layers[0].raster.to_array()
    shown = whole(session.document, session.studio.live).to_array()
    assert shown.std() < background.std() * 0.9


def test_a_change_below_marks_it_stale_and_a_click_refreshes(opened, qtbot):
    session = blurred(opened, qtbot)
    assert session.results.stale == frozenset()
    top, kept = session.active, session.layer.filter.kept
    bottom = session.document.layers[0]
    inverse = Raster.from_array(255 - bottom.raster.to_array())
    session.do(edits.set_pixels(bottom.id, inverse))
    qtbot.waitUntil(lambda: session.results.stale == {top}, timeout=20000)
    assert session.layer.filter.kept is kept  # the old pixels stay
    assert opened.filters.held.refresh.isEnabled()
    opened.filters.held.refresh.click()
    settled(session, qtbot)
    qtbot.waitUntil(lambda: session.results.stale == frozenset(), timeout=20000)
    assert session.layer.filter.kept is not kept
    session.undo()
    session.undo()  # the kept result fits what is there again
    qtbot.waitUntil(lambda: session.results.stale == frozenset(), timeout=20000)


def test_the_strip_leaves_a_kept_result_fresh(opened, qtbot):
    session = blurred(opened, qtbot)
    runs = session.studio.live.runs
    kept = session.layer.filter.kept
    session.do(edits.set_opacity(session.active, 0.5))
    session.do(edits.set_mode(session.active, "screen"))
    session.do(edits.set_filter(session.active, channels="colour"))
    session.do(edits.set_filter(session.active, texture=0.7))
    whole(session.document, session.studio.live)
    qtbot.wait(300)
    assert session.results.stale == frozenset()
    assert session.layer.filter.kept is kept
    assert session.studio.live.runs == runs


def test_it_is_refreshed_by_itself_when_asked_to(opened, qtbot):
    session = blurred(opened, qtbot)
    kept = session.layer.filter.kept
    opened.filters.held.automatic.setChecked(True)
    session.do(edits.set_filter(session.active, settings=FAR | {"radius": 50.0}))
    qtbot.waitUntil(
        lambda: session.layer.filter.kept is not kept and session.job is None, timeout=60000
    )
    qtbot.waitUntil(lambda: session.results.stale == frozenset(), timeout=20000)


def test_a_picture_that_grows_keeps_its_layers(window, tmp_path, qtbot):
    Image.fromarray(photograph(75, 100)).save(tmp_path / "small.png")  # soon enlarged
    session = open_in(window, tmp_path / "small.png", qtbot).session
    mask = Raster.filled(100, 75, (128,), "uint8")
    paint = np.zeros((75, 100, 4), np.uint8)
    paint[12:25, 15:30] = 200, 10, 10, 255
    session.do(edits.add_layer(Layer("Paint", Raster.from_array(paint), opacity=0.5, mask=mask)))
    session.jobs.apply(session.studio.filter("warmth"), {"amount": 0.5}, None)
    qtbot.waitUntil(lambda: len(session.document.layers) == 3, timeout=30000)
    before = session.document
    session.jobs.apply(session.studio.filter("enlarge"), {"factor": 2}, None)
    qtbot.waitUntil(lambda: session.document is not before, timeout=60000)
    after = session.document
    assert (after.width, after.height) == (200, 150)
    assert [layer.name for layer in after.layers] == ["Background", "Paint", "Warmth"]
    assert [layer.id for layer in after.layers] == [layer.id for layer in before.layers]
    large = after.layers[1]
    assert (large.opacity, large.mask.width, large.raster.width) == (0.5, 200, 200)
    assert large.raster.to_array()[36, 45].tolist()[3] == 255
    assert large.raster.to_array()[5, 5, 3] == 0
    session.undo()
    assert session.document is before


def test_a_live_layer_that_is_not_cheap_any_more_asks_to_be_computed(opened, qtbot):
    session = opened.session
    session.jobs.apply(session.studio.filter("blur"), {"radius": 1.0, "linear_light": True}, None)
    qtbot.waitUntil(lambda: opened.filters.held is not None and not session.busy, timeout=60000)
    qtbot.waitUntil(lambda: session.results.stale == frozenset(), timeout=20000)
    assert opened.filters.held.refresh.isHidden()
    session.do(edits.set_filter(session.active, settings=FAR))
    qtbot.waitUntil(lambda: session.results.stale == {session.active}, timeout=20000)
    assert opened.filters.held.stale_note.text().startswith("Not computed yet")
    opened.filters.held.refresh.click()
    settled(session, qtbot)
    assert session.layer.filter.kept is not None
    qtbot.waitUntil(lambda: session.results.stale == frozenset(), timeout=20000)
